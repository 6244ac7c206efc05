//! What another media policy would mean, and the erasing of what a former one kept.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use mediary_core::{AccountId, MediaPolicy, Retention, RetentionMode};
use mediary_store::Tally;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::json::{RetentionBody, words};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Body, May, Peer, Query, given, record_id, retention_days, rights};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(preview_media_policy))
        .routes(routes!(preview_retention))
        .routes(routes!(erase_media))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
struct Preview {
    /// The policy to look ahead to; without it the company's present one.
    #[serde(default, deserialize_with = "given")]
    #[param(value_type = Option<words::MediaPolicy>)]
    policy: Option<MediaPolicy>,
    /// For one WhatsApp account; without it for all that have no policy of their own.
    #[serde(default, deserialize_with = "record_id")]
    #[param(value_type = Option<i64>, minimum = 1)]
    account_id: Option<i64>,
}

/// What a change of the media policy would mean. Nothing that is stored goes by a change alone.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MediaPolicyPreview {
    #[schema(value_type = words::MediaPolicy)]
    policy: MediaPolicy,
    /// Stored now. It stays; under `stream` it can be erased afterwards.
    stored: Files,
    /// Of these, what WhatsApp no longer has: once erased, nobody can see it again.
    only_here: Files,
    /// Not stored, and WhatsApp may still have it.
    not_here: Files,
    /// What becomes of what is not stored.
    not_here_then: AbsentFilePlan,
    /// Whether there is something that the policy says not to keep: `POST /api/media/erase` erases it.
    offers_erasing: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AbsentFilePlan {
    /// It is downloaded.
    Downloaded,
    /// It is kept once somebody looks at it.
    KeptWhenViewed,
    /// It is only streamed.
    Streamed,
}

#[derive(Debug, Serialize, ToSchema)]
struct Files {
    files: u64,
    /// As far as the sizes are known.
    bytes: u64,
}

impl From<Tally> for Files {
    fn from(tally: Tally) -> Self {
        Self { files: tally.files, bytes: tally.bytes }
    }
}

/// What another media policy would mean
#[utoipa::path(get, path = "/api/settings/media/preview", tag = "Settings", params(Preview),
    responses((status = 200, body = MediaPolicyPreview), (status = 400, body = ProblemBody),
        (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn preview_media_policy(
    State(app): State<App>,
    may: May<rights::ChangeMediaSettings>,
    Query(asked): Query<Preview>,
) -> Result<Json<MediaPolicyPreview>, Problem> {
    let policy = match asked.policy {
        Some(policy) => policy,
        None => {
            let company = app.store().company(may.caller().company_id).await?;
            company.ok_or_else(Problem::not_found)?.media_policy
        }
    };
    let preview = app.engine().preview_policy(&may, asked.account_id.map(AccountId)).await?;
    let not_here_then = match policy {
        MediaPolicy::Store => AbsentFilePlan::Downloaded,
        MediaPolicy::OnView => AbsentFilePlan::KeptWhenViewed,
        MediaPolicy::Stream => AbsentFilePlan::Streamed,
    };
    Ok(Json(MediaPolicyPreview {
        policy,
        offers_erasing: !policy.keeps_bytes() && preview.kept.stored.files > 0,
        stored: preview.kept.stored.into(),
        only_here: preview.kept.only_here.into(),
        not_here: preview.not_here.into(),
        not_here_then,
    }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
struct WantedRetention {
    /// The retention to look ahead to; without it the company's present one.
    #[serde(default, deserialize_with = "given")]
    #[param(value_type = Option<words::RetentionMode>)]
    mode: Option<RetentionMode>,
    /// None for `forever`.
    #[serde(default, deserialize_with = "retention_days")]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 36500)]
    days: Option<i64>,
    /// For one WhatsApp account; without it for all that have no retention of their own.
    #[serde(default, deserialize_with = "record_id")]
    #[param(value_type = Option<i64>, minimum = 1)]
    account_id: Option<i64>,
}

/// What a change of the retention would do at once. Nothing is done.
#[derive(Debug, Serialize, ToSchema)]
struct RetentionPreview {
    retention: RetentionBody,
    /// Stored files whose time would be over: they would be deleted or, under `archive_after`, moved.
    ended: Files,
}

/// What another retention would do at once
#[utoipa::path(get, path = "/api/settings/media/retention-preview", tag = "Settings", params(WantedRetention),
    responses((status = 200, body = RetentionPreview), (status = 400, body = ProblemBody),
        (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn preview_retention(
    State(app): State<App>,
    may: May<rights::ChangeMediaSettings>,
    Query(wanted): Query<WantedRetention>,
) -> Result<Json<RetentionPreview>, Problem> {
    let retention = match (wanted.mode, wanted.days) {
        (Some(mode), days) => {
            Retention::new(mode, days).map_err(|wrong| Problem::field("days", wrong.rule))?
        }
        (None, Some(_)) => return Err(Problem::field("mode", "is needed with days")),
        (None, None) => {
            let company = app.store().company(may.caller().company_id).await?;
            company.ok_or_else(Problem::not_found)?.retention
        }
    };
    let account = wanted.account_id.map(AccountId);
    let ended = app.engine().preview_retention(&may, account, retention).await?;
    Ok(Json(RetentionPreview { retention: retention.into(), ended: ended.into() }))
}

/// Of what to erase.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Erasing {
    /// Only of this WhatsApp account.
    #[serde(default)]
    account_id: Option<i64>,
}

/// Erase what a former policy kept
///
/// Erases the stored files of WhatsApp accounts whose policy is `stream`, in batches: the bytes go, the records and
/// messages stay, and what WhatsApp still has can be viewed from there. Stops where the policy is changed back. 409 if
/// the policy keeps files.
#[utoipa::path(post, path = "/api/media/erase", tag = "Media", request_body = Erasing,
    responses((status = 202, description = "How much is being erased.", body = Files),
        (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn erase_media(
    State(app): State<App>,
    may: May<rights::EraseMedia>,
    Peer(address): Peer,
    Body(of): Body<Erasing>,
) -> Result<(StatusCode, Json<Files>), Problem> {
    let account = of.account_id.map(AccountId);
    let by = may.caller().actor(address);
    let erasing = app.engine().erase_kept(&may, account, &by).await?;
    Ok((StatusCode::ACCEPTED, Json(erasing.into())))
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use mediary_core::{MediaId, Role};
    use mediary_testing::files::PNG;
    use serde_json::json;

    use crate::testing::{Company, House, with_json};

    const PREVIEW: &str = "/api/settings/media/preview";

    async fn set_policy(house: &House, company: &Company, policy: &str) {
        let manager = company.key(Role::Manager);
        let body = json!({"policy": policy});
        let answer = house.send(with_json("PATCH", "/api/settings/media", Some(manager), &body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }

    #[tokio::test]
    async fn preview_says_what_a_change_would_mean() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let manager = company.key(Role::Manager);
        house.stored(&company, "wamid.1", PNG, "image/png").await;
        house.message(&company, "wamid.2").await;
        let of = async |query: String| house.get(&format!("{PREVIEW}?{query}"), manager).await;
        let stream = of("policy=stream".to_owned()).await.json();
        assert_eq!(stream["stored"], json!({"files": 1, "bytes": PNG.len()}));
        assert_eq!(stream["onlyHere"]["files"], 0);
        assert_eq!((&stream["notHere"]["files"], &stream["notHereThen"]), (&json!(1), &json!("streamed")));
        assert_eq!(stream["offersErasing"], true);
        let on_view = of("policy=on_view".to_owned()).await.json();
        assert_eq!(
            (&on_view["notHereThen"], &on_view["offersErasing"]),
            (&json!("kept_when_viewed"), &json!(false))
        );
        let account = of(format!("policy=store&accountId={}", company.account)).await.json();
        assert_eq!((&account["stored"]["files"], &account["notHereThen"]), (&json!(1), &json!("downloaded")));
        assert_eq!(of("policy=keep".to_owned()).await.field(), "policy");
        assert_eq!(of(String::new()).await.json()["policy"], "store");
        assert_eq!(of("policy=store&accountId=99999".to_owned()).await.status, StatusCode::NOT_FOUND);
        let agent = house.get(&format!("{PREVIEW}?policy=stream"), company.key(Role::Agent)).await;
        assert_eq!(agent.status, StatusCode::FORBIDDEN);
        let other = house.company("other").await;
        let foreign = format!("{PREVIEW}?policy=stream&accountId={}", company.account);
        assert_eq!(house.get(&foreign, other.key(Role::Manager)).await.status, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn preview_of_a_retention_counts_what_it_would_end() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let manager = company.key(Role::Manager);
        house.stored(&company, "wamid.1", PNG, "image/png").await;
        house.message(&company, "wamid.2").await;
        let of = async |query: &str| {
            house.get(&format!("/api/settings/media/retention-preview?{query}"), manager).await
        };
        let ended = async |query: &str| of(query).await.json()["ended"]["files"].clone();
        assert_eq!(ended("mode=days_after_stored&days=2").await, 0);
        house.clock.advance(std::time::Duration::from_secs(3 * 86_400));
        let answer = of("mode=days_after_stored&days=2").await.json();
        assert_eq!(answer["retention"], json!({"mode": "days_after_stored", "days": 2}));
        assert_eq!(answer["ended"], json!({"files": 1, "bytes": PNG.len()}));
        assert_eq!(ended("mode=days_after_viewed&days=2").await, 1);
        assert_eq!(ended("mode=days_after_stored&days=4").await, 0);
        assert_eq!(ended("mode=forever").await, 0);
        assert_eq!(of("").await.json()["retention"], json!({"mode": "forever", "days": null}));
        let own = format!("mode=days_after_stored&days=2&accountId={}", company.account);
        assert_eq!(ended(&own).await, 1);
        for (query, field) in [
            ("mode=days_after_stored", "days"),
            ("mode=days_after_stored&days=0", "days"),
            ("mode=forever&days=3", "days"),
            ("mode=sometimes", "mode"),
            ("days=3", "mode"),
            ("mode=archive_after&days=3", "retention"),
        ] {
            assert_eq!(of(query).await.field(), field, "{query}");
        }
        let other = house.company("other").await;
        let path = format!("/api/settings/media/retention-preview?{own}");
        assert_eq!(house.get(&path, other.key(Role::Manager)).await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.get(&path, company.key(Role::Agent)).await.status, StatusCode::FORBIDDEN);
    }

    #[tokio::test]
    async fn erasing_is_asked_for_and_only_where_nothing_is_to_be_kept() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let manager = company.key(Role::Manager);
        let stored = house.stored(&company, "wamid.1", PNG, "image/png").await;
        let erase = async |body| house.post("/api/media/erase", manager, &body).await;
        let here = async |id: MediaId| {
            let record = house.get(&format!("/api/media/{id}"), company.key(Role::Viewer)).await.json();
            record["storedAt"].is_string()
        };
        assert_eq!(erase(json!({})).await.code(), "conflict");
        set_policy(&house, &company, "stream").await;
        house.engine.sweep().await.unwrap();
        assert!(here(stored.media).await, "a change alone erases nothing");
        assert_eq!(erase(json!({"account": 1})).await.field(), "account");
        assert_eq!(erase(json!({"accountId": 99999})).await.status, StatusCode::NOT_FOUND);
        let agent = house.post("/api/media/erase", company.key(Role::Agent), &json!({})).await;
        assert_eq!(agent.status, StatusCode::FORBIDDEN);
        let answer = erase(json!({"accountId": company.account})).await;
        assert_eq!(
            (answer.status, answer.json()),
            (StatusCode::ACCEPTED, json!({"files": 1, "bytes": PNG.len()}))
        );
        house.engine.sweep().await.unwrap();
        assert!(!here(stored.media).await);
        let audit = house.get("/api/audit", company.key(Role::Admin)).await.json();
        assert_eq!(audit["items"][0]["action"], "media.erased");
        assert_eq!(audit["items"][0]["record"], format!("account:{}", company.account));
    }
}
