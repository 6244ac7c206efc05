//! The oracle: what must be there in the end, from the facts alone. It knows nothing of the program but its API.
//!
//! Where the order of arrival truly decides, every outcome of some order is right, and nothing else: of two edits of
//! one second either may stay, but whole, and for ever; what a message said before it was taken back may be any of its
//! versions; a message under an old number or user id may have come after the change, and then lies in a thread of its own,
//! with all others that did, until the change is sent again.

use std::collections::{BTreeMap, BTreeSet};

/// A message as it was written. `account` is the first or the second, `id` WhatsApp's id of it there.
#[derive(Clone, Debug, Default)]
pub(super) struct Message {
    pub(super) account: usize,
    pub(super) id: String,
    pub(super) person: usize,
    /// Whether it names the person as all later messages will find them.
    pub(super) settled: bool,
    pub(super) kind: String,
    /// `None` where the words are the program's own.
    pub(super) text: Option<String>,
    pub(super) at: i64,
    pub(super) unread: bool,
    pub(super) outbound: bool,
    /// The hash of its own file, and those of further ones.
    pub(super) picture: Option<String>,
    pub(super) attachments: Vec<String>,
}

/// What a message says from then on.
#[derive(Clone, Debug, Default)]
pub(super) struct Edit {
    pub(super) at: i64,
    pub(super) text: Option<String>,
    pub(super) caption: Option<String>,
    pub(super) picture: Option<String>,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub(super) enum Fact {
    Message(Message),
    Edit {
        account: usize,
        id: String,
        edit: Edit,
    },
    Revoke {
        account: usize,
        id: String,
    },
    Status {
        account: usize,
        id: String,
        status: &'static str,
        /// Code and words.
        error: Option<(i64, String)>,
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

pub(super) type Key = (usize, String);

/// What a message must be.
pub(super) struct Expected {
    pub(super) is: Message,
    /// What it says at first.
    first: Edit,
    pub(super) edits: Vec<Edit>,
    pub(super) status: &'static str,
    pub(super) error: Option<(i64, String)>,
    pub(super) revoked: bool,
    /// By person: the time of their last reaction and what it was.
    pub(super) reactions: BTreeMap<String, (i64, String)>,
}

/// From nothing known to everything known. What was delivered did not fail.
const STATUSES: [&str; 5] = ["received", "sent", "failed", "delivered", "read"];

pub(super) struct Model {
    pub(super) messages: BTreeMap<Key, Expected>,
    /// The download status of every file that is not taken back.
    pub(super) files_are: &'static str,
    /// Whether everything was sent again after all of it had arrived.
    pub(super) told_again: bool,
}

impl Model {
    pub(super) fn of(facts: &[Fact], files_are: &'static str) -> Self {
        let mut model = Self { messages: BTreeMap::new(), files_are, told_again: false };
        let (messages, later): (Vec<_>, Vec<_>) =
            facts.iter().cloned().partition(|fact| matches!(fact, Fact::Message(_)));
        messages.into_iter().chain(later).for_each(|fact| model.happened(fact));
        model
    }

    fn happened(&mut self, fact: Fact) {
        match fact {
            Fact::Message(is) => {
                let status = if is.outbound { "sent" } else { "received" };
                let (edits, reactions) = (Vec::new(), BTreeMap::new());
                let key = (is.account, is.id.clone());
                let (text, picture) = (is.text.clone(), is.picture.clone());
                let first = Edit { at: is.at, text, caption: None, picture };
                let expected = Expected { is, first, edits, status, error: None, revoked: false, reactions };
                self.messages.insert(key, expected);
            }
            Fact::Edit { account, id, edit } => self.message(account, id).edits.push(edit),
            Fact::Revoke { account, id } => self.message(account, id).revoked = true,
            Fact::Status { account, id, status, error } => {
                let message = self.message(account, id);
                let rank = |word: &str| STATUSES.iter().position(|status| *status == word);
                if rank(status) > rank(message.status) {
                    (message.status, message.error) = (status, error);
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
        let (mut must, mut may) = (BTreeSet::new(), BTreeSet::new());
        for message in self.messages.values() {
            may.extend(message.is.picture.as_deref());
            may.extend(message.edits.iter().filter_map(|edit| edit.picture.as_deref()));
            may.extend(message.is.attachments.iter().map(String::as_str));
            if !message.revoked {
                must.extend(message.is.attachments.iter().map(String::as_str));
                if let [only] = &message.versions()[..] {
                    must.extend(only.picture.as_deref());
                }
            }
        }
        (must, may)
    }
}

impl Expected {
    /// What it may say.
    pub(super) fn versions(&self) -> Vec<&Edit> {
        let newest = self.edits.iter().map(|edit| edit.at).max();
        let edits = self.edits.iter().filter(|edit| self.revoked || Some(edit.at) == newest);
        let first = Some(&self.first).filter(|_| self.revoked || self.edits.is_empty());
        first.into_iter().chain(edits).collect()
    }
}
