//! The packets of an Ogg/Opus file (RFC 7845), with the time that each lasts and the places of its bytes.
//!
//! What can be heard counts: a recording lasts as long as its packets, less what belongs to the coder at its beginning (pre-skip)
//! and at its end (the last granule). So a clock that jumps makes no hours of silence, and a recording that was cut off has the
//! duration of what is left.

use std::collections::VecDeque;
use std::io::Read;
use std::ops::Range;

use super::ogg::{Page, Pages};
use super::opus::{self, Head, MAX_PACKET_BYTES};
use crate::{Error, Result};

/// A file of Opus, whatever carries it.
pub(super) trait OpusItems {
    /// The next item; none at the end.
    fn next(&mut self) -> Result<Option<Item>>;
}

/// Recordings one after another in one file; each begins with two pages.
pub(super) const MAX_LINKS: usize = 1024;
/// What a packet without a byte lasts, where no other came before it.
const SILENT_SAMPLES: u32 = 960;

/// A packet of sound. One without bytes is a muted moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) bytes: Vec<u8>,
    /// Where these bytes lie in the file; several, where it crosses pages.
    pub(super) ranges: Vec<Range<u64>>,
    /// What it lasts, in samples at 48 kHz.
    pub(super) samples: u32,
    /// So many of them, the last ones, are not to be heard.
    pub(super) unheard: u32,
}

/// What comes out of a file, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A recording begins. A file with a second one is "chained".
    Head(Head),
    Packet(Packet),
}

/// The one stream in the file that is read.
#[derive(Debug)]
struct Link {
    serial: u64,
    /// The second packet is for people: title, sender, program.
    tags_passed: bool,
    /// A packet that is continued on the next page.
    open: Option<Packet>,
    last_samples: u32,
    /// Of all packets so far.
    samples: u64,
    /// What the clock showed before the first packet.
    start: Option<u64>,
}

/// Reads a file item by item.
#[derive(Debug)]
pub(super) struct OggOpus<R> {
    pages: Pages<R>,
    link: Option<Link>,
    links: usize,
    items: VecDeque<Item>,
}

impl<R: Read> OggOpus<R> {
    pub(super) fn new(source: R) -> Self {
        Self { pages: Pages::new(source), link: None, links: 0, items: VecDeque::new() }
    }
}

impl<R: Read> OpusItems for OggOpus<R> {
    fn next(&mut self) -> Result<Option<Item>> {
        while self.items.is_empty() {
            let Some(page) = self.pages.next()? else { return Ok(None) };
            if page.first {
                if let Some(head) = Head::read(page.body) {
                    self.links += 1;
                    if self.links > MAX_LINKS {
                        return Err(Error::too_large(format!(
                            "the file has more than {MAX_LINKS} recordings"
                        )));
                    }
                    self.link = Some(Link::new(page.serial));
                    self.items.push_back(Item::Head(head));
                }
                continue;
            }
            if let Some(link) = self.link.as_mut().filter(|link| link.serial == page.serial) {
                link.page(&page, &mut self.items);
                if page.last {
                    self.link = None;
                }
            }
        }
        Ok(self.items.pop_front())
    }
}

impl Link {
    fn new(serial: u64) -> Self {
        Self { serial, tags_passed: false, open: None, last_samples: SILENT_SAMPLES, samples: 0, start: None }
    }

    /// Appends what ends on `page`.
    fn page(&mut self, page: &Page<'_>, items: &mut VecDeque<Item>) {
        // A packet whose end or beginning was lost is none.
        let mut open = if page.continued { self.open.take() } else { Some(Packet::default()) };
        let (mut place, mut on_page) = (0, 0);
        for length in page.lacing {
            let piece = place..place + usize::from(*length);
            place = piece.end;
            if let Some(packet) = &mut open {
                packet.append(&page.body[piece.clone()], page.body_offset + piece.start as u64);
            }
            if *length < u8::MAX {
                let ended = open.replace(Packet::default());
                on_page += ended.map_or(0, |packet| self.ended(packet, items));
            }
        }
        let unfinished = page.lacing.last().is_some_and(|length| *length == u8::MAX);
        self.open = open.filter(|_| unfinished);
        self.samples += u64::from(on_page);
        if let Some(granule) = page.granule.filter(|_| on_page > 0)
            && let Some(trim) = self.trim(granule, on_page, page.last)
        {
            silence_end(items, trim);
        }
    }

    /// Takes a packet that is whole. Answers how long it lasts.
    fn ended(&mut self, mut packet: Packet, items: &mut VecDeque<Item>) -> u32 {
        if !self.tags_passed {
            self.tags_passed = true;
            if packet.bytes.starts_with(b"OpusTags") {
                return 0;
            }
        }
        let samples = match packet.bytes.len() {
            0 => Some(self.last_samples),
            1..=MAX_PACKET_BYTES => opus::samples(&packet.bytes),
            _ => None,
        };
        let Some(samples) = samples else { return 0 };
        self.last_samples = samples;
        packet.samples = samples;
        items.push_back(Item::Packet(packet));
        samples
    }

    /// How many samples at the end of this page are not to be heard, by the time at its end. More than the page has would be a lie.
    fn trim(&mut self, granule: u64, on_page: u32, last: bool) -> Option<u32> {
        // A recording may begin in the middle of a broadcast. Where its only page ends it, the clock began at 0.
        let start = *self.start.get_or_insert(match last {
            true => 0,
            false => granule.saturating_sub(self.samples),
        });
        let surplus = u32::try_from((start + self.samples).checked_sub(granule)?).ok()?;
        (last && surplus > 0 && surplus <= on_page).then_some(surplus)
    }
}

/// Marks the last `samples` in `items` as not to be heard.
fn silence_end(items: &mut VecDeque<Item>, mut samples: u32) {
    for item in items.iter_mut().rev() {
        let Item::Packet(packet) = item else { return };
        packet.unheard = samples.min(packet.samples);
        samples -= packet.unheard;
    }
}

impl Packet {
    /// Appends a piece that lies at `offset`. Of a packet that is too long to be one, nothing more is kept.
    fn append(&mut self, piece: &[u8], offset: u64) {
        if piece.is_empty() || self.bytes.len() > MAX_PACKET_BYTES {
            return;
        }
        self.bytes.extend_from_slice(piece);
        let end = offset + piece.len() as u64;
        match self.ranges.last_mut() {
            Some(range) if range.end == offset => range.end = end,
            _ => self.ranges.push(offset..end),
        }
    }
}
