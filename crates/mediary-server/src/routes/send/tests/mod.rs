mod destinations;
mod forwarding;
mod headed;
mod several;
mod slots;

use axum::body::Body;
use http::{Request, StatusCode, header};
use mediary_core::Role;
use mediary_testing::files::{JPEG, PNG, VOICE_NOTE};
use serde_json::{Value, json};

use crate::testing::{Answer, Company, House, Made, request, with_json};

struct Scene {
    house: House,
    company: Company,
    made: Made,
}

impl Scene {
    async fn open() -> Self {
        let house = House::open().await;
        let company = house.company("acme").await;
        let made = house.stored(&company, "wamid.1", PNG, "image/png").await;
        Self { house, company, made }
    }

    async fn send(&self, body: Value) -> Answer {
        let mut body = body;
        body["conversationId"] = self.made.conversation.0.into();
        self.house.send(with_json("POST", "/api/messages", Some(self.company.key(Role::Agent)), &body)).await
    }

    async fn send_form(&self, fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Answer {
        let conversation = self.made.conversation.to_string();
        let mut body = Vec::new();
        // The file first, as some clients send it.
        if let Some((name, bytes)) = file {
            let head =
                format!("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
            body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
        }
        for (name, value) in [("conversationId", conversation.as_str())].iter().chain(fields) {
            let field = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(field.as_bytes());
        }
        body.extend(b"--b--\r\n");
        let request = request("POST", "/api/messages", Some(self.company.key(Role::Agent)));
        let request: Request<Body> = request
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
            .body(body.into())
            .unwrap();
        self.house.send(request).await
    }

    /// Any message, as JSON.
    async fn post(&self, body: &Value) -> Answer {
        self.house.post("/api/messages", self.company.key(Role::Agent), body).await
    }

    async fn thread(&self) -> Vec<Value> {
        let path = format!("/api/conversations/{}/messages", self.made.conversation);
        let thread = self.house.get(&path, self.company.key(Role::Agent)).await.json();
        thread["items"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn message_is_queued_and_shown_in_its_thread() {
    let scene = Scene::open().await;
    let answer =
        scene.send(json!({"type": "text", "text": "Good morning", "replyTo": scene.made.message.0})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let message = answer.json();
    assert_eq!((&message["status"], &message["direction"]), (&json!("queued"), &json!("outbound")));
    assert_eq!(message["replyTo"], scene.made.message.0);
    assert_eq!(scene.thread().await[0], message);
    let conversation = format!("/api/conversations/{}", scene.made.conversation);
    let conversation = scene.house.get(&conversation, scene.company.key(Role::Agent)).await.json();
    assert_eq!(conversation["lastMessage"]["id"], message["id"]);
}

#[tokio::test]
async fn file_of_a_form_is_stored_and_served_at_once() {
    let scene = Scene::open().await;
    let fields = [("type", "image"), ("caption", "Mugs"), ("clientId", "mine-1")];
    let answer = scene.send_form(&fields, Some(("mugs.jpg", JPEG))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let message = answer.json();
    assert_eq!(
        (&message["caption"], &message["media"]["downloadStatus"]),
        (&json!("Mugs"), &json!("completed"))
    );
    assert_eq!(message["clientId"], "mine-1");
    let bytes =
        scene.house.get(message["media"]["url"].as_str().unwrap(), scene.company.key(Role::Viewer)).await;
    assert_eq!((bytes.status, &bytes.body[..]), (StatusCode::OK, JPEG));
    let again = scene.send_form(&fields, Some(("other.png", PNG))).await;
    assert_eq!((again.status, again.json()["id"].clone()), (StatusCode::OK, message["id"].clone()));
    assert_eq!(scene.thread().await.len(), 2);
}

#[tokio::test]
async fn places_and_contact_cards_come_as_forms_too() {
    let scene = Scene::open().await;
    let place = [("type", "location"), ("latitude", "48.2"), ("longitude", "-16.4"), ("name", "Wien")];
    let answer = scene.send_form(&place, None).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let card = r#"[{"name": {"formatted_name": "Ana", "first_name": "Ana"}}]"#;
    let answer = scene.send_form(&[("type", "contacts"), ("contacts", card)], None).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    for (fields, field) in [
        ([("type", "location"), ("latitude", "north"), ("longitude", "1")], "latitude"),
        ([("type", "location"), ("latitude", "1"), ("longitude", "NaN")], "longitude"),
        ([("type", "contacts"), ("contacts", "{}"), ("text", "")], "contacts"),
    ] {
        let answer = scene.send_form(&fields, None).await;
        assert_eq!(
            (answer.status, answer.json()["errors"][0]["field"].as_str()),
            (StatusCode::BAD_REQUEST, Some(field))
        );
    }
}

#[tokio::test]
async fn text_in_the_place_of_a_file_is_no_file() {
    let scene = Scene::open().await;
    let answer = scene.send_form(&[("type", "document"), ("file", "invoice.pdf")], None).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.json()["errors"][0]["field"], "file");
    assert!(answer.json().to_string().contains("file=@path"), "{answer:?}");
}

#[tokio::test]
async fn every_answer_of_an_upload_speaks_its_protocol() {
    let scene = Scene::open().await;
    let key = Some(scene.company.key(Role::Agent));
    for (method, path, status) in [
        ("OPTIONS", "/api/uploads", StatusCode::NO_CONTENT),
        ("POST", "/api/uploads", StatusCode::PRECONDITION_FAILED),
        ("HEAD", "/api/uploads/9", StatusCode::PRECONDITION_FAILED),
    ] {
        let answer = scene.house.send(request(method, path, key).body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, &answer.headers["tus-resumable"]), (status, &"1.0.0".parse().unwrap()));
    }
}

#[tokio::test]
async fn stored_file_is_sent_as_a_copy_that_outlives_it() {
    let scene = Scene::open().await;
    let sent = scene.send(json!({"type": "image", "mediaId": scene.made.media.0})).await.json();
    let agent = scene.company.key(Role::Agent);
    let gone = request("DELETE", &format!("/api/media/{}", scene.made.media), Some(agent))
        .body(Body::empty())
        .unwrap();
    assert_eq!(scene.house.send(gone).await.status, StatusCode::NO_CONTENT);
    let bytes = scene.house.get(sent["media"]["url"].as_str().unwrap(), agent).await;
    assert_eq!((bytes.status, &bytes.body[..]), (StatusCode::OK, PNG));
}

#[tokio::test]
async fn what_whatsapp_would_refuse_is_refused_with_its_field() {
    let scene = Scene::open().await;
    for (body, field) in [
        (json!({"type": "text"}), "text"),
        (json!({"type": "text", "text": "x".repeat(4097)}), "text"),
        (json!({"type": "text", "text": "x", "caption": "y"}), "caption"),
        (json!({"type": "system"}), "type"),
        (json!({"type": "image"}), "mediaId"),
        (json!({"type": "image", "mediaId": 4711}), "mediaId"),
        (json!({"type": "reaction", "emoji": "👍"}), "replyTo"),
        (json!({"type": "text", "text": "x", "replyTo": 4711}), "replyTo"),
        (json!({"type": "location", "latitude": 91.0, "longitude": 0.0}), "latitude"),
        (json!({"type": "contacts", "contacts": [{}]}), "contacts"),
        (json!({"type": "text", "text": "x", "clientId": ""}), "clientId"),
        (json!({"type": "text", "text": "x", "colour": 1}), "colour"),
    ] {
        assert_eq!(scene.send(body.clone()).await.field(), field, "{body}");
    }
    for (fields, file, field) in [
        (vec![("type", "image"), ("type", "video")], Some(PNG), "type"),
        (vec![("type", "text"), ("text", "x")], Some(PNG), "file"),
        (vec![("type", "image"), ("voice", "yes")], Some(PNG), "voice"),
        (vec![("type", "image"), ("replyTo", "first")], Some(PNG), "replyTo"),
        (vec![("type", "image")], None, "mediaId"),
        (vec![("type", "image")], Some(&b""[..]), "file"),
    ] {
        let answer = scene.send_form(&fields, file.map(|bytes| ("a.png", bytes))).await;
        assert_eq!(answer.field(), field, "{fields:?}: {answer:?}");
    }
    assert_eq!(scene.thread().await.len(), 1, "nothing is kept of what was refused");
}

#[tokio::test]
async fn file_is_taken_for_what_its_bytes_prove() {
    let scene = Scene::open().await;
    let html = scene.send_form(&[("type", "image")], Some(("a.png", b"<!doctype html><html></html>"))).await;
    assert_eq!(html.code_and_field(), ("unsupported_media_type".into(), "file".into()));
    assert!(html.json()["detail"].as_str().unwrap().contains("text/html"), "{html:?}");
    let note = scene.send_form(&[("type", "audio")], Some(("note.mp4", VOICE_NOTE))).await.json();
    assert_eq!(
        (&note["media"]["voice"], &note["mediaMimeType"]),
        (&json!(true), &json!("audio/ogg; codecs=opus"))
    );
    let large = vec![0xff; 100_000_001];
    let large = scene.send_form(&[("type", "document")], Some(("large.bin", &large))).await;
    assert_eq!(large.code_and_field(), ("payload_too_large".into(), "file".into()));
    assert!(large.json()["detail"].as_str().unwrap().contains("100000000"), "{large:?}");
    let sound = scene.send(json!({"type": "audio", "mediaId": scene.made.media.0})).await;
    assert_eq!(sound.code_and_field(), ("unsupported_media_type".into(), "mediaId".into()));
    let text = scene.send(json!({"type": "text", "text": "x".repeat(300_000)})).await;
    assert_eq!(text.code_and_field(), ("payload_too_large".into(), "body".into()));
    assert!(text.json()["detail"].as_str().unwrap().contains("262144"), "{text:?}");
    let agent = scene.company.key(Role::Agent);
    let plain = request("POST", "/api/messages", Some(agent)).header("content-type", "text/plain");
    let plain = scene.house.send(plain.body(Body::from("hello")).unwrap()).await;
    assert_eq!(plain.code_and_field(), ("unsupported_media_type".into(), "Content-Type".into()));
}

#[tokio::test]
async fn waiting_message_is_taken_back_and_only_a_failed_one_is_sent_again() {
    let scene = Scene::open().await;
    let agent = scene.company.key(Role::Agent);
    let message = scene.send(json!({"type": "image", "mediaId": scene.made.media.0})).await.json();
    let path = format!("/api/messages/{}", message["id"]);
    let retry = scene.house.post_empty(format!("{path}/retry"), agent).await;
    assert_eq!(retry.code(), "conflict");
    let take_back = async |path: &str| {
        scene.house.send(request("DELETE", path, Some(agent)).body(Body::empty()).unwrap()).await
    };
    assert_eq!(take_back(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(scene.thread().await.len(), 1);
    for answer in [take_back(&path).await, take_back(&format!("/api/messages/{}", scene.made.message)).await]
    {
        assert_eq!(answer.code(), "not_found");
    }
}

#[tokio::test]
async fn another_companys_conversation_and_files_are_unknown() {
    let scene = Scene::open().await;
    let other = scene.house.company("other").await;
    let theirs = scene.house.stored(&other, "wamid.9", PNG, "image/png").await;
    let foreign = json!({"conversationId": theirs.conversation.0, "type": "text", "text": "x"});
    let agent = Some(scene.company.key(Role::Agent));
    assert_eq!(
        scene.house.send(with_json("POST", "/api/messages", agent, &foreign)).await.code(),
        "not_found"
    );
    assert_eq!(scene.send(json!({"type": "image", "mediaId": theirs.media.0})).await.field(), "mediaId");
    let viewer = json!({"conversationId": scene.made.conversation.0, "type": "text", "text": "x"});
    let viewer = with_json("POST", "/api/messages", Some(scene.company.key(Role::Viewer)), &viewer);
    assert_eq!(scene.house.send(viewer).await.code(), "forbidden");
}
