//! The Graph API: the calls that WhatsApp clients make, under any version or none, with or without a slash at the end.

mod account;
mod answer;
mod call;
mod error;
mod media;
mod outgoing_media;
mod resumable;
mod send;
mod upload;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse, Response};
use http::Method;

use crate::counters::add;
use crate::faults::{FaultKind, Place};
use crate::stats::Route;
use crate::world::World;
use call::Call;
use error::{Answer, GraphError};

pub(crate) use call::{check_token, token_of};

/// Everything that is no other part's path.
pub(crate) async fn serve(State(world): State<Arc<World>>, request: Request) -> Response {
    let (call, body) = match Call::read(request) {
        Ok(read) => read,
        Err(error) => return error.answer(&world),
    };
    let (route, place) = route(&world, &call);
    world.counters.count(route);
    if let Some(place) = place
        && let Some(response) = struck(&world, &call, place).await
    {
        return response;
    }
    match answer(&world, &call, route, body).await {
        Ok(value) => answer::json_answer(&value),
        Err(error) => error.answer(&world),
    }
}

/// Which call this is, and where faults can strike it.
fn route(world: &World, call: &Call) -> (Route, Option<Place>) {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match (&call.method, segments.as_slice()) {
        (_, [id]) if id.starts_with("upload:") => (Route::ResumableUpload, None),
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

/// The answer of a fault, if one strikes this call.
async fn struck(world: &World, call: &Call, place: Place) -> Option<Response> {
    let id = call.segments.first().map_or("", String::as_str);
    let media = world.media.find(id);
    let fault = world.faults.strike(place, media.as_ref().map(|media| media.id.as_str()))?;
    add(&world.counters.faults);
    match fault.kind {
        FaultKind::Html => Some(Html("<!doctype html><title>Log in</title>").into_response()),
        FaultKind::Slow => {
            tokio::time::sleep(fault.delay()).await;
            None
        }
        FaultKind::Stalled => {
            world.stop.cancelled().await;
            None
        }
        _ => {
            if let Some(media) = media.filter(|_| place == Place::Resolve) {
                add(&media.counters.resolves);
            }
            GraphError::of(&fault, call.method.as_str(), id).map(|error| error.answer(world))
        }
    }
}
