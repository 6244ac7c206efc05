//! Files that are cut off, damaged, or not what they seem.

use mediary_core::VariantKind::Preview;
use mediary_derive::ErrorKind;
use proptest::prelude::*;

use super::corpus::{self, CORNERS, file, pixels, product, refusal};

#[test]
fn empty_and_foreign_files_are_errors_in_words() {
    assert_eq!(refusal(b"").kind(), ErrorKind::Broken);
    for (what, bytes) in [
        (
            "SVG",
            &b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><script>1</script></svg>"[..],
        ),
        ("HTML", b"<!DOCTYPE html><html>"),
        ("text", b"Hello"),
        ("AVIF", b"\0\0\0\x1CftypavifxxxxmiF1avif\0\0\0\0\0\0\0\0"),
    ] {
        let error = refusal(bytes);
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{what}: {error}");
    }
    let svg = refusal(b"<svg xmlns='http://www.w3.org/2000/svg'></svg>");
    assert!(svg.sentence().contains("SVG"), "{svg}");
}

/// What libvips does, too: the part that is there, and grey below it.
#[test]
fn truncated_jpeg_shows_the_part_that_is_there() {
    let whole = file("orientation-1.jpg");
    let derived = mediary_derive::image::derive(&whole[..whole.len() * 2 / 3]).expect("two thirds");
    assert_eq!((derived.facts.width, derived.facts.height), (Some(480), Some(320)));
    let picture = pixels(product(&derived, Preview));
    let corners = corpus::corners(&picture);
    for (found, expected) in corners[..2].iter().zip(CORNERS) {
        corpus::assert_near(found.map(f64::from), expected.map(f64::from), 14.0, "upper corners");
    }
    assert_ne!(corners[2], CORNERS[2]);
}

/// What is said of damage.
const HOW: [&str; 3] = ["its end is missing", "it cannot be decoded", "its index cannot be understood"];

#[test]
fn other_truncated_pictures_are_broken() {
    let names = ["alpha.png", "rgb-16.png", "lossy.webp", "alpha.webp", "scene.bmp"];
    for name in names.into_iter().chain(["plain.heic"]) {
        let whole = file(name);
        let error = refusal(&whole[..whole.len() * 2 / 3]);
        assert_eq!(error.kind(), ErrorKind::Broken, "{name}: {error}");
        println!("{name}: {error}");
        let (_, how) = error.sentence().split_once(" picture is damaged: ").expect("what is wrong with it");
        assert!(HOW.contains(&how), "words of a library: {error}");
    }
}

#[test]
fn animation_that_breaks_off_shows_what_came_before() {
    let whole = file("animated.gif");
    let half = mediary_derive::image::derive(&whole[..whole.len() / 2]).expect("half of it");
    let frames = corpus::frames(&product(&half, Preview).bytes);
    assert!((4..8).contains(&frames), "{frames} of 12 frames");
    let still = corpus::derive("animated-broken.webp");
    assert_eq!((still.facts.width, still.facts.height), (Some(512), Some(512)), "its first frame");
}

#[test]
fn what_stands_behind_a_jpeg_does_not_matter() {
    let picture = file("orientation-1.jpg");
    let zip = b"PK\x03\x04\x0A\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0a.exePK\x05\x06".repeat(50);
    let derived = mediary_derive::image::derive(&[&picture[..], &zip].concat()).expect("a JPEG");
    assert_eq!(derived, mediary_derive::image::derive(&picture).expect("a JPEG"));
}

#[test]
fn names_and_bytes_may_differ_but_bytes_count() {
    // A HEIC that somebody named .jpg is told by its bytes: nothing here knows names.
    let derived = mediary_derive::image::derive(&file("lossy.webp")).expect("a WebP");
    assert_eq!(derived.facts.width, Some(480));
}

#[test]
fn every_file_may_end_anywhere() {
    let names =
        ["orientation-6.jpg", "progressive.jpg", "oriented.png", "alpha.webp", "animated.webp", "still.gif"];
    let names = names.into_iter().chain(cfg!(feature = "heic").then_some("orientation-6.heic"));
    for name in names {
        let whole = file(name);
        let points = (0..64).chain((64..whole.len()).step_by(whole.len() / 24));
        for length in points {
            // Whatever comes of it: a result, and no panic.
            if let Err(error) = mediary_derive::image::derive(&whole[..length]) {
                assert!(!error.sentence().is_empty(), "{name} cut to {length}: {error}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn damaged_bytes_are_no_panics(
        name in prop::sample::select(vec![
            "orientation-6.jpg", "cmyk-profile.jpg", "display-p3.jpg", "oriented.png", "alpha.webp", "still.gif", "scene.bmp",
            "alpha.heic",
            "display-p3.heic",
        ]),
        changes in prop::collection::vec((0.0..1.0_f64, any::<u8>(), 0_u8..2), 1..12),
    ) {
        let mut bytes = file(name);
        for (at, value, where_) in changes {
            // Half of the changes hit the header.
            let range = if where_ == 0 { bytes.len().min(700) } else { bytes.len() };
            let at = (at * range as f64) as usize;
            bytes[at] = value;
        }
        let _ = mediary_derive::image::derive(&bytes);
    }
}
