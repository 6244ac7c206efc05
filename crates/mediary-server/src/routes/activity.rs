//! What is going on in a company now.

use axum::Json;
use axum::extract::State;
use mediary_core::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::json::Time;
use crate::problem::{Problem, ProblemBody};
use crate::request::{May, rights};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_activity))
}

/// What is going on in the company now, on all nodes together.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Activity {
    downloads: DownloadActivity,
    /// Items of webhooks that could not be recorded yet.
    parked_events: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DownloadActivity {
    /// Due, and not begun.
    waiting: u64,
    /// Since when the one that has waited longest is due.
    #[schema(required, value_type = Option<Time>)]
    waiting_since: Option<Timestamp>,
    running: u64,
    /// Failed, and a retry can help.
    failed: u64,
    /// To be kept, not stored yet, and within a day no longer to be had from WhatsApp.
    expiring_within_a_day: u64,
}

/// What is going on now
#[utoipa::path(get, path = "/api/activity", tag = "Company",
    responses((status = 200, body = Activity), (status = 403, body = ProblemBody)))]
async fn get_activity(State(app): State<App>, may: May<rights::SeeUsage>) -> Result<Json<Activity>, Problem> {
    let company = may.caller().company_id;
    let downloads = app.store().downloads_of_company(company).await?;
    Ok(Json(Activity {
        downloads: DownloadActivity {
            waiting: downloads.pending_due,
            waiting_since: downloads.oldest_due_at,
            running: downloads.downloading,
            failed: downloads.failed,
            expiring_within_a_day: downloads.expiring_within_a_day,
        },
        parked_events: app.store().parked_items_of(company).await?,
    }))
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use mediary_core::Role;
    use mediary_testing::files::PNG;
    use serde_json::json;

    use crate::testing::House;

    #[tokio::test]
    async fn activity_counts_what_waits_in_one_company() {
        let house = House::open().await;
        let (ours, theirs) = (house.company("ours").await, house.company("theirs").await);
        house.stored(&ours, "wamid.1", PNG, "image/png").await;
        let waiting = house.message(&ours, "wamid.2").await;
        let of = async |key: &str| house.get("/api/activity", key).await;
        let now = of(ours.key(Role::Manager)).await.json();
        let downloads = &now["downloads"];
        assert_eq!(
            (&downloads["waiting"], &downloads["running"], &downloads["failed"]),
            (&json!(1), &json!(0), &json!(0))
        );
        assert!(downloads["waitingSince"].is_string(), "{now}");
        house.fails(waiting.media).await;
        assert_eq!(of(ours.key(Role::Manager)).await.json()["downloads"]["waiting"], 0);
        let foreign = of(theirs.key(Role::Manager)).await.json();
        let parked = house.get("/api/webhook-events", theirs.key(Role::Admin)).await.json();
        assert_eq!(foreign["downloads"]["waiting"], 0);
        assert_eq!(foreign["parkedEvents"], parked["items"].as_array().unwrap().len());
        assert_eq!(of(ours.key(Role::Agent)).await.status, StatusCode::FORBIDDEN);
    }
}
