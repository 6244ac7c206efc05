//! MP3, AAC, WAV, MP4, WebM and CAF by the crate `symphonia`; of Opus in these the packets, which another crate decodes.

use std::collections::VecDeque;
use std::io::{Read, Seek};
use std::panic::{self, AssertUnwindSafe};

use symphonia::core::codecs::audio::well_known::{CODEC_ID_ALAC, CODEC_ID_OPUS};
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::common::Limit;
use symphonia::core::errors::Error as MediaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::TimeBase;

use super::ogg_opus::{self, Item};
use super::opus::{self, Head, MAX_PACKET_BYTES};
use super::sound::{OpusItems, Sound, settled_ms};
use crate::{Error, Result};

/// Packets of one file, of all its tracks.
const MAX_PACKETS: u64 = 1 << 22;
/// Titles and covers are of no interest.
const MAX_TAG_BYTES: usize = 64 * 1024;

/// A file, opened at its first track of sound.
pub(super) struct Media<'s> {
    format: Box<dyn FormatReader + 's>,
    track: u32,
    packets: u64,
    /// How long it lasts by its header, in milliseconds, where this was read before.
    header_ms: Option<u64>,
}

/// What `symphonia` reads from.
struct Source<S> {
    inner: S,
    length: u64,
}

impl<S: Read> Read for Source<S> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.inner.read(buffer)
    }
}

impl<S: Seek> Seek for Source<S> {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.inner.seek(to)
    }
}

impl<S: Read + Seek + Send + Sync> MediaSource for Source<S> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.length)
    }
}

fn failed(error: &MediaError) -> Error {
    match error {
        MediaError::Unsupported(_) => Error::unsupported("the recording is of a kind that is not read"),
        MediaError::LimitError(_) => {
            Error::too_large("the recording is larger in some part than any that is read")
        }
        MediaError::IoError(_) => Error::broken("the recording is damaged: its end is missing"),
        _ => Error::broken("the recording is damaged: it cannot be decoded"),
    }
}

/// Calls `symphonia`. Some files make it panic (a CAF with a length near 2^64); these are broken.
fn guarded<T>(call: impl FnOnce() -> T) -> Result<T> {
    panic::catch_unwind(AssertUnwindSafe(call))
        .map_err(|_| Error::broken("the recording is damaged: it cannot be decoded"))
}

impl<'s> Media<'s> {
    /// Opens a file of `length` bytes. `header_ms` is known of an MP4: `symphonia` does not read its edit list.
    pub(super) fn open<S>(source: S, length: u64, header_ms: Option<u64>) -> Result<Self>
    where
        S: Read + Seek + Send + Sync + 's,
    {
        let stream = MediaSourceStream::new(Box::new(Source { inner: source, length }), Default::default());
        let tags = MetadataOptions::default()
            .limit_tag_bytes(Limit::Maximum(MAX_TAG_BYTES))
            .limit_visual_bytes(Limit::Maximum(MAX_TAG_BYTES));
        let probe =
            || symphonia::default::get_probe().probe(&Hint::new(), stream, FormatOptions::default(), tags);
        let format = guarded(probe)?.map_err(|error| match error {
            MediaError::IoError(_) => Error::broken("this is no recording of a known kind, or it is cut off"),
            other => failed(&other),
        })?;
        let track = format
            .default_track(TrackType::Audio)
            .ok_or_else(|| Error::unsupported("the file holds no sound of a known kind"))?
            .id;
        Ok(Self { format, track, packets: 0, header_ms })
    }

    fn track(&self) -> Option<&Track> {
        self.format.tracks().iter().find(|track| track.id == self.track)
    }

    fn parameters(&self) -> Option<&AudioCodecParameters> {
        self.track()?.codec_params.as_ref()?.audio()
    }

    pub(super) fn is_opus(&self) -> bool {
        self.codec() == Some(CODEC_ID_OPUS)
    }

    fn codec(&self) -> Option<AudioCodecId> {
        self.parameters().map(|parameters| parameters.codec)
    }

    /// What browsers may not play: the codec, or the kind of file.
    pub(super) fn unplayable(&self) -> Option<&'static str> {
        match self.format.format_info().short_name {
            "caf" => Some("CAF"),
            _ if self.codec() == Some(CODEC_ID_ALAC) => Some("ALAC"),
            _ => None,
        }
    }

    /// The next packet of the track. What is damaged ends the file.
    fn next(&mut self) -> Result<Option<Packet>> {
        loop {
            let packet = match guarded(|| self.format.next_packet())? {
                Ok(Some(packet)) => packet,
                Ok(None)
                | Err(MediaError::IoError(_) | MediaError::DecodeError(_) | MediaError::ResetRequired) => {
                    return Ok(None);
                }
                Err(error) => return Err(failed(&error)),
            };
            self.packets += 1;
            if self.packets > MAX_PACKETS {
                return Err(Error::too_large(format!("the recording has more than {MAX_PACKETS} packets")));
            }
            if packet.track_id == self.track {
                return Ok(Some(packet));
            }
        }
    }

    /// How long the sound lasts by the file's header.
    fn claimed_ms(&self) -> Option<u64> {
        let track = self.track()?;
        self.header_ms.or_else(|| Some(in_rate(track.duration?.get(), track.time_base?, 1000)))
    }

    /// How long the sound lasts by the packets that are there; where these do not say, by the file's header. Nothing is decoded.
    pub(super) fn duration_ms(mut self) -> Result<Option<u64>> {
        let base = self.track().and_then(|track| track.time_base);
        let claimed = self.claimed_ms();
        let mut units: u64 = 0;
        while let Some(packet) = self.next()? {
            units = units.saturating_add(packet.dur.get());
        }
        let counted = base.filter(|_| units > 0).map(|base| in_rate(units, base, 1000));
        Ok(counted.map(|counted| settled_ms(counted, claimed)).or(claimed))
    }
}

/// `units` of a time base, in units of which `rate` are a second.
fn in_rate(units: u64, base: TimeBase, rate: u32) -> u64 {
    let product = u128::from(units) * u128::from(base.numer.get()) * u128::from(rate);
    u64::try_from(product / u128::from(base.denom.get())).unwrap_or(u64::MAX)
}

/// Opus in another container than Ogg.
pub(super) struct OpusInMedia<'s> {
    media: Media<'s>,
    items: VecDeque<Item>,
    base: Option<TimeBase>,
}

impl<'s> OpusInMedia<'s> {
    pub(super) fn new(media: Media<'s>) -> Self {
        let parameters = media.parameters();
        let written = parameters.and_then(|parameters| parameters.extra_data.as_deref()).and_then(Head::read);
        let channels =
            parameters.and_then(|parameters| parameters.channels.as_ref()).map_or(1, |all| all.count());
        let delay = media.track().and_then(|track| track.delay).unwrap_or(0);
        let head = written.unwrap_or(Head {
            channels: u8::try_from(channels).unwrap_or(u8::MAX),
            pre_skip: u16::try_from(delay).unwrap_or(u16::MAX),
            input_rate: opus::RATE,
            gain: 0,
            mapping: 0,
        });
        let base = media.track().and_then(|track| track.time_base);
        Self { media, items: VecDeque::from([Item::Head(head)]), base }
    }
}

impl OpusInMedia<'_> {
    /// How many of a packet's last samples are not to be heard. WebM says it, and MP4 by a duration that is shorter.
    fn unheard(&self, packet: &Packet, samples: u32) -> u32 {
        let Some(base) = self.base else { return 0 };
        let trimmed = in_rate(packet.trim_end.get(), base, opus::RATE);
        // Other clocks than this are too coarse to compare.
        let lasts =
            if base.numer.get() == 1 && base.denom.get() == opus::RATE { packet.dur.get() } else { 0 };
        let cut = if lasts > 0 { u64::from(samples).saturating_sub(lasts) } else { 0 };
        u32::try_from(trimmed.max(cut)).unwrap_or(u32::MAX)
    }
}

impl OpusItems for OpusInMedia<'_> {
    fn next(&mut self) -> Result<Option<Item>> {
        if let Some(item) = self.items.pop_front() {
            return Ok(Some(item));
        }
        while let Some(packet) = self.media.next()? {
            let Some(samples) = opus::samples(&packet.data).filter(|_| packet.data.len() <= MAX_PACKET_BYTES)
            else {
                continue;
            };
            let unheard = self.unheard(&packet, samples).min(samples);
            let bytes = packet.data.into_vec();
            return Ok(Some(Item::Packet(ogg_opus::Packet { bytes, ranges: Vec::new(), samples, unheard })));
        }
        Ok(None)
    }
}

/// Sound that `symphonia` decodes.
pub(super) struct MediaSound<'s> {
    media: Media<'s>,
    decoder: Box<dyn AudioDecoder>,
    rate: u32,
    /// The first block: its rate is the sound's.
    first: Vec<f32>,
    interleaved: Vec<f32>,
}

impl<'s> MediaSound<'s> {
    pub(super) fn new(media: Media<'s>) -> Result<Self> {
        let parameters = media
            .parameters()
            .ok_or_else(|| Error::unsupported("the file holds no sound of a known kind"))?;
        let options = AudioDecoderOptions::default();
        let decoder = guarded(|| symphonia::default::get_codecs().make_audio_decoder(parameters, &options))?
            .map_err(|error| failed(&error))?;
        let mut sound = Self { media, decoder, rate: 0, first: Vec::new(), interleaved: Vec::new() };
        let mut first = Vec::new();
        while sound.rate == 0 {
            if !sound.step(&mut first)? {
                return Err(Error::broken("the recording holds no sound that can be decoded"));
            }
        }
        sound.first = first;
        Ok(sound)
    }

    /// Decodes a packet. What cannot be decoded is left out, and so is what suddenly has another rate.
    fn step(&mut self, block: &mut Vec<f32>) -> Result<bool> {
        let Some(packet) = self.media.next()? else { return Ok(false) };
        let decoded = match guarded(|| self.decoder.decode(&packet))? {
            Ok(decoded) => decoded,
            Err(MediaError::IoError(_) | MediaError::DecodeError(_)) => return Ok(true),
            Err(error) => return Err(failed(&error)),
        };
        let (rate, channels) = (decoded.spec().rate(), decoded.num_planes());
        if self.rate == 0 && decoded.frames() > 0 {
            self.rate = rate;
        }
        if rate == self.rate && channels > 0 {
            decoded.copy_to_vec_interleaved(&mut self.interleaved);
            block.extend(
                self.interleaved
                    .chunks_exact(channels)
                    .map(|frame| frame.iter().sum::<f32>() / channels as f32),
            );
        }
        Ok(true)
    }
}

impl Sound for MediaSound<'_> {
    fn rate(&self) -> u32 {
        self.rate
    }

    fn read(&mut self, block: &mut Vec<f32>) -> Result<bool> {
        if self.first.is_empty() {
            return self.step(block);
        }
        block.append(&mut self.first);
        Ok(true)
    }

    fn claimed_ms(&self) -> Option<u64> {
        self.media.claimed_ms()
    }
}
