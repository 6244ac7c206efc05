//! What handlers read from a request. Everything that is wrong becomes a problem that names the field.

mod body;
mod caller;
mod drain;
mod id;
mod origin;
mod peer;
mod query;

pub(crate) use body::{Body, given, present};
pub(crate) use caller::{Credentials, RECHECK, SESSION_COOKIE};
pub(crate) use drain::drain;
pub(crate) use id::{Id, Name};
pub(crate) use mediary_engine::{May, rights};
pub(crate) use origin::SameOrigin;
pub(crate) use peer::{IsHttps, Peer, PeerAddress, connected};
pub(crate) use query::{Paging, Query, part, record_id, retention_days};
