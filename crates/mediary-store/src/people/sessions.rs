//! Sessions, known only by the hash of their token.

use mediary_core::{CompanyId, Timestamp, UserId};
use sqlx::AssertSqlSafe;

use super::audit;
use super::types::{Actor, NewSession, OwnSession, SessionIdentity};
use crate::record::Record as _;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::insert;
use crate::{Result, Store, dialect};

impl Store {
    /// Opens a session of a person who is active and whose password is still the one that was checked; false if it
    /// is not.
    pub async fn add_session(&self, new: &NewSession) -> Result<bool> {
        transaction!(self.db(), |tx| {
            // A change of the password holds this row from its UPDATE to its commit and ends all sessions in between
            // (`update_user`). If it is first, the row here no longer has the hash; if it comes later, it waits until this
            // session is committed, and ends it.
            let hold = dialect::hold_rows(tx.backend(), "u");
            let sql = format!(
                "SELECT u.id FROM users u
                    WHERE u.company_id = $1 AND u.id = $2 AND u.active AND u.password_hash = $3{hold}"
            );
            let args = args![new.company_id, new.user_id, new.password_hash.as_str()];
            if tx.first::<(UserId,)>(AssertSqlSafe(sql), args).await?.is_none() {
                return Ok(false);
            }
            let now = self.now();
            let (sql, args) = insert! {
                sessions {
                    company_id => new.company_id,
                    user_id => new.user_id,
                    token_hash => new.token_hash,
                    last_used_at => now,
                    expires_at => new.expires_at,
                    created_at => now,
                }
            };
            tx.execute(sql, args).await?;
            let by = Actor { who: format!("user:{}", new.user_id), ip: new.ip.clone() };
            audit::note(tx, now, new.company_id, &by, "session.created", &by.who).await?;
            Ok(true)
        })
    }

    /// The user of a session, unless the session has expired or the user is deactivated.
    pub async fn session_by_hash(&self, token_hash: &[u8; 32]) -> Result<Option<SessionIdentity>> {
        let sql = format!(
            "SELECT {} FROM sessions s JOIN users u ON u.company_id = s.company_id AND u.id = s.user_id
                WHERE s.token_hash = $1 AND s.expires_at > $2 AND u.active",
            SessionIdentity::SELECT
        );
        self.db().first(AssertSqlSafe(sql), args![*token_hash, self.now()]).await
    }

    /// Records that a session was used, and when it expires now.
    pub async fn touch_session(&self, token_hash: &[u8; 32], expires_at: Timestamp) -> Result<()> {
        let sql = "UPDATE sessions SET last_used_at = $2, expires_at = $3 WHERE token_hash = $1";
        self.db().execute(sql, args![*token_hash, self.now(), expires_at]).await?;
        Ok(())
    }

    /// The sessions of a person that have not ended, at most `limit` of them, the last used first. `current` is the one that asks.
    pub async fn sessions_of(
        &self,
        company: CompanyId,
        user: UserId,
        current: &[u8; 32],
        limit: u32,
    ) -> Result<Vec<OwnSession>> {
        let sql = "SELECT s.id, s.created_at, s.last_used_at, s.expires_at,
                CAST(CASE WHEN s.token_hash = $3 THEN 1 ELSE 0 END AS BIGINT)
            FROM sessions s WHERE s.company_id = $1 AND s.user_id = $2 AND s.expires_at > $4
            ORDER BY s.last_used_at DESC, s.id DESC LIMIT $5";
        let args = args![company, user, *current, self.now(), limit];
        let found: Vec<(i64, Timestamp, Timestamp, Timestamp, i64)> = self.db().all(sql, args).await?;
        let session = |(id, created_at, last_used_at, expires_at, current)| OwnSession {
            id,
            created_at,
            last_used_at,
            expires_at,
            is_current: current == 1,
        };
        Ok(found.into_iter().map(session).collect())
    }

    /// Ends one session of a person, as they asked. False if they have none of that id.
    pub async fn delete_session_of(
        &self,
        company: CompanyId,
        user: UserId,
        id: i64,
        by: &Actor,
    ) -> Result<bool> {
        transaction!(self.db(), |tx| {
            // If two end it at once, the row is returned to one of them.
            let sql = "DELETE FROM sessions WHERE company_id = $1 AND user_id = $2 AND id = $3 RETURNING id";
            if tx.first::<(i64,)>(sql, args![company, user, id]).await?.is_none() {
                return Ok(false);
            }
            audit::note(tx, self.now(), company, by, "session.ended", &format!("user:{user}")).await?;
            Ok(true)
        })
    }

    /// Ends a session, as its person asked from `ip`. False if there is none.
    pub async fn delete_session(&self, token_hash: &[u8; 32], ip: Option<&str>) -> Result<bool> {
        transaction!(self.db(), |tx| {
            // If two end it at once, the row is returned to one of them.
            let sql = "DELETE FROM sessions WHERE token_hash = $1 RETURNING company_id, user_id";
            let Some((company, user)) = tx.first::<(CompanyId, UserId)>(sql, args![*token_hash]).await?
            else {
                return Ok(false);
            };
            let by = Actor { who: format!("user:{user}"), ip: ip.map(str::to_owned) };
            audit::note(tx, self.now(), company, &by, "session.ended", &by.who).await?;
            Ok(true)
        })
    }

    /// Removes sessions that ended before then; how many.
    pub async fn prune_sessions(&self, expired_before: Timestamp, limit: u32) -> Result<u64> {
        let sql = "DELETE FROM sessions WHERE (company_id, id) IN (SELECT s.company_id, s.id FROM sessions s
                WHERE s.expires_at < $1 ORDER BY s.expires_at LIMIT $2)";
        self.db().execute(sql, args![expired_before, limit]).await
    }
}
