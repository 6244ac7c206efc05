//! Companies, their people, programs and accounts, and what they did.

mod accounts;
pub(crate) mod audit;
mod companies;
mod keys;
mod sessions;
mod types;
mod users;

pub use types::*;
