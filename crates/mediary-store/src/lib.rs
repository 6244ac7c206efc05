//! All of Mediary's SQL: one schema and one text of each statement for SQLite and Postgres.
//!
//! [`Store`] is the handle. Its functions stand with the tables that they read and write: the inbox of webhooks (`inbox`), what is
//! recorded from it (`ingest`), webhooks that wait for an account (`waiting_webhooks`), downloads as jobs (`downloads`), what is
//! made of stored files (`derivations`), messages of ours as jobs (`sends`), messages, conversations and media as people read them, and companies with their users, API
//! keys and accounts (`people`). Every function about tenant data takes the company.
//!
//! Below them: `db` runs statements on either database, `pool` keeps connections, `database_file` detects that SQLite's file was
//! replaced, `record` turns rows into structs and `writes` turns named values into statements, `transaction` retries collisions,
//! `value` converts parameters, `bulk` writes many rows with few statements, `batch` lets many callers share a commit, `leases` is
//! the kit for jobs that one process holds, `search` finds records by their words, `scan` reads millions of rows in batches, `cost` counts the statements of a task, and
//! `dialect` has every difference between the two databases.

/// The crate has its own name in the tests, for the rows that they share with those of other crates.
#[cfg(test)]
extern crate self as mediary_store;

mod archives;
mod batch;
mod bulk;
mod clock_set_back;
mod clocks;
mod conversations;
mod cost;
mod database_file;
mod db;
mod derivations;
mod dialect;
mod downloads;
mod error;
mod inbox;
mod ingest;
mod keys;
mod leases;
mod library;
mod lists;
mod locks;
mod media;
mod media_ids;
mod messages;
mod migrations;
mod moves;
mod newest_incoming;
mod nodes;
mod opening;
mod page;
mod partial_uploads;
mod people;
mod policies;
mod pool;
mod provisional;
mod record;
mod reservations;
mod retention;
mod scan;
mod scope;
mod search;
mod sends;
mod signals;
mod sqlite_writer;
mod statement;
mod storage_checks;
mod store;
mod sweep;
#[cfg(test)]
mod tests;
mod transaction;
mod trash;
mod tries;
mod untracked;
mod usage;
mod value;
mod views;
mod waiting_webhooks;
mod writes;

pub use archives::AddedArchive;
pub use clock_set_back::LongestWaits;
pub use conversations::{Contact, Conversation, ConversationQuery};
pub use cost::{DatabaseCost, counted};
pub use derivations::{
    ClaimedDerivation, DerivationResult, FailedDerivation, FinishedDerivation, NewVariant, QueuedBatch,
    QueuedDerivations, Variant,
};
pub use downloads::{
    ClaimLimits, ClaimedDownload, DeclaredMedia, DownloadsOverview, FailedDownload, FinishedDownload,
    LegacyRow, NamedMedia, QuarantinedFile, RecordedLocation, RequeueOutcome,
};
pub use error::{Error, ErrorKind, Result};
pub use inbox::{EventScope, InboxDepth, NewWebhookEvent, WebhookEvent};
pub use ingest::{
    Change, ChangeKind, ContactKey, DueItems, IdentityChange, IncomingEdit, IncomingMessage, IncomingRevoke,
    IncomingStatus, IngestItem, IngestLimits, IngestOutcome, IngestPlan, ItemSource, LegacyMedia, NewMedia,
    ParkedItem, ParkedItemOutcome, PlannedItem, Reaction, Turn, Unrecordable,
};
pub use leases::LeaseToken;
pub use library::{AddedToLibrary, NewLibraryFile};
pub use lists::{MediaQuery, MediaSort, Order};
pub use media::MediaFile;
pub use media_ids::KnownFile;
pub use messages::{Message, MessageError, MessageReaction, MessageSource, MessageWithMedia, ReplyTo};
pub use moves::{FoundFile, StoredLocation};
pub use newest_incoming::NewestIncoming;
pub use nodes::{GoneNode, Presence};
pub use opening::embedded_file;
pub use page::{Cursor, Page, PageRequest};
pub use partial_uploads::{AddedPart, PARTIAL_UPLOAD_LIFE, PartialUpload, USED_UPLOAD, UploadPart};
pub use people::{
    Account, AccountPatch, Actor, ApiKey, ApiKeyIdentity, Audit, AuditFilter, AwsSettings, Company,
    MediaSettingsPatch, NewAccount, NewApiKey, NewCompany, NewSession, NewUser, OwnSession, SessionIdentity,
    Usage, User, UserPatch, UserWithHash,
};
pub use policies::{DueTask, PolicyPreview, StoredTally, Tally};
pub use provisional::provisional_id;
pub use retention::{ArrivalPosition, FilePastRetention};
pub use scan::{ExpiryPosition, ScannedBatch};
pub use sends::{
    CancelledSend, ClaimedSend, Destination, NewSend, QueuedSend, RetriedSend, SendLimits, UploadedFile,
    client_id_of,
};
pub use signals::{ReceivedSignal, SIGNAL_BYTES_MAX, Signals};
pub use storage_checks::{StorageCheck, StorageCheckCounts, StorageChecksOverview};
pub use store::{Backend, Store, StoreOptions};
pub use sweep::{SweepPreview, SweepTimes};
pub use trash::{ClaimedTrash, Trash};
pub use waiting_webhooks::{RequeuedBatch, WaitingWebhook};
