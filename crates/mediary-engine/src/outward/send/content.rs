//! What is in a message of ours, as its job keeps it: all that WhatsApp's request takes but the recipient, who may get another
//! number meanwhile, and the file's id at WhatsApp.

use mediary_core::{Error, ErrorCode, FileType, MessageType, Result};
use mediary_graph::outgoing::{Content, OutgoingMedia};
use mediary_store::Reaction;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The content of a message of ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeptContent {
    #[serde(flatten)]
    pub(super) kind: KeptKind,
    /// WhatsApp's id of the message that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reply_to: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(super) enum KeptKind {
    Text {
        text: String,
        preview_url: bool,
    },
    File(KeptFile),
    Location {
        latitude: f64,
        longitude: f64,
        name: Option<String>,
        address: Option<String>,
    },
    Contacts {
        contacts: Vec<Value>,
    },
    Reaction {
        message_id: String,
        emoji: String,
    },
    /// As Graph takes it, but for the id of the file in its header.
    Template {
        template: Value,
        file: Option<KeptFile>,
    },
    Interactive {
        interactive: Value,
        file: Option<KeptFile>,
    },
}

/// What its file is at WhatsApp. Its bytes are those of the message's media.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeptFile {
    pub(super) kind: FileType,
    /// As its bytes proved.
    pub(super) mime_type: String,
    pub(super) animated: bool,
    pub(super) caption: Option<String>,
    pub(super) file_name: Option<String>,
    pub(super) voice: bool,
}

impl KeptKind {
    pub(super) fn message_type(&self) -> MessageType {
        match self {
            Self::Text { .. } => MessageType::Text,
            Self::File(file) => file.kind.into(),
            Self::Location { .. } => MessageType::Location,
            Self::Contacts { .. } => MessageType::Contacts,
            Self::Reaction { .. } => MessageType::Reaction,
            Self::Template { .. } => MessageType::Template,
            Self::Interactive { .. } => MessageType::Interactive,
        }
    }

    /// What a person reads of it.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Text { text, .. } => Some(text.clone()),
            // As if WhatsApp had delivered it.
            Self::Template { template: node, .. } | Self::Interactive { interactive: node, .. } => {
                let kind = self.message_type().as_str();
                let delivered = json!({"type": kind, kind: node}).to_string();
                mediary_graph::Content::of_raw(&delivered)?.display_text()
            }
            Self::Location { latitude, longitude, name, address } => {
                let (latitude, longitude) = (Some(*latitude), Some(*longitude));
                let (name, address) = (name.clone(), address.clone());
                mediary_graph::Content::Location { latitude, longitude, name, address, url: None }
                    .display_text()
            }
            Self::Contacts { contacts } => {
                mediary_graph::Content::Contacts(contacts.clone().into()).display_text()
            }
            Self::File(_) | Self::Reaction { .. } => None,
        }
    }

    /// With the file of its header.
    pub(super) fn headed(content: Content, file: Option<KeptFile>) -> Result<Self> {
        match content {
            Content::Template(template) => Ok(Self::Template { template, file }),
            Content::Interactive(interactive) => Ok(Self::Interactive { interactive, file }),
            _ => Err(Error::new(ErrorCode::Internal, "keep a message that has no header")),
        }
    }

    pub(super) fn file(&self) -> Option<&KeptFile> {
        match self {
            Self::File(file) => Some(file),
            Self::Template { file, .. } | Self::Interactive { file, .. } => file.as_ref(),
            _ => None,
        }
    }

    pub(super) fn reaction(&self) -> Option<Reaction> {
        let Self::Reaction { message_id, emoji } = self else { return None };
        let emoji = Some(emoji.clone()).filter(|emoji| !emoji.is_empty());
        Some(Reaction { target: message_id.clone(), emoji })
    }
}

impl KeptContent {
    pub(super) fn to_text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| unreadable("write", error))
    }

    pub(super) fn of_text(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| unreadable("read", error))
    }

    /// As WhatsApp takes it, with the id of its file where it has one.
    pub(super) fn with_file(self, media_id: Option<String>) -> Content {
        match self.kind {
            KeptKind::Text { text, preview_url } => Content::Text { body: text, preview_url },
            KeptKind::File(file) => Content::Media(OutgoingMedia {
                kind: file.kind,
                media_id: media_id.unwrap_or_default(),
                caption: file.caption,
                file_name: file.file_name,
                voice: file.voice,
            }),
            KeptKind::Location { latitude, longitude, name, address } => {
                Content::Location { latitude, longitude, name, address }
            }
            KeptKind::Contacts { contacts } => Content::Contacts(contacts),
            KeptKind::Reaction { message_id, emoji } => Content::Reaction { message_id, emoji },
            KeptKind::Template { template, file } => {
                headed(Content::Template(template), file.as_ref(), media_id)
            }
            KeptKind::Interactive { interactive, file } => {
                headed(Content::Interactive(interactive), file.as_ref(), media_id)
            }
        }
    }
}

fn headed(mut content: Content, file: Option<&KeptFile>, media_id: Option<String>) -> Content {
    // A header that finds no id this way is refused with the request.
    content.set_header_files(media_id.filter(|_| file.is_some()).as_slice());
    content
}

fn unreadable(doing: &str, error: serde_json::Error) -> Error {
    Error::new(ErrorCode::Internal, format!("{doing} the content of a message")).because(error)
}
