//! Several files in one request.

use mediary_testing::files::sha256;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

use super::{conversation, has_status, own_id, picture, send_form};
use crate::harness::World;

const FILES: usize = 5;

fn album(conversation: i64, client_id: &str) -> Form {
    let form = Form::new()
        .text("conversationId", conversation.to_string())
        .text("type", "image")
        .text("clientId", client_id.to_owned());
    (0..FILES).fold(form, |form, index| {
        form.text("caption", format!("page {index}"))
            .part("file", Part::bytes(picture(index)).file_name(format!("{index}.jpg")))
    })
}

async fn are_sent_in_order_and_once(world: World) {
    let conversation = conversation(&world).await;
    // Two requests at once, as a program makes them that has lost an answer.
    let (one, other) = tokio::join!(
        send_form(&world, album(conversation, "album")),
        send_form(&world, album(conversation, "album"))
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    let ids = |answer: &Value| -> Vec<Value> {
        answer["items"].as_array().unwrap().iter().map(|message| message["id"].clone()).collect()
    };
    assert_eq!(ids(&one), ids(&other));
    has_status(&world, ids(&one).last().unwrap(), "read").await;
    let sent = world.simulator.sent();
    assert_eq!(sent.iter().map(|message| own_id(message).into()).collect::<Vec<Value>>(), ids(&one));
    for (index, message) in sent.iter().enumerate() {
        assert_eq!(message.media.as_ref().unwrap().sha256, sha256(&picture(index)).to_string());
        assert_eq!(message.body["image"]["caption"], format!("page {index}"));
    }
    assert_eq!(sent.len(), FILES);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_one_request_are_sent_in_order_and_once_on_sqlite() {
    are_sent_in_order_and_once(World::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_one_request_are_sent_in_order_and_once_on_postgres() {
    are_sent_in_order_and_once(World::postgres().await).await;
}
