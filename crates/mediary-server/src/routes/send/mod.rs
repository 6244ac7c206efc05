//! Messages that go out: sent, sent again, taken back.

mod body;
mod form;

use axum::Json;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::StatusCode;
use http::header;
use mediary_core::MessageId;
use mediary_engine::{DraftContent, FileSource, MessageDraft};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::body::NewMessage;
use self::form::MessageForm;
use crate::App;
use crate::json::{Message, Shape};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Body, Id, May, rights};

/// With files that may take long to arrive.
pub(super) fn upload_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(send_message))
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(retry_message)).routes(routes!(take_back_message))
}

/// Send a message
///
/// As JSON, or as a form with its file. The message is safe once this answers, and sent after the ones before it in its conversation;
/// its `status` tells how far it has come. A `clientId` that was seen before answers 200 with the first message, whatever else the
/// request says.
#[utoipa::path(post, path = "/api/messages", tag = "Messages",
    request_body(content((NewMessage = "application/json"), (MessageForm = "multipart/form-data"))),
    responses((status = 201, body = Message), (status = 200, body = Message), (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 413, body = ProblemBody),
    (status = 415, body = ProblemBody)))]
async fn send_message(
    State(app): State<App>,
    may: May<rights::Send>,
    request: Request,
) -> Result<(StatusCode, Json<Message>), Problem> {
    let draft = if is_form(&request) {
        form::read(&app, &may, request).await?
    } else {
        let Body(message) = Body::<NewMessage>::from_request(request, &app).await?;
        draft_of(message, None)?
    };
    let queued = app.engine().send(&may, draft).await?;
    let status = if queued.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, shown(&app, &may, queued.id).await?))
}

/// Send a message again that failed
///
/// Or one of which nobody knows whether it arrived: then its recipient may get it twice.
#[utoipa::path(post, path = "/api/messages/{id}/retry", tag = "Messages", params(("id" = i64, Path)),
    responses((status = 200, body = Message), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn retry_message(
    State(app): State<App>,
    may: May<rights::Send>,
    Id(id): Id<MessageId>,
) -> Result<Json<Message>, Problem> {
    app.engine().retry_message(&may, id).await?;
    shown(&app, &may, id).await
}

/// Take a message back that has not left
#[utoipa::path(delete, path = "/api/messages/{id}", tag = "Messages", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn take_back_message(
    State(app): State<App>,
    may: May<rights::Send>,
    Id(id): Id<MessageId>,
) -> Result<StatusCode, Problem> {
    app.engine().take_back_message(&may, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn shown(app: &App, may: &May<rights::Send>, id: MessageId) -> Result<Json<Message>, Problem> {
    let row = app.store().message(&may.caller().scope(), id).await?.ok_or_else(Problem::not_found)?;
    let reader = app.reader(may.caller(), row.files()).await?;
    Ok(Json(Message::shape(row, &reader)))
}

fn is_form(request: &Request) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|text| text.trim_start().to_ascii_lowercase().starts_with("multipart/form-data"))
}

/// The message that a request describes, with the file that came with it.
fn draft_of(message: NewMessage, received: Option<FileSource>) -> Result<MessageDraft, Problem> {
    let (conversation, reply_to) = (message.conversation_id, message.reply_to);
    let client_id = message.client_id.clone();
    let content = match message.content(received.is_some())? {
        body::Wanted::Plain(plain) => DraftContent::Plain(plain),
        body::Wanted::File(file, stored) => {
            let source = received.or(stored.map(FileSource::Stored));
            let missing = || {
                Problem::field("mediaId", "is missing: the id of a stored file; or send the file as a form")
            };
            DraftContent::File(source.ok_or_else(missing)?, file)
        }
    };
    Ok(MessageDraft { conversation, content, reply_to, client_id })
}

#[cfg(test)]
mod tests;
