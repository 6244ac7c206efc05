//! Calls to whatever public host somebody names, in a link.
//!
//! No header of the caller goes along: neither a token nor a cookie, on no hop. So it does no harm that a redirect may lead to
//! any other public host.
//!
//! Each call has a connection of its own: who names many hosts would else leave an idle one at each.

use std::sync::Arc;

use http::header::CONNECTION;
use http::{HeaderMap, HeaderValue};
use url::Url;

use crate::addresses::{Lookup, Resolver, system_lookup};
use crate::breaker::Breaker;
use crate::client::{Client, ClientOptions};
use crate::error::Error;
use crate::hosts::AllowedHosts;
use crate::response::Response;

/// Asks public hosts, by https and by http. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct PublicHosts {
    client: Client,
    hosts: Arc<AllowedHosts>,
}

impl PublicHosts {
    /// Of private hosts only those in `own` may be called: names and addresses of the operator's network, on any port. Fails when an
    /// entry or an option cannot be used, naming it.
    pub fn new(options: &ClientOptions, own: &[impl AsRef<str>]) -> Result<Self, Error> {
        Self::with_lookup(options, own, system_lookup())
    }

    /// Like [`PublicHosts::new`], with another name service.
    pub fn with_lookup(
        options: &ClientOptions,
        own: &[impl AsRef<str>],
        lookup: Lookup,
    ) -> Result<Self, Error> {
        let hosts = AllowedHosts::any_public_and(own)?;
        let resolver = Resolver::public_addresses(lookup).but_anywhere(hosts.names());
        Ok(Self { client: Client::new(options, resolver, Breaker::default())?, hosts: Arc::new(hosts) })
    }

    /// Asks for what is behind a URL, and follows redirects, each checked like the URL itself.
    pub async fn get(&self, url: Url) -> Result<Response, Error> {
        let headers = HeaderMap::from_iter([(CONNECTION, HeaderValue::from_static("close"))]);
        self.client.get_allowed(url, &headers, &self.hosts).await
    }
}
