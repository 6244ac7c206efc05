//! Locks on whole companies: while one transaction changes identities in a company, no other ingest transaction writes into it.
//!
//! A batch ends with its identity changes, which lock contacts that nobody knew when the batch locked its first ones. Two such batches,
//! or one and a batch of plain messages, could wait for each other in a circle. Postgres notices that after a second and ends one of
//! them, which does all of its work again and meets the next one; the other companies' messages in the same batches wait as long.
//! So on Postgres:
//!
//! 1. A transaction that brings identity changes of a company locks the company exclusively before it writes anything, and so does one
//!    with a large webhook, which holds many contacts for long, one with a webhook that is taken by itself, and one that collided with
//!    another one before, with all of its companies: it meets no other a second time. All others lock the companies they write into
//!    shared.
//! 2. Only one transaction waits for a company's exclusive lock, because it holds the company's turn; it waits for transactions that
//!    are under way, and a quarter of a second at most, for it holds the other companies' webhooks of its batch. All others leave the
//!    company's webhooks where they are: one that does not get the turn, and one that wants the shared lock while the exclusive one
//!    is held or waited for. So a company with very many identity changes keeps one ingester
//!    busy at a time, and is recorded by it, while the other ingesters record the other companies' messages.
//! 3. These locks make no circle: exclusive ones are waited for in the order of the companies and before any other lock is held, and
//!    a shared one of a batch is never waited for.

use std::collections::{BTreeSet, HashSet};

use mediary_core::{CompanyId, WebhookEventId};

use super::types::PlannedItem;
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::value::args;
use crate::writes::row;
use crate::{Backend, Result, WebhookEvent, dialect};

/// Locks the companies that items are written into, until the transaction ends. Removes the webhooks of companies that are busy, and
/// returns how many; the others have to be planned again then.
pub(super) async fn take(
    tx: &mut Tx,
    events: &mut Vec<WebhookEvent>,
    items: &[PlannedItem],
    alone: bool,
) -> Result<usize> {
    let busy = busy_companies(tx, items, alone).await?;
    let items = items.iter().filter(|planned| busy.contains(&planned.item.company()));
    let left: HashSet<WebhookEventId> = items.map(|planned| planned.event).collect();
    events.retain(|event| !left.contains(&event.id));
    Ok(left.len())
}

/// Locks the companies that items are written into, all of them exclusively if this transaction is to be `alone`; those that are busy.
pub(super) async fn busy_companies(
    tx: &mut Tx,
    items: &[PlannedItem],
    alone: bool,
) -> Result<HashSet<CompanyId>> {
    // On SQLite a writing transaction is alone anyway.
    if tx.backend() == Backend::Sqlite {
        return Ok(HashSet::new());
    }
    let changing = items.iter().filter(|planned| alone || planned.item.changes_identity());
    let changing: BTreeSet<CompanyId> = changing.map(|planned| planned.item.company()).collect();
    let all: BTreeSet<CompanyId> = items.iter().map(|planned| planned.item.company()).collect();
    let mut busy = lock_exclusively(tx, &changing).await?;
    busy.extend(lock(tx, dialect::POSTGRES_SHARE_COMPANIES, all.difference(&changing).copied()).await?);
    Ok(busy)
}

/// Locks companies exclusively; those that are busy. A wait that takes too long is none: what was locked is released with the savepoint,
/// and all are left for later.
async fn lock_exclusively(tx: &mut Tx, companies: &BTreeSet<CompanyId>) -> Result<HashSet<CompanyId>> {
    if companies.is_empty() {
        return Ok(HashSet::new());
    }
    tx.execute("SAVEPOINT company_locks", args![]).await?;
    tx.all::<(String,)>(dialect::POSTGRES_WAIT_BRIEFLY, args![]).await?;
    let busy = match lock(tx, dialect::POSTGRES_LOCK_COMPANIES, companies.iter().copied()).await {
        Err(error) if error.is_timed_out() => companies.iter().copied().collect(),
        locked => {
            let busy = locked?;
            tx.all::<(String,)>(dialect::POSTGRES_WAIT_AS_USUAL, args![]).await?;
            tx.execute("RELEASE SAVEPOINT company_locks", args![]).await?;
            return Ok(busy);
        }
    };
    tx.execute("ROLLBACK TO SAVEPOINT company_locks", args![]).await?;
    Ok(busy)
}

/// Locks companies by a statement that says of each whether it has the lock; those without.
async fn lock(
    tx: &mut Tx,
    statement: &'static str,
    companies: impl Iterator<Item = CompanyId>,
) -> Result<HashSet<CompanyId>> {
    let mut lock = Bulk::with(statement);
    for company in companies {
        lock.push(row! { company_id => company });
    }
    let locked: Vec<(CompanyId, bool)> = lock.run(tx).await?;
    Ok(locked.into_iter().filter_map(|(company, locked)| (!locked).then_some(company)).collect())
}

/// Locks a company for an import, which holds nothing else yet, so it may wait.
pub(super) async fn share(tx: &mut Tx, company: CompanyId) -> Result<()> {
    if tx.backend() == Backend::Postgres {
        tx.all::<(bool,)>(dialect::POSTGRES_SHARE_COMPANY, args![company]).await?;
    }
    Ok(())
}
