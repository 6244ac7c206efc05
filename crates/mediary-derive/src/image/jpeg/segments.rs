//! What stands before the pixels of a JPEG: its size, the EXIF block and the colour profile (ITU-T T.81, annex B).

use crate::image::limits::MAX_PROFILE_BYTES;
use crate::{Error, Result};

const MARK: u8 = 0xFF;
const START_OF_SCAN: u8 = 0xDA;
const END_OF_IMAGE: u8 = 0xD9;
const APP1: u8 = 0xE1;
const APP2: u8 = 0xE2;
const EXIF: &[u8] = b"Exif\0\0";
const PROFILE: &[u8] = b"ICC_PROFILE\0";
/// A profile comes in numbered parts, each in a segment.
const MAX_PROFILE_PARTS: usize = 255;

/// The segments before the first scan, as far as they matter here.
#[derive(Debug)]
pub(crate) struct Segments<'a> {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) components: u8,
    /// Kept whole in memory by a decoder, two bytes a value, until its last scan was read.
    pub(crate) is_progressive: bool,
    pub(crate) exif: Option<&'a [u8]>,
    pub(crate) profile: Option<Vec<u8>>,
}

impl<'a> Segments<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self> {
        let mut frame = None;
        let mut exif = None;
        let mut parts = Vec::new();
        for (marker, content) in Walk::over(bytes) {
            match marker {
                // Frames, without the tables that share their range.
                0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                    frame = frame.or(Some((marker, content)));
                }
                APP1 => exif = exif.or(content.strip_prefix(EXIF)),
                APP2 if parts.len() < MAX_PROFILE_PARTS => parts.extend(profile_part(content)),
                _ => (),
            }
        }
        let cut = || Error::broken("the JPEG picture is damaged: it ends before it says its size");
        let (marker, frame) = frame.ok_or_else(cut)?;
        let [_, high, low, wide, narrow, components, ..] = *frame else { return Err(cut()) };
        Ok(Self {
            width: u32::from(u16::from_be_bytes([wide, narrow])),
            height: u32::from(u16::from_be_bytes([high, low])),
            components,
            is_progressive: matches!(marker, 0xC2 | 0xC6 | 0xCA | 0xCE),
            exif,
            profile: joined(parts),
        })
    }
}

/// How often the picture is gone over. The mark cannot occur among the coded pixels.
pub(crate) fn count_scans(bytes: &[u8]) -> usize {
    let mut walk = Walk::over(bytes);
    walk.by_ref().for_each(drop);
    let coded = bytes.get(walk.at..).unwrap_or_default();
    coded.windows(2).filter(|window| *window == [MARK, START_OF_SCAN]).count()
}

/// Number and content.
fn profile_part(content: &[u8]) -> Option<(u8, &[u8])> {
    let [number, _of, part @ ..] = content.strip_prefix(PROFILE)? else { return None };
    Some((*number, part))
}

fn joined(mut parts: Vec<(u8, &[u8])>) -> Option<Vec<u8>> {
    let bytes: usize = parts.iter().map(|(_, part)| part.len()).sum();
    if parts.is_empty() || bytes > MAX_PROFILE_BYTES {
        return None;
    }
    parts.sort_by_key(|(number, _)| *number);
    Some(parts.iter().flat_map(|(_, part)| part.iter().copied()).collect())
}

/// Marker and content of each segment up to the first scan; then stands at that scan.
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    /// After the two bytes that begin every JPEG.
    fn over(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 2 }
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        // Anything may stand between segments; decoders skip it, too.
        let rest = self.bytes.get(self.at..)?;
        let start = rest.windows(2).position(|pair| pair[0] == MARK && !matches!(pair[1], 0 | MARK))?;
        self.at += start;
        let marker = self.bytes[self.at + 1];
        if matches!(marker, START_OF_SCAN | END_OF_IMAGE) {
            return None;
        }
        let segment = self.bytes.get(self.at + 2..)?;
        let length = usize::from(u16::from_be_bytes(*segment.first_chunk()?));
        let content = segment.get(2..length.max(2))?;
        self.at += 2 + length.max(2);
        Some((marker, content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len() + 2).unwrap();
        [&[MARK, marker], &length.to_be_bytes()[..], content].concat()
    }

    fn frame(marker: u8) -> Vec<u8> {
        segment(marker, &[8, 0x01, 0x02, 0x03, 0x04, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1])
    }

    #[test]
    fn size_is_that_of_the_frame_not_of_the_thumbnail_in_exif() {
        let exif = segment(APP1, &[EXIF, &frame(0xC0)].concat());
        let file = [&[MARK, 0xD8][..], &exif, &frame(0xC2), &segment(START_OF_SCAN, &[1])].concat();
        let segments = Segments::read(&file).unwrap();
        assert_eq!((segments.width, segments.height, segments.components), (0x0304, 0x0102, 3));
        assert!(segments.is_progressive);
        assert_eq!(segments.exif, Some(&*frame(0xC0)));
    }

    #[test]
    fn profile_is_put_together_by_the_numbers_of_its_parts() {
        let part = |number, content: &[u8]| segment(APP2, &[PROFILE, &[number, 2], content].concat());
        let file = [&[MARK, 0xD8][..], &part(2, b"two"), &part(1, b"one "), &frame(0xC0)].concat();
        assert_eq!(Segments::read(&file).unwrap().profile.as_deref(), Some(&b"one two"[..]));
    }

    #[test]
    fn files_that_end_anywhere_are_errors_and_no_panics() {
        let whole = [&[MARK, 0xD8][..], &segment(APP1, EXIF), &frame(0xC0)].concat();
        for length in 0..whole.len() {
            assert!(Segments::read(&whole[..length]).is_err(), "{length} bytes");
            count_scans(&whole[..length]);
        }
        assert!(Segments::read(&whole).is_ok());
    }

    #[test]
    fn scans_are_counted_after_the_segments() {
        let scan = segment(START_OF_SCAN, &[1, 1, 0, 0, 0x3F, 0]);
        let exif = segment(APP1, &[EXIF, &scan].concat());
        let file = [&[MARK, 0xD8][..], &exif, &frame(0xC2), &scan, &[1, MARK, 0, 2], &scan].concat();
        assert_eq!(count_scans(&file), 2);
    }
}
