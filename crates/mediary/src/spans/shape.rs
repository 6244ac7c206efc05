//! Spans in the form that collectors expect: requests by OpenTelemetry's conventions for HTTP.

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{Key, Value};
use opentelemetry_sdk::trace::SpanData;

/// Attributes that are numbers. The library takes unsigned ones for texts.
const NUMBERS: [&str; 6] = ["attempt", "events", "files", "lines", "status", "database_statements"];

pub(super) fn shaped(mut span: SpanData) -> SpanData {
    for attribute in &mut span.attributes {
        if NUMBERS.contains(&attribute.key.as_str())
            && let Value::String(text) = &attribute.value
            && let Ok(number) = text.as_str().parse()
        {
            attribute.value = Value::I64(number);
        }
    }
    if span.name == "request" { request(span) } else { span }
}

fn request(mut span: SpanData) -> SpanData {
    let (mut method, mut route, mut status) = (None, None, None);
    for attribute in &mut span.attributes {
        let name = match (attribute.key.as_str(), &attribute.value) {
            ("method", value) => {
                method = Some(value.to_string());
                "http.request.method"
            }
            ("route", value) => {
                route = Some(value.to_string());
                "http.route"
            }
            ("status", Value::I64(value)) => {
                status = Some(*value);
                "http.response.status_code"
            }
            _ => continue,
        };
        attribute.key = Key::from_static_str(name);
    }
    span.span_kind = SpanKind::Server;
    span.name = match (method, route.filter(|route| route != "-")) {
        (Some(method), Some(route)) => format!("{method} {route}").into(),
        (Some(method), None) => method.into(),
        (None, _) => span.name,
    };
    if status.is_some_and(|status| status >= 500) {
        span.status = Status::error("");
    }
    span
}
