//! Files that are kept to be sent again: WhatsApp gets their bytes once.

use mediary_testing::eventually;
use mediary_testing::files::sha256;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::{conversation, has_status, picture, send};
use crate::harness::World;

const SENT: usize = 100;

async fn keep(world: &World, name: &str, bytes: Vec<u8>) -> Value {
    let form =
        Form::new().text("name", name.to_owned()).part("file", Part::bytes(bytes).file_name("mugs.jpg"));
    let answer = world.api().request(Method::POST, "/api/library").multipart(form).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    answer.json().await.unwrap()
}

async fn is_sent_again(world: World) {
    let conversation = conversation(&world).await;
    let bytes = picture(3);
    let item = keep(&world, "Mugs", bytes.clone()).await;
    let wanted =
        json!({"conversationId": conversation, "type": "image", "libraryId": item["id"], "caption": "Mugs"});
    let mut ids = Vec::new();
    for _ in 0..SENT {
        ids.push(send(&world, wanted.clone()).await.unwrap()["id"].clone());
    }
    has_status(&world, ids.last().unwrap(), "read").await;
    let sent = world.simulator.sent();
    assert_eq!(sent.len(), SENT);
    for message in &sent {
        assert_eq!(message.media.as_ref().unwrap().sha256, sha256(&bytes).to_string());
        assert_eq!(message.body["image"]["id"], sent[0].body["image"]["id"], "it is uploaded once");
    }
    let path = format!("/api/library/{}", item["id"]);
    let gone = world.api().request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(gone.status(), 204);
    eventually("its bytes to go", async || {
        let stored = world.stored_files().len();
        // Each message has its own.
        if stored == SENT { Ok(()) } else { Err(stored) }
    })
    .await;
    let first = world.api().json(&format!("/api/messages/{}", ids[0])).await;
    assert_eq!(world.api().bytes(&first).await, bytes);
    assert!(world.api().all("/api/library").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn file_of_the_library_is_sent_a_hundred_times_and_uploaded_once_on_sqlite() {
    is_sent_again(World::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn file_of_the_library_is_sent_a_hundred_times_and_uploaded_once_on_postgres() {
    is_sent_again(World::postgres().await).await;
}
