//! One line of an import as it was written, before it is converted.

use mediary_core::{Direction, MessageType, Timestamp, UnreadableField};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

/// A line. Empty strings count as left out; ids may be numbers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GivenLine {
    #[serde(deserialize_with = "id")]
    pub(super) phone_number_id: String,
    #[serde(deserialize_with = "id")]
    pub(super) provider_message_id: String,
    pub(super) direction: Direction,
    #[serde(rename = "type")]
    pub(super) kind: MessageType,
    #[serde(default, deserialize_with = "text")]
    pub(super) status: Option<String>,
    #[serde(deserialize_with = "moment")]
    pub(super) timestamp: Timestamp,
    pub(super) contact: GivenContact,
    #[serde(default, deserialize_with = "text")]
    pub(super) text: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) caption: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) reply_to: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) emoji: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) media_url: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) media_type: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) mime_type: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) file_name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) provider_media_id: Option<String>,
    #[serde(default, deserialize_with = "payload")]
    pub(super) raw_payload: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GivenContact {
    #[serde(default, deserialize_with = "text")]
    pub(super) wa_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) user_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) name: Option<String>,
}

/// Parses a line; an error names the field and what is wrong with it.
pub(super) fn read(line: &[u8]) -> Result<GivenLine, String> {
    let mut json = serde_json::Deserializer::from_slice(line);
    // Serde would also take an array of the fields in order.
    if line.trim_ascii_start().first() != Some(&b'{') {
        return Err("the line is not a JSON object".to_owned());
    }
    let given = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        refusal(line, &path, &error.into_inner())
    })?;
    json.end().map_err(|_| "the line has something after its JSON object".to_owned())?;
    Ok(given)
}

fn refusal(line: &[u8], path: &str, error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "the line ends in the middle of its JSON object; an object must be on one line".to_owned();
    }
    if std::str::from_utf8(line).is_err() {
        return "the line is not UTF-8".to_owned();
    }
    if !error.is_data() && serde_json::from_slice::<de::IgnoredAny>(line).is_err() {
        return "the line is not valid JSON".to_owned();
    }
    let wrong = UnreadableField::new(path, &error.to_string());
    if wrong.field.is_empty() {
        format!("the line {}", wrong.rule)
    } else {
        format!("{}: {}", wrong.field, wrong.rule)
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => None,
        Value::String(text) => Some(text).filter(|text| !text.trim().is_empty()),
        Value::Number(number) => Some(number.to_string()),
        other => return Err(de::Error::custom(format_args!("must be a string, not {}", kind_of(&other)))),
    })
}

fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer)?.ok_or_else(|| de::Error::custom("must not be empty"))
}

/// An object becomes its text; a string stays as it is.
fn payload<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => None,
        Value::String(text) => Some(text).filter(|text| !text.trim().is_empty()),
        object @ Value::Object(_) => Some(object.to_string()),
        other => {
            let kind = kind_of(&other);
            return Err(de::Error::custom(format_args!("must be an object or a string, not {kind}")));
        }
    })
}

fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let given = Value::deserialize(deserializer)?;
    let seconds = |number: i64| Timestamp::from_unix_seconds(number);
    let time = match &given {
        Value::Number(number) => number.as_i64().and_then(seconds),
        Value::String(text) => match text.trim().parse() {
            Ok(number) => seconds(number),
            Err(_) => Timestamp::parse_rfc3339(text.trim()).filter(|time| time.millis() >= 0),
        },
        _ => None,
    };
    time.ok_or_else(|| {
        de::Error::custom("must be RFC 3339, like 2026-11-20T09:30:00Z, or whole seconds since 1970")
    })
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
