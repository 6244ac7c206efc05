//! Sessions, known only by the hash of their token.

use mediary_core::{CompanyId, Timestamp, UserId};
use sqlx::AssertSqlSafe;

use super::types::{NewSession, SessionIdentity};
use crate::record::Record as _;
use crate::value::args;
use crate::{Result, Store};

impl Store {
    pub async fn add_session(&self, new: &NewSession) -> Result<()> {
        let sql =
            "INSERT INTO sessions (company_id, user_id, token_hash, last_used_at, expires_at, created_at)
            VALUES ($1, $2, $3, $4, $5, $4)";
        let args = args![new.company_id, new.user_id, new.token_hash, self.now(), new.expires_at];
        self.db().execute(sql, args).await?;
        Ok(())
    }

    /// Who is behind a session, while it lasts and the person is active.
    pub async fn session_by_hash(&self, token_hash: &[u8; 32]) -> Result<Option<SessionIdentity>> {
        let sql = format!(
            "SELECT {} FROM sessions s JOIN users u ON u.company_id = s.company_id AND u.id = s.user_id
                WHERE s.token_hash = $1 AND s.expires_at > $2 AND u.active",
            SessionIdentity::SELECT
        );
        self.db().first(AssertSqlSafe(sql), args![*token_hash, self.now()]).await
    }

    /// Notes that a session was used, and how long it lasts now.
    pub async fn touch_session(&self, token_hash: &[u8; 32], expires_at: Timestamp) -> Result<()> {
        let sql = "UPDATE sessions SET last_used_at = $2, expires_at = $3 WHERE token_hash = $1";
        self.db().execute(sql, args![*token_hash, self.now(), expires_at]).await?;
        Ok(())
    }

    /// Ends a session. False if there is none.
    pub async fn delete_session(&self, token_hash: &[u8; 32]) -> Result<bool> {
        Ok(self.db().execute("DELETE FROM sessions WHERE token_hash = $1", args![*token_hash]).await? > 0)
    }

    /// Ends all sessions of a person; how many.
    pub async fn delete_sessions_of(&self, company: CompanyId, user: UserId) -> Result<u64> {
        let sql = "DELETE FROM sessions WHERE company_id = $1 AND user_id = $2";
        self.db().execute(sql, args![company, user]).await
    }

    /// Removes sessions that ended before then; how many.
    pub async fn prune_sessions(&self, expired_before: Timestamp, limit: u32) -> Result<u64> {
        let sql = "DELETE FROM sessions WHERE (company_id, id) IN (SELECT s.company_id, s.id FROM sessions s
                WHERE s.expires_at < $1 ORDER BY s.expires_at LIMIT $2)";
        self.db().execute(sql, args![expired_before, limit]).await
    }
}
