//! Handing out derivations: fair over companies, those that wait longest first within each.
//!
//! A claim never waits: it skips rows that another transaction holds, so it cannot be part of a deadlock. What it skipped is still
//! due, and the next claim finds it. The files of claimed rows are read without a lock: a change of such a file changes its
//! derivation, too, and waits for the claim's commit; then the claim's holder has lost its lease.
//!
//! **What takes minutes waits for what takes seconds.** Each step has a queue of its own, and is claimed from there alone: who wants a
//! long one gets none while a short one of any company is due. One that becomes due afterwards does not wait either: who runs
//! long ones runs few of them, beside the workers for short ones (`mediary_derive::pool`). Under short ones that never end, a long one
//! goes first after [`LONG_PATIENCE`].

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use mediary_core::{CompanyId, DerivationStep, MediaId, Timestamp};
use sqlx::AssertSqlSafe;

use super::ClaimedDerivation;
use super::queue::STORED;
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::leases::DERIVATIONS;
use crate::locks::hold_files;
use crate::record::Record as _;
use crate::transaction::transaction;
use crate::value::{Value, args};
use crate::writes::{row, update};
use crate::{LeaseToken, Result, Store, dialect};

/// How long a long step waits while short ones are due.
const LONG_PATIENCE: Duration = Duration::from_secs(600);

/// Rows `d` that wait for their time with this step: the words of two indexes.
fn waiting(step: DerivationStep) -> String {
    format!("d.state = 'waiting' AND d.due_at IS NOT NULL AND d.step = '{step}'")
}

/// Rows `d` of a company that are due. The pairs and their order name the index: with a condition on the company alone, Postgres may
/// scan the one by time, over all that waits of other companies.
fn due_of(step: DerivationStep, company: &str, now: &str) -> String {
    format!(
        "{} AND (d.company_id, d.due_at) >= ({company}, 0) AND (d.company_id, d.due_at) <= ({company}, {now})
            ORDER BY d.company_id, d.due_at, d.id",
        waiting(step)
    )
}

/// The company whose derivations were claimed last, for each step: the next claim begins after it. Only this process knows it; on
/// another node the turns begin elsewhere, which changes the order and nothing else.
#[derive(Debug, Default)]
pub(crate) struct LastServed {
    short: AtomicI64,
    recording: AtomicI64,
    conversion: AtomicI64,
}

impl LastServed {
    fn of(&self, step: DerivationStep) -> &AtomicI64 {
        match step {
            DerivationStep::Short => &self.short,
            DerivationStep::Recording => &self.recording,
            DerivationStep::Conversion => &self.conversion,
        }
    }
}

/// The assignments of a derivation that begins.
fn started(owner: &str, until: &str) -> String {
    let taken = DERIVATIONS.taken(owner, until);
    format!(
        "state = 'running', due_at = NULL, attempts = derivations.attempts + 1,
        begun = derivations.begun + 1, {taken}"
    )
}

impl Store {
    /// Takes derivations whose step this is and that are due, each with a lease for `owner`: of each company with due ones
    /// `batch / companies`, then the rest. None of a long step while any short one is due, unless one waited for
    /// [`LONG_PATIENCE`].
    pub async fn claim_derivations(
        &self,
        owner: &str,
        step: DerivationStep,
        batch: usize,
        lease: Duration,
    ) -> Result<Vec<ClaimedDerivation>> {
        let now = self.now();
        // Usually there is nothing to do, which needs no writing transaction.
        if batch == 0 || !self.any_derivation_due(step, now).await? {
            return Ok(Vec::new());
        }
        let is_long = step != DerivationStep::Short;
        if is_long
            && self.any_derivation_due(DerivationStep::Short, now).await?
            && !self.any_derivation_due(step, now.minus(LONG_PATIENCE)).await?
        {
            return Ok(Vec::new());
        }
        let last = CompanyId(self.inner.last_derived.of(step).load(Ordering::Relaxed));
        let until = now.plus(lease);
        let (claimed, served) = transaction!(self.db(), |tx| {
            let companies = companies_due(tx, step, now, last, batch).await?;
            let share = batch / companies.len().max(1);
            let mut taken = Vec::new();
            let mut more = Vec::new();
            for company in &companies {
                let of_company = take(tx, step, *company, share, now, (owner, until)).await?;
                if of_company.len() == share {
                    more.push(*company);
                }
                taken.extend(of_company);
            }
            for company in more {
                let rest = batch - taken.len();
                if rest > 0 {
                    taken.extend(take(tx, step, company, rest, now, (owner, until)).await?);
                }
            }
            let claimed = details(tx, &taken).await?;
            Ok((claimed, companies.last().copied()))
        })?;
        if let Some(served) = served {
            self.inner.last_derived.of(step).store(served.0, Ordering::Relaxed);
        }
        Ok(claimed)
    }

    /// Claims the derivation of one file for a viewer, whatever is due before it: one that waits, or that has no row yet though the
    /// file is stored, or one of which less was made than by this version. `None` if it runs, is done or failed for good, if it
    /// takes minutes, or the file is not stored.
    pub async fn claim_derivation_for_viewer(
        &self,
        owner: &str,
        company: CompanyId,
        media: MediaId,
        version: u32,
        lease: Duration,
    ) -> Result<Option<ClaimedDerivation>> {
        let until = self.now().plus(lease);
        let sql = format!(
            "INSERT INTO derivations (company_id, id, state, attempts, begun, lease_owner, lease_until, lease_number)
                SELECT f.company_id, f.id, 'running', 1, 1, $3, $4, 1 FROM media_files f
                WHERE f.company_id = $1 AND f.id = $2 AND {STORED}
                ON CONFLICT (company_id, id) DO UPDATE SET {}
                WHERE (derivations.state = 'waiting' AND derivations.step = 'short')
                    OR (derivations.state = 'done' AND derivations.version < $5)",
            started("$3", "$4")
        );
        transaction!(self.db(), |tx| {
            // Its file cannot be deleted between the look at it and the row that says that it is worked on.
            hold_files(tx, [(company, media)]).await?;
            let args = args![company, media, owner, until, version];
            if tx.execute(AssertSqlSafe(sql.clone()), args).await? == 0 {
                return Ok(None);
            }
            Ok(details(tx, &[(company, media)]).await?.into_iter().next())
        })
    }

    /// Puts a derivation back, due at once, with this step. The start does not count. False if the lease was lost.
    pub async fn put_back_derivation(
        &self,
        claimed: &ClaimedDerivation,
        step: DerivationStep,
    ) -> Result<bool> {
        let ClaimedDerivation { company_id, media_id, lease, .. } = claimed;
        let (sql, args) = put_back((*company_id, *media_id), lease, step, self.now());
        Ok(self.db().execute(sql, args).await? > 0)
    }

    /// Renews a lease. False if the derivation was taken over, or its file is not stored any more: the caller must stop.
    pub async fn renew_derivation(&self, claimed: &ClaimedDerivation, until: Timestamp) -> Result<bool> {
        let (sql, args) = update! {
            derivations set { lease_until => until }
            where { company_id => claimed.company_id, id => claimed.media_id }
            fenced { DERIVATIONS => claimed.lease }
        };
        Ok(self.db().execute(sql, args).await? > 0)
    }

    async fn any_derivation_due(&self, step: DerivationStep, now: Timestamp) -> Result<bool> {
        let sql = format!(
            "SELECT d.id FROM derivations d WHERE {} AND d.due_at <= $1 ORDER BY d.due_at, d.id LIMIT 1",
            waiting(step)
        );
        Ok(self.db().first::<(MediaId,)>(AssertSqlSafe(sql), args![now]).await?.is_some())
    }
}

/// Companies with due derivations, `max` of them: those after `last`, then those from the beginning. Each company with waiting rows
/// costs one step in the index, however many it has.
async fn companies_due(
    tx: &mut Tx,
    step: DerivationStep,
    now: Timestamp,
    last: CompanyId,
    max: usize,
) -> Result<Vec<CompanyId>> {
    let next = |after: &str| {
        format!(
            "SELECT d.company_id FROM derivations d WHERE {} AND d.company_id > {after}
                ORDER BY d.company_id, d.due_at, d.id LIMIT 1",
            waiting(step)
        )
    };
    let sql = format!(
        "WITH RECURSIVE w(company_id) AS (SELECT ({}) UNION ALL SELECT ({}) FROM w WHERE w.company_id IS NOT NULL)
            SELECT w.company_id FROM w WHERE w.company_id IS NOT NULL AND w.company_id <= $2
                AND (SELECT d.id FROM derivations d WHERE {} LIMIT 1) IS NOT NULL LIMIT $4",
        next("$1"),
        next("w.company_id"),
        due_of(step, "w.company_id", "$3")
    );
    let mut companies = Vec::new();
    for (after, upto) in [(last, CompanyId(i64::MAX)), (CompanyId(0), last)] {
        let args = args![after, upto, now, max - companies.len()];
        let found: Vec<(CompanyId,)> = tx.all(AssertSqlSafe(sql.clone()), args).await?;
        companies.extend(found.into_iter().map(|(company,)| company));
    }
    Ok(companies)
}

/// Takes up to `count` due derivations of a company for an owner, until then.
async fn take(
    tx: &mut Tx,
    step: DerivationStep,
    company: CompanyId,
    count: usize,
    now: Timestamp,
    (owner, until): (&str, Timestamp),
) -> Result<Vec<(CompanyId, MediaId)>> {
    let sql = format!(
        "WITH oldest AS MATERIALIZED (SELECT d.id FROM derivations d WHERE {} LIMIT $3{})
            UPDATE derivations SET {} WHERE company_id = $1 AND id IN (SELECT o.id FROM oldest o) RETURNING id",
        due_of(step, "$1", "$2"),
        dialect::lock_rows(tx.backend()),
        started("$4", "$5")
    );
    let args = args![company, now, count, owner, until];
    let taken: Vec<(MediaId,)> = tx.all(AssertSqlSafe(sql), args).await?;
    Ok(taken.into_iter().map(|(media,)| (company, media)).collect())
}

/// Ends a lease as if it had never been taken; nothing where it was lost.
pub(super) fn put_back(
    (company, media): (CompanyId, MediaId),
    lease: &LeaseToken,
    step: DerivationStep,
    due_at: Timestamp,
) -> (&'static str, Vec<Value>) {
    update! {
        derivations set {
            state = "'waiting'",
            due_at => due_at,
            step => step,
            attempts = "attempts - 1",
            begun = "0",
        } also [DERIVATIONS.ended()]
        where { company_id => company, id => media }
        fenced { DERIVATIONS => lease }
    }
}

async fn details(tx: &mut Tx, taken: &[(CompanyId, MediaId)]) -> Result<Vec<ClaimedDerivation>> {
    let mut select = Bulk::with(format!(
        "SELECT {} FROM k CROSS JOIN derivations d JOIN media_files f ON f.company_id = d.company_id AND f.id = d.id
            WHERE d.company_id = k.company_id AND d.id = k.id",
        ClaimedDerivation::SELECT
    ));
    for (company, media) in taken {
        select.push(row! { company_id => *company, id => *media });
    }
    select.run(tx).await
}
