//! How a simulator is set up, and what may be changed while it runs.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use mediary_core::{Clock, Provider, SystemClock};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::Error;
use crate::faults::RandomFaults;
use crate::messages::Customer;

/// Meta puts at most this many updates into one webhook.
const UPDATES_PER_WEBHOOK: usize = 1000;
/// Webhooks under way at once, at most.
const WEBHOOKS_AT_ONCE: usize = 1024;
/// Updates that may change places with each other, at most.
const REORDER_WINDOW: usize = 10_000;
/// Retries of one webhook, at most.
const RETRIES: usize = 100;

/// Everything a simulator is started with. `SimulatorConfig::default()` listens on a free port of the loopback
/// interface, knows one account, takes any token and sends no webhooks until a URL is given.
#[derive(Clone, Debug)]
pub struct SimulatorConfig {
    /// One listener serves the Graph API, the media host and the control API.
    pub listen: SocketAddr,
    /// How others reach the listener, for the media URLs; `http://{listener}` unless given.
    pub public_url: Option<Url>,
    /// Where webhooks go, unless an account or an override says otherwise.
    pub webhook_url: Option<Url>,
    /// The app secret that signs webhooks, unless an account has its own.
    pub app_secret: SecretString,
    /// The only token that is taken. `None`: any.
    pub access_token: Option<SecretString>,
    /// The business phone numbers. The first one is meant where none is named.
    pub accounts: Vec<AccountSpec>,
    /// Decides ids, reordering, duplicates and random faults: the same seed, the same choices.
    pub seed: u64,
    /// Decides when URLs and media ids expire. The control API can move it ahead.
    pub clock: Arc<dyn Clock>,
    /// What may also be changed while the simulator runs.
    pub options: Options,
    /// Faults at random from the start.
    pub random_faults: Option<RandomFaults>,
    /// Plays the built-in day of conversations.
    pub play: Option<PlayOptions>,
    /// The folder that an S3 server of this machine serves, each folder in it a bucket: for the media of accounts at AWS.
    pub buckets: Option<PathBuf>,
}

impl Default for SimulatorConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            public_url: None,
            webhook_url: None,
            app_secret: SecretString::from("simulated-app-secret"),
            access_token: None,
            accounts: vec![AccountSpec::default()],
            seed: 0,
            clock: Arc::new(SystemClock),
            options: Options::default(),
            random_faults: None,
            play: None,
            buckets: None,
        }
    }
}

/// A business phone number at WhatsApp.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccountSpec {
    /// In whose form it is called, and its webhooks come.
    #[serde(default = "default_provider")]
    pub provider: Provider,
    /// Where it is at AWS, for that provider.
    #[serde(default)]
    pub aws: Option<AwsSpec>,
    pub phone_number_id: String,
    /// With or without `+`; webhooks carry the digits alone.
    pub display_phone_number: String,
    #[serde(default = "default_waba_id")]
    pub waba_id: String,
    #[serde(default = "default_account_name")]
    pub name: String,
    /// With a token of its own, an account's objects do not exist for any other token.
    #[serde(default, skip_serializing)]
    pub access_token: Option<SecretString>,
    /// For accounts of another Meta app.
    #[serde(default, skip_serializing)]
    pub app_secret: Option<SecretString>,
    /// Overrides the simulator's own.
    #[serde(default)]
    pub webhook_url: Option<Url>,
}

impl Default for AccountSpec {
    fn default() -> Self {
        Self {
            provider: default_provider(),
            aws: None,
            phone_number_id: "106540352242922".to_owned(),
            display_phone_number: "+15550783881".to_owned(),
            waba_id: default_waba_id(),
            name: default_account_name(),
            access_token: None,
            app_secret: None,
            webhook_url: None,
        }
    }
}

/// A number at AWS. Its key is the account's access token: the key's id, a colon, and the secret key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AwsSpec {
    /// AWS's own id of the number: `phone-number-id-…`.
    pub phone_number_id: String,
    /// The topic of its webhooks.
    pub topic_arn: String,
}

fn default_provider() -> Provider {
    Provider::Meta
}

fn default_waba_id() -> String {
    "102290129340398".to_owned()
}

fn default_account_name() -> String {
    "Simulated business".to_owned()
}

/// What may be changed while the simulator runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Options {
    pub webhooks: WebhookOptions,
    pub media: MediaOptions,
    pub sending: SendingOptions,
}

impl Options {
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.webhooks.check()?;
        if !(400..500).contains(&self.media.stale_url_status) {
            return Err(Error::invalid("media.staleUrlStatus must be from 400 to 499"));
        }
        Ok(())
    }
}

/// How updates become webhooks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct WebhookOptions {
    /// Updates in one POST, at most.
    pub batch_size: usize,
    /// How long a POST that is not full waits for more.
    pub batch_wait_ms: u64,
    pub shape: BatchShape,
    /// Share of acknowledged webhooks that are sent again.
    pub duplicate_rate: f64,
    /// How many updates in a row may change places. 1 keeps their order.
    pub reorder_window: usize,
    /// Waits before each retry of a webhook that was not answered with 200; then it is dropped.
    pub retry_waits_ms: Vec<u64>,
    /// POSTs under way at once.
    pub concurrency: usize,
    /// How long an answer may take.
    pub timeout_ms: u64,
}

impl Default for WebhookOptions {
    fn default() -> Self {
        const MINUTE: u64 = 60_000;
        const HOUR: u64 = 60 * MINUTE;
        Self {
            batch_size: 1,
            batch_wait_ms: 5,
            shape: BatchShape::Compact,
            duplicate_rate: 0.0,
            reorder_window: 1,
            // Meta: at once, then ever more seldom, for seven days.
            retry_waits_ms: [
                0,
                MINUTE / 6,
                MINUTE,
                5 * MINUTE,
                20 * MINUTE,
                HOUR,
                3 * HOUR,
                6 * HOUR,
                12 * HOUR,
            ]
            .into_iter()
            .chain([24 * HOUR; 6])
            .collect(),
            concurrency: 16,
            timeout_ms: 10_000,
        }
    }
}

impl WebhookOptions {
    fn check(&self) -> Result<(), Error> {
        let within = |name: &str, value: usize, max: usize| match value {
            v if (1..=max).contains(&v) => Ok(()),
            _ => Err(Error::invalid(format!("webhooks.{name} must be from 1 to {max}"))),
        };
        within("batchSize", self.batch_size, UPDATES_PER_WEBHOOK)?;
        within("reorderWindow", self.reorder_window, REORDER_WINDOW)?;
        within("concurrency", self.concurrency, WEBHOOKS_AT_ONCE)?;
        if self.retry_waits_ms.len() > RETRIES {
            return Err(Error::invalid(format!("webhooks.retryWaitsMs has more than {RETRIES} waits")));
        }
        if !(0.0..=1.0).contains(&self.duplicate_rate) {
            return Err(Error::invalid("webhooks.duplicateRate must be from 0 to 1"));
        }
        Ok(())
    }
}

/// How several updates share a POST. Meta promises none of these forms; receivers must take all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchShape {
    /// One entry per business account, one change per number and field, all their items in it.
    Compact,
    /// One entry per business account, one change per update.
    Changes,
    /// One entry per update.
    Entries,
    /// One of the above for each POST, from the seed.
    Mixed,
}

/// How the media endpoints behave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MediaOptions {
    /// Whether the media host answers `Range` with 206. Meta promises nothing about it.
    pub ranges: bool,
    /// What an expired URL answers: 401 was measured, Meta's page says 404.
    pub stale_url_status: u16,
    /// Whether Graph says how large a file is.
    pub file_size: bool,
    /// Meta's pages show `file_size` as a text, its servers answer a number.
    pub file_size_as_text: bool,
    /// Whether media webhooks carry the temporary URL.
    pub url_in_webhooks: bool,
    /// Whether the media host says how long a whole file is. Where it does not, the bytes come in chunks, and a part of
    /// them as one of `*`.
    pub content_length: bool,
}

impl Default for MediaOptions {
    fn default() -> Self {
        Self {
            ranges: false,
            stale_url_status: 401,
            file_size: true,
            file_size_as_text: false,
            url_in_webhooks: true,
            content_length: true,
        }
    }
}

/// What happens to messages that a business sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SendingOptions {
    /// Statuses that follow by webhook, in this order.
    pub statuses: Vec<String>,
    /// The wait before each of them.
    pub status_wait_ms: u64,
    /// Who is in every group: a group's message has statuses of each of them.
    pub group_participants: Vec<Customer>,
    /// Numbers that WhatsApp knows by another id, by their digits as senders write them: the answer to a message names that one.
    pub wa_ids: BTreeMap<String, String>,
}

impl Default for SendingOptions {
    fn default() -> Self {
        Self {
            statuses: ["sent", "delivered", "read"].map(str::to_owned).to_vec(),
            status_wait_ms: 50,
            group_participants: vec![
                Customer::new("15550100001", "Ana Simulated"),
                Customer::scoped("US.13491208655302741918", "Ben Simulated"),
            ],
            wa_ids: BTreeMap::new(),
        }
    }
}

/// How the built-in day is played: first what happened until now, quickly, then the rest live, again and again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlayOptions {
    /// Minutes of the day that pass in a minute of the live part.
    pub speed: f64,
    /// Minutes of the day that are over when the player starts.
    pub minutes_so_far: f64,
    /// Whether the live part starts again when the day is over.
    pub again: bool,
}

impl Default for PlayOptions {
    fn default() -> Self {
        Self { speed: 6.0, minutes_so_far: 300.0, again: true }
    }
}
