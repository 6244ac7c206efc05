//! What has happened and what it takes: the audit log and the use of storage.

use axum::Json;
use axum::extract::State;
use mediary_core::{FileType, Timestamp};
use mediary_store::{Audit, AuditFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::media::{moment, short};
use crate::App;
use crate::json::{Page, Reader, Shape, Time, words};
use crate::problem::{Problem, ProblemBody};
use crate::request::{May, Paging, Query, rights};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_audit))
        .routes(routes!(get_usage))
        .routes(routes!(get_storage_check))
}

/// Somebody did something to a record.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AuditEntry {
    id: i64,
    /// Like `user:3`, `api_key:5`, `command_line` or `link`.
    who: String,
    action: String,
    /// Like `media:17`.
    #[schema(required)]
    record: Option<String>,
    /// The address it came from.
    #[schema(required)]
    ip: Option<String>,
    #[schema(value_type = Time)]
    created_at: Timestamp,
}

impl Shape<Audit> for AuditEntry {
    fn shape(row: Audit, _: &Reader) -> Self {
        Self {
            id: row.id,
            who: row.who,
            action: row.action,
            record: row.record,
            ip: row.ip,
            created_at: row.created_at,
        }
    }
}

/// Stored files of one type that came in one month.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Usage {
    /// Like `2026-11`, in UTC.
    month: String,
    #[schema(value_type = words::FileType)]
    file_type: FileType,
    files: i64,
    bytes: i64,
}

impl Shape<mediary_store::Usage> for Usage {
    fn shape(row: mediary_store::Usage, _: &Reader) -> Self {
        Self { month: row.month, file_type: row.file_type, files: row.files, bytes: row.bytes }
    }
}

/// Files that are not as they should be.
#[derive(Debug, Default, Serialize, ToSchema)]
struct FaultyFiles<T> {
    count: i64,
    /// The first of them.
    first: Vec<T>,
}

/// What the last daily look at the company's storage found.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StorageCheck {
    /// Null until the first check.
    #[schema(required, value_type = Option<Time>)]
    started_at: Option<Timestamp>,
    /// When the check whose result this is came to its end; null until one did.
    #[schema(required, value_type = Option<Time>)]
    finished_at: Option<Timestamp>,
    /// Files that are where their records say.
    whole: i64,
    /// Media ids.
    missing: FaultyFiles<i64>,
    /// Media ids of files with another size than recorded.
    wrong: FaultyFiles<i64>,
    /// Keys of stored files that no record names.
    untracked: FaultyFiles<String>,
    /// How many of those were removed, since the look of a day before had found them too.
    removed: i64,
}

/// The first of what a check found, as it was kept.
#[derive(Default, Deserialize)]
#[serde(default)]
struct FirstFound {
    missing: Vec<i64>,
    wrong: Vec<i64>,
    untracked: Vec<String>,
}

impl From<mediary_store::StorageCheck> for StorageCheck {
    fn from(row: mediary_store::StorageCheck) -> Self {
        let first = row.found.and_then(|found| serde_json::from_str::<FirstFound>(&found).ok());
        let first = first.unwrap_or_default();
        Self {
            started_at: Some(row.started_at),
            finished_at: row.finished_at,
            whole: row.whole,
            missing: FaultyFiles { count: row.missing, first: first.missing },
            wrong: FaultyFiles { count: row.wrong, first: first.wrong },
            untracked: FaultyFiles { count: row.untracked, first: first.untracked },
            removed: row.removed,
        }
    }
}

/// Whether storage has what the records say
///
/// Looked at once a day: presence and size of every file, and files that no record names. Those that
/// none named the day before either are removed.
#[utoipa::path(get, path = "/api/storage/check", tag = "Company",
    responses((status = 200, body = StorageCheck), (status = 403, body = ProblemBody)))]
async fn get_storage_check(
    State(app): State<App>,
    may: May<rights::SeeUsage>,
) -> Result<Json<StorageCheck>, Problem> {
    let check = app.store().storage_check(may.caller().company_id).await?;
    Ok(Json(check.map(Into::into).unwrap_or_default()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Like `user.changed`.
    action: Option<String>,
    /// Like `user:3`, `api_key:5`, `command_line` or `link`.
    who: Option<String>,
    /// RFC 3339; at or after. Not later than `to`.
    #[serde(default, deserialize_with = "moment")]
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// RFC 3339; before.
    #[serde(default, deserialize_with = "moment")]
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

impl Wanted {
    fn filter(self) -> Result<AuditFilter, Problem> {
        let Self { action, who, from, to } = self;
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(Problem::field("from", "must not be later than `to`"));
        }
        Ok(AuditFilter { action: short("action", action)?, who: short("who", who)?, from, to })
    }
}

/// The audit log, newest first
#[utoipa::path(get, path = "/api/audit", tag = "Company", params(Paging, Wanted),
    responses((status = 200, body = Page<AuditEntry>), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
async fn list_audit(
    State(app): State<App>,
    may: May<rights::SeeAudit>,
    Query(paging): Query<Paging>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<AuditEntry>>, Problem> {
    let page = app.store().audits(may.caller().company_id, &wanted.filter()?, &paging.into()).await?;
    Ok(Json(Page::of(page, &may.caller().role.into())))
}

/// Stored files and bytes by month and type
#[utoipa::path(get, path = "/api/usage", tag = "Company",
    responses((status = 200, body = Page<Usage>), (status = 403, body = ProblemBody)))]
async fn get_usage(State(app): State<App>, may: May<rights::SeeUsage>) -> Result<Json<Page<Usage>>, Problem> {
    let rows = app.store().usage(may.caller().company_id).await?;
    let reader = may.caller().role.into();
    Ok(Json(Page::whole(rows.into_iter().map(|row| Usage::shape(row, &reader)).collect())))
}

#[cfg(test)]
mod tests {
    use mediary_core::Role;
    use mediary_testing::START;
    use serde_json::{Value, json};

    use axum::body::Body;
    use http::StatusCode;
    use mediary_testing::installation::{ACCESS_TOKEN, PASSWORD};

    use crate::testing::{Answer, Company, House, request, with_json};

    /// What the log gained since it had `known` rows, newest first.
    async fn gained(house: &House, company: &Company, known: &mut usize) -> Vec<(String, String)> {
        let log = house.get("/api/audit?limit=100", company.key(Role::Admin)).await.json();
        let items = log["items"].as_array().unwrap();
        let new = items.len() - *known;
        *known = items.len();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let row = |row: &Value| {
            assert!(row["who"].as_str().unwrap().starts_with("api_key:"), "{row}");
            assert!(row["ip"].is_string(), "{row}");
            (text(&row["action"]), text(&row["record"]))
        };
        items[..new].iter().map(row).collect()
    }

    #[tokio::test]
    async fn audit_log_is_filtered() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let admin = company.key(Role::Admin);
        let (early, late) = ("2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z");
        for name in ["one", "two"] {
            house.post("/api/api-keys", admin, &json!({"name": name, "role": "viewer"})).await;
        }
        let of = async |query: String| house.get(&format!("/api/audit?limit=100&{query}"), admin).await;
        let count = async |query: String| of(query).await.json()["items"].as_array().unwrap().len();
        let all = of(String::new()).await.json();
        let who = all["items"][0]["who"].as_str().unwrap();
        assert_eq!(count(format!("action=api_key.created&who={who}")).await, 2);
        assert_eq!(count("action=api_key.created&who=link".into()).await, 0);
        assert_eq!(count("action=nothing.done".into()).await, 0);
        assert_eq!(count(format!("from={early}&to={late}&who={who}")).await, 2);
        assert_eq!(count(format!("from={late}")).await, 0);
        assert_eq!(count(format!("to={early}")).await, 0);
        assert_eq!(of(format!("from={late}&to={early}")).await.field(), "from");
        assert_eq!(of("from=yesterday".into()).await.field(), "from");
        assert_eq!(of(format!("who={}", "x".repeat(500))).await.field(), "who");
    }

    #[tokio::test]
    async fn act_leaves_one_audit_row_and_one_that_changes_nothing_none() {
        let house = House::with_whatsapp().await;
        let company = house.company("acme").await;
        let made = house.message(&company, "wamid.1").await;
        let admin = company.key(Role::Admin);
        let log = house.get("/api/audit?limit=100", admin).await.json();
        let known = &mut log["items"].as_array().unwrap().len();
        let send = async |method: &str, path: &str, body: &Value| -> Answer {
            let asked = match method {
                "DELETE" => request("DELETE", path, Some(admin)).body(Body::empty()).unwrap(),
                method => with_json(method, path, Some(admin), body),
            };
            house.send(asked).await
        };
        let add = async |path: &str, body: Value| send("POST", path, &body).await.json()["id"].clone();
        let number = json!({"phoneNumberId": "777", "name": "Sales", "accessToken": ACCESS_TOKEN});
        let account = add("/api/whatsapp-accounts", number).await;
        let user = json!({"email": "b@acme.test", "name": "B", "role": "agent", "password": PASSWORD});
        let user = add("/api/users", user).await;
        let key = json!({"name": "crm", "role": "viewer"});
        let key = add("/api/api-keys", key).await;
        assert_eq!(gained(&house, &company, known).await.len(), 3);

        let media = format!("/api/media/{}", made.media);
        let (users, accounts) = (format!("/api/users/{user}"), format!("/api/whatsapp-accounts/{account}"));
        let of_media = format!("media:{}", made.media);
        let of_company = format!("company:{}", company.id);
        let acts = [
            ("PATCH", users.as_str(), json!({"name": "Bo"}), "user.changed", format!("user:{user}")),
            ("PATCH", &accounts, json!({"name": "S"}), "account.changed", format!("account:{account}")),
            ("POST", &format!("{media}/signed-url"), json!({}), "link.created", of_media.clone()),
            ("POST", &format!("{media}/download"), json!({}), "media.download_requested", of_media.clone()),
            ("POST", "/api/media/retry", json!({}), "media.retried", of_company.clone()),
            (
                "PATCH",
                "/api/settings/media",
                json!({"policy": "stream"}),
                "media_settings.changed",
                of_company.clone(),
            ),
            ("POST", "/api/media/erase", json!({}), "media.erased", of_company),
            ("DELETE", &media, json!({}), "media.deleted", of_media),
            (
                "DELETE",
                &format!("/api/api-keys/{key}"),
                json!({}),
                "api_key.revoked",
                format!("api_key:{key}"),
            ),
            ("DELETE", &users, json!({}), "user.deactivated", format!("user:{user}")),
            ("DELETE", &accounts, json!({}), "account.disabled", format!("account:{account}")),
        ];
        for (method, path, body, action, record) in acts {
            if ["media.download_requested", "media.retried"].contains(&action) {
                house.fails(made.media).await;
            }
            let answer = send(method, path, &body).await;
            assert!(answer.status.is_success(), "{action}: {answer:?}");
            let rows = gained(&house, &company, known).await;
            assert_eq!(rows, [(action.to_owned(), record)], "{method} {path}");
            // Each link is another one; all else is so already.
            if action != "link.created" {
                let again = send(method, path, &body).await.status;
                assert!(again.is_success() || again == StatusCode::NOT_FOUND, "{method} {path}: {again}");
                assert_eq!(gained(&house, &company, known).await, [], "{method} {path} again");
            }
        }
        let parked = house.post_empty(format!("/api/webhook-events/{}/retry", made.parked), admin).await;
        assert_eq!(parked.status, StatusCode::OK, "{parked:?}");
        let record = format!("webhook_event:{}", made.parked);
        assert_eq!(gained(&house, &company, known).await, [("webhook_event.retried".to_owned(), record)]);
    }

    #[tokio::test]
    async fn storage_check_is_shown_to_its_company_alone() {
        let house = House::open().await;
        let (acme, other) = (house.company("acme").await, house.company("other").await);
        let ask = async |key| house.get("/api/storage/check", key).await.json();
        assert_eq!(ask(acme.key(Role::Admin)).await["startedAt"], Value::Null, "nobody has looked yet");
        house.store.storage_check_begin(acme.id, START).await.unwrap();
        let found = mediary_store::StorageCheckCounts {
            whole: 7,
            missing: 2,
            wrong: 0,
            untracked: 1,
            removed: 1,
            found: json!({"missing": [4, 5], "wrong": [], "untracked": ["media/1/6/7"]}).to_string(),
        };
        house.store.storage_check_end(acme.id, &found).await.unwrap();
        let check = ask(acme.key(Role::Admin)).await;
        assert_eq!((&check["whole"], &check["startedAt"]), (&json!(7), &check["finishedAt"]));
        assert_eq!(check["missing"], json!({"count": 2, "first": [4, 5]}));
        assert_eq!(check["wrong"], json!({"count": 0, "first": []}));
        assert_eq!(check["untracked"], json!({"count": 1, "first": ["media/1/6/7"]}));
        assert_eq!(check["removed"], 1);
        assert_eq!(ask(other.key(Role::Admin)).await["whole"], 0);
    }
}
