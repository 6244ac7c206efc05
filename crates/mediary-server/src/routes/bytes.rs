//! The files themselves: by message, by WhatsApp's id, by signed link.

use std::time::Instant;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Method};
use mediary_core::MessageId;
use mediary_engine::{Caller, OpenRequest, OpenedMedia, Source, Target};
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::bytes::answer::{View, answer};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, May, Name, Query, rights};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(of_message)).routes(routes!(of_whatsapp)).routes(routes!(of_link))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wish {
    /// A kind from the record's `variants`, instead of the file itself.
    variant: Option<String>,
    /// `1` to save the file instead of showing it.
    #[serde(default, deserialize_with = "flag")]
    #[param(value_type = Option<String>)]
    download: bool,
}

/// The file of a message
///
/// From storage, else from WhatsApp, as the company's policy says. Serves ranges and conditional requests.
#[utoipa::path(get, path = "/api/media/messages/{messageId}", tag = "Bytes",
    params(("messageId" = i64, Path), Wish), responses(
    (status = 200, content_type = "application/octet-stream"), (status = 206, content_type = "application/octet-stream"),
    (status = 304), (status = 404, body = ProblemBody), (status = 410, body = ProblemBody), (status = 416, body = ProblemBody),
    (status = 502, body = ProblemBody), (status = 503, body = ProblemBody)))]
async fn of_message(
    State(app): State<App>,
    may: May<rights::Read>,
    Id(id): Id<MessageId>,
    Query(wish): Query<Wish>,
    method: Method,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let view = View { method: &method, asked: &asked, save: wish.download, link_life: None };
    let opened = open(&app, &may.caller, Target::Message(id), wish.variant, view).await?;
    answer(&app, opened, view).await
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ProviderWish {
    /// Anything; it only makes the URL new.
    #[serde(rename = "t")]
    _t: Option<String>,
    /// `1` to save the file instead of showing it.
    #[serde(default, deserialize_with = "flag")]
    #[param(value_type = Option<String>)]
    download: bool,
}

/// A file by WhatsApp's id for it
///
/// Always from WhatsApp, and never stored.
#[utoipa::path(get, path = "/api/whatsapp/media/{providerMediaId}", tag = "Bytes",
    params(("providerMediaId" = String, Path), ProviderWish), responses(
    (status = 200, content_type = "application/octet-stream"), (status = 206, content_type = "application/octet-stream"),
    (status = 404, body = ProblemBody), (status = 410, body = ProblemBody), (status = 502, body = ProblemBody)))]
async fn of_whatsapp(
    State(app): State<App>,
    may: May<rights::Read>,
    Name(provider_media_id): Name,
    Query(wish): Query<ProviderWish>,
    method: Method,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let view = View { method: &method, asked: &asked, save: wish.download, link_life: None };
    let started = Instant::now();
    let opened = app.engine().open_from_provider(&may.caller, &provider_media_id, view.wanted()).await?;
    time_first_byte(&app, &opened, started);
    answer(&app, opened, view).await
}

/// A file by signed link
#[utoipa::path(get, path = "/m/{token}", tag = "Bytes", params(("token" = String, Path)), security(()), responses(
    (status = 200, content_type = "application/octet-stream"), (status = 206, content_type = "application/octet-stream"),
    (status = 304), (status = 404, body = ProblemBody), (status = 410, body = ProblemBody), (status = 416, body = ProblemBody)))]
async fn of_link(
    State(app): State<App>,
    Name(token): Name,
    method: Method,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let now = app.engine().now();
    let link = app.engine().links().verify(&token, now)?;
    let life = Some(link.expires_at.since(now));
    let view = View { method: &method, asked: &asked, save: link.download, link_life: life };
    let target = Target::Media(link.media_id);
    let opened = open(&app, &Caller::of_link(&link), target, link.variant, view).await?;
    answer(&app, opened, view).await
}

async fn open(
    app: &App,
    caller: &Caller,
    target: Target,
    variant: Option<String>,
    view: View<'_>,
) -> Result<OpenedMedia, Problem> {
    let started = Instant::now();
    let request = OpenRequest { target, variant, wanted: view.wanted(), fresh: false };
    let opened = app.engine().open(caller, request).await?;
    time_first_byte(app, &opened, started);
    Ok(opened)
}

fn time_first_byte(app: &App, opened: &OpenedMedia, started: Instant) {
    if matches!(opened.source, Source::Provider(_)) {
        app.meters().first_byte_seconds.record(started.elapsed().as_secs_f64());
    }
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "1" | "true" => Ok(true),
        "" | "0" | "false" => Ok(false),
        _ => Err(serde::de::Error::custom("must be 1 or 0")),
    }
}
