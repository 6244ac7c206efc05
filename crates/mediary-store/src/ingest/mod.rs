//! From webhook events to messages, contacts, conversations and media files: taken, written and marked in one go, so
//! that a crash at any point means that it is done again, and doing it again changes nothing.

mod apply;
mod contacts;
mod conversations;
mod duplicates;
mod edits;
mod growth;
mod import;
mod media;
mod merge;
mod messages;
mod reactions;
mod statuses;
mod types;
mod waiting;

use mediary_core::{Timestamp, WebhookEventId};
use sqlx::AssertSqlSafe;

pub use types::*;

use crate::bulk::Bulk;
use crate::db::{Db, Tx};
use crate::record::Record as _;
use crate::value::args;
use crate::{Backend, Result, Store, WebhookEvent, dialect};
use apply::Applied;
pub(crate) use growth::Growth;

/// Items written in one transaction on SQLite, where nobody else can write meanwhile. Items are written once however
/// often they come, so an event may be spread over several transactions as long as the last one marks it.
const SQLITE_ITEMS: usize = 256;

impl Store {
    /// Takes waiting events in the order of their arrival, asks `plan` what they mean, and writes that.
    ///
    /// Several processes may do so at once: on Postgres each takes events that no other one has in hand.
    pub async fn ingest(
        &self,
        limits: IngestLimits,
        plan: impl FnOnce(&[WebhookEvent]) -> IngestPlan + Send,
    ) -> Result<IngestOutcome> {
        let now = self.now();
        let db = self.db();
        let (events, applied) = match db.backend() {
            Backend::Sqlite => {
                let waiting =
                    db.all(AssertSqlSafe(waiting_sql(Backend::Sqlite)), waiting_args(now, limits)).await?;
                let events = bodies(&within(&waiting, limits)).read(db).await?;
                let plan = plan(&events);
                let planned = planned(events, &plan.later);
                (plan_size(&planned), write_in_slices(db, now, &planned, plan).await?)
            }
            Backend::Postgres => {
                let mut tx = db.begin().await?;
                let waiting =
                    tx.all(AssertSqlSafe(waiting_sql(Backend::Postgres)), waiting_args(now, limits)).await?;
                let events = bodies(&within(&waiting, limits)).run(&mut tx).await?;
                let IngestPlan { items, notes, later } = plan(&events);
                let planned = planned(events, &later);
                let applied = apply::apply(&mut tx, now, items).await?;
                mark_processed(&mut tx, now, &planned, &notes).await?;
                tx.commit().await?;
                (plan_size(&planned), applied)
            }
        };
        self.inner.growth.keep_up(db, applied.newest).await;
        let (count, newest) = events;
        let newest_lag = newest.map(|received_at| now.since(received_at)).unwrap_or_default();
        Ok(IngestOutcome {
            events: count,
            changes: applied.changes,
            downloads_due: applied.downloads_due,
            newest_lag,
        })
    }
}

/// The events that are done with this plan.
fn planned(mut events: Vec<WebhookEvent>, later: &[WebhookEventId]) -> Vec<WebhookEvent> {
    events.retain(|event| !later.contains(&event.id));
    events
}

fn plan_size(events: &[WebhookEvent]) -> (usize, Option<Timestamp>) {
    (events.len(), events.iter().map(|event| event.received_at).max())
}

/// Ids and sizes first: bodies are large, and only as many as fit are read.
fn waiting_sql(backend: Backend) -> String {
    let sql = "SELECT e.id, CAST(octet_length(e.body) AS BIGINT) FROM webhook_events e
        WHERE e.processed_at IS NULL AND e.next_attempt_at <= $1 ORDER BY e.id LIMIT $2";
    format!("{sql}{}", dialect::lock_rows(backend))
}

fn waiting_args(now: Timestamp, limits: IngestLimits) -> Vec<crate::value::Value> {
    args![now, limits.events]
}

/// The first events that fit into the limits; one always does.
fn within(waiting: &[(WebhookEventId, u64)], limits: IngestLimits) -> Vec<WebhookEventId> {
    let mut bytes = 0;
    let fits = |(_, size): &&(WebhookEventId, u64)| {
        let first = bytes == 0;
        bytes += usize::try_from(*size).unwrap_or(usize::MAX).max(1);
        first || bytes <= limits.bytes
    };
    waiting.iter().take_while(fits).map(|(id, _)| *id).collect()
}

fn bodies(ids: &[WebhookEventId]) -> Bulk {
    let after = format!(
        ") SELECT {} FROM k CROSS JOIN webhook_events e WHERE e.id = k.id ORDER BY e.id",
        WebhookEvent::SELECT
    );
    let mut select = Bulk::new("WITH k(id) AS (", after);
    for id in ids {
        select.push(args![*id]);
    }
    select
}

async fn write_in_slices(
    db: &Db,
    now: Timestamp,
    events: &[WebhookEvent],
    plan: IngestPlan,
) -> Result<Applied> {
    let mut applied = Applied::default();
    if events.is_empty() {
        return Ok(applied);
    }
    let mut items = plan.items.into_iter();
    loop {
        let slice: Vec<PlannedItem> = items.by_ref().take(SQLITE_ITEMS).collect();
        let mut tx = db.begin().await?;
        applied.add(apply::apply(&mut tx, now, slice).await?);
        let last = items.len() == 0;
        if last {
            mark_processed(&mut tx, now, events, &plan.notes).await?;
        }
        tx.commit().await?;
        if last {
            return Ok(applied);
        }
    }
}

async fn mark_processed(
    tx: &mut Tx,
    now: Timestamp,
    events: &[WebhookEvent],
    notes: &[(WebhookEventId, String)],
) -> Result<()> {
    let mut mark = Bulk::new(
        "WITH k(id, at, note) AS (",
        ") UPDATE webhook_events SET processed_at = k.at, error = k.note FROM k WHERE webhook_events.id = k.id",
    );
    for event in events {
        let of_event: Vec<&str> =
            notes.iter().filter(|(id, _)| *id == event.id).map(|(_, note)| note.as_str()).collect();
        let note = Some(of_event.join("; ")).filter(|note| !note.is_empty());
        mark.push(args![event.id, now, note]);
    }
    mark.execute(tx).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_always_fits_and_the_rest_as_far_as_it_does() {
        let limits = IngestLimits { events: 10, bytes: 100 };
        let waiting =
            |sizes: &[u64]| -> Vec<_> { (1..).map(WebhookEventId).zip(sizes.iter().copied()).collect() };
        assert_eq!(within(&waiting(&[500, 1]), limits).len(), 1);
        assert_eq!(within(&waiting(&[50, 50, 1]), limits).len(), 2);
        assert!(within(&[], limits).is_empty());
    }
}
