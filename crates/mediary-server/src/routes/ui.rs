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
///
/// Routes are found by the path as it is written; a letter of it may be written as `%61` all the same, and then it is a path of
/// programs without a route.
fn is_for_programs(path: &str) -> bool {
    let path = decoded(path);
    let mut segments = path.split('/').filter(|segment| !matches!(*segment, "" | "." | ".."));
    let first = segments.next().unwrap_or_default();
    let version = first.strip_prefix('v').and_then(|rest| rest.bytes().next());
    matches!(first, "api" | "m" | "webhooks" | "healthz" | "readyz" | "metrics")
        || version.is_some_and(|byte| byte.is_ascii_digit())
}

/// A path without its percent signs (RFC 3986, section 2.1), bytes that are no text replaced.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, others @ ..] = rest {
        let escaped = others.first_chunk::<2>().filter(|_| *first == b'%');
        let hex = escaped.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let byte = hex.and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &others[2..] } else { others };
    }
    String::from_utf8_lossy(&bytes).into_owned()
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
    async fn paths_of_the_inbox_are_its_page() {
        for path in ["/", "/c/12", "/settings", "/views", "/media", "/%63/12", "/%", "/%zz", "/%+1", "/%ff"] {
            let response = get(path).await;
            assert_eq!(response.status, StatusCode::OK, "{path}");
            assert_eq!(response.header("cache-control"), "no-cache");
            assert!(response.header("content-type").starts_with("text/html"));
        }
    }

    #[tokio::test]
    async fn unknown_paths_of_programs_and_old_scripts_are_not_the_inbox_page() {
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
            "/%61pi/x",
            "/%61pi/auth/me",
            "/%61%70%69/media/1",
            "/%6d/x",
            "/%6D/x",
            "/api%2fx",
            "/%2fapi/x",
            "/%2e/api/x",
            "/v%32/x",
            "/webhooks/whatsapp",
            "/%77ebhooks/x",
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
