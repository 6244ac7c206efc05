//! Rows as the tests of the store, of the engine and of the server write them.
//!
//! The store's own tests have this file as a module of theirs: there its types are those of the crate under test, which are not
//! the ones that other crates link.

use std::time::Duration;

use bytes::Bytes;
use mediary_core::{
    AccountId, CompanyId, Direction, ErrorCode, FileType, Integrity, MediaPolicy, MessageStatus, MessageType,
    ScanStatus, Sha256, StorageBackend, Timestamp,
};
use mediary_store::{
    ClaimedDownload, ContactKey, EventScope, FailedDownload, FinishedDownload, IncomingMessage, IngestItem,
    NewCompany, NewMedia, NewWebhookEvent,
};
use mediary_testing::START;

pub const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// A company with an account.
#[derive(Clone, Copy, Debug)]
pub struct Tenant {
    pub company: CompanyId,
    pub account: AccountId,
}

pub fn new_company(slug: &str) -> NewCompany {
    NewCompany { name: slug.into(), slug: slug.into(), media_policy: MediaPolicy::Store }
}

/// A webhook that came, whose body says nothing.
pub fn webhook_event(scope: EventScope) -> NewWebhookEvent {
    NewWebhookEvent { body: Bytes::from_static(b"{}"), received_at: START, scope, company: None }
}

/// A message as an item of a webhook.
pub fn item(message: IncomingMessage) -> IngestItem {
    IngestItem::Message(Box::new(message))
}

/// Ann, by her number.
pub fn ann() -> ContactKey {
    ContactKey {
        wa_id: Some("4915550100".into()),
        phone: Some("+4915550100".into()),
        name: Some("Ann Ämter".into()),
        ..ContactKey::default()
    }
}

/// A text message from Ann.
pub fn text(tenant: Tenant, id: &str) -> IncomingMessage {
    IncomingMessage {
        company_id: tenant.company,
        account_id: tenant.account,
        contact: ann(),
        direction: Direction::Inbound,
        message_type: MessageType::Text,
        status: MessageStatus::Received,
        provider_message_id: id.into(),
        timestamp: START,
        text: Some(format!("text of {id}")),
        caption: None,
        sender_phone: Some("+4915550100".into()),
        sender_name: Some("Ann".into()),
        receiving_phone: Some("+15550001".into()),
        reply_to: None,
        forwarded: false,
        frequently_forwarded: false,
        reaction: None,
        error: None,
        raw_payload: Some(format!("{{\"id\":\"{id}\"}}")),
        media: None,
        attachments: Vec::new(),
        imported: None,
        identity_change: None,
        unread: true,
        placeholder: false,
    }
}

/// A file at WhatsApp that is to be fetched now.
pub fn new_media(id: &str) -> NewMedia {
    NewMedia {
        provider_media_id: Some(format!("media-{id}")),
        file_type: FileType::Image,
        mime_type: Some("image/jpeg".into()),
        file_name: None,
        sha256: Some(Sha256([7; 32])),
        file_size: None,
        voice: false,
        animated: false,
        provider_url: Some("https://lookaside.example/1".into()),
        policy: MediaPolicy::Store,
        download_now: true,
        expires_at: START.plus(WEEK),
    }
}

/// A picture from Ann, whose file is to be fetched now.
pub fn picture(tenant: Tenant, id: &str) -> IncomingMessage {
    IncomingMessage {
        message_type: MessageType::Image,
        text: None,
        caption: Some("a caption".into()),
        media: Some(new_media(id)),
        ..text(tenant, id)
    }
}

/// As if a claimed file had been fetched and stored.
pub fn finished(claimed: &ClaimedDownload) -> FinishedDownload {
    FinishedDownload {
        media_id: claimed.media_id,
        company_id: claimed.company_id,
        lease: claimed.lease.clone(),
        storage_backend: StorageBackend::Local,
        storage_key: format!("media/{}/{}/x", claimed.company_id, claimed.message_id),
        file_url: "file:///data/media/x".into(),
        file_size: 1234,
        sha256: Sha256([7; 32]),
        detected_mime_type: Some("image/jpeg".into()),
        integrity: Integrity::Verified,
        scan_status: ScanStatus::Unscanned,
        stored_at: START,
    }
}

/// As if the download of a claimed file had failed, and were to be tried again then.
pub fn failed(claimed: &ClaimedDownload, next_attempt_at: Option<Timestamp>) -> FailedDownload {
    FailedDownload {
        media_id: claimed.media_id,
        company_id: claimed.company_id,
        lease: claimed.lease.clone(),
        code: ErrorCode::ProviderUnavailable,
        detail: "WhatsApp answered 503".into(),
        retryable: true,
        next_attempt_at,
        announced_size: None,
        refund_attempt: false,
        mismatch: None,
        quarantined: None,
    }
}
