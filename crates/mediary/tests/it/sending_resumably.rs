//! Files that are sent over a line that breaks, by the tus protocol.

use mediary_testing::eventually;
use mediary_testing::files::content_like;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::harness::{Api, World};
use crate::sending::{conversation, has_status};

/// Two whole parts and a piece of a third one.
const SIZE: usize = 17_000_000;
const OFFSET_STREAM: &str = "application/offset+octet-stream";

fn tus(api: &Api, method: Method, path: &str) -> RequestBuilder {
    api.request(method, path).header("tus-resumable", "1.0.0")
}

/// Begins an upload of a file called `Plan für März.pdf`; its path.
async fn begun(api: &Api, size: usize) -> String {
    let begin = tus(api, Method::POST, "/api/uploads").header("upload-length", size);
    let name = "filetype YXBwbGljYXRpb24vcGRm,filename UGxhbiBmw7xyIE3DpHJ6LnBkZg==";
    let answer = begin.header("upload-metadata", name).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert!(answer.headers().contains_key("upload-expires"));
    answer.headers()["location"].to_str().unwrap().to_owned()
}

async fn resume(api: &Api, path: &str, offset: usize, bytes: &[u8]) -> Response {
    let request = tus(api, Method::PATCH, path).header("upload-offset", offset);
    request.header("content-type", OFFSET_STREAM).body(bytes.to_vec()).send().await.unwrap()
}

async fn offset(api: &Api, path: &str) -> Option<usize> {
    let answer = tus(api, Method::HEAD, path).send().await.unwrap();
    answer.headers().get("upload-offset").map(|offset| offset.to_str().unwrap().parse().unwrap())
}

async fn refused(answer: Response, status: StatusCode, said: &str) {
    assert_eq!(answer.status(), status);
    let problem: Value = answer.json().await.unwrap();
    assert!(problem.to_string().contains(said), "{problem}");
}

async fn send(world: &World, conversation: i64, path: &str) -> Response {
    let id: i64 = path.rsplit('/').next().unwrap().parse().unwrap();
    let message = json!({ "conversationId": conversation, "type": "document", "uploadId": id });
    world.api().post("/api/messages", &message).await
}

/// Sends these bytes of the file and hangs up.
async fn hang_up_after(world: &World, path: &str, bytes: &[u8]) {
    let mut client = TcpStream::connect(world.url().trim_start_matches("http://")).await.unwrap();
    let head = format!(
        "PATCH {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ntus-resumable: 1.0.0\r\nupload-offset: 0\r\n\
         content-type: {OFFSET_STREAM}\r\ncontent-length: {SIZE}\r\n\r\n",
        world.key
    );
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(bytes).await.unwrap();
    client.shutdown().await.unwrap();
}

async fn file_whose_line_broke_is_continued_sent_whole_and_not_kept_twice(mut world: World) {
    let api = world.api();
    let conversation = conversation(&world).await;
    let file = content_like(b"%PDF-1.7\n", SIZE);
    let path = begun(&api, SIZE).await;
    hang_up_after(&world, &path, &file[..9_000_000]).await;
    eventually("what came to be kept", async || match offset(&api, &path).await {
        Some(9_000_000) => Ok(()),
        other => Err(other),
    })
    .await;
    refused(send(&world, conversation, &path).await, StatusCode::CONFLICT, "9000000 of the 17000000").await;
    refused(resume(&api, &path, 0, &file[..10]).await, StatusCode::CONFLICT, "at byte 9000000").await;
    // Another process goes on.
    world.kill();
    world.start();
    let api = world.api();
    let rest = resume(&api, &path, 9_000_000, &file[9_000_000..]).await;
    assert_eq!((rest.status(), &rest.headers()["upload-offset"]), (StatusCode::NO_CONTENT, &SIZE.into()));
    let answer = send(&world, conversation, &path).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let message: Value = answer.json().await.unwrap();
    assert_eq!(message["media"]["fileName"], "Plan für März.pdf");
    assert_eq!(world.api().bytes(&message).await, file);
    has_status(&world, &message["id"], "read").await;
    assert_eq!(offset(&api, &path).await, None, "a message has it");
    eventually("the parts to go", async || {
        let files = world.stored_files();
        if files.len() == 1 { Ok(()) } else { Err(files) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn file_whose_line_broke_is_sent_whole_on_sqlite() {
    file_whose_line_broke_is_continued_sent_whole_and_not_kept_twice(World::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn file_whose_line_broke_is_sent_whole_on_postgres() {
    file_whose_line_broke_is_continued_sent_whole_and_not_kept_twice(World::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_requests_are_refused_by_their_header_and_leave_nothing() {
    let world = World::sqlite().await;
    let api = world.api();
    let begin =
        |header: &str, value: &str| tus(&api, Method::POST, "/api/uploads").header(header, value).send();
    for (header, value, status, said) in [
        ("x-none", "", StatusCode::BAD_REQUEST, "Upload-Length"),
        ("upload-length", "ten", StatusCode::BAD_REQUEST, "whole number"),
        ("upload-length", "+5", StatusCode::BAD_REQUEST, "whole number"),
        ("upload-length", "0", StatusCode::BAD_REQUEST, "empty"),
        ("upload-length", "100000001", StatusCode::PAYLOAD_TOO_LARGE, "at most 100000000"),
    ] {
        refused(begin(header, value).await.unwrap(), status, said).await;
    }
    let named = begin("upload-length", "5").await.unwrap();
    assert_eq!(named.status(), StatusCode::CREATED);
    let nameless = tus(&api, Method::POST, "/api/uploads").header("upload-length", 5);
    let nameless = nameless.header("upload-metadata", "filename ***").send().await.unwrap();
    refused(nameless, StatusCode::BAD_REQUEST, "Upload-Metadata").await;
    let old = api.request(Method::POST, "/api/uploads").header("upload-length", 5).send().await.unwrap();
    assert_eq!(old.headers()["tus-version"], "1.0.0");
    refused(old, StatusCode::PRECONDITION_FAILED, "Tus-Resumable").await;
    let path = begun(&api, 5).await;
    refused(resume(&api, &path, 0, b"longer").await, StatusCode::PAYLOAD_TOO_LARGE, "announced with 5").await;
    let untyped = tus(&api, Method::PATCH, &path).header("upload-offset", 0).body("hello");
    let field = "\"field\":\"Content-Type\"";
    refused(untyped.send().await.unwrap(), StatusCode::UNSUPPORTED_MEDIA_TYPE, field).await;
    assert_eq!(offset(&api, &path).await, Some(0));
    world.add_company("other");
    let stranger = world.api_as(&world.add_key("other", "admin"));
    assert_eq!(offset(&stranger, &path).await, None);
    refused(resume(&stranger, &path, 0, b"hello").await, StatusCode::NOT_FOUND, "no such upload").await;
    let viewer = world.api_as(&world.add_key("acme", "viewer"));
    assert_eq!(resume(&viewer, &path, 0, b"hello").await.status(), StatusCode::FORBIDDEN);
    let ended = tus(&api, Method::DELETE, &path).send().await.unwrap();
    assert_eq!(ended.status(), StatusCode::NO_CONTENT);
    refused(resume(&api, &path, 0, b"hello").await, StatusCode::NOT_FOUND, "no such upload").await;
    eventually("nothing to be left", async || {
        let files = world.stored_files();
        if files.is_empty() { Ok(()) } else { Err(files) }
    })
    .await;
}
