//! Bytes at rest: their hashes, and the deletion of those that no record names any more.

pub(crate) mod hash;
pub(crate) mod leftovers;
pub(crate) mod trash;
