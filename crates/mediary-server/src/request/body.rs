//! JSON bodies.

use std::time::Duration;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{Method, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use mediary_core::{ErrorCode, UnreadableField, limits};
use serde::Deserialize as _;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny};
use serde_json::Value;

use super::drain;
use crate::problem::Problem;

/// For a whole body: well within what the answer may take, so that a slow sender is told so.
const BODY_WITHIN: Duration = Duration::from_secs(20);

/// A JSON body. A POST without one counts as `{}`, so that a request without options needs no body; a change without
/// one is a mistake.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (json, post) = (is_json(&request), request.method() == Method::POST);
        let bytes = read(request).await?;
        if bytes.is_empty() {
            return if post { parse(b"{}").map(Self) } else { Err(Problem::field("body", "is missing")) };
        }
        if !json {
            let detail = "send the body as JSON, with content-type: application/json";
            return Err(Problem::refused_field(ErrorCode::UnsupportedMediaType, "Content-Type", detail));
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

/// For a field that may be left out, but not be empty: neither `null` in a body nor `field=` in a query means anything.
pub(crate) fn given<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

fn is_json(request: &Request) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|text| text.split(';').next()).map(str::trim);
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
}

async fn read(request: Request) -> Result<Bytes, Problem> {
    let mut body = request.into_body();
    let collected = Limited::new(&mut body, limits::API_BODY_BYTES).collect();
    let Ok(collected) = tokio::time::timeout(BODY_WITHIN, collected).await else {
        let detail = format!("did not come whole within {} s; send it faster", BODY_WITHIN.as_secs());
        return Err(Problem::field("body", detail));
    };
    match collected {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            drain(&mut body).await;
            let detail =
                format!("the body is larger than {} bytes; ask for less at once", limits::API_BODY_BYTES);
            Err(Problem::refused_field(ErrorCode::PayloadTooLarge, "body", detail))
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
    let value = match serde_path_to_error::deserialize(&mut json) {
        // To JSON 3.0 and 3 are the same number, to Rust they are not.
        Err(error) if error.inner().to_string().contains("floating point") => {
            json = serde_json::Deserializer::from_slice(bytes);
            let mut value = Value::deserialize(&mut json).map_err(|_| not_json())?;
            whole_numbers(&mut value);
            serde_path_to_error::deserialize(value).map_err(|error| wrong_field(error, bytes))?
        }
        value => value.map_err(|error| wrong_field(error, bytes))?,
    };
    json.end().map_err(|_| Problem::field("body", "has something after the JSON value"))?;
    Ok(value)
}

fn not_json() -> Problem {
    Problem::field("body", "is not valid JSON")
}

fn wrong_field(error: serde_path_to_error::Error<serde_json::Error>, bytes: &[u8]) -> Problem {
    let path = error.path().to_string();
    let error = error.into_inner();
    // Some values of a wrong type are to the reader what no JSON is.
    if !error.is_data() && serde_json::from_slice::<IgnoredAny>(bytes).is_err() {
        return not_json();
    }
    let wrong = UnreadableField::new(&path, &error.to_string());
    let field = if wrong.field.is_empty() { "body".to_owned() } else { wrong.field };
    Problem::field(field, wrong.rule)
}

/// Writes numbers that are whole as such. Deeper than the parser's own limit nothing comes.
fn whole_numbers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let text =
                number.as_f64().filter(|float| float.fract() == 0.0).map(|float| format!("{float:.0}"));
            if let Some(whole) = text.and_then(|text| text.parse::<i64>().ok()) {
                *number = whole.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Object(fields) => fields.values_mut().for_each(whole_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
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
        field_of(parse::<Outer>(text.as_bytes()).unwrap_err()).await
    }

    async fn field_of(problem: Problem) -> (String, String) {
        let response = problem.render(axum::response::Response::default(), "r");
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let body: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let text = |key: &str| body["errors"][0][key].as_str().unwrap().to_owned();
        (text("field"), text("message"))
    }

    #[tokio::test(start_paused = true)]
    async fn body_that_does_not_come_is_given_up_before_the_request() {
        let stalled =
            axum::body::Body::from_stream(futures_util::stream::pending::<std::io::Result<Bytes>>());
        let request =
            Request::post("/").header(header::CONTENT_TYPE, "application/json").body(stalled).unwrap();
        let problem = Body::<Outer>::from_request(request, &()).await.unwrap_err();
        assert_eq!(problem.code(), ErrorCode::ValidationError);
        let (field, message) = field_of(problem).await;
        assert_eq!(
            (field.as_str(), message.as_str()),
            ("body", "did not come whole within 20 s; send it faster")
        );
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
            ("{\"count\": 1e999}".to_owned(), "count"),
        ] {
            let (named, message) = errors(&text).await;
            assert_eq!(named, field, "{text}: {message}");
            assert!(!message.contains("line"), "{message}");
        }
    }

    #[tokio::test]
    async fn problem_says_what_is_allowed_in_plain_words() {
        for (text, message) in [
            ("{}", "is missing"),
            (r#"{"count": "many"}"#, "must be a whole number"),
            (r#"{"count": 3.5}"#, "must be a whole number"),
            (r#"{"count": -1}"#, "must be a whole number from 0 to 4294967295"),
            (r#"{"count": 1e20}"#, "must be a whole number from 0 to 4294967295"),
            (r#"{"count": null}"#, "cannot be null; must be a whole number"),
            (r#"{"count": 1, "count": 2}"#, "is given more than once"),
            (r#"{"count": 1, "inner": {}}"#, "must be an array"),
            (r#"{"count": 1, "inner": [5]}"#, "must be an object"),
            (r#"{"count": 1, "colour": 2}"#, "is not known here; known are: count, inner"),
            ("[1]", "must be a JSON object"),
            (r#"{"count": }"#, "is not valid JSON"),
        ] {
            assert_eq!(errors(text).await.1, message, "{text}");
        }
    }

    #[tokio::test]
    async fn body_is_needed_for_a_change_and_not_for_a_post_without_required_fields() {
        #[derive(Debug, Deserialize)]
        struct Options {
            #[serde(default, deserialize_with = "given")]
            count: Option<u32>,
        }
        let ask = async |method: &str, body: &'static str| {
            let request = Request::builder().method(method).header("content-type", "application/json");
            Body::<Options>::from_request(request.body(body.into()).unwrap(), &()).await
        };
        assert_eq!(ask("POST", "").await.unwrap().0.count, None);
        assert_eq!(ask("PATCH", "{}").await.unwrap().0.count, None);
        for (method, body) in [("PATCH", ""), ("PUT", ""), ("POST", r#"{"count": null}"#)] {
            assert_eq!(
                ask(method, body).await.unwrap_err().code(),
                ErrorCode::ValidationError,
                "{method} {body}"
            );
        }
    }

    #[test]
    fn whole_number_may_be_written_with_a_point() {
        assert_eq!(parse::<Outer>(br#"{"count": 3.0}"#).unwrap().count, 3);
        for wrong in ["{\"count\": 3.5}", "{\"count\": -1.0}", "{\"count\": 1e300}", "{\"count\": 3.0} 4"] {
            assert!(parse::<Outer>(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn valid_body_is_read() {
        let outer: Outer = parse(br#"{"count": 1, "inner": [{"name": "a"}]}"#).unwrap();
        assert_eq!(outer.inner.len(), 1);
    }
}
