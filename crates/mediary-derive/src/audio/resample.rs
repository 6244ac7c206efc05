//! Sound at another rate, by the crate `rubato`.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Async, FixedAsync, Indexing, Resampler, SincInterpolationParameters, WindowFunction};

use super::codec::Sound;
use crate::{Error, Result};

/// Samples that are worked on at once.
const BLOCK: usize = 1_024;
/// Of the filter: enough for speech, a quarter of the work of the crate's default.
const FILTER: usize = 64;

/// Another sound, at another rate.
pub(super) struct Resampled<'s> {
    sound: &'s mut dyn Sound,
    rate: u32,
    inner: Async<f32>,
    input: Vec<f32>,
    output: Vec<f32>,
    /// Samples of the filter's delay, still to be left out.
    skip: usize,
    /// How many samples came in, and how many went out.
    taken: u64,
    given: u64,
    ended: bool,
}

impl<'s> Resampled<'s> {
    pub(super) fn new(sound: &'s mut dyn Sound, rate: u32) -> Result<Self> {
        let ratio = f64::from(rate) / f64::from(sound.rate());
        let filter = SincInterpolationParameters::new(FILTER, WindowFunction::BlackmanHarris2);
        let inner = Async::new_sinc(ratio, 1.0, &filter, BLOCK, 1, FixedAsync::Input).map_err(failed)?;
        let (skip, output) = (inner.output_delay(), vec![0.0; inner.output_frames_max()]);
        Ok(Self { sound, rate, inner, input: Vec::new(), output, skip, taken: 0, given: 0, ended: false })
    }

    /// Works on one block; what is missing in it is silence.
    fn step(&mut self, block: &mut Vec<f32>) -> Result<()> {
        let known = self.input.len().min(BLOCK);
        let rest = self.input.split_off(known);
        self.taken += known as u64;
        self.input.resize(BLOCK, 0.0);
        let frames = self.output.len();
        let input = SequentialSlice::new(&self.input, 1, BLOCK).map_err(failed)?;
        let mut output = SequentialSlice::new_mut(&mut self.output, 1, frames).map_err(failed)?;
        let (_, made) =
            self.inner.process_into_buffer(&input, &mut output, Some(&Indexing::new())).map_err(failed)?;
        self.input = rest;
        let skipped = self.skip.min(made);
        self.skip -= skipped;
        let due = (self.due() - self.given).min((made - skipped) as u64);
        self.given += due;
        block.extend_from_slice(&self.output[skipped..skipped + due as usize]);
        Ok(())
    }

    /// So many samples belong to what came in.
    fn due(&self) -> u64 {
        (u128::from(self.taken) * u128::from(self.rate) / u128::from(self.sound.rate())) as u64
    }
}

fn failed<E>(_: E) -> Error {
    Error::broken("the rate of the sound cannot be changed")
}

impl Sound for Resampled<'_> {
    fn rate(&self) -> u32 {
        self.rate
    }

    fn read(&mut self, block: &mut Vec<f32>) -> Result<bool> {
        while !self.ended && self.input.len() < BLOCK {
            self.ended = !self.sound.read(&mut self.input)?;
        }
        if self.input.is_empty() && self.given >= self.due() {
            return Ok(false);
        }
        self.step(block)?;
        Ok(true)
    }
}
