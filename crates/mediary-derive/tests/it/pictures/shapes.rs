//! Sizes, turns, transparency and movement.

use mediary_core::VariantKind::{Preview, Thumb};
use mediary_derive::image::{self, PREVIEW_SIDE, THUMB_SIDE};

use super::corpus::{self, CORNERS, MEAN, assert_corners, assert_near, derive, file, pixels, product};

/// File, and its size as shown.
const UPRIGHT: &[(&str, u32, u32)] = &[
    ("orientation-1.jpg", 480, 320),
    ("orientation-2.jpg", 480, 320),
    ("orientation-3.jpg", 480, 320),
    ("orientation-4.jpg", 480, 320),
    ("orientation-5.jpg", 480, 320),
    ("orientation-6.jpg", 480, 320),
    ("orientation-7.jpg", 480, 320),
    ("orientation-8.jpg", 480, 320),
    ("full-colour.jpg", 333, 217),
    ("progressive.jpg", 1600, 1200),
    ("oriented.png", 240, 160),
    ("rgb-16.png", 120, 80),
    ("scene.bmp", 96, 64),
    ("lossy.webp", 480, 320),
    ("animated.webp", 512, 512),
    ("animated.gif", 160, 120),
    ("plain.heic", 480, 320),
    ("orientation-3.heic", 480, 320),
    ("orientation-6.heic", 480, 320),
    ("orientation-8.heic", 480, 320),
    ("ten-bits.heic", 120, 80),
    ("tiles.heic", 4032, 3024),
];

/// Differences of one level in a channel are what a lossy format makes of a plain surface; these tell turns and colours apart.
const WITHIN: f64 = 14.0;

#[test]
fn pictures_are_upright_and_keep_their_colours_and_proportions() {
    for &(name, width, height) in UPRIGHT {
        let derived = derive(name);
        assert_eq!((derived.facts.width, derived.facts.height), (Some(width), Some(height)), "{name}");
        for (kind, side) in [(Thumb, THUMB_SIDE), (Preview, PREVIEW_SIDE)] {
            let product = product(&derived, kind);
            assert_eq!(product.mime_type, "image/webp");
            let longest = width.max(height);
            let shown = side.min(longest);
            let picture = pixels(product);
            assert_eq!(picture.width().max(picture.height()), shown, "{name} {kind:?}");
            let expected = f64::from(width) / f64::from(height);
            let found = f64::from(picture.width()) / f64::from(picture.height());
            assert!((found / expected - 1.0).abs() < 0.01, "{name} {kind:?} is {found}, not {expected}");
            assert_corners(&picture, CORNERS, WITHIN, name);
            assert_near(corpus::mean(&picture), MEAN, 4.0, name);
        }
    }
}

#[test]
fn metadata_of_the_original_is_in_no_variant() {
    let names = ["orientation-6.jpg", "oriented.png", "lossy.webp", "display-p3.jpg"];
    let names = names.into_iter().chain(cfg!(feature = "heic").then_some("orientation-6.heic"));
    for name in names {
        let original = file(name);
        let has = |bytes: &[u8], words: &[u8]| bytes.windows(words.len()).any(|window| window == words);
        let telling: &[u8] = if name.contains("p3") { b"P3" } else { b"Maker of cameras" };
        assert!(has(&original, telling) || name.contains("p3"), "{name} has what is to be taken out");
        for product in derive(name).products {
            for words in [telling, b"EXIF", b"ICCP", b"XMP "] {
                assert!(!has(&product.bytes, words), "{name} {:?}", product.kind);
            }
        }
    }
}

#[test]
fn transparency_is_kept() {
    let names = ["alpha.png", "alpha.webp", "rgba-16.png", "grey-alpha.png"];
    for name in names.into_iter().chain(cfg!(feature = "heic").then_some("alpha.heic")) {
        let derived = derive(name);
        for kind in [Thumb, Preview] {
            let picture = pixels(product(&derived, kind));
            let alpha = |y: u32| picture.get_pixel(picture.width() / 2, y).0[3];
            let (top, bottom) = (alpha(0), alpha(picture.height() - 1));
            assert!(top < 12 && bottom > 243, "{name} {kind:?}: {top} above, {bottom} below");
        }
    }
    let hole = pixels(product(&derive("still.gif"), Thumb));
    assert_eq!(hole.get_pixel(80, 60).0[3], 0, "the hole of a GIF");
    assert_eq!(hole.get_pixel(10, 110).0[3], 255);
    let preview = derive("palette.png");
    assert!(
        pixels(product(&preview, Preview)).pixels().any(|pixel| pixel.0[3] == 0),
        "one colour of a palette"
    );
}

#[test]
fn opaque_pictures_have_no_channel_for_transparency() {
    let preview = derive("orientation-1.jpg");
    assert!(!corpus::webp(&product(&preview, Preview).bytes).color().has_alpha());
}

#[test]
fn gif_that_moves_has_a_preview_that_moves_and_a_still_thumb() {
    let derived = derive("animated.gif");
    let preview = product(&derived, Preview);
    assert_eq!(corpus::frames(&preview.bytes), 12);
    assert_eq!(preview.duration_ms, Some(12 * 70));
    assert_eq!((preview.width, preview.height), (Some(160), Some(120)));
    assert_eq!(corpus::frames(&product(&derived, Thumb).bytes), 0, "a still");
    assert_eq!(corpus::frames(&product(&derive("still.gif"), Preview).bytes), 0, "one frame is a still");
}

#[test]
fn animated_sticker_has_stills_of_its_first_frame() {
    let derived = derive("animated.webp");
    for kind in [Thumb, Preview] {
        assert_eq!(corpus::frames(&product(&derived, kind).bytes), 0);
    }
}

#[test]
fn blurred_picture_is_small_and_has_the_mean_colour() {
    let hash = derive("orientation-8.jpg").facts.thumbhash.expect("a hash");
    assert!((15..=32).contains(&hash.len()), "{} bytes", hash.len());
    let (red, green, blue, alpha) = thumbhash::thumb_hash_to_average_rgba(&hash).expect("a hash");
    let average = [red, green, blue].map(|light| f64::from(light) * 255.0);
    assert_near(average, MEAN, 10.0, "thumbhash");
    assert!(alpha > 0.99);
    let ratio = thumbhash::thumb_hash_to_approximate_aspect_ratio(&hash).expect("a hash");
    assert!(ratio > 1.2, "it lies as the picture is shown: {ratio}");
}

#[test]
fn thumb_alone_is_the_same_picture_as_with_a_preview() {
    let bytes = file("progressive.jpg");
    let alone = image::derive_some(&bytes, &[Thumb]).expect("a picture");
    assert_eq!(alone.products.len(), 1);
    assert_eq!((alone.facts.width, alone.facts.height), (Some(1600), Some(1200)));
    let picture = pixels(product(&alone, Thumb));
    assert_eq!(picture.dimensions(), (320, 240));
    assert_corners(&picture, CORNERS, WITHIN, "thumb alone");
}
