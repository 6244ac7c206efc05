//! Which hosts may be asked for bytes, and which addresses their names may lead to.

use std::collections::HashSet;
use std::error::Error as StdError;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use url::{Host, Url};

use super::GraphOptions;
use crate::error::{Error, ErrorKind};

/// The addresses of a host name, being looked up.
pub type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Looks up the addresses of a host name.
pub type Lookup = Arc<dyn Fn(String) -> Looking + Send + Sync>;

/// The machine's own name service.
pub(super) fn system_lookup() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

pub(super) struct AllowedHosts {
    hosts: HashSet<Host>,
    /// Plain http is for a stand-in on this machine; it is never used for WhatsApp itself.
    http: bool,
}

impl AllowedHosts {
    pub(super) fn new(options: &GraphOptions) -> Result<Self, Error> {
        let graph = &options.graph_url;
        let invalid = |context: String| Error::new(ErrorKind::InvalidOptions, context);
        if !matches!(graph.scheme(), "https" | "http") || graph.host().is_none() {
            return Err(invalid("graph_url must be an http or https URL with a host".to_owned()));
        }
        let hosts = options.media_hosts.iter().map(|entry| {
            parse_host(entry.trim()).ok_or_else(|| {
                invalid(format!(
                    "media_hosts: {entry:?} is neither a host name nor an address (no port, no scheme)"
                ))
            })
        });
        Ok(Self {
            hosts: hosts.collect::<Result<_, _>>()?,
            http: graph.scheme() == "http" && is_loopback(graph),
        })
    }

    /// Whether this URL may be asked, and be given the bearer token.
    pub(super) fn check(&self, url: &Url) -> Result<(), Error> {
        let forbidden = |context| Err(Error::new(ErrorKind::ForbiddenUrl, context));
        match url.scheme() {
            "https" => {}
            "http" if self.http => {}
            _ => return forbidden("the media URL is not https"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return forbidden("the media URL carries credentials");
        }
        let listed = url.host().is_some_and(|host| self.hosts.contains(&without_final_dot(&host)));
        if listed { Ok(()) } else { forbidden("the media URL's host is not on the allow-list") }
    }
}

fn parse_host(entry: &str) -> Option<Host> {
    let address = entry.parse().map(Host::Ipv6);
    address.or_else(|_| Host::parse(entry)).ok().map(|host| without_final_dot(&host))
}

/// `example.org.` is the same host as `example.org`.
fn without_final_dot<Name: AsRef<str>>(host: &Host<Name>) -> Host {
    match host {
        Host::Domain(name) => {
            let name = name.as_ref();
            Host::Domain(name.strip_suffix('.').unwrap_or(name).to_owned())
        }
        Host::Ipv4(address) => Host::Ipv4(*address),
        Host::Ipv6(address) => Host::Ipv6(*address),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// What a name was found to stand for; port 0 stands for the URL's own.
pub(super) type Addresses = std::vec::IntoIter<SocketAddr>;

/// The public ones among the addresses of a name.
pub(super) async fn public_addresses(looking: Looking) -> Result<Addresses, Box<dyn StdError + Send + Sync>> {
    let mut addresses = looking.await?;
    let found = !addresses.is_empty();
    addresses.retain(|address| is_public(*address));
    if found && addresses.is_empty() {
        return Err(PrivateAddress.into());
    }
    let addresses: Vec<_> = addresses.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect();
    Ok(addresses.into_iter())
}

#[derive(Debug, thiserror::Error)]
#[error("every address of this name is private")]
struct PrivateAddress;

/// Whether a failed request failed at [`PublicOnly`].
pub(super) fn is_private_address(error: &(dyn StdError + 'static)) -> bool {
    error.is::<PrivateAddress>() || error.source().is_some_and(is_private_address)
}

fn is_public(address: IpAddr) -> bool {
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
    use std::time::Duration;

    use super::*;

    fn hosts(graph_url: &str, media_hosts: &[&str]) -> Result<AllowedHosts, Error> {
        AllowedHosts::new(&GraphOptions {
            graph_url: graph_url.parse().unwrap(),
            version: "v26.0".to_owned(),
            media_hosts: media_hosts.iter().map(|host| (*host).to_owned()).collect(),
            connect_timeout: Duration::ZERO,
            silence_timeout: Duration::ZERO,
            user_agent: "test".to_owned(),
        })
    }

    fn allowed(hosts: &AllowedHosts, url: &str) -> bool {
        hosts.check(&url.parse().unwrap()).is_ok()
    }

    #[test]
    fn only_listed_hosts_by_https() {
        let hosts = hosts("https://graph.facebook.com", &["lookaside.fbsbx.com", "203.0.113.7"]).unwrap();
        for url in
            ["https://lookaside.fbsbx.com/x?y", "https://LOOKASIDE.fbsbx.com.:8443/x", "https://203.0.113.7/"]
        {
            assert!(allowed(&hosts, url), "{url}");
        }
        for url in [
            "http://lookaside.fbsbx.com/x",
            "https://evil.lookaside.fbsbx.com/",
            "https://lookaside.fbsbx.com.evil.org/",
            "https://lookaside.fbsbx.com@evil.org/",
            "https://user@lookaside.fbsbx.com/",
            "https://graph.facebook.com/",
            "https://127.0.0.1/",
            "https://[::ffff:203.0.113.7]/",
            "ftp://lookaside.fbsbx.com/",
            "file:///etc/passwd",
        ] {
            assert!(!allowed(&hosts, url), "{url}");
        }
    }

    #[test]
    fn http_and_loopback_are_for_a_listed_stand_in() {
        let local = hosts("http://127.0.0.1:9100", &["127.0.0.1", "::1"]).unwrap();
        for url in ["http://127.0.0.1:1/", "http://[::1]:2/", "http://2130706433/", "https://127.0.0.1/"] {
            assert!(allowed(&local, url), "{url}");
        }
        assert!(!allowed(&local, "http://127.0.0.2/"));
        let far = hosts("http://graph.example:9100", &["127.0.0.1"]).unwrap();
        assert!(!allowed(&far, "http://127.0.0.1/"));
    }

    #[test]
    fn a_wrong_entry_is_named() {
        for entry in ["127.0.0.1:9100", "https://lookaside.fbsbx.com", "*.fbsbx.com/", "", "a b"] {
            let error = hosts("https://graph.facebook.com", &[entry]).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::InvalidOptions);
            assert!(error.to_string().contains(&format!("{entry:?}")), "{error}");
        }
    }

    #[test]
    fn private_addresses_are_told_from_public_ones() {
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
