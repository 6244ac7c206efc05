//! What is in a message that a business sends.

use mediary_core::FileType;
use mediary_core::field::WrongField;
use serde_json::{Value, json};

use super::{CAPTION_CHARS, FILE_NAME_BYTES, PLACE_CHARS, TEXT_CHARS, check, id, text, wrong};
use crate::redact::redacted_debug;

/// Bytes of a reaction: one emoji, which may be made of several characters.
const EMOJI_BYTES: usize = 64;

/// What is in a message.
#[derive(Clone, PartialEq)]
pub enum Content {
    Text {
        body: String,
        /// Whether WhatsApp shows a preview of the first link.
        preview_url: bool,
    },
    Media(OutgoingMedia),
    Location {
        latitude: f64,
        longitude: f64,
        name: Option<String>,
        address: Option<String>,
    },
    /// Contact cards, as Graph takes them.
    Contacts(Vec<Value>),
    Reaction {
        message_id: String,
        /// An empty one takes the reaction back.
        emoji: String,
    },
    /// A template, as Graph takes it. Files of its headers are named by media ids.
    Template(Value),
    /// Buttons, lists and the like, as Graph takes them. Files of headers are named by media ids.
    Interactive(Value),
}

/// A file that was uploaded before.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMedia {
    pub kind: FileType,
    /// From [`crate::GraphClient::upload_media`], of the same number.
    pub media_id: String,
    /// Of an image, a video or a document.
    pub caption: Option<String>,
    /// Of a document: what its recipient sees.
    pub file_name: Option<String>,
    /// Of sound: whether it is a voice note, which must be Ogg with Opus.
    pub voice: bool,
}

impl OutgoingMedia {
    pub fn new(kind: FileType, media_id: impl Into<String>) -> Self {
        Self { kind, media_id: media_id.into(), caption: None, file_name: None, voice: false }
    }

    fn check(&self) -> Result<(), WrongField> {
        id("mediaId", &self.media_id)?;
        if let Some(caption) = &self.caption {
            let captioned = matches!(self.kind, FileType::Image | FileType::Video | FileType::Document);
            check(captioned, "caption", || {
                format!("cannot go with {}; send a text message besides", self.kind.as_str())
            })?;
            text("caption", caption, CAPTION_CHARS)?;
        }
        if let Some(name) = &self.file_name {
            check(self.kind == FileType::Document, "fileName", || "is for documents alone".to_owned())?;
            let fits = (1..=FILE_NAME_BYTES).contains(&name.len()) && !name.contains(char::is_control);
            check(fits, "fileName", || {
                format!("must have 1 to {FILE_NAME_BYTES} bytes, without control characters")
            })?;
        }
        check(!self.voice || self.kind == FileType::Audio, "voice", || "is for sound alone".to_owned())
    }

    fn node(&self) -> Value {
        let mut node = json!({"id": self.media_id});
        if let Some(caption) = &self.caption {
            node["caption"] = caption.as_str().into();
        }
        if let Some(name) = &self.file_name {
            node["filename"] = name.as_str().into();
        }
        if self.voice {
            node["voice"] = true.into();
        }
        node
    }
}

impl Content {
    pub fn text(body: impl Into<String>) -> Self {
        Self::Text { body: body.into(), preview_url: false }
    }

    /// WhatsApp's word for it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Media(media) => media.kind.as_str(),
            Self::Location { .. } => "location",
            Self::Contacts(_) => "contacts",
            Self::Reaction { .. } => "reaction",
            Self::Template(_) => "template",
            Self::Interactive(_) => "interactive",
        }
    }

    pub(super) fn check(&self) -> Result<(), WrongField> {
        match self {
            Self::Text { body, .. } => {
                let is_blank = !body.is_empty() && body.chars().all(char::is_whitespace);
                check(!is_blank, "text", || "must have more than spaces".to_owned())?;
                text("text", body, TEXT_CHARS).map(|_| ())
            }
            Self::Media(media) => media.check(),
            Self::Location { latitude, longitude, name, address } => {
                check((-90.0..=90.0).contains(latitude), "latitude", || "must be from -90 to 90".to_owned())?;
                check((-180.0..=180.0).contains(longitude), "longitude", || {
                    "must be from -180 to 180".to_owned()
                })?;
                for (field, given) in [("name", name), ("address", address)] {
                    given.as_deref().map_or(Ok(""), |given| text(field, given, PLACE_CHARS))?;
                }
                Ok(())
            }
            Self::Contacts(cards) => {
                let named = |card: &Value| {
                    card["name"]["formatted_name"].as_str().is_some_and(|name| !name.is_empty())
                };
                check(!cards.is_empty() && cards.iter().all(named), "contacts", || {
                    "must be one or more contacts, each with name.formatted_name".to_owned()
                })
            }
            Self::Reaction { message_id, emoji } => {
                id("replyTo", message_id)?;
                // Every emoji has a character beyond ASCII, those of keys included; letters and smileys of signs have none.
                let is_plain = !emoji.is_empty() && emoji.is_ascii();
                let fits = emoji.len() <= EMOJI_BYTES && !emoji.contains(char::is_whitespace);
                check(fits && !is_plain, "emoji", || {
                    "must be one emoji, or empty to take the reaction back".to_owned()
                })
            }
            Self::Template(template) => {
                let named = |text: &Value| text.as_str().is_some_and(|text| !text.is_empty());
                check(named(&template["name"]) && named(&template["language"]["code"]), "template", || {
                    "must be an object with name and language.code".to_owned()
                })?;
                self.check_header_files("template")
            }
            Self::Interactive(interactive) => {
                check(interactive["type"].is_string(), "interactive", || {
                    "must be an object with a type".to_owned()
                })?;
                self.check_header_files("interactive")
            }
        }
    }

    /// WhatsApp fetches a link at its own pace and discretion, and what fails then is only told later. So files go by id.
    fn check_header_files(&self, field: &'static str) -> Result<(), WrongField> {
        for file in self.header_files() {
            let media_id = file.media_id.filter(|_| file.link.is_none());
            let media_id = media_id.ok_or_else(|| {
                wrong(
                    field,
                    "has a file in a header without a media id; upload the file and put its id there",
                )
            })?;
            id(field, media_id)?;
        }
        Ok(())
    }

    pub(super) fn node(&self) -> Value {
        match self {
            Self::Text { body, preview_url: false } => json!({"body": body}),
            Self::Text { body, preview_url: true } => json!({"body": body, "preview_url": true}),
            Self::Media(media) => media.node(),
            Self::Location { latitude, longitude, name, address } => {
                let mut node = json!({"latitude": latitude, "longitude": longitude});
                for (field, given) in [("name", name), ("address", address)] {
                    if let Some(given) = given {
                        node[field] = given.as_str().into();
                    }
                }
                node
            }
            Self::Contacts(cards) => json!(cards),
            Self::Reaction { message_id, emoji } => json!({"message_id": message_id, "emoji": emoji}),
            Self::Template(node) | Self::Interactive(node) => node.clone(),
        }
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Content").field(&self.kind()).finish()
    }
}

redacted_debug! {
    OutgoingMedia { kind, voice }
}
