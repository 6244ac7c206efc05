//! Uploads as the known clients make them.

use std::time::Duration;

use mediary_simulator::{FaultKind, FaultSpec, Place, Simulator, TokenState};
use mediary_testing::installation::{ACCESS_TOKEN, PHONE_NUMBER_ID};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{answer, call, client, error_of, start, url};

/// A part: name, type, content.
type Part<'a> = (&'a str, Option<&'a str>, &'a str);

async fn upload(simulator: &Simulator, query: &str, parts: &[Part<'_>]) -> (u16, Value) {
    let mut body = String::new();
    for (name, mime_type, content) in parts {
        let file = if *name == "file" { "; filename=\"a.bin\"" } else { "" };
        let mime_type = mime_type.map_or(String::new(), |mime_type| format!("Content-Type: {mime_type}\r\n"));
        body += &format!(
            "--X\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n{mime_type}\r\n{content}\r\n"
        );
    }
    body += "--X--\r\n";
    let request = client()
        .post(url(simulator, &format!("/v23.0/{PHONE_NUMBER_ID}/media{query}")))
        .bearer_auth(ACCESS_TOKEN);
    answer(request.header("Content-Type", "multipart/form-data; boundary=X").body(body)).await
}

const PRODUCT: Part<'_> = ("messaging_product", None, "whatsapp");

#[tokio::test]
async fn form_fields_come_in_any_order_and_the_product_also_in_the_query() {
    let simulator = start().await;
    let file = ("file", Some("image/jpeg"), "JPEG");
    let kind = ("type", None, "image/jpeg");
    for (query, parts) in [
        ("", vec![file, PRODUCT, kind]),
        ("", vec![PRODUCT, kind, file]),
        ("?messaging_product=whatsapp", vec![file]),
    ] {
        let (status, body) = upload(&simulator, query, &parts).await;
        assert_eq!(status, 200, "{body}");
        let id = body["id"].as_str().unwrap();
        assert!(id.bytes().all(|byte| byte.is_ascii_digit()));
        let (_, media) = call(&simulator, &format!("/{id}?phone_number_id={PHONE_NUMBER_ID}")).await;
        assert_eq!((media["mime_type"].as_str(), media["file_size"].as_u64()), (Some("image/jpeg"), Some(4)));
    }
}

#[tokio::test]
async fn type_of_the_form_part_decides() {
    let simulator = start().await;
    for mime_type in [None, Some("application/octet-stream"), Some("text/csv")] {
        let parts = [PRODUCT, ("type", None, "image/jpeg"), ("file", mime_type, "x")];
        let (status, body) = upload(&simulator, "", &parts).await;
        assert_eq!((status, error_of(&body).0), (400, 100));
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains("Param file must be a file with one of the following types"), "{message}");
        assert!(
            message.contains("audio/ogg") && message.contains(mime_type.unwrap_or("octet-stream")),
            "{message}"
        );
    }
    let ogg = [PRODUCT, ("file", Some("audio/ogg; codecs=opus"), "OggS")];
    assert_eq!(upload(&simulator, "", &ogg).await.0, 200);
}

#[tokio::test]
async fn missing_parts_are_named() {
    let simulator = start().await;
    let file = ("file", Some("image/jpeg"), "x");
    for (parts, named) in [(vec![file], "messaging_product"), (vec![PRODUCT], "file")] {
        let (status, body) = upload(&simulator, "", &parts).await;
        assert_eq!((status, error_of(&body).0), (400, 100));
        assert!(body["error"]["message"].as_str().unwrap().contains(named));
    }
    let empty = [PRODUCT, ("file", Some("image/jpeg"), "")];
    assert_eq!(error_of(&upload(&simulator, "", &empty).await.1).0, 131_053);
}

#[tokio::test]
async fn uploads_live_thirty_days_or_as_long_as_they_ask_for() {
    let simulator = start().await;
    let file = ("file", Some("image/jpeg"), "x");
    let (_, month) = upload(&simulator, "", &[PRODUCT, file]).await;
    let (_, hour) = upload(&simulator, "", &[PRODUCT, file, ("ttl_minutes", None, "60")]).await;
    assert_eq!(upload(&simulator, "", &[PRODUCT, file, ("ttl_minutes", None, "59")]).await.0, 400);
    let get = |body: Value| format!("/{}", body["id"].as_str().unwrap());
    let (month, hour) = (get(month), get(hour));
    simulator.advance(Duration::from_secs(3600));
    assert_eq!((call(&simulator, &month).await.0, call(&simulator, &hour).await.0), (200, 400));
    simulator.advance(Duration::from_secs(30 * 24 * 3600 - 3601));
    assert_eq!(call(&simulator, &month).await.0, 200);
    simulator.advance(Duration::from_secs(1));
    assert_eq!(call(&simulator, &month).await.0, 400);
}

/// Clients that write all of an upload before they read see the refusal, and no broken connection.
#[tokio::test]
async fn refused_uploads_are_read_to_their_end() {
    const FILE_BYTES: usize = 20_000_000;
    let simulator = start().await;
    simulator.set_token("revoked", TokenState::Revoked).unwrap();
    simulator.add_fault(FaultSpec::new(FaultKind::Throttled).at(Place::Upload).times(1)).unwrap();
    for (token, status, code) in [(ACCESS_TOKEN, 400, 130_429), ("revoked", 401, 190)] {
        let head = format!(
            "POST /v27.0/{PHONE_NUMBER_ID}/media HTTP/1.1\r\nHost: graph\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: multipart/form-data; boundary=X\r\nContent-Length: {FILE_BYTES}\r\nConnection: close\r\n\r\n"
        );
        let mut connection =
            TcpStream::connect(url(&simulator, "/").socket_addrs(|| None).unwrap()[0]).await.unwrap();
        connection.write_all(head.as_bytes()).await.unwrap();
        connection.write_all(&vec![b'x'; FILE_BYTES]).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(answer.contains(&format!("\"code\":{code}")), "{answer}");
    }
}
