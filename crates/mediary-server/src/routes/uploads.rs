//! Files that come in several requests, by the tus protocol 1.0.0 with its extensions `creation`, `expiration` and `termination`.
//! A message takes the whole file by `uploadId`.

use axum::body::Body as RequestBody;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64;
use http::request::Parts;
use http_body_util::BodyExt as _;
use mediary_core::{ErrorCode, FileType, UploadId, limits};
use mediary_engine::UploadContinuation;
use mediary_store::PartialUpload;
use tower_http::set_header::SetResponseHeaderLayer;
use tracing::Instrument as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::bytes::conditions::http_date;
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, May, drain, rights};

const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,expiration,termination";
const CONTENT_TYPE: &str = "application/offset+octet-stream";

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");

/// Whose bodies may take long to arrive.
pub(super) fn routes() -> OpenApiRouter<App> {
    let answered = SetResponseHeaderLayer::overriding(TUS_RESUMABLE, HeaderValue::from_static(VERSION));
    OpenApiRouter::new()
        .routes(routes!(describe_uploads, begin_upload))
        .routes(routes!(get_upload, continue_upload, end_upload))
        .layer(answered)
}

/// That a request speaks this version of the protocol.
struct Tus;

impl<S: Send + Sync> FromRequestParts<S> for Tus {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        if parts.headers.get(TUS_RESUMABLE).is_some_and(|version| version == VERSION) {
            return Ok(Self);
        }
        let problem = Problem::field("Tus-Resumable", format!("must be {VERSION}, the version spoken here"))
            .status(StatusCode::PRECONDITION_FAILED);
        Err(([(TUS_VERSION, VERSION)], problem).into_response())
    }
}

/// What uploads in several requests can do
#[utoipa::path(options, path = "/api/uploads", tag = "Messages", responses((status = 204, headers(
    ("Tus-Version" = String), ("Tus-Extension" = String), ("Tus-Max-Size" = i64)))))]
async fn describe_uploads(_: May<rights::Send>) -> impl IntoResponse {
    let most = limits::outbound_file_bytes(FileType::Document, false).to_string();
    let said =
        [(TUS_VERSION, VERSION.to_owned()), (TUS_EXTENSION, EXTENSIONS.to_owned()), (TUS_MAX_SIZE, most)];
    (StatusCode::NO_CONTENT, said)
}

/// Begin an upload in several requests
///
/// By the tus protocol 1.0.0. `Upload-Length` is the size of the file; `filename` in `Upload-Metadata`, in base64, is its name as a
/// document. An upload lives for a day. Once it is whole, `POST /api/messages` with its `uploadId`, the number at the end of
/// `Location`, sends it.
#[utoipa::path(post, path = "/api/uploads", tag = "Messages",
    params(("Tus-Resumable" = String, Header, pattern = r"^1\.0\.0$"),
        ("Upload-Length" = u64, Header, minimum = 1, maximum = 100_000_000),
        ("Upload-Metadata" = Option<String>, Header)),
    responses((status = 201, headers(("Location" = String), ("Upload-Expires" = String), ("Tus-Resumable" = String))),
        (status = 412, body = ProblemBody), (status = 413, body = ProblemBody), (status = 429, body = ProblemBody)))]
async fn begin_upload(
    State(app): State<App>,
    may: May<rights::Send>,
    _: Tus,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let size = number(&headers, UPLOAD_LENGTH, "Upload-Length")?;
    let name = file_name(&headers)?;
    let upload = app.engine().uploads().begin(&may, size, name).await?;
    let location = [(header::LOCATION, format!("/api/uploads/{}", upload.id))];
    Ok((StatusCode::CREATED, expires(&upload), location).into_response())
}

/// How far an upload has come
#[utoipa::path(head, path = "/api/uploads/{id}", tag = "Messages",
    params(("id" = i64, Path), ("Tus-Resumable" = String, Header, pattern = r"^1\.0\.0$")),
    responses((status = 200, headers(("Upload-Offset" = i64), ("Upload-Length" = i64), ("Upload-Expires" = String),
        ("Tus-Resumable" = String))), (status = 412, body = ProblemBody)))]
async fn get_upload(
    State(app): State<App>,
    may: May<rights::Send>,
    _: Tus,
    Id(id): Id<UploadId>,
) -> Result<Response, Problem> {
    let upload = app.engine().uploads().state(&may, id).await?;
    let length = [(UPLOAD_LENGTH, upload.size.to_string())];
    Ok((StatusCode::OK, expires(&upload), offset(&upload), length).into_response())
}

/// Continue an upload
///
/// With the bytes from `Upload-Offset` on, which has to be where the upload ends. What comes before a broken line counts.
#[utoipa::path(patch, path = "/api/uploads/{id}", tag = "Messages",
    params(("id" = i64, Path), ("Tus-Resumable" = String, Header, pattern = r"^1\.0\.0$"),
        ("Upload-Offset" = u64, Header)),
    request_body(content = String, content_type = "application/offset+octet-stream"),
    responses((status = 204, headers(("Upload-Offset" = i64), ("Upload-Expires" = String), ("Tus-Resumable" = String))),
        (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 412, body = ProblemBody),
        (status = 413, body = ProblemBody), (status = 415, body = ProblemBody), (status = 429, body = ProblemBody)))]
async fn continue_upload(
    State(app): State<App>,
    may: May<rights::Send>,
    _: Tus,
    Id(id): Id<UploadId>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, mut body) = request.into_parts();
    let begun = async {
        check_content_type(&parts.headers)?;
        let at = number(&parts.headers, UPLOAD_OFFSET, "Upload-Offset")?;
        Ok::<_, Problem>(app.engine().uploads().resume(&may, id, at).await?)
    };
    let upload = match begun.await {
        Ok(upload) => upload,
        Err(refused) => {
            drain(&mut body).await;
            return Err(refused);
        }
    };
    let company = may.caller().company_id;
    // In a task of its own: a client that goes away ends this handler, and what it has sent is kept.
    let task = async move {
        let _slot = match app.upload_slot(company) {
            Ok(slot) => slot,
            Err(refused) => {
                drain(&mut body).await;
                return Err(refused);
            }
        };
        receive(upload, body).await
    };
    let received = tokio::spawn(task.in_current_span()).await;
    let upload = received.map_err(|error| Problem::new(ErrorCode::Internal).source(error))??;
    Ok((StatusCode::NO_CONTENT, expires(&upload), offset(&upload)).into_response())
}

/// End an upload
///
/// What has come of it is deleted.
#[utoipa::path(delete, path = "/api/uploads/{id}", tag = "Messages",
    params(("id" = i64, Path), ("Tus-Resumable" = String, Header, pattern = r"^1\.0\.0$")),
    responses((status = 204, headers(("Tus-Resumable" = String))), (status = 404, body = ProblemBody),
        (status = 412, body = ProblemBody)))]
async fn end_upload(
    State(app): State<App>,
    may: May<rights::Send>,
    _: Tus,
    Id(id): Id<UploadId>,
) -> Result<StatusCode, Problem> {
    app.engine().uploads().end(&may, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the body to its end, or to where it breaks off.
async fn receive(mut upload: UploadContinuation, mut body: RequestBody) -> Result<PartialUpload, Problem> {
    loop {
        let frame = match body.frame().await {
            None => return Ok(upload.end().await?),
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                upload.end().await?;
                let broken = "the request ended before its body was complete; what came is kept";
                return Err(Problem::new(ErrorCode::ValidationError).detail(broken).source(error));
            }
        };
        let Ok(bytes) = frame.into_data() else { continue };
        if let Err(refused) = upload.write(bytes).await {
            drain(&mut body).await;
            return Err(refused.into());
        }
    }
}

fn expires(upload: &PartialUpload) -> [(HeaderName, String); 1] {
    [(UPLOAD_EXPIRES, http_date(upload.expires_at))]
}

fn offset(upload: &PartialUpload) -> [(HeaderName, String); 1] {
    [(UPLOAD_OFFSET, upload.received.to_string())]
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.get(header::CONTENT_TYPE).is_some_and(|given| given == CONTENT_TYPE) {
        return Ok(());
    }
    let detail = format!("send the bytes with content-type: {CONTENT_TYPE}");
    Err(Problem::refused_field(ErrorCode::UnsupportedMediaType, "Content-Type", detail))
}

fn number(headers: &HeaderMap, header: HeaderName, field: &'static str) -> Result<u64, Problem> {
    let given = headers.get(header).ok_or_else(|| Problem::field(field, "is missing"))?;
    let digits = given.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|text| text.parse().ok());
    number.ok_or_else(|| Problem::field(field, "must be a whole number of bytes"))
}

/// The `filename` of `Upload-Metadata`: pairs of a key and a value in base64, by commas.
fn file_name(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(given) = headers.get(UPLOAD_METADATA) else { return Ok(None) };
    let unreadable = || Problem::field("Upload-Metadata", "must be keys with values in base64, by commas");
    let pairs = given.to_str().map_err(|_| unreadable())?.split(',');
    let name = pairs.filter_map(|pair| pair.trim().split_once(' ')).find(|(key, _)| *key == "filename");
    let Some((_, name)) = name else { return Ok(None) };
    let bytes = BASE64.decode(name.trim().as_bytes()).map_err(|_| unreadable())?;
    let name = String::from_utf8(bytes).map_err(|_| unreadable())?;
    Ok(Some(name).filter(|name| !name.is_empty()))
}
