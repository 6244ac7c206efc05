//! How far a sent message has come.

use mediary_core::{MessageStatus, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::message::Profile;
use super::reported_error::{ReportedError, read_errors};
use super::tolerant::{id, time};
use crate::outgoing::CALLBACK_DATA_CHARS;
use crate::redact::redacted_debug;

/// A status of a message that the business sent. They come in any order and more than once; one message to a group
/// has several, one per participant.
#[derive(Clone, PartialEq, Serialize)]
pub struct Status {
    pub message_id: String,
    /// As sent: `sent`, `delivered`, `read`, `played`, `failed`, in old recordings also `deleted`.
    pub status: String,
    /// The same as our own type, where it has one.
    pub known: Option<MessageStatus>,
    pub timestamp: Option<Timestamp>,
    pub recipient_id: Option<String>,
    pub recipient_user_id: Option<String>,
    pub recipient_parent_user_id: Option<String>,
    /// In a group: the participant that this status is about; the recipient is the group then.
    pub participant_id: Option<String>,
    pub participant_user_id: Option<String>,
    /// What the sender attached to the message (`biz_opaque_callback_data`). WhatsApp takes so many characters of it as are read
    /// here; a longer one is nobody's, and dropped.
    pub callback_data: Option<String>,
    pub contact: Option<Profile>,
    pub errors: Vec<ReportedError>,
}

impl Status {
    /// `None` without a message id, and for calls, whose statuses have the same shape.
    pub(super) fn read(item: &Value) -> Option<Self> {
        if item.get("type").is_some_and(|kind| kind == "call") {
            return None;
        }
        let status = id(item, "status").unwrap_or_default();
        // Meta renamed this one in May 2026, and its documentation still shows the other spelling of the next.
        let either = |new, old| id(item, new).or_else(|| id(item, old));
        Some(Self {
            message_id: id(item, "id")?,
            known: known(&status),
            status,
            timestamp: time(item, "timestamp"),
            recipient_id: id(item, "recipient_id"),
            recipient_user_id: id(item, "recipient_user_id"),
            recipient_parent_user_id: either("recipient_parent_user_id", "parent_recipient_user_id"),
            participant_id: either("recipient_participant_id", "participant_recipient_id"),
            participant_user_id: either("recipient_participant_user_id", "participant_recipient_user_id"),
            callback_data: id(item, "biz_opaque_callback_data")
                .filter(|data| data.chars().nth(CALLBACK_DATA_CHARS).is_none()),
            contact: None,
            errors: read_errors(item),
        })
    }
}

/// Only WhatsApp's own five: our states from before sending are never accepted from outside.
fn known(status: &str) -> Option<MessageStatus> {
    use MessageStatus::{Delivered, Failed, Played, Read, Sent};
    [Sent, Delivered, Read, Played, Failed].into_iter().find(|known| known.as_str() == status)
}

redacted_debug! {
    Status { status, timestamp, errors }
}
