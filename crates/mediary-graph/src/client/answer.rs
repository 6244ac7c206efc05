//! Graph's JSON answers: bounded, and either what was asked for or a reason.

use mediary_core::limits::GRAPH_ANSWER_BYTES;
use mediary_outbound::Response;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::refusal::{meaning_of_status, retry_after};
use crate::wire::GraphError;

/// Reads an answer that is neither an error nor nonsense.
pub(super) async fn read<T: DeserializeOwned>(response: Response) -> Result<T, Error> {
    let (status, wait) = (response.status(), retry_after(response.headers()));
    let body = response.read(GRAPH_ANSWER_BYTES).await?;
    let json = serde_json::from_slice::<Value>(&body);
    if let Some(refusal) = json.as_ref().ok().and_then(GraphError::of_answer) {
        return Err(refusal.into_error(status.as_u16()).with_retry_after(wait));
    }
    if !status.is_success() {
        let context = format!("whatsapp answered with HTTP {}", status.as_u16());
        return Err(Error::new(meaning_of_status(status.as_u16()), context).with_retry_after(wait));
    }
    let unusable = |context| Error::new(ErrorKind::Protocol, context);
    let json = json.map_err(|error| unusable("whatsapp's answer is not JSON").caused_by(error))?;
    if !json.is_object() {
        return Err(unusable("whatsapp's answer is no JSON object"));
    }
    T::deserialize(json)
        .map_err(|error| unusable("whatsapp's answer lacks a field that it must have").caused_by(error))
}
