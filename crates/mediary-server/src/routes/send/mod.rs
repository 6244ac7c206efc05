//! Messages that go out: sent, sent on to other conversations, sent again, taken back.

mod body;
pub(super) mod form;
mod form_body;

use axum::Json;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::StatusCode;
use http::header;
use mediary_core::{ConversationId, MessageId, limits};
use mediary_engine::{DraftContent, FileSource, HeadedDraft, MessageDraft, QueuedMessages};
use mediary_store::MessageWithMedia;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::body::NewMessage;
use self::form::MessageForm;
use crate::App;
use crate::json::{Message, Shape};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Body, Id, May, drain, given, rights};

/// With files that may take long to arrive.
pub(super) fn upload_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(send_message)).routes(routes!(forward_message))
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(retry_message)).routes(routes!(take_back_message))
}

/// Send a message
///
/// As JSON, or as a form with its file. The message is safe once this answers, and sent after the ones before it in its conversation;
/// its `status` tells how far it has come. A form with several files sends each as a message of its own, all of them or none, and
/// answers `{items}`. A `clientId` that was seen before answers 200 with what was sent first, whatever else the request says.
#[utoipa::path(post, path = "/api/messages", tag = "Messages",
    request_body(content((NewMessage = "application/json"), (MessageForm = "multipart/form-data"))),
    responses((status = 201, body = SentMessages), (status = 200, body = SentMessages), (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 413, body = ProblemBody),
    (status = 415, body = ProblemBody), (status = 429, body = ProblemBody)))]
async fn send_message(
    State(app): State<App>,
    may: May<rights::Send>,
    request: Request,
) -> Result<(StatusCode, Json<SentMessages>), Problem> {
    let company = may.caller().company_id;
    let (draft, _slot) = if is_form(&request) {
        let slot = match app.upload_slot(company) {
            Ok(slot) => slot,
            Err(refused) => return Err(refused_after_reading(refused, request).await),
        };
        (form::draft_of(form::read(&app, &may, request, limits::FILES_SENT_AT_ONCE).await?)?, Some(slot))
    } else {
        let Body(message) = Body::<NewMessage>::from_request(request, &app).await?;
        let draft = draft_of(message, None)?;
        // A stored file is copied, which takes as much memory as one that comes.
        let has_file = matches!(draft.content, DraftContent::Files(_) | DraftContent::Headed(_));
        (draft, has_file.then(|| app.upload_slot(company)).transpose()?)
    };
    let are_several = matches!(&draft.content, DraftContent::Files(files) if files.len() > 1);
    let queued = app.engine().send(&may, draft).await?;
    let status = if queued.are_new { StatusCode::CREATED } else { StatusCode::OK };
    let mut items = all_shown(&app, &may, &queued).await?;
    let sent = match items.pop() {
        Some(only) if items.is_empty() && !are_several => SentMessages::One(Box::new(only)),
        last => SentMessages::Several(MessageItems { items: items.into_iter().chain(last).collect() }),
    };
    Ok((status, Json(sent)))
}

/// A message, or those of several files in their order.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum SentMessages {
    One(Box<Message>),
    Several(MessageItems),
}

/// To which conversations a message is sent on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Forwarding {
    /// Each once.
    #[serde(default, deserialize_with = "given")]
    #[schema(required, value_type = Vec<i64>, nullable = false, min_items = 1, max_items = 20)]
    conversation_ids: Option<Vec<ConversationId>>,
    /// What you call it: asked for again with the same one, nothing is sent again, and the answer has the first messages.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 200, nullable = false)]
    client_id: Option<String>,
}

/// Messages in the order in which they were asked for.
#[derive(Serialize, ToSchema)]
struct MessageItems {
    items: Vec<Message>,
}

/// Send a message on to other conversations
///
/// Text, files by their stored bytes, locations and contact cards: a copy in each conversation, or in none of them if one
/// cannot be sent. A `clientId` that was seen before answers 200 with what was sent first, whatever else the request says.
#[utoipa::path(post, path = "/api/messages/{id}/forward", tag = "Messages", params(("id" = i64, Path)),
    request_body = Forwarding,
    responses((status = 201, body = MessageItems), (status = 200, body = MessageItems), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody), (status = 410, body = ProblemBody), (status = 413, body = ProblemBody),
    (status = 415, body = ProblemBody), (status = 429, body = ProblemBody)))]
async fn forward_message(
    State(app): State<App>,
    may: May<rights::Send>,
    Id(id): Id<MessageId>,
    Body(to): Body<Forwarding>,
) -> Result<(StatusCode, Json<MessageItems>), Problem> {
    // Its file is copied for one conversation after the other.
    let _slot = app.upload_slot(may.caller().company_id)?;
    let conversations = to.conversation_ids.unwrap_or_default();
    let queued = app.engine().forward_message(&may, id, &conversations, to.client_id.as_deref()).await?;
    let status = if queued.are_new { StatusCode::CREATED } else { StatusCode::OK };
    let items = all_shown(&app, &may, &queued).await?;
    Ok((status, Json(MessageItems { items })))
}

async fn all_shown(
    app: &App,
    may: &May<rights::Send>,
    queued: &QueuedMessages,
) -> Result<Vec<Message>, Problem> {
    let mut items = Vec::with_capacity(queued.ids.len());
    for id in &queued.ids {
        let row = row_of(app, may, *id).await?;
        let reader = match queued.are_new {
            // Nothing was made of their files in this moment; what will be is told by an event.
            true => may.caller().role.into(),
            false => app.reader(may.caller(), row.files()).await?,
        };
        items.push(Message::shape(row, &reader));
    }
    Ok(items)
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
    let row = row_of(app, may, id).await?;
    let reader = app.reader(may.caller(), row.files()).await?;
    Ok(Json(Message::shape(row, &reader)))
}

async fn row_of(app: &App, may: &May<rights::Send>, id: MessageId) -> Result<MessageWithMedia, Problem> {
    app.store().message(&may.caller().scope(), id).await?.ok_or_else(Problem::not_found)
}

/// A form is read to its end before it is refused: a client that still sends does not read the answer.
pub(super) async fn refused_after_reading(refused: Problem, request: Request) -> Problem {
    drain(&mut request.into_body()).await;
    refused
}

pub(super) fn is_form(request: &Request) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|text| text.trim_start().to_ascii_lowercase().starts_with("multipart/form-data"))
}

/// The message that a request describes, with the file that came with it.
fn draft_of(mut message: NewMessage, received: Option<FileSource>) -> Result<MessageDraft, Problem> {
    let (destination, reply_to) = (message.destination()?, message.reply_to);
    let client_id = message.client_id.clone();
    let content = match message.content(received.is_some())? {
        body::Wanted::Plain(plain) => DraftContent::Plain(plain),
        body::Wanted::Headed(draft) => {
            DraftContent::Headed(HeadedDraft { source: received.or(draft.source), ..draft })
        }
        body::Wanted::File(file, named) => {
            let source = received.or(named);
            let missing = || {
                Problem::field(
                    "mediaId",
                    "is missing: the id of a stored file; or give a libraryId or a link, or send the file as a form",
                )
            };
            DraftContent::Files(vec![(source.ok_or_else(missing)?, file)])
        }
    };
    Ok(MessageDraft { destination, content, reply_to, client_id })
}

#[cfg(test)]
mod tests;
