//! How much is stored, without counting it.
//!
//! Triggers of the schema add a row to `usage_changes` in the transaction that stores, deletes or erases a file, or writes or removes a
//! variant of one, whichever program does it. Such a row is only ever inserted, so no transaction waits for another one. The sweep
//! adds rows up in `usage_totals`: it deletes them and adds their sum in one transaction, so a reader, who adds both tables in one
//! statement, sees each change once. Two nodes that do so at once take different rows, and add to a total one after the other, in one
//! order.

use std::collections::BTreeMap;

use mediary_core::{CompanyId, FileType};
use sqlx::AssertSqlSafe;

use crate::bulk::Bulk;
use crate::people::Usage;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::row;
use crate::{Result, Store, dialect};

impl Store {
    /// Stored files and their bytes, those of their variants included, by the month they came in and by type, newest month first.
    pub async fn usage(&self, company: CompanyId) -> Result<Vec<Usage>> {
        let sql = "SELECT u.month, u.file_type, CAST(SUM(u.files) AS BIGINT), CAST(SUM(u.bytes) AS BIGINT) FROM
                (SELECT t.month, t.file_type, t.files, t.bytes FROM usage_totals t WHERE t.company_id = $1 UNION ALL
                SELECT n.month, n.file_type, n.files, n.bytes FROM usage_changes n WHERE n.company_id = $1) u
            GROUP BY u.month, u.file_type HAVING SUM(u.files) > 0 ORDER BY u.month DESC, u.file_type";
        let rows: Vec<(String, FileType, i64, i64)> = self.db().all(sql, args![company]).await?;
        let usage = |(month, file_type, files, bytes)| Usage { month, file_type, files, bytes };
        Ok(rows.into_iter().map(usage).collect())
    }

    /// Adds up the oldest changes; how many.
    pub async fn add_up_usage(&self, limit: u32) -> Result<u64> {
        transaction!(self.db(), |tx| {
            let sql = format!(
                "WITH oldest AS MATERIALIZED (SELECT n.company_id, n.id FROM usage_changes n ORDER BY n.id LIMIT $1{})
                    DELETE FROM usage_changes WHERE (company_id, id) IN (SELECT o.company_id, o.id FROM oldest o)
                    RETURNING company_id, month, file_type, files, bytes",
                dialect::lock_rows(tx.backend())
            );
            let changes: Vec<(CompanyId, String, FileType, i64, i64)> =
                tx.all(AssertSqlSafe(sql), args![limit]).await?;
            let count = changes.len() as u64;
            let mut sums: BTreeMap<(CompanyId, String, FileType), (i64, i64)> = BTreeMap::new();
            for (company, month, file_type, files, bytes) in changes {
                let sum = sums.entry((company, month, file_type)).or_default();
                *sum = (sum.0 + files, sum.1 + bytes);
            }
            let mut add = Bulk::with(
                "INSERT INTO usage_totals (company_id, month, file_type, files, bytes)
                    SELECT k.company_id, k.month, k.file_type, k.files, k.bytes FROM k
                    WHERE EXISTS (SELECT 1 FROM companies c WHERE c.id = k.company_id)
                    ON CONFLICT (company_id, month, file_type) DO UPDATE
                    SET files = usage_totals.files + excluded.files, bytes = usage_totals.bytes + excluded.bytes",
            );
            for ((company, month, file_type), (files, bytes)) in sums {
                add.push(row! {
                    company_id => company,
                    month => month,
                    file_type => file_type,
                    files => files,
                    bytes => bytes,
                });
            }
            add.execute(tx).await?;
            Ok(count)
        })
    }
}
