//! Writes Ogg/Opus of one channel (RFC 7845), as WhatsApp takes it for a voice note.

use ogg::{PacketWriteEndInfo, PacketWriter};

use super::opus::Head;
use crate::{Error, Result};

/// A page ends after this many samples: a second.
const PAGE_SAMPLES: u64 = 48_000;
/// Each file has one stream, so its number is of no interest.
const SERIAL: u32 = 1;

pub(super) struct OggWriter {
    inner: PacketWriter<'static, Vec<u8>>,
    max_bytes: usize,
    /// A packet is written when the next one comes: the last one is marked.
    waiting: Option<Vec<u8>>,
    /// Where the waiting one ends, and where the page before it ended, in samples.
    samples: u64,
    page_start: u64,
    bytes: usize,
}

impl OggWriter {
    /// The file will have at most `max_bytes`, or a page more.
    pub(super) fn new(head: &Head, max_bytes: usize) -> Result<Self> {
        let mut inner = PacketWriter::new(Vec::new());
        let mut tags = b"OpusTags".to_vec();
        tags.extend(7u32.to_le_bytes());
        tags.extend(b"Mediary");
        tags.extend(0u32.to_le_bytes());
        for packet in [head.write(), tags] {
            inner
                .write_packet(packet, SERIAL, PacketWriteEndInfo::EndPage, 0)
                .map_err(|error| failed(&error))?;
        }
        Ok(Self { inner, max_bytes, waiting: None, samples: 0, page_start: 0, bytes: 0 })
    }

    /// Appends a packet that lasts `samples` at 48 kHz.
    pub(super) fn packet(&mut self, packet: Vec<u8>, samples: u32) -> Result<()> {
        self.bytes += packet.len() + 1;
        if self.bytes > self.max_bytes {
            return Err(Error::too_large(format!(
                "the voice note would have more than {} bytes",
                self.max_bytes
            )));
        }
        let ended = self.waiting.replace(packet);
        if let Some(ended) = ended {
            let whole = self.samples - self.page_start >= PAGE_SAMPLES;
            let end = if whole { PacketWriteEndInfo::EndPage } else { PacketWriteEndInfo::NormalPacket };
            if whole {
                self.page_start = self.samples;
            }
            self.inner.write_packet(ended, SERIAL, end, self.samples).map_err(|error| failed(&error))?;
        }
        self.samples += u64::from(samples);
        Ok(())
    }

    /// The file, without the last `unheard` samples.
    pub(super) fn finish(mut self, unheard: u64) -> Result<Vec<u8>> {
        let last = self.waiting.take().ok_or_else(|| Error::broken("the recording holds no sound"))?;
        let granule = self.samples.saturating_sub(unheard);
        self.inner
            .write_packet(last, SERIAL, PacketWriteEndInfo::EndStream, granule)
            .map_err(|error| failed(&error))?;
        Ok(self.inner.into_inner())
    }
}

fn failed(error: &std::io::Error) -> Error {
    Error::broken(format!("the voice note cannot be written: {error}"))
}
