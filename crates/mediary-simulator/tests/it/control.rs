//! The control API over HTTP, as curl would use it.

use mediary_graph::UpdateKind;
use serde_json::{Value, json};

use crate::harness::{DEADLINE, Receiver, answer, client, start, start_with_receiver, url};
use mediary_simulator::Simulator;
use mediary_testing::installation::{APP_SECRET, VERIFY_TOKEN};

async fn control(simulator: &Simulator, method: &str, path: &str, body: Value) -> (u16, Value) {
    let request = client().request(method.parse().unwrap(), url(simulator, &format!("/_control{path}")));
    // `curl -d` calls everything a form.
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    answer(if body.is_null() { request } else { request.body(body.to_string()) }).await
}

#[tokio::test]
async fn message_with_new_media_arrives_and_can_be_counted() {
    let (simulator, receiver) = start_with_receiver(|_| {}).await;
    let message = json!({
        "type": "document",
        "fileName": "angebot.pdf",
        "media": {"generate": {"size": 1000}, "mimeType": "application/pdf"},
        "customer": {"waId": "49151", "name": "Jürgen"},
    });
    let (status, body) = control(&simulator, "POST", "/messages?wait=true", message).await;
    assert_eq!(status, 200, "{body}");
    let media_id = body["messages"][0]["mediaId"].as_str().unwrap();
    assert_eq!(receiver.received().len(), 1, "it waited for the acknowledgement");
    let (_, media) = control(&simulator, "GET", &format!("/media/{media_id}"), Value::Null).await;
    assert_eq!((&media["fileSize"], &media["stats"]["downloads"]), (&json!(1000), &json!(0)));
    let bytes = client().get(media["url"].as_str().unwrap()).bearer_auth("any").send().await.unwrap();
    assert_eq!(bytes.bytes().await.unwrap().len(), 1000);
    let (_, stats) = control(&simulator, "GET", "/stats", Value::Null).await;
    assert_eq!(stats["media"][media_id]["downloads"], 1);
    assert_eq!(
        (&stats["requests"]["downloadMedia"], &stats["webhooks"]["acknowledged"]),
        (&json!(1), &json!(1))
    );
    let (_, stats) = control(&simulator, "DELETE", "/stats", Value::Null).await;
    assert_eq!((&stats["media"], &stats["requests"]["downloadMedia"]), (&json!({}), &json!(0)));
}

#[tokio::test]
async fn list_of_messages_is_checked_item_by_item() {
    let (simulator, receiver) = start_with_receiver(|_| {}).await;
    let list = json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]);
    assert_eq!(control(&simulator, "POST", "/messages?wait=true", list).await.0, 200);
    assert_eq!(receiver.received().len(), 2);
    let wrong = json!([{"type": "text", "text": "a"}, {"type": "text", "body": "b"}]);
    let (status, body) = control(&simulator, "POST", "/messages", wrong).await;
    let error = body["error"].as_str().unwrap();
    assert!(status == 400 && error.contains("item 1") && error.contains("`body`"), "{error}");
}

#[tokio::test]
async fn flood_sends_as_many_as_it_was_asked_for() {
    let (simulator, receiver) = start_with_receiver(|config| config.options.webhooks.batch_size = 100).await;
    let flood = json!({"message": {"type": "text", "text": "hi"}, "count": 500, "customers": 7});
    assert_eq!(control(&simulator, "POST", "/flood", flood).await.0, 200);
    let all = async {
        let mut posts = 1;
        loop {
            let received = receiver.wait_for(posts).await;
            let updates: Vec<_> = received.iter().flat_map(crate::harness::ReceivedPost::updates).collect();
            if updates.len() >= 500 {
                return updates;
            }
            posts = received.len() + 1;
        }
    };
    let updates = tokio::time::timeout(DEADLINE, all).await.unwrap();
    let from = |update: &mediary_graph::Update| match &update.kind {
        UpdateKind::Message { message, .. } => (message.from.clone(), message.id.clone()),
        _ => panic!("no message"),
    };
    let (customers, ids): (std::collections::HashSet<_>, std::collections::HashSet<_>) =
        updates.iter().map(from).unzip();
    assert_eq!((updates.len(), customers.len(), ids.len()), (500, 7, 500));
}

#[tokio::test]
async fn faults_tokens_clock_and_options_can_be_set() {
    let simulator = start().await;
    let (_, fault) = control(&simulator, "POST", "/faults", json!({"kind": "cut", "times": 2})).await;
    let (_, listed) = control(&simulator, "GET", "/faults", Value::Null).await;
    assert_eq!((&listed["armed"][0]["id"], &listed["armed"][0]["kind"]), (&fault["id"], &json!("cut")));
    let (_, removed) = control(&simulator, "DELETE", &format!("/faults/{}", fault["id"]), Value::Null).await;
    assert_eq!(removed, json!({"removed": true}));
    let random = json!({"rate": 0.2, "seed": 3, "kinds": ["cut", "short"]});
    assert_eq!(control(&simulator, "PUT", "/faults/random", random).await.0, 200);
    let (status, body) = control(&simulator, "POST", "/faults", json!({"kind": "nonsense"})).await;
    assert!(status == 400 && body["error"].as_str().unwrap().contains("wrong_hash"), "{body}");

    let before = simulator.now();
    let (_, clock) = control(&simulator, "POST", "/clock", json!({"advanceSeconds": 60})).await;
    assert_eq!(clock["seconds"], before.millis() / 1000 + 60);
    let token = json!({"token": "old", "state": "revoked"});
    assert_eq!(control(&simulator, "POST", "/tokens", token).await.0, 200);
    assert_eq!(answer(client().get(url(&simulator, "/1")).bearer_auth("old")).await.0, 401);

    let change = json!({"webhooks": {"batchSize": 50, "shape": "mixed"}});
    let (_, options) = control(&simulator, "PATCH", "/options", change).await;
    assert_eq!(
        (&options["webhooks"]["batchSize"], &options["webhooks"]["concurrency"]),
        (&json!(50), &json!(16))
    );
    let wrong = json!({"webhooks": {"batchSize": 1001}});
    let (status, body) = control(&simulator, "PATCH", "/options", wrong).await;
    assert!(status == 400 && body["error"].as_str().unwrap().contains("1 to 1000"), "{body}");
    assert_eq!(simulator.options().webhooks.batch_size, 50);
}

#[tokio::test]
async fn any_body_and_any_field_can_be_sent() {
    let simulator = start().await;
    let receiver = Receiver::start().await;
    let wrong = json!({"url": receiver.url, "verifyToken": "wrong"});
    assert_eq!(control(&simulator, "PUT", "/webhook-url", wrong).await.0, 400);
    let callback = json!({"url": receiver.url, "verifyToken": VERIFY_TOKEN});
    assert_eq!(control(&simulator, "PUT", "/webhook-url", callback).await, (200, json!({"verified": true})));
    let raw = json!({"object": "whatsapp_business_account", "entry": []});
    assert_eq!(control(&simulator, "POST", "/webhooks", raw.clone()).await, (200, json!({"status": 200})));
    assert_eq!(receiver.received()[0].json(), raw);
    assert!(receiver.received()[0].is_signed(APP_SECRET));
    let field = json!({"field": "account_alerts", "value": {"alert_type": "X"}});
    control(&simulator, "POST", "/fields", field).await;
    assert_eq!(control(&simulator, "POST", "/flush", Value::Null).await, (200, json!({"pending": 0})));
    let webhook = receiver.wait_for(2).await[1].json();
    assert_eq!(
        webhook["entry"][0]["changes"][0],
        json!({"field": "account_alerts", "value": {"alert_type": "X"}})
    );
    let (_, log) = control(&simulator, "GET", "/webhooks", Value::Null).await;
    assert_eq!((&log[1]["state"], &log[1]["attempts"][0]["status"]), (&json!("acknowledged"), &json!(200)));
    let (_, again) =
        control(&simulator, "POST", &format!("/webhooks/{}/resend", log[1]["id"]), Value::Null).await;
    assert_eq!(again, json!({"status": 200}));
}

#[tokio::test]
async fn accounts_are_listed_without_their_secrets() {
    let simulator = start().await;
    let account = json!({"phoneNumberId": "7", "displayPhoneNumber": "+1", "accessToken": "t0ken", "appSecret": "s3cret"});
    assert_eq!(control(&simulator, "POST", "/accounts", account).await.0, 200);
    let (_, accounts) = control(&simulator, "GET", "/accounts", Value::Null).await;
    assert_eq!(accounts[1]["phoneNumberId"], "7");
    assert!(!accounts.to_string().contains("t0ken") && !accounts.to_string().contains("s3cret"));
    let (_, index) = control(&simulator, "GET", "", Value::Null).await;
    assert!(index["GET, POST /_control/accounts"].is_string());
}

#[tokio::test]
async fn messages_without_a_webhook_url_are_refused() {
    let simulator = start().await;
    let (status, body) = control(&simulator, "POST", "/messages", json!({"type": "text", "text": "a"})).await;
    assert!(status == 400 && body["error"].as_str().unwrap().contains("webhook URL"), "{body}");
}
