//! The index of a video moved to the front, with the offsets in it put right; the pictures stay where they are.
//!
//! It is patched, not written again: what is not understood stays as it is, and only the tables of offsets change. They grow from
//! 32 to 64 bits where an offset would no longer fit, and only there.

use super::boxes::{InnerBox, Walk};
use super::index::Index;
use super::movie::IndexPosition;
use super::offsets::{Shift, Table, is_table, leads_to_tables, tables};
use crate::virtual_file::VirtualFileBuilder;
use crate::{Error, Result, VirtualFile};

/// A table that grows makes the index longer, and by that may push another one over 4 GB. After so many rounds all grow.
const GROWTH_ROUNDS: usize = 4;
/// By how much an entry grows.
const GROWTH_BYTES: usize = 4;

impl Index {
    /// The same file with its index in front. None, where it plays while it loads as it stands.
    ///
    /// # Errors
    /// Broken, where the index is damaged; unsupported, where the video is encrypted, or its index has offsets that would have to
    /// change and are not understood.
    pub fn fast_start(&self) -> Result<Option<VirtualFile>> {
        let movie = self.movie()?;
        if movie.index != IndexPosition::End {
            return Ok(None);
        }
        if movie.encrypted() {
            return Err(Error::unsupported("the video is encrypted"));
        }
        fast_start(self).map(Some)
    }
}

fn fast_start(index: &Index) -> Result<VirtualFile> {
    let found = tables(&mut Walk::new(), index.content())?;
    let (shift, grown) = plan(index, &found)?;

    let mut patch = Patch { walk: Walk::new(), shift: &shift, grown: grown.into_iter(), out: Vec::new() };
    patch.enclosing(index.header(), index.content())?;
    let moov = patch.out;

    let mut file = VirtualFileBuilder::default();
    file.original(0..index.front)?;
    file.own(&moov)?;
    file.original(index.front..shift.old.start)?;
    file.original(shift.old.end..index.file_length)?;
    Ok(file.build())
}

/// How far everything moves, and which tables grow for it.
fn plan(index: &Index, found: &[Table<'_>]) -> Result<(Shift, Vec<bool>)> {
    let old = index.range();
    let old_length = old.end - old.start;
    let mut shift = Shift { front: index.front, old, file_length: index.file_length, new_length: old_length };
    let mut grown = vec![false; found.len()];
    for round in 0..=GROWTH_ROUNDS {
        let mut changed = false;
        for (table, grown) in found.iter().zip(&mut grown) {
            if !table.wide && !*grown && (round == GROWTH_ROUNDS || overflows(table, &shift)?) {
                *grown = true;
                changed = true;
            }
        }
        let entries: usize =
            found.iter().zip(&grown).filter(|(_, grown)| **grown).map(|(table, _)| table.len()).sum();
        shift.new_length = old_length + (entries * GROWTH_BYTES) as u64;
        if !changed {
            break;
        }
    }
    Ok((shift, grown))
}

/// Whether an offset of 32 bits does not fit any more.
fn overflows(table: &Table<'_>, shift: &Shift) -> Result<bool> {
    for offset in table.offsets() {
        if shift.apply(offset)? > u64::from(u32::MAX) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes the index again, box by box. [`tables`] has seen that they are not nested too deep.
struct Patch<'a> {
    walk: Walk,
    shift: &'a Shift,
    /// For each table, in order, whether it grows.
    grown: std::vec::IntoIter<bool>,
    out: Vec<u8>,
}

impl Patch<'_> {
    /// A box with others in it, one of which may change its length.
    fn enclosing(&mut self, header: &[u8], content: &[u8]) -> Result<()> {
        let start = self.out.len();
        self.out.extend_from_slice(header);
        let mut rest = content;
        for one in self.walk.children(content)? {
            rest = &rest[one.length()..];
            if leads_to_tables(one.kind) {
                self.enclosing(one.header, one.content)?;
            } else if is_table(one.kind) {
                self.table(one)?;
            } else {
                self.out.extend_from_slice(one.header);
                self.out.extend_from_slice(one.content);
            }
        }
        self.out.extend_from_slice(rest);
        self.set_length(start, header.len());
        Ok(())
    }

    fn table(&mut self, found: InnerBox<'_>) -> Result<()> {
        let table = Table::read(found)?;
        let grows = self.grown.next().unwrap_or(false);
        let start = self.out.len();
        self.out.extend_from_slice(found.header);
        if grows {
            self.out[start + 4..start + 8].copy_from_slice(b"co64");
        }
        self.out.extend_from_slice(table.head);
        for offset in table.offsets() {
            let moved = self.shift.apply(offset)?.to_be_bytes();
            self.out.extend_from_slice(if table.wide || grows { &moved } else { &moved[4..] });
        }
        self.set_length(start, found.header.len());
        Ok(())
    }

    /// Writes the length of the box that began at `start` and has just been finished, in the form that its header has.
    fn set_length(&mut self, start: usize, header: usize) {
        let length = (self.out.len() - start) as u64;
        let bytes = length.to_be_bytes();
        if header == 16 {
            self.out[start + 8..start + 16].copy_from_slice(&bytes);
        } else {
            // An index has at most 32 MiB, twice that when its tables grow.
            self.out[start..start + 4].copy_from_slice(&bytes[4..]);
        }
    }
}
