//! What was sent by webhook and how it was answered, newest last, for as long as there is room.

use std::collections::VecDeque;

use bytes::Bytes;
use mediary_core::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;

use crate::accounts::Destination;

/// Webhooks remembered, and the bytes of their bodies; the oldest are dropped first.
const WEBHOOKS: usize = 10_000;
const WEBHOOK_BYTES: usize = 64 * 1024 * 1024;

/// How far a webhook has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookState {
    Pending,
    Acknowledged,
    /// Given up after the last retry.
    Dropped,
}

/// One POST and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookAttempt {
    pub at: Timestamp,
    /// `None`: there was no answer.
    pub status: Option<u16>,
    pub error: Option<String>,
}

/// One webhook with all its attempts.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookRecord {
    pub id: u64,
    pub updates: usize,
    pub bytes: usize,
    pub state: WebhookState,
    pub attempts: Vec<WebhookAttempt>,
    /// The body as it was sent and signed.
    #[serde(skip)]
    pub body: Bytes,
    #[serde(skip)]
    pub signature: String,
    #[serde(skip)]
    pub(crate) destination: Destination,
}

#[derive(Debug, Default)]
struct Records {
    last_id: u64,
    bytes: usize,
    records: VecDeque<WebhookRecord>,
}

#[derive(Debug, Default)]
pub(crate) struct WebhookLog(Mutex<Records>);

impl WebhookLog {
    pub(crate) fn add(&self, mut record: WebhookRecord) -> u64 {
        let mut log = self.0.lock();
        log.last_id += 1;
        record.id = log.last_id;
        log.bytes += record.bytes;
        log.records.push_back(record);
        while log.records.len() > WEBHOOKS || (log.bytes > WEBHOOK_BYTES && log.records.len() > 1) {
            log.bytes -= log.records.pop_front().map_or(0, |oldest| oldest.bytes);
        }
        log.last_id
    }

    pub(crate) fn attempted(&self, id: u64, attempt: WebhookAttempt, state: WebhookState) {
        let mut log = self.0.lock();
        if let Some(record) = log.records.iter_mut().rev().find(|record| record.id == id) {
            record.attempts.push(attempt);
            // What was acknowledged once stays so, whatever becomes of a repetition.
            if record.state != WebhookState::Acknowledged {
                record.state = state;
            }
        }
    }

    pub(crate) fn find(&self, id: u64) -> Option<WebhookRecord> {
        let log = self.0.lock();
        log.records.iter().find(|record| record.id == id).cloned()
    }

    pub(crate) fn all(&self) -> Vec<WebhookRecord> {
        self.0.lock().records.iter().cloned().collect()
    }
}
