//! Graph's JSON answers: bounded, and either of the requested type or an error with its reason.

use mediary_core::limits::GRAPH_ANSWER_BYTES;
use mediary_outbound::Response;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::refusal::{kind_of_status, retry_after};
use crate::wire::GraphError;

/// Reads an answer; a refusal or nonsense is an error.
pub(super) async fn read<T: DeserializeOwned>(response: Response) -> Result<T, Error> {
    let (status, wait) = (response.status(), retry_after(response.headers()));
    let body = response.read(GRAPH_ANSWER_BYTES).await?;
    let json = serde_json::from_slice::<Value>(&body);
    if let Some(refusal) = json.as_ref().ok().and_then(GraphError::of_answer) {
        return Err(refusal.into_error(status.as_u16()).with_retry_after(wait));
    }
    if !status.is_success() {
        let context = format!("WhatsApp answered with HTTP {}", status.as_u16());
        return Err(Error::new(kind_of_status(status.as_u16()), context).with_retry_after(wait));
    }
    let unusable = |context| Error::new(ErrorKind::Protocol, context);
    let json = json.map_err(|error| unusable("WhatsApp's answer is not JSON").caused_by(error))?;
    if !json.is_object() {
        return Err(unusable("WhatsApp's answer is no JSON object"));
    }
    T::deserialize(json)
        .map_err(|error| unusable("WhatsApp's answer lacks a field that it must have").caused_by(error))
}
