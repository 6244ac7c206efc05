//! Live events: what happened, for those who listen.

pub(crate) mod bus;
mod history;
