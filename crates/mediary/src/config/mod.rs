//! The configuration: environment over `mediary.toml` over defaults, understood as a whole before anything starts.

mod checks;
mod secret_key;
mod settings;
mod source;
mod span_export;
mod storage;
mod unknown;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mediary_core::{MediaPolicy, RetryRules, limits};
use mediary_derive::jail::Requirement;
use mediary_engine::InboundLimits;
use mediary_server::TrustedProxies;
use secrecy::SecretString;
use url::Url;

pub(crate) use checks::{address, number, web_address};
use checks::{
    database_address, dialog360_address, graph_address, graph_version, hosts, log_filter, log_format,
    site_address, stand_in_address,
};
pub(crate) use secret_key::{secret_key, secret_key_location};
use source::Values;
pub(crate) use span_export::{Collector, SpanExport};
pub(crate) use storage::StorageConfig;

/// The newest Graph API version known when this was built (29 July 2026).
const GRAPH_VERSION: &str = "v27.0";
const GRAPH_URL: &str = "https://graph.facebook.com";
const DIALOG360_URL: &str = "https://waba-v2.360dialog.io";
const MEDIA_HOST: &str = "lookaside.fbsbx.com";
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);
const WEBHOOK_RETENTION_DAYS: u64 = 30;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// The effective configuration.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: Option<Url>,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) data_dir: PathBuf,
    pub(crate) database_url: SecretString,
    pub(crate) is_postgres: bool,
    pub(crate) secret_key: Option<SecretString>,
    pub(crate) app_secret: Option<SecretString>,
    pub(crate) verify_token: Option<SecretString>,
    pub(crate) graph_url: Url,
    pub(crate) graph_version: String,
    pub(crate) media_hosts: Vec<String>,
    pub(crate) dialog360_url: Url,
    /// What takes the place of AWS on this machine.
    pub(crate) aws_stand_in: Option<Url>,
    /// Private hosts that links may name.
    pub(crate) link_hosts: Vec<String>,
    pub(crate) media_policy: MediaPolicy,
    pub(crate) media_sandbox: Requirement,
    pub(crate) workers: usize,
    pub(crate) downloads_per_company: usize,
    pub(crate) downloads_per_account: Option<usize>,
    pub(crate) inbound_limits: InboundLimits,
    pub(crate) webhook_retention: Duration,
    pub(crate) rules: RetryRules,
    pub(crate) storage: StorageConfig,
    pub(crate) log: String,
    pub(crate) log_format: LogFormat,
    pub(crate) span_export: SpanExport,
}

/// Everything that is wrong with the configuration, line by line.
#[derive(Debug, thiserror::Error)]
#[error("the configuration is not right:\n  {}", .0.join("\n  "))]
pub(crate) struct ConfigError(Vec<String>);

impl Config {
    /// Reads `mediary.toml` of the working directory and the process's environment.
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    pub(crate) fn load() -> Result<Self, ConfigError> {
        Self::from_values(Values::read(Path::new("mediary.toml"), |name| std::env::var(name).ok()))
    }

    /// A sentence for each variable of the environment that looks like a setting and is none.
    pub(crate) fn unknown_variables() -> Vec<String> {
        unknown::unknown_variables(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))
    }

    /// The configuration of a demo: everything by default but where it runs, and what it asks instead of WhatsApp. Of the
    /// environment only what can touch no real installation counts: the log, the sandbox, and the private hosts that links may name.
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    pub(crate) fn for_demo(data_dir: &Path, listen: SocketAddr, graph_url: &str) -> anyhow::Result<Self> {
        let given = |name: &str| match name {
            "MEDIARY_DATA_DIR" => Some(data_dir.display().to_string()),
            "MEDIARY_LISTEN" => Some(listen.to_string()),
            "MEDIARY_GRAPH_URL" => Some(graph_url.to_owned()),
            "MEDIARY_MEDIA_HOSTS" => Some(LISTEN.ip().to_string()),
            "MEDIARY_LOG" => Some(std::env::var(name).unwrap_or_else(|_| "warn".to_owned())),
            "MEDIARY_LOG_FORMAT" | "MEDIARY_MEDIA_SANDBOX" | "MEDIARY_LINK_HOSTS" => std::env::var(name).ok(),
            _ => None,
        };
        Ok(Self::from_values(Values::read(Path::new(""), given))?)
    }

    /// The `mediary.toml` with which commands work on the same rows, and ask the same instead of WhatsApp.
    pub(crate) fn for_commands(&self) -> anyhow::Result<String> {
        let data_dir = std::path::absolute(&self.data_dir)?;
        let settings = BTreeMap::from([
            ("data_dir", data_dir.display().to_string()),
            ("listen", self.listen.to_string()),
            ("graph_url", self.graph_url.to_string()),
            ("media_hosts", self.media_hosts.join(",")),
            ("link_hosts", self.link_hosts.join(",")),
        ]);
        let given = settings.into_iter().filter(|(_, value)| !value.is_empty());
        Ok(toml::to_string(&given.collect::<BTreeMap<_, _>>())?)
    }

    fn from_values(mut values: Values) -> Result<Self, ConfigError> {
        let data_dir = PathBuf::from(values.text("data_dir").unwrap_or("./mediary-data"));
        let database_url = database_url(&mut values, &data_dir);
        let workers = values.checked("workers", |text| number(text, 1, 1024));
        let workers = workers.unwrap_or(limits::WORKERS_DEFAULT);
        let config = Self {
            listen: values.checked("listen", address).unwrap_or(LISTEN),
            public_url: values.checked("public_url", site_address),
            trusted_proxies: values.parsed("trusted_proxies").unwrap_or_default(),
            metrics_listen: values.checked("metrics_listen", address),
            is_postgres: !database_url.starts_with("sqlite:"),
            database_url: database_url.into(),
            data_dir,
            secret_key: values.text("secret_key").map(SecretString::from),
            app_secret: values.text("app_secret").map(SecretString::from),
            verify_token: values.text("verify_token").map(SecretString::from),
            graph_url: values.checked("graph_url", graph_address).unwrap_or_else(default_graph_url),
            graph_version: values
                .checked("graph_version", graph_version)
                .unwrap_or_else(|| GRAPH_VERSION.to_owned()),
            media_hosts: values.checked("media_hosts", hosts).unwrap_or_else(|| vec![MEDIA_HOST.to_owned()]),
            dialog360_url: values
                .checked("dialog360_url", dialog360_address)
                .unwrap_or_else(default_dialog360_url),
            aws_stand_in: values.checked("aws_stand_in", stand_in_address),
            link_hosts: values.checked("link_hosts", hosts).unwrap_or_default(),
            media_policy: values.parsed("media_policy").unwrap_or(MediaPolicy::Store),
            media_sandbox: values.parsed("media_sandbox").unwrap_or_default(),
            workers,
            downloads_per_company: values
                .checked("downloads_per_company", |text| number(text, 1, 1024))
                .unwrap_or(limits::DOWNLOADS_PER_COMPANY_DEFAULT),
            downloads_per_account: values.checked("downloads_per_account", |text| number(text, 1, 1024)),
            inbound_limits: inbound_limits(&mut values),
            webhook_retention: values
                .checked("webhook_retention_days", |text| number::<u64>(text, 1, 3650))
                .map_or(DAY * u32::try_from(WEBHOOK_RETENTION_DAYS).unwrap_or(30), |days| {
                    Duration::from_secs(days * DAY.as_secs())
                }),
            rules: retry_rules(&mut values),
            storage: StorageConfig::read(&mut values, workers),
            log: values.checked("log", log_filter).unwrap_or_else(|| "info".to_owned()),
            log_format: values.checked("log_format", log_format).unwrap_or(LogFormat::Text),
            span_export: SpanExport::read(&mut values),
        };
        values.checked("secret_key", |text| secret_key::parse(text.as_bytes()).map(drop));
        if config.is_postgres && config.secret_key.is_none() {
            values.problem(secret_key::NEEDED_ON_POSTGRES.to_owned());
        }
        if values.has_problems() { Err(ConfigError(values.into_problems())) } else { Ok(config) }
    }

    /// The address that people use: configured, or that of the listener.
    pub(crate) fn public_url_for(&self, listening: SocketAddr) -> Url {
        let fallback = || Url::parse(&format!("http://{listening}")).unwrap_or_else(|_| default_graph_url());
        self.public_url.clone().unwrap_or_else(fallback)
    }

    /// Every setting with its effective value; secrets only say whether they are set.
    pub(crate) fn described(&self) -> Vec<(&'static str, String)> {
        settings::SETTINGS.iter().map(|setting| (setting.env, self.shown(setting))).collect()
    }

    fn shown(&self, setting: &settings::Setting) -> String {
        let optional = |value: Option<String>| value.unwrap_or_else(|| "not set".to_owned());
        let masked = |set: bool| if set { "set (hidden)" } else { "not set" }.to_owned();
        match setting.key {
            "listen" => self.listen.to_string(),
            "public_url" => self.public_url_for(self.listen).to_string(),
            "trusted_proxies" if self.trusted_proxies == TrustedProxies::default() => "none".to_owned(),
            "trusted_proxies" => self.trusted_proxies.to_string(),
            "metrics_listen" => optional(self.metrics_listen.map(|address| address.to_string())),
            "data_dir" => self.data_dir.display().to_string(),
            "database_url" if self.is_postgres => "postgres://… (hidden)".to_owned(),
            "database_url" => secrecy::ExposeSecret::expose_secret(&self.database_url).to_owned(),
            "secret_key" if self.secret_key.is_none() => "from the data folder".to_owned(),
            "secret_key" => masked(true),
            "app_secret" => masked(self.app_secret.is_some()),
            "verify_token" => masked(self.verify_token.is_some()),
            "graph_url" => self.graph_url.to_string(),
            "graph_version" => self.graph_version.clone(),
            "media_hosts" => self.media_hosts.join(","),
            "dialog360_url" => self.dialog360_url.to_string(),
            "aws_stand_in" => self.aws_stand_in.as_ref().map_or_else(|| "none".to_owned(), Url::to_string),
            "link_hosts" if self.link_hosts.is_empty() => "none".to_owned(),
            "link_hosts" => self.link_hosts.join(","),
            "media_policy" => self.media_policy.to_string(),
            "media_sandbox" => self.media_sandbox.to_string(),
            "workers" => self.workers.to_string(),
            "downloads_per_company" => self.downloads_per_company.to_string(),
            "downloads_per_account" => optional(self.downloads_per_account.map(|limit| limit.to_string())),
            "webhook_retention_days" => (self.webhook_retention.as_secs() / DAY.as_secs()).to_string(),
            "log" => self.log.clone(),
            "log_format" => format!("{:?}", self.log_format).to_lowercase(),
            key if key.starts_with("max_") || key.ends_with("_ms") || key.starts_with("retry_") => {
                self.shown_limit(key)
            }
            key if key.starts_with("otel_") => self.span_export.shown(key),
            key => self.storage.shown(key),
        }
    }

    fn shown_limit(&self, key: &str) -> String {
        let ms = |wait: Duration| wait.as_millis().to_string();
        match key {
            "max_image_bytes" => self.inbound_limits.image.to_string(),
            "max_video_bytes" => self.inbound_limits.video.to_string(),
            "max_audio_bytes" => self.inbound_limits.audio.to_string(),
            "max_document_bytes" => self.inbound_limits.document.to_string(),
            "max_sticker_bytes" => self.inbound_limits.sticker.to_string(),
            "retry_quick_first_ms" => ms(self.rules.quick.first),
            "retry_quick_attempts" => self.rules.quick_attempts.to_string(),
            "retry_sweep_ms" => ms(self.rules.sweep_every),
            "retry_throttled_first_ms" => ms(self.rules.throttled.first),
            "retry_throttled_most_ms" => ms(self.rules.throttled.max),
            "retry_storage_first_ms" => ms(self.rules.storage.first),
            "retry_storage_most_ms" => ms(self.rules.storage.max),
            "lease_ms" => ms(self.rules.lease),
            "connect_timeout_ms" => ms(self.rules.connect_timeout),
            "silence_timeout_ms" => ms(self.rules.silence_timeout),
            _ => String::new(),
        }
    }
}

fn default_graph_url() -> Url {
    Url::parse(GRAPH_URL).expect("a constant address")
}

fn default_dialog360_url() -> Url {
    Url::parse(DIALOG360_URL).expect("a constant address")
}

fn database_url(values: &mut Values, data_dir: &Path) -> String {
    let default = format!("sqlite://{}", data_dir.join("mediary.db").display());
    let given = values.checked("database_url", database_address);
    given.unwrap_or(default)
}

fn inbound_limits(values: &mut Values) -> InboundLimits {
    const MOST: u64 = 2 * 1024 * 1024 * 1024;
    let mut inbound = InboundLimits::default();
    let mut limit = |key, into: &mut u64| {
        if let Some(bytes) = values.checked(key, |text| number(text, 1, MOST)) {
            *into = bytes;
        }
    };
    limit("max_image_bytes", &mut inbound.image);
    limit("max_video_bytes", &mut inbound.video);
    limit("max_audio_bytes", &mut inbound.audio);
    limit("max_document_bytes", &mut inbound.document);
    limit("max_sticker_bytes", &mut inbound.sticker);
    inbound
}

fn retry_rules(values: &mut Values) -> RetryRules {
    let mut rules = RetryRules::default();
    let mut wait = |key, into: &mut Duration| {
        if let Some(millis) = values.checked(key, |text| number::<u64>(text, 1, 24 * 3600 * 1000)) {
            *into = Duration::from_millis(millis);
        }
    };
    wait("retry_quick_first_ms", &mut rules.quick.first);
    wait("retry_sweep_ms", &mut rules.sweep_every);
    wait("retry_throttled_first_ms", &mut rules.throttled.first);
    wait("retry_throttled_most_ms", &mut rules.throttled.max);
    wait("retry_storage_first_ms", &mut rules.storage.first);
    wait("retry_storage_most_ms", &mut rules.storage.max);
    wait("lease_ms", &mut rules.lease);
    wait("connect_timeout_ms", &mut rules.connect_timeout);
    wait("silence_timeout_ms", &mut rules.silence_timeout);
    rules.quick.max = rules.quick.first * 16;
    if let Some(attempts) = values.checked("retry_quick_attempts", |text| number(text, 1, 100)) {
        rules.quick_attempts = attempts;
    }
    rules
}

#[cfg(test)]
mod tests;
