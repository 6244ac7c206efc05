//! Messages that a business sends, and the statuses that follow.

use axum::Router;
use axum::routing::get;
use mediary_graph::UpdateKind;
use mediary_simulator::{MediaSpec, Route, Simulator};
use mediary_testing::installation::{ACCESS_TOKEN, PHONE_NUMBER_ID};
use serde_json::{Value, json};

use crate::harness::{DEADLINE, Receiver, answer, client, error_of, post, start, start_with_receiver, url};

async fn send(simulator: &Simulator, message: Value) -> (u16, Value) {
    let mut body =
        json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+1 555 010 0001"});
    body.as_object_mut().unwrap().extend(message.as_object().unwrap().clone());
    post(simulator, &format!("/v23.0/{PHONE_NUMBER_ID}/messages"), &body).await
}

/// The statuses that came by webhook, with the error code if there is one.
async fn statuses(receiver: &Receiver, count: usize) -> Vec<(String, Option<i64>)> {
    let received = receiver.wait_for(count).await;
    let mut statuses = Vec::new();
    for update in received.iter().flat_map(crate::harness::ReceivedPost::updates) {
        let UpdateKind::Status(status) = update.kind else { continue };
        statuses.push((status.status, status.errors.first().map(|error| error.code)));
    }
    statuses
}

#[tokio::test]
async fn text_message_is_accepted_and_its_statuses_follow() {
    let (simulator, receiver) = start_with_receiver(|config| config.options.webhooks.concurrency = 1).await;
    let text = json!({"type": "text", "text": {"body": "hello"}, "biz_opaque_callback_data": "order-7"});
    let (status, body) = send(&simulator, text).await;
    assert_eq!(status, 200);
    assert_eq!(body["contacts"], json!([{"input": "+1 555 010 0001", "wa_id": "15550100001"}]));
    let id = body["messages"][0]["id"].as_str().unwrap();
    assert!(id.starts_with("wamid."));
    let words: Vec<_> = statuses(&receiver, 3).await.into_iter().map(|(word, _)| word).collect();
    assert_eq!(words, ["sent", "delivered", "read"]);
    let first = receiver.received()[0].json();
    let value = &first["entry"][0]["changes"][0]["value"];
    assert_eq!(value["statuses"][0]["id"], id);
    assert_eq!(value["statuses"][0]["recipient_id"], "15550100001");
    assert_eq!(value["statuses"][0]["biz_opaque_callback_data"], "order-7");
    assert_eq!(value["statuses"][0]["pricing"]["pricing_model"], "PMP");
    assert_eq!(value["contacts"][0]["wa_id"], "15550100001");
    let sent = simulator.sent();
    assert_eq!((sent[0].id.as_str(), sent[0].kind.as_str(), sent[0].status.as_str()), (id, "text", "read"));
}

#[tokio::test]
async fn business_scoped_id_is_answered_without_a_phone_number() {
    let simulator = start().await;
    let body = json!({"messaging_product": "whatsapp", "recipient": "US.1349", "type": "text", "text": {"body": "hi"}});
    let (status, body) = post(&simulator, &format!("/{PHONE_NUMBER_ID}/messages"), &body).await;
    assert_eq!((status, &body["contacts"]), (200, &json!([{"input": "US.1349", "user_id": "US.1349"}])));
}

#[tokio::test]
async fn read_receipt_is_answered_with_success_alone() {
    let simulator = start().await;
    let body = json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1",
        "typing_indicator": {"type": "text"}});
    let answer = post(&simulator, &format!("/v23.0/{PHONE_NUMBER_ID}/messages"), &body).await;
    assert_eq!(answer, (200, json!({"success": true})));
    assert!(simulator.sent().is_empty());
    assert_eq!(simulator.stats().requests(Route::MarkRead), 1);
}

#[tokio::test]
async fn message_that_cannot_be_sent_is_refused_with_the_reason() {
    let simulator = start().await;
    let long = "x".repeat(1025);
    let cases = [
        (json!({"type": "text"}), 100),
        (json!({"type": "text", "text": {"body": ""}}), 100),
        (json!({"type": "image", "image": {"id": "42"}}), 100),
        (json!({"type": "image", "image": {"id": "42", "link": "http://x.test/a"}}), 100),
        (json!({"type": "image", "image": {"link": "http://x.test/a", "caption": long}}), 100),
        (json!({"type": "audio", "audio": {"link": "http://x.test/a", "caption": "a"}}), 100),
        (json!({"type": "template", "template": {"name": "unknown"}}), 132_001),
        (json!({"to": "", "type": "text", "text": {"body": "a"}}), 100),
        (json!({"messaging_product": "sms", "type": "text", "text": {"body": "a"}}), 100),
    ];
    for (message, code) in cases {
        let (status, body) = send(&simulator, message.clone()).await;
        assert!(status >= 400, "{message}");
        assert_eq!(error_of(&body).0, code, "{message}");
    }
}

#[tokio::test]
async fn media_that_whatsapp_does_not_take_fails_later() {
    let (simulator, receiver) = start_with_receiver(|_| {}).await;
    let cases = [
        ("image", MediaSpec::bytes("GIF89a", "image/gif"), json!({})),
        ("sticker", MediaSpec::generated(500_001, 1, "image/webp"), json!({})),
        ("audio", MediaSpec::bytes("ID3", "audio/mpeg"), json!({"voice": true})),
    ];
    for (number, (kind, spec, mut node)) in cases.into_iter().enumerate() {
        let media = simulator.add_media(&spec).await.unwrap();
        node["id"] = media.id.into();
        assert_eq!(send(&simulator, json!({"type": kind, kind: node})).await.0, 200);
        assert_eq!(statuses(&receiver, number + 1).await.last(), Some(&("failed".to_owned(), Some(131_053))));
    }
    let last = receiver.received().last().unwrap().json();
    assert!(last["entry"][0]["changes"][0]["value"].get("contacts").is_none(), "failed has no contacts");
}

#[tokio::test]
async fn link_is_fetched_by_the_server_and_kept_for_ten_minutes() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let link = format!("http://{}/a.jpg", listener.local_addr().unwrap());
    let fetches = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counter = std::sync::Arc::clone(&fetches);
    let file = get(move || async move {
        counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        ([("content-type", "image/jpeg")], "JPEG")
    });
    let server =
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/a.jpg", file)).await });
    let (simulator, receiver) = start_with_receiver(|config| {
        config.options.sending.statuses = vec!["sent".to_owned()];
    })
    .await;
    for number in 1..=2 {
        assert_eq!(send(&simulator, json!({"type": "image", "image": {"link": link}})).await.0, 200);
        assert_eq!(statuses(&receiver, number).await.last().unwrap().0, "sent");
    }
    let another = link.replace("a.jpg", "missing.jpg");
    send(&simulator, json!({"type": "image", "image": {"link": another}})).await;
    assert_eq!(statuses(&receiver, 3).await.last(), Some(&("failed".to_owned(), Some(131_053))));
    assert_eq!(fetches.load(std::sync::atomic::Ordering::SeqCst), 1);
    simulator.flush(DEADLINE).await.unwrap();
    server.abort();
}

#[tokio::test]
async fn business_scoped_id_in_to_is_accepted_and_lost() {
    let (simulator, receiver) = start_with_receiver(|config| config.options.webhooks.concurrency = 1).await;
    let text = json!({"to": "US.13491208655302741918", "type": "text", "text": {"body": "hi"}});
    let (status, body) = send(&simulator, text).await;
    assert_eq!(status, 200);
    assert!(body["messages"][0]["id"].as_str().unwrap().starts_with("wamid."));
    send(&simulator, json!({"type": "text", "text": {"body": "hi"}})).await;
    let seen = statuses(&receiver, 3).await;
    assert_eq!(seen.len(), 3, "only the second message has statuses");
    assert_eq!(simulator.sent()[0].status, "accepted");
}

#[tokio::test]
async fn upload_whose_name_ends_like_another_kind_fails_when_it_is_sent() {
    let (simulator, receiver) = start_with_receiver(|config| {
        config.options.sending.statuses = vec!["sent".to_owned()];
    })
    .await;
    for (number, (name, status)) in
        [("voice-note.mp4", "failed"), ("voice.ogg", "sent"), ("blob", "sent")].into_iter().enumerate()
    {
        let field = |name: &str, content: &str| {
            format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"{content}\r\n")
        };
        let file = format!("; filename=\"{name}\"\r\nContent-Type: audio/ogg\r\n\r\nOggS");
        let form = field("messaging_product", "\r\n\r\nwhatsapp") + &field("file", &file) + "--X--\r\n";
        let request = client()
            .post(url(&simulator, &format!("/v27.0/{PHONE_NUMBER_ID}/media")))
            .bearer_auth(ACCESS_TOKEN);
        let request = request.header("Content-Type", "multipart/form-data; boundary=X").body(form);
        let (answered, body) = answer(request).await;
        assert_eq!(answered, 200, "{name} is taken");
        send(&simulator, json!({"type": "audio", "audio": {"id": body["id"]}})).await;
        assert_eq!(statuses(&receiver, number + 1).await.last().unwrap().0, status, "{name}");
    }
}
