//! Pictures: small versions of them for people, and versions that WhatsApp takes.
//!
//! A decoder per kind (`jpeg`, `still`, `heic`) reads the header, has it checked against [`limits`], and gives a [`decoded`]
//! picture: pixels as they lie in the file, with the turn and the colour profile that the file asks for. What comes out of
//! here is upright, in sRGB and without metadata.

mod animation;
mod color;
mod decoded;
pub(crate) mod encode;
mod frames;
#[cfg(feature = "heic")]
mod heic;
mod jpeg;
mod kind;
pub mod limits;
mod memory;
mod pixel;
pub(crate) mod resize;
mod send;
mod still;

use ::image::DynamicImage;
use mediary_core::VariantKind;

pub use send::{to_jpeg, to_sticker};

use self::decoded::Decoded;
use self::kind::Kind;
use crate::{Derived, Facts, Product, Result};

/// Longest side of a `thumb`, in pixels.
pub const THUMB_SIDE: u32 = 320;
/// Longest side of a `preview`, in pixels.
pub const PREVIEW_SIDE: u32 = 1280;

/// Makes `thumb` and `preview` of a picture (WebP, never larger than the picture), its blurred picture, and its size as shown.
///
/// A GIF that moves gets a preview that moves, if it is within the limits of animations; of an animated WebP there are stills.
pub fn derive(bytes: &[u8]) -> Result<Derived> {
    derive_some(bytes, &[VariantKind::Thumb, VariantKind::Preview])
}

/// The same with the named variants only. A `thumb` alone costs less than with a `preview`: less of a JPEG is decoded.
pub fn derive_some(bytes: &[u8], variants: &[VariantKind]) -> Result<Derived> {
    limits::check_file(bytes)?;
    let kind = Kind::of(bytes)?;
    let with_preview = variants.contains(&VariantKind::Preview);
    let side = if with_preview { PREVIEW_SIDE } else { THUMB_SIDE };
    let decoded = decode(kind, bytes, side)?;
    let (width, height) = decoded.shown_size();
    let shown = decoded.shown_within(side)?;
    let thumb = resize::within(&shown, THUMB_SIDE)?;

    let mut products = Vec::new();
    if variants.contains(&VariantKind::Thumb) {
        products.push(product(VariantKind::Thumb, &thumb)?);
    }
    if with_preview {
        let animated = if kind == Kind::Gif { animation::preview(bytes)? } else { None };
        products.push(match animated {
            Some(animated) => animated,
            None => product(VariantKind::Preview, &shown)?,
        });
    }
    let facts = Facts {
        width: Some(width),
        height: Some(height),
        thumbhash: Some(encode::thumbhash(&thumb)?),
        ..Facts::default()
    };
    Ok(Derived { facts, products, missing: None })
}

/// Makes `thumb` and `poster` of a frame of a video (WebP, never larger than the frame), and its blurred picture.
///
/// The frame is BMP as ffmpeg writes it, in the size of the poster.
pub fn poster(frame: &[u8]) -> Result<Derived> {
    limits::check_file(frame)?;
    let shown = still::decode_frame(frame, PREVIEW_SIDE)?.shown_within(PREVIEW_SIDE)?;
    let thumb = resize::within(&shown, THUMB_SIDE)?;
    let products = vec![product(VariantKind::Thumb, &thumb)?, product(VariantKind::Poster, &shown)?];
    let facts = Facts { thumbhash: Some(encode::thumbhash(&thumb)?), ..Facts::default() };
    Ok(Derived { facts, products, missing: None })
}

/// A still picture as a product: WebP.
pub(crate) fn product(kind: VariantKind, picture: &DynamicImage) -> Result<Product> {
    Ok(Product {
        kind,
        mime_type: encode::WEBP,
        width: Some(picture.width()),
        height: Some(picture.height()),
        duration_ms: None,
        bytes: encode::webp(picture, encode::QUALITY)?,
    })
}

/// Decodes a picture of which no more is wanted than a longest side of so many pixels; decoders that can leave pixels out do so.
fn decode(kind: Kind, bytes: &[u8], side: u32) -> Result<Decoded> {
    match kind {
        Kind::Jpeg => jpeg::decode(bytes, side),
        Kind::Heic => heic(bytes, side),
        Kind::Png | Kind::Gif | Kind::WebP | Kind::Bmp => still::decode(kind, bytes, side),
    }
}

#[cfg(feature = "heic")]
fn heic(bytes: &[u8], side: u32) -> Result<Decoded> {
    heic::decode(bytes, side)
}

#[cfg(not(feature = "heic"))]
fn heic(_: &[u8], _: u32) -> Result<Decoded> {
    Err(crate::Error::left_out("HEIC pictures", "heic"))
}
