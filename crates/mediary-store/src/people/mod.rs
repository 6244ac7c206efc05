//! Companies, their users, API keys and accounts, and the audit log.

mod accounts;
pub(crate) mod audit;
mod companies;
mod keys;
mod sessions;
mod types;
mod users;

pub use types::*;
