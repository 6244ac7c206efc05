//! The audit log: what was done, by whom and from where.
//!
//! A row is written in the transaction of its act, so that neither exists without the other, and only if the act changes something:
//! repeating an act, or setting a value that is set already, leaves no second row. Whether it changes something is decided in that
//! transaction, on rows that it has locked.
//!
//! | act | row |
//! | --- | --- |
//! | company added | `company.created` |
//! | log-in, log-out | `session.created`, `session.ended` |
//! | user added, changed, deactivated | `user.created`, `user.changed`, `user.deactivated` |
//! | API key made, revoked | `api_key.created`, `api_key.revoked` |
//! | account added, changed, disabled | `account.created`, `account.changed`, `account.disabled` |
//! | media settings or retention of the company changed | `media_settings.changed` |
//! | file queued to be downloaded now | `media.download_requested` |
//! | all failed downloads queued again | `media.retried` |
//! | file kept to be sent again, taken out of the library | `library.added`, `library.removed` |
//! | file deleted, held-back file released | `media.deleted`, `media.released` |
//! | stored files of `stream` accounts erased | `media.erased` |
//! | parked item of a webhook tried again | `webhook_event.retried` |
//! | signed link made | `link.created`, before the link is handed out |
//! | link to an archive made | `archive.created` |
//! | file viewed, where the company asks for it | `media.viewed`, once in a period for each viewer and address |

use std::ops::Range;

use mediary_core::{CompanyId, MediaId, Timestamp};
use sqlx::AssertSqlSafe;

use super::types::{Actor, Audit, AuditFilter};
use crate::db::Tx;
use crate::record::Record as _;
use crate::value::{Value, args};
use crate::writes::insert;
use crate::{Cursor, Page, PageRequest, Result, Store, dialect};

fn note_of(
    now: Timestamp,
    company: CompanyId,
    by: &Actor,
    action: &str,
    record: &str,
) -> (&'static str, Vec<Value>) {
    insert! {
        audit_log {
            company_id => company,
            who => by.who.as_str(),
            action => action,
            record => record,
            ip => by.ip.as_deref(),
            created_at => now,
        }
    }
}

/// Writes the audit row of an act in its transaction.
pub(crate) async fn note(
    tx: &mut Tx,
    now: Timestamp,
    company: CompanyId,
    by: &Actor,
    action: &str,
    record: &str,
) -> Result<()> {
    let (sql, args) = note_of(now, company, by, action, record);
    tx.execute(sql, args).await?;
    Ok(())
}

impl Store {
    /// Writes the audit row of an act that changes no other row.
    pub async fn audit(&self, company: CompanyId, by: &Actor, action: &str, record: &str) -> Result<()> {
        let (sql, args) = note_of(self.now(), company, by, action, record);
        self.db().execute(sql, args).await?;
        Ok(())
    }

    /// Writes the audit row of a view, unless one of the same file, by the same viewer and from the same address, is of this period.
    ///
    /// Look and write are one statement, so SQLite's one writer lets no other view in between. On Postgres views at the same moment
    /// may each find none, and then each writes a row: more than one is a repetition, none would be a gap.
    pub async fn audit_view(
        &self,
        company: CompanyId,
        by: &Actor,
        media: MediaId,
        period: Range<Timestamp>,
    ) -> Result<()> {
        let by_index = dialect::by_index(self.backend(), "audit_log_views");
        let sql = format!(
            "INSERT INTO audit_log (company_id, who, action, record, ip, created_at)
            SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), 'media.viewed', CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BIGINT)
                WHERE NOT EXISTS (SELECT 1 FROM audit_log l{by_index} WHERE l.company_id = $1 AND l.action = 'media.viewed' AND l.record = $3
                    AND l.created_at >= $6 AND l.created_at < $7 AND l.who = $2 AND COALESCE(l.ip, '') = COALESCE($4, ''))"
        );
        let (record, ip) = (format!("media:{media}"), by.ip.as_deref());
        let args = args![company, by.who.as_str(), record, ip, self.now(), period.start, period.end];
        self.db().execute(AssertSqlSafe(sql), args).await?;
        Ok(())
    }

    /// Deletes audit rows that are older.
    pub async fn prune_audits(&self, created_before: Timestamp, limit: u32) -> Result<u64> {
        let sql =
            "DELETE FROM audit_log WHERE (company_id, id) IN (SELECT l.company_id, l.id FROM audit_log l
                WHERE l.created_at < $1 ORDER BY l.created_at LIMIT $2)";
        self.db().execute(sql, args![created_before, limit]).await
    }

    /// What a filter leaves of the log, newest first.
    pub async fn audits(
        &self,
        company: CompanyId,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<Audit>> {
        let (created_at, id) = page.before()?;
        let from = filter.from.unwrap_or(Timestamp(i64::MIN));
        let to = filter.to.unwrap_or(Timestamp(i64::MAX));
        let mut args = args![company, created_at, id, page.row_count(), from, to];
        let mut wanted = String::new();
        let index = match (&filter.action, &filter.who) {
            (None, None) => "audit_log_newest",
            (Some(_), None) => "audit_log_actions",
            (None, Some(_)) => "audit_log_actors",
            (Some(_), Some(_)) => "audit_log_actors_actions",
        };
        // Only what is asked for, so that each index is of use.
        for (column, value) in [("action", &filter.action), ("who", &filter.who)] {
            if let Some(value) = value {
                args.push(value.as_str().into());
                wanted.push_str(&format!(" AND l.{column} = ${}", args.len()));
            }
        }
        let sql = format!(
            "SELECT {} FROM audit_log l{} WHERE l.company_id = $1 AND (l.created_at, l.id) < ($2, $3)
                AND l.created_at >= $5 AND l.created_at < $6{wanted}
                ORDER BY l.created_at DESC, l.id DESC LIMIT $4",
            Audit::SELECT,
            dialect::by_index(self.backend(), index),
        );
        let rows: Vec<Audit> = self.db().all(AssertSqlSafe(sql), args).await?;
        Ok(Page::from_rows(rows, page.limit, |entry| Cursor::number(entry.created_at.millis(), entry.id)))
    }
}
