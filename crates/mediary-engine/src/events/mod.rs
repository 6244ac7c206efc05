//! Live events: what happened, for those who listen, here and in other processes.

pub(crate) mod bus;
pub(crate) mod event;
mod history;
pub(crate) mod outbox;
pub(crate) mod outcomes;
