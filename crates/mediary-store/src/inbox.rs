//! The durable inbox: raw signed webhook bodies until they are ingested.

use std::fmt;

use bytes::Bytes;
use mediary_core::{AccountId, StorageBackend, Timestamp, WebhookEventId};
use serde::{Deserialize, Serialize};

/// Whose items of a webhook are ingested: the accounts whose secret signed it, or all of the installation's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventScope {
    pub accounts: Vec<AccountId>,
    /// Signed with the installation's own secret.
    pub installation: bool,
}

/// A verified webhook body.
#[derive(Clone)]
pub struct NewWebhookEvent {
    pub body: Bytes,
    pub received_at: Timestamp,
    pub scope: EventScope,
}

impl fmt::Debug for NewWebhookEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewWebhookEvent").field("size", &self.body.len()).finish_non_exhaustive()
    }
}

/// A webhook body in the inbox.
#[derive(Clone)]
pub struct WebhookEvent {
    pub id: WebhookEventId,
    pub body: Vec<u8>,
    pub received_at: Timestamp,
    pub scope: EventScope,
    pub attempts: i64,
}

impl fmt::Debug for WebhookEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookEvent")
            .field("id", &self.id)
            .field("size", &self.body.len())
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// How much waits in the inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InboxDepth {
    pub waiting: u64,
    pub oldest_received_at: Option<Timestamp>,
}

/// Bytes in storage that nothing points to any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trash {
    pub id: i64,
    pub backend: StorageBackend,
    pub key: String,
}
