//! What is told to listeners: which company, what happened, and to which record.

use mediary_core::{AccountId, CompanyId, ConversationId, DownloadStatus, MediaId, MessageId};
use mediary_store::{Change, ChangeKind, ClaimedDownload};
use serde::{Deserialize, Serialize};

/// What a live event is about. Its name on the wire is [`EventName::as_str`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventName {
    MessageCreated,
    MessageUpdated,
    ConversationUpdated,
    MediaProgress,
    MediaCompleted,
    MediaFailed,
    MediaDeleted,
    AccountUpdated,
}

impl EventName {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MessageCreated => "message.created",
            Self::MessageUpdated => "message.updated",
            Self::ConversationUpdated => "conversation.updated",
            Self::MediaProgress => "media.progress",
            Self::MediaCompleted => "media.completed",
            Self::MediaFailed => "media.failed",
            Self::MediaDeleted => "media.deleted",
            Self::AccountUpdated => "account.updated",
        }
    }

    pub const ALL: [Self; 8] = [
        Self::MessageCreated,
        Self::MessageUpdated,
        Self::ConversationUpdated,
        Self::MediaProgress,
        Self::MediaCompleted,
        Self::MediaFailed,
        Self::MediaDeleted,
        Self::AccountUpdated,
    ];

    /// The event of this name; another version may have more.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }
}

/// Ids and numbers of an event, as far as they apply. `id` is the id of the record that the name speaks of.
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

    /// Of a row that changed, with the name of what happened to it.
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
