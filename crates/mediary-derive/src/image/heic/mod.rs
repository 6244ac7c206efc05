//! HEIC, by heifer: a decoder in safe Rust.
//!
//! Turns, mirrors and crops of the container are applied by the decoder. Its colours are converted by us, after the picture became
//! small.

mod work;

use ::image::metadata::Orientation;
use ::image::{DynamicImage, RgbImage, RgbaImage};
use heifer::Options;
use heifer::heifer_isobmff::HeifFile;
use heifer::heifer_isobmff::boxes::{ColorInfo, Property};
use moxcms::ColorProfile;

use crate::image::color::Channels;
use crate::image::decoded::Decoded;
use crate::image::limits::{Claim, MAX_MEMORY_BYTES};
use crate::image::memory::Plan;
use crate::image::pixel::Pixel;
use crate::{Error, Result};

/// Measured on a picture of 32 megapixels: 264 MB.
const MEMORY_PER_PIXEL: u64 = 9;
/// The number of Display P3's primaries (ITU-T H.273).
const PRIMARIES_OF_P3: u16 = 12;

pub(crate) fn decode(bytes: &[u8], side: u32) -> Result<Decoded> {
    work::check_index(bytes)?;
    let file = HeifFile::parse(bytes).map_err(|error| explained(&error.into()))?;
    let (width, height) = file
        .image_size(file.primary_id)
        .map_err(|error| explained(&error.into()))?
        .ok_or_else(|| Error::broken("the HEIC picture does not say its size"))?;
    let plan = Plan {
        size: (width, height),
        file_bytes: bytes.len() as u64,
        decoder_bytes: Claim::pixels(width, height).saturating_mul(MEMORY_PER_PIXEL),
        decoded: (width, height),
        pixel: Pixel::Rgb,
        side,
    };
    plan.check()?;
    let pixel = Pixel::with_alpha(work::check(&file)?);
    Plan { pixel, ..plan }.check()?;

    let profile = profile(&file);
    // Tiles and layers say their own sizes.
    let options = Options { max_threads: 1, max_pixels: MAX_MEMORY_BYTES / MEMORY_PER_PIXEL };
    let decoded = heifer::decode_rgba8(bytes, &options).map_err(|error| explained(&error))?;
    let size = (decoded.width, decoded.height);
    let picture = if decoded.has_alpha {
        RgbaImage::from_raw(size.0, size.1, decoded.data).map(DynamicImage::from)
    } else {
        RgbImage::from_raw(size.0, size.1, decoded.into_rgb8()).map(DynamicImage::from)
    };
    let picture = picture.ok_or_else(|| Error::broken("the HEIC picture has fewer pixels than it says"))?;
    Ok(Decoded { picture, channels: Channels::Light, size, orientation: Orientation::NoTransforms, profile })
}

/// The colour profile in the file, or that of the primaries which it names.
fn profile(file: &HeifFile<'_>) -> Option<Vec<u8>> {
    if let Ok(Some(profile)) = file.icc_profile(file.primary_id) {
        return Some(profile.to_vec());
    }
    let mut properties = file.item_properties(file.primary_id).ok()?;
    let is_p3 = properties.any(|property| {
        matches!(property, Property::Color(ColorInfo::Nclx { primaries: PRIMARIES_OF_P3, .. }))
    });
    is_p3.then(|| ColorProfile::new_display_p3().encode().ok()).flatten()
}

fn explained(error: &heifer::Error) -> Error {
    match error {
        heifer::Error::Unsupported(_) => Error::unsupported("the HEIC picture is of a kind that is not read"),
        heifer::Error::Hevc(_) => Error::broken("the HEIC picture is damaged: it cannot be decoded"),
        _ => Error::broken("the HEIC picture is damaged: its index cannot be understood"),
    }
}
