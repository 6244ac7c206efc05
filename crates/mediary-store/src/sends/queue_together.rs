//! Requests that wait for SQLite's one writer at the same moment, queued by one set of statements.
//!
//! Why each request is queued as it would be by itself:
//!
//! 1. All of them are one transaction, and nobody is told of a success before its commit ([`Batcher`](crate::batch::Batcher)). It has
//!    the writer alone, so nothing that it reads changes until then.
//! 2. A request of which anything is out of the ordinary (its client id is known, a key is not reserved any more, there is no such
//!    conversation) ends the transaction, of which nothing is left. Then each request is queued by itself, and has the answer that it
//!    gets there: what one asks for costs the others time, never their messages.
//! 3. Conversations are found by company and id, those that a scope sees only some of one by one with its predicate.
//!
//! On Postgres each request stays in a transaction of its own. There they run beside each other, and one that waits for a lock would make
//! those of all companies wait.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use mediary_core::{Clock, CompanyId, ConversationId, Timestamp};

use super::add::{PlacedMessage, Thread, add_all};
use super::client_ids::known;
use super::queue::{
    SendRequest, THREAD_JOINS, deleted_again, hold_destination, no_such_conversation, queue_alone,
};
use super::{Destination, NewSend, QueuedSend};
use crate::batch::Commit;
use crate::bulk::Bulk;
use crate::db::{Db, Tx};
use crate::record::Record as _;
use crate::reservations::Reservations;
use crate::transaction::transaction;
use crate::writes::row;
use crate::{Error, Result};

/// Queues the messages of requests that come together in one transaction.
pub(crate) struct QueueCommit {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Commit for QueueCommit {
    type Item = Arc<SendRequest>;
    type Output = Vec<QueuedSend>;

    async fn commit(&self, requests: Vec<Arc<SendRequest>>) -> Result<Vec<Vec<QueuedSend>>> {
        match requests.as_slice() {
            [one] => Ok(vec![queue_alone(&self.db, &*self.clock, one).await?]),
            several => queue_together(&self.db, self.clock.now(), several).await,
        }
    }
}

async fn queue_together(
    db: &Db,
    now: Timestamp,
    requests: &[Arc<SendRequest>],
) -> Result<Vec<Vec<QueuedSend>>> {
    let queued = transaction!(db.sharing(), |tx| {
        let keys = requests.iter().flat_map(|request| request.keys()).collect();
        let reserved = Reservations::hold_all(tx, keys).await?;
        if !reserved.are_complete() {
            return Err(deleted_again());
        }
        refuse_known(tx, requests).await?;
        for request in requests {
            request.end_uploads(tx, now).await?;
        }
        let placed = place(tx, now, requests).await?;
        let queued = add_all(tx, now, &placed).await?.ok_or_else(sent_before)?;
        reserved.keep_bytes(tx).await?;
        Ok(queued)
    });
    let mut queued = queued?.into_iter();
    Ok(requests.iter().map(|request| queued.by_ref().take(request.all.len()).collect()).collect())
}

/// Fails if a client id is known, or two of the requests have the same one.
async fn refuse_known(tx: &mut Tx, requests: &[Arc<SendRequest>]) -> Result<()> {
    let mut of_these = HashSet::new();
    for request in requests {
        let Some(client_id) = request.client_id() else { continue };
        let is_known = !known(tx, request.company(), client_id).await?.is_empty();
        if is_known || !of_these.insert((request.company(), client_id)) {
            return Err(sent_before());
        }
    }
    Ok(())
}

/// Nobody gets this: the request is queued by itself, and answered with what was sent first.
fn sent_before() -> Error {
    Error::internal("a message with the same client id was sent before")
}

/// All their messages in their order, each in its conversation.
async fn place<'a>(
    tx: &mut Tx,
    now: Timestamp,
    requests: &'a [Arc<SendRequest>],
) -> Result<Vec<PlacedMessage<'a>>> {
    let threads = threads_of(tx, requests).await?;
    let mut placed = Vec::new();
    for request in requests {
        for (index, new) in request.all.iter().enumerate() {
            let (thread, also_changed) = match found_by_id(request, new) {
                Some(key) => (threads.get(&key).cloned().ok_or_else(no_such_conversation)?, Vec::new()),
                None => hold_destination(tx, now, &request.scope, &new.destination).await?,
            };
            placed.push(request.placed(index, thread, also_changed));
        }
    }
    Ok(placed)
}

/// The conversation of a message for which company and id say everything.
fn found_by_id(request: &SendRequest, new: &NewSend) -> Option<(CompanyId, ConversationId)> {
    match new.destination {
        Destination::Conversation(id) if request.scope.sees_everything() => Some((request.company(), id)),
        _ => None,
    }
}

async fn threads_of(
    tx: &mut Tx,
    requests: &[Arc<SendRequest>],
) -> Result<HashMap<(CompanyId, ConversationId), Thread>> {
    let mut select = Bulk::with(format!(
        "SELECT {} FROM k CROSS JOIN conversations v {THREAD_JOINS} WHERE v.company_id = k.company AND v.id = k.conversation",
        Thread::SELECT
    ));
    let wanted: HashSet<_> = requests
        .iter()
        .flat_map(|request| request.all.iter().filter_map(|new| found_by_id(request, new)))
        .collect();
    for (company, conversation) in wanted {
        select.push(row! { company => company, conversation => conversation });
    }
    let threads: Vec<Thread> = select.run(tx).await?;
    Ok(threads.into_iter().map(|thread| ((thread.company_id, thread.id), thread)).collect())
}
