//! The names of live events, the same between nodes and for listeners.

use crate::text::string_enum;

string_enum! {
    /// What a live event is about: a record, and what happened to it.
    "live event" EventName {
        MessageCreated = "message.created",
        MessageUpdated = "message.updated",
        ConversationUpdated = "conversation.updated",
        MediaProgress = "media.progress",
        MediaCompleted = "media.completed",
        MediaFailed = "media.failed",
        MediaDeleted = "media.deleted",
        AccountUpdated = "account.updated",
    }
}
