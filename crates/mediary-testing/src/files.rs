//! Bytes of files: beginnings by which their types are known, and content of any size.

use std::fs;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256, digest};
use bytes::Bytes;
use mediary_core::Sha256;

pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";
pub const JPEG: &[u8] = b"\xff\xd8\xff\xe0";
pub const OGG: &[u8] = b"OggS\0\x02";

/// Bytes that are nowhere the same, so that a part from the wrong place shows.
pub fn content(size: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        let at = bytes.len() as u64;
        bytes.extend_from_slice(&at.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// Content that begins like a file of a type.
pub fn content_like(beginning: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = content(size);
    bytes[..beginning.len()].copy_from_slice(beginning);
    bytes
}

pub fn sha256(bytes: &[u8]) -> Sha256 {
    digest(&SHA256, bytes).as_ref().try_into().expect("a SHA-256 has 32 bytes")
}

/// Of a file in pieces.
pub fn sha256_of(pieces: &[Bytes]) -> Sha256 {
    let mut hash = Context::new(&SHA256);
    pieces.iter().for_each(|piece| hash.update(piece));
    hash.finish().as_ref().try_into().expect("a SHA-256 has 32 bytes")
}

/// Every file below a folder but the marker of the media folder. None where there is no folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            // What is removed at this moment is no finding.
            let Ok(path) = entry.map(|entry| entry.path()) else { continue };
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with(".mediary") {
                found.push(path);
            }
        }
    }
    found
}

/// A voice note as WhatsApp has them: Opus in Ogg.
pub const VOICE_NOTE: &[u8] = include_bytes!("../../mediary-simulator/samples/voice-en.ogg");
/// A video whose index stands in front.
pub const VIDEO: &[u8] = include_bytes!("../../mediary-simulator/samples/candles.mp4");

/// Bytes of a piece of a large file.
const PIECE: usize = 64 * 1024;

/// [`VIDEO`] with so much room behind it that it has `size` bytes, in pieces that share their memory.
pub fn padded_video(size: usize) -> Vec<Bytes> {
    let room = size - VIDEO.len();
    let head = [&u32::try_from(room).expect("at most 4 GiB").to_be_bytes()[..], b"free"].concat();
    let zeros = Bytes::from_static(&[0; PIECE]);
    let mut left = room - head.len();
    let mut pieces = vec![Bytes::from_static(VIDEO), head.into()];
    while left > 0 {
        let length = left.min(PIECE);
        pieces.push(zeros.slice(..length));
        left -= length;
    }
    pieces
}

/// [`VIDEO`] with its index at the end, as telephones record it.
pub fn video_with_index_at_the_end() -> Vec<u8> {
    let (start, length) = box_of(VIDEO, b"moov");
    let mut index = VIDEO[start..start + length].to_vec();
    for found in 0..index.len() - 8 {
        if &index[found..found + 4] == b"stco" {
            let number =
                |at: usize, of: &[u8]| u32::from_be_bytes(of[at..at + 4].try_into().expect("four bytes"));
            for entry in 0..number(found + 8, &index) as usize {
                let at = found + 12 + 4 * entry;
                let offset = number(at, &index) - u32::try_from(length).expect("a short index");
                index[at..at + 4].copy_from_slice(&offset.to_be_bytes());
            }
        }
    }
    [&VIDEO[..start], &VIDEO[start + length..], &index].concat()
}

/// Where a box at the top of an MP4 begins, and its length.
fn box_of(mp4: &[u8], kind: &[u8; 4]) -> (usize, usize) {
    let mut start = 0;
    loop {
        let length = u32::from_be_bytes(mp4[start..start + 4].try_into().expect("four bytes")) as usize;
        if &mp4[start + 4..start + 8] == kind {
            return (start, length);
        }
        start += length;
    }
}
