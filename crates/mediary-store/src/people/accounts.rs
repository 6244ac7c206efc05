//! WhatsApp accounts. Their secrets are sealed by the caller; this crate never opens them.

use mediary_core::{AccountId, AccountStatus, CompanyId, Retention};
use sqlx::AssertSqlSafe;

use super::audit;
use super::types::{Account, AccountPatch, Actor, NewAccount};
use crate::db::Tx;
use crate::record::Record as _;
use crate::transaction::transaction;
use crate::value::{Value, args};
use crate::writes::{insert, update};
use crate::{Cursor, Error, ErrorKind, Page, PageRequest, Result, Store, dialect, policies};

impl Store {
    async fn accounts_where(&self, rest: &str, args: Vec<Value>) -> Result<Vec<Account>> {
        self.db().all(AssertSqlSafe(accounts_sql(rest)), args).await
    }

    /// For webhooks, over the connections that are reserved for them.
    async fn addressed_accounts(&self, rest: &str, args: Vec<Value>) -> Result<Vec<Account>> {
        self.inner.intake.all(AssertSqlSafe(accounts_sql(rest)), args).await
    }

    pub async fn add_account(&self, company: CompanyId, new: &NewAccount, by: &Actor) -> Result<Account> {
        let (now, aws) = (self.now(), new.aws.as_ref());
        let (sql, args) = insert! {
            whatsapp_accounts {
                company_id => company,
                provider => new.provider,
                aws_phone_number_id => aws.map(|aws| aws.phone_number_id.as_str()),
                aws_region => aws.map(|aws| aws.region.as_str()),
                aws_bucket => aws.map(|aws| aws.bucket.as_str()),
                aws_topic_arn => aws.map(|aws| aws.topic_arn.as_str()),
                phone_number_id => new.phone_number_id.as_str(),
                waba_id => new.waba_id.as_deref(),
                display_phone_number => new.display_phone_number.as_deref(),
                name => new.name.as_str(),
                access_token => new.access_token.as_deref(),
                app_secret => new.app_secret.as_deref(),
                verify_token => new.verify_token.as_deref(),
                media_policy => new.media_policy,
                created_at => now,
                updated_at => now,
            }
            "RETURNING id"
        };
        let vanished = || Error::new(ErrorKind::NotFound, "account vanished while it was added");
        let id = transaction!(self.db(), |tx| {
            let added: Option<(AccountId,)> = tx.first(sql, args.clone()).await?;
            let (id,) = added.ok_or_else(vanished)?;
            let sql = "INSERT INTO download_turns (company_id, account_id) VALUES ($1, $2)";
            tx.execute(sql, args![company, id]).await?;
            audit::note(tx, now, company, by, "account.created", &format!("account:{id}")).await?;
            Ok(id)
        })?;
        self.account(company, id).await?.ok_or_else(vanished)
    }

    pub async fn accounts(&self, company: CompanyId, page: &PageRequest) -> Result<Page<Account>> {
        let rest = "a.company_id = $1 AND a.id > $2 ORDER BY a.id LIMIT $3";
        let rows = self.accounts_where(rest, args![company, page.after_id()?, page.row_count()]).await?;
        Ok(Page::from_rows(rows, page.limit, |account| Cursor::number(account.id.0, account.id.0)))
    }

    pub async fn account(&self, company: CompanyId, id: AccountId) -> Result<Option<Account>> {
        let found = self.accounts_where("a.company_id = $1 AND a.id = $2", args![company, id]).await?;
        Ok(found.into_iter().next())
    }

    pub async fn account_by_phone_number_id(
        &self,
        company: CompanyId,
        phone_number_id: &str,
    ) -> Result<Option<Account>> {
        let rest = "a.company_id = $1 AND a.phone_number_id = $2";
        Ok(self.accounts_where(rest, args![company, phone_number_id]).await?.into_iter().next())
    }

    /// Changes what the patch names. Returns the changed account, `None` if there is none. A new policy applies at once, also to files
    /// that are not stored. Values that are set already are not set again, and leave no audit row.
    pub async fn update_account(
        &self,
        company: CompanyId,
        id: AccountId,
        patch: &AccountPatch,
        by: &Actor,
    ) -> Result<Option<Account>> {
        let now = self.now();
        // A new token ends the pause, which was about the previous one.
        let (policy, retention) = (patch.media_policy, patch.retention);
        let (sql, args) = update! {
            whatsapp_accounts set {
                name = "COALESCE(?, name)" => patch.name.as_deref(),
                waba_id = "COALESCE(?, waba_id)" => patch.waba_id.as_deref(),
                display_phone_number = "COALESCE(?, display_phone_number)" => patch.display_phone_number.as_deref(),
                aws_bucket = "COALESCE(?, aws_bucket)" => patch.aws_bucket.as_deref(),
                aws_topic_arn = "COALESCE(?, aws_topic_arn)" => patch.aws_topic_arn.as_deref(),
                app_secret = "COALESCE(?, app_secret)" => patch.app_secret.as_deref(),
                verify_token = "COALESCE(?, verify_token)" => patch.verify_token.as_deref(),
                access_token = "COALESCE(?, access_token)" => patch.access_token.as_deref(),
                status = "COALESCE(?, CASE WHEN ?access_token IS NULL THEN status ELSE 'active' END)" => patch.status,
                paused_until = "CASE WHEN ?access_token IS NULL THEN paused_until END",
                last_error_code = "CASE WHEN ?access_token IS NULL THEN last_error_code END",
                last_error = "CASE WHEN ?access_token IS NULL THEN last_error END",
                media_policy = "CASE WHEN ?names_policy THEN ? ELSE media_policy END" => policy.flatten(),
                retention_mode = "CASE WHEN ?names_retention THEN ? ELSE retention_mode END"
                    => retention.flatten().map(Retention::mode),
                retention_days = "CASE WHEN ?names_retention THEN ? ELSE retention_days END"
                    => retention.flatten().and_then(Retention::days),
                updated_at => now,
            }
            where { company_id => company, id => id }
            given { names_policy => policy.is_some(), names_retention => retention.is_some() }
        };
        transaction!(self.db(), |tx| {
            // As by what deletes by a retention, which reads it while it holds them.
            if patch.media_policy.is_some() || patch.retention.is_some() {
                policies::hold(tx, company).await?;
            }
            let before = held(tx, company, id).await?;
            let Some(before) = before.filter(|before| patch.changes(before)) else { return Ok(()) };
            tx.execute(sql, args.clone()).await?;
            let disabled = AccountStatus::Disabled;
            let disables = patch.status == Some(disabled) && before.status != disabled;
            let action = if disables { "account.disabled" } else { "account.changed" };
            audit::note(tx, now, company, by, action, &format!("account:{id}")).await?;
            if patch.media_policy.is_some_and(|policy| policy != before.media_policy) {
                policies::changed(tx, company, now).await?;
            }
            Ok(())
        })?;
        self.account(company, id).await
    }

    /// The accounts that a webhook names, of whatever company: the company comes out of the row.
    pub async fn accounts_by_phone_number_ids(&self, phone_number_ids: &[String]) -> Result<Vec<Account>> {
        if phone_number_ids.is_empty() {
            return Ok(Vec::new());
        }
        let numbers: Vec<String> = (1..=phone_number_ids.len()).map(|number| format!("${number}")).collect();
        let rest = format!("a.phone_number_id IN ({}) ORDER BY a.id", numbers.join(", "));
        let args = phone_number_ids.iter().map(|id| Value::from(id.as_str())).collect();
        self.addressed_accounts(&rest, args).await
    }

    /// The accounts of a business account, of whatever company: the company comes out of the row.
    pub async fn accounts_by_waba_id(&self, waba_id: &str) -> Result<Vec<Account>> {
        self.addressed_accounts("a.waba_id = $1 ORDER BY a.id", args![waba_id]).await
    }

    /// The accounts whose webhooks come by a topic of AWS's, of whatever company: the company comes out of the row.
    pub async fn accounts_by_aws_topic(&self, topic_arn: &str, limit: u32) -> Result<Vec<Account>> {
        let rest = "a.aws_topic_arn = $1 AND a.provider = 'aws' ORDER BY a.id LIMIT $2";
        self.addressed_accounts(rest, args![topic_arn, limit]).await
    }

    /// The newest accounts that have a secret, of whatever company: for a look at start whether the key fits.
    pub async fn accounts_with_secrets(&self, limit: u32) -> Result<Vec<Account>> {
        let rest = "(a.access_token IS NOT NULL OR a.app_secret IS NOT NULL OR a.verify_token IS NOT NULL)
            ORDER BY a.id DESC LIMIT $1";
        self.accounts_where(rest, args![limit]).await
    }

    /// For Meta's verification of the webhook, which contains only a token.
    pub async fn accounts_with_verify_token(&self) -> Result<Vec<Account>> {
        self.addressed_accounts("a.verify_token IS NOT NULL ORDER BY a.id", args![]).await
    }
}

fn accounts_sql(rest: &str) -> String {
    format!(
        "SELECT {} FROM whatsapp_accounts a JOIN companies c ON c.id = a.company_id WHERE {rest}",
        Account::SELECT
    )
}

/// Reads an account and locks it against changes until this transaction ends.
async fn held(tx: &mut Tx, company: CompanyId, id: AccountId) -> Result<Option<Account>> {
    let hold = dialect::hold_rows(tx.backend(), "a");
    let sql = accounts_sql(&format!("a.company_id = $1 AND a.id = $2{hold}"));
    tx.first(AssertSqlSafe(sql), args![company, id]).await
}
