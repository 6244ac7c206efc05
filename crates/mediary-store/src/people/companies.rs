//! Tenants and what they decide about their media.

use mediary_core::{CompanyId, MediaPolicy, Retention};
use sqlx::AssertSqlSafe;

use super::types::{Company, MediaSettings, NewCompany};
use crate::record::Record as _;
use crate::value::{Value, args};
use crate::{Error, ErrorKind, Result, Store, policies};

impl Store {
    async fn company_where(&self, condition: &str, args: Vec<Value>) -> Result<Option<Company>> {
        let sql = format!("SELECT {} FROM companies c WHERE {condition}", Company::SELECT);
        self.db().first(AssertSqlSafe(sql), args).await
    }

    pub async fn add_company(&self, new: &NewCompany) -> Result<Company> {
        let sql = "INSERT INTO companies (name, slug, media_policy, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $4) RETURNING id";
        let args = args![new.name.as_str(), new.slug.as_str(), new.media_policy, self.now()];
        let added: Vec<(CompanyId,)> = self.db().change(sql, args).await?;
        let added = self.company_where("c.id = $1", args![added.first().map(|(id,)| *id)]).await?;
        added.ok_or_else(|| Error::new(ErrorKind::NotFound, "company vanished while it was added"))
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

    /// Changes for how long files are kept; the company as it is now, `None` if there is none. It is held as by what deletes by
    /// retention, so that nothing is deleted by the one before once this returns.
    pub async fn set_retention(&self, company: CompanyId, retention: Retention) -> Result<Option<Company>> {
        let sql =
            "UPDATE companies SET retention_mode = $2, retention_days = $3, updated_at = $4 WHERE id = $1";
        let mut tx = self.db().begin().await?;
        policies::hold(&mut tx, company).await?;
        tx.execute(sql, args![company, retention.mode(), retention.days(), self.now()]).await?;
        tx.commit().await?;
        self.company(company).await
    }

    /// Replaces the settings; the company as it is now, `None` if there is none. Another policy holds at once, also for
    /// files that are not here.
    pub async fn update_company_settings(
        &self,
        company: CompanyId,
        settings: &MediaSettings,
    ) -> Result<Option<Company>> {
        let sql =
            "UPDATE companies SET media_policy = $2, retention_mode = $3, retention_days = $4, audit_views = $5,
                updated_at = $6
            WHERE id = $1";
        let now = self.now();
        let MediaSettings { policy, retention, audit_views } = *settings;
        let args = args![company, policy, retention.mode(), retention.days(), audit_views, now];
        let mut tx = self.db().begin().await?;
        policies::hold(&mut tx, company).await?;
        let before: Option<(MediaPolicy,)> =
            tx.first("SELECT c.media_policy FROM companies c WHERE c.id = $1", args![company]).await?;
        tx.execute(sql, args).await?;
        if before.is_some_and(|(before,)| before != settings.policy) {
            policies::changed(&mut tx, company, now).await?;
        }
        tx.commit().await?;
        self.company(company).await
    }
}
