//! What businesses sent through the simulator, and what they marked as read, newest last.

use std::collections::VecDeque;

use mediary_core::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;

use crate::media::MediaRecord;

/// Sent messages remembered, and receipts; older ones are dropped.
const SENT_MESSAGES: usize = 10_000;

/// A message that a business sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SentMessage {
    pub id: String,
    pub phone_number_id: String,
    /// The phone number, the group or the business-scoped user id it went to.
    pub to: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// The uploaded file that it names by id: type, size and hash as they arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media: Option<MediaRecord>,
    /// The body of the request.
    pub body: Value,
    pub at: Timestamp,
    /// The newest status that went out by webhook.
    pub status: String,
}

/// A customer's message that a business marked as read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadReceipt {
    pub phone_number_id: String,
    pub message_id: String,
    /// Whether the customer sees that somebody writes.
    pub typing: bool,
    pub at: Timestamp,
}

#[derive(Debug, Default)]
pub(crate) struct SentLog {
    messages: Mutex<VecDeque<SentMessage>>,
    receipts: Mutex<VecDeque<ReadReceipt>>,
}

fn add<T>(log: &Mutex<VecDeque<T>>, item: T) {
    let mut log = log.lock();
    if log.len() >= SENT_MESSAGES {
        log.pop_front();
    }
    log.push_back(item);
}

impl SentLog {
    pub(crate) fn add(&self, message: SentMessage) {
        add(&self.messages, message);
    }

    pub(crate) fn add_receipt(&self, receipt: ReadReceipt) {
        add(&self.receipts, receipt);
    }

    pub(crate) fn receipts(&self) -> Vec<ReadReceipt> {
        self.receipts.lock().iter().cloned().collect()
    }

    pub(crate) fn set_status(&self, id: &str, status: &str) {
        let mut log = self.messages.lock();
        if let Some(message) = log.iter_mut().rev().find(|message| message.id == id) {
            status.clone_into(&mut message.status);
        }
    }

    pub(crate) fn all(&self) -> Vec<SentMessage> {
        self.messages.lock().iter().cloned().collect()
    }
}
