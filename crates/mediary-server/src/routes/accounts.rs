//! WhatsApp accounts. Secrets go in and never come out.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use mediary_core::{AccountId, AccountStatus, MediaPolicy};
use mediary_engine::{AccountChange, AccountDraft};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::json::{Account, Page, RetentionBody, Shape, words};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Body, Id, May, Paging, Peer, Query, given, present, rights};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_accounts, create_account)).routes(routes!(
        get_account,
        change_account,
        disable_account
    ))
}

/// A WhatsApp account to add.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewWhatsappAccount {
    phone_number_id: String,
    waba_id: Option<String>,
    display_phone_number: Option<String>,
    name: String,
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4096)]
    access_token: Option<SecretString>,
    /// Without one the installation's app secret applies.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4096)]
    app_secret: Option<SecretString>,
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4096)]
    verify_token: Option<SecretString>,
    #[schema(value_type = Option<words::MediaPolicy>)]
    media_policy: Option<MediaPolicy>,
}

/// What changes; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WhatsappAccountChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    waba_id: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    display_phone_number: Option<String>,
    /// A new token makes the account active again; its downloads go on.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 4096)]
    access_token: Option<SecretString>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 4096)]
    app_secret: Option<SecretString>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 4096)]
    verify_token: Option<SecretString>,
    /// Null goes back to the company's policy.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<words::MediaPolicy>)]
    media_policy: Option<Option<MediaPolicy>>,
    /// Null goes back to the company's retention.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<RetentionBody>)]
    retention: Option<Option<RetentionBody>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<words::AccountStatus>, nullable = false)]
    status: Option<AccountStatus>,
}

/// WhatsApp accounts
#[utoipa::path(get, path = "/api/whatsapp-accounts", tag = "WhatsApp accounts", params(Paging),
    responses((status = 200, body = Page<Account>), (status = 403, body = ProblemBody)))]
async fn list_accounts(
    State(app): State<App>,
    may: May<rights::ManageAccounts>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Account>>, Problem> {
    let page = app.store().accounts(may.caller.company_id, &paging.into()).await?;
    Ok(Json(Page::of(page, may.caller.role)))
}

/// One WhatsApp account
#[utoipa::path(get, path = "/api/whatsapp-accounts/{id}", tag = "WhatsApp accounts", params(("id" = i64, Path)),
    responses((status = 200, body = Account), (status = 404, body = ProblemBody)))]
async fn get_account(
    State(app): State<App>,
    may: May<rights::ManageAccounts>,
    Id(id): Id<AccountId>,
) -> Result<Json<Account>, Problem> {
    let row = app.store().account(may.caller.company_id, id).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(Account::shape(row, may.caller.role)))
}

/// Add a WhatsApp account
#[utoipa::path(post, path = "/api/whatsapp-accounts", tag = "WhatsApp accounts", request_body = NewWhatsappAccount,
    responses((status = 201, body = Account), (status = 400, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn create_account(
    State(app): State<App>,
    may: May<rights::ManageAccounts>,
    Peer(address): Peer,
    Body(new): Body<NewWhatsappAccount>,
) -> Result<(StatusCode, Json<Account>), Problem> {
    let draft = AccountDraft {
        phone_number_id: new.phone_number_id,
        waba_id: new.waba_id,
        display_phone_number: new.display_phone_number,
        name: new.name,
        access_token: new.access_token,
        app_secret: new.app_secret,
        verify_token: new.verify_token,
        media_policy: new.media_policy,
    };
    let row = app.engine().accounts().create(may.caller.company_id, &draft).await?;
    app.audit(&may.caller, address, "account.created", format!("account:{}", row.id)).await;
    Ok((StatusCode::CREATED, Json(Account::shape(row, may.caller.role))))
}

/// Change a WhatsApp account
#[utoipa::path(patch, path = "/api/whatsapp-accounts/{id}", tag = "WhatsApp accounts", params(("id" = i64, Path)),
    request_body = WhatsappAccountChange,
    responses((status = 200, body = Account), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn change_account(
    State(app): State<App>,
    may: May<rights::ManageAccounts>,
    Peer(address): Peer,
    Id(id): Id<AccountId>,
    Body(change): Body<WhatsappAccountChange>,
) -> Result<Json<Account>, Problem> {
    let retention = match &change.retention {
        Some(Some(retention)) => Some(Some(retention.checked()?)),
        Some(None) => Some(None),
        None => None,
    };
    if let Some(Some(retention)) = retention {
        app.engine().check_retention(retention)?;
    }
    let change = AccountChange {
        name: change.name,
        waba_id: change.waba_id,
        display_phone_number: change.display_phone_number,
        access_token: change.access_token,
        app_secret: change.app_secret,
        verify_token: change.verify_token,
        media_policy: change.media_policy,
        retention,
        status: change.status,
    };
    let row = app.engine().accounts().update(may.caller.company_id, id, &change).await?;
    app.audit(&may.caller, address, "account.changed", format!("account:{id}")).await;
    Ok(Json(Account::shape(row, may.caller.role)))
}

/// Disable a WhatsApp account
///
/// Its conversations stay; nothing new is taken in or fetched for it.
#[utoipa::path(delete, path = "/api/whatsapp-accounts/{id}", tag = "WhatsApp accounts", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
async fn disable_account(
    State(app): State<App>,
    may: May<rights::ManageAccounts>,
    Peer(address): Peer,
    Id(id): Id<AccountId>,
) -> Result<StatusCode, Problem> {
    let change = AccountChange { status: Some(AccountStatus::Disabled), ..AccountChange::default() };
    app.engine().accounts().update(may.caller.company_id, id, &change).await?;
    app.audit(&may.caller, address, "account.disabled", format!("account:{id}")).await;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use mediary_core::Role;
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{House, request, with_json};

    #[tokio::test]
    async fn account_is_added_changed_and_disabled_without_showing_its_secrets() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let admin = company.key(Role::Admin);
        let new = json!({"phoneNumberId": "777", "name": "Sales", "accessToken": "secret-1", "verifyToken": "secret-2"});
        let answer = house.post("/api/whatsapp-accounts", admin, &new).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        let account = answer.json();
        assert_eq!((&account["hasAccessToken"], &account["hasAppSecret"]), (&json!(true), &json!(false)));
        assert_eq!(account["effectiveMediaPolicy"], "store");
        let path = format!("/api/whatsapp-accounts/{}", account["id"]);
        let change = |body: Value| house.send(with_json("PATCH", &path, Some(admin), &body));
        let changed = change(json!({"mediaPolicy": "stream", "appSecret": "secret-3"})).await;
        assert_eq!(changed.json()["effectiveMediaPolicy"], "stream");
        assert_eq!(change(json!({"mediaPolicy": null})).await.json()["mediaPolicy"], json!(null));
        let own = json!({"mode": "days_after_stored", "days": 7});
        assert_eq!(change(json!({"retention": own})).await.json()["retention"], own);
        assert_eq!(change(json!({"name": "Sales"})).await.json()["retention"], own);
        assert_eq!(change(json!({"retention": null})).await.json()["retention"], json!(null));
        let archived = json!({"retention": {"mode": "archive_after", "days": 7}});
        assert_eq!(change(archived).await.field(), "retention", "there is no archive here");
        let disable = request("DELETE", &path, Some(admin)).body(axum::body::Body::empty()).unwrap();
        assert_eq!(house.send(disable).await.status, StatusCode::NO_CONTENT);
        let list = house.get("/api/whatsapp-accounts", admin).await;
        assert!(!String::from_utf8(list.body.to_vec()).unwrap().contains("secret-"));
        assert_eq!(house.get(&path, admin).await.json()["status"], "disabled");
    }

    #[tokio::test]
    async fn number_belongs_to_one_account() {
        let house = House::open().await;
        let (ours, theirs) = (house.company("ours").await, house.company("theirs").await);
        let new = json!({"phoneNumberId": theirs.phone_number_id, "name": "Mine now"});
        let answer = house.post("/api/whatsapp-accounts", ours.key(Role::Admin), &new).await;
        assert_eq!(answer.code(), "conflict");
        for (body, field) in [
            (json!({"name": "Sales"}), "phoneNumberId"),
            (json!({"phoneNumberId": 777, "name": "Sales"}), "phoneNumberId"),
            (json!({"phoneNumberId": "777", "name": "Sales", "token": "x"}), "token"),
            (json!({"phoneNumberId": "777", "name": "Sales", "mediaPolicy": "keep"}), "mediaPolicy"),
        ] {
            assert_eq!(
                house.post("/api/whatsapp-accounts", ours.key(Role::Admin), &body).await.field(),
                field,
                "{body}"
            );
        }
    }
}
