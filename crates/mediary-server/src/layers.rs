//! What surrounds every handler: request ids, spans, deadlines, caught panics, problem bodies, the access log.

use std::cell::LazyCell;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, StatusCode, header};
use mediary_core::{CompanyId, ErrorCode};
use mediary_engine::Caller;
use mediary_store::{DatabaseCost, counted};
use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::App;
use crate::member::MemberSlot;
use crate::problem::Problem;
use crate::request::connected;

/// From the first byte of a request to the head of its answer.
const API_DEADLINE: Duration = Duration::from_secs(30);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The span of a request, which learns more while the request is answered. Requests carry it as an extension.
#[derive(Debug, Clone)]
pub(crate) struct RequestSpan(Span);

impl RequestSpan {
    /// Names the route, never the path, which may hold a token. Where no line would show the span, it asks for no id and costs
    /// nothing.
    fn of<'a>(request: &mut Request, id: impl FnOnce() -> &'a str) -> Self {
        let span = Self(tracing::info_span!(
            "request",
            request_id = id(),
            method = request.method().as_str(),
            route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str),
            company.id = Empty,
            status = Empty,
            database_statements = Empty,
            database_ms = Empty
        ));
        if !span.0.is_disabled() {
            request.extensions_mut().insert(span.clone());
        }
        span
    }

    pub(crate) fn set_company(&self, company: CompanyId) {
        self.0.record("company.id", company.0);
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

/// The slot that a request has of its caller's and their company's, once it is known whose it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallerSlot(Arc<OnceLock<MemberSlot>>);

impl CallerSlot {
    pub(crate) fn take(&self, app: &App, caller: &Caller) -> Result<(), Problem> {
        if self.0.get().is_none() {
            // Of a request one extractor asks at a time.
            let _ = self.0.set(app.request_slot(caller)?);
        }
        Ok(())
    }
}

/// Around JSON routes: everything, with one log line for each request.
pub(crate) async fn api(State(app): State<App>, request: Request, next: Next) -> Response {
    answer(app, request, next, Some(API_DEADLINE)).await
}

/// Around routes that take files: a large one may take as long as its sender keeps the least pace.
pub(crate) async fn upload(State(app): State<App>, request: Request, next: Next) -> Response {
    answer(app, request, next, None).await
}

async fn answer(app: App, mut request: Request, next: Next, deadline: Option<Duration>) -> Response {
    let id = app.request_ids().next();
    let slot = CallerSlot::default();
    request.extensions_mut().insert(slot.clone());
    let started = Instant::now();
    let RequestSpan(span) = RequestSpan::of(&mut request, || &id);
    let client = app.config().trusted_proxies.client(connected(request.extensions()), request.headers());
    let answer = async {
        let Some(_slot) = app.api_slot(client) else { return Problem::busy().into_response() };
        let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
        let in_time = match deadline {
            Some(deadline) => tokio::time::timeout(deadline, answer).await.ok(),
            None => Some(answer.await),
        };
        match in_time {
            Some(Ok(response)) => response,
            Some(Err(panic)) => panicked(panic.as_ref()),
            None => late().into_response(),
        }
    };
    let _until_answered = slot;
    let (response, cost) = if span.is_disabled() {
        (answer.await, DatabaseCost::default())
    } else {
        counted(answer).instrument(span.clone()).await
    };
    let _in_span = span.enter();
    let mut response = finish(response, || id.clone());
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    set_request_id(&mut response, &id);
    log(&span, response.status(), started.elapsed(), cost);
    response
}

/// Writes the line of a request, and its values into the span that it stands in.
fn log(span: &Span, status: StatusCode, duration: Duration, cost: DatabaseCost) {
    let status = status.as_u16();
    let database_ms = cost.time.as_secs_f64() * 1000.0;
    tracing::info!(
        status,
        duration_ms = duration.as_secs_f64() * 1000.0,
        database_statements = cost.statements,
        database_ms,
        "request answered"
    );
    span.record("status", status);
    span.record("database_statements", cost.statements);
    span.record("database_ms", database_ms);
}

fn late() -> Problem {
    let source = std::io::Error::other(format!("no answer within {API_DEADLINE:?}"));
    Problem::new(ErrorCode::StorageError).detail("this took too long; please try again").source(source)
}

/// Around the routes that must be fast: a request id is made only for an answer that needs one, and there is no line.
pub(crate) async fn minimal(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = LazyCell::new(|| app.request_ids().next());
    let RequestSpan(span) = RequestSpan::of(&mut request, || &id);
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone());
    let response = answer.await.unwrap_or_else(|panic| panicked(panic.as_ref()));
    let response = span.in_scope(|| finish(response, || id.clone()));
    span.record("status", response.status().as_u16());
    response
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
        // Where only warnings are logged, there is no span that has it.
        let request_id = Span::current().is_disabled().then_some(id.as_str());
        if problem.is_busy() {
            tracing::debug!(request_id, code, "request refused: too much is being worked on");
        } else if code.starts_with("provider_") {
            tracing::warn!(request_id, code, error = chain, "request failed");
        } else {
            tracing::error!(request_id, code, error = chain, "request failed");
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
    use std::io;
    use std::net::{IpAddr, Ipv6Addr};
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use mediary_core::Role;
    use tower::ServiceExt;

    use super::*;
    use crate::testing::{House, request};

    #[tokio::test]
    async fn answers_of_the_api_carry_their_request_id() {
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

    /// Log lines of what runs on this thread.
    #[derive(Debug, Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        fn capture(&self, level: tracing::Level) -> tracing::subscriber::DefaultGuard {
            let lines = self.clone();
            let log = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false);
            let log = log.with_max_level(level).with_writer(move || lines.clone());
            tracing::subscriber::set_default(log.finish())
        }

        fn with_message(&self, message: &str) -> Vec<serde_json::Value> {
            let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
            lines.filter(|line| line["message"] == message).collect()
        }
    }

    #[tokio::test]
    async fn request_line_has_what_the_database_did_and_no_path() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let key = company.key(Role::Viewer);
        let lines = Lines::default();
        let _log = lines.capture(tracing::Level::INFO);
        let answer = house.get("/api/conversations/4711", key).await;
        let found = lines.with_message("request answered");
        assert_eq!(found.len(), 1, "{found:?}");
        let (line, span) = (&found[0], &found[0]["spans"][0]);
        assert_eq!(line["status"], 404);
        assert!(line["database_statements"].as_u64().unwrap() >= 1, "{line}");
        let (in_database, in_all) =
            (line["database_ms"].as_f64().unwrap(), line["duration_ms"].as_f64().unwrap());
        assert!(0.0 < in_database && in_database <= in_all, "{line}");
        assert_eq!(span["request_id"], answer.header("x-request-id"));
        assert_eq!(
            (&span["method"], &span["route"], &span["company.id"]),
            (&"GET".into(), &"/api/conversations/{id}".into(), &company.id.0.into())
        );
        assert!(!line.to_string().contains("4711") && !line.to_string().contains(key), "{line}");
    }

    #[tokio::test]
    async fn failed_request_is_found_by_its_id_at_every_log_level() {
        async fn breaks() -> &'static str {
            panic!("a bug")
        }
        let house = House::open().await;
        for level in [tracing::Level::ERROR, tracing::Level::INFO] {
            for fast in [false, true] {
                let lines = Lines::default();
                let _log = lines.capture(level);
                let routes = Router::new().route("/", get(breaks));
                let routes = if fast {
                    routes.layer(from_fn_with_state(house.app.clone(), minimal))
                } else {
                    routes.layer(from_fn_with_state(house.app.clone(), api))
                };
                let asked = request("GET", "/", None).body(Body::empty()).unwrap();
                let response = routes.oneshot(asked).await.unwrap();
                let id = response.headers()["x-request-id"].to_str().unwrap();
                let found = lines.with_message("request failed");
                assert_eq!(found.len(), 1, "{found:?}");
                assert_eq!(found[0].to_string().matches(id).count(), 1, "{found:?}");
            }
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
    async fn panic_is_an_answer_without_details() {
        let house = House::open().await;
        async fn breaks() -> &'static str {
            panic!("row 7 holds a secret")
        }
        let broken = || get(breaks);
        let one = Router::new().route("/", broken()).layer(from_fn_with_state(house.app.clone(), api));
        let other = Router::new().route("/", broken()).layer(from_fn_with_state(house.app.clone(), minimal));
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
    async fn requests_beyond_the_slots_of_an_address_are_refused() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let here = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        let mut taken: Vec<_> = std::iter::from_fn(|| house.app.api_slot(here)).collect();
        let refused = house.get("/api/conversations", company.key(Role::Viewer)).await;
        assert_eq!(
            (refused.status, refused.code()),
            (StatusCode::SERVICE_UNAVAILABLE, "storage_error".to_owned())
        );
        assert!(!refused.header("retry-after").is_empty());
        taken.pop();
        assert_eq!(house.get("/api/conversations", company.key(Role::Viewer)).await.status, StatusCode::OK);
    }

    /// As many slots as the program with this key may have.
    async fn slots_of(house: &House, key: &str) -> Vec<MemberSlot> {
        let caller = house.app.engine().access().authenticate_key(key).await.unwrap().unwrap();
        std::iter::from_fn(|| house.app.request_slot(&caller).ok()).collect()
    }

    #[tokio::test]
    async fn requests_of_one_member_leave_slots_to_the_others() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let (viewer, agent) = (company.key(Role::Viewer), company.key(Role::Agent));
        let mut taken = slots_of(&house, viewer).await;
        let refused = house.get("/api/conversations", viewer).await;
        assert_eq!(
            (refused.status, refused.code()),
            (StatusCode::TOO_MANY_REQUESTS, "rate_limited".to_owned())
        );
        assert!(!refused.header("retry-after").is_empty());
        assert_eq!(house.get("/api/conversations", agent).await.status, StatusCode::OK);
        taken.pop();
        assert_eq!(house.get("/api/conversations", viewer).await.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn requests_beyond_the_slots_of_a_company_are_refused_and_others_are_not() {
        let house = House::open().await;
        let (company, other) = (house.company("acme").await, house.company("globex").await);
        let mut taken = slots_of(&house, company.key(Role::Admin)).await;
        taken.extend(slots_of(&house, company.key(Role::Agent)).await);
        let refused = house.get("/api/conversations", company.key(Role::Viewer)).await;
        assert_eq!(
            (refused.status, refused.code()),
            (StatusCode::TOO_MANY_REQUESTS, "rate_limited".to_owned())
        );
        assert!(!refused.header("retry-after").is_empty());
        assert_eq!(house.get("/api/conversations", other.key(Role::Viewer)).await.status, StatusCode::OK);
        taken.pop();
        // Each gives its slot back.
        for _ in 0..3 {
            let answer = house.get("/api/conversations", company.key(Role::Viewer)).await;
            assert_eq!(answer.status, StatusCode::OK);
        }
    }

    #[tokio::test]
    async fn large_json_is_compressed_where_the_client_accepts_it() {
        let house = House::open().await;
        let asking = request("GET", "/api/openapi.json", None).header("accept-encoding", "gzip");
        let answer = house.send(asking.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.header("content-encoding"), "gzip");
    }
}
