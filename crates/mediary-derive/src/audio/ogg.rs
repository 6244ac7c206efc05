//! The pages of an Ogg file (RFC 3533), with the place of each in the file. A page whose checksum is wrong is passed over, and the
//! search for the next one goes on behind its first byte.

use std::io::Read;

use crate::{Error, Result};

/// A voice note has a page a second; one page for each packet of 20 ms makes this 5 hours.
pub(super) const MAX_PAGES: usize = 1 << 20;
/// After so many pages with a wrong checksum it is no Ogg file. Each may cost a checksum over 64 kB.
pub(super) const MAX_DAMAGED_PAGES: usize = 256;

const CAPTURE: &[u8; 4] = b"OggS";
const HEADER_BYTES: usize = 27;
/// Of one call to the source.
const READ_BYTES: usize = 64 * 1024;
const CHECKSUM: std::ops::Range<usize> = 22..26;

const CONTINUED: u8 = 1;
const FIRST: u8 = 2;
const LAST: u8 = 4;

/// A page, in the buffer of its reader.
#[derive(Debug)]
pub(super) struct Page<'a> {
    /// Its first packet began on an earlier page.
    pub(super) continued: bool,
    /// It begins a stream.
    pub(super) first: bool,
    /// It ends its stream.
    pub(super) last: bool,
    /// The time at which the last packet ends that ends here; none, if none does, or if the file does not say.
    pub(super) granule: Option<u64>,
    pub(super) serial: u64,
    /// Lengths of the pieces of packets; one of 255 is continued by the next.
    pub(super) lacing: &'a [u8],
    pub(super) body: &'a [u8],
    /// Where in the file the body begins.
    pub(super) body_offset: u64,
}

/// Reads one page after another.
#[derive(Debug)]
pub(super) struct Pages<R> {
    source: R,
    /// What was read and not yet used begins at `used`.
    buffer: Vec<u8>,
    used: usize,
    /// Of the first byte of `buffer` in the file.
    offset: u64,
    pages: usize,
    damaged: usize,
}

impl<R: Read> Pages<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, buffer: Vec::new(), used: 0, offset: 0, pages: 0, damaged: 0 }
    }

    /// The next page with a right checksum; none at the end of the file, be it in the middle of a page.
    pub(super) fn next(&mut self) -> Result<Option<Page<'_>>> {
        while self.find_capture()? {
            if let Some(length) = self.page_length()? {
                let range = self.used..self.used + length;
                if checksum_is_right(&self.buffer[range.clone()]) {
                    self.pages += 1;
                    if self.pages > MAX_PAGES {
                        return Err(Error::too_large(format!(
                            "the recording has more than {MAX_PAGES} pages"
                        )));
                    }
                    self.used = range.end;
                    let offset = self.offset + range.start as u64;
                    return Ok(Some(page_at(&self.buffer[range], offset)));
                }
            }
            self.damaged += 1;
            if self.damaged > MAX_DAMAGED_PAGES {
                return Err(Error::broken("the recording's pages have wrong checksums"));
            }
            self.used += 1;
        }
        Ok(None)
    }

    /// Goes to where a page may begin.
    fn find_capture(&mut self) -> Result<bool> {
        loop {
            if !self.have(HEADER_BYTES)? {
                return Ok(false);
            }
            let unused = &self.buffer[self.used..];
            match unused.windows(CAPTURE.len()).position(|four| four == CAPTURE) {
                Some(0) => return Ok(true),
                Some(skipped) => self.used += skipped,
                // The last three bytes may be the beginning of one.
                None => self.used += unused.len() - (CAPTURE.len() - 1),
            }
        }
    }

    /// The length of the page that begins here, all of which is in the buffer then; none, where the file ends before it does.
    fn page_length(&mut self) -> Result<Option<usize>> {
        let segments = usize::from(self.buffer[self.used + HEADER_BYTES - 1]);
        if !self.have(HEADER_BYTES + segments)? {
            return Ok(None);
        }
        let lacing = &self.buffer[self.used + HEADER_BYTES..][..segments];
        let body: usize = lacing.iter().map(|length| usize::from(*length)).sum();
        let length = HEADER_BYTES + segments + body;
        Ok(self.have(length)?.then_some(length))
    }

    /// Reads until `bytes` are there. False, where the file ends before.
    fn have(&mut self, bytes: usize) -> Result<bool> {
        if self.buffer.len() - self.used >= bytes {
            return Ok(true);
        }
        self.buffer.drain(..self.used);
        self.offset += self.used as u64;
        self.used = 0;
        while self.buffer.len() < bytes {
            let read = (&mut self.source)
                .take(READ_BYTES as u64)
                .read_to_end(&mut self.buffer)
                .map_err(|error| Error::broken(format!("the recording cannot be read: {error}")))?;
            if read == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// `bytes` are a whole page.
fn page_at(bytes: &[u8], offset: u64) -> Page<'_> {
    let number = |place: std::ops::Range<usize>| {
        bytes[place].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    };
    let granule = number(6..14);
    let body = HEADER_BYTES + usize::from(bytes[HEADER_BYTES - 1]);
    Page {
        continued: bytes[5] & CONTINUED != 0,
        first: bytes[5] & FIRST != 0,
        last: bytes[5] & LAST != 0,
        // It is signed, and -1 says "none"; other negative ones mean nothing.
        granule: (granule <= i64::MAX as u64).then_some(granule),
        serial: number(14..18),
        lacing: &bytes[HEADER_BYTES..body],
        body: &bytes[body..],
        body_offset: offset + body as u64,
    }
}

fn checksum_is_right(page: &[u8]) -> bool {
    let (before, rest) = page.split_at(CHECKSUM.start);
    let (stored, after) = rest.split_at(CHECKSUM.len());
    let sum = checksum(checksum(checksum(0, before), &[0; 4]), after);
    sum.to_le_bytes() == stored
}

/// The checksum of RFC 3533: CRC-32 of 0x04c11db7, the highest bit first, with nothing added at either end.
fn checksum(mut sum: u32, bytes: &[u8]) -> u32 {
    for byte in bytes {
        sum = sum << 8 ^ CHECKSUMS[usize::from((sum >> 24) as u8 ^ byte)];
    }
    sum
}

const CHECKSUMS: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = (byte as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 0x8000_0000 != 0 { sum << 1 ^ 0x04c1_1db7 } else { sum << 1 };
            bit += 1;
        }
        table[byte] = sum;
        byte += 1;
    }
    table
};
