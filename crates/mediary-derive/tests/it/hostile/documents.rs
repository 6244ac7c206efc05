//! PDFs whose first page is more than it seems.

use mediary_derive::{ErrorKind, Recipe};

use super::bomb::zlib;
use super::outcome;

fn stream(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
    [format!("<< {dictionary} /Length {} >>\nstream\n", bytes.len()).as_bytes(), bytes, b"\nendstream"]
        .concat()
}

/// One page with these resources and contents; further objects from the fifth on.
fn pdf(resources: &str, contents: &[u8], more: &[Vec<u8>]) -> Vec<u8> {
    let page = format!(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << {resources} >> >>"
    );
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        page.into_bytes(),
        stream("", contents),
    ];
    objects.extend(more.iter().cloned());
    let mut file = b"%PDF-1.4\n".to_vec();
    let mut places = String::new();
    for (number, object) in objects.iter().enumerate() {
        places.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.extend(format!("{} 0 obj\n", number + 1).as_bytes());
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    let (size, start) = (objects.len() + 1, file.len());
    let end = format!(
        "xref\n0 {size}\n0000000000 65535 f \n{places}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    );
    file.extend(end.as_bytes());
    file
}

/// The reader of PDF draws for as long as it has, so its worker is ended where its memory or its time is up; it never crashes.
async fn ends_by_its_limits(what: &str, file: &[u8]) {
    let error = outcome(Recipe::Document, file).await.err();
    println!("{what}: {error:?}");
    let is_crash = |error: &mediary_derive::Error| {
        error.kind() == ErrorKind::Worker && !error.sentence().contains("SIGABRT")
    };
    assert!(!error.as_ref().is_some_and(is_crash), "{what}: {error:?}");
}

#[tokio::test]
async fn page_with_an_image_of_billions_of_pixels_ends_by_its_limits() {
    let draws = b"600 0 0 800 0 0 cm /I Do";
    for (side, bits, space) in
        [(60_000_u32, 1, "/DeviceGray"), (60_000, 8, "/DeviceRGB"), (9_000, 8, "/DeviceRGB")]
    {
        let bytes = zlib(&[0x55; 1_000_000], 8);
        let image = stream(
            &format!(
                "/Type /XObject /Subtype /Image /Width {side} /Height {side} /BitsPerComponent {bits} /ColorSpace {space} /Filter /FlateDecode"
            ),
            &bytes,
        );
        ends_by_its_limits(&format!("{side} {bits}"), &pdf("/XObject << /I 5 0 R >>", draws, &[image])).await;
    }
}

#[tokio::test]
async fn page_with_a_bomb_as_contents_ends_by_its_limits() {
    let bytes = zlib(&b"0 0 m 9 9 l S ".repeat(100_000), 100);
    let form = stream("/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Filter /FlateDecode", &bytes);
    ends_by_its_limits("ten million lines", &pdf("/XObject << /F 5 0 R >>", b"/F Do", &[form])).await;
    let twice = zlib(&zlib(&[b' '; 1_000_000], 400), 1);
    let form = stream(
        "/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Filter [/FlateDecode /FlateDecode]",
        &twice,
    );
    ends_by_its_limits("spaces", &pdf("/XObject << /F 5 0 R >>", b"/F Do", &[form])).await;
}

#[tokio::test]
async fn page_with_forms_in_forms_ends_by_its_limits() {
    let forms: Vec<Vec<u8>> = (0..10)
        .map(|depth| {
            let resources = format!("/Resources << /XObject << /F {} 0 R >> >>", 6 + depth);
            let draws = if depth == 9 { b"0 0 9 9 re f".to_vec() } else { b"/F Do ".repeat(10) };
            stream(&format!("/Type /XObject /Subtype /Form /BBox [0 0 600 800] {resources}"), &draws)
        })
        .collect();
    ends_by_its_limits("ten times ten", &pdf("/XObject << /F 5 0 R >>", b"/F Do", &forms)).await;
}

#[tokio::test]
async fn page_with_dashes_and_tiles_without_end_ends_by_its_limits() {
    ends_by_its_limits("dashes", &pdf("", b"[0.00001] 0 d 5 w 0 0 m 600 800 l S", &[])).await;
    let tile = stream(
        "/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1] /XStep 0.0001 /YStep 0.0001 /Resources << >>",
        b"0 0 1 1 re f",
    );
    ends_by_its_limits(
        "tiles",
        &pdf("/Pattern << /P 5 0 R >>", b"/Pattern cs /P scn 0 0 600 800 re f", &[tile]),
    )
    .await;
}
