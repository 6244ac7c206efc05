//! WhatsApp's Business Cloud API as data, and the client for its media: webhooks read tolerantly, their signature,
//! Graph's errors classified by code, and downloads that only ever go to allowed hosts. It knows no database and no
//! web server.

mod client;
mod error;
mod redact;
mod refusal;
mod signature;
mod webhook;
pub mod wire;

pub use client::{GraphClient, GraphOptions, MediaInfo, MediaStream};
pub use error::{Error, ErrorKind};

pub use signature::{sign, signature_matches};
pub use webhook::{
    ADDRESSEES_MAX, Addressees, Attachments, Content, Context, MediaObject, Message, Origin, Profile,
    ReportedError, Status, SystemEvent, Update, UpdateKind, Webhook, addressees, may_have_too_many_updates,
    media_id,
};
