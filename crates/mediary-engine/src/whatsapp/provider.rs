//! Bytes from WhatsApp, for a download as for a viewer: a URL that still holds, else a new one from Graph, once.

use std::sync::Arc;
use std::time::Duration;

use mediary_core::{AccountId, CompanyId, ErrorCode, Timestamp, limits};
use mediary_graph::{ErrorKind, GraphClient, MediaInfo, MediaStream};
use metrics::counter;
use moka::sync::Cache;
use secrecy::{ExposeSecret, SecretString};

use crate::base::metrics::GRAPH_CALLS;
use crate::engine::Engine;
use crate::whatsapp::accounts::KnownAccount;
use crate::whatsapp::pauses::throttle_wait;

/// A first or last byte (inclusive) of a part.
pub(crate) type Range = (u64, Option<u64>);
/// Graph's latest answers by account and media id, for viewers who come again while their URLs hold.
pub(crate) type Urls = Cache<(AccountId, String), MediaInfo>;
/// Media ids that Graph did not know a moment ago, by account, so that it is not asked for each look at a dead file.
pub(crate) type Gone = Cache<(AccountId, String), ()>;
/// Sizes of files that nobody declared, as they were counted a moment ago, by account and media id; `None` for a file that is
/// too large to be counted.
pub(crate) type Sizes = Cache<(AccountId, String), Option<u64>>;

const URLS: u64 = 4096;
const SIZES: u64 = 16_384;
const GONE: u64 = 16_384;
const GONE_FOR: Duration = Duration::from_secs(60);

pub(crate) fn urls() -> Urls {
    Cache::builder().max_capacity(URLS).time_to_live(limits::PROVIDER_URL_TRUST).build()
}

/// Believed as long as Graph's answers are: a file that is looked at part by part is counted once.
pub(crate) fn sizes() -> Sizes {
    Cache::builder().max_capacity(SIZES).time_to_live(limits::PROVIDER_URL_TRUST).build()
}

pub(crate) fn gone() -> Gone {
    Cache::builder().max_capacity(GONE).time_to_live(GONE_FOR).build()
}

/// What is wanted of WhatsApp.
pub(crate) struct Wish<'a> {
    pub(crate) token: &'a SecretString,
    pub(crate) media_id: &'a str,
    /// A temporary URL that should still hold.
    pub(crate) url: Option<String>,
    pub(crate) range: Option<Range>,
}

/// Open bytes, and what Graph said of them if it was asked.
pub(crate) struct Arrival {
    pub(crate) stream: MediaStream,
    pub(crate) info: Option<MediaInfo>,
}

/// Opens the bytes. A URL that turns out stale, or was never one to be asked, is replaced by Graph's, once. `agree`
/// sees what Graph says before any bytes are asked for.
#[tracing::instrument(name = "ask_whatsapp", level = "debug", skip_all)]
pub(crate) async fn open<E: From<mediary_graph::Error>>(
    graph: &GraphClient,
    wish: Wish<'_>,
    agree: impl Fn(&MediaInfo) -> Result<(), E>,
) -> Result<Arrival, E> {
    let token = wish.token.expose_secret();
    if let Some(url) = &wish.url {
        match graph.open_media(token, url, wish.range).await {
            Ok(stream) => return Ok(Arrival { stream, info: None }),
            Err(error) if is_stale(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut info = ask(graph, wish.token, wish.media_id).await?;
    agree(&info)?;
    let stream = match graph.open_media(token, &info.url, wish.range).await {
        Err(error) if is_stale(&error) && wish.url.is_none() => {
            info = ask(graph, wish.token, wish.media_id).await?;
            graph.open_media(token, &info.url, wish.range).await?
        }
        opened => opened?,
    };
    Ok(Arrival { stream, info: Some(info) })
}

/// Asks Graph for a media id, and counts how it answers.
pub(crate) async fn ask(
    graph: &GraphClient,
    token: &SecretString,
    media_id: &str,
) -> Result<MediaInfo, mediary_graph::Error> {
    let answer = graph.media_info(token.expose_secret(), media_id, None).await;
    let result = match &answer {
        Ok(_) => "ok",
        Err(error) => match error.kind() {
            ErrorKind::Throttled => "throttled",
            ErrorKind::Unauthorized => "unauthorized",
            ErrorKind::MediaGone => "gone",
            _ => "failed",
        },
    };
    counter!(GRAPH_CALLS, "result" => result).increment(1);
    answer
}

fn is_stale(error: &mediary_graph::Error) -> bool {
    matches!(error.kind(), ErrorKind::StaleUrl | ErrorKind::ForbiddenUrl)
}

impl Engine {
    /// Says that WhatsApp refused the token `used`. A token that was renewed meanwhile is not blamed for it.
    pub(crate) async fn token_refused(&self, used: &KnownAccount) -> crate::Result<()> {
        let (company, id) = (used.row.company_id, used.row.id);
        let detail = "WhatsApp refused the access token; give the account a new one";
        if self.store().account_needs_token(company, id, sealed_token(used), detail).await? {
            tracing::warn!(company.id = company.0, account.id = id.0, "the account needs a new token");
        }
        self.accounts().changed(company, id);
        Ok(())
    }

    /// Says that WhatsApp throttled an account, and may have said for how long.
    pub(crate) async fn throttled(
        &self,
        account: &KnownAccount,
        told: Option<Duration>,
    ) -> crate::Result<()> {
        let times = self.gates().throttled_in_row(account.row.id, self.now());
        let wait = throttle_wait(&self.config().rules, told, times, rand::random());
        self.pause_account(account, wait).await?;
        Ok(())
    }

    /// Asks nothing more for an account until the wait is over, unless its token was renewed meanwhile. Returns when it may be
    /// asked for again.
    pub(crate) async fn pause_account(
        &self,
        used: &KnownAccount,
        wait: Duration,
    ) -> crate::Result<Timestamp> {
        let (company, id) = (used.row.company_id, used.row.id);
        let until = self.gates().throttle(id, self.now(), wait);
        let (token, code) = (sealed_token(used), ErrorCode::ProviderRateLimited);
        let paused = self.store().pause_account(company, id, token, until, code, code.sentence()).await?;
        self.accounts().forget();
        Ok(if paused { until } else { self.now() })
    }

    /// Asks WhatsApp whether an account's token may use its number.
    pub async fn check_token(&self, company: CompanyId, id: AccountId) -> crate::Result<()> {
        let account = self.account_of(company, id).await?;
        let token = account.token()?.expose_secret();
        self.parts().graph.check_token(token, &account.row.phone_number_id).await?;
        Ok(())
    }

    /// The account of a media file.
    pub(crate) async fn account_of(
        &self,
        company: CompanyId,
        id: AccountId,
    ) -> crate::Result<Arc<KnownAccount>> {
        let account = self.accounts().by_id(company, id).await?;
        account.ok_or_else(|| crate::Error::not_found("there is no such WhatsApp account"))
    }
}

/// What tells a token from the one that takes its place. An account without one was asked for nothing.
fn sealed_token(account: &KnownAccount) -> &[u8] {
    account.row.access_token.as_deref().unwrap_or_default()
}

/// The webhook's own URL or the last one of Graph's, while it is young enough to live through a download. Counted from
/// the message as well, since a webhook may come long after it.
pub(crate) fn young_url(
    url: Option<&String>,
    known_at: [Option<Timestamp>; 2],
    now: Timestamp,
) -> Option<String> {
    let oldest = known_at.into_iter().flatten().min()?;
    url.filter(|_| oldest.is_younger_than(limits::PROVIDER_URL_TRUST, now)).cloned()
}
