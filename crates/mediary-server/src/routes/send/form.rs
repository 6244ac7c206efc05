//! A message with its file, as a form (RFC 7578). Its parts may come in any order, so the file is on its way into storage before it is
//! known what it is for; what is wrong with the rest is said at the end, and nothing is left of it.

use std::collections::HashMap;

use axum::body::Body;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest as _, Multipart, Request};
use http::StatusCode;
use mediary_core::{ErrorCode, UnreadableField, limits};
use mediary_engine::{DraftContent, FileSource, MessageDraft, ReceivedFile};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::body::NewMessage;
use super::form_body::{FormBody, Untaken};
use crate::App;
use crate::problem::Problem;
use crate::request::{May, rights};

/// Bytes of one part that is no file.
const FIELD_BYTES: usize = 64 * 1024;
/// Parts of a form.
const FIELDS: usize = 64;
/// The part that is the file.
const FILE: &str = "file";
const TYPE: &str = "type";
/// Fields that each of several files has of its own.
const OF_EACH_FILE: &[&str] = &[TYPE, "caption", "fileName"];
/// Fields that are no text in JSON; in a form everything is.
const NUMBERS: &[&str] =
    &["conversationId", "whatsappAccountId", "mediaId", "libraryId", "uploadId", "replyTo"];
const DECIMALS: &[&str] = &["latitude", "longitude"];
const OBJECTS: &[&str] = &["template", "interactive"];
const LISTS: &[&str] = &["contacts"];
const TRUTHS: &[&str] = &["voice", "convert", "previewUrl"];

/// A message with its file, or several files, each as a message of its own in the order of the form: as many as ten. The first `caption` is
/// the first file's and so on, and so are `fileName` and `type`; a single `type` is for all. The other fields are those of the JSON
/// form and hold for all, but that only the first message answers `replyTo`.
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
    #[schema(rename = "type", value_type = Vec<crate::json::words::OutgoingType>, min_items = 1, max_items = 10)]
    kind: Vec<String>,
    /// Of types that have one, unless `mediaId`, `libraryId`, `uploadId` or `link` says where it is.
    #[schema(value_type = Vec<crate::json::Bytes>, max_items = 10, nullable = false)]
    file: Option<Vec<String>>,
    /// Each of at most 1,024 characters; an empty one is none.
    #[schema(max_items = 10, nullable = false)]
    caption: Option<Vec<String>>,
    /// Of documents, each of at most 255 bytes; else the names of the files in the form.
    #[schema(max_items = 10, nullable = false)]
    file_name: Option<Vec<String>>,
    #[schema(nullable = false)]
    voice: Option<bool>,
    #[schema(nullable = false)]
    convert: Option<bool>,
    /// JSON of at most 64 KiB; the file is that of its header.
    #[schema(nullable = false)]
    template: Option<String>,
    /// JSON of at most 64 KiB; the file is that of its header.
    #[schema(nullable = false)]
    interactive: Option<String>,
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
    files_max: usize,
) -> Result<Parts, Problem> {
    let untaken = Untaken::default();
    let request = request.map(|body| Body::new(FormBody::new(body, untaken.clone())));
    let mut form = Multipart::from_request(request, app)
        .await
        .map_err(|_| Problem::field("body", "is no form: its content-type names no boundary"))?;
    let mut parts = Parts { fields: Vec::new(), files: Vec::new() };
    let mut bytes = 0;
    while let Some(field) = form.next_field().await.map_err(broken)? {
        untaken.taken();
        let name = field.name().unwrap_or_default().to_owned();
        if parts.fields.len() >= FIELDS {
            return Err(Problem::field("body", format!("has more than {FIELDS} parts")));
        }
        if name == FILE {
            if parts.files.len() >= files_max {
                return Err(Problem::field(FILE, format!("must not be given more than {files_max} times")));
            }
            parts.files.push(receive(app, may, (field, &untaken), &mut bytes).await?);
        } else {
            let text = text_of(&name, field).await?;
            if name.is_empty() {
                return Err(Problem::field("body", "has a part without a name"));
            }
            parts.fields.push((name, text));
        }
    }
    Ok(parts)
}

/// What is to be sent by a form: a message, or one for each file. Of fields that each file has of its own the first one is the first
/// file's, and so on; those that have fewer are left out for the last files, but for the type, of which one is enough for all.
pub(super) fn draft_of(parts: Parts) -> Result<MessageDraft, Problem> {
    let count = parts.files.len().max(1);
    let (of_each, of_all): (Vec<_>, Vec<_>) =
        parts.fields.into_iter().partition(|(name, _)| OF_EACH_FILE.contains(&name.as_str()));
    let of_all = once(of_all)?;
    let mut own = vec![Vec::new(); count];
    let mut given = HashMap::<_, usize>::new();
    for (name, text) in of_each {
        let nth = given.entry(name.clone()).or_default();
        let file = own.get_mut(*nth).ok_or_else(|| Problem::field(&*name, more_than_files(count)))?;
        file.push((name, text));
        *nth += 1;
    }
    if given.get(TYPE) == Some(&1) {
        let one = own[0].iter().find(|(name, _)| name == TYPE).cloned();
        own[1..].iter_mut().for_each(|fields| fields.extend(one.clone()));
    }
    let mut files = parts.files.into_iter();
    let mut draft_of_next = |own: Vec<(String, String)>| {
        let mut fields = of_all.clone();
        fields.extend(once(own)?);
        draft_of_one(fields, files.next())
    };
    let mut own = own.into_iter();
    let mut draft = draft_of_next(own.next().unwrap_or_default())?;
    for own in own {
        match (&mut draft.content, draft_of_next(own)?.content) {
            (DraftContent::Files(all), DraftContent::Files(more)) => all.extend(more),
            _ => return Err(Problem::field(FILE, "is given more than once; such a message has one at most")),
        }
    }
    Ok(draft)
}

fn more_than_files(count: usize) -> String {
    match count {
        1 => "is given more than once".to_owned(),
        count => format!("is given more often than there are files ({count})"),
    }
}

/// Fields of which each is given once.
pub(in crate::routes) fn once(fields: Vec<(String, String)>) -> Result<Map<String, Value>, Problem> {
    let mut map = Map::new();
    for (name, text) in fields {
        let value = value_of(&name, text)?;
        if map.insert(name.clone(), value).is_some() {
            return Err(Problem::field(name, "is given more than once"));
        }
    }
    Ok(map)
}

fn draft_of_one(mut fields: Map<String, Value>, file: Option<FormFile>) -> Result<MessageDraft, Problem> {
    // The name that the file has in the form is that of a document, in a header too, where no other is given.
    let kind = fields.get(TYPE).and_then(Value::as_str).unwrap_or_default();
    let has_name = ["document", "template", "interactive"].contains(&kind);
    if let Some(name) = file.as_ref().and_then(|file| file.name.clone()).filter(|_| has_name) {
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

async fn receive(
    app: &App,
    may: &May<rights::Send>,
    (mut field, untaken): (Field<'_>, &Untaken),
    bytes_of_form: &mut u64,
) -> Result<FormFile, Problem> {
    if field.file_name().is_none() && field.content_type().is_none() {
        let rule = "is text, not a file: give the part a file name; curl does so by -F 'file=@path'";
        return Err(Problem::field(FILE, rule));
    }
    let name = field.file_name().filter(|name| !name.is_empty()).map(str::to_owned);
    let mut upload = app.engine().receive_file(may).await?;
    while let Some(bytes) = field.chunk().await.map_err(broken)? {
        untaken.taken();
        *bytes_of_form += bytes.len() as u64;
        check_bytes(*bytes_of_form)?;
        upload.write(bytes).await?;
    }
    Ok(FormFile { received: upload.end().await?, name })
}

fn check_bytes(bytes_of_form: u64) -> Result<(), Problem> {
    let most = limits::BYTES_SENT_AT_ONCE;
    if bytes_of_form <= most {
        return Ok(());
    }
    let detail =
        format!("the files of a request may have {most} bytes together; send the others by themselves");
    Err(Problem::refused_field(ErrorCode::PayloadTooLarge, FILE, detail))
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
    if DECIMALS.contains(&name) {
        let number = text.trim().parse::<f64>().ok().and_then(serde_json::Number::from_f64);
        return number.map(Value::Number).ok_or_else(|| Problem::field(name, "must be a number"));
    }
    if TRUTHS.contains(&name) {
        return match text.trim() {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            _ => Err(Problem::field(name, "must be true or false")),
        };
    }
    if OBJECTS.contains(&name) {
        let object = serde_json::from_str::<Map<String, Value>>(&text);
        return object.map(Value::Object).map_err(|_| Problem::field(name, "must be a JSON object"));
    }
    if LISTS.contains(&name) {
        let list = serde_json::from_str::<Vec<Value>>(&text);
        return list.map(Value::Array).map_err(|_| Problem::field(name, "must be a JSON array"));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_request_have_a_limit_together() {
        assert!(check_bytes(limits::BYTES_SENT_AT_ONCE).is_ok());
        let refused = check_bytes(limits::BYTES_SENT_AT_ONCE + 1).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::PayloadTooLarge);
    }
}
