//! Who may put webhooks into the inbox, and whose items are taken from them.

use std::collections::HashSet;
use std::error::Error as _;

use bytes::Bytes;
use mediary_core::{ErrorCode, Scope};
use mediary_engine::{AccountChange, AccountDraft, UnsignedReason};
use mediary_graph::{ADDRESSEES_MAX, sign};
use mediary_store::{AccountPatch, Actor};
use mediary_testing::installation::{APP_SECRET, PHONE_NUMBER_ID, VERIFY_TOKEN, WABA_ID};
use mediary_testing::rows::new_company;
use mediary_testing::whatsapp::{body, change, message, signature_of, text, webhook};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::harness::{World, draft};

const INSTALLATION: &str = "the-installations-secret";

async fn world() -> World {
    World::with(|config| {
        config.installation_app_secret = Some(SecretString::from(INSTALLATION));
        config.installation_verify_token = Some(SecretString::from("the installation's token"));
    })
    .await
}

async fn accept(world: &World, body: &str, secret: &str) -> Result<(), ErrorCode> {
    let signature = sign(body.as_bytes(), secret.as_bytes());
    let accepted = world.engine.accept(Some(&signature), Bytes::from(body.to_owned())).await;
    accepted.map(|_| ()).map_err(|error| error.code())
}

async fn inbox(world: &World) -> u64 {
    world.store.inbox_depth().await.unwrap().waiting
}

/// Texts of all messages of our company and another one.
async fn texts(world: &World) -> Vec<String> {
    world.engine.run_due().await.unwrap();
    let mut texts = Vec::new();
    for company in world.store.list_companies().await.unwrap() {
        let conversations =
            world.store.conversations(&Scope::system(company.id), &Default::default()).await.unwrap();
        for conversation in conversations.items {
            let page = world
                .store
                .messages(&Scope::system(company.id), conversation.id, &Default::default())
                .await
                .unwrap();
            texts.extend(page.items.into_iter().filter_map(|item| item.message.text));
        }
    }
    texts.sort();
    texts
}

/// One text message to each of these numbers.
fn to_numbers(numbers: &[&str]) -> String {
    let changes: Vec<Value> = numbers
        .iter()
        .map(|number| {
            let text = text(&format!("wamid.{number}"), &format!("to {number}"));
            let mut change = change("messages", json!({"messages": [text]}));
            change["value"]["metadata"]["phone_number_id"] = (*number).into();
            change
        })
        .collect();
    body(&[changes]).to_string()
}

async fn add_account(world: &World, slug: &str, number: &str, app_secret: Option<&str>) {
    let company = world.store.add_company(&new_company(slug)).await.unwrap().id;
    let draft = AccountDraft { app_secret: app_secret.map(SecretString::from), ..draft(number) };
    world.engine.accounts().create(company, &draft, &Actor::command_line()).await.unwrap();
}

#[tokio::test]
async fn webhook_needs_the_right_signature() {
    let world = world().await;
    let body = webhook(message("wamid.1", "text", json!({"body": "hello"}))).to_string();
    for wrong in ["another secret", "", INSTALLATION] {
        assert_eq!(accept(&world, &body, wrong).await, Err(ErrorCode::Unauthorized), "{wrong:?}");
    }
    let unsigned = world.engine.accept(None, Bytes::from(body.clone())).await;
    assert_eq!(unsigned.unwrap_err().code(), ErrorCode::Unauthorized);
    let of_another_body = signature_of(b"{}");
    let error = world.engine.accept(Some(&of_another_body), Bytes::from(body.clone())).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Unauthorized);
    assert_eq!(inbox(&world).await, 0, "nothing of it is kept");
    accept(&world, &body, APP_SECRET).await.unwrap();
    assert_eq!(inbox(&world).await, 1);
    assert_eq!(texts(&world).await, ["hello"]);
}

#[tokio::test]
async fn signature_counts_for_accounts_with_its_secret_alone() {
    let world = world().await;
    add_account(&world, "other", "2222", Some("their-secret")).await;
    add_account(&world, "plain", "3333", None).await;
    let body = to_numbers(&[PHONE_NUMBER_ID, "2222", "3333"]);
    accept(&world, &body, "their-secret").await.unwrap();
    assert_eq!(texts(&world).await, ["to 2222"]);
    accept(&world, &body, INSTALLATION).await.unwrap();
    assert_eq!(texts(&world).await, ["to 2222", "to 3333"]);
    accept(&world, &body, APP_SECRET).await.unwrap();
    assert_eq!(texts(&world).await.len(), 3);
}

#[tokio::test]
async fn body_that_names_a_waba_alone_may_be_signed_by_any_account_of_it() {
    let world = world().await;
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": WABA_ID, "changes": [
        {"field": "message_template_status_update", "value": {"event": "APPROVED"}}]}]});
    accept(&world, &body.to_string(), APP_SECRET).await.unwrap();
    assert_eq!(accept(&world, &body.to_string(), INSTALLATION).await, Err(ErrorCode::Unauthorized));
}

#[tokio::test]
async fn body_that_names_no_account_needs_the_secret_of_the_installation() {
    let world = world().await;
    let unknown = to_numbers(&["999"]);
    for body in ["not JSON", "{}", "[]", &unknown] {
        assert_eq!(accept(&world, body, APP_SECRET).await, Err(ErrorCode::Unauthorized), "{body}");
        accept(&world, body, INSTALLATION).await.unwrap();
    }
    assert!(texts(&world).await.is_empty());
    assert_eq!(inbox(&world).await, 0, "all of it is dealt with");
}

#[tokio::test]
async fn body_that_names_no_account_is_refused_without_a_secret_of_the_installation() {
    let world = World::new().await;
    assert_eq!(accept(&world, "{}", "").await, Err(ErrorCode::Unauthorized));
}

#[tokio::test]
async fn signed_body_full_of_tiny_updates_is_refused_before_it_is_kept() {
    let world = world().await;
    let body = |items: &[&str]| {
        let value = json!({"metadata": {"phone_number_id": PHONE_NUMBER_ID}}).to_string();
        let value = value.replacen('{', &format!("{{\"messages\":[{}],", items.join(",")), 1);
        format!(r#"{{"entry":[{{"id":"{WABA_ID}","changes":[{{"field":"messages","value":{value}}}]}}]}}"#)
    };
    assert_eq!(accept(&world, &body(&["1"; 2000]), APP_SECRET).await, Err(ErrorCode::PayloadTooLarge));
    assert_eq!(inbox(&world).await, 0);
    assert_eq!(accept(&world, &body(&["1"; 2000]), "no secret").await, Err(ErrorCode::Unauthorized));
    accept(&world, &body(&["1"; 50]), APP_SECRET).await.unwrap();
}

#[tokio::test]
async fn body_for_more_numbers_than_whatsapp_sends_is_refused() {
    let world = world().await;
    let mut numbers: Vec<String> = (0..ADDRESSEES_MAX).map(|n| n.to_string()).collect();
    numbers[0] = PHONE_NUMBER_ID.into();
    let body = |numbers: &[String]| to_numbers(&numbers.iter().map(String::as_str).collect::<Vec<_>>());
    accept(&world, &body(&numbers), APP_SECRET).await.unwrap();
    numbers.push("one more".into());
    for secret in [APP_SECRET, INSTALLATION] {
        assert_eq!(accept(&world, &body(&numbers), secret).await, Err(ErrorCode::Unauthorized));
    }
    assert_eq!(texts(&world).await, [format!("to {PHONE_NUMBER_ID}")]);
}

#[tokio::test]
async fn signature_is_compared_with_sixteen_secrets_at_most() {
    let world = world().await;
    let numbers: Vec<String> = (100..117).map(|n| n.to_string()).collect();
    for number in &numbers {
        add_account(&world, &format!("c{number}"), number, Some(&format!("secret-of-{number}"))).await;
    }
    let body = to_numbers(&numbers.iter().map(String::as_str).collect::<Vec<_>>());
    accept(&world, &body, "secret-of-115").await.unwrap();
    assert_eq!(accept(&world, &body, "secret-of-116").await, Err(ErrorCode::Unauthorized));
    assert_eq!(texts(&world).await, ["to 115"]);
}

#[tokio::test]
async fn verification_accepts_any_of_our_tokens() {
    let world = world().await;
    for (token, known) in
        [(VERIFY_TOKEN, true), ("the installation's token", true), ("the verify toke", false), ("", false)]
    {
        assert_eq!(world.engine.verify_subscription(token).await.unwrap(), known, "{token:?}");
    }
    // What is remembered of the tokens is forgotten when there is another one.
    let draft = AccountDraft { verify_token: Some(SecretString::from("a-new-token")), ..draft("116") };
    let by = Actor::command_line();
    world.engine.accounts().create(world.company, &draft, &by).await.unwrap();
    assert!(world.engine.verify_subscription("a-new-token").await.unwrap());
}

#[tokio::test]
async fn webhook_for_a_number_that_is_added_later_is_read_then() {
    let world = world().await;
    accept(&world, &to_numbers(&["201", PHONE_NUMBER_ID, "202"]), INSTALLATION).await.unwrap();
    // Signed with the installation's secret, so it does not speak for the account that has its own.
    assert!(texts(&world).await.is_empty());
    assert_eq!(world.store.waiting_webhook_count().await.unwrap(), 3);
    let shared = AccountDraft { app_secret: None, ..draft("202") };
    world.engine.accounts().create(world.company, &shared, &Actor::command_line()).await.unwrap();
    assert_eq!(texts(&world).await, ["to 202"]);
    // A known number is read at once, whatever else the body names.
    accept(&world, &to_numbers(&["203", "202", "201"]).replace("wamid.202", "wamid.x"), INSTALLATION)
        .await
        .unwrap();
    assert_eq!(texts(&world).await, ["to 202", "to 202"]);
    // An account with a secret of its own takes nothing that the installation's signed.
    let by = Actor::command_line();
    let other = world.engine.accounts().create(world.company, &draft("201"), &by).await.unwrap().id;
    assert_eq!(texts(&world).await.len(), 2);
    assert_eq!(world.store.waiting_webhook_count().await.unwrap(), 4, "for 203, and two accounts' secrets");
    // Unless that was a wrong one.
    let secret = Some(SecretString::from(INSTALLATION));
    let right = AccountChange { app_secret: secret, ..AccountChange::default() };
    world.engine.accounts().update(world.company, other, &right, &by).await.unwrap();
    assert_eq!(texts(&world).await, ["to 201", "to 202", "to 202"]);
}

#[tokio::test]
async fn account_may_share_the_secret_of_the_installation() {
    let world = world().await;
    let given = |number| AccountDraft { app_secret: Some(SecretString::from(INSTALLATION)), ..draft(number) };
    accept(&world, &to_numbers(&["201"]), INSTALLATION).await.unwrap();
    assert!(texts(&world).await.is_empty());
    world.engine.accounts().create(world.company, &given("201"), &Actor::command_line()).await.unwrap();
    assert_eq!(texts(&world).await, ["to 201"], "what came before it is read");
    let shared = AccountDraft { app_secret: None, ..draft("202") };
    world.engine.accounts().create(world.company, &shared, &Actor::command_line()).await.unwrap();
    let both = to_numbers(&["201", "202"]).replace("wamid.", "wamid.x");
    accept(&world, &both, INSTALLATION).await.unwrap();
    assert_eq!(texts(&world).await.len(), 3, "it speaks for both");
}

#[tokio::test]
async fn body_for_an_unknown_number_must_be_signed_too() {
    let world = world().await;
    let body = to_numbers(&["201"]);
    assert_eq!(accept(&world, &body, "some secret").await, Err(ErrorCode::Unauthorized));
}

#[tokio::test]
async fn account_takes_earlier_webhooks_signed_with_its_secret_and_no_others() {
    let world = world().await;
    accept(&world, &to_numbers(&["201", "202", PHONE_NUMBER_ID]), APP_SECRET).await.unwrap();
    assert_eq!(texts(&world).await, [format!("to {PHONE_NUMBER_ID}")]);
    add_account(&world, "other", "201", Some("their-secret")).await;
    add_account(&world, "plain", "203", None).await;
    assert_eq!(texts(&world).await.len(), 1);
    // Another number of the same app.
    let same_app = AccountDraft { app_secret: Some(SecretString::from(APP_SECRET)), ..draft("202") };
    world.engine.accounts().create(world.company, &same_app, &Actor::command_line()).await.unwrap();
    assert_eq!(texts(&world).await, [format!("to {PHONE_NUMBER_ID}"), "to 202".to_owned()]);
    assert_eq!(world.store.waiting_webhook_count().await.unwrap(), 0);
}

#[tokio::test]
async fn disabled_account_ingests_nothing_until_it_is_active_again() {
    let world = world().await;
    let set = async |status| {
        let change = mediary_engine::AccountChange { status: Some(status), ..Default::default() };
        world
            .engine
            .accounts()
            .update(world.company, world.account, &change, &Actor::command_line())
            .await
            .unwrap();
    };
    set(mediary_core::AccountStatus::Disabled).await;
    accept(&world, &to_numbers(&[PHONE_NUMBER_ID]), APP_SECRET).await.unwrap();
    assert!(texts(&world).await.is_empty());
    set(mediary_core::AccountStatus::Active).await;
    assert_eq!(texts(&world).await, [format!("to {PHONE_NUMBER_ID}")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_with_invented_numbers_finish_and_hold_up_no_other() {
    let world = world().await;
    for body in 0..3 {
        let invented: Vec<String> = (0..900).map(|number| format!("9{body}{number:06}")).collect();
        let mut numbers: Vec<&str> = invented.iter().map(String::as_str).collect();
        numbers.push(PHONE_NUMBER_ID);
        accept(&world, &to_numbers(&numbers), APP_SECRET).await.unwrap();
    }
    let neighbour = to_numbers(&[PHONE_NUMBER_ID]).replace("wamid.", "wamid.neighbour.");
    accept(&world, &neighbour, APP_SECRET).await.unwrap();
    // As slow as a database far away: whatever was looked up is old by the next batch.
    let clock = world.clock.clone();
    let turning = tokio::spawn(async move {
        loop {
            clock.advance(std::time::Duration::from_millis(500));
            tokio::task::yield_now().await;
        }
    });
    let read = tokio::time::timeout(std::time::Duration::from_secs(60), texts(&world)).await;
    turning.abort();
    assert_eq!(read.expect("an end").len(), 2);
    assert_eq!(inbox(&world).await, 0);
}

#[tokio::test]
async fn secret_that_cannot_be_read_affects_its_account_alone() {
    let world = world().await;
    add_account(&world, "other", "2222", Some("their-secret")).await;
    add_account(&world, "plain", "3333", None).await;
    let damaged = || Some(vec![2; 40]);
    let patch = AccountPatch {
        access_token: damaged(),
        app_secret: damaged(),
        verify_token: damaged(),
        ..AccountPatch::default()
    };
    let row = world
        .store
        .update_account(world.company, world.account, &patch, &Actor::command_line())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        world.engine.accounts().unreadable_secrets(&row),
        ["access_token", "app_secret", "verify_token"],
        "doctor names them"
    );
    assert!(world.engine.verify_subscription(VERIFY_TOKEN).await.unwrap(), "the other accounts' tokens");
    // Whatever was cached is forgotten.
    world
        .engine
        .accounts()
        .update(world.company, world.account, &AccountChange::default(), &Actor::command_line())
        .await
        .unwrap();
    let sign =
        async |number: &str, secret: &str| accept(&world, &to_numbers(&[number, "2222"]), secret).await;
    sign(PHONE_NUMBER_ID, "their-secret").await.unwrap();
    assert_eq!(
        sign(PHONE_NUMBER_ID, INSTALLATION).await,
        Err(ErrorCode::Unauthorized),
        "the installation's secret does not speak for an account that has its own"
    );
    sign("3333", INSTALLATION).await.unwrap();
}

#[tokio::test]
async fn refusal_logs_what_the_operator_has_to_correct() {
    let why = async |world: &World, body: &str, secret: &str| {
        let signature = sign(body.as_bytes(), secret.as_bytes());
        let error = world.engine.accept(Some(&signature), Bytes::from(body.to_owned())).await.unwrap_err();
        let why = *error.source().unwrap().downcast_ref::<UnsignedReason>().unwrap();
        (error.to_string(), why)
    };
    let mut said = HashSet::new();
    let (with_secret, without) = (world().await, World::new().await);
    for world in [&with_secret, &without] {
        add_account(world, "plain", "3333", None).await;
    }
    let (known, plain, nobodys) =
        (to_numbers(&[PHONE_NUMBER_ID]), to_numbers(&["3333"]), to_numbers(&["999"]));
    for (world, body, expected) in [
        (&with_secret, &known, UnsignedReason::OtherSecret),
        (&with_secret, &plain, UnsignedReason::OtherSecret),
        (&without, &plain, UnsignedReason::NoSecret),
        (&with_secret, &nobodys, UnsignedReason::NoAccount),
        (&without, &nobodys, UnsignedReason::NoAccountNorSecret),
    ] {
        let (told, why) = why(world, body, "another secret").await;
        assert_eq!(why, expected);
        said.insert(told);
    }
    let unreadable = AccountPatch { app_secret: Some(vec![1, 2, 3]), ..AccountPatch::default() };
    let (company, account) = (without.company, without.account);
    without.store.update_account(company, account, &unreadable, &Actor::command_line()).await.unwrap();
    without.advance(std::time::Duration::from_secs(1));
    let fresh = without.another_engine();
    let signature = signature_of(&known);
    let error = fresh.accept(Some(&signature), Bytes::from(known.clone())).await.unwrap_err();
    assert_eq!(error.source().unwrap().downcast_ref(), Some(&UnsignedReason::UnreadableSecret));
    said.insert(error.to_string());
    assert_eq!(said.len(), 1, "strangers learn no reason: {said:?}");
}
