//! Keyset scans over millions of rows of which few may match. A statement reads a limited number of rows, so that none exceeds its
//! deadline, however large a company is.

use mediary_core::{CompanyId, MediaId, Timestamp};

use crate::value::args;
use crate::{Result, Store};

/// The position of a scan in the order of expiry.
pub type ExpiryPosition = (Timestamp, MediaId);

/// A batch of a scan: what it found among the next rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannedBatch<T, At> {
    pub found: Vec<T>,
    /// The last row that was read, whether it matched or not. The scan resumes after it.
    pub upto: At,
}

/// Files `f` that are not stored, and that WhatsApp may still have: the condition of the index by expiry.
pub(crate) const UNSAVED: &str = "f.is_active AND (f.download_status = 'pending'
    OR (f.download_status = 'failed' AND f.last_error_retryable))";

impl Store {
    /// The last of the next `rows` files of a company, in the order of their ids; `None` if there are no more.
    pub(crate) async fn next_files(
        &self,
        company: CompanyId,
        after: MediaId,
        rows: u32,
    ) -> Result<Option<MediaId>> {
        let sql =
            "SELECT MAX(n.id) FROM (SELECT f.id FROM media_files f WHERE f.company_id = $1 AND f.id > $2
            ORDER BY f.company_id, f.id LIMIT $3) n";
        let last: Option<(Option<MediaId>,)> = self.db().first(sql, args![company, after, rows]).await?;
        Ok(last.and_then(|(last,)| last))
    }

    /// The last of the next `rows` files of all companies that are not here, nearest expiry first; `None` if there are
    /// no more.
    pub(crate) async fn next_unsaved(
        &self,
        after: ExpiryPosition,
        rows: u32,
    ) -> Result<Option<ExpiryPosition>> {
        let sql = format!(
            "SELECT n.expires_at, n.id FROM (SELECT f.expires_at, f.id FROM media_files f
                WHERE {UNSAVED} AND (f.expires_at, f.id) > ($1, $2) ORDER BY f.expires_at, f.id LIMIT $3) n
            ORDER BY n.expires_at DESC, n.id DESC LIMIT 1"
        );
        let (expires_at, id) = after;
        self.db().first(sqlx::AssertSqlSafe(sql), args![expires_at, id, rows]).await
    }

    /// Where a scan in the order of expiry begins. What has expired is lost; what expires at this very moment is, too.
    pub(crate) fn alive(&self, after: Option<ExpiryPosition>) -> ExpiryPosition {
        after.unwrap_or((self.now(), MediaId(i64::MAX)))
    }
}
