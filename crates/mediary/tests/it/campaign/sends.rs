//! Campaigns of sending: texts and pictures go to several people, and are asked for again where no answer came, while the server dies
//! at its places of sending, WhatsApp refuses, asks to wait and loses answers, and its statuses come early, late, twice and in any
//! order.
//!
//! The oracle is what the simulated WhatsApp took. Each message is there once and left once, as it was asked for and in the order of
//! its conversation; or it did not leave, says so (`failed`, `unknown`), and leaves once when a person wants it again.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use mediary_engine::fault::PLACES;
use mediary_simulator::{Customer, FaultKind, FaultSpec, MessageSpec, Place, SentMessage};
use mediary_testing::eventually;
use mediary_testing::files::sha256;
use serde_json::{Value, json};

use crate::cluster::Dice;
use crate::harness::{Database, World};
use crate::sending::{form, own_id, picture, send, send_form};

/// Campaigns on each database: in a run of the suite, in which the places of sending come in turn, and in `make soak`.
const SEEDS: u64 = 4;
const SOAK_SEEDS: u64 = 200;
/// Each has servers of its own, which wait most of the time: for a lease to end, or for WhatsApp.
const AT_ONCE: usize = 4;
const PEOPLE: usize = 3;
/// Messages between one death and the next.
const MESSAGES: usize = 7;
const DEATHS: usize = 2;
/// The server dies there at one of the first passes.
const PASSES: usize = 4;
/// One message in so many has a picture; each picture is there twice.
const PICTURE_ONE_IN: usize = 2;

async fn campaigns(seeds: u64, database: fn() -> Database) {
    let first = super::seed(1);
    let histories = stream::iter(first..first + seeds).map(|seed| run(seed, database()));
    let died_at_places =
        histories.buffer_unordered(AT_ONCE).fold(0, async |sum, died| sum + died as u64).await;
    assert!(died_at_places >= seeds, "the server seldom gets to where it is to die: {died_at_places} times");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_leave_once_whatever_dies_and_gets_lost_on_sqlite() {
    campaigns(SEEDS, Database::embedded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_leave_once_whatever_dies_and_gets_lost_on_postgres() {
    campaigns(SEEDS, Database::postgres).await;
}

/// `make soak`: many seeds.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes many minutes; make soak runs it"]
async fn soak_sends_on_sqlite() {
    campaigns(SOAK_SEEDS, Database::embedded).await;
}

/// `make soak`: many seeds.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes many minutes; make soak runs it"]
async fn soak_sends_on_postgres() {
    campaigns(SOAK_SEEDS, Database::postgres).await;
}

/// Runs the history of a seed; panics with what is not as it must be. Returns how often the server died at a place that was named.
async fn run(seed: u64, database: Database) -> usize {
    let mut campaign = Campaign::start(seed, database).await;
    let mut died_at_places = 0;
    for death in 0..DEATHS {
        died_at_places += usize::from(campaign.die(death).await);
    }
    campaign.ask_for_everything_again().await;
    campaign.settle().await;
    campaign.retry_what_did_not_leave().await;
    campaign.judge().await;
    let (messages, again) = (campaign.drafts.len(), campaign.wanted_again.len());
    eprintln!(
        "seed {seed}: {messages} messages, {again} wanted again, {died_at_places} deaths at named places"
    );
    died_at_places
}

struct Campaign {
    world: World,
    seed: u64,
    dice: Dice,
    /// Conversation of each person, and the number that messages to them are addressed to.
    people: Vec<(i64, String)>,
    drafts: Vec<Draft>,
    /// Which message came of each draft, as far as an answer told.
    ids: BTreeMap<usize, i64>,
    wanted_again: BTreeSet<i64>,
}

/// What somebody wants to send.
struct Draft {
    person: usize,
    /// `None`: a text.
    picture: Option<Vec<u8>>,
}

impl Campaign {
    async fn start(seed: u64, database: Database) -> Self {
        let mut world = World::furnished(database, &[("MEDIARY_LEASE_MS", "2000")]).await;
        let mut options = world.simulator.options();
        options.webhooks.duplicate_rate = 0.3;
        options.webhooks.reorder_window = 6;
        // Longer than a server is away.
        options.webhooks.retry_waits_ms = vec![200; 100];
        world.simulator.set_options(options).unwrap();
        world.start();
        let mut people: Vec<(i64, String)> = Vec::new();
        for person in 0..PEOPLE {
            let digits = format!("1555010{person:04}");
            let hello = MessageSpec::text("hello").from(Customer::new(&digits, "Ana"));
            world.simulator.send(&hello).await.unwrap();
            let conversation = eventually("the conversation", async || {
                let all = world.api().all("/api/conversations").await;
                let ids = all.iter().filter_map(|one| one["id"].as_i64());
                ids.into_iter().find(|id| people.iter().all(|(known, _)| known != id)).ok_or(all.len())
            });
            people.push((conversation.await, format!("+{digits}")));
        }
        world.kill();
        let (drafts, ids, wanted_again) = Default::default();
        Self { world, seed, dice: Dice(seed), people, drafts, ids, wanted_again }
    }

    /// The server sends until it dies at one of its places, each in turn, or, where that pass never comes (false), in the end.
    async fn die(&mut self, death: usize) -> bool {
        let places: Vec<_> = PLACES.iter().filter(|place| place.starts_with("send.")).collect();
        let turn = usize::try_from(self.seed).unwrap() * DEATHS + death;
        let place = format!("{}:{}", places[turn % places.len()], 1 + self.dice.below(PASSES));
        self.world.env.insert("MEDIARY_FAULT".to_owned(), place);
        self.world.start();
        for _ in 0..MESSAGES {
            let person = self.dice.below(PEOPLE);
            self.fault(person);
            let seen = self.drafts.len() / 2;
            let picture = (self.dice.below(PICTURE_ONE_IN) == 0).then(|| picture(seen));
            self.drafts.push(Draft { person, picture });
            self.ask(self.drafts.len() - 1).await;
        }
        let died = eventually("the end of the server, or of its work", async || {
            if self.world.server().has_ended() {
                return Ok(true);
            }
            let open = self.unsettled().await;
            if open.is_empty() { Ok(false) } else { Err(open) }
        });
        let died = died.await;
        if died {
            self.world.reap();
        } else {
            self.world.kill();
        }
        self.world.env.remove("MEDIARY_FAULT");
        died
    }

    /// Something may go wrong with the next message to a person.
    fn fault(&mut self, person: usize) {
        let (_, number) = &self.people[person];
        let at_send = |kind| FaultSpec::new(kind).at(Place::Send).to(number).times(1);
        let late = FaultSpec { delay_ms: Some(100), ..at_send(FaultKind::LostAnswer) };
        let fault = match self.dice.below(14) {
            0 => at_send(FaultKind::LostAnswer),
            // Its statuses come before that.
            1 => late,
            2 => at_send(FaultKind::LostAnswer).status(502),
            3 => at_send(FaultKind::ServerError),
            4 => at_send(FaultKind::Throttled),
            5 => at_send(FaultKind::Permission).code(131_047),
            6 => FaultSpec::new(FaultKind::ServerError).at(Place::Upload).times(1),
            _ => return,
        };
        self.world.simulator.add_fault(fault).unwrap();
    }

    /// Asks for a message, under an id that is the same each time. A server that is away does not answer.
    async fn ask(&mut self, number: usize) {
        let Draft { person, picture } = &self.drafts[number];
        let (conversation, client_id) = (self.people[*person].0, format!("draft-{number}"));
        let message = match picture {
            Some(picture) => {
                let form = form(conversation, "image", picture.clone()).text("clientId", client_id);
                send_form(&self.world, form).await
            }
            None => {
                let text = json!({"conversationId": conversation, "type": "text", "text": client_id, "clientId": client_id});
                send(&self.world, text).await
            }
        };
        if let Some(message) = message {
            let id = message["id"].as_i64().unwrap();
            let first = *self.ids.entry(number).or_insert(id);
            assert_eq!(first, id, "seed {}: the same client id is another message", self.seed);
        }
    }

    async fn ask_for_everything_again(&mut self) {
        self.world.start();
        for number in 0..self.drafts.len() {
            self.ask(number).await;
        }
        assert_eq!(self.ids.len(), self.drafts.len(), "seed {}: some draft has no message", self.seed);
    }

    /// Until WhatsApp's last word about each message is known. What it took is settled by its statuses, `unknown` or not.
    async fn settle(&mut self) {
        eventually(&format!("seed {}: a last word about each message", self.seed), async || {
            let open = self.unsettled().await;
            if open.is_empty() { Ok(()) } else { Err(open) }
        })
        .await;
    }

    /// Messages with their status that have not come to their end; all of them while the server does not answer.
    async fn unsettled(&self) -> Vec<(i64, String)> {
        let mut open = Vec::new();
        for id in self.ids.values().copied() {
            let status = self.status(id).await;
            let settled = match status.as_str() {
                "read" => true,
                "unknown" | "failed" => self.left(id) == 0,
                _ => false,
            };
            if !settled {
                open.push((id, status));
            }
        }
        open
    }

    async fn status(&self, id: i64) -> String {
        let path = format!("/api/messages/{id}");
        let Ok(answer) = self.world.api().request(reqwest::Method::GET, &path).send().await else {
            return String::new();
        };
        let message: Value = answer.json().await.unwrap_or_default();
        message["status"].as_str().unwrap_or_default().to_owned()
    }

    /// How often a message left.
    fn left(&self, id: i64) -> usize {
        self.world.simulator.sent().iter().filter(|sent| own_id(sent) == id).count()
    }

    async fn retry_what_did_not_leave(&mut self) {
        self.world.simulator.clear_faults();
        for id in self.ids.values().copied() {
            let status = self.status(id).await;
            if status != "read" {
                let retried = self.world.api().post(&format!("/api/messages/{id}/retry"), &json!({})).await;
                assert_eq!(retried.status(), 200, "seed {}: {id} is {status}", self.seed);
                self.wanted_again.insert(id);
            }
        }
        eventually(&format!("seed {}: everything to be read", self.seed), async || {
            let mut open = Vec::new();
            for id in self.ids.values().copied() {
                let status = self.status(id).await;
                if status != "read" {
                    open.push((id, status));
                }
            }
            if open.is_empty() { Ok(()) } else { Err(open) }
        })
        .await;
    }

    async fn judge(&self) {
        let (seed, sent) = (self.seed, self.world.simulator.sent());
        let mut orders: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for (number, id) in &self.ids {
            let left: Vec<&SentMessage> = sent.iter().filter(|sent| own_id(sent) == *id).collect();
            let [only] = left[..] else { panic!("seed {seed}: message {id} left {} times", left.len()) };
            self.is_as_asked(*number, only);
        }
        assert_eq!(sent.len(), self.drafts.len(), "seed {seed}: something left that nobody asked for");
        for sent in &sent {
            if !self.wanted_again.contains(&own_id(sent)) {
                orders.entry(&sent.to).or_default().push(own_id(sent));
            }
        }
        for (to, order) in orders {
            assert!(order.is_sorted(), "seed {seed}: {order:?} left in this order to {to}");
        }
        let shown: BTreeSet<i64> = self.shown().await;
        assert_eq!(shown, self.ids.values().copied().collect(), "seed {seed}: what the threads show");
        let check = self.world.cli(&["storage", "check", "--json"]);
        let counts = ["missingCount", "wrongCount"].map(|count| check[count].as_u64());
        assert_eq!(counts, [Some(0); 2], "seed {seed}: {check}");
    }

    /// To the person that was meant, with the words or the bytes.
    fn is_as_asked(&self, number: usize, sent: &SentMessage) {
        let Draft { person, picture } = &self.drafts[number];
        let file = sent.media.as_ref().map(|media| media.sha256.clone());
        let expected = picture.as_ref().map(|picture| sha256(picture).to_string());
        let text = sent.body["text"]["body"].as_str().map(str::to_owned);
        let words = picture.is_none().then(|| format!("draft-{number}"));
        let found = (sent.to.as_str(), file, text);
        assert_eq!(found, (self.people[*person].1.as_str(), expected, words), "seed {}", self.seed);
    }

    /// The messages of the business that the threads show.
    async fn shown(&self) -> BTreeSet<i64> {
        let messages = self.world.api().messages().await;
        let count = messages.len();
        let own = messages.iter().filter(|message| message["direction"] == "outbound");
        let ids: BTreeSet<i64> = own.filter_map(|message| message["id"].as_i64()).collect();
        assert_eq!(ids.len() + PEOPLE, count, "seed {}: a message is there twice", self.seed);
        ids
    }
}
