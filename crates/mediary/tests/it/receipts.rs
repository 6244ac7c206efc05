//! What WhatsApp is told of messages that came in: that they were read, once, and that somebody writes.

use std::time::Duration;

use mediary_core::{Clock as _, SystemClock};
use mediary_simulator::{Channel, Customer, FaultKind, FaultSpec, MessageSpec, Place, ReadReceipt};
use mediary_testing::eventually;
use reqwest::StatusCode;
use serde_json::json;

use crate::harness::World;
use crate::sending::{conversation, has_status, send};

async fn post(world: &World, conversation: i64, what: &str) -> reqwest::Response {
    world.api().post(&format!("/api/conversations/{conversation}/{what}"), &json!({})).await
}

/// Waits until WhatsApp was told so often.
async fn receipts(world: &World, count: usize) -> Vec<ReadReceipt> {
    eventually(&format!("{count} receipts"), async || {
        let told = world.simulator.read_receipts();
        if told.len() >= count { Ok(told) } else { Err(told.len()) }
    })
    .await
}

/// The WhatsApp id of the newest message that came in.
async fn newest(world: &World, conversation: i64) -> String {
    let thread = world.api().all(&format!("/api/conversations/{conversation}/messages")).await;
    let newest = thread.iter().find(|message| message["direction"] == "inbound").unwrap();
    newest["providerMessageId"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatsapp_is_told_once_that_the_newest_message_is_read() {
    let world = World::sqlite().await;
    conversation(&world).await;
    let conversation = conversation(&world).await;
    assert_eq!(post(&world, conversation, "read").await.status(), StatusCode::NO_CONTENT);
    let told = receipts(&world, 1).await;
    let (id, typing) = (&told[0].message_id, told[0].typing);
    assert_eq!((id, typing), (&newest(&world, conversation).await, false));
    for _ in 0..3 {
        assert_eq!(post(&world, conversation, "read").await.status(), StatusCode::NO_CONTENT);
    }
    world.simulator.send(&MessageSpec::text("another")).await.unwrap();
    world.delivered().await;
    let newer = eventually("the other message", async || {
        let newer = newest(&world, conversation).await;
        if newer == *id { Err(newer) } else { Ok(newer) }
    })
    .await;
    assert_eq!(post(&world, conversation, "read").await.status(), StatusCode::NO_CONTENT);
    let told = receipts(&world, 2).await;
    let ids: Vec<_> = told.iter().map(|receipt| receipt.message_id.as_str()).collect();
    assert_eq!(ids, [id.as_str(), newer.as_str()], "nothing is told twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_is_shown_in_answer_to_a_message_and_implies_that_it_is_read() {
    let world = World::sqlite().await;
    let conversation = conversation(&world).await;
    assert_eq!(post(&world, conversation, "typing").await.status(), StatusCode::NO_CONTENT);
    let told = receipts(&world, 1).await;
    assert!(told[0].typing && told[0].message_id == newest(&world, conversation).await);
    assert_eq!(post(&world, conversation, "read").await.status(), StatusCode::NO_CONTENT);
    assert_eq!(post(&world, conversation, "typing").await.status(), StatusCode::NO_CONTENT);
    let told = receipts(&world, 2).await;
    assert_eq!(told.iter().filter(|receipt| !receipt.typing).count(), 0, "{told:?}");
    let viewer = world.api_as(&world.add_key("acme", "viewer"));
    let path = format!("/api/conversations/{conversation}/typing");
    assert_eq!(viewer.post(&path, &json!({})).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(post(&world, conversation + 1000, "typing").await.status(), StatusCode::NOT_FOUND);
}

/// The conversation that comes of a message, with this person.
async fn conversation_of(world: &World, wa_id: &str, message: MessageSpec) -> i64 {
    let customer = Customer { wa_id: Some(wa_id.to_owned()), ..Customer::default() };
    world.simulator.send(&MessageSpec { customer, ..message }).await.unwrap();
    eventually("the conversation", async || {
        let all = world.api().all("/api/conversations").await;
        let found = all.iter().find(|one| one["contact"]["waId"] == wa_id);
        found.and_then(|one| one["id"].as_i64()).ok_or(all)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_is_refused_where_nobody_has_written_lately() {
    let world = World::sqlite().await;
    let echo = MessageSpec::text("from the business's own phone").by(Channel::Echo);
    let unanswered = conversation_of(&world, "15550100077", echo).await;
    let yesterday = SystemClock.now().minus(Duration::from_secs(25 * 3600)).millis() / 1000;
    let old = MessageSpec { timestamp: Some(yesterday), ..MessageSpec::text("yesterday") };
    let old = conversation_of(&world, "15550100078", old).await;
    for (conversation, said) in [(unanswered, "nobody has written"), (old, "24 hours")] {
        let refused = post(&world, conversation, "typing").await;
        assert_eq!(refused.status(), StatusCode::CONFLICT);
        let problem: serde_json::Value = refused.json().await.unwrap();
        assert!(problem["detail"].as_str().unwrap().contains(said), "{problem}");
    }
    assert_eq!(post(&world, unanswered, "read").await.status(), StatusCode::NO_CONTENT);
    assert!(world.simulator.read_receipts().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn receipt_that_whatsapp_refuses_fails_no_request_and_is_told_the_next_time() {
    let world = World::sqlite().await;
    let conversation = conversation(&world).await;
    world.simulator.add_fault(FaultSpec::new(FaultKind::Permission).at(Place::Send).times(1)).unwrap();
    assert_eq!(post(&world, conversation, "read").await.status(), StatusCode::NO_CONTENT);
    eventually("the refusal in the log", async || {
        if world.log().contains("WhatsApp was not told of a receipt") { Ok(()) } else { Err("not yet") }
    })
    .await;
    assert_eq!(post(&world, conversation, "read").await.status(), StatusCode::NO_CONTENT);
    assert_eq!(receipts(&world, 1).await.len(), 1);
    let text = json!({"conversationId": conversation, "type": "text", "text": "still sent"});
    has_status(&world, &send(&world, text).await.unwrap()["id"], "read").await;
}
