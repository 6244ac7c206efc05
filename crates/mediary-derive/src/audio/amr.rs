//! Files of AMR and AMR-WB (RFC 4867, 5): a name, then frames of 20 ms, each with a byte in front that says how long it is.

use std::io::Read;

use super::codec::Decode;
use super::libraries;
use super::sound::Sound;
use crate::{Error, Result};

/// A file of 16 MB has at most so many, of one byte each.
pub(super) const MAX_FRAMES: u64 = 16 * 1024 * 1024;
pub(super) const FRAME_MS: u64 = 20;

const NARROW: &[u8] = b"#!AMR\n";
const WIDE: &[u8] = b"#!AMR-WB\n";
/// How many bytes follow the first one, by the kind of frame. Kinds without a length are reserved.
const NARROW_BYTES: [Option<u8>; 16] = [
    Some(12),
    Some(13),
    Some(15),
    Some(17),
    Some(19),
    Some(20),
    Some(26),
    Some(31),
    Some(5),
    None,
    None,
    None,
    None,
    None,
    None,
    Some(0),
];
const WIDE_BYTES: [Option<u8>; 16] = [
    Some(17),
    Some(23),
    Some(32),
    Some(36),
    Some(40),
    Some(46),
    Some(50),
    Some(58),
    Some(60),
    Some(5),
    None,
    None,
    None,
    None,
    Some(0),
    Some(0),
];

/// Whether a file begins like one of AMR.
pub(super) fn is_amr(head: &[u8]) -> bool {
    head.starts_with(b"#!AMR")
}

/// Reads frame after frame.
pub(super) struct Frames<R> {
    source: R,
    pub(super) wide: bool,
    frames: u64,
}

impl<R: Read> Frames<R> {
    pub(super) fn new(mut source: R) -> Result<Self> {
        let mut name = [0; NARROW.len()];
        let mut rest = [0; WIDE.len() - NARROW.len()];
        let cut_off = |_| Error::broken("the AMR recording is cut off in its name");
        source.read_exact(&mut name).map_err(cut_off)?;
        if name == NARROW {
            return Ok(Self { source, wide: false, frames: 0 });
        }
        source.read_exact(&mut rest).map_err(cut_off)?;
        match [&name[..], &rest].concat() == WIDE {
            true => Ok(Self { source, wide: true, frames: 0 }),
            false => Err(Error::unsupported("an AMR recording of several channels, or of an unknown kind")),
        }
    }

    /// The next frame, its first byte included; none at the end, which damage is too.
    fn next(&mut self) -> Result<Option<Vec<u8>>> {
        let mut first = [0; 1];
        if self.source.read_exact(&mut first).is_err() {
            return Ok(None);
        }
        let lengths = if self.wide { &WIDE_BYTES } else { &NARROW_BYTES };
        let Some(length) = lengths[usize::from(first[0] >> 3 & 15)] else { return Ok(None) };
        let mut frame = vec![first[0]; 1 + usize::from(length)];
        if self.source.read_exact(&mut frame[1..]).is_err() {
            return Ok(None);
        }
        self.frames += 1;
        if self.frames > MAX_FRAMES {
            return Err(Error::too_large(format!("the AMR recording has more than {MAX_FRAMES} frames")));
        }
        Ok(Some(frame))
    }

    /// How many frames there are. Nothing is decoded.
    pub(super) fn count(mut self) -> Result<u64> {
        while self.next()?.is_some() {}
        match self.frames {
            0 => Err(Error::broken("the AMR recording holds no frame")),
            frames => Ok(frames),
        }
    }
}

/// Decodes AMR.
pub(super) struct AmrSound<R> {
    frames: Frames<R>,
    decoder: Box<dyn Decode>,
}

impl<R: Read> AmrSound<R> {
    pub(super) fn new(source: R) -> Result<Self> {
        let frames = Frames::new(source)?;
        let decoder = libraries::amr_decoder(frames.wide)?;
        Ok(Self { frames, decoder })
    }
}

impl<R: Read> Sound for AmrSound<R> {
    fn rate(&self) -> u32 {
        self.decoder.rate()
    }

    fn read(&mut self, block: &mut Vec<f32>) -> Result<bool> {
        let Some(frame) = self.frames.next()? else {
            return match self.frames.frames {
                0 => Err(Error::broken("the AMR recording holds no frame")),
                _ => Ok(false),
            };
        };
        let start = block.len();
        // What cannot be decoded is silent.
        let _ = self.decoder.decode(&frame, block);
        block.resize(start + (u64::from(self.rate()) * FRAME_MS / 1000) as usize, 0.0);
        Ok(true)
    }
}
