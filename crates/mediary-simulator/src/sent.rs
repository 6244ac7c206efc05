//! What businesses sent through the simulator, newest last.

use std::collections::VecDeque;

use mediary_core::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;

/// Sent messages remembered; older ones are dropped.
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
    /// The body of the request.
    pub body: Value,
    pub at: Timestamp,
    /// The newest status that went out by webhook.
    pub status: String,
}

#[derive(Debug, Default)]
pub(crate) struct SentLog(Mutex<VecDeque<SentMessage>>);

impl SentLog {
    pub(crate) fn add(&self, message: SentMessage) {
        let mut log = self.0.lock();
        if log.len() >= SENT_MESSAGES {
            log.pop_front();
        }
        log.push_back(message);
    }

    pub(crate) fn set_status(&self, id: &str, status: &str) {
        let mut log = self.0.lock();
        if let Some(message) = log.iter_mut().rev().find(|message| message.id == id) {
            status.clone_into(&mut message.status);
        }
    }

    pub(crate) fn all(&self) -> Vec<SentMessage> {
        self.0.lock().iter().cloned().collect()
    }
}
