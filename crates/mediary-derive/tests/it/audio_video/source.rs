//! Files that are not there: sparse ones beyond 4 GB, and readers of virtual files.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use mediary_derive::VirtualFile;
use mediary_derive::virtual_file::Piece;

/// A file of any length with a few parts in it and zeros between them. Counts what is read of it.
#[derive(Debug, Default)]
pub(crate) struct Sparse {
    parts: Vec<(u64, Vec<u8>)>,
    pub(crate) length: u64,
    position: u64,
    pub(crate) bytes_read: u64,
}

impl Sparse {
    /// Puts `bytes` at `offset`.
    pub(crate) fn put(&mut self, offset: u64, bytes: Vec<u8>) {
        self.length = self.length.max(offset + bytes.len() as u64);
        self.parts.push((offset, bytes));
    }
}

impl Read for Sparse {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.position).min(buffer.len() as u64) as usize;
        for (place, byte) in (self.position..).zip(&mut buffer[..left]) {
            let part = self
                .parts
                .iter()
                .find(|(start, bytes)| (*start..start + bytes.len() as u64).contains(&place));
            *byte = part.map_or(0, |(start, bytes)| bytes[(place - start) as usize]);
        }
        self.position += left as u64;
        self.bytes_read += left as u64;
        Ok(left)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = match to {
            SeekFrom::Start(place) => place,
            SeekFrom::End(place) => self.length.saturating_add_signed(place),
            SeekFrom::Current(place) => self.position.saturating_add_signed(place),
        };
        Ok(self.position)
    }
}

/// All bytes of a virtual file over `original`.
pub(crate) fn whole(file: &VirtualFile, original: &[u8]) -> Vec<u8> {
    part(file, original, 0..file.length())
}

/// These bytes of a virtual file over `original`.
pub(crate) fn part(file: &VirtualFile, original: &[u8], range: std::ops::Range<u64>) -> Vec<u8> {
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

pub(crate) fn cursor(bytes: &[u8]) -> Cursor<&[u8]> {
    Cursor::new(bytes)
}
