//! Random histories of sending: workers that die at any moment, answers that are lost, statuses that come early, late, twice and in any
//! order, people who want it sent again. A plain model of WhatsApp says in the end what must be known.
//!
//! Each seed is one history in conversations of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use mediary_core::{ConversationId, MessageId, MessageStatus, Scope};

use super::harness::Test;
use super::on_both;
use super::sends::{LEASE, conversation, limits, message, queue};
use super::statuses::status;
use crate::*;

/// Histories of a run.
const SEEDS: u64 = 25;
const CONVERSATIONS: usize = 3;
const MESSAGES: usize = 4;
const STEPS: usize = 60;
const STATUSES: [MessageStatus; 3] = [MessageStatus::Sent, MessageStatus::Delivered, MessageStatus::Read];

/// SplitMix64: the same numbers for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn take<T>(&mut self, from: &mut Vec<T>) -> Option<T> {
        if from.is_empty() { None } else { Some(from.swap_remove(self.below(from.len()))) }
    }
}

/// What a worker has in its hands.
enum Held {
    Claimed(ClaimedSend),
    /// WhatsApp answered with this id.
    Answered(ClaimedSend, String),
    /// Or refused.
    Refused(ClaimedSend),
    /// No answer came.
    Unanswered(ClaimedSend),
}

struct Accepted {
    about: MessageId,
    wamid: String,
}

struct History<'a> {
    test: &'a Test,
    dice: Dice,
    seed: u64,
    messages: BTreeMap<MessageId, ConversationId>,
    held: Vec<Held>,
    /// What WhatsApp took, in its order.
    accepted: Vec<Accepted>,
    /// Statuses under way.
    statuses: Vec<(usize, MessageStatus)>,
    /// How often a person asked for a message to be sent again.
    wanted_again: BTreeMap<MessageId, usize>,
}

impl<'a> History<'a> {
    async fn begin(test: &'a Test, seed: u64) -> Self {
        let mut history = Self {
            test,
            dice: Dice(seed),
            seed,
            messages: BTreeMap::new(),
            held: Vec::new(),
            accepted: Vec::new(),
            statuses: Vec::new(),
            wanted_again: BTreeMap::new(),
        };
        for number in 0..CONVERSATIONS {
            let with = conversation(test, test.acme, &format!("49{seed:06}{number}")).await;
            for _ in 0..MESSAGES {
                history.messages.insert(queue(test, test.acme, with).await, with);
            }
        }
        history
    }

    async fn step(&mut self) {
        match self.dice.below(10) {
            0..=2 => self.claim().await,
            3..=6 => self.go_on().await,
            7 => {
                // A worker dies with what it holds.
                drop(self.dice.take(&mut self.held));
                self.leases_run_out().await;
            }
            _ => self.deliver().await,
        }
    }

    async fn claim(&mut self) {
        let at_once = 1 + self.dice.below(3);
        // The pace is another test's matter.
        self.test.clock.advance(Duration::from_secs(1));
        let claimed = self.test.store.claim_sends("worker", &limits(at_once)).await.unwrap();
        self.held.extend(claimed.into_iter().map(Held::Claimed));
    }

    /// One worker does its next step.
    async fn go_on(&mut self) {
        let store = &self.test.store;
        match self.dice.take(&mut self.held) {
            None => {}
            Some(Held::Claimed(claimed)) if claimed.asked => {
                store.settle_unknown(&claimed).await.unwrap();
            }
            Some(Held::Claimed(claimed)) if self.dice.one_in(6) => {
                store.put_off_send(&claimed, self.test.now(), true).await.unwrap();
            }
            Some(Held::Claimed(claimed)) => self.ask_once(claimed).await,
            Some(Held::Answered(claimed, wamid)) => {
                store.finish_send(&claimed, &wamid).await.unwrap();
            }
            Some(Held::Refused(claimed)) if self.dice.one_in(2) => {
                store.put_off_send(&claimed, self.test.now(), true).await.unwrap();
            }
            Some(Held::Refused(claimed)) => {
                store.fail_send(&claimed, 131_000, "refused").await.unwrap();
            }
            Some(Held::Unanswered(claimed)) => {
                store.settle_unknown(&claimed).await.unwrap();
            }
        }
    }

    async fn ask_once(&mut self, claimed: ClaimedSend) {
        if self.test.store.mark_asked(&claimed).await.unwrap() {
            let held = self.ask(claimed);
            self.held.push(held);
        }
    }

    /// The call to WhatsApp.
    fn ask(&mut self, claimed: ClaimedSend) -> Held {
        match self.dice.below(8) {
            0 => Held::Refused(claimed),
            // The request was lost.
            1 => Held::Unanswered(claimed),
            what => {
                let wamid = format!("w{}-{}", self.seed, self.accepted.len());
                for status in STATUSES {
                    self.statuses.push((self.accepted.len(), status));
                }
                self.accepted.push(Accepted { about: claimed.message_id, wamid: wamid.clone() });
                // Its answer was lost, or is on its way.
                if what == 2 { Held::Unanswered(claimed) } else { Held::Answered(claimed, wamid) }
            }
        }
    }

    /// Some status arrives, now and then twice.
    async fn deliver(&mut self) {
        let Some((at, to)) = self.dice.take(&mut self.statuses) else { return };
        let Accepted { about, wamid } = &self.accepted[at];
        let item = IngestItem::Status(IncomingStatus {
            callback: Some(*about),
            ..status(self.test.acme, wamid, to)
        });
        self.test.ingest(vec![item]).await;
        if self.dice.one_in(4) {
            self.statuses.push((at, to));
        }
    }

    async fn leases_run_out(&mut self) {
        self.test.clock.advance(LEASE + Duration::from_millis(1));
        self.test.store.release_expired_leases(self.test.now(), 100).await.unwrap();
    }

    /// All that is under way comes to its end, and people ask again for what did not arrive.
    async fn end(&mut self) {
        for _ in 0..1000 {
            self.claim().await;
            while !self.held.is_empty() {
                self.go_on().await;
            }
            while !self.statuses.is_empty() {
                self.deliver().await;
            }
            self.leases_run_out().await;
            if self.all_arrived().await {
                return;
            }
        }
        panic!("seed {}: some message waits for ever", self.seed);
    }

    async fn all_arrived(&mut self) -> bool {
        let mut all = true;
        for id in self.messages.keys().copied().collect::<Vec<_>>() {
            match message(self.test, self.test.acme, id).await.status {
                MessageStatus::Read => {}
                MessageStatus::Failed | MessageStatus::Unknown => {
                    all = false;
                    let scope = Scope::system(self.test.acme.company);
                    let retried = self.test.store.retry_send(&scope, id).await.unwrap();
                    assert!(matches!(retried, RetriedSend::Queued(_)), "seed {}: {retried:?}", self.seed);
                    *self.wanted_again.entry(id).or_default() += 1;
                }
                _ => all = false,
            }
        }
        all
    }

    fn judge(&self) {
        let mut firsts: BTreeMap<ConversationId, Vec<MessageId>> = BTreeMap::new();
        let mut times: BTreeMap<MessageId, usize> = BTreeMap::new();
        for Accepted { about, .. } in &self.accepted {
            *times.entry(*about).or_default() += 1;
            let again = self.wanted_again.contains_key(about);
            if times[about] == 1 && !again {
                firsts.entry(self.messages[about]).or_default().push(*about);
            }
        }
        for (id, times) in times {
            let most = 1 + self.wanted_again.get(&id).copied().unwrap_or(0);
            assert!(times <= most, "seed {}: {id} left {times} times, and {most} were wanted", self.seed);
        }
        for (conversation, left) in firsts {
            assert!(left.is_sorted(), "seed {}: {left:?} left {conversation} in this order", self.seed);
        }
    }
}

async fn histories_end_with_each_message_sent_once_and_in_order(test: &Test) {
    for seed in 1..=SEEDS {
        let mut history = History::begin(test, seed).await;
        for _ in 0..STEPS {
            history.step().await;
        }
        history.end().await;
        history.judge();
    }
}

on_both!(histories_end_with_each_message_sent_once_and_in_order);
