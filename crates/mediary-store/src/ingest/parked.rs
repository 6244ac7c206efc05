//! Items that could not be recorded: kept with their webhook, shown to their company, and retried with growing waits.

use std::time::Duration;

use mediary_core::{AccountId, Backoff, CompanyId, Timestamp, WebhookEventId};
use sqlx::AssertSqlSafe;

use super::applied::AppliedChanges;
use super::apply;
use super::collisions::Tries;
use super::company_locks;
use super::types::{IngestOutcome, IngestPlan, Unrecordable};
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::people::audit;
use crate::record::{Record as _, record};
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::row;
use crate::{Actor, Cursor, Error, Page, PageRequest, Result, Store, WebhookEvent, dialect};

/// The waits between retries, and how many retries there are before only a request of a user causes one. The first wait is short,
/// because the cause may have been a collision with other nodes that write the same contacts.
const AGAIN: Backoff = Backoff { first: Duration::from_secs(2), max: Duration::from_secs(24 * 3600) };
/// The wait of items that this release can never record: long, for there may be very many of them, and only another release can.
const LASTING: Duration = Duration::from_secs(24 * 3600);
const ATTEMPTS: u32 = 20;
const BUSY: &str = "identities of the company are changed at this moment";
/// The longest wait of a parked item.
pub(crate) const PARKED_WAIT_MAX: Duration = LASTING;
const _: () = assert!(AGAIN.max.as_secs() <= PARKED_WAIT_MAX.as_secs());

record! {
    /// An item of a webhook that could not be recorded.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ParkedItem from parked_items as p {
        pub id: i64,
        pub company_id: CompanyId,
        pub account_id: AccountId,
        pub event_id: WebhookEventId,
        /// Which of the webhook's items it is.
        pub place: i64,
        pub reason: String,
        pub attempts: u32,
        /// When it is retried automatically.
        pub next_attempt_at: Option<Timestamp>,
        pub received_at: Timestamp,
        pub parked_at: Timestamp,
    }
}

/// Parked items that are due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueItems {
    pub items: Vec<(CompanyId, i64)>,
    /// The company after which the next call resumes; 0 to begin with the first.
    pub reached: CompanyId,
}

/// The outcome of a retry of a parked item.
#[derive(Debug)]
pub enum ParkedItemOutcome {
    Recorded(IngestOutcome),
    /// It stays, for this reason.
    Refused(String),
}

/// The time of the next retry after this many attempts.
fn next_attempt(now: Timestamp, attempts: u32, lasting: bool) -> Option<Timestamp> {
    let wait = if lasting { LASTING } else { AGAIN.wait(attempts.saturating_add(1)) };
    (attempts < ATTEMPTS).then(|| now.plus(wait))
}

/// The outcome of one try.
enum Retried {
    Recorded(AppliedChanges),
    Refused(Refusal),
    /// Another transaction changes identities in the company.
    Busy,
}

/// Why an item stays parked.
struct Refusal {
    reason: String,
    lasting: bool,
}

/// Sets items aside, each once however often its webhook is read.
pub(super) async fn keep(
    tx: &mut Tx,
    now: Timestamp,
    events: &[WebhookEvent],
    items: &[Unrecordable],
) -> Result<()> {
    let mut insert = Bulk::insert("parked_items", "ON CONFLICT (company_id, event_id, place) DO NOTHING");
    for item in items {
        let event = events.iter().find(|event| event.id == item.event);
        insert.push(row! {
            company_id => item.source.company_id,
            account_id => item.source.account_id,
            event_id => item.event,
            place => item.source.place,
            raw => item.source.raw.as_str(),
            reason => item.reason.as_str(),
            next_attempt_at => next_attempt(now, 0, item.lasting),
            received_at => event.map_or(now, |event| event.received_at),
            parked_at => now,
        });
    }
    insert.execute(tx).await?;
    Ok(())
}

type Row = (ParkedItem, (String,));

fn select(rest: &str) -> String {
    format!("SELECT {}, p.raw FROM parked_items p WHERE {rest}", ParkedItem::SELECT)
}

fn webhook_sql() -> String {
    format!("SELECT {} FROM webhook_events e WHERE e.id = $1", WebhookEvent::SELECT)
}

impl Store {
    /// The items of a company's webhooks that could not be recorded, oldest first.
    pub async fn parked_items(&self, company: CompanyId, page: &PageRequest) -> Result<Page<ParkedItem>> {
        let sql = select("p.company_id = $1 AND p.id > $2 ORDER BY p.id LIMIT $3");
        let args = args![company, page.after_id()?, page.row_count()];
        let rows: Vec<Row> = self.db().all(AssertSqlSafe(sql), args).await?;
        let rows = rows.into_iter().map(|(item, _)| item).collect();
        Ok(Page::from_rows(rows, page.limit, |item: &ParkedItem| Cursor::number(item.id, item.id)))
    }

    /// The webhook of a parked item, as long as that is kept.
    pub async fn parked_webhook(&self, item: &ParkedItem) -> Result<Option<WebhookEvent>> {
        self.db().first(AssertSqlSafe(webhook_sql()), args![item.event_id]).await
    }

    pub async fn parked_item(&self, company: CompanyId, id: i64) -> Result<Option<ParkedItem>> {
        let sql = select("p.company_id = $1 AND p.id = $2");
        let row: Option<Row> = self.db().first(AssertSqlSafe(sql), args![company, id]).await?;
        Ok(row.map(|(item, _)| item))
    }

    /// Items that are due now: a share for each company with parked items, from the companies after that one.
    pub async fn due_parked_items(&self, after: CompanyId, limit: u32) -> Result<DueItems> {
        // Steps from company to company by the index, so that many items of one company cost no more than one item.
        let sql = "WITH RECURSIVE c(company, seen) AS (
                SELECT (SELECT MIN(p.company_id) FROM parked_items p
                    WHERE p.company_id > $1 AND p.next_attempt_at IS NOT NULL), 1
                UNION ALL
                SELECT (SELECT MIN(p.company_id) FROM parked_items p
                    WHERE p.company_id > c.company AND p.next_attempt_at IS NOT NULL),
                    c.seen + 1 FROM c WHERE c.company IS NOT NULL AND c.seen < $2)
            SELECT c.company FROM c WHERE c.company IS NOT NULL ORDER BY c.company";
        let companies: Vec<(CompanyId,)> = self.db().all(sql, args![after, limit]).await?;
        let found = u32::try_from(companies.len()).unwrap_or(limit);
        let more = companies.last().filter(|_| found == limit);
        let mut due = DueItems { items: Vec::new(), reached: more.map_or(CompanyId(0), |(last,)| *last) };
        let sql = "SELECT p.company_id, p.id FROM parked_items p WHERE p.company_id = $1 AND p.next_attempt_at <= $2
            ORDER BY p.next_attempt_at, p.id LIMIT $3";
        for (company,) in companies {
            let share = args![company, self.now(), limit / found];
            due.items.extend(self.db().all::<(CompanyId, i64)>(sql, share).await?);
        }
        Ok(due)
    }

    /// Gives up items whose webhook came before then; their webhooks may go after them.
    pub async fn prune_parked_items(&self, received_before: Timestamp, limit: u32) -> Result<u64> {
        let sql = "DELETE FROM parked_items WHERE (company_id, id) IN (SELECT p.company_id, p.id FROM parked_items p
                WHERE p.received_at < $1 ORDER BY p.received_at LIMIT $2)";
        self.db().execute(sql, args![received_before, limit]).await
    }

    /// How many items of a company are parked.
    pub async fn parked_items_of(&self, company: CompanyId) -> Result<u64> {
        let sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM parked_items WHERE company_id = $1";
        Ok(self.db().first::<(u64,)>(sql, args![company]).await?.map_or(0, |(count,)| count))
    }

    /// How many items of all companies are parked.
    pub async fn parked_item_count(&self) -> Result<u64> {
        let sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM parked_items";
        Ok(self.db().first::<(u64,)>(sql, args![]).await?.map_or(0, |(count,)| count))
    }

    /// Retries one item, because a user requests it or because it is due: `plan` gets its webhook, its index among the webhook's items
    /// and the item as JSON. It must be quick, for it is called within the transaction. `None` if there is no such item, or another
    /// node recorded or retried it meanwhile.
    ///
    /// If several nodes find an item due at once, it counts as one retry. It is locked while it is retried, so the second node waits,
    /// and then finds it gone or no longer due. If the schema refuses the item, that can be recorded only after the transaction, and
    /// the second node may begin in between: the results of both are counted once, for the condition includes the number of attempts.
    pub async fn retry_parked_item(
        &self,
        company: CompanyId,
        id: i64,
        by: Option<&Actor>,
        mut plan: impl FnMut(&WebhookEvent, i64, &str) -> IngestPlan + Send,
    ) -> Result<Option<ParkedItemOutcome>> {
        let now = self.now();
        let mut tries = Tries::default();
        loop {
            let mut tx = self.db().begin().await?;
            // Postgres looks at the condition again on a row that it waited for.
            let sql = select("p.company_id = $1 AND p.id = $2 AND ($3 OR p.next_attempt_at <= $4)")
                + &dialect::hold_rows(tx.backend(), "p");
            let args = args![company, id, by.is_some(), now];
            let found: Option<Row> = tx.first(AssertSqlSafe(sql), args).await?;
            let Some((item, (raw,))) = found else { return Ok(None) };
            match record_parked(&mut tx, now, &item, &raw, &tries, &mut plan).await {
                Ok(Retried::Recorded(applied)) => {
                    note_retry(&mut tx, now, &item, by).await?;
                    tx.commit().await?;
                    self.inner.growth.keep_up(self.db(), applied.newest).await;
                    let AppliedChanges { changes, downloads_due, .. } = applied;
                    return Ok(Some(ParkedItemOutcome::Recorded(IngestOutcome {
                        changes,
                        downloads_due,
                        ..IngestOutcome::default()
                    })));
                }
                // It stays due. A user, who waits for an answer, gets a few more tries.
                Ok(Retried::Busy) if by.is_none() => {
                    tx.roll_back().await;
                    return Ok(None);
                }
                Ok(Retried::Busy) => tries.after(tx, Error::collision(BUSY)).await?,
                Ok(Retried::Refused(refusal)) => {
                    tx.roll_back().await;
                    let stays = self.refuse_again(&item, &refusal, by).await?
                        || (by.is_some() && self.parked_item(company, id).await?.is_some());
                    return Ok(stays.then_some(ParkedItemOutcome::Refused(refusal.reason)));
                }
                Err(error) => tries.after(tx, error).await?,
            }
        }
    }

    /// False if somebody else recorded it, or was refused, since it was read.
    async fn refuse_again(&self, item: &ParkedItem, refusal: &Refusal, by: Option<&Actor>) -> Result<bool> {
        let sql = "UPDATE parked_items SET attempts = attempts + 1, reason = $3, next_attempt_at = $4
            WHERE company_id = $1 AND id = $2 AND attempts = $5";
        let now = self.now();
        let next = next_attempt(now, item.attempts.saturating_add(1), refusal.lasting);
        transaction!(self.db(), |tx| {
            let reason = refusal.reason.as_str();
            let args = args![item.company_id, item.id, reason, next, item.attempts];
            let refused = tx.execute(sql, args).await? > 0;
            if refused {
                note_retry(tx, now, item, by).await?;
            }
            Ok(refused)
        })
    }
}

/// Writes the audit row of a retry that a user requested; automatic retries have none.
async fn note_retry(tx: &mut Tx, now: Timestamp, item: &ParkedItem, by: Option<&Actor>) -> Result<()> {
    let Some(by) = by else { return Ok(()) };
    let record = format!("webhook_event:{}", item.id);
    audit::note(tx, now, item.company_id, by, "webhook_event.retried", &record).await
}

/// Records an item and removes it from the list.
async fn record_parked(
    tx: &mut Tx,
    now: Timestamp,
    item: &ParkedItem,
    raw: &str,
    tries: &Tries,
    plan: &mut (impl FnMut(&WebhookEvent, i64, &str) -> IngestPlan + Send),
) -> Result<Retried> {
    let refused = |reason: String, lasting: bool| Ok(Retried::Refused(Refusal { reason, lasting }));
    let event: Option<WebhookEvent> = tx.first(AssertSqlSafe(webhook_sql()), args![item.event_id]).await?;
    let Some(event) = event else {
        return refused("its webhook is not kept any more".to_owned(), true);
    };
    let planned = plan(&event, item.place, raw);
    if let Some(parked) = planned.parked.into_iter().next() {
        return refused(parked.reason, parked.lasting);
    }
    if planned.items.is_empty() {
        let notes: Vec<String> = planned.notes.into_iter().map(|(_, note)| note).collect();
        return refused(notes.join("; "), false);
    }
    if !company_locks::busy_companies(tx, &planned.items, tries.collided_before()).await?.is_empty() {
        return Ok(Retried::Busy);
    }
    let applied = match apply::apply(tx, now, planned.items).await {
        Ok(applied) => applied,
        Err(error) if tries.may_pass(&error) => return Err(error),
        Err(error) => return refused(error.sentence(), false),
    };
    let sql = "DELETE FROM parked_items WHERE company_id = $1 AND id = $2";
    tx.execute(sql, args![item.company_id, item.id]).await?;
    Ok(Retried::Recorded(applied))
}
