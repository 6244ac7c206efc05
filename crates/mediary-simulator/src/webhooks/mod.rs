//! Webhooks: how updates share a body, and how bodies are delivered until somebody answers 200.

mod body;
mod delivery;
mod dispatch;
mod log;
mod outbox;

pub(crate) use body::{Part, Update, ascii_json};
pub(crate) use delivery::verify_callback;
pub(crate) use dispatch::{post, resend, run};
pub(crate) use log::WebhookLog;
pub use log::{WebhookAttempt, WebhookRecord, WebhookState};
pub(crate) use outbox::Outbox;
