//! The keys of programs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use mediary_core::{ApiKeyId, Role, Timestamp};
use mediary_engine::ApiKeyDraft;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::json::{ApiKey, Page, Shape, Time, words};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Body, Id, May, Paging, Peer, Query, rights};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// A program to let in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewApiKey {
    name: String,
    #[schema(value_type = words::Role)]
    role: Role,
    #[schema(value_type = Option<Time>)]
    expires_at: Option<Timestamp>,
}

/// A new key; the only time that the key itself is shown.
#[derive(Serialize, ToSchema)]
struct CreatedApiKey {
    #[serde(flatten)]
    record: ApiKey,
    key: String,
}

/// API keys
#[utoipa::path(get, path = "/api/api-keys", tag = "API keys", params(Paging),
    responses((status = 200, body = Page<ApiKey>), (status = 403, body = ProblemBody)))]
async fn list(
    State(app): State<App>,
    may: May<rights::ManageApiKeys>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<ApiKey>>, Problem> {
    let page = app.store().api_keys(may.caller.company_id, &paging.into()).await?;
    Ok(Json(Page::of(page, may.caller.role)))
}

/// Make an API key
#[utoipa::path(post, path = "/api/api-keys", tag = "API keys", request_body = NewApiKey,
    responses((status = 201, body = CreatedApiKey), (status = 400, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn create(
    State(app): State<App>,
    may: May<rights::ManageApiKeys>,
    Peer(address): Peer,
    Body(new): Body<NewApiKey>,
) -> Result<(StatusCode, Json<CreatedApiKey>), Problem> {
    let draft = ApiKeyDraft { name: new.name, role: new.role, expires_at: new.expires_at };
    let made = app.engine().access().create_api_key(may.caller.company_id, &draft).await?;
    app.audit(&may.caller, address, "api_key.created", format!("api_key:{}", made.record.id)).await;
    let key = made.key.expose_secret().to_owned();
    Ok((
        StatusCode::CREATED,
        Json(CreatedApiKey { record: ApiKey::shape(made.record, may.caller.role), key }),
    ))
}

/// Revoke an API key
#[utoipa::path(delete, path = "/api/api-keys/{id}", tag = "API keys", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
async fn revoke(
    State(app): State<App>,
    may: May<rights::ManageApiKeys>,
    Peer(address): Peer,
    Id(id): Id<ApiKeyId>,
) -> Result<StatusCode, Problem> {
    app.engine().access().revoke_api_key(may.caller.company_id, id).await?;
    app.audit(&may.caller, address, "api_key.revoked", format!("api_key:{id}")).await;
    Ok(StatusCode::NO_CONTENT)
}
