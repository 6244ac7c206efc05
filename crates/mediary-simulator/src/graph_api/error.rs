//! Graph's error answers: what callers key on is the code, the HTTP status often says something else.

use axum::response::{IntoResponse, Response};
use http::header::{HeaderValue, RETRY_AFTER};
use http::{HeaderName, StatusCode};
use serde_json::{Value, json};

use super::answer::json_answer;
use crate::faults::{FaultKind, FaultSpec};
use crate::tokens::TokenState;
use crate::world::World;

const USAGE: HeaderName = HeaderName::from_static("x-business-use-case-usage");
/// What a throttled caller is told to wait unless the fault says otherwise.
const RETRY_AFTER_SECONDS: u64 = 5;

/// An error as the Graph API tells it.
#[derive(Clone, Debug)]
pub(crate) struct GraphError {
    status: u16,
    kind: &'static str,
    code: i64,
    subcode: Option<i64>,
    message: String,
    details: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl GraphError {
    fn new(status: u16, code: i64, message: impl Into<String>) -> Self {
        let (kind, message, headers) = ("OAuthException", message.into(), Vec::new());
        Self { status, kind, code, subcode: None, message, details: None, headers }
    }

    /// What it says to people.
    pub(crate) fn text(&self) -> &str {
        self.details.as_deref().unwrap_or(&self.message)
    }

    fn details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }

    /// Code 100, subcode 33: expired, deleted, somebody else's, or never there.
    pub(crate) fn no_object(method: &str, id: &str) -> Self {
        let message = format!(
            "Unsupported {} request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
             permissions, or does not support this operation",
            method.to_lowercase()
        );
        Self { kind: "GraphMethodException", subcode: Some(33), ..Self::new(400, 100, message) }
    }

    pub(crate) fn parameter(details: impl Into<String>) -> Self {
        let details = details.into();
        Self::new(400, 100, format!("(#100) {details}")).details(details)
    }

    /// A message names a file that is expired, deleted, or another number's.
    pub(crate) fn no_media(parameter: &str) -> Self {
        Self::parameter(format!(
            "Param {parameter} is not a valid whatsapp business account media attachment ID"
        ))
    }

    pub(crate) fn unknown_path(path: &str) -> Self {
        Self::new(400, 2500, format!("Unknown path components: {path}"))
    }

    pub(crate) fn no_template() -> Self {
        let details = "The template name does not exist in this language";
        Self::new(404, 132_001, "(#132001) Template name does not exist in the translation").details(details)
    }

    pub(crate) fn media_upload(details: impl Into<String>) -> Self {
        Self::new(400, 131_053, "(#131053) Media upload error").details(details)
    }

    pub(crate) fn callback_refused(why: &str) -> Self {
        Self::new(400, 2200, format!("(#2200) Callback verification failed: {why}"))
    }

    pub(crate) fn no_token() -> Self {
        Self::new(401, 0, "Authentication failed: an access token is required")
    }

    /// Code 190, with the subcode that says why.
    pub(crate) fn token(state: Option<TokenState>) -> Self {
        let (subcode, why) = match state {
            Some(TokenState::Expired) => {
                (Some(463), "Error validating access token: the session has expired")
            }
            Some(TokenState::Revoked) => {
                (Some(460), "Error validating access token: the session was invalidated")
            }
            _ => (None, "Invalid OAuth access token"),
        };
        Self { subcode, ..Self::new(401, 190, why) }
    }

    /// The answer that a fault makes; `None` where the fault is none of the Graph API's.
    pub(crate) fn of(fault: &FaultSpec, method: &str, id: &str) -> Option<Self> {
        let code = |own: i64| fault.code.unwrap_or(own);
        let mut error = match fault.kind {
            FaultKind::Expired => Self::no_object(method, id),
            FaultKind::TokenExpired if code(190) == 190 => Self::token(Some(TokenState::Expired)),
            FaultKind::TokenExpired => Self::new(401, code(190), "AuthException"),
            FaultKind::Permission => Self::new(403, code(10), format!("(#{}) Permission denied", code(10))),
            FaultKind::Throttled => {
                let code = code(130_429);
                let details =
                    "Message failed to send because there were too many messages or calls in a short time";
                let error = Self::new(400, code, format!("(#{code}) Rate limit hit")).details(details);
                fault.retry_after_seconds.map_or(error.clone(), |seconds| error.come_back(seconds))
            }
            FaultKind::TooManyRequests => {
                let error = Self::new(429, code(4), "(#4) Application request limit reached");
                error.come_back(fault.retry_after_seconds.unwrap_or(RETRY_AFTER_SECONDS))
            }
            FaultKind::ServerError => Self::new(500, code(131_000), "(#131000) Something went wrong"),
            _ => return None,
        };
        error.status = fault.status.unwrap_or(error.status);
        if let Some(message) = &fault.message {
            (error.message, error.details) = (message.clone(), None);
        }
        Some(error)
    }

    fn come_back(mut self, seconds: u64) -> Self {
        let minutes = seconds / 60;
        let usage = json!({"102290129340398": [{"type": "whatsapp", "call_count": 100, "total_cputime": 25,
            "total_time": 25, "estimated_time_to_regain_access": minutes}]});
        self.headers.push((RETRY_AFTER, seconds.into()));
        self.headers.extend(HeaderValue::from_str(&usage.to_string()).map(|usage| (USAGE, usage)));
        self
    }

    pub(crate) fn answer(&self, world: &World) -> Response {
        let mut error = json!({
            "message": self.message,
            "type": self.kind,
            "code": self.code,
            "fbtrace_id": world.ids.trace(),
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = subcode.into();
        }
        if let Some(details) = &self.details {
            error["error_data"] = json!({"messaging_product": "whatsapp", "details": details});
        }
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = (status, json_answer(&json!({ "error": error }))).into_response();
        response.headers_mut().extend(self.headers.iter().cloned());
        response
    }
}

/// What a call of the Graph API comes to.
pub(crate) type Answer = Result<Value, GraphError>;
