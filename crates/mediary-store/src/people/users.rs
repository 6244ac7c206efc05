//! People who log in. An e-mail address is compared in lower case.

use mediary_core::{CompanyId, Role, UserId};
use sqlx::AssertSqlSafe;

use super::audit;
use super::types::{Actor, NewUser, User, UserPatch, UserWithHash};
use crate::db::Tx;
use crate::record::Record as _;
use crate::transaction::transaction;
use crate::value::{Value, args};
use crate::writes::{insert, update};
use crate::{Cursor, Error, ErrorKind, Page, PageRequest, Result, Store, dialect};

fn canonical(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Reads a user and locks all users of the company against changes until this transaction ends. If two admins deactivate each other
/// at once, on any nodes, the second one waits here and then sees the change of the first (on Postgres each statement after this one
/// reads what is committed by then).
async fn held(tx: &mut Tx, company: CompanyId, id: UserId) -> Result<Option<User>> {
    let hold = dialect::hold_rows(tx.backend(), "c");
    let sql = format!("SELECT c.id FROM companies c WHERE c.id = $1{hold}");
    tx.first::<(CompanyId,)>(AssertSqlSafe(sql), args![company]).await?;
    let sql = format!("SELECT {} FROM users u WHERE u.company_id = $1 AND u.id = $2", User::SELECT);
    tx.first(AssertSqlSafe(sql), args![company, id]).await
}

async fn has_admin(tx: &mut Tx, company: CompanyId) -> Result<bool> {
    let sql = "SELECT u.id FROM users u WHERE u.company_id = $1 AND u.role = $2 AND u.active LIMIT 1";
    Ok(tx.first::<(UserId,)>(sql, args![company, Role::Admin]).await?.is_some())
}

impl Store {
    async fn users_where(&self, rest: &str, args: Vec<Value>) -> Result<Vec<User>> {
        let sql = format!("SELECT {} FROM users u WHERE u.company_id = $1 AND {rest}", User::SELECT);
        self.db().all(AssertSqlSafe(sql), args).await
    }

    pub async fn add_user(&self, company: CompanyId, new: &NewUser, by: &Actor) -> Result<User> {
        let now = self.now();
        let vanished = || Error::new(ErrorKind::NotFound, "user vanished while it was added");
        let id = transaction!(self.db(), |tx| {
            let (sql, args) = insert! {
                users {
                    company_id => company,
                    email => canonical(&new.email),
                    name => new.name.as_str(),
                    role => new.role,
                    password_hash => new.password_hash.as_str(),
                    created_at => now,
                    updated_at => now,
                }
                "RETURNING id"
            };
            let added: Option<(UserId,)> = tx.first(sql, args).await?;
            let (id,) = added.ok_or_else(vanished)?;
            audit::note(tx, now, company, by, "user.created", &format!("user:{id}")).await?;
            Ok(id)
        })?;
        self.user(company, id).await?.ok_or_else(vanished)
    }

    pub async fn users(&self, company: CompanyId, page: &PageRequest) -> Result<Page<User>> {
        let rest = "u.id > $2 ORDER BY u.id LIMIT $3";
        let rows = self.users_where(rest, args![company, page.after_id()?, page.row_count()]).await?;
        Ok(Page::from_rows(rows, page.limit, |user| Cursor::number(user.id.0, user.id.0)))
    }

    pub async fn user(&self, company: CompanyId, id: UserId) -> Result<Option<User>> {
        Ok(self.users_where("u.id = $2", args![company, id]).await?.into_iter().next())
    }

    /// For the log-in, where the company is not known yet.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<UserWithHash>> {
        let sql = format!("SELECT {}, u.password_hash FROM users u WHERE u.email = $1", User::SELECT);
        let found: Option<(User, String)> =
            self.db().first(AssertSqlSafe(sql), args![canonical(email)]).await?;
        Ok(found.map(|(user, password_hash)| UserWithHash { user, password_hash }))
    }

    /// Changes what the patch names. Returns the changed user, `None` if there is none. A new password or a deactivation also ends all
    /// sessions of the user. A change that would leave the company without an active admin is a conflict. Values that are set already
    /// are not set again, and leave no audit row.
    pub async fn update_user(
        &self,
        company: CompanyId,
        id: UserId,
        patch: &UserPatch,
        by: &Actor,
    ) -> Result<Option<User>> {
        let now = self.now();
        let hash = patch.password_hash.as_deref();
        transaction!(self.db(), |tx| {
            let before = held(tx, company, id).await?;
            let Some(before) = before.filter(|before| patch.changes(before)) else { return Ok(()) };
            let (sql, args) = update! {
                users set {
                    name = "COALESCE(?, name)" => patch.name.as_deref(),
                    role = "COALESCE(?, role)" => patch.role,
                    active = "COALESCE(?, active)" => patch.active,
                    password_hash = "COALESCE(?, password_hash)" => hash,
                    updated_at => now,
                }
                where { company_id => company, id => id }
            };
            tx.execute(sql, args).await?;
            if before.role == Role::Admin && before.active && !has_admin(tx, company).await? {
                let constraint = "users_last_admin".to_owned();
                return Err(Error::new(ErrorKind::Conflict { constraint }, "take the last admin away"));
            }
            let deactivated = before.active && patch.active == Some(false);
            let action = if deactivated { "user.deactivated" } else { "user.changed" };
            audit::note(tx, now, company, by, action, &format!("user:{id}")).await?;
            if hash.is_some() || deactivated {
                let sql = "DELETE FROM sessions WHERE company_id = $1 AND user_id = $2";
                tx.execute(sql, args![company, id]).await?;
            }
            Ok(())
        })?;
        self.user(company, id).await
    }
}
