//! Which addresses a host's name may lead to.
//!
//! Why no name leads to a private address, whatever its owner's name server says:
//! 1. A connection is made to the addresses that [`Resolver`] returns and to no others: the connector looks nothing up by
//!    itself, and there is no proxy that would. So the address that was judged is the address that is dialled, and a
//!    server that changes its mind between two questions (DNS rebinding) is asked only once for each connection.
//! 2. A connection that is used again is one that was made by 1. Its pool belongs to one [`Client`](crate::Client) and
//!    thereby to one resolver: what a resolver for any address has opened is never handed to a caller of another.
//! 3. A name with public and private addresses leads to the public ones only.
//! 4. Names that the operator's settings list are the exception: only people of their own network can change what they lead to.
//!
//! An address that a URL spells out is not looked up and never comes here: whether it may be asked is for
//! [`AllowedHosts`](crate::AllowedHosts).

use std::collections::HashSet;
use std::error::Error as StdError;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

/// The addresses of a host name, once they are found.
pub type LookupFuture = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Looks up the addresses of a host name.
pub type Lookup = Arc<dyn Fn(String) -> LookupFuture + Send + Sync>;

/// The machine's own name service.
pub fn system_lookup() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

/// From host names to the addresses that may be dialled.
#[derive(Clone)]
pub struct Resolver {
    lookup: Lookup,
    public_only: bool,
    /// Names that may lead anywhere all the same, without a final dot.
    anywhere: Arc<HashSet<String>>,
}

impl Resolver {
    /// For a host that the operator's own settings name, which may be anywhere.
    pub fn any_address(lookup: Lookup) -> Self {
        Self { lookup, public_only: false, anywhere: Arc::default() }
    }

    /// For hosts that somebody else named.
    pub fn public_addresses(lookup: Lookup) -> Self {
        Self { lookup, public_only: true, anywhere: Arc::default() }
    }

    /// Lets these names of the operator's own network lead anywhere.
    pub(crate) fn but_anywhere<'n>(self, names: impl Iterator<Item = &'n str>) -> Self {
        Self { anywhere: Arc::new(names.map(str::to_owned).collect()), ..self }
    }

    fn must_be_public(&self, name: &str) -> bool {
        self.public_only && !self.anywhere.contains(name.strip_suffix('.').unwrap_or(name))
    }
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resolver").field("public_only", &self.public_only).finish_non_exhaustive()
    }
}

type BoxError = Box<dyn StdError + Send + Sync>;

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let public_only = self.must_be_public(name.as_str());
        Box::pin(resolve((self.lookup)(name.as_str().to_owned()), public_only))
    }
}

/// Port 0 stands for the URL's own.
async fn resolve(
    lookup: LookupFuture,
    public_only: bool,
) -> Result<std::vec::IntoIter<SocketAddr>, BoxError> {
    let mut addresses = lookup.await?;
    let found = !addresses.is_empty();
    if public_only {
        addresses.retain(|address| is_public(*address));
    }
    if found && addresses.is_empty() {
        return Err(PrivateAddress.into());
    }
    let addresses: Vec<_> = addresses.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect();
    Ok(addresses.into_iter())
}

#[derive(Debug, thiserror::Error)]
#[error("every address of this name is private")]
struct PrivateAddress;

/// Whether a request failed because its host has private addresses only.
pub(crate) fn is_private_address(error: &(dyn StdError + 'static)) -> bool {
    error.is::<PrivateAddress>() || error.source().is_some_and(is_private_address)
}

pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || matches!((a, b, c), (0, _, _) | (240.., _, _))
        || matches!((a, b, c), (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18..=19, _));
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(address) = address.to_ipv4_mapped() {
        return is_public_v4(address);
    }
    match address.segments() {
        // NAT64: networks without IPv4 reach it through this prefix.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
        }
        // Special purposes, documentation, and 6to4, which can wrap any IPv4 address.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x2002, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn resolved(resolver: fn(Lookup) -> Resolver, addresses: &[&str]) -> Result<Vec<String>, BoxError> {
        let found: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let lookup: Lookup = Arc::new(move |_| {
            let found = found.clone();
            Box::pin(async move { Ok(found) })
        });
        let addresses = resolver(lookup).call("host.example".parse().unwrap()).await?;
        Ok(addresses.map(|address| address.to_string()).collect())
    }

    #[tokio::test]
    async fn names_lead_to_public_addresses_only_unless_any_will_do() {
        let public = Resolver::public_addresses;
        let mixed = ["127.0.0.1", "157.240.1.1", "fd00::1"];
        assert_eq!(resolved(public, &mixed).await.unwrap(), ["157.240.1.1:0"]);
        let error = resolved(public, &["127.0.0.1"]).await.unwrap_err();
        assert!(is_private_address(&*error), "{error}");
        assert_eq!(resolved(public, &[]).await.unwrap(), [""; 0], "a name without addresses is not private");
        assert_eq!(resolved(Resolver::any_address, &["127.0.0.1"]).await.unwrap(), ["127.0.0.1:0"]);
    }

    #[test]
    fn addresses_are_classified_as_public_or_private() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2001::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["157.240.1.1", "2a03:2880:f10c::1", "::ffff:157.240.1.1", "64:ff9b::9df0:101"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
