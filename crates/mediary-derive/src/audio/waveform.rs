//! The loudness of a recording over time, as a row of bars.

use mediary_core::VariantKind;
use serde::{Deserialize, Serialize};

use crate::{Error, Product, Result};

/// How many bars a waveform has.
pub const BARS: usize = 200;
/// The recipe of the bars. A waveform of an older recipe is made again.
pub const VERSION: u32 = 1;
/// While a recording is read, its loudness is kept in cells. When so many are full, each two become one.
const CELLS: usize = 1 << 16;
/// A recording that is nowhere louder than this is silent, and its noise is not blown up. -60 dB.
const SILENCE: f32 = 0.001;

/// As it is stored and sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waveform {
    pub version: u32,
    pub duration_ms: u64,
    /// [`BARS`] numbers from 0 to 255. The loudest has 255, unless all is silent.
    pub peaks: Vec<u8>,
}

impl Waveform {
    /// As a file beside the recording.
    ///
    /// # Errors
    /// None that happens: the form has nothing that JSON lacks.
    pub fn product(&self) -> Result<Product> {
        let bytes = serde_json::to_vec(self).map_err(|error| Error::broken(error.to_string()))?;
        Ok(Product {
            kind: VariantKind::Peaks,
            mime_type: "application/json",
            width: None,
            height: None,
            duration_ms: Some(self.duration_ms),
            bytes,
        })
    }
}

/// The loudness of a part.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    largest: f32,
    /// Of the squares of all samples.
    energy: f32,
    samples: u32,
}

impl Cell {
    fn add(&mut self, other: Self) {
        self.largest = self.largest.max(other.largest);
        self.energy += other.energy;
        self.samples += other.samples;
    }

    /// Between the largest sample and the effective one: the first alone is all clicks, the second alone hides words.
    fn loudness(&self) -> f32 {
        let effective = (self.energy / self.samples.max(1) as f32).sqrt();
        f32::midpoint(self.largest, effective)
    }
}

/// Collects the loudness of a recording of unknown length, in memory of a fixed size.
#[derive(Debug)]
pub(super) struct Meter {
    cells: Vec<Cell>,
    /// How many samples a full cell has.
    width: u32,
    samples: u64,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self { cells: Vec::new(), width: 1, samples: 0 }
    }

    /// So many samples were heard.
    pub(super) fn samples(&self) -> u64 {
        self.samples
    }

    pub(super) fn hear(&mut self, sound: &[f32]) {
        self.samples += sound.len() as u64;
        let mut rest = sound;
        while !rest.is_empty() {
            let open = self.cells.last().map_or(0, |cell| (self.width - cell.samples) as usize);
            if open == 0 {
                if self.cells.len() == CELLS {
                    self.halve();
                }
                self.cells.push(Cell::default());
                continue;
            }
            let (part, after) = rest.split_at(open.min(rest.len()));
            if let Some(cell) = self.cells.last_mut() {
                cell.add(measure(part));
            }
            rest = after;
        }
    }

    fn halve(&mut self) {
        for place in 0..CELLS / 2 {
            let mut both = self.cells[2 * place];
            both.add(self.cells[2 * place + 1]);
            self.cells[place] = both;
        }
        self.cells.truncate(CELLS / 2);
        self.width *= 2;
    }

    /// The waveform of what was heard, which lasts `duration_ms`.
    pub(super) fn waveform(&self, duration_ms: u64) -> Waveform {
        let bars: Vec<f32> = (0..BARS).map(|bar| self.bar(bar).loudness()).collect();
        let loudest = bars.iter().copied().fold(0.0, f32::max);
        let scale = if loudest < SILENCE { 0.0 } else { 255.0 / loudest };
        let peaks = bars.iter().map(|loudness| (loudness * scale).round() as u8).collect();
        Waveform { version: VERSION, duration_ms, peaks }
    }

    /// The cells of a bar; one at least, if there is any.
    fn bar(&self, bar: usize) -> Cell {
        let cells = self.cells.len();
        let from = bar * cells / BARS;
        let to = ((bar + 1) * cells / BARS).max(from + 1).min(cells);
        let mut all = Cell::default();
        self.cells.get(from..to).unwrap_or_default().iter().for_each(|cell| all.add(*cell));
        all
    }
}

fn measure(part: &[f32]) -> Cell {
    let mut cell = Cell { samples: part.len() as u32, ..Cell::default() };
    for sample in part {
        // A broken file may hold numbers that are none.
        let sample = if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 };
        cell.largest = cell.largest.max(sample.abs());
        cell.energy += sample * sample;
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Silence, then half as loud as it gets, then as loud as it gets.
    fn steps(samples: usize) -> Meter {
        let mut meter = Meter::new();
        let tone = |loudness: f32| (0..samples).map(move |n| if n % 2 == 0 { loudness } else { -loudness });
        let sound: Vec<f32> = tone(0.0).chain(tone(0.25)).chain(tone(0.5)).chain(tone(0.0)).collect();
        sound.chunks(777).for_each(|block| meter.hear(block));
        meter
    }

    #[test]
    fn waveform_shows_what_is_loud_where_it_is() {
        for samples in [50, 1_000, 300_000] {
            let waveform = steps(samples).waveform(10);
            assert_eq!(waveform.peaks.len(), BARS);
            for (range, expected) in [(0..49, 0), (51..99, 128), (101..149, 255), (151..200, 0)] {
                assert!(
                    waveform.peaks[range.clone()].iter().all(|peak| *peak == expected),
                    "{samples} {range:?}"
                );
            }
        }
    }

    #[test]
    fn waveform_of_few_samples_or_none_has_its_bars() {
        for samples in 0..5 {
            let mut meter = Meter::new();
            meter.hear(&vec![0.5; samples]);
            let expected = if samples == 0 { 0 } else { 255 };
            assert_eq!(meter.waveform(0).peaks, vec![expected; BARS]);
        }
    }

    #[test]
    fn waveform_of_silence_is_flat_and_of_numbers_that_are_none_too() {
        let mut meter = Meter::new();
        meter.hear(&[0.0009, -0.0009, f32::NAN, f32::INFINITY].repeat(500));
        assert_eq!(meter.waveform(0).peaks, vec![0; BARS]);
    }

    #[test]
    fn waveform_is_json_with_version_duration_and_peaks() {
        let mut meter = Meter::new();
        meter.hear(&[0.5]);
        let product = meter.waveform(1_234).product().unwrap();
        let json: serde_json::Value = serde_json::from_slice(&product.bytes).unwrap();
        assert_eq!(json["version"], 1);
        assert_eq!(json["durationMs"], 1_234);
        assert_eq!(json["peaks"].as_array().unwrap().len(), BARS);
    }
}
