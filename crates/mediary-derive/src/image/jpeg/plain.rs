//! JPEG by the decoder of the `image` crate: safe Rust, always at full size, and lenient with damage.

use std::io::Cursor;

use ::image::DynamicImage;
use ::image::codecs::jpeg::JpegDecoder;

use super::segments::Segments;
use crate::image::color::Channels;
use crate::image::kind::Kind;
use crate::image::limits::Claim;
use crate::image::still;
use crate::{Error, Result};

pub(crate) fn decode(bytes: &[u8], segments: &Segments<'_>, side: u32) -> Result<(DynamicImage, Channels)> {
    let (width, height) = (segments.width, segments.height);
    let values = Claim::pixels(width, height) * u64::from(segments.components);
    let coefficients = if segments.is_progressive { values * 2 } else { 0 };
    // The decoder copies the file.
    Claim { width, height, memory_bytes: values + coefficients + 2 * bytes.len() as u64 }.check()?;
    let decoder =
        JpegDecoder::new(Cursor::new(bytes)).map_err(|error| still::explained(Kind::Jpeg, &error))?;
    let decoded = still::from(Kind::Jpeg, bytes, side, decoder)?;
    if decoded.size != (width, height) {
        return Err(Error::broken("the JPEG picture is damaged: it says two sizes"));
    }
    Ok((decoded.picture, Channels::Light))
}

/// A JPEG of this quality (1-100).
#[cfg(not(feature = "fast-jpeg"))]
pub(crate) fn encode(picture: &::image::RgbImage, quality: u8) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    let encoder = ::image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, quality);
    picture
        .write_with_encoder(encoder)
        .map_err(|_| Error::broken("the picture could not be written as JPEG"))?;
    Ok(file)
}
