//! A recording of any kind, and what is made of it.

use std::io::{Read, Seek, SeekFrom};

use super::amr::{self, AmrSound, Frames};
#[cfg(feature = "symphonia")]
use super::media::{Media, MediaSound, OpusInMedia};
use super::ogg_opus::{Item, OggOpus};
use super::opus;
use super::playable::{self, Playable};
use super::sound::{OpusItems, OpusSound, Sound, opus_samples, settled_ms};
use super::voice_note as note;
use super::waveform::{Meter, Waveform};
#[cfg(feature = "symphonia")]
use crate::video::Index;
use crate::{Error, Facts, Result};

/// No more is decoded for a waveform. Three hours of Opus take ten seconds of a core.
pub const MAX_SOUND_SECONDS: u64 = 3 * 3_600;
/// A waveform needs no more than this, and it costs less than the whole.
const WAVEFORM_RATE: u32 = 16_000;

/// What a recording is read from.
pub trait Input: Read + Seek + Send + Sync {}

impl<I: Read + Seek + Send + Sync> Input for I {}

/// A recording whose kind is known.
enum Recording<'s> {
    Ogg(Box<dyn OpusItems + 's>),
    Amr(Box<dyn Input + 's>),
    #[cfg(feature = "symphonia")]
    Media(Media<'s>),
}

const HEAD_BYTES: u64 = 16;

fn open<'s>(mut input: impl Input + 's) -> Result<Recording<'s>> {
    let mut head = Vec::new();
    input.rewind().map_err(|error| unreadable(&error))?;
    input.by_ref().take(HEAD_BYTES).read_to_end(&mut head).map_err(|error| unreadable(&error))?;
    let length = input.seek(SeekFrom::End(0)).map_err(|error| unreadable(&error))?;
    input.rewind().map_err(|error| unreadable(&error))?;
    if head.is_empty() {
        return Err(Error::broken("the recording has no byte"));
    }
    if head.starts_with(b"OggS") {
        let mut items = OggOpus::new(input);
        return match items.next()? {
            Some(Item::Head(head)) => {
                Ok(Recording::Ogg(Box::new(Begun { first: Some(Item::Head(head)), items })))
            }
            _ => Err(Error::unsupported("an Ogg file without Opus")),
        };
    }
    if amr::is_amr(&head) {
        return Ok(Recording::Amr(Box::new(input)));
    }
    other(input, &head, length)
}

fn unreadable(error: &std::io::Error) -> Error {
    Error::broken(format!("the recording cannot be read: {error}"))
}

#[cfg(feature = "symphonia")]
fn other<'s>(mut input: impl Input + 's, head: &[u8], length: u64) -> Result<Recording<'s>> {
    let mut header_ms = None;
    if head.get(4..8) == Some(b"ftyp") {
        let movie = Index::read(&mut input, length).and_then(|index| index.movie());
        header_ms = movie.ok().and_then(|movie| movie.duration_ms);
        input.rewind().map_err(|error| unreadable(&error))?;
    }
    Media::open(input, length, header_ms).map(Recording::Media)
}

#[cfg(not(feature = "symphonia"))]
fn other<'s>(_: impl Input + 's, _: &[u8], _: u64) -> Result<Recording<'s>> {
    Err(Error::left_out("recordings other than Ogg/Opus and AMR", "symphonia"))
}

/// Items of which the first was looked at.
struct Begun<I> {
    first: Option<Item>,
    items: I,
}

impl<I: OpusItems> OpusItems for Begun<I> {
    fn next(&mut self) -> Result<Option<Item>> {
        match self.first.take() {
            Some(first) => Ok(Some(first)),
            None => self.items.next(),
        }
    }
}

impl<'s> Recording<'s> {
    /// Its packets, if it is Opus.
    fn into_opus(self) -> Result<Box<dyn OpusItems + 's>, Self> {
        match self {
            Self::Ogg(items) => Ok(items),
            #[cfg(feature = "symphonia")]
            Self::Media(media) if media.is_opus() => Ok(Box::new(OpusInMedia::new(media))),
            other => Err(other),
        }
    }

    /// Its samples; those of Opus at `opus_rate`.
    fn into_sound(self, opus_rate: u32) -> Result<Box<dyn Sound + 's>> {
        match self.into_opus() {
            Ok(items) => Ok(Box::new(OpusSound::new(items, opus_rate))),
            Err(Self::Amr(input)) => Ok(Box::new(AmrSound::new(std::io::BufReader::new(input))?)),
            #[cfg(feature = "symphonia")]
            Err(Self::Media(media)) => Ok(Box::new(MediaSound::new(media)?)),
            Err(Self::Ogg(_)) => Err(Error::unsupported("an Ogg file without Opus")),
        }
    }

    /// What browsers may not play.
    fn unplayable(&self) -> Option<&'static str> {
        match self {
            Self::Ogg(_) => None,
            Self::Amr(_) => Some("AMR"),
            #[cfg(feature = "symphonia")]
            Self::Media(media) => media.unplayable(),
        }
    }
}

/// How long a recording lasts, and what browsers may be unable to play. Nothing is decoded.
///
/// # Errors
/// Broken, if there is no sound in it; unsupported, if its kind is not known; too large, beyond a limit of packets or pages.
pub fn facts(input: impl Input) -> Result<Facts> {
    let recording = open(input)?;
    let unplayable = recording.unplayable().map(str::to_owned);
    let duration_ms = match recording.into_opus() {
        Ok(mut items) => Some(opus_samples(&mut items)? * 1000 / u64::from(opus::RATE)),
        Err(Recording::Amr(input)) => {
            Some(Frames::new(std::io::BufReader::new(input))?.count()? * amr::FRAME_MS)
        }
        #[cfg(feature = "symphonia")]
        Err(Recording::Media(media)) => media.duration_ms()?,
        Err(Recording::Ogg(_)) => None,
    };
    Ok(Facts { duration_ms, unplayable, ..Facts::default() })
}

/// How loud a recording is over time.
///
/// # Errors
/// As [`facts`]; too large, beyond [`MAX_SOUND_SECONDS`]; unsupported, if its codec is not known or was left out of this build.
pub fn waveform(input: impl Input) -> Result<Waveform> {
    let mut sound = open(input)?.into_sound(WAVEFORM_RATE)?;
    let mut meter = Meter::new();
    let mut block = Vec::new();
    while sound.read(&mut block)? {
        meter.hear(&block);
        block.clear();
        if meter.samples() > MAX_SOUND_SECONDS * u64::from(sound.rate()) {
            return Err(Error::too_large(format!(
                "the recording lasts more than {MAX_SOUND_SECONDS} seconds"
            )));
        }
    }
    let counted = meter.samples() * 1000 / u64::from(sound.rate().max(1));
    Ok(meter.waveform(settled_ms(counted, sound.claimed_ms())))
}

/// The recording as every browser plays it.
///
/// # Errors
/// As [`waveform`]; unsupported, if it is Ogg and cannot be packed in another way without a loss.
pub fn playable(input: impl Input) -> Result<Playable> {
    match open(input)? {
        Recording::Ogg(mut items) => playable::remux(&mut items).map(Playable::Remuxed),
        other if other.unplayable().is_none() => Ok(Playable::Original),
        other => playable::encode(&mut *other.into_sound(opus::RATE)?).map(Playable::Encoded),
    }
}

/// The recording as WhatsApp takes it for a voice note: Ogg/Opus of one channel, without anything else that was in the file. Opus of
/// one channel keeps its packets.
///
/// # Errors
/// As [`waveform`]; too large, beyond [`super::MAX_NOTE_SECONDS`] or [`super::MAX_NOTE_BYTES`].
pub fn voice_note(mut input: impl Input) -> Result<Vec<u8>> {
    if let Ok(mut items) = open(&mut input)?.into_opus()
        && let Some(packed) = note::repack(&mut items)?
    {
        return Ok(packed);
    }
    note::encode(&mut *open(&mut input)?.into_sound(opus::RATE)?)
}
