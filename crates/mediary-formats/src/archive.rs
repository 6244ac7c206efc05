//! A zip whose files are stored as they are, laid out before any of them is read (APPNOTE 6.3.10).
//!
//! Names, sizes and times fix where each byte stands, so a part of the archive can be made without the parts before it. What has to be known
//! of a file's content is its CRC-32, and that only for the bytes that hold it: the header in front of the file and its record in
//! the directory at the end.

use std::ops::Range;

use mediary_core::Timestamp;

/// What an archive can hold without the extension for large ones.
const LARGE: u64 = 0xffff_ffff;
const MANY: usize = 0xffff;
/// The readers that understand the extension for large archives, and those that understand anything here.
const VERSION_LARGE: u16 = 45;
const VERSION: u16 = 20;
/// Written by Unix, whose permissions stand in the record: rw-r--r--.
const MADE_BY: u16 = 3 << 8 | VERSION_LARGE;
const PERMISSIONS: u32 = 0o100_644 << 16;
/// Names are UTF-8.
const UTF8: u16 = 1 << 11;
/// The extra fields: the time in UTC, and sizes or offsets beyond 32 bits.
const TIME: u16 = 0x5455;
const ZIP64: u16 = 0x0001;

/// A file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedFile {
    /// Unique, and no path.
    pub name: String,
    pub size: u64,
    pub modified: Timestamp,
}

/// Where everything stands in an archive.
#[derive(Clone, Debug)]
pub struct ArchiveLayout {
    files: Vec<ArchivedFile>,
    /// Where each file's header begins.
    offsets: Vec<u64>,
    directory: Range<u64>,
    /// Where each file's record begins.
    records: Vec<u64>,
    /// The whole archive's bytes.
    length: u64,
}

/// A part of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// In front of a file.
    Header(usize),
    /// The file itself.
    Content(usize),
    /// A file's record in the directory.
    Record(usize),
    End,
}

impl ArchiveLayout {
    pub fn new(files: Vec<ArchivedFile>) -> Self {
        let (mut offsets, mut at) = (Vec::with_capacity(files.len()), 0);
        for file in &files {
            offsets.push(at);
            at += header_length(file) + file.size;
        }
        let mut layout = Self { files, offsets, directory: at..at, records: Vec::new(), length: 0 };
        for index in 0..layout.files.len() {
            layout.records.push(layout.directory.end);
            layout.directory.end += layout.record_length(index);
        }
        layout.length = layout.directory.end + layout.end().len() as u64;
        layout
    }

    /// Bytes of the archive.
    pub fn length(&self) -> u64 {
        self.length
    }

    pub fn files(&self) -> &[ArchivedFile] {
        &self.files
    }

    /// The section that a byte of the archive stands in, and where that section does.
    pub fn section_at(&self, at: u64) -> Option<(Section, Range<u64>)> {
        if at < self.directory.start {
            let index = self.offsets.partition_point(|offset| *offset <= at).checked_sub(1)?;
            let (start, file) = (self.offsets[index], &self.files[index]);
            let content = start + header_length(file);
            return Some(match at < content {
                true => (Section::Header(index), start..content),
                false => (Section::Content(index), content..content + file.size),
            });
        }
        if at >= self.directory.end {
            return (at < self.length).then_some((Section::End, self.directory.end..self.length));
        }
        let index = self.records.partition_point(|record| *record <= at).checked_sub(1)?;
        let start = self.records[index];
        Some((Section::Record(index), start..start + self.record_length(index)))
    }

    /// What stands in front of a file.
    pub fn header(&self, index: usize, crc32: u32) -> Vec<u8> {
        let file = &self.files[index];
        let is_large = file.size >= LARGE;
        let mut bytes = Bytes(b"PK\x03\x04".to_vec());
        bytes.u16(if is_large { VERSION_LARGE } else { VERSION });
        self.common(&mut bytes, index, crc32, header_extra_length(file));
        bytes.0.extend_from_slice(file.name.as_bytes());
        bytes.time(file.modified);
        if is_large {
            bytes.zip64(&[file.size, file.size]);
        }
        bytes.0
    }

    /// A file's record in the directory.
    pub fn record(&self, index: usize, crc32: u32) -> Vec<u8> {
        let (file, offset) = (&self.files[index], self.offsets[index]);
        let large = self.large_values(index);
        let mut bytes = Bytes(b"PK\x01\x02".to_vec());
        bytes.u16(MADE_BY);
        bytes.u16(if large.is_empty() { VERSION } else { VERSION_LARGE });
        self.common(&mut bytes, index, crc32, record_extra_length(&large));
        // No comment, on the first disk, no text.
        bytes.u16(0);
        bytes.u16(0);
        bytes.u16(0);
        bytes.u32(PERMISSIONS);
        bytes.u32(offset.min(LARGE) as u32);
        bytes.0.extend_from_slice(file.name.as_bytes());
        bytes.time(file.modified);
        if !large.is_empty() {
            bytes.zip64(&large);
        }
        bytes.0
    }

    /// The end of the archive, by which readers find the directory.
    pub fn end(&self) -> Vec<u8> {
        let (count, start) = (self.files.len(), self.directory.start);
        let size = self.directory.end - start;
        let mut bytes = Bytes(Vec::new());
        if count >= MANY || start >= LARGE || size >= LARGE {
            bytes.0.extend_from_slice(b"PK\x06\x06");
            bytes.u64(44);
            bytes.u16(MADE_BY);
            bytes.u16(VERSION_LARGE);
            bytes.u32(0);
            bytes.u32(0);
            bytes.u64(count as u64);
            bytes.u64(count as u64);
            bytes.u64(size);
            bytes.u64(start);
            bytes.0.extend_from_slice(b"PK\x06\x07");
            bytes.u32(0);
            bytes.u64(self.directory.end);
            bytes.u32(1);
        }
        bytes.0.extend_from_slice(b"PK\x05\x06");
        bytes.u16(0);
        bytes.u16(0);
        bytes.u16(count.min(MANY) as u16);
        bytes.u16(count.min(MANY) as u16);
        bytes.u32(size.min(LARGE) as u32);
        bytes.u32(start.min(LARGE) as u32);
        bytes.u16(0);
        bytes.0
    }

    /// What header and record have in common.
    fn common(&self, bytes: &mut Bytes, index: usize, crc32: u32, extra: u16) {
        let file = &self.files[index];
        let size = file.size.min(LARGE) as u32;
        let (date, time) = dos_time(file.modified);
        bytes.u16(UTF8);
        // Stored.
        bytes.u16(0);
        bytes.u16(time);
        bytes.u16(date);
        bytes.u32(crc32);
        bytes.u32(size);
        bytes.u32(size);
        bytes.u16(file.name.len() as u16);
        bytes.u16(extra);
    }

    /// The numbers of a record that do not fit into 32 bits, in the order in which they stand.
    fn large_values(&self, index: usize) -> Vec<u64> {
        let (size, offset) = (self.files[index].size, self.offsets[index]);
        let sizes = if size >= LARGE { vec![size, size] } else { Vec::new() };
        sizes.into_iter().chain((offset >= LARGE).then_some(offset)).collect()
    }

    fn record_length(&self, index: usize) -> u64 {
        let large = self.large_values(index);
        46 + self.files[index].name.len() as u64 + u64::from(record_extra_length(&large))
    }
}

const TIME_LENGTH: u16 = 9;

fn header_extra_length(file: &ArchivedFile) -> u16 {
    TIME_LENGTH + if file.size >= LARGE { 20 } else { 0 }
}

fn record_extra_length(large: &[u64]) -> u16 {
    TIME_LENGTH + if large.is_empty() { 0 } else { 4 + 8 * large.len() as u16 }
}

fn header_length(file: &ArchivedFile) -> u64 {
    30 + file.name.len() as u64 + u64::from(header_extra_length(file))
}

/// Bytes in the order of zip, the lowest first.
struct Bytes(Vec<u8>);

impl Bytes {
    fn u16(&mut self, number: u16) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn u32(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn u64(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn time(&mut self, modified: Timestamp) {
        let seconds = i32::try_from(modified.millis().div_euclid(1000)).unwrap_or(i32::MAX);
        self.u16(TIME);
        self.u16(5);
        // Only the time of the last change.
        self.0.push(1);
        self.0.extend_from_slice(&seconds.to_le_bytes());
    }

    fn zip64(&mut self, numbers: &[u64]) {
        self.u16(ZIP64);
        self.u16(8 * numbers.len() as u16);
        numbers.iter().for_each(|number| self.u64(*number));
    }
}

/// Date and time as MS-DOS has them, from 1980 to 2107 and in steps of two seconds.
fn dos_time(at: Timestamp) -> (u16, u16) {
    let at = at.to_offset_date_time();
    let (year, month, day) = at.to_calendar_date();
    let Some(year) = u16::try_from(year - 1980).ok().filter(|year| *year < 128) else { return (0x21, 0) };
    let (hour, minute, second) = at.to_hms();
    let date = year << 9 | u16::from(u8::from(month)) << 5 | u16::from(day);
    (date, u16::from(hour) << 11 | u16::from(minute) << 5 | u16::from(second / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp(1_760_000_001_500);

    fn file(name: &str, size: u64) -> ArchivedFile {
        ArchivedFile { name: name.to_owned(), size, modified: AT }
    }

    /// Every section in order, with its place; each has to have the bytes that its place says.
    fn sections(layout: &ArchiveLayout) -> Vec<(Section, Range<u64>)> {
        let (mut found, mut at) = (Vec::new(), 0);
        while let Some((section, place)) = layout.section_at(at) {
            assert_eq!(place.start, at);
            assert_eq!(layout.section_at(place.end - 1), Some((section, place.clone())));
            let made = match section {
                Section::Header(index) => layout.header(index, 7).len() as u64,
                Section::Content(index) => layout.files()[index].size,
                Section::Record(index) => layout.record(index, 7).len() as u64,
                Section::End => layout.end().len() as u64,
            };
            assert_eq!(made, place.end - place.start, "{section:?}");
            at = place.end;
            found.push((section, place));
        }
        assert_eq!(at, layout.length());
        found
    }

    #[test]
    fn sections_follow_one_another_without_gaps() {
        let layout = ArchiveLayout::new(vec![file("a", 10), file("leer", 0), file("فاتورة.pdf", 3)]);
        let kinds: Vec<Section> = sections(&layout).into_iter().map(|(section, _)| section).collect();
        use Section::{Content, End, Header, Record};
        let all =
            [Header(0), Content(0), Header(1), Header(2), Content(2), Record(0), Record(1), Record(2), End];
        assert_eq!(kinds, all);
        assert_eq!(layout.end().len(), 22);
        assert_eq!(sections(&ArchiveLayout::new(vec![])).len(), 1);
    }

    fn number(bytes: &[u8], at: usize, length: usize) -> u64 {
        bytes[at..at + length].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    #[test]
    fn numbers_beyond_32_bits_stand_in_the_extension() {
        const GIB: u64 = 1 << 30;
        for (size, is_large) in [(LARGE - 1, false), (LARGE, true), (5 * GIB, true)] {
            let layout = ArchiveLayout::new(vec![file("a", size), file("b", 1)]);
            sections(&layout);
            let header = layout.header(0, 0);
            assert_eq!(number(&header, 18, 4), size.min(LARGE));
            assert_eq!(header.len(), 30 + 1 + 9 + if is_large { 20 } else { 0 });
            if is_large {
                assert_eq!((number(&header, 40, 2), number(&header, 44, 8)), (1, size));
            }
            // The second file lies beyond four gigabytes in any case.
            let record = layout.record(1, 0);
            assert_eq!((number(&record, 42, 4), number(&record, 6, 2)), (LARGE, 45));
            assert_eq!(number(&record, record.len() - 8, 8), layout.offsets[1]);
            let end = layout.end();
            assert_eq!((end.len(), number(&end, 48, 8)), (98, layout.directory.start));
            assert_eq!(number(&end, 64, 8), layout.directory.end);
        }
        let many = ArchiveLayout::new((0..MANY).map(|number| file(&number.to_string(), 0)).collect());
        assert_eq!((many.end().len(), number(&many.end(), 32, 8)), (98, MANY as u64));
        let fewer = ArchiveLayout::new((1..MANY).map(|number| file(&number.to_string(), 0)).collect());
        assert_eq!(fewer.end().len(), 22);
    }

    #[test]
    fn times_outside_of_zip_are_its_first_day() {
        assert_eq!(dos_time(Timestamp(0)), (0x21, 0));
        assert_eq!(dos_time(Timestamp(i64::MAX / 2)), (0x21, 0));
        // 2025-10-09 08:53:21
        assert_eq!(dos_time(AT), (45 << 9 | 10 << 5 | 9, 8 << 11 | 53 << 5 | 10));
    }
}
