//! What was done, and how much there is.

use mediary_core::{CompanyId, FileType};
use sqlx::AssertSqlSafe;

use super::types::{Audit, NewAudit, Usage};
use crate::record::Record as _;
use crate::value::args;
use crate::{Cursor, Page, PageRequest, Result, Store, dialect};

impl Store {
    pub async fn audit(&self, company: CompanyId, new: &NewAudit) -> Result<()> {
        let sql = "INSERT INTO audit_log (company_id, who, action, record, ip, created_at)
            VALUES ($1, $2, $3, $4, $5, $6)";
        let (who, action) = (new.who.as_str(), new.action.as_str());
        let (record, ip) = (new.record.as_deref(), new.ip.as_deref());
        self.db().execute(sql, args![company, who, action, record, ip, self.now()]).await?;
        Ok(())
    }

    /// The log, newest first.
    pub async fn audits(&self, company: CompanyId, page: &PageRequest) -> Result<Page<Audit>> {
        let sql = format!(
            "SELECT {} FROM audit_log l WHERE l.company_id = $1 AND (l.created_at, l.id) < ($2, $3)
                ORDER BY l.created_at DESC, l.id DESC LIMIT $4",
            Audit::SELECT
        );
        let (created_at, id) = page.before()?;
        let args = args![company, created_at, id, page.row_count()];
        let rows: Vec<Audit> = self.db().all(AssertSqlSafe(sql), args).await?;
        Ok(Page::from_rows(rows, page.limit, |entry| Cursor::number(entry.created_at.millis(), entry.id)))
    }

    /// Stored files and their bytes, by the month they came in and by type, newest month first.
    pub async fn usage(&self, company: CompanyId) -> Result<Vec<Usage>> {
        let sql = format!(
            "SELECT {} AS month, f.file_type, CAST(COUNT(*) AS BIGINT), CAST(SUM(f.file_size) AS BIGINT)
                FROM media_files f
                WHERE f.company_id = $1 AND f.is_active AND f.download_status = 'completed'
                GROUP BY 1, 2 ORDER BY 1 DESC, 2",
            dialect::month_of(self.backend(), "f.created_at")
        );
        let rows: Vec<(String, FileType, i64, i64)> =
            self.db().all(AssertSqlSafe(sql), args![company]).await?;
        let usage = |(month, file_type, files, bytes)| Usage { month, file_type, files, bytes };
        Ok(rows.into_iter().map(usage).collect())
    }
}
