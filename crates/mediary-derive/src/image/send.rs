//! Pictures in the forms that WhatsApp takes.

use std::io::Cursor;

use ::image::codecs::webp::WebPDecoder;
use ::image::{DynamicImage, ImageDecoder, RgbImage, RgbaImage, imageops};

use super::animation::{self, Moment};
use super::kind::Kind;
use super::{decode, encode, jpeg, limits, resize};
use crate::{Error, Result};

/// Longest sides of a JPEG, tried one after the other until it is small enough.
const JPEG_SIDES: [u32; 4] = [4096, 2560, 1600, 800];
const JPEG_QUALITIES: [u8; 3] = [85, 75, 60];
/// Both sides of a sticker, in pixels.
const STICKER_SIDE: u32 = 512;
const STICKER_BYTES: usize = 100_000;
const ANIMATED_STICKER_BYTES: usize = 500_000;
const STICKER_QUALITIES: [f32; 6] = [90.0, 75.0, 60.0, 45.0, 30.0, 10.0];
/// Quality, and each how many frames stay. One try costs up to two seconds.
const ANIMATED_STICKER_TRIES: [(f32, usize); 4] = [(75.0, 1), (45.0, 1), (30.0, 2), (10.0, 3)];

/// A JPEG of no more than `max_bytes`, upright, in sRGB, without metadata; transparent parts are white.
///
/// It is written with less quality, and then smaller, until it fits.
pub fn to_jpeg(bytes: &[u8], max_bytes: usize) -> Result<Vec<u8>> {
    limits::check_file(bytes)?;
    let decoded = decode(Kind::of(bytes)?, bytes, JPEG_SIDES[0])?;
    let mut picture = on_white(decoded.shown_within(JPEG_SIDES[0])?);
    for side in JPEG_SIDES {
        picture = resize::within(&picture.into(), side)?.into_rgb8();
        for quality in JPEG_QUALITIES {
            let file = jpeg::encode(&picture, quality)?;
            if file.len() <= max_bytes {
                return Ok(file);
            }
        }
    }
    Err(Error::too_large(format!("the picture cannot be made a JPEG of at most {max_bytes} bytes")))
}

/// A sticker: WebP of 512 × 512 pixels; what is not square stands in the middle. It has at most `max_bytes`, and no more than WhatsApp
/// takes: 100 KB, or 500 KB if it moves, as a GIF or WebP that moves does as a sticker, too.
///
/// A file that is one already stays as it is.
pub fn to_sticker(bytes: &[u8], max_bytes: usize) -> Result<Vec<u8>> {
    limits::check_file(bytes)?;
    let kind = Kind::of(bytes)?;
    if kind == Kind::WebP && is_sticker(bytes, max_bytes) {
        // Once decoded, since a broken one is of no use to its recipient.
        decode(kind, bytes, STICKER_SIDE)?;
        return Ok(bytes.to_vec());
    }
    let moments = animation::moments(kind, bytes, sticker_size)?;
    if moments.is_empty() {
        still_sticker(kind, bytes, max_bytes.min(STICKER_BYTES))
    } else {
        animated_sticker(moments, max_bytes.min(ANIMATED_STICKER_BYTES))
    }
}

fn is_sticker(bytes: &[u8], max_bytes: usize) -> bool {
    is_whole(bytes)
        && WebPDecoder::new(Cursor::new(bytes)).is_ok_and(|decoder| {
            let most = if decoder.has_animation() { ANIMATED_STICKER_BYTES } else { STICKER_BYTES };
            decoder.dimensions() == (STICKER_SIDE, STICKER_SIDE) && bytes.len() <= most.min(max_bytes)
        })
}

/// Whether a WebP has all the bytes that its header names: one whose end is missing is decoded up to there.
fn is_whole(webp: &[u8]) -> bool {
    const HEADER_BYTES: usize = 8;
    let named = webp.get(4..HEADER_BYTES).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    named
        .and_then(|bytes| usize::try_from(bytes).ok())
        .is_some_and(|bytes| webp.len() - HEADER_BYTES >= bytes)
}

fn still_sticker(kind: Kind, bytes: &[u8], max_bytes: usize) -> Result<Vec<u8>> {
    let shown = decode(kind, bytes, STICKER_SIDE)?.shown_within(STICKER_SIDE)?;
    let fitted = resize::exactly(&shown, sticker_size((shown.width(), shown.height())))?;
    let square = DynamicImage::from(in_the_middle(&fitted.into_rgba8()));
    for quality in STICKER_QUALITIES {
        let file = encode::webp(&square, quality)?;
        if file.len() <= max_bytes {
            return Ok(file);
        }
    }
    Err(Error::too_large(format!("the picture cannot be made a sticker of at most {max_bytes} bytes")))
}

fn animated_sticker(mut moments: Vec<Moment>, max_bytes: usize) -> Result<Vec<u8>> {
    for moment in &mut moments {
        moment.picture = in_the_middle(&moment.picture);
    }
    for (quality, each) in ANIMATED_STICKER_TRIES {
        let file = animation::webp(&thinned(&moments, each), quality)?;
        if file.len() <= max_bytes {
            return Ok(file);
        }
    }
    Err(Error::too_large(format!("the animation cannot be made a sticker of at most {max_bytes} bytes")))
}

/// Every so many frames, shown for as long as those which are left out.
fn thinned(moments: &[Moment], each: usize) -> Vec<Moment> {
    let groups = moments.chunks(each.max(1));
    groups
        .filter_map(|group| {
            let picture = group.first()?.picture.clone();
            Some(Moment { picture, duration_ms: group.iter().map(|moment| moment.duration_ms).sum() })
        })
        .collect()
}

/// The largest size of these proportions in the square.
fn sticker_size((width, height): (u32, u32)) -> (u32, u32) {
    let longest = width.max(height).max(1);
    let scaled = |length: u32| {
        let scaled = u64::from(length) * u64::from(STICKER_SIDE) / u64::from(longest);
        u32::try_from(scaled).map_or(STICKER_SIDE, |scaled| scaled.clamp(1, STICKER_SIDE))
    };
    (scaled(width), scaled(height))
}

fn in_the_middle(picture: &RgbaImage) -> RgbaImage {
    let mut square = RgbaImage::new(STICKER_SIDE, STICKER_SIDE);
    let offset = |length: u32| i64::from((STICKER_SIDE.saturating_sub(length)) / 2);
    imageops::replace(&mut square, picture, offset(picture.width()), offset(picture.height()));
    square
}

fn on_white(picture: DynamicImage) -> RgbImage {
    let DynamicImage::ImageRgba8(picture) = picture else { return picture.into_rgb8() };
    let over_white = |light: u8, alpha: u8| {
        let covered = u16::from(light) * u16::from(alpha) + 255 * u16::from(255 - alpha);
        (covered / 255) as u8
    };
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0;
        ::image::Rgb([over_white(red, alpha), over_white(green, alpha), over_white(blue, alpha)])
    })
}
