//! How Graph says no: the error envelope, what each code means for us, and how long to wait.
//!
//! Codes decide, not HTTP statuses: throttling mostly comes as 400, missing rights may come as 500. The table follows
//! Meta's list of error codes (November 2025) and what was seen of media calls.

use std::time::Duration;

use mediary_core::limits::PROVIDER_WAIT_MAX;
use mediary_core::upstream_text;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::error::{Error, ErrorKind};

/// The object under `error` in Graph's answers.
pub(crate) struct Refusal {
    code: i64,
    subcode: Option<i64>,
    kind: String,
    message: String,
}

impl Refusal {
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let answer: Value = serde_json::from_slice(body).ok()?;
        let error = answer.get("error")?;
        let text = |node: &Value, key: &str| node.get(key).and_then(Value::as_str).map(str::to_owned);
        let details = error.get("error_data").and_then(|data| text(data, "details"));
        Some(Self {
            code: whole(error.get("code")?)?,
            subcode: error.get("error_subcode").and_then(whole),
            kind: text(error, "type").unwrap_or_default(),
            message: details.or_else(|| text(error, "message")).unwrap_or_default(),
        })
    }

    /// What the refusal means, by its code; by the HTTP status where the code is not known.
    pub(crate) fn meaning(&self, status: u16) -> ErrorKind {
        match (self.code, self.subcode) {
            (100, Some(33)) => ErrorKind::MediaGone,
            // Meta announced the end of subcodes; the type still tells an unknown object from a wrong parameter.
            (100, None) if self.kind == "GraphMethodException" => ErrorKind::MediaGone,
            (0 | 190, _) => ErrorKind::Unauthorized,
            (4 | 80_007 | 130_429 | 131_056, _) => ErrorKind::Throttled,
            (3 | 10 | 200..=299 | 131_005, _) => ErrorKind::Permission,
            (368 | 130_497 | 131_031 | 131_048 | 133_010, _) => ErrorKind::Permission,
            (1 | 2 | 131_000 | 131_016 | 131_057 | 133_004, _) => ErrorKind::Unavailable,
            (33 | 100 | 131_026 | 131_047 | 131_051..=131_053 | 131_060 | 131_062 | 132_001, _) => {
                ErrorKind::BadRequest
            }
            _ => match status {
                401 => ErrorKind::Unauthorized,
                403 => ErrorKind::Permission,
                429 => ErrorKind::Throttled,
                400..=499 => ErrorKind::BadRequest,
                _ => ErrorKind::Unavailable,
            },
        }
    }

    pub(crate) fn into_error(self, status: u16) -> Error {
        let kind = self.meaning(status);
        let context = if kind == ErrorKind::Unauthorized {
            // Graph repeats a malformed token in its message.
            "whatsapp refused the access token".to_owned()
        } else {
            format!("whatsapp refused with HTTP {status}: {}", upstream_text(&self.message))
        };
        Error::new(kind, context).with_graph_code(self.code, self.subcode)
    }
}

/// What an answer without Graph's envelope means. It comes from something in between rather than from Graph, so
/// nothing final follows from it.
pub(crate) fn meaning_of_status(status: u16) -> ErrorKind {
    match status {
        429 => ErrorKind::Throttled,
        500..=599 => ErrorKind::Unavailable,
        _ => ErrorKind::Protocol,
    }
}

/// How long an answer asks us to wait: `Retry-After` in seconds or as a date, or the longest
/// `estimated_time_to_regain_access` (in minutes) of `X-Business-Use-Case-Usage`.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let told = header(RETRY_AFTER.as_str()).and_then(|value| match value.trim().parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => seconds_between(header(DATE.as_str())?, value),
    });
    let usage = header("x-business-use-case-usage").and_then(minutes_to_regain_access);
    told.max(usage).map(|wait| wait.min(PROVIDER_WAIT_MAX))
}

/// Between two HTTP dates of the same answer, so that our clock does not matter.
fn seconds_between(now: &str, then: &str) -> Option<Duration> {
    let parse = |text: &str| OffsetDateTime::parse(text.trim(), &Rfc2822).ok();
    (parse(then)? - parse(now)?).try_into().ok()
}

fn minutes_to_regain_access(usage: &str) -> Option<Duration> {
    let usage: Value = serde_json::from_str(usage).ok()?;
    let minutes = usage
        .as_object()?
        .values()
        .flat_map(|entries| entries.as_array().map_or(&[][..], Vec::as_slice))
        .filter_map(|entry| u64::try_from(whole(entry.get("estimated_time_to_regain_access")?)?).ok())
        .max()?;
    (minutes > 0).then(|| Duration::from_secs(minutes.saturating_mul(60)))
}

fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn meaning(error: &Value, status: u16) -> ErrorKind {
        Refusal::read(json!({ "error": error }).to_string().as_bytes()).unwrap().meaning(status)
    }

    #[test]
    fn every_known_code_has_its_meaning_whatever_the_status() {
        use ErrorKind::*;
        let table: &[(ErrorKind, &[i64])] = &[
            (Unauthorized, &[0, 190]),
            (Throttled, &[4, 80_007, 130_429, 131_056]),
            (Permission, &[3, 10, 200, 299, 131_005, 368, 131_031, 130_497, 131_048, 133_010]),
            (Unavailable, &[1, 2, 131_000, 131_016, 131_057, 133_004]),
            (BadRequest, &[33, 100, 131_026, 131_047, 131_051, 131_052, 131_053, 131_060, 131_062, 132_001]),
        ];
        for (kind, codes) in table {
            for code in *codes {
                for status in [200, 400, 401, 403, 429, 500, 503] {
                    assert_eq!(meaning(&json!({ "code": code }), status), *kind, "code {code} with {status}");
                    assert_eq!(meaning(&json!({ "code": code.to_string() }), status), *kind);
                }
            }
        }
    }

    #[test]
    fn a_media_id_is_gone_only_by_100_and_33() {
        assert_eq!(meaning(&json!({"code": 100, "error_subcode": 33}), 400), ErrorKind::MediaGone);
        assert_eq!(meaning(&json!({"code": 100, "type": "GraphMethodException"}), 400), ErrorKind::MediaGone);
        assert_eq!(meaning(&json!({"code": 100, "type": "OAuthException"}), 400), ErrorKind::BadRequest);
        assert_eq!(meaning(&json!({"code": 100, "error_subcode": 2_494_010}), 400), ErrorKind::BadRequest);
        assert_eq!(meaning(&json!({"code": 190, "error_subcode": 463}), 400), ErrorKind::Unauthorized);
    }

    #[test]
    fn an_unknown_code_is_read_by_its_status() {
        for (status, kind) in [
            (400, ErrorKind::BadRequest),
            (401, ErrorKind::Unauthorized),
            (403, ErrorKind::Permission),
            (429, ErrorKind::Throttled),
            (500, ErrorKind::Unavailable),
        ] {
            assert_eq!(meaning(&json!({"code": 999_999}), status), kind);
        }
    }

    #[test]
    fn no_envelope_decides_nothing_for_good() {
        for status in [301, 400, 401, 403, 404, 418, 429, 500, 502, 503] {
            assert!(Error::new(meaning_of_status(status), "").retryable(), "{status}");
        }
        assert!(Refusal::read(b"<html>").is_none());
        assert!(Refusal::read(br#"{"error":"invalid"}"#).is_none());
    }

    #[test]
    fn a_refused_token_is_not_repeated() {
        let body = br#"{"error":{"code":190,"message":"Malformed access token EAAGsecret"}}"#;
        let error = Refusal::read(body).unwrap().into_error(401);
        assert!(!format!("{error} {error:?}").contains("EAAG"));
        // Under a code that is not the token's own, the words are kept without it.
        let body = br#"{"error":{"code":2500,"message":"Malformed access token EAAGsecret1234"}}"#;
        let error = Refusal::read(body).unwrap().into_error(400);
        let text = format!("{error} {error:?}");
        assert!(text.contains("Malformed access token [removed]") && !text.contains("EAAG"), "{text}");
    }

    #[test]
    fn waits_are_read_from_both_headers() {
        let wait = |pairs: &[(&'static str, &str)]| retry_after(&headers(pairs)).map(|wait| wait.as_secs());
        let usage = r#"{"106":[{"type":"messaging","estimated_time_to_regain_access":2},{"estimated_time_to_regain_access":"3"}]}"#;
        assert_eq!(wait(&[("retry-after", "17")]), Some(17));
        assert_eq!(wait(&[("x-business-use-case-usage", usage)]), Some(180));
        assert_eq!(wait(&[("retry-after", "200"), ("x-business-use-case-usage", usage)]), Some(200));
        assert_eq!(wait(&[("retry-after", "99999999")]), Some(PROVIDER_WAIT_MAX.as_secs()));
        let (now, later) = ("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:30 GMT");
        assert_eq!(wait(&[("date", now), ("retry-after", later)]), Some(30));
        assert_eq!(wait(&[("date", later), ("retry-after", now)]), None);
        for nonsense in ["", "soon", "-1"] {
            assert_eq!(wait(&[("retry-after", nonsense), ("x-business-use-case-usage", nonsense)]), None);
        }
    }
}
