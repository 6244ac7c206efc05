//! What the frames within a file say of their own sizes, before any is decoded: they may be larger than what the file says of itself.

use gif::DecodeOptions;

use super::limits::Claim;
use crate::{Error, Result};

/// The sizes of a GIF's frames, up to where the file ends or is damaged. No frame is decoded.
pub(crate) fn of_gif(bytes: &[u8]) -> impl Iterator<Item = (u32, u32)> {
    let mut options = DecodeOptions::new();
    options.skip_frame_decoding(true);
    let mut decoder = options.read_info(bytes).ok();
    std::iter::from_fn(move || {
        let frame = decoder.as_mut()?.next_frame_info().ok()??;
        Some((frame.width.into(), frame.height.into()))
    })
}

/// The name of a chunk with a lossy picture.
const LOSSY: &[u8] = b"VP8 ";
/// A chunk's name and length, and the picture's own header: three bytes of flags, three that are always the same, width and height.
const LOSSY_HEADER_BYTES: usize = 18;
const START_CODE: [u8; 3] = [0x9D, 0x01, 0x2A];
/// The two upper bits of a side say something else.
const SIDE_BITS: u16 = 0x3FFF;

/// Refuses a WebP with a lossy picture within it that is larger than its canvas: its decoder notices that once it has decoded it. It
/// compares the sizes of lossless ones before.
pub(crate) fn check_webp(bytes: &[u8], canvas: (u32, u32)) -> Result<()> {
    let of_canvas = Claim::pixels(canvas.0, canvas.1);
    if lossy_sizes(bytes).all(|(width, height)| Claim::pixels(width, height) <= of_canvas) {
        Ok(())
    } else {
        Err(Error::broken("the WebP picture is damaged: a picture within it is larger than it says"))
    }
}

/// Wherever such a header stands, so that it does not matter how a decoder finds its way there.
fn lossy_sizes(bytes: &[u8]) -> impl Iterator<Item = (u32, u32)> {
    bytes.windows(LOSSY_HEADER_BYTES).filter(|window| window.starts_with(LOSSY)).filter_map(|window| {
        let picture = window.get(LOSSY.len() + 4..)?;
        let [_, _, _, first, second, third, width_low, width_high, height_low, height_high] = *picture else {
            return None;
        };
        let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & SIDE_BITS);
        ([first, second, third] == START_CODE)
            .then(|| (side(width_low, width_high), side(height_low, height_high)))
    })
}
