//! The inbox: files with a hash in their name are kept for ever, everything else is asked for again.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use mediary_web::Asset;

use crate::App;
use crate::bytes::conditions;
use crate::problem::Problem;

const HASHED_FOLDER: &str = "/assets/";
/// Only our own scripts; pictures and players may also show what the page itself made,
/// and the bucket that files are delivered from.
pub(crate) fn policy(bucket: Option<&str>) -> HeaderValue {
    let bucket = bucket.map(|origin| format!(" {origin}")).unwrap_or_default();
    let policy = format!(
        "default-src 'self'; img-src 'self' blob: data:{bucket}; media-src 'self' blob: data:{bucket}; \
        style-src 'self' 'unsafe-inline'; frame-src 'self' blob:{bucket}; object-src 'none'; base-uri 'none'; \
        form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("an address that was parsed is a header value")
}

/// Answers every path that is not of the API.
pub(crate) async fn page(State(app): State<App>, request: Request) -> Response {
    let path = request.uri().path();
    if is_for_programs(path) || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::not_found().into_response();
    }
    match mediary_web::asset(path) {
        Some(asset) => answer(&app, asset, request.headers()),
        // A page of an older version asks for a script that is gone: HTML would only confuse it.
        None if path.starts_with(HASHED_FOLDER) => Problem::not_found().into_response(),
        None => answer(&app, mediary_web::index(), request.headers()),
    }
}

/// Whether a path lies where programs ask, who would take a page for an answer: the API, links, WhatsApp's API (`/v26.0/…`), and
/// what operators ask.
fn is_for_programs(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let version = first.strip_prefix('v').and_then(|rest| rest.bytes().next());
    matches!(first, "api" | "m" | "healthz" | "readyz" | "metrics")
        || version.is_some_and(|byte| byte.is_ascii_digit())
}

fn answer(app: &App, asset: Asset, asked: &HeaderMap) -> Response {
    let cache = if asset.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    let unchanged = conditions::names_etag(asked, &asset.etag);
    let mut response = Response::new(if unchanged { Body::empty() } else { Body::from(bytes(asset.data)) });
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::CONTENT_SECURITY_POLICY, app.page_policy().clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    for (name, value) in [(header::CONTENT_TYPE, asset.content_type), (header::ETAG, asset.etag)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

fn bytes(data: std::borrow::Cow<'static, [u8]>) -> bytes::Bytes {
    match data {
        std::borrow::Cow::Borrowed(data) => bytes::Bytes::from_static(data),
        std::borrow::Cow::Owned(data) => bytes::Bytes::from(data),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, House, request};

    async fn get(path: &str) -> Answer {
        ask("GET", path).await
    }

    async fn ask(method: &str, path: &str) -> Answer {
        let house = House::open().await;
        house.send(request(method, path, None).body(Body::empty()).unwrap()).await
    }

    #[test]
    fn pages_load_media_from_the_bucket_that_viewers_are_sent_to_and_nothing_else() {
        let policy = policy(Some("https://media.s3.example"));
        let policy = policy.to_str().unwrap();
        assert!(policy.contains("img-src 'self' blob: data: https://media.s3.example;"), "{policy}");
        assert!(policy.starts_with("default-src 'self';"), "{policy}");
        assert_eq!(policy.matches("https://media.s3.example").count(), 3, "{policy}");
    }

    #[tokio::test]
    async fn places_of_the_inbox_are_its_page() {
        for path in ["/", "/c/12", "/settings", "/views", "/media"] {
            let response = get(path).await;
            assert_eq!(response.status, StatusCode::OK, "{path}");
            assert_eq!(response.header("cache-control"), "no-cache");
            assert!(response.header("content-type").starts_with("text/html"));
        }
    }

    #[tokio::test]
    async fn unknown_paths_of_programs_and_old_scripts_are_not() {
        for path in [
            "/api",
            "/api/",
            "/api/nothing",
            "//api/nothing",
            "/assets/index-0000.js",
            "/m",
            "/m/",
            "/m/a/b",
            "/v26.0",
            "/v26.0/106540352242922/messages",
            "/v1/",
            "/healthz/",
            "/readyz/x",
            "/metrics/",
        ] {
            let answer = get(path).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (StatusCode::NOT_FOUND, "not_found"),
                "{path}"
            );
        }
        assert_eq!(ask("POST", "/c/12").await.code(), "not_found");
    }
}
