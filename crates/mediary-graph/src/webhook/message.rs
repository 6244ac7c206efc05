//! One message, from a customer or from the business.

use mediary_core::{MessageType, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::content::Content;
use super::files::Attachments;
use super::reported_error::{ReportedError, read_errors};
use super::tolerant::{flag, id, label, shared_id, time};
use crate::redact::redacted_debug;

/// A message. Only `kind`, `content` and `raw` are always there: people who use a username have no `from`.
#[derive(Clone, PartialEq, Serialize)]
pub struct Message {
    /// The wamid, unique per number.
    pub id: Option<String>,
    /// The writer's WhatsApp id (mostly the phone number's digits).
    pub from: Option<String>,
    /// The writer's business-scoped user id.
    pub from_user_id: Option<String>,
    pub from_parent_user_id: Option<String>,
    /// The addressee, on echoes and history.
    pub to: Option<String>,
    pub to_user_id: Option<String>,
    pub to_parent_user_id: Option<String>,
    pub group_id: Option<String>,
    /// WhatsApp's own time, where it is one.
    pub timestamp: Option<Timestamp>,
    /// `type` as sent; empty where there is none.
    pub kind: String,
    pub content: Content,
    #[serde(skip_serializing_if = "Attachments::is_empty")]
    pub attachments: Attachments,
    pub context: Option<Context>,
    /// The ad or post that led here. Its image and video URLs are public and are no media ids.
    pub referral: Option<Value>,
    pub errors: Vec<ReportedError>,
    /// The whole item as JSON.
    pub raw: String,
}

impl Message {
    pub(super) fn read(item: &Value) -> Option<Self> {
        item.as_object()?;
        let (from, from_user_id) = person(item, "from", "from_user_id");
        let (to, to_user_id) = person(item, "to", "to_user_id");
        Some(Self {
            id: id(item, "id"),
            from,
            from_user_id,
            from_parent_user_id: id(item, "from_parent_user_id"),
            to,
            to_user_id,
            to_parent_user_id: id(item, "to_parent_user_id"),
            group_id: id(item, "group_id"),
            timestamp: time(item, "timestamp"),
            kind: id(item, "type").unwrap_or_default(),
            content: Content::read(item),
            attachments: Attachments::read(item),
            context: Context::read(item),
            referral: item.get("referral").filter(|referral| referral.is_object()).cloned(),
            errors: read_errors(item),
            raw: item.to_string(),
        })
    }

    /// The kind as our own type; one that WhatsApp adds later is `unsupported`.
    pub fn message_type(&self) -> MessageType {
        self.kind.parse().unwrap_or(MessageType::Unsupported)
    }

    /// What a person reads of a message that is not media: its text, or a line that stands for it.
    pub fn display_text(&self) -> Option<String> {
        self.content.display_text()
    }
}

/// What a message refers to. A forwarded message names neither message nor writer.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Context {
    /// The message that is answered.
    pub message_id: Option<String>,
    /// Who wrote that one.
    pub from: Option<String>,
    /// Forwarded, however often.
    pub forwarded: bool,
    /// Forwarded more than five times.
    pub frequently_forwarded: bool,
}

impl Context {
    fn read(item: &Value) -> Option<Self> {
        let context = item.get("context").filter(|context| context.is_object())?;
        let frequently_forwarded = flag(context, "frequently_forwarded");
        Some(Self {
            message_id: id(context, "id"),
            from: id(context, "from"),
            forwarded: frequently_forwarded || flag(context, "forwarded"),
            frequently_forwarded,
        })
    }
}

/// A person as a webhook describes them.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Profile {
    pub name: Option<String>,
    pub username: Option<String>,
    /// Absent for people who use a username and are not known to the business by number.
    pub wa_id: Option<String>,
    /// Business-scoped, such as `US.13491208655302741918`; another one after a change of number.
    pub user_id: Option<String>,
    pub parent_user_id: Option<String>,
}

impl Profile {
    pub(super) fn read(contact: &Value) -> Self {
        // The profile is missing for WhatsApp's own senders, and beside failed statuses.
        let profile = contact.get("profile").unwrap_or(&Value::Null);
        let (wa_id, user_id) = person(contact, "wa_id", "user_id");
        Self {
            name: label(profile, "name"),
            username: label(profile, "username"),
            wa_id,
            user_id,
            parent_user_id: shared_id(contact, "parent_user_id"),
        }
    }
}

redacted_debug! {
    Message { kind, timestamp, errors }
    Context { forwarded, frequently_forwarded }
    Profile {}
}

/// A person's phone id and business-scoped id. Some programs send the latter where the former belongs.
fn person(node: &Value, phone_key: &str, user_key: &str) -> (Option<String>, Option<String>) {
    by_kind(shared_id(node, phone_key), shared_id(node, user_key))
}

/// A phone id and a business-scoped one, each in its own place.
pub(crate) fn by_kind(phone: Option<String>, user: Option<String>) -> (Option<String>, Option<String>) {
    match phone {
        Some(misplaced) if is_user_id(&misplaced) => (None, user.or(Some(misplaced))),
        phone => (phone, user),
    }
}

/// Whether an id is a business-scoped one: a country's two capitals and a dot, where a phone id has digits.
pub(crate) fn is_user_id(id: &str) -> bool {
    matches!(id.as_bytes(), [a, b, b'.', ..] if a.is_ascii_uppercase() && b.is_ascii_uppercase())
}
