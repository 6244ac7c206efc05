//! A file whose bytes are partly its own, partly ranges of another file, the original: so a video with its index in front, or a
//! voice note in another container, is served without being stored.
//!
//! It holds the map and its own bytes, a few kilobytes; where the original lies is its caller's matter.

use std::ops::Range;

use aws_lc_rs::digest;
use mediary_core::Sha256;

use crate::{Error, Result};

/// Each page of a voice note is a segment: 18 hours of one page a second.
pub const MAX_SEGMENTS: usize = 65_536;
/// Bytes that are in no original: the index of a video of a day has some 20 MB.
pub const MAX_OWN_BYTES: usize = 48 * 1024 * 1024;

/// The head of an encoded map: a name and the version of its form.
const MAGIC: &[u8; 8] = b"MVFILE\0\x01";
const OWN: u8 = 0;
const ORIGINAL: u8 = 1;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Own(Vec<u8>),
    /// The range begins here; its length is the segment's.
    Original(u64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Segment {
    /// Where it begins in the virtual file.
    start: u64,
    length: u64,
    source: Source,
}

/// A part of a virtual file, to be sent as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Own(&'a [u8]),
    /// These bytes of the original.
    Original(Range<u64>),
}

/// Segments one after another. Immutable: [`VirtualFileBuilder`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualFile {
    segments: Vec<Segment>,
    length: u64,
    identity: Sha256,
}

impl VirtualFile {
    /// In bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// A hash of the map and of the bytes that are not the original's. Together with the original's identity it names this
    /// content: an ETag needs both.
    pub fn identity(&self) -> Sha256 {
        self.identity
    }

    /// Bytes that are in no original.
    pub fn own_bytes(&self) -> usize {
        self.segments.iter().map(|segment| segment.own().map_or(0, <[u8]>::len)).sum()
    }

    /// How much memory all of it takes, about.
    pub fn memory_bytes(&self) -> usize {
        self.own_bytes() + self.segments.len() * size_of::<Segment>()
    }

    /// The length that the original must have at least.
    pub fn original_length(&self) -> u64 {
        let end = |segment: &Segment| match segment.source {
            Source::Own(_) => 0,
            Source::Original(from) => from + segment.length,
        };
        self.segments.iter().map(end).max().unwrap_or(0)
    }

    /// What `range` consists of, in order. What lies past the end of the file is left out.
    pub fn range(&self, range: Range<u64>) -> impl Iterator<Item = Piece<'_>> {
        let first = self.segments.partition_point(|segment| segment.start + segment.length <= range.start);
        self.segments[first..]
            .iter()
            .take_while(move |segment| segment.start < range.end)
            .filter_map(move |segment| segment.part(&range))
    }

    /// All its bytes.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Broken`]: the original is shorter than the map says.
    pub fn whole(&self, original: &[u8]) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for piece in self.range(0..self.length) {
            let part = match piece {
                Piece::Own(part) => Some(part),
                Piece::Original(Range { start, end }) => {
                    let place = usize::try_from(start).ok().zip(usize::try_from(end).ok());
                    place.and_then(|(start, end)| original.get(start..end))
                }
            };
            bytes.extend_from_slice(part.ok_or_else(|| Error::broken("the file is cut off"))?);
        }
        Ok(bytes)
    }

    /// The map as bytes, for another process. [`VirtualFile::decode`] reads them.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(&self.segments, |part| bytes.extend_from_slice(part));
        bytes
    }

    /// # Errors
    /// Broken, if `bytes` are not a whole encoded map, or one beyond the limits.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let damaged = || Error::broken("this is no map of a virtual file");
        let mut rest = bytes.strip_prefix(MAGIC).ok_or_else(damaged)?;
        let mut builder = VirtualFileBuilder::default();
        while let Some((kind, after)) = rest.split_first() {
            let (length, after) = split_u64(after).ok_or_else(damaged)?;
            rest = match *kind {
                OWN => {
                    let length = usize::try_from(length).map_err(|_| damaged())?;
                    let (own, after) = after.split_at_checked(length).ok_or_else(damaged)?;
                    builder.own(own)?;
                    after
                }
                ORIGINAL => {
                    let (from, after) = split_u64(after).ok_or_else(damaged)?;
                    builder.original(from..from.checked_add(length).ok_or_else(damaged)?)?;
                    after
                }
                _ => return Err(damaged()),
            };
        }
        Ok(builder.build())
    }
}

impl Segment {
    fn own(&self) -> Option<&[u8]> {
        match &self.source {
            Source::Own(bytes) => Some(bytes),
            Source::Original(_) => None,
        }
    }

    /// The piece of this segment that lies in `range` of the virtual file.
    fn part(&self, range: &Range<u64>) -> Option<Piece<'_>> {
        let from = range.start.saturating_sub(self.start).min(self.length);
        let to = range.end.saturating_sub(self.start).min(self.length);
        if from >= to {
            return None;
        }
        match &self.source {
            // An own segment's length is that of a Vec, so both fit.
            Source::Own(bytes) => bytes.get(from as usize..to as usize).map(Piece::Own),
            Source::Original(start) => Some(Piece::Original(start + from..start + to)),
        }
    }
}

fn split_u64(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u64::from_be_bytes(*number), rest))
}

fn encode(segments: &[Segment], mut write: impl FnMut(&[u8])) {
    write(MAGIC);
    for segment in segments {
        match &segment.source {
            Source::Own(own) => {
                write(&[OWN]);
                write(&segment.length.to_be_bytes());
                write(own);
            }
            Source::Original(from) => {
                write(&[ORIGINAL]);
                write(&segment.length.to_be_bytes());
                write(&from.to_be_bytes());
            }
        }
    }
}

/// Puts a virtual file together from its beginning to its end. Neighbours of one kind become one segment.
#[derive(Clone, Debug, Default)]
pub struct VirtualFileBuilder {
    segments: Vec<Segment>,
    length: u64,
    own_bytes: usize,
}

impl VirtualFileBuilder {
    /// Appends bytes of its own.
    ///
    /// # Errors
    /// Too large, beyond [`MAX_OWN_BYTES`] or [`MAX_SEGMENTS`].
    pub fn own(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if bytes.len() > MAX_OWN_BYTES - self.own_bytes {
            return Err(Error::too_large(format!(
                "a virtual file holds at most {MAX_OWN_BYTES} bytes of its own"
            )));
        }
        let length = bytes.len() as u64;
        match self.segments.last_mut() {
            Some(Segment { length: last, source: Source::Own(own), .. }) => {
                own.extend_from_slice(bytes);
                *last += length;
            }
            _ => self.push(length, Source::Own(bytes.to_vec()))?,
        }
        self.own_bytes += bytes.len();
        self.grow(length)
    }

    /// Appends a range of the original.
    ///
    /// # Errors
    /// Too large, beyond [`MAX_SEGMENTS`] or a length of 2^64 bytes.
    pub fn original(&mut self, range: Range<u64>) -> Result<()> {
        let length = range.end.saturating_sub(range.start);
        if length == 0 {
            return Ok(());
        }
        match self.segments.last_mut() {
            Some(Segment { length: last, source: Source::Original(from), .. })
                if *from + *last == range.start =>
            {
                *last += length;
            }
            _ => self.push(length, Source::Original(range.start))?,
        }
        self.grow(length)
    }

    /// The file, with `bytes` of its own in front of all.
    ///
    /// # Errors
    /// As [`VirtualFileBuilder::own`].
    pub fn behind(self, bytes: &[u8]) -> Result<VirtualFile> {
        let mut whole = Self::default();
        whole.own(bytes)?;
        for segment in self.segments {
            match segment.source {
                Source::Own(own) => whole.own(&own)?,
                Source::Original(from) => whole.original(from..from + segment.length)?,
            }
        }
        Ok(whole.build())
    }

    pub fn build(self) -> VirtualFile {
        // As it would be encoded, without a copy of all its bytes.
        let mut hash = digest::Context::new(&digest::SHA256);
        encode(&self.segments, |part| hash.update(part));
        let identity = Sha256::try_from(hash.finish().as_ref()).unwrap_or(Sha256::EMPTY);
        VirtualFile { segments: self.segments, length: self.length, identity }
    }

    fn push(&mut self, length: u64, source: Source) -> Result<()> {
        if self.segments.len() == MAX_SEGMENTS {
            return Err(Error::too_large(format!("a virtual file has at most {MAX_SEGMENTS} segments")));
        }
        self.segments.push(Segment { start: self.length, length, source });
        Ok(())
    }

    fn grow(&mut self, length: u64) -> Result<()> {
        let too_long = || Error::too_large("a virtual file of 2^64 bytes");
        self.length = self.length.checked_add(length).ok_or_else(too_long)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a reader of `range` gets, byte by byte.
    fn read(file: &VirtualFile, original: &[u8], range: Range<u64>) -> Vec<u8> {
        let mut bytes = Vec::new();
        for piece in file.range(range) {
            match piece {
                Piece::Own(own) => bytes.extend_from_slice(own),
                Piece::Original(range) => {
                    bytes.extend_from_slice(&original[range.start as usize..range.end as usize]);
                }
            }
        }
        bytes
    }

    #[derive(Clone, Debug)]
    enum Part {
        Own(Vec<u8>),
        Original(Range<u64>),
    }

    fn parts() -> impl Strategy<Value = Vec<Part>> {
        let own = prop::collection::vec(any::<u8>(), 0..20).prop_map(Part::Own);
        let original = (0u64..200, 0u64..56).prop_map(|(from, length)| Part::Original(from..from + length));
        prop::collection::vec(prop_oneof![own, original], 0..20)
    }

    proptest! {
        #[test]
        fn virtual_file_reads_as_its_parts_joined(parts in parts(), from in 0u64..600, length in 0u64..600) {
            let original: Vec<u8> = (0..=255).collect();
            let mut builder = VirtualFileBuilder::default();
            let mut joined = Vec::new();
            for part in &parts {
                match part {
                    Part::Own(own) => {
                        builder.own(own).unwrap();
                        joined.extend_from_slice(own);
                    }
                    Part::Original(range) => {
                        builder.original(range.clone()).unwrap();
                        joined.extend_from_slice(&original[range.start as usize..range.end as usize]);
                    }
                }
            }
            let file = builder.build();
            prop_assert_eq!(file.length(), joined.len() as u64);
            let end = joined.len().min((from + length) as usize);
            let expected = joined.get(from as usize..end).unwrap_or_default();
            prop_assert_eq!(read(&file, &original, from..from + length), expected);
            prop_assert_eq!(read(&file, &original, 0..u64::MAX), joined);
            prop_assert_eq!(VirtualFile::decode(&file.encode()).unwrap(), file);
        }

        #[test]
        fn virtual_file_of_any_bytes_is_decoded_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = VirtualFile::decode(&bytes);
            bytes.splice(0..0, MAGIC.iter().copied());
            if let Ok(file) = VirtualFile::decode(&bytes) {
                prop_assert!(file.own_bytes() < bytes.len());
            }
        }
    }

    #[test]
    fn virtual_file_has_another_identity_with_another_byte_or_range() {
        let file = |own: &[u8], range| {
            let mut builder = VirtualFileBuilder::default();
            builder.own(own).unwrap();
            builder.original(range).unwrap();
            builder.build().identity()
        };
        assert_eq!(file(b"index", 0..10), file(b"index", 0..10));
        assert_ne!(file(b"index", 0..10), file(b"Index", 0..10));
        assert_ne!(file(b"index", 0..10), file(b"index", 1..10));
    }

    #[test]
    fn virtual_file_refuses_one_segment_more_than_its_limit() {
        let mut builder = VirtualFileBuilder::default();
        for place in 0..MAX_SEGMENTS as u64 {
            builder.original(place * 2..place * 2 + 1).unwrap();
        }
        let refused = builder.original(0..1).unwrap_err();
        assert_eq!(refused.kind(), crate::ErrorKind::TooLarge);
        builder.original(131_071..140_000).unwrap();
        assert_eq!(builder.build().length(), 65_536 + 8_929);
    }

    #[test]
    fn virtual_file_refuses_one_byte_more_than_its_limit() {
        let mut builder = VirtualFileBuilder::default();
        builder.own(&vec![0; MAX_OWN_BYTES]).unwrap();
        assert_eq!(builder.own(&[0]).unwrap_err().kind(), crate::ErrorKind::TooLarge);
    }
}
