//! WhatsApp accounts, requests to WhatsApp with them, and pauses of those requests.

pub(crate) mod account_drafts;
pub(crate) mod accounts;
pub(crate) mod aws;
pub(crate) mod binding;
mod legacy;
pub(crate) mod pauses;
pub(crate) mod provider;

use std::sync::Arc;
use std::time::Duration;

use mediary_core::{
    AccountId, Clock, CompanyId, Error, ErrorCode, MediaPolicy, Provider, Result, RetryRules, Timestamp,
};
use mediary_graph::ErrorKind;
use mediary_store::{MediaFile, Store};

use self::accounts::{AccountDirectory, KnownAccount};
use self::pauses::{Pauses, throttle_wait};
use self::provider::{Carrier, Providers};

/// What WhatsApp says about an account, and what came from it.
#[derive(Debug)]
pub struct AccountCheck {
    /// Whether its token may use its number; the error, if it may not or WhatsApp could not be asked.
    pub token: Result<()>,
    /// Whether its number is one of its business account. `None` where nobody could say so: another provider than Meta, an account
    /// without the id of its business account, a token that does not work or may not see the business account.
    pub business_account: Result<Option<bool>>,
    /// Whether an app is subscribed to the webhooks of its business account. `None` where nobody was asked: as above, or of a business
    /// account that the number is not of.
    pub subscription: Result<Option<bool>>,
    /// When its last incoming message was recorded.
    pub last_received_at: Option<Timestamp>,
}

/// WhatsApp as the flows use it: the providers, the accounts, and their pauses.
#[derive(Debug)]
pub(crate) struct WhatsApp {
    pub(crate) store: Store,
    pub(crate) providers: Providers,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rules: RetryRules,
    pub(crate) accounts: AccountDirectory,
    pub(crate) pauses: Pauses,
}

impl WhatsApp {
    /// Records that WhatsApp refused the token `used`. A token that was renewed meanwhile is not affected.
    pub(crate) async fn token_refused(&self, used: &KnownAccount) -> Result<()> {
        let (company, id) = (used.row.company_id, used.row.id);
        let detail = "WhatsApp refused the access token; give the account a new one";
        if self.store.account_needs_token(company, id, sealed_token(used), detail).await? {
            tracing::warn!(company.id = company.0, account.id = id.0, "the account needs a new token");
        }
        self.accounts.changed(company, id);
        Ok(())
    }

    /// Records that WhatsApp throttled an account, with the requested wait, if any.
    pub(crate) async fn throttled(&self, account: &KnownAccount, told: Option<Duration>) -> Result<()> {
        let times = self.pauses.throttled_in_row(account.row.id, self.clock.now());
        let wait = throttle_wait(&self.rules, told, times, rand::random());
        self.pause_account(account, wait).await?;
        Ok(())
    }

    /// Pauses requests for an account until the wait is over, unless its token was renewed meanwhile. Returns the end of the pause.
    pub(crate) async fn pause_account(&self, used: &KnownAccount, wait: Duration) -> Result<Timestamp> {
        let (company, id) = (used.row.company_id, used.row.id);
        let until = self.pauses.throttle(id, self.clock.now(), wait);
        let (token, code) = (sealed_token(used), ErrorCode::ProviderRateLimited);
        let paused = self.store.pause_account(company, id, token, until, code, code.sentence()).await?;
        self.accounts.forget();
        Ok(if paused { until } else { self.clock.now() })
    }

    /// Who carries an account's messages. Fails as long as WhatsApp may not be asked with its token.
    pub(crate) fn carrier(&self, account: &KnownAccount) -> Result<Carrier> {
        self.providers.carrier(account)
    }

    /// Asks WhatsApp whether an account's token may use its number.
    pub(crate) async fn check_token(&self, company: CompanyId, id: AccountId) -> Result<()> {
        let account = self.account_of(company, id).await?;
        let number = self.carrier(&account)?.number().await?;
        if number.id != account.row.phone_number_id {
            return Err(binding::refused(account.row.provider));
        }
        Ok(())
    }

    /// Asks WhatsApp about an account: whether its token may use its number, whether that is one of its business account, and whether its
    /// webhooks are subscribed to.
    pub(crate) async fn check_account(&self, company: CompanyId, id: AccountId) -> Result<AccountCheck> {
        let account = self.account_of(company, id).await?;
        let token = self.check_token(company, id).await;
        let (business_account, subscription) =
            match (&token, account.row.provider, account.row.waba_id.as_deref()) {
                (Ok(()), Provider::Meta, Some(waba_id)) => {
                    check_business_account(&self.carrier(&account)?, waba_id).await
                }
                _ => (Ok(None), Ok(None)),
            };
        let last_received_at = self.store.last_received(company, id).await?;
        Ok(AccountCheck { token, business_account, subscription, last_received_at })
    }

    /// The account of a media file.
    pub(crate) async fn account_of(&self, company: CompanyId, id: AccountId) -> Result<Arc<KnownAccount>> {
        let account = self.accounts.by_id(company, id).await?;
        account.ok_or_else(|| Error::not_found("there is no such WhatsApp account"))
    }

    /// The account of a media file. One of the library has none, and never was at WhatsApp.
    pub(crate) async fn account_of_file(&self, record: &MediaFile) -> Result<Arc<KnownAccount>> {
        let id = record.account_id.ok_or_else(|| Error::not_found("the file did not come from WhatsApp"))?;
        self.account_of(record.company_id, id).await
    }

    /// The current policy of a file that is not stored; a stored one keeps the policy under which it was stored, as does one of the
    /// library.
    pub(crate) async fn policy_of(&self, record: &MediaFile) -> Result<MediaPolicy> {
        let Some(account) = record.account_id else { return Ok(record.policy) };
        Ok(self.account_of(record.company_id, account).await?.policy)
    }
}

/// Whether a business account has the number, and whether an app is subscribed to it.
async fn check_business_account(
    carrier: &Carrier,
    waba_id: &str,
) -> (Result<Option<bool>>, Result<Option<bool>>) {
    let has_number = match carrier.is_number_of(waba_id).await {
        // The subscriptions of another business account say nothing about this number.
        Ok(Some(false)) => return (Ok(Some(false)), Ok(None)),
        // The subscriptions are refused alike, and say why.
        Err(error) if is_unseen(&error) => Ok(None),
        asked => asked.map_err(Error::from),
    };
    let subscribed = carrier.has_subscribed_app(waba_id).await;
    (has_number, subscribed.map_err(|error| not_of_business_account(waba_id, error)))
}

/// Graph tells ids that do not exist and those of others alike.
fn is_unseen(error: &mediary_graph::Error) -> bool {
    matches!(error.kind(), ErrorKind::MediaGone | ErrorKind::Permission)
}

/// Why a business account could not be asked about with a token that works.
fn not_of_business_account(waba_id: &str, error: mediary_graph::Error) -> Error {
    if !is_unseen(&error) {
        return error.into();
    }
    let detail = format!(
        "the access token may not see a business account {waba_id}: the id is wrong or another business's; correct `wabaId`, \
         or give the token the permission whatsapp_business_management"
    );
    Error::refused(ErrorCode::Conflict, detail).because(error)
}

/// What distinguishes a token from its successor. Without a token WhatsApp was not asked.
fn sealed_token(account: &KnownAccount) -> &[u8] {
    account.row.access_token.as_deref().unwrap_or_default()
}
