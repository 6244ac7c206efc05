//! A person's own sessions: where they are logged in.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use mediary_core::Timestamp;
use mediary_store::OwnSession;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::json::{Page, Time};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Credentials, Id, May, Peer, rights};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_sessions)).routes(routes!(end_session))
}

/// One log-in that has not ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Session {
    id: i64,
    /// Whether it is the one that asks.
    is_current: bool,
    #[schema(value_type = Time)]
    created_at: Timestamp,
    /// As far as it is noted: not each request.
    #[schema(value_type = Time)]
    last_used_at: Timestamp,
    /// When it ends unless it is used before.
    #[schema(value_type = Time)]
    expires_at: Timestamp,
}

impl From<OwnSession> for Session {
    fn from(row: OwnSession) -> Self {
        let OwnSession { id, created_at, last_used_at, expires_at, is_current } = row;
        Self { id, is_current, created_at, last_used_at, expires_at }
    }
}

/// My sessions, the last used first
///
/// A program has none.
#[utoipa::path(get, path = "/api/auth/sessions", tag = "Session",
    responses((status = 200, body = Page<Session>), (status = 401, body = ProblemBody)))]
async fn list_sessions(
    State(app): State<App>,
    may: May<rights::Read>,
    credentials: Credentials,
) -> Result<Json<Page<Session>>, Problem> {
    let items = app.engine().access().sessions(may.caller(), credentials.session()).await?;
    Ok(Json(Page::whole(items.into_iter().map(Session::from).collect())))
}

/// End one of my sessions
///
/// Also one on another device. What it has open ends within seconds.
#[utoipa::path(delete, path = "/api/auth/sessions/{id}", tag = "Session", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
async fn end_session(
    State(app): State<App>,
    may: May<rights::Read>,
    Peer(address): Peer,
    Id(id): Id<i64>,
) -> Result<StatusCode, Problem> {
    let by = may.caller().actor(address);
    app.engine().access().end_session(may.caller(), id, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::{Request, StatusCode};
    use mediary_core::Role;
    use serde_json::{Value, json};

    use crate::testing::{Answer, House};

    async fn ask(house: &House, method: &str, path: &str, cookie: &str) -> Answer {
        let request = Request::builder().method(method).uri(path).header("host", "media.example");
        let request = request.header("cookie", cookie).header("origin", "https://media.example");
        house.send(request.body(Body::empty()).unwrap()).await
    }

    #[tokio::test]
    async fn person_sees_and_ends_their_own_sessions_alone() {
        let house = House::open().await;
        let company = house.company("acme").await;
        house.user(&company, Role::Agent).await;
        house.user(&company, Role::Viewer).await;
        let (here, there) =
            (house.cookie(&company, Role::Agent).await, house.cookie(&company, Role::Agent).await);
        let other = house.cookie(&company, Role::Viewer).await;
        let listed = ask(&house, "GET", "/api/auth/sessions", &here).await.json();
        let items = listed["items"].as_array().unwrap();
        assert_eq!(items.len(), 2, "not the other person's: {listed}");
        let current: Vec<_> = items.iter().filter(|item| item["isCurrent"] == true).collect();
        assert_eq!(current.len(), 1);
        let elsewhere: &Value = items.iter().find(|item| item["isCurrent"] == false).unwrap();
        let path = format!("/api/auth/sessions/{}", elsewhere["id"]);
        assert_eq!(ask(&house, "DELETE", &path, &other).await.code(), "not_found");
        assert_eq!(ask(&house, "GET", "/api/auth/me", &there).await.status, StatusCode::OK);
        assert_eq!(ask(&house, "DELETE", &path, &here).await.status, StatusCode::NO_CONTENT);
        assert_eq!(ask(&house, "GET", "/api/auth/me", &there).await.code(), "unauthorized");
        assert_eq!(ask(&house, "GET", "/api/auth/me", &here).await.status, StatusCode::OK);
        assert_eq!(ask(&house, "DELETE", &path, &here).await.code(), "not_found");
        let log = house.get("/api/audit", company.key(Role::Admin)).await.json();
        assert_eq!(log["items"][0]["action"], "session.ended");
        let of_key = house.get("/api/auth/sessions", company.key(Role::Viewer)).await.json();
        assert_eq!(of_key["items"], json!([]));
    }
}
