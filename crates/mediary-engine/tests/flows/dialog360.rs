//! Webhooks from 360dialog, and numbers that are bound with its keys.

use bytes::Bytes;
use mediary_core::{ErrorCode, Provider};
use mediary_engine::{AccountChange, AccountDraft, Proof, WebhookSender};
use mediary_simulator::AccountSpec;
use mediary_store::Actor;
use mediary_testing::installation::{ACCESS_TOKEN, APP_SECRET, PHONE_NUMBER_ID, WABA_ID};
use mediary_testing::rows::new_company;
use mediary_testing::whatsapp::{signature_of, text, webhook};
use secrecy::SecretString;
use serde_json::json;

use crate::harness::{World, draft};

fn hello() -> Bytes {
    webhook(text("wamid.1", "hello")).to_string().into()
}

async fn refused(world: &World, secret: Option<&str>, body: Bytes) -> bool {
    let before = world.store.inbox_depth().await.unwrap().waiting;
    let answer = world.engine.accept_from(WebhookSender::Dialog360 { secret }, body).await;
    let kept = world.store.inbox_depth().await.unwrap().waiting - before;
    assert_eq!(kept, u64::from(answer.is_ok()));
    answer.is_err_and(|error| error.code() == ErrorCode::Unauthorized)
}

#[tokio::test]
async fn webhook_needs_the_secret_of_the_account_it_names() {
    let world = World::of(Provider::Dialog360).await;
    let theirs = world.store.add_company(&new_company("other")).await.unwrap().id;
    let other = AccountDraft {
        provider: Provider::Dialog360,
        app_secret: Some(SecretString::from("the-secret-of-another")),
        ..draft("2222")
    };
    world.engine.accounts().create(theirs, &other, &Actor::command_line()).await.unwrap();
    let signature = signature_of(hello());
    for wrong in [None, Some(""), Some("guess"), Some("the-secret-of-another"), Some(signature.as_str())] {
        assert!(refused(&world, wrong, hello()).await, "{wrong:?}");
    }
    for nobodys in ["{}", "not JSON", r#"{"entry":[{"id":"999"}]}"#] {
        assert!(refused(&world, Some(APP_SECRET), Bytes::from_static(nobodys.as_bytes())).await, "{nobodys}");
    }
    assert!(!refused(&world, Some(APP_SECRET), hello()).await);
    let of_the_waba = json!({"entry": [{"id": WABA_ID, "changes": [{"field": "x", "value": {}}]}]});
    assert!(!refused(&world, Some(APP_SECRET), of_the_waba.to_string().into()).await);
}

#[tokio::test]
async fn no_provider_speaks_for_the_accounts_of_another() {
    let ours = World::of(Provider::Dialog360).await;
    for secret in [APP_SECRET, "installation"] {
        let signature = mediary_graph::sign(&hello(), secret.as_bytes());
        let answer = ours.engine.accept(Some(&signature), hello()).await;
        assert_eq!(answer.unwrap_err().code(), ErrorCode::Unauthorized);
    }
    let metas = World::new().await;
    assert!(refused(&metas, Some(APP_SECRET), hello()).await, "it signs, and is not sent as it is");
}

#[tokio::test]
async fn secret_of_the_installation_does_not_speak_for_an_account_of_360dialog() {
    // Even where both are the same.
    let world = World::build(Provider::Dialog360, None, |config| {
        config.installation_app_secret = Some(SecretString::from(APP_SECRET));
    })
    .await;
    world.engine.accept(Some(&signature_of(hello())), hello()).await.unwrap();
    world.engine.run_due().await.unwrap();
    let scope = mediary_core::Scope::system(world.company);
    let conversations = world.store.conversations(&scope, &Default::default()).await.unwrap();
    assert!(
        conversations.items.is_empty(),
        "kept as any body of the installation's, and nothing of it is taken"
    );
}

#[tokio::test]
async fn number_is_bound_only_by_its_own_key() {
    let world = World::of(Provider::Dialog360).await;
    let key = |key: &str| Some(SecretString::from(key.to_owned()));
    let spec = AccountSpec {
        provider: Provider::Dialog360,
        phone_number_id: "2222".to_owned(),
        access_token: key("key-of-2222"),
        ..AccountSpec::default()
    };
    world.whatsapp.put_account(spec).unwrap();
    let ours = AccountSpec {
        provider: Provider::Dialog360,
        phone_number_id: PHONE_NUMBER_ID.to_owned(),
        access_token: key(ACCESS_TOKEN),
        ..AccountSpec::default()
    };
    world.whatsapp.put_account(ours).unwrap();
    let connect = async |draft: AccountDraft| {
        let by = Actor::command_line();
        world.engine.connect_number(world.company, &draft, Proof::Required, &by).await
    };
    let of_2222 = AccountDraft { provider: Provider::Dialog360, ..draft("2222") };
    for wrong in [ACCESS_TOKEN, "nobodys-key"] {
        let error = connect(AccountDraft { access_token: key(wrong), ..of_2222.clone() }).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Conflict, "{wrong}");
        assert!(error.detail().unwrap().contains("360dialog says"), "{error:?}");
    }
    let right = AccountDraft { access_token: key("key-of-2222"), ..of_2222.clone() };
    let error = connect(AccountDraft { app_secret: None, ..right.clone() }).await.unwrap_err();
    assert_eq!((error.code(), error.field()), (ErrorCode::ValidationError, Some("appSecret")));
    let error =
        connect(AccountDraft { app_secret: key("fifteen--chars."), ..right.clone() }).await.unwrap_err();
    assert_eq!(error.field(), Some("appSecret"));
    let bound = connect(AccountDraft { app_secret: key("sixteen---chars."), ..right }).await.unwrap();
    assert_eq!(bound.account.provider, Provider::Dialog360);
    let short = AccountChange { app_secret: key("fifteen--chars."), ..AccountChange::default() };
    let changed =
        world.engine.change_account(world.company, bound.account.id, &short, &Actor::command_line()).await;
    assert_eq!(changed.unwrap_err().field(), Some("appSecret"));
}
