//! Bytes at rest: what they hash to, and how those go that no record names any more.

pub(crate) mod hash;
pub(crate) mod leftovers;
pub(crate) mod trash;
