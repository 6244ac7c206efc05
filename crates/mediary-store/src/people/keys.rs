//! API keys, known only by their hash.

use mediary_core::{ApiKeyId, CompanyId};
use sqlx::AssertSqlSafe;

use super::audit;
use super::types::{Actor, ApiKey, ApiKeyIdentity, NewApiKey};
use crate::record::Record as _;
use crate::transaction::transaction;
use crate::value::{Value, args};
use crate::writes::insert;
use crate::{Cursor, Error, ErrorKind, Page, PageRequest, Result, Store};

impl Store {
    async fn api_keys_where(&self, rest: &str, args: Vec<Value>) -> Result<Vec<ApiKey>> {
        let sql = format!("SELECT {} FROM api_keys k WHERE k.company_id = $1 AND {rest}", ApiKey::SELECT);
        self.db().all(AssertSqlSafe(sql), args).await
    }

    pub async fn add_api_key(&self, company: CompanyId, new: &NewApiKey, by: &Actor) -> Result<ApiKey> {
        let now = self.now();
        let (sql, args) = insert! {
            api_keys {
                company_id => company,
                name => new.name.as_str(),
                role => new.role,
                token_hash => new.token_hash,
                prefix => new.prefix.as_str(),
                expires_at => new.expires_at,
                created_at => now,
            }
            "RETURNING id"
        };
        let vanished = || Error::new(ErrorKind::NotFound, "API key vanished while it was added");
        let id = transaction!(self.db(), |tx| {
            let added: Option<(ApiKeyId,)> = tx.first(sql, args.clone()).await?;
            let (id,) = added.ok_or_else(vanished)?;
            audit::note(tx, now, company, by, "api_key.created", &format!("api_key:{id}")).await?;
            Ok(id)
        })?;
        let added = self.api_keys_where("k.id = $2", args![company, id]).await?;
        added.into_iter().next().ok_or_else(vanished)
    }

    /// All keys of a company, revoked ones too.
    pub async fn api_keys(&self, company: CompanyId, page: &PageRequest) -> Result<Page<ApiKey>> {
        let rest = "k.id > $2 ORDER BY k.id LIMIT $3";
        let rows = self.api_keys_where(rest, args![company, page.after_id()?, page.row_count()]).await?;
        Ok(Page::from_rows(rows, page.limit, |key| Cursor::number(key.id.0, key.id.0)))
    }

    /// False if there is no such key, or it was revoked before.
    pub async fn revoke_api_key(&self, company: CompanyId, id: ApiKeyId, by: &Actor) -> Result<bool> {
        self.revoke_where("id = $3", args![company, self.now(), id], by).await
    }

    /// False if there is no key of that name, or it was revoked before.
    pub async fn revoke_api_key_by_name(&self, company: CompanyId, name: &str, by: &Actor) -> Result<bool> {
        self.revoke_where("name = $3", args![company, self.now(), name], by).await
    }

    async fn revoke_where(&self, condition: &str, args: Vec<Value>, by: &Actor) -> Result<bool> {
        let sql = format!(
            "UPDATE api_keys SET revoked_at = $2 WHERE company_id = $1 AND {condition} AND revoked_at IS NULL
                RETURNING company_id, id"
        );
        transaction!(self.db(), |tx| {
            let revoked: Vec<(CompanyId, ApiKeyId)> =
                tx.all(AssertSqlSafe(sql.clone()), args.clone()).await?;
            for (company, id) in &revoked {
                let record = format!("api_key:{id}");
                audit::note(tx, self.now(), *company, by, "api_key.revoked", &record).await?;
            }
            Ok(!revoked.is_empty())
        })
    }

    /// The program behind a key, unless the key has expired or is revoked.
    pub async fn api_key_by_hash(&self, token_hash: &[u8; 32]) -> Result<Option<ApiKeyIdentity>> {
        let sql = format!(
            "SELECT {} FROM api_keys k WHERE k.token_hash = $1 AND k.revoked_at IS NULL
                AND (k.expires_at IS NULL OR k.expires_at > $2)",
            ApiKeyIdentity::SELECT
        );
        self.db().first(AssertSqlSafe(sql), args![*token_hash, self.now()]).await
    }

    /// Records that a key was used.
    pub async fn touch_api_key(&self, company: CompanyId, id: ApiKeyId) -> Result<()> {
        let sql = "UPDATE api_keys SET last_used_at = $3 WHERE company_id = $1 AND id = $2";
        self.db().execute(sql, args![company, id, self.now()]).await?;
        Ok(())
    }
}
