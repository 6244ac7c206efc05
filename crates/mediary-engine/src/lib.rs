//! The flows that join store, storage and WhatsApp: from webhook or an older system's file to record, from record to
//! bytes, from bytes to whoever may see them; and the worker that keeps all of it going.
//!
//! Rows are the truth and the queue: every flow may die between any two steps and is taken up again from its rows.
//! No transaction is held over the network or a file. Knows nothing of HTTP towards clients.

mod access;
mod accounts;
mod backfill;
mod binding;
mod engine;
mod error;
mod events;
pub mod fault;
mod fetch;
mod health;
mod import;
mod ingest;
mod inspect;
mod legacy;
mod links;
mod media;
mod metrics;
mod open;
mod policies;
mod presence;
mod provider;
mod relay;
mod relocate;
mod sweep;
mod tasks;
mod vault;
mod webhook;

pub use access::{Access, ApiKeyDraft, Caller, NewKey, UserChange, UserDraft, Who};
pub use accounts::{AccountChange, AccountDirectory, AccountDraft, KnownAccount};
pub use backfill::{BackfillOptions, BackfillOutcome, BackfillReport};
pub use binding::{Bound, Proof};
pub use engine::{Engine, EngineConfig, EngineParts, InboundLimits, Shutdown};
pub use error::{Error, Result};
pub use events::{Delivery, EventBus, EventData, EventName, LiveEvent, Subscription};
pub use health::Check;
pub use import::{Import, ImportedLine, ImportedMedia, LineFate};
pub use inspect::{Found, InspectOptions, Inspection};
pub use links::{Link, Links};
pub use media::{MediaStatus, MediaTrouble, RetryOutcome, size_for_people};
pub use metrics::describe as describe_metrics;
pub use open::{ByteRange, FileInfo, OpenRequest, OpenedMedia, Passing, Source, Target, Wanted};
pub use relocate::{Relocation, ToRelocate};
pub use sweep::{RetentionAct, SweepReport};
pub use vault::Vault;
pub use webhook::{Accepted, Unsigned};
