//! `POST /{phone-number-id}/media`: a form whose fields come in any order; `messaging_product` may also be in the
//! query. The file part's own type decides what is taken.

use std::time::Duration;

use axum::body::Body;
use axum::extract::multipart::Field;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use serde_json::json;

use super::call::{Call, read_refused};
use super::error::{Answer, GraphError};
use crate::content::{Content, essence};
use crate::media::{Origin, UPLOADED_MEDIA_LIFE};
use crate::world::World;

/// The largest file that WhatsApp takes from a business.
const FILE_BYTES: usize = 100_000_000;
/// Fields other than the file.
const FIELD_BYTES: usize = 4096;
/// Fields in a form, at most.
const FIELDS: usize = 32;
/// How long an upload may ask to be kept, in minutes.
const TTL_MINUTES: std::ops::RangeInclusive<u64> = 60..=43_200;

/// The types that uploads may have.
pub(super) const UPLOAD_TYPES: [&str; 19] = [
    "audio/aac",
    "audio/mp4",
    "audio/mpeg",
    "audio/amr",
    "audio/ogg",
    "audio/opus",
    "application/vnd.ms-powerpoint",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/pdf",
    "text/plain",
    "application/vnd.ms-excel",
    "image/jpeg",
    "image/png",
    "image/webp",
    "video/mp4",
    "video/3gpp",
];

#[derive(Debug, Default)]
struct Form {
    messaging_product: Option<String>,
    ttl_minutes: Option<String>,
    file: Option<(Bytes, String, Option<String>)>,
}

pub(super) async fn upload(world: &World, call: &Call, body: Body) -> Answer {
    let account = match call.account(world) {
        Ok(account) => account,
        Err(refusal) => {
            read_refused(body).await;
            return Err(refusal);
        }
    };
    let form = read(call, body).await?;
    let product = form.messaging_product.as_deref().or_else(|| call.parameter("messaging_product"));
    if product != Some("whatsapp") {
        return Err(GraphError::parameter("The parameter messaging_product is required."));
    }
    let (bytes, mime_type, file_name) =
        form.file.ok_or_else(|| GraphError::parameter("The parameter file is required."))?;
    if !UPLOAD_TYPES.contains(&essence(&mime_type).to_ascii_lowercase().as_str()) {
        let allowed = UPLOAD_TYPES.join(", ");
        return Err(GraphError::parameter(format!(
            "Param file must be a file with one of the following types: {allowed}. Received file of type \
             '{mime_type}'."
        )));
    }
    if bytes.is_empty() {
        return Err(GraphError::media_upload("The file is empty."));
    }
    let life = life(form.ttl_minutes.as_deref())?;
    let content = Content::Memory(bytes);
    let misnamed = file_name.as_deref().is_some_and(|name| is_misnamed(name, &mime_type));
    let origin = Origin::Uploaded { file_name, misnamed };
    let media = world.keep_media(&account, content, mime_type, life, origin).await;
    let media = media.map_err(|error| GraphError::media_upload(error.to_string()))?;
    Ok(json!({ "id": media.id }))
}

/// Whether a part's name ends like a file of another kind: the upload is taken, and the message fails later.
fn is_misnamed(file_name: &str, mime_type: &str) -> bool {
    let ending = file_name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    let family = match ending.as_str() {
        "mp4" | "3gp" if mime_type.starts_with("audio/mp4") => return false,
        "mp4" | "3gp" | "mov" => "video/",
        "ogg" | "oga" | "opus" | "mp3" | "aac" | "m4a" | "amr" => "audio/",
        "jpg" | "jpeg" | "png" | "webp" => "image/",
        _ => return false,
    };
    !mime_type.starts_with(family)
}

fn life(ttl_minutes: Option<&str>) -> Result<Duration, GraphError> {
    let Some(minutes) = ttl_minutes else { return Ok(UPLOADED_MEDIA_LIFE) };
    let minutes = minutes.parse().ok().filter(|minutes| TTL_MINUTES.contains(minutes));
    let wrong = || GraphError::parameter("Param ttl_minutes must be a number from 60 to 43200.");
    minutes.map(|minutes: u64| Duration::from_secs(minutes * 60)).ok_or_else(wrong)
}

async fn read(call: &Call, body: Body) -> Result<Form, GraphError> {
    let broken = || GraphError::parameter("The request must be multipart/form-data with whole parts.");
    let mut request =
        Request::builder().header(CONTENT_TYPE, call.content_type()).body(body).map_err(|_| broken())?;
    // Each part has a limit of its own.
    DefaultBodyLimit::disable().apply(&mut request);
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| broken())?;
    let mut form = Form::default();
    for _ in 0..FIELDS {
        let Some(field) = parts.next_field().await.map_err(|_| broken())? else { return Ok(form) };
        match field.name().unwrap_or_default() {
            "file" => {
                // A part without a type is a byte stream by definition.
                let mime_type = field.content_type().unwrap_or("application/octet-stream").to_owned();
                let file_name = field.file_name().map(str::to_owned);
                form.file = Some((bytes(field, FILE_BYTES).await?, mime_type, file_name));
            }
            "messaging_product" => form.messaging_product = Some(text(field).await?),
            "ttl_minutes" => form.ttl_minutes = Some(text(field).await?),
            // `type` is required on paper; the part's own type decides.
            _ => {
                text(field).await?;
            }
        }
    }
    Err(broken())
}

async fn text(field: Field<'_>) -> Result<String, GraphError> {
    Ok(String::from_utf8_lossy(&bytes(field, FIELD_BYTES).await?).into_owned())
}

async fn bytes(mut field: Field<'_>, limit: usize) -> Result<Bytes, GraphError> {
    let mut bytes = BytesMut::new();
    let broken = |_| GraphError::parameter("The request ended within a part.");
    while let Some(piece) = field.chunk().await.map_err(broken)? {
        if bytes.len() + piece.len() > limit {
            return Err(GraphError::media_upload(format!("A part is larger than {limit} bytes.")));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.freeze())
}
