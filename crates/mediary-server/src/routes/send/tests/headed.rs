//! Templates and interactive messages, with the files of their headers.

#![expect(clippy::needless_pass_by_value, reason = "JSON is written where it is used")]

use http::StatusCode;
use mediary_core::Role;
use mediary_testing::files::{PNG, VOICE_NOTE};
use serde_json::{Value, json};

use super::Scene;

fn template(components: Value) -> Value {
    json!({"name": "hello_world", "language": {"code": "en_US"}, "components": components})
}

fn header(kind: &str, file: Value) -> Value {
    json!({"type": "header", "parameters": [{"type": kind, kind: file}]})
}

fn buttons(header: Value) -> Value {
    let reply = json!({"type": "reply", "reply": {"id": "yes", "title": "Yes"}});
    json!({"type": "button", "header": header, "body": {"text": "Shall we?"}, "action": {"buttons": [reply]}})
}

#[tokio::test]
async fn file_of_a_header_is_an_attachment_of_the_message() {
    let scene = Scene::open().await;
    let stored = scene.made.media.0;
    let body = json!({"type": "body", "parameters": [{"type": "text", "text": "Ana"}]});
    let own_header = template(json!([header("image", json!({"mediaId": stored})), body]));
    let image = json!({"type": "image", "image": {"mediaId": stored}});
    for wanted in [
        json!({"type": "template", "template": own_header}),
        json!({"type": "template", "template": template(json!([body])), "mediaId": stored}),
        json!({"type": "template", "template": template(json!([header("image", json!({})), body])), "mediaId": stored}),
        json!({"type": "interactive", "interactive": buttons(image)}),
    ] {
        let answer = scene.send(wanted.clone()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{wanted}: {answer:?}");
        let message = answer.json();
        assert_eq!((&message["type"], &message["media"]), (&wanted["type"], &Value::Null));
        let attached = &message["attachments"][0];
        assert_eq!((&attached["part"], &attached["fileType"]), (&json!(1), &json!("image")), "{message}");
        let bytes = scene.house.get(attached["url"].as_str().unwrap(), scene.company.key(Role::Viewer)).await;
        assert_eq!((bytes.status, &bytes.body[..]), (StatusCode::OK, PNG));
        let said = if wanted["type"] == "template" { "hello_world\nAna" } else { "Shall we?\n[Yes]" };
        assert_eq!(message["text"], said);
    }
    let plain = scene.send(json!({"type": "interactive", "interactive": buttons(Value::Null)})).await;
    assert_eq!(plain.json()["attachments"], json!([]), "{plain:?}");
}

#[tokio::test]
async fn header_comes_with_a_form_as_what_its_bytes_prove() {
    let scene = Scene::open().await;
    let template = template(json!([])).to_string();
    let fields = [("type", "template"), ("template", template.as_str())];
    let document = scene.send_form(&fields, Some(("Preise.pdf", b"%PDF-1.4\n..."))).await.json();
    let attached = &document["attachments"][0];
    assert_eq!((&attached["fileType"], &attached["fileName"]), (&json!("document"), &json!("Preise.pdf")));
    let image = scene.send_form(&fields, Some(("a.bin", PNG))).await.json();
    assert_eq!(image["attachments"][0]["fileType"], "image");
    let buttons = buttons(json!({"type": "video", "video": {}})).to_string();
    let fields = [("type", "interactive"), ("interactive", buttons.as_str())];
    let refused = scene.send_form(&fields, Some(("a.png", PNG))).await;
    assert_eq!(refused.code_and_field(), ("unsupported_media_type".into(), "file".into()));
}

#[tokio::test]
async fn header_that_cannot_be_sent_is_refused_by_its_field() {
    let scene = Scene::open().await;
    let stored = scene.made.media.0;
    let image = |file: Value| template(json!([header("image", file)]));
    let text = json!({"type": "header", "parameters": [{"type": "text", "text": "x"}]});
    let two =
        json!([header("image", json!({"mediaId": stored})), header("image", json!({"mediaId": stored}))]);
    let large = json!({"name": "a", "language": {"code": "en"}, "filler": "x".repeat(250_000)});
    for (body, field) in [
        (json!({"type": "template"}), "template"),
        (json!({"type": "template", "template": "hello"}), "template"),
        (json!({"type": "template", "template": {"name": "a"}}), "template"),
        (json!({"type": "template", "template": template(json!([])), "text": "x"}), "text"),
        (json!({"type": "text", "text": "x", "template": template(json!([]))}), "template"),
        (json!({"type": "template", "template": image(json!({}))}), "template"),
        (json!({"type": "template", "template": image(json!({"id": "123"}))}), "template"),
        (json!({"type": "template", "template": image(json!({"mediaId": 4711}))}), "mediaId"),
        (json!({"type": "template", "template": image(json!({"libraryId": 4711}))}), "libraryId"),
        (json!({"type": "template", "template": image(json!({"link": "ftp://x.test/a"}))}), "link"),
        (
            json!({"type": "template", "template": image(json!({"mediaId": stored})), "mediaId": stored}),
            "template",
        ),
        (json!({"type": "template", "template": template(json!([text])), "mediaId": stored}), "template"),
        (json!({"type": "template", "template": template(two)}), "template"),
        (json!({"type": "interactive", "interactive": {}}), "interactive"),
        (json!({"type": "interactive", "interactive": [1]}), "interactive"),
    ] {
        assert_eq!(scene.send(body.clone()).await.field(), field, "{body}");
    }
    assert_eq!(scene.send(json!({"type": "template", "template": large})).await.status, StatusCode::CREATED);
    let form = [("type", "interactive"), ("interactive", "{")];
    assert_eq!(scene.send_form(&form, Some(("a.png", PNG))).await.field(), "interactive");
    let audio = buttons(json!({"type": "audio", "audio": {}})).to_string();
    let form = [("type", "interactive"), ("interactive", audio.as_str())];
    assert_eq!(scene.send_form(&form, Some(("a.ogg", VOICE_NOTE))).await.field(), "interactive");
    assert_eq!(scene.thread().await.len(), 2, "nothing is kept of what was refused");
}
