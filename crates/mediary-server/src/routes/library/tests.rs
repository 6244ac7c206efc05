use axum::body::Body;
use http::{StatusCode, header};
use mediary_core::Role;
use mediary_testing::files::{JPEG, PNG, VOICE_NOTE};
use serde_json::{Value, json};

use crate::testing::{Answer, Company, House, request};

async fn add(house: &House, key: &str, fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        let field = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(field.as_bytes());
    }
    if let Some((name, bytes)) = file {
        let head =
            format!("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
        body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
    }
    body.extend(b"--b--\r\n");
    let request = request("POST", "/api/library", Some(key));
    let request = request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
    house.send(request.body(body.into()).unwrap()).await
}

async fn list(house: &House, company: &Company) -> Vec<Value> {
    let list = house.get("/api/library", company.key(Role::Viewer)).await.json();
    list["items"].as_array().unwrap().clone()
}

async fn delete(house: &House, key: &str, id: &Value) -> Answer {
    let request = request("DELETE", &format!("/api/library/{id}"), Some(key));
    house.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn kept_file_is_listed_and_served_by_its_url() {
    let house = House::open().await;
    let company = house.company("acme").await;
    let agent = company.key(Role::Agent);
    let answer = add(&house, agent, &[("name", "Price list")], Some(("Preise.pdf", b"%PDF-1.4\n..."))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let item = answer.json();
    let media = &item["media"];
    assert_eq!((&item["name"], &item["id"]), (&json!("Price list"), &media["id"]));
    assert_eq!((&media["messageId"], &media["conversationId"]), (&Value::Null, &Value::Null));
    assert_eq!((&media["fileType"], &media["fileName"]), (&json!("document"), &json!("Preise.pdf")));
    assert_eq!(list(&house, &company).await, std::slice::from_ref(&item));
    let bytes = house.get(media["url"].as_str().unwrap(), company.key(Role::Viewer)).await;
    assert_eq!((bytes.status, &bytes.body[..]), (StatusCode::OK, &b"%PDF-1.4\n..."[..]));
    assert!(bytes.header("content-disposition").contains("Preise.pdf"));
    let record = house.get(&format!("/api/media/{}", item["id"]), agent).await.json();
    assert_eq!(record["sha256"], media["sha256"]);
    let link = house.post(&format!("/api/media/{}/signed-url", item["id"]), agent, &json!({})).await.json();
    let link = link["url"].as_str().unwrap().split_once("/m/").unwrap().1.to_owned();
    let linked = request("GET", &format!("/m/{link}"), None).body(Body::empty()).unwrap();
    assert_eq!(house.send(linked).await.body, bytes.body);
    assert!(house.get("/api/media", agent).await.json()["items"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn message_keeps_its_file_when_the_library_loses_it() {
    let house = House::open().await;
    let company = house.company("acme").await;
    let made = house.stored(&company, "wamid.1", PNG, "image/png").await;
    let agent = company.key(Role::Agent);
    let stored = json!({"name": "Logo", "mediaId": made.media.0});
    let item = house.post("/api/library", agent, &stored).await;
    assert_eq!(item.status, StatusCode::CREATED, "{item:?}");
    let id = item.json()["id"].clone();
    let gone = request("DELETE", &format!("/api/media/{}", made.media), Some(agent));
    house.send(gone.body(Body::empty()).unwrap()).await;
    let wanted = json!({"conversationId": made.conversation.0, "type": "image", "libraryId": id});
    let sent = house.post("/api/messages", agent, &wanted).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{sent:?}");
    assert_eq!(delete(&house, agent, &id).await.status, StatusCode::NO_CONTENT);
    assert_eq!(delete(&house, agent, &id).await.code(), "not_found");
    assert!(list(&house, &company).await.is_empty());
    let bytes = house.get(sent.json()["media"]["url"].as_str().unwrap(), agent).await;
    assert_eq!((bytes.status, &bytes.body[..]), (StatusCode::OK, PNG));
    let gone = house.get(item.json()["media"]["url"].as_str().unwrap(), agent).await;
    assert_eq!(gone.code(), "media_deleted");
    assert_eq!(house.post("/api/messages", agent, &wanted).await.field(), "libraryId");
}

#[tokio::test]
async fn library_takes_what_whatsapp_takes_under_names_of_their_own() {
    let house = House::open().await;
    let company = house.company("acme").await;
    let agent = company.key(Role::Agent);
    let long = "x".repeat(201);
    for (fields, file, field) in [
        (vec![], Some(PNG), "name"),
        (vec![("name", "")], Some(PNG), "name"),
        (vec![("name", " x")], Some(PNG), "name"),
        (vec![("name", &*long)], Some(PNG), "name"),
        (vec![("name", "x"), ("name", "y")], Some(PNG), "name"),
        (vec![("name", "x")], None, "file"),
        (vec![("name", "x")], Some(&b""[..]), "file"),
        (vec![("name", "x"), ("type", "picture")], Some(PNG), "type"),
        (vec![("name", "x"), ("caption", "y")], Some(PNG), "caption"),
    ] {
        let answer = add(&house, agent, &fields, file.map(|bytes| ("a.png", bytes))).await;
        assert_eq!(answer.field(), field, "{fields:?}: {answer:?}");
    }
    for (body, field) in [
        (json!({"name": "x"}), "mediaId"),
        (json!({"name": "x", "mediaId": 4711}), "mediaId"),
        (json!({"mediaId": 1}), "name"),
        (json!({"name": "x", "mediaId": 1, "link": "https://x.test"}), "link"),
    ] {
        assert_eq!(house.post("/api/library", agent, &body).await.field(), field, "{body}");
    }
    let large = [JPEG, &vec![0; 5_000_001 - JPEG.len()]].concat();
    let image = [("name", "x"), ("type", "image")];
    let refused = add(&house, agent, &image, Some(("a.jpg", &large))).await;
    assert_eq!(refused.code_and_field(), ("payload_too_large".into(), "file".into()));
    let html = add(&house, agent, &image, Some(("a.png", b"<html>"))).await;
    assert_eq!(html.code_and_field(), ("unsupported_media_type".into(), "file".into()));
    let at_the_limit = &large[..5_000_000];
    let taken = add(&house, agent, &image, Some(("a.jpg", at_the_limit))).await;
    assert_eq!(taken.json()["media"]["fileType"], "image");
    let again = add(&house, agent, &image, Some(("b.png", PNG))).await;
    assert_eq!((again.status, again.code().as_str()), (StatusCode::CONFLICT, "conflict"));
    let note = add(&house, agent, &[("name", "Hello")], Some(("a.ogg", VOICE_NOTE))).await.json();
    assert_eq!((&note["media"]["fileType"], &note["media"]["voice"]), (&json!("audio"), &json!(true)));
    assert_eq!(list(&house, &company).await.len(), 2, "nothing is kept of what was refused");
}

#[tokio::test]
async fn library_is_changed_by_agents_of_its_company_alone() {
    let house = House::open().await;
    let (ours, theirs) = (house.company("ours").await, house.company("theirs").await);
    let item = add(&house, theirs.key(Role::Agent), &[("name", "Logo")], Some(("a.png", PNG))).await.json();
    let viewer = theirs.key(Role::Viewer);
    assert_eq!(
        add(&house, viewer, &[("name", "x")], Some(("a.png", PNG))).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(delete(&house, viewer, &item["id"]).await.status, StatusCode::FORBIDDEN);
    let admin = ours.key(Role::Admin);
    let made = house.stored(&ours, "wamid.1", PNG, "image/png").await;
    assert_eq!(delete(&house, admin, &item["id"]).await.code(), "not_found");
    assert_eq!(
        delete(&house, admin, &made.media.0.into()).await.code(),
        "not_found",
        "no file of the library"
    );
    assert_eq!(house.get(item["media"]["url"].as_str().unwrap(), admin).await.code(), "not_found");
    let wanted = json!({"conversationId": made.conversation.0, "type": "image", "libraryId": item["id"]});
    assert_eq!(house.post("/api/messages", admin, &wanted).await.field(), "libraryId");
    let both = json!({"conversationId": made.conversation.0, "type": "image", "libraryId": 1, "mediaId": 1});
    assert_eq!(house.post("/api/messages", admin, &both).await.field(), "libraryId");
    let copied = json!({"name": "Logo", "mediaId": item["id"]});
    assert_eq!(house.post("/api/library", admin, &copied).await.field(), "mediaId");
    assert!(list(&house, &ours).await.is_empty());
    assert_eq!(list(&house, &theirs).await.len(), 1);
}
