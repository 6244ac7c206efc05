//! All of Mediary's SQL: one schema and one text for SQLite and Postgres.
#![expect(
    clippy::todo,
    clippy::unused_async,
    dead_code,
    unused_variables,
    reason = "signatures first; bodies follow in the next commits"
)]

mod conversations;
mod db;
mod downloads;
mod error;
mod inbox;
mod ingest;
mod lists;
mod media;
mod messages;
mod page;
mod people;
mod record;
mod signatures;
mod store;

pub use conversations::{Contact, Conversation, ConversationQuery};
pub use downloads::*;
pub use error::{Error, ErrorKind, Result};
pub use inbox::{EventScope, InboxDepth, NewWebhookEvent, Trash, WebhookEvent};
pub use ingest::*;
pub use lists::{MediaQuery, MediaSort, Order};
pub use media::MediaFile;
pub use messages::{Message, MessageError, MessageReaction, MessageWithMedia, ReplyTo};
pub use page::{Cursor, Page, PageRequest};
pub use people::*;
pub use signatures::{BackfillRow, MessagesAround};
pub use store::{Backend, Store, StoreOptions};
