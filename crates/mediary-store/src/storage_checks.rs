//! The result of the last check of a company's storage.

use std::time::Duration;

use mediary_core::{CompanyId, Timestamp};

use crate::clocks::beyond;
use crate::record::{Record as _, record};
use crate::value::args;
use crate::writes::update;
use crate::{Result, Store};

record! {
    /// The last check of a company's storage, and the result of the last one that came to its end.
    #[derive(Clone, Debug)]
    pub struct StorageCheck from storage_checks as k {
        pub started_at: Timestamp,
        pub finished_at: Option<Timestamp>,
        /// Files that are where their records say.
        pub whole: i64,
        pub missing: i64,
        /// Other than recorded.
        pub wrong: i64,
        /// Named by no record.
        pub untracked: i64,
        /// Of those, how many were removed, since a look a day before had found them too.
        pub removed: i64,
        /// The first of them, as JSON.
        pub found: Option<String>,
    }
}

/// What a check counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StorageCheckCounts {
    pub whole: u64,
    pub missing: u64,
    pub wrong: u64,
    pub untracked: u64,
    pub removed: u64,
    /// The first of what was found, as JSON.
    pub found: String,
}

/// The last results of all companies together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StorageChecksOverview {
    pub missing: u64,
    pub wrong: u64,
    pub untracked: u64,
    /// Since when the company that has waited longest for the end of a check waits: its last one, or its beginning.
    pub waiting_since: Option<Timestamp>,
}

impl Store {
    /// Whether this process is to check a company's storage: no check has begun since `before`.
    pub async fn storage_check_begin(&self, company: CompanyId, before: Timestamp) -> Result<bool> {
        let sql = "INSERT INTO storage_checks (company_id, started_at) VALUES ($1, $2)
            ON CONFLICT (company_id) DO UPDATE SET started_at = $2
                WHERE storage_checks.started_at < $3 OR storage_checks.started_at > $4";
        // Written by a clock that was ahead, not by one that differs a little from ours.
        let (now, ahead) = (self.now(), beyond(self.now(), Duration::ZERO));
        Ok(self.db().execute(sql, args![company, now, before, ahead]).await? > 0)
    }

    pub async fn storage_check_end(&self, company: CompanyId, result: &StorageCheckCounts) -> Result<()> {
        let StorageCheckCounts { whole, missing, wrong, untracked, removed, found } = result;
        let (sql, args) = update! {
            storage_checks set {
                finished_at => self.now(),
                whole => *whole,
                missing => *missing,
                wrong => *wrong,
                untracked => *untracked,
                removed => *removed,
                found => found.as_str(),
            }
            where { company_id => company }
        };
        self.db().execute(sql, args).await?;
        Ok(())
    }

    pub async fn storage_check(&self, company: CompanyId) -> Result<Option<StorageCheck>> {
        let sql = format!("SELECT {} FROM storage_checks k WHERE k.company_id = $1", StorageCheck::SELECT);
        self.db().first(sqlx::AssertSqlSafe(sql), args![company]).await
    }

    pub async fn storage_checks_overview(&self) -> Result<StorageChecksOverview> {
        let sql =
            "SELECT CAST(COALESCE(SUM(k.missing), 0) AS BIGINT), CAST(COALESCE(SUM(k.wrong), 0) AS BIGINT),
                CAST(COALESCE(SUM(k.untracked), 0) AS BIGINT), MIN(COALESCE(k.finished_at, c.created_at))
            FROM companies c LEFT JOIN storage_checks k ON k.company_id = c.id";
        let row: Option<(u64, u64, u64, Option<Timestamp>)> = self.db().first(sql, args![]).await?;
        let (missing, wrong, untracked, waiting_since) = row.unwrap_or_default();
        Ok(StorageChecksOverview { missing, wrong, untracked, waiting_since })
    }
}
