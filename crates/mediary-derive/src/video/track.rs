//! One track of a video: its kind, codec, size as shown, and duration.

use super::boxes::{InnerBox, Walk, find, u32_at, u64_at};
use super::codecs::{self, Codec};
use crate::Result;
use crate::limits::MAX_DURATION_MS;

/// What a track carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackKind {
    Video,
    Audio,
    /// Subtitles, time codes, hints, metadata.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    pub kind: TrackKind,
    /// As people know it; where unknown, the four letters that the file has.
    pub codec: String,
    /// Whether every current browser plays it.
    pub plays: bool,
    pub encrypted: bool,
    /// In pixels, as it is shown.
    pub size: Option<(u32, u32)>,
    pub duration_ms: Option<u64>,
}

/// The sample entry of a video or sound begins with fields of a fixed size (ISO/IEC 14496-12, 12.1.3 and 12.2.3).
const VISUAL_ENTRY_BYTES: usize = 78;
const AUDIO_ENTRY_BYTES: usize = 28;
/// QuickTime's second version of the sound entry is longer.
const AUDIO_ENTRY_V1_BYTES: usize = 44;
const AUDIO_ENTRY_V2_BYTES: usize = 64;

/// Reads a `trak`. Where something in it is missing or makes no sense, that alone is unknown.
pub(super) fn read(walk: &mut Walk, trak: InnerBox<'_>) -> Result<Track> {
    let boxes = walk.children(trak.content)?;
    let header = find(&boxes, b"tkhd");
    let media =
        find(&boxes, b"mdia").map(|mdia| walk.children(mdia.content)).transpose()?.unwrap_or_default();
    let kind = find(&media, b"hdlr").map_or(TrackKind::Other, |hdlr| match hdlr.content.get(8..12) {
        Some(b"vide") => TrackKind::Video,
        Some(b"soun") => TrackKind::Audio,
        _ => TrackKind::Other,
    });
    let entry = sample_entry(walk, &media)?;
    let description = match entry {
        Some(entry) => describe(walk, kind, entry)?,
        None => Description::unknown(),
    };
    let shown = header.and_then(shown_size);
    Ok(Track {
        kind,
        codec: description.name,
        plays: description.plays,
        encrypted: description.encrypted,
        size: if kind == TrackKind::Video { shown.or(description.size) } else { None },
        duration_ms: find(&media, b"mdhd").and_then(media_duration),
    })
}

/// The first entry of the table that describes the track's samples.
fn sample_entry<'a>(walk: &mut Walk, media: &[InnerBox<'a>]) -> Result<Option<InnerBox<'a>>> {
    let Some(minf) = find(media, b"minf") else { return Ok(None) };
    let Some(stbl) = find(&walk.children(minf.content)?, b"stbl") else { return Ok(None) };
    let Some(stsd) = find(&walk.children(stbl.content)?, b"stsd") else { return Ok(None) };
    // Version, flags and the number of entries come first.
    let Some(entries) = stsd.content.get(8..) else { return Ok(None) };
    Ok(walk.children(entries)?.first().copied())
}

struct Description {
    name: String,
    plays: bool,
    encrypted: bool,
    size: Option<(u32, u32)>,
}

impl Description {
    fn unknown() -> Self {
        Self { name: "unknown".to_owned(), plays: false, encrypted: false, size: None }
    }
}

fn describe(walk: &mut Walk, kind: TrackKind, entry: InnerBox<'_>) -> Result<Description> {
    let fixed = match kind {
        TrackKind::Video => VISUAL_ENTRY_BYTES,
        TrackKind::Audio => match entry.content.get(8..10) {
            Some([0, 1]) => AUDIO_ENTRY_V1_BYTES,
            Some([0, 2]) => AUDIO_ENTRY_V2_BYTES,
            _ => AUDIO_ENTRY_BYTES,
        },
        TrackKind::Other => entry.content.len(),
    };
    // A file may keep anything behind the fixed part. What is no box there tells nothing, and harms nothing.
    let details = walk.children(entry.content.get(fixed..).unwrap_or_default()).unwrap_or_default();
    let encrypted = matches!(&entry.kind, b"encv" | b"enca" | b"enct" | b"drmi" | b"drms");
    let original = if encrypted { original_format(walk, &details)? } else { entry.kind };
    let coded = (kind == TrackKind::Video).then(|| coded_size(entry)).flatten();
    let codec = codec(walk, original, &details)?;
    Ok(Description {
        name: codec.map_or_else(|| four_letters(original), |codec| codec.name.to_owned()),
        plays: codec.is_some_and(|codec| codec.plays) && !encrypted,
        encrypted,
        size: coded,
    })
}

/// What an encrypted track was before.
fn original_format(walk: &mut Walk, details: &[InnerBox<'_>]) -> Result<[u8; 4]> {
    let Some(sinf) = find(details, b"sinf") else { return Ok(*b"encr") };
    let format = find(&walk.children(sinf.content)?, b"frma");
    Ok(format.and_then(|frma| frma.content.first_chunk().copied()).unwrap_or(*b"encr"))
}

fn codec(walk: &mut Walk, entry: [u8; 4], details: &[InnerBox<'_>]) -> Result<Option<Codec>> {
    let profile = find(details, b"avcC").and_then(|config| config.content.get(1).copied());
    if let Some(special) = profile.and_then(codecs::of_avc_profile) {
        return Ok(Some(special));
    }
    if !matches!(&entry, b"mp4v" | b"mp4a") {
        return Ok(codecs::of_entry(entry));
    }
    // QuickTime wraps the descriptor of a sound once more.
    let wrapped = match find(details, b"wave") {
        Some(wave) => walk.children(wave.content).unwrap_or_default(),
        None => Vec::new(),
    };
    let descriptor = find(details, b"esds").or_else(|| find(&wrapped, b"esds"));
    let object_type = descriptor.and_then(|esds| object_type(esds.content));
    // Without a descriptor: what nearly all of them are.
    let default = if entry == *b"mp4a" { 0x40 } else { 0x20 };
    Ok(codecs::of_object_type(object_type.unwrap_or(default)))
}

/// The object type in an elementary stream descriptor (ISO/IEC 14496-1, 7.2.6.5): tags, each with a length of up to four bytes.
fn object_type(esds: &[u8]) -> Option<u8> {
    const STREAM: u8 = 3;
    const DECODER_CONFIG: u8 = 4;
    let stream = tagged(esds.get(4..)?, STREAM)?;
    let flags = *stream.get(2)?;
    let mut rest = stream.get(3..)?;
    if flags & 0x80 != 0 {
        rest = rest.get(2..)?;
    }
    if flags & 0x40 != 0 {
        let url = usize::from(*rest.first()?);
        rest = rest.get(1 + url..)?;
    }
    if flags & 0x20 != 0 {
        rest = rest.get(2..)?;
    }
    tagged(rest, DECODER_CONFIG)?.first().copied()
}

/// What follows a tag and its length.
fn tagged(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let (found, rest) = bytes.split_first()?;
    let length = 1 + rest.iter().take(4).take_while(|byte| **byte & 0x80 != 0).count();
    if *found == tag { rest.get(length.min(4)..) } else { None }
}

fn four_letters(kind: [u8; 4]) -> String {
    kind.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '?' }).collect()
}

fn coded_size(entry: InnerBox<'_>) -> Option<(u32, u32)> {
    let width = u16::from_be_bytes(*entry.content.get(24..)?.first_chunk()?);
    let height = u16::from_be_bytes(*entry.content.get(26..)?.first_chunk()?);
    (width > 0 && height > 0).then_some((u32::from(width), u32::from(height)))
}

/// The size that the track header asks for, turned as its matrix says.
fn shown_size(tkhd: InnerBox<'_>) -> Option<(u32, u32)> {
    let (version, _, rest) = tkhd.full()?;
    let times = if version == 1 { 32 } else { 20 };
    let matrix = rest.get(times + 16..)?;
    let (a, b, c, d) = (u32_at(matrix, 0)?, u32_at(matrix, 4)?, u32_at(matrix, 12)?, u32_at(matrix, 16)?);
    // Numbers of 16 bits with 16 bits behind the point, of which nothing is left on a screen.
    let (width, height) = (u32_at(matrix, 36)? >> 16, u32_at(matrix, 40)? >> 16);
    let quarter_turn = a == 0 && d == 0 && b != 0 && c != 0;
    match (width > 0 && height > 0, quarter_turn) {
        (false, _) => None,
        (true, false) => Some((width, height)),
        (true, true) => Some((height, width)),
    }
}

fn media_duration(mdhd: InnerBox<'_>) -> Option<u64> {
    let (version, _, rest) = mdhd.full()?;
    timed_duration(version, rest)
}

/// The duration in the fields that the headers of a movie and of a medium have in common: times, time scale, duration.
pub(super) fn timed_duration(version: u8, fields: &[u8]) -> Option<u64> {
    let (scale, duration) = if version == 1 {
        (u32_at(fields, 16)?, u64_at(fields, 20)?)
    } else {
        (u32_at(fields, 8)?, known(u32_at(fields, 12)?)?)
    };
    milliseconds(duration, scale)
}

/// All ones say "unknown".
fn known(duration: u32) -> Option<u64> {
    (duration != u32::MAX).then_some(u64::from(duration))
}

/// None for nothing, for what cannot be computed and for what nobody films.
pub(super) fn milliseconds(duration: u64, scale: u32) -> Option<u64> {
    if scale == 0 || duration == 0 {
        return None;
    }
    let scale = u128::from(scale);
    let ms = (u128::from(duration) * 1000 + scale / 2) / scale;
    u64::try_from(ms).ok().filter(|ms| *ms <= MAX_DURATION_MS)
}
