//! Parked items: what webhooks brought and could not be recorded.

use axum::Json;
use axum::extract::State;
use mediary_core::{AccountId, Timestamp};
use mediary_store::ParkedItem;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::json::{Page, Reader, Shape, Time};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, May, Paging, Peer, Query, rights};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_webhook_events)).routes(routes!(retry_webhook_event))
}

/// What can be asked for: items that are parked.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum EventState {
    #[default]
    Parked,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// `parked`, which is also meant without it.
    #[serde(default)]
    #[param(inline, required = false)]
    #[expect(dead_code, reason = "it is read to be refused where it is another word")]
    state: EventState,
}

/// A parked item: one that a webhook brought and that could not be recorded. It is kept whole and tried again, less and less
/// often; the others of its webhook are recorded.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WebhookEvent {
    id: i64,
    #[schema(value_type = i64)]
    account_id: AccountId,
    /// Why it could not be recorded.
    reason: String,
    /// Tries after the first one.
    attempts: u32,
    /// When it is tried again by itself; null after many tries.
    #[schema(required, value_type = Option<Time>)]
    next_attempt_at: Option<Timestamp>,
    #[schema(value_type = Time)]
    received_at: Timestamp,
    #[schema(value_type = Time)]
    parked_at: Timestamp,
}

impl Shape<ParkedItem> for WebhookEvent {
    fn shape(row: ParkedItem, _: &Reader) -> Self {
        Self {
            id: row.id,
            account_id: row.account_id,
            reason: row.reason,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
            received_at: row.received_at,
            parked_at: row.parked_at,
        }
    }
}

/// The outcome of a retry.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookEventRetried {
    /// Whether it is recorded now, and no longer on the list.
    recorded: bool,
    /// Why not.
    #[schema(required)]
    reason: Option<String>,
}

/// Parked items of webhooks, oldest first
#[utoipa::path(get, path = "/api/webhook-events", tag = "WhatsApp accounts", params(Paging, Filter),
    responses((status = 200, body = Page<WebhookEvent>), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
async fn list_webhook_events(
    State(app): State<App>,
    may: May<rights::ManageAccounts>,
    Query(paging): Query<Paging>,
    Query(Filter { .. }): Query<Filter>,
) -> Result<Json<Page<WebhookEvent>>, Problem> {
    let page = app.store().parked_items(may.caller().company_id, &paging.into()).await?;
    Ok(Json(Page::of(page, &may.caller().role.into())))
}

/// Try to record a parked item now
#[utoipa::path(post, path = "/api/webhook-events/{id}/retry", tag = "WhatsApp accounts", params(("id" = i64, Path)),
    responses((status = 200, body = WebhookEventRetried), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn retry_webhook_event(
    State(app): State<App>,
    may: May<rights::ManageAccounts>,
    Peer(address): Peer,
    Id(id): Id<i64>,
) -> Result<Json<WebhookEventRetried>, Problem> {
    let by = may.caller().actor(address);
    let reason = app.engine().retry_webhook_item(may.caller().company_id, id, &by).await?;
    Ok(Json(WebhookEventRetried { recorded: reason.is_none(), reason }))
}
