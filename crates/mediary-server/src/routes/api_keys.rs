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
    OpenApiRouter::new().routes(routes!(list_api_keys, create_api_key)).routes(routes!(revoke_api_key))
}

/// A program to let in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewApiKey {
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$"
    )]
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
async fn list_api_keys(
    State(app): State<App>,
    may: May<rights::ManageApiKeys>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<ApiKey>>, Problem> {
    let page = app.store().api_keys(may.caller().company_id, &paging.into()).await?;
    Ok(Json(Page::of(page, &may.caller().role.into())))
}

/// Make an API key
#[utoipa::path(post, path = "/api/api-keys", tag = "API keys", request_body = NewApiKey,
    responses((status = 201, body = CreatedApiKey), (status = 400, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn create_api_key(
    State(app): State<App>,
    may: May<rights::ManageApiKeys>,
    Peer(address): Peer,
    Body(new): Body<NewApiKey>,
) -> Result<(StatusCode, Json<CreatedApiKey>), Problem> {
    let draft = ApiKeyDraft { name: new.name, role: new.role, expires_at: new.expires_at };
    let by = may.caller().actor(address);
    let made = app.engine().access().create_api_key(may.caller().company_id, &draft, &by).await?;
    let key = made.key.expose_secret().to_owned();
    Ok((
        StatusCode::CREATED,
        Json(CreatedApiKey { record: ApiKey::shape(made.record, &may.caller().role.into()), key }),
    ))
}

/// Revoke an API key
#[utoipa::path(delete, path = "/api/api-keys/{id}", tag = "API keys", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
async fn revoke_api_key(
    State(app): State<App>,
    may: May<rights::ManageApiKeys>,
    Peer(address): Peer,
    Id(id): Id<ApiKeyId>,
) -> Result<StatusCode, Problem> {
    app.engine().access().revoke_api_key(may.caller().company_id, id, &may.caller().actor(address)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use axum::body::Body as HttpBody;
    use serde_json::json;

    use super::*;
    use crate::testing::{House, request};

    #[tokio::test]
    async fn key_is_shown_once_and_ends_at_once() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let admin = company.key(Role::Admin);
        let answer = house.post("/api/api-keys", admin, &json!({"name": "crm", "role": "viewer"})).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        let made = answer.json();
        let key = made["key"].as_str().unwrap();
        assert!(key.starts_with("mdy_") && key.starts_with(made["prefix"].as_str().unwrap()));
        let me = house.get("/api/auth/me", key).await.json();
        assert_eq!(
            (&me["kind"], &me["name"], &me["email"]),
            (&json!("api_key"), &json!("crm"), &json!(null))
        );
        let list = house.get("/api/api-keys", admin).await;
        assert!(!String::from_utf8(list.body.to_vec()).unwrap().contains(key));
        let path = format!("/api/api-keys/{}", made["id"]);
        let revoke = || house.send(request("DELETE", &path, Some(admin)).body(HttpBody::empty()).unwrap());
        assert_eq!(revoke().await.status, StatusCode::NO_CONTENT);
        assert_eq!(house.get("/api/auth/me", key).await.code(), "unauthorized");
        assert_eq!(revoke().await.code(), "not_found");
    }

    #[tokio::test]
    async fn key_can_end_by_itself() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let admin = company.key(Role::Admin);
        let ask = async |at: &str| {
            house
                .post("/api/api-keys", admin, &json!({"name": "crm", "role": "viewer", "expiresAt": at}))
                .await
        };
        assert_eq!(ask("2025-10-09T08:53:20Z").await.field(), "expiresAt");
        assert_eq!(ask("soon").await.field(), "expiresAt");
        for name in ["", "crm\u{0}", &"x".repeat(201)] {
            let answer = house.post("/api/api-keys", admin, &json!({"name": name, "role": "viewer"})).await;
            assert_eq!(answer.field(), "name");
        }
        let made = ask("2025-10-09T08:54:20Z").await.json();
        let key = made["key"].as_str().unwrap().to_owned();
        assert_eq!(house.get("/api/auth/me", &key).await.status, StatusCode::OK);
        house.clock.advance(std::time::Duration::from_secs(60));
        assert_eq!(house.get("/api/auth/me", &key).await.code(), "unauthorized");
    }
}
