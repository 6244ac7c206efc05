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
    /// Whether its number is one of its business account, whose id (`wabaId`) may be wrong.
    business_account: Finding,
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
        let (outcome, otherwise) = match error.code() {
            code @ (ErrorCode::Conflict | ErrorCode::ProviderUnauthorized) => {
                (Outcome::Fails, code.sentence())
            }
            // The sentence of this code is about files.
            ErrorCode::MediaExpired => {
                (Outcome::Fails, "WhatsApp does not know the id that it was asked about; correct it")
            }
            code => (Outcome::Unknown, code.sentence()),
        };
        Self::of(outcome, error.detail().unwrap_or(otherwise))
    }
}

impl From<Found> for AccountCheck {
    fn from(found: Found) -> Self {
        let business_account = match found.business_account {
            Ok(Some(true)) => Finding::works(),
            Ok(Some(false)) => Finding::of(
                Outcome::Fails,
                "the number is not one of the business account; correct `wabaId`: WhatsApp Manager shows the id of the business \
                 account beside its phone numbers",
            ),
            Ok(None) => Finding::of(
                Outcome::Unknown,
                "it can be asked about only at Meta, with a token that may see the business account, and the id of that",
            ),
            Err(error) => Finding::failed(&error),
        };
        let subscription = match found.subscription {
            Ok(Some(true)) => Finding::works(),
            Ok(Some(false)) => Finding::of(
                Outcome::Fails,
                "no app is subscribed to the business account, so Meta sends no webhooks; subscribe yours with \
                 POST /{waba-id}/subscribed_apps",
            ),
            Ok(None) => Finding::of(
                Outcome::Unknown,
                "it can be asked about only at Meta, with a working token and the id of the number's business account",
            ),
            Err(error) => Finding::failed(&error),
        };
        Self {
            token: found.token.map_or_else(|error| Finding::failed(&error), |()| Finding::works()),
            business_account,
            subscription,
            last_received_at: found.last_received_at,
        }
    }
}

/// Check a WhatsApp account
///
/// Asks WhatsApp whether the access token may use the number, whether that is one of its business account, and whether an app is
/// subscribed to it. Nothing is changed. Of one account there is one check at a time and six in a minute; the next one is 429.
#[utoipa::path(post, path = "/api/whatsapp-accounts/{id}/check", tag = "WhatsApp accounts", params(("id" = i64, Path)),
    responses((status = 200, body = AccountCheck), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
    (status = 429, body = ProblemBody)))]
async fn check_account(
    State(app): State<App>,
    may: May<rights::ManageAccounts>,
    Id(id): Id<AccountId>,
) -> Result<Json<AccountCheck>, Problem> {
    let company = may.caller().company_id;
    let _turn = app.account_checks().begin((company, id), app.engine().now(), "checks of this account")?;
    Ok(Json(app.engine().check_account(company, id).await?.into()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::StatusCode;
    use mediary_core::Role;
    use mediary_core::limits::ACCOUNT_CHECKS_PER_MINUTE;
    use mediary_testing::installation::ACCESS_TOKEN;
    use serde_json::json;

    use crate::testing::{FOREIGN_WABA, House, OTHER_WABA, SUBSCRIBED_WABA};

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
            checks.push((
                check["businessAccount"]["outcome"].clone(),
                check["subscription"]["outcome"].clone(),
            ));
        }
        let found = [("works", "works"), ("works", "fails"), ("unknown", "unknown")];
        assert_eq!(checks, found.map(|(of_account, subscribed)| (json!(of_account), json!(subscribed))));
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
    async fn account_is_checked_a_few_times_in_a_minute() {
        let house = House::open().await;
        let (company, other) = (house.company("acme").await, house.company("other").await);
        let check = async |company: &crate::testing::Company| {
            let path = format!("/api/whatsapp-accounts/{}/check", company.account);
            house.post_empty(path, company.key(Role::Admin)).await
        };
        for _ in 0..ACCOUNT_CHECKS_PER_MINUTE {
            assert_eq!(check(&company).await.status, StatusCode::OK);
        }
        house.clock.advance(Duration::from_secs(20));
        let refused = check(&company).await;
        assert_eq!((refused.code(), refused.header("retry-after")), ("rate_limited".into(), "40"));
        assert_eq!(check(&other).await.status, StatusCode::OK, "each account by itself");
        house.clock.advance(Duration::from_secs(40));
        assert_eq!(check(&company).await.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn account_has_one_check_at_a_time() {
        let house = House::with_whatsapp().await;
        let company = house.company("acme").await;
        let key = (company.id, company.account);
        let running = house.app.account_checks().begin(key, house.engine.now(), "checks").unwrap();
        let path = format!("/api/whatsapp-accounts/{}/check", company.account);
        let refused = house.post_empty(path.clone(), company.key(Role::Admin)).await;
        assert_eq!((refused.code(), refused.header("retry-after")), ("rate_limited".into(), "5"));
        drop(running);
        assert_eq!(house.post_empty(path, company.key(Role::Admin)).await.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn business_account_that_the_token_may_not_see_is_no_expired_file() {
        let house = House::with_whatsapp().await;
        let company = house.company("acme").await;
        let admin = company.key(Role::Admin);
        let new =
            json!({"phoneNumberId": "777", "wabaId": FOREIGN_WABA, "name": "a", "accessToken": ACCESS_TOKEN});
        let added = house.post("/api/whatsapp-accounts", admin, &new).await.json();
        let check =
            house.post_empty(format!("/api/whatsapp-accounts/{}/check", added["id"]), admin).await.json();
        assert_eq!(check["token"]["outcome"], "works");
        assert_eq!(check["businessAccount"]["outcome"], "unknown");
        assert_eq!(check["subscription"]["outcome"], "fails");
        let detail = check["subscription"]["detail"].as_str().unwrap();
        assert!(detail.contains(FOREIGN_WABA) && detail.contains("wabaId"), "{detail}");
        // Whatever else answers so.
        let gone = super::Finding::failed(&mediary_core::Error::plain(mediary_core::ErrorCode::MediaExpired));
        assert!(gone.outcome == super::Outcome::Fails && !gone.detail.unwrap().contains("file"));
    }

    #[tokio::test]
    async fn business_account_that_the_number_is_not_of_is_named_as_wrong() {
        let house = House::with_whatsapp().await;
        let company = house.company("acme").await;
        let admin = company.key(Role::Admin);
        let new =
            json!({"phoneNumberId": "777", "wabaId": OTHER_WABA, "name": "a", "accessToken": ACCESS_TOKEN});
        let added = house.post("/api/whatsapp-accounts", admin, &new).await.json();
        let check =
            house.post_empty(format!("/api/whatsapp-accounts/{}/check", added["id"]), admin).await.json();
        assert_eq!(check["token"]["outcome"], "works");
        assert_eq!(check["businessAccount"]["outcome"], "fails");
        assert!(check["businessAccount"]["detail"].as_str().unwrap().contains("correct `wabaId`"), "{check}");
        assert_eq!(check["subscription"]["outcome"], "unknown", "an app is subscribed to the other one");
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
