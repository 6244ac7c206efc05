//! WhatsApp accounts as the flows need them: looked up often, cached briefly, with their secrets unsealed.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::constant_time;
use mediary_core::{
    AccountId, AccountStatus, CompanyId, Error, ErrorCode, MediaPolicy, Provider, Result, Retention, field,
};
use mediary_store::{Account, AccountPatch, Actor, NewAccount, Store};
use moka::sync::Cache;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Mutex, Notify};

use crate::access::{TokenHash, hash_of};
use crate::base::CACHE_TTL;
use crate::base::vault::{Place, Vault};
use crate::events::bus::EventBus;
use crate::events::event::{EventData, EventName};

const CACHED_ACCOUNTS: u64 = 10_000;
/// The capacity for unknown numbers. Strangers may name any number of them, so they have a cache of their own and never evict a known
/// number.
const CACHED_UNKNOWN: u64 = 10_000;
/// Accounts whose secrets are tried with the key.
const KEY_TRIED_ON: u32 = 100;
/// Ids in one query.
const ASKED_AT_ONCE: usize = 500;
/// Characters of a secret that stands in a header.
const HEADER_SECRET_CHARS_MIN: usize = 16;
/// Where an account's secrets are kept.
const ACCESS_TOKEN: &str = "access_token";
const APP_SECRET: &str = "app_secret";
const VERIFY_TOKEN: &str = "verify_token";
const CONNECTED_ALREADY: &str = "an account of your company or of another has this number already; ask the operator of this installation to move it";

/// An account with its secrets unsealed.
pub struct KnownAccount {
    pub row: Account,
    /// The policy that applies to it now.
    pub policy: MediaPolicy,
    access_token: Option<SecretString>,
    app_secret: Option<SecretString>,
    /// Whether the secret that it was given is the installation's.
    shares_secret: bool,
}

impl fmt::Debug for KnownAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownAccount").field("row", &self.row).finish_non_exhaustive()
    }
}

impl KnownAccount {
    /// The token to ask WhatsApp with. Without one, or after WhatsApp refused it, an admin has to give a new one.
    pub(crate) fn token(&self) -> Result<&SecretString> {
        let missing = match (&self.access_token, self.row.status) {
            (_, AccountStatus::Disabled) => "use the WhatsApp account: it is disabled",
            (Some(token), AccountStatus::Active) => return Ok(token),
            (Some(_), AccountStatus::NeedsToken) => "use the WhatsApp account: WhatsApp refused its token",
            // Not a refusal by WhatsApp: with the right secret key the same token is valid again.
            (None, _) if self.row.access_token.is_some() => {
                return Err(Error::new(ErrorCode::Internal, "read the WhatsApp account's token"));
            }
            (None, _) => "use the WhatsApp account: it has no token",
        };
        Err(Error::new(ErrorCode::ProviderUnauthorized, missing))
    }

    pub(crate) fn app_secret(&self) -> Option<&SecretString> {
        self.app_secret.as_ref().filter(|_| !self.shares_secret)
    }

    /// Whether its webhooks are proved by something of its own instead of the installation's secret, which is a Meta app's. One that cannot be read is still
    /// its own: the installation's must not speak for it. One that is the installation's is not, for what was signed with it
    /// before the account was there is the account's.
    pub(crate) fn has_own_secret(&self) -> bool {
        self.row.provider != Provider::Meta || self.row.app_secret.is_some() && !self.shares_secret
    }

    /// Whether both have the same secret of their own: one Meta app has one, however many numbers it serves.
    pub(crate) fn has_secret_of(&self, other: &Self) -> bool {
        let hash = |account: &Self| account.app_secret().map(|secret| hash_of(secret.expose_secret()));
        if self.row.provider != other.row.provider {
            return false;
        }
        let (Some(own), Some(other)) = (hash(self), hash(other)) else { return false };
        constant_time::verify_slices_are_equal(&own, &other).is_ok()
    }
}

/// A new account, its secrets in the clear.
#[derive(Clone, Debug)]
pub struct AccountDraft {
    pub provider: Provider,
    pub phone_number_id: String,
    pub waba_id: Option<String>,
    pub display_phone_number: Option<String>,
    pub name: String,
    pub access_token: Option<SecretString>,
    pub app_secret: Option<SecretString>,
    pub verify_token: Option<SecretString>,
    pub media_policy: Option<MediaPolicy>,
}

/// What changes about an account; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    pub name: Option<String>,
    pub waba_id: Option<String>,
    pub display_phone_number: Option<String>,
    pub access_token: Option<SecretString>,
    pub app_secret: Option<SecretString>,
    pub verify_token: Option<SecretString>,
    /// `Some(None)` goes back to the company's policy.
    pub media_policy: Option<Option<MediaPolicy>>,
    /// `Some(None)` goes back to the company's retention.
    pub retention: Option<Option<Retention>>,
    pub status: Option<AccountStatus>,
}

impl AccountDraft {
    pub(crate) fn check(&self) -> Result<()> {
        field::whatsapp_id("phoneNumberId", &self.phone_number_id)?;
        field::name("name", &self.name)?;
        check_optional(self.waba_id.as_deref(), self.display_phone_number.as_deref())?;
        check_tokens([&self.access_token, &self.app_secret, &self.verify_token])?;
        check_header_secret(self.provider, self.app_secret.as_ref())?;
        if self.provider == Provider::Dialog360 && self.app_secret.is_none() {
            let needed = "is needed: 360dialog signs nothing, so its webhook has to bring a secret in the header Authorization";
            return Err(Error::invalid("appSecret", needed));
        }
        Ok(())
    }
}

impl AccountChange {
    /// What can be told without the account.
    pub(crate) fn check(&self) -> Result<()> {
        self.name.iter().try_for_each(|name| field::name("name", name))?;
        check_optional(self.waba_id.as_deref(), self.display_phone_number.as_deref())?;
        check_tokens([&self.access_token, &self.app_secret, &self.verify_token])
    }
}

fn check_optional(waba_id: Option<&str>, display_phone_number: Option<&str>) -> Result<()> {
    waba_id.iter().try_for_each(|id| field::whatsapp_id("wabaId", id))?;
    Ok(display_phone_number
        .iter()
        .try_for_each(|number| field::display_number("displayPhoneNumber", number))?)
}

/// A secret that comes as it is can be guessed from outside, unlike one that signs.
pub(super) fn check_header_secret(provider: Provider, secret: Option<&SecretString>) -> Result<()> {
    let too_short = |secret: &SecretString| secret.expose_secret().len() < HEADER_SECRET_CHARS_MIN;
    if provider == Provider::Dialog360 && secret.is_some_and(too_short) {
        let rule =
            format!("must have at least {HEADER_SECRET_CHARS_MIN} characters: 360dialog sends it as it is");
        return Err(Error::invalid("appSecret", rule));
    }
    Ok(())
}

fn check_tokens(tokens: [&Option<SecretString>; 3]) -> Result<()> {
    let fields = ["accessToken", "appSecret", "verifyToken"];
    for (field, token) in fields.into_iter().zip(tokens) {
        token.iter().try_for_each(|token| field::token(field, token.expose_secret()))?;
    }
    Ok(())
}

/// Looks accounts up and changes them. Clones share one cache.
#[derive(Clone)]
pub struct AccountDirectory {
    store: Store,
    vault: Vault,
    events: EventBus,
    /// A hash, so that a comparison takes constant time.
    installation_secret: Option<TokenHash>,
    by_phone_number_id: Cache<String, Arc<KnownAccount>>,
    unknown_numbers: Cache<String, ()>,
    by_id: Cache<(CompanyId, AccountId), Arc<KnownAccount>>,
    of_waba: Cache<String, Arc<[Arc<KnownAccount>]>>,
    verify_tokens: Cache<(), Arc<[TokenHash]>>,
    reading_tokens: Arc<Mutex<()>>,
    /// Grows with each invalidation, so that rows read before it are not cached after it.
    generation: Arc<AtomicU64>,
    /// Secrets that could not be read and were logged.
    unreadable: Cache<(AccountId, &'static str), ()>,
    forgotten: Arc<Notify>,
}

impl fmt::Debug for AccountDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountDirectory")
    }
}

impl AccountDirectory {
    pub(crate) fn new(
        store: Store,
        vault: Vault,
        events: EventBus,
        installation_secret: Option<&SecretString>,
    ) -> Self {
        Self {
            store,
            vault,
            events,
            installation_secret: installation_secret.map(|secret| hash_of(secret.expose_secret())),
            by_phone_number_id: cache(CACHED_ACCOUNTS),
            unknown_numbers: cache(CACHED_UNKNOWN),
            by_id: cache(CACHED_ACCOUNTS),
            of_waba: cache(CACHED_ACCOUNTS),
            verify_tokens: cache(1),
            reading_tokens: Arc::default(),
            generation: Arc::default(),
            unreadable: Cache::new(CACHED_ACCOUNTS),
            forgotten: Arc::default(),
        }
    }

    /// The account of a company, or `None` if it has no such account.
    pub async fn by_id(&self, company: CompanyId, id: AccountId) -> Result<Option<Arc<KnownAccount>>> {
        if let Some(account) = self.by_id.get(&(company, id)) {
            return Ok(Some(account));
        }
        self.by_id_now(company, id).await
    }

    /// The account as the database has it at this moment.
    pub(crate) async fn by_id_now(
        &self,
        company: CompanyId,
        id: AccountId,
    ) -> Result<Option<Arc<KnownAccount>>> {
        let generation = self.generation();
        let Some(row) = self.store.account(company, id).await? else { return Ok(None) };
        let account = self.open(row);
        if generation == self.generation() {
            self.by_id.insert((company, id), account.clone());
        }
        Ok(Some(account))
    }

    /// Looks up every given phone number id, of whatever company; `None` is one that no account has.
    pub(crate) async fn by_phone_number_ids(
        &self,
        ids: impl IntoIterator<Item = String>,
    ) -> Result<HashMap<String, Option<Arc<KnownAccount>>>> {
        let generation = self.generation();
        let mut found = HashMap::new();
        let mut wanted = Vec::new();
        for id in ids {
            match self.by_phone_number_id.get(&id) {
                Some(account) => drop(found.insert(id, Some(account))),
                None if self.unknown_numbers.contains_key(&id) => drop(found.insert(id, None)),
                None => wanted.push(id),
            }
        }
        for wanted in wanted.chunks(ASKED_AT_ONCE) {
            for row in self.store.accounts_by_phone_number_ids(wanted).await? {
                let account = self.open(row);
                found.insert(account.row.phone_number_id.clone(), Some(account));
            }
        }
        for id in wanted {
            let account = found.entry(id.clone()).or_default();
            if generation == self.generation() {
                match account {
                    Some(account) => self.by_phone_number_id.insert(id, account.clone()),
                    None => self.unknown_numbers.insert(id, ()),
                }
            }
        }
        Ok(found)
    }

    /// The accounts of a WhatsApp Business Account, of whatever company.
    pub(crate) async fn of_waba(&self, waba_id: &str) -> Result<Arc<[Arc<KnownAccount>]>> {
        if let Some(accounts) = self.of_waba.get(waba_id) {
            return Ok(accounts);
        }
        let generation = self.generation();
        let rows = self.store.accounts_by_waba_id(waba_id).await?;
        let accounts = rows.into_iter().map(|row| self.open(row)).collect::<Arc<[_]>>();
        // Unknown ones are not cached: strangers name them.
        if !accounts.is_empty() && generation == self.generation() {
            self.of_waba.insert(waba_id.to_owned(), accounts.clone());
        }
        Ok(accounts)
    }

    /// The hashes of every verify token that an account has. Anybody may ask whether a token is one of them, as often as they
    /// like: all rows are read and unsealed once for all who ask within a moment.
    pub(crate) async fn verify_tokens(&self) -> Result<Arc<[TokenHash]>> {
        if let Some(hashes) = self.verify_tokens.get(&()) {
            return Ok(hashes);
        }
        let _one_reads = self.reading_tokens.lock().await;
        if let Some(hashes) = self.verify_tokens.get(&()) {
            return Ok(hashes);
        }
        let generation = self.generation();
        let rows = self.store.accounts_with_verify_token().await?;
        let tokens = rows.iter().filter_map(|row| self.unseal(row, VERIFY_TOKEN, &row.verify_token));
        let hashes: Arc<[TokenHash]> = tokens.map(|token| hash_of(token.expose_secret())).collect();
        if generation == self.generation() {
            self.verify_tokens.insert((), hashes.clone());
        }
        Ok(hashes)
    }

    /// Whether the key opens the stored secrets of some account, if there are any. Where it opens none it is not the key they were
    /// sealed with, and who works with it refuses webhooks and fails downloads that others could do.
    pub async fn key_fits(&self) -> Result<bool> {
        let rows = self.store.accounts_with_secrets(KEY_TRIED_ON).await?;
        Ok(rows.is_empty() || rows.iter().any(|row| self.unreadable_secrets(row).is_empty()))
    }

    /// Adds an account without asking WhatsApp about its number; [`crate::Engine::connect_number`] asks first.
    pub async fn create(&self, company: CompanyId, draft: &AccountDraft, by: &Actor) -> Result<Account> {
        draft.check()?;
        let place = (company, draft.phone_number_id.as_str());
        let row = self
            .store
            .add_account(
                company,
                &NewAccount {
                    provider: draft.provider,
                    phone_number_id: draft.phone_number_id.clone(),
                    waba_id: draft.waba_id.clone(),
                    display_phone_number: draft.display_phone_number.clone(),
                    name: draft.name.clone(),
                    access_token: self.seal(place, ACCESS_TOKEN, draft.access_token.as_ref()),
                    app_secret: self.seal(place, APP_SECRET, draft.app_secret.as_ref()),
                    verify_token: self.seal(place, VERIFY_TOKEN, draft.verify_token.as_ref()),
                    media_policy: draft.media_policy,
                },
                by,
            )
            .await
            .map_err(|error| match error.is_conflict() {
                true => Error::refused(ErrorCode::Conflict, CONNECTED_ALREADY).because(error),
                false => error.into(),
            })?;
        self.changed(company, row.id);
        Ok(row)
    }

    /// Changes an account. A new token makes it active again, and its downloads go on.
    pub async fn update(
        &self,
        company: CompanyId,
        id: AccountId,
        change: &AccountChange,
        by: &Actor,
    ) -> Result<Account> {
        change.check()?;
        // Neither the company nor the number of an account ever changes, so what is read here still holds below.
        let before = self.store.account(company, id).await?;
        let before = before.ok_or_else(|| Error::not_found("there is no such WhatsApp account"))?;
        check_header_secret(before.provider, change.app_secret.as_ref())?;
        let place = (company, before.phone_number_id.as_str());
        let patch = AccountPatch {
            name: change.name.clone(),
            waba_id: change.waba_id.clone(),
            display_phone_number: change.display_phone_number.clone(),
            access_token: self.seal(place, ACCESS_TOKEN, change.access_token.as_ref()),
            app_secret: self.seal(place, APP_SECRET, change.app_secret.as_ref()),
            verify_token: self.seal(place, VERIFY_TOKEN, change.verify_token.as_ref()),
            media_policy: change.media_policy,
            retention: change.retention,
            status: change.status,
        };
        let row = self.store.update_account(company, id, &patch, by).await?;
        let row = row.ok_or_else(|| Error::not_found("there is no such WhatsApp account"))?;
        self.changed(company, id);
        Ok(row)
    }

    /// Invalidates a cached account and publishes the change to its company.
    pub(crate) fn changed(&self, company: CompanyId, id: AccountId) {
        self.forget();
        self.events.publish(company, EventName::AccountUpdated, EventData::account(id));
    }

    /// Whatever was looked up under an earlier number may have changed since.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(crate) fn forget(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        empty(&self.by_id);
        empty(&self.by_phone_number_id);
        empty(&self.unknown_numbers);
        empty(&self.of_waba);
        empty(&self.verify_tokens);
        self.forgotten.notify_waiters();
    }

    /// Waits until something may have changed that was looked up under that number.
    pub(crate) async fn forgotten_since(&self, generation: u64) {
        loop {
            // Subscribed before the version is compared, so that no change is missed.
            let forgotten = self.forgotten.notified();
            if self.generation() != generation {
                return;
            }
            forgotten.await;
        }
    }

    /// The secrets of an account that are kept and cannot be read: sealed with another key, or damaged.
    pub fn unreadable_secrets(&self, row: &Account) -> Vec<&'static str> {
        let sealed = [
            (ACCESS_TOKEN, &row.access_token),
            (APP_SECRET, &row.app_secret),
            (VERIFY_TOKEN, &row.verify_token),
        ];
        let kept = sealed.into_iter().filter(|(_, sealed)| sealed.is_some());
        kept.filter(|(column, sealed)| self.unseal(row, column, sealed).is_none())
            .map(|(column, _)| column)
            .collect()
    }

    fn open(&self, row: Account) -> Arc<KnownAccount> {
        let app_secret = self.unseal(&row, APP_SECRET, &row.app_secret);
        let hash = app_secret.as_ref().map(|secret| hash_of(secret.expose_secret()));
        Arc::new(KnownAccount {
            policy: row.effective_policy,
            access_token: self.unseal(&row, ACCESS_TOKEN, &row.access_token),
            shares_secret: row.provider == Provider::Meta
                && hash.is_some()
                && hash == self.installation_secret,
            app_secret,
            row,
        })
    }

    /// A secret that cannot be unsealed affects its account only: it counts as missing, is logged once, and `mediary doctor` shows it.
    fn unseal(&self, row: &Account, column: &'static str, sealed: &Option<Vec<u8>>) -> Option<SecretString> {
        let place = Place { company: row.company_id, phone_number_id: &row.phone_number_id, column };
        match self.vault.unseal_text(sealed.as_deref()?, place) {
            Ok(secret) => {
                self.unreadable.invalidate(&(row.id, column));
                Some(secret)
            }
            Err(error) => {
                if self.unreadable.entry((row.id, column)).or_insert(()).is_fresh() {
                    tracing::error!(
                        company.id = row.company_id.0,
                        account.id = row.id.0,
                        column,
                        %error,
                        "a secret of the account cannot be read; give the account a new one"
                    );
                }
                None
            }
        }
    }

    fn seal(
        &self,
        (company, phone_number_id): (CompanyId, &str),
        column: &'static str,
        secret: Option<&SecretString>,
    ) -> Option<Vec<u8>> {
        let place = Place { company, phone_number_id, column };
        secret.map(|secret| self.vault.seal(secret.expose_secret().as_bytes(), place))
    }
}

/// Drops all entries at once: they hold secrets, and otherwise somebody's later look-up would have to take them out.
fn empty<K, V>(cache: &Cache<K, V>)
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    cache.invalidate_all();
    cache.run_pending_tasks();
}

fn cache<K, V>(capacity: u64) -> Cache<K, V>
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder().max_capacity(capacity).time_to_live(CACHE_TTL).build()
}
