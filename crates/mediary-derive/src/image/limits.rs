//! The limits of pictures, and the one place where they are checked: before a decoder takes memory.

use crate::{Error, Result};

/// Of a file that is read as a picture: what WhatsApp carries as a document.
pub const MAX_FILE_BYTES: usize = 100 * 1024 * 1024;
/// Of a picture or an animation's canvas: 200 megapixels are the largest that phones take.
pub const MAX_PIXELS: u64 = 1 << 28;
/// Of one side: what is longer is no picture for people, and each row costs its decoder something, however short it is.
pub const MAX_SIDE: u32 = crate::limits::MAX_SIDE;
/// What the file, its decoder, the decoded picture and the resize may take together, as reckoned from the header. An iPhone's HEIC of
/// 48 megapixels is just below it, and it is below what a worker may take.
pub const MAX_MEMORY_BYTES: u64 = 440 * 1024 * 1024;
/// Pixels of all coded pictures that a HEIC is put together of: tiles reach beyond its edges, and transparency is a picture of its own.
pub const MAX_HEIC_PIXELS: u64 = 1 << 26;
/// Of the tables of a HEIC: those of a photo of 200 megapixels in tiles take fifty thousand.
pub const MAX_HEIC_INDEX_BYTES: usize = 256 * 1024;
/// Passes over one JPEG; encoders write about ten, and each may cost as much as the whole picture.
pub const MAX_SCANS: usize = 64;
/// Pixels of all passes over one JPEG, each of which goes over the whole picture: about a second. Encoders make ten of a photo.
pub const MAX_PASSED_PIXELS: u64 = 1 << 30;
/// Larger colour profiles are ignored: those of printing presses have up to three megabytes.
pub const MAX_PROFILE_BYTES: usize = 4 * 1024 * 1024;
/// Frames of an animated preview.
pub const MAX_FRAMES: usize = 60;
/// Pixels of all frames that are decoded for one animation, which bounds its time: about a second. A frame counts as its canvas, or as
/// itself where it is larger.
pub const MAX_ANIMATION_PIXELS: u64 = 48_000_000;
/// Pixels of all frames that are encoded for one animated preview: about a second, and 100 MB.
pub const MAX_ENCODED_PIXELS: u64 = 8_000_000;
/// Of an animated preview. What has more, such as noise, is shown by a still.
pub const MAX_ANIMATION_BYTES: usize = 2_000_000;

/// What a header says of a picture, as far as limits go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// What it takes until it is small, the file and the decoded picture included.
    pub(crate) memory_bytes: u64,
}

impl Claim {
    pub(crate) fn pixels(width: u32, height: u32) -> u64 {
        u64::from(width) * u64::from(height)
    }

    /// Refuses what is larger than the limits, and what has no size at all.
    pub(crate) fn check(self) -> Result<()> {
        let Self { width, height, memory_bytes } = self;
        let pixels = Self::pixels(width, height);
        if pixels == 0 {
            return Err(Error::broken(format!("the picture says that it has {width} × {height} pixels")));
        }
        if width.max(height) > MAX_SIDE {
            return Err(Error::too_large(format!(
                "the picture has {width} × {height} pixels; a side of at most {MAX_SIDE} is read"
            )));
        }
        if pixels > MAX_PIXELS {
            return Err(Error::too_large(format!(
                "the picture has {width} × {height} pixels; at most {} megapixels are read",
                MAX_PIXELS / 1_000_000
            )));
        }
        if memory_bytes > MAX_MEMORY_BYTES {
            return Err(Error::too_large(format!(
                "the picture of {width} × {height} pixels would take {} MB of memory; the limit is {} MB",
                memory_bytes / 1_000_000,
                MAX_MEMORY_BYTES / 1_000_000
            )));
        }
        Ok(())
    }
}

/// Refuses an empty file, and one that is larger than what is read.
pub(crate) fn check_file(bytes: &[u8]) -> Result<()> {
    if bytes.is_empty() {
        return Err(Error::broken("the file is empty"));
    }
    if bytes.len() > MAX_FILE_BYTES {
        return Err(Error::too_large(format!(
            "the picture has {} MB; at most {} MB are read",
            bytes.len() / 1_000_000,
            MAX_FILE_BYTES / 1_000_000
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn limits_hold_up_to_their_last_pixel_and_byte() {
        let claim = |width, height, memory_bytes| Claim { width, height, memory_bytes }.check();
        assert_eq!(claim(1 << 14, 1 << 14, MAX_MEMORY_BYTES), Ok(()));
        assert_eq!(claim((1 << 14) + 1, 1 << 14, 1).unwrap_err().kind(), ErrorKind::TooLarge);
        assert_eq!(claim(1, 1, MAX_MEMORY_BYTES + 1).unwrap_err().kind(), ErrorKind::TooLarge);
        assert_eq!(claim(u32::MAX, u32::MAX, 1).unwrap_err().kind(), ErrorKind::TooLarge);
        assert_eq!(claim(0, 4, 1).unwrap_err().kind(), ErrorKind::Broken);
    }

    #[test]
    fn files_hold_up_to_their_last_byte() {
        assert_eq!(check_file(&vec![0; MAX_FILE_BYTES]), Ok(()));
        assert_eq!(check_file(&vec![0; MAX_FILE_BYTES + 1]).unwrap_err().kind(), ErrorKind::TooLarge);
        assert_eq!(check_file(&[]).unwrap_err().kind(), ErrorKind::Broken);
    }
}
