//! Tenants, and their settings for media.

use mediary_core::{CompanyId, Retention};
use sqlx::AssertSqlSafe;

use super::audit;
use super::types::{Actor, Company, MediaSettingsPatch, NewCompany};
use crate::record::Record as _;
use crate::transaction::transaction;
use crate::value::{Value, args};
use crate::writes::{insert, update};
use crate::{Error, ErrorKind, Result, Store, policies};

impl Store {
    async fn company_where(&self, condition: &str, args: Vec<Value>) -> Result<Option<Company>> {
        let sql = format!("SELECT {} FROM companies c WHERE {condition}", Company::SELECT);
        self.db().first(AssertSqlSafe(sql), args).await
    }

    /// Only operators of the installation add companies.
    pub async fn add_company(&self, new: &NewCompany) -> Result<Company> {
        let vanished = || Error::new(ErrorKind::NotFound, "company vanished while it was added");
        let now = self.now();
        let id = transaction!(self.db(), |tx| {
            let (sql, args) = insert! {
                companies {
                    name => new.name.as_str(),
                    slug => new.slug.as_str(),
                    media_policy => new.media_policy,
                    created_at => now,
                    updated_at => now,
                }
                "RETURNING id"
            };
            let (id,): (CompanyId,) = tx.first(sql, args).await?.ok_or_else(vanished)?;
            let (by, record) = (Actor::command_line(), format!("company:{id}"));
            audit::note(tx, now, id, &by, "company.created", &record).await?;
            Ok(id)
        })?;
        self.company(id).await?.ok_or_else(vanished)
    }

    pub async fn list_companies(&self) -> Result<Vec<Company>> {
        let sql = format!("SELECT {} FROM companies c ORDER BY c.id", Company::SELECT);
        self.db().all(AssertSqlSafe(sql), args![]).await
    }

    pub async fn company_by_slug(&self, slug: &str) -> Result<Option<Company>> {
        self.company_where("c.slug = $1", args![slug]).await
    }

    pub async fn company(&self, id: CompanyId) -> Result<Option<Company>> {
        self.company_where("c.id = $1", args![id]).await
    }

    /// Changes for how long files are kept; the company as it is now, `None` if there is none.
    pub async fn set_retention(
        &self,
        company: CompanyId,
        retention: Retention,
        by: &Actor,
    ) -> Result<Option<Company>> {
        let patch = MediaSettingsPatch { retention: Some(retention), ..MediaSettingsPatch::default() };
        self.update_company_settings(company, &patch, by).await
    }

    /// Changes what the patch names. Returns the changed company, `None` if there is none. A new policy applies at once, also to files
    /// that are not stored. Once this returns, nothing is deleted by the previous retention, for such deletions lock the company, too.
    /// Values that are set already are not set again, and leave no audit row.
    pub async fn update_company_settings(
        &self,
        company: CompanyId,
        patch: &MediaSettingsPatch,
        by: &Actor,
    ) -> Result<Option<Company>> {
        let now = self.now();
        let MediaSettingsPatch { policy, retention, audit_views } = *patch;
        let (mode, days) = (retention.map(Retention::mode), retention.and_then(Retention::days));
        let read = format!("SELECT {} FROM companies c WHERE c.id = $1", Company::SELECT);
        transaction!(self.db(), |tx| {
            // From here on no other transaction changes the company's row, on any node: what is read next still holds when the
            // change is written, and a concurrent change of other fields is neither seen half nor undone.
            policies::hold(tx, company).await?;
            let before: Option<Company> = tx.first(AssertSqlSafe(read.clone()), args![company]).await?;
            let Some(before) = before.filter(|before| patch.changes(before)) else { return Ok(()) };
            let (sql, args) = update! {
                companies set {
                    media_policy = "COALESCE(?, media_policy)" => policy,
                    retention_mode = "COALESCE(?, retention_mode)" => mode,
                    retention_days = "CASE WHEN ?retention_mode IS NULL THEN retention_days ELSE ? END" => days,
                    audit_views = "COALESCE(?, audit_views)" => audit_views,
                    updated_at => now,
                }
                where { id => company }
            };
            tx.execute(sql, args).await?;
            audit::note(tx, now, company, by, "media_settings.changed", &format!("company:{company}"))
                .await?;
            if policy.is_some_and(|policy| policy != before.media_policy) {
                policies::changed(tx, company, now).await?;
            }
            Ok(())
        })?;
        self.company(company).await
    }
}
