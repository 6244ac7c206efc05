//! What a business sends, on the wire: the requests, and what each failure says of their effect.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::{Stream, stream};
use mediary_core::FileType;
use mediary_graph::outgoing::{Content, Outgoing, Recipient, Upload};
use mediary_graph::{Error, ErrorKind, GraphClient, SendFailure, Sent, Throttled};
use mediary_testing::wire::{Server, Wire, answer};
use serde_json::{Value, json};

use crate::{TOKEN, client, impatient_client, refusal};

const ACCEPTED: &str = r#"{"messaging_product":"whatsapp","contacts":[{"input":"+15550100001","wa_id":"15550100001",
    "user_id":"US.1349"}],"messages":[{"id":"wamid.OUT","message_status":"accepted"}]}"#;

fn text() -> Outgoing {
    Outgoing {
        recipient: Recipient::phone("15550100001").unwrap(),
        content: Content::text("hello"),
        reply_to: None,
        callback_data: Some("m-1".to_owned()),
    }
}

async fn send(client: &GraphClient) -> Result<Sent, Error> {
    client.send_message(TOKEN, "106", &text()).await
}

/// What became of a message that a server answers like this.
async fn outcome(answer: impl Fn(&str) -> Vec<Wire> + Send + Sync + 'static) -> SendFailure {
    let server = Server::start(answer).await;
    SendFailure::of(&send(&impatient_client(&server)).await.unwrap_err())
}

fn upload(length: u64) -> Upload {
    Upload::new(FileType::Audio, "audio/ogg; codecs=opus", length, false, None).unwrap()
}

fn file(chunks: &[&'static str]) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let chunks: Vec<_> = chunks.iter().map(|chunk| Ok(Bytes::from_static(chunk.as_bytes()))).collect();
    stream::iter(chunks)
}

#[tokio::test]
async fn message_is_posted_once_and_its_answer_is_read() {
    let server = Server::start(|_| answer(200, "", ACCEPTED)).await;
    let sent = send(&client(&server)).await.unwrap();
    assert_eq!((sent.wamid.as_str(), sent.wa_id.as_deref()), ("wamid.OUT", Some("15550100001")));
    assert_eq!(
        (sent.user_id.as_deref(), sent.message_status.as_deref()),
        (Some("US.1349"), Some("accepted"))
    );
    let request = &server.requests()[0];
    assert!(request.starts_with("POST /v26.0/106/messages HTTP/1.1\n"), "{request}");
    let body = &server.bodies()[0];
    for header in [
        "authorization: bearer eaag-token\r",
        "content-type: application/json\r",
        &format!("content-length: {}\r", body.len()),
    ] {
        assert!(request.contains(header), "{header} in {request}");
    }
    assert_eq!(serde_json::from_slice::<Value>(body).unwrap(), text().to_json().unwrap());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn answers_lack_what_whatsapp_leaves_out() {
    for (body, user_id) in [
        (r#"{"messages":[{"id":"wamid.OUT"}]}"#, None),
        (r#"{"contacts":"x","messages":[{"id":"wamid.OUT","group_id":"Y2Fw"}]}"#, None),
        (r#"{"contacts":[{"input":"US.1","user_id":"US.1"}],"messages":[{"id":"wamid.OUT"}]}"#, Some("US.1")),
    ] {
        let server = Server::start(move |_| answer(200, "", body)).await;
        let sent = send(&client(&server)).await.unwrap();
        assert_eq!((sent.wamid.as_str(), sent.wa_id, sent.user_id.as_deref()), ("wamid.OUT", None, user_id));
    }
}

#[tokio::test]
async fn message_that_breaks_a_limit_is_never_sent() {
    let server = Server::start(|_| answer(200, "", ACCEPTED)).await;
    let message = Outgoing { content: Content::text("x".repeat(4097)), ..text() };
    let error = client(&server).send_message(TOKEN, "106", &message).await.unwrap_err();
    assert_eq!((error.kind(), SendFailure::of(&error)), (ErrorKind::BadRequest, SendFailure::Refused));
    assert!(error.to_string().contains("text") && error.to_string().contains("4096"), "{error}");
    let error = client(&server).send_message("a\nb", "106", &text()).await.unwrap_err();
    assert_eq!(SendFailure::of(&error), SendFailure::Refused);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn refusals_are_told_by_what_the_sender_does_next() {
    let lost = r#"{"code":100,"message":"(#100) Param image['id'] is not a valid whatsapp business account media attachment ID"}"#;
    let number = r#"{"code":100,"error_subcode":33,"message":"Object with ID '106' does not exist"}"#;
    for (status, error, failure) in [
        (400, r#"{"code":131047}"#, SendFailure::Refused),
        (400, r#"{"code":131056}"#, SendFailure::Throttled(Throttled::Pair)),
        (400, r#"{"code":130429}"#, SendFailure::Throttled(Throttled::Account)),
        (401, r#"{"code":190}"#, SendFailure::TokenRefused),
        (403, r#"{"code":368}"#, SendFailure::Forbidden),
        (400, lost, SendFailure::MediaGone),
        (400, number, SendFailure::Forbidden),
        (500, r#"{"code":131000}"#, SendFailure::NotSent),
    ] {
        assert_eq!(outcome(move |_| refusal(status, error)).await, failure, "{status} {error}");
    }
    assert_eq!(outcome(|_| answer(429, "", "slow down")).await, SendFailure::Throttled(Throttled::Account));
    for status in [302, 404, 413] {
        assert_eq!(outcome(move |_| answer(status, "", "<html>")).await, SendFailure::NotSent, "{status}");
    }
}

#[tokio::test]
async fn message_that_went_out_without_a_readable_answer_may_have_been_sent() {
    for body in ["", "<html>", "[]", "{}", r#"{"messages":[]}"#, r#"{"messages":[{"id":""}]}"#] {
        assert_eq!(outcome(move |_| answer(200, "", body)).await, SendFailure::Unknown, "{body}");
    }
    for status in [500, 502, 504] {
        assert_eq!(outcome(move |_| answer(status, "", "<html>")).await, SendFailure::Unknown, "{status}");
    }
    assert_eq!(outcome(|_| vec![Wire::Silence]).await, SendFailure::Unknown, "silence");
    assert_eq!(outcome(|_| vec![Wire::Close]).await, SendFailure::Unknown, "a lost connection");
    let half = || vec![Wire::Send(b"HTTP/1.1 200 x\r\ncontent-length: 10\r\n\r\n{".to_vec())];
    let cut = move || half().into_iter().chain([Wire::Close]).collect::<Vec<_>>();
    assert_eq!(outcome(move |_| cut()).await, SendFailure::Unknown, "half an answer");
}

#[tokio::test]
async fn message_that_never_went_out_was_not_sent() {
    let gone = Server::start(|_| vec![]).await;
    let client = client(&gone);
    drop(gone);
    // The listener closes when its task has ended.
    let mut failure = SendFailure::Unknown;
    for _ in 0..12 {
        let error = send(&client).await.unwrap_err();
        failure = SendFailure::of(&error);
        assert!(failure == SendFailure::NotSent || error.kind() != ErrorKind::Unavailable, "{error:?}");
    }
    assert_eq!(failure, SendFailure::NotSent, "a refused connection, or the breaker's refusal");
}

#[tokio::test]
async fn upload_is_a_form_of_known_length() {
    let server = Server::start(|_| answer(200, "", r#"{"id":"4490709327384033"}"#)).await;
    let client = client(&server);
    let id = client.upload_media(TOKEN, "106", &upload(8), file(&["OggS", "", "Opus"])).await.unwrap();
    assert_eq!(id, "4490709327384033");
    let request = &server.requests()[0];
    assert!(request.starts_with("POST /v26.0/106/media HTTP/1.1\n"), "{request}");
    let body = String::from_utf8(server.bodies().remove(0)).unwrap();
    assert!(
        request.contains(&format!("content-length: {}\r", body.len()))
            && !request.contains("transfer-encoding")
    );
    let boundary = request.split_once("boundary=").unwrap().1.lines().next().unwrap().trim_end();
    let part = |headers: &str, content: &str| {
        format!("--{boundary}\r\nContent-Disposition: form-data; {headers}\r\n\r\n{content}\r\n")
    };
    let expected = part("name=\"messaging_product\"", "whatsapp")
        + &part("name=\"type\"", "audio/ogg; codecs=opus")
        + &part("name=\"file\"; filename=\"voice.ogg\"\r\nContent-Type: audio/ogg; codecs=opus", "OggSOpus")
        + &format!("--{boundary}--\r\n");
    assert_eq!(body, expected);
    client.upload_media(TOKEN, "106", &upload(8), file(&["OggSOpus"])).await.unwrap();
    assert!(!server.requests()[1].contains(boundary), "nobody knows a boundary beforehand");
}

#[tokio::test]
async fn upload_that_is_not_as_long_as_announced_has_no_effect_and_is_not_whatsapps_fault() {
    let server = Server::start(|_| answer(200, "", r#"{"id":"1"}"#)).await;
    let client = client(&server);
    let broken = stream::iter([Ok(Bytes::from_static(b"OggS")), Err(io::Error::other("the disk is gone"))]);
    let short = client.upload_media(TOKEN, "106", &upload(9), file(&["OggSOpus"])).await;
    let long = client.upload_media(TOKEN, "106", &upload(7), file(&["OggSOpus"])).await;
    let failed = client.upload_media(TOKEN, "106", &upload(9), broken).await;
    for error in [short, long, failed].map(Result::unwrap_err) {
        assert_eq!((error.kind(), error.had_no_effect()), (ErrorKind::UploadSource, true), "{error:?}");
    }
    assert!(server.bodies().is_empty(), "no form was complete");
    for _ in 0..12 {
        client.upload_media(TOKEN, "106", &upload(9), file(&["OggSOpus"])).await.unwrap_err();
    }
    client.upload_media(TOKEN, "106", &upload(8), file(&["OggSOpus"])).await.unwrap();
}

#[tokio::test]
async fn upload_reads_no_further_ahead_than_whatsapp_takes() {
    const CHUNK: u64 = 64 * 1024;
    const FILE: u64 = 64 * 1024 * 1024;
    let stalled = Server::start(|_| vec![Wire::Unread, Wire::Silence]).await;
    let upload = Upload::new(FileType::Document, "application/pdf", FILE, false, None).unwrap();
    let read = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&read);
    let file = stream::iter((0..FILE / CHUNK).map(move |_| {
        counter.fetch_add(CHUNK, Ordering::Relaxed);
        Ok(Bytes::from(vec![7; CHUNK as usize]))
    }));
    let error = impatient_client(&stalled).upload_media(TOKEN, "106", &upload, file).await.unwrap_err();
    assert_eq!((error.kind(), error.had_no_effect()), (ErrorKind::Timeout, true), "{error:?}");
    let read = read.load(Ordering::Relaxed);
    assert!(read < FILE / 4, "{read} bytes were read, of which the kernel holds a few million");
}

#[tokio::test]
async fn upload_whose_bytes_do_not_come_is_given_up_and_is_not_whatsapps_fault() {
    let server = Server::start(|_| answer(200, "", r#"{"id":"1"}"#)).await;
    let error = impatient_client(&server).upload_media(TOKEN, "106", &upload(1), stream::pending()).await;
    let error = error.unwrap_err();
    assert_eq!((error.kind(), error.had_no_effect()), (ErrorKind::UploadSource, true), "{error:?}");
}

#[tokio::test]
async fn receipts_and_deletions_only_succeed_or_fail() {
    let server = Server::start(|_| answer(200, "", r#"{"success":true}"#)).await;
    let client = client(&server);
    client.mark_read(TOKEN, "106", "wamid.1", false).await.unwrap();
    client.mark_read(TOKEN, "106", "wamid.1", true).await.unwrap();
    client.delete_media(TOKEN, "5").await.unwrap();
    let read = json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1"});
    let mut typing = read.clone();
    typing["typing_indicator"] = json!({"type": "text"});
    let bodies: Vec<Value> =
        server.bodies()[..2].iter().map(|body| serde_json::from_slice(body).unwrap()).collect();
    assert_eq!(bodies, [read, typing]);
    let requests = server.requests();
    assert!(requests[0].starts_with("POST /v26.0/106/messages HTTP/1.1\n"), "{}", requests[0]);
    assert!(requests[2].starts_with("DELETE /v26.0/5 HTTP/1.1\n"), "{}", requests[2]);
    let gone = Server::start(|_| refusal(400, r#"{"code":100,"error_subcode":33}"#)).await;
    let error = crate::client(&gone).delete_media(TOKEN, "5").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MediaGone);
    let not = Server::start(|_| answer(200, "", r#"{"success":false}"#)).await;
    assert!(crate::client(&not).mark_read(TOKEN, "106", "wamid.1", false).await.is_err());
}
