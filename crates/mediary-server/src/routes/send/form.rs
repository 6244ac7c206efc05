//! A message with its file, as a form (RFC 7578). Its parts may come in any order, so the file is on its way into storage before it is
//! known what it is for; what is wrong with the rest is said at the end, and nothing is left of it.

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest as _, Multipart, Request};
use http::StatusCode;
use mediary_core::{ErrorCode, UnreadableField};
use mediary_engine::{FileSource, MessageDraft, ReceivedFile};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::body::NewMessage;
use crate::App;
use crate::problem::Problem;
use crate::request::{May, rights};

/// Bytes of one part that is no file.
const FIELD_BYTES: usize = 64 * 1024;
/// Parts of a form.
const FIELDS: usize = 32;
/// The part that is the file.
const FILE: &str = "file";
/// Fields that are numbers and truths in JSON; in a form everything is text.
const NUMBERS: &[&str] = &["conversationId", "whatsappAccountId", "mediaId", "libraryId", "replyTo"];
const TRUTHS: &[&str] = &["voice", "convert", "previewUrl"];

/// A message with its file. The other fields are those of the JSON form.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the form, which is read part by part")]
pub(super) struct MessageForm {
    #[schema(nullable = false)]
    conversation_id: Option<i64>,
    #[schema(nullable = false)]
    whatsapp_account_id: Option<i64>,
    #[schema(max_length = 512, nullable = false)]
    to: Option<String>,
    #[schema(rename = "type", value_type = crate::json::words::FileType)]
    kind: String,
    #[schema(value_type = String, format = Binary)]
    file: String,
    #[schema(max_length = 1024, nullable = false)]
    caption: Option<String>,
    /// Of a document; else the name of the file in the form.
    #[schema(max_length = 255, nullable = false)]
    file_name: Option<String>,
    #[schema(nullable = false)]
    voice: Option<bool>,
    #[schema(nullable = false)]
    convert: Option<bool>,
    #[schema(nullable = false)]
    reply_to: Option<i64>,
    #[schema(max_length = 200, nullable = false)]
    client_id: Option<String>,
}

/// What came in a form, in its order.
pub(in crate::routes) struct Parts {
    pub(in crate::routes) fields: Vec<(String, String)>,
    pub(in crate::routes) files: Vec<FormFile>,
}

/// A file of a form, and the name that it has there.
pub(in crate::routes) struct FormFile {
    pub(in crate::routes) received: ReceivedFile,
    pub(in crate::routes) name: Option<String>,
}

/// Reads a form to its end.
pub(in crate::routes) async fn read(
    app: &App,
    may: &May<rights::Send>,
    request: Request,
) -> Result<Parts, Problem> {
    let mut form = Multipart::from_request(request, app)
        .await
        .map_err(|_| Problem::field("body", "is no form: its content-type names no boundary"))?;
    let mut parts = Parts { fields: Vec::new(), files: Vec::new() };
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        if parts.fields.len() >= FIELDS {
            return Err(Problem::field("body", format!("has more than {FIELDS} parts")));
        }
        if name == FILE {
            if !parts.files.is_empty() {
                return Err(Problem::field(
                    FILE,
                    "is given more than once; send each file as a message of its own",
                ));
            }
            parts.files.push(receive(app, may, field).await?);
        } else {
            let text = text_of(&name, field).await?;
            if name.is_empty() {
                return Err(Problem::field("body", "has a part without a name"));
            }
            if parts.fields.iter().any(|(known, _)| *known == name) {
                return Err(Problem::field(name, "is given more than once"));
            }
            parts.fields.push((name, text));
        }
    }
    Ok(parts)
}

/// What is to be sent by a form.
pub(super) fn draft_of(parts: Parts) -> Result<MessageDraft, Problem> {
    let mut fields = Map::new();
    for (name, text) in parts.fields {
        let value = value_of(&name, text)?;
        fields.insert(name, value);
    }
    let file = parts.files.into_iter().next();
    // The name that the file has in the form is that of a document, where no other is given.
    let is_document = fields.get("type").is_some_and(|kind| kind == "document");
    if let Some(name) = file.as_ref().and_then(|file| file.name.clone()).filter(|_| is_document) {
        fields.entry("fileName").or_insert(name.into());
    }
    let message = shaped::<NewMessage>(fields)?;
    super::draft_of(message, file.map(|file| FileSource::Received(file.received)))
}

/// The fields of a form as what they describe.
pub(in crate::routes) fn shaped<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, Problem> {
    serde_path_to_error::deserialize(Value::Object(fields)).map_err(|error| {
        let wrong = UnreadableField::new(&error.path().to_string(), &error.inner().to_string());
        Problem::field(if wrong.field.is_empty() { "body".to_owned() } else { wrong.field }, wrong.rule)
    })
}

async fn receive(app: &App, may: &May<rights::Send>, mut field: Field<'_>) -> Result<FormFile, Problem> {
    let name = field.file_name().filter(|name| !name.is_empty()).map(str::to_owned);
    let mut upload = app.engine().receive_file(may).await?;
    while let Some(bytes) = field.chunk().await.map_err(broken)? {
        upload.write(bytes).await?;
    }
    Ok(FormFile { received: upload.end().await?, name })
}

async fn text_of(name: &str, mut field: Field<'_>) -> Result<String, Problem> {
    let mut text = Vec::new();
    while let Some(bytes) = field.chunk().await.map_err(broken)? {
        if text.len() + bytes.len() > FIELD_BYTES {
            return Err(Problem::field(name, format!("must have at most {FIELD_BYTES} bytes")));
        }
        text.extend_from_slice(&bytes);
    }
    String::from_utf8(text).map_err(|_| Problem::field(name, "must be text in UTF-8"))
}

fn value_of(name: &str, text: String) -> Result<Value, Problem> {
    if NUMBERS.contains(&name) {
        let number = text.trim().parse::<i64>();
        return number.map(Into::into).map_err(|_| Problem::field(name, "must be a whole number"));
    }
    if TRUTHS.contains(&name) {
        return match text.trim() {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            _ => Err(Problem::field(name, "must be true or false")),
        };
    }
    Ok(text.into())
}

fn broken(error: MultipartError) -> Problem {
    let problem = match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(ErrorCode::PayloadTooLarge),
        _ => Problem::new(ErrorCode::ValidationError)
            .detail("the form ended before it was complete, or is none"),
    };
    problem.source(error)
}
