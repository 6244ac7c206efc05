//! Pictures as bytes again.

use ::image::DynamicImage;
use webp::{Encoder, WebPConfig};

use super::resize;
use crate::{Error, Result};

pub(crate) const WEBP: &str = "image/webp";
/// Of all WebP that people see in lists and galleries.
pub(crate) const QUALITY: f32 = 75.0;
/// Between 0 (fast) and 6 (small). A photo of 1280 × 960 pixels takes half the time of the encoder's usual 4, with three bytes in a hundred more, and
/// is as like its original (SSIM).
const FAST: i32 = 2;
/// What has no more pixels is written as usual: it takes next to no time, and each byte shows.
const SMALL: i32 = 4;
const SMALL_PIXELS: u32 = 512 * 512;
/// What thumbhash takes at most.
const THUMBHASH_SIDE: u32 = 100;

/// How a WebP of this size is written here.
pub(crate) fn webp_config(quality: f32, (width, height): (u32, u32)) -> Result<WebPConfig> {
    let mut config = WebPConfig::new().map_err(|()| Error::broken("the WebP encoder does not start"))?;
    config.quality = quality;
    config.method = if width.saturating_mul(height) <= SMALL_PIXELS { SMALL } else { FAST };
    Ok(config)
}

/// A still WebP. Transparency is kept where there is any.
pub(crate) fn webp(picture: &DynamicImage, quality: f32) -> Result<Vec<u8>> {
    let (width, height) = (picture.width(), picture.height());
    let config = webp_config(quality, (width, height))?;
    let opaque;
    let encoder = match picture {
        DynamicImage::ImageRgba8(pixels) if pixels.pixels().any(|pixel| pixel.0[3] != u8::MAX) => {
            Encoder::from_rgba(pixels, width, height)
        }
        DynamicImage::ImageRgb8(pixels) => Encoder::from_rgb(pixels, width, height),
        other => {
            opaque = other.to_rgb8();
            Encoder::from_rgb(&opaque, width, height)
        }
    };
    let encoded = encoder.encode_advanced(&config);
    encoded
        .map(|bytes| bytes.to_vec())
        .map_err(|_| Error::broken(format!("the picture of {width} × {height} could not be written as WebP")))
}

/// The blurred picture, some 25 bytes.
pub(crate) fn thumbhash(picture: &DynamicImage) -> Result<Vec<u8>> {
    let small = resize::within(picture, THUMBHASH_SIDE)?.into_rgba8();
    Ok(thumbhash::rgba_to_thumb_hash(small.width() as usize, small.height() as usize, &small))
}
