//! Making and changing users and API keys.

use std::fmt;

use mediary_core::{ApiKeyId, CompanyId, ErrorCode, Role, Timestamp, UserId, limits};
use mediary_store::{ApiKey, NewApiKey, NewUser, User, UserPatch};
use secrecy::SecretString;

use super::{Access, KEY_PREFIX, hash_of, random_token};
use crate::error::{Error, Result};

/// How much of a key is kept to recognise it by.
const SHOWN_PREFIX_CHARS: usize = 10;

/// A person to let in.
#[derive(Clone)]
pub struct UserDraft {
    pub email: String,
    pub name: String,
    pub role: Role,
    pub password: SecretString,
}

/// What changes about a user; `None` stays as it is.
#[derive(Clone, Default)]
pub struct UserChange {
    pub name: Option<String>,
    pub role: Option<Role>,
    pub active: Option<bool>,
    pub password: Option<SecretString>,
}

/// A program to let in.
#[derive(Clone, Debug)]
pub struct ApiKeyDraft {
    pub name: String,
    pub role: Role,
    pub expires_at: Option<Timestamp>,
}

/// A new API key: the only time that the key itself is there.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub record: ApiKey,
    pub key: SecretString,
}

impl fmt::Debug for UserDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserDraft")
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for UserChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserChange")
            .field("name", &self.name)
            .field("role", &self.role)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

impl Access {
    pub async fn create_user(&self, company: CompanyId, draft: &UserDraft) -> Result<User> {
        let email = normal_email(&draft.email);
        check_email(&email)?;
        check_name(&draft.name)?;
        let password_hash = self.passwords.hash(&draft.password).await?;
        let new = NewUser { email, name: draft.name.clone(), role: draft.role, password_hash };
        self.store.add_user(company, &new).await.map_err(|error| match error.is_conflict() {
            true => {
                Error::new(ErrorCode::Conflict, "somebody has this e-mail address already").because(error)
            }
            false => error.into(),
        })
    }

    /// Changes a user. Who gets another password, or is no longer active, is logged out everywhere.
    pub async fn update_user(&self, company: CompanyId, id: UserId, change: &UserChange) -> Result<User> {
        if let Some(name) = &change.name {
            check_name(name)?;
        }
        let password_hash = match &change.password {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };
        let logs_out = password_hash.is_some() || change.active == Some(false);
        let patch =
            UserPatch { name: change.name.clone(), role: change.role, active: change.active, password_hash };
        let user = self.store.update_user(company, id, &patch).await?;
        let user = user.ok_or_else(|| Error::not_found("there is no such user"))?;
        if logs_out {
            self.store.delete_sessions_of(company, id).await?;
        }
        self.callers.invalidate_all();
        Ok(user)
    }

    pub async fn create_api_key(&self, company: CompanyId, draft: &ApiKeyDraft) -> Result<NewKey> {
        check_name(&draft.name)?;
        if draft.expires_at.is_some_and(|at| at <= self.clock.now()) {
            return Err(Error::invalid("expiresAt", "must lie in the future"));
        }
        let key = format!("{KEY_PREFIX}{}", random_token());
        let new = NewApiKey {
            name: draft.name.clone(),
            role: draft.role,
            token_hash: hash_of(&key),
            prefix: key.chars().take(SHOWN_PREFIX_CHARS).collect(),
            expires_at: draft.expires_at,
        };
        let record = self.store.add_api_key(company, &new).await?;
        Ok(NewKey { record, key: SecretString::from(key) })
    }

    pub async fn revoke_api_key(&self, company: CompanyId, id: ApiKeyId) -> Result<()> {
        let revoked = self.store.revoke_api_key(company, id).await?;
        self.after_revoking(revoked)
    }

    pub async fn revoke_api_key_by_name(&self, company: CompanyId, name: &str) -> Result<()> {
        let revoked = self.store.revoke_api_key_by_name(company, name).await?;
        self.after_revoking(revoked)
    }

    fn after_revoking(&self, revoked: bool) -> Result<()> {
        self.callers.invalidate_all();
        if revoked { Ok(()) } else { Err(Error::not_found("there is no such API key")) }
    }
}

/// An address is the same however it is written in capitals.
pub(super) fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}

fn check_email(email: &str) -> Result<()> {
    let parts = email.split_once('@');
    let plausible =
        parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if !plausible || email.chars().count() > limits::SHORT_TEXT_CHARS || email.contains(char::is_whitespace) {
        return Err(Error::invalid("email", "must be an e-mail address, like ana@example.com"));
    }
    Ok(())
}

fn check_name(name: &str) -> Result<()> {
    if name.trim().is_empty() || name.chars().count() > limits::SHORT_TEXT_CHARS {
        return Err(Error::invalid(
            "name",
            format!("must have from 1 to {} characters", limits::SHORT_TEXT_CHARS),
        ));
    }
    Ok(())
}
