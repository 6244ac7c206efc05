//! What making a small picture takes of memory, reckoned from its header: an allocation beyond the limit ends a worker without a word.

use super::limits::{Claim, MAX_FILE_BYTES, MAX_MEMORY_BYTES};
use super::pixel::Pixel;
use super::resize;
use crate::Result;
use crate::size::size_within;

/// Bytes for each pixel of what is made, once the decoded picture is gone: resized, in sRGB, upright, and on the way to a file.
const MADE: u64 = 16;
/// The longest side of all that is made.
const LARGEST_SIDE: u64 = 4096;
// Small beside what decoding may take, so it is reckoned with by this alone.
const _: () = assert!(LARGEST_SIDE * LARGEST_SIDE * MADE + (MAX_FILE_BYTES as u64) < MAX_MEMORY_BYTES);

/// What decoding a picture and making it smaller takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// What the header says.
    pub(crate) size: (u32, u32),
    /// There all the time, as is what the decoder keeps of it.
    pub(crate) file_bytes: u64,
    /// What the decoder takes, the picture that it leaves included.
    pub(crate) decoder_bytes: u64,
    /// Of the picture that it leaves, which may be smaller than the header says.
    pub(crate) decoded: (u32, u32),
    pub(crate) pixel: Pixel,
    /// The longest side that is wanted of it.
    pub(crate) side: u32,
}

impl Plan {
    /// Refuses what is beyond the limits.
    pub(crate) fn check(self) -> Result<()> {
        let (width, height) = self.size;
        Claim { width, height, memory_bytes: self.memory_bytes() }.check()
    }

    fn memory_bytes(self) -> u64 {
        let Self { decoded, pixel, .. } = self;
        let picture = Claim::pixels(decoded.0, decoded.1).saturating_mul(pixel.bytes());
        let small = size_within(decoded.0, decoded.1, self.side);
        let resized = picture.saturating_add(resize::memory_bytes(decoded, small, pixel));
        // The one is over before the other begins.
        self.decoder_bytes.max(resized).saturating_add(self.file_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resize_counts_where_it_takes_more_than_the_decoder() {
        let plan = |pixel, decoder_bytes| {
            let size = (10_000, 10_000);
            Plan { size, file_bytes: 7, decoder_bytes, decoded: size, pixel, side: 1_000 }.memory_bytes()
        };
        let weights = 96 * 20_000;
        // The picture, what lies between the two passes, and what comes of it.
        let opaque = 300_000_000 + 30_000_000 + 3_000_000 + weights;
        assert_eq!(plan(Pixel::Rgb, 300_000_000), opaque + 7);
        assert_eq!(plan(Pixel::Inks, 0), 444_000_000 + weights + 7);
        // And a copy of it whose colours are weighed by their transparency.
        assert_eq!(plan(Pixel::Rgba, 0), 844_000_000 + weights + 7);
        assert_eq!(plan(Pixel::Rgb, 900_000_000), 900_000_007);
    }
}
