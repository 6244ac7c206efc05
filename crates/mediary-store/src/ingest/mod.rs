//! Turns webhook events into messages, contacts, conversations and media files. An event is taken, written and marked in one
//! transaction, so after a crash at any point it is processed again, and processing it again changes nothing.
//!
//! # Several nodes at once
//!
//! On Postgres many such transactions run at the same time, each of which sees only what others have committed (READ
//! COMMITTED). None of them may lose what another one writes:
//!
//! 1. *A contact's row guards its conversations and everything in them.* A transaction that writes into conversations locks their
//!    contacts against removal and changes of their ids (`FOR KEY SHARE`), from before it looks for the conversations until its
//!    commit. One that joins or changes contacts locks them exclusively (`FOR UPDATE`), from before it reads what is to be moved.
//!    So a join sees every message that an earlier transaction wrote, and a later transaction finds the remaining conversation by
//!    the remaining contact. What was read of a contact before the lock is compared with what the lock returns (`contacts`).
//! 2. *A join locks the conversations exclusively, too,* before it moves anything (`merge`). Foreign keys lock the conversation
//!    of each message and file that is being written, so this waits for writers that do not follow rule 1: a transaction that adds
//!    a file to an old message, or an earlier release of this program.
//! 3. *A join removes only empty rows.* The schema cascades from contacts to files; a row that is not empty although everything was
//!    moved is a collision, and the join is retried. Nothing else removes contacts and conversations; a message and its files are
//!    removed only where it is taken back before it was sent (`sends::undo`), by a transaction that holds its conversation.
//!    Companies and accounts, from which the rest cascades, are never removed.
//! 4. *A change of a message locks it* (`FOR NO KEY UPDATE`) and decides by what the lock returns. This holds for statuses, edits,
//!    revocations, repeats that add something, and reactions to it. A join moves each message by an `UPDATE`, which waits for them;
//!    then, in a statement of its own, the files. So a file that was added to a message meanwhile moves with it.
//! 5. *Concurrent inserts are resolved by keys:* contacts, conversations and messages are inserted with `ON CONFLICT DO NOTHING`,
//!    which waits for the other transaction; then the other's row is looked up. Counters of a conversation are changed relative to
//!    their current value (`unread_count + n`), its newest message by a comparison within the statement.
//! 6. *An update that arrives before its message* may miss it, if neither transaction sees the other; the sweep applies it a moment
//!    later (`waiting`).
//! 7. *Rows are locked in one order:* contacts by id, conversations by id, messages by id. An identity change cannot keep to it, so
//!    nobody else writes into its company meanwhile (`company_locks`). Elsewhere (contacts with the same user id under several numbers)
//!    two transactions may deadlock; the database ends one of them. That, what was read and is another by the time it is locked, and a
//!    constraint that only another transaction's write can violate, is a collision: the transaction is retried at once, alone in
//!    its companies (`collisions`).
//!
//! On SQLite one transaction writes at a time, and none of this can happen.

mod answers;
mod applied;
mod apply;
mod callbacks;
mod collisions;
mod company_locks;
mod contacts;
mod conversations;
mod crash_loop;
mod duplicates;
mod early;
mod edits;
mod growth;
mod import;
mod media;
mod merge;
mod messages;
mod open_conversation;
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

pub(crate) use conversations::note_outbound;
pub(crate) use early::apply_early;
pub(crate) use media::sort_name;
pub(crate) use open_conversation::open_conversation;
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
/// How long an event waits that was postponed several times.
const PUT_OFF_FOR: Duration = Duration::from_secs(1);

/// How the items of a batch are applied.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BatchMode {
    /// All or none.
    Whole,
    /// All but the bad ones, which are parked; of one event.
    Parts(Turn),
}

/// Which events are taken. A failed event is never in a batch, for it may be what made a batch fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Events that have not failed; those of each company in the order of their arrival.
    New,
    /// Failed events that are due again, the longest due first.
    Failed,
}

impl Turn {
    /// The condition and the order of the webhooks `e` that are due at `$1`.
    fn due(self) -> String {
        match self {
            // In order of arrival, so that events are found that were postponed while the clock was ahead.
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
    /// Takes waiting events that have not failed yet, from each company in turn and there in the order of their arrival, calls `plan`
    /// to learn what they mean, and writes that.
    ///
    /// Several processes may do so at once: on Postgres each takes events that no other one has locked. `plan` is called again after
    /// a collision with another transaction.
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

    /// An event that panics is treated like any other that cannot be recorded: its transaction is rolled back, and it is set aside
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
        let turns = &self.inner.turns;
        let queues = match mode {
            BatchMode::Parts(Turn::Failed) => Vec::new(),
            _ => queues::next(db, turns).await?,
        };
        let batch = NextBatch::new(&queues, turns, now, limits);
        let WrittenBatch { marks, applied, busy } =
            if db.backend() == Backend::Sqlite && mode == BatchMode::Whole {
                let events = bodies(&batch.read(db).await?).read(db).await?;
                let (marks, items) = Marks::of(plan(&events), events);
                let applied = write_in_slices(db, now, &marks, items).await?;
                WrittenBatch { marks, applied, busy: 0 }
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
        drop(batch);
        self.inner.growth.keep_up(db, applied.newest).await;
        let newest = marks.planned.iter().map(|event| event.received_at).max();
        Ok(IngestOutcome {
            events: marks.planned.len(),
            changes: applied.changes,
            downloads_due: applied.downloads_due,
            newest_lag: newest.map(|received_at| now.since(received_at)).unwrap_or_default(),
            parked: marks.parked.len(),
            waiting: marks.waiting.len(),
            busy,
        })
    }
}

/// What one transaction wrote.
struct WrittenBatch {
    marks: Marks,
    applied: AppliedChanges,
    /// The webhooks that were left because their company was busy.
    busy: usize,
}

/// Takes, plans and writes events in one transaction.
async fn write_at_once(
    tx: &mut Tx,
    batch: &NextBatch<'_>,
    mode: BatchMode,
    tries: &Tries,
    plan: &mut (impl FnMut(&[WebhookEvent]) -> IngestPlan + Send),
) -> Result<WrittenBatch> {
    let now = batch.now;
    let next = match mode {
        BatchMode::Parts(Turn::Failed) => failed(tx, now).await?,
        _ => batch.hold(tx).await?,
    };
    let mut events = bodies(&next).run(tx).await?;
    let mut planned = plan(&events);
    let alone = batch.is_large() || mode != BatchMode::Whole || tries.collided_before();
    let busy = company_locks::take(tx, &mut events, &planned.items, alone).await?;
    if busy > 0 {
        planned = plan(&events);
    }
    let (mut marks, items) = Marks::of(planned, events);
    let applied = match mode {
        BatchMode::Whole => apply::apply(tx, now, items).await?,
        BatchMode::Parts(_) => {
            // Trying its parts would take as long again, so an event that takes too long is postponed as a whole.
            let ends_all = |error: &Error| error.is_timed_out() || tries.may_pass(error);
            let (applied, bad) = parts::apply(tx, now, items, ends_all).await?;
            marks.parked.extend(bad);
            applied
        }
    };
    marks.write(tx, now).await?;
    Ok(WrittenBatch { marks, applied, busy })
}

/// What a transaction records about events besides their items.
struct Marks {
    /// The events that are processed by this transaction.
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

/// Counts an attempt of events that could not be planned yet. They are next again, for what they need is looked up now; an event that
/// was postponed often waits, so that others have their turn.
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

/// The failed event that has been due longest.
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
        cost += if planned.item.changes_identity() { IDENTITY_ITEMS } else { 1 };
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
        // The unused share of one kind goes to the other.
        assert_eq!(slices[18..], [12 + 64, 236]);
    }
}
