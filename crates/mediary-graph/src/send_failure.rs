//! What a failed send means for the one who wants the message sent.

use crate::error::{Error, ErrorKind};

/// What became of a message whose sending failed. Sending is not idempotent: a message that may have been sent is never to be sent
/// again blindly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SendFailure {
    /// Not sent, and the same message never will be: Graph says what is wrong with it ([`Error::graph_code`]), or we do.
    Refused,
    /// Not sent: the number, the account or the token's rights stand in the way (policy, spam, a lock). Somebody has to act.
    Forbidden,
    /// Not sent: the access token is refused. Nothing of this account works until it is renewed.
    TokenRefused,
    /// Not sent: WhatsApp does not have the file, or cannot use what it has. Upload it again and send again, once; where it comes
    /// again, the message is refused.
    MediaGone,
    /// Not sent: too much in too short a time. Wait for [`Error::retry_after`], or for growing times.
    Throttled(Throttled),
    /// Not sent: WhatsApp cannot be reached, or says that it is out of order. Send it again later.
    NotSent,
    /// Perhaps sent: the request went out and no readable answer came. Only a status by webhook can tell, by its callback data.
    Unknown,
}

/// Whom a throttling is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Throttled {
    /// Everything of this account.
    Account,
    /// What this number sends to this recipient (code 131056). Others are not held up.
    Pair,
}

impl SendFailure {
    pub fn of(error: &Error) -> Self {
        if !error.had_no_effect() {
            return Self::Unknown;
        }
        match (error.kind(), error.graph_code()) {
            (ErrorKind::Throttled, Some(131_056)) => Self::Throttled(Throttled::Pair),
            (ErrorKind::Throttled, _) => Self::Throttled(Throttled::Account),
            (ErrorKind::Unauthorized, _) => Self::TokenRefused,
            (ErrorKind::Permission, _) => Self::Forbidden,
            (ErrorKind::MediaGone, _) | (_, Some(131_053)) => Self::MediaGone,
            (ErrorKind::BadRequest | ErrorKind::InvalidOptions, _) => Self::Refused,
            _ => Self::NotSent,
        }
    }

    /// Whether sending it again cannot make it two messages.
    pub fn surely_not_sent(self) -> bool {
        self != Self::Unknown
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::wire::GraphError;

    fn of_answer(error: &Value, status: u16) -> SendFailure {
        let body = json!({ "error": error }).to_string();
        SendFailure::of(&GraphError::of_body(body.as_bytes()).unwrap().into_error_at("106", status))
    }

    #[test]
    fn every_known_code_has_its_meaning_for_the_sender_whatever_the_status() {
        use SendFailure::*;
        let table: &[(SendFailure, &[i64])] = &[
            (Refused, &[100, 33, 131_026, 131_047, 131_051, 131_052, 131_060, 131_062, 132_001]),
            (Forbidden, &[3, 10, 200, 299, 131_005, 131_048, 368, 131_031, 130_497, 133_010]),
            (TokenRefused, &[0, 190]),
            (MediaGone, &[131_053]),
            (Throttled(super::Throttled::Account), &[4, 80_007, 130_429]),
            (Throttled(super::Throttled::Pair), &[131_056]),
            (NotSent, &[1, 2, 131_000, 131_016, 131_057, 133_004]),
        ];
        for (failure, codes) in table {
            for code in *codes {
                for status in [200, 400, 401, 403, 404, 429, 500, 503] {
                    assert_eq!(of_answer(&json!({"code": code}), status), *failure, "code {code}, {status}");
                }
            }
        }
        assert_eq!(of_answer(&json!({"code": 999_999}), 400), Refused);
        assert_eq!(of_answer(&json!({"code": 999_999}), 500), NotSent, "Graph itself says that it failed");
    }

    #[test]
    fn lost_media_is_told_from_a_lost_number() {
        let lost = "(#100) Param image['id'] is not a valid whatsapp business account media attachment ID";
        let header = "Param template['components'][0]['parameters'][0]['image']['id'] is not a valid whatsapp business \
             account media attachment ID";
        let object = |id: &str| {
            json!({"code": 100, "error_subcode": 33, "type": "GraphMethodException",
                "message": format!("Unsupported post request. Object with ID '{id}' does not exist")})
        };
        for (error, failure) in [
            (json!({"code": 100, "message": lost}), SendFailure::MediaGone),
            (
                json!({"code": 131_009, "message": "x", "error_data": {"details": header}}),
                SendFailure::MediaGone,
            ),
            (object("5"), SendFailure::MediaGone),
            (object("106"), SendFailure::Forbidden),
            (json!({"code": 131_009, "message": "Parameter value is not valid"}), SendFailure::Refused),
        ] {
            assert_eq!(of_answer(&error, 400), failure, "{error}");
        }
    }

    #[test]
    fn what_went_out_and_was_not_answered_is_unknown() {
        for kind in [ErrorKind::Timeout, ErrorKind::CutOff, ErrorKind::Unavailable, ErrorKind::Protocol] {
            assert_eq!(SendFailure::of(&Error::new(kind, "")), SendFailure::Unknown, "{kind:?}");
            assert_eq!(
                SendFailure::of(&Error::new(kind, "").without_effect()),
                SendFailure::NotSent,
                "{kind:?}"
            );
        }
        let throttled = Error::new(ErrorKind::Throttled, "").without_effect();
        assert_eq!(SendFailure::of(&throttled), SendFailure::Throttled(Throttled::Account));
        let unusable = Error::new(ErrorKind::BadRequest, "").without_effect();
        assert_eq!(SendFailure::of(&unusable), SendFailure::Refused);
        assert!(!SendFailure::Unknown.surely_not_sent() && SendFailure::NotSent.surely_not_sent());
    }
}
