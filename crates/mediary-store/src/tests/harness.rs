//! A database with two companies in it, and short ways to fill it.

use std::sync::Arc;
use std::time::Duration;

use mediary_core::{Clock, ConversationId, Direction, MessageStatus, MessageType, Scope, Timestamp};
use mediary_testing::ManualClock;
use mediary_testing::database::Database;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use super::rows::{Tenant, finished, item, new_company, new_media, picture, text, webhook_event};
use crate::*;

pub(super) const LIMITS: IngestLimits = IngestLimits { events: 1000, bytes: 1 << 24 };
/// Every account's token, as it is sealed.
pub(super) const TOKEN: [u8; 3] = [1, 2, 3];
pub(super) const CLAIM: ClaimLimits =
    ClaimLimits { batch: 16, per_company: 4, per_account: None, lease: Duration::from_secs(30) };

pub(super) struct Test {
    pub(super) store: Store,
    pub(super) clock: ManualClock,
    pub(super) acme: Tenant,
    pub(super) other: Tenant,
    pub(super) database: Database,
}

impl Test {
    /// A new database with its schema and two companies.
    pub(super) async fn on(backend: Backend) -> Self {
        let database = match backend {
            Backend::Sqlite => Database::sqlite(),
            Backend::Postgres => Database::postgres(),
        };
        let clock = ManualClock::default();
        let store = open(database.url(), &clock).await;
        store.migrate().await.unwrap();
        let acme = add_tenant(&store, "acme").await;
        let other = add_tenant(&store, "other").await;
        Self { store, clock, acme, other, database }
    }

    /// Another node on the same database.
    pub(super) async fn another_node(&self) -> Store {
        open(self.database.url(), &self.clock).await
    }

    pub(super) async fn end(self) {
        self.store.close().await;
    }

    /// Any statement, for what the store itself would never do.
    pub(super) async fn sql(&self, sql: &str) -> Result<u64> {
        match self.store.backend() {
            Backend::Sqlite => self.store.db().execute(AssertSqlSafe(sql.to_owned()), vec![]).await,
            // By a connection of its own: millions of rows take longer than the store waits for an answer.
            Backend::Postgres => {
                let mut connection = sqlx::PgConnection::connect(self.database.url()).await.unwrap();
                let done = connection.execute(AssertSqlSafe(sql.to_owned())).await;
                connection.close().await.unwrap();
                done.map(|done| done.rows_affected())
                    .map_err(|error| crate::dialect::error("run a statement", error))
            }
        }
    }

    pub(super) async fn number(&self, sql: &str) -> i64 {
        let row: Option<(i64,)> = self.store.db().first(AssertSqlSafe(sql.to_owned()), vec![]).await.unwrap();
        row.unwrap().0
    }

    pub(super) async fn ingest(&self, items: Vec<IngestItem>) -> IngestOutcome {
        ingest(&self.store, items).await
    }

    /// Ingests one message with a picture; its record.
    pub(super) async fn picture(&self, tenant: Tenant, id: &str) -> MediaFile {
        self.ingest(vec![item(picture(tenant, id))]).await;
        self.media_of(tenant, id).await
    }

    pub(super) async fn media_of(&self, tenant: Tenant, id: &str) -> MediaFile {
        self.message(tenant, id).await.media.unwrap()
    }

    /// A message by WhatsApp's id.
    pub(super) async fn message(&self, tenant: Tenant, id: &str) -> MessageWithMedia {
        self.find(tenant, id).await.unwrap_or_else(|| panic!("message {id} is not there"))
    }

    pub(super) async fn find(&self, tenant: Tenant, id: &str) -> Option<MessageWithMedia> {
        let sql = "SELECT m.id FROM messages m WHERE m.company_id = $1 AND m.provider_message_id = $2";
        let found: Option<(mediary_core::MessageId,)> =
            self.store.db().first(sql, crate::value::args![tenant.company, id]).await.unwrap();
        self.store.message(&Scope::system(tenant.company), found?.0).await.unwrap()
    }

    /// The only conversation of a company.
    pub(super) async fn conversation(&self, tenant: Tenant) -> Conversation {
        let mut all = self.conversations(tenant).await;
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    pub(super) async fn conversations(&self, tenant: Tenant) -> Vec<Conversation> {
        self.store
            .conversations(&Scope::system(tenant.company), &ConversationQuery::default())
            .await
            .unwrap()
            .items
    }

    /// WhatsApp's ids of a thread, newest first.
    pub(super) async fn thread(&self, tenant: Tenant, conversation: ConversationId) -> Vec<String> {
        let page = self
            .store
            .messages(&Scope::system(tenant.company), conversation, &PageRequest::default())
            .await
            .unwrap();
        page.items.into_iter().map(|one| one.message.provider_message_id.unwrap()).collect()
    }

    pub(super) async fn claim(&self) -> Vec<ClaimedDownload> {
        self.store.claim_downloads("worker", &CLAIM).await.unwrap()
    }

    /// Ingests a picture and claims it.
    pub(super) async fn claimed(&self, id: &str) -> ClaimedDownload {
        let media = self.picture(self.acme, id).await;
        let claimed = self.claim().await;
        claimed.into_iter().find(|one| one.media_id == media.id).unwrap()
    }

    /// Ingests a picture and stores it.
    pub(super) async fn stored(&self, id: &str) -> MediaFile {
        let claimed = self.claimed(id).await;
        assert!(self.store.finish_download(finished(&claimed)).await.unwrap());
        self.store.media(&Scope::system(claimed.company_id), claimed.media_id).await.unwrap().unwrap()
    }

    /// What may be removed from storage now.
    pub(super) async fn trash(&self) -> Vec<Trash> {
        let mut gone = Vec::new();
        for backend in mediary_core::StorageBackend::ALL {
            gone.extend(self.store.trash_claim(*backend, 10).await.unwrap().gone);
        }
        gone
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

pub(super) async fn open(url: &str, clock: &ManualClock) -> Store {
    let options = StoreOptions { url: url.to_owned(), max_connections: 8 };
    Store::open(&options, Arc::new(clock.clone())).await.unwrap()
}

pub(super) async fn add_tenant(store: &Store, slug: &str) -> Tenant {
    let new = new_company(slug);
    let company = store.add_company(&new).await.unwrap().id;
    let account = store
        .add_account(company, &new_account(&format!("phone-{slug}")), &Actor::command_line())
        .await
        .unwrap()
        .id;
    Tenant { company, account }
}

pub(super) fn new_account(phone_number_id: &str) -> NewAccount {
    NewAccount {
        provider: mediary_core::Provider::Meta,
        aws: None,
        phone_number_id: phone_number_id.into(),
        waba_id: Some("waba".into()),
        display_phone_number: Some("+15550001".into()),
        name: "Support".into(),
        access_token: Some(TOKEN.to_vec()),
        app_secret: Some(vec![4]),
        verify_token: None,
        media_policy: None,
    }
}

pub(super) async fn ingest(store: &Store, items: Vec<IngestItem>) -> IngestOutcome {
    let event = webhook_event(EventScope { accounts: vec![], installation: true });
    store.inbox_append(event).await.unwrap();
    store.ingest(LIMITS, move |events| plan(events, items.clone())).await.unwrap()
}

pub(super) fn plan(events: &[WebhookEvent], items: Vec<IngestItem>) -> IngestPlan {
    let Some(event) = events.first() else {
        return IngestPlan::default();
    };
    let items = items.into_iter().map(|item| PlannedItem { event: event.id, item, source: None }).collect();
    IngestPlan { items, ..IngestPlan::default() }
}

/// WhatsApp's own message that somebody has a new number or user id.
pub(crate) fn renamed(tenant: Tenant, id: &str, old: ContactKey, new: ContactKey) -> IngestItem {
    let change = IdentityChange { old: old.clone(), new };
    item(IncomingMessage {
        contact: old,
        message_type: MessageType::System,
        identity_change: Some(Box::new(change)),
        ..text(tenant, id)
    })
}

pub(super) fn outbound(tenant: Tenant, id: &str) -> IncomingMessage {
    IncomingMessage {
        direction: Direction::Outbound,
        status: MessageStatus::Sent,
        unread: false,
        ..text(tenant, id)
    }
}

/// As an older system left it: without WhatsApp's id of the picture.
pub(super) fn imported_picture(tenant: Tenant, id: &str) -> IncomingMessage {
    let media = NewMedia {
        provider_media_id: None,
        sha256: None,
        provider_url: None,
        download_now: false,
        ..new_media(id)
    };
    let legacy = LegacyMedia { url: Some(format!("media-{id}")), kind: Some("image".into()) };
    IncomingMessage { media: Some(media), imported: Some(legacy), unread: false, ..picture(tenant, id) }
}
