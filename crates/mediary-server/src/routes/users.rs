//! The people of a company.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use mediary_core::{ErrorCode, Role, UserId};
use mediary_engine::{UserChange as Change, UserDraft};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::json::{Page, Shape, User, words};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Body, Id, May, Paging, Peer, Query, given, rights};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_users, create_user)).routes(routes!(
        get_user,
        change_user,
        deactivate_user
    ))
}

/// A person to let in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewUser {
    #[schema(max_length = 200, format = Email)]
    email: String,
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$"
    )]
    name: String,
    #[schema(value_type = words::Role)]
    role: Role,
    /// Eight characters or more.
    #[schema(value_type = String, min_length = 8)]
    password: SecretString,
}

/// What changes; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 200,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$"
    )]
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<words::Role>, nullable = false)]
    role: Option<Role>,
    /// A person who is made inactive is logged out everywhere.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    active: Option<bool>,
    /// A new password logs the person out everywhere.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 8)]
    password: Option<SecretString>,
}

/// Users
#[utoipa::path(get, path = "/api/users", tag = "Users", params(Paging),
    responses((status = 200, body = Page<User>), (status = 403, body = ProblemBody)))]
async fn list_users(
    State(app): State<App>,
    may: May<rights::ManageUsers>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<User>>, Problem> {
    let page = app.store().users(may.caller().company_id, &paging.into()).await?;
    Ok(Json(Page::of(page, &may.caller().role.into())))
}

/// One user
#[utoipa::path(get, path = "/api/users/{id}", tag = "Users", params(("id" = i64, Path)),
    responses((status = 200, body = User), (status = 404, body = ProblemBody)))]
async fn get_user(
    State(app): State<App>,
    may: May<rights::ManageUsers>,
    Id(id): Id<UserId>,
) -> Result<Json<User>, Problem> {
    let row = app.store().user(may.caller().company_id, id).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(User::shape(row, &may.caller().role.into())))
}

/// Add a user
#[utoipa::path(post, path = "/api/users", tag = "Users", request_body = NewUser,
    responses((status = 201, body = User), (status = 400, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn create_user(
    State(app): State<App>,
    may: May<rights::ManageUsers>,
    Peer(address): Peer,
    Body(new): Body<NewUser>,
) -> Result<(StatusCode, Json<User>), Problem> {
    let draft = UserDraft { email: new.email, name: new.name, role: new.role, password: new.password };
    let row = app
        .engine()
        .access()
        .create_user(may.caller().company_id, &draft, &may.caller().actor(address))
        .await?;
    Ok((StatusCode::CREATED, Json(User::shape(row, &may.caller().role.into()))))
}

/// Change a user
#[utoipa::path(patch, path = "/api/users/{id}", tag = "Users", params(("id" = i64, Path)), request_body = UserChange,
    responses((status = 200, body = User), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody)))]
async fn change_user(
    State(app): State<App>,
    may: May<rights::ManageUsers>,
    Peer(address): Peer,
    Id(id): Id<UserId>,
    Body(change): Body<UserChange>,
) -> Result<Json<User>, Problem> {
    let demoted = change.active == Some(false) || change.role.is_some_and(|role| role < Role::Admin);
    if demoted {
        not_yourself(&may, id)?;
    }
    let change =
        Change { name: change.name, role: change.role, active: change.active, password: change.password };
    let by = may.caller().actor(address);
    let row = app.engine().access().update_user(may.caller().company_id, id, &change, &by).await?;
    Ok(Json(User::shape(row, &may.caller().role.into())))
}

/// Deactivate a user
///
/// They are logged out everywhere; what they did stays on record.
#[utoipa::path(delete, path = "/api/users/{id}", tag = "Users", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn deactivate_user(
    State(app): State<App>,
    may: May<rights::ManageUsers>,
    Peer(address): Peer,
    Id(id): Id<UserId>,
) -> Result<StatusCode, Problem> {
    not_yourself(&may, id)?;
    let change = Change { active: Some(false), ..Change::default() };
    let by = may.caller().actor(address);
    app.engine().access().update_user(may.caller().company_id, id, &change, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The last admin would lock everybody out.
fn not_yourself(may: &May<rights::ManageUsers>, id: UserId) -> Result<(), Problem> {
    if may.caller().user_id() == Some(id) {
        let detail = "you cannot take your own rights away; ask another admin";
        return Err(Problem::new(ErrorCode::Conflict).detail(detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use mediary_testing::installation::PASSWORD;
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{House, post, with_json};

    #[tokio::test]
    async fn user_is_added_changed_and_locked_out_at_once() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let admin = company.key(Role::Admin);
        let new = json!({"email": "Agent@acme.test", "name": "Ana", "role": "agent", "password": PASSWORD});
        let answer = house.post("/api/users", admin, &new).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        assert_eq!(answer.json()["email"], "agent@acme.test");
        assert_eq!(house.post("/api/users", admin, &new).await.code(), "conflict");
        let cookie = house.cookie(&company, Role::Agent).await;
        let path = format!("/api/users/{}", answer.json()["id"]);
        let change = |body: Value| house.send(with_json("PATCH", &path, Some(admin), &body));
        assert_eq!(change(json!({"role": "manager"})).await.json()["role"], "manager");
        assert_eq!(change(json!({"active": false})).await.json()["active"], false);
        let me = http::Request::get("/api/auth/me").header("cookie", cookie);
        assert_eq!(house.send(me.body(axum::body::Body::empty()).unwrap()).await.code(), "unauthorized");
        let login = json!({"email": "agent@acme.test", "password": PASSWORD});
        assert_eq!(house.send(post("/api/auth/login", None, &login)).await.code(), "unauthorized");
    }

    #[tokio::test]
    async fn values_are_checked_by_field() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let admin = company.key(Role::Admin);
        let good = json!({"email": "ana@acme.test", "name": "Ana", "role": "agent", "password": PASSWORD});
        for (field, value) in [
            ("email", json!("ana")),
            ("name", json!("  ")),
            ("name", json!("x".repeat(201))),
            ("name", json!("Ana\n")),
            ("email", json!(format!("{}@acme.test", "a".repeat(200)))),
            ("password", json!("x".repeat(1025))),
            ("role", json!("owner")),
            ("password", json!("short")),
            ("company", json!(1)),
        ] {
            let mut body = good.clone();
            body[field] = value;
            assert_eq!(house.post("/api/users", admin, &body).await.field(), field);
        }
    }

    #[tokio::test]
    async fn admin_cannot_lock_themselves_out() {
        let house = House::open().await;
        let company = house.company("acme").await;
        house.user(&company, Role::Admin).await;
        let cookie = house.cookie(&company, Role::Admin).await;
        let id = house.get("/api/users", company.key(Role::Admin)).await.json()["items"][0]["id"].clone();
        for (method, body) in
            [("PATCH", json!({"role": "agent"})), ("PATCH", json!({"active": false})), ("DELETE", json!({}))]
        {
            let mut request = with_json(method, &format!("/api/users/{id}"), None, &body);
            request.headers_mut().insert("cookie", cookie.parse().unwrap());
            assert_eq!(house.send(request).await.code(), "conflict", "{method} {body}");
        }
    }
}
