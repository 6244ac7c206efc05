//! Passwords, kept as argon2id hashes alone.

use std::sync::{Arc, LazyLock};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use mediary_core::field::{self, PASSWORD_BYTES_MAX};
use mediary_core::{Error, ErrorCode, Result};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

/// A hash takes 19 MiB and some milliseconds of a core: more at once would starve everything else.
const HASHES_AT_ONCE: usize = 2;
/// Of these, the share for new users and changed passwords: log-ins do not queue behind an admin's thousand new users.
const NEW_HASHES_AT_ONCE: usize = 1;

/// Hashes and checks passwords, a few at a time, off the async threads.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    all: Arc<Semaphore>,
    new: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            all: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
            new: Arc::new(Semaphore::new(NEW_HASHES_AT_ONCE)),
        }
    }
}

impl Passwords {
    /// The hash to keep, as a PHC string.
    pub(crate) async fn hash(&self, password: &SecretString) -> Result<String> {
        field::password("password", password.expose_secret())?;
        let password = password.clone();
        let failed = |error| Error::new(ErrorCode::Internal, "work on a password").because(error);
        let _turn = self.new.acquire().await.map_err(failed)?;
        self.work(move || hash(password.expose_secret())).await?
    }

    /// Whether `password` matches `hash`. Without a hash (the address is unknown) it takes as long, and is false.
    pub(crate) async fn matches(&self, password: &SecretString, hash: Option<String>) -> Result<bool> {
        if password.expose_secret().len() > PASSWORD_BYTES_MAX {
            return Ok(false);
        }
        let password = password.clone();
        self.work(move || {
            let known = hash.is_some();
            let hash = hash.as_deref().unwrap_or(&NOBODY);
            let Ok(hash) = PasswordHash::new(hash) else { return false };
            let same = Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok();
            same && known
        })
        .await
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let failed = || Error::new(ErrorCode::Internal, "work on a password");
        let permit = self.all.clone().acquire_owned().await.map_err(|error| failed().because(error))?;
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        done.await.map_err(|error| failed().because(error))
    }
}

/// What a log-in with an unknown address is checked against, so that it takes as long as with a known one.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash("the password of nobody").expect("a password of this length can be hashed"));

fn hash(password: &str) -> Result<String> {
    match Argon2::default().hash_password(password.as_bytes()) {
        Ok(hash) => Ok(hash.to_string()),
        Err(error) => Err(Error::new(ErrorCode::Internal, "hash a password").because(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    #[tokio::test]
    async fn only_the_right_password_verifies() {
        let passwords = Passwords::default();
        let hash = passwords.hash(&secret("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.matches(&secret("correct horse"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.matches(&secret("correct house"), Some(hash)).await.unwrap());
        assert!(!passwords.matches(&secret("the password of nobody"), None).await.unwrap());
        assert!(!passwords.matches(&secret("x"), Some("not a hash".to_owned())).await.unwrap());
    }

    #[tokio::test]
    async fn log_in_does_not_queue_behind_new_passwords() {
        let passwords = Passwords::default();
        // As while a new password is hashed: for as long as the test likes, so that nothing hangs on the pace of a machine.
        let _hashing = (passwords.new.acquire().await.unwrap(), passwords.all.acquire().await.unwrap());
        let mut new = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let passwords = passwords.clone();
            new.spawn(async move { passwords.hash(&secret("correct horse")).await.unwrap() });
        }
        // All of them wait in line before the log-in comes.
        tokio::task::yield_now().await;
        passwords.matches(&secret("correct horse"), None).await.unwrap();
        assert!(new.try_join_next().is_none(), "a new password went first");
    }

    #[tokio::test]
    async fn passwords_too_short_or_too_long_are_refused() {
        let passwords = Passwords::default();
        for text in ["", "1234567", &"x".repeat(PASSWORD_BYTES_MAX + 1)] {
            let error = passwords.hash(&secret(text)).await.unwrap_err();
            assert_eq!((error.code(), error.field()), (ErrorCode::ValidationError, Some("password")));
        }
    }
}
