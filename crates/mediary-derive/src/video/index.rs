//! The index (`moov`) of a video, found from the boxes before it alone: what follows it need not be there yet.

use std::io::{Read, Seek};
use std::ops::Range;

use super::boxes::{self, MAX_TOP_BOXES, TopBox};
use super::movie::{self, Movie};
use crate::{Error, Result};

/// An index has some 10 bytes for each frame: a day of video at 30 frames a second.
pub const MAX_INDEX_BYTES: u64 = 32 * 1024 * 1024;

/// The index of a video, and where in its file it lies.
#[derive(Clone, Debug)]
pub struct Index {
    /// The end of the box that names the file's kind; old QuickTime files have none, and it is 0.
    pub(super) front: u64,
    moov: TopBox,
    /// Whether pictures and sound lie before the index.
    data_first: bool,
    /// The whole box.
    bytes: Vec<u8>,
    pub(super) file_length: u64,
}

/// What a file may begin with, besides the boxes that are looked for.
const FIRST_KINDS: [&[u8; 4]; 9] =
    [b"ftyp", b"moov", b"mdat", b"moof", b"wide", b"free", b"skip", b"styp", b"pnot"];

impl Index {
    /// Finds and reads the index of a file of `file_length` bytes. Reads the headers of the boxes before it, and itself.
    ///
    /// # Errors
    /// Broken, if it is no such file or has no whole index; too large, if that is larger than [`MAX_INDEX_BYTES`].
    pub fn read(source: &mut (impl Read + Seek), file_length: u64) -> Result<Self> {
        Self::read_within(source, file_length, MAX_INDEX_BYTES)
    }

    /// As [`Index::read`], of an index of `max_bytes` at most: of a larger one nothing is read.
    pub(crate) fn read_within(
        source: &mut (impl Read + Seek),
        file_length: u64,
        max_bytes: u64,
    ) -> Result<Self> {
        let (mut offset, mut front, mut data_first) = (0, 0, false);
        for _ in 0..MAX_TOP_BOXES {
            let Some(found) = boxes::top_box(source, offset, file_length)? else {
                return Err(Error::broken("the video has no index (moov): it is cut off, or no MP4"));
            };
            match &found.kind {
                b"moov" => {
                    let bytes = read_whole(source, &found.range, file_length, max_bytes)?;
                    return Ok(Self { front, moov: found, data_first, bytes, file_length });
                }
                b"ftyp" if offset == 0 => front = found.range.end,
                b"mdat" | b"moof" => data_first = true,
                kind if offset == 0 && !FIRST_KINDS.contains(&kind) => {
                    return Err(Error::broken("this is no MP4, MOV or 3GP"));
                }
                _ => {}
            }
            offset = found.range.end;
        }
        Err(Error::too_large(format!("the video has no index among its first {MAX_TOP_BOXES} boxes")))
    }

    /// What the video is.
    ///
    /// # Errors
    /// Broken, where the index is damaged or names no track; too large, beyond the limits of tracks and boxes.
    pub fn movie(&self) -> Result<Movie> {
        movie::read(self.content(), self.data_first)
    }

    /// Where the index lies.
    pub fn range(&self) -> Range<u64> {
        self.moov.range.clone()
    }

    pub(super) fn header(&self) -> &[u8] {
        &self.bytes[..self.moov.header]
    }

    pub(super) fn content(&self) -> &[u8] {
        &self.bytes[self.moov.header..]
    }
}

fn read_whole(
    source: &mut (impl Read + Seek),
    range: &Range<u64>,
    file_length: u64,
    max_bytes: u64,
) -> Result<Vec<u8>> {
    if range.end > file_length {
        return Err(Error::broken("the video's index (moov) is cut off"));
    }
    let length = range.end - range.start;
    if length > max_bytes {
        return Err(Error::too_large(too_long(max_bytes)));
    }
    let mut bytes = vec![0; length as usize];
    boxes::read_at(source, range.start, &mut bytes)?;
    Ok(bytes)
}

/// What is said of an index beyond a limit.
pub(crate) fn too_long(max_bytes: u64) -> String {
    format!("the video's index has more than {max_bytes} bytes")
}
