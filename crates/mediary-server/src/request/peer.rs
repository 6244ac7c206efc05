//! From where a request comes.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr};

use axum::extract::FromRequestParts;
use http::Extensions;
use http::request::Parts;

use crate::App;

/// The address of the connection's other end; the listener adds it to each request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PeerAddress(pub(crate) IpAddr);

/// The address that a request comes from: of the connection's other end or, where that is a trusted proxy, the one that it names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl FromRequestParts<App> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self(app.config().trusted_proxies.client(connected(&parts.extensions), &parts.headers)))
    }
}

/// Whether the client speaks https: with us as a trusted proxy says, or by the address under which people reach us.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IsHttps(pub(crate) bool);

impl IsHttps {
    pub(crate) fn of(parts: &Parts, app: &App) -> Self {
        let config = app.config();
        let by_address = config.public_url.scheme() == "https";
        Self(by_address || config.trusted_proxies.is_https(connected(&parts.extensions), &parts.headers))
    }
}

impl FromRequestParts<App> for IsHttps {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self::of(parts, app))
    }
}

pub(crate) fn connected(extensions: &Extensions) -> IpAddr {
    extensions.get().map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |PeerAddress(address)| *address)
}
