//! What a company wants done with its media.

use axum::Json;
use axum::extract::State;
use mediary_core::{FileType, MediaPolicy, limits};
use mediary_store::{Company, MediaSettings as Stored};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::json::words;
use crate::problem::{Problem, ProblemBody};
use crate::request::{Body, May, Peer, given, present, rights};

/// Ten years; whoever wants longer keeps for ever.
const RETENTION_DAYS_MAX: i64 = 3650;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_media_settings, change_media_settings, replace_media_settings))
}

/// What a company wants done with its media.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MediaSettings {
    #[schema(value_type = words::MediaPolicy)]
    policy: MediaPolicy,
    /// Days after which stored files go; null keeps them.
    #[schema(required)]
    retention_days: Option<i64>,
    /// Whether views of media are written to the audit log.
    audit_views: bool,
    limits: Limits,
}

/// The largest files, in bytes, by type.
#[derive(Debug, Serialize, ToSchema)]
struct Limits {
    /// What is fetched from WhatsApp.
    inbound: Sizes,
    /// What WhatsApp takes from a business.
    outbound: Sizes,
}

#[derive(Debug, Serialize, ToSchema)]
struct Sizes {
    image: u64,
    video: u64,
    audio: u64,
    document: u64,
    sticker: u64,
}

/// What changes; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MediaSettingsChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<words::MediaPolicy>, nullable = false)]
    policy: Option<MediaPolicy>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 3650)]
    retention_days: Option<Option<i64>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    audit_views: Option<bool>,
}

/// Media settings
#[utoipa::path(get, path = "/api/settings/media", tag = "Settings", responses((status = 200, body = MediaSettings)))]
async fn get_media_settings(
    State(app): State<App>,
    may: May<rights::Read>,
) -> Result<Json<MediaSettings>, Problem> {
    let company = app.store().company(may.caller.company_id).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(shown(&app, &company)))
}

/// Change media settings
///
/// A new policy holds at once, also for files that are not stored yet. What is stored stays: `preview` says what a
/// change would mean, and `POST /api/media/erase` erases what a policy of `stream` says not to keep.
#[utoipa::path(patch, path = "/api/settings/media", tag = "Settings", request_body = MediaSettingsChange,
    responses((status = 200, body = MediaSettings), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
async fn change_media_settings(
    State(app): State<App>,
    may: May<rights::ChangeMediaSettings>,
    Peer(address): Peer,
    Body(change): Body<MediaSettingsChange>,
) -> Result<Json<MediaSettings>, Problem> {
    let days = change.retention_days.flatten();
    if days.is_some_and(|days| !(1..=RETENTION_DAYS_MAX).contains(&days)) {
        let message = format!("must be from 1 to {RETENTION_DAYS_MAX}, or null to keep files");
        return Err(Problem::field("retentionDays", message));
    }
    let id = may.caller.company_id;
    let company = app.store().company(id).await?.ok_or_else(Problem::not_found)?;
    let settings = Stored {
        policy: change.policy.unwrap_or(company.media_policy),
        retention_days: change.retention_days.unwrap_or(company.retention_days),
        audit_views: change.audit_views.unwrap_or(company.audit_views),
    };
    let company = app.engine().update_media_settings(&may.caller, &settings).await?;
    app.audit(&may.caller, address, "media_settings.changed", format!("company:{id}")).await;
    Ok(Json(shown(&app, &company)))
}

/// Change media settings, for clients that cannot PATCH
///
/// What is left out stays.
#[utoipa::path(put, path = "/api/settings/media", tag = "Settings", request_body = MediaSettingsChange,
    responses((status = 200, body = MediaSettings), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
async fn replace_media_settings(
    app: State<App>,
    may: May<rights::ChangeMediaSettings>,
    peer: Peer,
    change: Body<MediaSettingsChange>,
) -> Result<Json<MediaSettings>, Problem> {
    change_media_settings(app, may, peer, change).await
}

fn shown(app: &App, company: &Company) -> MediaSettings {
    let inbound = app.engine().config().inbound_limits;
    MediaSettings {
        policy: company.media_policy,
        retention_days: company.retention_days,
        audit_views: company.audit_views,
        limits: Limits {
            inbound: Sizes::by(|kind| inbound.of(kind)),
            outbound: Sizes::by(|kind| limits::outbound_file_bytes(kind, true)),
        },
    }
}

impl Sizes {
    fn by(limit: impl Fn(FileType) -> u64) -> Self {
        Self {
            image: limit(FileType::Image),
            video: limit(FileType::Video),
            audio: limit(FileType::Audio),
            document: limit(FileType::Document),
            sticker: limit(FileType::Sticker),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use mediary_core::Role;
    use serde_json::{Value, json};

    use crate::testing::{House, with_json};

    #[tokio::test]
    async fn change_touches_only_what_it_names() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let manager = company.key(Role::Manager);
        let change =
            |body: Value| house.send(with_json("PATCH", "/api/settings/media", Some(manager), &body));
        let answer = change(json!({"policy": "on_view", "retentionDays": 30})).await;
        assert_eq!((answer.status, &answer.json()["retentionDays"]), (StatusCode::OK, &json!(30)));
        change(json!({"retentionDays": null})).await;
        let now = house.get("/api/settings/media", company.key(Role::Viewer)).await.json();
        assert_eq!((&now["policy"], &now["retentionDays"]), (&json!("on_view"), &json!(null)));
        assert_eq!(now["limits"]["inbound"]["image"], 100 * 1024 * 1024);
        assert_eq!(now["limits"]["outbound"]["image"], 5_000_000);
        for (body, field) in [
            (json!({"policy": "keep"}), "policy"),
            (json!({"retentionDays": 0}), "retentionDays"),
            (json!({"retentionDays": -1}), "retentionDays"),
            (json!({"retention": 30}), "retention"),
        ] {
            assert_eq!(change(body.clone()).await.field(), field, "{body}");
        }
    }
}
