//! What Mediary needs is away for a while: it says so, loses nothing, and resumes by itself.

use std::time::Duration;

use futures_util::future::join_all;
use mediary_simulator::{FaultKind, FaultSpec, MediaSpec, MessageSpec, Place};
use mediary_testing::eventually;
use mediary_testing::whatsapp::{incoming, text};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::time::Instant;

use crate::harness::{Database, World};
use crate::sending;
use crate::webhook::{post, webhook};

/// Longer than any wait for a connection.
const SAYS_SO_WITHIN: Duration = Duration::from_secs(15);

/// What the program's readers have between them.
const CONNECTIONS: usize = 24;

async fn world() -> World {
    World::new(Database::postgres_by_detour().await, &[]).await
}

async fn send_webhook(world: &World) -> StatusCode {
    post(world, webhook(&[vec![incoming(&[text("wamid.by-hand", "hello")])]])).await
}

async fn log_in(world: &World) -> reqwest::Response {
    let body = serde_json::json!({"email": "ana@example.com", "password": "wrong or right"});
    reqwest::Client::new().post(format!("{}/api/auth/login", world.url())).json(&body).send().await.unwrap()
}

async fn arrived(world: &World, id: &str) {
    eventually("the message", async || world.api().message_by_wamid(id).await.map(drop).ok_or(())).await;
}

async fn ready(world: &World) -> (StatusCode, serde_json::Value) {
    let answer = reqwest::get(format!("{}/readyz", world.url())).await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

/// Everything that needs the database says so in time, and that it is worth coming back.
async fn says_that_the_database_is_away(world: &World) {
    let started = Instant::now();
    let (webhook, list, login, (status, checks)) = tokio::join!(
        send_webhook(world),
        async { world.api().request(Method::GET, "/api/conversations").send().await.unwrap() },
        log_in(world),
        ready(world)
    );
    assert!(started.elapsed() < SAYS_SO_WITHIN, "{:?}", started.elapsed());
    assert_eq!(webhook, StatusCode::SERVICE_UNAVAILABLE, "Meta has to send it again");
    for answer in [list, login] {
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.headers().contains_key("retry-after"));
        let problem = answer.json::<serde_json::Value>().await.unwrap();
        assert_eq!(problem["code"], "storage_error");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with("the database did not answer in time"), "{detail}");
    }
    assert_eq!((status, &checks["checks"][0]["ok"]), (StatusCode::SERVICE_UNAVAILABLE, &false.into()));
    let alive = reqwest::get(format!("{}/healthz", world.url())).await.unwrap();
    assert_eq!(alive.status(), StatusCode::OK, "to start it again would not help");
}

async fn goes_on_by_itself(world: &World) {
    eventually("readiness", async || match ready(world).await {
        (StatusCode::OK, _) => Ok(()),
        (_, checks) => Err(checks),
    })
    .await;
    assert_eq!(send_webhook(world).await, StatusCode::OK);
    let media = world.simulator.add_media(&MediaSpec::generated(30_000, 9, "image/jpeg")).await.unwrap();
    let sent = world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
    let message =
        world.api().media_of(&sent.id, "the file", |media| media["downloadStatus"] == "completed").await;
    assert_eq!(message["media"]["sha256"], media.sha256);
}

#[tokio::test(flavor = "multi_thread")]
async fn database_that_is_away_is_named_and_found_again() {
    let world = world().await;
    let before = world.simulator.send(&MessageSpec::text("before")).await.unwrap();
    arrived(&world, &before.id).await;
    world.detour().close();
    // Meta keeps trying what it could not deliver.
    let meanwhile = world.simulator.send(&MessageSpec::text("meanwhile")).await.unwrap();
    says_that_the_database_is_away(&world).await;
    world.detour().open();
    goes_on_by_itself(&world).await;
    world.delivered().await;
    arrived(&world, &meanwhile.id).await;
    let ids: Vec<_> =
        world.api().messages().await.iter().map(|message| message["providerMessageId"].clone()).collect();
    assert_eq!(ids.len(), 4, "each message once: {ids:?}");
    let put_off = world.sql("SELECT count(*) FROM webhook_events WHERE next_attempt_at > 0");
    assert_eq!(put_off.trim(), "0", "no webhook is to blame");
}

#[tokio::test(flavor = "multi_thread")]
async fn webhook_that_takes_the_database_too_long_is_postponed_and_the_others_pass() {
    let world = World::postgres().await;
    // What Postgres says at the deadline of a statement, without waiting for it.
    world.sql(
        "CREATE FUNCTION give_up() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'canceling statement due to statement timeout' USING ERRCODE = 'query_canceled'; END $$;
        CREATE TRIGGER slow BEFORE INSERT ON messages FOR EACH ROW WHEN (NEW.text = 'slow')
            EXECUTE FUNCTION give_up()",
    );
    assert_eq!(post(&world, webhook(&[vec![incoming(&[text("wamid.slow", "slow")])]])).await, StatusCode::OK);
    assert_eq!(send_webhook(&world).await, StatusCode::OK);
    arrived(&world, "wamid.by-hand").await;
    let put_off = "SELECT count(*) FROM webhook_events WHERE processed_at IS NULL AND attempts > 0
        AND next_attempt_at > received_at + 5000 AND error IS NOT NULL";
    eventually("the slow one to be put off", async || match world.sql(put_off).trim() {
        "1" => Ok(()),
        other => Err(other.to_owned()),
    })
    .await;
    world.sql("DROP TRIGGER slow ON messages");
    world.sql("UPDATE webhook_events SET next_attempt_at = 0 WHERE processed_at IS NULL");
    arrived(&world, "wamid.slow").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn database_that_never_answers_again_is_left_for_a_new_connection() {
    let world = world().await;
    let before = world.simulator.send(&MessageSpec::text("before")).await.unwrap();
    arrived(&world, &before.id).await;
    world.detour().lose();
    // Each takes a connection with it.
    let readers = (0..CONNECTIONS * 2).map(|_| world.api().request(Method::GET, "/api/conversations").send());
    let (answers, ()) = tokio::join!(join_all(readers), says_that_the_database_is_away(&world));
    assert!(answers.into_iter().all(|answer| answer.unwrap().status() == StatusCode::SERVICE_UNAVAILABLE));
    // The old connections stay dead, as after a failover.
    world.detour().open();
    goes_on_by_itself(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_that_take_every_connection_do_not_hold_up_webhooks() {
    let world = World::postgres().await;
    // A statement that waits for a row which another has locked keeps a connection.
    let lock = world.lock_table("conversations");
    let readers: Vec<_> = (0..CONNECTIONS * 2)
        .map(|_| {
            let request = world.api().request(Method::GET, "/api/conversations");
            tokio::spawn(request.send())
        })
        .collect();
    eventually("all connections to be taken", async || match world.waiting_for_locks() {
        waiting if waiting >= CONNECTIONS => Ok(()),
        waiting => Err(waiting),
    })
    .await;
    let started = Instant::now();
    assert_eq!(send_webhook(&world).await, StatusCode::OK);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    drop(lock);
    for reader in readers {
        assert_eq!(reader.await.unwrap().unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_served_where_nothing_can_be_written() {
    let world = World::new(Database::postgres(), &[("MEDIARY_MEDIA_POLICY", "on_view")]).await;
    let receive = async |seed: u64| {
        let media =
            world.simulator.add_media(&MediaSpec::generated(30_000, seed, "image/png")).await.unwrap();
        let sent = world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
        arrived(&world, &sent.id).await;
        world.api().message_by_wamid(&sent.id).await.unwrap()
    };
    let (stored, elsewhere) = (receive(1).await, receive(2).await);
    world.api().bytes(&stored).await;
    world.api().completed(stored["providerMessageId"].as_str().unwrap()).await;
    // Never used, so that its first use is to be written down.
    let fresh = world.api_as(&world.add_key("acme", "viewer"));
    for table in ["api_keys", "sessions", "audit_log", "media_files"] {
        world.refuse_changes(table);
    }
    assert_eq!(fresh.bytes(&stored).await.len(), 30_000, "from storage");
    assert_eq!(fresh.bytes(&elsewhere).await.len(), 30_000, "from WhatsApp, which cannot be kept now");
    fresh.json("/api/conversations").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn full_disk_of_the_database_is_named_and_fails_readiness() {
    let mut world = World::postgres().await;
    for table in ["webhook_events", "companies", "write_probe"] {
        world.refuse_changes(table);
    }
    assert_eq!(send_webhook(&world).await, StatusCode::SERVICE_UNAVAILABLE, "Meta has to send it again");
    let change = world.api().request(Method::PATCH, "/api/settings/media");
    let answer = change.json(&serde_json::json!({"policy": "on_view"})).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let problem = answer.json::<serde_json::Value>().await.unwrap();
    assert_eq!(problem["code"], "storage_error");
    assert!(problem["detail"].as_str().unwrap().starts_with("the disk of the database is full"), "{problem}");
    eventually("readiness to notice", async || match ready(&world).await {
        (StatusCode::SERVICE_UNAVAILABLE, checks) if checks["checks"][0]["ok"] == false => Ok(()),
        other => Err(other),
    })
    .await;
    world.stop();
    world.start();
    let said = "the disk of the database of MEDIARY_DATABASE_URL is full; make room on it";
    assert!(world.log().contains(&format!("so webhooks are answered 503: {said}")), "{}", world.log());
    world.api().json("/api/conversations").await;
    let doctor = world.cli_output(&["doctor"]);
    assert!(!doctor.status.success() && String::from_utf8_lossy(&doctor.stdout).contains(said));
    world.sql("DROP FUNCTION no_room CASCADE");
    goes_on_by_itself(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_file_that_is_replaced_is_noticed_before_a_webhook_is_acknowledged() {
    let world = World::new(Database::embedded(), &[]).await;
    let database = world.data().join("mediary.db");
    let aside = world.data().join("aside.db");
    assert_eq!(send_webhook(&world).await, StatusCode::OK);
    arrived(&world, "wamid.by-hand").await;
    std::fs::rename(&database, &aside).unwrap();
    std::fs::copy(&aside, &database).unwrap();
    let later = || post(&world, webhook(&[vec![incoming(&[text("wamid.later", "hello")])]]));
    assert_eq!(later().await, StatusCode::SERVICE_UNAVAILABLE, "Meta has to send it again");
    eventually("readiness says so", async || match ready(&world).await.0 {
        StatusCode::SERVICE_UNAVAILABLE => Ok(()),
        other => Err(other),
    })
    .await;
    let words = "mediary.db was moved or replaced while Mediary runs";
    assert!(world.log().contains(words), "{}", world.log());

    std::fs::rename(&aside, &database).unwrap();
    assert_eq!(later().await, StatusCode::OK);
    arrived(&world, "wamid.later").await;
    eventually("readiness", async || match ready(&world).await.0 {
        StatusCode::OK => Ok(()),
        other => Err(other),
    })
    .await;
}

/// What WhatsApp said is lost unless it is written down: then nobody knows whether the message left.
#[tokio::test(flavor = "multi_thread")]
async fn refusal_of_a_message_is_written_down_by_a_database_that_fails_meanwhile() {
    let world = World::postgres().await;
    let conversation = sending::conversation(&world).await;
    // A sequence counts what is rolled back, too.
    world.sql(
        "CREATE SEQUENCE tries;
        CREATE FUNCTION give_up() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('tries') <= 2 THEN
                RAISE EXCEPTION 'canceling statement due to statement timeout' USING ERRCODE = 'query_canceled';
            END IF;
            RETURN NEW; END $$;
        CREATE TRIGGER slow BEFORE UPDATE ON sends FOR EACH ROW WHEN (NEW.state <> 'running' AND OLD.asked_at IS NOT NULL)
            EXECUTE FUNCTION give_up()",
    );
    world.simulator.add_fault(FaultSpec::new(FaultKind::Permission).at(Place::Send)).unwrap();
    let text = json!({"conversationId": conversation, "type": "text", "text": "hello"});
    let message = sending::send(&world, text).await.unwrap();
    sending::has_status(&world, &message["id"], "failed").await;
    assert_eq!(world.sql("SELECT last_value FROM tries").trim(), "3");
}
