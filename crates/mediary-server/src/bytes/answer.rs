//! An open file as an answer.

use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use mediary_blob::StoredFile;
use mediary_core::{ErrorCode, Timestamp, error_chain};
use mediary_engine::{FileInfo, LentMap, May, OpenedMedia, ProxiedBody, RequestedContent, Source, rights};
use metrics::Counter;

use super::headers::{self, set};
use super::{body, conditions, mapped, range, redirect};
use crate::App;
use crate::problem::Problem;
use crate::wire::Handover;

/// The request for a file, as far as its answer depends on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'r> {
    pub(crate) method: &'r Method,
    pub(crate) asked: &'r HeaderMap,
    /// The way to the socket that the request came by.
    pub(crate) handover: Option<&'r Handover>,
    /// Save it instead of showing it.
    pub(crate) save: bool,
    /// For how long a signed link lives on, if it is opened by one.
    pub(crate) link_life: Option<Duration>,
}

impl<'r> View<'r> {
    pub(crate) fn of(request: &'r Request) -> Self {
        let handover = request.extensions().get();
        Self { method: request.method(), asked: request.headers(), handover, save: false, link_life: None }
    }

    /// The bytes that WhatsApp has to send for it.
    pub(crate) fn wanted(&self) -> RequestedContent {
        if self.method == Method::HEAD {
            RequestedContent::Description
        } else {
            // Proxied bytes have neither an entity tag nor a date that `If-Range` could name.
            let applies = conditions::range_applies(self.asked, None, None);
            RequestedContent::Bytes { range: range::asked(self.asked.get(header::RANGE)).filter(|_| applies) }
        }
    }

    fn by_link(&self, mut headers: HeaderMap, info: &FileInfo) -> HeaderMap {
        if let Some(life) = self.link_life {
            headers::by_link(&mut headers, info, life);
        }
        headers
    }
}

/// Who looks at a file, and from where.
#[derive(Clone, Copy)]
pub(crate) struct Viewer<'r> {
    pub(crate) may: &'r May<rights::Read>,
    pub(crate) address: IpAddr,
}

impl Viewer<'_> {
    /// Writes the view down. Before any part of the file is handed over: from there to the response nothing may wait or fail
    /// (`crate::wire`).
    async fn note(self, app: &App, info: &FileInfo) -> Result<(), Problem> {
        Ok(app.note_view(self.may.caller(), self.address, info.media_id).await?)
    }
}

/// The answer for an open file.
pub(crate) async fn answer(
    app: &App,
    viewer: Viewer<'_>,
    opened: OpenedMedia,
    view: View<'_>,
) -> Result<Response, Problem> {
    let OpenedMedia { info, source } = opened;
    match source {
        Source::Stored(file) => stored(app, viewer, &info, Content::File(file), view).await,
        Source::Mapped { file, map } => stored(app, viewer, &info, Content::Mapped(file, map), view).await,
        Source::Proxied(passing) => {
            viewer.note(app, &info).await?;
            let headers = view.by_link(app.file_headers().proxied(&info, view.save), &info);
            Ok(proxied(app, *passing, headers))
        }
        Source::BeingMade { retry_after } => {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, retry_after.as_secs().into());
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            Ok(with(StatusCode::ACCEPTED, headers, Body::empty()))
        }
        Source::Described => {
            let headers = view.by_link(headers::of_file(&info, view.save), &info);
            let mut response = with(StatusCode::OK, headers, Body::empty());
            if let Some(size) = info.size {
                response.headers_mut().insert(header::CONTENT_LENGTH, size.into());
            }
            Ok(response)
        }
    }
}

/// What is served of storage.
enum Content {
    File(StoredFile),
    /// A file made of parts of a stored one.
    Mapped(StoredFile, Arc<LentMap>),
}

impl Content {
    fn size(&self) -> u64 {
        match self {
            Self::File(file) => file.size(),
            Self::Mapped(_, map) => map.length(),
        }
    }

    fn headers(&self, app: &App, info: &Arc<FileInfo>, modified: Timestamp, save: bool) -> HeaderMap {
        match self {
            Self::File(_) => app.file_headers().stored(info, modified, save),
            Self::Mapped(_, map) => headers::of_mapped(info, map, modified, save),
        }
    }

    async fn body(self, part: Range<u64>, view: View<'_>) -> Result<Body, mediary_blob::Error> {
        match self {
            Self::File(file) => body::body(file, part, view.handover.cloned()).await,
            Self::Mapped(file, map) => mapped::body(file, map, part).await,
        }
    }
}

async fn stored(
    app: &App,
    viewer: Viewer<'_>,
    info: &Arc<FileInfo>,
    content: Content,
    view: View<'_>,
) -> Result<Response, Problem> {
    let size = content.size();
    let (Content::File(file) | Content::Mapped(file, _)) = &content;
    let modified = info.last_modified.unwrap_or_else(|| file.modified());
    let mut headers = view.by_link(content.headers(app, info, modified, view.save), info);
    let etag = headers.get(header::ETAG).and_then(|etag| etag.to_str().ok());
    if conditions::not_modified(view.asked, etag, modified) {
        if view.method == Method::GET {
            // The browser shows the bytes that it has.
            viewer.note(app, info).await?;
        }
        headers.remove(header::CONTENT_TYPE);
        headers.remove(header::CONTENT_DISPOSITION);
        headers.remove(header::ACCEPT_RANGES);
        return Ok(with(StatusCode::NOT_MODIFIED, headers, Body::empty()));
    }
    if let Content::File(file) = &content
        && let Some(elsewhere) = redirect::answer(app, info, file, view.method, view.save).await?
    {
        viewer.note(app, info).await?;
        return Ok(elsewhere);
    }
    // A HEAD has no part: it describes the whole.
    let wanted = match view.asked.get(header::RANGE) {
        asked @ Some(_)
            if view.method == Method::GET && conditions::range_applies(view.asked, etag, Some(modified)) =>
        {
            range::wanted(asked, size)
        }
        _ => range::RequestedPart::Whole,
    };
    let (status, part) = match wanted {
        range::RequestedPart::Whole => (StatusCode::OK, 0..size),
        range::RequestedPart::Part { start, end } => {
            set(&mut headers, header::CONTENT_RANGE, &format!("bytes {start}-{}/{size}", end - 1));
            (StatusCode::PARTIAL_CONTENT, start..end)
        }
        range::RequestedPart::Nothing => return Ok(beyond_the_end(size)),
    };
    headers.insert(header::CONTENT_LENGTH, (part.end - part.start).into());
    if view.method == Method::HEAD {
        return Ok(with(status, headers, Body::empty()));
    }
    viewer.note(app, info).await?;
    app.meters().stored_bytes.increment(part.end - part.start);
    let body = content.body(part, view).await;
    let body = body.map_err(|error| Problem::new(ErrorCode::StorageError).source(error))?;
    Ok(with(status, headers, body))
}

pub(super) fn beyond_the_end(size: u64) -> Response {
    let mut response = Problem::new(ErrorCode::RangeNotSatisfiable).into_response();
    set(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{size}"));
    response
}

fn proxied(app: &App, passing: ProxiedBody, mut headers: HeaderMap) -> Response {
    let mut status = StatusCode::OK;
    if let (Some(part), Some(total)) = (passing.part(), passing.total()) {
        status = StatusCode::PARTIAL_CONTENT;
        set(&mut headers, header::CONTENT_RANGE, &format!("bytes {}-{}/{total}", part.start, part.end - 1));
    }
    if let Some(length) = passing.length() {
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
    let transfer = Transfer { passing, started: false, sent: app.meters().provider_bytes.clone() };
    with(status, headers, Body::from_stream(stream::try_unfold(transfer, Transfer::chunk)))
}

struct Transfer {
    passing: ProxiedBody,
    started: bool,
    sent: Counter,
}

impl Transfer {
    /// An error here aborts the connection, so that nobody takes a part for the whole.
    async fn chunk(mut self) -> Result<Option<(bytes::Bytes, Self)>, mediary_core::Error> {
        if self.started {
            // Others first: meanwhile more comes, and fewer and larger pieces are less work.
            tokio::task::yield_now().await;
        }
        self.started = true;
        let chunk = self.passing.next().await.inspect_err(|error| {
            tracing::warn!(error = error_chain(error), "WhatsApp broke off while a file was proxied");
        })?;
        Ok(chunk.map(|bytes| {
            self.sent.increment(bytes.len() as u64);
            (bytes, self)
        }))
    }
}

pub(super) fn with(status: StatusCode, headers: HeaderMap, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
