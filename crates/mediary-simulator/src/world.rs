//! What all parts of a simulator share.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use mediary_core::{Clock, Provider, Timestamp};
use parking_lot::RwLock;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::Accounts;
use crate::config::{AccountSpec, Options};
use crate::content::Content;
use crate::counters::MediaCounters;
use crate::error::Error;
use crate::faults::Faults;
use crate::ids::Ids;
use crate::links::Links;
use crate::media::{Media, MediaShelf, MediaSpec, Origin, URL_LIFE, WEBHOOK_MEDIA_LIFE};
use crate::messages::{
    Customer, MediaNode, MessageSpec, QueuedMessage, StatusSpec, profile, render, render_status,
};
use crate::sent::SentLog;
use crate::stats::{Counters, Stats};
use crate::tokens::Tokens;
use crate::topics::Topics;
use crate::uploads::Uploads;
use crate::webhooks::{Outbox, Part, Update, WebhookLog};

const META_MEDIA_HOST: &str = "https://lookaside.fbsbx.com";

/// The clock that the simulator was given, moved ahead by hand.
#[derive(Debug)]
pub(crate) struct ShiftedClock {
    clock: Arc<dyn Clock>,
    ahead_ms: AtomicI64,
}

impl ShiftedClock {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, ahead_ms: AtomicI64::new(0) }
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.ahead_ms.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.clock.now().0.saturating_add(self.ahead_ms.load(Ordering::SeqCst)))
    }
}

/// Everything there is. Each field guards itself; none is locked while another is.
#[derive(Debug)]
pub(crate) struct World {
    /// Without a slash at its end.
    pub(crate) base_url: String,
    pub(crate) seed: u64,
    pub(crate) clock: ShiftedClock,
    pub(crate) ids: Ids,
    pub(crate) accounts: Accounts,
    pub(crate) tokens: Tokens,
    pub(crate) media: MediaShelf,
    pub(crate) faults: Faults,
    pub(crate) sent: SentLog,
    pub(crate) uploads: Uploads,
    pub(crate) links: Links,
    pub(crate) topics: Topics,
    pub(crate) buckets: Option<PathBuf>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) outbox: Outbox,
    pub(crate) webhook_log: WebhookLog,
    pub(crate) options: RwLock<Arc<Options>>,
    pub(crate) http: reqwest::Client,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl World {
    pub(crate) fn options(&self) -> Arc<Options> {
        Arc::clone(&self.options.read())
    }

    pub(crate) fn set_options(&self, options: Options) -> Result<(), Error> {
        options.check()?;
        *self.options.write() = Arc::new(options);
        Ok(())
    }

    /// Runs until it is done or the simulator stops.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            stop.run_until_cancelled(task).await;
        });
    }

    pub(crate) fn stats(&self) -> Stats {
        self.counters.snapshot(&self.media.all(), self.outbox.pending() as u64)
    }

    /// Media as if a customer had sent it.
    pub(crate) async fn add_media(&self, spec: &MediaSpec) -> Result<Arc<Media>, Error> {
        let account = self.accounts.meant(spec.phone_number_id.as_deref())?;
        let (content, mime_type) = spec.content().await?;
        self.keep_media(&account, content, mime_type, WEBHOOK_MEDIA_LIFE, Origin::Customer).await
    }

    pub(crate) async fn keep_media(
        &self,
        account: &AccountSpec,
        content: Content,
        mime_type: String,
        life: Duration,
        origin: Origin,
    ) -> Result<Arc<Media>, Error> {
        let sha256 = content.sha256().await.map_err(|error| Error::io("cannot read the content", error))?;
        self.media.add(Media {
            id: self.ids.media(),
            phone_number_id: account.phone_number_id.clone(),
            mime_type,
            sha256,
            content,
            expires_at: self.clock.now().plus(life),
            origin,
            deleted: false.into(),
            counters: MediaCounters::default(),
        })
    }

    /// A temporary URL of the media host that works from now on for five minutes. What 360dialog passes on names Meta's own host, which
    /// takes no key: its customers put 360dialog's in place of it.
    pub(crate) fn media_url(&self, media: &Media, source: &str) -> String {
        let media_id = &media.id;
        let expires = self.clock.now().plus(URL_LIFE).millis() / 1000;
        let hash = self.ids.url_hash(media_id, expires);
        let query = format!("mid={media_id}&source={source}&ext={expires}&hash={hash}");
        let account = self.accounts.find(&media.phone_number_id);
        let host = match account.map(|account| account.provider) {
            Some(Provider::Dialog360) => META_MEDIA_HOST,
            _ => &self.base_url,
        };
        format!("{host}/whatsapp_business/attachments/?{query}")
    }

    /// Puts a message on its way to the business.
    pub(crate) async fn send_message(&self, spec: &MessageSpec) -> Result<QueuedMessage, Error> {
        let spec = &MessageSpec { customer: spec.customer.told(), ..spec.clone() };
        let account = self.accounts.meant(spec.phone_number_id.as_deref())?;
        self.check_destination(&account)?;
        let media = self.media_of(spec, &account).await?;
        let node = media.as_deref().map(|media| MediaNode {
            media,
            url: self.options().media.url_in_webhooks.then(|| self.media_url(media, "webhook")),
        });
        let customer = &spec.customer;
        let known_as = customer.wa_id.as_deref().or(customer.user_id.as_deref());
        let known_as = known_as.ok_or_else(|| Error::invalid("customer needs waId or userId"))?;
        let id = spec.id.clone().unwrap_or_else(|| self.ids.message(known_as));
        let timestamp = spec.timestamp.unwrap_or_else(|| self.now_seconds());
        let part = render(spec, &account, &id, timestamp, node.as_ref())?;
        // System messages and history say who it was in the message alone.
        let anonymous = spec.kind == "system" || matches!(part, Part::History { .. });
        let contact = (!anonymous).then(|| profile(customer));
        self.outbox.add(Update { account, contact, part })?;
        Ok(QueuedMessage { id, media_id: media.map(|media| media.id.clone()) })
    }

    async fn media_of(&self, spec: &MessageSpec, account: &AccountSpec) -> Result<Option<Arc<Media>>, Error> {
        match (&spec.media, &spec.media_id) {
            (Some(_), Some(_)) => Err(Error::invalid("give mediaId or media, not both")),
            (Some(media), None) => {
                let media =
                    MediaSpec { phone_number_id: Some(account.phone_number_id.clone()), ..media.clone() };
                self.add_media(&media).await.map(Some)
            }
            (None, Some(id)) => {
                let unknown = || Error::not_found(format!("there is no media {id:?}"));
                self.media.find(id).ok_or_else(unknown).map(Some)
            }
            (None, None) => Ok(None),
        }
    }

    /// Puts a status on its way to the business.
    pub(crate) fn send_status(&self, spec: &StatusSpec) -> Result<(), Error> {
        self.sent.set_status(&spec.message_id, &spec.status);
        let account = self.accounts.meant(spec.phone_number_id.as_deref())?;
        self.check_destination(&account)?;
        let told = spec.customer.told();
        // What failed on its way to a number has no other id of the person, by Meta's pages.
        let (customer, contact) = match spec.status.as_str() {
            "failed" if !spec.with_contact => (spec.customer.clone(), None),
            "failed" => {
                let nameless = Customer { name: None, username: None, ..told.clone() };
                (told, Some(profile(&nameless)))
            }
            _ => (told.clone(), Some(profile(&told))),
        };
        let spec = &StatusSpec { customer, ..spec.clone() };
        let status = render_status(spec, spec.timestamp.unwrap_or_else(|| self.now_seconds()));
        self.outbox.add(Update { account, contact, part: Part::Status(status) })
    }

    /// Puts the `value` of any webhook field on its way.
    pub(crate) fn send_field(&self, phone_number_id: Option<&str>, part: Part) -> Result<(), Error> {
        let account = self.accounts.meant(phone_number_id)?;
        self.check_destination(&account)?;
        self.outbox.add(Update { account, contact: None, part })
    }

    fn check_destination(&self, account: &AccountSpec) -> Result<(), Error> {
        let nowhere =
            || Error::invalid("there is no webhook URL: PUT /_control/webhook-url, or give one at the start");
        self.accounts.destination(account).map(|_| ()).ok_or_else(nowhere)
    }

    pub(crate) fn now_seconds(&self) -> i64 {
        self.clock.now().millis() / 1000
    }
}
