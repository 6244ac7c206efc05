//! Messages that are sent on to other conversations.

use axum::body::Body;
use http::StatusCode;
use mediary_core::limits::FORWARDED_TO_AT_ONCE;
use mediary_core::{ConversationId, MessageId, Role, Visibility};
use mediary_testing::files::PNG;
use serde_json::{Value, json};

use super::Scene;
use crate::testing::{Answer, post, request};

impl Scene {
    async fn forward(&self, message: impl Into<i64>, to: &[ConversationId]) -> Answer {
        let ids: Vec<i64> = to.iter().map(|id| id.0).collect();
        let path = format!("/api/messages/{}/forward", message.into());
        self.house.post(&path, self.company.key(Role::Agent), &json!({"conversationIds": ids})).await
    }

    /// A conversation with somebody else.
    async fn another(&self, phone: &str) -> ConversationId {
        self.house.stored_from(&self.company, phone, &format!("wamid.{phone}"), PNG).await.conversation
    }

    async fn thread_of(&self, conversation: ConversationId) -> Vec<Value> {
        let path = format!("/api/conversations/{conversation}/messages");
        let thread = self.house.get(&path, self.company.key(Role::Agent)).await.json();
        thread["items"].as_array().unwrap().clone()
    }
}

fn id_of(message: &Value) -> i64 {
    message["id"].as_i64().unwrap()
}

#[tokio::test]
async fn file_is_sent_on_as_a_copy_to_each_conversation_in_order() {
    let scene = Scene::open().await;
    let (ana, ben) = (scene.another("15550100001").await, scene.another("15550100002").await);
    let answer = scene.forward(scene.made.message.0, &[ben, ana, scene.made.conversation]).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let items = answer.json()["items"].as_array().unwrap().clone();
    let order: Vec<i64> = items.iter().map(|item| item["conversationId"].as_i64().unwrap()).collect();
    assert_eq!(order, [ben.0, ana.0, scene.made.conversation.0]);
    let agent = scene.company.key(Role::Agent);
    let gone = request("DELETE", &format!("/api/media/{}", scene.made.media), Some(agent));
    scene.house.send(gone.body(Body::empty()).unwrap()).await;
    let mut files = Vec::new();
    for item in &items {
        assert_eq!(
            (&item["forwarded"], &item["status"], &item["caption"], &item["direction"]),
            (&json!(true), &json!("queued"), &json!("look"), &json!("outbound"))
        );
        let bytes = scene.house.get(item["media"]["url"].as_str().unwrap(), agent).await;
        assert_eq!((bytes.status, &bytes.body[..]), (StatusCode::OK, PNG), "it outlives the original");
        files.push(item["media"]["id"].as_i64().unwrap());
    }
    assert!(files[0] != files[1] && files[1] != files[2]);
    assert_eq!(scene.thread_of(ana).await[0], items[1]);
}

#[tokio::test]
async fn client_id_that_is_known_sends_nothing_on_again() {
    let scene = Scene::open().await;
    let mut to = Vec::new();
    // As many as can be, and not in the order of their ids.
    for number in 0..FORWARDED_TO_AT_ONCE {
        to.insert(0, scene.another(&format!("155501{number:05}")).await.0);
    }
    let path = format!("/api/messages/{}/forward", scene.made.message);
    let forward = async |body: Value| scene.house.post(&path, scene.company.key(Role::Agent), &body).await;
    let body = json!({"conversationIds": to, "clientId": "mine"});
    let first = forward(body.clone()).await;
    assert_eq!(first.status, StatusCode::CREATED, "{first:?}");
    let items = first.json()["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), FORWARDED_TO_AT_ONCE);
    assert!(items.as_array().unwrap().iter().all(|item| item["clientId"] == "mine"));
    let order: Vec<Value> =
        items.as_array().unwrap().iter().map(|item| item["conversationId"].clone()).collect();
    assert_eq!(Value::from(order), json!(to));
    for again in [body, json!({"conversationIds": [to[0]], "clientId": "mine"})] {
        let answer = forward(again).await;
        assert_eq!((answer.status, &answer.json()["items"]), (StatusCode::OK, &items), "in the same order");
    }
    assert_eq!(scene.thread_of(ConversationId(to[0])).await.len(), 2, "its own and the one that was sent on");
    let other = forward(json!({"conversationIds": to, "clientId": "other"})).await;
    assert_eq!(other.status, StatusCode::CREATED);
    let wrong = forward(json!({"conversationIds": to, "clientId": "x".repeat(201)})).await;
    assert_eq!(wrong.field(), "clientId");
}

#[tokio::test]
async fn what_was_sent_from_here_is_sent_on_too() {
    let scene = Scene::open().await;
    let ana = scene.another("15550100001").await;
    let card = json!({"name": {"formatted_name": "Ana", "first_name": "Ana"}});
    for body in [
        json!({"type": "text", "text": "Grüße 👋"}),
        json!({"type": "location", "latitude": 48.2, "longitude": 16.4, "name": "Wien"}),
        json!({"type": "contacts", "contacts": [card]}),
    ] {
        let original = scene.send(body).await.json();
        let copy = scene.forward(id_of(&original), &[ana]).await;
        assert_eq!(copy.status, StatusCode::CREATED, "{copy:?}");
        let copy = copy.json()["items"][0].clone();
        assert_eq!((&copy["type"], &copy["text"]), (&original["type"], &original["text"]));
        assert_eq!(copy["conversationId"], ana.0);
    }
}

#[tokio::test]
async fn what_cannot_be_sent_on_is_refused_with_its_reason_and_nothing_is_queued() {
    let scene = Scene::open().await;
    let ana = scene.another("15550100001").await;
    let agent = scene.company.key(Role::Agent);
    let before = scene.thread_of(ana).await.len();
    let waiting = scene.house.message(&scene.company, "wamid.waiting").await;
    assert_eq!(scene.forward(waiting.message.0, &[ana]).await.code(), "conflict");
    let react = json!({"type": "reaction", "emoji": "👍", "replyTo": scene.made.message.0});
    let reaction = scene.send(react).await.json();
    assert_eq!(scene.forward(id_of(&reaction), &[ana]).await.code(), "conflict");
    let html =
        scene.house.stored(&scene.company, "wamid.html", b"<!doctype html><html></html>", "image/png").await;
    let refused = scene.forward(html.message.0, &[ana]).await;
    assert_eq!(refused.code(), "unsupported_media_type");
    assert!(refused.json()["detail"].as_str().unwrap().contains("text/html"), "{refused:?}");
    let gone = request("DELETE", &format!("/api/media/{}", scene.made.media), Some(agent));
    scene.house.send(gone.body(Body::empty()).unwrap()).await;
    let deleted = scene.forward(scene.made.message.0, &[ana]).await;
    assert_eq!((deleted.status, deleted.code().as_str()), (StatusCode::GONE, "media_deleted"));
    assert_eq!(scene.thread_of(ana).await.len(), before);
}

#[tokio::test]
async fn list_of_conversations_is_checked_and_all_of_them_must_be_there() {
    let scene = Scene::open().await;
    let ana = scene.another("15550100001").await;
    let many: Vec<ConversationId> = (1..=21).map(ConversationId).collect();
    for wrong in [&[][..], &[ana, ana], &many] {
        assert_eq!(scene.forward(scene.made.message.0, wrong).await.field(), "conversationIds");
    }
    let path = format!("/api/messages/{}/forward", scene.made.message);
    for body in [
        json!({}),
        json!({"conversationIds": null}),
        json!({"conversationIds": 5}),
        json!({"conversationIds": ["x"]}),
    ] {
        let field = scene.house.post(&path, scene.company.key(Role::Agent), &body).await.field();
        assert!(field.starts_with("conversationIds"), "{body}: {field}");
    }
    let other = scene.house.company("other").await;
    let theirs = scene.house.stored(&other, "wamid.9", PNG, "image/png").await;
    for missing in [theirs.conversation, ConversationId(4711)] {
        assert_eq!(scene.forward(scene.made.message.0, &[ana, missing]).await.code(), "not_found");
    }
    assert_eq!(scene.forward(theirs.message.0, &[ana]).await.code(), "not_found");
    assert_eq!(scene.forward(MessageId(4711).0, &[ana]).await.code(), "not_found");
    let body = json!({"conversationIds": [ana.0, scene.made.conversation.0]});
    let mut limited = post(&path, Some(scene.company.key(Role::Agent)), &body);
    limited.extensions_mut().insert(Visibility::Conversations([scene.made.conversation].into()));
    assert_eq!(scene.house.send(limited).await.code(), "not_found", "one of them is not seen");
    assert_eq!(scene.thread_of(ana).await.len(), 1);
    assert_eq!(scene.house.post(&path, scene.company.key(Role::Viewer), &body).await.code(), "forbidden");
}
