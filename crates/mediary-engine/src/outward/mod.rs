//! What goes out: messages to WhatsApp, and what it is told of those that came in.

pub(crate) mod receipts;
pub(crate) mod send;
