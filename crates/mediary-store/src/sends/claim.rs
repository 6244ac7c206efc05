//! Handing out messages to be sent: of each company in turn, of each account not too many at once, of each conversation one at a
//! time, in order.
//!
//! A claim holds an account's row while it counts what the account sends and takes more, so its limit holds over all nodes; the count
//! is a statement after the lock, for on Postgres one statement would count rows as they were before it. A transaction that ends a job meanwhile
//! needs no lock of the account: the count is then too high, and the claim takes less than it might. A claim never waits: it skips
//! accounts and jobs that another transaction holds, so it cannot be part of a deadlock. What it skipped is due for the next one.
//! How many begin in a second is the matter of `pace`.

use std::sync::atomic::{AtomicI64, Ordering};

use mediary_core::{AccountId, CompanyId, MessageId, Timestamp};
use sqlx::AssertSqlSafe;

use super::pace::Pace;
use super::{ClaimedSend, SendLimits, UNFINISHED};
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::leases::SENDS;
use crate::record::Record as _;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::{row, update};
use crate::{Result, Store, dialect};

/// Jobs `s` that wait for their time: the words of two indexes.
const AWAKE: &str = "s.state = 'waiting' AND s.due_at IS NOT NULL";
/// Companies with waiting messages that one claim looks at.
const COMPANIES_MAX: usize = 1000;
/// Messages of an account that one claim looks at, in so many steps. Most are the first of their conversation.
const STEPS: usize = 32;
const STEP: usize = 32;

/// The company whose message was claimed last: the next claim begins after it. Only this process knows it; on another node the turns
/// begin elsewhere, which changes the order and nothing else.
#[derive(Debug, Default)]
pub(crate) struct LastSender(AtomicI64);

/// One claim under way.
struct Claim<'a> {
    owner: &'a str,
    limits: &'a SendLimits,
    now: Timestamp,
    taken: Vec<(CompanyId, MessageId)>,
}

/// A due job, and the one of its conversation that has to be over first.
type DueSend = (MessageId, Timestamp, Option<MessageId>);

impl Store {
    /// Takes messages that are due, each with a lease for `owner`: of each company with due ones its share of the batch, then the
    /// rest. Accounts that are paused or not active are left out.
    pub async fn claim_sends(&self, owner: &str, limits: &SendLimits) -> Result<Vec<ClaimedSend>> {
        let now = self.now();
        // Usually there is nothing to do, which needs no writing transaction.
        if limits.batch == 0 || !self.any_send_due(now).await? {
            return Ok(Vec::new());
        }
        let last = CompanyId(self.inner.last_sender.0.load(Ordering::Relaxed));
        let (claimed, served) = transaction!(self.db().sharing(), |tx| {
            let mut claim = Claim { owner, limits, now, taken: Vec::new() };
            let served = claim.take_turns(tx, last).await?;
            let claimed = details(tx, &claim.taken).await?;
            Ok((claimed, served))
        })?;
        if let Some(served) = served {
            self.inner.last_sender.0.store(served.0, Ordering::Relaxed);
        }
        Ok(claimed)
    }

    /// Renews a lease. False if it was lost, or a status settled the message: the caller must stop.
    pub async fn renew_send(&self, claimed: &ClaimedSend, until: Timestamp) -> Result<bool> {
        let (sql, args) = update! {
            sends set { lease_until => until }
            where { company_id => claimed.company_id, id => claimed.message_id }
            fenced { SENDS => claimed.lease }
        };
        Ok(self.db().sharing().execute(sql, args).await? > 0)
    }

    async fn any_send_due(&self, now: Timestamp) -> Result<bool> {
        let sql = format!(
            "SELECT s.id FROM sends s WHERE {AWAKE} AND s.due_at <= $1 ORDER BY s.due_at, s.id LIMIT 1"
        );
        Ok(self.db().first::<(MessageId,)>(AssertSqlSafe(sql), args![now]).await?.is_some())
    }
}

impl Claim<'_> {
    /// Takes what each company may have, then the rest. The last company of the first round that had something.
    async fn take_turns(&mut self, tx: &mut Tx, last: CompanyId) -> Result<Option<CompanyId>> {
        let mut companies = Vec::new();
        for company in companies_waiting(tx, last).await? {
            // More than that get nothing.
            if companies.len() == self.limits.batch {
                break;
            }
            let accounts = self.accounts_due(tx, company).await?;
            let most = if accounts.is_empty() { 0 } else { self.free_of_company(tx, company).await? };
            if most > 0 {
                companies.push((company, accounts, most));
            }
        }
        let share = (self.limits.batch / companies.len().max(1)).max(1);
        let (mut served, mut later) = (None, Vec::new());
        for (company, accounts, most) in companies {
            let of_account = share.div_ceil(accounts.len());
            let (mut left, mut hungry, before) = (share.min(most), Vec::new(), self.taken.len());
            for account in accounts {
                let wanted = of_account.min(left).min(self.left());
                let taken = self.take(tx, company, account, wanted).await?;
                left -= taken;
                if taken > 0 {
                    served = Some(company);
                }
                if taken == wanted {
                    hungry.push(account);
                }
            }
            later.push((company, hungry, most - (self.taken.len() - before)));
        }
        for (company, accounts, mut most) in later {
            for account in accounts {
                most -= self.take(tx, company, account, most.min(self.left())).await?;
            }
        }
        Ok(served)
    }

    /// How many more of a company's messages this owner may send now. It alone claims for itself, one claim after the other, so the count can
    /// only be too high.
    async fn free_of_company(&self, tx: &mut Tx, company: CompanyId) -> Result<usize> {
        let sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM sends s
            WHERE s.company_id = $1 AND s.state = 'running' AND s.lease_owner = $2";
        let running: Option<(u64,)> = tx.first(sql, args![company, self.owner]).await?;
        let running = running.map_or(0, |(running,)| usize::try_from(running).unwrap_or(usize::MAX));
        Ok(self.limits.per_company.saturating_sub(running))
    }

    fn left(&self) -> usize {
        self.limits.batch - self.taken.len()
    }

    /// Accounts of a company that may send and have something due, the longest due first. Each costs a step in the index, however
    /// many messages wait.
    async fn accounts_due(&self, tx: &mut Tx, company: CompanyId) -> Result<Vec<AccountId>> {
        let first = |column: &str, condition: &str| {
            format!(
                "SELECT s.{column} FROM sends s WHERE {AWAKE} AND s.company_id = $1 AND s.account_id {condition}
                    ORDER BY s.company_id, s.account_id, s.due_at, s.id LIMIT 1"
            )
        };
        let sql = format!(
            "WITH RECURSIVE w(account_id) AS (SELECT ({}) UNION ALL SELECT ({}) FROM w WHERE w.account_id IS NOT NULL)
                SELECT a.id, ({}) FROM w CROSS JOIN whatsapp_accounts a
                WHERE a.company_id = $1 AND a.id = w.account_id AND {}",
            first("account_id", "> 0"),
            first("account_id", "> w.account_id"),
            first("due_at", "= a.id"),
            sending("$2")
        );
        let args = args![company, self.now];
        let found: Vec<(AccountId, Option<Timestamp>)> = tx.all(AssertSqlSafe(sql), args).await?;
        let due = |(account, due_at): (AccountId, Option<Timestamp>)| {
            due_at.filter(|due_at| *due_at <= self.now).map(|due_at| (due_at, account))
        };
        let mut due: Vec<(Timestamp, AccountId)> = found.into_iter().filter_map(due).collect();
        due.sort_unstable();
        Ok(due.into_iter().map(|(_, account)| account).collect())
    }

    /// Takes up to so many messages of an account; how many.
    async fn take(
        &mut self,
        tx: &mut Tx,
        company: CompanyId,
        account: AccountId,
        wanted: usize,
    ) -> Result<usize> {
        if wanted == 0 {
            return Ok(0);
        }
        let Some(free) = self.free(tx, company, account).await? else { return Ok(0) };
        let pace = Pace::of(tx, (company, account), self.now).await?;
        let wanted = wanted.min(free).min(pace.left());
        if wanted == 0 {
            return Ok(0);
        }
        let (mut firsts, mut position) = (Vec::new(), (Timestamp(0), MessageId(0)));
        for _ in 0..STEPS {
            if firsts.len() >= wanted {
                break;
            }
            let due = self.due(tx, company, account, position).await?;
            let Some((id, due_at, _)) = due.last() else { break };
            position = (*due_at, *id);
            firsts.extend(due.iter().filter(|(.., blocker)| blocker.is_none()).map(|(id, ..)| *id));
            put_to_sleep(tx, company, &due).await?;
        }
        firsts.truncate(wanted);
        self.start(tx, company, &firsts).await?;
        pace.begin(tx, (company, account), firsts.len()).await?;
        self.taken.extend(firsts.iter().map(|id| (company, *id)));
        Ok(firsts.len())
    }

    /// How many more an account may send now; `None` if another transaction has it, or it may send none. It is locked.
    async fn free(&self, tx: &mut Tx, company: CompanyId, account: AccountId) -> Result<Option<usize>> {
        let sql = format!(
            "SELECT a.id FROM whatsapp_accounts a WHERE a.company_id = $1 AND a.id = $2 AND {}{}",
            sending("$3"),
            dialect::lock_rows(tx.backend())
        );
        if tx.first::<(AccountId,)>(AssertSqlSafe(sql), args![company, account, self.now]).await?.is_none() {
            return Ok(None);
        }
        let sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM sends s
            WHERE s.company_id = $1 AND s.account_id = $2 AND s.state = 'running'";
        let running: Option<(u64,)> = tx.first(sql, args![company, account]).await?;
        let running = running.map_or(0, |(running,)| usize::try_from(running).unwrap_or(usize::MAX));
        Ok(Some(self.limits.per_account.saturating_sub(running)).filter(|free| *free > 0))
    }

    /// The next due jobs of an account after a position; they are locked. What has to be over first is what comes before in the
    /// conversation, or else what runs in it.
    async fn due(
        &self,
        tx: &mut Tx,
        company: CompanyId,
        account: AccountId,
        (due_at, id): (Timestamp, MessageId),
    ) -> Result<Vec<DueSend>> {
        let of_conversation = "e.company_id = s.company_id AND e.conversation_id = s.conversation_id";
        let first = "ORDER BY e.company_id, e.conversation_id, e.id LIMIT 1";
        let sql = format!(
            "SELECT s.id, s.due_at, COALESCE(
                    (SELECT e.id FROM sends e WHERE {of_conversation} AND {UNFINISHED} AND e.id < s.id {first}),
                    (SELECT e.id FROM sends e WHERE {of_conversation} AND e.state = 'running' {first}))
                FROM sends s WHERE {AWAKE} AND (s.company_id, s.account_id, s.due_at, s.id) > ($1, $2, $3, $4)
                    AND (s.company_id, s.account_id, s.due_at) <= ($1, $2, $5)
                    AND ($7 IS NULL OR s.id = $7)
                ORDER BY s.company_id, s.account_id, s.due_at, s.id LIMIT $6{}",
            dialect::lock_rows(tx.backend())
        );
        tx.all(AssertSqlSafe(sql), args![company, account, due_at, id, self.now, STEP, self.limits.only])
            .await
    }

    async fn start(&self, tx: &mut Tx, company: CompanyId, ids: &[MessageId]) -> Result<()> {
        let mut update = Bulk::with(format!(
            "UPDATE sends SET state = 'running', due_at = NULL, attempts = sends.attempts + 1, updated_at = k.at, {}
                FROM k WHERE sends.company_id = k.company_id AND sends.id = k.id",
            SENDS.taken("k.owner", "k.until")
        ));
        for id in ids {
            let until = self.now.plus(self.limits.lease);
            update.push(row! { company_id => company, id => *id, owner => self.owner, until => until, at => self.now });
        }
        update.execute(tx).await?;
        Ok(())
    }
}

/// Accounts `a` that may send at the time `now`. A pause is in the account's row, so it holds on every node; what waits for it is found
/// by the first claim after its end, or after a new token ended it.
fn sending(now: &str) -> String {
    format!("a.status = 'active' AND (a.paused_until IS NULL OR a.paused_until <= {now})")
}

/// Puts jobs to sleep whose blocker comes before them, can be held and is not over. Argued in [`super`].
async fn put_to_sleep(tx: &mut Tx, company: CompanyId, due: &[DueSend]) -> Result<()> {
    let mut sleep = Bulk::with(format!(
        ", held AS MATERIALIZED (SELECT e.company_id, e.id FROM sends e WHERE {UNFINISHED}
                AND (e.company_id, e.id) IN (SELECT k.company_id, k.blocker FROM k){})
            UPDATE sends SET due_at = NULL FROM k JOIN held h ON h.company_id = k.company_id AND h.id = k.blocker
            WHERE sends.company_id = k.company_id AND sends.id = k.id AND sends.state = 'waiting'",
        dialect::lock_rows(tx.backend())
    ));
    for (id, _, blocker) in due {
        if let Some(blocker) = blocker.filter(|blocker| blocker < id) {
            sleep.push(row! { company_id => company, id => *id, blocker => blocker });
        }
    }
    sleep.execute(tx).await?;
    Ok(())
}

/// Companies with messages that wait, awake: those after `last`, then those from the beginning. Each costs one step in the index.
async fn companies_waiting(tx: &mut Tx, last: CompanyId) -> Result<Vec<CompanyId>> {
    let next = |after: &str| {
        format!(
            "SELECT s.company_id FROM sends s WHERE {AWAKE} AND s.company_id > {after}
                ORDER BY s.company_id, s.account_id, s.due_at, s.id LIMIT 1"
        )
    };
    let sql = format!(
        "WITH RECURSIVE w(company_id) AS (SELECT ({}) UNION ALL SELECT ({}) FROM w WHERE w.company_id IS NOT NULL)
            SELECT w.company_id FROM w WHERE w.company_id IS NOT NULL AND w.company_id <= $2 LIMIT $3",
        next("$1"),
        next("w.company_id")
    );
    let mut companies = Vec::new();
    for (after, upto) in [(last, CompanyId(i64::MAX)), (CompanyId(0), last)] {
        let args = args![after, upto, COMPANIES_MAX - companies.len()];
        let found: Vec<(CompanyId,)> = tx.all(AssertSqlSafe(sql.clone()), args).await?;
        companies.extend(found.into_iter().map(|(company,)| company));
    }
    Ok(companies)
}

async fn details(tx: &mut Tx, taken: &[(CompanyId, MessageId)]) -> Result<Vec<ClaimedSend>> {
    let mut select = Bulk::with(format!(
        "SELECT {} FROM k CROSS JOIN sends s JOIN messages m ON m.company_id = s.company_id AND m.id = s.id
            JOIN conversations v ON v.company_id = m.company_id AND v.id = m.conversation_id
            JOIN contacts c ON c.company_id = v.company_id AND c.id = v.contact_id
            WHERE s.company_id = k.company_id AND s.id = k.id",
        ClaimedSend::SELECT
    ));
    for (company, message) in taken {
        select.push(row! { company_id => *company, id => *message });
    }
    let mut claimed: Vec<ClaimedSend> = select.run(tx).await?;
    claimed.sort_by_key(|one| one.message_id);
    Ok(claimed)
}
