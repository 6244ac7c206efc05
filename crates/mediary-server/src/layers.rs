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
use crate::request::connected;

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

    let client = app.config().trusted_proxies.client(connected(request.extensions()), request.headers());
    let response = match app.api_room(client) {
        Some(_room) => {
            let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
            match tokio::time::timeout(API_DEADLINE, answer).await {
                Ok(Ok(response)) => response,
                Ok(Err(panic)) => panicked(panic.as_ref()),
                Err(_) => late().into_response(),
            }
        }
        None => Problem::busy().into_response(),
    };

    let mut response = finish(response, || id.clone());
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    set_request_id(&mut response, &id);
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

fn late() -> Problem {
    let source = std::io::Error::other(format!("no answer within {API_DEADLINE:?}"));
    Problem::new(ErrorCode::StorageError).detail("this took too long; please try again").source(source)
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
    let mut response = problem.render(response, &id);
    set_request_id(&mut response, &id);
    response
}

/// A request that no route may see, as an answer.
pub(crate) fn refused(problem: Problem, ids: &RequestIds) -> Response {
    finish(problem.into_response(), || ids.next())
}

fn set_request_id(response: &mut Response, id: &str) {
    if let Ok(value) = HeaderValue::from_str(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Response {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let source = std::io::Error::other(format!("handler panicked: {}", text.unwrap_or("no message")));
    Problem::new(ErrorCode::Internal).source(source).into_response()
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv6Addr};

    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use mediary_core::Role;
    use tower::ServiceExt;

    use super::*;
    use crate::testing::{House, request};

    #[tokio::test]
    async fn every_answer_of_the_api_can_be_found_again() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let good = house.get("/api/conversations", company.key(Role::Viewer)).await;
        let bad = house.get("/api/conversations/0", company.key(Role::Viewer)).await;
        assert!(!good.header("x-request-id").is_empty());
        assert_eq!(bad.json()["requestId"], bad.header("x-request-id"));
        assert_ne!(good.header("x-request-id"), bad.header("x-request-id"));
        for answer in [good, bad] {
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
        }
    }

    #[tokio::test]
    async fn unknown_path_and_method_are_problems() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let key = company.key(Role::Admin);
        assert_eq!(house.get("/api/nothing", key).await.code(), "not_found");
        for path in ["/api/conversations", "/api/media/messages/1"] {
            let answer = house.send(request("DELETE", path, Some(key)).body(Body::empty()).unwrap()).await;
            assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD"));
            assert_eq!(answer.code(), "validation_error");
        }
    }

    #[tokio::test]
    async fn panic_is_an_answer_that_tells_nothing() {
        let house = House::open().await;
        async fn breaks() -> &'static str {
            panic!("row 7 holds a secret")
        }
        let broken = || get(breaks);
        let one = Router::new().route("/", broken()).layer(from_fn_with_state(house.app.clone(), api));
        let other = Router::new().route("/", broken()).layer(from_fn_with_state(house.app.clone(), lean));
        for router in [one, other] {
            let response =
                router.oneshot(request("GET", "/", None).body(Body::empty()).unwrap()).await.unwrap();
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
            let body = String::from_utf8(body.to_vec()).unwrap();
            assert!(body.contains("\"code\":\"internal\"") && !body.contains("secret"), "{body}");
        }
    }

    #[tokio::test]
    async fn more_requests_than_one_address_may_have_worked_on_are_sent_away() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let here = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        let mut taken: Vec<_> = std::iter::from_fn(|| house.app.api_room(here)).collect();
        let refused = house.get("/api/conversations", company.key(Role::Viewer)).await;
        assert_eq!(
            (refused.status, refused.code()),
            (StatusCode::SERVICE_UNAVAILABLE, "storage_error".to_owned())
        );
        assert!(!refused.header("retry-after").is_empty());
        taken.pop();
        assert_eq!(house.get("/api/conversations", company.key(Role::Viewer)).await.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn large_json_is_compressed_for_who_can_read_it() {
        let house = House::open().await;
        let asking = request("GET", "/api/openapi.json", None).header("accept-encoding", "gzip");
        let answer = house.send(asking.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.header("content-encoding"), "gzip");
    }
}
