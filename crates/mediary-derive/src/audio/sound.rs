//! Sound as it is heard: samples of one channel, block after block, whatever the file's form was.

use super::codec::Decode;
pub(super) use super::codec::Sound;
use super::libraries;
pub(super) use super::ogg_opus::OpusItems;
use super::ogg_opus::{Item, Packet};
use super::opus::{self, Head};
use crate::{Error, Result};

/// A coder works in packets: what is counted may last so much longer than the sound did.
const MAX_PADDING_MS: u64 = 200;

/// How long a recording lasts: as counted, unless the file claims to be shorter by no more than a coder's padding.
pub(super) fn settled_ms(counted: u64, claimed: Option<u64>) -> u64 {
    claimed
        .filter(|claimed| (1..=MAX_PADDING_MS).contains(&counted.saturating_sub(*claimed)))
        .unwrap_or(counted)
}

/// Decodes Opus.
pub(super) struct OpusSound<I> {
    items: I,
    rate: u32,
    decoder: Option<Box<dyn Decode>>,
    /// Samples still to be left out at the beginning of the recording.
    skip: usize,
    decoded: bool,
    damage: Option<Error>,
}

impl<I: OpusItems> OpusSound<I> {
    /// `rate` is one of those that Opus knows; a lower one than the file's costs less and loses what is higher.
    pub(super) fn new(items: I, rate: u32) -> Self {
        Self { items, rate, decoder: None, skip: 0, decoded: false, damage: None }
    }

    fn begin(&mut self, head: &Head) -> Result<()> {
        if head.mapping != 0 || head.channels > 2 {
            return Err(Error::unsupported("the recording has more than two channels"));
        }
        self.decoder = Some(libraries::opus_decoder(self.rate, head.gain)?);
        self.skip = self.at_rate(u32::from(head.pre_skip));
        Ok(())
    }

    /// What cannot be decoded is silent as long as it would have lasted.
    fn packet(&mut self, packet: &Packet, block: &mut Vec<f32>) {
        let Some(decoder) = &mut self.decoder else { return };
        let start = block.len();
        match decoder.decode(&packet.bytes, block) {
            Ok(()) => self.decoded |= !packet.bytes.is_empty(),
            Err(error) => self.damage = Some(error),
        }
        block.resize(start + self.at_rate(packet.samples), 0.0);
        block.truncate(block.len() - self.at_rate(packet.unheard));
        let skipped = self.skip.min(block.len() - start);
        block.drain(start..start + skipped);
        self.skip -= skipped;
    }

    /// So many samples at 48 kHz are how many at this rate.
    fn at_rate(&self, samples: u32) -> usize {
        (u64::from(samples) * u64::from(self.rate) / u64::from(opus::RATE)) as usize
    }
}

impl<I: OpusItems> Sound for OpusSound<I> {
    fn rate(&self) -> u32 {
        self.rate
    }

    fn read(&mut self, block: &mut Vec<f32>) -> Result<bool> {
        match self.items.next()? {
            Some(Item::Head(head)) => self.begin(&head)?,
            Some(Item::Packet(packet)) => self.packet(&packet, block),
            None => {
                return match self.damage.take() {
                    // Nothing at all could be decoded.
                    Some(damage) if !self.decoded => Err(damage),
                    _ => Ok(false),
                };
            }
        }
        Ok(true)
    }
}

/// How long a file of Opus lasts, in samples at 48 kHz. Nothing is decoded.
pub(super) fn opus_samples(items: &mut dyn OpusItems) -> Result<u64> {
    let (mut samples, mut of_link, mut skip) = (0, 0, 0);
    loop {
        match items.next()? {
            Some(Item::Packet(packet)) => of_link += u64::from(packet.samples - packet.unheard),
            Some(Item::Head(head)) => {
                samples += of_link.saturating_sub(skip);
                (of_link, skip) = (0, u64::from(head.pre_skip));
            }
            None => return Ok(samples + of_link.saturating_sub(skip)),
        }
    }
}

impl<I: OpusItems + ?Sized> OpusItems for Box<I> {
    fn next(&mut self) -> Result<Option<Item>> {
        (**self).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recording_lasts_as_it_claims_where_that_is_a_coders_padding_less_than_what_is_there() {
        assert_eq!(settled_ms(1_023, Some(1_000)), 1_000);
        assert_eq!(settled_ms(1_200, Some(1_000)), 1_000);
        assert_eq!(settled_ms(1_201, Some(1_000)), 1_201);
        assert_eq!(settled_ms(1_000, Some(u64::MAX)), 1_000);
        assert_eq!(settled_ms(1_000, Some(0)), 1_000);
        assert_eq!(settled_ms(1_000, None), 1_000);
    }
}
