//! What a message says or carries, by its type.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::files::MediaObject;
use super::tolerant::{decimal, id, text};
use crate::redact::redacted_debug;

/// The content of a message.
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    Text {
        body: String,
    },
    Media(MediaObject),
    Location {
        latitude: Option<f64>,
        longitude: Option<f64>,
        name: Option<String>,
        address: Option<String>,
        url: Option<String>,
    },
    /// Shared address cards, as WhatsApp sent them.
    Contacts(Value),
    Reaction {
        message_id: String,
        /// `None` takes the reaction back.
        emoji: Option<String>,
    },
    /// A tap on a button or list row, a filled form, or, on echoes, the interactive message itself.
    Interactive {
        kind: String,
        title: Option<String>,
        body: Option<String>,
        raw: Value,
    },
    /// What a business sent from a template.
    Template {
        name: Option<String>,
        raw: Value,
    },
    /// A tap on a template's quick reply.
    Button {
        text: Option<String>,
        payload: Option<String>,
    },
    Order(Value),
    System(SystemEvent),
    /// The message with this id now says something else; media comes with a new media id.
    Edit {
        original_message_id: String,
        content: Box<Content>,
    },
    /// The message with this id was deleted for everyone.
    Revoke {
        original_message_id: String,
    },
    /// Media of a past conversation; the media itself follows under the same message id, or never.
    MediaPlaceholder,
    /// A person opened the chat for the first time and said nothing yet.
    RequestWelcome,
    /// WhatsApp itself says that it does not pass this message on; its errors say why.
    Unsupported {
        kind: Option<String>,
    },
    /// A type that is not known, or a known one without its content.
    Unknown,
}

/// A change of a customer's number or identity.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct SystemEvent {
    pub body: Option<String>,
    /// `user_changed_number`, `user_changed_user_id`, `customer_identity_changed`, …
    pub kind: Option<String>,
    /// The id from now on.
    pub wa_id: Option<String>,
    /// The id until now.
    pub previous_wa_id: Option<String>,
    pub user_id: Option<String>,
    pub parent_user_id: Option<String>,
    pub previous_user_id: Option<String>,
    pub previous_parent_user_id: Option<String>,
}

impl Content {
    /// The content of a message as a webhook had it ([`super::Message::raw`]).
    pub fn of_raw(message: &str) -> Option<Self> {
        serde_json::from_str::<Value>(message).ok().map(|message| Self::read(&message))
    }

    /// Reads the content of a message or of the new version inside an edit.
    pub(super) fn read(message: &Value) -> Self {
        let kind = message.get("type").and_then(Value::as_str).unwrap_or_default();
        if let Ok(file_type) = kind.parse() {
            return Self::Media(MediaObject::read(message, file_type));
        }
        match kind {
            "media_placeholder" => Self::MediaPlaceholder,
            "request_welcome" => Self::RequestWelcome,
            "unsupported" | "unknown" => {
                Self::Unsupported { kind: message.get("unsupported").and_then(|node| id(node, "type")) }
            }
            _ => {
                message.get(kind).and_then(|node| Self::of_node(kind, node, message)).unwrap_or(Self::Unknown)
            }
        }
    }

    fn of_node(kind: &str, node: &Value, message: &Value) -> Option<Self> {
        Some(match kind {
            "text" => Self::Text { body: text(node, "body")? },
            "location" if node.is_object() => Self::Location {
                latitude: decimal(node, "latitude"),
                longitude: decimal(node, "longitude"),
                name: id(node, "name"),
                address: id(node, "address"),
                url: id(node, "url"),
            },
            "contacts" if node.is_array() => Self::Contacts(node.clone()),
            "reaction" => Self::Reaction { message_id: id(node, "message_id")?, emoji: id(node, "emoji") },
            "interactive" if node.is_object() => Self::interactive(node),
            "template" if node.is_object() => Self::Template { name: id(node, "name"), raw: node.clone() },
            "button" if node.is_object() => {
                Self::Button { text: id(node, "text"), payload: id(node, "payload") }
            }
            "order" if node.is_object() => Self::Order(node.clone()),
            "system" if node.is_object() => Self::System(SystemEvent::read(node, message)),
            "edit" => Self::Edit {
                original_message_id: id(node, "original_message_id")?,
                content: Box::new(node.get("message").map_or(Self::Unknown, Self::read)),
            },
            "revoke" => Self::Revoke { original_message_id: id(node, "original_message_id")? },
            _ => return None,
        })
    }

    /// The answer lies under the interactive type's own name; what a business sends has its text in `body.text`.
    fn interactive(node: &Value) -> Self {
        let kind = id(node, "type").unwrap_or_default();
        let answer = node.get(&kind).unwrap_or(&Value::Null);
        let nested = |key| node.get(key).and_then(|part| id(part, "text"));
        Self::Interactive {
            title: id(answer, "title").or_else(|| nested("header")),
            body: ["description", "body", "response"]
                .into_iter()
                .find_map(|key| id(answer, key))
                .or_else(|| nested("body")),
            kind,
            raw: node.clone(),
        }
    }
}

impl SystemEvent {
    fn read(node: &Value, message: &Value) -> Self {
        let kind = id(node, "type");
        let changed_number = kind.as_deref().is_some_and(|kind| kind.ends_with("_changed_number"));
        Self {
            body: id(node, "body"),
            // Older payloads call the new one `new_wa_id`; the old one is `customer` or the writer.
            wa_id: id(node, "wa_id").or_else(|| id(node, "new_wa_id")),
            previous_wa_id: id(node, "customer").or_else(|| id(message, "from").filter(|_| changed_number)),
            user_id: id(node, "user_id"),
            parent_user_id: id(node, "parent_user_id"),
            previous_user_id: id(node, "previous_user_id"),
            previous_parent_user_id: id(node, "previous_parent_user_id"),
            kind,
        }
    }
}

redacted_debug! {
    SystemEvent { kind }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text { .. } => "Text",
            Self::Media(media) => return media.fmt(f),
            Self::Location { .. } => "Location",
            Self::Contacts(_) => "Contacts",
            Self::Reaction { .. } => "Reaction",
            Self::Interactive { .. } => "Interactive",
            Self::Template { .. } => "Template",
            Self::Button { .. } => "Button",
            Self::Order(_) => "Order",
            Self::System(_) => "System",
            Self::Edit { .. } => "Edit",
            Self::Revoke { .. } => "Revoke",
            Self::MediaPlaceholder => "MediaPlaceholder",
            Self::RequestWelcome => "RequestWelcome",
            Self::Unsupported { .. } => "Unsupported",
            Self::Unknown => "Unknown",
        })
    }
}
