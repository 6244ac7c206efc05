//! Authentication: users by session, programs by API key, and how both are created and ended.
//!
//! Session tokens and API keys are 256 random bits; only their SHA-256 is stored. The owner of a token is cached for half a second,
//! and removed from the cache at once when this process changes it.

mod caller;
pub(crate) mod links;
mod passwords;
mod people;
pub mod rights;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use data_encoding::BASE64URL_NOPAD;
use mediary_core::{Clock, Error, ErrorCode, Result, Timestamp, Visibility, limits};
use mediary_store::{Actor, ApiKeyIdentity, NewSession, OwnSession, SessionIdentity, Store};
use moka::sync::Cache;
use secrecy::SecretString;

pub use caller::{Caller, Identity};
pub use people::{ApiKeyDraft, NewKey, UserChange, UserDraft};
pub use rights::{May, Right};

use self::passwords::Passwords;
use crate::base::CACHE_TTL;

const CACHED_CALLERS: u64 = 10_000;
const KEY_PREFIX: &str = "mdy_";
/// The last use of a token is recorded at most this often.
const USE_NOTED_EVERY: Duration = Duration::from_secs(300);
/// How long a request waits for that write.
const NOTED_WITHIN: Duration = Duration::from_secs(1);
const TOKEN_CHARS_MAX: usize = 128;
/// The most sessions of a person that are listed.
const SESSIONS_SHOWN: u32 = 100;

pub(crate) type TokenHash = [u8; 32];

/// Authenticates callers. Clones share one cache.
#[derive(Clone)]
pub struct Access {
    store: Store,
    clock: Arc<dyn Clock>,
    passwords: Passwords,
    callers: Cache<TokenHash, KnownCaller>,
}

/// The cached caller of a token, and when the token expires.
#[derive(Clone)]
struct KnownCaller {
    caller: Arc<Caller>,
    known_at: Timestamp,
    expires_at: Timestamp,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Access")
    }
}

impl Access {
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        let callers = Cache::builder().max_capacity(CACHED_CALLERS).time_to_live(CACHE_TTL).build();
        Self { store, clock, passwords: Passwords::default(), callers }
    }

    /// Opens a session. The token is for the browser alone: it cannot be read again.
    pub async fn login(
        &self,
        email: &str,
        password: &SecretString,
        address: IpAddr,
    ) -> Result<(SecretString, Arc<Caller>)> {
        let found = self.store.user_by_email(&people::normal_email(email)).await?;
        let hash = found.as_ref().map(|found| found.password_hash.clone());
        let matches = self.passwords.matches(password, hash.clone()).await?;
        let user = found.map(|found| found.user).filter(|user| matches && user.active);
        let wrong = || Error::refused(ErrorCode::Unauthorized, "e-mail or password is wrong");
        let (user, password_hash) = user.zip(hash).ok_or_else(wrong)?;
        let token = random_token();
        let expires_at = self.clock.now().plus(limits::SESSION_IDLE);
        let opened = self
            .store
            .add_session(&NewSession {
                user_id: user.id,
                company_id: user.company_id,
                token_hash: hash_of(&token),
                password_hash,
                expires_at,
                ip: Some(address.to_string()),
            })
            .await?;
        if !opened {
            return Err(wrong());
        }
        let who = Identity::User { id: user.id, email: user.email, name: user.name };
        let caller =
            Caller { company_id: user.company_id, role: user.role, sees: Visibility::Everything, who };
        Ok((SecretString::from(token), Arc::new(caller)))
    }

    /// Ends a session; ending one that is over is fine.
    pub async fn logout(&self, token: &str, address: IpAddr) -> Result<()> {
        let hash = hash_of(token);
        self.store.delete_session(&hash, Some(&address.to_string())).await?;
        // Only now: a request during the deletion would put the session into the cache again.
        self.callers.invalidate(&hash);
        Ok(())
    }

    /// The sessions of a person that have not ended, the last used first; of a program there are none. `current` is the token of the one
    /// that asks.
    pub async fn sessions(&self, caller: &Caller, current: Option<&str>) -> Result<Vec<OwnSession>> {
        let Some(user) = caller.user_id() else { return Ok(Vec::new()) };
        let hash = current.map(hash_of).unwrap_or_default();
        Ok(self.store.sessions_of(caller.company_id, user, &hash, SESSIONS_SHOWN).await?)
    }

    /// Ends one of a person's own sessions, on whatever device it is.
    pub async fn end_session(&self, caller: &Caller, id: i64, by: &Actor) -> Result<()> {
        let missing = || Error::not_found("you have no such session");
        let user = caller.user_id().ok_or_else(missing)?;
        let ended = self.store.delete_session_of(caller.company_id, user, id, by).await?;
        // Only now: a request during the deletion would put the session into the cache again. Its token is not known here.
        self.callers.invalidate_all();
        if ended { Ok(()) } else { Err(missing()) }
    }

    /// The caller of a session; `None` if it is unknown or has ended.
    pub async fn authenticate_session(&self, token: &str) -> Result<Option<Arc<Caller>>> {
        if token.len() > TOKEN_CHARS_MAX {
            return Ok(None);
        }
        let hash = hash_of(token);
        if let Some(caller) = self.cached(&hash) {
            return Ok(Some(caller));
        }
        let Some(session) = self.store.session_by_hash(&hash).await? else { return Ok(None) };
        self.note_session_use(&hash, &session).await;
        let who = Identity::User { id: session.user_id, email: session.email, name: session.name };
        let caller =
            Caller { company_id: session.company_id, role: session.role, sees: Visibility::Everything, who };
        Ok(Some(self.remember(hash, caller, session.expires_at)))
    }

    /// The caller of an API key; `None` if it is unknown, revoked or expired.
    pub async fn authenticate_key(&self, key: &str) -> Result<Option<Arc<Caller>>> {
        if !key.starts_with(KEY_PREFIX) || key.len() > TOKEN_CHARS_MAX {
            return Ok(None);
        }
        let hash = hash_of(key);
        if let Some(caller) = self.cached(&hash) {
            return Ok(Some(caller));
        }
        let Some(identity) = self.store.api_key_by_hash(&hash).await? else { return Ok(None) };
        self.note_key_use(&identity).await;
        let who = Identity::Key { id: identity.id, name: identity.name };
        let caller = Caller {
            company_id: identity.company_id,
            role: identity.role,
            sees: Visibility::Everything,
            who,
        };
        Ok(Some(self.remember(hash, caller, identity.expires_at.unwrap_or(Timestamp::MAX))))
    }

    fn cached(&self, hash: &TokenHash) -> Option<Arc<Caller>> {
        let known = self.callers.get(hash)?;
        let now = self.clock.now();
        (known.expires_at > now && now.since(known.known_at) < CACHE_TTL).then_some(known.caller)
    }

    fn remember(&self, hash: TokenHash, caller: Caller, expires_at: Timestamp) -> Arc<Caller> {
        let caller = Arc::new(caller);
        let known = KnownCaller { caller: caller.clone(), known_at: self.clock.now(), expires_at };
        self.callers.insert(hash, known);
        caller
    }

    /// Extends a session that is used, up to its maximum age.
    async fn note_session_use(&self, hash: &TokenHash, session: &SessionIdentity) {
        let now = self.clock.now();
        if now.since(session.last_used_at) >= USE_NOTED_EVERY {
            let latest = session.created_at.plus(limits::SESSION_LIFE_MAX);
            note(self.store.touch_session(hash, now.plus(limits::SESSION_IDLE).min(latest))).await;
        }
    }

    async fn note_key_use(&self, key: &ApiKeyIdentity) {
        let now = self.clock.now();
        if key.last_used_at.is_none_or(|last| now.since(last) >= USE_NOTED_EVERY) {
            note(self.store.touch_api_key(key.company_id, key.id)).await;
        }
    }
}

/// Writes down a last use, if that can be done: a full disk or a busy database must not keep people from reading.
async fn note(noting: impl Future<Output = mediary_store::Result<()>>) {
    match tokio::time::timeout(NOTED_WITHIN, noting).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "a last use could not be written down");
        }
        Err(_) => tracing::warn!("a last use could not be written down in time"),
    }
}

fn random_token() -> String {
    BASE64URL_NOPAD.encode(&rand::random::<[u8; 32]>())
}

pub(crate) fn hash_of(token: &str) -> TokenHash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    hash
}
