//! Which webhooks come next: each company's stand in a queue of their own, and all queues take turns, so that one with very
//! many webhooks, or very large ones, holds up no other by more than one of them.
//!
//! Which queues there are is only a hint: it is read before the webhooks are taken. One that begins meanwhile has its turn in
//! the next look, and one that ended gives nothing.

use std::sync::atomic::{AtomicI64, Ordering};

use mediary_core::{Timestamp, WebhookEventId};
use sqlx::AssertSqlSafe;

use super::{IngestLimits, Turn};
use crate::db::{Db, Tx};
use crate::value::{Value, args};
use crate::{Backend, Result, dialect};

/// Queues that have their turn in one batch.
const QUEUES: usize = 32;

/// The queue that had its turn last.
#[derive(Debug)]
pub(crate) struct LastQueue(AtomicI64);

impl Default for LastQueue {
    fn default() -> Self {
        Self(AtomicI64::new(-1))
    }
}

/// A webhook that waits, and its size.
pub(super) type Waiting = (WebhookEventId, u64);

/// The queues whose turn is next, in the order of their turns.
pub(super) async fn next(db: &Db, last: &LastQueue) -> Result<Vec<i64>> {
    let last = last.0.load(Ordering::Relaxed);
    let mut queues = after(db, last, QUEUES).await?;
    if queues.len() < QUEUES && last >= 0 {
        let first = after(db, -1, QUEUES - queues.len()).await?;
        queues.extend(first.into_iter().filter(|queue| *queue <= last));
    }
    Ok(queues)
}

/// From queue to queue by the index, so that a long one costs no more than a short one.
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

/// The webhooks of the next batch: the first of each queue, then the second of each, as far as the limits go.
pub(super) struct Take<'a> {
    pub(super) queues: &'a [i64],
    pub(super) last: &'a LastQueue,
    pub(super) now: Timestamp,
    pub(super) limits: IngestLimits,
}

impl Take<'_> {
    /// Without holding them, on SQLite, where one process takes them.
    pub(super) async fn read(&self, db: &Db) -> Result<Vec<WebhookEventId>> {
        let mut found = Found::new(self);
        while let Some((queue, share)) = found.wanted() {
            found.add(db.all(AssertSqlSafe(sql(db.backend())), self.args(queue, share)).await?);
        }
        Ok(found.taken())
    }

    /// Held for this transaction. What another one holds is passed over.
    pub(super) async fn hold(&self, tx: &mut Tx) -> Result<Vec<WebhookEventId>> {
        let mut found = Found::new(self);
        while let Some((queue, share)) = found.wanted() {
            found.add(tx.all(AssertSqlSafe(sql(tx.backend())), self.args(queue, share)).await?);
        }
        Ok(found.taken())
    }

    /// The one that comes first. It is not taken.
    pub(super) async fn peek(&self, db: &Db) -> Result<Option<WebhookEventId>> {
        for queue in self.queues {
            let sql = sql(Backend::Sqlite);
            if let Some((id, _)) = db.first::<Waiting>(AssertSqlSafe(sql), self.args(*queue, 1)).await? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    fn args(&self, queue: i64, share: usize) -> Vec<Value> {
        args![self.now, queue, i64::try_from(share).unwrap_or(i64::MAX)]
    }
}

/// Ids and sizes first: bodies are large, and only as many as fit are read.
fn sql(backend: Backend) -> String {
    format!(
        "SELECT e.id, CAST(octet_length(e.body) AS BIGINT) FROM webhook_events e
            WHERE e.queue = $2 AND {} LIMIT $3{}",
        Turn::New.due(),
        dialect::lock_rows(backend)
    )
}

/// What was found in the queues so far.
struct Found<'a> {
    take: &'a Take<'a>,
    queues: Vec<Vec<Waiting>>,
    count: usize,
}

impl<'a> Found<'a> {
    fn new(take: &'a Take<'a>) -> Self {
        Self { take, queues: Vec::new(), count: 0 }
    }

    /// The next queue to look into, and how much of it: a share of what is still wanted.
    fn wanted(&self) -> Option<(i64, usize)> {
        let queue = self.take.queues.get(self.queues.len())?;
        let left = self.take.limits.events.saturating_sub(self.count);
        let share = left.div_ceil(self.take.queues.len() - self.queues.len());
        (left > 0).then_some((*queue, share))
    }

    fn add(&mut self, found: Vec<Waiting>) {
        self.count += found.len();
        self.queues.push(found);
    }

    /// In turns, as many as fit.
    fn taken(&self) -> Vec<WebhookEventId> {
        let longest = self.queues.iter().map(Vec::len).max().unwrap_or(0);
        let turns = (0..longest).flat_map(|place| {
            let queues = self.queues.iter().zip(self.take.queues);
            queues.filter_map(move |(found, queue)| Some((*found.get(place)?, *queue)))
        });
        let fit = within(turns, self.take.limits.bytes);
        if let Some((_, queue)) = fit.last() {
            self.take.last.0.store(*queue, Ordering::Relaxed);
        }
        fit.into_iter().map(|(id, _)| id).collect()
    }
}

/// The first webhooks that fit into so many bytes; one always does.
fn within(waiting: impl Iterator<Item = (Waiting, i64)>, limit: usize) -> Vec<(WebhookEventId, i64)> {
    let mut bytes = 0;
    let fits = |((_, size), _): &(Waiting, i64)| {
        let first = bytes == 0;
        bytes += usize::try_from(*size).unwrap_or(usize::MAX).max(1);
        first || bytes <= limit
    };
    waiting.take_while(fits).map(|((id, _), queue)| (id, queue)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(queues: &[&[u64]], limits: IngestLimits) -> Vec<i64> {
        let names: Vec<i64> = (0..).take(queues.len()).collect();
        let last = LastQueue::default();
        let take = Take { queues: &names, last: &last, now: Timestamp(0), limits };
        let mut found = Found::new(&take);
        for (name, sizes) in (0..).zip(queues) {
            let Some((queue, share)) = found.wanted() else { break };
            assert_eq!(queue, name);
            let ids = (100 * name..).map(WebhookEventId);
            found.add(ids.zip(sizes.iter().copied()).take(share).collect());
        }
        found.taken().into_iter().map(|id| id.0).collect()
    }

    #[test]
    fn one_webhook_always_fits_and_the_rest_as_far_as_it_does() {
        let limits = IngestLimits { events: 10, bytes: 100 };
        assert_eq!(taken(&[&[500, 1]], limits), [0]);
        assert_eq!(taken(&[&[50, 50, 1]], limits), [0, 1]);
        assert!(taken(&[], limits).is_empty());
    }

    #[test]
    fn queues_take_turns_and_what_one_leaves_is_the_others() {
        let limits = IngestLimits { events: 6, bytes: 100 };
        assert_eq!(taken(&[&[1; 9], &[1; 9]], limits), [0, 100, 1, 101, 2, 102]);
        assert_eq!(taken(&[&[1], &[1; 9]], limits), [0, 100, 101, 102, 103, 104]);
        assert_eq!(taken(&[&[60; 9], &[1; 9]], limits), [0, 100]);
        assert_eq!(taken(&[&[], &[1]], IngestLimits { events: 1, bytes: 1 }), [100]);
    }
}
