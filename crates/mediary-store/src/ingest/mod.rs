//! From webhook events to messages, contacts, conversations and media files: taken, written and marked in one go, so
//! that a crash at any point means that it is done again, and doing it again changes nothing.
//!
//! # Several nodes at once
//!
//! On Postgres many such transactions run at the same time, each of which sees only what others have committed (READ
//! COMMITTED). None of them may lose what another one writes:
//!
//! 1. *A contact's row guards all that hangs on it.* Who writes into conversations holds their contacts so that nobody
//!    can remove them or change their ids (`FOR KEY SHARE`), from before it looks for the conversations until its commit.
//!    Who joins contacts, or changes one, has them for itself (`FOR UPDATE`), from before it reads what is to be moved.
//!    So a join sees every message that a transaction before it wrote, and one after it finds the conversation that
//!    stayed, by the contact that stayed. What was read of a contact before it was held is compared with what the lock returns (`contacts`).
//! 2. *A join has the conversations for itself, too,* before it moves anything (`merge`). Foreign keys hold the conversation
//!    of each message and file that is being written, so this waits for whatever does not go by rule 1: a file that
//!    another transaction adds to an old message, or an earlier release of this program.
//! 3. *A join removes only what is empty.* The schema cascades from contacts to files; a row that is not empty although all
//!    was moved is a collision, and the join is done again. Nothing else removes contacts, conversations, messages or
//!    media files. Companies and accounts, from which the rest cascades, are never removed.
//! 4. *Who changes a message holds it* (`FOR NO KEY UPDATE`) and decides by what the lock returns: statuses, edits,
//!    revocations, repeats that bring something new, reactions on it. A join moves each message by an `UPDATE`, which
//!    waits for them; then, in a statement of its own, the files. So a file that was added to a message meanwhile moves
//!    with it.
//! 5. *What two transactions insert is told apart by keys:* contacts, conversations and messages with `ON CONFLICT DO
//!    NOTHING`, which waits for the other one; then the other's row is looked up. Counters of a conversation are changed by
//!    what they are at that moment (`unread_count + n`), its newest message by comparing within the statement.
//! 6. *What arrives before its message* may miss it, each of the two not seeing the other; the sweep applies it a moment later
//!    (`waiting`).
//! 7. *Rows are held in one order:* contacts by id, conversations by id, messages by id. Where that is not possible (a second
//!    look, a batch with an identity change at its end) two may wait for each other; the database ends one of them. That,
//!    and a constraint that only somebody else's write can break, is a collision: the transaction is done again at once
//!    (`collisions`).
//!
//! On SQLite one transaction writes at a time, and none of this can happen.

mod applied;
mod apply;
mod collisions;
mod contacts;
mod conversations;
mod crash_loop;
mod duplicates;
mod edits;
mod growth;
mod import;
mod media;
mod merge;
mod messages;
mod parked;
mod parts;
mod queues;
pub(crate) mod reactions;
mod statuses;
mod storable;
mod stored_contacts;
mod types;
mod waited_for;
mod waiting;

use std::iter::Peekable;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use mediary_core::{Timestamp, WebhookEventId};
use sqlx::AssertSqlSafe;
use tokio::time::Instant;

pub(crate) use parked::PARKED_WAIT_MAX;
pub use parked::{DueItems, ParkedItem, ParkedItemOutcome};
pub use types::*;

use crate::bulk::Bulk;
use crate::clocks::beyond;
use crate::db::{Db, Tx};
use crate::record::Record as _;
use crate::value::args;
use crate::waiting_webhooks::{self, WaitingWebhook};
use crate::writes::row;
use crate::{Backend, Error, ErrorKind, Result, Store, WebhookEvent, dialect};
use applied::AppliedChanges;
use collisions::Tries;
pub(crate) use growth::Growth;
use queues::NextBatch;
pub(crate) use queues::Turns;

/// Items written in one transaction on SQLite, where nobody else can write meanwhile. Items are written once however
/// often they come, so an event may be spread over several transactions as long as the last one marks it.
const SQLITE_ITEMS: usize = 256;
/// How many items one identity change counts for: it may join contacts, which takes a dozen statements of its own.
const IDENTITY_ITEMS: usize = 16;
/// How long an event waits that was put off several times.
const PUT_OFF_FOR: Duration = Duration::from_secs(1);

/// How the items of a batch are applied.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BatchMode {
    /// All or none.
    Whole,
    /// All but the bad ones, which are parked; of one event.
    Parts(Turn),
}

/// Whose turn it is. An event that failed is never in a batch, for it may be what made a batch fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// What has not failed; of each company in the order of its arrival.
    New,
    /// What failed and is due again, the longest due first.
    Failed,
}

impl Turn {
    /// The condition and the order of the webhooks `e` that are due at `$1`.
    fn due(self) -> String {
        match self {
            // In order of arrival, so one that a clock that was ahead put off is met here.
            Self::New => format!(
                "e.processed_at IS NULL AND e.error IS NULL
                    AND (e.next_attempt_at <= $1 OR e.next_attempt_at > $1 + {}) ORDER BY e.id",
                beyond(Timestamp(0), PUT_OFF_FOR).millis()
            ),
            Self::Failed => "e.processed_at IS NULL AND e.error IS NOT NULL AND e.next_attempt_at <= $1
                    ORDER BY e.next_attempt_at, e.id"
                .to_owned(),
        }
    }
}

impl Store {
    /// Takes waiting events that have not failed yet, in turns of each company and there in the order of their arrival, asks `plan` what they mean, and writes that.
    ///
    /// Several processes may do so at once: on Postgres each takes events that no other one has in hand. `plan` is asked
    /// again if another transaction stood in the way.
    pub async fn ingest(
        &self,
        limits: IngestLimits,
        plan: impl FnMut(&[WebhookEvent]) -> IngestPlan + Send,
    ) -> Result<IngestOutcome> {
        self.ingest_contained(limits, BatchMode::Whole, plan).await
    }

    /// Takes one event, and records of it what can be recorded; the rest is parked, item by item.
    pub async fn ingest_in_parts(
        &self,
        turn: Turn,
        plan: impl FnMut(&[WebhookEvent]) -> IngestPlan + Send,
    ) -> Result<IngestOutcome> {
        self.ingest_contained(IngestLimits { events: 1, bytes: 1 }, BatchMode::Parts(turn), plan).await
    }

    /// What panics is an event that cannot be recorded, like any other: its transaction is taken back, and it is set aside
    /// instead of ending each process that takes it.
    async fn ingest_contained(
        &self,
        limits: IngestLimits,
        mode: BatchMode,
        plan: impl FnMut(&[WebhookEvent]) -> IngestPlan + Send,
    ) -> Result<IngestOutcome> {
        let ingest = AssertUnwindSafe(self.ingest_as(limits, mode, plan)).catch_unwind();
        ingest.await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Unrecordable, "a bug in this program keeps it from being recorded"))
        })
    }

    async fn ingest_as(
        &self,
        limits: IngestLimits,
        mode: BatchMode,
        mut plan: impl FnMut(&[WebhookEvent]) -> IngestPlan + Send,
    ) -> Result<IngestOutcome> {
        let now = self.now();
        let db = self.db();
        let (began, turns) = (Instant::now(), &self.inner.turns);
        let queues = match mode {
            BatchMode::Parts(Turn::Failed) => Vec::new(),
            _ => queues::next(db, turns).await?,
        };
        let batch = NextBatch::new(&queues, turns, now, limits);
        let (marks, applied) = if db.backend() == Backend::Sqlite && mode == BatchMode::Whole {
            let events = bodies(&batch.read(db).await?).read(db).await?;
            let (marks, items) = Marks::of(plan(&events), events);
            let applied = write_in_slices(db, now, &marks, items).await?;
            (marks, applied)
        } else {
            let mut tries = Tries::default();
            loop {
                let mut tx = db.begin().await?;
                match write_at_once(&mut tx, &batch, mode, &tries, &mut plan).await {
                    Ok(done) => {
                        tx.commit().await?;
                        break done;
                    }
                    Err(error) => tries.after(tx, error).await?,
                }
            }
        };
        batch.took(began.elapsed());
        self.inner.growth.keep_up(db, applied.newest).await;
        let newest = marks.planned.iter().map(|event| event.received_at).max();
        Ok(IngestOutcome {
            events: marks.planned.len(),
            changes: applied.changes,
            downloads_due: applied.downloads_due,
            newest_lag: newest.map(|received_at| now.since(received_at)).unwrap_or_default(),
            parked: marks.parked.len(),
            waiting: marks.waiting.len(),
        })
    }
}

/// Takes, plans and writes events in one transaction.
async fn write_at_once(
    tx: &mut Tx,
    batch: &NextBatch<'_>,
    mode: BatchMode,
    tries: &Tries,
    plan: &mut (impl FnMut(&[WebhookEvent]) -> IngestPlan + Send),
) -> Result<(Marks, AppliedChanges)> {
    let now = batch.now;
    let next = match mode {
        BatchMode::Parts(Turn::Failed) => failed(tx, now).await?,
        _ => batch.hold(tx).await?,
    };
    let events = bodies(&next).run(tx).await?;
    let (mut marks, items) = Marks::of(plan(&events), events);
    let applied = match mode {
        BatchMode::Whole => apply::apply(tx, now, items).await?,
        BatchMode::Parts(_) => {
            // Part after part would take as long again: one that takes too long is put off as a whole.
            let ends_all = |error: &Error| error.is_timed_out() || tries.may_pass(error);
            let (applied, bad) = parts::apply(tx, now, items, ends_all).await?;
            marks.parked.extend(bad);
            applied
        }
    };
    marks.write(tx, now).await?;
    Ok((marks, applied))
}

/// What a transaction notes of events besides their items.
struct Marks {
    /// The events that are done with it.
    planned: Vec<WebhookEvent>,
    notes: Vec<(WebhookEventId, String)>,
    later: Vec<WebhookEventId>,
    waiting: Vec<WaitingWebhook>,
    parked: Vec<Unrecordable>,
}

impl Marks {
    fn of(plan: IngestPlan, mut events: Vec<WebhookEvent>) -> (Self, Vec<PlannedItem>) {
        let IngestPlan { items, notes, later, waiting, parked } = plan;
        events.retain(|event| !later.contains(&event.id));
        (Self { planned: events, notes, later, waiting, parked }, items)
    }

    async fn write(&self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        mark_processed(tx, now, &self.planned, &self.notes).await?;
        put_off(tx, now, &self.later).await?;
        waiting_webhooks::keep(tx, &self.planned, &self.waiting).await?;
        parked::keep(tx, now, &self.planned, &self.parked).await
    }
}

/// Counts an attempt of events that could not be planned yet. They are next again, for what they lack is looked up now; one
/// that has been put off often makes room for others.
async fn put_off(tx: &mut Tx, now: Timestamp, later: &[WebhookEventId]) -> Result<()> {
    let mut update = Bulk::with(
        "UPDATE webhook_events SET attempts = attempts + 1,
                next_attempt_at = CASE WHEN attempts < 3 THEN next_attempt_at ELSE k.at END
            FROM k WHERE webhook_events.id = k.id",
    );
    for event in later {
        update.push(row! { id => *event, at => now.plus(PUT_OFF_FOR) });
    }
    update.execute(tx).await?;
    Ok(())
}

/// What failed and is due longest.
async fn failed(tx: &mut Tx, now: Timestamp) -> Result<Vec<WebhookEventId>> {
    let sql = format!(
        "SELECT e.id FROM webhook_events e WHERE {} LIMIT 1{}",
        Turn::Failed.due(),
        dialect::lock_rows(tx.backend())
    );
    let ids: Vec<(WebhookEventId,)> = tx.all(AssertSqlSafe(sql), args![now]).await?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

fn bodies(ids: &[WebhookEventId]) -> Bulk {
    let after = format!(
        "SELECT {} FROM k CROSS JOIN webhook_events e WHERE e.id = k.id ORDER BY e.id",
        WebhookEvent::SELECT
    );
    let mut select = Bulk::with(after);
    for id in ids {
        select.push(row! { id => *id });
    }
    select
}

async fn write_in_slices(
    db: &Db,
    now: Timestamp,
    marks: &Marks,
    items: Vec<PlannedItem>,
) -> Result<AppliedChanges> {
    let mut applied = AppliedChanges::default();
    if marks.planned.is_empty() && marks.later.is_empty() {
        return Ok(applied);
    }
    let mut items = items.into_iter().peekable();
    loop {
        let slice = next_slice(&mut items);
        let mut tx = db.begin().await?;
        applied.add(apply::apply(&mut tx, now, slice).await?);
        let last = items.peek().is_none();
        if last {
            marks.write(&mut tx, now).await?;
        }
        tx.commit().await?;
        if last {
            return Ok(applied);
        }
    }
}

/// The items of the next transaction on SQLite, by what they cost.
fn next_slice(items: &mut Peekable<impl Iterator<Item = PlannedItem>>) -> Vec<PlannedItem> {
    let mut cost = 0;
    let mut fits = |planned: &PlannedItem| {
        cost += match &planned.item {
            IngestItem::Message(message) if message.identity_change.is_some() => IDENTITY_ITEMS,
            _ => 1,
        };
        cost <= SQLITE_ITEMS
    };
    std::iter::from_fn(|| items.next_if(&mut fits)).collect()
}

async fn mark_processed(
    tx: &mut Tx,
    now: Timestamp,
    events: &[WebhookEvent],
    notes: &[(WebhookEventId, String)],
) -> Result<()> {
    let mut mark = Bulk::with(
        "UPDATE webhook_events SET processed_at = k.at, error = k.note FROM k WHERE webhook_events.id = k.id",
    );
    for event in events {
        let of_event: Vec<&str> =
            notes.iter().filter(|(id, _)| *id == event.id).map(|(_, note)| note.as_str()).collect();
        let note = Some(of_event.join("; ")).filter(|note| !note.is_empty());
        mark.push(row! { id => event.id, at => now, note => note });
    }
    mark.execute(tx).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::harness::renamed;
    use crate::tests::rows::Tenant;

    fn planned(item: &IngestItem) -> PlannedItem {
        PlannedItem { event: WebhookEventId(1), item: item.clone(), source: None }
    }

    #[test]
    fn identity_changes_count_for_more_than_other_items() {
        let (company, account) = (mediary_core::CompanyId(1), mediary_core::AccountId(1));
        let change = renamed(Tenant { company, account }, "m", ContactKey::default(), ContactKey::default());
        let revoke = IncomingRevoke {
            company_id: company,
            account_id: account,
            target: "m".into(),
            timestamp: Timestamp(0),
        };
        let kinds = [change, IngestItem::Revoke(revoke)];
        let items = kinds.iter().flat_map(|kind| std::iter::repeat_n(planned(kind), 300));
        let mut items = items.peekable();
        let mut slices = Vec::new();
        while items.peek().is_some() {
            slices.push(next_slice(&mut items).len());
        }
        assert_eq!(slices.iter().sum::<usize>(), 600, "nothing is lost");
        let max = SQLITE_ITEMS / IDENTITY_ITEMS;
        assert_eq!(slices[..18], [max; 18]);
        // What is left of the one kind makes room for some of the other.
        assert_eq!(slices[18..], [12 + 64, 236]);
    }
}
