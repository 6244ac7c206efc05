//! Files in a form that every browser plays, made while they are served: a voice note's packets in MP4, a video with its index in
//! front. Nothing is stored: what is made is a map over the stored file, and the maps of a moment ago are cached.
//!
//! A map is made of the stored bytes alone, and is found again by their hash. So two viewers who make one at the same moment make the
//! same one, and a file with other bytes has another one.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mediary_blob::{CHUNK_BYTES, StoredFile};
use mediary_core::{CompanyId, Error, ErrorCode, Result, Sha256};
use mediary_derive::{VirtualFile, audio, video};
use mediary_formats::name_in_type;
use moka::sync::Cache;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::{FileInfo, OpenedMedia, Source};

/// Bytes of memory for all cached maps.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// What a map takes in memory beside its own bytes, at least.
const MAP_BYTES: usize = 1024;
/// Maps in the making at once: each reads a part of a file.
const AT_ONCE: usize = 4;
/// A voice note is read whole for its map: WhatsApp has none beyond 16 MB.
const AUDIO_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// How long a map may take; where storage is slow, the original is there all the same.
const WITHIN: Duration = Duration::from_secs(20);

/// How a file is played.
#[derive(Clone, Debug)]
enum Playable {
    AsItIs,
    Mapped(Arc<VirtualFile>),
    /// It cannot be, for this reason.
    Not(Arc<str>),
}

impl Playable {
    fn weight(&self) -> u32 {
        let bytes = match self {
            Self::AsItIs => 0,
            Self::Mapped(map) => map.memory_bytes(),
            Self::Not(reason) => reason.len(),
        };
        u32::try_from(bytes + MAP_BYTES).unwrap_or(u32::MAX)
    }
}

/// Makes and caches maps.
#[derive(Debug)]
pub(super) struct PlayableFiles {
    known: Cache<Key, Playable>,
    permits: Arc<Semaphore>,
}

impl Default for PlayableFiles {
    fn default() -> Self {
        let weight = |_: &Key, playable: &Playable| playable.weight();
        let known = Cache::builder().max_capacity(CACHE_BYTES).weigher(weight).build();
        Self { known, permits: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

/// A company's stored bytes, by their hash, and what they are.
type Key = (CompanyId, Sha256, Family);

/// What kind of player a file needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Family {
    Ogg,
    Mp4,
}

impl Family {
    /// By the type that was detected; `None` if files of the type are never changed for a player.
    fn of(mime_type: &str) -> Option<Self> {
        match mime_type.split(';').next().unwrap_or_default().trim() {
            "audio/ogg" => Some(Self::Ogg),
            "video/mp4" | "video/quicktime" | "video/3gpp" => Some(Self::Mp4),
            _ => None,
        }
    }

    /// Without parameters.
    fn bare_mime_type(self) -> &'static str {
        self.mime_type().split(';').next().unwrap_or_default()
    }

    fn mime_type(self) -> &'static str {
        match self {
            Self::Ogg => audio::PLAYABLE_MIME_TYPE,
            Self::Mp4 => "video/mp4",
        }
    }
}

/// The type of the playable variant of a stored file of this type; `None` if it has none.
pub fn playable_mime_type(detected: &str) -> Option<&'static str> {
    Family::of(detected).map(Family::mime_type)
}

impl PlayableFiles {
    /// The playable form of an opened file.
    pub(super) async fn of(&self, opened: OpenedMedia) -> Result<OpenedMedia> {
        let not_stored = "it is made of a stored file, and this one is not stored";
        let (Source::Stored(file), Some(hash)) = (&opened.source, opened.info.sha256) else {
            return Err(Error::refused(ErrorCode::NotFound, not_stored));
        };
        let Some(family) = Family::of(&opened.info.mime_type) else {
            return Err(Error::not_found("there is no such variant of this file"));
        };
        let key = (opened.info.company_id, hash, family);
        let playable = match self.known.get(&key) {
            Some(playable) => playable,
            None => {
                let playable = self.make(file.clone(), family).await?;
                self.known.insert(key, playable.clone());
                playable
            }
        };
        match playable {
            Playable::AsItIs => Ok(opened),
            Playable::Not(reason) => Err(Error::refused(ErrorCode::NotFound, reason.to_string())),
            Playable::Mapped(map) => {
                let info = FileInfo {
                    mime_type: family.mime_type().to_owned(),
                    file_name: name_in_type(&opened.info.file_name, family.bare_mime_type()),
                    size: Some(map.length()),
                    ..FileInfo::clone(&opened.info)
                };
                let source = Source::Mapped { file: file.clone(), map };
                Ok(OpenedMedia { info: Arc::new(info), source })
            }
        }
    }

    /// Reads as much of a file as its map needs. An error of storage is no word on the file, and is not cached.
    async fn make(&self, file: StoredFile, family: Family) -> Result<Playable> {
        let slow =
            || Error::refused(ErrorCode::StorageError, "the file could not be read in time; try again");
        let made = async {
            let permit = self.permits.clone().acquire_owned().await.map_err(|_| slow())?;
            let handle = Handle::current();
            let read = move || {
                // Until the thread is free again, also where nobody waits for it any more.
                let _permit = permit;
                read_map(StoredReader::new(file, handle), family)
            };
            tokio::task::spawn_blocking(read)
                .await
                .map_err(|error| Error::new(ErrorCode::Internal, "read a file's index").because(error))?
        };
        tokio::time::timeout(WITHIN, made).await.unwrap_or_else(|_| Err(slow()))
    }
}

fn read_map(mut reader: StoredReader, family: Family) -> Result<Playable> {
    let size = reader.file.size();
    let made = match family {
        Family::Ogg if size > AUDIO_BYTES_MAX => {
            let most = AUDIO_BYTES_MAX / 1024 / 1024;
            Err(mediary_derive::Error::too_large(format!(
                "recordings beyond {most} MB are not changed for a player"
            )))
        }
        Family::Ogg => audio::playable(&mut reader).and_then(|playable| match playable {
            audio::Playable::Original => Ok(Playable::AsItIs),
            audio::Playable::Remuxed(map) => Ok(Playable::Mapped(Arc::new(map))),
            audio::Playable::Encoded(_) => {
                Err(mediary_derive::Error::unsupported("it would have to be encoded again"))
            }
        }),
        Family::Mp4 => with_index_in_front(&mut reader, size),
    };
    // What could not be read says nothing of the file.
    if let Some(error) = reader.failed {
        return Err(error.into());
    }
    Ok(made.unwrap_or_else(|error| Playable::Not(error.sentence().into())))
}

fn with_index_in_front(reader: &mut StoredReader, size: u64) -> Result<Playable, mediary_derive::Error> {
    let index = video::Index::read(reader, size)?;
    if let Some(codec) = index.movie()?.facts().unplayable {
        return Err(mediary_derive::Error::unsupported(format!("it cannot be played here: {codec}")));
    }
    Ok(index.fast_start()?.map_or(Playable::AsItIs, |map| Playable::Mapped(Arc::new(map))))
}

/// A stored file as the readers of formats take it, on a thread that may block. Reads a chunk at a time, since they read headers of a
/// few bytes.
struct StoredReader {
    file: StoredFile,
    handle: Handle,
    position: u64,
    /// The chunk that was read last, and where it begins.
    chunk: (u64, Bytes),
    failed: Option<mediary_blob::Error>,
}

impl StoredReader {
    fn new(file: StoredFile, handle: Handle) -> Self {
        Self { file, handle, position: 0, chunk: (0, Bytes::new()), failed: None }
    }

    /// What is in memory from the position on.
    fn buffered(&self) -> &[u8] {
        let (start, bytes) = &self.chunk;
        let skipped = self.position.checked_sub(*start).and_then(|skipped| usize::try_from(skipped).ok());
        skipped.and_then(|skipped| bytes.get(skipped..)).unwrap_or_default()
    }
}

impl Read for StoredReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.buffered().is_empty() && self.position < self.file.size() {
            match self.handle.block_on(self.file.read_at(self.position, CHUNK_BYTES)) {
                Ok(bytes) => self.chunk = (self.position, bytes),
                Err(error) => {
                    self.failed = Some(error);
                    return Err(io::ErrorKind::Other.into());
                }
            }
        }
        let read = self.buffered().read(out)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for StoredReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(distance) => self.file.size().checked_add_signed(distance),
            SeekFrom::Current(distance) => self.position.checked_add_signed(distance),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
