//! Where messages go: a conversation, or somebody who need not have one.

use axum::body::Body;
use http::{Request, StatusCode, header};
use mediary_core::{ConversationId, Role, Visibility};
use serde_json::{Value, json};

use super::Scene;
use crate::testing::{Answer, request, with_json};

const BEN: &str = "15551234567";

impl Scene {
    fn to(&self, to: &str) -> Value {
        json!({"whatsappAccountId": self.company.account.0, "to": to, "type": "text", "text": "Good morning"})
    }

    async fn conversations(&self) -> Vec<Value> {
        let all = self.house.get("/api/conversations", self.company.key(Role::Agent)).await.json();
        all["items"].as_array().unwrap().clone()
    }

    /// As an agent who sees these conversations alone.
    async fn post_seeing(&self, conversations: &[ConversationId], body: &Value) -> Answer {
        let mut request = with_json("POST", "/api/messages", Some(self.company.key(Role::Agent)), body);
        request.extensions_mut().insert(Visibility::Conversations(conversations.into()));
        self.house.send(request).await
    }
}

#[tokio::test]
async fn message_to_a_new_number_opens_a_conversation() {
    let scene = Scene::open().await;
    let answer = scene.post(&scene.to("+49 (155) 501-00")).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let message = answer.json();
    let conversations = scene.conversations().await;
    assert_eq!((conversations.len(), &conversations[0]["id"]), (2, &message["conversationId"]));
    let contact = &conversations[0]["contact"];
    assert_eq!((&contact["waId"], &contact["phone"]), (&json!("4915550100"), &json!("4915550100")));
    assert_eq!(conversations[0]["lastMessage"]["id"], message["id"]);
    assert_eq!(conversations[0]["unreadCount"], 0);
    let second = scene.post(&scene.to("4915550100")).await.json();
    assert_eq!(second["conversationId"], message["conversationId"]);
    let form = format!(
        "--b\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\n+49 15550100\r\n\
         --b\r\nContent-Disposition: form-data; name=\"whatsappAccountId\"\r\n\r\n{}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\ntext\r\n\
         --b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nas a form\r\n--b--\r\n",
        scene.company.account
    );
    let form: Request<Body> = request("POST", "/api/messages", Some(scene.company.key(Role::Agent)))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
        .body(form.into())
        .unwrap();
    let third = scene.house.send(form).await;
    assert_eq!(third.status, StatusCode::CREATED, "{third:?}");
    assert_eq!(third.json()["conversationId"], message["conversationId"]);
}

#[tokio::test]
async fn message_to_somebody_known_goes_into_their_conversation_and_answers_there() {
    let scene = Scene::open().await;
    let mut answer = scene.to("+1 555-123-4567");
    answer["replyTo"] = scene.made.message.0.into();
    let sent = scene.post(&answer).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{sent:?}");
    assert_eq!(sent.json()["conversationId"], scene.made.conversation.0);
    assert_eq!(sent.json()["replyTo"], scene.made.message.0);
    assert_eq!(scene.conversations().await.len(), 1);
    let mut elsewhere = scene.to("+49 15550100");
    elsewhere["replyTo"] = scene.made.message.0.into();
    assert_eq!(scene.post(&elsewhere).await.field(), "replyTo");
    assert_eq!(scene.conversations().await.len(), 1, "nothing is opened for what was refused");
}

#[tokio::test]
async fn people_by_their_user_id_and_groups_are_written_to() {
    let scene = Scene::open().await;
    let group = "Y2FwaV9ncm91cDoxODA1NTU1MDE3MjoxMjAzNjMyMjI3NzE5NjMwNjcZD";
    for (to, field) in [("US.13491208655302741918", "userId"), (group, "waId")] {
        let sent = scene.post(&scene.to(to)).await;
        assert_eq!(sent.status, StatusCode::CREATED, "{sent:?}");
        let contact = scene.conversations().await[0]["contact"].clone();
        assert_eq!((&contact[field], &contact["phone"]), (&json!(to), &Value::Null), "{contact}");
    }
}

#[tokio::test]
async fn destination_is_one_and_whole() {
    let scene = Scene::open().await;
    let account = scene.company.account.0;
    let conversation = scene.made.conversation.0;
    for (destination, field) in [
        (json!({}), "conversationId"),
        (json!({"to": BEN}), "whatsappAccountId"),
        (json!({"whatsappAccountId": account}), "to"),
        (json!({"conversationId": conversation, "to": BEN}), "to"),
        (json!({"conversationId": conversation, "whatsappAccountId": account}), "whatsappAccountId"),
        (
            json!({"conversationId": conversation, "whatsappAccountId": account, "to": BEN}),
            "whatsappAccountId",
        ),
        (json!({"conversationId": null, "whatsappAccountId": account, "to": BEN}), "conversationId"),
        (json!({"whatsappAccountId": account, "to": ""}), "to"),
        (json!({"whatsappAccountId": account, "to": "123456"}), "to"),
        (json!({"whatsappAccountId": account, "to": "ana@acme.test"}), "to"),
        (json!({"whatsappAccountId": account, "to": 15_551_234_567_i64}), "to"),
    ] {
        let mut body = json!({"type": "text", "text": "x"});
        body.as_object_mut().unwrap().extend(destination.as_object().unwrap().clone());
        assert_eq!(scene.post(&body).await.field(), field, "{body}");
    }
    assert_eq!(scene.thread().await.len(), 1);
}

#[tokio::test]
async fn accounts_and_conversations_of_others_are_not_found() {
    let scene = Scene::open().await;
    let other = scene.house.company("other").await;
    for account in [other.account.0, 4711] {
        let mut foreign = scene.to("+49 15550100");
        foreign["whatsappAccountId"] = account.into();
        assert_eq!(scene.post(&foreign).await.code(), "not_found");
    }
    let (own, nobody) = ([scene.made.conversation], []);
    let unknown = scene.post_seeing(&own, &scene.to("+49 15550100")).await;
    let unseen = scene.post_seeing(&nobody, &scene.to(BEN)).await;
    for answer in [&unknown, &unseen] {
        assert_eq!(answer.code(), "not_found");
    }
    assert_eq!(unknown.json()["detail"], unseen.json()["detail"], "nothing tells whether it is there");
    assert_eq!(scene.conversations().await.len(), 1);
    assert_eq!(scene.post_seeing(&own, &scene.to(BEN)).await.status, StatusCode::CREATED);
}
