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
use crate::json::{Account, Page, Shape, words};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Body, Id, May, Paging, Peer, Query, present, rights};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, change, disable))
}

/// A WhatsApp account to add.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewWhatsappAccount {
    phone_number_id: String,
    waba_id: Option<String>,
    display_phone_number: Option<String>,
    name: String,
    #[schema(value_type = Option<String>)]
    access_token: Option<SecretString>,
    /// Without one the installation's app secret applies.
    #[schema(value_type = Option<String>)]
    app_secret: Option<SecretString>,
    #[schema(value_type = Option<String>)]
    verify_token: Option<SecretString>,
    #[schema(value_type = Option<words::MediaPolicy>)]
    media_policy: Option<MediaPolicy>,
}

/// What changes; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WhatsappAccountChange {
    #[schema(nullable = false)]
    name: Option<String>,
    #[schema(nullable = false)]
    waba_id: Option<String>,
    #[schema(nullable = false)]
    display_phone_number: Option<String>,
    /// A new token makes the account active again; its downloads go on.
    #[schema(value_type = Option<String>, nullable = false)]
    access_token: Option<SecretString>,
    #[schema(value_type = Option<String>, nullable = false)]
    app_secret: Option<SecretString>,
    #[schema(value_type = Option<String>, nullable = false)]
    verify_token: Option<SecretString>,
    /// Null goes back to the company's policy.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<words::MediaPolicy>)]
    media_policy: Option<Option<MediaPolicy>>,
    #[schema(value_type = Option<words::AccountStatus>, nullable = false)]
    status: Option<AccountStatus>,
}

/// WhatsApp accounts
#[utoipa::path(get, path = "/api/whatsapp-accounts", tag = "WhatsApp accounts", params(Paging),
    responses((status = 200, body = Page<Account>), (status = 403, body = ProblemBody)))]
async fn list(
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
async fn get(
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
async fn create(
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
async fn change(
    State(app): State<App>,
    may: May<rights::ManageAccounts>,
    Peer(address): Peer,
    Id(id): Id<AccountId>,
    Body(change): Body<WhatsappAccountChange>,
) -> Result<Json<Account>, Problem> {
    let change = AccountChange {
        name: change.name,
        waba_id: change.waba_id,
        display_phone_number: change.display_phone_number,
        access_token: change.access_token,
        app_secret: change.app_secret,
        verify_token: change.verify_token,
        media_policy: change.media_policy,
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
async fn disable(
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
