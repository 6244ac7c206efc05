//! Creating and changing companies, users and API keys.

use std::fmt;

use mediary_core::{ApiKeyId, CompanyId, Error, ErrorCode, Result, Role, Timestamp, UserId, field};
use mediary_store::{Actor, ApiKey, Company, NewApiKey, NewCompany, NewUser, User, UserPatch};
use secrecy::SecretString;

use super::{Access, KEY_PREFIX, hash_of, random_token};

/// How much of a key is stored, so that users recognise it.
const SHOWN_PREFIX_CHARS: usize = 10;

const EMAIL_TAKEN: &str = "somebody has this e-mail address already; choose another one";

/// A new user.
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

/// A new API key for a program.
#[derive(Clone, Debug)]
pub struct ApiKeyDraft {
    pub name: String,
    pub role: Role,
    pub expires_at: Option<Timestamp>,
}

/// A created API key, with the key itself, which is not stored.
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
    pub async fn create_company(&self, new: &NewCompany) -> Result<Company> {
        field::name("name", &new.name)?;
        field::slug("slug", &new.slug)?;
        let taken = || format!("there is a company with the slug {} already; choose another one", new.slug);
        self.store.add_company(new).await.map_err(|error| taken_or(error, taken))
    }

    /// Checks a new user before a password is asked for.
    pub async fn check_new_user(&self, email: &str, name: &str) -> Result<()> {
        match self.store.user_by_email(&new_person(email, name)?).await? {
            Some(_) => Err(Error::refused(ErrorCode::Conflict, EMAIL_TAKEN)),
            None => Ok(()),
        }
    }

    pub async fn create_user(&self, company: CompanyId, draft: &UserDraft, by: &Actor) -> Result<User> {
        let email = new_person(&draft.email, &draft.name)?;
        let password_hash = self.passwords.hash(&draft.password).await?;
        let new = NewUser { email, name: draft.name.clone(), role: draft.role, password_hash };
        let added = self.store.add_user(company, &new, by).await;
        added.map_err(|error| taken_or(error, || EMAIL_TAKEN.to_owned()))
    }

    /// Changes a user. A new password or a deactivation ends all their sessions. The last admin of a company cannot lose that role.
    pub async fn update_user(
        &self,
        company: CompanyId,
        id: UserId,
        change: &UserChange,
        by: &Actor,
    ) -> Result<User> {
        if let Some(name) = &change.name {
            field::name("name", name)?;
        }
        let password_hash = match &change.password {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };
        let patch =
            UserPatch { name: change.name.clone(), role: change.role, active: change.active, password_hash };
        let last = || "this is the company's last active admin; make somebody else an admin first".to_owned();
        let updated = self.store.update_user(company, id, &patch, by).await;
        let user = updated.map_err(|error| taken_or(error, last))?;
        let user = user.ok_or_else(|| Error::not_found("there is no such user"))?;
        self.callers.invalidate_all();
        Ok(user)
    }

    pub async fn create_api_key(
        &self,
        company: CompanyId,
        draft: &ApiKeyDraft,
        by: &Actor,
    ) -> Result<NewKey> {
        field::name("name", &draft.name)?;
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
        let taken = || "an active key has this name; revoke it first, or choose another name".to_owned();
        let added = self.store.add_api_key(company, &new, by).await;
        let record = added.map_err(|error| taken_or(error, taken))?;
        Ok(NewKey { record, key: SecretString::from(key) })
    }

    pub async fn revoke_api_key(&self, company: CompanyId, id: ApiKeyId, by: &Actor) -> Result<()> {
        let revoked = self.store.revoke_api_key(company, id, by).await?;
        self.after_revoking(revoked)
    }

    pub async fn revoke_api_key_by_name(&self, company: CompanyId, name: &str, by: &Actor) -> Result<()> {
        let revoked = self.store.revoke_api_key_by_name(company, name, by).await?;
        self.after_revoking(revoked)
    }

    fn after_revoking(&self, revoked: bool) -> Result<()> {
        self.callers.invalidate_all();
        if revoked { Ok(()) } else { Err(Error::not_found("there is no such API key")) }
    }
}

/// A sentence for people about a name that is taken; other failures are passed on.
fn taken_or(error: mediary_store::Error, taken: impl FnOnce() -> String) -> Error {
    if error.is_conflict() {
        Error::refused(ErrorCode::Conflict, taken()).because(error)
    } else {
        error.into()
    }
}

/// The address of somebody who may be added, as it is kept.
fn new_person(email: &str, name: &str) -> Result<String> {
    let email = normal_email(email);
    field::email("email", &email)?;
    field::name("name", name)?;
    Ok(email)
}

/// E-mail addresses are compared without regard to case.
pub(super) fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}
