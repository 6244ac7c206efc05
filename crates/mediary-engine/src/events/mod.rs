//! Live events: what happened, for those who listen.

pub(crate) mod bus;
mod history;
pub(crate) mod outbox;
