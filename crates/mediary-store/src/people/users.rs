//! People who log in. An e-mail address is compared in lower case.

use mediary_core::{CompanyId, UserId};
use sqlx::AssertSqlSafe;

use super::types::{NewUser, User, UserPatch, UserWithHash};
use crate::record::Record as _;
use crate::value::{Value, args};
use crate::{Cursor, Error, ErrorKind, Page, PageRequest, Result, Store};

fn canonical(email: &str) -> String {
    email.trim().to_lowercase()
}

impl Store {
    async fn users_where(&self, rest: &str, args: Vec<Value>) -> Result<Vec<User>> {
        let sql = format!("SELECT {} FROM users u WHERE u.company_id = $1 AND {rest}", User::SELECT);
        self.db().all(AssertSqlSafe(sql), args).await
    }

    pub async fn add_user(&self, company: CompanyId, new: &NewUser) -> Result<User> {
        let sql = "INSERT INTO users (company_id, email, name, role, password_hash, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id";
        let (email, name, hash) = (canonical(&new.email), new.name.as_str(), new.password_hash.as_str());
        let added: Vec<(UserId,)> =
            self.db().change(sql, args![company, email, name, new.role, hash, self.now()]).await?;
        let added = self.users_where("u.id = $2", args![company, added.first().map(|(id,)| *id)]).await?;
        let vanished = || Error::new(ErrorKind::NotFound, "user vanished while it was added");
        added.into_iter().next().ok_or_else(vanished)
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

    /// Changes what the patch names; the user as it is now, `None` if there is none. A new password, or no longer being
    /// active, ends all their sessions with it.
    pub async fn update_user(
        &self,
        company: CompanyId,
        id: UserId,
        patch: &UserPatch,
    ) -> Result<Option<User>> {
        let sql = "UPDATE users SET name = COALESCE($3, name), role = COALESCE($4, role),
                active = COALESCE($5, active), password_hash = COALESCE($6, password_hash), updated_at = $7
            WHERE company_id = $1 AND id = $2";
        let (name, hash) = (patch.name.as_deref(), patch.password_hash.as_deref());
        let mut tx = self.db().begin().await?;
        tx.execute(sql, args![company, id, name, patch.role, patch.active, hash, self.now()]).await?;
        if hash.is_some() || patch.active == Some(false) {
            let sql = "DELETE FROM sessions WHERE company_id = $1 AND user_id = $2";
            tx.execute(sql, args![company, id]).await?;
        }
        tx.commit().await?;
        self.user(company, id).await
    }
}
