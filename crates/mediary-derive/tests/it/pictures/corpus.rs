//! Files of the corpus, and looks at what was made of them.

use image::{DynamicImage, ImageFormat, RgbaImage};
use mediary_core::VariantKind;
use mediary_derive::{Derived, Error, Product};

pub(crate) use crate::harness::bytes_of_picture as file;

/// Corners of the picture that most files show, from the upper left to the lower right.
pub(crate) const CORNERS: [[u8; 3]; 4] = [[220, 30, 30], [30, 180, 40], [30, 50, 210], [235, 215, 40]];
/// Its mean colour.
pub(crate) const MEAN: [f64; 3] = [150.5, 128.0, 134.0];

pub(crate) fn derive(name: &str) -> Derived {
    mediary_derive::image::derive(&file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn refusal(bytes: &[u8]) -> Error {
    match mediary_derive::image::derive(bytes) {
        Ok(derived) => panic!("it has {:?}", derived.facts),
        Err(error) => error,
    }
}

pub(crate) fn product(derived: &Derived, kind: VariantKind) -> &Product {
    let mut found = derived.products.iter().filter(|product| product.kind == kind);
    let product = found.next().unwrap_or_else(|| panic!("no {kind:?}"));
    assert!(found.next().is_none(), "one {kind:?}");
    product
}

/// A product's pixels, decoded by the `image` crate. Its size is what the product says.
pub(crate) fn pixels(product: &Product) -> RgbaImage {
    let picture = webp(&product.bytes).into_rgba8();
    assert_eq!((Some(picture.width()), Some(picture.height())), (product.width, product.height));
    picture
}

pub(crate) fn webp(bytes: &[u8]) -> DynamicImage {
    image::load_from_memory_with_format(bytes, ImageFormat::WebP).expect("a WebP")
}

/// The colours well inside of the four corners.
pub(crate) fn corners(picture: &RgbaImage) -> [[u8; 3]; 4] {
    let (width, height) = picture.dimensions();
    let (left, top) = (width / 24, height / 24);
    let at = |x, y| {
        let [red, green, blue, _] = picture.get_pixel(x, y).0;
        [red, green, blue]
    };
    let (right, bottom) = (width - 1 - left, height - 1 - top);
    [at(left, top), at(right, top), at(left, bottom), at(right, bottom)]
}

pub(crate) fn mean(picture: &RgbaImage) -> [f64; 3] {
    let mut sums = [0.0; 3];
    for pixel in picture.pixels() {
        for (sum, light) in sums.iter_mut().zip(pixel.0) {
            *sum += f64::from(light);
        }
    }
    sums.map(|sum| sum / f64::from(picture.width() * picture.height()))
}

pub(crate) fn assert_near(found: [f64; 3], expected: [f64; 3], within: f64, what: &str) {
    let far = found.iter().zip(expected).any(|(found, expected)| (found - expected).abs() > within);
    assert!(!far, "{what}: {found:.1?} is not {expected:.1?} ± {within}");
}

pub(crate) fn assert_corners(picture: &RgbaImage, expected: [[u8; 3]; 4], within: f64, what: &str) {
    for (found, expected) in corners(picture).into_iter().zip(expected) {
        assert_near(found.map(f64::from), expected.map(f64::from), within, what);
    }
}

/// Frames of an animated WebP; none of a still.
pub(crate) fn frames(bytes: &[u8]) -> usize {
    let decoder = image::codecs::webp::WebPDecoder::new(std::io::Cursor::new(bytes)).expect("a WebP");
    if decoder.has_animation() { image::AnimationDecoder::into_frames(decoder).count() } else { 0 }
}
