//! Handing out downloads: fair by company and account, nearest expiry first, and never more at once than allowed, on
//! all nodes together.
//!
//! Any number of claims may run at once, on any node:
//!
//! 1. A claim locks a company's row before it counts what the company has running, and keeps it until its commit (`Claim::hold`).
//!    All claims from the queue do, so the count and what is taken by it belong to one of them, and the limit holds over all nodes.
//!    The count is a statement after the lock, for on Postgres one statement would count rows as they were before it waited.
//! 2. A download that ends meanwhile needs no lock of the company: the count is then too high, and the claim takes less than it
//!    might. A claim for a viewer is exempt from the limit: a person waits for that file.
//! 3. A claim never waits: it skips companies and files that another transaction holds, so it cannot be part of a deadlock. What it
//!    skipped is still due, and the next claim finds it: only the statement that takes a file makes it no longer due.
//! 4. A change of policy locks the company and its accounts before it changes anything (`policies::hold`), so the policy that a
//!    claim reads holds until its commit, and a change ends what was claimed before it.
//! 5. The check before the transaction is a hint. What becomes due after it is found by the next one.
//! 6. Why an owner that lost its lease changes nothing is argued in `leases`.

use std::collections::HashMap;
use std::time::Duration;

use mediary_core::{AccountId, CompanyId, MediaId, Timestamp};
use sqlx::AssertSqlSafe;

use super::NO_ERROR;
use super::types::{ClaimLimits, ClaimedDownload};
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::leases::DOWNLOADS;
use crate::policies::{self, EFFECTIVE};
use crate::record::Record as _;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::row;
use crate::{Result, Store, dialect};

/// Waiting rows that become due in one claim.
const PROMOTED_MAX: usize = 1000;
/// Accounts with due downloads that one claim looks at, those that waited longest for their turn.
const ACCOUNTS_MAX: usize = 1000;

/// An account with due downloads.
struct Candidate {
    company: CompanyId,
    account: AccountId,
}

/// One claim under way.
struct Claim<'a> {
    owner: &'a str,
    limits: &'a ClaimLimits,
    now: Timestamp,
    /// The number that marks the accounts served by this claim as served last.
    turn: i64,
    claimed: Vec<(CompanyId, MediaId)>,
    /// Running downloads, by company and by account.
    running: HashMap<CompanyId, usize>,
    running_of: HashMap<(CompanyId, AccountId), usize>,
}

impl Store {
    /// Takes due downloads, each with a lease for `owner`.
    pub async fn claim_downloads(&self, owner: &str, limits: &ClaimLimits) -> Result<Vec<ClaimedDownload>> {
        let now = self.now();
        // Usually there is nothing to do, which needs no writing transaction.
        if limits.batch == 0 || !self.anything_due(now).await? {
            return Ok(Vec::new());
        }
        transaction!(self.db(), |tx| {
            promote(tx, now).await?;
            let (candidates, turn) = candidates(tx, now).await?;
            let mut claim = Claim {
                owner,
                limits,
                now,
                turn,
                claimed: Vec::new(),
                running: HashMap::new(),
                running_of: HashMap::new(),
            };
            claim.take_turns(tx, candidates).await?;
            let claimed = details(tx, &claim.claimed).await?;
            Ok(claimed)
        })
    }

    /// Claims one download for a viewer, whatever is due before it. `None` if it runs already, is done, cannot be fetched, or the
    /// current policy does not keep the file.
    pub async fn claim_for_viewer(
        &self,
        owner: &str,
        company: CompanyId,
        media: MediaId,
        lease: Duration,
    ) -> Result<Option<ClaimedDownload>> {
        let now = self.now();
        transaction!(self.db(), |tx| {
            let policy = policies::held(tx, company, media).await?;
            let Some(policy) = policy.filter(|policy| policy.keeps_bytes()) else { return Ok(None) };
            let sql = format!(
                "UPDATE media_files SET policy = $6, {}
                WHERE company_id = $1 AND id = $2 AND is_active
                    AND (download_status = 'pending' OR (download_status = 'failed' AND last_error_retryable))",
                started("$3", "$4", "$5")
            );
            let args = args![company, media, owner, now.plus(lease), now, policy];
            let taken = tx.execute(AssertSqlSafe(sql), args).await? > 0;
            let claimed = if taken { details(tx, &[(company, media)]).await? } else { Vec::new() };
            Ok(claimed.into_iter().next())
        })
    }

    async fn anything_due(&self, now: Timestamp) -> Result<bool> {
        // The order names the index: without it Postgres may scan another one, if its statistics are of a time
        // when nearly everything was due.
        let sql = "SELECT COALESCE(
            (SELECT f.id FROM media_files f WHERE f.due
                ORDER BY f.company_id, f.account_id, f.expires_at, f.id LIMIT 1),
            (SELECT f.id FROM media_files f WHERE NOT f.due AND f.next_attempt_at <= $1
                ORDER BY f.next_attempt_at, f.id LIMIT 1))";
        let found: Option<(Option<MediaId>,)> = self.db().first(sql, args![now]).await?;
        Ok(found.is_some_and(|(media,)| media.is_some()))
    }
}

/// The assignments of a download that begins.
fn started(owner: &str, until: &str, now: &str) -> String {
    format!(
        "download_status = 'downloading', due = FALSE, next_attempt_at = NULL, download_attempts = download_attempts + 1,
            bytes_downloaded = 0, announced_size = NULL, {}, {NO_ERROR}, updated_at = {now}",
        DOWNLOADS.taken(owner, until)
    )
}

/// Marks as due what waited until now.
async fn promote(tx: &mut Tx, now: Timestamp) -> Result<()> {
    let sql = format!(
        "WITH ready AS MATERIALIZED (SELECT f.company_id, f.id FROM media_files f
                WHERE NOT f.due AND f.next_attempt_at <= $1 ORDER BY f.next_attempt_at, f.id LIMIT $2{})
            UPDATE media_files SET due = TRUE
            WHERE (company_id, id) IN (SELECT w.company_id, w.id FROM ready w)",
        dialect::lock_rows(tx.backend())
    );
    tx.execute(AssertSqlSafe(sql), args![now, PROMOTED_MAX]).await?;
    Ok(())
}

/// Accounts that may be served: the company whose turn is longest ago first, and within it the account. Accounts that
/// pause cost one look-up each, not one per waiting row.
async fn candidates(tx: &mut Tx, now: Timestamp) -> Result<(Vec<Candidate>, i64)> {
    let sql = "SELECT t.company_id, t.account_id,
                (SELECT MAX(o.turn) FROM download_turns o WHERE o.company_id = t.company_id) AS company_turn
            FROM download_turns t
            JOIN whatsapp_accounts a ON a.company_id = t.company_id AND a.id = t.account_id
            WHERE a.status = 'active' AND (a.paused_until IS NULL OR a.paused_until <= $1)
                AND (SELECT f.id FROM media_files f
                    WHERE f.company_id = t.company_id AND f.account_id = t.account_id AND f.due
                    ORDER BY f.expires_at, f.id LIMIT 1) IS NOT NULL
            ORDER BY company_turn, t.company_id, t.turn, t.account_id LIMIT $2";
    let rows: Vec<(CompanyId, AccountId, i64)> = tx.all(sql, args![now, ACCOUNTS_MAX]).await?;
    let latest = rows.iter().map(|(_, _, turn)| *turn).max().unwrap_or(0);
    let candidates = rows.into_iter().map(|(company, account, _)| Candidate { company, account }).collect();
    Ok((candidates, now.millis().max(latest + 1)))
}

impl Claim<'_> {
    async fn take_turns(&mut self, tx: &mut Tx, mut candidates: Vec<Candidate>) -> Result<()> {
        let mut accounts: HashMap<CompanyId, usize> = HashMap::new();
        for candidate in &candidates {
            *accounts.entry(candidate.company).or_default() += 1;
        }
        let share = self.limits.batch.div_ceil(accounts.len().max(1));
        // Each account gets its share first, then the rest goes to those with more.
        for first_round in [true, false] {
            let mut later = Vec::new();
            for candidate in candidates {
                if self.left() == 0 {
                    return Ok(());
                }
                if !self.hold(tx, candidate.company).await? {
                    continue;
                }
                let share =
                    if first_round { share.div_ceil(accounts[&candidate.company]) } else { self.left() };
                let wanted = share.min(self.free(&candidate)).min(self.left());
                if wanted > 0 && self.take(tx, &candidate, wanted).await? == wanted {
                    later.push(candidate);
                }
            }
            candidates = later;
        }
        Ok(())
    }

    fn left(&self) -> usize {
        self.limits.batch - self.claimed.len()
    }

    /// How many more this account may run.
    fn free(&self, candidate: &Candidate) -> usize {
        let running = self.running.get(&candidate.company).copied().unwrap_or(0);
        let running_of = self.running_of.get(&(candidate.company, candidate.account)).copied().unwrap_or(0);
        let of_account = self.limits.per_account.map_or(usize::MAX, |max| max.saturating_sub(running_of));
        self.limits.per_company.saturating_sub(running).min(of_account)
    }

    /// Locks the company against claims of other nodes and counts what it runs; false if another node holds it. The count has to be
    /// a statement of its own: on Postgres one statement would count rows as they were before the lock.
    async fn hold(&mut self, tx: &mut Tx, company: CompanyId) -> Result<bool> {
        if self.running.contains_key(&company) {
            return Ok(true);
        }
        let sql = format!("SELECT c.id FROM companies c WHERE c.id = $1{}", dialect::lock_rows(tx.backend()));
        if tx.first::<(CompanyId,)>(AssertSqlSafe(sql), args![company]).await?.is_none() {
            return Ok(false);
        }
        let sql = "SELECT f.account_id, CAST(COUNT(*) AS BIGINT) FROM media_files f
            WHERE f.company_id = $1 AND f.download_status = 'downloading' GROUP BY f.account_id";
        let running: Vec<(AccountId, u64)> = tx.all(sql, args![company]).await?;
        let mut sum = 0;
        for (account, running) in running {
            let running = usize::try_from(running).unwrap_or(usize::MAX);
            sum += running;
            self.running_of.insert((company, account), running);
        }
        self.running.insert(company, sum);
        Ok(true)
    }

    /// The company is held, so the policy that holds now is the one until the end of this transaction.
    async fn take(&mut self, tx: &mut Tx, candidate: &Candidate, wanted: usize) -> Result<usize> {
        let Candidate { company, account } = *candidate;
        let sql = format!(
            "WITH nearest AS MATERIALIZED (SELECT f.id FROM media_files f
                    WHERE f.company_id = $1 AND f.account_id = $2 AND f.due
                        AND EXISTS (SELECT 1 FROM whatsapp_accounts a JOIN companies c ON c.id = a.company_id
                            WHERE a.company_id = $1 AND a.id = $2 AND {EFFECTIVE} <> 'stream')
                    ORDER BY f.expires_at, f.id LIMIT $3{})
                UPDATE media_files SET {} WHERE company_id = $1 AND id IN (SELECT n.id FROM nearest n) RETURNING id",
            dialect::lock_rows(tx.backend()),
            started("$4", "$5", "$6")
        );
        let until = self.now.plus(self.limits.lease);
        let args = args![company, account, wanted, self.owner, until, self.now];
        let taken: Vec<(MediaId,)> = tx.all(AssertSqlSafe(sql), args).await?;
        self.claimed.extend(taken.iter().map(|(media,)| (company, *media)));
        *self.running.entry(company).or_default() += taken.len();
        *self.running_of.entry((company, account)).or_default() += taken.len();
        let sql = "UPDATE download_turns SET turn = $3 WHERE company_id = $1 AND account_id = $2";
        tx.execute(sql, args![company, account, self.turn]).await?;
        Ok(taken.len())
    }
}

async fn details(tx: &mut Tx, claimed: &[(CompanyId, MediaId)]) -> Result<Vec<ClaimedDownload>> {
    let after = format!(
        "SELECT {} FROM k CROSS JOIN media_files f JOIN messages m ON m.company_id = f.company_id AND m.id = f.message_id
            WHERE f.company_id = k.company_id AND f.id = k.id",
        ClaimedDownload::SELECT
    );
    let mut select = Bulk::with(after);
    for (company, media) in claimed {
        select.push(row! { company_id => *company, id => *media });
    }
    let mut downloads: Vec<ClaimedDownload> = select.run(tx).await?;
    downloads.sort_by_key(|download| (download.expires_at, download.media_id));
    Ok(downloads)
}
