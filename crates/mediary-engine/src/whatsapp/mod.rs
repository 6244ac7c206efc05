//! The accounts at WhatsApp, what it gives for them, and when it must not be asked.

pub(crate) mod accounts;
pub(crate) mod binding;
pub(crate) mod legacy;
pub(crate) mod pauses;
pub(crate) mod provider;
