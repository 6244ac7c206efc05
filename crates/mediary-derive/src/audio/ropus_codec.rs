//! Opus by the crate `ropus`.

use ropus::{Application, Bitrate, Channels, DecodeMode, Signal};

use super::codec;
use super::opus::RATE;
use crate::{Error, Result};

/// Speech is clear at this; WhatsApp's own voice notes have 16 kbit/s.
const BITS_PER_SECOND: u32 = 24_000;
/// Of 0 to 10. Half the work of the highest, hardly a difference to hear.
const COMPLEXITY: u8 = 5;
/// The longest that RFC 6716 allows for a frame.
const MAX_FRAME_BYTES: usize = 1_275;

pub(super) struct Decoder {
    inner: ropus::Decoder,
    frame: Vec<i16>,
}

impl Decoder {
    pub(super) fn new(rate: u32, gain: i16) -> Result<Self> {
        let mut inner = ropus::Decoder::new(rate, Channels::Mono).map_err(damaged)?;
        inner.set_gain(i32::from(gain)).map_err(damaged)?;
        let frame = vec![0; inner.max_frame_samples_per_channel()];
        Ok(Self { inner, frame })
    }
}

fn damaged<E>(_: E) -> Error {
    Error::broken("the recording is damaged: its Opus cannot be decoded")
}

impl codec::Decode for Decoder {
    fn rate(&self) -> u32 {
        self.inner.sample_rate()
    }

    fn decode(&mut self, packet: &[u8], sound: &mut Vec<f32>) -> Result<()> {
        let samples = self.inner.decode(packet, &mut self.frame, DecodeMode::Normal).map_err(damaged)?;
        sound.extend(self.frame[..samples].iter().map(|sample| f32::from(*sample) / 32_768.0));
        Ok(())
    }
}

pub(super) struct Encoder {
    inner: ropus::Encoder,
}

impl Encoder {
    pub(super) fn new(rate: u32) -> Result<Self> {
        let inner = ropus::Encoder::builder(rate, Channels::Mono, Application::Voip)
            .bitrate(Bitrate::Bits(BITS_PER_SECOND))
            .complexity(COMPLEXITY)
            .signal(Signal::Voice)
            .build()
            .map_err(|_| Error::unsupported(format!("Opus cannot be encoded at {rate} Hz")))?;
        Ok(Self { inner })
    }
}

impl codec::Encode for Encoder {
    fn delay(&self) -> u16 {
        // The crate counts at its own rate, whatever its documentation says.
        let delay = self.inner.lookahead() * RATE / self.inner.sample_rate();
        u16::try_from(delay).unwrap_or(u16::MAX)
    }

    fn encode(&mut self, frame: &[f32]) -> Result<Vec<u8>> {
        let mut packet = vec![0; MAX_FRAME_BYTES];
        let length = self
            .inner
            .encode_float(frame, &mut packet)
            .map_err(|_| Error::broken("the sound cannot be encoded as Opus"))?;
        // An hour has 180,000 packets: none keeps the room of the largest.
        Ok(packet[..length].to_vec())
    }
}
