//! JSON bodies.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::header;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use mediary_core::{ErrorCode, limits};
use serde::de::{DeserializeOwned, Deserializer};

use super::drain;
use crate::problem::Problem;

/// A JSON body. An empty one counts as `{}`, so that a request without options needs no body.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let json = is_json(&request);
        let bytes = read(request).await?;
        if bytes.is_empty() {
            return parse(b"{}").map(Self);
        }
        if !json {
            let detail = "send the body as JSON, with content-type: application/json";
            return Err(Problem::new(ErrorCode::UnsupportedMediaType).detail(detail));
        }
        parse(&bytes).map(Self)
    }
}

/// For a field where `null` means something else than leaving it out.
pub(crate) fn present<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: Deserializer<'de>,
{
    serde::Deserialize::deserialize(deserializer).map(Some)
}

fn is_json(request: &Request) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|text| text.split(';').next()).map(str::trim);
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
}

async fn read(request: Request) -> Result<Bytes, Problem> {
    let mut body = request.into_body();
    match Limited::new(&mut body, limits::API_BODY_BYTES).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            drain(&mut body).await;
            let detail = format!("the body is larger than {} bytes", limits::API_BODY_BYTES);
            Err(Problem::new(ErrorCode::PayloadTooLarge).detail(detail))
        }
        Err(_) => {
            Err(Problem::new(ErrorCode::ValidationError).detail("the body ended before it was complete"))
        }
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Serde would also take an array of the fields in order.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::field("body", "must be a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        if error.is_data() {
            let message = error.to_string();
            Problem::field(field_name(&path, &message), without_position(&message))
        } else {
            Problem::field("body", "is not valid JSON")
        }
    })?;
    json.end().map_err(|_| Problem::field("body", "has something after the JSON value"))?;
    Ok(value)
}

/// The path ends at the object when one of its fields is missing or unknown; serde then names the field in backticks.
fn field_name(path: &str, message: &str) -> String {
    let named = message.split('`').nth(1).filter(|_| message.contains(" field `"));
    match (path, named) {
        ("." | "", Some(name)) => name.to_owned(),
        ("." | "", None) => "body".to_owned(),
        (path, Some(name)) if path != name && !path.ends_with(&format!(".{name}")) => {
            format!("{path}.{name}")
        }
        (path, _) => path.to_owned(),
    }
}

/// Line and column are of no use to somebody who did not write the JSON by hand.
fn without_position(message: &str) -> &str {
    message.rsplit_once(" at line ").map_or(message, |(message, _)| message)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only its type matters here")]
        count: u32,
        #[serde(default)]
        inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "only its presence matters here")]
        name: String,
    }

    async fn errors(text: &str) -> (String, String) {
        let problem = parse::<Outer>(text.as_bytes()).unwrap_err();
        let response = problem.render(axum::response::Response::default(), "r");
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let body: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let text = |key: &str| body["errors"][0][key].as_str().unwrap().to_owned();
        (text("field"), text("message"))
    }

    #[tokio::test]
    async fn problem_names_the_field() {
        for (text, field) in [
            (json!({}).to_string(), "count"),
            (json!({"count": "many"}).to_string(), "count"),
            (json!({"count": 1, "colour": 2}).to_string(), "colour"),
            (json!({"count": 1, "inner": [{}]}).to_string(), "inner[0].name"),
            (json!({"count": 1, "inner": [{"name": "a", "age": 1}]}).to_string(), "inner[0].age"),
            (json!([1]).to_string(), "body"),
            ("{\"count\": 1".to_owned(), "body"),
            ("{\"count\": 1} 2".to_owned(), "body"),
        ] {
            let (named, message) = errors(&text).await;
            assert_eq!(named, field, "{text}: {message}");
            assert!(!message.contains("line"), "{message}");
        }
    }

    #[test]
    fn good_one_is_read() {
        let outer: Outer = parse(br#"{"count": 1, "inner": [{"name": "a"}]}"#).unwrap();
        assert_eq!(outer.inner.len(), 1);
    }
}
