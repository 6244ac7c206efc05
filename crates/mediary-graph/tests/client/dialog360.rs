//! Calls in 360dialog's form.

use http::Uri;
use mediary_graph::outgoing::{Content, Outgoing, Recipient};
use mediary_graph::{ErrorKind, GraphClient};
use mediary_testing::whatsapp::client_options;
use mediary_testing::wire::{Server, answer};

use crate::{PATIENCE, refusal};

const KEY: &str = "D360-a-key";
const INFO: &str =
    r#"{"url":"https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=5&ext=1&hash=x","id":"5"}"#;
const ACCEPTED: &str = r#"{"contacts":[{"wa_id":"15550100001"}],"messages":[{"id":"wamid.OUT"}]}"#;
const HEALTH: &str = r#"{"health_status":{"can_send_message":"AVAILABLE","entities":[
    {"entity_type":"WABA","id":"102"},{"entity_type":"PHONE_NUMBER","id":"106","can_send_message":"AVAILABLE"}]},"id":"1"}"#;

fn client(server: &Server, path: &str) -> GraphClient {
    GraphClient::dialog360(server.url(path).parse().unwrap(), &client_options(PATIENCE)).unwrap()
}

fn target(request: &str) -> Uri {
    request.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn calls_name_no_version_and_no_number_and_have_the_key() {
    let server = Server::start(|request| match request.split(' ').nth(1) {
        Some("/messages") => answer(200, "", ACCEPTED),
        Some("/health_status") => answer(200, "", HEALTH),
        _ => answer(200, "", INFO),
    })
    .await;
    let client = client(&server, "/");
    let message = Outgoing {
        recipient: Recipient::phone("15550100001").unwrap(),
        content: Content::text("hello"),
        reply_to: None,
        callback_data: None,
    };
    client.media_info(KEY, "5", None).await.unwrap();
    assert_eq!(client.send_message(KEY, "106", &message).await.unwrap().wamid, "wamid.OUT");
    assert_eq!(client.check_token(KEY, "999").await.unwrap().id, "106", "the key's own number");
    let requests = server.requests();
    let targets: Vec<_> = requests.iter().map(|request| target(request).to_string()).collect();
    assert_eq!(targets, ["/5", "/messages", "/health_status"]);
    for request in requests {
        assert!(
            request.contains("d360-api-key: d360-a-key\r") && !request.contains("authorization:"),
            "{request}"
        );
    }
}

#[tokio::test]
async fn media_is_asked_of_360dialog_wherever_its_url_leads() {
    let server = Server::start(|_| answer(200, "", "bytes")).await;
    for (base, media, asked) in [
        (
            "/",
            "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=5&hash=x",
            "/whatsapp_business/attachments/?mid=5&hash=x",
        ),
        ("/behind/a/proxy/", "http://169.254.169.254/latest/meta-data", "/behind/a/proxy/latest/meta-data"),
    ] {
        client(&server, base).open_media(KEY, media, None).await.unwrap();
        assert_eq!(target(server.requests().last().unwrap()).to_string(), asked);
    }
}

#[tokio::test]
async fn redirect_is_not_followed_with_the_key() {
    let elsewhere = Server::start(|_| answer(200, "", "bytes")).await;
    let location = format!("location: {}", elsewhere.url("/"));
    let server = Server::start(move |_| answer(302, &location, "")).await;
    let error = client(&server, "/").open_media(KEY, "https://h/x", None).await.unwrap_err();
    assert_eq!((error.kind(), elsewhere.requests().len()), (ErrorKind::Protocol, 0));
}

#[tokio::test]
async fn refused_key_is_told_from_what_meta_refuses_and_from_a_broken_proxy() {
    let own = r#"{"error":"Unauthorized: invalid D360-API-KEY"}"#;
    for (status, body, kind) in [
        (401, own, ErrorKind::Unauthorized),
        (401, "<html>", ErrorKind::Protocol),
        (403, own, ErrorKind::Protocol),
        (429, own, ErrorKind::Throttled),
        (500, own, ErrorKind::Unavailable),
    ] {
        let server = Server::start(move |_| answer(status, "", body)).await;
        let error = client(&server, "/").media_info(KEY, "5", None).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {body}");
        assert!(!format!("{error} {error:?}").contains(KEY));
    }
    let gone = r#"{"code":100,"error_subcode":33,"type":"GraphMethodException"}"#;
    let server = Server::start(move |_| refusal(400, gone)).await;
    let error = client(&server, "/").media_info(KEY, "5", None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MediaGone);
}
