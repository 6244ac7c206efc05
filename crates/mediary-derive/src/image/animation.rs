//! Pictures that move: read frame by frame within limits, written as animated WebP.

use std::io::Cursor;

use ::image::codecs::gif::GifDecoder;
use ::image::codecs::webp::WebPDecoder;
use ::image::{AnimationDecoder, DynamicImage, Frame, ImageDecoder, ImageResult, RgbaImage};
use mediary_core::VariantKind;
use webp::{AnimEncoder, AnimFrame};

use super::kind::Kind;
use super::limits::{
    Claim, MAX_ANIMATION_BYTES, MAX_ANIMATION_PIXELS, MAX_ENCODED_PIXELS, MAX_FRAMES, MAX_MEMORY_BYTES,
};
use super::pixel::Pixel;
use super::{PREVIEW_SIDE, encode, frames, resize, still};
use crate::size::size_within;
use crate::{Error, Product, Result};

/// Browsers show frames that claim less for as long as this.
const SHORTEST_MS: u32 = 20;
const INSTEAD_MS: u32 = 100;
/// One frame is shown at most this long: clocks of animations are signed numbers of 32 bits.
const LONGEST_MS: u32 = 60_000;

/// A frame while it is decoded, for each pixel: colours with transparency, and what they are made of.
const FRAME_BYTES: u64 = 8;

/// One picture of an animation, and for how long it is shown.
#[derive(Debug)]
pub(crate) struct Moment {
    pub(crate) picture: RgbaImage,
    pub(crate) duration_ms: u32,
}

/// A preview of a GIF that moves. `None` of one that does not, of one whose canvas is so large that not even two frames of it are
/// within the limits, and of one whose preview would be too large a file.
pub(crate) fn preview(bytes: &[u8]) -> Result<Option<Product>> {
    let moments = gif(bytes, |canvas| {
        let side = side_within(canvas, MAX_FRAMES, MAX_ENCODED_PIXELS).min(PREVIEW_SIDE);
        size_within(canvas.0, canvas.1, side)
    })?;
    let [first, _, ..] = &*moments else { return Ok(None) };
    let (width, height) = first.picture.dimensions();
    let duration_ms = moments.iter().map(|moment| u64::from(moment.duration_ms)).sum();
    let bytes = webp(&moments, encode::QUALITY)?;
    if bytes.len() > MAX_ANIMATION_BYTES {
        return Ok(None);
    }
    Ok(Some(Product {
        kind: VariantKind::Preview,
        mime_type: encode::WEBP,
        width: Some(width),
        height: Some(height),
        duration_ms: Some(duration_ms),
        bytes,
    }))
}

/// The first frames of an animation in the size that `size` makes of the canvas; none if fewer than two are within the limits.
pub(crate) fn moments(
    kind: Kind,
    bytes: &[u8],
    size: impl Fn((u32, u32)) -> (u32, u32),
) -> Result<Vec<Moment>> {
    match kind {
        Kind::Gif => gif(bytes, size),
        Kind::WebP => {
            let decoder =
                WebPDecoder::new(Cursor::new(bytes)).map_err(|error| still::explained(Kind::WebP, &error))?;
            if !decoder.has_animation() {
                return Ok(Vec::new());
            }
            let canvas = decoder.dimensions();
            frames::check_webp(bytes, canvas)?;
            collect(Kind::WebP, bytes, std::iter::repeat_n(canvas, MAX_FRAMES), decoder, size)
        }
        _ => Ok(Vec::new()),
    }
}

fn gif(bytes: &[u8], size: impl Fn((u32, u32)) -> (u32, u32)) -> Result<Vec<Moment>> {
    let refuse = |error| still::explained(Kind::Gif, &error);
    let mut decoder = GifDecoder::new(Cursor::new(bytes)).map_err(refuse)?;
    decoder.set_limits(still::limits()).map_err(refuse)?;
    collect(Kind::Gif, bytes, frames::of_gif(bytes), decoder, size)
}

/// What breaks off is shown up to there. The sizes are those of the frames, as the file says them.
fn collect<'a>(
    kind: Kind,
    bytes: &[u8],
    sizes: impl Iterator<Item = (u32, u32)>,
    decoder: impl AnimationDecoder<'a> + ImageDecoder,
    size: impl Fn((u32, u32)) -> (u32, u32),
) -> Result<Vec<Moment>> {
    let canvas = decoder.dimensions();
    let sizes: Vec<(u32, u32)> = sizes.take(MAX_FRAMES).collect();
    let frames = frames_within(canvas, &sizes);
    let size = size(canvas);
    let memory_bytes = memory_bytes(canvas, &sizes[..frames], size).saturating_add(bytes.len() as u64);
    if frames < 2 || memory_bytes > MAX_MEMORY_BYTES {
        return Ok(Vec::new());
    }
    let mut moments = Vec::new();
    for frame in decoder.into_frames().take(frames).map_while(ImageResult::ok) {
        moments.push(moment(frame, size)?);
    }
    match moments.len() {
        0 => Err(Error::broken(format!("the {} animation has no whole frame", kind.name()))),
        1 => Ok(Vec::new()),
        _ => Ok(moments),
    }
}

fn moment(frame: Frame, size: (u32, u32)) -> Result<Moment> {
    let (numerator, denominator) = frame.delay().numer_denom_ms();
    let claimed = numerator / denominator.max(1);
    let duration_ms = if claimed < SHORTEST_MS { INSTEAD_MS } else { claimed.min(LONGEST_MS) };
    let canvas = DynamicImage::from(frame.into_buffer());
    Ok(Moment { picture: resize::exactly(&canvas, size)?.into_rgba8(), duration_ms })
}

/// How many of the first frames are within the limits.
fn frames_within(canvas: (u32, u32), sizes: &[(u32, u32)]) -> usize {
    let of_canvas = Claim::pixels(canvas.0, canvas.1);
    let decoded = sizes.iter().scan(0_u64, |decoded, (width, height)| {
        *decoded = decoded.saturating_add(Claim::pixels(*width, *height).max(of_canvas));
        Some(*decoded)
    });
    decoded.take_while(|decoded| *decoded <= MAX_ANIMATION_PIXELS).count()
}

/// What decoding these frames takes, and making each of them the picture of a moment in this size.
fn memory_bytes(canvas: (u32, u32), frames: &[(u32, u32)], size: (u32, u32)) -> u64 {
    let pixels = |(width, height)| Claim::pixels(width, height);
    let (of_canvas, largest) = (pixels(canvas), frames.iter().map(|frame| pixels(*frame)).max().unwrap_or(0));
    // What was shown before, and what is shown now.
    let canvases = of_canvas.saturating_mul(2 * Pixel::Rgba.bytes());
    let decoding = largest.saturating_mul(FRAME_BYTES);
    let moments = pixels(size).saturating_mul(Pixel::Rgba.bytes()).saturating_mul(frames.len() as u64);
    canvases
        .saturating_add(decoding.max(resize::memory_bytes(canvas, size, Pixel::Rgba)))
        .saturating_add(moments)
}

/// The longest side with which so many frames have together no more than `pixels`.
fn side_within((width, height): (u32, u32), frames: usize, pixels: u64) -> u32 {
    let longest = u64::from(width.max(height));
    let ratio = longest * longest / Claim::pixels(width, height).max(1);
    let side = (pixels / frames.max(1) as u64).saturating_mul(ratio.max(1)).isqrt();
    u32::try_from(side).unwrap_or(u32::MAX).max(1)
}

/// An animated WebP that begins again when it ends.
pub(crate) fn webp(moments: &[Moment], quality: f32) -> Result<Vec<u8>> {
    let Some(first) = moments.first() else { return Err(Error::broken("the animation has no frame")) };
    let (width, height) = first.picture.dimensions();
    let config = encode::webp_config(quality, (width, height))?;
    let mut encoder = AnimEncoder::new(width, height, &config);
    let mut starts_ms = 0;
    for moment in moments.iter().filter(|moment| moment.picture.dimensions() == (width, height)) {
        encoder.add_frame(AnimFrame::from_rgba(&moment.picture, width, height, starts_ms));
        starts_ms = starts_ms.saturating_add_unsigned(moment.duration_ms);
    }
    let encoded = encoder.try_encode();
    encoded
        .map(|bytes| bytes.to_vec())
        .map_err(|_| Error::broken("the animation could not be written as WebP"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_bounded_by_their_number_and_by_their_pixels() {
        let each = |canvas, frame| frames_within(canvas, &[frame; MAX_FRAMES]);
        assert_eq!(each((500, 500), (500, 500)), MAX_FRAMES);
        assert_eq!(each((4000, 4000), (1, 1)), 3);
        assert_eq!(each((4000, 4000), (4001, 4000)), 2);
        assert_eq!(each((1, 1), (1000, 800)), MAX_FRAMES);
        assert_eq!(each((1, 1), (1000, 801)), MAX_FRAMES - 1);
        assert_eq!(each((u32::MAX, u32::MAX), (u32::MAX, u32::MAX)), 0);
        assert_eq!(frames_within((1, 1), &[(1, 1), (60_000, 60_000), (1, 1)]), 1);
    }

    #[test]
    fn animated_preview_keeps_its_share_of_pixels() {
        for canvas in [(500, 500), (1280, 720), (64, 4000), (65_535, 1)] {
            let side = side_within(canvas, MAX_FRAMES, MAX_ENCODED_PIXELS);
            let (width, height) = size_within(canvas.0, canvas.1, side);
            assert!(
                Claim::pixels(width, height) * MAX_FRAMES as u64 <= MAX_ENCODED_PIXELS * 11 / 10,
                "{canvas:?} became {width} × {height}"
            );
        }
    }
}
