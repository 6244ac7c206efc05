//! A preview of a change of policy.

use mediary_core::{AccountId, CompanyId};

use crate::value::args;
use crate::{Result, Store};

/// A number of files, and the sum of their known sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub files: u64,
    pub bytes: u64,
}

/// Files in storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoredTally {
    pub stored: Tally,
    /// Of these, the files that WhatsApp no longer has: the only copies.
    pub only_here: Tally,
}

/// The files that a change of policy affects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PolicyPreview {
    pub kept: StoredTally,
    /// Not in storage, and WhatsApp may still have it.
    pub not_here: Tally,
}

/// Which of the files `f` are counted, at the time `$2`.
pub(super) const STORED: &str = "f.storage_key IS NOT NULL";
pub(super) const ONLY_HERE: &str = "f.storage_key IS NOT NULL AND f.expires_at <= $2";
const NOT_HERE: &str = "f.storage_key IS NULL AND f.expires_at > $2
    AND (f.download_status <> 'failed' OR f.last_error_retryable)";

/// Two columns for each: how many files, and how many bytes.
pub(crate) fn tallies<const N: usize>(of: [&str; N]) -> String {
    let columns = of.map(|of| {
        format!(
            "CAST(COUNT(*) FILTER (WHERE {of}) AS BIGINT),
            CAST(COALESCE(SUM(f.file_size) FILTER (WHERE {of}), 0) AS BIGINT)"
        )
    });
    columns.join(", ")
}

impl Store {
    /// Counts the files that another policy of an account, or of all accounts without their own, would affect. Reads every file of the
    /// company.
    pub async fn policy_preview(
        &self,
        company: CompanyId,
        account: Option<AccountId>,
    ) -> Result<PolicyPreview> {
        let sql = format!(
            "SELECT {} FROM media_files f
                JOIN whatsapp_accounts a ON a.company_id = f.company_id AND a.id = f.account_id
            WHERE f.company_id = $1 AND f.is_active
                AND (a.id = $3 OR ($3 IS NULL AND a.media_policy IS NULL))",
            tallies([STORED, ONLY_HERE, NOT_HERE])
        );
        let counted: Option<(u64, u64, u64, u64, u64, u64)> =
            self.db().first(sqlx::AssertSqlSafe(sql), args![company, self.now(), account]).await?;
        let (stored, stored_bytes, only_here, only_here_bytes, not_here, not_here_bytes) =
            counted.unwrap_or_default();
        Ok(PolicyPreview {
            kept: StoredTally {
                stored: Tally { files: stored, bytes: stored_bytes },
                only_here: Tally { files: only_here, bytes: only_here_bytes },
            },
            not_here: Tally { files: not_here, bytes: not_here_bytes },
        })
    }
}
