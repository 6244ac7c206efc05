//! Calls to hosts that somebody else named: in a webhook, in an answer, in a message or in a company's settings.
//!
//! The name may be that of this machine, of its neighbours, or of a host that never answers. So every call has
//! - a guard: only hosts that the caller allows, by https; no name leads to a private address; redirects are followed by
//!   hand, each hop checked like the first ([`AllowedHosts`], [`Resolver`], [`Client::get_allowed`]); or any public host, for calls
//!   without secrets ([`PublicHosts`]);
//! - deadlines: for connecting, TLS included, for the head of an answer, for silence within a body, for a body that is read whole, and
//!   a least speed for one that is not;
//! - bounds: what is read whole has a limit, everything else comes and goes in chunks ([`Response::read`], [`Body::chunk`],
//!   [`RequestBody::stream`]);
//! - an end that says whether the host may have received the request ([`Error::maybe_received`]), for calls that must not be
//!   repeated blindly;
//! - a circuit breaker for each host ([`Breaker`]).
//!
//! What an answer means is the caller's to say. No other crate of ours has an HTTP client library, but for the simulator,
//! which is a check on this one.

mod addresses;
mod body;
mod breaker;
mod client;
mod coalesced;
mod connections;
mod error;
mod hosts;
mod public_hosts;
mod request;
mod response;
mod retry_after;

pub use addresses::{Lookup, LookupFuture, Resolver, system_lookup};
pub use body::Body;
pub use breaker::Breaker;
pub use client::{Client, ClientOptions};
pub use error::{Error, ErrorKind};
pub use hosts::{AllowedHosts, is_loopback};
pub use public_hosts::PublicHosts;
pub use request::RequestBody;
pub use response::Response;
pub use retry_after::retry_after;
