//! One function per path of the control API.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use mediary_core::{Clock, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::answer::{Body, OneOrMany};
use super::{PATHS, remove_media};
use crate::config::{AccountSpec, Options};
use crate::error::Error;
use crate::faults::{FaultSpec, RandomFaults};
use crate::media::{Media, MediaSpec};
use crate::messages::{MessageSpec, StatusSpec};
use crate::tokens::TokenState;
use crate::webhooks::{self, Part};
use crate::world::World;

/// How long `wait` and `flush` wait unless they are told.
const FLUSH_WAIT: Duration = Duration::from_secs(30);

type Shared = State<Arc<World>>;
type Answer = Result<Json<Value>, Error>;

pub(super) async fn index() -> Json<Value> {
    let paths: serde_json::Map<_, _> =
        PATHS.iter().map(|(path, does)| ((*path).to_owned(), json!(does))).collect();
    Json(Value::Object(paths))
}

pub(super) async fn accounts(State(world): Shared) -> Json<Value> {
    let accounts: Vec<_> = world.accounts.all();
    Json(json!(accounts.iter().map(AsRef::as_ref).collect::<Vec<&AccountSpec>>()))
}

pub(super) async fn put_account(State(world): Shared, Body(account): Body<AccountSpec>) -> Answer {
    let id = account.phone_number_id.clone();
    world.accounts.put(account)?;
    Ok(Json(json!({ "phoneNumberId": id })))
}

pub(super) async fn media(State(world): Shared) -> Json<Value> {
    Json(json!(world.media.all().iter().map(|media| media.record()).collect::<Vec<_>>()))
}

pub(super) async fn add_media(State(world): Shared, Body(spec): Body<MediaSpec>) -> Answer {
    Ok(Json(shown(&world, &*world.add_media(&spec).await?)))
}

pub(super) async fn one_media(State(world): Shared, Path(id): Path<String>) -> Answer {
    let media = find(&world, &id)?;
    let mut answer = shown(&world, &media);
    answer["stats"] = json!(media.counters.snapshot());
    Ok(Json(answer))
}

pub(super) async fn media_content(State(world): Shared, Path(id): Path<String>) -> Result<Response, Error> {
    let media = find(&world, &id)?;
    let content = axum::body::Body::from_stream(media.content.stream(0..media.size()));
    Ok(([(CONTENT_TYPE, media.mime_type.clone())], content).into_response())
}

pub(super) async fn delete_media(State(world): Shared, Path(id): Path<String>) -> Answer {
    find(&world, &id)?;
    Ok(Json(json!({"deleted": remove_media(&world, &id)})))
}

fn find(world: &World, id: &str) -> Result<Arc<Media>, Error> {
    world.media.find(id).ok_or_else(|| Error::not_found(format!("there is no media {id:?}")))
}

/// The record with a fresh URL and the hash as webhooks write it.
fn shown(world: &World, media: &Media) -> Value {
    let mut shown = json!(media.record());
    shown["url"] = world.media_url(media, "getMedia").into();
    shown["sha256Base64"] = media.sha256.to_base64().into();
    shown
}

pub(super) async fn samples() -> Answer {
    Ok(Json(json!(crate::samples()?)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Wait {
    /// Answer once every update is acknowledged or given up.
    wait: bool,
    timeout_seconds: Option<u64>,
}

impl Wait {
    async fn wait(&self, world: &World) -> Result<(), Error> {
        world.outbox.flush(self.timeout_seconds.map_or(FLUSH_WAIT, Duration::from_secs)).await
    }
}

pub(super) async fn send_messages(
    State(world): Shared,
    Query(wait): Query<Wait>,
    Body(messages): Body<OneOrMany>,
) -> Answer {
    let mut queued = Vec::new();
    for message in messages.read::<MessageSpec>()? {
        queued.push(world.send_message(&message).await?);
    }
    if wait.wait {
        wait.wait(&world).await?;
    }
    Ok(Json(json!({ "messages": queued })))
}

pub(super) async fn send_statuses(
    State(world): Shared,
    Query(wait): Query<Wait>,
    Body(statuses): Body<OneOrMany>,
) -> Answer {
    let statuses = statuses.read::<StatusSpec>()?;
    for status in &statuses {
        world.send_status(status)?;
    }
    if wait.wait {
        wait.wait(&world).await?;
    }
    Ok(Json(json!({"statuses": statuses.len()})))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Field {
    field: String,
    value: Value,
    #[serde(default)]
    phone_number_id: Option<String>,
}

pub(super) async fn send_field(State(world): Shared, Body(field): Body<Field>) -> Answer {
    let part = Part::Field { field: field.field, value: field.value };
    world.send_field(field.phone_number_id.as_deref(), part)?;
    Ok(Json(json!({"queued": true})))
}

pub(super) async fn webhooks(State(world): Shared) -> Json<Value> {
    Json(json!(world.webhook_log.all()))
}

pub(super) async fn post_webhook(State(world): Shared, body: Bytes) -> Answer {
    Ok(Json(json!({"status": webhooks::post(&world, body).await?})))
}

pub(super) async fn one_webhook(State(world): Shared, Path(id): Path<u64>) -> Result<Response, Error> {
    let unknown = || Error::not_found(format!("there is no webhook {id}, or it was long ago"));
    let record = world.webhook_log.find(id).ok_or_else(unknown)?;
    let headers = [(CONTENT_TYPE.as_str(), "application/json"), ("x-hub-signature-256", &record.signature)];
    Ok((headers, record.body).into_response())
}

pub(super) async fn resend_webhook(State(world): Shared, Path(id): Path<u64>) -> Answer {
    Ok(Json(json!({"status": webhooks::resend(&world, id).await?})))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Callback {
    url: Option<Url>,
    #[serde(default)]
    verify_token: Option<SecretString>,
}

pub(super) async fn set_webhook_url(State(world): Shared, Body(callback): Body<Callback>) -> Answer {
    if let (Some(url), Some(token)) = (&callback.url, &callback.verify_token) {
        let verified = webhooks::verify_callback(&world, url, token.expose_secret()).await;
        verified.map_err(|why| Error::invalid(format!("the callback is not verified: {why}")))?;
    }
    world.accounts.set_webhook_url(callback.url);
    Ok(Json(json!({"verified": callback.verify_token.is_some()})))
}

pub(super) async fn flush(State(world): Shared, Query(wait): Query<Wait>) -> Answer {
    wait.wait(&world).await?;
    Ok(Json(json!({"pending": world.outbox.pending()})))
}

pub(super) async fn faults(State(world): Shared) -> Json<Value> {
    let (armed, random) = world.faults.list();
    Json(json!({"armed": armed, "random": random}))
}

pub(super) async fn add_fault(State(world): Shared, Body(fault): Body<FaultSpec>) -> Answer {
    Ok(Json(json!({"id": world.faults.add(fault)?})))
}

pub(super) async fn remove_fault(State(world): Shared, Path(id): Path<u64>) -> Answer {
    Ok(Json(json!({"removed": world.faults.remove(id)})))
}

pub(super) async fn clear_faults(State(world): Shared) -> Json<Value> {
    world.faults.clear();
    Json(json!({"armed": [], "random": null}))
}

pub(super) async fn set_random_faults(State(world): Shared, Body(random): Body<RandomFaults>) -> Answer {
    world.faults.set_random(Some(random.clone()))?;
    Ok(Json(json!({ "random": random })))
}

pub(super) async fn clear_random_faults(State(world): Shared) -> Answer {
    world.faults.set_random(None)?;
    Ok(Json(json!({"random": null})))
}

pub(super) async fn clock(State(world): Shared) -> Json<Value> {
    Json(moment(world.clock.now()))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Advance {
    advance_seconds: u64,
}

pub(super) async fn advance_clock(State(world): Shared, Body(advance): Body<Advance>) -> Json<Value> {
    world.clock.advance(Duration::from_secs(advance.advance_seconds));
    Json(moment(world.clock.now()))
}

fn moment(now: Timestamp) -> Value {
    json!({"now": now, "seconds": now.millis() / 1000})
}

pub(super) async fn stats(State(world): Shared) -> Json<Value> {
    Json(json!(world.stats()))
}

pub(super) async fn media_stats(State(world): Shared, Path(id): Path<String>) -> Answer {
    Ok(Json(json!(find(&world, &id)?.counters.snapshot())))
}

pub(super) async fn reset_stats(State(world): Shared) -> Json<Value> {
    world.counters.reset(&world.media.all());
    Json(json!(world.stats()))
}

pub(super) async fn sent(State(world): Shared) -> Json<Value> {
    Json(json!(world.sent.all()))
}

pub(super) async fn reads(State(world): Shared) -> Json<Value> {
    Json(json!(world.sent.receipts()))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TokenChange {
    #[serde(default)]
    token: Option<SecretString>,
    #[serde(default)]
    state: Option<TokenState>,
    /// Whether tokens that nobody mentioned are taken.
    #[serde(default)]
    take_unknown: Option<bool>,
}

pub(super) async fn set_token(State(world): Shared, Body(change): Body<TokenChange>) -> Answer {
    if let Some(take) = change.take_unknown {
        world.tokens.take_unknown(take);
    }
    match (change.token, change.state) {
        (Some(token), Some(state)) => world.tokens.set(token.expose_secret(), state)?,
        (None, None) if change.take_unknown.is_some() => {}
        _ => return Err(Error::invalid("give token and state (valid, expired, revoked), or takeUnknown")),
    }
    Ok(Json(json!({"changed": true})))
}

pub(super) async fn options(State(world): Shared) -> Json<Value> {
    Json(json!(*world.options()))
}

/// Takes any part of the options and leaves the others as they are.
pub(super) async fn change_options(State(world): Shared, Body(change): Body<Value>) -> Answer {
    let mut options = json!(*world.options());
    merge(&mut options, change);
    let options: Options =
        serde_json::from_value(options).map_err(|error| Error::invalid(error.to_string()))?;
    world.set_options(options.clone())?;
    Ok(Json(json!(options)))
}

fn merge(into: &mut Value, change: Value) {
    match (into, change) {
        (Value::Object(into), Value::Object(change)) => {
            for (name, value) in change {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, change) => *into = change,
    }
}
