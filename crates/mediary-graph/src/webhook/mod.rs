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
mod status;
mod tolerant;

use std::fmt;

use serde::Serialize;
use serde_json::Value;

pub use addressees::{ADDRESSEES_MAX, Addressees, addressees};
pub use content::{Content, SystemEvent};
pub use files::{Attachments, MediaObject, media_id};
pub use message::{Context, Message, Profile};
pub use status::{ReportedError, Status};

use crate::error::{Error, ErrorKind};
use crate::redact::redacted_debug;

/// A body may have one update for so many of its bytes, and some more. Meta's smallest, statuses, have more than a hundred. What
/// is made of an update takes a thousand bytes and more, so bodies full of empty ones would fill the memory.
const BYTES_PER_UPDATE: usize = 64;
const UPDATES_OF_THE_SMALLEST: usize = 64;

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
        let most = updates_max(body.len());
        if envelope::update_count(&root) > most {
            let words = format!(
                "the body has more than the {most} updates that WhatsApp puts into {} bytes",
                body.len()
            );
            return Err(Error::new(ErrorKind::TooManyUpdates, words));
        }
        Ok(Self { root })
    }

    /// Everything the webhook tells, in its order: each message, status and error of every entry and change by
    /// itself, and one [`UpdateKind::Other`] for each change or item that was not understood.
    pub fn updates(&self) -> Vec<Update> {
        envelope::updates(&self.root)
    }

    /// Whom the webhook is for; see [`addressees`].
    pub fn addressees(&self) -> Addressees {
        envelope::addressees(&self.root)
    }
}

/// Whether a body may have too many updates to be read, so that [`Webhook::parse`] has to be asked. Takes one quick pass; of
/// WhatsApp's bodies it is so for those that are full of commas.
pub fn may_have_too_many_updates(body: &[u8]) -> bool {
    // Each update follows the bracket of its list or a comma.
    let most = updates_max(body.len());
    body.iter().filter(|byte| matches!(byte, b',' | b'[')).count() > most
}

fn updates_max(bytes: usize) -> usize {
    UPDATES_OF_THE_SMALLEST + bytes / BYTES_PER_UPDATE
}

/// One thing that a webhook tells, with the place it came from.
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
        /// The person on the other side: who wrote it; for an echo, whom the business wrote to; in history,
        /// whose thread it is.
        sender: Option<Profile>,
        origin: Origin,
    },
    Status(Status),
    /// An error that belongs to no message of its own.
    Error(ReportedError),
    /// What is not understood, as it came.
    Other {
        raw: Value,
    },
}

/// How a message came to us.
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
        /// How far the message came, in WhatsApp's capitals (`READ`, `DELIVERED`, …).
        status: Option<String>,
    },
    /// The media of a history message that came as a placeholder before, under the same id.
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
