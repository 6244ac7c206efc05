//! Intake: webhooks, their records, and imports from older systems.

pub(crate) mod dialog360;
pub(crate) mod import;
pub(crate) mod ingest;
pub(crate) mod webhook;
