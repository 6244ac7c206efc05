//! Whether a WhatsApp account works: WhatsApp is asked now.

use axum::Json;
use axum::extract::State;
use mediary_core::{AccountId, Error, ErrorCode, Timestamp};
use mediary_engine::AccountCheck as Found;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::json::Time;
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, May, rights};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(check_account))
}

/// What WhatsApp says about an account now, and what came from it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AccountCheck {
    /// Whether its access token may use its number.
    token: Finding,
    /// Whether an app is subscribed to its business account: to one without, Meta sends no webhooks.
    subscription: Finding,
    /// When its last incoming message was recorded: its webhook works. Null if none ever was.
    #[schema(required, value_type = Option<Time>)]
    last_received_at: Option<Timestamp>,
}

/// One part of a check.
#[derive(Debug, Serialize, ToSchema)]
struct Finding {
    outcome: Outcome,
    /// Why it does not work, or why that could not be found out.
    #[schema(required)]
    detail: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Works,
    Fails,
    /// It could not be found out.
    Unknown,
}

impl Finding {
    fn works() -> Self {
        Self { outcome: Outcome::Works, detail: None }
    }

    fn of(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self { outcome, detail: Some(detail.into()) }
    }

    /// What WhatsApp refuses does not work; that it cannot be asked says nothing.
    fn failed(error: &Error) -> Self {
        let outcome = match error.code() {
            ErrorCode::Conflict | ErrorCode::ProviderUnauthorized => Outcome::Fails,
            _ => Outcome::Unknown,
        };
        Self::of(outcome, error.detail().unwrap_or(error.code().sentence()))
    }
}

impl From<Found> for AccountCheck {
    fn from(found: Found) -> Self {
        let subscription = match found.subscription {
            Ok(Some(true)) => Finding::works(),
            Ok(Some(false)) => Finding::of(
                Outcome::Fails,
                "no app is subscribed to the business account, so Meta sends no webhooks; subscribe yours with \
                 POST /{waba-id}/subscribed_apps",
            ),
            Ok(None) => Finding::of(
                Outcome::Unknown,
                "it can be asked about only at Meta, with a working token and the id of the business account",
            ),
            Err(error) => Finding::failed(&error),
        };
        Self {
            token: found.token.map_or_else(|error| Finding::failed(&error), |()| Finding::works()),
            subscription,
            last_received_at: found.last_received_at,
        }
    }
}

/// Check a WhatsApp account
///
/// Asks WhatsApp whether the access token may use the number, and whether an app is subscribed to its business account. Nothing is
/// changed.
#[utoipa::path(post, path = "/api/whatsapp-accounts/{id}/check", tag = "WhatsApp accounts", params(("id" = i64, Path)),
    responses((status = 200, body = AccountCheck), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn check_account(
    State(app): State<App>,
    may: May<rights::ManageAccounts>,
    Id(id): Id<AccountId>,
) -> Result<Json<AccountCheck>, Problem> {
    Ok(Json(app.engine().check_account(may.caller().company_id, id).await?.into()))
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use mediary_core::Role;
    use mediary_testing::installation::ACCESS_TOKEN;
    use serde_json::json;

    use crate::testing::{House, SUBSCRIBED_WABA};

    #[tokio::test]
    async fn account_is_checked_by_asking_whatsapp() {
        let house = House::with_whatsapp().await;
        let company = house.company("acme").await;
        let admin = company.key(Role::Admin);
        let mut checks = Vec::new();
        for (number, waba) in [("777", Some(SUBSCRIBED_WABA)), ("778", Some("1")), ("779", None)] {
            let new =
                json!({"phoneNumberId": number, "wabaId": waba, "name": number, "accessToken": ACCESS_TOKEN});
            let added = house.post("/api/whatsapp-accounts", admin, &new).await.json();
            let answer =
                house.post_empty(format!("/api/whatsapp-accounts/{}/check", added["id"]), admin).await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
            let check = answer.json();
            assert_eq!(check["token"], json!({"outcome": "works", "detail": null}));
            assert_eq!(check["lastReceivedAt"], json!(null));
            checks.push(check["subscription"]["outcome"].clone());
        }
        assert_eq!(checks, [json!("works"), json!("fails"), json!("unknown")]);
        assert!(
            house.post_empty("/api/whatsapp-accounts/99999/check".into(), admin).await.code() == "not_found"
        );
        let manager = company.key(Role::Manager);
        let path = format!("/api/whatsapp-accounts/{}/check", company.account);
        assert_eq!(house.post_empty(path.clone(), manager).await.status, StatusCode::FORBIDDEN);
        let other = house.company("other").await;
        assert_eq!(house.post_empty(path, other.key(Role::Admin)).await.code(), "not_found");
    }

    #[tokio::test]
    async fn whatsapp_that_cannot_be_asked_says_nothing_about_a_token() {
        let house = House::open().await;
        let company = house.company("acme").await;
        house.message(&company, "wamid.1").await;
        let path = format!("/api/whatsapp-accounts/{}/check", company.account);
        let check = house.post_empty(path, company.key(Role::Admin)).await.json();
        assert_eq!(
            (&check["token"]["outcome"], &check["subscription"]["outcome"]),
            (&json!("unknown"), &json!("unknown"))
        );
        assert!(check["lastReceivedAt"].is_string(), "{check}");
    }
}
