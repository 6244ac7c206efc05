//! The Graph API: the calls that WhatsApp clients make, under any version or none, with or without a slash at the end.

mod account;
mod answer;
mod call;
mod dialog360;
mod error;
mod media;
mod outgoing_media;
mod resumable;
mod send;
mod upload;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::{Method, StatusCode};

use crate::counters::add;
use crate::faults::{FaultKind, FaultSpec, Place, Subject};
use crate::stats::Route;
use crate::world::World;
use call::Call;
use error::{Answer, GraphError};

pub(crate) use answer::json_answer;
pub(crate) use call::{check_token, key_of, may_see, token_of};
pub(crate) use send::send_as;

/// Everything that is no other part's path.
pub(crate) async fn serve(State(world): State<Arc<World>>, request: Request) -> Response {
    let (call, body) = match Call::read(request) {
        Ok(read) => read,
        Err(error) => return error.answer(&world),
    };
    let call = match call::key_of(&call.headers).map(|key| dialog360::account_of_key(&world, key)) {
        None => call,
        Some(Ok(account)) => call.of_number(&account),
        Some(Err(refusal)) => return *refusal,
    };
    let (route, place) = route(&world, &call);
    world.counters.count(route);
    let struck = match place {
        Some(place) => strike(&world, &call, place, body)
            .await
            .map(|(fault, body)| (fault.map(|fault| (fault, place)), body)),
        None => Ok((None, body)),
    };
    let (fault, body) = match struck {
        Ok(struck) => struck,
        Err(error) => return error.answer(&world),
    };
    if let Some((fault, place)) = &fault
        && let Some(response) = fault_answer(&world, &call, *place, fault).await
    {
        call::read_refused(body).await;
        return response;
    }
    let response = match answer(&world, &call, route, body).await {
        Ok(value) => answer::json_answer(&value),
        Err(error) => error.answer(&world),
    };
    match fault {
        Some((fault, _)) if fault.kind == FaultKind::LostAnswer => lost_answer(&fault).await,
        _ => response,
    }
}

/// Which call this is, and where faults can strike it.
fn route(world: &World, call: &Call) -> (Route, Option<Place>) {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match (&call.method, segments.as_slice()) {
        (_, [id]) if id.starts_with("upload:") => (Route::ResumableUpload, None),
        (&Method::GET, [dialog360::HEALTH]) => (Route::Account, None),
        (&Method::GET, [id]) if account::is_known(world, id) => (Route::Account, None),
        (&Method::POST, [id]) if account::is_known(world, id) => (Route::SubscribedApps, None),
        (&Method::GET, [_]) => (Route::ResolveMedia, Some(Place::Resolve)),
        (&Method::DELETE, [_]) => (Route::DeleteMedia, Some(Place::Delete)),
        (&Method::POST, [_, "media"]) => (Route::UploadMedia, Some(Place::Upload)),
        (&Method::POST, [_, "messages"]) => (Route::SendMessage, Some(Place::Send)),
        (&Method::POST, [_, "uploads"]) => (Route::ResumableUpload, None),
        (&Method::GET, [_, "phone_numbers"]) => (Route::Account, None),
        (&Method::GET, [_, "message_templates"]) => (Route::Templates, None),
        (&Method::GET | &Method::POST | &Method::DELETE, [_, "subscribed_apps"]) => {
            (Route::SubscribedApps, None)
        }
        _ => (Route::Unknown, None),
    }
}

async fn answer(world: &Arc<World>, call: &Call, route: Route, body: Body) -> Answer {
    match route {
        Route::ResolveMedia => media::resolve(world, call),
        Route::DeleteMedia => media::delete(world, call),
        Route::UploadMedia => upload::upload(world, call, body).await,
        Route::SendMessage => send::send(world, call, body).await,
        Route::Account if call.id() == dialog360::HEALTH => dialog360::health(world, call),
        Route::Account => account::account(world, call),
        Route::Templates => account::templates(world, call),
        Route::SubscribedApps => account::subscribed_apps(world, call, body).await,
        Route::ResumableUpload => resumable::resumable(world, call, body).await,
        Route::DownloadMedia | Route::MarkRead | Route::Unknown if call.segments.len() == 1 => {
            Err(call.no_object())
        }
        Route::DownloadMedia | Route::MarkRead | Route::Unknown => {
            Err(GraphError::unknown_path(&format!("/{}", call.segments.join("/"))))
        }
    }
}

/// The fault that strikes this call, if one does. Whom a message goes to is in its body, which is given back.
async fn strike(
    world: &World,
    call: &Call,
    place: Place,
    body: Body,
) -> Result<(Option<FaultSpec>, Body), GraphError> {
    let id = call.id();
    let fault = match place {
        Place::Send => {
            let bytes = call::json_bytes(body).await?;
            let message = serde_json::from_slice(&bytes).unwrap_or_default();
            let fault = world.faults.strike(place, send::subject(call, &message));
            return Ok((fault.inspect(|_| add(&world.counters.faults)), Body::from(bytes)));
        }
        Place::Upload => {
            let subject = Subject { phone_number_id: Some(id), ..Subject::default() };
            world.faults.strike(place, subject)
        }
        _ => {
            let media = world.media.find(id);
            let media_id = media.as_ref().map(|media| media.id.as_str());
            world.faults.strike(place, Subject { media_id, ..Subject::default() })
        }
    };
    Ok((fault.inspect(|_| add(&world.counters.faults)), body))
}

/// The answer of a fault; `None` where the call is answered all the same.
async fn fault_answer(world: &World, call: &Call, place: Place, fault: &FaultSpec) -> Option<Response> {
    match fault.kind {
        FaultKind::Html => Some(page(fault.status.unwrap_or(200))),
        FaultKind::Slow => {
            tokio::time::sleep(fault.delay()).await;
            None
        }
        FaultKind::Stalled => {
            world.stop.cancelled().await;
            None
        }
        FaultKind::Expired if place == Place::Send => Some(GraphError::no_media("media['id']").answer(world)),
        _ => {
            let id = call.id();
            if let Some(media) = world.media.find(id).filter(|_| place == Place::Resolve) {
                add(&media.counters.resolves);
            }
            GraphError::of(fault, call.method.as_str(), id).map(|error| error.answer(world))
        }
    }
}

/// What comes instead of the answer to a call that was carried out.
pub(crate) async fn lost_answer(fault: &FaultSpec) -> Response {
    tokio::time::sleep(fault.delay_ms.map_or(Duration::ZERO, Duration::from_millis)).await;
    match fault.status {
        Some(status) => page(status),
        // A body that breaks before the head has been written takes the head with it.
        None => Response::new(Body::from_stream(stream::once(async {
            Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset))
        }))),
    }
}

/// A web page of something in between.
fn page(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, Html("<!doctype html><title>Log in</title>")).into_response()
}
