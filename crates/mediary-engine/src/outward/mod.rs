//! What goes out: messages to WhatsApp.

pub(crate) mod send;
