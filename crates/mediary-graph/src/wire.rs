//! The JSON of Graph's answers: one set of types for a client of Graph and for a server of the same API.
//!
//! They are written as Meta's reference has them, and read as Graph sends them: numbers as text and the reverse, absent
//! fields, fields of another type, and unknown fields.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::redact::redacted_debug;

/// The answer to `GET /{version}/{media-id}`.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct MediaAnswer {
    /// Lives five minutes and needs the bearer token.
    #[serde(deserialize_with = "required_text")]
    pub url: String,
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// In hex.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// A string in Meta's documentation, a number in its answers.
    #[serde(default, deserialize_with = "size", skip_serializing_if = "Option::is_none")]
    pub file_size: Option<u64>,
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// The answer to `GET /{version}/{phone-number-id}`: what Graph says about a business number.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct PhoneNumber {
    #[serde(deserialize_with = "required_text")]
    pub id: String,
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub display_phone_number: Option<String>,
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub verified_name: Option<String>,
}

/// The answer to `GET /{version}/{waba-id}/phone_numbers`: a page of the numbers of a WhatsApp Business account.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct PhoneNumbers {
    #[serde(deserialize_with = "list")]
    pub data: Vec<PhoneNumber>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    paging: Value,
}

impl PhoneNumbers {
    /// What to give as `after` for the next page; `None` on the last one.
    pub fn next_page(&self) -> Option<&str> {
        self.paging.get("next").filter(|next| next.is_string())?;
        self.paging.pointer("/cursors/after")?.as_str()
    }
}

/// The answer to `GET /{version}/{waba-id}/subscribed_apps`; nothing of an app but that it is there matters here.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct SubscribedApps {
    #[serde(deserialize_with = "list")]
    pub data: Vec<Value>,
}

/// 360dialog's answer to `GET /health_status`: what may send, and what may not.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct HealthAnswer {
    health_status: HealthStatus,
}

/// The number, its business account and what else a message needs.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
struct HealthStatus {
    #[serde(default, deserialize_with = "list")]
    entities: Vec<HealthEntity>,
}

#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
struct HealthEntity {
    entity_type: String,
    #[serde(deserialize_with = "required_text")]
    id: String,
}

impl HealthAnswer {
    /// Meta's id of the number that was asked about.
    pub fn phone_number_id(&self) -> Option<&str> {
        let entities = &self.health_status.entities;
        entities.iter().find(|entity| entity.entity_type == "PHONE_NUMBER").map(|entity| entity.id.as_str())
    }
}

/// The answer to `POST /{version}/{phone-number-id}/media`.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct UploadAnswer {
    /// The media id.
    #[serde(deserialize_with = "required_text")]
    pub id: String,
}

/// The answer to `POST /{version}/{phone-number-id}/messages`: the message was taken, no more.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct SendAnswer {
    #[serde(default, deserialize_with = "list")]
    pub contacts: Vec<SentContact>,
    pub messages: Vec<SentMessage>,
}

/// Whom a message went to.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct SentContact {
    /// As the sender wrote it.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Absent for a business-scoped id.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<String>,
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

/// A message that was taken.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct SentMessage {
    #[serde(deserialize_with = "required_text")]
    pub id: String,
    /// Of templates: `accepted`, `held_for_quality_assessment` or `paused`.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub message_status: Option<String>,
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
}

/// The answer to what only works or does not: read receipts and deletions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct SuccessAnswer {
    pub success: bool,
}

/// The envelope of every refusal.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ErrorAnswer {
    pub error: GraphError,
}

/// A refusal.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct GraphError {
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(rename = "type", default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    #[serde(deserialize_with = "required_code")]
    pub code: i64,
    #[serde(default, deserialize_with = "code", skip_serializing_if = "Option::is_none")]
    pub error_subcode: Option<i64>,
    #[serde(default, deserialize_with = "error_data", skip_serializing_if = "Option::is_none")]
    pub error_data: Option<ErrorData>,
}

/// The details of a refusal.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct ErrorData {
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

redacted_debug! {
    MediaAnswer { mime_type, sha256, file_size }
    PhoneNumber { id }
    PhoneNumbers {}
    HealthAnswer {}
    SubscribedApps {}
    UploadAnswer { id }
    SendAnswer {}
    SentContact {}
    SentMessage { message_status }
    GraphError { error_type, code, error_subcode }
    ErrorData {}
}

/// Text, also where a number stands for it.
fn text<'de, D: Deserializer<'de>>(json: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(json)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

fn required_text<'de, D: Deserializer<'de>>(json: D) -> Result<String, D::Error> {
    text(json)?
        .filter(|text| !text.is_empty())
        .ok_or_else(|| D::Error::custom("a required field is no text, or empty"))
}

/// A list's items as far as they can be read.
fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(json: D) -> Result<Vec<T>, D::Error> {
    let Value::Array(items) = Value::deserialize(json)? else { return Ok(Vec::new()) };
    Ok(items.into_iter().filter_map(|item| T::deserialize(item).ok()).collect())
}

fn size<'de, D: Deserializer<'de>>(json: D) -> Result<Option<u64>, D::Error> {
    Ok(text(json)?.and_then(|size| size.parse().ok()))
}

fn code<'de, D: Deserializer<'de>>(json: D) -> Result<Option<i64>, D::Error> {
    Ok(text(json)?.and_then(|code| code.trim().parse().ok()))
}

fn required_code<'de, D: Deserializer<'de>>(json: D) -> Result<i64, D::Error> {
    code(json)?.ok_or_else(|| D::Error::custom("an error has no code"))
}

fn error_data<'de, D: Deserializer<'de>>(json: D) -> Result<Option<ErrorData>, D::Error> {
    let data = Some(Value::deserialize(json)?).filter(Value::is_object);
    Ok(data.and_then(|data| ErrorData::deserialize(data).ok()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Reads JSON and writes it again.
    fn rewritten<T: DeserializeOwned + Serialize>(json: Value) -> Value {
        serde_json::to_value(serde_json::from_value::<T>(json).unwrap()).unwrap()
    }

    #[test]
    fn answers_are_written_as_they_were_read() {
        let media = json!({"url": "https://lookaside.fbsbx.com/x?mid=5", "mime_type": "image/jpeg",
            "sha256": "49f2", "file_size": 303_833, "id": "5"});
        assert_eq!(rewritten::<MediaAnswer>(media.clone()), media);
        let number = json!({"id": "106", "display_phone_number": "+1 555-078-3881", "verified_name": "Acme"});
        assert_eq!(rewritten::<PhoneNumber>(number.clone()), number);
        let refusal = json!({"error": {"message": "m", "type": "OAuthException", "code": 100,
            "error_subcode": 33, "error_data": {"details": "d"}}});
        assert_eq!(rewritten::<ErrorAnswer>(refusal.clone()), refusal);
        assert_eq!(rewritten::<MediaAnswer>(json!({"url": "u"})), json!({"url": "u"}), "nothing is made up");
    }

    #[test]
    fn answers_are_read_whatever_the_types_of_their_fields() {
        let odd =
            json!({"url": "u", "file_size": "303833", "sha256": ["x"], "mime_type": {}, "id": 5, "new": {}});
        let expected = json!({"url": "u", "file_size": 303_833, "id": "5"});
        assert_eq!(rewritten::<MediaAnswer>(odd), expected);
        let odd =
            json!({"error": {"code": " 190 ", "error_subcode": "463", "message": [], "error_data": "x"}});
        assert_eq!(rewritten::<ErrorAnswer>(odd), json!({"error": {"code": 190, "error_subcode": 463}}));
        for error in [json!("invalid"), json!({}), json!({"code": 1.5}), json!({"code": "x"})] {
            assert!(serde_json::from_value::<ErrorAnswer>(json!({ "error": error })).is_err(), "{error}");
        }
        for url in [json!(""), json!({}), json!(null)] {
            assert!(serde_json::from_value::<MediaAnswer>(json!({ "url": url })).is_err(), "{url}");
        }
    }

    #[test]
    fn debug_of_answers_shows_nothing_private() {
        let media = MediaAnswer {
            url: "https://secret".to_owned(),
            mime_type: None,
            sha256: None,
            file_size: None,
            id: None,
        };
        let body = json!({"error": {"code": 1, "message": "secret", "error_data": {"details": "secret"}}});
        let refusal: ErrorAnswer = serde_json::from_value(body).unwrap();
        let shown = format!("{media:?} {refusal:?}");
        assert!(shown.contains("MediaAnswer") && !shown.contains("secret"), "{shown}");
    }
}
