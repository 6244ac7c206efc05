//! What surrounds every handler: request ids, deadlines, caught panics, problem bodies, the access log.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, StatusCode, header};
use mediary_core::{CompanyId, ErrorCode};

use crate::App;
use crate::problem::Problem;

/// From the first byte of a request to the head of its answer.
const API_DEADLINE: Duration = Duration::from_secs(30);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What becomes known about a request while it is answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope(Arc<OnceLock<CompanyId>>);

impl Scope {
    pub(crate) fn set_company(&self, company: CompanyId) {
        // A request has one caller; a second one would be the same.
        let _ = self.0.set(company);
    }
}

/// Makes request ids: unique over restarts and nodes by the random part, short, and cheap to make.
#[derive(Debug)]
pub(crate) struct RequestIds {
    process: u64,
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        let mut random = [0; 8];
        aws_lc_rs::rand::fill(&mut random).expect("the operating system has random numbers");
        Self { process: u64::from_ne_bytes(random) >> 16, next: AtomicU64::new(1) }
    }

    fn next(&self) -> String {
        format!("{:012x}-{:x}", self.process, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// Around JSON routes: everything, with one log line for each request.
pub(crate) async fn api(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = app.request_ids().next();
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let scope = Scope::default();
    request.extensions_mut().insert(scope.clone());

    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    let response = match tokio::time::timeout(API_DEADLINE, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => panicked(panic.as_ref()),
        Err(_) => {
            Problem::new(ErrorCode::Internal).detail("this took too long; please try again").into_response()
        }
    };

    let mut response = finish(response, || id.clone());
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    tracing::info!(
        method = method.as_str(),
        route = route.as_ref().map_or("-", MatchedPath::as_str),
        status = response.status().as_u16(),
        duration_ms = started.elapsed().as_secs_f64() * 1000.0,
        request_id = id,
        company.id = scope.0.get().map(|company| company.0),
        "request answered"
    );
    response
}

/// Around the routes that must be fast: a request id is made only for an answer that needs one, and there is no line.
pub(crate) async fn lean(State(app): State<App>, request: Request, next: Next) -> Response {
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    let response = answer.await.unwrap_or_else(|panic| panicked(panic.as_ref()));
    finish(response, || app.request_ids().next())
}

/// Answers a method that the path does not know.
pub(crate) async fn method_not_allowed() -> Problem {
    let detail = "this path does not take this method; see the Allow header";
    Problem::new(ErrorCode::ValidationError).status(StatusCode::METHOD_NOT_ALLOWED).detail(detail)
}

/// Gives a problem its body, and the log what the caller does not see. The only place where failed requests are logged.
fn finish(mut response: Response, request_id: impl FnOnce() -> String) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let id = request_id();
    let (code, status) = (problem.code().as_str(), problem.http_status());
    if status.is_server_error() {
        let chain = problem.chain();
        if code.starts_with("provider_") {
            tracing::warn!(request_id = id, code, error = chain, "request failed");
        } else {
            tracing::error!(request_id = id, code, error = chain, "request failed");
        }
    }
    problem.render(response, &id)
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Response {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let source = std::io::Error::other(format!("handler panicked: {}", text.unwrap_or("no message")));
    Problem::new(ErrorCode::Internal).source(source).into_response()
}
