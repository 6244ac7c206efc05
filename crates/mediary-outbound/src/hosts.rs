//! Which hosts may be called.

use std::collections::HashSet;

use url::{Host, Url};

use crate::error::{Error, ErrorKind};

/// The hosts that may be called, and given the caller's headers.
#[derive(Debug)]
pub struct AllowedHosts {
    hosts: HashSet<Host>,
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
        Ok(Self { hosts: hosts.collect::<Result<_, _>>()?, plain_http })
    }

    /// Whether this URL may be called.
    pub fn check(&self, url: &Url) -> Result<(), Error> {
        let forbidden = |context| Err(Error::new(ErrorKind::ForbiddenUrl, context));
        match url.scheme() {
            "https" => {}
            "http" if self.plain_http => {}
            _ => return forbidden("the URL is not https"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return forbidden("the URL carries credentials");
        }
        let listed = url.host().is_some_and(|host| self.hosts.contains(&without_final_dot(&host)));
        if listed { Ok(()) } else { forbidden("the URL's host is not on the allow-list") }
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
