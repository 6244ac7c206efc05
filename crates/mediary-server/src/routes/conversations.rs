//! Conversations and their threads.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use mediary_core::{ConversationId, MessageId, limits};
use mediary_engine::{EventData, EventName};
use mediary_store::ConversationQuery;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::json::{Conversation, Message, Page, Shape};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, May, Paging, Query, rights};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(mark_read))
        .routes(routes!(thread))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Search {
    /// Part of a contact's name, number or id.
    search: Option<String>,
}

/// Conversations, newest activity first
#[utoipa::path(get, path = "/api/conversations", tag = "Conversations", params(Paging, Search),
    responses((status = 200, body = Page<Conversation>), (status = 400, body = ProblemBody)))]
async fn list(
    State(app): State<App>,
    may: May<rights::Read>,
    Query(paging): Query<Paging>,
    Query(Search { search }): Query<Search>,
) -> Result<Json<Page<Conversation>>, Problem> {
    let search = search.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if search.as_ref().is_some_and(|text| text.chars().count() > limits::SHORT_TEXT_CHARS) {
        let most = limits::SHORT_TEXT_CHARS;
        return Err(Problem::field("search", format!("must have at most {most} characters")));
    }
    let query = ConversationQuery { page: paging.into(), search };
    let page = app.store().conversations(may.caller.company_id, &query).await?;
    Ok(Json(Page::of(page, may.caller.role)))
}

/// One conversation
#[utoipa::path(get, path = "/api/conversations/{id}", tag = "Conversations", params(("id" = i64, Path)),
    responses((status = 200, body = Conversation), (status = 404, body = ProblemBody)))]
async fn get(
    State(app): State<App>,
    may: May<rights::Read>,
    Id(id): Id<ConversationId>,
) -> Result<Json<Conversation>, Problem> {
    let row = app.store().conversation(may.caller.company_id, id).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(Conversation::shape(row, may.caller.role)))
}

/// Mark a conversation as read
#[utoipa::path(post, path = "/api/conversations/{id}/read", tag = "Conversations", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
async fn mark_read(
    State(app): State<App>,
    may: May<rights::MarkRead>,
    Id(id): Id<ConversationId>,
) -> Result<StatusCode, Problem> {
    let company = may.caller.company_id;
    if !app.store().mark_read(company, id).await? {
        return Err(Problem::not_found());
    }
    let data = EventData { id: id.0, conversation_id: Some(id), ..EventData::default() };
    app.engine().events().publish(company, EventName::ConversationUpdated, data);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Around {
    /// The id of a message to have in the middle of the page, instead of `cursor`.
    #[param(value_type = Option<i64>)]
    around: Option<MessageId>,
}

/// Messages of a conversation, newest first
#[utoipa::path(get, path = "/api/conversations/{id}/messages", tag = "Conversations",
    params(("id" = i64, Path), Paging, Around),
    responses((status = 200, body = Page<Message>), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn thread(
    State(app): State<App>,
    may: May<rights::Read>,
    Id(id): Id<ConversationId>,
    Query(paging): Query<Paging>,
    Query(Around { around }): Query<Around>,
) -> Result<Json<Page<Message>>, Problem> {
    let company = may.caller.company_id;
    let page = match around {
        None => app.store().messages(company, id, &paging.into()).await?,
        Some(_) if paging.cursor.is_some() => {
            return Err(Problem::field("around", "cannot be combined with cursor"));
        }
        Some(message) => {
            let page = app.store().messages_around(company, id, message, paging.limit.0).await?;
            let page = page.ok_or_else(Problem::not_found)?;
            mediary_store::Page { items: page.items, next: page.next }
        }
    };
    // An empty page may also be that of a conversation that is not there.
    if page.items.is_empty() && app.store().conversation(company, id).await?.is_none() {
        return Err(Problem::not_found());
    }
    Ok(Json(Page::of(page, may.caller.role)))
}
