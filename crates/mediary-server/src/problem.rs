//! What a failed request answers: the one place where an [`ErrorCode`] becomes an HTTP status and a body (RFC 9457).
//!
//! A handler returns a [`Problem`]; the outermost layer writes its body, because only there the request id is known.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use mediary_core::{ErrorCode, error_chain};
use serde::Serialize;
use utoipa::ToSchema;

use crate::json::words;

/// The media type of a problem's body.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// When to come back after a 503 whose cause does not say when it ends.
const UNAVAILABLE_FOR: Duration = Duration::from_secs(5);

/// Why a request failed, as the caller and the log will see it.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    code: ErrorCode,
    /// Overrides the code's status where HTTP has a more exact one.
    status: Option<StatusCode>,
    detail: Option<String>,
    retry_after: Option<Duration>,
    fields: Vec<FieldError>,
    /// Whether there is only too much to do: nothing is wrong here, and anybody can bring it about.
    is_busy: bool,
    /// Goes to the log, never to the caller.
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// One field of a request that is wrong.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// The field's name, with dots where it lies deeper.
    pub(crate) field: String,
    /// What is wrong with it and what is allowed.
    pub(crate) message: String,
}

/// A failure (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProblemBody {
    /// A reference to what is known about this kind of failure.
    #[serde(rename = "type")]
    kind: String,
    /// The status in words.
    title: &'static str,
    status: u16,
    /// What happened and what to do, for a person.
    detail: String,
    /// What happened, for a program; never changes its meaning.
    #[schema(value_type = words::ErrorCode)]
    code: ErrorCode,
    /// Whether the same request can work later without anybody changing something.
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_after_seconds: Option<u64>,
    /// Finds the request in the log.
    request_id: String,
    /// The field that is wrong, if the request was: the first, where several are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
}

impl Problem {
    pub(crate) fn new(code: ErrorCode) -> Self {
        Self(Arc::new(Inner {
            code,
            status: None,
            detail: None,
            retry_after: None,
            fields: Vec::new(),
            is_busy: false,
            source: None,
        }))
    }

    pub(crate) fn not_found() -> Self {
        Self::new(ErrorCode::NotFound)
    }

    /// A request with one wrong field.
    pub(crate) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        let field = FieldError { field: field.into(), message: message.into() };
        Self::new(ErrorCode::ValidationError).change(|inner| inner.fields.push(field))
    }

    /// A request with one field that is wrong by a code of its own: a type, a size.
    pub(crate) fn refused_field(
        code: ErrorCode,
        field: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let message = message.into();
        Self::field(field, message.clone()).change(|inner| inner.code = code).detail(message)
    }

    pub(crate) fn detail(self, detail: impl Into<String>) -> Self {
        self.change(|inner| inner.detail = Some(detail.into()))
    }

    pub(crate) fn status(self, status: StatusCode) -> Self {
        self.change(|inner| inner.status = Some(status))
    }

    pub(crate) fn retry_after(self, wait: Option<Duration>) -> Self {
        self.change(|inner| inner.retry_after = wait)
    }

    pub(crate) fn source(self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.change(|inner| inner.source = Some(Box::new(source)))
    }

    /// There is more to do than can be done at once.
    pub(crate) fn busy() -> Self {
        Self::new(ErrorCode::StorageError)
            .detail("too many requests are being worked on; please try again shortly")
            .change(|inner| inner.is_busy = true)
    }

    /// Whether there is only too much to do, which is no error of ours in the log.
    pub(crate) fn is_busy(&self) -> bool {
        self.0.is_busy
    }

    pub(crate) fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The first cause of this type.
    pub(crate) fn cause<T: StdError + 'static>(&self) -> Option<&T> {
        let mut next = self.0.source.as_deref().map(|source| -> &(dyn StdError + 'static) { source });
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }

    /// Every cause in a row, for the log.
    pub(crate) fn chain(&self) -> String {
        self.0.source.as_deref().map_or_else(String::new, |source| error_chain(source))
    }

    /// The whole answer, headers of `response` kept.
    pub(crate) fn render(&self, mut response: Response, request_id: &str) -> Response {
        let status = self.http_status();
        let wait = self
            .0
            .retry_after
            .or_else(|| (status == StatusCode::SERVICE_UNAVAILABLE).then_some(UNAVAILABLE_FOR));
        let seconds = wait.map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        let body = ProblemBody {
            kind: format!("/api/docs#{}", self.0.code),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: self.0.detail.clone().unwrap_or_else(|| self.0.code.sentence().to_owned()),
            code: self.0.code,
            retryable: self.0.code.retryable(),
            retry_after_seconds: seconds,
            request_id: request_id.to_owned(),
            errors: self.0.fields.clone(),
        };
        let bytes = serde_json::to_vec(&body).expect("a problem is plain text and numbers");
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"Mediary\""));
        }
        if let Some(seconds) = seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        *response.body_mut() = bytes.into();
        response
    }

    pub(crate) fn http_status(&self) -> StatusCode {
        self.0.status.unwrap_or_else(|| status_of(self.0.code))
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::get_mut(&mut self.0).expect("a problem is not shared while it is being made"));
        self
    }
}

impl From<mediary_core::Error> for Problem {
    fn from(error: mediary_core::Error) -> Self {
        let problem = match (error.field(), error.detail()) {
            (Some(field), detail) => {
                let message = detail.unwrap_or_default();
                match error.code() {
                    ErrorCode::ValidationError => Self::field(field, message),
                    code => Self::refused_field(code, field, message),
                }
            }
            (None, Some(detail)) => Self::new(error.code()).detail(detail),
            (None, None) => Self::new(error.code()),
        };
        problem.retry_after(error.retry_after()).source(error)
    }
}

impl From<mediary_store::Error> for Problem {
    fn from(error: mediary_store::Error) -> Self {
        mediary_core::Error::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(axum::body::Body::empty());
        *response.status_mut() = self.http_status();
        response.extensions_mut().insert(self);
        response
    }
}

const fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::ValidationError => StatusCode::BAD_REQUEST,
        ErrorCode::Unauthorized => StatusCode::UNAUTHORIZED,
        ErrorCode::Forbidden | ErrorCode::MediaQuarantined => StatusCode::FORBIDDEN,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::Conflict => StatusCode::CONFLICT,
        ErrorCode::MediaExpired | ErrorCode::MediaDeleted | ErrorCode::LinkExpired => StatusCode::GONE,
        ErrorCode::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::RangeNotSatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
        ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::ProviderRateLimited | ErrorCode::StorageError => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::ProviderUnauthorized | ErrorCode::ProviderUnavailable | ErrorCode::IntegrityMismatch => {
            StatusCode::BAD_GATEWAY
        }
        ErrorCode::ProviderTimeout => StatusCode::GATEWAY_TIMEOUT,
        ErrorCode::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn body_has_every_field_of_the_contract() {
        let problem =
            Problem::field("limit", "must be from 1 to 100").retry_after(Some(Duration::from_millis(1500)));
        let response = problem.render(Problem::not_found().into_response(), "r-1");
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers()["retry-after"], "2");
        assert_eq!(response.headers()["content-type"], PROBLEM_JSON);
        let bytes = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "type": "/api/docs#validation_error", "title": "Bad Request", "status": 400,
                "detail": ErrorCode::ValidationError.sentence(), "code": "validation_error", "retryable": false,
                "retryAfterSeconds": 2, "requestId": "r-1",
                "errors": [{"field": "limit", "message": "must be from 1 to 100"}],
            })
        );
    }

    #[tokio::test]
    async fn field_may_be_wrong_by_another_code_than_that_of_fields() {
        let error = mediary_core::Error::refused(ErrorCode::UnsupportedMediaType, "it is text/html");
        let problem = Problem::from(error.in_field("link"));
        let response = problem.render(problem.clone().into_response(), "r-5");
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let bytes = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(
            (&body["code"], &body["detail"]),
            (&"unsupported_media_type".into(), &"it is text/html".into())
        );
        assert_eq!(body["errors"], serde_json::json!([{"field": "link", "message": "it is text/html"}]));
    }

    #[test]
    fn refusals_that_pass_carry_retry_after() {
        let render = |problem: Problem| problem.render(problem.clone().into_response(), "r-3");
        assert_eq!(render(Problem::busy()).headers()["retry-after"], "5");
        let limited = Problem::new(ErrorCode::ProviderRateLimited).retry_after(Some(Duration::from_secs(90)));
        assert_eq!(render(limited).headers()["retry-after"], "90");
        assert!(!render(Problem::not_found()).headers().contains_key("retry-after"));
    }

    #[tokio::test]
    async fn database_that_is_away_has_other_words_than_storage_that_is() {
        let detail = async |problem: Problem| {
            let response = problem.render(problem.clone().into_response(), "r-4");
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            let bytes = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(body["code"], "storage_error");
            body["detail"].as_str().unwrap().to_owned()
        };
        let said = "the database did not answer in time; please try again shortly";
        let house = crate::testing::House::open().await;
        house.store.close().await;
        let away = async || house.store.company(mediary_core::CompanyId(1)).await.unwrap_err();
        assert_eq!(detail(away().await.into()).await, said);
        assert_eq!(detail(mediary_core::Error::from(away().await).into()).await, said);
        let storage = mediary_core::Error::new(ErrorCode::StorageError, "ask storage");
        assert!(detail(storage.into()).await.starts_with("Our storage did not answer."));
    }

    #[test]
    fn every_code_stands_in_the_guide_with_its_status() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/errors.md");
        let guide = std::fs::read_to_string(path).unwrap();
        let rows: Vec<(&str, &str)> = guide
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
            .map(|(code, rest)| (code, rest.split(" | ").next().unwrap_or_default()))
            // Another table has a head that begins alike.
            .filter(|(_, statuses)| statuses.starts_with(|letter: char| letter.is_ascii_digit()))
            .collect();
        let (mut codes, mut known) =
            (rows.iter().map(|(code, _)| *code).collect::<Vec<_>>(), Vec::from(ErrorCode::ALL));
        codes.sort_unstable();
        known.sort_unstable_by_key(|code| code.as_str());
        assert_eq!(codes, known.iter().map(|code| code.as_str()).collect::<Vec<_>>(), "docs/guide/errors.md");
        for (code, statuses) in rows {
            let status = status_of(code.parse().unwrap()).as_u16().to_string();
            assert!(
                statuses.split(", ").any(|listed| listed == status),
                "{code} answers {status}, not {statuses}"
            );
        }
    }

    #[test]
    fn source_of_a_problem_is_for_the_log_alone() {
        let problem = Problem::new(ErrorCode::Internal).source(std::io::Error::other("disk 7 is gone"));
        assert_eq!(problem.chain(), "disk 7 is gone");
        let response = problem.render(problem.clone().into_response(), "r-2");
        assert!(!format!("{response:?}").contains("disk 7"));
    }
}
