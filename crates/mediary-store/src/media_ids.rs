//! WhatsApp's ids of files that it has from us. They are a help, not a record: who loses one gives WhatsApp the file again.

use std::time::Duration;

use mediary_core::{AccountId, CompanyId, Sha256, Timestamp};

use crate::value::args;
use crate::writes::insert;
use crate::{Result, Store};

/// How long an id has to live on to be used: a message may wait until it is sent.
const LIVES_FOR: Duration = Duration::from_secs(3600);

/// What WhatsApp knows a file by: to it, other bytes, another type or another name are another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFile {
    pub company_id: CompanyId,
    pub account_id: AccountId,
    pub sha256: Sha256,
    pub mime_type: String,
    pub file_name: Option<String>,
}

impl Store {
    /// WhatsApp's id of a file that it has from this account, if it keeps it for another hour.
    pub async fn media_id(&self, file: &KnownFile) -> Result<Option<String>> {
        let KnownFile { company_id, account_id, sha256, mime_type, file_name } = file;
        let name = file_name.as_deref().unwrap_or_default();
        let sql = "SELECT i.provider_media_id FROM media_ids i WHERE i.company_id = $1 AND i.account_id = $2
            AND i.sha256 = $3 AND i.mime_type = $4 AND i.file_name = $5 AND i.expires_at >= $6";
        let lives_until = self.now().plus(LIVES_FOR);
        let args = args![*company_id, *account_id, *sha256, mime_type.as_str(), name, lives_until];
        Ok(self.db().first::<(String,)>(sql, args).await?.map(|(id,)| id))
    }

    /// Keeps WhatsApp's id of a file until it expires. Of two for the same file the later one stays.
    pub async fn keep_media_id(
        &self,
        file: &KnownFile,
        provider_media_id: &str,
        expires_at: Timestamp,
    ) -> Result<()> {
        let (sql, args) = insert! {
            media_ids {
                company_id => file.company_id,
                account_id => file.account_id,
                sha256 => file.sha256,
                mime_type => file.mime_type.as_str(),
                file_name => file.file_name.as_deref().unwrap_or_default(),
                provider_media_id => provider_media_id,
                expires_at => expires_at,
                created_at => self.now(),
            }
            "ON CONFLICT (company_id, account_id, sha256, mime_type, file_name) DO UPDATE
                SET provider_media_id = excluded.provider_media_id, expires_at = excluded.expires_at,
                    created_at = excluded.created_at"
        };
        self.db().sharing().execute(sql, args).await?;
        Ok(())
    }

    /// WhatsApp does not know this id any more. One that was kept since then stays.
    pub async fn forget_media_id(&self, file: &KnownFile, provider_media_id: &str) -> Result<()> {
        let KnownFile { company_id, account_id, sha256, mime_type, file_name } = file;
        let name = file_name.as_deref().unwrap_or_default();
        let sql = "DELETE FROM media_ids WHERE company_id = $1 AND account_id = $2 AND sha256 = $3
            AND mime_type = $4 AND file_name = $5 AND provider_media_id = $6";
        let args = args![*company_id, *account_id, *sha256, mime_type.as_str(), name, provider_media_id];
        self.db().execute(sql, args).await?;
        Ok(())
    }

    /// Deletes ids that WhatsApp has forgotten by then, at most so many; how many.
    pub async fn prune_media_ids(&self, expired_before: Timestamp, limit: u32) -> Result<u64> {
        let sql = "DELETE FROM media_ids WHERE (company_id, account_id, sha256, mime_type, file_name) IN
            (SELECT i.company_id, i.account_id, i.sha256, i.mime_type, i.file_name FROM media_ids i
                WHERE i.expires_at < $1 ORDER BY i.expires_at LIMIT $2)";
        self.db().execute(sql, args![expired_before, limit]).await
    }
}
