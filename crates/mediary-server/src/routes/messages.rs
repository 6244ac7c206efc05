//! Single messages.

use axum::Json;
use axum::extract::State;
use mediary_core::MessageId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::json::{MediaFile, Message, Shape};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, May, rights};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_message)).routes(routes!(get_message_media))
}

/// One message
#[utoipa::path(get, path = "/api/messages/{id}", tag = "Messages", params(("id" = i64, Path)),
    responses((status = 200, body = Message), (status = 404, body = ProblemBody)))]
async fn get_message(
    State(app): State<App>,
    may: May<rights::Read>,
    Id(id): Id<MessageId>,
) -> Result<Json<Message>, Problem> {
    let row = app.store().message(&may.caller().scope(), id).await?.ok_or_else(Problem::not_found)?;
    let reader = app.reader(may.caller(), row.files()).await?;
    Ok(Json(Message::shape(row, &reader)))
}

/// The media file of a message
#[utoipa::path(get, path = "/api/messages/{id}/media", tag = "Messages", params(("id" = i64, Path)),
    responses((status = 200, body = MediaFile), (status = 404, body = ProblemBody)))]
async fn get_message_media(
    State(app): State<App>,
    may: May<rights::Read>,
    Id(id): Id<MessageId>,
) -> Result<Json<MediaFile>, Problem> {
    let row =
        app.store().media_by_message(&may.caller().scope(), id).await?.ok_or_else(Problem::not_found)?;
    let reader = app.reader(may.caller(), [&row]).await?;
    Ok(Json(MediaFile::shape(row, &reader)))
}
