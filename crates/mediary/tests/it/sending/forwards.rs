//! Messages that are sent on: by their stored bytes, to several conversations or to none.

use mediary_simulator::{Customer, MediaSpec, MessageSpec};
use mediary_testing::eventually;
use mediary_testing::files::{content_like, sha256};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{has_status, picture};
use crate::harness::World;

/// What a customer sent, once it is here as a whole.
async fn arrived(world: &World, customer: &Customer, spec: MessageSpec, wamid: &str) -> Value {
    world.simulator.send(&spec.from(customer.clone()).id(wamid)).await.unwrap();
    let is_whole =
        |message: &Value| message["media"].is_null() || message["media"]["downloadStatus"] == "completed";
    eventually("the message", async || {
        world.api().message_by_wamid(wamid).await.filter(is_whole).ok_or("not yet")
    })
    .await
}

async fn forward(world: &World, message: &Value, to: &[Value]) -> (StatusCode, Value) {
    let path = format!("/api/messages/{}/forward", message["id"]);
    let answer = world.api().post(&path, &json!({"conversationIds": to})).await;
    (answer.status(), answer.json().await.unwrap())
}

async fn sends_on(world: World) {
    let (ana, ben) = (Customer::new("15550100001", "Ana"), Customer::new("15550100002", "Ben"));
    let bytes = picture(7);
    let media = world.simulator.add_media(&MediaSpec::bytes(bytes.clone(), "image/jpeg")).await.unwrap();
    let image = MessageSpec::media("image", &media.id).caption("the harbour");
    let image = arrived(&world, &ana, image, "wamid.image").await;
    let place = json!({"latitude": 48.2, "longitude": 16.4, "name": "Wien", "url": "https://example.test"});
    let place = arrived(&world, &ana, MessageSpec::node("location", place), "wamid.place").await;
    let cards =
        json!([{"name": {"formatted_name": "Cem"}, "phones": [{"phone": "+49151"}], "origin": "other"}]);
    let cards = arrived(&world, &ana, MessageSpec::node("contacts", cards), "wamid.cards").await;
    let of_ben = arrived(&world, &ben, MessageSpec::text("hello"), "wamid.ben").await;
    let to = [of_ben["conversationId"].clone(), image["conversationId"].clone()];
    for original in [&image, &place, &cards, &of_ben] {
        let (status, body) = forward(&world, original, &to).await;
        assert_eq!(status, 201, "{body}");
        let items = body["items"].as_array().unwrap();
        for (item, conversation) in items.iter().zip(&to) {
            assert_eq!(
                (&item["conversationId"], &item["forwarded"], &item["type"]),
                (conversation, &true.into(), &original["type"])
            );
            has_status(&world, &item["id"], "read").await;
        }
        assert_eq!(items.len(), 2);
    }
    let sent = world.simulator.sent();
    let of = |kind: &str| sent.iter().filter(|sent| sent.kind == kind).collect::<Vec<_>>();
    let mut recipients: Vec<&str> = of("image").iter().map(|sent| sent.to.as_str()).collect();
    recipients.sort_unstable();
    assert_eq!(recipients, ["+15550100001", "+15550100002"]);
    for sent in of("image") {
        assert_eq!(sent.media.as_ref().unwrap().sha256, sha256(&bytes).to_string());
        assert_eq!(sent.body["image"]["caption"], "the harbour");
    }
    let (place, cards) = (of("location"), of("contacts"));
    assert_eq!(place[0].body["location"], json!({"latitude": 48.2, "longitude": 16.4, "name": "Wien"}));
    let card =
        json!([{"name": {"formatted_name": "Cem", "first_name": "Cem"}, "phones": [{"phone": "+49151"}]}]);
    assert_eq!(cards[0].body["contacts"], card);
    assert_eq!(of("text").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn message_is_sent_on_with_its_file_on_sqlite() {
    sends_on(World::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn message_is_sent_on_with_its_file_on_postgres() {
    sends_on(World::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn file_that_whatsapp_does_not_take_from_a_business_is_not_sent_on() {
    let world = World::sqlite().await;
    let ana = Customer::new("15550100001", "Ana");
    // A customer may send more than a business may.
    let large = content_like(b"\xff\xd8\xff\xe0\x00\x10JFIF", 6_000_000);
    let media = world.simulator.add_media(&MediaSpec::bytes(large, "image/jpeg")).await.unwrap();
    let large = arrived(&world, &ana, MessageSpec::media("image", &media.id), "wamid.large").await;
    let (status, body) = forward(&world, &large, &[large["conversationId"].clone()]).await;
    assert_eq!((status.as_u16(), &body["code"]), (413, &"payload_too_large".into()), "{body}");
    assert!(body["detail"].as_str().unwrap().contains("5000000"), "{body}");
    let text = arrived(&world, &ana, MessageSpec::text("taken back"), "wamid.text").await;
    world.simulator.send(&MessageSpec::revoke("wamid.text").from(ana.clone())).await.unwrap();
    let path = format!("/api/messages/{}", text["id"]);
    eventually("the message to be taken back", async || {
        let message = world.api().json(&path).await;
        if message["revoked"] == true { Ok(()) } else { Err(message) }
    })
    .await;
    let (status, body) = forward(&world, &text, &[large["conversationId"].clone()]).await;
    assert_eq!((status.as_u16(), &body["code"]), (409, &"conflict".into()), "{body}");
    assert!(world.simulator.sent().is_empty());
    assert_eq!(world.stored_files().len(), 1, "no copy is left");
}
