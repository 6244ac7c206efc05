//! Which hosts may be called.

use std::collections::HashSet;

use url::{Host, Url};

use crate::addresses::is_public;
use crate::error::{Error, ErrorKind};

/// The hosts that may be called, and given the caller's headers.
#[derive(Debug)]
pub struct AllowedHosts {
    hosts: HashSet<Host>,
    /// Whether every other host may be called, too, unless its URL spells out a private address.
    any_public: bool,
    plain_http: bool,
}

impl AllowedHosts {
    /// Each entry is a host name or an address, good for any port. A listed address may be private; a listed name still
    /// leads to public addresses only. `plain_http` is for stand-ins on this machine.
    pub fn new(entries: &[impl AsRef<str>], plain_http: bool) -> Result<Self, Error> {
        let hosts = entries.iter().map(|entry| {
            let entry = entry.as_ref();
            parse_host(entry.trim()).ok_or_else(|| {
                let context = format!("{entry:?} is neither a host name nor an address (no port, no scheme)");
                Error::new(ErrorKind::InvalidOptions, context)
            })
        });
        Ok(Self { hosts: hosts.collect::<Result<_, _>>()?, any_public: false, plain_http })
    }

    /// Every public host, by https and by http, and these. For calls that carry no secret: a redirect may lead anywhere of it.
    pub(crate) fn any_public_and(entries: &[impl AsRef<str>]) -> Result<Self, Error> {
        Ok(Self { any_public: true, ..Self::new(entries, true)? })
    }

    /// The listed names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.hosts.iter().filter_map(|host| match host {
            Host::Domain(name) => Some(name.as_str()),
            Host::Ipv4(_) | Host::Ipv6(_) => None,
        })
    }

    /// Whether this URL may be called.
    pub fn check(&self, url: &Url) -> Result<(), Error> {
        let forbidden = |context| Err(Error::new(ErrorKind::ForbiddenUrl, context));
        match url.scheme() {
            "https" => {}
            "http" if self.plain_http => {}
            _ if self.plain_http => return forbidden("the URL is neither https nor http"),
            _ => return forbidden("the URL is not https"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return forbidden("the URL carries credentials");
        }
        let Some(host) = url.host() else { return forbidden("the URL names no host") };
        if self.hosts.contains(&without_final_dot(&host)) {
            return Ok(());
        }
        match host {
            _ if !self.any_public => forbidden("the URL's host is not on the allow-list"),
            // The addresses of a name are judged when it is looked up.
            Host::Domain(_) => Ok(()),
            Host::Ipv4(address) if is_public(address.into()) => Ok(()),
            Host::Ipv6(address) if is_public(address.into()) => Ok(()),
            Host::Ipv4(_) | Host::Ipv6(_) => forbidden("the URL's host is a private address"),
        }
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

/// Whether a URL leads to this machine itself.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_allowed(hosts: &AllowedHosts, url: &str) -> bool {
        hosts.check(&url.parse().unwrap()).is_ok()
    }

    #[test]
    fn hosts_are_called_if_listed_and_by_https() {
        let hosts = AllowedHosts::new(&["lookaside.fbsbx.com", "203.0.113.7"], false).unwrap();
        for url in
            ["https://lookaside.fbsbx.com/x?y", "https://LOOKASIDE.fbsbx.com.:8443/x", "https://203.0.113.7/"]
        {
            assert!(is_allowed(&hosts, url), "{url}");
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
            assert!(!is_allowed(&hosts, url), "{url}");
        }
    }

    #[test]
    fn plain_http_and_loopback_are_for_a_listed_stand_in() {
        let local = AllowedHosts::new(&["127.0.0.1", "::1"], true).unwrap();
        for url in ["http://127.0.0.1:1/", "http://[::1]:2/", "http://2130706433/", "https://127.0.0.1/"] {
            assert!(is_allowed(&local, url), "{url}");
        }
        assert!(!is_allowed(&local, "http://127.0.0.2/"));
        let far = AllowedHosts::new(&["127.0.0.1"], false).unwrap();
        assert!(!is_allowed(&far, "http://127.0.0.1/"));
    }

    #[test]
    fn any_public_host_may_be_called_and_private_ones_that_are_listed() {
        let hosts = AllowedHosts::any_public_and(&["10.1.2.3", "files.internal"]).unwrap();
        for url in [
            "https://cdn.example/x?y",
            "http://157.240.1.1:8080/",
            "https://[2a03:2880:f10c::1]/",
            "http://10.1.2.3/",
            "http://files.internal./",
        ] {
            assert!(is_allowed(&hosts, url), "{url}");
        }
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://10.1.2.4/",
            "http://169.254.169.254/latest/meta-data",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[fe80::1]/",
            "http://0.0.0.0/",
            "https://user@cdn.example/",
            "https://:secret@cdn.example/",
            "ftp://cdn.example/",
            "file:///etc/passwd",
            "data:text/plain,x",
        ] {
            assert!(!is_allowed(&hosts, url), "{url}");
        }
    }

    #[test]
    fn loopback_urls_are_recognized() {
        for url in ["http://127.0.0.1:9100", "http://127.9.9.9", "http://[::1]/", "http://localhost:1/"] {
            assert!(is_loopback(&url.parse().unwrap()), "{url}");
        }
        for url in ["http://graph.example:9100", "http://localhost.example/", "http://10.0.0.1/", "file:///x"]
        {
            assert!(!is_loopback(&url.parse().unwrap()), "{url}");
        }
    }

    #[test]
    fn entries_that_are_no_hosts_are_named() {
        for entry in ["127.0.0.1:9100", "https://lookaside.fbsbx.com", "*.fbsbx.com/", "", "a b"] {
            let error = AllowedHosts::new(&[entry], false).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::InvalidOptions);
            assert!(error.to_string().contains(&format!("{entry:?}")), "{error}");
        }
    }
}
