//! PNG, GIF, WebP and BMP, by the decoders of the `image` crate, which are written in safe Rust.

use std::io::Cursor;

use ::image::codecs::bmp::BmpDecoder;
use ::image::codecs::gif::GifDecoder;
use ::image::codecs::png::PngDecoder;
use ::image::codecs::webp::WebPDecoder;
use ::image::metadata::Orientation;
use ::image::{ColorType, DynamicImage, ImageDecoder, ImageError, Limits};

use super::color::Channels;
use super::decoded::Decoded;
use super::frames;
use super::kind::Kind;
use super::limits::{Claim, MAX_MEMORY_BYTES};
use super::memory::Plan;
use super::pixel::Pixel;
use crate::{Error, Result};

/// Bytes of a pixel with transparency and 8 bits a channel.
const RGBA: u64 = 4;
/// Bytes of a canvas and of a frame, for each pixel.
const CANVAS_AND_FRAME: u64 = 2 * RGBA;
/// Bytes of a GIF's frame beside its canvas, for each pixel: the colour, and its number in the table.
const LARGE_FRAME: u64 = RGBA + 1;
/// Memory for a row, and for what stands beside the pixels of a PNG: a profile is decompressed before it is known how long it is.
const MAX_BESIDE_PIXELS: u64 = 64 * 1024 * 1024;

/// Decodes a picture; of one that moves, its first frame.
pub(crate) fn decode(kind: Kind, bytes: &[u8], side: u32) -> Result<Decoded> {
    let refuse = |error| explained(kind, &error);
    let file = Cursor::new(bytes);
    match kind {
        Kind::Png => {
            let mut beside_pixels = Limits::default();
            beside_pixels.max_alloc = Some(MAX_BESIDE_PIXELS);
            from(kind, bytes, side, PngDecoder::with_limits(file, beside_pixels).map_err(refuse)?)
        }
        Kind::Gif => {
            let decoder = GifDecoder::new(file).map_err(refuse)?;
            check_first_frame(bytes, decoder.dimensions())?;
            from(kind, bytes, side, decoder)
        }
        Kind::WebP => {
            let decoder = WebPDecoder::new(file).map_err(refuse)?;
            frames::check_webp(bytes, decoder.dimensions())?;
            from(kind, bytes, side, decoder)
        }
        _ => from(kind, bytes, side, BmpDecoder::new(file).map_err(refuse)?),
    }
}

/// Decodes a BMP of which no side may be longer than this. An attacker may have written it, and it is decoded beside others.
pub(crate) fn decode_frame(bytes: &[u8], side: u32) -> Result<Decoded> {
    let decoder = BmpDecoder::new(Cursor::new(bytes)).map_err(|error| explained(Kind::Bmp, &error))?;
    let (width, height) = decoder.dimensions();
    if width.max(height) > side {
        return Err(Error::too_large(format!("the frame has {width} × {height} pixels")));
    }
    from(Kind::Bmp, bytes, side, decoder)
}

/// What the decoders hold themselves to; WebP's does not know limits, which is why the header is checked by us.
pub(crate) fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_MEMORY_BYTES);
    limits
}

/// A GIF's frame is decoded whole, and may be larger than the canvas that it is shown on.
fn check_first_frame(gif: &[u8], canvas: (u32, u32)) -> Result<()> {
    let Some((width, height)) = frames::of_gif(gif).next() else { return Ok(()) };
    let (of_frame, of_canvas) = (Claim::pixels(width, height), Claim::pixels(canvas.0, canvas.1));
    if of_frame <= of_canvas {
        return Ok(());
    }
    let memory_bytes = of_frame * LARGE_FRAME + of_canvas * RGBA + gif.len() as u64;
    Claim { width, height, memory_bytes }.check()
}

/// Decodes with one of these decoders, which has read the header of these bytes by then.
pub(crate) fn from(kind: Kind, bytes: &[u8], side: u32, mut decoder: impl ImageDecoder) -> Result<Decoded> {
    let size = decoder.dimensions();
    let color = decoder.color_type();
    let pixel = Pixel::with_alpha(color.has_alpha());
    let buffers = if matches!(kind, Kind::Gif | Kind::WebP) { CANVAS_AND_FRAME } else { 0 };
    let converted = if matches!(color, ColorType::Rgb8 | ColorType::Rgba8) { 0 } else { pixel.bytes() };
    let more = Claim::pixels(size.0, size.1).saturating_mul(buffers + converted);
    // Metadata that cannot be read is as none: the picture is what matters.
    let profile = decoder.icc_profile().unwrap_or_default();
    let profile_bytes = profile.as_ref().map_or(0, |profile| profile.len() as u64);
    let plan = Plan {
        size,
        // The decoder has a copy of the profile, and one of whatever else stands before the pixels.
        file_bytes: bytes.len() as u64 * 2 + profile_bytes * 2,
        decoder_bytes: decoder.total_bytes().saturating_add(more),
        decoded: size,
        pixel,
        side,
    };
    plan.check()?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    decoder.set_limits(limits()).map_err(|error| explained(kind, &error))?;
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| explained(kind, &error))?;
    Ok(Decoded { picture: eight_bits(picture), channels: Channels::Light, size, orientation, profile })
}

/// RGB or RGBA with 8 bits a channel.
pub(crate) fn eight_bits(picture: DynamicImage) -> DynamicImage {
    match picture {
        DynamicImage::ImageRgb8(_) | DynamicImage::ImageRgba8(_) => picture,
        other if other.color().has_alpha() => other.into_rgba8().into(),
        other => other.into_rgb8().into(),
    }
}

/// A decoder's error for people, who have no use for its words.
pub(crate) fn explained(kind: Kind, error: &ImageError) -> Error {
    let name = kind.name();
    match error {
        ImageError::Limits(_) => Error::too_large(format!(
            "the {name} picture takes more than the {} MB of memory that it may",
            MAX_MEMORY_BYTES / 1_000_000
        )),
        ImageError::Unsupported(_) => {
            Error::unsupported(format!("the {name} picture is of a kind that is not read"))
        }
        // It is in memory as a whole.
        ImageError::IoError(_) => Error::broken(format!("the {name} picture is damaged: its end is missing")),
        _ => Error::broken(format!("the {name} picture is damaged: it cannot be decoded")),
    }
}
