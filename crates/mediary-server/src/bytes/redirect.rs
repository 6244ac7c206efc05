//! Sending viewers to the bucket instead of passing its bytes on.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use mediary_blob::{PresignedHeaders, StoredFile};
use mediary_core::ErrorCode;
use mediary_engine::FileInfo;

use crate::problem::Problem;
use crate::{App, Delivery};

/// How long the URL of an answer opens the file: for the browser to follow it, and for a player to ask for more.
/// Somebody who lost access keeps it for that long.
const VALID_FOR: Duration = Duration::from_secs(60);

/// The way to the bucket, if that is how files are delivered and this one may be. What could run as a page or hold a
/// script goes through us, where its headers keep it from doing so.
pub(crate) async fn answer(
    app: &App,
    info: &FileInfo,
    file: &StoredFile,
    method: &Method,
    save: bool,
) -> Result<Option<Response>, Problem> {
    let wanted = app.config().delivery == Delivery::Redirect && *method == Method::GET && info.inline_safe;
    if !wanted {
        return Ok(None);
    }
    let served_as = PresignedHeaders {
        content_type: info.mime_type.clone(),
        content_disposition: info.content_disposition(save),
        cache_control: format!("private, max-age={}", VALID_FOR.as_secs()),
    };
    let signed = file.presign(&served_as, VALID_FOR).await;
    let url = signed.map_err(|error| Problem::new(ErrorCode::StorageError).source(error))?;
    Ok(url.as_deref().and_then(|url| HeaderValue::from_str(url).ok()).map(to))
}

fn to(url: HeaderValue) -> Response {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(header::LOCATION, url);
    // The next view asks us again, whether it is still allowed.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    *response.headers_mut() = headers;
    response
}
