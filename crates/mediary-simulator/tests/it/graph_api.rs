//! Paths, tokens, media ids and error answers.

use std::time::Duration;

use mediary_simulator::{AccountSpec, MediaSpec, Route, Simulator, SimulatorConfig, TokenState};
use mediary_testing::files::sha256;
use mediary_testing::installation::{ACCESS_TOKEN, PHONE_NUMBER_ID, VERIFY_TOKEN, WABA_ID};
use serde_json::json;

use crate::harness::{NOW, Receiver, answer, call, client, config, error_of, image, post, start, url};

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

#[tokio::test]
async fn media_id_resolves_under_any_version_and_none() {
    let simulator = start().await;
    let (id, bytes) = image(&simulator).await;
    for path in [format!("/v23.0/{id}"), format!("/v99.1/{id}/"), format!("/{id}"), format!("//{id}")] {
        let url = format!("{}{path}", simulator.base_url().as_str().trim_end_matches('/'));
        let (status, body) = answer(client().get(url).bearer_auth(ACCESS_TOKEN)).await;
        assert_eq!((status, &body["id"]), (200, &json!(id)), "{path}");
        assert_eq!(body["messaging_product"], "whatsapp");
        assert_eq!(body["mime_type"], "image/jpeg");
        assert_eq!(body["file_size"], bytes.len(), "real answers have a number");
        assert_eq!(body["sha256"], sha256(&bytes).to_string(), "hexadecimal here, base64 in webhooks");
    }
    assert_eq!(simulator.stats().requests(Route::ResolveMedia), 4);
    assert_eq!(simulator.media_stats(&id).resolves, 4);
}

#[tokio::test]
async fn file_size_can_be_a_text_as_in_the_documentation() {
    let simulator = start().await;
    let mut options = simulator.options();
    options.media.file_size_as_text = true;
    simulator.set_options(options).unwrap();
    let (id, bytes) = image(&simulator).await;
    assert_eq!(call(&simulator, &format!("/{id}")).await.1["file_size"], bytes.len().to_string());
}

#[tokio::test]
async fn url_lives_five_minutes_and_says_until_when() {
    let simulator = start().await;
    let (id, _) = image(&simulator).await;
    let (_, body) = call(&simulator, &format!("/{id}")).await;
    let url = url::Url::parse(body["url"].as_str().unwrap()).unwrap();
    assert_eq!(url.path(), "/whatsapp_business/attachments/");
    let of = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    assert_eq!(of("mid").as_deref(), Some(id.as_str()));
    assert_eq!(of("ext"), Some((NOW + 302).to_string()));
    assert!(of("hash").is_some() && of("source").is_some());
}

#[tokio::test]
async fn object_that_is_gone_foreign_or_unknown_is_100_33() {
    let simulator = start().await;
    let (old, _) = image(&simulator).await;
    simulator.advance(WEEK);
    let (deleted, _) = image(&simulator).await;
    let (foreign, _) = image(&simulator).await;
    let request = client().delete(url(&simulator, &format!("/v23.0/{deleted}"))).bearer_auth(ACCESS_TOKEN);
    assert_eq!(answer(request).await, (200, json!({"success": true})));
    for path in [old, deleted, "42".to_owned(), format!("{foreign}?phone_number_id=42")] {
        let (status, body) = call(&simulator, &format!("/v23.0/{path}")).await;
        assert_eq!((status, error_of(&body)), (400, (100, Some(33))), "{path}");
        assert_eq!(body["error"]["type"], "GraphMethodException");
    }
    assert_eq!(call(&simulator, &format!("/v23.0/{foreign}?phone_number_id={PHONE_NUMBER_ID}")).await.0, 200);
}

#[tokio::test]
async fn media_from_webhooks_lives_seven_days_on_the_simulators_clock() {
    let simulator = start().await;
    let (id, _) = image(&simulator).await;
    simulator.advance(WEEK - Duration::from_secs(1));
    assert_eq!(call(&simulator, &format!("/{id}")).await.0, 200);
    simulator.advance(Duration::from_secs(1));
    assert_eq!(call(&simulator, &format!("/{id}")).await.0, 400);
}

#[tokio::test]
async fn tokens_are_refused_with_the_code_that_says_why() {
    let simulator = Simulator::start(SimulatorConfig { access_token: Some(ACCESS_TOKEN.into()), ..config() })
        .await
        .unwrap();
    let (id, _) = image(&simulator).await;
    let path = url(&simulator, &format!("/v23.0/{id}"));
    let get = |token: &'static str| answer(client().get(path.clone()).bearer_auth(token));
    assert_eq!(answer(client().get(path.clone())).await.0, 401);
    assert_eq!(error_of(&answer(client().get(path.clone())).await.1).0, 0);
    assert_eq!(error_of(&get("other").await.1), (190, None));
    assert_eq!(get(ACCESS_TOKEN).await.0, 200);
    simulator.set_token(ACCESS_TOKEN, TokenState::Expired).unwrap();
    assert_eq!(error_of(&get(ACCESS_TOKEN).await.1), (190, Some(463)));
    simulator.set_token("renewed", TokenState::Valid).unwrap();
    assert_eq!(get("renewed").await.0, 200);
    let by_query = format!("{path}?access_token=renewed");
    assert_eq!(answer(client().get(by_query)).await.0, 200);
}

#[tokio::test]
async fn account_with_its_own_token_hides_from_others() {
    let simulator = start().await;
    let account = AccountSpec {
        phone_number_id: "555".to_owned(),
        waba_id: "777".to_owned(),
        access_token: Some("its-own".into()),
        ..AccountSpec::default()
    };
    simulator.put_account(account).unwrap();
    let media = simulator.add_media(&MediaSpec::bytes("x", "text/plain").of("555")).await.unwrap();
    for path in [format!("/{}", media.id), "/555".to_owned(), "/777".to_owned()] {
        assert_eq!(error_of(&call(&simulator, &path).await.1), (100, Some(33)), "{path}");
        let own = client().get(url(&simulator, &path)).bearer_auth("its-own");
        assert_eq!(answer(own).await.0, 200, "{path}");
    }
}

#[tokio::test]
async fn numbers_and_business_accounts_can_be_read() {
    let simulator = start().await;
    let (_, number) =
        call(&simulator, &format!("/v23.0/{PHONE_NUMBER_ID}?fields=id,display_phone_number")).await;
    assert_eq!(
        (&number["id"], &number["display_phone_number"]),
        (&json!(PHONE_NUMBER_ID), &json!("+15550783881"))
    );
    let (_, numbers) = call(&simulator, &format!("/v23.0/{WABA_ID}/phone_numbers")).await;
    assert_eq!(numbers["data"][0]["id"], PHONE_NUMBER_ID);
    assert_eq!(numbers["paging"]["next"], json!(null));
    let (_, no_list) = call(&simulator, &format!("/v23.0/{PHONE_NUMBER_ID}/phone_numbers")).await;
    assert_eq!(error_of(&no_list), (100, Some(33)), "a number has no numbers");
    let (_, templates) = call(&simulator, &format!("/v14.0/{WABA_ID}/message_templates")).await;
    assert_eq!(templates["data"][0]["name"], "hello_world");
    let (status, body) = call(&simulator, &format!("/v23.0/{PHONE_NUMBER_ID}/nonsense/path")).await;
    assert_eq!((status, error_of(&body).0), (400, 2500));
}

#[tokio::test]
async fn numbers_of_a_business_account_are_given_in_pages() {
    let simulator = start().await;
    for number in 0..3 {
        let account = AccountSpec { phone_number_id: format!("90{number}"), ..AccountSpec::default() };
        simulator.put_account(AccountSpec { waba_id: "900".to_owned(), ..account }).unwrap();
    }
    let page = async |query: &str| call(&simulator, &format!("/v23.0/900/phone_numbers?{query}")).await.1;
    let first = page("limit=2").await;
    assert_eq!(first["data"].as_array().unwrap().len(), 2);
    assert!(first["paging"]["next"].is_string(), "{first}");
    let last =
        page(&format!("limit=2&after={}", first["paging"]["cursors"]["after"].as_str().unwrap())).await;
    assert_eq!((&last["data"][0]["id"], &last["paging"]["next"]), (&json!("902"), &json!(null)));
    assert_eq!(error_of(&page("after=x").await).0, 100);
}

#[tokio::test]
async fn callback_override_counts_once_it_is_verified() {
    let simulator = start().await;
    let receiver = Receiver::start().await;
    let apps = format!("/v23.0/{WABA_ID}/subscribed_apps");
    let body = json!({"override_callback_uri": receiver.url, "verify_token": "wrong"});
    assert_eq!(post(&simulator, &apps, &body).await.0, 400);
    let body = json!({"override_callback_uri": receiver.url, "verify_token": VERIFY_TOKEN});
    assert_eq!(post(&simulator, &apps, &body).await, (200, json!({"success": true})));
    let (_, listed) = call(&simulator, &apps).await;
    assert_eq!(listed["data"][0]["override_callback_uri"], receiver.url.as_str());
    simulator.send(&mediary_simulator::MessageSpec::text("hello")).await.unwrap();
    receiver.wait_for(1).await;

    let own = Receiver::start().await;
    let body =
        json!({"webhook_configuration": {"override_callback_uri": own.url, "verify_token": VERIFY_TOKEN}});
    assert_eq!(post(&simulator, &format!("/v23.0/{PHONE_NUMBER_ID}"), &body).await.0, 200);
    simulator.send(&mediary_simulator::MessageSpec::text("hello")).await.unwrap();
    own.wait_for(1).await;
    assert_eq!(receiver.received().len(), 1, "the number's own callback wins");
}

#[tokio::test]
async fn resumable_upload_resumes_where_it_stopped() {
    let simulator = start().await;
    let start = url(&simulator, "/v23.0/123/uploads?file_length=6&file_type=image/png&file_name=a.png");
    let (_, session) = answer(client().post(start).bearer_auth(ACCESS_TOKEN)).await;
    let path = format!("{}v23.0/{}", simulator.base_url(), session["id"].as_str().unwrap());
    let send = |offset: u64, body: &'static str| {
        let request = client().post(&path).header("Authorization", format!("OAuth {ACCESS_TOKEN}"));
        answer(request.header("file_offset", offset.to_string()).body(body))
    };
    assert_eq!(send(0, "abc").await.1["file_offset"], 3);
    assert_eq!(send(0, "abc").await.0, 400, "the offset must be the session's");
    let (_, state) =
        answer(client().get(&path).header("Authorization", format!("OAuth {ACCESS_TOKEN}"))).await;
    assert_eq!(state["file_offset"], 3);
    assert!(send(3, "def").await.1["h"].is_string());
}
