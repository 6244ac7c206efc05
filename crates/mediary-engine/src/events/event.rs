//! The events that listeners get: the company, what happened, and to which record.

pub use mediary_core::EventName;
use mediary_core::{AccountId, CompanyId, ConversationId, DownloadStatus, MediaId, MessageId};
use mediary_store::{Change, ChangeKind, ClaimedDownload};
use serde::{Deserialize, Serialize};

/// Ids and numbers of an event, as far as they apply. `id` is the id of the record that the event is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventData {
    pub id: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<ConversationId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_id: Option<MediaId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<DownloadStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_downloaded: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_size: Option<u64>,
}

impl EventData {
    pub(crate) fn account(id: AccountId) -> Self {
        Self { id: id.0, ..Self::default() }
    }

    /// The event of a changed row.
    pub(crate) fn of_change(change: &Change) -> (EventName, Self) {
        let (name, id) = match change.kind {
            ChangeKind::MessageCreated => (EventName::MessageCreated, change.message_id.map(i64::from)),
            ChangeKind::MessageUpdated => (EventName::MessageUpdated, change.message_id.map(i64::from)),
            ChangeKind::ConversationUpdated => {
                (EventName::ConversationUpdated, Some(change.conversation_id.0))
            }
            ChangeKind::MediaDeleted => (EventName::MediaDeleted, change.media_id.map(i64::from)),
        };
        let data = Self {
            id: id.unwrap_or(change.conversation_id.0),
            conversation_id: Some(change.conversation_id),
            message_id: change.message_id,
            media_id: change.media_id,
            ..Self::default()
        };
        (name, data)
    }

    pub(crate) fn media(claim: &ClaimedDownload) -> Self {
        Self {
            id: claim.media_id.0,
            conversation_id: Some(claim.conversation_id),
            message_id: Some(claim.message_id),
            media_id: Some(claim.media_id),
            ..Self::default()
        }
    }
}

/// One event of one company. No two have the same `seq`.
#[derive(Clone, Debug)]
pub struct LiveEvent {
    pub seq: u64,
    pub company_id: CompanyId,
    pub name: EventName,
    pub data: EventData,
}
