//! The oracle: what must be there in the end, from the facts alone. It knows nothing of the program but its API.
//!
//! Where the order of arrival truly decides, every outcome of some order is right, and nothing else: of two edits of
//! one second either may stay; what a message said before it was taken back may be any of its versions; a message
//! under an old number or user id may have come after the change, and then lies in a thread of its own, with all
//! others that did.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::verdict::Thread;

/// Something that happened. `account` is the first or the second, `id` WhatsApp's id of a message of that account.
#[derive(Clone, Debug)]
pub(super) enum Fact {
    Message {
        account: usize,
        id: String,
        person: usize,
        /// Whether it names the person as all later messages will find them.
        settled: bool,
        kind: String,
        /// `None` where the words are the program's own.
        text: Option<String>,
        at: i64,
        unread: bool,
        outbound: bool,
        sha256: Option<String>,
    },
    Edit {
        account: usize,
        id: String,
        at: i64,
        text: String,
    },
    Revoke {
        account: usize,
        id: String,
    },
    Status {
        account: usize,
        id: String,
        status: &'static str,
    },
    Reaction {
        account: usize,
        id: String,
        from: String,
        /// Empty where it takes the last one back.
        emoji: String,
        at: i64,
    },
}

type Key = (usize, String);

/// What a message must be.
struct Expected {
    person: usize,
    settled: bool,
    kind: String,
    text: Option<String>,
    edits: Vec<(i64, String)>,
    status: &'static str,
    revoked: bool,
    at: i64,
    unread: bool,
    /// By person: the time of their last reaction and what it was.
    reactions: BTreeMap<String, (i64, String)>,
    sha256: Option<String>,
}

/// From nothing known to everything known.
const STATUSES: [&str; 4] = ["received", "sent", "delivered", "read"];

pub(super) struct Model {
    messages: BTreeMap<Key, Expected>,
    /// The download status of every file that is not taken back.
    files_are: &'static str,
}

impl Model {
    pub(super) fn of(facts: &[Fact], files_are: &'static str) -> Self {
        let mut model = Self { messages: BTreeMap::new(), files_are };
        let (messages, later): (Vec<_>, Vec<_>) =
            facts.iter().cloned().partition(|fact| matches!(fact, Fact::Message { .. }));
        messages.into_iter().chain(later).for_each(|fact| model.happened(fact));
        model
    }

    fn happened(&mut self, fact: Fact) {
        match fact {
            Fact::Message { account, id, person, settled, kind, text, at, unread, outbound, sha256 } => {
                let status = if outbound { "sent" } else { "received" };
                let (edits, reactions) = (Vec::new(), BTreeMap::new());
                let revoked = false;
                let expected = Expected {
                    person,
                    settled,
                    kind,
                    text,
                    edits,
                    status,
                    revoked,
                    at,
                    unread,
                    reactions,
                    sha256,
                };
                self.messages.insert((account, id), expected);
            }
            Fact::Edit { account, id, at, text } => self.message(account, id).edits.push((at, text)),
            Fact::Revoke { account, id } => self.message(account, id).revoked = true,
            Fact::Status { account, id, status } => {
                let message = self.message(account, id);
                let rank = |word: &str| STATUSES.iter().position(|status| *status == word);
                if rank(status) > rank(message.status) {
                    message.status = status;
                }
            }
            Fact::Reaction { account, id, from, emoji, at } => {
                let last = self.message(account, id).reactions.entry(from).or_default();
                if at > last.0 {
                    *last = (at, emoji);
                }
            }
        }
    }

    fn message(&mut self, account: usize, id: String) -> &mut Expected {
        self.messages.get_mut(&(account, id)).expect("facts are about messages of the history")
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// The files that must be in storage, and those that may still be.
    pub(super) fn files(&self) -> (BTreeSet<&str>, BTreeSet<&str>) {
        let of = |revoked: bool| {
            let messages = self.messages.values().filter(move |message| message.revoked == revoked);
            messages.filter_map(|message| message.sha256.as_deref()).collect()
        };
        (of(false), of(true))
    }

    /// Every way in which what is there differs from what must be.
    pub(super) fn differences(&self, threads: &[Thread], accounts: &[i64]) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut found: BTreeMap<Key, (&Thread, &Value)> = BTreeMap::new();
        for thread in threads {
            let account =
                accounts.iter().position(|id| thread.conversation["whatsappAccountId"] == *id).unwrap();
            if thread.messages.is_empty() {
                wrong.push(format!("conversation {} is empty", thread.conversation["id"]));
            }
            for message in &thread.messages {
                let key = (account, message["providerMessageId"].as_str().unwrap().to_owned());
                if !self.messages.contains_key(&key) {
                    wrong.push(format!("{key:?} never happened"));
                } else if found.insert(key.clone(), (thread, message)).is_some() {
                    wrong.push(format!("{key:?} is there twice"));
                }
            }
        }
        for (key, expected) in &self.messages {
            match found.get(key) {
                None => wrong.push(format!("{key:?} is lost")),
                Some((thread, message)) => {
                    let how = expected.differs(thread, message, self.files_are);
                    wrong.extend(how.map(|how| format!("{key:?}: {how}")));
                }
            }
        }
        self.compare_threads(&found, &mut wrong);
        wrong
    }

    /// Who belongs together is together, and what is said of the thread is right.
    fn compare_threads(&self, found: &BTreeMap<Key, (&Thread, &Value)>, wrong: &mut Vec<String>) {
        let mut people: BTreeMap<(usize, usize), Vec<(&Expected, &Thread)>> = BTreeMap::new();
        for (key, (thread, _)) in found {
            let expected = &self.messages[key];
            people.entry((expected.person, key.0)).or_default().push((expected, thread));
        }
        let mut owners: BTreeMap<i64, usize> = BTreeMap::new();
        for ((person, account), messages) in people {
            let who = format!("person {person} with account {account}");
            let id = |thread: &Thread| thread.conversation["id"].as_i64().unwrap();
            let ids = |settled: bool| -> BTreeSet<i64> {
                messages
                    .iter()
                    .filter(|(one, _)| !settled || one.settled)
                    .map(|(_, thread)| id(thread))
                    .collect()
            };
            let (all, settled) = (ids(false), ids(true));
            let may_be_two = messages.iter().any(|(one, _)| !one.settled);
            if settled.len() > 1 || all.len() > 1 + usize::from(may_be_two) {
                wrong.push(format!("{who} is in conversations {all:?}"));
            }
            for conversation in &all {
                if owners.insert(*conversation, person).is_some_and(|other| other != person) {
                    wrong.push(format!("{who} shares conversation {conversation} with another person"));
                }
            }
            let threads: BTreeMap<i64, &Thread> =
                messages.iter().map(|(_, thread)| (id(thread), *thread)).collect();
            let unread: i64 =
                threads.values().map(|thread| thread.conversation["unreadCount"].as_i64().unwrap()).sum();
            let expected = messages.iter().filter(|(one, _)| one.unread).count();
            if unread != i64::try_from(expected).unwrap() {
                wrong.push(format!("{who} has {unread} unread instead of {expected}"));
            }
            if all.len() == 1 {
                let newest = messages.iter().map(|(one, _)| one.at).max().unwrap();
                let last = &messages[0].1.conversation["lastMessage"]["providerMessageId"];
                let shown =
                    self.messages.iter().find(|(key, _)| *last == key.1.as_str()).map(|(_, one)| one.at);
                if shown != Some(newest) {
                    wrong.push(format!("{who} shows {last} as the last message"));
                }
            }
        }
    }
}

impl Expected {
    fn differs(&self, thread: &Thread, message: &Value, files_are: &str) -> impl Iterator<Item = String> {
        let mut wrong = Vec::new();
        let mut compare = |what: &str, expected: Value| {
            if message[what] != expected {
                wrong.push(format!("{what} is {} instead of {expected}", message[what]));
            }
        };
        compare("type", self.kind.as_str().into());
        compare("status", self.status.into());
        compare("revoked", self.revoked.into());
        if self.text.is_some() && !self.texts().iter().any(|text| message["text"] == **text) {
            wrong.push(format!("text is {} instead of {:?}", message["text"], self.texts()));
        }
        let shown =
            |node: &Value| Some((node["from"].as_str()?.to_owned(), node["emoji"].as_str()?.to_owned()));
        let found: BTreeSet<_> = message["reactions"].as_array().unwrap().iter().filter_map(shown).collect();
        let last = self.reactions.iter().filter(|(_, (_, emoji))| !emoji.is_empty());
        let expected: BTreeSet<_> = last.map(|(from, (_, emoji))| (from.clone(), emoji.clone())).collect();
        if found != expected {
            wrong.push(format!("reactions are {found:?} instead of {expected:?}"));
        }
        if let Some(sha256) = self.sha256.as_ref().filter(|_| !self.revoked) {
            let media = &message["media"];
            if media["downloadStatus"] != files_are || media["sha256"] != sha256.as_str() {
                wrong.push(format!("its file is {} {}", media["downloadStatus"], media["sha256"]));
            }
            if media["conversationId"] != thread.conversation["id"] {
                wrong.push(format!("its file is in conversation {}", media["conversationId"]));
            }
        }
        wrong.into_iter()
    }

    /// What it may say.
    fn texts(&self) -> Vec<&String> {
        let newest = self.edits.iter().map(|(at, _)| *at).max();
        let edits =
            self.edits.iter().filter(|(at, _)| self.revoked || Some(*at) == newest).map(|(_, text)| text);
        let first = self.text.iter().filter(|_| self.revoked || self.edits.is_empty());
        first.chain(edits).collect()
    }
}
