//! What a company wants done with its media.

use axum::Json;
use axum::extract::State;
use mediary_core::{FileType, MediaPolicy, Retention, RetentionMode, limits};
use mediary_store::{Company, MediaSettingsPatch};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::json::{RetentionBody, words};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Body, May, Peer, given, present, rights};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_media_settings, change_media_settings, replace_media_settings))
}

/// What a company wants done with its media.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MediaSettings {
    #[schema(value_type = words::MediaPolicy)]
    policy: MediaPolicy,
    retention: RetentionBody,
    /// The days of a retention that counts from when a file was stored.
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
    /// What it deletes it deletes for good, within the hour.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    retention: Option<RetentionBody>,
    /// The short form of a retention that counts from when a file was stored; null keeps files for ever.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 36500)]
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
    let company = app.store().company(may.caller().company_id).await?.ok_or_else(Problem::not_found)?;
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
    let retention = wanted_retention(&change)?;
    if let Some(retention) = retention {
        app.engine().check_retention(retention)?;
    }
    let patch = MediaSettingsPatch { policy: change.policy, retention, audit_views: change.audit_views };
    let by = may.caller().actor(address);
    let company = app.engine().update_media_settings(&may, &patch, &by).await?;
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

/// The retention that a change names, in either form.
fn wanted_retention(change: &MediaSettingsChange) -> Result<Option<Retention>, Problem> {
    match (&change.retention, change.retention_days) {
        (Some(_), Some(_)) => Err(Problem::field("retentionDays", "give either retention or retentionDays")),
        (Some(retention), None) => retention.checked().map(Some),
        (None, Some(days)) => {
            let refused = |_| {
                let message = format!(
                    "must be a whole number from 1 to {}, or null to keep files",
                    limits::RETENTION_DAYS_MAX
                );
                Problem::field("retentionDays", message)
            };
            Retention::days_after_stored(days).map(Some).map_err(refused)
        }
        (None, None) => Ok(None),
    }
}

fn shown(app: &App, company: &Company) -> MediaSettings {
    let inbound = app.engine().config().inbound_limits;
    let after_stored = company.retention.mode() == RetentionMode::DaysAfterStored;
    MediaSettings {
        policy: company.media_policy,
        retention: company.retention.into(),
        retention_days: company.retention.days().filter(|_| after_stored),
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
        assert_eq!(now["retention"], json!({"mode": "forever", "days": null}));
        let viewed = json!({"mode": "days_after_viewed", "days": 36500});
        let answer = change(json!({"retention": viewed})).await.json();
        assert_eq!((&answer["retention"], &answer["retentionDays"]), (&viewed, &json!(null)));
        let answer = change(json!({"retentionDays": 30})).await.json();
        assert_eq!(answer["retention"], json!({"mode": "days_after_stored", "days": 30}));
        assert_eq!(now["limits"]["inbound"]["image"], 100 * 1024 * 1024);
        assert_eq!(now["limits"]["outbound"]["image"], 5_000_000);
        for (body, field) in [
            (json!({"policy": "keep"}), "policy"),
            (json!({"retentionDays": 0}), "retentionDays"),
            (json!({"retentionDays": -1}), "retentionDays"),
            (json!({"retentionDays": 36501}), "retentionDays"),
            (json!({"retention": 30}), "retention"),
            (json!({"retention": {"mode": "for_a_while", "days": 3}}), "retention.mode"),
            (json!({"retention": {"mode": "days_after_viewed", "days": 0}}), "retention.days"),
            (json!({"retention": {"mode": "days_after_viewed"}}), "retention.days"),
            (json!({"retention": {"mode": "forever", "days": 3}}), "retention.days"),
            (json!({"retention": {"mode": "archive_after", "days": 3}}), "retention"),
            (json!({"retention": {"mode": "forever"}, "retentionDays": 3}), "retentionDays"),
        ] {
            assert_eq!(change(body.clone()).await.field(), field, "{body}");
        }
        let days = "must be a whole number from 1 to 36500";
        for (body, field, message) in [
            (json!({"policy": null}), "policy", "cannot be null; must be one of: store, on_view, stream"),
            (json!({"policy": 5}), "policy", "must be one of: store, on_view, stream"),
            (json!({"auditViews": null}), "auditViews", "cannot be null; must be true or false"),
            (json!({"retention": null}), "retention", "cannot be null; must be an object"),
            (json!({"retention": 5}), "retention", "must be an object"),
            (json!({"retentionDays": "30"}), "retentionDays", "must be a whole number"),
            (json!({"retention": {"days": 3}}), "retention.mode", "is missing"),
            (json!({"retention": {"mode": "days_after_viewed", "days": 0}}), "retention.days", days),
            (
                json!({"retention": {"mode": "forever", "days": 3}}),
                "retention.days",
                "must be left out where the mode is forever",
            ),
        ] {
            let errors = &change(body.clone()).await.json()["errors"];
            assert_eq!(errors, &json!([{"field": field, "message": message}]), "{body}");
        }
    }
}
