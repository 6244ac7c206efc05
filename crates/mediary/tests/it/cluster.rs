//! Equal nodes over one Postgres and one bucket: any of them may die, hang or be cut off at any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mediary_core::{Clock as _, SystemClock};
use mediary_simulator::{AccountSpec, FaultKind, FaultSpec, MediaSpec, MessageSpec, RandomFaults};
use mediary_testing::bucket::Bucket;
use mediary_testing::eventually;
use mediary_testing::files::sha256;
use mediary_testing::whatsapp::incoming;
use mediary_testing::wire::free_port;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::time::Instant;

use crate::events::Listener;
use crate::harness::{Api, Database, Server, World, bucket_settings, objects};
use crate::webhook::{post_to, webhook};

const NODES: usize = 3;
/// Longer than the leases of these tests.
const HANGS_FOR: Duration = Duration::from_millis(2600);
/// Every webhook, with all that is tried again.
const DELIVERED_WITHIN: Duration = Duration::from_secs(300);
/// Without one more file.
const STUCK_AFTER: Duration = Duration::from_secs(60);
const LEASE_MS: &str = "2000";
/// Less than any node believes what it looked up.
const RECEIVED_WITHIN: Duration = Duration::from_secs(3);

struct Cluster {
    world: World,
    bucket: Bucket,
    nodes: Vec<Node>,
}

struct Node {
    port: u16,
    server: Option<Server>,
}

impl Cluster {
    async fn start(roles: &[&str], more: &[(&'static str, &'static str)]) -> Self {
        let bucket = Bucket::start().await;
        let settings = bucket_settings(&bucket);
        let mut settings: Vec<(&str, &str)> = settings.iter().map(|(k, v)| (*k, v.as_str())).collect();
        settings.push(("MEDIARY_LEASE_MS", LEASE_MS));
        settings.extend(more);
        let world = World::furnished(Database::postgres(), &settings).await;
        let mut cluster = Self { world, bucket, nodes: Vec::new() };
        for role in roles {
            cluster.add_node(role);
        }
        cluster.send_webhooks_to(0);
        cluster
    }

    fn add_node(&mut self, role: &str) {
        let port = free_port();
        let args: Vec<&str> = ["serve"].into_iter().chain(role.split_whitespace()).collect();
        let server = self.world.start_node(self.nodes.len(), port, &args);
        self.nodes.push(Node { port, server: Some(server) });
    }

    /// As a load balancer would that saw which nodes answer.
    fn send_webhooks_to(&self, node: usize) {
        let url = format!("http://127.0.0.1:{}/api/webhooks/whatsapp", self.nodes[node].port);
        self.world.simulator.set_webhook_url(Some(url.parse().unwrap()));
    }

    fn api(&self, node: usize) -> Api {
        Api::new(format!("http://127.0.0.1:{}", self.nodes[node].port), &self.world.key)
    }

    /// Other nodes take notice within a second; from then on messages come under it.
    async fn set_policy(&self, policy: &str) {
        let change =
            self.api(0).request(Method::PATCH, "/api/settings/media").json(&json!({ "policy": policy }));
        assert!(change.send().await.unwrap().status().is_success());
        let simulator = &self.world.simulator;
        eventually("the policy to hold", async || {
            let probe = simulator.add_media(&MediaSpec::generated(10, 3, "image/jpeg")).await.unwrap();
            let sent = simulator.send(&MessageSpec::media("image", &probe.id)).await.unwrap();
            let message =
                self.api(0).media_of(&sent.id, "a policy", |media| media["policy"].is_string()).await;
            if message["media"]["policy"] == policy {
                Ok(())
            } else {
                Err(message["media"]["policy"].clone())
            }
        })
        .await;
    }

    fn kill_and_restart(&mut self, node: usize) {
        self.nodes[node].server.take().unwrap().kill();
        let server = self.world.start_node(node, self.nodes[node].port, &["serve"]);
        self.nodes[node].server = Some(server);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_one_node_are_received_on_all_and_resumed_on_any() {
    let cluster = Cluster::start(&["--no-workers", "", "--no-workers"], &[]).await;
    let mut first = Listener::open(&cluster.api(0), None).await;
    let mut second = Listener::open(&cluster.api(1), None).await;
    let media = MediaSpec::generated(20_000, 1, "image/jpeg");
    let media = cluster.world.simulator.add_media(&media).await.unwrap();
    cluster.world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
    let received = first.until("media.completed").await;
    let also_received = second.until("media.completed").await;
    let ids =
        |events: &[crate::events::Event]| events.iter().map(|event| event.id.clone()).collect::<Vec<_>>();
    let (received_ids, also_ids) = (ids(&received), ids(&also_received));
    assert!(received.iter().any(|event| event.name == "message.created"), "{received:?}");
    // One of them may have started to listen a moment before the other.
    let same: BTreeSet<_> = received_ids.iter().filter(|id| also_ids.contains(id)).collect();
    assert!(same.len() >= 2, "the same events have the same ids: {received_ids:?} {also_ids:?}");
    let place = received.iter().position(|event| event.name == "message.created").unwrap();
    let mut third = Listener::open(&cluster.api(2), Some(&received[place].id)).await;
    let missed = third.until("media.completed").await;
    assert_eq!(ids(&missed), received_ids[place + 1..], "nothing missed, nothing twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_file_is_fetched_once_for_viewers_on_all_nodes() {
    let cluster = Cluster::start(&["", "", ""], &[]).await;
    let media = MediaSpec::generated(300_000, 2, "image/jpeg");
    let media = cluster.world.simulator.add_media(&media).await.unwrap();
    cluster.set_policy("on_view").await;
    let sent = cluster.world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
    let message = cluster.api(0).media_of(&sent.id, "arrival", |media| media["policy"] == "on_view").await;
    let views = (0..30).map(|view| {
        let (api, message) = (cluster.api(view % NODES), message.clone());
        async move { api.bytes(&message).await.len() }
    });
    let sizes = futures_util::future::join_all(views).await;
    assert!(sizes.iter().all(|size| *size == 300_000));
    assert_eq!(cluster.world.simulator.media_stats(&media.id).downloads, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn file_deleted_on_one_node_is_served_by_no_other() {
    let cluster = Cluster::start(&["", "--no-workers"], &[]).await;
    cluster.set_policy("stream").await;
    let media = MediaSpec::generated(30_000, 4, "image/jpeg");
    let media = cluster.world.simulator.add_media(&media).await.unwrap();
    let sent = cluster.world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
    let message = cluster.api(0).media_of(&sent.id, "arrival", |media| media["policy"] == "stream").await;
    assert_eq!(cluster.api(1).bytes(&message).await.len(), 30_000);
    let record = format!("/api/media/{}", message["media"]["id"]);
    assert!(cluster.api(0).request(Method::DELETE, &record).send().await.unwrap().status().is_success());
    let deleted = Instant::now();
    let url = message["media"]["url"].as_str().unwrap();
    eventually("the other node to refuse it", async || match cluster.api(1).get(url).await.status() {
        StatusCode::GONE => Ok(()),
        status => Err(status),
    })
    .await;
    assert!(deleted.elapsed() < RECEIVED_WITHIN, "it took {:?}", deleted.elapsed());
}

/// Sends a picture whose first download takes long.
async fn send_slowly(cluster: &Cluster, seed: u64, bytes: u64, bytes_per_second: u64) -> String {
    let simulator = &cluster.world.simulator;
    let media = simulator.add_media(&MediaSpec::generated(bytes, seed, "image/jpeg")).await.unwrap();
    let mut slow = FaultSpec::new(FaultKind::Slow).of(&media.id).times(1);
    (slow.delay_ms, slow.bytes_per_second) = (Some(0), Some(bytes_per_second));
    simulator.add_fault(slow).unwrap();
    simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap().id
}

async fn downloads_in_flight(cluster: &Cluster, expected: u64) {
    eventually("the downloads", async || match cluster.world.simulator.stats().downloads_in_flight {
        running if running == expected => Ok(()),
        running => Err(running),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn download_slots_of_a_killed_node_are_free_within_seconds_and_listeners_resync() {
    let mut cluster = Cluster::start(&[""], &[("MEDIARY_LEASE_MS", "30000")]).await;
    let mut sent = Vec::new();
    for seed in 0..4 {
        sent.push(send_slowly(&cluster, seed, 100_000, 1000).await);
    }
    downloads_in_flight(&cluster, 4).await;
    cluster.add_node("");
    cluster.send_webhooks_to(1);
    let survivor = cluster.api(1);
    let mut listener = Listener::open(&survivor, None).await;
    // With its first own event it has received all that others missed before.
    sent.push(send_slowly(&cluster, 4, 1000, 1_000_000).await);
    listener.until("message.created").await;
    cluster.nodes[0].server.take().unwrap().kill();
    let killed = Instant::now();
    survivor.completed(sent.last().unwrap()).await;
    let waited = killed.elapsed();
    println!("the next file of the company came after {} ms", waited.as_millis());
    assert!(waited < Duration::from_secs(5), "it waited {waited:?} for the places of a dead node");
    for wamid in &sent {
        survivor.completed(wamid).await;
    }
    assert!(killed.elapsed() < Duration::from_secs(15), "none waited for its lease to run out");
    listener.until("resync").await;
    eventually("only whole files", async || {
        match (objects(&cluster.bucket).len(), cluster.bucket.server().unfinished_uploads()) {
            (5, 0) => Ok(()),
            found => Err(found),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn last_events_of_a_node_that_stops_are_received_on_the_others() {
    let mut cluster = Cluster::start(&["--no-workers", ""], &[]).await;
    let mut listener = Listener::open(&cluster.api(0), None).await;
    send_slowly(&cluster, 1, 60_000, 20_000).await;
    downloads_in_flight(&cluster, 1).await;
    let server = cluster.nodes[1].server.take().unwrap();
    let stopping = tokio::task::spawn_blocking(|| server.stop());
    let received = listener.until("media.completed").await;
    assert!(stopping.await.unwrap(), "it ended well");
    let resyncs = received.iter().filter(|event| event.name == "resync").count();
    assert!(resyncs <= 1, "at most that of the start: {received:?}");
    assert_eq!(cluster.world.rows("nodes"), 1, "who leaves in order is not found gone");
    // The first thing that a node has missed is no place on another.
    Listener::open(&cluster.api(0), Some("1")).await.until("resync").await;
}

const BETA: &str = "300000000000003";
/// One company's backlog, in bodies of a thousand.
const FLOOD_BODIES: usize = 10;
const PER_BODY: usize = 1000;

/// Thousands of messages with the same picture.
fn flood(body: usize, media_id: &str, sha256: &str) -> Vec<u8> {
    let now = SystemClock.now().0 / 1000;
    let image = json!({ "id": media_id, "mime_type": "image/jpeg", "sha256": sha256 });
    let items: Vec<_> = (0..PER_BODY)
        .map(|number| {
            json!({ "from": "15550100001", "id": format!("wamid.flood{body}-{number}"),
                "timestamp": now.to_string(), "type": "image", "image": image })
        })
        .collect();
    webhook(&[vec![incoming(&items)]])
}

#[tokio::test(flavor = "multi_thread")]
async fn flood_of_one_company_stays_within_its_limit_on_all_nodes_and_delays_nobody() {
    let cluster = Cluster::start(&["", "", ""], &[]).await;
    let (world, simulator) = (&cluster.world, &cluster.world.simulator);
    world.add_company("beta");
    world.add_account("beta", BETA, &[]);
    let beta =
        Api::new(format!("http://127.0.0.1:{}", cluster.nodes[0].port), &world.add_key("beta", "admin"));
    simulator
        .put_account(AccountSpec { phone_number_id: BETA.to_owned(), ..AccountSpec::default() })
        .unwrap();
    let picture = simulator.add_media(&MediaSpec::generated(2000, 1, "image/jpeg")).await.unwrap();
    let mut slow = FaultSpec::new(FaultKind::Slow).of(&picture.id);
    (slow.delay_ms, slow.bytes_per_second) = (Some(100), Some(1000));
    simulator.add_fault(slow).unwrap();
    for body in 0..FLOOD_BODIES {
        let port = cluster.nodes[body % NODES].port;
        let url = format!("http://127.0.0.1:{port}/api/webhooks/whatsapp");
        assert_eq!(post_to(&url, flood(body, &picture.id, &picture.sha256)).await, 200);
    }
    eventually("the flood", async || match world.rows("media_files") {
        rows if rows == FLOOD_BODIES * PER_BODY => Ok(()),
        rows => Err(rows),
    })
    .await;
    eventually("the limit", async || match simulator.stats().downloads_in_flight {
        4 => Ok(()),
        running => Err(running),
    })
    .await;
    let single = simulator.add_media(&MediaSpec::generated(50_000, 2, "image/jpeg").of(BETA)).await.unwrap();
    let started = Instant::now();
    let sent = simulator.send(&MessageSpec::media("image", &single.id).to(BETA)).await.unwrap();
    beta.completed(&sent.id).await;
    assert!(started.elapsed() < Duration::from_secs(2), "it waited {:?} behind the flood", started.elapsed());
    assert!(simulator.stats().downloads_in_flight_max <= 5, "four of one company, one of the other");
}

/// A sequence that repeats for its seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, sides: usize) -> usize {
        usize::try_from(self.next(sides as u64)).unwrap()
    }

    pub(crate) fn next(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Sends and hurts in turn; afterwards every message is there once and every file whole.
async fn survives(seed: u64, messages: u64, hurts: u64) {
    let mut cluster = Cluster::start(&["", "", ""], &[("MEDIARY_DOWNLOADS_PER_COMPANY", "16")]).await;
    let mut dice = Dice(seed);
    let kinds = vec![FaultKind::ServerError, FaultKind::Cut, FaultKind::StaleUrl, FaultKind::Short];
    cluster.world.simulator.set_random_faults(Some(RandomFaults { rate: 0.1, seed, kinds })).unwrap();
    let mut expected = BTreeMap::new();
    for number in 0..messages {
        if number % (messages / hurts) == messages / hurts / 2 {
            hurt(&mut cluster, &mut dice).await;
        }
        // Some take several parts in the bucket.
        let size =
            if dice.next(40) == 0 { 6_000_000 + dice.next(6_000_000) } else { 1000 + dice.next(50_000) };
        let media = MediaSpec::generated(size, seed * messages + number, "image/jpeg");
        let media = cluster.world.simulator.add_media(&media).await.unwrap();
        let sent = cluster.world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
        expected.insert(sent.id, media.sha256);
    }
    cluster.world.simulator.set_random_faults(None).unwrap();
    cluster.world.simulator.flush(DELIVERED_WITHIN).await.unwrap();
    let api = cluster.api(0);
    all_is_here(&api, seed, expected.len()).await;
    let found: Vec<_> = api.messages().await;
    let by_id: BTreeMap<_, _> = found
        .iter()
        .map(|message| {
            (message["providerMessageId"].as_str().unwrap(), message["media"]["sha256"].as_str().unwrap())
        })
        .collect();
    let wanted: BTreeMap<_, _> = expected.iter().map(|(id, hash)| (id.as_str(), hash.as_str())).collect();
    assert_eq!(
        (found.len(), &by_id),
        (wanted.len(), &wanted),
        "seed {seed}: every message once, every file its own"
    );
    eventually("only the files of the records", async || {
        match (objects(&cluster.bucket).len(), cluster.bucket.server().unfinished_uploads()) {
            (objects, 0) if objects == expected.len() => Ok(()),
            found => Err(found),
        }
    })
    .await;
    let hashes: BTreeSet<String> =
        objects(&cluster.bucket).iter().map(|(_, bytes)| sha256(bytes).to_string()).collect();
    assert_eq!(hashes, expected.values().cloned().collect(), "seed {seed}: every object whole");
}

/// Waits until every file is there, for as long as more and more are.
async fn all_is_here(api: &Api, seed: u64, expected: usize) {
    let (mut highest, mut since) = (0, Instant::now());
    loop {
        let files = api.all("/api/media").await;
        let open: Vec<_> = files.iter().filter(|media| media["downloadStatus"] != "completed").collect();
        let here = files.len() - open.len();
        if here == expected && api.messages().await.len() == expected {
            return;
        }
        if here > highest {
            (highest, since) = (here, Instant::now());
        }
        assert!(
            since.elapsed() < STUCK_AFTER,
            "seed {seed}: {here} of {expected} are here; not {:?}",
            open.first()
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn hurt(cluster: &mut Cluster, dice: &mut Dice) {
    let node = usize::try_from(dice.next(NODES as u64)).unwrap();
    cluster.send_webhooks_to((node + 1) % NODES);
    match dice.next(3) {
        0 => cluster.kill_and_restart(node),
        1 => {
            let server = cluster.nodes[node].server.as_ref().unwrap();
            server.pause();
            tokio::time::sleep(HANGS_FOR).await;
            server.go_on();
        }
        _ => cluster.world.cut_off_from_database(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_die_hang_and_are_cut_off_lose_nothing() {
    survives(1, 300, 6).await;
}

/// `make soak`: the same for longer.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes many minutes; make soak runs it"]
async fn soak_nodes_that_die_hang_and_are_cut_off() {
    for seed in 100..110 {
        survives(seed, 2000, 20).await;
    }
}
