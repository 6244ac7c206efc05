//! How the Graph API writes its answers.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::webhooks::ascii_json;

/// A JSON answer, escaped like everything that Meta writes.
pub(crate) fn json_answer(value: &Value) -> Response {
    ([(CONTENT_TYPE, "application/json; charset=UTF-8")], ascii_json(value)).into_response()
}
