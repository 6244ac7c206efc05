//! The rules for the texts of settings and options. A refusal says what is right, after the name and the value.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use url::{Host, Url};

use mediary_outbound::is_loopback;

use super::{DIALOG360_URL, GRAPH_URL, GRAPH_VERSION, LogFormat};

pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().ok().and_then(|mut found| found.next());
    found.ok_or_else(|| "must be an address of this machine with a port, such as 127.0.0.1:8080".to_owned())
}

/// An address that may be asked with a path.
pub(crate) fn web_address(text: &str) -> Result<Url, String> {
    address_like(text, "such as https://media.example.com")
}

pub(super) fn address_like(text: &str, example: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("must be a web address, {example} ({error})"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("must begin with http:// or https://, {example}"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("must hold no user name and no password, {example}"));
    }
    if url.fragment().is_some() {
        return Err(format!("must end before the #, {example}"));
    }
    Ok(url)
}

/// An address that others are built on.
pub(super) fn site_address(text: &str) -> Result<Url, String> {
    let url = web_address(text)?;
    if url.query().is_some() {
        return Err("must end before the ?".to_owned());
    }
    Ok(url)
}

/// Whether a database can be there; that it is, shows when it is opened.
pub(super) fn database_address(text: &str) -> Result<String, String> {
    const SQLITE: &str = "sqlite:///folder/mediary.db";
    const POSTGRES: &str = "postgres://user@host:5432/database";
    if let Some(path) = text.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        let (file, options) = path.split_once('?').unwrap_or((path, ""));
        if matches!(file, "" | ":memory:") || options.contains("mode=memory") {
            return Err(format!("must name a file, such as {SQLITE}"));
        }
        return Ok(text.to_owned());
    }
    if !["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
        return Err(format!("must begin with sqlite:// or postgres://, such as {SQLITE} or {POSTGRES}"));
    }
    let url = Url::parse(text).map_err(|error| format!("must look like {POSTGRES} ({error})"))?;
    let named = |key: &str| url.query_pairs().any(|(name, value)| name == key && !value.is_empty());
    if !url.has_host() && !["host", "hostaddr"].iter().any(|key| named(key)) {
        return Err(format!("must name a host, such as {POSTGRES}"));
    }
    if url.path().trim_matches('/').is_empty() && !named("dbname") {
        return Err(format!("must name a database, such as {POSTGRES}"));
    }
    Ok(text.to_owned())
}

/// Where WhatsApp is asked. Its version is a setting of its own.
pub(super) fn graph_address(text: &str) -> Result<Url, String> {
    let example = format!("such as {GRAPH_URL}");
    let url = address_like(text, &example)?;
    let has_version = url.path_segments().into_iter().flatten().any(|part| graph_version(part).is_ok());
    if url.query().is_some() || has_version {
        return Err(format!(
            "must be the address alone, {example}; the version is set by MEDIARY_GRAPH_VERSION"
        ));
    }
    Ok(url)
}

/// Where 360dialog is asked.
pub(super) fn dialog360_address(text: &str) -> Result<Url, String> {
    let example = format!("such as {DIALOG360_URL}");
    let url = address_like(text, &example)?;
    if url.query().is_some() { Err(format!("must be the address alone, {example}")) } else { Ok(url) }
}

/// What takes the place of AWS, for tests.
pub(super) fn stand_in_address(text: &str) -> Result<Url, String> {
    const EXAMPLE: &str = "such as http://127.0.0.1:9100";
    let url = address_like(text, EXAMPLE)?;
    if is_loopback(&url) { Ok(url) } else { Err(format!("must be an address of this machine, {EXAMPLE}")) }
}

pub(super) fn graph_version(text: &str) -> Result<String, String> {
    let parts = text.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match parts {
        Some((major, minor)) if digits(major) && digits(minor) => Ok(text.to_owned()),
        _ => Err(format!("must look like {GRAPH_VERSION}")),
    }
}

pub(super) fn hosts(text: &str) -> Result<Vec<String>, String> {
    let hosts: Vec<_> =
        text.split(',').map(str::trim).filter(|host| !host.is_empty()).map(str::to_lowercase).collect();
    let is_host =
        |host: &String| host.parse::<IpAddr>().is_ok() || (!host.contains('*') && Host::parse(host).is_ok());
    if let Some(wrong) = hosts.iter().find(|host| !is_host(host)) {
        return Err(format!(
            "{wrong:?} is not a host name or an address; give each host alone and in full, without https://, path and port (any is allowed)"
        ));
    }
    if hosts.is_empty() { Err("must name a host".to_owned()) } else { Ok(hosts) }
}

pub(super) fn log_filter(text: &str) -> Result<String, String> {
    // A word alone is taken for the name of a part of the program by the library, which then logs nothing else.
    let is_level = |word: &str| word.trim().parse::<LevelFilter>().is_ok();
    let levels = |directive: &str| is_level(directive.rsplit_once('=').map_or(directive, |(_, level)| level));
    let by_level = text.contains('[') || text.split(',').all(levels);
    if by_level && EnvFilter::try_new(text).is_ok() {
        return Ok(text.to_owned());
    }
    Err("must be off, error, warn, info, debug or trace, or a level for each part of the program, such as \
         info,mediary_engine=debug"
        .to_owned())
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be text or json".to_owned()),
    }
}

pub(crate) fn number<T>(text: &str, min: T, max: T) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display + Copy,
{
    match text.parse::<T>() {
        Ok(value) if value >= min && value <= max => Ok(value),
        _ => Err(format!("must be a whole number from {min} to {max}")),
    }
}
