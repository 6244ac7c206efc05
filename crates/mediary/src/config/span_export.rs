//! Where spans are exported to, by the variables that OpenTelemetry gives to all programs. Without an endpoint they mean nothing,
//! since they may be there for other programs.

use std::collections::BTreeMap;
use std::time::Duration;

use opentelemetry_sdk::trace::Sampler;
use percent_encoding::percent_decode_str;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::checks::{address_like, number};
use super::settings::SETTINGS;
use super::source::Values;

const TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUT_MAX_MS: u64 = 600_000;
const EXAMPLE: &str = "such as http://127.0.0.1:4318";
const SERVICE: &str = "mediary";

/// The settings of the export, and where spans go if they go anywhere.
#[derive(Clone, Debug)]
pub(crate) struct SpanExport {
    pub(crate) collector: Option<Collector>,
    /// As they were given; secrets are hidden.
    given: BTreeMap<&'static str, String>,
}

/// Where spans go, which of them, and in whose name.
#[derive(Clone, Debug)]
pub(crate) struct Collector {
    pub(crate) url: Url,
    /// Each is marked as a secret, so `Debug` shows none.
    pub(crate) headers: HeaderMap,
    pub(crate) timeout: Duration,
    pub(crate) sampler: Sampler,
    pub(crate) resource: BTreeMap<String, String>,
}

impl SpanExport {
    pub(super) fn read(values: &mut Values) -> Self {
        let settings = SETTINGS.iter().filter(|setting| setting.key.starts_with("otel_"));
        let given = settings.filter_map(|setting| {
            let text = values.text(setting.key)?;
            Some((setting.key, if setting.secret { "set (hidden)" } else { text }.to_owned()))
        });
        Self { given: given.collect(), collector: collector(values) }
    }

    pub(super) fn shown(&self, key: &str) -> String {
        self.given.get(key).cloned().unwrap_or_else(|| "not set".to_owned())
    }
}

fn collector(values: &mut Values) -> Option<Collector> {
    let (own, general) = ("otel_exporter_otlp_traces_endpoint", "otel_exporter_otlp_endpoint");
    if values.text(own).or(values.text(general)).is_none()
        || values.checked("otel_sdk_disabled", flag).unwrap_or(false)
        || values.checked("otel_traces_exporter", exporter) == Some(Exporter::None)
    {
        return None;
    }
    let endpoint = |text: &str| address_like(text, EXAMPLE);
    let url = match values.text(own) {
        Some(_) => values.checked(own, endpoint),
        None => values.checked(general, endpoint).map(with_signal_path),
    };
    let headers =
        of_signal(values, "otel_exporter_otlp_traces_headers", "otel_exporter_otlp_headers", headers);
    of_signal(values, "otel_exporter_otlp_traces_protocol", "otel_exporter_otlp_protocol", protocol);
    of_signal(values, "otel_exporter_otlp_traces_compression", "otel_exporter_otlp_compression", compression);
    let timeout = |text: &str| number(text, 1, TIMEOUT_MAX_MS).map(Duration::from_millis);
    let timeout =
        of_signal(values, "otel_exporter_otlp_traces_timeout", "otel_exporter_otlp_timeout", timeout);
    let mut resource = values.checked("otel_resource_attributes", pairs).unwrap_or_default();
    resource.entry("service.name".to_owned()).or_insert_with(|| SERVICE.to_owned());
    resource.entry("service.version".to_owned()).or_insert_with(|| env!("CARGO_PKG_VERSION").to_owned());
    if let Some(name) = values.text("otel_service_name") {
        resource.insert("service.name".to_owned(), name.to_owned());
    }
    Some(Collector {
        // One that is wrong is a problem by now, and nothing starts.
        url: url?,
        headers: headers.unwrap_or_default(),
        timeout: timeout.unwrap_or(TIMEOUT),
        sampler: sampler(values),
        resource,
    })
}

/// The setting for spans wins over the one for all that is exported.
fn of_signal<T>(
    values: &mut Values,
    own: &'static str,
    general: &'static str,
    check: impl Fn(&str) -> Result<T, String>,
) -> Option<T> {
    let key = if values.text(own).is_some() { own } else { general };
    values.checked(key, check)
}

fn with_signal_path(mut url: Url) -> Url {
    let path = format!("{}/v1/traces", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url
}

#[derive(PartialEq, Eq)]
enum Exporter {
    Otlp,
    None,
}

fn exporter(text: &str) -> Result<Exporter, String> {
    match text {
        "otlp" => Ok(Exporter::Otlp),
        "none" => Ok(Exporter::None),
        _ => Err("must be otlp or none".to_owned()),
    }
}

fn flag(text: &str) -> Result<bool, String> {
    text.to_ascii_lowercase().parse().map_err(|_| "must be true or false".to_owned())
}

fn protocol(text: &str) -> Result<(), String> {
    match text {
        "http/protobuf" => Ok(()),
        _ => Err("must be http/protobuf, which a collector takes at port 4318 by default; gRPC and JSON are not spoken".to_owned()),
    }
}

fn compression(text: &str) -> Result<(), String> {
    match text {
        "none" => Ok(()),
        _ => Err("must be none: spans are sent uncompressed".to_owned()),
    }
}

/// `name=value,name=value`, the values percent-encoded.
fn pairs(text: &str) -> Result<BTreeMap<String, String>, String> {
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').filter(|(name, _)| !name.trim().is_empty())?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        Some((name.trim().to_owned(), value.into_owned()))
    };
    let parts = text.split(',').filter(|part| !part.trim().is_empty());
    let pairs: Option<_> = parts.map(pair).collect();
    pairs.ok_or_else(|| {
        "must be name=value, several of them with commas between, and what is special in a value as %2C"
            .to_owned()
    })
}

fn headers(text: &str) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs(text)? {
        let name = HeaderName::try_from(&name).map_err(|_| "a name is not that of a header".to_owned())?;
        let mut value = HeaderValue::try_from(&value).map_err(|_| {
            format!("the value of {name} holds what no header may hold, such as a line break")
        })?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

enum Root {
    On,
    Off,
    Ratio,
}

fn sampler(values: &mut Values) -> Sampler {
    let named = |text: &str| {
        let (name, follows_parent) = match text.strip_prefix("parentbased_") {
            Some(name) => (name, true),
            None => (text, false),
        };
        match name {
            "always_on" => Ok((Root::On, follows_parent)),
            "always_off" => Ok((Root::Off, follows_parent)),
            "traceidratio" => Ok((Root::Ratio, follows_parent)),
            _ => Err("must be always_on, always_off or traceidratio, each also with parentbased_ before it"
                .to_owned()),
        }
    };
    let (root, follows_parent) = values.checked("otel_traces_sampler", named).unwrap_or((Root::On, true));
    let root = match root {
        Root::On => Sampler::AlwaysOn,
        Root::Off => Sampler::AlwaysOff,
        Root::Ratio => {
            Sampler::TraceIdRatioBased(values.checked("otel_traces_sampler_arg", ratio).unwrap_or(1.0))
        }
    };
    if follows_parent { Sampler::ParentBased(Box::new(root)) } else { root }
}

fn ratio(text: &str) -> Result<f64, String> {
    let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| "must be a number from 0 to 1, the share of traces that is exported".to_owned())
}
