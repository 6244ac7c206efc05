//! Files that are converted on their way out, by the program's own workers.

use mediary_testing::eventually;
use mediary_testing::wire::{Server, Wire};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::harness::{Database, World};
use crate::sending::{conversation, has_status};

const WEBM: &[u8] = include_bytes!("../../../mediary-derive/tests/it/audio_video/samples/tone.webm");
const HEIC: &[u8] = include_bytes!("../../../mediary-derive/tests/corpus/pictures/plain.heic");
const GIF: &[u8] = include_bytes!("../../../mediary-derive/tests/corpus/pictures/animated.gif");
const BMP: &[u8] = include_bytes!("../../../mediary-derive/tests/corpus/pictures/scene.bmp");

/// With workers whatever this machine's kernel can do, and links to this machine.
async fn world() -> World {
    let settings = [("MEDIARY_MEDIA_SANDBOX", "preferred"), ("MEDIARY_LINK_HOSTS", "127.0.0.1")];
    World::new(Database::embedded(), &settings).await
}

/// The wish comes behind the file, as some clients write forms.
async fn send_form(world: &World, fields: &[(&str, &str)], file: &'static [u8]) -> (StatusCode, Value) {
    let conversation = conversation(world).await.to_string();
    let mut form = Form::new().part("file", Part::bytes(file).file_name("blob"));
    for (name, value) in [("conversationId", conversation.as_str())].iter().chain(fields) {
        form = form.text((*name).to_owned(), (*value).to_owned());
    }
    let answer = world.api().request(Method::POST, "/api/messages").multipart(form).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_sent_in_the_form_that_whatsapp_takes_if_their_sender_says_so() {
    let world = world().await;
    for (kind, file, sent_as, begins) in [
        ("audio", WEBM, "audio/ogg; codecs=opus", &b"OggS"[..]),
        ("image", HEIC, "image/jpeg", b"\xff\xd8\xff"),
        ("image", BMP, "image/jpeg", b"\xff\xd8\xff"),
        ("sticker", GIF, "image/webp", b"RIFF"),
    ] {
        let (status, refused) = send_form(&world, &[("type", kind)], file).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{refused}");
        assert!(refused["detail"].as_str().unwrap().contains("ask for it to be converted"), "{refused}");
        let (status, message) = send_form(&world, &[("type", kind), ("convert", "true")], file).await;
        assert_eq!(status, StatusCode::CREATED, "{message}");
        assert_eq!(message["media"]["mimeType"], sent_as, "{message}");
        let bytes = world.api().bytes(&message).await;
        assert!(bytes.starts_with(begins) && message["media"]["fileSize"] == bytes.len(), "{message}");
        has_status(&world, &message["id"], "read").await;
    }
    let sent = world.simulator.sent();
    assert_eq!(sent.len(), 4);
    assert_eq!(sent[0].body["audio"]["voice"], true);
    assert_eq!(sent[1].media.as_ref().unwrap().mime_type, "image/jpeg");
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_and_linked_files_are_converted_too() {
    let world = world().await;
    let conversation = conversation(&world).await;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", HEIC.len());
    let host = Server::start(move |_| vec![Wire::Send([head.as_bytes(), HEIC].concat())]).await;
    let link = json!({"conversationId": conversation, "type": "image", "link": host.url("/x.heic"), "convert": true});
    let answer = world.api().post("/api/messages", &link).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let message: Value = answer.json().await.unwrap();
    assert_eq!(message["media"]["mimeType"], "image/jpeg");
    let stored = json!({"conversationId": conversation, "type": "sticker", "mediaId": message["media"]["id"], "convert": true});
    let message: Value = world.api().post("/api/messages", &stored).await.json().await.unwrap();
    assert_eq!(message["media"]["mimeType"], "image/webp", "{message}");
    has_status(&world, &message["id"], "read").await;
    let text = json!({"conversationId": conversation, "type": "text", "text": "x", "convert": true});
    let refused: Value = world.api().post("/api/messages", &text).await.json().await.unwrap();
    assert_eq!(refused["errors"][0]["field"], "convert");
}

/// Forty minutes of silence take a worker seconds: time enough to go away.
fn long_recording() -> Vec<u8> {
    const RATE: u32 = 8_000;
    const SECONDS: u32 = 2_400;
    let bytes = RATE * SECONDS * 2;
    let mut wav = Vec::with_capacity(bytes as usize + 44);
    wav.extend(b"RIFF");
    wav.extend((bytes + 36).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(RATE.to_le_bytes());
    wav.extend((RATE * 2).to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend(bytes.to_le_bytes());
    wav.resize(bytes as usize + 44, 0);
    wav
}

#[tokio::test(flavor = "multi_thread")]
async fn client_that_hangs_up_during_a_conversion_leaves_neither_a_message_nor_bytes() {
    let world = world().await;
    let conversation = conversation(&world).await;
    let wav = long_recording();
    let part = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let fields =
        [part("conversationId", &conversation.to_string()), part("type", "audio"), part("convert", "true")];
    let head = format!(
        "{}--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"long.wav\"\r\n\r\n",
        fields.concat()
    );
    let body = [head.as_bytes(), &wav, b"\r\n--b--\r\n"].concat();
    let mut client = TcpStream::connect(world.url().trim_start_matches("http://")).await.unwrap();
    let request = format!(
        "POST /api/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\
         content-type: multipart/form-data; boundary=b\r\n\r\n",
        world.key,
        body.len()
    );
    client.write_all(request.as_bytes()).await.unwrap();
    client.write_all(&body).await.unwrap();
    eventually("the conversion to begin", async || {
        let files = world.stored_files().len();
        // Under its own name it is with a worker.
        let begun = world.stored_files().iter().any(|(path, _)| !path.to_string_lossy().ends_with(".part"));
        if begun { Ok(()) } else { Err(files) }
    })
    .await;
    drop(client);
    eventually("nothing to be left", async || {
        let files = world.stored_files().len();
        if files == 0 { Ok(()) } else { Err(files) }
    })
    .await;
    let thread = format!("/api/conversations/{conversation}/messages");
    assert_eq!(world.api().all(&thread).await.len(), 1);
    let (status, message) = send_form(&world, &[("type", "audio"), ("convert", "true")], WEBM).await;
    assert_eq!(status, StatusCode::CREATED, "its company's turn is over: {message}");
}
