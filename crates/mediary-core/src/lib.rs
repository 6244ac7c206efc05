//! The words and rules of Mediary, without any IO: ids, states and how they may change, policies, limits,
//! retry rules, error codes and time. Everything here is a plain value that every other crate may use.

mod clock;
mod error;
mod error_chain;
mod error_code;
mod event_name;
pub mod field;
mod ids;
pub mod limits;
mod media;
mod message;
mod number;
mod policy;
mod retention;
mod retry;
mod role;
mod scope;
mod sha256;
mod text;
mod unreadable;
mod upstream;
mod words;

pub use clock::{Clock, SystemClock, Timestamp};
pub use error::{Error, Result};
pub use error_chain::error_chain;
pub use error_code::ErrorCode;
pub use event_name::EventName;
pub use ids::*;
pub use media::{
    DerivationStep, DownloadStatus, FileType, Integrity, ScanStatus, StorageBackend, VariantKind,
};
pub use message::{Direction, MessageStatus, MessageType, OutgoingType};
pub use number::{canonical_number, other_spelling, same_number};
pub use policy::{AccountStatus, MediaPolicy, MediaTask, Provider};
pub use retention::{DeletionReason, Retention, RetentionMode};
pub use retry::{Backoff, RetryRules};
pub use role::{Permission, Role};
pub use scope::{Scope, Visibility};
pub use sha256::{InvalidSha256, Sha256};
pub use text::{UnknownWord, storable_text};
pub use unreadable::UnreadableField;
pub use upstream::{UPSTREAM_TEXT_CHARS, upstream_text};
pub use words::{QUERY_WORDS_MAX, Word, WordQuery, words};
