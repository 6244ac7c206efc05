//! What the API's refusals mean, in the classes that Graph's have.

use http::HeaderMap;
use mediary_core::upstream_text;
use mediary_graph::{Error, ErrorKind};
use serde_json::Value;

/// The name of a refusal: in a header, or in the body, with a namespace before it or an address behind.
fn name_of<'a>(headers: &'a HeaderMap, body: &'a Value) -> &'a str {
    let header = headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    let name = header.or_else(|| body["__type"].as_str()).unwrap_or_default();
    let name = name.split(':').next().unwrap_or_default();
    name.rsplit('#').next().unwrap_or_default()
}

/// What a call asked about, for refusals that mean different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Media,
    Number,
}

pub(crate) fn error_of(status: u16, headers: &HeaderMap, body: &[u8], subject: Subject) -> Error {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let name = name_of(headers, &body);
    let kind = kind_of(name, status, subject);
    let said = body["message"].as_str().or_else(|| body["Message"].as_str()).unwrap_or_default();
    let context = match kind {
        // It repeats parts of the request that was signed.
        ErrorKind::Unauthorized => format!("AWS refused the access key ({name})"),
        _ => format!("AWS refused with HTTP {status} ({name:.60}): {}", upstream_text(said)),
    };
    let error = Error::new(kind, context).with_retry_after(mediary_outbound::retry_after(headers));
    if (300..500).contains(&status) { error.without_effect() } else { error }
}

fn kind_of(name: &str, status: u16, subject: Subject) -> ErrorKind {
    match name {
        "ThrottledRequestException" | "ThrottlingException" | "TooManyRequestsException" => {
            ErrorKind::Throttled
        }
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "ExpiredTokenException"
        | "MissingAuthenticationTokenException" => ErrorKind::Unauthorized,
        "AccessDeniedException" | "AccessDeniedByMetaException" => ErrorKind::Permission,
        "ResourceNotFoundException" if subject == Subject::Media => ErrorKind::MediaGone,
        "ResourceNotFoundException" => ErrorKind::Permission,
        "ValidationException" | "InvalidParametersException" => ErrorKind::BadRequest,
        "InternalServiceException" | "DependencyException" => ErrorKind::Unavailable,
        _ => match status {
            429 => ErrorKind::Throttled,
            500..=599 => ErrorKind::Unavailable,
            // From something in between: nothing final follows from it.
            _ => ErrorKind::Protocol,
        },
    }
}

#[cfg(test)]
mod tests {
    use mediary_graph::SendFailure;

    use super::*;

    fn error(status: u16, header: &str, body: &str, subject: Subject) -> Error {
        let headers = HeaderMap::from_iter([("x-amzn-errortype".parse().unwrap(), header.parse().unwrap())]);
        error_of(status, &headers, body.as_bytes(), subject)
    }

    #[test]
    fn refusals_have_their_meaning_by_name() {
        use ErrorKind::*;
        for (status, name, subject, kind) in [
            (429, "ThrottledRequestException", Subject::Number, Throttled),
            (403, "UnrecognizedClientException", Subject::Number, Unauthorized),
            (403, "AccessDeniedException:http://internal.amazon.com/", Subject::Number, Permission),
            (400, "ValidationException", Subject::Media, BadRequest),
            (404, "ResourceNotFoundException", Subject::Media, MediaGone),
            (404, "ResourceNotFoundException", Subject::Number, Permission),
            (502, "DependencyException", Subject::Number, Unavailable),
            (418, "", Subject::Number, Protocol),
            (503, "", Subject::Number, Unavailable),
        ] {
            assert_eq!(error(status, name, "{}", subject).kind(), kind, "{name}");
        }
        let by_body = error_of(
            400,
            &HeaderMap::new(),
            br#"{"__type":"com.amazon#ValidationException"}"#,
            Subject::Number,
        );
        assert_eq!(by_body.kind(), BadRequest);
    }

    #[test]
    fn only_what_was_refused_for_good_surely_had_no_effect() {
        let of = |status, name| SendFailure::of(&error(status, name, "{}", Subject::Number));
        assert_eq!(of(400, "ValidationException"), SendFailure::Refused);
        assert_eq!(of(403, "InvalidSignatureException"), SendFailure::TokenRefused);
        assert_eq!(of(500, "InternalServiceException"), SendFailure::Unknown, "it may have been sent");
    }
}
