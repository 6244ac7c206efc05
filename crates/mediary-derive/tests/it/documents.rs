//! PDFs and what comes of them, and documents that are none.

use std::fmt::Write;

use mediary_core::VariantKind;
use mediary_derive::document::{self, MAX_FILE_BYTES};
use mediary_derive::{Derived, Error, ErrorKind};

use crate::harness::bytes_of_picture as file;

fn preview(derived: &Derived) -> image::RgbImage {
    let [thumb, preview] = &*derived.products else { panic!("{:?}", derived.products) };
    assert_eq!((thumb.kind, thumb.mime_type), (VariantKind::Thumb, "image/webp"));
    assert_eq!(thumb.width.max(thumb.height), Some(320));
    assert_eq!((preview.kind, preview.mime_type), (VariantKind::Preview, "image/webp"));
    let picture =
        image::load_from_memory_with_format(&preview.bytes, image::ImageFormat::WebP).expect("a WebP");
    assert_eq!((Some(picture.width()), Some(picture.height())), (preview.width, preview.height));
    picture.into_rgb8()
}

fn refusal(bytes: &[u8]) -> Error {
    match document::derive(bytes.to_vec()) {
        Ok(derived) => panic!("it has {:?}", derived.facts),
        Err(error) => error,
    }
}

/// A PDF of these objects, the first of which is the catalogue.
fn pdf(objects: &[String]) -> Vec<u8> {
    let mut file = "%PDF-1.4\n".to_owned();
    let mut places = String::new();
    for (number, object) in objects.iter().enumerate() {
        writeln!(places, "{:010} 00000 n ", file.len()).expect("memory");
        write!(file, "{} 0 obj\n{object}\nendobj\n", number + 1).expect("memory");
    }
    let (size, start) = (objects.len() + 1, file.len());
    write!(file, "xref\n0 {size}\n0000000000 65535 f \n{places}trailer\n<< /Size {size} /Root 1 0 R >>\n")
        .expect("memory");
    write!(file, "startxref\n{start}\n%%EOF\n").expect("memory");
    file.into_bytes()
}

fn pages(count: usize, media_box: &str) -> Vec<u8> {
    let kids: Vec<String> = (0..count).map(|page| format!("{} 0 R", page + 3)).collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Kids [{}] /Count {count} >>", kids.join(" ")),
    ];
    objects.resize(count + 2, format!("<< /Type /Page /Parent 2 0 R /MediaBox [{media_box}] >>"));
    pdf(&objects)
}

fn assert_near(found: [u8; 3], expected: [u8; 3]) {
    let far = found.iter().zip(expected).any(|(found, expected)| found.abs_diff(expected) > 12);
    assert!(!far, "{found:?} is not {expected:?}");
}

#[test]
fn first_page_is_shown_and_pages_are_counted() {
    let derived = document::derive(file("two-pages.pdf")).expect("a PDF");
    assert_eq!(derived.facts.pages, Some(2));
    assert!(derived.facts.thumbhash.is_some());
    assert_eq!((derived.facts.width, derived.facts.height), (None, None));
    let picture = preview(&derived);
    assert_eq!(picture.dimensions(), (905, 1280));
    assert_near(picture.get_pixel(40, 40).0, [219, 31, 31]);
    assert_near(picture.get_pixel(860, 40).0, [31, 179, 41]);
    assert_near(picture.get_pixel(450, 1200).0, [255, 255, 255]);
    let is_dark = |pixel: &image::Rgb<u8>| pixel.0.iter().all(|light| *light < 90);
    assert!(picture.pixels().filter(|pixel| is_dark(pixel)).count() > 500, "the line of text");
}

#[test]
fn encrypted_documents_say_so_and_open_ones_are_shown() {
    let error = refusal(&file("encrypted.pdf"));
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.sentence().contains("encrypted with a password"), "{error}");
    let derived = document::derive(file("encrypted-open.pdf")).expect("one without a password for readers");
    assert_near(preview(&derived).get_pixel(40, 40).0, [219, 31, 31]);
}

#[test]
fn thousand_pages_are_counted_and_one_is_drawn() {
    let derived = document::derive(pages(1000, "0 0 200 100")).expect("a PDF");
    assert_eq!(derived.facts.pages, Some(1000));
    assert_eq!(preview(&derived).dimensions(), (1280, 640));
}

#[test]
fn pages_of_any_size_become_pictures_of_one_size() {
    for (media_box, size) in [
        ("0 0 14400 14400", (1280, 1280)),
        ("0 0 3 9", (427, 1280)),
        ("0 0 1000000000 1000", (1280, 1)),
        ("0 0 0.5 0.5", (1280, 1280)),
    ] {
        let derived = document::derive(pages(1, media_box)).expect(media_box);
        assert_eq!(preview(&derived).dimensions(), size, "{media_box}");
    }
}

#[test]
fn documents_without_pages_are_broken() {
    for (what, bytes) in [
        ("no pages", pages(0, "0 0 1 1")),
        ("a header alone", b"%PDF-1.7\n".to_vec()),
        ("a beginning", file("two-pages.pdf")[..120].to_vec()),
    ] {
        let error = refusal(&bytes);
        assert_eq!(error.kind(), ErrorKind::Broken, "{what}: {error}");
    }
    assert_eq!(refusal(b"").kind(), ErrorKind::Broken);
}

/// Twenty thousand brackets once ended the process of such a reader.
#[test]
fn nested_documents_end_no_process() {
    for open in ["[", "<</A ", "[<</A "] {
        for depth in [600, 20_000] {
            let nest = open.repeat(depth);
            let root = format!("<< /Type /Catalog /Pages 2 0 R /Nest {nest} >>");
            let tree = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned();
            let page = format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents {nest} >>");
            let _ = document::derive(pdf(&[root, tree, page]));
            let _ = document::derive(format!("%PDF-1.4\n{nest}").into_bytes());
        }
    }
    let around = "<< /Type /Pages /Kids [2 0 R] /Count 1 >>".to_owned();
    let _ = document::derive(pdf(&["<< /Type /Catalog /Pages 2 0 R >>".to_owned(), around]));
}

#[test]
fn documents_may_end_anywhere() {
    let whole = file("two-pages.pdf");
    for length in (0..whole.len()).step_by(31) {
        if let Err(error) = document::derive(whole[..length].to_vec()) {
            assert!(!error.sentence().is_empty(), "{length} bytes: {error}");
        }
    }
}

#[test]
fn other_documents_have_no_preview() {
    for bytes in [&b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"[..], b"plain"] {
        let error = refusal(bytes);
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
    assert_eq!(refusal(&vec![b'%'; MAX_FILE_BYTES + 1]).kind(), ErrorKind::TooLarge);
}
