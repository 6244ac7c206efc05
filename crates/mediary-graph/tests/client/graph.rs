//! Graph's JSON answers.

use std::time::Duration;

use mediary_core::ErrorCode;
use mediary_graph::{Error, ErrorKind, GraphClient};
use mediary_testing::wire::{Server, Wire, answer};

use crate::{TOKEN, client, impatient_client, options, refusal};

const INFO: &str = r#"{"messaging_product":"whatsapp","url":"https://lookaside.fbsbx.com/x?mid=5","mime_type":"image/jpeg",
    "sha256":"49f22763480629b3099a545b0ec5943a15a25c1f4a7d3b5f0a3a3c5b5f8a1d02","file_size":303833,"id":"5"}"#;

async fn ask(
    answer: impl Fn(&str) -> Vec<Wire> + Send + Sync + 'static,
) -> Result<mediary_graph::MediaInfo, Error> {
    let server = Server::start(answer).await;
    client(&server).media_info(TOKEN, "5", None).await
}

async fn failure(answer: impl Fn(&str) -> Vec<Wire> + Send + Sync + 'static) -> Error {
    ask(answer).await.unwrap_err()
}

#[tokio::test]
async fn requests_have_the_form_that_whatsapp_wants() {
    let server = Server::start(|_| answer(200, "", INFO)).await;
    let client = client(&server);
    client.media_info(TOKEN, "5", Some("106")).await.unwrap();
    client.media_info(TOKEN, "../a/b?c#d%", None).await.unwrap();
    let [plain, strange] = server.requests().try_into().unwrap();
    assert!(plain.starts_with("GET /v26.0/5?phone_number_id=106 HTTP/1.1\n"), "{plain}");
    for header in
        ["authorization: bearer eaag-token\r", "user-agent: mediary/test\r", "accept-encoding: identity\r"]
    {
        assert!(plain.contains(header), "{header} in {plain}");
    }
    assert!(strange.starts_with("GET /v26.0/..%2Fa%2Fb%3Fc%23d%25 HTTP/1.1\n"), "{strange}");
    for id in ["", ".", "..", &"x".repeat(513)] {
        let error = client.media_info(TOKEN, id, None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadRequest, "{id}");
    }
    assert_eq!((server.requests().len(), server.connections()), (2, 1), "one connection serves all");
}

#[tokio::test]
async fn sizes_and_hashes_are_read_in_every_spelling() {
    let info = ask(|_| answer(200, "", INFO)).await.unwrap();
    assert_eq!((info.file_size, info.mime_type.as_deref()), (Some(303_833), Some("image/jpeg")));
    assert_eq!(info.sha256.unwrap().0[..3], [0x49, 0xf2, 0x27]);
    let base64 = r#"{"url":"https://h/","sha256":"SfInY0gGKTsJlUWbwxC1k+FAD0FZHvzwfpvO0zX0GUI=","file_size":"303833"}"#;
    let info = ask(|_| answer(200, "", base64)).await.unwrap();
    assert_eq!(
        (info.sha256.unwrap().0[..3].to_vec(), info.file_size),
        (vec![0x49, 0xf2, 0x27], Some(303_833))
    );
    let bare = ask(|_| answer(200, "", r#"{"url":"https://h/","sha256":"x","file_size":-1}"#)).await.unwrap();
    assert_eq!((bare.sha256, bare.file_size, &bare.mime_type), (None, None, &None));
    assert!(!format!("{bare:?}").contains("https"), "a temporary URL does not belong in a log");
}

#[tokio::test]
async fn refusals_are_classified_by_code() {
    for (status, error, kind, code) in [
        (
            400,
            r#"{"code":100,"error_subcode":33,"type":"GraphMethodException"}"#,
            ErrorKind::MediaGone,
            ErrorCode::MediaExpired,
        ),
        (
            400,
            r#"{"code":100,"type":"OAuthException"}"#,
            ErrorKind::BadRequest,
            ErrorCode::ProviderUnavailable,
        ),
        (
            401,
            r#"{"code":190,"error_subcode":463}"#,
            ErrorKind::Unauthorized,
            ErrorCode::ProviderUnauthorized,
        ),
        (401, r#"{"code":0}"#, ErrorKind::Unauthorized, ErrorCode::ProviderUnauthorized),
        (500, r#"{"code":3}"#, ErrorKind::Permission, ErrorCode::ProviderUnauthorized),
        (400, r#"{"code":4}"#, ErrorKind::Throttled, ErrorCode::ProviderRateLimited),
        (400, r#"{"code":80007}"#, ErrorKind::Throttled, ErrorCode::ProviderRateLimited),
        (400, r#"{"code":130429}"#, ErrorKind::Throttled, ErrorCode::ProviderRateLimited),
        (400, r#"{"code":131056}"#, ErrorKind::Throttled, ErrorCode::ProviderRateLimited),
        (503, r#"{"code":2}"#, ErrorKind::Unavailable, ErrorCode::ProviderUnavailable),
        (500, r#"{"code":131000}"#, ErrorKind::Unavailable, ErrorCode::ProviderUnavailable),
    ] {
        let failure = failure(move |_| refusal(status, error)).await;
        assert_eq!((failure.kind(), failure.code()), (kind, code), "{status} {error}");
        assert!(failure.graph_code().is_some());
    }
}

#[tokio::test]
async fn answers_without_envelope_are_classified_by_status_and_never_final() {
    for (status, kind) in [
        (401, ErrorKind::Protocol),
        (404, ErrorKind::Protocol),
        (429, ErrorKind::Throttled),
        (500, ErrorKind::Unavailable),
        (502, ErrorKind::Unavailable),
    ] {
        let failure = failure(move |_| answer(status, "", "<html>")).await;
        assert_eq!((failure.kind(), failure.retryable()), (kind, true), "{status}");
    }
}

#[tokio::test]
async fn throttling_names_its_wait() {
    let wait = |headers: &'static str| async move {
        failure(move |_| answer(400, headers, r#"{"error":{"code":4}}"#)).await.retry_after()
    };
    assert_eq!(wait("retry-after: 7").await, Some(Duration::from_secs(7)));
    let usage = r#"x-business-use-case-usage: {"10":[{"estimated_time_to_regain_access":2}]}"#;
    assert_eq!(wait(usage).await, Some(Duration::from_secs(120)));
    assert_eq!(wait("").await, None);
}

#[tokio::test]
async fn nonsensical_answers_are_protocol_errors() {
    let endless = || vec![Wire::Send(b"HTTP/1.1 200 x\r\n\r\n".to_vec()), Wire::Endless(vec![b' '; 4096])];
    assert_eq!(failure(move |_| endless()).await.kind(), ErrorKind::Protocol);
    for body in ["", "<html>", "[]", "{}", r#"{"url":""}"#, r#"{"url":{}}"#] {
        let failure = failure(move |_| answer(200, "", body)).await;
        assert_eq!((failure.kind(), failure.retryable()), (ErrorKind::Protocol, true), "{body}");
    }
}

#[tokio::test]
async fn token_does_not_follow_redirects_of_graph() {
    let other = Server::start(|_| answer(200, "", INFO)).await;
    let location = format!("location: {}", other.url("/v26.0/5"));
    let failure = failure(move |_| answer(302, &location, "")).await;
    assert_eq!((failure.kind(), other.requests().len()), (ErrorKind::Protocol, 0));
}

#[tokio::test]
async fn silence_and_broken_connections_are_different_errors() {
    let silent = Server::start(|_| vec![Wire::Silence]).await;
    assert_eq!(
        impatient_client(&silent).media_info(TOKEN, "5", None).await.unwrap_err().kind(),
        ErrorKind::Timeout
    );
    let half = || vec![Wire::Send(b"HTTP/1.1 200 x\r\ncontent-length: 10\r\n\r\n{".to_vec())];
    let stalled = Server::start(move |_| half().into_iter().chain([Wire::Silence]).collect()).await;
    assert_eq!(
        impatient_client(&stalled).media_info(TOKEN, "5", None).await.unwrap_err().kind(),
        ErrorKind::Timeout
    );
    assert_eq!(
        failure(move |_| half().into_iter().chain([Wire::Close]).collect()).await.kind(),
        ErrorKind::CutOff
    );
    assert_eq!(failure(|_| vec![Wire::Close]).await.kind(), ErrorKind::Unavailable);
    let gone = Server::start(|_| vec![]).await;
    let client = client(&gone);
    drop(gone);
    let refused = client.media_info(TOKEN, "5", None).await.unwrap_err();
    assert!(refused.retryable(), "{refused:?}");
}

#[tokio::test]
async fn token_is_checked_against_its_number() {
    let number = r#"{"id":"106","display_phone_number":"+1 555-078-3881","verified_name":"Acme"}"#;
    let server = Server::start(move |_| answer(200, "", number)).await;
    let number = client(&server).check_token(TOKEN, "106").await.unwrap();
    assert_eq!((number.id.as_str(), number.verified_name.as_deref()), ("106", Some("Acme")));
    assert!(server.requests()[0].starts_with("GET /v26.0/106?fields="));
    let foreign = Server::start(|_| refusal(400, r#"{"code":100,"error_subcode":33}"#)).await;
    assert_eq!(client(&foreign).check_token(TOKEN, "106").await.unwrap_err().kind(), ErrorKind::Permission);
}

#[tokio::test]
async fn number_is_looked_for_on_every_page_of_a_business_account() {
    const FIRST: &str = r#"{"data":[{"id":"1"},{"id":2}],
        "paging":{"cursors":{"before":"a","after":"b&c"},"next":"https://elsewhere.example/?after=b"}}"#;
    const LAST: &str = r#"{"data":[{"id":"106"}],"paging":{"cursors":{"after":"d"}}}"#;
    let pages = |request: &str| answer(200, "", if request.contains("after=") { LAST } else { FIRST });
    for (number, asked, found) in [("2", 1, true), ("106", 2, true), ("107", 2, false)] {
        let server = Server::start(pages).await;
        assert_eq!(client(&server).has_number(TOKEN, "102", number).await.unwrap(), Some(found), "{number}");
        let requests = server.requests();
        assert_eq!(requests.len(), asked, "{number}");
        assert!(requests[0].starts_with("GET /v26.0/102/phone_numbers?fields=id&limit=100 "), "{requests:?}");
        assert!(asked == 1 || requests[1].contains("&after=b%26c "), "{requests:?}");
    }
    let endless = Server::start(|_| answer(200, "", FIRST)).await;
    assert_eq!(client(&endless).has_number(TOKEN, "102", "107").await.unwrap(), None);
    assert_eq!(endless.requests().len(), 10);
}

#[tokio::test]
async fn apps_of_a_business_account_are_counted() {
    for (body, subscribed) in
        [(r#"{"data":[{"whatsapp_business_api_data":{"id":"1"}}]}"#, true), (r#"{"data":[]}"#, false)]
    {
        let server = Server::start(move |_| answer(200, "", body)).await;
        assert_eq!(client(&server).has_subscribed_app(TOKEN, "102").await.unwrap(), subscribed);
        assert!(server.requests()[0].starts_with("GET /v26.0/102/subscribed_apps "));
    }
    let nonsense = Server::start(|_| answer(200, "", "{}")).await;
    assert_eq!(
        client(&nonsense).has_subscribed_app(TOKEN, "102").await.unwrap_err().kind(),
        ErrorKind::Protocol
    );
}

#[tokio::test]
async fn options_that_cannot_work_are_named() {
    let server = Server::start(|_| vec![]).await;
    let mut no_agent = options(&server, crate::PATIENCE);
    no_agent.user_agent = " ".to_owned();
    let mut no_url = options(&server, crate::PATIENCE);
    no_url.graph_url = "mailto:a@b".parse().unwrap();
    let mut no_host = options(&server, crate::PATIENCE);
    no_host.media_hosts = vec!["*.fbsbx.com/".to_owned()];
    for (options, name) in [(no_agent, "user_agent"), (no_url, "graph_url"), (no_host, "media_hosts")] {
        let error = GraphClient::new(options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOptions);
        assert!(error.to_string().contains(name), "{error}");
    }
}
