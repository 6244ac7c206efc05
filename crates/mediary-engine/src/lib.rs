//! The flows between store, storage and WhatsApp: from a webhook or an import to records, from records to bytes, from bytes to the
//! people allowed to see them; and the workers that run them.
//!
//! Rows are the truth and the queue: every flow may die between any two steps and is resumed from its rows.
//! No transaction is held over the network or a file. Knows nothing of HTTP towards clients.

mod access;
mod base;
mod context;
mod engine;
mod events;
mod intake;
mod media;
mod nodes;
mod outward;
mod storage;
mod transit;
mod upkeep;
mod whatsapp;

pub use access::links::{ArchiveLink, Link, Links};
pub use access::{Access, ApiKeyDraft, Caller, Identity, May, NewKey, Right, UserChange, UserDraft, rights};
pub use base::fault;
pub use base::metrics::describe as describe_metrics;
pub use base::shutdown::Shutdown;
pub use base::vault::Vault;
pub use context::{EngineConfig, EngineParts, InboundLimits};
pub use engine::Engine;
pub use events::bus::{Delivery, EventBus, Subscription};
pub use events::event::{EventData, EventName, LiveEvent};
pub use intake::WebhookSender;
pub use intake::import::{Import, ImportedLine, ImportedMedia, LineFate};
pub use intake::webhook::{AcceptedWebhook, UnsignedReason};
pub use media::archive::{
    ArchivePlan, ArchiveSection, ArchiveSelection, PlannedFile, crc32_of, crc32_of_file,
};
pub use media::derive::variant_kinds;
pub use media::open::{
    FileInfo, LentMap, OpenRequest, OpenedMedia, ProxiedBody, RequestedContent, Source, Target,
    playable_mime_type,
};
pub use media::oversized::OversizedFiles;
pub use media::requests::{MediaStatus, MediaTrouble, RetryOutcome, size_for_people};
pub use outward::send::{
    DraftContent, DraftDestination, FileDraft, FileSource, FileUpload, HeadedContent, HeadedDraft, Library,
    LibraryDraft, LibrarySource, MessageDraft, PartialUploads, PlainContent, QueuedMessages, ReceivedFile,
    UploadContinuation,
};
pub use transit::range::ByteRange;
pub use upkeep::backfill::{BackfillOptions, BackfillOutcome, BackfillReport};
pub use upkeep::derivations::{DeriveReport, DeriveWhich};
pub use upkeep::health::Check;
pub use upkeep::inspect::{FoundFiles, InspectOptions, Inspection};
pub use upkeep::relocate::{Relocation, RelocationPreview};
pub use upkeep::sweep::{RetentionAct, SweepReport};
pub use whatsapp::AccountCheck;
pub use whatsapp::account_drafts::{AccountChange, AccountDraft};
pub use whatsapp::accounts::{AccountDirectory, KnownAccount};
pub use whatsapp::aws::AwsProvider;
pub use whatsapp::binding::{BoundAccount, Proof};
pub use whatsapp::provider::Providers;
