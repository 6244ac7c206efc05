//! What is asked of the crates that know a codec, so that each can be exchanged, and of everything that is sound in the end.

use crate::Result;

/// A recording that is decoded while it is read.
pub(super) trait Sound {
    /// In Hz. It is the same to the end.
    fn rate(&self) -> u32;

    /// Appends the next samples, from -1 to 1, to `block`. False at the end.
    fn read(&mut self, block: &mut Vec<f32>) -> Result<bool>;

    /// How long it lasts by what the file says of itself, if that says it.
    fn claimed_ms(&self) -> Option<u64> {
        None
    }
}

/// Turns packets into sound of one channel, with samples from -1 to 1.
pub(super) trait Decode {
    /// In Hz.
    fn rate(&self) -> u32;

    /// Appends what `packet` holds to `sound`. An empty packet is one that was lost.
    ///
    /// # Errors
    /// Broken, where the packet makes no sense; the next one may.
    fn decode(&mut self, packet: &[u8], sound: &mut Vec<f32>) -> Result<()>;
}

/// Turns sound of one channel into packets of 20 ms.
pub(super) trait Encode {
    /// How many samples at 48 kHz the sound comes late.
    fn delay(&self) -> u16;

    /// `frame` has 20 ms.
    fn encode(&mut self, frame: &[f32]) -> Result<Vec<u8>>;
}
