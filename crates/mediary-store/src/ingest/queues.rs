//! Chooses the next webhooks: each company has a queue, and all queues take turns, so that one with very many webhooks, or very
//! costly ones, delays no other for long.
//!
//! A turn is worth a number of bytes ([`SHARE`]). A larger webhook goes alone, one at a time in this process, and such webhooks take no
//! more than half of the time as long as there are others. If only one queue waits, a batch is as large as the limits allow.
//!
//! Several nodes take webhooks at once:
//!
//! 1. A webhook is locked from before it is read until the commit that writes its items and marks it processed, and other nodes skip
//!    it. So one node records it. If that node dies, the lock ends with its connection, and the webhook waits as before.
//! 2. The list of queues is only a hint: it is read before the webhooks are taken. A queue that begins meanwhile has its turn in the
//!    next batch, and one that is empty by then yields nothing.
//! 3. The last turn is known to this process alone. After a restart, or on another node, the turns begin elsewhere, which changes the
//!    order and nothing else.
//! 4. Neighbours in one queue may be recorded at the same time by two nodes, the later one first. Why that is safe is argued in
//!    [`super`] and `waited_for`: an update that comes before its message waits for it.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use mediary_core::{Timestamp, WebhookEventId};
use parking_lot::Mutex;
use sqlx::AssertSqlSafe;
use tokio::time::Instant;

use super::{IngestLimits, Turn};
use crate::db::{Db, Tx};
use crate::value::{Value, args};
use crate::{Backend, Result, dialect};

/// Queues that have their turn in one batch.
const QUEUES: usize = 32;
/// Bytes of one turn.
const SHARE: usize = 64 * 1024;

/// The queue that had its turn last, and when a large webhook may go again.
#[derive(Debug)]
pub(crate) struct Turns {
    last: AtomicI64,
    large: Mutex<LargeTurn>,
}

/// When a large webhook may go before others.
#[derive(Clone, Copy, Debug)]
enum LargeTurn {
    From(Option<Instant>),
    /// One is under way in this process: its other ingesters are for the others.
    UnderWay,
}

impl Default for Turns {
    fn default() -> Self {
        Self { last: AtomicI64::new(-1), large: Mutex::new(LargeTurn::From(None)) }
    }
}

impl Turns {
    fn large_may_go(&self) -> LargeMayGo {
        match *self.large.lock() {
            LargeTurn::UnderWay => LargeMayGo::Never,
            LargeTurn::From(Some(from)) if from > Instant::now() => LargeMayGo::IfAlone,
            LargeTurn::From(_) => LargeMayGo::First,
        }
    }

    fn large_begins(&self) {
        *self.large.lock() = LargeTurn::UnderWay;
    }

    /// Gives the other queues as much time as the large webhook took.
    fn large_took(&self, time: Duration) {
        *self.large.lock() = LargeTurn::From(Instant::now().checked_add(time));
    }
}

/// Whether a large webhook may be taken now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LargeMayGo {
    /// Before others.
    First,
    /// If nothing else waits.
    IfAlone,
    Never,
}

/// A webhook that waits, and its size.
type QueuedWebhook = (WebhookEventId, u64);

/// The queues whose turn is next, in the order of their turns.
pub(super) async fn next(db: &Db, turns: &Turns) -> Result<Vec<i64>> {
    let last = turns.last.load(Ordering::Relaxed);
    let mut queues = after(db, last, QUEUES).await?;
    if queues.len() < QUEUES && last >= 0 {
        let first = after(db, -1, QUEUES - queues.len()).await?;
        queues.extend(first.into_iter().filter(|queue| *queue <= last));
    }
    Ok(queues)
}

/// Steps from queue to queue by the index, so that a long one costs no more than a short one.
async fn after(db: &Db, queue: i64, limit: usize) -> Result<Vec<i64>> {
    let sql = "WITH RECURSIVE q(queue, seen) AS (
            SELECT (SELECT MIN(e.queue) FROM webhook_events e
                WHERE e.queue > $1 AND e.processed_at IS NULL AND e.error IS NULL), 1
            UNION ALL
            SELECT (SELECT MIN(e.queue) FROM webhook_events e
                WHERE e.queue > q.queue AND e.processed_at IS NULL AND e.error IS NULL), q.seen + 1
            FROM q WHERE q.queue IS NOT NULL AND q.seen < $2)
        SELECT q.queue FROM q WHERE q.queue IS NOT NULL ORDER BY q.queue";
    let queues: Vec<(i64,)> = db.all(sql, args![queue, i64::try_from(limit).unwrap_or(i64::MAX)]).await?;
    Ok(queues.into_iter().map(|(queue,)| queue).collect())
}

/// The webhooks of the next batch.
pub(super) struct NextBatch<'a> {
    queues: &'a [i64],
    turns: &'a Turns,
    pub(super) now: Timestamp,
    limits: IngestLimits,
    is_large: AtomicBool,
    began: Instant,
}

/// Ends the turn of a large webhook, however it ended.
impl Drop for NextBatch<'_> {
    fn drop(&mut self) {
        if self.is_large() {
            self.turns.large_took(self.began.elapsed());
        }
    }
}

impl<'a> NextBatch<'a> {
    pub(super) fn new(queues: &'a [i64], turns: &'a Turns, now: Timestamp, limits: IngestLimits) -> Self {
        Self { queues, turns, now, limits, is_large: AtomicBool::new(false), began: Instant::now() }
    }

    /// Whether a large webhook was chosen, which goes alone.
    pub(super) fn is_large(&self) -> bool {
        self.is_large.load(Ordering::Relaxed)
    }

    /// Chooses webhooks without locking them: on SQLite one process takes them.
    pub(super) async fn read(&self, db: &Db) -> Result<Vec<WebhookEventId>> {
        let mut found = QueueContents::new(self);
        while let Some((queue, share)) = found.wanted() {
            found.add(db.all(AssertSqlSafe(sql(db.backend())), self.args(queue, share)).await?);
        }
        Ok(self.choose(&found))
    }

    /// Chooses webhooks and locks them for this transaction, which has done nothing yet. Those that another one has locked are skipped.
    pub(super) async fn hold(&self, tx: &mut Tx) -> Result<Vec<WebhookEventId>> {
        let found = self.look(tx).await?;
        let chosen = self.choose(&found);
        if !self.is_large() {
            return Ok(chosen);
        }
        // All that were looked at are locked. The others must not wait for as long as the large one takes.
        tx.begin_again().await?;
        let sql = format!(
            "SELECT e.id FROM webhook_events e WHERE e.id = $1 AND e.processed_at IS NULL AND e.error IS NULL{}",
            dialect::lock_rows(tx.backend())
        );
        let ids: Vec<(WebhookEventId,)> = tx.all(AssertSqlSafe(sql), args![chosen.first().copied()]).await?;
        Ok(ids.into_iter().map(|(id,)| id).collect())
    }

    /// Chooses and locks webhooks without counting their queues' turns.
    pub(super) async fn peek(&self, tx: &mut Tx) -> Result<Vec<WebhookEventId>> {
        let ChosenWebhooks { ids, .. } = self.look(tx).await?.chosen(LargeMayGo::First);
        Ok(ids)
    }

    async fn look(&self, tx: &mut Tx) -> Result<QueueContents<'_>> {
        let mut found = QueueContents::new(self);
        while let Some((queue, share)) = found.wanted() {
            found.add(tx.all(AssertSqlSafe(sql(tx.backend())), self.args(queue, share)).await?);
        }
        Ok(found)
    }

    fn choose(&self, found: &QueueContents<'_>) -> Vec<WebhookEventId> {
        // It keeps its turn when it is chosen again, after a collision.
        let may_go = if self.is_large() { LargeMayGo::First } else { self.turns.large_may_go() };
        let ChosenWebhooks { ids, large, last } = found.chosen(may_go);
        if let Some(last) = last {
            self.turns.last.store(last, Ordering::Relaxed);
        }
        if large {
            self.turns.large_begins();
        } else if self.is_large() {
            self.turns.large_took(self.began.elapsed());
        }
        self.is_large.store(large, Ordering::Relaxed);
        ids
    }

    fn args(&self, queue: i64, share: usize) -> Vec<Value> {
        args![self.now, queue, i64::try_from(share).unwrap_or(i64::MAX)]
    }
}

/// Reads ids and sizes first: bodies are large, and only as many as fit are read.
fn sql(backend: Backend) -> String {
    format!(
        "SELECT e.id, CAST(octet_length(e.body) AS BIGINT) FROM webhook_events e
            WHERE e.queue = $2 AND {} LIMIT $3{}",
        Turn::New.due(),
        dialect::lock_rows(backend)
    )
}

/// The waiting webhooks read from the queues so far.
struct QueueContents<'a> {
    batch: &'a NextBatch<'a>,
    queues: Vec<Vec<QueuedWebhook>>,
    count: usize,
}

/// The webhooks that are taken.
struct ChosenWebhooks {
    ids: Vec<WebhookEventId>,
    /// Whether it is a large webhook, which goes alone.
    large: bool,
    /// The queue that had its turn last.
    last: Option<i64>,
}

impl<'a> QueueContents<'a> {
    fn new(batch: &'a NextBatch<'a>) -> Self {
        Self { batch, queues: Vec::new(), count: 0 }
    }

    /// The next queue to read, and how many of its webhooks: a share of the number still needed.
    fn wanted(&self) -> Option<(i64, usize)> {
        let queue = self.batch.queues.get(self.queues.len())?;
        let left = self.batch.limits.events.saturating_sub(self.count);
        let share = left.div_ceil(self.batch.queues.len() - self.queues.len());
        (left > 0).then_some((*queue, share))
    }

    fn add(&mut self, found: Vec<QueuedWebhook>) {
        self.count += found.len();
        self.queues.push(found);
    }

    fn chosen(&self, large_may_go: LargeMayGo) -> ChosenWebhooks {
        let limit = self.batch.limits.bytes;
        let share = if self.batch.queues.len() == 1 { limit } else { limit.min(SHARE) };
        let fitting: Vec<&[QueuedWebhook]> = self.queues.iter().map(|found| within(found, share)).collect();
        let mut large = self.queues.iter().zip(&fitting).zip(self.batch.queues);
        let large = large.find_map(|((found, fitting), queue)| {
            fitting.is_empty().then_some(())?;
            Some((found.first()?.0, *queue))
        });
        let others = fitting.iter().any(|fitting| !fitting.is_empty());
        match large {
            Some((id, queue))
                if large_may_go == LargeMayGo::First || (!others && large_may_go == LargeMayGo::IfAlone) =>
            {
                ChosenWebhooks { ids: vec![id], large: limit > SHARE, last: Some(queue) }
            }
            _ => {
                let longest = fitting.iter().map(|fitting| fitting.len()).max().unwrap_or(0);
                let turns = (0..longest).flat_map(|turn| fitting.iter().filter_map(move |of| of.get(turn)));
                let turns: Vec<QueuedWebhook> = turns.copied().collect();
                let last =
                    self.queues.len().checked_sub(1).and_then(|looked_at| self.batch.queues.get(looked_at));
                let ids = within(&turns, limit).iter().map(|(id, _)| *id).collect();
                ChosenWebhooks { ids, large: false, last: last.copied() }
            }
        }
    }
}

/// The first webhooks that together fit into a number of bytes.
fn within(waiting: &[QueuedWebhook], limit: usize) -> &[QueuedWebhook] {
    let mut bytes = 0_usize;
    let fit = waiting.iter().take_while(|(_, size)| {
        bytes = bytes.saturating_add(usize::try_from(*size).unwrap_or(usize::MAX));
        bytes <= limit
    });
    &waiting[..fit.count()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: u64 = SHARE as u64 + 1;

    fn taken(queues: &[&[u64]], limits: IngestLimits, may_go: LargeMayGo) -> Vec<i64> {
        let names: Vec<i64> = (0..).take(queues.len()).collect();
        let turns = Turns::default();
        let batch = NextBatch::new(&names, &turns, Timestamp(0), limits);
        let mut found = QueueContents::new(&batch);
        for (name, sizes) in (0..).zip(queues) {
            let Some((queue, share)) = found.wanted() else { break };
            assert_eq!(queue, name);
            let ids = (100 * name..).map(WebhookEventId);
            found.add(ids.zip(sizes.iter().copied()).take(share).collect());
        }
        found.chosen(may_go).ids.into_iter().map(|id| id.0).collect()
    }

    #[test]
    fn first_webhook_always_fits_and_the_others_up_to_the_limit() {
        let limits = IngestLimits { events: 10, bytes: 100 };
        assert_eq!(taken(&[&[500, 1]], limits, LargeMayGo::IfAlone), [0]);
        assert_eq!(taken(&[&[50, 50, 1]], limits, LargeMayGo::First), [0, 1]);
        assert!(taken(&[], limits, LargeMayGo::First).is_empty());
        let large = IngestLimits { events: 10, bytes: 10 * SHARE };
        assert_eq!(taken(&[&[LARGE, 1, LARGE]], large, LargeMayGo::First), [0, 1, 2], "there is nobody else");
    }

    #[test]
    fn queues_take_turns_and_use_the_unused_share_of_others() {
        let limits = IngestLimits { events: 6, bytes: 100 };
        assert_eq!(taken(&[&[1; 9], &[1; 9]], limits, LargeMayGo::First), [0, 100, 1, 101, 2, 102]);
        assert_eq!(taken(&[&[1], &[1; 9]], limits, LargeMayGo::First), [0, 100, 101, 102, 103, 104]);
        assert_eq!(taken(&[&[60; 9], &[1; 9]], limits, LargeMayGo::First), [0, 100, 101, 102]);
        assert_eq!(taken(&[&[], &[1]], IngestLimits { events: 1, bytes: 1 }, LargeMayGo::First), [100]);
    }

    #[test]
    fn large_webhook_goes_alone_and_not_always_before_others() {
        let limits = IngestLimits { events: 8, bytes: 4 * SHARE };
        let queues: &[&[u64]] = &[&[1, 1], &[LARGE, 1], &[LARGE]];
        assert_eq!(taken(queues, limits, LargeMayGo::First), [100]);
        assert_eq!(taken(queues, limits, LargeMayGo::IfAlone), [0, 1]);
        assert_eq!(taken(&queues[1..], limits, LargeMayGo::IfAlone), [0], "nobody else waits");
        assert!(taken(&queues[1..], limits, LargeMayGo::Never).is_empty(), "another one is under way");
        assert_eq!(taken(queues, limits, LargeMayGo::Never), [0, 1]);
        let half: &[&[u64]] = &[&[SHARE as u64, SHARE as u64], &[1, 1, 1]];
        assert_eq!(
            taken(half, limits, LargeMayGo::First),
            [0, 100, 101, 102],
            "a turn is worth so many bytes"
        );
    }

    #[test]
    fn other_queues_get_as_much_time_as_a_large_webhook_took() {
        let turns = Turns::default();
        assert_eq!(turns.large_may_go(), LargeMayGo::First);
        turns.large_begins();
        assert_eq!(turns.large_may_go(), LargeMayGo::Never);
        turns.large_took(Duration::from_secs(3600));
        assert_eq!(turns.large_may_go(), LargeMayGo::IfAlone);
        turns.large_took(Duration::ZERO);
        assert_eq!(turns.large_may_go(), LargeMayGo::First);
    }
}
