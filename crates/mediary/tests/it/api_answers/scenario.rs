//! A company's day, from which each operation has something to answer.

use mediary_core::Provider;
use mediary_graph::sign;
use mediary_simulator::{
    AccountSpec, AwsSpec, FaultKind, FaultSpec, MediaSpec, MessageSpec, Place, TokenState,
};
use mediary_testing::eventually;
use mediary_testing::installation::{ACCESS_TOKEN, APP_SECRET, PASSWORD, PHONE_NUMBER_ID, VERIFY_TOKEN};
use mediary_testing::whatsapp::{incoming, signature_of, text};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{Answers, Ask};
use crate::harness::World;
use crate::sending::has_status;
use crate::webhook::webhook;

/// All messages are of one moment, so that their order is the one in which they were sent.
const SENT_AT: i64 = 1_790_000_000;
/// Of no record.
const NOWHERE: i64 = 999_999;

async fn send(world: &World, spec: MessageSpec, id: &str) {
    let spec = MessageSpec { id: Some(id.to_owned()), timestamp: Some(SENT_AT), ..spec };
    world.simulator.send(&spec).await.unwrap();
    world.delivered().await;
}

async fn picture(world: &World, seed: u64) -> MessageSpec {
    let media = world.simulator.add_media(&MediaSpec::generated(50_000, seed, "image/jpeg")).await.unwrap();
    MessageSpec::media("image", &media.id)
}

/// A text and a picture have arrived; the picture's message.
pub(super) async fn delivered(world: &World) -> Value {
    send(world, MessageSpec::text("hello *there*"), "wamid.text").await;
    send(world, picture(world, 1).await.caption("the harbour"), "wamid.image").await;
    // Nothing can be made of these bytes. Until that is known, the record may change between two answers.
    world.api().media_of("wamid.image", "what was made", |media| media["variantsError"].is_string()).await
}

pub(super) async fn operation(answers: &mut Answers<'_>) {
    answers.ask("alive").held().await;
    answers.ask("ready").held().await;
    answers.ask("me").held().await;
    answers.ask("me").by_a_stranger().refused("stranger").await;
    answers.ask("get_usage").held().await;
    answers.ask("get_usage").by_a_viewer().refused("viewer").await;
    answers.ask("get_storage_check").held().await;
    answers.ask("get_storage_check").by_a_viewer().refused("viewer").await;
    answers.ask("get_activity").held().await;
    answers.ask("get_activity").by_a_viewer().refused("viewer").await;
    answers.ask("listen_to_events").by_a_stranger().refused("stranger").await;
}

pub(super) async fn messages(answers: &mut Answers<'_>, message: &Value) {
    let (id, conversation) = (&message["id"], &message["conversationId"]);
    answers.ask("list_conversations").held().await;
    answers.ask("list_conversations").query("limit=0").refused("parameter").await;
    for operation in
        ["get_conversation", "list_messages", "list_conversation_media", "mark_conversation_read"]
    {
        answers.ask(operation).at(conversation).held().await;
        answers.ask(operation).at(NOWHERE).refused("not_found").await;
    }
    answers.ask("search").query("q=the").held().await;
    answers.ask("search").query("q=the&in=everything").refused("parameter").await;
    answers.ask("show_typing").at(conversation).refused("conflict").await;
    answers.ask("show_typing").at(NOWHERE).refused("not_found").await;
    for operation in ["get_message", "get_message_media"] {
        answers.ask(operation).at(id).held().await;
        answers.ask(operation).at(NOWHERE).refused("not_found").await;
    }
    answers.ask("get_message").at("nine").refused("path").await;
}

pub(super) async fn files(answers: &mut Answers<'_>, message: &Value) {
    let file = &message["media"]["id"];
    answers.ask("list_media").held().await;
    answers.ask("list_media").query("limit=0").refused("parameter").await;
    answers.ask("list_media").query("cursor=x").refused("cursor").await;
    answers.ask("list_media").by_a_stranger().refused("stranger").await;
    for operation in ["get_media", "get_media_status"] {
        answers.ask(operation).at(file).held().await;
        answers.ask(operation).at(NOWHERE).refused("not_found").await;
    }
    answers.ask("retry_media").given(json!({})).held().await;
    answers.ask("retry_media").given(json!({ "maxAttempts": 0 })).refused("field").await;
    answers.ask("download_media").at(file).refused("conflict").await;
}

pub(super) async fn links_and_bytes(answers: &mut Answers<'_>, message: &Value) {
    let file = &message["media"]["id"];
    answers.ask("sign_media_url").at(file).given(json!({})).held().await;
    answers.ask("sign_media_url").at(file).given(json!({ "expiresInSeconds": 0 })).refused("field").await;
    answers.ask("read_linked_file").at("not-a-link").refused("forged").await;
    answers.ask("create_archive").given(json!({ "ids": [file] })).held().await;
    answers.ask("create_archive").given(json!({ "ids": [] })).refused("field").await;
    answers.ask("create_archive").given(json!({ "ids": [NOWHERE] })).refused("not_found").await;
    answers.ask("read_archive").at("not-a-link").refused("forged").await;
    answers.ask("read_conversation_archive").at(NOWHERE).refused("not_found").await;
    answers.ask("read_message_file").at(NOWHERE).refused("not_found").await;
    answers.ask("read_whatsapp_file").at("1").refused("not_found").await;
}

/// Of a text nothing is made, so its record stays as it is.
pub(super) async fn library(answers: &mut Answers<'_>, message: &Value) {
    let form = "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nTerms\r\n\
        --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"terms.txt\"\r\n\r\nWe deliver.\r\n--b--\r\n";
    let ask = answers.ask("add_to_library").header("content-type", "multipart/form-data; boundary=b");
    let kept = ask.body(form.as_bytes().to_vec()).held().await;
    let again = json!({ "name": "Terms", "mediaId": message["media"]["id"] });
    answers.ask("add_to_library").given(again).refused("conflict").await;
    answers.ask("add_to_library").given(json!({ "mediaId": message["media"]["id"] })).refused("field").await;
    answers.ask("list_library").held().await;
    answers.ask("list_library").query("limit=0").refused("parameter").await;
    answers.ask("read_file").at(NOWHERE).refused("not_found").await;
    answers.ask("remove_from_library").at(&kept["id"]).by_a_viewer().refused("viewer").await;
    answers.ask("remove_from_library").at(&kept["id"]).held().await;
    answers.ask("remove_from_library").at(NOWHERE).refused("not_found").await;
}

pub(super) async fn api_keys(answers: &mut Answers<'_>) {
    answers.ask("list_api_keys").held().await;
    answers.ask("list_api_keys").by_a_viewer().refused("viewer").await;
    let made = answers.ask("create_api_key").given(json!({ "name": "crm", "role": "viewer" })).held().await;
    answers.ask("create_api_key").given(json!({ "name": "", "role": "viewer" })).refused("field").await;
    answers.ask("create_api_key").given(json!({ "name": "crm", "role": "boss" })).refused("word").await;
    answers.ask("create_api_key").given(json!([])).refused("body").await;
    answers.ask("create_api_key").given(json!({ "name": "crm", "role": "viewer" })).refused("conflict").await;
    answers.ask("revoke_api_key").at(&made["id"]).held().await;
    answers.ask("revoke_api_key").at(NOWHERE).refused("not_found").await;
}

pub(super) async fn people(answers: &mut Answers<'_>) {
    let person = |email: &str, role: &str| json!({ "email": email, "name": "Ana", "role": role, "password": PASSWORD });
    let ana = answers.ask("create_user").given(person("ana@acme.test", "admin")).held().await;
    answers.ask("create_user").given(person("Ana@acme.test", "agent")).refused("conflict").await;
    answers.ask("create_user").given(person("ana", "agent")).refused("field").await;
    answers.ask("get_user").at(&ana["id"]).held().await;
    answers.ask("get_user").at(NOWHERE).refused("not_found").await;
    answers.ask("change_user").at(&ana["id"]).given(json!({ "name": "Ana Lima" })).held().await;
    answers.ask("change_user").at(&ana["id"]).given(json!({ "password": "short" })).refused("field").await;
    answers.ask("list_users").held().await;
    answers.ask("list_users").by_a_viewer().refused("viewer").await;
    answers.ask("deactivate_user").at(&ana["id"]).refused("conflict").await;
    let new = person("ben@acme.test", "agent");
    let ben: Value = answers.world.api().post("/api/users", &new).await.json().await.unwrap();
    answers.ask("deactivate_user").at(&ben["id"]).held().await;
}

pub(super) async fn sessions(answers: &mut Answers<'_>) {
    let login = |password: &str| json!({ "email": "ana@acme.test", "password": password });
    answers.ask("login").by_a_stranger().given(login(PASSWORD)).held().await;
    answers.ask("login").by_a_stranger().given(login("a guess")).refused("wrong_password").await;
    let cookie = log_in(answers.world, &login(PASSWORD)).await;
    let mine = answers.ask("list_sessions").by_a_stranger().header("cookie", &cookie).held().await;
    answers.ask("list_sessions").by_a_stranger().refused("stranger").await;
    let same_origin = ("sec-fetch-site", "same-origin");
    for (id, why) in [(&mine["items"][1]["id"], None), (&json!(NOWHERE), Some("not_found"))] {
        let ask = answers.ask("end_session").at(id).by_a_stranger().header("cookie", &cookie);
        let ask = ask.header(same_origin.0, same_origin.1);
        match why {
            Some(why) => ask.refused(why).await,
            None => drop(ask.held().await),
        }
    }
    answers.ask("logout").held().await;
    answers.ask("logout").header("origin", "https://elsewhere.test").refused("other_site").await;
}

/// The cookie of a new session.
async fn log_in(world: &World, who: &Value) -> String {
    let request = world.api().stranger(reqwest::Method::POST, "/api/auth/login").json(who);
    let answer = request.send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

pub(super) async fn accounts(answers: &mut Answers<'_>) {
    let number = "300000000000003";
    let known = AccountSpec { phone_number_id: number.to_owned(), ..AccountSpec::default() };
    answers.world.simulator.put_account(known).unwrap();
    let account =
        |number: &str| json!({ "phoneNumberId": number, "name": "Sales", "accessToken": ACCESS_TOKEN });
    answers.ask("list_accounts").held().await;
    answers.ask("list_accounts").by_a_viewer().refused("viewer").await;
    let made = answers.ask("create_account").given(account(number)).held().await;
    answers.ask("create_account").given(account(PHONE_NUMBER_ID)).refused("conflict").await;
    answers.ask("create_account").given(account("+1 555")).refused("field").await;
    answers.ask("create_account").given(account("999")).refused("not_yours").await;
    answers.ask("get_account").at(&made["id"]).held().await;
    answers.ask("get_account").at(NOWHERE).refused("not_found").await;
    let change = json!({ "name": "Sales desk", "mediaPolicy": "on_view" });
    answers.ask("change_account").at(&made["id"]).given(change).held().await;
    answers.ask("change_account").at(&made["id"]).given(json!({ "status": "off" })).refused("field").await;
    answers.ask("check_account").at(&made["id"]).held().await;
    answers.ask("check_account").at(NOWHERE).refused("not_found").await;
    answers.ask("disable_account").at(&made["id"]).held().await;
    answers.ask("disable_account").at(NOWHERE).refused("not_found").await;
}

pub(super) async fn webhooks(answers: &mut Answers<'_>) {
    let query = "hub.mode=subscribe&hub.verify_token=the-verify-token-of-the-tests&hub.challenge=1158201444";
    assert!(query.contains(VERIFY_TOKEN));
    answers.ask("verify_webhook").by_a_stranger().query(query).held().await;
    let guess = "hub.mode=subscribe&hub.verify_token=guess&hub.challenge=1158201444";
    answers.ask("verify_webhook").by_a_stranger().query(guess).refused("token").await;
    let mut long = text("wamid.long", "from nobody");
    long["from"] = "1".repeat(3000).into();
    let body = webhook(&[vec![incoming(&[long])]]);
    let signature = signature_of(&body);
    let forged = sign(&body, b"another secret");
    receive(answers, &body, forged).refused("forged").await;
    receive(answers, &body, signature).held().await;
    let through = "400000000000004";
    let known = AccountSpec {
        provider: Provider::Dialog360,
        phone_number_id: through.to_owned(),
        ..AccountSpec::default()
    };
    answers.world.simulator.put_account(known).unwrap();
    let new = json!({ "provider": "dialog360", "phoneNumberId": through, "name": "Sales", "accessToken": ACCESS_TOKEN,
        "appSecret": APP_SECRET });
    answers.world.api().post("/api/whatsapp-accounts", &new).await;
    let body = String::from_utf8(body).unwrap().replace(PHONE_NUMBER_ID, through).into_bytes();
    for (secret, why) in [("a guess", Some("forged")), (APP_SECRET, None)] {
        let ask = answers.ask("receive_dialog360_webhook").by_a_stranger();
        let ask = ask.header("content-type", "application/json");
        let ask = ask.header("authorization", format!("Bearer {secret}")).body(body.clone());
        match why {
            Some(why) => ask.refused(why).await,
            None => drop(ask.held().await),
        }
    }
    by_aws(answers).await;
    let api = answers.world.api();
    let parked = eventually("the item to be parked", async || {
        api.all("/api/webhook-events").await.into_iter().next().ok_or("none yet")
    })
    .await;
    answers.ask("list_webhook_events").held().await;
    answers.ask("list_webhook_events").query("state=done").refused("parameter").await;
    answers.ask("retry_webhook_event").at(&parked["id"]).held().await;
    answers.ask("retry_webhook_event").at(NOWHERE).refused("not_found").await;
}

async fn by_aws(answers: &mut Answers<'_>) {
    let (number, topic) = ("500000000000005", "arn:aws:sns:us-east-1:123456789012:whatsapp");
    let (id, key) = ("phone-number-id-0123456789abcdef0123456789abcdef", "an-id:a-secret");
    let known = AccountSpec {
        provider: Provider::Aws,
        aws: Some(AwsSpec { phone_number_id: id.to_owned(), topic_arn: topic.to_owned() }),
        phone_number_id: number.to_owned(),
        access_token: Some(SecretString::from(key)),
        ..AccountSpec::default()
    };
    answers.world.simulator.put_account(known).unwrap();
    answers.world.simulator.set_token(key, TokenState::Valid).unwrap();
    let new = json!({ "provider": "aws", "phoneNumberId": number, "name": "Sales", "accessToken": key,
        "awsPhoneNumberId": id, "awsRegion": "us-east-1", "awsBucket": "acme-media", "awsTopicArn": topic });
    answers.world.api().post("/api/whatsapp-accounts", &new).await;
    let subscription = answers.world.simulator.sns_subscription(topic).to_vec();
    for (body, why) in [(b"{}".to_vec(), Some("forged")), (subscription, None)] {
        let ask = answers.ask("receive_aws_message").by_a_stranger().header("content-type", "text/plain");
        let ask = ask.header("x-amz-sns-message-type", "SubscriptionConfirmation").body(body);
        match why {
            Some(why) => ask.refused(why).await,
            None => drop(ask.held().await),
        }
    }
    assert!(answers.world.simulator.sns_subscriptions().iter().all(|subscription| subscription.confirmed));
}

fn receive<'a, 'w>(answers: &'a mut Answers<'w>, body: &[u8], signature: String) -> Ask<'a, 'w> {
    let ask = answers.ask("receive_webhook").by_a_stranger().header("content-type", "application/json");
    ask.header("x-hub-signature-256", signature).body(body.to_vec())
}

pub(super) async fn settings(answers: &mut Answers<'_>) {
    answers.ask("get_media_settings").held().await;
    answers.ask("get_media_settings").by_a_stranger().refused("stranger").await;
    answers.ask("preview_media_policy").query("policy=stream").held().await;
    answers.ask("preview_media_policy").query("policy=keep").refused("parameter").await;
    answers.ask("preview_retention").query("mode=days_after_stored&days=30").held().await;
    answers.ask("preview_retention").query("mode=days_after_stored").refused("parameter").await;
    let days = json!({ "retention": { "mode": "days_after_stored", "days": 0 } });
    answers.ask("change_media_settings").given(days).refused("field").await;
    answers.ask("change_media_settings").given(json!({ "auditViews": true })).held().await;
    answers.ask("replace_media_settings").given(json!({ "policy": "keep" })).refused("field").await;
    answers.ask("replace_media_settings").given(json!({ "policy": "on_view" })).held().await;
}

/// Under `on_view` a picture waits until somebody asks for it; under `stream` what is kept can be erased.
pub(super) async fn files_that_go(answers: &mut Answers<'_>, kept: &Value) {
    let world = answers.world;
    send(world, picture(world, 2).await, "wamid.waiting").await;
    let waiting = world.api().media_of("wamid.waiting", "arrival", |media| media["id"].is_number()).await;
    let file = &waiting["media"]["id"];
    answers.ask("download_media").at(file).held().await;
    world.api().completed("wamid.waiting").await;
    answers.ask("delete_media").at(file).by_a_viewer().refused("viewer").await;
    answers.ask("delete_media").at(file).held().await;
    answers.ask("delete_media").at(NOWHERE).refused("not_found").await;
    answers.ask("erase_media").given(json!({})).refused("conflict").await;
    let stream = world.api().request(reqwest::Method::PATCH, "/api/settings/media");
    assert_eq!(stream.json(&json!({ "policy": "stream" })).send().await.unwrap().status(), 200);
    answers.ask("erase_media").given(json!({})).held().await;
    let gone = |media: &Value| media["downloadStatus"] == "pending";
    world.api().media_of(kept["providerMessageId"].as_str().unwrap(), "erasing", gone).await;
}

pub(super) async fn audit(answers: &mut Answers<'_>) {
    answers.ask("list_audit").query("limit=100").held().await;
    answers.ask("list_audit").query("from=yesterday").refused("parameter").await;
    answers.ask("list_audit").by_a_viewer().refused("viewer").await;
}

pub(super) async fn uploads(answers: &mut Answers<'_>) {
    const VERSION: (&str, &str) = ("tus-resumable", "1.0.0");
    answers.ask("describe_uploads").held().await;
    answers.ask("describe_uploads").by_a_viewer().refused("viewer").await;
    let begin = answers.ask("begin_upload").header(VERSION.0, VERSION.1);
    begin.header("upload-length", "5").held().await;
    answers.ask("begin_upload").header("upload-length", "5").refused("version").await;
    let begin = answers.ask("begin_upload").header(VERSION.0, VERSION.1);
    begin.header("upload-length", "100000001").refused("too_large").await;
    let id = 1;
    answers.ask("get_upload").at(id).header(VERSION.0, VERSION.1).held().await;
    let resume = answers.ask("continue_upload").at(id).header(VERSION.0, VERSION.1);
    let resume = resume.header("content-type", "application/offset+octet-stream");
    resume.header("upload-offset", "0").body(b"hello".to_vec()).held().await;
    let resume = answers.ask("continue_upload").at(id).header(VERSION.0, VERSION.1);
    let resume = resume.header("content-type", "application/offset+octet-stream");
    resume.header("upload-offset", "0").body(b"hello".to_vec()).refused("elsewhere").await;
    answers.ask("end_upload").at(id).header(VERSION.0, VERSION.1).held().await;
    answers.ask("end_upload").at(id).header(VERSION.0, VERSION.1).refused("not_found").await;
}

/// Once WhatsApp has refused the token, nothing leaves, and what is queued stays so.
pub(super) async fn sending(answers: &mut Answers<'_>, message: &Value) {
    let world = answers.world;
    let conversation = &message["conversationId"];
    let now = MessageSpec { id: Some("wamid.now".to_owned()), ..MessageSpec::text("are you there?") };
    world.simulator.send(&now).await.unwrap();
    eventually("the message to be recorded", async || {
        world.api().message_by_wamid("wamid.now").await.ok_or("not yet")
    })
    .await;
    answers.ask("show_typing").at(conversation).held().await;
    // WhatsApp is told in the background, by the same call that sends: the faults below are for what follows.
    eventually("WhatsApp to be told", async || {
        let told = world.simulator.read_receipts().iter().any(|receipt| receipt.typing);
        told.then_some(()).ok_or("not yet")
    })
    .await;
    let text = |text: &str| json!({ "conversationId": conversation, "type": "text", "text": text });
    let send = async |given: &Value| -> Value {
        world.api().post("/api/messages", given).await.json().await.unwrap()
    };
    let mut fault = FaultSpec::new(FaultKind::Permission).at(Place::Send).times(1);
    (fault.code, fault.message) = (Some(131_047), Some("Re-engagement message".to_owned()));
    world.simulator.add_fault(fault).unwrap();
    let failed = send(&text("too late")).await["id"].clone();
    has_status(world, &failed, "failed").await;
    world.simulator.add_fault(FaultSpec::new(FaultKind::TokenExpired).at(Place::Send)).unwrap();
    let queued = send(&text("held")).await["id"].clone();
    let account = format!("/api/whatsapp-accounts/{}", message["whatsappAccountId"]);
    eventually("the account to need a token", async || {
        let account = world.api().json(&account).await;
        if account["status"] == "needs_token" { Ok(()) } else { Err(account) }
    })
    .await;
    has_status(world, &queued, "queued").await;
    let to = json!({ "whatsappAccountId": message["whatsappAccountId"], "to": "+1 555-010-0042", "type": "text",
        "text": "Good morning" });
    let sent = answers.ask("send_message").given(to).held().await;
    answers.ask("send_message").given(json!({ "type": "text", "text": "to whom?" })).refused("nobody").await;
    answers.ask("send_message").given(text("")).refused("field").await;
    answers.ask("send_message").given(text("no")).by_a_viewer().refused("viewer").await;
    let others = [&sent["conversationId"], conversation];
    answers.ask("forward_message").at(&sent["id"]).given(json!({ "conversationIds": others })).held().await;
    answers
        .ask("forward_message")
        .at(&sent["id"])
        .given(json!({ "conversationIds": [] }))
        .refused("field")
        .await;
    answers
        .ask("forward_message")
        .at(&sent["id"])
        .given(json!({ "conversationIds": [NOWHERE] }))
        .refused("not_found")
        .await;
    answers.ask("retry_message").at(&failed).held().await;
    answers.ask("retry_message").at(&queued).refused("conflict").await;
    answers.ask("take_back_message").at(&sent["id"]).held().await;
    answers.ask("take_back_message").at(&sent["id"]).refused("not_found").await;
}
