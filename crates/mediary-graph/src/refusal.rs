//! Graph's refusals: what each code means for us, and how long to wait.
//!
//! Codes decide, not HTTP statuses: throttling mostly comes as 400, missing rights may come as 500. The table follows
//! Meta's list of error codes (November 2025) and what was observed of media calls.

use std::time::Duration;

use http::HeaderMap;
use mediary_core::limits::PROVIDER_WAIT_MAX;
use mediary_core::upstream_text;
use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::wire::{ErrorAnswer, GraphError};

/// What Graph says of a file that a message names and that it does not have, in lower case: `Param image['id'] is not a valid
/// whatsapp business account media attachment ID`.
const LOST_MEDIA: &str = "not a valid whatsapp business account media attachment";

impl GraphError {
    pub(crate) fn of_body(body: &[u8]) -> Option<Self> {
        Self::of_answer(&serde_json::from_slice(body).ok()?)
    }

    pub(crate) fn of_answer(answer: &Value) -> Option<Self> {
        // A list would be read field by field, in their order.
        answer.get("error").filter(|error| error.is_object())?;
        Some(ErrorAnswer::deserialize(answer).ok()?.error)
    }

    /// What the refusal means, by its code; by the HTTP status where the code is not known.
    pub(crate) fn error_kind(&self, status: u16) -> ErrorKind {
        match (self.code, self.error_subcode) {
            (100, Some(33)) => ErrorKind::MediaGone,
            // Meta announced the end of subcodes; the type still separates an unknown object from a wrong parameter.
            (100, None) if self.error_type.as_deref() == Some("GraphMethodException") => ErrorKind::MediaGone,
            (100 | 131_009, _) if self.names_lost_media() => ErrorKind::MediaGone,
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

    /// Whether the id of a file that a message names is expired, deleted or another number's. Only the words tell.
    fn names_lost_media(&self) -> bool {
        let details = self.error_data.as_ref().and_then(|data| data.details.as_deref());
        [details, self.message.as_deref()]
            .into_iter()
            .flatten()
            .any(|text| text.to_ascii_lowercase().contains(LOST_MEDIA))
    }

    /// Whether it is about this object, which Graph names in its words.
    fn names(&self, id: &str) -> bool {
        self.message.as_deref().is_some_and(|message| message.contains(&format!("'{id}'")))
    }

    /// The error of a call at a phone number. One that is not there, or not the token's, is refused in the same words as a file.
    pub(crate) fn into_error_at(self, phone_number_id: &str, status: u16) -> Error {
        let about_number = self.error_kind(status) == ErrorKind::MediaGone && self.names(phone_number_id);
        let (code, subcode) = (self.code, self.error_subcode);
        let error = self.into_error(status);
        if !about_number {
            return error;
        }
        let context = "the phone number id does not exist or the access token may not use it";
        Error::new(ErrorKind::Permission, context).with_graph_code(code, subcode)
    }

    pub(crate) fn into_error(self, status: u16) -> Error {
        let kind = self.error_kind(status);
        let context = if kind == ErrorKind::Unauthorized {
            // Graph repeats a malformed token in its message.
            "WhatsApp refused the access token".to_owned()
        } else {
            let details = self.error_data.and_then(|data| data.details);
            let message = details.or(self.message).unwrap_or_default();
            format!("WhatsApp refused with HTTP {status}: {}", upstream_text(&message))
        };
        Error::new(kind, context).with_graph_code(self.code, self.error_subcode)
    }
}

/// What an answer without Graph's envelope means. It comes from something in between rather than from Graph, so
/// nothing final follows from it.
pub(crate) fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        429 => ErrorKind::Throttled,
        500..=599 => ErrorKind::Unavailable,
        _ => ErrorKind::Protocol,
    }
}

/// The wait that an answer asks for: `Retry-After`, or the longest `estimated_time_to_regain_access` (in minutes) of
/// `X-Business-Use-Case-Usage`.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let usage = headers.get("x-business-use-case-usage").and_then(|value| value.to_str().ok());
    let usage = usage.and_then(minutes_to_regain_access);
    mediary_outbound::retry_after(headers).max(usage).map(|wait| wait.min(PROVIDER_WAIT_MAX))
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
        GraphError::of_body(json!({ "error": error }).to_string().as_bytes()).unwrap().error_kind(status)
    }

    #[test]
    fn known_codes_have_their_meaning_whatever_the_status() {
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
    fn media_id_is_gone_only_by_100_and_33() {
        assert_eq!(meaning(&json!({"code": 100, "error_subcode": 33}), 400), ErrorKind::MediaGone);
        assert_eq!(meaning(&json!({"code": 100, "type": "GraphMethodException"}), 400), ErrorKind::MediaGone);
        assert_eq!(meaning(&json!({"code": 100, "type": "OAuthException"}), 400), ErrorKind::BadRequest);
        assert_eq!(meaning(&json!({"code": 100, "error_subcode": 2_494_010}), 400), ErrorKind::BadRequest);
        assert_eq!(meaning(&json!({"code": 190, "error_subcode": 463}), 400), ErrorKind::Unauthorized);
    }

    #[test]
    fn unknown_codes_are_read_by_their_status() {
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
    fn answers_without_envelope_decide_nothing_for_good() {
        for status in [301, 400, 401, 403, 404, 418, 429, 500, 502, 503] {
            assert!(Error::new(kind_of_status(status), "").retryable(), "{status}");
        }
        assert!(GraphError::of_body(b"<html>").is_none());
        for body in [r#"{"error":"invalid"}"#, r#"{"error":["m","t",190]}"#, r#"[{"code":190}]"#] {
            assert!(GraphError::of_body(body.as_bytes()).is_none(), "{body}");
        }
    }

    #[test]
    fn refused_token_is_not_repeated() {
        let body = br#"{"error":{"code":190,"message":"Malformed access token EAAGsecret"}}"#;
        let error = GraphError::of_body(body).unwrap().into_error(401);
        assert!(!format!("{error} {error:?}").contains("EAAG"));
        // Under a code that is not about the token, the text is kept without it.
        let body = br#"{"error":{"code":2500,"message":"Malformed access token EAAGsecret1234"}}"#;
        let error = GraphError::of_body(body).unwrap().into_error(400);
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
        for nonsense in ["", "soon", "-1"] {
            assert_eq!(wait(&[("retry-after", nonsense), ("x-business-use-case-usage", nonsense)]), None);
        }
    }
}
