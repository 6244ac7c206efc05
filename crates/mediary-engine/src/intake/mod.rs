//! What comes in: webhooks, their records, and the messages of older systems.

pub(crate) mod import;
pub(crate) mod ingest;
pub(crate) mod webhook;
