//! kill -9 at every named place: nothing lost, nothing twice, no stray file. Each seed is a run of its own that repeats.

use std::collections::BTreeSet;

use mediary_engine::fault::PLACES;
use mediary_simulator::{FaultKind, FaultSpec, MediaSpec, MessageSpec};
use mediary_testing::eventually;
use mediary_testing::files::VOICE_NOTE;
use serde_json::Value;

use crate::harness::{Database, World};

const SEEDS: u64 = 100;
const MESSAGES: u64 = 8;
/// Seeds that run beside each other; each has a server of its own.
const LANES: u64 = 4;

/// Those of what comes in; `sending` has the others.
fn places() -> Vec<&'static str> {
    PLACES.iter().copied().filter(|place| !place.starts_with("send.")).collect()
}

/// One run: the server dies at the place and pass that the seed names, is started again, and everything is there.
/// False if the pass never came, because ingest took several webhooks at once: then everything is there anyway.
async fn survives(seed: u64, database: Database) -> bool {
    let place = places()[usize::try_from(seed).unwrap() % places().len()];
    let pass = seed / places().len() as u64 % 5 + 1;
    // Shorter than the waits of the test, should the process have died before it was known to others.
    let mut world = World::furnished(database, &[("MEDIARY_LEASE_MS", "2000")]).await;
    world.env.insert("MEDIARY_FAULT".to_owned(), format!("{place}:{pass}"));
    world.start();
    let mut sent = Vec::new();
    for n in 0..MESSAGES {
        let (spec, kind) = if place.starts_with("derive.") {
            (MediaSpec::bytes(VOICE_NOTE, "audio/ogg"), "audio")
        } else {
            (MediaSpec::generated(70_000 + seed * 13 + n, seed * MESSAGES + n, "image/jpeg"), "image")
        };
        let media = world.simulator.add_media(&spec).await.unwrap();
        if n % 3 == 0 {
            world.simulator.add_fault(FaultSpec::new(FaultKind::Cut).of(&media.id).times(1)).unwrap();
        }
        let message = world.simulator.send(&MessageSpec::media(kind, &media.id)).await.unwrap();
        sent.push((message.id, media));
    }
    if place == "trash.deleted" {
        delete_everything_until_it_dies(&world, &sent.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>())
            .await;
        revive(&mut world).await;
        nothing_is_left(&world).await;
        return true;
    }
    let is_done: fn(&Value) -> bool = if place.starts_with("derive.") { has_peaks } else { is_stored };
    let died = eventually(&format!("the end at {place}:{pass}"), async || {
        if world.server().has_ended() {
            return Ok(true);
        }
        let done = files_of(&world).await.iter().filter(|file| is_done(file)).count();
        if done == sent.len() { Ok(false) } else { Err(done) }
    })
    .await;
    if died {
        revive(&mut world).await;
    }
    if place.starts_with("derive.") {
        variants_are_there(&world, sent.len()).await;
        return died;
    }
    world.delivered().await;
    for (wamid, media) in &sent {
        let message = world.api().completed(wamid).await;
        assert_eq!(message["media"]["sha256"].as_str().unwrap(), media.sha256, "seed {seed}");
    }
    let messages = world.api().messages().await;
    let ids: BTreeSet<_> =
        messages.iter().map(|message| message["providerMessageId"].as_str().unwrap()).collect();
    assert_eq!((messages.len(), ids.len()), (sent.len(), sent.len()), "seed {seed}: lost or twice");
    eventually("only whole files", async || {
        let stored = world.stored_files();
        let paths = || stored.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
        if stored.len() == sent.len() { Ok(()) } else { Err(paths()) }
    })
    .await;
    died
}

/// Each file has its variants in the end, and no record names any that is not there.
async fn variants_are_there(world: &World, files: usize) {
    eventually("variants of all files", async || {
        let with = files_of(world).await.iter().filter(|file| has_peaks(file)).count();
        if with == files { Ok(()) } else { Err(with) }
    })
    .await;
    let check = world.cli(&["storage", "check", "--json"]);
    let counts = ["missingCount", "wrongCount", "lackingVariantsCount"];
    assert_eq!(counts.map(|count| check[count].as_u64()), [Some(0); 3], "{check}");
}

/// The files that the server knows; none where it dies while it is asked.
async fn files_of(world: &World) -> Vec<Value> {
    let asked = world.api().request(reqwest::Method::GET, "/api/media?limit=100").send().await;
    let Ok(answer) = asked else { return Vec::new() };
    let page: Value = answer.json().await.unwrap_or_default();
    page["items"].as_array().cloned().unwrap_or_default()
}

fn is_stored(file: &Value) -> bool {
    file["downloadStatus"] == "completed"
}

fn has_peaks(file: &Value) -> bool {
    file["variants"].as_array().is_some_and(|all| all.iter().any(|variant| variant["kind"] == "peaks"))
}

async fn revive(world: &mut World) {
    world.reap();
    world.env.remove("MEDIARY_FAULT");
    world.start();
}

async fn delete_everything_until_it_dies(world: &World, wamids: &[String]) {
    let mut paths = Vec::new();
    for wamid in wamids {
        let message = world.api().completed(wamid).await;
        paths.push(format!("/api/media/{}", message["media"]["id"]));
    }
    for path in paths {
        // The server may die under any of these; what counts is what is there afterwards.
        if world.api().request(reqwest::Method::DELETE, &path).send().await.is_err() {
            return;
        }
    }
}

async fn nothing_is_left(world: &World) {
    for media in world.api().all("/api/media").await {
        let path = format!("/api/media/{}", media["id"]);
        assert_eq!(world.api().request(reqwest::Method::DELETE, &path).send().await.unwrap().status(), 204);
    }
    eventually("all bytes to go", async || {
        let left = world.stored_files().len();
        if left == 0 { Ok(()) } else { Err(left) }
    })
    .await;
}

/// A webhook that ends the server whenever it is recorded, and one that comes after it.
#[tokio::test(flavor = "multi_thread")]
async fn webhook_that_ends_the_server_at_each_start_keeps_no_other_from_being_recorded() {
    let mut world = World::furnished(Database::embedded(), &[]).await;
    world.start_with(&["serve", "--no-workers"]);
    world.simulator.send(&MessageSpec::text("deadly")).await.unwrap();
    world.delivered().await;
    assert!(world.stop());
    for start in 1..=3 {
        world.env.insert("MEDIARY_FAULT".to_owned(), "ingest.before_commit:1".to_owned());
        world.start();
        let died = async || if world.server().has_ended() { Ok(()) } else { Err(start) };
        eventually("the end", died).await;
        world.reap();
    }
    // The first webhook of a number passes twice: its account is looked up in between.
    world.env.insert("MEDIARY_FAULT".to_owned(), "ingest.before_commit:3".to_owned());
    world.start();
    let other = world.simulator.send(&MessageSpec::text("other")).await.unwrap().id;
    eventually("the other one, and not the first", async || {
        let messages = world.api().messages().await;
        let ids: Vec<_> = messages.iter().map(|message| message["providerMessageId"].clone()).collect();
        if ids == [other.as_str()] { Ok(()) } else { Err(ids) }
    })
    .await;
}

async fn lane(lane: u64) {
    let mut deaths = 0;
    for seed in (0..SEEDS).filter(|seed| seed % LANES == lane) {
        // In one of its rounds each place is passed on Postgres.
        let (round, place) = (seed / places().len() as u64, seed % places().len() as u64);
        let on_postgres = round == place % (SEEDS / places().len() as u64);
        let database = if on_postgres { Database::postgres() } else { Database::embedded() };
        deaths += u64::from(survives(seed, database).await);
    }
    assert!(deaths * 2 > SEEDS / LANES, "only {deaths} runs of lane {lane} died");
}

#[tokio::test(flavor = "multi_thread")]
async fn server_killed_at_every_fault_point_lane_0() {
    lane(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn server_killed_at_every_fault_point_lane_1() {
    lane(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn server_killed_at_every_fault_point_lane_2() {
    lane(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn server_killed_at_every_fault_point_lane_3() {
    lane(3).await;
}
