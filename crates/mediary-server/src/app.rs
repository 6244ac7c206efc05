//! What every handler can reach.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use mediary_core::{AccountId, CompanyId, DownloadStatus, ErrorCode, MediaId, Result, limits};
use mediary_engine::{Caller, Engine};
use mediary_store::{MediaFile, Store};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::ServerConfig;
use crate::archive_slots::ArchiveSlots;
use crate::brake::Brake;
use crate::bytes::headers::FileHeaders;
use crate::json::Reader;
use crate::layers::RequestIds;
use crate::login_slots::LoginSlots;
use crate::login_throttle::LoginThrottle;
use crate::member::{Member, MemberSlot};
use crate::metrics::Meters;
use crate::network::network;
use crate::problem::Problem;
use crate::refused_webhooks::RefusedWebhooks;
use crate::slots::{NoSlot, Slot, Slots};
use crate::view_log::ViewLog;

/// Of all slots for requests, one address may have one in so many, and so may one company from all of its addresses: who sends bodies slowly
/// holds up their own requests alone.
const API_SLOTS_FRACTION: usize = 4;
/// When to come back if a company has too many requests under way.
const NEXT_REQUEST_AFTER: Duration = Duration::from_secs(1);
/// When to come back if a caller listens too often already.
const NEXT_LISTENER_AFTER: Duration = Duration::from_secs(10);
/// When to come back if a company has too many uploads under way; most take no longer.
const NEXT_UPLOAD_AFTER: Duration = Duration::from_secs(5);

/// Shared by all requests; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct App(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    engine: Engine,
    store: Store,
    config: ServerConfig,
    public_origin: String,
    page_policy: HeaderValue,
    logins: LoginThrottle,
    login_slots: LoginSlots,
    request_ids: RequestIds,
    api_requests: Arc<Slots<IpAddr>>,
    company_requests: Arc<Slots<CompanyId>>,
    member_requests: Arc<Slots<Member>>,
    member_listeners: Arc<Slots<Member>>,
    uploads: Arc<Slots<CompanyId>>,
    archives: ArchiveSlots,
    account_checks: Brake<(CompanyId, AccountId)>,
    archive_links: Brake<Member>,
    small_webhook_bytes: Semaphore,
    large_webhook_bytes: Semaphore,
    file_headers: FileHeaders,
    view_log: ViewLog,
    meters: Meters,
    refused_webhooks: RefusedWebhooks,
    ending: CancellationToken,
}

impl App {
    pub(crate) fn new(engine: Engine, store: Store, config: ServerConfig, ending: CancellationToken) -> Self {
        let page_policy = crate::routes::ui::policy(config.media_origin.as_deref());
        let public_origin = config.public_url.origin().ascii_serialization();
        Self(Arc::new(Inner {
            engine,
            store,
            config,
            public_origin,
            page_policy,
            logins: LoginThrottle::default(),
            login_slots: LoginSlots::default(),
            request_ids: RequestIds::new(),
            api_requests: Slots::new(
                limits::API_REQUESTS_IN_FLIGHT / API_SLOTS_FRACTION,
                limits::API_REQUESTS_IN_FLIGHT,
            ),
            company_requests: Slots::new(
                limits::API_REQUESTS_IN_FLIGHT / API_SLOTS_FRACTION,
                limits::API_REQUESTS_IN_FLIGHT,
            ),
            member_requests: Slots::new(
                limits::API_REQUESTS_IN_FLIGHT / API_SLOTS_FRACTION / limits::MEMBER_SHARE,
                usize::MAX,
            ),
            member_listeners: Slots::new(
                limits::EVENT_LISTENERS_PER_COMPANY / limits::MEMBER_SHARE,
                usize::MAX,
            ),
            uploads: Slots::new(limits::UPLOADS_IN_FLIGHT_PER_COMPANY, limits::UPLOADS_IN_FLIGHT),
            archives: ArchiveSlots::default(),
            account_checks: Brake::new(limits::ACCOUNT_CHECKS_PER_MINUTE),
            archive_links: Brake::new(limits::ARCHIVE_LINKS_PER_MINUTE),
            small_webhook_bytes: Semaphore::new(limits::SMALL_WEBHOOK_BYTES_IN_FLIGHT),
            large_webhook_bytes: Semaphore::new(
                limits::WEBHOOK_BYTES_IN_FLIGHT - limits::SMALL_WEBHOOK_BYTES_IN_FLIGHT,
            ),
            file_headers: FileHeaders::default(),
            view_log: ViewLog::default(),
            meters: Meters::default(),
            refused_webhooks: RefusedWebhooks::default(),
            ending,
        }))
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// The caller as a reader of records with these files.
    pub(crate) async fn reader(
        &self,
        caller: &Caller,
        files: impl IntoIterator<Item = &MediaFile>,
    ) -> Result<Reader> {
        let stored = files.into_iter().filter(|file| file.download_status == DownloadStatus::Completed);
        let stored: Vec<MediaId> = stored.map(|file| file.id).collect();
        let derived = match stored.is_empty() {
            true => HashMap::new(),
            false => self.store().derivation_results(&caller.scope(), &stored).await?,
        };
        Ok(Reader::of_files(caller.role, derived))
    }

    pub(crate) fn config(&self) -> &ServerConfig {
        &self.0.config
    }

    /// Scheme, host and port under which people reach us.
    pub(crate) fn public_origin(&self) -> &str {
        &self.0.public_origin
    }

    /// What pages may load, and from where.
    pub(crate) fn page_policy(&self) -> &HeaderValue {
        &self.0.page_policy
    }

    pub(crate) fn logins(&self) -> &LoginThrottle {
        &self.0.logins
    }

    pub(crate) fn login_slots(&self) -> &LoginSlots {
        &self.0.login_slots
    }

    pub(crate) fn request_ids(&self) -> &RequestIds {
        &self.0.request_ids
    }

    /// A slot for a request of this client, unless all are taken, or too many by the client's network.
    pub(crate) fn api_slot(&self, client: IpAddr) -> Option<Slot<IpAddr>> {
        self.0.api_requests.take(network(client)).ok()
    }

    /// A slot for a request of this caller, from when it is known whose it is until its answer.
    pub(crate) fn request_slot(&self, caller: &Caller) -> Result<MemberSlot, Problem> {
        let too_many = |whose: &str| {
            let detail =
                format!("too many requests of {whose} are being worked on; send fewer at the same time");
            Problem::new(ErrorCode::RateLimited).detail(detail).retry_after(Some(NEXT_REQUEST_AFTER))
        };
        let of_member = self.0.member_requests.take(Member::of(caller)).map_err(|_| too_many("yours"))?;
        let of_company = self.0.company_requests.take(caller.company_id).map_err(|none| match none {
            NoSlot::AtAll => Problem::busy(),
            NoSlot::OfTheirs => too_many("your company"),
        })?;
        Ok(MemberSlot { _of_member: of_member, _of_company: of_company })
    }

    /// A slot for a caller who listens to live events, besides the place that their company has for it.
    pub(crate) fn listener_slot(&self, caller: &Caller) -> Result<Slot<Member>, Problem> {
        self.0.member_listeners.take(Member::of(caller)).map_err(|_| {
            let most = limits::EVENT_LISTENERS_PER_COMPANY / limits::MEMBER_SHARE;
            let detail = format!("{most} streams of live events are yours already; end one of them first");
            Problem::new(ErrorCode::RateLimited).detail(detail).retry_after(Some(NEXT_LISTENER_AFTER))
        })
    }

    /// A slot for a file that a company sends, from before its bytes are read until they are stored.
    pub(crate) fn upload_slot(&self, company: CompanyId) -> Result<Slot<CompanyId>, Problem> {
        self.0.uploads.take(company).map_err(|none| match none {
            NoSlot::AtAll => Problem::busy(),
            NoSlot::OfTheirs => Problem::new(ErrorCode::RateLimited)
                .detail(format!(
                    "{} files of your company are on their way already; send the next one once one of them is there",
                    limits::UPLOADS_IN_FLIGHT_PER_COMPANY
                ))
                .retry_after(Some(NEXT_UPLOAD_AFTER)),
        })
    }

    pub(crate) fn archives(&self) -> &ArchiveSlots {
        &self.0.archives
    }

    pub(crate) fn account_checks(&self) -> &Brake<(CompanyId, AccountId)> {
        &self.0.account_checks
    }

    pub(crate) fn archive_links(&self) -> &Brake<Member> {
        &self.0.archive_links
    }

    /// Memory for the `bytes` of a webhook's body that have come, unless too much of it is taken.
    pub(crate) fn webhook_memory(&self, bytes: usize) -> Option<SemaphorePermit<'_>> {
        let count = u32::try_from(bytes).ok()?;
        let small = (bytes <= limits::SMALL_WEBHOOK_BYTES)
            .then(|| self.0.small_webhook_bytes.try_acquire_many(count));
        match small {
            Some(Ok(room)) => Some(room),
            _ => self.0.large_webhook_bytes.try_acquire_many(count).ok(),
        }
    }

    pub(crate) fn file_headers(&self) -> &FileHeaders {
        &self.0.file_headers
    }

    pub(crate) fn meters(&self) -> &Meters {
        &self.0.meters
    }

    pub(crate) fn refused_webhooks(&self) -> &RefusedWebhooks {
        &self.0.refused_webhooks
    }

    /// Cancelled when the server begins to end; streams without an end of their own end then.
    pub(crate) fn ending(&self) -> &CancellationToken {
        &self.0.ending
    }

    /// A URL under which people reach `path`.
    pub(crate) fn public_url(&self, path: &str) -> Url {
        let base = &self.0.config.public_url;
        let path = format!("{}{path}", base.path().trim_end_matches('/'));
        let mut url = base.clone();
        url.set_path(&path);
        url
    }

    pub(crate) fn view_log(&self) -> &ViewLog {
        &self.0.view_log
    }
}
