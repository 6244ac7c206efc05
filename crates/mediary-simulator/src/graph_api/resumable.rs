//! The Resumable Upload API, which template headers and profile pictures use. Its handle is no media id.

use axum::body::{Body, to_bytes};
use http::Method;
use serde_json::json;

use super::call::Call;
use super::error::{Answer, GraphError};
use crate::uploads::Session;
use crate::world::World;

/// Upload sessions remembered, at most.
const SESSIONS: usize = 1000;
/// The largest file of a session.
const FILE_BYTES: u64 = 100_000_000;
const FILE_TYPES: [&str; 5] = ["application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4"];

/// `POST /{app-id}/uploads`, `POST /upload:…` and `GET /upload:…`.
pub(super) async fn resumable(world: &World, call: &Call, body: Body) -> Answer {
    call.token(world)?;
    if call.segments.len() == 2 {
        return start(world, call);
    }
    let sessions = || world.uploads.0.lock();
    let known = sessions().get(call.id()).map(|session| (session.received, session.length));
    let (received, length) = known.ok_or_else(|| call.no_object())?;
    if call.method == Method::GET {
        return Ok(json!({"id": call.id(), "file_offset": received}));
    }
    let offset = call.headers.get("file_offset").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if offset != Some(received) {
        return Err(GraphError::parameter(format!("The header file_offset must be {received}.")));
    }
    let limit = usize::try_from(length - received).unwrap_or(usize::MAX);
    let bytes = to_bytes(body, limit).await;
    let bytes =
        bytes.map_err(|_| GraphError::parameter("The body ended early or is longer than file_length."))?;
    let received = received + bytes.len() as u64;
    if let Some(session) = sessions().get_mut(call.id()) {
        session.received = received;
    }
    if received < length {
        return Ok(json!({"id": call.id(), "file_offset": received}));
    }
    Ok(json!({"h": format!("4::{}", world.ids.opaque())}))
}

fn start(world: &World, call: &Call) -> Answer {
    let length = call.parameter("file_length").and_then(|length| length.parse().ok());
    let length = length.filter(|length| (1..=FILE_BYTES).contains(length));
    let length = length
        .ok_or_else(|| GraphError::parameter(format!("file_length must be from 1 to {FILE_BYTES}.")))?;
    if !call.parameter("file_type").is_some_and(|file_type| FILE_TYPES.contains(&file_type)) {
        return Err(GraphError::parameter(format!("file_type must be one of {}.", FILE_TYPES.join(", "))));
    }
    let mut sessions = world.uploads.0.lock();
    if sessions.len() >= SESSIONS {
        sessions.clear();
    }
    let id = format!("upload:{}", world.ids.opaque());
    sessions.insert(id.clone(), Session { length, received: 0 });
    Ok(json!({ "id": id }))
}
