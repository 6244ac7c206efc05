//! Errors that webhooks report.

use mediary_core::upstream_text;
use serde::Serialize;
use serde_json::Value;

use super::tolerant::{id, items, whole};
use crate::redact::redacted_debug;

/// An error that WhatsApp reports in a webhook: beside messages, within one, or with a status.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ReportedError {
    pub code: i64,
    pub title: Option<String>,
    pub message: Option<String>,
    pub details: Option<String>,
}

impl ReportedError {
    /// `None` without a code, which alone identifies an error.
    pub(super) fn read(item: &Value) -> Option<Self> {
        let data = item.get("error_data").unwrap_or(&Value::Null);
        Some(Self {
            code: whole(item, "code")?,
            title: storable_text(item, "title"),
            message: storable_text(item, "message"),
            // Older recordings have it one level higher.
            details: storable_text(data, "details").or_else(|| storable_text(item, "details")),
        })
    }
}

/// A text of WhatsApp's, as it may be stored and shown.
fn storable_text(node: &Value, key: &str) -> Option<String> {
    id(node, key).map(|text| upstream_text(&text))
}

pub(super) fn read_errors(item: &Value) -> Vec<ReportedError> {
    items(item, "errors").iter().filter_map(ReportedError::read).collect()
}

redacted_debug! {
    ReportedError { code, title }
}
