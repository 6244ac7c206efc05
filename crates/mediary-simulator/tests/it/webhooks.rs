//! Webhooks: what they say, how they are signed, shared, retried, repeated and shuffled.

use std::collections::HashSet;

use mediary_graph::{Content, Origin, UpdateKind};
use mediary_simulator::{
    AccountSpec, BatchShape, Channel, Customer, MediaSpec, MessageSpec, StatusSpec, WebhookState,
};
use mediary_testing::files::sha256;
use mediary_testing::installation::{APP_SECRET, VERIFY_TOKEN};
use serde_json::{Value, json};

use crate::harness::{DEADLINE, NOW, Receiver, image, start, start_with_receiver};

/// The only item that a webhook carries in this list.
fn item(webhook: &Value, list: &str) -> Value {
    webhook["entry"][0]["changes"][0]["value"][list][0].clone()
}

#[tokio::test]
async fn body_is_ascii_and_signed_as_sent() {
    let (simulator, receiver) = start_with_receiver(|_| {}).await;
    let customer = Customer::new("4915123456789", "Jürgen 😀");
    simulator.send(&MessageSpec::text("Grüße \u{0} 🎂").from(customer)).await.unwrap();
    let webhook = &receiver.wait_for(1).await[0];
    assert!(webhook.body.is_ascii());
    let text = std::str::from_utf8(&webhook.body).unwrap();
    assert!(text.contains(r"Gr\u00fc\u00dfe \u0000 \ud83c\udf82"), "{text}");
    assert!(webhook.is_signed(APP_SECRET));
    assert_eq!(webhook.headers["content-type"], "application/json");
    let json = webhook.json();
    assert_eq!(json["object"], "whatsapp_business_account");
    assert_eq!(json["entry"][0]["id"], "102290129340398");
    assert_eq!(json["entry"][0]["changes"][0]["field"], "messages");
    let value = &json["entry"][0]["changes"][0]["value"];
    let metadata = json!({"display_phone_number": "15550783881", "phone_number_id": "106540352242922"});
    assert_eq!((&value["metadata"], &value["messaging_product"]), (&metadata, &json!("whatsapp")));
    let contact = &value["contacts"][0];
    assert_eq!(
        (&contact["profile"]["name"], &contact["wa_id"]),
        (&json!("Jürgen 😀"), &json!("4915123456789"))
    );
    assert_eq!(value["messages"][0]["timestamp"], NOW.to_string(), "times are texts");
}

#[tokio::test]
async fn media_has_a_base64_hash_and_a_url_that_can_be_switched_off() {
    let (simulator, receiver) = start_with_receiver(|_| {}).await;
    let (id, bytes) = image(&simulator).await;
    simulator.send(&MessageSpec::media("image", &id).caption("look")).await.unwrap();
    let image = item(&receiver.wait_for(1).await[0].json(), "messages")["image"].clone();
    assert_eq!(image["sha256"], sha256(&bytes).to_base64());
    assert_eq!((&image["mime_type"], &image["caption"]), (&json!("image/jpeg"), &json!("look")));
    let url = image["url"].as_str().unwrap();
    assert!(url.contains(&format!("mid={id}&source=webhook&ext={}", NOW + 302)), "{url}");

    let mut options = simulator.options();
    options.media.url_in_webhooks = false;
    simulator.set_options(options).unwrap();
    let voice = MediaSpec::bytes("OggS", "audio/ogg; codecs=opus");
    let note = MessageSpec { media: Some(voice), voice: true, ..MessageSpec::media("audio", "") };
    simulator.send(&MessageSpec { media_id: None, ..note }).await.unwrap();
    let audio = item(&receiver.wait_for(2).await[1].json(), "messages")["audio"].clone();
    assert_eq!((audio.get("url"), &audio["voice"]), (None, &json!(true)));
    assert_eq!(audio["mime_type"], "audio/ogg; codecs=opus");
}

/// What our own reader makes of one message.
async fn read(message: MessageSpec) -> (mediary_graph::Message, Origin, Value) {
    let (simulator, receiver) = start_with_receiver(|_| {}).await;
    simulator.send(&message).await.unwrap();
    let webhook = receiver.wait_for(1).await.remove(0);
    let mut updates = webhook.updates();
    assert_eq!(updates.len(), 1, "{:?}", webhook.json());
    let UpdateKind::Message { message, origin, .. } = updates.remove(0).kind else {
        panic!("no message: {}", webhook.json())
    };
    (message, origin, webhook.json())
}

#[tokio::test]
async fn people_with_a_username_have_no_number_at_all() {
    let (message, _, json) = read(MessageSpec::text("hi").from(Customer::scoped("US.1349", "Ana"))).await;
    assert_eq!((message.from, message.from_user_id.as_deref()), (None, Some("US.1349")));
    assert!(item(&json, "messages").get("from").is_none(), "left out, not empty");
    assert!(item(&json, "contacts").get("wa_id").is_none());
}

#[tokio::test]
async fn people_with_a_number_have_a_business_scoped_id_too_which_stays() {
    let (simulator, receiver) = start_with_receiver(|config| config.options.webhooks.concurrency = 1).await;
    let customer = || Customer::new("15550100011", "Ana");
    for text in ["hi", "there"] {
        simulator.send(&MessageSpec::text(text).from(customer())).await.unwrap();
    }
    simulator.send(&MessageSpec::text("hi").from(Customer::new("15550100012", "Ben"))).await.unwrap();
    let read = StatusSpec { customer: customer(), ..StatusSpec::new("wamid.1", "read") };
    simulator.send_status(&read).unwrap();
    let failed = StatusSpec { status: "failed".to_owned(), ..read };
    simulator.send_status(&failed).unwrap();
    simulator.flush(DEADLINE).await.unwrap();
    let [first, second, other, read, failed] = receiver.received().try_into().unwrap();
    let id = item(&first.json(), "contacts")["user_id"].clone();
    let digits = id.as_str().unwrap().strip_prefix("US.").unwrap();
    assert!(digits.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
    for message in [&first, &second] {
        assert_eq!(item(&message.json(), "messages")["from_user_id"], id);
    }
    assert_ne!(item(&other.json(), "messages")["from_user_id"], id);
    assert_eq!(item(&read.json(), "contacts")["user_id"], id);
    assert_eq!(item(&read.json(), "statuses")["recipient_user_id"], id);
    assert_eq!(item(&failed.json(), "statuses").get("recipient_user_id"), None);
}

#[tokio::test]
async fn replies_and_forwards_have_the_context_whatsapp_gives_them() {
    let (message, ..) = read(MessageSpec::text("yes").replying_to("wamid.1")).await;
    assert_eq!(message.context.unwrap().message_id.as_deref(), Some("wamid.1"));
    let (_, _, json) = read(MessageSpec { forwarded: true, ..MessageSpec::text("old joke") }).await;
    assert_eq!(item(&json, "messages")["context"], json!({"forwarded": true}));
}

#[tokio::test]
async fn reactions_edits_and_revokes_name_their_message() {
    let (message, ..) = read(MessageSpec::reaction("wamid.1", Some("👍"))).await;
    assert!(
        matches!(message.content, Content::Reaction { message_id, emoji: Some(_) } if message_id == "wamid.1")
    );
    let (message, ..) = read(MessageSpec::reaction("wamid.1", Some(""))).await;
    assert!(matches!(message.content, Content::Reaction { emoji: None, .. }));
    let (message, ..) = read(MessageSpec::revoke("wamid.1")).await;
    assert!(
        matches!(message.content, Content::Revoke { original_message_id } if original_message_id == "wamid.1")
    );
    let media = Some(MediaSpec::bytes("x", "image/png"));
    let edit = MessageSpec { media, media_id: None, ..MessageSpec::media("image", "").editing("wamid.1") };
    let (message, ..) = read(edit.caption("better")).await;
    let Content::Edit { original_message_id, content } = message.content else { panic!("no edit") };
    assert_eq!(original_message_id, "wamid.1");
    assert!(matches!(*content, Content::Media(media) if media.caption.as_deref() == Some("better")));
}

#[tokio::test]
async fn each_channel_has_its_field_and_form() {
    let text = || MessageSpec::text("hi");
    let (message, origin, json) = read(text().by(Channel::Echo)).await;
    assert!(matches!(origin, Origin::Echo));
    assert_eq!((message.from.as_deref(), message.to.as_deref()), (Some("15550783881"), Some("15550100001")));
    assert_eq!(json["entry"][0]["changes"][0]["field"], "smb_message_echoes");
    let (_, origin, json) = read(text().by(Channel::Standby)).await;
    assert!(matches!(origin, Origin::Standby));
    assert!(json["entry"][0]["changes"][0]["value"]["standby"]["messages"].is_array());
    assert!(matches!(read(text().by(Channel::StandbyEcho)).await.1, Origin::Echo));

    let media = MediaSpec::bytes("x", "image/png");
    let image = |channel| MessageSpec {
        media: Some(media.clone()),
        media_id: None,
        ..MessageSpec::media("image", "").by(channel)
    };
    let (message, origin, _) = read(image(Channel::History)).await;
    assert!(matches!(message.content, Content::MediaPlaceholder));
    let Origin::History { thread, status } = origin else { panic!("no history: {origin:?}") };
    assert_eq!((thread.as_deref(), status.as_deref()), (Some("15550100001"), Some("READ")));
    let (message, origin, json) = read(image(Channel::HistoryMedia).id("wamid.1")).await;
    assert!(matches!((message.content, origin), (Content::Media(_), Origin::HistoryMedia)));
    assert_eq!(json["entry"][0]["changes"][0]["field"], "history");
}

#[tokio::test]
async fn groups_system_messages_and_what_is_unsupported() {
    let (message, ..) =
        read(MessageSpec { group_id: Some("g1".to_owned()), ..MessageSpec::text("hi") }).await;
    assert_eq!(message.group_id.as_deref(), Some("g1"));
    let system = json!({"type": "user_changed_number", "wa_id": "2", "body": "changed"});
    let (message, _, json) = read(MessageSpec::node("system", system)).await;
    assert!(matches!(message.content, Content::System(_)));
    assert!(json["entry"][0]["changes"][0]["value"].get("contacts").is_none(), "system has no contacts");
    let (message, ..) = read(MessageSpec { kind: "unsupported".to_owned(), ..MessageSpec::default() }).await;
    assert!(matches!(message.content, Content::Unsupported { .. }));
    assert_eq!(message.errors[0].code, 131_051);
    let too_large =
        json!([{"code": 131052, "title": "Media file size too big", "message": "", "error_data": {}}]);
    let message =
        MessageSpec { kind: "unsupported".to_owned(), errors: Some(too_large), ..MessageSpec::default() };
    assert_eq!(read(message).await.0.errors[0].code, 131_052);
}

#[tokio::test]
async fn webhook_is_retried_until_it_is_answered_with_200() {
    let (simulator, receiver) = start_with_receiver(|_| {}).await;
    receiver.answer_with(&[500, 204]);
    simulator.send(&MessageSpec::text("hi")).await.unwrap();
    simulator.flush(DEADLINE).await.unwrap();
    let received = receiver.received();
    assert_eq!(received.len(), 3, "204 is no success either");
    assert!(received.iter().all(|webhook| webhook.body == received[0].body));
    let record = &simulator.webhooks()[0];
    let statuses: Vec<_> = record.attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!((record.state, statuses), (WebhookState::Acknowledged, vec![Some(500), Some(204), Some(200)]));
    assert_eq!(simulator.stats().webhooks.retries, 2);
}

#[tokio::test]
async fn webhook_is_given_up_after_the_last_retry_and_can_be_sent_again() {
    let (simulator, receiver) = start_with_receiver(|_| {}).await;
    receiver.answer_with(&[500; 4]);
    simulator.send(&MessageSpec::text("hi")).await.unwrap();
    simulator.flush(DEADLINE).await.unwrap();
    assert_eq!(receiver.received().len(), 4, "one attempt and three retries");
    let record = simulator.webhooks().remove(0);
    assert_eq!((record.state, simulator.stats().webhooks.updates_dropped), (WebhookState::Dropped, 1));
    assert_eq!(simulator.resend(record.id).await.unwrap(), Some(200));
    assert_eq!(simulator.webhooks()[0].state, WebhookState::Acknowledged);
}

#[tokio::test]
async fn batches_carry_everything_once_in_every_shape() {
    for shape in [BatchShape::Compact, BatchShape::Changes, BatchShape::Entries, BatchShape::Mixed] {
        let (simulator, receiver) = start_with_receiver(|config| {
            config.options.webhooks.batch_size = 7;
            config.options.webhooks.batch_wait_ms = 50;
            config.options.webhooks.shape = shape;
            config.accounts.push(AccountSpec {
                phone_number_id: "2".to_owned(),
                waba_id: "3".to_owned(),
                ..AccountSpec::default()
            });
        })
        .await;
        let mut expected = HashSet::new();
        for number in 0..30 {
            let text = MessageSpec::text(format!("{number}"));
            let text = if number % 3 == 0 { text.to("2") } else { text };
            expected.insert(simulator.send(&text).await.unwrap().id);
        }
        simulator.flush(DEADLINE).await.unwrap();
        let updates: Vec<_> = receiver.received().iter().map(|webhook| webhook.updates().len()).collect();
        assert!(updates.iter().all(|count| *count <= 7) && updates.contains(&7), "{shape:?}: {updates:?}");
        let received = receiver.received();
        let ids = received.iter().flat_map(crate::harness::ReceivedPost::updates).map(|update| {
            let UpdateKind::Message { message, .. } = update.kind else { panic!("no message") };
            message.id.unwrap()
        });
        let ids: Vec<_> = ids.collect();
        assert_eq!((ids.len(), ids.into_iter().collect::<HashSet<_>>()), (30, expected), "{shape:?}");
    }
}

#[tokio::test]
async fn body_is_never_larger_than_metas() {
    let (simulator, receiver) = start_with_receiver(|config| {
        config.options.webhooks.batch_size = 1000;
        config.options.webhooks.batch_wait_ms = 200;
    })
    .await;
    let text = "x".repeat(400_000);
    for _ in 0..12 {
        simulator.send(&MessageSpec::text(text.clone())).await.unwrap();
    }
    simulator.flush(DEADLINE).await.unwrap();
    let received = receiver.received();
    assert!(received.len() >= 2 && received.iter().all(|webhook| webhook.body.len() <= 3 * 1024 * 1024));
    assert_eq!(received.iter().map(|webhook| webhook.updates().len()).sum::<usize>(), 12);
}

/// The texts in the order in which they came, from a seed.
async fn shuffled(seed: u64) -> Vec<String> {
    let (simulator, receiver) = start_with_receiver(|config| {
        config.seed = seed;
        config.options.webhooks.reorder_window = 20;
        config.options.webhooks.batch_wait_ms = 500;
        config.options.webhooks.concurrency = 1;
    })
    .await;
    for number in 0..20 {
        simulator.send(&MessageSpec::text(format!("{number:02}"))).await.unwrap();
    }
    simulator.flush(DEADLINE).await.unwrap();
    let text = |webhook: &crate::harness::ReceivedPost| {
        item(&webhook.json(), "messages")["text"]["body"].as_str().unwrap().to_owned()
    };
    receiver.received().iter().map(text).collect()
}

#[tokio::test]
async fn order_follows_from_the_seed() {
    let (first, again, other) = tokio::join!(shuffled(1), shuffled(1), shuffled(2));
    assert_eq!(first, again);
    assert_ne!(first, other);
    let mut sorted = first.clone();
    sorted.sort();
    assert_ne!(first, sorted);
    assert_eq!(sorted.len(), 20);
}

#[tokio::test]
async fn some_webhooks_come_twice() {
    let (simulator, receiver) =
        start_with_receiver(|config| config.options.webhooks.duplicate_rate = 1.0).await;
    simulator.send(&MessageSpec::text("hi")).await.unwrap();
    let received = receiver.wait_for(2).await;
    assert_eq!(received[0].body, received[1].body);
    assert_eq!(simulator.stats().webhooks.duplicates, 1);
}

#[tokio::test]
async fn every_app_signs_with_its_own_secret() {
    let (simulator, receiver) = start_with_receiver(|config| {
        config.options.webhooks.batch_size = 10;
        config.accounts.push(AccountSpec {
            phone_number_id: "2".to_owned(),
            app_secret: Some("another".into()),
            ..AccountSpec::default()
        });
    })
    .await;
    simulator.send(&MessageSpec::text("one")).await.unwrap();
    simulator.send(&MessageSpec::text("two").to("2")).await.unwrap();
    for webhook in receiver.wait_for(2).await {
        let own = webhook.json()["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] == "2";
        assert!(webhook.is_signed(if own { "another" } else { APP_SECRET }));
    }
}

#[tokio::test]
async fn handshake_wants_the_challenge_back() {
    let simulator = start().await;
    let receiver = Receiver::start().await;
    assert_eq!(simulator.verify_callback(&receiver.url, VERIFY_TOKEN).await, Ok(()));
    let refused = simulator.verify_callback(&receiver.url, "wrong").await.unwrap_err();
    assert!(refused.contains("403"), "{refused}");
}

#[tokio::test]
async fn group_statuses_name_the_participant() {
    let (simulator, receiver) = start_with_receiver(|_| {}).await;
    let status = StatusSpec { group_id: Some("g1".to_owned()), ..StatusSpec::new("wamid.1", "read") };
    simulator.send_status(&status).unwrap();
    let status = item(&receiver.wait_for(1).await[0].json(), "statuses");
    assert_eq!((&status["recipient_type"], &status["recipient_id"]), (&json!("group"), &json!("g1")));
    assert_eq!(status["recipient_participant_id"], "15550100001");
}

#[tokio::test]
async fn message_without_what_its_type_needs_is_refused() {
    let (simulator, _receiver) = start_with_receiver(|_| {}).await;
    for (kind, named) in
        [("text", "text"), ("image", "mediaId"), ("reaction", "target"), ("poll", "node"), ("", "type")]
    {
        let message = MessageSpec { kind: kind.to_owned(), ..MessageSpec::default() };
        let error = simulator.send(&message).await.unwrap_err().to_string();
        assert!(error.contains(named), "{kind}: {error}");
    }
}

#[tokio::test]
async fn echoes_come_in_the_field_message_echoes_too() {
    let (simulator, receiver) = start_with_receiver(|_| {}).await;
    simulator
        .send(&MessageSpec { channel: Channel::MessageEcho, ..MessageSpec::text("from us") })
        .await
        .unwrap();
    let json = receiver.wait_for(1).await[0].json();
    assert_eq!(json["entry"][0]["changes"][0]["field"], "message_echoes");
    let echo = item(&json, "message_echoes");
    assert_eq!((&echo["from"], &echo["to"]), (&json!("15550783881"), &json!("15550100001")));
}

#[tokio::test]
async fn contacts_may_lack_a_profile_and_failed_statuses_may_have_contacts() {
    let (simulator, receiver) = start_with_receiver(|_| {}).await;
    let nameless = Customer { name: None, user_id: Some("US.9".into()), ..Customer::new("15550100011", "") };
    simulator.send(&MessageSpec::text("hi").from(nameless.clone())).await.unwrap();
    let contact = json!({"wa_id": "15550100011", "user_id": "US.9"});
    assert_eq!(item(&receiver.wait_for(1).await[0].json(), "contacts"), contact);
    let failed = StatusSpec {
        customer: Customer { name: Some("Nina".into()), ..nameless },
        ..StatusSpec::new("wamid.1", "failed")
    };
    simulator.send_status(&StatusSpec { with_contact: true, ..failed.clone() }).unwrap();
    let with = receiver.wait_for(2).await[1].json();
    assert_eq!(
        (item(&with, "contacts"), &item(&with, "statuses")["recipient_user_id"]),
        (contact, &json!("US.9"))
    );
    simulator.send_status(&failed).unwrap();
    assert_eq!(item(&receiver.wait_for(3).await[2].json(), "contacts"), Value::Null);
}

#[tokio::test]
async fn forms_and_headers_carry_media_that_the_reader_finds() {
    let (simulator, receiver) = start_with_receiver(|_| {}).await;
    let (id, _) = image(&simulator).await;
    let answers =
        json!({"photos": [{"id": id, "mime_type": "image/jpeg", "file_name": "a.jpg"}]}).to_string();
    let form =
        json!({"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": answers}});
    let header =
        json!({"type": "button", "header": {"type": "image", "image": {"id": id}}, "body": {"text": "?"}});
    let parameter = json!({"type": "image", "image": {"id": id}});
    let template = json!({"name": "offer", "components": [{"type": "header", "parameters": [parameter]}]});
    for (number, (channel, kind, node)) in [
        (Channel::Inbound, "interactive", form),
        (Channel::Echo, "interactive", header.clone()),
        (Channel::StandbyEcho, "interactive", header),
        (Channel::Echo, "template", template.clone()),
        (Channel::StandbyEcho, "template", template),
    ]
    .into_iter()
    .enumerate()
    {
        let spec = MessageSpec { kind: kind.into(), channel, node: Some(node), ..MessageSpec::default() };
        simulator.send(&spec).await.unwrap();
        let received = receiver.wait_for(number + 1).await;
        let update = received[number].updates().remove(0);
        let UpdateKind::Message { message, .. } = update.kind else { panic!("{update:?}") };
        assert_eq!(message.attachments.files[0].id.as_deref(), Some(&*id), "{kind}");
    }
}
