//! Promise 4: a stranger, another company, a guessed id, a session that was cut off: nothing. And no secret of ours or
//! address of WhatsApp's leaves by any door.

use mediary_simulator::{FaultKind, FaultSpec, MediaSpec, MessageSpec};
use mediary_testing::eventually;
use mediary_testing::installation::{ACCESS_TOKEN, APP_SECRET, PASSWORD, VERIFY_TOKEN};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::World;

/// A world with one stored picture, and every path that leads to something of it.
async fn world_with_a_picture() -> (World, Value, Vec<String>) {
    let world = World::sqlite().await;
    let media = world.simulator.add_media(&MediaSpec::generated(50_000, 1, "image/jpeg")).await.unwrap();
    let sent = world
        .simulator
        .send(&MessageSpec::media("image", &media.id).caption("a private caption"))
        .await
        .unwrap();
    let message = world.api().completed(&sent.id).await;
    let (id, conversation) = (&message["id"], &message["conversationId"]);
    let media_id = &message["media"]["id"];
    let paths = vec![
        format!("/api/conversations/{conversation}"),
        format!("/api/conversations/{conversation}/messages"),
        format!("/api/conversations/{conversation}/media"),
        format!("/api/messages/{id}"),
        format!("/api/messages/{id}/media"),
        format!("/api/media/{media_id}"),
        format!("/api/media/{media_id}/status"),
        format!("/api/media/messages/{id}"),
        format!("/api/whatsapp/media/{}", media.id),
    ];
    (world, message, paths)
}

async fn log_in(world: &World, email: &str, password: &str) -> reqwest::Response {
    let body = json!({ "email": email, "password": password });
    world.api().stranger(Method::POST, "/api/auth/login").json(&body).send().await.unwrap()
}

fn session(response: &reqwest::Response) -> String {
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

fn add_user(world: &World, email: &str, role: &str) {
    let user = ["user", "add", "--company", "acme", "--email", email, "--name", "Ana", "--role", role];
    world.cli(&[&user[..], &["--password-env", "PASSWORD", "--json"]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_without_credentials_get_nothing() {
    let (world, _, paths) = world_with_a_picture().await;
    let lists =
        ["/api/conversations", "/api/media", "/api/events", "/api/auth/me", "/api/users"].map(str::to_owned);
    for path in paths.iter().chain(&lists) {
        let response = world.api().stranger(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 401, "{path}");
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["code"], "unauthorized", "{path}");
        let forged = world.api_as("mdy_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").get(path).await;
        assert_eq!(forged.status(), 401, "{path} with a made-up key");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn company_gets_nothing_of_another() {
    let (world, message, paths) = world_with_a_picture().await;
    world.add_company("rival");
    let rival = world.api_as(&world.add_key("rival", "admin"));
    for path in &paths {
        let response = rival.get(path).await;
        assert_eq!(response.status(), 404, "{path}");
        assert!(!response.text().await.unwrap().contains("caption"), "{path}");
    }
    for list in ["/api/conversations", "/api/media", "/api/users", "/api/whatsapp-accounts"] {
        assert!(rival.all(list).await.is_empty(), "{list}");
    }
    let media = format!("/api/media/{}", message["media"]["id"]);
    assert_eq!(rival.request(Method::DELETE, &media).send().await.unwrap().status(), 404);
    assert_eq!(rival.post(&format!("{media}/download"), &json!({})).await.status(), 404);
    assert_eq!(
        rival.post(&format!("{media}/signed-url"), &json!({ "expiresInSeconds": 60 })).await.status(),
        404
    );
    assert_eq!(world.api().json(&media).await["isActive"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_session_ends_at_once() {
    let (world, _, paths) = world_with_a_picture().await;
    add_user(&world, "ana@acme.test", "agent");
    assert_eq!(log_in(&world, "ana@acme.test", "wrong").await.status(), 401);
    let logged_in = log_in(&world, "ANA@acme.test", PASSWORD).await;
    assert_eq!(logged_in.status(), 200);
    let cookie = session(&logged_in);
    let get = async |path: &str| {
        world.api().stranger(Method::GET, path).header("cookie", &cookie).send().await.unwrap().status()
    };
    for path in &paths {
        assert_eq!(get(path).await, 200, "{path}");
    }
    let logout = world.api().stranger(Method::POST, "/api/auth/logout").header("cookie", &cookie);
    let logout = logout.header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert!(logout.status().is_success());
    assert_eq!(logout.headers()["clear-site-data"], "\"cache\"");
    for path in &paths {
        assert_eq!(get(path).await, 401, "{path} right after log-out");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deactivated_user_is_logged_out_within_a_second() {
    let (world, _, paths) = world_with_a_picture().await;
    add_user(&world, "bo@acme.test", "viewer");
    let cookie = session(&log_in(&world, "bo@acme.test", PASSWORD).await);
    let update =
        ["user", "update", "--company", "acme", "--email", "bo@acme.test", "--active", "false", "--json"];
    world.cli(&update);
    let started = tokio::time::Instant::now();
    eventually("the end of the session", async || {
        let request = world.api().stranger(Method::GET, &paths[7]).header("cookie", &cookie);
        let status = request.send().await.unwrap().status();
        if status == 401 { Ok(()) } else { Err(status) }
    })
    .await;
    assert!(started.elapsed().as_millis() < 1500, "{:?}", started.elapsed());
    assert_eq!(log_in(&world, "bo@acme.test", PASSWORD).await.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn cookie_cannot_be_used_by_another_site() {
    let (world, message, _) = world_with_a_picture().await;
    add_user(&world, "ana@acme.test", "agent");
    let cookie = session(&log_in(&world, "ana@acme.test", PASSWORD).await);
    let path = format!("/api/conversations/{}/read", message["conversationId"]);
    let post = async |header: &str, value: &str| {
        let request =
            world.api().stranger(Method::POST, &path).header("cookie", &cookie).header(header, value);
        request.send().await.unwrap().status()
    };
    assert_eq!(post("sec-fetch-site", "cross-site").await, 403);
    assert_eq!(post("origin", "https://evil.test").await, 403);
    assert!(post("sec-fetch-site", "same-origin").await.is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn role_may_do_what_it_may_and_no_more() {
    let (world, message, _) = world_with_a_picture().await;
    let media = format!("/api/media/{}", message["media"]["id"]);
    let viewer = world.api_as(&world.add_key("acme", "viewer"));
    assert_eq!(viewer.get(&media).await.status(), 200);
    assert!(viewer.json(&media).await["fileUrl"].is_null(), "where it is stored is for admins");
    assert_eq!(viewer.request(Method::DELETE, &media).send().await.unwrap().status(), 403);
    assert_eq!(viewer.post("/api/media/retry", &json!({})).await.status(), 403);
    assert_eq!(viewer.get("/api/users").await.status(), 403);
    assert!(world.api().json(&media).await["fileUrl"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn link_opens_one_file_until_it_ends() {
    let (world, message, _) = world_with_a_picture().await;
    let path = format!("/api/media/{}/signed-url", message["media"]["id"]);
    let made: Value = world.api().post(&path, &json!({ "expiresInSeconds": 60 })).await.json().await.unwrap();
    let link = made["url"].as_str().unwrap();
    let token = link.rsplit('/').next().unwrap();
    let open =
        async |token: &str| world.api().stranger(Method::GET, &format!("/m/{token}")).send().await.unwrap();
    let opened = open(token).await;
    assert_eq!(opened.status(), 200);
    assert!(opened.headers()["cache-control"].to_str().unwrap().starts_with("private, max-age="));
    let mut forged = token.to_owned();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'B' } else { 'A' });
    assert_eq!(open(&forged).await.status(), 404);
    assert_eq!(open("guess").await.status(), 404);

    let brief: Value = world.api().post(&path, &json!({ "expiresInSeconds": 1 })).await.json().await.unwrap();
    let brief = brief["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    eventually("the end of the link", async || {
        let response = open(&brief).await;
        let (status, text) = (response.status(), response.text().await.unwrap_or_default());
        if status == StatusCode::GONE && text.contains("link_expired") { Ok(()) } else { Err(status) }
    })
    .await;
    let too_long = world.api().post(&path, &json!({ "expiresInSeconds": 604_801 })).await;
    assert_eq!(too_long.status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_and_addresses_of_whatsapp_are_in_no_answer() {
    let (world, message, paths) = world_with_a_picture().await;
    add_user(&world, "ana@acme.test", "agent");
    log_in(&world, "ana@acme.test", PASSWORD).await;
    // A failure must not tell more than a success.
    let gone = world.simulator.add_media(&MediaSpec::generated(5000, 2, "image/jpeg")).await.unwrap();
    world.simulator.add_fault(FaultSpec::new(FaultKind::Expired).of(&gone.id)).unwrap();
    let gone = world.simulator.send(&MessageSpec::media("image", &gone.id)).await.unwrap();
    world.api().media_of(&gone.id, "failure", |media| media["downloadStatus"] == "failed").await;

    let lists = [
        "/api/conversations",
        "/api/media",
        "/api/whatsapp-accounts",
        "/api/users",
        "/api/api-keys",
        "/api/audit",
    ];
    let mut said = String::new();
    for path in paths.iter().map(String::as_str).chain(lists) {
        let response = world.api().get(path).await;
        said.push_str(&format!("{:?}", response.headers()));
        said.push_str(&String::from_utf8_lossy(&response.bytes().await.unwrap()));
    }
    said.push_str(&world.api().get("/metrics").await.text().await.unwrap());
    let log = world.log();
    assert!(log.contains("media_download_completed"), "the log is on");
    let simulator = world.simulator.base_url();
    let port = format!(":{}/whatsapp_business", simulator.port().unwrap());
    for secret in [ACCESS_TOKEN, APP_SECRET, VERIFY_TOKEN, PASSWORD, &world.key, &port, "attachments/?mid"] {
        assert!(!said.contains(secret), "an answer tells {secret}");
        assert!(!log.contains(secret), "the log tells {secret}");
    }
    assert!(
        !log.contains("a private caption") && !log.contains("15550100001"),
        "the log tells what people wrote"
    );
    assert!(message["media"]["providerMediaId"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn password_guessing_is_slowed_down() {
    let world = World::sqlite().await;
    add_user(&world, "ana@acme.test", "agent");
    for _ in 0..10 {
        assert_eq!(log_in(&world, "ana@acme.test", "guess").await.status(), 401);
    }
    let limited = log_in(&world, "ana@acme.test", "guess").await;
    assert_eq!(limited.status(), 429);
    let wait: u64 = limited.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    assert_eq!(log_in(&world, "ana@acme.test", PASSWORD).await.status(), 200, "a right one gets in");
}
