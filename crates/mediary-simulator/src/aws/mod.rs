//! AWS End User Messaging Social: the calls of its API, each with its signature checked, and its events by SNS.
//!
//! Media passes through buckets: those of an S3 server over a folder of this machine, into which files are written as that server would.

mod signature;
mod sns;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use data_encoding::BASE64;
use futures_util::TryStreamExt as _;
use http::{HeaderMap, Method, StatusCode, Uri};
use mediary_core::{Clock, Provider};
use serde::Deserialize;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::config::AccountSpec;
use crate::content::Content;
use crate::counters::add;
use crate::faults::{FaultKind, FaultSpec, Place, Subject};
use crate::graph_api::{json_answer, send_as};
use crate::media::{Media, Origin, UPLOADED_MEDIA_LIFE};
use crate::stats::Route;
use crate::world::World;

pub(crate) use sns::notifications;

/// The largest file that WhatsApp takes from a business.
const FILE_BYTES: usize = 100_000_000;

pub(crate) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/v1/whatsapp/media/get", post(get_media))
        .route("/v1/whatsapp/media", post(post_media).delete(delete_media))
        .route("/v1/whatsapp/send", post(send))
        .route("/v1/whatsapp/waba/phone/details", get(phone_details))
        .merge(sns::router())
}

/// A refusal as the API tells it.
struct Refusal {
    status: u16,
    name: &'static str,
    message: String,
    retry_after: Option<u64>,
}

fn refusal(status: u16, name: &'static str, message: String) -> Refusal {
    Refusal { status, name, message, retry_after: None }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { status, name, message, retry_after } = self;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        let body = json_answer(&json!({ "message": message }));
        let mut response = (status, [("x-amzn-errortype", name)], body).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

type Answer = Result<Response, Refusal>;

/// The account whose key signed the call, if it did.
fn caller(
    world: &World,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Arc<AccountSpec>, Refusal> {
    let refused = |message: &str| refusal(403, "UnrecognizedClientException", message.to_owned());
    let call = signature::Call { method, uri, headers, body };
    let key_id = call.key_id().ok_or_else(|| refused("The request is not signed."))?;
    let accounts = world.accounts.all();
    let accounts = accounts.into_iter().filter(|account| account.provider == Provider::Aws);
    for account in accounts {
        for token in world.tokens.of_key(key_id, account.access_token.as_ref()) {
            let Some((_, secret)) = token.split_once(':') else { continue };
            if call.is_signed_with(secret) {
                return match crate::graph_api::check_token(world, &token) {
                    Ok(()) => Ok(account),
                    Err(_) => Err(refused("The security token included in the request is expired.")),
                };
            }
        }
    }
    Err(refusal(403, "InvalidSignatureException", "The request signature does not match.".to_owned()))
}

/// The number that a call names, if it is the caller's.
fn number_of(account: Arc<AccountSpec>, id: &str) -> Result<Arc<AccountSpec>, Refusal> {
    if account.aws.as_ref().is_some_and(|aws| aws.phone_number_id == id) {
        return Ok(account);
    }
    Err(refusal(404, "ResourceNotFoundException", format!("There is no phone number {id}.")))
}

fn body_of<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| refusal(400, "ValidationException", error.to_string()))
}

/// What an armed fault makes of a call; `Ok` where it is answered all the same.
async fn struck(world: &World, place: Place, subject: Subject<'_>) -> Result<Option<FaultSpec>, Refusal> {
    let Some(fault) = world.faults.strike(place, subject) else { return Ok(None) };
    add(&world.counters.faults);
    match fault.kind {
        FaultKind::Expired => Err(no_media(subject.media_id.unwrap_or_default())),
        FaultKind::TokenExpired => {
            Err(refusal(403, "ExpiredTokenException", "The key is expired.".to_owned()))
        }
        FaultKind::Permission => Err(refusal(403, "AccessDeniedException", "Not authorized.".to_owned())),
        FaultKind::Throttled | FaultKind::TooManyRequests => {
            let throttled = refusal(429, "ThrottledRequestException", "Too many requests.".to_owned());
            Err(Refusal { retry_after: fault.retry_after_seconds, ..throttled })
        }
        FaultKind::ServerError => {
            Err(refusal(fault.status.unwrap_or(500), "InternalServiceException", "Try again.".to_owned()))
        }
        FaultKind::Slow => {
            tokio::time::sleep(fault.delay()).await;
            Ok(None)
        }
        FaultKind::Stalled => {
            world.stop.cancelled().await;
            Ok(None)
        }
        _ => Ok(Some(fault)),
    }
}

fn no_media(id: &str) -> Refusal {
    refusal(404, "ResourceNotFoundException", format!("There is no media {id}."))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetMedia {
    media_id: String,
    origination_phone_number_id: String,
    #[serde(default)]
    metadata_only: bool,
    destination_s3_file: Option<S3File>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct S3File {
    bucket_name: String,
    key: String,
}

async fn get_media(
    State(world): State<Arc<World>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let account = caller(&world, &method, &uri, &headers, &body)?;
    let call: GetMedia = body_of(&body)?;
    let account = number_of(account, &call.origination_phone_number_id)?;
    let media = world.media.find(&call.media_id);
    if let Some(media) = &media {
        add(&media.counters.resolves);
    }
    world.counters.count(Route::ResolveMedia);
    struck(&world, Place::Resolve, Subject::media(&call.media_id)).await?;
    let is_its = |media: &Arc<Media>| {
        media.is_there(world.clock.now()) && media.phone_number_id == account.phone_number_id
    };
    let media = media.filter(is_its).ok_or_else(|| no_media(&call.media_id))?;
    match (call.metadata_only, call.destination_s3_file) {
        (true, None) => {}
        (false, Some(to)) => write(&world, &media, &to).await?,
        _ => {
            let message = "Give exactly one of metadataOnly and destinationS3File.".to_owned();
            return Err(refusal(400, "ValidationException", message));
        }
    }
    // In kilobytes, as the documentation has it.
    Ok(json_answer(&json!({"mimeType": media.mime_type, "fileSize": media.size().div_ceil(1000)})))
}

/// Writes the file into the bucket: the media id and an ending follow the key that was given.
async fn write(world: &World, media: &Media, to: &S3File) -> Result<(), Refusal> {
    add(&media.counters.downloads);
    world.counters.count(Route::DownloadMedia);
    let fault = struck(world, Place::Download, Subject::media(&media.id)).await?;
    let failed = |_| refusal(400, "AccessDeniedException", "The bucket cannot be written to.".to_owned());
    let bytes: Vec<Bytes> = media.content.stream(0..media.size()).try_collect().await.map_err(failed)?;
    let mut bytes = bytes.concat();
    match fault.map(|fault| fault.kind) {
        Some(FaultKind::Short) => bytes.truncate(bytes.len() / 2),
        Some(FaultKind::WrongHash) => bytes.iter_mut().for_each(|byte| *byte ^= 1),
        Some(FaultKind::ZeroBytes) => bytes.clear(),
        _ => {}
    }
    let ending = media.mime_type.rsplit('/').next().unwrap_or("bin").split(';').next().unwrap_or("bin");
    let name = format!("{}/{}{}.{ending}", to.bucket_name, to.key, media.id);
    let fits = !name.split('/').any(|part| matches!(part, "" | "." | ".."));
    let Some(path) = world.buckets.as_ref().map(|folder| folder.join(&name)).filter(|_| fits) else {
        return Err(refusal(400, "InvalidParametersException", "There is no such bucket.".to_owned()));
    };
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await.map_err(failed)?;
    }
    tokio::fs::write(&path, bytes).await.map_err(failed)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostMedia {
    origination_phone_number_id: String,
    source_s3_presigned_url: PresignedUrl,
}

#[derive(Deserialize)]
struct PresignedUrl {
    url: String,
    headers: std::collections::HashMap<String, String>,
}

async fn post_media(
    State(world): State<Arc<World>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let account = caller(&world, &method, &uri, &headers, &body)?;
    world.counters.count(Route::UploadMedia);
    let call: PostMedia = body_of(&body)?;
    let account = number_of(account, &call.origination_phone_number_id)?;
    let subject = Subject { phone_number_id: Some(&account.phone_number_id), ..Subject::default() };
    struck(&world, Place::Upload, subject).await?;
    let invalid = |message: &str| refusal(400, "InvalidParametersException", message.to_owned());
    let mime = call.source_s3_presigned_url.headers.get("Content-Type");
    let mime = mime.ok_or_else(|| invalid("The header Content-Type is needed."))?;
    let answer = world.http.get(&call.source_s3_presigned_url.url).send().await;
    let answer = answer.and_then(reqwest::Response::error_for_status);
    let answer = answer.map_err(|_| invalid("The file cannot be fetched from the bucket."))?;
    let bytes = axum::body::to_bytes(Body::from_stream(answer.bytes_stream()), FILE_BYTES).await;
    let bytes = bytes.map_err(|_| invalid("The file cannot be fetched from the bucket."))?;
    let origin = Origin::Uploaded { file_name: None, misnamed: false };
    let content = Content::Memory(bytes);
    let kept = world.keep_media(&account, content, mime.clone(), UPLOADED_MEDIA_LIFE, origin).await;
    let media = kept.map_err(|error| invalid(&error.to_string()))?;
    Ok(json_answer(&json!({ "mediaId": media.id })))
}

async fn delete_media(
    State(world): State<Arc<World>>,
    method: Method,
    uri: Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let account = caller(&world, &method, &uri, &headers, b"")?;
    world.counters.count(Route::DeleteMedia);
    let query = query.unwrap_or_default();
    let account = number_of(account, &parameter(&query, "originationPhoneNumberId"))?;
    let id = parameter(&query, "mediaId");
    let media = world.media.find(&id).filter(|media| media.phone_number_id == account.phone_number_id);
    let media = media.filter(|media| media.is_there(world.clock.now())).ok_or_else(|| no_media(&id))?;
    media.deleted.store(true, std::sync::atomic::Ordering::Release);
    Ok(json_answer(&json!({"success": true})))
}

fn parameter(query: &str, name: &str) -> String {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Send {
    origination_phone_number_id: String,
    message: String,
    meta_api_version: String,
}

async fn send(
    State(world): State<Arc<World>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let account = caller(&world, &method, &uri, &headers, &body)?;
    world.counters.count(Route::SendMessage);
    let call: Send = body_of(&body)?;
    let account = number_of(account, &call.origination_phone_number_id)?;
    let invalid = |message: &str| refusal(400, "InvalidParametersException", message.to_owned());
    if !call.meta_api_version.starts_with('v') {
        return Err(invalid("metaApiVersion is no version."));
    }
    let message = BASE64.decode(call.message.as_bytes()).map_err(|_| invalid("message is no blob."))?;
    let message: Value = body_of(&message)?;
    let to = message["to"].as_str().or_else(|| message["recipient"].as_str());
    let subject = Subject { phone_number_id: Some(&account.phone_number_id), to, ..Subject::default() };
    let fault = struck(&world, Place::Send, subject).await?;
    send_as(&world, &account, &message).map_err(|error| invalid(error.text()))?;
    match fault {
        Some(fault) if fault.kind == FaultKind::LostAnswer => Ok(crate::graph_api::lost_answer(&fault).await),
        // Its own id; WhatsApp's comes with the statuses.
        _ => Ok(json_answer(&json!({ "messageId": world.ids.opaque() }))),
    }
}

async fn phone_details(
    State(world): State<Arc<World>>,
    method: Method,
    uri: Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let account = caller(&world, &method, &uri, &headers, b"")?;
    world.counters.count(Route::Account);
    let id = parameter(&query.unwrap_or_default(), "id");
    let account = number_of(account, &id)?;
    Ok(json_answer(&json!({
        "linkedWhatsAppBusinessAccountId": "waba-0123456789abcdef0123456789abcdef",
        "phoneNumber": {
            "arn": format!("arn:aws:social-messaging:us-east-1:123456789012:phone-number-id/{id}"),
            "phoneNumber": account.display_phone_number,
            "phoneNumberId": id,
            "metaPhoneNumberId": account.phone_number_id,
            "displayPhoneNumberName": account.name,
            "displayPhoneNumber": account.display_phone_number,
            "qualityRating": "GREEN",
        },
    })))
}
