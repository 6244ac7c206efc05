//! Webhooks, read tolerantly. Unknown fields and kinds are kept as raw JSON; wrong types, missing nodes and broken
//! items never spoil the items beside them.

mod addressees;
mod answers;
mod contacts;
mod content;
mod display;
mod envelope;
mod files;
mod message;
mod reported_error;
mod status;
mod tolerant;

use std::fmt;

use serde::Serialize;
use serde_json::Value;

pub use addressees::{ADDRESSEES_MAX, Addressees, addressees};
pub use content::{Content, SystemEvent};
pub(crate) use files::header_file;
pub use files::{Attachments, MediaObject, media_id};
pub use message::{Context, Message, Profile};
pub(crate) use message::{by_kind, is_user_id};
pub use reported_error::ReportedError;
pub use status::Status;

use crate::error::{Error, ErrorKind};
use crate::redact::redacted_debug;

/// A body may have one update for each so many of its bytes, beyond a number that any body may have. Meta's smallest updates,
/// statuses, have more than a hundred bytes. An update takes a thousand bytes and more once it is read, so bodies full of
/// empty ones would fill the memory.
const BYTES_PER_UPDATE: usize = 64;
const UPDATES_MIN_ALLOWED: usize = 64;

/// The body of one webhook. Meta sends up to 3 MB and a thousand updates in one.
pub struct Webhook {
    root: Value,
}

impl Webhook {
    /// Reads a body. Fails only for what is not JSON or not an object, and for [`ErrorKind::TooManyUpdates`].
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        let root = tolerant::parse(body).map_err(|source| {
            Error::new(ErrorKind::InvalidWebhook, "the body is not JSON").caused_by(source)
        })?;
        if !root.is_object() {
            return Err(Error::new(ErrorKind::InvalidWebhook, "the body is not a JSON object"));
        }
        let max = updates_max(body.len());
        if envelope::update_count(&root) > max {
            let context = format!(
                "the body has more than the {max} updates that WhatsApp puts into {} bytes",
                body.len()
            );
            return Err(Error::new(ErrorKind::TooManyUpdates, context));
        }
        Ok(Self { root })
    }

    /// All updates of the webhook, in its order: each message, status and error of every entry and change by
    /// itself, and one [`UpdateKind::Other`] for each change or item that was not understood.
    pub fn updates(&self) -> Vec<Update> {
        envelope::updates(&self.root)
    }

    /// The numbers and accounts that the webhook is for; see [`addressees`].
    pub fn addressees(&self) -> Addressees {
        envelope::addressees(&self.root)
    }
}

/// Whether a body may have too many updates to be read, so that [`Webhook::parse`] has to be asked. Takes one quick pass. Of
/// WhatsApp's own bodies, those full of commas may be reported although they do not.
pub fn may_have_too_many_updates(body: &[u8]) -> bool {
    // Each update follows the bracket of its list or a comma.
    let max = updates_max(body.len());
    body.iter().filter(|byte| matches!(byte, b',' | b'[')).count() > max
}

fn updates_max(bytes: usize) -> usize {
    UPDATES_MIN_ALLOWED + bytes / BYTES_PER_UPDATE
}

/// One message, status or error of a webhook, and where in the webhook it stood.
#[derive(Clone, PartialEq, Serialize)]
pub struct Update {
    /// The WhatsApp Business Account; empty where the webhook names none.
    pub waba_id: String,
    pub phone_number_id: Option<String>,
    /// The business number as digits, sometimes with formatting.
    pub display_phone_number: Option<String>,
    /// The webhook field, such as `messages` or `history`.
    pub field: String,
    pub kind: UpdateKind,
}

/// What an update is about.
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "nearly every update is a message")]
pub enum UpdateKind {
    Message {
        message: Message,
        /// The person on the other side: the writer; for an echo, the person the business wrote to; in history,
        /// the person of the thread.
        sender: Option<Profile>,
        origin: Origin,
    },
    Status(Status),
    /// An error that belongs to no message of its own.
    Error(ReportedError),
    /// An item that is not understood, as received.
    Other {
        raw: Value,
    },
}

/// The route by which a message was received.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A customer wrote to the business.
    Inbound,
    /// The business wrote, from its phone or another program.
    Echo,
    /// A customer wrote while another program has the conversation. Answering would take it over.
    Standby,
    /// A message from before onboarding. Who wrote it shows in `from`: the thread's person or the business.
    History {
        /// The person of the thread.
        thread: Option<String>,
        /// The message's last status, in WhatsApp's capitals (`READ`, `DELIVERED`, …).
        status: Option<String>,
    },
    /// The media of a history message that was received as a placeholder before, under the same id.
    HistoryMedia,
}

redacted_debug! {
    Webhook {}
    Update { waba_id, phone_number_id, field, kind }
}

impl fmt::Debug for UpdateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message { message, origin, .. } => f
                .debug_struct("Message")
                .field("message", message)
                .field("origin", origin)
                .finish_non_exhaustive(),
            Self::Status(status) => status.fmt(f),
            Self::Error(error) => error.fmt(f),
            Self::Other { .. } => f.write_str("Other"),
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inbound => "Inbound",
            Self::Echo => "Echo",
            Self::Standby => "Standby",
            Self::History { .. } => "History",
            Self::HistoryMedia => "HistoryMedia",
        })
    }
}
