//! The simulator held to what is known of WhatsApp's own behaviour.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod control;
mod dialog360;
mod faults;
mod graph_api;
mod harness;
mod media_host;
mod outgoing;
mod playing;
mod sending;
mod upload;
mod webhooks;
