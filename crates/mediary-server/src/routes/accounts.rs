//! WhatsApp accounts. Secrets go in and never come out.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use mediary_core::{AccountId, AccountStatus, MediaPolicy, Provider};
use mediary_engine::{AccountChange, AccountDraft, Proof};
use mediary_store::AwsSettings;
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
    /// Who carries its messages; Meta itself, unless said otherwise. It never changes.
    #[schema(value_type = Option<words::Provider>)]
    provider: Option<Provider>,
    #[schema(pattern = "^[0-9]{1,32}$")]
    phone_number_id: String,
    /// AWS's own id of the number. This and the three below are for the provider `aws`, which needs them all.
    #[schema(pattern = "^phone-number-id-[0-9a-zA-Z]{1,64}$")]
    aws_phone_number_id: Option<String>,
    #[schema(max_length = 32, pattern = "^[a-z]{2,9}(-[a-z]{2,9}){1,2}-[0-9]{1,2}$")]
    aws_region: Option<String>,
    /// Media passes through this bucket, in the same region.
    #[schema(min_length = 3, max_length = 63, pattern = "^[a-z0-9]([.]?[-a-z0-9]){0,61}[.]?[a-z0-9]$")]
    aws_bucket: Option<String>,
    /// The SNS topic to which AWS sends the number's events.
    #[schema(
        pattern = "^arn:aws:sns:[a-z]{2,9}(-[a-z]{2,9}){1,2}-[0-9]{1,2}:[0-9]{12}:[-_a-zA-Z0-9]{1,256}$"
    )]
    aws_topic_arn: Option<String>,
    #[schema(pattern = "^[0-9]{1,32}$")]
    waba_id: Option<String>,
    #[schema(max_length = 32, pattern = "^[-0-9+(). ]*[0-9][-0-9+(). ]*$")]
    display_phone_number: Option<String>,
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$"
    )]
    name: String,
    /// WhatsApp is asked with it whether you may use the number; the number is not added otherwise. With 360dialog it is the API key, with
    /// AWS an access key: its id, a colon, and the secret key.
    #[schema(value_type = String, pattern = "^[!-~]{1,4096}$")]
    access_token: Option<SecretString>,
    /// Without one the installation's app secret applies. With 360dialog it is needed, has at least 16 characters, and is what its webhook
    /// brings in the header `Authorization: Bearer`.
    #[schema(value_type = Option<String>, pattern = "^[!-~]{1,4096}$")]
    app_secret: Option<SecretString>,
    #[schema(value_type = Option<String>, pattern = "^[!-~]{1,4096}$")]
    verify_token: Option<SecretString>,
    #[schema(value_type = Option<words::MediaPolicy>)]
    media_policy: Option<MediaPolicy>,
}

impl NewWhatsappAccount {
    /// Where it is at AWS: all of it, or nothing.
    fn aws(&mut self) -> Result<Option<AwsSettings>, Problem> {
        let given = [
            ("awsPhoneNumberId", self.aws_phone_number_id.take()),
            ("awsRegion", self.aws_region.take()),
            ("awsBucket", self.aws_bucket.take()),
            ("awsTopicArn", self.aws_topic_arn.take()),
        ];
        if given.iter().all(|(_, value)| value.is_none()) {
            return Ok(None);
        }
        let needed = |(field, value): (&'static str, Option<String>)| {
            value.ok_or_else(|| {
                mediary_core::Error::invalid(field, "is needed with the others of AWS's settings")
            })
        };
        let [phone_number_id, region, bucket, topic_arn] = given.map(needed);
        Ok(Some(AwsSettings {
            phone_number_id: phone_number_id?,
            region: region?,
            bucket: bucket?,
            topic_arn: topic_arn?,
        }))
    }
}

/// What changes; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WhatsappAccountChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 200,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$"
    )]
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, pattern = "^[0-9]{1,32}$")]
    waba_id: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, max_length = 32, pattern = "^[-0-9+(). ]*[0-9][-0-9+(). ]*$")]
    display_phone_number: Option<String>,
    /// A new token makes the account active again, and its downloads resume. One that WhatsApp refuses is not taken.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, nullable = false, pattern = "^[!-~]{1,4096}$")]
    access_token: Option<SecretString>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, nullable = false, pattern = "^[!-~]{1,4096}$")]
    app_secret: Option<SecretString>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, nullable = false, pattern = "^[!-~]{1,4096}$")]
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
    /// For the provider `aws`.
    #[serde(default, deserialize_with = "given")]
    #[schema(
        nullable = false,
        min_length = 3,
        max_length = 63,
        pattern = "^[a-z0-9]([.]?[-a-z0-9]){0,61}[.]?[a-z0-9]$"
    )]
    aws_bucket: Option<String>,
    /// For the provider `aws`.
    #[serde(default, deserialize_with = "given")]
    #[schema(
        nullable = false,
        pattern = "^arn:aws:sns:[a-z]{2,9}(-[a-z]{2,9}){1,2}-[0-9]{1,2}:[0-9]{12}:[-_a-zA-Z0-9]{1,256}$"
    )]
    aws_topic_arn: Option<String>,
}

/// WhatsApp accounts
#[utoipa::path(get, path = "/api/whatsapp-accounts", tag = "WhatsApp accounts", params(Paging),
    responses((status = 200, body = Page<Account>), (status = 403, body = ProblemBody)))]
async fn list_accounts(
    State(app): State<App>,
    may: May<rights::ManageAccounts>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Account>>, Problem> {
    let page = app.store().accounts(may.caller().company_id, &paging.into()).await?;
    Ok(Json(Page::of(page, &may.caller().role.into())))
}

/// One WhatsApp account
#[utoipa::path(get, path = "/api/whatsapp-accounts/{id}", tag = "WhatsApp accounts", params(("id" = i64, Path)),
    responses((status = 200, body = Account), (status = 404, body = ProblemBody)))]
async fn get_account(
    State(app): State<App>,
    may: May<rights::ManageAccounts>,
    Id(id): Id<AccountId>,
) -> Result<Json<Account>, Problem> {
    let row = app.store().account(may.caller().company_id, id).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(Account::shape(row, &may.caller().role.into())))
}

/// Add a WhatsApp account
///
/// The number is added only if WhatsApp says that the access token may use it. The answer does
/// not tell whether another company has it already.
#[utoipa::path(post, path = "/api/whatsapp-accounts", tag = "WhatsApp accounts", request_body = NewWhatsappAccount,
    responses((status = 201, body = Account), (status = 400, body = ProblemBody), (status = 409, body = ProblemBody),
    (status = 502, description = "WhatsApp could not be asked; nothing was added.", body = ProblemBody),
    (status = 503, description = "WhatsApp asks to wait; nothing was added.", body = ProblemBody),
    (status = 504, description = "WhatsApp did not answer in time; nothing was added.", body = ProblemBody)))]
async fn create_account(
    State(app): State<App>,
    may: May<rights::ManageAccounts>,
    Peer(address): Peer,
    Body(mut new): Body<NewWhatsappAccount>,
) -> Result<(StatusCode, Json<Account>), Problem> {
    let aws = new.aws()?;
    let draft = AccountDraft {
        aws,
        provider: new.provider.unwrap_or(Provider::Meta),
        phone_number_id: new.phone_number_id,
        waba_id: new.waba_id,
        display_phone_number: new.display_phone_number,
        name: new.name,
        access_token: new.access_token,
        app_secret: new.app_secret,
        verify_token: new.verify_token,
        media_policy: new.media_policy,
    };
    let by = may.caller().actor(address);
    let bound = app.engine().connect_number(may.caller().company_id, &draft, Proof::Required, &by).await?;
    let row = bound.account;
    Ok((StatusCode::CREATED, Json(Account::shape(row, &may.caller().role.into()))))
}

/// Change a WhatsApp account
#[utoipa::path(patch, path = "/api/whatsapp-accounts/{id}", tag = "WhatsApp accounts", params(("id" = i64, Path)),
    request_body = WhatsappAccountChange,
    responses((status = 200, body = Account), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody),
    (status = 409, description = "WhatsApp refuses the token.", body = ProblemBody)))]
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
        aws_bucket: change.aws_bucket,
        aws_topic_arn: change.aws_topic_arn,
    };
    let by = may.caller().actor(address);
    let row = app.engine().change_account(may.caller().company_id, id, &change, &by).await?.account;
    Ok(Json(Account::shape(row, &may.caller().role.into())))
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
    let by = may.caller().actor(address);
    app.engine().accounts().update(may.caller().company_id, id, &change, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use mediary_core::Role;
    use mediary_testing::installation::ACCESS_TOKEN;
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{House, request, with_json};

    #[tokio::test]
    async fn account_is_added_changed_and_disabled_without_showing_its_secrets() {
        let house = House::with_whatsapp().await;
        let company = house.company("acme").await;
        let admin = company.key(Role::Admin);
        let new = json!({"phoneNumberId": "777", "name": "Sales", "accessToken": ACCESS_TOKEN, "verifyToken": "secret-2"});
        let answer = house.post("/api/whatsapp-accounts", admin, &new).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
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
        assert_eq!(change(json!({"accessToken": "refused"})).await.code(), "conflict");
        let disable = request("DELETE", &path, Some(admin)).body(axum::body::Body::empty()).unwrap();
        assert_eq!(house.send(disable).await.status, StatusCode::NO_CONTENT);
        let list = String::from_utf8(house.get("/api/whatsapp-accounts", admin).await.body.to_vec()).unwrap();
        assert!(!list.contains("secret-") && !list.contains(ACCESS_TOKEN));
        assert_eq!(house.get(&path, admin).await.json()["status"], "disabled");
    }

    #[tokio::test]
    async fn number_is_bound_only_after_whatsapp_confirms_it() {
        let house = House::with_whatsapp().await;
        let (ours, theirs) = (house.company("ours").await, house.company("theirs").await);
        let claim =
            async |body: Value| house.post("/api/whatsapp-accounts", ours.key(Role::Admin), &body).await;
        let (taken, free) = (theirs.phone_number_id.as_str(), "999");
        for (token, code) in [(json!(null), "validation_error"), (json!("refused"), "conflict")] {
            let new =
                |number: &str| json!({"phoneNumberId": number, "name": "Mine now", "accessToken": token});
            let (taken, free) = (claim(new(taken)).await, claim(new(free)).await);
            assert_eq!(taken.code(), code);
            let said = |answer: &crate::testing::Answer| {
                let body = answer.json();
                (answer.status, body["detail"].clone(), body["errors"].clone())
            };
            assert_eq!(said(&taken), said(&free), "the answer tells who has a number");
        }
        let proved = json!({"phoneNumberId": taken, "name": "Mine now", "accessToken": ACCESS_TOKEN});
        let answer = claim(proved).await;
        assert_eq!(answer.code(), "conflict");
        assert!(!answer.json()["detail"].as_str().unwrap().contains("theirs"));
        assert_eq!(house.store.accounts(ours.id, &Default::default()).await.unwrap().items.len(), 1);
    }

    #[tokio::test]
    async fn number_is_not_bound_while_whatsapp_cannot_be_asked() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let new = json!({"phoneNumberId": "777", "name": "Sales", "accessToken": ACCESS_TOKEN});
        let answer = house.post("/api/whatsapp-accounts", company.key(Role::Admin), &new).await;
        assert_eq!(
            (answer.code().as_str(), answer.status),
            ("provider_unavailable", StatusCode::BAD_GATEWAY)
        );
        assert_eq!(answer.json()["retryable"], true);
        assert!(answer.json()["detail"].as_str().unwrap().contains("could not be asked"));
        assert!(house.store.account_by_phone_number_id(company.id, "777").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn account_fields_are_checked_by_name_and_limit() {
        let house = House::with_whatsapp().await;
        let company = house.company("acme").await;
        let admin = company.key(Role::Admin);
        let good = json!({"phoneNumberId": "777", "name": "Sales", "accessToken": ACCESS_TOKEN});
        let path = format!("/api/whatsapp-accounts/{}", company.account.0);
        let table = [
            ("provider", json!("twilio")),
            ("phoneNumberId", json!("")),
            ("phoneNumberId", json!("x/../y")),
            ("phoneNumberId", json!("9".repeat(5000))),
            ("phoneNumberId", json!(777)),
            ("phoneNumberId", json!(null)),
            ("wabaId", json!("")),
            ("wabaId", json!("9".repeat(33))),
            ("name", json!("")),
            ("name", json!("x".repeat(100_000))),
            ("name", json!("Sales\u{7}")),
            ("displayPhoneNumber", json!("call us")),
            ("accessToken", json!("EAA\n")),
            ("appSecret", json!("two words")),
            ("verifyToken", json!("x".repeat(4097))),
            ("mediaPolicy", json!("keep")),
            ("token", json!("x")),
        ];
        for (field, value) in table {
            let mut body = good.clone();
            body[field] = value.clone();
            let answer = house.post("/api/whatsapp-accounts", admin, &body).await;
            assert_eq!(answer.field(), field, "{answer:?}");
            assert!(answer.body.len() < 1000, "the value is not repeated");
            let answer = house.send(with_json("PATCH", &path, Some(admin), &json!({field: value}))).await;
            assert_eq!(answer.field(), field, "{answer:?}");
        }
    }
}
