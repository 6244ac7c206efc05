//! The boxes of which an MP4, MOV or 3GP file consists (ISO/IEC 14496-12, 4.2): a length, a kind of four letters, a content.

use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;

use crate::{Error, Result};

/// Before the index stand a handful. Beyond this many the file only keeps its reader busy.
pub(super) const MAX_TOP_BOXES: usize = 1024;
/// In an index; a film with a hundred tracks has three thousand.
pub(super) const MAX_INDEX_BOXES: usize = 65_536;

const SHORT_HEADER: usize = 8;
const LONG_HEADER: usize = 16;
/// The length that says: the real one follows in 64 bits.
const LENGTH_FOLLOWS: u64 = 1;
/// The length that says: to the end of the file.
const TO_THE_END: u64 = 0;

pub(super) type Kind = [u8; 4];

/// The beginning of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    kind: Kind,
    /// Its own length: 8 bytes, or 16.
    size: usize,
    /// Of the box, itself included; none if it reaches to the end of the file.
    length: Option<u64>,
}

/// Reads the header at the start of `bytes`; none if they are too few.
fn header(bytes: &[u8]) -> Option<Header> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (kind, rest) = rest.split_first_chunk::<4>()?;
    match u64::from(u32::from_be_bytes(*length)) {
        LENGTH_FOLLOWS => {
            let length = u64::from_be_bytes(*rest.first_chunk()?);
            Some(Header { kind: *kind, size: LONG_HEADER, length: Some(length) })
        }
        TO_THE_END => Some(Header { kind: *kind, size: SHORT_HEADER, length: None }),
        length => Some(Header { kind: *kind, size: SHORT_HEADER, length: Some(length) }),
    }
}

/// A box of the outermost level, by its place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TopBox {
    pub(super) kind: Kind,
    /// With its header. May end past the end of a file that is cut off.
    pub(super) range: Range<u64>,
    pub(super) header: usize,
}

/// Reads the header of the box at `offset` of a file of `file_length` bytes; none at its end.
pub(super) fn top_box(
    source: &mut (impl Read + Seek),
    offset: u64,
    file_length: u64,
) -> Result<Option<TopBox>> {
    let left = file_length.saturating_sub(offset);
    if left < SHORT_HEADER as u64 {
        return Ok(None);
    }
    let mut bytes = [0; LONG_HEADER];
    let known = left.min(LONG_HEADER as u64) as usize;
    read_at(source, offset, &mut bytes[..known])?;
    let damaged = || Error::broken(format!("the box at byte {offset} of the video has an impossible length"));
    let header = header(&bytes[..known]).ok_or_else(damaged)?;
    let length = header.length.unwrap_or(left);
    if length < header.size as u64 {
        return Err(damaged());
    }
    let end = offset.checked_add(length).ok_or_else(damaged)?;
    Ok(Some(TopBox { kind: header.kind, range: offset..end, header: header.size }))
}

/// Fills `bytes` from `offset` on.
pub(super) fn read_at(source: &mut (impl Read + Seek), offset: u64, bytes: &mut [u8]) -> Result<()> {
    source.seek(SeekFrom::Start(offset)).and_then(|_| source.read_exact(bytes)).map_err(|error| {
        match error.kind() {
            ErrorKind::UnexpectedEof => {
                Error::broken(format!("the video is damaged: it ends where its byte {offset} should be"))
            }
            _ => Error::broken(format!("the video cannot be read at byte {offset}: {error}")),
        }
    })
}

/// A box inside another one that is in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct InnerBox<'a> {
    pub(super) kind: Kind,
    pub(super) header: &'a [u8],
    pub(super) content: &'a [u8],
}

impl<'a> InnerBox<'a> {
    /// With its header.
    pub(super) fn length(&self) -> usize {
        self.header.len() + self.content.len()
    }

    /// The content of a "full" box: its version, its flags, and the rest.
    pub(super) fn full(&self) -> Option<(u8, u32, &'a [u8])> {
        let (head, rest) = self.content.split_first_chunk::<4>()?;
        let word = u32::from_be_bytes(*head);
        Some((head[0], word & 0x00ff_ffff, rest))
    }
}

/// Counts the boxes of one index, so that the work it causes is bounded.
#[derive(Debug)]
pub(super) struct Walk {
    left: usize,
}

impl Walk {
    pub(super) fn new() -> Self {
        Self { left: MAX_INDEX_BOXES }
    }

    /// The boxes in `content`, in order. Fewer than eight bytes at the end are no box: QuickTime ends lists with four zeros.
    pub(super) fn children<'a>(&mut self, content: &'a [u8]) -> Result<Vec<InnerBox<'a>>> {
        let mut boxes = Vec::new();
        let mut rest = content;
        while rest.len() >= SHORT_HEADER {
            let damaged = || Error::broken("a box in the video's index has an impossible length");
            self.left = self.left.checked_sub(1).ok_or_else(|| {
                Error::too_large(format!("the video's index has more than {MAX_INDEX_BOXES} boxes"))
            })?;
            let header = header(rest).ok_or_else(damaged)?;
            let length = usize::try_from(header.length.ok_or_else(damaged)?).map_err(|_| damaged())?;
            if length < header.size {
                return Err(damaged());
            }
            let (this, after) = rest.split_at_checked(length).ok_or_else(damaged)?;
            let (head, content) = this.split_at(header.size);
            boxes.push(InnerBox { kind: header.kind, header: head, content });
            rest = after;
        }
        Ok(boxes)
    }
}

/// The first box of `kind`.
pub(super) fn find<'a>(boxes: &[InnerBox<'a>], kind: &Kind) -> Option<InnerBox<'a>> {
    boxes.iter().find(|one| one.kind == *kind).copied()
}

/// A number of 32 bits at `offset`.
pub(super) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().map(|four| u32::from_be_bytes(*four))
}

/// A number of 64 bits at `offset`.
pub(super) fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    bytes.get(offset..)?.first_chunk().map(|eight| u64::from_be_bytes(*eight))
}
