//! What may be said of a file: for the readers that find it out, and for the program that checks what a worker says.

use mediary_formats::card::{MAX_NAME_CHARS, MAX_NAMES};

/// Sides of pictures. WebP and JPEG end at 16,383 and 65,535; what a header of another format says may be more.
pub(crate) const MAX_SIDE: u32 = 1_000_000;
/// A year: a claim of more is none.
pub(crate) const MAX_DURATION_MS: u64 = 366 * 24 * 3_600_000;
pub(crate) const MAX_PAGES: u32 = 10_000_000;
/// A thumbhash has 25 bytes at most.
pub(crate) const MAX_THUMBHASH_BYTES: usize = 32;
/// "HEVC", "MPEG-4 Part 2", and the like.
pub(crate) const MAX_UNPLAYABLE_CHARS: usize = 64;
pub(crate) const MAX_SENTENCE_CHARS: usize = 300;

/// Of a message between a worker and the program: all names there may be, of letters that take four bytes each, and the rest.
pub(crate) const MAX_MESSAGE_BYTES: usize = 64 * 1024;
const REST_OF_A_MESSAGE_BYTES: usize = 16 * 1024;
/// Quotes and a comma.
const AROUND_A_NAME_BYTES: usize = 3;
const _: () = assert!(
    MAX_NAMES * (MAX_NAME_CHARS * 4 + AROUND_A_NAME_BYTES) + REST_OF_A_MESSAGE_BYTES <= MAX_MESSAGE_BYTES
);
