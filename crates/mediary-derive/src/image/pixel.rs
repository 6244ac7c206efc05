//! What a decoded picture consists of.

/// The pixels of a decoded picture, with 8 bits a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pixel {
    Rgb,
    Rgba,
    Inks,
}

impl Pixel {
    pub(crate) fn with_alpha(has_alpha: bool) -> Self {
        if has_alpha { Self::Rgba } else { Self::Rgb }
    }

    pub(crate) fn bytes(self) -> u64 {
        if self == Self::Rgb { 3 } else { 4 }
    }
}
