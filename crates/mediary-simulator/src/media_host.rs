//! The media host, `lookaside.fbsbx.com` in real life: bytes for five minutes, and only with a token.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::header::{self, HeaderMap, HeaderValue};
use http::{HeaderName, StatusCode};
use mediary_core::Provider;
use url::form_urlencoded;

use crate::counters::add;
use crate::faults::{FaultKind, FaultSpec, Place, Subject};
use crate::graph_api::{check_token, key_of, may_see, token_of};
use crate::media::Media;
use crate::media_body::{self, BodyFault};
use crate::stats::{Flight, Route};
use crate::world::World;

/// `GET /whatsapp_business/attachments/?mid=&source=&ext=&hash=`
pub(crate) async fn download(
    State(world): State<Arc<World>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    world.counters.count(Route::DownloadMedia);
    let query = query.unwrap_or_default();
    let media = match admit(&world, &query, &headers) {
        Ok(media) => media,
        Err(refusal) => return *refusal,
    };
    let flight = Flight::new(Arc::clone(&world.counters), Arc::clone(&media));
    let redirected = query.contains("&redirected=");
    let fault = world.faults.strike(Place::Download, Subject::media(&media.id));
    if fault.is_some() {
        add(&world.counters.faults);
    }
    match fault {
        Some(fault) if fault.kind == FaultKind::Redirect && redirected => {
            whole(&world, &media, &headers, flight)
        }
        Some(fault) => struck(&world, &media, &fault, &query, flight).await,
        None => whole(&world, &media, &headers, flight),
    }
}

/// The media, or what the host answers instead.
fn admit(world: &World, query: &str, headers: &HeaderMap) -> Result<Arc<Media>, Box<Response>> {
    let query: HashMap<_, _> = form_urlencoded::parse(query.as_bytes()).collect();
    let of = |name: &str| query.get(name).map_or("", |value| value.as_ref());
    if headers.get(header::USER_AGENT).is_none_or(HeaderValue::is_empty) {
        return Err(Box::new((StatusCode::BAD_REQUEST, "Bad Request: no User-Agent").into_response()));
    }
    let (token, form) = match key_of(headers) {
        Some(key) => (key, Provider::Dialog360),
        None => (token_of(headers).ok_or_else(|| Box::new(stale(401)))?, Provider::Meta),
    };
    check_token(world, token).map_err(|_| Box::new(stale(401)))?;
    let expires: i64 = of("ext").parse().unwrap_or_default();
    let ours = of("hash") == world.ids.url_hash(of("mid"), expires);
    if !ours || world.now_seconds() >= expires {
        return Err(Box::new(stale(world.options().media.stale_url_status)));
    }
    let media =
        world.media.find(of("mid")).filter(|media| media.is_there(mediary_core::Clock::now(&world.clock)));
    let media = media.ok_or_else(|| Box::new(stale(404)))?;
    // Meta's own host takes any good token, and no key of 360dialog's.
    let account = world.accounts.find(&media.phone_number_id);
    let fits = account.is_none_or(|account| {
        account.provider == form && (form == Provider::Meta || may_see(token, &account, form))
    });
    if fits { Ok(media) } else { Err(Box::new(stale(401))) }
}

/// What an URL answers whose time is over: a good token makes no difference.
fn stale(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::UNAUTHORIZED);
    let text =
        if status == StatusCode::UNAUTHORIZED { "Authentication Error" } else { "URL signature expired" };
    (status, text).into_response()
}

/// The bytes as they are, or the part of them that was asked for.
fn whole(world: &World, media: &Arc<Media>, headers: &HeaderMap, flight: Flight) -> Response {
    let size = media.size();
    let wanted = headers.get(header::RANGE).filter(|_| world.options().media.ranges);
    let (range, partial) = match wanted.and_then(|range| parse_range(range.to_str().ok()?, size)) {
        None => (0..size, false),
        Some(Some(range)) => (range, true),
        Some(None) => {
            let unsatisfied = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            return (StatusCode::RANGE_NOT_SATISFIABLE, unsatisfied).into_response();
        }
    };
    let mut response = Response::new(media_body::healthy(media, range.clone(), flight));
    describe(&mut response, media);
    if partial || world.options().media.content_length {
        put(&mut response, header::CONTENT_LENGTH, (range.end - range.start).into());
    }
    if world.options().media.ranges {
        put(&mut response, header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    }
    if partial {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let told = world.options().media.content_length;
        let size = if told { size.to_string() } else { "*".to_owned() };
        let text = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        response.headers_mut().extend(HeaderValue::from_str(&text).map(|text| (header::CONTENT_RANGE, text)));
    }
    response
}

/// A single range. `None`: not one that we take, so the whole is served; `Some(None)`: beyond the end.
fn parse_range(text: &str, size: u64) -> Option<Option<Range<u64>>> {
    let (start, end) = text.strip_prefix("bytes=")?.split_once('-')?;
    if start.is_empty() {
        let last: u64 = end.parse().ok()?;
        return Some((last > 0 && size > 0).then(|| size.saturating_sub(last)..size));
    }
    let start: u64 = start.parse().ok()?;
    let end = if end.is_empty() { u64::MAX } else { end.parse::<u64>().ok()?.saturating_add(1) };
    if end <= start {
        return None;
    }
    Some((start < size).then(|| start..end.min(size)))
}

/// What a fault makes of the answer.
async fn struck(
    world: &World,
    media: &Arc<Media>,
    fault: &FaultSpec,
    query: &str,
    flight: Flight,
) -> Response {
    let stop = world.stop.clone();
    let size = media.size();
    match fault.kind {
        FaultKind::Expired | FaultKind::StaleUrl => {
            stale(fault.status.unwrap_or_else(|| world.options().media.stale_url_status))
        }
        FaultKind::TokenExpired | FaultKind::Permission => stale(fault.status.unwrap_or(401)),
        FaultKind::Throttled | FaultKind::TooManyRequests => {
            let wait = [(header::RETRY_AFTER, fault.retry_after_seconds.unwrap_or(1))];
            (code(fault, 429), wait.map(|(name, seconds)| (name, seconds.to_string())), "Too many requests")
                .into_response()
        }
        FaultKind::ServerError => {
            let words = fault.message.clone().unwrap_or_else(|| "Internal Server Error".to_owned());
            (code(fault, 500), words).into_response()
        }
        FaultKind::Html => Html("<!doctype html><title>Log in</title><p>Please log in.").into_response(),
        FaultKind::Redirect | FaultKind::RedirectLoop => {
            Redirect::temporary(&location(fault, query)).into_response()
        }
        kind => {
            let spoiled = BodyFault::of(kind, fault, size);
            if kind == FaultKind::Slow {
                tokio::time::sleep(fault.delay()).await;
            }
            let length = spoiled.declared_length(size);
            let mut response = Response::new(media_body::spoiled(media, spoiled, flight, stop));
            describe(&mut response, media);
            if let Some(length) = length {
                put(&mut response, header::CONTENT_LENGTH, length.into());
            }
            if kind == FaultKind::Gzip {
                put(&mut response, header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            response
        }
    }
}

/// A redirect that nobody aimed leads to the same file, where it does not redirect again.
fn location(fault: &FaultSpec, query: &str) -> String {
    let mark = if fault.kind == FaultKind::Redirect { "&redirected=1" } else { "" };
    fault.location.clone().unwrap_or_else(|| format!("/whatsapp_business/attachments/?{query}{mark}"))
}

fn code(fault: &FaultSpec, own: u16) -> StatusCode {
    StatusCode::from_u16(fault.status.unwrap_or(own)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn describe(response: &mut Response<Body>, media: &Media) {
    let mime_type = HeaderValue::from_str(&media.mime_type);
    put(
        response,
        header::CONTENT_TYPE,
        mime_type.unwrap_or(HeaderValue::from_static("application/octet-stream")),
    );
}

fn put(response: &mut Response<Body>, name: HeaderName, value: HeaderValue) {
    response.headers_mut().insert(name, value);
}
