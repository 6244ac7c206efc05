//! AMR and AMR-WB by the crate `rvoip-codec-core`.

use codec_core::codecs::amr::{AmrCodec, AmrFrameType, AmrVariant};
use codec_core::types::{CodecConfig, CodedFrame, VariableRateCodec};

use super::codec;
use crate::{Error, Result};

pub(super) struct Decoder {
    inner: AmrCodec,
    variant: AmrVariant,
}

impl Decoder {
    pub(super) fn new(wide: bool) -> Result<Self> {
        let (config, variant) = match wide {
            true => (CodecConfig::amr_wb(), AmrVariant::WideBand),
            false => (CodecConfig::amr_nb(), AmrVariant::NarrowBand),
        };
        let inner = AmrCodec::new(&config.with_amr_dtx(true)).map_err(failed)?;
        Ok(Self { inner, variant })
    }
}

fn failed<E>(_: E) -> Error {
    Error::broken("the recording is damaged: its AMR cannot be decoded")
}

impl codec::Decode for Decoder {
    fn rate(&self) -> u32 {
        match self.variant {
            AmrVariant::WideBand => 16_000,
            AmrVariant::NarrowBand => 8_000,
        }
    }

    fn decode(&mut self, packet: &[u8], sound: &mut Vec<f32>) -> Result<()> {
        let (first, data) = packet.split_first().unwrap_or((&NO_DATA, &[]));
        let kind = AmrFrameType::from_index(self.variant, first >> 3 & 15).map_err(failed)?;
        let mut frame = match kind {
            AmrFrameType::Speech(mode) => CodedFrame::speech(mode.index(), data.to_vec()),
            AmrFrameType::Sid(_) => CodedFrame::comfort_noise(data.to_vec()),
            AmrFrameType::NoData => CodedFrame::no_data(),
            AmrFrameType::SpeechLost => CodedFrame::lost(),
        };
        frame.quality_ok = first & QUALITY_OK != 0;
        let samples = self.inner.decode_frame(&frame).map_err(failed)?;
        sound.extend(samples.iter().map(|sample| f32::from(*sample) / 32_768.0));
        Ok(())
    }
}

/// The first byte of a frame that was not sent.
const NO_DATA: u8 = 15 << 3 | QUALITY_OK;
/// The bit that is not set where a frame is known to be damaged.
const QUALITY_OK: u8 = 4;
