//! Making pictures smaller.

use ::image::{DynamicImage, RgbImage, RgbaImage};
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::limits::Claim;
use super::pixel::Pixel;
use crate::size::size_within;
use crate::{Error, Result};

/// The picture with no side longer than this; as it is if it is small enough.
pub(crate) fn within(picture: &DynamicImage, side: u32) -> Result<DynamicImage> {
    to_size(picture, size_within(picture.width(), picture.height(), side), true)
}

/// The same where the fourth channel is no transparency.
pub(crate) fn within_by_channel(picture: &DynamicImage, side: u32) -> Result<DynamicImage> {
    to_size(picture, size_within(picture.width(), picture.height(), side), false)
}

/// The picture in this size, which may be larger.
pub(crate) fn exactly(picture: &DynamicImage, size: (u32, u32)) -> Result<DynamicImage> {
    to_size(picture, size, true)
}

/// Weights of the pixels that go into one, for each row and column, in bytes.
const WEIGHTS: u64 = 96;

/// What making a picture of one size into one of another takes beside the first.
pub(crate) fn memory_bytes((width, height): (u32, u32), to: (u32, u32), pixel: Pixel) -> u64 {
    let made = Claim::pixels(to.0, to.1).saturating_mul(pixel.bytes());
    if (width, height) == to {
        return made;
    }
    // Rows first: as wide as before, and as high as what is made.
    let between = Claim::pixels(width, to.1).saturating_mul(pixel.bytes());
    let weighed =
        if pixel == Pixel::Rgba { Claim::pixels(width, height).saturating_mul(pixel.bytes()) } else { 0 };
    let weights = WEIGHTS * (u64::from(width) + u64::from(height));
    made.saturating_add(between).saturating_add(weighed).saturating_add(weights)
}

fn to_size(picture: &DynamicImage, (width, height): (u32, u32), weigh_alpha: bool) -> Result<DynamicImage> {
    if (picture.width(), picture.height()) == (width, height) {
        return Ok(picture.clone());
    }
    let pixel_type = if picture.color().has_alpha() { PixelType::U8x4 } else { PixelType::U8x3 };
    let source = ImageRef::new(picture.width(), picture.height(), picture.as_bytes(), pixel_type)
        .map_err(|_| unable())?;
    let mut target = Image::new(width, height, pixel_type);
    let options =
        ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).use_alpha(weigh_alpha);
    Resizer::new().resize(&source, &mut target, &options).map_err(|_| unable())?;
    let pixels = target.into_vec();
    let resized = match pixel_type {
        PixelType::U8x4 => RgbaImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgba8),
        _ => RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8),
    };
    resized.ok_or_else(unable)
}

fn unable() -> Error {
    Error::broken("the picture could not be resized")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transparent_colours_do_not_bleed_into_what_is_seen() {
        let half = RgbaImage::from_fn(64, 64, |x, _| {
            ::image::Rgba(if x < 32 { [255, 0, 0, 0] } else { [0, 0, 255, 255] })
        });
        let small = within(&half.into(), 16).unwrap().into_rgba8();
        assert!(
            small.pixels().filter(|pixel| pixel.0[3] > 20).all(|pixel| pixel.0[0] < 40),
            "no red comes in"
        );
    }
}
