//! One campaign: nodes, a history sent to them while they are hurt, and the model's verdict in the end.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use mediary_core::{Clock as _, SystemClock};
use mediary_simulator::{AccountSpec, FaultKind, MediaSpec, RandomFaults};
use mediary_testing::bucket::Bucket;
use mediary_testing::files::sha256;
use mediary_testing::installation::PHONE_NUMBER_ID;
use mediary_testing::whatsapp::signature_of;
use mediary_testing::wire::free_port;
use tokio::time::Instant;

use super::faults::{self, InjectedFaults};
use super::history::{self, Picture, Setting};
use super::model::Model;
use super::verdict::{self, threads};
use crate::cluster::Dice;
use crate::harness::{Api, Database, Server, World, bucket_settings, objects};

/// Webhooks under way at once, as Meta sends them.
const SENDERS: usize = 12;
/// A node that does not answer in this time is passed over.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);
/// How long a body is offered to the nodes.
const TAKEN_WITHIN: Duration = Duration::from_secs(60);
/// How long nothing may get nearer to what must be.
const STUCK_AFTER: Duration = Duration::from_secs(20);
/// Messages lie this far back at first, in seconds.
const STARTS_AGO: i64 = 100_000;
const PICTURE_BYTES: u64 = 20_000;
/// A statement now and then takes up to so long.
const SLOW_MS: u64 = 60;
const SECOND_PHONE: &str = "300000000000007";

/// What is tried. All of it follows from the seed but the moments at which things happen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) nodes: usize,
    pub(super) postgres: bool,
    pub(super) people: usize,
    /// How often something is killed, hangs or is cut off.
    pub(super) faults: usize,
}

pub(super) struct Nodes {
    world: World,
    bucket: Option<Bucket>,
    ports: Vec<u16>,
    servers: Vec<tokio::sync::Mutex<Option<Server>>>,
    postgres: bool,
    accounts: Vec<i64>,
}

/// Runs it; panics with everything that is not as it must be.
pub(super) async fn run(plan: Plan) {
    let started = Instant::now();
    let nodes = Nodes::start(plan).await;
    let mut dice = Dice(plan.seed);
    let pictures = nodes.pictures(&mut dice, plan.people * 3 / 4).await;
    let starts_at = SystemClock.now().millis() / 1000 - STARTS_AGO;
    let accounts = [PHONE_NUMBER_ID.to_owned(), SECOND_PHONE.to_owned()];
    let tag = format!("{:03}", plan.seed % 1000);
    let history = history::write(
        &mut dice,
        Setting {
            tag,
            accounts,
            starts_at,
            people: plan.people,
            kinds: &history::ALL_KINDS,
            pictures,
            refused: true,
        },
    );
    let model = Model::of(&history.facts, "completed");
    let injected = Mutex::new(InjectedFaults::default());
    let (bodies, facts, unrecordable) = (history.bodies.len(), history.facts.len(), history.unrecordable);
    let deliver = nodes.deliver(history.bodies);
    tokio::join!(deliver, faults::hurt(&nodes, Dice(plan.seed + 1), plan.faults, &injected));
    nodes.world.simulator.set_random_faults(None).unwrap();
    let delivered = started.elapsed();
    let wrong = verdict::settles(STUCK_AFTER, async || nodes.differences(&model, unrecordable).await).await;
    let injected = *injected.lock().unwrap();
    let summary = format!(
        "{plan:?}: {facts} facts in {bodies} bodies, {} messages, {injected:?}, delivered after {delivered:.1?}, \
         judged after {:.1?}",
        model.len(),
        started.elapsed()
    );
    eprintln!("{summary}");
    verdict::require(&wrong, plan.seed, &summary);
}

impl Nodes {
    async fn start(plan: Plan) -> Self {
        let (database, bucket) = match plan.postgres {
            true => (Database::postgres(), Some(Bucket::start().await)),
            false => (Database::embedded(), None),
        };
        let mut settings = bucket.as_ref().map(bucket_settings).unwrap_or_default();
        settings.push(("MEDIARY_LEASE_MS", "2000".to_owned()));
        settings.push(("MEDIARY_LOG", "info".to_owned()));
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let world = World::furnished(database, &settings).await;
        let second = world.add_account("acme", SECOND_PHONE, &[]);
        let account = AccountSpec { phone_number_id: SECOND_PHONE.to_owned(), ..AccountSpec::default() };
        world.simulator.put_account(account).unwrap();
        if plan.postgres {
            world.sql(&faults::slow_statements(SLOW_MS));
        }
        let kinds = vec![FaultKind::ServerError, FaultKind::Cut, FaultKind::StaleUrl, FaultKind::Short];
        let random = RandomFaults { rate: 0.1, seed: plan.seed, kinds };
        world.simulator.set_random_faults(Some(random)).unwrap();
        let ports: Vec<u16> = (0..plan.nodes).map(|_| free_port()).collect();
        let start = |(number, port): (usize, &u16)| world.start_node(number, *port, &["serve"]);
        let servers =
            ports.iter().enumerate().map(start).map(|server| tokio::sync::Mutex::new(Some(server))).collect();
        let mut nodes = Self { world, bucket, ports, servers, postgres: plan.postgres, accounts: Vec::new() };
        let known = nodes.api().all("/api/whatsapp-accounts").await;
        let first = known.iter().filter_map(|account| account["id"].as_i64()).find(|id| *id != second);
        nodes.accounts = vec![first.unwrap(), second];
        nodes
    }

    pub(super) fn len(&self) -> usize {
        self.ports.len()
    }

    pub(super) fn on_postgres(&self) -> bool {
        self.postgres
    }

    pub(super) fn cut_off_from_database(&self) {
        self.world.cut_off_from_database();
    }

    pub(super) async fn kill_and_restart(&self, node: usize) {
        let mut server = self.servers[node].lock().await;
        server.take().unwrap().kill();
        *server = Some(self.world.start_node(node, self.ports[node], &["serve"]));
    }

    pub(super) async fn hang(&self, node: usize, time: Duration) {
        let server = self.servers[node].lock().await;
        server.as_ref().unwrap().pause();
        tokio::time::sleep(time).await;
        server.as_ref().unwrap().go_on();
    }

    fn api(&self) -> Api {
        Api::new(format!("http://127.0.0.1:{}", self.ports[0]), &self.world.key)
    }

    async fn pictures(&self, dice: &mut Dice, count: usize) -> Vec<Picture> {
        let mut pictures = Vec::new();
        for _ in 0..count {
            let media =
                MediaSpec::generated(100 + dice.next(PICTURE_BYTES), dice.next(u64::MAX), "image/jpeg");
            let media = self.world.simulator.add_media(&media).await.unwrap();
            pictures.push(Picture { id: media.id, sha256: media.sha256 });
        }
        pictures
    }

    /// Offers every body to one node after the other until one takes it.
    async fn deliver(&self, bodies: Vec<Vec<u8>>) {
        let client = reqwest::Client::builder().no_proxy().timeout(ANSWERS_WITHIN).build().unwrap();
        let turn = AtomicUsize::new(0);
        let send = |body: Vec<u8>| {
            let (client, turn) = (&client, &turn);
            async move {
                let signature = signature_of(&body);
                let since = Instant::now();
                loop {
                    let port = self.ports[turn.fetch_add(1, Ordering::Relaxed) % self.ports.len()];
                    let url = format!("http://127.0.0.1:{port}/api/webhooks/whatsapp");
                    let request = client.post(url).header("x-hub-signature-256", &signature);
                    match request.body(body.clone()).send().await {
                        Ok(answer) if answer.status() == 200 => return,
                        answer => {
                            assert!(since.elapsed() < TAKEN_WITHIN, "no node takes a webhook: {answer:?}");
                        }
                    }
                    tokio::time::sleep(Duration::from_millis(30)).await;
                }
            }
        };
        stream::iter(bodies).for_each_concurrent(SENDERS, send).await;
    }

    async fn differences(&self, model: &Model, unrecordable: usize) -> Vec<String> {
        let api = self.api();
        let mut wrong = model.differences(&threads(&api).await, &self.accounts);
        // A body whose answer was lost is sent again, and what cannot be recorded of it is parked again.
        let parked = api.all("/api/webhook-events").await;
        if parked.len() < unrecordable {
            wrong.push(format!("{} items were parked instead of {unrecordable}", parked.len()));
        }
        verdict::compare_reasons(parked.iter().map(|item| item["reason"].as_str().unwrap()), &mut wrong);
        self.compare_storage(model, &mut wrong);
        wrong
    }

    /// Every file is whole, there once, and one of those that must or may be there; on Postgres every webhook is recorded.
    fn compare_storage(&self, model: &Model, wrong: &mut Vec<String>) {
        let (must, may) = model.files();
        let files: Vec<String> = match &self.bucket {
            Some(bucket) => objects(bucket).iter().map(|(_, bytes)| sha256(bytes).to_string()).collect(),
            None => self.world.stored_files().iter().map(|(_, bytes)| sha256(bytes).to_string()).collect(),
        };
        for sha256 in &must {
            match files.iter().filter(|file| file == sha256).count() {
                1 => {}
                count => wrong.push(format!("file {sha256} is in storage {count} times")),
            }
        }
        for file in files.iter().filter(|file| !must.contains(file.as_str()) && !may.contains(file.as_str()))
        {
            wrong.push(format!("file {file} belongs to nothing"));
        }
        if self.postgres {
            let count = |sql: &str| self.world.sql(sql).trim().parse::<usize>().unwrap();
            let open = count("SELECT count(*) FROM webhook_events WHERE processed_at IS NULL");
            let without = "SELECT count(*) FROM contacts c WHERE NOT EXISTS
                (SELECT FROM conversations v WHERE v.company_id = c.company_id AND v.contact_id = c.id)";
            let alone = count(without);
            for (count, what) in
                [(open, "webhooks are not recorded"), (alone, "contacts have no conversation")]
            {
                if count > 0 {
                    wrong.push(format!("{count} {what}"));
                }
            }
        }
    }
}
