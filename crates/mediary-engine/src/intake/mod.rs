//! Intake: webhooks, their records, and imports from older systems.

pub(crate) mod import;
pub(crate) mod ingest;
pub(crate) mod webhook;
