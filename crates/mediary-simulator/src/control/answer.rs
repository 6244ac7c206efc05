//! How the control API reads and answers.

use axum::Json;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::error::{Error, ErrorKind};

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = match self.kind() {
            ErrorKind::Invalid => StatusCode::BAD_REQUEST,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Full => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
            ErrorKind::Io => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(json!({"error": self.to_string()}))).into_response()
    }
}

/// A JSON body, whatever its declared type: `curl -d` says it is a form.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let bytes = bytes::Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|error| Error::invalid(error.body_text()))?;
        let value = serde_json::from_slice(&bytes);
        value
            .map(Self)
            .map_err(|error| Error::invalid(format!("the body is not what this path takes: {error}")))
    }
}

/// One thing or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    Many(Vec<serde_json::Value>),
    One(serde_json::Value),
}

impl OneOrMany {
    /// Each of them read on its own, so that an error names the field that is wrong.
    pub(super) fn read<T: DeserializeOwned>(self) -> Result<Vec<T>, Error> {
        let (list, many) = match self {
            Self::Many(list) => (list, true),
            Self::One(one) => (vec![one], false),
        };
        let read = |(at, value)| {
            let place = if many { format!("item {at}: ") } else { String::new() };
            serde_json::from_value(value).map_err(|error| Error::invalid(format!("{place}{error}")))
        };
        list.into_iter().enumerate().map(read).collect()
    }
}
