//! Messages whose files are behind links: fetched by the program, whole and checked, or refused by the field `link` with nothing left.

use std::net::Ipv4Addr;

use mediary_testing::files::{JPEG, content_like, sha256};
use mediary_testing::wire::{Server, Wire, answer};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Database, World};
use crate::sending::{conversation, has_status};

const PDF: &[u8] = b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj";

/// Allows hosts on this machine.
async fn world() -> World {
    World::new(Database::embedded(), &[("MEDIARY_LINK_HOSTS", "127.0.0.1")]).await
}

fn file(headers: &str, bytes: &[u8]) -> Vec<Wire> {
    let extra = if headers.is_empty() { String::new() } else { format!("{headers}\r\n") };
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{extra}\r\n", bytes.len());
    vec![Wire::Send([head.as_bytes(), bytes].concat())]
}

async fn send(world: &World, body: &Value) -> (StatusCode, Value) {
    let answer = world.api().request(Method::POST, "/api/messages").json(body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

/// The code of a refusal, and what it says of the link.
fn refusal((_, problem): (StatusCode, Value)) -> (String, String) {
    assert_eq!(problem["errors"][0]["field"], "link", "{problem}");
    let [code, said] =
        [&problem["code"], &problem["errors"][0]["message"]].map(|text| text.as_str().unwrap());
    (code.to_owned(), said.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn file_behind_a_link_is_fetched_as_written_and_reaches_whatsapp_by_id() {
    let world = world().await;
    let conversation = conversation(&world).await;
    let picture = content_like(b"\xff\xd8\xff\xe0\x00\x10JFIF", 70_000);
    let bytes = picture.clone();
    let host = Server::start(move |_| file("content-type: application/x-made-up", &bytes)).await;
    let path = "/v/h.jpg?a=1&b=2&sig=%2B%3D&c=x%26y&amp;d";
    let body = json!({"conversationId": conversation, "type": "image", "caption": "Mugs", "clientId": "mine",
        "link": host.url(path)});
    let (status, message) = send(&world, &body).await;
    assert_eq!(status, StatusCode::CREATED, "{message}");
    has_status(&world, &message["id"], "read").await;
    let request = &host.requests()[0];
    assert!(request.starts_with(&format!("GET {path} HTTP/1.1\n")), "{request}");
    for secret in ["authorization", "cookie", "referer"] {
        assert!(!request.contains(secret), "{request}");
    }
    let sent = &world.simulator.sent()[0];
    assert_eq!(sent.media.as_ref().unwrap().sha256, sha256(&picture).to_string());
    assert!(sent.body["image"]["link"].is_null() && sent.body["image"]["id"].is_string(), "{:?}", sent.body);
    assert_eq!(world.api().bytes(&message).await, picture);

    let (status, again) = send(&world, &body).await;
    assert_eq!((status, &again["id"]), (StatusCode::OK, &message["id"]));
    assert_eq!(host.requests().len(), 1, "nothing is fetched for a message that is there");
    let mut signed_again = body.clone();
    signed_again["clientId"] = "another".into();
    signed_again["link"] = host.url("/v/h.jpg?a=1&b=2&sig=other").into();
    let (_, second) = send(&world, &signed_again).await;
    has_status(&world, &second["id"], "read").await;
    let sent = world.simulator.sent();
    assert_eq!(sent[0].body["image"]["id"], sent[1].body["image"]["id"], "the same bytes are uploaded once");
}

#[tokio::test(flavor = "multi_thread")]
async fn document_is_called_what_its_host_calls_it() {
    let world = world().await;
    let conversation = conversation(&world).await;
    let host = Server::start(|line| match line.split(' ').nth(1) {
        Some("/moved") => answer(302, "location: /files/offer%20%E2%82%AC.pdf?x=1", ""),
        Some("/named") => file(
            "content-disposition: attachment; filename=\"x.pdf\"; filename*=UTF-8''..%2FAngebot%20M%C3%A4rz",
            PDF,
        ),
        _ => file("", PDF),
    })
    .await;
    for (path, given, name) in [
        ("/named", None, "_Angebot März.pdf"),
        ("/named", Some("mine.pdf"), "mine.pdf"),
        ("/files/price%20list.pdf?sig=a/b.exe", None, "price list.pdf"),
        ("/download", None, "download.pdf"),
        ("/moved", None, "moved.pdf"),
    ] {
        let mut body = json!({"conversationId": conversation, "type": "document", "link": host.url(path)});
        if let Some(given) = given {
            body["fileName"] = given.into();
        }
        let (status, message) = send(&world, &body).await;
        assert_eq!(status, StatusCode::CREATED, "{message}");
        assert_eq!(message["media"]["fileName"], name, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn link_that_gives_no_file_for_whatsapp_is_refused_by_its_field_and_leaves_nothing() {
    let world = world().await;
    let conversation = conversation(&world).await;
    let other = Server::start_at(Ipv4Addr::new(127, 0, 0, 2).into(), |_| file("", JPEG)).await;
    let private = other.url("/inner-secret");
    let host = Server::start(move |line| match line.split(' ').nth(1) {
        Some("/missing") => answer(404, "", "upstream words"),
        Some("/forbidden") => answer(403, "", "upstream words"),
        Some("/private") => answer(302, &format!("location: {private}"), ""),
        Some("/metadata") => answer(301, "location: http://169.254.169.254/latest/meta-data", ""),
        Some("/circle") => answer(302, "location: /circle", ""),
        Some("/page.jpg") => file("content-type: image/jpeg", b"<!doctype html><html></html>"),
        Some("/empty") => file("", b""),
        Some("/large") => {
            vec![Wire::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 100000001\r\n\r\n".to_vec()), Wire::Silence]
        }
        Some("/endless") => vec![
            Wire::Send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec()),
            Wire::Endless([b"100000\r\n".as_slice(), &[0xff; 0x10_0000], b"\r\n"].concat()),
        ],
        Some("/broken") => vec![
            Wire::Send([b"HTTP/1.1 200 OK\r\ncontent-length: 90000\r\n\r\n".as_slice(), JPEG].concat()),
            Wire::Close,
        ],
        Some("/silent") => vec![Wire::Silence],
        Some("/zipped") => file("content-encoding: gzip", JPEG),
        _ => answer(500, "", "upstream words"),
    })
    .await;
    let nobody = format!("http://127.0.0.1:{}/x", mediary_testing::wire::free_port());
    for (link, code, said) in [
        (host.url("/missing"), "validation_error", "answered 404"),
        (host.url("/forbidden"), "validation_error", "answered 403"),
        (host.url("/error"), "validation_error", "answered 500"),
        (host.url("/private"), "validation_error", "no public one"),
        (host.url("/metadata"), "validation_error", "no public one"),
        (host.url("/circle"), "validation_error", "redirects too often"),
        (host.url("/page.jpg"), "unsupported_media_type", "is text/html"),
        (host.url("/empty"), "validation_error", "empty"),
        (host.url("/large"), "payload_too_large", "100000001"),
        (host.url("/endless"), "payload_too_large", "more than 100000000"),
        (host.url("/broken"), "validation_error", "broke off"),
        (host.url("/silent"), "validation_error", "in time"),
        (host.url("/zipped"), "validation_error", "encodes"),
        (nobody, "validation_error", "cannot be reached"),
        (other.url("/direct"), "validation_error", "no public one"),
        ("http://localhost:9/x".to_owned(), "validation_error", "no public one"),
        ("http://[::1]/x".to_owned(), "validation_error", "no public one"),
        ("ftp://127.0.0.1/x".to_owned(), "validation_error", "https://"),
    ] {
        let body = json!({"conversationId": conversation, "type": "image", "link": link});
        let (found, words) = refusal(send(&world, &body).await);
        assert_eq!((found.as_str(), words.contains(said)), (code, true), "{link}: {words}");
        for told in ["upstream", "secret", "127.0.0", "169.254"] {
            assert!(!words.contains(told), "{link}: {words}");
        }
    }
    assert!(other.requests().is_empty(), "a private host is never asked");
    for (body, field) in [
        (json!({"type": "text", "text": "x", "link": "https://cdn.example/x"}), "link"),
        (json!({"type": "image", "mediaId": 1, "link": "https://cdn.example/x"}), "link"),
    ] {
        let mut body = body;
        body["conversationId"] = conversation.into();
        assert_eq!(send(&world, &body).await.1["errors"][0]["field"], field);
    }
    assert_eq!(world.stored_files().len(), 0, "nothing is left in storage");
    let thread = format!("/api/conversations/{conversation}/messages");
    assert_eq!(world.api().all(&thread).await.len(), 1, "no message came of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn private_host_is_not_asked_unless_the_operator_lists_it() {
    let world = World::sqlite().await;
    let conversation = conversation(&world).await;
    let host = Server::start(|_| file("", JPEG)).await;
    let body = json!({"conversationId": conversation, "type": "image", "link": host.url("/x")});
    let (_, words) = refusal(send(&world, &body).await);
    assert!(words.contains("MEDIARY_LINK_HOSTS"), "{words}");
    assert!(host.requests().is_empty());
}
