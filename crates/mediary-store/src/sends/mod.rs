//! Messages of ours as jobs: one for a message, from the moment it is queued.
//!
//! # Order
//!
//! The messages of a conversation leave one after the other, in the order of their ids. So that a claim is cheap however many messages
//! wait behind another, those *sleep*: they have no time at which they are due, so no claim meets them. Who ends a job (`end`) wakes
//! the first message that waits in the conversation. Why none sleeps for ever, with any number of nodes:
//!
//! 1. A message is put to sleep only in a transaction that holds the row of another one, its blocker, that comes before it and is not
//!    over (`claim`, `add`). Where the blocker is locked, the message stays awake, and the next claim looks again. So it does where a later
//!    one runs, as after a retry: that one may wait again without an end, and would wake nobody.
//! 2. A job ends by a change of its row, and the transaction that ends it wakes the next message in a later statement. Either the
//!    blocker was held before: the end waits, and its later statement sees the sleeper. Or the end came before: the lock finds that the
//!    blocker is over, and nobody is put to sleep for it.
//! 3. So where one sleeps, another one before it is not over. The first of a conversation that is not over never sleeps: when it was put
//!    to sleep one came before it, and the end of that one woke the first that waits. A message that is woken too early is put to
//!    sleep again, which changes nothing else.
//! 4. A join of conversations moves what waits and runs. Both conversations had one that is awake, so the joined one has.
//!
//! # What is sent once
//!
//! `asked_at` is committed before the call that sends, and removed by the answer that allows another one. Who claims a message that
//! has it knows that its last holder died in between: WhatsApp may have it. It is `unknown` from then on, until a status that
//! carries the message's id says that it arrived (`ingest::callbacks`), or a person wants it sent again (`undo`).
//!
//! # Locks
//!
//! Every change of a message and its job locks the message first, then its job, then the one that it wakes. A claim locks jobs
//! alone and skips those that are locked.

mod add;
mod claim;
mod client_ids;
mod files;
mod finish;
mod pace;
mod queue;
mod queue_together;
mod types;
mod undo;
mod uploads;

pub(crate) use claim::LastSender;
pub use client_ids::client_id_of;
pub(crate) use files::{FileOwner, NewFile, add_files};
pub(crate) use finish::wake;
#[cfg(test)]
pub(crate) use queue::SendRequest;
pub(crate) use queue_together::QueueCommit;
pub use types::*;
pub(crate) use uploads::ReserveCommit;

/// The condition that no message has to leave with a file `f`. A message, its job and its file are added by one transaction, so a statement
/// that sees the file sees the job.
macro_rules! not_leaving {
    () => {
        "NOT EXISTS (SELECT 1 FROM sends e WHERE e.company_id = f.company_id AND e.id = f.message_id
            AND e.state IN ('waiting', 'running'))"
    };
}
pub(crate) use not_leaving;

/// A condition on jobs `e` that are not over: the words of an index.
pub(crate) const UNFINISHED: &str = "e.state IN ('waiting', 'running')";
