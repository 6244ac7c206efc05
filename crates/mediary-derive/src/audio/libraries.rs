//! Which library does what is asked ([`super::codec`]), and what is said where one was left out of the build.

use super::codec::{Decode, Encode, Sound};
use crate::Result;

/// A decoder of Opus at `rate`, one of [`OPUS_RATES`], with a gain in 1/256 dB.
pub(super) fn opus_decoder(rate: u32, gain: i16) -> Result<Box<dyn Decode>> {
    #[cfg(feature = "opus")]
    return Ok(Box::new(super::ropus_codec::Decoder::new(rate, gain)?));
    #[cfg(not(feature = "opus"))]
    {
        let _ = (rate, gain);
        Err(crate::Error::left_out("Opus", "opus"))
    }
}

/// An encoder of Opus for speech at `rate`, one of [`OPUS_RATES`].
pub(super) fn opus_encoder(rate: u32) -> Result<Box<dyn Encode>> {
    #[cfg(feature = "opus")]
    return Ok(Box::new(super::ropus_codec::Encoder::new(rate)?));
    #[cfg(not(feature = "opus"))]
    {
        let _ = rate;
        Err(crate::Error::left_out("Opus", "opus"))
    }
}

/// `sound` at another rate.
pub(super) fn at_rate<'s>(sound: &'s mut dyn Sound, rate: u32) -> Result<Box<dyn Sound + 's>> {
    #[cfg(feature = "opus")]
    return Ok(Box::new(super::resample::Resampled::new(sound, rate)?));
    #[cfg(not(feature = "opus"))]
    {
        let _ = (sound, rate);
        Err(crate::Error::left_out("Opus", "opus"))
    }
}

/// The rates that Opus knows, in Hz.
pub(super) const OPUS_RATES: [u32; 5] = [8_000, 12_000, 16_000, 24_000, 48_000];

/// A decoder of AMR's frames, header included: at 16 kHz if `wide`, else at 8 kHz.
pub(super) fn amr_decoder(wide: bool) -> Result<Box<dyn Decode>> {
    #[cfg(feature = "amr")]
    return Ok(Box::new(super::amr_codec::Decoder::new(wide)?));
    #[cfg(not(feature = "amr"))]
    {
        let _ = wide;
        Err(crate::Error::left_out("AMR", "amr"))
    }
}

#[cfg(all(test, not(all(feature = "opus", feature = "amr"))))]
mod tests {
    use super::*;

    #[test]
    fn codec_that_was_left_out_is_named() {
        #[cfg(not(feature = "opus"))]
        assert_eq!(
            opus_decoder(48_000, 0).err().unwrap().sentence(),
            "this build of Mediary cannot read Opus: it was made without the feature opus"
        );
        #[cfg(not(feature = "amr"))]
        assert_eq!(
            amr_decoder(false).err().unwrap().sentence(),
            "this build of Mediary cannot read AMR: it was made without the feature amr"
        );
    }
}
