//! Which files WhatsApp takes from a business, and how they are uploaded.
//!
//! WhatsApp decides what a file is by the type of the upload's part **and** by how its file name ends: Ogg that was declared
//! `audio/ogg` and named `.mp4` got an id and was sent, and failed later. So both come from the type that the bytes proved, and never
//! from what a sender wrote.

use mediary_core::FileType;
use mediary_core::field::WrongField;
use mediary_core::limits::outbound_file_bytes;

use super::{check, wrong};
use crate::redact::redacted_debug;

/// Characters of an upload's file name before its ending.
const STEM_CHARS: usize = 100;

/// A type that WhatsApp takes for files of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptedType {
    pub kind: FileType,
    /// As the upload names it.
    pub mime: &'static str,
    /// How its files' names end.
    pub ending: &'static str,
}

const fn accepted(kind: FileType, mime: &'static str, ending: &'static str) -> AcceptedType {
    AcceptedType { kind, mime, ending }
}

/// All that WhatsApp takes from a business, each with the kind that shows it best. As a document it takes every one of them.
pub const ACCEPTED_TYPES: &[AcceptedType] = &[
    accepted(FileType::Image, "image/jpeg", "jpg"),
    accepted(FileType::Image, "image/png", "png"),
    accepted(FileType::Video, "video/mp4", "mp4"),
    accepted(FileType::Video, "video/3gpp", "3gp"),
    accepted(FileType::Audio, "audio/aac", "aac"),
    accepted(FileType::Audio, "audio/amr", "amr"),
    accepted(FileType::Audio, "audio/mpeg", "mp3"),
    accepted(FileType::Audio, "audio/mp4", "m4a"),
    accepted(FileType::Audio, OPUS, "ogg"),
    accepted(FileType::Document, "text/plain", "txt"),
    accepted(FileType::Document, "application/pdf", "pdf"),
    accepted(FileType::Document, "application/msword", "doc"),
    accepted(
        FileType::Document,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "docx",
    ),
    accepted(FileType::Document, "application/vnd.ms-excel", "xls"),
    accepted(FileType::Document, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    accepted(FileType::Document, "application/vnd.ms-powerpoint", "ppt"),
    accepted(
        FileType::Document,
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "pptx",
    ),
    accepted(FileType::Sticker, "image/webp", "webp"),
];

/// The only Ogg that WhatsApp takes. It refuses `audio/opus`.
const OPUS: &str = "audio/ogg; codecs=opus";

/// The types that files of one kind may have: as a document, all.
pub fn accepted_types(kind: FileType) -> impl Iterator<Item = &'static AcceptedType> {
    ACCEPTED_TYPES.iter().filter(move |accepted| accepted.kind == kind || kind == FileType::Document)
}

/// The entry of the table for a type that the bytes proved. Ogg is none by itself: its codec must be proved, too
/// (`audio/ogg; codecs=opus`).
pub fn accepted_type(kind: FileType, proved_mime: &str) -> Option<&'static AcceptedType> {
    let mut parts = proved_mime.split(';').map(|part| part.trim().to_ascii_lowercase());
    let base = parts.next().unwrap_or_default();
    let codec = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        (name.trim() == "codecs").then(|| value.trim().trim_matches('"').to_owned())
    });
    let wanted = match (base.as_str(), codec.as_deref()) {
        ("audio/ogg", Some("opus")) | ("audio/opus", None | Some("opus")) => OPUS,
        ("audio/ogg" | "audio/opus", _) => return None,
        (base, _) => base,
    };
    accepted_types(kind).find(|accepted| accepted.mime == wanted)
}

/// A file to be uploaded: its type, its name and its length, but not its bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Upload {
    pub(crate) mime: &'static str,
    pub(crate) file_name: String,
    pub(crate) length: u64,
}

impl Upload {
    /// A file of a type that its bytes proved. `animated` is for stickers; of `name`, a document's, what WhatsApp takes is kept.
    pub fn new(
        kind: FileType,
        proved_mime: &str,
        length: u64,
        animated: bool,
        name: Option<&str>,
    ) -> Result<Self, WrongField> {
        let accepted = accepted_type(kind, proved_mime).ok_or_else(|| {
            let types: Vec<_> = accepted_types(kind).map(|accepted| accepted.mime).collect();
            wrong(
                "type",
                format!("must be one that WhatsApp takes as {}: {}", kind.as_str(), types.join(", ")),
            )
        })?;
        check(length > 0, "file", || "must not be empty".to_owned())?;
        let limit = outbound_file_bytes(kind, animated);
        check(length <= limit, "file", || {
            let kind = match (kind, animated) {
                (FileType::Sticker, true) => "an animated sticker",
                (FileType::Sticker, false) => "a sticker that is not animated",
                (kind, _) => kind.as_str(),
            };
            format!("has {length} bytes; WhatsApp takes at most {limit} as {kind}")
        })?;
        let stem = match (kind, accepted.mime) {
            (FileType::Document, _) => document_stem(name.unwrap_or_default()),
            (_, OPUS) => "voice".to_owned(),
            (kind, _) => kind.as_str().to_owned(),
        };
        Ok(Self { mime: accepted.mime, file_name: format!("{stem}.{}", accepted.ending), length })
    }

    /// The type that the upload names.
    pub fn mime(&self) -> &'static str {
        self.mime
    }

    /// The file name that the upload gives: ASCII, and it ends as the type wants it.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    pub fn length(&self) -> u64 {
        self.length
    }
}

/// The letters and digits of a document's name, without its ending. People see the name that goes with the message instead.
fn document_stem(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let mut plain = String::new();
    for c in stem.chars() {
        if c.is_ascii_alphanumeric() {
            plain.push(c);
        } else if !plain.is_empty() && !plain.ends_with('-') {
            plain.push('-');
        }
        if plain.len() == STEM_CHARS {
            break;
        }
    }
    let plain = plain.trim_end_matches('-');
    if plain.is_empty() { "document".to_owned() } else { plain.to_owned() }
}

redacted_debug! {
    Upload { mime, length }
}
