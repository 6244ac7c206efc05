//! Media files: downloads into storage, opening files for viewers, and requests of users.

pub(crate) mod fetch;
pub(crate) mod open;
pub(crate) mod oversized;
pub(crate) mod requests;
