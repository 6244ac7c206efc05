//! Graph's JSON answers: bounded, and either of the requested type or an error with its reason.

use mediary_core::limits::GRAPH_ANSWER_BYTES;
use mediary_outbound::Response;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::api::Api;
use crate::error::{Error, ErrorKind};
use crate::refusal::{kind_of_status, retry_after};
use crate::wire::GraphError;

/// Reads an answer; a refusal or nonsense is an error.
pub(super) async fn read<T: DeserializeOwned>(api: &Api, response: Response) -> Result<T, Error> {
    read_with(api, response, GraphError::into_error).await
}

/// Reads the answer of a call at a phone number.
pub(super) async fn read_at<T: DeserializeOwned>(
    api: &Api,
    phone_number_id: &str,
    response: Response,
) -> Result<T, Error> {
    read_with(api, response, |refusal, status| refusal.into_error_at(phone_number_id, status)).await
}

async fn read_with<T: DeserializeOwned>(
    api: &Api,
    response: Response,
    refused: impl FnOnce(GraphError, u16) -> Error,
) -> Result<T, Error> {
    let (status, wait) = (response.status(), retry_after(response.headers()));
    // Whoever answers so has not done what was asked, be it Graph or something in between.
    let without_effect = status.is_redirection() || status.is_client_error();
    let marked = |error: Error| if without_effect { error.without_effect() } else { error };
    let body = response.read(GRAPH_ANSWER_BYTES).await.map_err(|error| marked(error.into()))?;
    let json = serde_json::from_slice::<Value>(&body);
    if let Some(refusal) = json.as_ref().ok().and_then(GraphError::of_answer) {
        return Err(refused(refusal, status.as_u16()).with_retry_after(wait));
    }
    if let Some(refusal) =
        json.as_ref().ok().filter(|json| json.is_object()).and_then(|_| api.bare_refusal(status.as_u16()))
    {
        return Err(marked(refusal));
    }
    if !status.is_success() {
        let context = format!("WhatsApp answered with HTTP {}", status.as_u16());
        return Err(marked(Error::new(kind_of_status(status.as_u16()), context)).with_retry_after(wait));
    }
    let unusable = |context| Error::new(ErrorKind::Protocol, context);
    let json = json.map_err(|error| unusable("WhatsApp's answer is not JSON").caused_by(error))?;
    if !json.is_object() {
        return Err(unusable("WhatsApp's answer is no JSON object"));
    }
    T::deserialize(json)
        .map_err(|error| unusable("WhatsApp's answer lacks a field that it must have").caused_by(error))
}
