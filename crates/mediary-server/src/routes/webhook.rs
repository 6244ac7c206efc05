//! The webhooks that WhatsApp's providers call. Outside of sessions and roles: what proves the provider decides.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, header};
use http_body::Body as _;
use http_body_util::BodyExt;
use mediary_core::{ErrorCode, limits};
use mediary_engine::{UnsignedReason, WebhookSender};
use metrics::counter;
use serde::Deserialize;
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::metrics::WEBHOOK_REQUESTS;
use crate::pace::{Pace, PacedBody};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Query, drain};

/// For a whole body; Meta gives up sooner.
const BODY_DEADLINE: Duration = Duration::from_secs(20);
/// Memory that is reserved for a body before its bytes arrive, so that an announced length costs nothing.
const FIRST_BUFFER: usize = 16 * 1024;

/// Reasons for which webhooks are refused, for the log.
const UNKNOWN_VERIFY_TOKEN: &str = "Meta asked with a verify token that no account has, and that is not MEDIARY_VERIFY_TOKEN; give it with \
     `mediary account update --verify-token-env`";
const TOO_LARGE: &str = "larger, or with more updates, than WhatsApp's are";
const CUT_OFF: &str = "ended before they were complete, or took too long";

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(verify_webhook, receive_webhook))
        .routes(routes!(receive_dialog360_webhook))
        .routes(routes!(receive_aws_message))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Verification {
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    #[serde(rename = "hub.verify_token")]
    verify_token: Option<String>,
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
}

/// Meta's check that this address is ours
#[utoipa::path(get, path = "/api/webhooks/whatsapp", tag = "Webhook", params(Verification), security(()), responses(
    (status = 200, content_type = "text/plain", body = String), (status = 403, body = ProblemBody)))]
async fn verify_webhook(
    State(app): State<App>,
    Query(query): Query<Verification>,
) -> Result<Response, Problem> {
    let known = match (query.mode.as_deref(), query.verify_token) {
        (Some("subscribe"), Some(token)) => app.engine().verify_subscription(&token).await?,
        _ => false,
    };
    if !known {
        app.refused_webhooks().note(UNKNOWN_VERIFY_TOKEN);
        return Err(Problem::new(ErrorCode::Forbidden).detail("hub.mode or hub.verify_token is not right"));
    }
    let safe = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((safe, query.challenge.unwrap_or_default()).into_response())
}

/// A webhook from Meta
///
/// Answers 200 only once the body is on disk. `X-Hub-Signature-256` is checked over the raw body.
#[utoipa::path(post, path = "/api/webhooks/whatsapp", tag = "Webhook", security(()),
    request_body(content = String, content_type = "application/json"), responses(
    (status = 200), (status = 401, body = ProblemBody), (status = 413, body = ProblemBody), (status = 503, body = ProblemBody)))]
async fn receive_webhook(State(app): State<App>, request: Request) -> Result<StatusCode, Problem> {
    receive(&app, Sender::Meta, request).await
}

/// A webhook from 360dialog
///
/// Answers 200 only once the body is on disk. 360dialog signs nothing, so its webhook has to be configured with the header
/// `Authorization: Bearer` and the account's app secret.
#[utoipa::path(post, path = "/api/webhooks/360dialog", tag = "Webhook", security(()),
    request_body(content = String, content_type = "application/json"), responses(
    (status = 200), (status = 401, body = ProblemBody), (status = 413, body = ProblemBody), (status = 503, body = ProblemBody)))]
async fn receive_dialog360_webhook(State(app): State<App>, request: Request) -> Result<StatusCode, Problem> {
    receive(&app, Sender::Dialog360, request).await
}

/// A message of SNS, by which AWS sends webhooks
///
/// Its signature is checked, and its topic has to be an account's. A subscription is confirmed. An event is answered 200 only once it is on
/// disk.
#[utoipa::path(post, path = "/api/webhooks/aws", tag = "Webhook", security(()),
    request_body(content = String, content_type = "text/plain"), responses(
    (status = 200), (status = 401, body = ProblemBody), (status = 413, body = ProblemBody),
    (status = 502, description = "SNS could not be asked for its certificate.", body = ProblemBody), (status = 503, body = ProblemBody)))]
async fn receive_aws_message(State(app): State<App>, request: Request) -> Result<StatusCode, Problem> {
    receive(&app, Sender::Aws, request).await
}

/// Who sends a webhook, by the path it came on.
#[derive(Clone, Copy)]
enum Sender {
    Meta,
    Aws,
    Dialog360,
}

impl Sender {
    /// What proves where the body comes from. Without it no body is read.
    fn proof(self, headers: &HeaderMap) -> Result<&str, Problem> {
        let header = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let (proof, missing) = match self {
            Self::Meta => (header("x-hub-signature-256"), "the header X-Hub-Signature-256 is missing"),
            // What proves it is within the body.
            Self::Aws => (header("x-amz-sns-message-type"), "the header x-amz-sns-message-type is missing"),
            Self::Dialog360 => {
                let bearer = header("authorization").and_then(|value| value.split_once(' '));
                let secret = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
                (secret.map(|(_, secret)| secret), "the header Authorization: Bearer is missing")
            }
        };
        proof.ok_or_else(|| Problem::new(ErrorCode::Unauthorized).detail(missing))
    }

    /// The reason for the log where that is missing.
    fn without_proof(self) -> UnsignedReason {
        match self {
            Self::Meta => UnsignedReason::NoSignature,
            Self::Aws => UnsignedReason::NotSns,
            Self::Dialog360 => UnsignedReason::NoHeaderSecret,
        }
    }
}

async fn receive(app: &App, sender: Sender, request: Request) -> Result<StatusCode, Problem> {
    let started = Instant::now();
    let outcome = take(app, sender, request).await;
    let result = match &outcome {
        Ok(()) => "accepted",
        Err(problem) => {
            // What is our fault is logged as every other request's.
            if problem.http_status().is_client_error() {
                app.refused_webhooks().note(reason(sender, problem));
            }
            problem.code().as_str()
        }
    };
    counter!(WEBHOOK_REQUESTS, "result" => result).increment(1);
    app.meters().webhook_seconds.record(started.elapsed().as_secs_f64());
    outcome.map(|()| StatusCode::OK)
}

async fn take(app: &App, sender: Sender, request: Request) -> Result<(), Problem> {
    let (parts, mut body) = request.into_parts();
    let read = match sender.proof(&parts.headers) {
        Ok(proof) => read(app, &mut body).await.map(|bytes| (proof, bytes)),
        Err(unproved) => Err(unproved),
    };
    let (proof, (bytes, _room)) = match read {
        Ok(read) => read,
        Err(problem) => {
            drain(&mut body).await;
            return Err(problem);
        }
    };
    let accepted = match sender {
        Sender::Meta => app.engine().accept(Some(proof), bytes).await.map(drop),
        Sender::Aws => app.engine().accept_from(WebhookSender::Aws, bytes).await,
        Sender::Dialog360 => {
            app.engine().accept_from(WebhookSender::Dialog360 { secret: Some(proof) }, bytes).await
        }
    };
    accepted.map_err(|error| match error.code() {
        // Whatever keeps us from storing it, it has to be sent again.
        ErrorCode::Internal | ErrorCode::StorageFull => Problem::new(ErrorCode::StorageError)
            .detail("the webhook could not be written to the database; send it again")
            .source(error),
        _ => error.into(),
    })
}

/// A whole body, and the share of memory that it takes until it is on disk.
type ReceivedBody<'a> = (Bytes, Option<SemaphorePermit<'a>>);

async fn read<'a>(app: &'a App, body: &mut Body) -> Result<ReceivedBody<'a>, Problem> {
    tokio::time::timeout(BODY_DEADLINE, collect(app, body)).await.unwrap_or_else(|_| Err(cut_off()))
}

async fn collect<'a>(app: &'a App, body: &mut Body) -> Result<ReceivedBody<'a>, Problem> {
    let declared = body.size_hint().exact().unwrap_or(0);
    if declared > limits::WEBHOOK_BODY_BYTES as u64 {
        return Err(too_large());
    }
    let mut body = PacedBody::new(body, Pace::WEBHOOKS);
    let mut room: Option<SemaphorePermit<'_>> = None;
    let mut whole = Bytes::new();
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| cut_off())?.into_data() else { continue };
        let so_far = whole.len() + collected.len();
        if so_far + data.len() > limits::WEBHOOK_BODY_BYTES {
            return Err(too_large());
        }
        // By the bytes that arrived, never by the announced length. Released before more is taken, so that a body that grows
        // out of the share of small ones keeps none of it.
        drop(room.take());
        room = Some(app.webhook_memory(so_far + data.len()).ok_or_else(busy)?);
        if so_far == 0 {
            // Most bodies come in one piece, which needs no copy.
            whole = data;
            continue;
        }
        if collected.is_empty() {
            collected.reserve(FIRST_BUFFER);
            collected.extend_from_slice(&std::mem::take(&mut whole));
        }
        collected.extend_from_slice(&data);
    }
    Ok((if collected.is_empty() { whole } else { collected.freeze() }, room))
}

fn reason(sender: Sender, problem: &Problem) -> &'static str {
    match (problem.cause::<UnsignedReason>(), problem.code()) {
        (Some(unsigned), _) => unsigned.sentence(),
        (None, ErrorCode::Unauthorized) => sender.without_proof().sentence(),
        (None, ErrorCode::PayloadTooLarge) => TOO_LARGE,
        (None, ErrorCode::ValidationError) => CUT_OFF,
        (None, code) => code.sentence(),
    }
}

fn too_large() -> Problem {
    let detail = format!("a webhook has at most {} bytes", limits::WEBHOOK_BODY_BYTES);
    Problem::new(ErrorCode::PayloadTooLarge).detail(detail)
}

fn cut_off() -> Problem {
    Problem::new(ErrorCode::ValidationError).detail("the body ended before it was complete, or took too long")
}

fn busy() -> Problem {
    Problem::busy().detail("too many webhooks are waiting to be written to the database; send it again")
}

#[cfg(test)]
mod tests {
    use mediary_core::Role;
    use mediary_graph::sign;
    use mediary_testing::installation::{ACCESS_TOKEN, APP_SECRET, VERIFY_TOKEN};
    use mediary_testing::whatsapp::{body, change, signature_of};
    use serde_json::json;

    use super::*;
    use crate::testing::{Answer, Company, House};

    fn body_for(company: &Company) -> Vec<u8> {
        let mut change = change("messages", json!({"messages": []}));
        change["value"]["metadata"]["phone_number_id"] = company.phone_number_id.as_str().into();
        body(&[vec![change]]).to_string().into_bytes()
    }

    async fn send(house: &House, body: Vec<u8>, signature: Option<String>) -> Answer {
        let request = Request::post("/api/webhooks/whatsapp");
        let request = match signature {
            Some(signature) => request.header("x-hub-signature-256", signature),
            None => request,
        };
        house.send(request.body(Body::from(body)).unwrap()).await
    }

    #[tokio::test]
    async fn signed_body_is_kept_and_answered_with_nothing_but_200() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let body = body_for(&company);
        let signature = signature_of(&body);
        let answer = send(&house, body, Some(signature)).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0));
        assert_eq!(house.store.inbox_depth().await.unwrap().waiting, 1);
    }

    #[tokio::test]
    async fn unsigned_or_wrongly_signed_body_is_not_kept() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let body = body_for(&company);
        let wrong = sign(&body, b"another secret");
        let changed = signature_of(&body[1..]);
        for signature in [None, Some(wrong), Some(changed), Some("sha256=".to_owned()), Some(String::new())] {
            let answer = send(&house, body.clone(), signature).await;
            assert_eq!(answer.code(), "unauthorized");
        }
        assert_eq!(house.store.inbox_depth().await.unwrap().waiting, 0);
    }

    #[tokio::test]
    async fn body_from_360dialog_needs_the_secret_of_its_account_in_a_header() {
        let house = House::with_whatsapp().await;
        let company = house.company("acme").await;
        let new = json!({"provider": "dialog360", "phoneNumberId": "777", "name": "Sales", "accessToken": ACCESS_TOKEN,
            "appSecret": APP_SECRET});
        let answer = house.post("/api/whatsapp-accounts", company.key(Role::Admin), &new).await;
        assert_eq!(
            (answer.status, answer.json()["provider"].clone()),
            (StatusCode::CREATED, json!("dialog360"))
        );
        let mut change = change("messages", json!({"messages": []}));
        change["value"]["metadata"]["phone_number_id"] = "777".into();
        let body = body(&[vec![change]]).to_string();
        let send = async |header: &str, value: String| {
            let request = Request::post("/api/webhooks/360dialog").header(header, value);
            house.send(request.body(Body::from(body.clone())).unwrap()).await
        };
        for (header, value) in [
            ("x-hub-signature-256", signature_of(&body)),
            ("authorization", String::new()),
            ("authorization", format!("Basic {APP_SECRET}")),
            ("authorization", "Bearer the-app-secret-of-the-test".to_owned()),
        ] {
            assert_eq!(send(header, value).await.code(), "unauthorized");
        }
        assert_eq!(house.store.inbox_depth().await.unwrap().waiting, 0);
        let answer = send("authorization", format!("bearer {APP_SECRET}")).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0));
        assert_eq!(house.store.inbox_depth().await.unwrap().waiting, 1);
    }

    #[tokio::test]
    async fn body_may_have_three_mebibytes_and_no_more() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let mut body = body_for(&company);
        body.resize(limits::WEBHOOK_BODY_BYTES, b' ');
        let signature = signature_of(&body);
        let answer = send(&house, body.clone(), Some(signature)).await;
        assert_eq!(answer.status, StatusCode::OK);
        body.push(b' ');
        let signature = signature_of(&body);
        assert_eq!(send(&house, body.clone(), Some(signature.clone())).await.code(), "payload_too_large");
        // Without a declared length it is counted as it comes.
        let pieces = body.chunks(100_000).map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece)));
        let streamed = Body::from_stream(futures_util::stream::iter(pieces.collect::<Vec<_>>()));
        let request = Request::post("/api/webhooks/whatsapp").header("x-hub-signature-256", signature);
        assert_eq!(house.send(request.body(streamed).unwrap()).await.code(), "payload_too_large");
    }

    #[tokio::test]
    async fn large_bodies_that_never_end_do_not_hold_up_ordinary_ones() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let signed = async |body: Vec<u8>| {
            let signature = signature_of(&body);
            send(&house, body, Some(signature)).await
        };
        let large: Vec<_> =
            std::iter::from_fn(|| house.app.webhook_memory(limits::WEBHOOK_BODY_BYTES)).collect();
        let for_large = limits::WEBHOOK_BYTES_IN_FLIGHT - limits::SMALL_WEBHOOK_BYTES_IN_FLIGHT;
        assert_eq!(large.len(), for_large / limits::WEBHOOK_BODY_BYTES);
        assert_eq!(signed(body_for(&company)).await.status, StatusCode::OK);
        let mut body = body_for(&company);
        body.resize(limits::SMALL_WEBHOOK_BYTES + 1, b' ');
        assert_eq!(signed(body).await.code(), "storage_error");
        let small: Vec<_> =
            std::iter::from_fn(|| house.app.webhook_memory(limits::SMALL_WEBHOOK_BYTES)).collect();
        assert_eq!(small.len(), limits::SMALL_WEBHOOK_BYTES_IN_FLIGHT / limits::SMALL_WEBHOOK_BYTES);
        assert_eq!(signed(body_for(&company)).await.code(), "storage_error");
        drop((large, small));
        assert_eq!(signed(body_for(&company)).await.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn verification_needs_one_of_our_tokens() {
        let house = House::open().await;
        house.company("acme").await;
        let ask = |query: &str| {
            let request = Request::get(format!("/api/webhooks/whatsapp?{query}"));
            house.send(request.body(Body::empty()).unwrap())
        };
        let right = format!("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={VERIFY_TOKEN}");
        let answer = ask(&right).await;
        assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &b"1158201444"[..]));
        assert!(answer.header("content-type").starts_with("text/plain"));
        for wrong in [
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong",
            "hub.mode=subscribe&hub.challenge=1",
            &format!("hub.mode=unsubscribe&hub.challenge=1&hub.verify_token={VERIFY_TOKEN}"),
            "",
        ] {
            assert_eq!(ask(wrong).await.code(), "forbidden", "{wrong}");
        }
    }
}
