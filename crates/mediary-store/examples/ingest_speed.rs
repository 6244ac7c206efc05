//! How fast webhooks are kept and ingested, on a database of its own:
//!
//! ```text
//! cargo run --release -p mediary-store --example ingest_speed -- sqlite:///tmp/speed.db
//! xtask/with-postgres.sh sh -c 'cargo run --release -p mediary-store --example ingest_speed -- $MEDIARY_TEST_POSTGRES'
//! ```
//!
//! Prints durable appends a second with 64 callers, ingested media messages a second, the longest wait of an append
//! beside a running ingest, and claimed and finished downloads a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use mediary_core::{
    Clock, Direction, FileType, Integrity, MediaPolicy, MessageStatus, MessageType, ScanStatus, Sha256,
    StorageBackend, SystemClock, limits,
};
use mediary_store::{
    Actor, ClaimLimits, ContactKey, EventScope, FinishedDownload, IncomingMessage, IngestItem, IngestLimits,
    IngestPlan, NewAccount, NewCompany, NewMedia, NewWebhookEvent, PlannedItem, Result, Store, StoreOptions,
    WebhookEvent,
};
use tokio::time::Instant;

const CALLERS: u64 = 64;
const APPENDS: u64 = 40_000;
const BODY: usize = 1100;
const CLAIM: ClaimLimits =
    ClaimLimits { batch: 64, per_company: 1000, per_account: None, lease: Duration::from_secs(30) };
const BATCH: IngestLimits = IngestLimits { events: 64, bytes: 1 << 20 };

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let Some(url) = std::env::args().nth(1) else {
        eprintln!("usage: ingest_speed DATABASE_URL");
        std::process::exit(2);
    };
    let store = Store::open(&StoreOptions { url, max_connections: 8 }, Arc::new(SystemClock)).await?;
    store.migrate().await?;
    let slug = format!("speed-{}", SystemClock.now().millis());
    let company = NewCompany { name: "Speed".into(), slug: slug.clone(), media_policy: MediaPolicy::Store };
    let company = store.add_company(&company).await?.id;
    let account = NewAccount {
        provider: mediary_core::Provider::Meta,
        aws: None,
        phone_number_id: slug,
        waba_id: None,
        display_phone_number: None,
        name: "Speed".into(),
        access_token: None,
        app_secret: None,
        verify_token: None,
        media_policy: None,
    };
    let account = store.add_account(company, &account, &Actor::command_line()).await?.id;
    let message = move |number: i64| message(company, account, number);

    let start = Instant::now();
    append(&store, APPENDS).await?;
    report("durable appends", APPENDS, start);

    let start = Instant::now();
    report("media messages ingested", ingest(&store, message).await?, start);

    let longest = append_beside_ingest(&store, message).await?;
    println!("longest append beside a running ingest: {:.1} ms", longest.as_secs_f64() * 1000.0);

    let start = Instant::now();
    report("downloads claimed and finished", download(&store).await?, start);
    store.close().await;
    Ok(())
}

fn report(what: &str, count: u64, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{what}: {count} in {seconds:.2} s, {:.0}/s",
        f64::from(u32::try_from(count).unwrap_or(0)) / seconds
    );
}

async fn append(store: &Store, count: u64) -> Result<()> {
    let left = Arc::new(AtomicU64::new(count));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (store, left) = (store.clone(), left.clone());
            tokio::spawn(async move {
                let body = Bytes::from(vec![b'x'; BODY]);
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok()
                {
                    let scope = EventScope { accounts: vec![], installation: true };
                    let event = NewWebhookEvent {
                        body: body.clone(),
                        received_at: SystemClock.now(),
                        scope,
                        company: None,
                    };
                    store.inbox_append(event).await?;
                }
                Result::Ok(())
            })
        })
        .collect();
    for caller in callers {
        caller.await.expect("callers do not panic")?;
    }
    Ok(())
}

/// Ingests all that waits; how many.
async fn ingest(store: &Store, message: impl Fn(i64) -> IncomingMessage + Copy + Send + Sync) -> Result<u64> {
    let mut ingested = 0;
    loop {
        match ingest_once(store, message).await? {
            0 => return Ok(ingested),
            events => ingested += events,
        }
    }
}

async fn append_beside_ingest(
    store: &Store,
    message: impl Fn(i64) -> IncomingMessage + Copy + Send + Sync,
) -> Result<Duration> {
    append(store, APPENDS / 4).await?;
    let done = Arc::new(AtomicBool::new(false));
    let appending = tokio::spawn({
        let (store, done) = (store.clone(), done.clone());
        async move {
            let mut longest = Duration::ZERO;
            while !done.load(Ordering::Relaxed) {
                let start = Instant::now();
                append(&store, 1).await?;
                longest = longest.max(start.elapsed());
            }
            Result::Ok(longest)
        }
    });
    while store.inbox_depth().await?.waiting > u64::try_from(limits::WEBHOOK_BATCH).unwrap_or(0) {
        ingest_once(store, message).await?;
    }
    done.store(true, Ordering::Relaxed);
    let longest = appending.await.expect("the appending task does not panic")?;
    ingest(store, message).await?;
    Ok(longest)
}

async fn ingest_once(store: &Store, message: impl Fn(i64) -> IncomingMessage + Send + Sync) -> Result<u64> {
    let plan = |events: &[WebhookEvent]| {
        let item = |event: &WebhookEvent| PlannedItem {
            event: event.id,
            item: IngestItem::Message(Box::new(message(event.id.0))),
            source: None,
        };
        IngestPlan { items: events.iter().map(item).collect(), ..IngestPlan::default() }
    };
    Ok(u64::try_from(store.ingest(BATCH, plan).await?.events).unwrap_or(0))
}

async fn download(store: &Store) -> Result<u64> {
    let mut finished = 0;
    loop {
        let claimed = store.claim_downloads("speed", &CLAIM).await?;
        if claimed.is_empty() || finished >= APPENDS / 4 {
            return Ok(finished);
        }
        let finishes: Vec<_> = claimed
            .into_iter()
            .map(|claimed| {
                let store = store.clone();
                let done = FinishedDownload {
                    media_id: claimed.media_id,
                    company_id: claimed.company_id,
                    storage_key: format!("media/{}/{}/x", claimed.company_id, claimed.message_id),
                    lease: claimed.lease,
                    storage_backend: StorageBackend::Local,
                    file_url: "file:///x".into(),
                    file_size: 300_000,
                    sha256: Sha256([1; 32]),
                    detected_mime_type: None,
                    integrity: Integrity::Verified,
                    scan_status: ScanStatus::Unscanned,
                    stored_at: SystemClock.now(),
                };
                tokio::spawn(async move { store.finish_download(done).await })
            })
            .collect();
        for finish in finishes {
            finished += u64::from(finish.await.expect("finishing does not panic")?);
        }
    }
}

fn message(
    company: mediary_core::CompanyId,
    account: mediary_core::AccountId,
    number: i64,
) -> IncomingMessage {
    let now = SystemClock.now();
    IncomingMessage {
        company_id: company,
        account_id: account,
        contact: ContactKey {
            wa_id: Some(format!("49{}", number % 5000)),
            name: Some("Somebody".into()),
            ..ContactKey::default()
        },
        direction: Direction::Inbound,
        message_type: MessageType::Image,
        status: MessageStatus::Received,
        provider_message_id: format!("wamid.HBgLMTY1MDU1NTEyMzQVAgASGBQ{number}"),
        timestamp: now,
        text: None,
        caption: Some("a caption".into()),
        sender_phone: Some("+4915550100".into()),
        sender_name: Some("Somebody".into()),
        receiving_phone: Some("+15550001".into()),
        reply_to: None,
        forwarded: false,
        frequently_forwarded: false,
        reaction: None,
        error: None,
        raw_payload: Some("x".repeat(600)),
        attachments: Vec::new(),
        imported: None,
        media: Some(NewMedia {
            provider_media_id: Some(format!("{number}")),
            file_type: FileType::Image,
            mime_type: Some("image/jpeg".into()),
            file_name: None,
            sha256: Some(Sha256([1; 32])),
            file_size: None,
            voice: false,
            animated: false,
            provider_url: Some(format!(
                "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid={number}"
            )),
            policy: MediaPolicy::Store,
            download_now: true,
            expires_at: now.plus(limits::PROVIDER_MEDIA_LIFE),
        }),
        identity_change: None,
        unread: true,
        placeholder: false,
    }
}
