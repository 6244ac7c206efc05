//! Which proxies are trusted, and from which address a request came that they forward.

use std::net::IpAddr;
use std::str::FromStr;

use http::{HeaderMap, HeaderName};
use ipnet::{IpNet, Ipv4Net};

/// Hops that are read of an `X-Forwarded-For`, from its end. No real request passes more proxies; anybody can write more.
const HOPS_MAX: usize = 32;
/// Bits before the IPv4 address in one that is written as IPv6 (`::ffff:192.0.2.1`).
const MAPPED_PREFIX: u8 = 96;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Addresses and networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are trusted. Empty unless configured:
/// anybody can write such a header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Whether `address` is one of them.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address of the sender of a request that came from `peer`: the last hop that is none of ours. A hop that cannot be
    /// read ends the search, since everything before it was written by somebody we do not know.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if self.0.is_empty() {
            return client;
        }
        let lines = headers.get_all(FORWARDED_FOR).iter().rev();
        let hops = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        for hop in hops.take(HOPS_MAX) {
            if !self.trusts(client) {
                break;
            }
            match address_of(hop) {
                Some(address) => client = address,
                None => break,
            }
        }
        client
    }

    /// Whether a trusted proxy says that the client spoke https with it.
    pub(crate) fn is_https(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        let last = headers.get_all(FORWARDED_PROTO).iter().next_back();
        let last = last.and_then(|line| line.to_str().ok()).and_then(|line| line.rsplit(',').next());
        last.is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https")) && self.trusts(peer)
    }
}

impl FromStr for TrustedProxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(network).collect::<Result<_, _>>().map(Self)
    }
}

impl std::fmt::Display for TrustedProxies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, network) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{network}")?;
        }
        Ok(())
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse::<IpNet>().map_err(|_| {
            format!("{text:?} is not an address or a network, like 10.0.0.5, 10.0.0.0/8 or fd00::/8")
        })?,
    };
    let network = match network {
        IpNet::V6(v6) if v6.prefix_len() >= MAPPED_PREFIX => match v6.addr().to_ipv4_mapped() {
            Some(v4) => Ipv4Net::new(v4, v6.prefix_len() - MAPPED_PREFIX).map_or(network, IpNet::V4),
            None => network,
        },
        network => network,
    };
    if network.prefix_len() == 0 {
        return Err(format!("{text:?} is everybody: then anybody could write where they come from"));
    }
    Ok(network.trunc())
}

/// An address as proxies write it: bare, or with a port.
fn address_of(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.parse::<IpAddr>().or_else(|_| hop.trim_matches(['[', ']']).parse());
    let address =
        bare.ok().or_else(|| hop.parse::<std::net::SocketAddr>().ok().map(|with_port| with_port.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn proxies(text: &str) -> TrustedProxies {
        text.parse().unwrap()
    }

    fn client(trusted: &str, peer: &str, lines: &[&str]) -> String {
        let lines = lines.iter().map(|line| (FORWARDED_FOR, HeaderValue::from_str(line).unwrap()));
        proxies(trusted).client(peer.parse().unwrap(), &lines.collect()).to_string()
    }

    #[test]
    fn client_is_the_last_hop_that_is_no_proxy_of_ours() {
        let ours = "127.0.0.1, 10.0.0.0/8,fd00::/8";
        for (peer, lines, expected) in [
            ("127.0.0.1", vec!["198.51.100.7"], "198.51.100.7"),
            ("127.0.0.1", vec!["6.6.6.6, 198.51.100.7, 10.1.2.3"], "198.51.100.7"),
            ("127.0.0.1", vec!["6.6.6.6", "198.51.100.7,10.1.2.3"], "198.51.100.7"),
            ("127.0.0.1", vec!["198.51.100.7:4711"], "198.51.100.7"),
            ("fd00::1", vec!["[2001:db8::7]:4711"], "2001:db8::7"),
            ("fd00::1", vec!["[2001:db8::7]"], "2001:db8::7"),
            ("::ffff:127.0.0.1", vec!["::ffff:198.51.100.7"], "198.51.100.7"),
            ("127.0.0.1", vec!["10.0.0.1, 10.0.0.2"], "10.0.0.1"),
            ("127.0.0.1", vec![], "127.0.0.1"),
        ] {
            assert_eq!(client(ours, peer, &lines), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn client_cannot_write_its_own_address() {
        assert_eq!(client("", "198.51.100.7", &["1.1.1.1"]), "198.51.100.7");
        assert_eq!(client("10.0.0.0/8", "198.51.100.7", &["1.1.1.1"]), "198.51.100.7");
        // What cannot be read hides everything before it.
        assert_eq!(client("127.0.0.1", "127.0.0.1", &["1.1.1.1, unknown"]), "127.0.0.1");
        assert_eq!(client("127.0.0.1", "127.0.0.1", &["1.1.1.1,"]), "127.0.0.1");
    }

    #[test]
    fn hops_beyond_the_bound_are_not_read() {
        let within = format!("198.51.100.7{}", ", 127.0.0.1".repeat(HOPS_MAX - 1));
        assert_eq!(client("127.0.0.1", "127.0.0.1", &[&within]), "198.51.100.7");
        let beyond = format!("198.51.100.7{}", ", 127.0.0.1".repeat(HOPS_MAX));
        assert_eq!(client("127.0.0.1", "127.0.0.1", &[&beyond]), "127.0.0.1");
    }

    #[test]
    fn https_is_what_the_nearest_trusted_proxy_says() {
        let says = |trusted: &str, line: &'static str| {
            let headers = HeaderMap::from_iter([(FORWARDED_PROTO, HeaderValue::from_static(line))]);
            proxies(trusted).is_https(IpAddr::from([127, 0, 0, 1]), &headers)
        };
        assert!(says("127.0.0.1", "https") && says("127.0.0.1", "http, HTTPS"));
        assert!(!says("127.0.0.1", "https, http") && !says("10.0.0.1", "https"));
    }

    #[test]
    fn list_of_proxies_is_read_and_shown_and_nonsense_named() {
        assert_eq!(
            proxies(" 10.1.2.3/8 , ::ffff:192.168.0.0/112,::1").to_string(),
            "10.0.0.0/8,192.168.0.0/16,::1/128"
        );
        for (text, part) in
            [("10.0.0.0/33", "10.0.0.0/33"), ("127.0.0.1,nginx", "nginx"), ("0.0.0.0/0", "everybody")]
        {
            let error = text.parse::<TrustedProxies>().unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
