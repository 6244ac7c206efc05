//! Files in a form that every browser plays, made while they are served: a voice note's packets in MP4, a video with its index in
//! front. Nothing is stored: what is made is a map over the stored file.
//!
//! A map is made of the stored bytes alone, and is found again by their hash. So two viewers who want one at the same moment can have
//! the same one, and a file with other bytes has another one. It is made here and in no worker, since it is wanted while somebody waits;
//! so what it costs is bounded (`mediary_derive::served`), [`places`] says whose turn it is, and [`maps`] how much of it is in memory.

mod maps;
mod places;
mod reader;

use std::sync::Arc;

use mediary_core::{Error, ErrorCode, Result};
use mediary_derive::served::{self, ServedVideo};
use mediary_derive::{VirtualFile, audio};
use mediary_formats::name_in_type;
use tokio::runtime::Handle;

pub use self::maps::LentMap;
use self::maps::{Maps, Playable};
use self::reader::StoredReader;
use super::{FileInfo, OpenedMedia, Source};

/// Makes maps.
#[derive(Debug, Default)]
pub(super) struct PlayableFiles(Arc<Maps>);

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
    /// The playable form of an opened file; `None` if it would have to be encoded again, which is done once, by workers, and stored.
    pub(super) async fn of(&self, opened: OpenedMedia) -> Result<Option<OpenedMedia>> {
        let not_stored = "it is made of a stored file, and this one is not stored";
        let (Source::Stored(file), Some(hash)) = (&opened.source, opened.info.sha256) else {
            return Err(Error::refused(ErrorCode::NotFound, not_stored));
        };
        let Some(family) = Family::of(&opened.info.mime_type) else {
            return Err(Error::not_found("there is no such variant of this file"));
        };
        let reader = StoredReader::new(file.clone(), Handle::current());
        let key = (opened.info.company_id, hash, family);
        let map = match self.0.get(key, move || read_map(reader, family)).await? {
            Playable::AsItIs => return Ok(Some(opened)),
            Playable::Unplayable => return Ok(None),
            Playable::Not(reason) => return Err(Error::refused(ErrorCode::NotFound, reason.to_string())),
            Playable::Mapped(map) => map,
        };
        let info = FileInfo {
            mime_type: family.mime_type().to_owned(),
            file_name: name_in_type(&opened.info.file_name, family.bare_mime_type()),
            size: Some(map.length()),
            ..FileInfo::clone(&opened.info)
        };
        let source = Source::Mapped { file: file.clone(), map };
        Ok(Some(OpenedMedia { info: Arc::new(info), source }))
    }
}

/// Reads as much of a file as its map needs.
fn read_map(mut reader: StoredReader, family: Family) -> Result<Playable<Arc<VirtualFile>>> {
    let size = reader.size();
    let made = match family {
        Family::Ogg => recording(&mut reader, size),
        Family::Mp4 => served::video(&mut reader, size).map(|video| match video {
            ServedVideo::AsItIs => Playable::AsItIs,
            ServedVideo::Mapped(map) => Playable::Mapped(Arc::new(map)),
            ServedVideo::Unplayable => Playable::Unplayable,
        }),
    };
    // What could not be read says nothing of the file.
    if let Some(error) = reader.failed {
        return Err(error.into());
    }
    Ok(made.unwrap_or_else(|error| Playable::Not(error.sentence().into())))
}

fn recording(reader: &mut StoredReader, size: u64) -> mediary_derive::Result<Playable<Arc<VirtualFile>>> {
    served::recording_may_have(size)?;
    Ok(match served::recording(reader, size)? {
        audio::Playable::Original => Playable::AsItIs,
        audio::Playable::Remuxed(map) => Playable::Mapped(Arc::new(map)),
        audio::Playable::Encoded(_) => Playable::Unplayable,
    })
}
