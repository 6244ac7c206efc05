//! What is there, held against the model: every difference in words.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::model::{Edit, Expected, Key, Model};
use super::verdict::Thread;

impl Model {
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
                    wrong.extend(how.into_iter().map(|how| format!("{key:?}: {how}")));
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
            people.entry((expected.is.person, key.0)).or_default().push((expected, thread));
        }
        let mut owners: BTreeMap<i64, usize> = BTreeMap::new();
        for ((person, account), messages) in people {
            let who = format!("person {person} with account {account}");
            let id = |thread: &Thread| thread.conversation["id"].as_i64().unwrap();
            let ids = |settled: bool| -> BTreeSet<i64> {
                messages
                    .iter()
                    .filter(|(one, _)| !settled || one.is.settled)
                    .map(|(_, thread)| id(thread))
                    .collect()
            };
            let (all, settled) = (ids(false), ids(true));
            let may_be_two = !self.told_again && messages.iter().any(|(one, _)| !one.is.settled);
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
            let expected = messages.iter().filter(|(one, _)| one.is.unread).count();
            if unread != i64::try_from(expected).unwrap() {
                wrong.push(format!("{who} has {unread} unread instead of {expected}"));
            }
            if all.len() == 1 {
                let newest = messages.iter().map(|(one, _)| one.is.at).max().unwrap();
                let last = &messages[0].1.conversation["lastMessage"]["providerMessageId"];
                let shown =
                    self.messages.iter().find(|(key, _)| *last == key.1.as_str()).map(|(_, one)| one.is.at);
                if shown != Some(newest) {
                    wrong.push(format!("{who} shows {last} as the last message"));
                }
            }
        }
    }
}

impl Expected {
    fn differs(&self, thread: &Thread, message: &Value, files_are: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut compare = |what: &str, expected: Value| {
            if message[what] != expected {
                wrong.push(format!("{what} is {} instead of {expected}", message[what]));
            }
        };
        compare("type", self.is.kind.as_str().into());
        compare("status", self.status.into());
        compare(
            "error",
            self.error
                .as_ref()
                .map_or(Value::Null, |(code, words)| json!({ "code": code, "message": words })),
        );
        compare("revoked", self.revoked.into());
        compare("edited", self.is_edited(message).into());
        let versions = self.versions();
        if !versions.iter().any(|version| version.is_shown(message, self.revoked)) {
            let shown = [&message["text"], &message["caption"], &message["media"]["sha256"]];
            wrong.push(format!("it says {shown:?} instead of one of {versions:?}"));
        }
        self.compare_reactions(message, &mut wrong);
        if !self.revoked {
            self.compare_files(thread, message, files_are, &mut wrong);
        }
        wrong
    }

    /// Edits of what was taken back before are not taken, so it may or may not be edited.
    fn is_edited(&self, message: &Value) -> bool {
        match self.revoked && !self.edits.is_empty() {
            true => message["edited"] == true,
            false => !self.edits.is_empty(),
        }
    }

    fn compare_reactions(&self, message: &Value, wrong: &mut Vec<String>) {
        let shown =
            |node: &Value| Some((node["from"].as_str()?.to_owned(), node["emoji"].as_str()?.to_owned()));
        let found: BTreeSet<_> = message["reactions"].as_array().unwrap().iter().filter_map(shown).collect();
        let last = self.reactions.iter().filter(|(_, (_, emoji))| !emoji.is_empty());
        let expected: BTreeSet<_> = last.map(|(from, (_, emoji))| (from.clone(), emoji.clone())).collect();
        if found != expected {
            wrong.push(format!("reactions are {found:?} instead of {expected:?}"));
        }
    }

    /// Its own file is that of the version it shows; each attachment is there once, in its order.
    fn compare_files(&self, thread: &Thread, message: &Value, files_are: &str, wrong: &mut Vec<String>) {
        let attachments = message["attachments"].as_array().unwrap();
        let hashes: Vec<_> = attachments.iter().filter_map(|file| file["sha256"].as_str()).collect();
        if hashes != self.is.attachments || attachments.len() != hashes.len() {
            wrong.push(format!("its attachments are {hashes:?} instead of {:?}", self.is.attachments));
        }
        let own = Some(&message["media"]).filter(|media| !media.is_null());
        if own.is_some() != self.is.picture.is_some() {
            wrong.push(format!("its own file is {own:?}"));
        }
        for file in own.into_iter().chain(attachments) {
            if file["downloadStatus"] != files_are {
                wrong.push(format!("file {} is {}", file["sha256"], file["downloadStatus"]));
            }
            if file["conversationId"] != thread.conversation["id"] {
                wrong.push(format!("its file is in conversation {}", file["conversationId"]));
            }
        }
    }
}

impl Edit {
    /// Whether a message says this, as a whole: never the words of one edit below the picture of another.
    fn is_shown(&self, message: &Value, revoked: bool) -> bool {
        let same = |shown: &Value, expected: &Option<String>| shown.as_str() == expected.as_deref();
        (self.text.is_none() || same(&message["text"], &self.text))
            && same(&message["caption"], &self.caption)
            && (revoked || self.picture.is_none() || same(&message["media"]["sha256"], &self.picture))
    }
}
