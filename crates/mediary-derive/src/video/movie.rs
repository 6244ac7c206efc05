//! What a video is, by its index.

use super::boxes::{InnerBox, Walk, find, u32_at, u64_at};
use super::track::{self, Track, TrackKind, milliseconds, timed_duration};
use crate::{Error, Facts, Result};

/// A video has a handful of tracks; each is read whole.
pub const MAX_TRACKS: usize = 256;

/// What a video is called that nobody can play without its key.
pub(crate) const ENCRYPTED: &str = "encrypted";

/// Where a player finds the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexPosition {
    /// Before the pictures: it plays while it loads.
    Front,
    /// After them: nothing plays before the end was fetched.
    End,
    /// The file consists of fragments with an index each: it plays while it loads.
    Fragments,
}

/// A video, read without a look at its pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movie {
    pub index: IndexPosition,
    pub tracks: Vec<Track>,
    pub duration_ms: Option<u64>,
}

/// Reads an index: `content` is that of the box.
pub(super) fn read(content: &[u8], data_first: bool) -> Result<Movie> {
    let mut walk = Walk::new();
    let boxes = walk.children(content)?;
    let mut tracks = Vec::new();
    for trak in boxes.iter().filter(|one| one.kind == *b"trak") {
        if tracks.len() == MAX_TRACKS {
            return Err(Error::too_large(format!("the video has more than {MAX_TRACKS} tracks")));
        }
        tracks.push(track::read(&mut walk, *trak)?);
    }
    if tracks.is_empty() {
        return Err(Error::broken("the video's index names no track"));
    }
    let fragments = find(&boxes, b"mvex");
    let index = match (fragments, data_first) {
        (Some(_), _) => IndexPosition::Fragments,
        (None, true) => IndexPosition::End,
        (None, false) => IndexPosition::Front,
    };
    Ok(Movie { index, duration_ms: duration(&mut walk, &boxes, &tracks, fragments)?, tracks })
}

/// As the movie says; where it does not, as its fragments' header says, else as its longest track.
fn duration(
    walk: &mut Walk,
    boxes: &[InnerBox<'_>],
    tracks: &[Track],
    fragments: Option<InnerBox<'_>>,
) -> Result<Option<u64>> {
    let header = find(boxes, b"mvhd").and_then(|mvhd| mvhd.full());
    if let Some(said) = header.and_then(|(version, _, rest)| timed_duration(version, rest)) {
        return Ok(Some(said));
    }
    let scale = header.and_then(|(version, _, rest)| u32_at(rest, if version == 1 { 16 } else { 8 }));
    if let Some(mvex) = fragments {
        let extends = find(&walk.children(mvex.content)?, b"mehd").and_then(|mehd| mehd.full());
        let units = extends.and_then(|(version, _, rest)| match version {
            1 => u64_at(rest, 0),
            _ => u32_at(rest, 0).map(u64::from),
        });
        if let (Some(units), Some(scale)) = (units, scale) {
            return Ok(milliseconds(units, scale));
        }
    }
    Ok(tracks.iter().filter_map(|track| track.duration_ms).max())
}

impl Movie {
    /// The first track with pictures.
    pub fn video(&self) -> Option<&Track> {
        self.tracks.iter().find(|track| track.kind == TrackKind::Video)
    }

    /// The first track with sound.
    pub fn audio(&self) -> Option<&Track> {
        self.tracks.iter().find(|track| track.kind == TrackKind::Audio)
    }

    pub fn encrypted(&self) -> bool {
        self.tracks.iter().any(|track| track.encrypted)
    }

    /// For the file's record.
    pub fn facts(&self) -> Facts {
        let size = self.video().and_then(|track| track.size);
        Facts {
            width: size.map(|(width, _)| width),
            height: size.map(|(_, height)| height),
            duration_ms: self.duration_ms,
            unplayable: self.unplayable(),
            ..Facts::default()
        }
    }

    /// The codecs of the first pictures and the first sound that browsers may not play: "HEVC", "H.263 and AMR".
    fn unplayable(&self) -> Option<String> {
        if self.encrypted() {
            return Some(ENCRYPTED.to_owned());
        }
        let seen = [self.video(), self.audio()];
        let names: Vec<&str> = seen
            .into_iter()
            .flatten()
            .filter(|track| !track.plays)
            .map(|track| track.codec.as_str())
            .collect();
        (!names.is_empty()).then(|| names.join(" and "))
    }
}
