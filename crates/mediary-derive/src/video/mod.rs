//! MP4, MOV and 3GP: what a video is, read from its index alone, and the same file with the index in front.
//!
//! No picture and no sound is decoded here, and no more is read than the headers up to the index and the index itself. So it works
//! on a file that is still arriving as soon as these have come.

mod boxes;
mod codecs;
mod fast_start;
mod index;
mod movie;
mod offsets;
mod track;

pub(crate) use index::too_long;
pub use index::{Index, MAX_INDEX_BYTES};
#[cfg(feature = "sandbox")]
pub(crate) use movie::ENCRYPTED;
pub use movie::{IndexPosition, MAX_TRACKS, Movie};
pub use track::{Track, TrackKind};
