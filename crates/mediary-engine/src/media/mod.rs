//! Media files: fetched to be kept, opened for people, and what people ask of them.

pub(crate) mod fetch;
pub(crate) mod open;
pub(crate) mod requests;
