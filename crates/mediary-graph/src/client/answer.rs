//! Graph's JSON answers: bounded, and either an object or a reason.

use std::time::Duration;

use mediary_core::limits::GRAPH_ANSWER_BYTES;
use reqwest::Response;
use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::refusal::{Refusal, meaning_of_status, retry_after};

/// An answer that is neither an error nor nonsense.
pub(super) struct Answer(Value);

impl Answer {
    pub(super) async fn read(response: Response, timeout: Duration) -> Result<Self, Error> {
        let status = response.status();
        let wait = retry_after(response.headers());
        let body = read_bounded(response, GRAPH_ANSWER_BYTES, timeout).await?;
        if let Some(refusal) = Refusal::read(&body) {
            return Err(refusal.into_error(status.as_u16()).with_retry_after(wait));
        }
        if !status.is_success() {
            let context = format!("whatsapp answered with HTTP {}", status.as_u16());
            return Err(Error::new(meaning_of_status(status.as_u16()), context).with_retry_after(wait));
        }
        match serde_json::from_slice(&body) {
            Ok(value @ Value::Object(_)) => Ok(Self(value)),
            Ok(_) => Err(Error::new(ErrorKind::Protocol, "whatsapp's answer is no JSON object")),
            Err(error) => {
                Err(Error::new(ErrorKind::Protocol, "whatsapp's answer is not JSON").caused_by(error))
            }
        }
    }

    /// Text, also where a number stands for it.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        match self.0.get(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    pub(super) fn required(&self, key: &str) -> Result<String, Error> {
        self.text(key)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| Error::new(ErrorKind::Protocol, format!("whatsapp's answer has no {key}")))
    }
}

/// A whole body of at most `limit` bytes, in one `timeout`.
pub(super) async fn read_bounded(
    response: Response,
    limit: usize,
    timeout: Duration,
) -> Result<Vec<u8>, Error> {
    match tokio::time::timeout(timeout, collect(response, limit)).await {
        Ok(body) => body,
        Err(_) => {
            Err(Error::new(ErrorKind::Timeout, format!("whatsapp's answer took longer than {timeout:?}")))
        }
    }
}

async fn collect(mut response: Response, limit: usize) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    let cut = |error: reqwest::Error| {
        Error::new(ErrorKind::CutOff, "whatsapp's answer broke off").caused_by(error.without_url())
    };
    while let Some(chunk) = response.chunk().await.map_err(cut)? {
        if body.len() + chunk.len() > limit {
            return Err(Error::new(
                ErrorKind::Protocol,
                format!("whatsapp's answer is longer than {limit} bytes"),
            ));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
