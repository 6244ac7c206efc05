//! The shapes of JSON that the API speaks, apart from the rows they are made of: a column can change without an answer
//! changing, and what must not leave (tokens, provider URLs, raw payloads) has no field to leave by.

mod account;
mod conversation;
mod media;
mod message;
mod page;
mod person;
mod reader;
mod retention;
mod search;
pub(crate) mod words;

pub(crate) use account::Account;
pub(crate) use conversation::Conversation;
pub(crate) use media::{MediaFile, MediaStatus, version as variant_version};
pub(crate) use message::Message;
pub(crate) use page::Page;
pub(crate) use person::{ApiKey, Me, User};
pub(crate) use reader::Reader;
pub(crate) use retention::RetentionBody;
pub(crate) use search::SearchHit;

use utoipa::ToSchema;

/// A moment as the API describes it: RFC 3339, in UTC.
#[derive(ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub(crate) struct Time(
    #[expect(dead_code, reason = "describes mediary_core::Timestamp, which knows nothing of HTTP")] String,
);

/// The bytes of a file, in a form.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(crate) struct Bytes(
    #[expect(dead_code, reason = "describes a part of a form, which is read as it comes")] Vec<u8>,
);

/// What a record looks like depends on who reads it: only admins see where bytes lie.
pub(crate) trait Shape<Row> {
    fn shape(row: Row, reader: &Reader) -> Self;
}
