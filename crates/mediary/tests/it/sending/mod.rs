//! Messages that are sent: to the simulator and back as delivered, once each whatever dies in between.

mod destinations;
mod documents;
mod forwards;
mod headed;
mod library;
mod pace;
mod several;

use std::collections::{BTreeMap, BTreeSet};

use mediary_engine::fault::PLACES;
use mediary_simulator::{FaultKind, FaultSpec, MessageSpec, SentMessage};
use mediary_testing::eventually;
use mediary_testing::files::{VIDEO, VOICE_NOTE, content_like, sha256};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::harness::{Database, World};

/// Messages of a run that is killed.
const MESSAGES: usize = 6;

/// A conversation with somebody who has written.
pub(crate) async fn conversation(world: &World) -> i64 {
    world.simulator.send(&MessageSpec::text("hello")).await.unwrap();
    world.delivered().await;
    eventually("the conversation", async || {
        let all = world.api().all("/api/conversations").await;
        all.first().and_then(|one| one["id"].as_i64()).ok_or(())
    })
    .await
}

pub(crate) fn picture(seed: usize) -> Vec<u8> {
    content_like(b"\xff\xd8\xff\xe0\x00\x10JFIF", 60_000 + seed)
}

pub(crate) fn form(conversation: i64, kind: &str, file: Vec<u8>) -> Form {
    Form::new()
        .text("conversationId", conversation.to_string())
        .text("type", kind.to_owned())
        .part("file", Part::bytes(file).file_name("any.bin"))
}

pub(crate) async fn send_form(world: &World, form: Form) -> Option<Value> {
    let answer = world.api().request(Method::POST, "/api/messages").multipart(form).send().await.ok()?;
    assert!(answer.status().is_success(), "{}: {:?}", answer.status(), answer.text().await);
    answer.json().await.ok()
}

pub(crate) async fn send(world: &World, body: Value) -> Option<Value> {
    let answer = world.api().request(Method::POST, "/api/messages").json(&body).send().await.ok()?;
    assert!(answer.status().is_success(), "{}: {:?}", answer.status(), answer.text().await);
    answer.json().await.ok()
}

pub(crate) async fn has_status(world: &World, id: &Value, status: &str) {
    let path = format!("/api/messages/{id}");
    eventually(&format!("message {id} to be {status}"), async || {
        let message = world.api().json(&path).await;
        if message["status"] == status { Ok(()) } else { Err(message) }
    })
    .await;
}

/// Ours, by the id that it carries as callback data.
pub(crate) fn own_id(sent: &SentMessage) -> i64 {
    let data = sent.body["biz_opaque_callback_data"].as_str().unwrap();
    data.strip_prefix("mediary:").unwrap().parse().unwrap()
}

async fn each_kind_reaches_whatsapp(world: World) {
    let conversation = conversation(&world).await;
    let files = [("image", picture(1)), ("audio", VOICE_NOTE.to_vec()), ("video", VIDEO.to_vec())];
    let mut ids = Vec::new();
    for (kind, bytes) in &files {
        ids.push(send_form(&world, form(conversation, kind, bytes.clone())).await.unwrap()["id"].clone());
    }
    let picture_id = world.api().json(&format!("/api/messages/{}", ids[0])).await["media"]["id"].clone();
    for body in [
        json!({"type": "text", "text": "Grüße 👋"}),
        json!({"type": "location", "latitude": 48.2, "longitude": 16.4, "name": "Wien"}),
        json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "Ana", "first_name": "Ana"}}]}),
        json!({"type": "image", "mediaId": picture_id, "caption": "again"}),
    ] {
        let mut body = body;
        body["conversationId"] = conversation.into();
        ids.push(send(&world, body).await.unwrap()["id"].clone());
    }
    for id in &ids {
        has_status(&world, id, "read").await;
    }
    let sent = world.simulator.sent();
    let order: Vec<Value> = sent.iter().map(|message| own_id(message).into()).collect();
    assert_eq!(order, ids, "in the order in which they were asked for");
    for ((_, bytes), message) in files.iter().zip(&sent) {
        assert_eq!(message.media.as_ref().unwrap().sha256, sha256(bytes).to_string());
    }
    assert_eq!(sent[1].body["audio"]["voice"], true);
    assert_eq!(sent[6].body["image"]["id"], sent[0].body["image"]["id"], "the same bytes are uploaded once");
    let first = world.api().json(&format!("/api/messages/{}", ids[0])).await;
    assert_eq!(world.api().bytes(&first).await, files[0].1);
    let react = json!({"conversationId": conversation, "type": "reaction", "emoji": "🎉", "replyTo": ids[0]});
    let reaction = send(&world, react).await.unwrap();
    has_status(&world, &reaction["id"], "read").await;
    let first = world.api().json(&format!("/api/messages/{}", ids[0])).await;
    assert_eq!(first["reactions"][0]["emoji"], "🎉", "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_message_reaches_whatsapp_and_comes_back_as_read_on_sqlite() {
    each_kind_reaches_whatsapp(World::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_message_reaches_whatsapp_and_comes_back_as_read_on_postgres() {
    each_kind_reaches_whatsapp(World::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_throttling_and_lost_answers_have_their_outcomes() {
    let world = World::sqlite().await;
    let conversation = conversation(&world).await;
    let text = |text: &str| json!({"conversationId": conversation, "type": "text", "text": text});
    let fault = |fault: FaultSpec| world.simulator.add_fault(fault.times(1)).unwrap();

    let mut throttled = FaultSpec::new(FaultKind::Throttled);
    throttled.at = Some(mediary_simulator::Place::Send);
    fault(throttled);
    has_status(&world, &send(&world, text("throttled once")).await.unwrap()["id"], "read").await;

    let mut lost = FaultSpec::new(FaultKind::LostAnswer);
    lost.at = Some(mediary_simulator::Place::Send);
    fault(lost);
    let lost = send(&world, text("its answer is lost")).await.unwrap()["id"].clone();
    has_status(&world, &lost, "read").await;
    let times = |id: &Value| world.simulator.sent().iter().filter(|sent| own_id(sent) == *id).count();
    assert_eq!(times(&lost), 1, "a status settles it, and nobody sends it again");

    let mut refused = FaultSpec::new(FaultKind::Permission);
    refused.at = Some(mediary_simulator::Place::Send);
    refused.code = Some(131_047);
    refused.message = Some("Re-engagement message".to_owned());
    fault(refused);
    let refused = send(&world, text("too late")).await.unwrap()["id"].clone();
    has_status(&world, &refused, "failed").await;
    let message = world.api().json(&format!("/api/messages/{refused}")).await;
    assert_eq!(message["error"]["code"], 131_047, "{message}");
    assert_eq!(times(&refused), 0);
    let again = world.api().post(&format!("/api/messages/{refused}/retry"), &json!({})).await;
    assert_eq!(again.status(), 200);
    has_status(&world, &refused, "read").await;
    assert_eq!(times(&refused), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_token_holds_messages_until_it_is_renewed() {
    let world = World::sqlite().await;
    let conversation = conversation(&world).await;
    let mut refused = FaultSpec::new(FaultKind::TokenExpired);
    refused.at = Some(mediary_simulator::Place::Send);
    let refused = world.simulator.add_fault(refused).unwrap();
    let text = json!({"conversationId": conversation, "type": "text", "text": "held"});
    let id = send(&world, text).await.unwrap()["id"].clone();
    let accounts = async || world.api().all("/api/whatsapp-accounts").await;
    eventually("the account to need a token", async || {
        let accounts = accounts().await;
        if accounts[0]["status"] == "needs_token" { Ok(()) } else { Err(accounts) }
    })
    .await;
    has_status(&world, &id, "queued").await;
    world.simulator.remove_fault(refused);
    let account = accounts().await[0]["id"].clone();
    let renewed = json!({"accessToken": mediary_testing::installation::ACCESS_TOKEN});
    let path = format!("/api/whatsapp-accounts/{account}");
    let answer = world.api().request(Method::PATCH, &path).json(&renewed).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    has_status(&world, &id, "read").await;
}

/// The server dies at a place of sending, is started again, and its sender asks again for what was not answered. Each message is there
/// once; each was sent once, or is `unknown`, and then a person's retry sends it.
async fn survives(place: &str, pass: usize, database: Database) {
    let mut world = World::furnished(database, &[("MEDIARY_LEASE_MS", "2000")]).await;
    world.start();
    let conversation = conversation(&world).await;
    world.kill();
    world.env.insert("MEDIARY_FAULT".to_owned(), format!("{place}:{pass}"));
    world.start();
    let draft = |n: usize| form(conversation, "image", picture(n / 2)).text("clientId", format!("mine-{n}"));
    let mut ids = BTreeMap::new();
    for n in 0..MESSAGES {
        if let Some(message) = send_form(&world, draft(n)).await {
            ids.insert(n, message["id"].as_i64().unwrap());
        }
    }
    eventually(&format!("the end at {place}:{pass}"), async || {
        if world.server().has_ended() { Ok(()) } else { Err(world.simulator.sent().len()) }
    })
    .await;
    world.reap();
    world.env.remove("MEDIARY_FAULT");
    world.start();
    for n in 0..MESSAGES {
        let message = send_form(&world, draft(n)).await.unwrap();
        let id = message["id"].as_i64().unwrap();
        assert_eq!(*ids.entry(n).or_insert(id), id, "{place}:{pass}: the same client id is the same message");
    }
    assert_eq!(ids.values().collect::<BTreeSet<_>>().len(), MESSAGES);
    let statuses = async || {
        let mut found = BTreeMap::new();
        for id in ids.values() {
            let message = world.api().json(&format!("/api/messages/{id}")).await;
            found.insert(*id, message["status"].as_str().unwrap().to_owned());
        }
        found
    };
    let settled = |status: &String| matches!(status.as_str(), "read" | "unknown");
    eventually(&format!("{place}:{pass}: all read, or unknown"), async || {
        let found = statuses().await;
        if found.values().all(settled) { Ok(()) } else { Err(found) }
    })
    .await;
    let times = |id: i64| world.simulator.sent().iter().filter(|sent| own_id(sent) == id).count();
    for (id, status) in statuses().await {
        if status == "unknown" {
            assert_eq!(times(id), 0, "{place}:{pass}: what arrived is settled by its status");
            let retried = world.api().post(&format!("/api/messages/{id}/retry"), &json!({})).await;
            assert_eq!(retried.status(), 200);
            has_status(&world, &id.into(), "read").await;
        }
        assert_eq!(times(id), 1, "{place}:{pass}: message {id} was {status}");
    }
    let whole = eventually("only whole files", async || {
        let stored = world.stored_files();
        if stored.len() >= MESSAGES { Ok(stored.len()) } else { Err(stored.len()) }
    })
    .await;
    let check = world.cli(&["storage", "check", "--json"]);
    let counts = ["missingCount", "wrongCount"].map(|count| check[count].as_u64());
    assert_eq!(counts, [Some(0); 2], "{place}:{pass}, {whole} files: {check}");
}

/// How often each place is passed until the process dies there.
const PASSES: [usize; 2] = [1, 3];

async fn survives_everywhere(database: impl Fn() -> Database) {
    for place in PLACES.iter().filter(|place| place.starts_with("send.")) {
        for pass in PASSES {
            // Messages of one conversation are claimed one by one, and the same bytes are uploaded once.
            survives(place, pass, database()).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn server_killed_at_every_place_of_sending_loses_and_doubles_nothing_on_sqlite() {
    survives_everywhere(Database::embedded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn server_killed_at_every_place_of_sending_loses_and_doubles_nothing_on_postgres() {
    survives_everywhere(Database::postgres).await;
}
