//! The form of 360dialog.

use http::StatusCode;
use mediary_core::Provider;
use mediary_simulator::{AccountSpec, MessageSpec, SimulatorConfig, TokenState};
use mediary_testing::installation::{ACCESS_TOKEN, APP_SECRET, PHONE_NUMBER_ID};
use serde_json::json;

use crate::harness::{answer, call, client, image, start_with_receiver, url};

const KEY: &str = "a-key";

fn at_360dialog(config: &mut SimulatorConfig) {
    config.accounts[0] = AccountSpec { provider: Provider::Dialog360, ..AccountSpec::default() };
}

#[tokio::test]
async fn calls_name_no_number_and_have_a_key_in_place_of_the_token() {
    let (simulator, _receiver) = start_with_receiver(at_360dialog).await;
    let (id, bytes) = image(&simulator).await;
    let get = |path: &str| client().get(url(&simulator, path)).header("d360-api-key", KEY);
    let (status, info) = answer(get(&format!("/{id}"))).await;
    assert_eq!((status, &info["id"]), (200, &json!(id)));
    let media: url::Url = info["url"].as_str().unwrap().parse().unwrap();
    assert_eq!(media.host_str(), Some("lookaside.fbsbx.com"), "which takes no key");
    let here = format!("{}?{}", media.path(), media.query().unwrap());
    assert_eq!(get(&here).send().await.unwrap().bytes().await.unwrap(), bytes);
    let with_token = client().get(url(&simulator, &here)).bearer_auth(ACCESS_TOKEN);
    assert_eq!(with_token.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(call(&simulator, &format!("/{id}")).await.0, 400, "Meta's form is another account's");
    let text =
        json!({"messaging_product": "whatsapp", "to": "15550100001", "type": "text", "text": {"body": "hi"}});
    let sending = client().post(url(&simulator, "/messages")).header("d360-api-key", KEY).json(&text);
    assert_eq!(answer(sending).await.0, 200);
    assert_eq!(simulator.sent()[0].phone_number_id, PHONE_NUMBER_ID);
    let (_, health) = answer(get("/health_status")).await;
    assert_eq!(health["health_status"]["entities"][0]["id"], PHONE_NUMBER_ID);
    simulator.set_token(KEY, TokenState::Revoked).unwrap();
    let (status, refusal) = answer(get(&format!("/{id}"))).await;
    assert!(status == 401 && refusal["error"].is_string(), "not in Graph's words: {refusal}");
}

#[tokio::test]
async fn webhooks_are_not_signed_and_have_the_header_that_was_configured() {
    let (simulator, receiver) = start_with_receiver(at_360dialog).await;
    simulator.send(&MessageSpec::text("hello")).await.unwrap();
    let [post] = receiver.wait_for(1).await.try_into().unwrap();
    assert_eq!(post.headers["authorization"], format!("Bearer {APP_SECRET}"));
    assert!(!post.headers.contains_key("x-hub-signature-256"));
    assert_eq!(post.updates().len(), 1);
}
