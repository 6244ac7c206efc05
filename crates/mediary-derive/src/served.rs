//! What is made of a file while it is served: by the server itself, in no worker, and so within limits that keep it cheap. The worker
//! that examines a file makes the same of it, so that the file's record says beforehand what the server will say.

use std::io::{Read, Seek};

use crate::audio::{self, Input};
use crate::video::{Index, too_long};
use crate::{Error, Result, VirtualFile};

/// A longer index is not moved: it costs the server time and memory for each byte, 33 MB about a second. That of ten minutes of
/// video has some 200 KB, that of the largest file that WhatsApp takes a few times that.
pub const MAX_INDEX_BYTES: u64 = 4 * 1024 * 1024;
/// A recording is read whole for its map: WhatsApp has none beyond 16 MB.
pub const MAX_RECORDING_BYTES: u64 = 32 * 1024 * 1024;
/// What a map takes in memory at most: the longest index, all of whose offsets have doubled.
pub const MAX_MAP_BYTES: usize = 8 * 1024 * 1024;

const MIB: u64 = 1024 * 1024;

/// How a video is served to be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServedVideo {
    AsItIs,
    /// With its index in front.
    Mapped(VirtualFile),
    /// Browsers cannot play its codecs.
    Unplayable,
}

/// How a video of `length` bytes is served to be played. Reads no more than the heads of its boxes and its index.
///
/// # Errors
/// As [`Index::read`], [`Index::movie`] and [`Index::fast_start`]; too large, beyond [`MAX_INDEX_BYTES`].
pub fn video(source: &mut (impl Read + Seek), length: u64) -> Result<ServedVideo> {
    let index = Index::read_within(source, length, MAX_INDEX_BYTES)?;
    if index.movie()?.facts().unplayable.is_some() {
        return Ok(ServedVideo::Unplayable);
    }
    Ok(index.fast_start()?.map_or(ServedVideo::AsItIs, ServedVideo::Mapped))
}

/// Why the video of an index that was read for another purpose would not be served in another form, where it would not.
pub(crate) fn refusal(index: &Index) -> Option<Error> {
    let range = index.range();
    if range.end - range.start > MAX_INDEX_BYTES {
        return Some(Error::too_large(too_long(MAX_INDEX_BYTES)));
    }
    index.fast_start().err()
}

/// A recording of `length` bytes as every browser plays it. A caller that has little time looks at the length first.
///
/// # Errors
/// As [`audio::playable`]; too large, where a map over it would be beyond [`MAX_RECORDING_BYTES`] or [`MAX_MAP_BYTES`].
pub fn recording(input: impl Input, length: u64) -> Result<audio::Playable> {
    let playable = audio::playable(input)?;
    if let audio::Playable::Remuxed(map) = &playable {
        recording_may_have(length)?;
        if map.memory_bytes() > MAX_MAP_BYTES {
            let most = MAX_MAP_BYTES as u64 / MIB;
            return Err(Error::too_large(format!(
                "the recording has more packets than an index of {most} MiB names"
            )));
        }
    }
    Ok(playable)
}

/// # Errors
/// Too large, beyond [`MAX_RECORDING_BYTES`].
pub fn recording_may_have(length: u64) -> Result<()> {
    if length > MAX_RECORDING_BYTES {
        let most = MAX_RECORDING_BYTES / MIB;
        return Err(Error::too_large(format!("recordings beyond {most} MiB are not changed for a player")));
    }
    Ok(())
}
