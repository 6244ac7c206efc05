//! Promise 1 and 2: acknowledged means kept, and once.

use mediary_graph::sign;
use mediary_simulator::{BatchShape, Customer, MediaSpec, MessageSpec};
use mediary_testing::eventually;
use mediary_testing::installation::{PHONE_NUMBER_ID, VERIFY_TOKEN};
use mediary_testing::whatsapp::{body, incoming, signature_of, text};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Database, World};

pub(crate) fn webhook(entries: &[Vec<Value>]) -> Vec<u8> {
    body(entries).to_string().into_bytes()
}

pub(crate) async fn post(world: &World, body: Vec<u8>) -> StatusCode {
    let signature = signature_of(&body);
    post_signed(world, body, Some(&signature)).await
}

pub(crate) async fn post_to(url: &str, body: Vec<u8>) -> StatusCode {
    let signature = signature_of(&body);
    let request = reqwest::Client::new().post(url).header("x-hub-signature-256", signature);
    request.body(body).send().await.unwrap().status()
}

async fn post_signed(world: &World, body: Vec<u8>, signature: Option<&str>) -> StatusCode {
    let mut request =
        reqwest::Client::new().post(world.webhook_url()).header("content-type", "application/json");
    if let Some(signature) = signature {
        request = request.header("x-hub-signature-256", signature);
    }
    request.body(body).send().await.unwrap().status()
}

/// Waits until there are as many messages as that, then makes sure that no more come with the next ones.
async fn messages_become(world: &World, count: usize) -> Vec<Value> {
    eventually(&format!("{count} messages"), async || {
        let messages = world.api().messages().await;
        if messages.len() == count { Ok(messages) } else { Err(messages.len()) }
    })
    .await
}

async fn an_acknowledged_webhook_survives_a_kill(database: Database) {
    let mut world = World::new(database, &[]).await;
    for round in 0..5 {
        let id = format!("wamid.kill{round}");
        assert_eq!(post(&world, webhook(&[vec![incoming(&[text(&id, "kept?")])]])).await, 200);
        world.kill();
        world.start();
        eventually("the acknowledged message", async || {
            world.api().message_by_wamid(&id).await.ok_or("absent")
        })
        .await;
    }
    messages_become(&world, 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_webhook_survives_a_kill_on_sqlite() {
    an_acknowledged_webhook_survives_a_kill(Database::embedded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_webhook_survives_a_kill_on_postgres() {
    an_acknowledged_webhook_survives_a_kill(Database::postgres()).await;
}

async fn fifty_copies_make_one(world: World) {
    let media = world.simulator.add_media(&MediaSpec::generated(40_000, 7, "image/jpeg")).await.unwrap();
    let item = json!({
        "from": "15550100001", "id": "wamid.copies", "timestamp": "1763600000", "type": "image",
        "image": { "id": media.id, "mime_type": "image/jpeg", "sha256": media.sha256 },
    });
    let body = webhook(&[vec![incoming(&[item])]]);
    let signature = signature_of(&body);
    // Two clients are two connections; each sends its share without waiting for the other.
    let connection = async || {
        let client = reqwest::Client::builder().pool_max_idle_per_host(1).build().unwrap();
        for _ in 0..25 {
            let request = client.post(world.webhook_url()).header("x-hub-signature-256", &signature);
            assert_eq!(request.body(body.clone()).send().await.unwrap().status(), 200);
        }
    };
    tokio::join!(connection(), connection());
    let message = world.api().completed("wamid.copies").await;
    assert_eq!(world.api().messages().await.len(), 1);
    assert_eq!(world.api().all("/api/media").await.len(), 1);
    assert_eq!(message["media"]["sha256"].as_str().unwrap(), media.sha256);
    assert_eq!(world.stored_files().len(), 1);
    assert_eq!(world.api().json("/api/conversations").await["items"][0]["unreadCount"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn webhook_sent_fifty_times_at_once_makes_one_message_and_one_file_on_sqlite() {
    fifty_copies_make_one(World::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhook_sent_fifty_times_at_once_makes_one_message_and_one_file_on_postgres() {
    fifty_copies_make_one(World::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn items_of_a_webhook_are_all_recorded() {
    let world = World::sqlite().await;
    let texts = |place: &str| (0..3).map(|n| text(&format!("wamid.{place}{n}"), "hi")).collect::<Vec<_>>();
    let body = webhook(&[
        vec![incoming(&texts("a")), incoming(&texts("b"))],
        vec![incoming(&texts("c")), incoming(&texts("d"))],
    ]);
    assert_eq!(post(&world, body).await, 200);
    messages_become(&world, 12).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhook_of_a_thousand_updates_in_three_megabytes_is_taken() {
    let world = World::sqlite().await;
    let empty = webhook(&[vec![incoming(
        &(0..1000).map(|n| text(&format!("wamid.many{n}"), "")).collect::<Vec<_>>(),
    )]]);
    let room = (3 * 1024 * 1024 - empty.len()) / 1000;
    let items: Vec<_> = (0..1000).map(|n| text(&format!("wamid.many{n}"), &"x".repeat(room))).collect();
    let body = webhook(&[vec![incoming(&items)]]);
    assert!(body.len() > 3 * 1024 * 1024 - 2000 && body.len() <= 3 * 1024 * 1024);
    assert_eq!(post(&world, body).await, 200);
    messages_become(&world, 1000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn body_of_three_mebibytes_is_taken_and_one_byte_more_is_not() {
    let world = World::sqlite().await;
    let of_size = |id: &str, size: usize| {
        let empty = webhook(&[vec![incoming(&[text(id, "")])]]).len();
        webhook(&[vec![incoming(&[text(id, &"y".repeat(size - empty))])]])
    };
    assert_eq!(post(&world, of_size("wamid.over", 3 * 1024 * 1024 + 1)).await, 413);
    assert_eq!(post(&world, of_size("wamid.limit", 3 * 1024 * 1024)).await, 200);
    let kept = messages_become(&world, 1).await;
    assert_eq!(kept[0]["providerMessageId"], "wamid.limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn signature_that_is_wrong_or_missing_keeps_nothing() {
    let world = World::sqlite().await;
    let body = |id: &str| webhook(&[vec![incoming(&[text(id, "forged")])]]);
    assert_eq!(post_signed(&world, body("wamid.none"), None).await, 401);
    let forged = sign(&body("wamid.forged"), b"another secret");
    assert_eq!(post_signed(&world, body("wamid.forged"), Some(&forged)).await, 401);
    assert_eq!(post_signed(&world, body("wamid.nonsense"), Some("sha256=zz")).await, 401);
    // What comes after them shows that they were passed over, not merely late.
    assert_eq!(post(&world, body("wamid.true")).await, 200);
    let kept = messages_become(&world, 1).await;
    assert_eq!(kept[0]["providerMessageId"], "wamid.true");
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_taken_only_if_the_signature_vouches_for_them() {
    let mut world = World::furnished(Database::embedded(), &[("OTHER", "a-different-app-secret")]).await;
    world.add_company("rival");
    world.add_account("rival", "200000000000002", &[]);
    let update = ["account", "update", "--company", "rival", "--phone-number-id", "200000000000002"];
    world.cli(&[&update[..], &["--app-secret-env", "OTHER", "--json"]].concat());
    world.start();
    let mut foreign = incoming(&[text("wamid.foreign", "not yours")]);
    foreign["value"]["metadata"]["phone_number_id"] = json!("200000000000002");
    let body = webhook(&[vec![incoming(&[text("wamid.own", "ours")]), foreign]]);
    assert_eq!(post(&world, body).await, 200);
    messages_become(&world, 1).await;
    let rival = world.api_as(&world.add_key("rival", "admin"));
    assert!(rival.messages().await.is_empty(), "a company's secret must not write into another company");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_types_and_fields_are_kept() {
    let world = World::sqlite().await;
    let mut unknown = text("wamid.hologram", "");
    unknown["type"] = json!("hologram");
    unknown["hologram"] = json!({ "depth": 3 });
    let mut extended = text("wamid.extended", "still a text");
    extended["brand_new_field"] = json!({ "nested": [1, 2] });
    let broken =
        json!({ "id": "wamid.broken", "type": "image", "timestamp": "soon", "image": "not an object" });
    let body = webhook(&[vec![
        incoming(&[unknown, extended, broken]),
        json!({ "field": "from_the_future", "value": 7 }),
    ]]);
    assert_eq!(post(&world, body).await, 200);
    let messages = messages_become(&world, 3).await;
    let kind = |id: &str| {
        messages
            .iter()
            .find(|message| message["providerMessageId"] == id)
            .map(|message| message["type"].clone())
            .unwrap()
    };
    assert_eq!(kind("wamid.hologram"), "unsupported");
    assert_eq!(kind("wamid.extended"), "text");
    assert_eq!(kind("wamid.broken"), "unsupported");
}

#[tokio::test(flavor = "multi_thread")]
async fn answer_says_that_it_is_one_also_where_the_other_message_is_not_here() {
    let world = World::sqlite().await;
    let (question, mut answer, mut stray) =
        (text("wamid.question", "blue?"), text("wamid.answer", "red"), text("wamid.stray", "yes"));
    answer["context"] = json!({ "from": "15550783881", "id": "wamid.question" });
    stray["context"] = json!({ "from": "15550783881", "id": "wamid.of_last_year" });
    assert_eq!(post(&world, webhook(&[vec![incoming(&[question, answer, stray])]])).await, 200);
    let messages = messages_become(&world, 3).await;
    let one = |id: &str| messages.iter().find(|message| message["providerMessageId"] == id).unwrap();
    let told = |id: &str| (one(id)["isReply"].clone(), one(id)["replyTo"].clone());
    assert_eq!(told("wamid.question"), (json!(false), json!(null)));
    assert_eq!(told("wamid.answer"), (json!(true), one("wamid.question")["id"].clone()));
    assert_eq!(told("wamid.stray"), (json!(true), json!(null)));
}

#[tokio::test(flavor = "multi_thread")]
async fn verification_answers_the_challenge_where_the_token_is_right() {
    let world = World::sqlite().await;
    let ask = async |token: &str| {
        let url = format!(
            "{}?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=0012ab",
            world.webhook_url()
        );
        let response = reqwest::get(url).await.unwrap();
        (response.status(), response.text().await.unwrap())
    };
    assert_eq!(ask(VERIFY_TOKEN).await, (StatusCode::OK, "0012ab".to_owned()));
    assert_eq!(ask("guess").await.0, 403);
    assert_eq!(ask("").await.0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_of_a_day_out_of_order_end_in_the_right_state() {
    let world = World::sqlite().await;
    let mut options = world.simulator.options();
    options.webhooks.batch_size = 7;
    options.webhooks.shape = BatchShape::Mixed;
    options.webhooks.duplicate_rate = 0.3;
    options.webhooks.reorder_window = 50;
    world.simulator.set_options(options).unwrap();
    for n in 0..60 {
        let customer = Customer::new(format!("1555020{:04}", n % 6), "Somebody");
        world
            .simulator
            .send(&MessageSpec::text(format!("message {n}")).from(customer).id(format!("wamid.d{n}")))
            .await
            .unwrap();
    }
    for n in 0..10 {
        let customer = Customer::new(format!("1555020{:04}", n % 6), "Somebody");
        let edit =
            MessageSpec::text(format!("edited {n}")).editing(format!("wamid.d{n}")).from(customer.clone());
        world.simulator.send(&edit).await.unwrap();
        world
            .simulator
            .send(&MessageSpec::reaction(format!("wamid.d{}", n + 10), Some("👍")).from(customer.clone()))
            .await
            .unwrap();
        world
            .simulator
            .send(&MessageSpec::revoke(format!("wamid.d{}", n + 20)).from(customer))
            .await
            .unwrap();
    }
    world.delivered().await;
    let messages = eventually("all edits, reactions and revokes", async || {
        let messages = world.api().messages().await;
        let count = |holds: &dyn Fn(&Value) -> bool| messages.iter().filter(|message| holds(message)).count();
        let state = (
            messages.len(),
            count(&|m| m["edited"] == true),
            count(&|m| m["reactions"].as_array().is_some_and(|reactions| reactions.len() == 1)),
            count(&|m| m["revoked"] == true),
        );
        if state == (60, 10, 10, 10) { Ok(messages) } else { Err(state) }
    })
    .await;
    let edited = messages.iter().find(|message| message["providerMessageId"] == "wamid.d3").unwrap();
    assert_eq!(edited["text"], "edited 3");
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_webhooks_leave_a_line_that_says_why_and_names_no_number() {
    let world = World::sqlite().await;
    let body = || webhook(&[vec![incoming(&[text("wamid.refused", "hello")])]]);
    let wrong = sign(&body(), b"the secret of another app");
    for _ in 0..20 {
        assert_eq!(post_signed(&world, body(), Some(&wrong)).await, 401);
        assert_eq!(post_signed(&world, body(), None).await, 401);
    }
    let verify = format!("{}?hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong", world.webhook_url());
    assert_eq!(reqwest::get(verify).await.unwrap().status(), 403);
    let log = world.log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("webhooks were refused")).collect();
    // Another one for each ten seconds that the requests took.
    assert!((3..=9).contains(&lines.len()), "{lines:#?}");
    for why in ["signed with another app secret", "X-Hub-Signature-256 is missing", "a verify token that no"]
    {
        assert!(lines.iter().any(|line| line.contains(why)), "{why}: {lines:#?}");
    }
    for line in lines {
        assert!(
            !line.contains(PHONE_NUMBER_ID) && !line.contains("15550100001") && !line.contains("wrong"),
            "{line}"
        );
    }
}
