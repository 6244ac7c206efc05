//! Opus in MP4 (the "Encapsulation of Opus in ISO Base Media File Format"): the same packets behind an index, which browsers play that
//! do not know Ogg. They stand in front of it, so it plays while it loads and its duration is known at once.
//!
//! The samples that belong to the coder (pre-skip) stand in the codec's own header alone. An edit list that left them out as well,
//! as the standard has it, would have them left out twice by Chromium. So the one edit is
//! all that there is; silence at the end is left out by the duration of the last packet, as ffmpeg does it.

use super::opus::{Head, RATE};
use crate::{Error, Result};

/// A sample of the file: a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) bytes: u32,
    /// What is heard of it, at 48 kHz: the last one may have silence behind that. Never 0.
    pub(super) samples: u32,
}

/// The index has some 4 bytes for each: 5 hours of packets of 20 ms.
pub(super) const MAX_SAMPLES: usize = 1 << 20;
/// How much sound a decoder needs before it is in step after a jump: 80 ms.
const PRE_ROLL: u32 = 3_840;
const TRACK: u32 = 1;

/// What stands before the packets, if these follow one another in one piece.
///
/// # Errors
/// Too large, beyond [`MAX_SAMPLES`] or 4 GB; broken, without a packet.
pub(super) fn head(head: &Head, samples: &[Sample]) -> Result<Vec<u8>> {
    if samples.len() > MAX_SAMPLES {
        return Err(Error::too_large(format!("the recording has more than {MAX_SAMPLES} packets")));
    }
    let Some(first) = samples.first() else {
        return Err(Error::broken("the recording holds no sound"));
    };
    let times = Times {
        media: samples.iter().map(|sample| u64::from(sample.samples)).sum(),
        roll: PRE_ROLL.div_ceil(first.samples.max(1)) as u16,
    };
    let ftyp = boxed(b"ftyp", b"isom\0\0\x02\0isomiso2mp41");
    // The length of the index does not depend on the offset in it.
    let length = ftyp.len() + moov(head, samples, &times, 0)?.len() + HEADER_BYTES;
    let too_large = |_| Error::too_large("the recording has more than 4 GB");
    let data = u32::try_from(length).map_err(too_large)?;
    let bytes: u64 = samples.iter().map(|sample| u64::from(sample.bytes)).sum();
    let mdat = u32::try_from(bytes + HEADER_BYTES as u64).map_err(too_large)?;
    Ok([ftyp, moov(head, samples, &times, data)?, mdat.to_be_bytes().to_vec(), b"mdat".to_vec()].concat())
}

const HEADER_BYTES: usize = 8;

struct Times {
    /// Of all packets, at 48 kHz. All of it is played, but for the pre-skip, which the decoder leaves out.
    media: u64,
    /// How many packets a decoder needs before it is in step.
    roll: u16,
}

fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    // What is written here has at most some megabytes.
    let length = (content.len() + HEADER_BYTES) as u32;
    [&length.to_be_bytes(), &kind[..], content].concat()
}

fn full(kind: &[u8; 4], version: u8, flags: u32, content: &[u8]) -> Vec<u8> {
    let word = u32::from(version) << 24 | flags;
    boxed(kind, &[&word.to_be_bytes(), content].concat())
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// No turn, no stretch.
const MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

fn moov(head: &Head, samples: &[Sample], times: &Times, data: u32) -> Result<Vec<u8>> {
    let edit = times.media.to_be_bytes();
    // Times, scale and duration; rate 1, volume 1; the next track's number.
    let mvhd = [
        &[0; 16][..],
        &RATE.to_be_bytes(),
        &edit,
        &[0, 1, 0, 0, 1, 0],
        &[0; 10],
        &words(&MATRIX),
        &[0; 24],
        &words(&[TRACK + 1]),
    ]
    .concat();
    // Times, number, duration; layer and group; volume 1.
    let tkhd = [&[0; 16][..], &words(&[TRACK, 0]), &edit, &[0; 12], &[1, 0, 0, 0], &words(&MATRIX), &[0; 8]]
        .concat();
    let elst = [&words(&[1])[..], &edit, &0u64.to_be_bytes(), &words(&[0x1_0000])].concat();
    const ENABLED_AND_IN_MOVIE: u32 = 3;
    let trak = [
        full(b"tkhd", 1, ENABLED_AND_IN_MOVIE, &tkhd),
        boxed(b"edts", &full(b"elst", 1, 0, &elst)),
        boxed(b"mdia", &mdia(head, samples, times, data)?),
    ]
    .concat();
    Ok(boxed(b"moov", &[full(b"mvhd", 1, 0, &mvhd), boxed(b"trak", &trak)].concat()))
}

fn mdia(head: &Head, samples: &[Sample], times: &Times, data: u32) -> Result<Vec<u8>> {
    /// "und", each letter in five bits.
    const NO_LANGUAGE: u16 = 0x55c4;
    const IN_THIS_FILE: u32 = 1;
    let mdhd =
        [&[0; 16][..], &RATE.to_be_bytes(), &times.media.to_be_bytes(), &NO_LANGUAGE.to_be_bytes(), &[0; 2]]
            .concat();
    let hdlr = [&[0; 4][..], b"soun", &[0; 12], b"Sound\0"].concat();
    let dref = [words(&[1]), full(b"url ", 0, IN_THIS_FILE, &[])].concat();
    let minf = [
        full(b"smhd", 0, 0, &[0; 4]),
        boxed(b"dinf", &full(b"dref", 0, 0, &dref)),
        boxed(b"stbl", &stbl(head, samples, times, data)?),
    ]
    .concat();
    Ok([full(b"mdhd", 1, 0, &mdhd), full(b"hdlr", 0, 0, &hdlr), boxed(b"minf", &minf)].concat())
}

fn stbl(head: &Head, samples: &[Sample], times: &Times, data: u32) -> Result<Vec<u8>> {
    let count =
        u32::try_from(samples.len()).map_err(|_| Error::too_large("the recording has too many packets"))?;
    let sizes: Vec<u8> = samples.iter().flat_map(|sample| sample.bytes.to_be_bytes()).collect();
    let durations = runs(samples);
    // Each packet belongs to the one group, whose samples need so many packets before them.
    let roll = [b"roll", &words(&[2, 1])[..], &(-i32::from(times.roll) as i16).to_be_bytes()].concat();
    let group = [b"roll", &words(&[1, count, 1])[..]].concat();
    Ok([
        full(b"stsd", 0, 0, &[words(&[1]), sample_entry(head)].concat()),
        full(b"stts", 0, 0, &[words(&[(durations.len() / 8) as u32]), durations].concat()),
        // One chunk with all packets, described by the first entry.
        full(b"stsc", 0, 0, &words(&[1, 1, count, 1])),
        full(b"stsz", 0, 0, &[words(&[0, count]), sizes].concat()),
        full(b"stco", 0, 0, &words(&[1, data])),
        full(b"sgpd", 1, 0, &roll),
        full(b"sbgp", 0, 0, &group),
    ]
    .concat())
}

/// How many packets in a row last how long.
fn runs(samples: &[Sample]) -> Vec<u8> {
    samples
        .chunk_by(|one, next| one.samples == next.samples)
        .flat_map(|run| words(&[run.len() as u32, run[0].samples]))
        .collect()
}

fn sample_entry(head: &Head) -> Vec<u8> {
    let dops = [
        &[0, head.channels][..],
        &head.pre_skip.to_be_bytes(),
        &head.input_rate.to_be_bytes(),
        &head.gain.to_be_bytes(),
        &[0],
    ]
    .concat();
    // Described by the first reference; channels, 16 bits a sample; the rate with 16 bits behind the point.
    let fields = [
        &[0, 0, 0, 0, 0, 0, 0, 1][..],
        &[0; 8],
        &[0, head.channels, 0, 16, 0, 0, 0, 0],
        &(RATE << 16).to_be_bytes(),
    ]
    .concat();
    boxed(b"Opus", &[fields, boxed(b"dOps", &dops)].concat())
}
