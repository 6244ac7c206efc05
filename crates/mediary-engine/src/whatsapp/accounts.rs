//! WhatsApp accounts as the flows need them: looked up often, cached briefly, with their secrets unsealed.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::constant_time;
use mediary_core::{AccountId, AccountStatus, CompanyId, Error, ErrorCode, MediaPolicy, Provider, Result};
use mediary_store::{Account, AccountPatch, Actor, NewAccount, Store};
use moka::sync::Cache;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Mutex, Notify};

use super::account_drafts::{AccountChange, AccountDraft};
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
/// Accounts of one topic: AWS has 25 business accounts in a region, each with some numbers.
const ACCOUNTS_OF_TOPIC: u32 = 1000;
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
        // AWS's webhooks are proved by their topic; a secret proves nothing there.
        if self.row.provider != other.row.provider || self.row.provider == Provider::Aws {
            return false;
        }
        let (Some(own), Some(other)) = (hash(self), hash(other)) else { return false };
        constant_time::verify_slices_are_equal(&own, &other).is_ok()
    }
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
    of_topic: Cache<String, Arc<[Arc<KnownAccount>]>>,
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
            of_topic: cache(CACHED_ACCOUNTS),
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

    /// The accounts whose webhooks come by a topic of AWS's, of whatever company.
    pub(crate) async fn of_topic(&self, topic_arn: &str) -> Result<Arc<[Arc<KnownAccount>]>> {
        if let Some(accounts) = self.of_topic.get(topic_arn) {
            return Ok(accounts);
        }
        let generation = self.generation();
        let rows = self.store.accounts_by_aws_topic(topic_arn, ACCOUNTS_OF_TOPIC).await?;
        let accounts = rows.into_iter().map(|row| self.open(row)).collect::<Arc<[_]>>();
        // Unknown ones are not cached: strangers name them.
        if !accounts.is_empty() && generation == self.generation() {
            self.of_topic.insert(topic_arn.to_owned(), accounts.clone());
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
                    aws: draft.aws.clone(),
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
        change.check_for(before.provider)?;
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
            aws_bucket: change.aws_bucket.clone(),
            aws_topic_arn: change.aws_topic_arn.clone(),
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
        empty(&self.of_topic);
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
