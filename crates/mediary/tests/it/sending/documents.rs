//! What is too large for its own kind, or none of it, goes as a document.

use mediary_testing::files::{JPEG, VIDEO, VOICE_NOTE, content_like, padded_video, sha256, sha256_of};
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method, StatusCode};
use serde_json::Value;

use super::{conversation, has_status};
use crate::harness::World;

const LARGE: usize = 17_000_000;

/// A form whose file is sent as it is read.
fn streamed(conversation: i64, kind: &str, name: &str) -> Form {
    let chunks = padded_video(LARGE);
    let bytes = chunks.iter().map(|chunk| chunk.len() as u64).sum();
    let chunks = futures_util::stream::iter(chunks.into_iter().map(Ok::<_, std::io::Error>));
    let file = Part::stream_with_length(Body::wrap_stream(chunks), bytes).file_name(name.to_owned());
    Form::new()
        .text("conversationId", conversation.to_string())
        .text("type", kind.to_owned())
        .part("file", file)
}

async fn send(world: &World, form: Form) -> (StatusCode, Value) {
    let request = world.api().request(Method::POST, "/api/messages").multipart(form);
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn video_too_large_for_a_video_is_sent_as_a_document_under_its_name() {
    let world = World::sqlite().await;
    let conversation = conversation(&world).await;
    let (status, refused) = send(&world, streamed(conversation, "video", "Holiday 7.MOV")).await;
    assert_eq!((status.as_u16(), &refused["code"]), (413, &"payload_too_large".into()), "{refused}");
    let detail = refused["detail"].as_str().unwrap();
    assert!(
        detail.contains("16000000") && detail.contains("as a document, which may have 100000000"),
        "{detail}"
    );
    let (status, message) = send(&world, streamed(conversation, "document", "Holiday 7.MOV")).await;
    assert_eq!(status, 201, "{message}");
    assert_eq!(
        (&message["media"]["fileName"], &message["media"]["mimeType"]),
        (&"Holiday 7.MOV".into(), &"video/mp4".into())
    );
    has_status(&world, &message["id"], "read").await;
    let sent = world.simulator.sent().pop().unwrap();
    assert_eq!(sent.body["document"]["filename"], "Holiday 7.MOV", "what its recipient sees");
    let file = sent.media.unwrap();
    assert_eq!((file.mime_type.as_str(), file.file_name.as_deref()), ("video/mp4", Some("Holiday-7.mp4")));
    assert_eq!((file.file_size, file.sha256), (LARGE as u64, sha256_of(&padded_video(LARGE)).to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_and_sound_are_sent_as_documents_too() {
    let world = World::sqlite().await;
    let conversation = conversation(&world).await;
    let picture = content_like(&[JPEG, b"\0\x10JFIF"].concat(), 6_000_000);
    for (name, mime, bytes) in [
        ("Plan.jpg", "image/jpeg", picture),
        ("Note.ogg", "audio/ogg; codecs=opus", VOICE_NOTE.to_vec()),
        ("Clip.mp4", "video/mp4", VIDEO.to_vec()),
    ] {
        let form = Form::new()
            .text("conversationId", conversation.to_string())
            .text("type", "document")
            .part("file", Part::bytes(bytes.clone()).file_name(name));
        let (status, message) = send(&world, form).await;
        assert_eq!(status, 201, "{message}");
        has_status(&world, &message["id"], "read").await;
        let sent = world.simulator.sent().pop().unwrap();
        assert_eq!((sent.kind.as_str(), &sent.body["document"]["filename"]), ("document", &name.into()));
        let file = sent.media.unwrap();
        assert_eq!((file.mime_type.as_str(), file.file_name.as_deref()), (mime, Some(name)));
        assert_eq!(file.sha256, sha256(&bytes).to_string());
    }
}
