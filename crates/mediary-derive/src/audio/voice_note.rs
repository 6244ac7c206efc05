//! A recording of any kind as a voice note: Ogg/Opus of one channel. Where it is Opus of one channel already, its packets are kept.

use std::ops::RangeInclusive;

use super::codec::Encode;
use super::libraries::{self, OPUS_RATES};
use super::ogg_opus::Item;
use super::ogg_writer::OggWriter;
use super::opus::{self, Head};
use super::sound::{OpusItems, Sound};
use crate::{Error, Result};

/// WhatsApp takes no larger sound.
pub const MAX_NOTE_BYTES: usize = 16 * 1024 * 1024;
/// An hour: to encode it takes a minute of a core.
pub const MAX_NOTE_SECONDS: u64 = 3_600;

/// Rates of recordings that people make, in Hz.
const RATES: RangeInclusive<u32> = 4_000..=384_000;
/// A packet that is 20 ms long, in samples at 48 kHz.
pub(super) const FRAME_SAMPLES: u32 = 960;
const FRAMES_PER_SECOND: u32 = 50;

/// Packets and the header that belongs to them.
pub(super) struct Encoded {
    pub(super) head: Head,
    pub(super) packets: Vec<Vec<u8>>,
    /// So many samples at the end of the last one are not to be heard.
    pub(super) unheard: u32,
}

/// The same packets in a new file, if there is one recording of one channel; else none.
pub(super) fn repack(items: &mut dyn OpusItems) -> Result<Option<Vec<u8>>> {
    let Some(Item::Head(head)) = items.next()? else { return Ok(None) };
    if head.channels != 1 || head.mapping != 0 {
        return Ok(None);
    }
    let mut writer = OggWriter::new(&head, MAX_NOTE_BYTES)?;
    let mut unheard = 0;
    while let Some(item) = items.next()? {
        let Item::Packet(packet) = item else { return Ok(None) };
        if unheard > 0 || packet.bytes.is_empty() {
            return Ok(None);
        }
        unheard = u64::from(packet.unheard);
        writer.packet(packet.bytes, packet.samples)?;
    }
    writer.finish(unheard).map(Some)
}

/// Encodes `sound` as a whole file.
pub(super) fn encode(sound: &mut dyn Sound) -> Result<Vec<u8>> {
    let encoded = encode_packets(sound)?;
    let mut writer = OggWriter::new(&encoded.head, MAX_NOTE_BYTES)?;
    for packet in encoded.packets {
        writer.packet(packet, FRAME_SAMPLES)?;
    }
    writer.finish(u64::from(encoded.unheard))
}

/// Encodes `sound`, at its own rate where Opus knows it, else at the next higher one.
pub(super) fn encode_packets(sound: &mut dyn Sound) -> Result<Encoded> {
    let from = sound.rate();
    if !RATES.contains(&from) {
        return Err(Error::unsupported(format!("the recording has {from} samples a second")));
    }
    let rate = OPUS_RATES.into_iter().find(|rate| *rate >= from).unwrap_or(opus::RATE);
    let encoder = libraries::opus_encoder(rate)?;
    if rate == from {
        run(sound, encoder, from)
    } else {
        run(&mut *libraries::at_rate(sound, rate)?, encoder, from)
    }
}

fn run(sound: &mut dyn Sound, encoder: Box<dyn Encode>, input_rate: u32) -> Result<Encoded> {
    let rate = sound.rate();
    let frame = (rate / FRAMES_PER_SECOND) as usize;
    let delay = encoder.delay();
    let mut writer = Frames { encoder, packets: Vec::new(), bytes: 0 };
    let (mut block, mut samples) = (Vec::new(), 0);
    while sound.read(&mut block)? {
        let whole = block.len() / frame * frame;
        block[..whole].chunks_exact(frame).try_for_each(|part| writer.frame(part))?;
        block.drain(..whole);
        samples += whole as u64;
        check_length(samples / u64::from(rate))?;
    }
    samples += block.len() as u64;
    if samples == 0 {
        return Err(Error::broken("the recording holds no sound"));
    }
    // The coder is late: silence pushes out what it still holds.
    let wanted = samples * u64::from(opus::RATE) / u64::from(rate) + u64::from(delay);
    while writer.samples() < wanted {
        block.resize(frame, 0.0);
        writer.frame(&block)?;
        block.clear();
    }
    // Less than a packet.
    let unheard = (writer.samples() - wanted) as u32;
    let head = Head { channels: 1, pre_skip: delay, input_rate, gain: 0, mapping: 0 };
    Ok(Encoded { head, packets: writer.packets, unheard })
}

struct Frames {
    encoder: Box<dyn Encode>,
    packets: Vec<Vec<u8>>,
    bytes: usize,
}

impl Frames {
    fn frame(&mut self, frame: &[f32]) -> Result<()> {
        let packet = self.encoder.encode(frame)?;
        self.bytes += packet.len();
        if self.bytes > MAX_NOTE_BYTES {
            return Err(Error::too_large(format!(
                "the voice note would have more than {MAX_NOTE_BYTES} bytes"
            )));
        }
        self.packets.push(packet);
        Ok(())
    }

    /// What all packets last, at 48 kHz.
    fn samples(&self) -> u64 {
        self.packets.len() as u64 * u64::from(FRAME_SAMPLES)
    }
}

fn check_length(seconds: u64) -> Result<()> {
    match seconds > MAX_NOTE_SECONDS {
        true => Err(Error::too_large(format!("the recording lasts more than {MAX_NOTE_SECONDS} seconds"))),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    /// Silence of so many seconds.
    struct Silence {
        seconds: u64,
        /// Samples in front of the first second.
        more: usize,
    }

    const RATE: u32 = 8_000;

    impl Sound for Silence {
        fn rate(&self) -> u32 {
            RATE
        }

        fn read(&mut self, block: &mut Vec<f32>) -> Result<bool> {
            block.resize(block.len() + std::mem::take(&mut self.more), 0.0);
            if self.seconds == 0 {
                return Ok(false);
            }
            self.seconds -= 1;
            block.resize(block.len() + RATE as usize, 0.0);
            Ok(true)
        }
    }

    /// Makes packets of so many bytes.
    struct Coder(usize);

    impl Encode for Coder {
        fn delay(&self) -> u16 {
            312
        }

        fn encode(&mut self, frame: &[f32]) -> Result<Vec<u8>> {
            assert_eq!(frame.len(), 160);
            Ok(vec![8; self.0])
        }
    }

    fn encoded(seconds: u64, packet_bytes: usize) -> Result<Encoded> {
        run(&mut Silence { seconds, more: 0 }, Box::new(Coder(packet_bytes)), RATE)
    }

    #[test]
    fn voice_note_lasts_an_hour_and_no_second_more() {
        let whole = encoded(MAX_NOTE_SECONDS, 3).unwrap();
        assert_eq!(whole.packets.len(), 3_600 * 50 + 1);
        assert_eq!(encoded(MAX_NOTE_SECONDS + 1, 3).err().unwrap().kind(), ErrorKind::TooLarge);
    }

    #[test]
    fn voice_note_has_no_byte_more_than_its_limit() {
        let packet = MAX_NOTE_BYTES / 64;
        // 63 packets of sound, and one for what the coder still holds.
        let fits = run(&mut Silence { seconds: 1, more: 13 * 160 }, Box::new(Coder(packet)), RATE).unwrap();
        assert_eq!(fits.packets.len(), 64);
        let refused = run(&mut Silence { seconds: 1, more: 14 * 160 }, Box::new(Coder(packet)), RATE);
        assert_eq!(refused.err().unwrap().kind(), ErrorKind::TooLarge);
    }

    #[test]
    fn voice_note_is_as_long_as_its_sound_to_the_sample() {
        for more in 0..160 {
            let made = run(&mut Silence { seconds: 1, more }, Box::new(Coder(3)), RATE).unwrap();
            let heard = made.packets.len() as u64 * 960 - 312 - u64::from(made.unheard);
            assert_eq!(heard, 48_000 + more as u64 * 6);
            assert!(made.unheard < 960);
        }
    }

    #[test]
    fn recording_at_a_rate_of_no_recording_is_refused() {
        struct Odd(u32);
        impl Sound for Odd {
            fn rate(&self) -> u32 {
                self.0
            }
            fn read(&mut self, _: &mut Vec<f32>) -> Result<bool> {
                Ok(false)
            }
        }
        for rate in [0, 1, 3_999, 384_001, u32::MAX] {
            assert_eq!(encode_packets(&mut Odd(rate)).err().unwrap().kind(), ErrorKind::Unsupported);
        }
    }
}
