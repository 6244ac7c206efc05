//! The bytes of a media file: in memory, made up on the way, or in a file. Nothing is ever read whole unless it
//! is in memory already.

use std::io::{self, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::OnceLock;

use aws_lc_rs::digest;
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use mediary_core::Sha256;
use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

/// Made-up and file content goes out in pieces of this size.
const PIECE: usize = 64 * 1024;

#[derive(Clone, Debug)]
pub(crate) enum Content {
    Memory(Bytes),
    /// A part of the program, which takes no memory of its own.
    Sample(Bytes),
    Generated(GeneratedContent),
    File {
        path: PathBuf,
        size: u64,
    },
}

impl Content {
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Memory(bytes) | Self::Sample(bytes) => bytes.len() as u64,
            Self::Generated(generated) => generated.size,
            Self::File { size, .. } => *size,
        }
    }

    /// How many bytes it keeps in memory.
    pub(crate) fn held(&self) -> u64 {
        if let Self::Memory(bytes) = self { bytes.len() as u64 } else { 0 }
    }

    /// The bytes of `range`, which must lie within the content.
    pub(crate) fn stream(&self, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
        match self {
            Self::Memory(bytes) | Self::Sample(bytes) => {
                let piece = bytes.slice(to_usize(range.start)..to_usize(range.end));
                stream::once(async { Ok(piece) }).boxed()
            }
            Self::Generated(generated) => stream::iter(generated.clone().pieces(range)).map(Ok).boxed(),
            Self::File { path, .. } => {
                let path = path.clone();
                let open = async move {
                    let mut file = tokio::fs::File::open(path).await?;
                    file.seek(SeekFrom::Start(range.start)).await?;
                    io::Result::Ok(ReaderStream::with_capacity(file.take(range.end - range.start), PIECE))
                };
                stream::once(open).try_flatten().boxed()
            }
        }
    }

    pub(crate) async fn sha256(&self) -> io::Result<Sha256> {
        let mut context = digest::Context::new(&digest::SHA256);
        let mut pieces = self.stream(0..self.size());
        while let Some(piece) = pieces.try_next().await? {
            context.update(&piece);
            // Made-up bytes are never waited for; others want to run too.
            tokio::task::consume_budget().await;
        }
        Ok(context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }
}

/// Bytes that follow from a seed, so that a hundred large files cost no memory. Every piece is the same noise with
/// the piece's own number at its start; the first one starts like a file of its type.
#[derive(Clone, Debug)]
pub(crate) struct GeneratedContent {
    pub(crate) size: u64,
    pub(crate) seed: u64,
    pub(crate) head: &'static [u8],
}

impl GeneratedContent {
    fn pieces(self, range: Range<u64>) -> impl Iterator<Item = Bytes> + Send {
        let mut at = range.start;
        std::iter::from_fn(move || {
            if at >= range.end {
                return None;
            }
            let offset = to_usize(at % PIECE as u64);
            let length = (PIECE - offset).min(to_usize(range.end - at));
            let piece = self.piece(at / PIECE as u64).slice(offset..offset + length);
            at += length as u64;
            Some(piece)
        })
    }

    fn piece(&self, number: u64) -> Bytes {
        let mut piece = BytesMut::from(noise());
        piece[PIECE - 16..PIECE - 8].copy_from_slice(&self.seed.to_le_bytes());
        piece[PIECE - 8..].copy_from_slice(&number.to_le_bytes());
        piece[16..24].copy_from_slice(&self.seed.to_le_bytes());
        piece[24..32].copy_from_slice(&number.to_le_bytes());
        if number == 0 {
            piece[..self.head.len()].copy_from_slice(self.head);
        }
        piece.freeze()
    }
}

fn noise() -> &'static [u8] {
    static NOISE: OnceLock<Vec<u8>> = OnceLock::new();
    NOISE.get_or_init(|| {
        let mut noise = vec![0; PIECE];
        StdRng::seed_from_u64(0x6d65_6469_6172_7900).fill_bytes(&mut noise);
        noise
    })
}

/// What a file of this type starts with, for content that is made up; at most 16 bytes.
pub(crate) fn head_of(mime_type: &str) -> &'static [u8] {
    match essence(mime_type) {
        "image/jpeg" => b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
        "image/png" => b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        "image/webp" => b"RIFF\x00\x00\x10\x00WEBPVP8 ",
        "video/mp4" => b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00",
        "audio/mp4" => b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00",
        "video/3gpp" => b"\x00\x00\x00\x18ftyp3gp4\x00\x00\x00\x00",
        "audio/ogg" | "audio/opus" => b"OggS\x00\x02",
        "audio/mpeg" => b"ID3\x04\x00",
        "audio/amr" => b"#!AMR\n",
        "audio/aac" => b"\xff\xf1\x50\x80",
        "application/pdf" => b"%PDF-1.7\n",
        "application/zip" => b"PK\x03\x04",
        _ => b"",
    }
}

/// A MIME type without its parameters.
pub(crate) fn essence(mime_type: &str) -> &str {
    mime_type.split(';').next().unwrap_or_default().trim()
}

fn to_usize(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
