//! The tables of an index that say where in the file its samples lie (`stco`, `co64`), and what a moved index does to them.

use std::ops::Range;

use super::boxes::{InnerBox, Kind, Walk, find, u32_at};
use crate::{Error, Result};

/// A table of 32-bit offsets, `stco`, or of 64-bit ones, `co64`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a> {
    pub(super) wide: bool,
    /// The entries alone.
    entries: &'a [u8],
    /// What stands before them: version, flags, number.
    pub(super) head: &'a [u8],
}

const HEAD_BYTES: usize = 8;

impl<'a> Table<'a> {
    /// Reads the content of `found`, a box of one of the two kinds.
    pub(super) fn read(found: InnerBox<'a>) -> Result<Self> {
        let wide = found.kind == *b"co64";
        let damaged = || Error::broken("a table of offsets in the video's index is shorter than it says");
        let (head, entries) = found.content.split_at_checked(HEAD_BYTES).ok_or_else(damaged)?;
        let count = u32_at(head, 4).ok_or_else(damaged)?;
        let bytes = u64::from(count) * if wide { 8 } else { 4 };
        if entries.len() as u64 != bytes {
            return Err(damaged());
        }
        Ok(Self { wide, entries, head })
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len() / if self.wide { 8 } else { 4 }
    }

    pub(super) fn offsets(&self) -> impl Iterator<Item = u64> + use<'a> {
        let size = if self.wide { 8 } else { 4 };
        self.entries.chunks_exact(size).map(move |entry| {
            let mut bytes = [0; 8];
            bytes[8 - size..].copy_from_slice(entry);
            u64::from_be_bytes(bytes)
        })
    }
}

/// How far bytes of the file move when its index goes to the front.
#[derive(Clone, Debug)]
pub(super) struct Shift {
    /// Where the new index stands.
    pub(super) front: u64,
    /// Where the old one stood.
    pub(super) old: Range<u64>,
    pub(super) file_length: u64,
    /// Of the new index, never less than the old one's.
    pub(super) new_length: u64,
}

impl Shift {
    /// Where the byte at `offset` lies afterwards.
    pub(super) fn apply(&self, offset: u64) -> Result<u64> {
        let moved = if (self.front..self.old.start).contains(&offset) {
            offset.checked_add(self.new_length)
        } else if (self.old.end..self.file_length).contains(&offset) {
            offset.checked_add(self.new_length - (self.old.end - self.old.start))
        } else {
            None
        };
        moved.ok_or_else(|| {
            Error::broken(format!("the video's index points at byte {offset}, where no sample can be"))
        })
    }
}

/// Whether tables lie in boxes of this kind.
pub(super) fn leads_to_tables(kind: Kind) -> bool {
    matches!(&kind, b"trak" | b"mdia" | b"minf" | b"stbl")
}

/// Whether a box of this kind is a table.
pub(super) fn is_table(kind: Kind) -> bool {
    matches!(&kind, b"stco" | b"co64")
}

/// The tables in the content of an index, in the order of the file.
///
/// # Errors
/// Unsupported, where the index holds offsets of other kinds, or its samples lie in other files.
pub(super) fn tables<'a>(walk: &mut Walk, moov: &'a [u8]) -> Result<Vec<Table<'a>>> {
    let mut found = Vec::new();
    collect(walk, moov, MAX_DEPTH, &mut found)?;
    Ok(found)
}

/// From an index to its tables: track, medium, its information, its samples.
const MAX_DEPTH: usize = 4;

fn collect<'a>(walk: &mut Walk, content: &'a [u8], depth: usize, found: &mut Vec<Table<'a>>) -> Result<()> {
    for one in walk.children(content)? {
        match &one.kind {
            kind if is_table(*kind) => found.push(Table::read(one)?),
            kind if leads_to_tables(*kind) && depth == 0 => {
                return Err(Error::broken("the boxes in the video's index are nested too deep"));
            }
            kind if leads_to_tables(*kind) => collect(walk, one.content, depth - 1, found)?,
            b"cmov" | b"saio" => return Err(other_offsets(one.kind)),
            b"meta" => no_items(walk, one)?,
            b"dinf" => own_data(walk, one)?,
            _ => {}
        }
    }
    Ok(())
}

fn other_offsets(kind: Kind) -> Error {
    let kind = String::from_utf8_lossy(&kind).into_owned();
    Error::unsupported(format!("the video's index has a box {kind}, with which it cannot be moved"))
}

/// Pictures that stand beside the tracks are found by offsets of their own.
fn no_items(walk: &mut Walk, meta: InnerBox<'_>) -> Result<()> {
    const VERSION_AND_FLAGS: usize = 4;
    let content = meta.content.get(VERSION_AND_FLAGS..).unwrap_or_default();
    // QuickTime's box has no version: what is no list of boxes then has no items.
    let boxes = walk.children(content).unwrap_or_default();
    find(&boxes, b"iloc").map_or(Ok(()), |iloc| Err(other_offsets(iloc.kind)))
}

/// The samples have to lie in this file.
fn own_data(walk: &mut Walk, dinf: InnerBox<'_>) -> Result<()> {
    const IN_THIS_FILE: u32 = 1;
    const VERSION_FLAGS_AND_COUNT: usize = 8;
    for dref in walk.children(dinf.content)?.iter().filter(|one| one.kind == *b"dref") {
        for reference in walk.children(dref.content.get(VERSION_FLAGS_AND_COUNT..).unwrap_or_default())? {
            if reference.full().is_none_or(|(_, flags, _)| flags & IN_THIS_FILE == 0) {
                return Err(Error::unsupported("the video's samples lie in another file"));
            }
        }
    }
    Ok(())
}
