//! How fast an account sends. WhatsApp takes 80 messages a second of a number, fewer of some, and says so by refusing more.
//!
//! A row for each account counts what began in the present second. Only who holds the account's row writes it: a claim, which holds
//! it anyway (`claim`), and [`Store::slow_down_sends`]. So the pace holds over all nodes, as far as their clocks agree.

use mediary_core::{AccountId, CompanyId, Timestamp};
use sqlx::AssertSqlSafe;

use crate::db::Tx;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::insert;
use crate::{Result, Store, dialect};

/// Messages a second, as WhatsApp's documentation has it for a number.
const MOST: i64 = 80;
const LEAST: i64 = 5;
/// Refusals of messages that were under way together are one word of WhatsApp's.
const ONE_WORD_SECONDS: i64 = 5;

/// The pace of an account in the present second.
pub(super) struct Pace {
    second: i64,
    /// Messages that began in it.
    begun: i64,
    per_second: i64,
    slowed_second: i64,
}

impl Pace {
    /// Of an account whose row is held. Each second without a refusal allows one message a second more.
    pub(super) async fn of(
        tx: &mut Tx,
        (company, account): (CompanyId, AccountId),
        now: Timestamp,
    ) -> Result<Self> {
        let second = now.0.div_euclid(1000);
        let sql = "SELECT p.second, p.begun, p.per_second, p.slowed_second FROM send_paces p
            WHERE p.company_id = $1 AND p.account_id = $2";
        let found: Option<(i64, i64, i64, i64)> = tx.first(sql, args![company, account]).await?;
        let (last, begun, per_second, slowed_second) = found.unwrap_or((second, 0, MOST, 0));
        if last == second {
            return Ok(Self { second, begun, per_second, slowed_second });
        }
        let per_second = per_second.saturating_add((second - last).max(0)).min(MOST);
        Ok(Self { second, begun: 0, per_second, slowed_second })
    }

    /// How many messages may begin yet in this second.
    pub(super) fn left(&self) -> usize {
        usize::try_from(self.per_second - self.begun).unwrap_or(0)
    }

    /// Counts messages that begin now.
    pub(super) async fn begin(
        mut self,
        tx: &mut Tx,
        (company, account): (CompanyId, AccountId),
        messages: usize,
    ) -> Result<()> {
        self.begun = self.begun.saturating_add(i64::try_from(messages).unwrap_or(i64::MAX));
        self.write(tx, company, account).await
    }

    async fn write(self, tx: &mut Tx, company: CompanyId, account: AccountId) -> Result<()> {
        let (sql, args) = insert! {
            send_paces {
                company_id => company,
                account_id => account,
                second => self.second,
                begun => self.begun,
                per_second => self.per_second,
                slowed_second => self.slowed_second,
            }
            "ON CONFLICT (company_id, account_id) DO UPDATE SET second = excluded.second, begun = excluded.begun,
                per_second = excluded.per_second, slowed_second = excluded.slowed_second"
        };
        tx.execute(sql, args).await?;
        Ok(())
    }
}

impl Store {
    /// WhatsApp refused a message of this account because it sends too fast: it sends half as fast from now on.
    pub async fn slow_down_sends(&self, company: CompanyId, account: AccountId) -> Result<()> {
        let now = self.now();
        transaction!(self.db().sharing(), |tx| {
            let sql = format!(
                "SELECT a.id FROM whatsapp_accounts a WHERE a.company_id = $1 AND a.id = $2{}",
                dialect::hold_rows(tx.backend(), "a")
            );
            if tx.first::<(AccountId,)>(AssertSqlSafe(sql), args![company, account]).await?.is_none() {
                return Ok(());
            }
            let mut pace = Pace::of(tx, (company, account), now).await?;
            if pace.second - pace.slowed_second < ONE_WORD_SECONDS {
                return Ok(());
            }
            pace.slowed_second = pace.second;
            pace.per_second = (pace.per_second / 2).max(LEAST);
            pace.write(tx, company, account).await
        })
    }
}
