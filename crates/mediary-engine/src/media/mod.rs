//! Media files: downloads into storage, what is derived of stored files, opening files for viewers, and requests of users.

pub(crate) mod archive;
pub(crate) mod derive;
pub(crate) mod fetch;
pub(crate) mod open;
pub(crate) mod oversized;
pub(crate) mod requests;
