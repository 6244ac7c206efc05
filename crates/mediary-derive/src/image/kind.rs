//! Which pictures there are decoders for.

use crate::{Error, Result};

/// A kind of picture that can be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Jpeg,
    Png,
    Gif,
    WebP,
    Bmp,
    Heic,
}

impl Kind {
    /// By the file's own bytes, whatever somebody called it.
    pub(crate) fn of(bytes: &[u8]) -> Result<Self> {
        match mediary_formats::detect(bytes) {
            Some("image/jpeg") => Ok(Self::Jpeg),
            Some("image/png") => Ok(Self::Png),
            Some("image/gif") => Ok(Self::Gif),
            Some("image/webp") => Ok(Self::WebP),
            Some("image/bmp") => Ok(Self::Bmp),
            Some("image/heic") => Ok(Self::Heic),
            Some("image/svg+xml") => {
                Err(Error::unsupported("SVG pictures are programs as much as pictures, and are not drawn"))
            }
            Some(other) => Err(Error::unsupported(format!("there is no decoder for {other} pictures"))),
            None => Err(Error::unsupported("the file is no picture of a known kind")),
        }
    }

    /// What people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Gif => "GIF",
            Self::WebP => "WebP",
            Self::Bmp => "BMP",
            Self::Heic => "HEIC",
        }
    }
}
