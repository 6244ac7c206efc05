//! A running simulator, as a test or a program holds it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use mediary_core::{Clock, Timestamp};
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::accounts::Accounts;
use crate::config::{AccountSpec, Options, PlayOptions, SimulatorConfig};
use crate::counters::MediaStats;
use crate::error::Error;
use crate::faults::{ArmedFault, FaultSpec, Faults, RandomFaults};
use crate::ids::Ids;
use crate::links::Links;
use crate::media::{MediaRecord, MediaSpec};
use crate::messages::{MessageSpec, QueuedMessage, StatusSpec};
use crate::sent::{ReadReceipt, SentMessage};
use crate::stats::Stats;
use crate::tokens::{TokenState, Tokens};
use crate::uploads::Uploads;
use crate::webhooks::{self, Outbox, WebhookRecord};
use crate::world::{ShiftedClock, World};
use crate::{control, player, router};

/// Idle connections kept to a webhook's receiver.
const IDLE_CONNECTIONS: usize = 64;
/// How long answers that are under way may take after the stop.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// A stand-in for Meta, listening. Dropping it stops it at once; [`Simulator::stop`] also waits for what is under way.
#[derive(Debug)]
pub struct Simulator {
    world: Arc<World>,
    address: SocketAddr,
}

impl Simulator {
    /// Binds the listener and starts to serve.
    pub async fn start(config: SimulatorConfig) -> Result<Self, Error> {
        config.options.check()?;
        let listener = TcpListener::bind(config.listen).await;
        let listener =
            listener.map_err(|error| Error::io(format!("cannot listen on {}", config.listen), error))?;
        let address =
            listener.local_addr().map_err(|error| Error::io("cannot tell the listener's address", error))?;
        let (outbox, updates) = Outbox::new();
        let world = Arc::new(world(&config, address, outbox)?);
        for account in config.accounts {
            world.accounts.put(account)?;
        }
        world.faults.set_random(config.random_faults)?;
        world.spawn(webhooks::run(Arc::clone(&world), updates));
        world.tasks.spawn(serve(Arc::clone(&world), listener));
        let simulator = Self { world, address };
        config.play.map_or(Ok(()), |options| simulator.play(options))?;
        Ok(simulator)
    }

    /// Plays the built-in day of conversations beside whatever else is sent.
    pub fn play(&self, options: PlayOptions) -> Result<(), Error> {
        self.world.spawn(player::play(Arc::clone(&self.world), options)?);
        Ok(())
    }

    /// Where the Graph API is, `http://127.0.0.1:49152` say. The control API is under `/_control`.
    pub fn base_url(&self) -> Url {
        Url::parse(&self.world.base_url).expect("the base URL was a URL at the start")
    }

    pub fn control_url(&self) -> Url {
        self.base_url().join("/_control").expect("an absolute path joins any URL")
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops and waits until nothing is under way. Connections that a fault keeps open are closed.
    pub async fn stop(self) {
        self.world.stop.cancel();
        self.world.tasks.close();
        self.world.tasks.wait().await;
    }

    /// Adds an account, or replaces the one with the same phone number id.
    pub fn put_account(&self, account: AccountSpec) -> Result<(), Error> {
        self.world.accounts.put(account)
    }

    /// Where webhooks go from now on; `None`: nowhere.
    pub fn set_webhook_url(&self, url: Option<Url>) {
        self.world.accounts.set_webhook_url(url);
    }

    /// Does Meta's handshake with a callback. `Err` says what the callback did wrong.
    pub async fn verify_callback(&self, url: &Url, verify_token: &str) -> Result<(), String> {
        webhooks::verify_callback(&self.world, url, verify_token).await
    }

    /// Media as if a customer had sent it. It lives seven days on the simulator's clock.
    pub async fn add_media(&self, spec: &MediaSpec) -> Result<MediaRecord, Error> {
        Ok(self.world.add_media(spec).await?.record())
    }

    /// Deletes media, as WhatsApp does when its time is over. `false`: there was none.
    pub fn remove_media(&self, media_id: &str) -> bool {
        control::remove_media(&self.world, media_id)
    }

    /// Puts a message on its way to the business.
    pub async fn send(&self, message: &MessageSpec) -> Result<QueuedMessage, Error> {
        self.world.send_message(message).await
    }

    /// Puts a status of a sent message on its way.
    pub fn send_status(&self, status: &StatusSpec) -> Result<(), Error> {
        self.world.send_status(status)
    }

    /// Signs any body and posts it once. The answer's status; `None`: there was no answer.
    pub async fn post_webhook(&self, body: impl Into<bytes::Bytes>) -> Result<Option<u16>, Error> {
        webhooks::post(&self.world, body.into()).await
    }

    /// What AWS's topic would send for each entry of a webhook, signed.
    pub fn sns_notifications(&self, phone_number_id: &str, webhook: &[u8]) -> Vec<bytes::Bytes> {
        let aws = self.world.accounts.find(phone_number_id).and_then(|account| account.aws.clone());
        aws.map(|aws| crate::aws::notifications(&self.world, &aws, webhook)).unwrap_or_default()
    }

    /// The message by which SNS asks whether an address is to be subscribed to a topic.
    pub fn sns_subscription(&self, topic_arn: &str) -> bytes::Bytes {
        self.world.subscription(topic_arn)
    }

    /// Who was asked, and who confirmed.
    pub fn sns_subscriptions(&self) -> Vec<crate::SnsSubscription> {
        self.world.topics.all()
    }

    /// Waits until every update is acknowledged or given up.
    pub async fn flush(&self, within: Duration) -> Result<(), Error> {
        self.world.outbox.flush(within).await
    }

    /// The webhooks that were sent, oldest first.
    pub fn webhooks(&self) -> Vec<WebhookRecord> {
        self.world.webhook_log.all()
    }

    /// Posts a webhook again, as Meta does hours later. The answer's status; `None`: there was no answer.
    pub async fn resend(&self, webhook_id: u64) -> Result<Option<u16>, Error> {
        webhooks::resend(&self.world, webhook_id).await
    }

    /// What businesses sent, oldest first.
    pub fn sent(&self) -> Vec<SentMessage> {
        self.world.sent.all()
    }

    /// What businesses marked as read, oldest first.
    pub fn read_receipts(&self) -> Vec<ReadReceipt> {
        self.world.sent.receipts()
    }

    /// Arms a fault and returns its number.
    pub fn add_fault(&self, fault: FaultSpec) -> Result<u64, Error> {
        self.world.faults.add(fault)
    }

    pub fn remove_fault(&self, id: u64) -> bool {
        self.world.faults.remove(id)
    }

    /// Faults at random from now on; `None`: none.
    pub fn set_random_faults(&self, random: Option<RandomFaults>) -> Result<(), Error> {
        self.world.faults.set_random(random)
    }

    /// The faults that are still armed.
    pub fn faults(&self) -> Vec<ArmedFault> {
        self.world.faults.list().0
    }

    /// Disarms every fault.
    pub fn clear_faults(&self) {
        self.world.faults.clear();
    }

    pub fn set_token(&self, token: &str, state: TokenState) -> Result<(), Error> {
        self.world.tokens.set(token, state)
    }

    /// Whether tokens that nobody mentioned are taken.
    pub fn take_unknown_tokens(&self, take: bool) {
        self.world.tokens.take_unknown(take);
    }

    pub fn options(&self) -> Options {
        (*self.world.options()).clone()
    }

    pub fn set_options(&self, options: Options) -> Result<(), Error> {
        self.world.set_options(options)
    }

    pub fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    /// Moves the simulator's clock ahead: URLs and media ids expire by it.
    pub fn advance(&self, by: Duration) {
        self.world.clock.advance(by);
    }

    pub fn stats(&self) -> Stats {
        self.world.stats()
    }

    /// What was asked of one media file.
    pub fn media_stats(&self, media_id: &str) -> MediaStats {
        self.world.media.find(media_id).map(|media| media.counters.snapshot()).unwrap_or_default()
    }

    pub fn reset_stats(&self) {
        self.world.counters.reset(&self.world.media.all());
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.world.stop.cancel();
    }
}

/// Answers until the simulator stops, and a moment longer what is under way.
async fn serve(world: Arc<World>, listener: TcpListener) {
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
    });
    let server = axum::serve(listener, router(Arc::clone(&world)));
    let late = async {
        world.stop.cancelled().await;
        tokio::time::sleep(LAST_ANSWERS).await;
    };
    tokio::select! {
        result = server.with_graceful_shutdown(world.stop.clone().cancelled_owned()) => {
            if let Err(error) = result {
                tracing::error!(%error, "the simulator's listener failed");
            }
        }
        () = late => {}
    }
}

fn world(config: &SimulatorConfig, address: SocketAddr, outbox: Outbox) -> Result<World, Error> {
    let clock = ShiftedClock::new(Arc::clone(&config.clock));
    let base_url = config.public_url.as_ref().map_or_else(|| format!("http://{address}"), Url::to_string);
    let http = reqwest::Client::builder()
        .user_agent("facebookexternalua")
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .no_proxy()
        .build()
        .map_err(|error| Error::io("cannot set up the HTTP client", error))?;
    Ok(World {
        base_url: base_url.trim_end_matches('/').to_owned(),
        seed: config.seed,
        ids: Ids::new(config.seed, clock.now()),
        clock,
        accounts: Accounts::new(config.app_secret.clone(), config.webhook_url.clone()),
        tokens: Tokens::new(config.access_token.as_ref().map(ExposeSecret::expose_secret)),
        media: crate::media::MediaShelf::default(),
        faults: Faults::default(),
        sent: crate::sent::SentLog::default(),
        uploads: Uploads::default(),
        links: Links::default(),
        topics: crate::topics::Topics::default(),
        buckets: config.buckets.clone(),
        counters: Arc::default(),
        outbox,
        webhook_log: webhooks::WebhookLog::default(),
        options: parking_lot::RwLock::new(Arc::new(config.options.clone())),
        http,
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
    })
}
