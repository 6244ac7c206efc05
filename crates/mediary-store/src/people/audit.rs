//! What was done.

use mediary_core::CompanyId;
use sqlx::AssertSqlSafe;

use super::types::{Audit, NewAudit};
use crate::record::Record as _;
use crate::value::args;
use crate::{Cursor, Page, PageRequest, Result, Store};

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
}
