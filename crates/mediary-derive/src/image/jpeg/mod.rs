//! JPEG: what its segments say, and its pixels by one of two decoders.
//!
//! libjpeg-turbo (`turbo`, feature `fast-jpeg`) leaves out what a small picture does not need. It takes any irregularity for an error, so
//! what it refuses is given to the decoder of the `image` crate (`plain`), which shows the part of a damaged or truncated
//! picture that is there. Without the feature the second decoder does all.

mod plain;
mod segments;
#[cfg(feature = "fast-jpeg")]
mod turbo;

use ::image::DynamicImage;
use ::image::metadata::Orientation;

#[cfg(not(feature = "fast-jpeg"))]
pub(crate) use self::plain::encode;
use self::segments::Segments;
#[cfg(feature = "fast-jpeg")]
pub(crate) use self::turbo::encode;
use super::color::Channels;
use super::decoded::Decoded;
use super::limits::{Claim, MAX_PASSED_PIXELS, MAX_SCANS};
use crate::{Error, Result};

pub(crate) fn decode(bytes: &[u8], side: u32) -> Result<Decoded> {
    let segments = Segments::read(bytes)?;
    let scans = segments::count_scans(bytes);
    if scans > MAX_SCANS {
        return Err(Error::too_large(format!(
            "the JPEG picture is drawn in {scans} passes; at most {MAX_SCANS} are read"
        )));
    }
    let passed = Claim::pixels(segments.width, segments.height).saturating_mul(scans as u64);
    if passed > MAX_PASSED_PIXELS {
        return Err(Error::too_large(format!(
            "the JPEG picture is drawn in {scans} passes, which makes {} megapixels; at most {} are read",
            passed / 1_000_000,
            MAX_PASSED_PIXELS / 1_000_000
        )));
    }
    let (picture, channels) = pixels(bytes, &segments, side)?;
    Ok(Decoded {
        picture,
        channels,
        size: (segments.width, segments.height),
        orientation: segments
            .exif
            .and_then(Orientation::from_exif_chunk)
            .unwrap_or(Orientation::NoTransforms),
        profile: segments.profile,
    })
}

#[cfg(feature = "fast-jpeg")]
fn pixels(bytes: &[u8], segments: &Segments<'_>, side: u32) -> Result<(DynamicImage, Channels)> {
    match turbo::decode(bytes, segments, side)? {
        Some(decoded) => Ok(decoded),
        None => plain::decode(bytes, segments, side),
    }
}

#[cfg(not(feature = "fast-jpeg"))]
fn pixels(bytes: &[u8], segments: &Segments<'_>, side: u32) -> Result<(DynamicImage, Channels)> {
    plain::decode(bytes, segments, side)
}
