//! WhatsApp's Business Cloud API as data, and the client for its media: webhooks read tolerantly, their signature,
//! Graph's errors classified by code, downloads that only ever go to allowed hosts, and messages that are sent with their
//! limits known beforehand. It knows no database and no web server.

mod client;
mod error;
pub mod outgoing;
mod redact;
mod refusal;
mod send_failure;
mod signature;
mod webhook;
pub mod wire;

pub use client::{GraphClient, GraphOptions, MediaInfo, MediaStream, Sent};
pub use error::{Error, ErrorKind};
pub use send_failure::{SendFailure, Throttled};
pub use signature::{sign, signature_matches};
pub use webhook::{
    ADDRESSEES_MAX, Addressees, Attachments, Content, Context, MediaObject, Message, Origin, Profile,
    ReportedError, Status, SystemEvent, Update, UpdateKind, Webhook, addressees, may_have_too_many_updates,
    media_id,
};
