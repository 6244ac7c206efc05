//! The simulator held to what is known of WhatsApp's own behaviour.

mod control;
mod faults;
mod graph_api;
mod harness;
mod media_host;
mod playing;
mod sending;
mod upload;
mod webhooks;
