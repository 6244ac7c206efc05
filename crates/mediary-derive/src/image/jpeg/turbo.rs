//! JPEG by libjpeg-turbo, which can decode to a half, a quarter or an eighth of the size.

use ::image::{DynamicImage, RgbImage, RgbaImage};
use turbojpeg::{Colorspace, Compressor, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp};

use super::segments::Segments;
use crate::image::color::Channels;
use crate::image::limits::{Claim, MAX_SCANS};
use crate::image::memory::Plan;
use crate::image::pixel::Pixel;
use crate::{Error, Result};

/// The sizes that have fast code, smallest first.
const FACTORS: [ScalingFactor; 4] =
    [ScalingFactor::ONE_EIGHTH, ScalingFactor::ONE_QUARTER, ScalingFactor::ONE_HALF, ScalingFactor::ONE];

/// The pixels, or `None` if the decoder finds fault with the file: it does so for a single byte too many.
pub(crate) fn decode(
    bytes: &[u8],
    segments: &Segments<'_>,
    side: u32,
) -> Result<Option<(DynamicImage, Channels)>> {
    let factor = factor(segments, side);
    let decoded = (scaled(factor, segments.width), scaled(factor, segments.height));
    let pixel = if segments.components == 4 { Pixel::Inks } else { Pixel::Rgb };
    let size = (segments.width, segments.height);
    let plan = Plan {
        size,
        file_bytes: bytes.len() as u64,
        decoder_bytes: coefficients_bytes(segments) + Claim::pixels(decoded.0, decoded.1) * pixel.bytes(),
        decoded,
        pixel,
        side,
    };
    plan.check()?;
    Ok(pixels(bytes, factor, size).ok())
}

fn pixels(
    bytes: &[u8],
    factor: ScalingFactor,
    size: (u32, u32),
) -> Result<(DynamicImage, Channels), turbojpeg::Error> {
    let mut decompressor = Decompressor::new()?;
    decompressor.set_scan_limit(u32::try_from(MAX_SCANS).unwrap_or(u32::MAX))?;
    let header = decompressor.read_header(bytes)?;
    let scaled = header.scaled(factor);
    // Both read the same header, and what was checked is what is decoded.
    if (header.width, header.height) != (size.0 as usize, size.1 as usize) {
        return Err(turbojpeg::Error::OutOfBounds);
    }
    decompressor.set_scaling_factor(factor)?;
    let (channels, format) = match header.colorspace {
        Colorspace::CMYK | Colorspace::YCCK => (Channels::Inks, PixelFormat::CMYK),
        _ => (Channels::Light, PixelFormat::RGB),
    };
    let pitch = scaled.width * format.size();
    let mut pixels = vec![0; pitch * scaled.height];
    let target = Image { pixels: &mut pixels[..], width: scaled.width, pitch, height: scaled.height, format };
    decompressor.decompress(bytes, target)?;

    let size = (u32::try_from(scaled.width), u32::try_from(scaled.height));
    let (Ok(width), Ok(height)) = size else { return Err(turbojpeg::Error::OutOfBounds) };
    let picture = match channels {
        Channels::Light => RgbImage::from_raw(width, height, pixels).map(DynamicImage::from),
        Channels::Inks => {
            // Every program writes inks upside down, with Adobe's mark and without.
            pixels.iter_mut().for_each(|ink| *ink = u8::MAX - *ink);
            RgbaImage::from_raw(width, height, pixels).map(DynamicImage::from)
        }
    };
    picture.map(|picture| (picture, channels)).ok_or(turbojpeg::Error::Null)
}

/// The smallest size that has a longest side of so many pixels.
fn factor(segments: &Segments<'_>, side: u32) -> ScalingFactor {
    let longest = segments.width.max(segments.height);
    FACTORS.into_iter().find(|factor| scaled(*factor, longest) >= side).unwrap_or(ScalingFactor::ONE)
}

fn scaled(factor: ScalingFactor, length: u32) -> u32 {
    u32::try_from(factor.scale(length as usize)).unwrap_or(u32::MAX)
}

/// What a progressive picture takes until it is drawn; a sequential one is drawn row by row.
fn coefficients_bytes(segments: &Segments<'_>) -> u64 {
    if !segments.is_progressive {
        return 0;
    }
    Claim::pixels(segments.width, segments.height) * u64::from(segments.components) * 2
}

/// A JPEG of this quality (1-100), with half the colour resolution.
pub(crate) fn encode(picture: &RgbImage, quality: u8) -> Result<Vec<u8>> {
    let unable = |_| Error::broken("the picture could not be written as JPEG");
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut compressor = Compressor::new().map_err(unable)?;
    compressor.set_quality(i32::from(quality)).map_err(unable)?;
    compressor.set_subsamp(Subsamp::Sub2x2).map_err(unable)?;
    let pixels = picture.as_raw().as_slice();
    let source = Image { pixels, width, pitch: width * 3, height, format: PixelFormat::RGB };
    compressor.compress_to_vec(source).map_err(unable)
}
