//! Several files in one request: all of them are sent, in order, or none is.

use axum::body::Body;
use futures_util::stream;
use http::{StatusCode, header};
use mediary_core::{Role, limits};
use mediary_testing::files::{JPEG, PNG};
use serde_json::{Value, json};

use super::Scene;
use crate::testing::{Answer, request};

type Files<'a> = &'a [(&'a str, &'a [u8])];

impl Scene {
    fn several(&self, fields: &[(&str, &str)], files: Files<'_>) -> Vec<u8> {
        let conversation = self.made.conversation.to_string();
        let mut body = Vec::new();
        for (name, value) in [("conversationId", conversation.as_str())].iter().chain(fields) {
            let field = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(field.as_bytes());
        }
        for (name, bytes) in files {
            let head =
                format!("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
            body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
        }
        body
    }

    async fn send_body(&self, body: Body) -> Answer {
        let request = request("POST", "/api/messages", Some(self.company.key(Role::Agent)));
        let request = request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
        self.house.send(request.body(body).unwrap()).await
    }

    async fn send_several(&self, fields: &[(&str, &str)], files: Files<'_>) -> Answer {
        let mut body = self.several(fields, files);
        body.extend(b"--b--\r\n");
        self.send_body(body.into()).await
    }

    async fn bytes_in_use(&self) -> i64 {
        let usage = self.house.store.usage(self.company.id).await.unwrap();
        usage.iter().map(|usage| usage.bytes).sum()
    }
}

fn items(answer: &Answer) -> Vec<Value> {
    answer.json()["items"].as_array().unwrap_or_else(|| panic!("{answer:?}")).clone()
}

#[tokio::test]
async fn each_file_is_a_message_with_its_own_caption_and_type() {
    let scene = Scene::open().await;
    let fields = [
        ("type", "image"),
        ("type", "document"),
        ("type", "image"),
        ("caption", "One"),
        ("caption", ""),
        ("caption", "Three"),
        ("replyTo", &*scene.made.message.to_string()),
        ("clientId", "album"),
    ];
    let files: Files<'_> = &[("a.png", PNG), ("b.pdf", b"%PDF-1.4\n..."), ("c.jpg", JPEG)];
    let answer = scene.send_several(&fields, files).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let sent = items(&answer);
    let of = |field: &str| sent.iter().map(|message| message[field].clone()).collect::<Vec<_>>();
    assert_eq!(of("caption"), [json!("One"), Value::Null, json!("Three")]);
    assert_eq!(of("type"), ["image", "document", "image"]);
    assert_eq!(of("clientId"), ["album", "album", "album"]);
    assert_eq!(
        of("replyTo"),
        [json!(scene.made.message.0), Value::Null, Value::Null],
        "the first one answers"
    );
    assert_eq!(sent[1]["media"]["fileName"], "b.pdf");
    let mut thread = scene.thread().await;
    thread.truncate(3);
    thread.reverse();
    assert_eq!(thread, sent, "in the order of the form");
    let again = scene.send_several(&fields, &[("x.png", PNG)][..]).await;
    assert_eq!((again.status, again.field().as_str()), (StatusCode::BAD_REQUEST, "type"));
    let again = scene.send_several(&[("type", "image"), ("clientId", "album")], files).await;
    assert_eq!((again.status, items(&again)), (StatusCode::OK, sent.clone()));
    // Whatever else the request says: that of one file is answered with all three, too.
    let again = scene.send_several(&[("type", "image"), ("clientId", "album")], &files[..1]).await;
    assert_eq!((again.status, items(&again)), (StatusCode::OK, sent));
    assert_eq!(scene.thread().await.len(), 4);
}

#[tokio::test]
async fn one_refused_file_keeps_all_from_being_sent() {
    let scene = Scene::open().await;
    let before = scene.bytes_in_use().await;
    let image = [("type", "image"), ("clientId", "album")];
    let files: Files<'_> = &[("a.png", PNG), ("b.jpg", JPEG), ("c.png", b"<html>"), ("d.png", PNG)];
    let answer = scene.send_several(&image, files).await;
    assert_eq!(answer.code_and_field(), ("unsupported_media_type".into(), "file".into()));
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("file 3 of 4") && detail.contains("text/html"), "{detail}");
    let empty = scene.send_several(&image, &[("a.png", PNG), ("b.png", b"")][..]).await;
    assert_eq!(empty.field(), "file");
    assert!(empty.json()["errors"][0]["message"].as_str().unwrap().contains("file 2 of 2"), "{empty:?}");
    assert_eq!((scene.thread().await.len(), scene.bytes_in_use().await), (1, before));
    let sent = scene.send_several(&image, &files[..2]).await;
    assert_eq!(sent.status, StatusCode::CREATED, "its client id is still free: {sent:?}");
}

#[tokio::test]
async fn request_has_ten_files_at_most_and_no_more_captions_than_files() {
    let scene = Scene::open().await;
    let many: Vec<(&str, &[u8])> = vec![("a.png", PNG); limits::FILES_SENT_AT_ONCE + 1];
    let image = ("type", "image");
    let answer = scene.send_several(&[image], &many).await;
    assert_eq!(answer.field(), "file");
    assert!(answer.json()["errors"][0]["message"].as_str().unwrap().contains("10"), "{answer:?}");
    for (field, fields) in [
        ("caption", vec![image, ("caption", "1"), ("caption", "2"), ("caption", "3")]),
        ("type", vec![image, image, image]),
        ("replyTo", vec![image, ("replyTo", "1"), ("replyTo", "1")]),
    ] {
        assert_eq!(scene.send_several(&fields, &many[..2]).await.field(), field);
    }
    assert_eq!(scene.thread().await.len(), 1);
    assert_eq!(items(&scene.send_several(&[image], &many[1..]).await).len(), 10);
}

#[tokio::test]
async fn form_that_breaks_off_leaves_nothing() {
    let scene = Scene::open().await;
    let before = scene.bytes_in_use().await;
    let whole = scene.several(&[("type", "image")], &[("a.png", PNG), ("b.jpg", JPEG), ("c.png", PNG)]);
    let part = whole[..whole.len() - PNG.len()].to_vec();
    let broken = stream::iter([Ok(part), Err(std::io::Error::other("the client is gone"))]);
    assert_eq!(scene.send_body(Body::from_stream(broken)).await.code(), "validation_error");
    let part = whole[..whole.len() / 2].to_vec();
    assert_eq!(scene.send_body(part.into()).await.code(), "validation_error");
    assert_eq!((scene.thread().await.len(), scene.bytes_in_use().await), (1, before));
}
