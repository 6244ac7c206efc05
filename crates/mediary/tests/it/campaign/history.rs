//! Random histories: what people and the business did, as facts for the model and as webhook items for the program.

use std::ops::Range;

use serde_json::{Value, json};

use super::model::Fact;
use crate::cluster::Dice;

/// The number that both accounts show.
pub(super) const BUSINESS: &str = "15550783881";
/// How far a body may move from its place.
const SHUFFLED_BY: u64 = 60;
/// How far most items move, so that what ties two contacts meets what is written to them, and how far some do.
const NEAR: u64 = 8;
const FAR: u64 = 60;
/// One in so many bodies comes twice, and one in so many items comes in another body too.
const BODY_TWICE: u64 = 6;
const ITEM_TWICE: u64 = 12;
const ITEMS_PER_BODY: usize = 5;

/// A file that WhatsApp has.
#[derive(Clone)]
pub(super) struct Picture {
    pub(super) id: String,
    pub(super) sha256: String,
}

/// Where a history happens, and to how many people.
pub(super) struct Setting {
    /// In every id, so that histories on one database have none in common.
    pub(super) tag: String,
    /// WhatsApp's ids of our two numbers.
    pub(super) accounts: [String; 2],
    /// WhatsApp's time of the first item, in seconds.
    pub(super) starts_at: i64,
    pub(super) people: usize,
    pub(super) kinds: &'static [Kind],
    /// Every picture is sent once.
    pub(super) pictures: Vec<Picture>,
}

/// Everything that happened, and the bodies that tell of it, in the order in which they are sent.
pub(super) struct History {
    pub(super) facts: Vec<Fact>,
    pub(super) bodies: Vec<Vec<u8>>,
}

/// How a person comes to be known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    ByNumber,
    ByUserId,
    /// By each alone, until a message has both.
    Tied,
    ChangesNumber,
    ChangesUserId,
}

/// How often each kind is.
pub(super) const ALL_KINDS: [Kind; 8] = [
    Kind::ByNumber,
    Kind::ByUserId,
    Kind::Tied,
    Kind::Tied,
    Kind::Tied,
    Kind::Tied,
    Kind::ChangesNumber,
    Kind::ChangesUserId,
];

/// Where contacts are joined all the time.
pub(super) const MOSTLY_TIED: [Kind; 8] = [
    Kind::ByNumber,
    Kind::Tied,
    Kind::Tied,
    Kind::Tied,
    Kind::Tied,
    Kind::Tied,
    Kind::ChangesNumber,
    Kind::ChangesUserId,
];

/// The ids that one item names its person by.
#[derive(Clone, Default)]
struct Name {
    number: Option<String>,
    user_id: Option<String>,
}

/// One item of a webhook: the field of its change, and the value without the account.
#[derive(Clone)]
struct Item {
    account: usize,
    field: &'static str,
    value: Value,
}

struct Writer<'a> {
    dice: &'a mut Dice,
    tag: String,
    /// WhatsApp's time of the next item, in seconds: no two have the same unless they are meant to.
    clock: i64,
    pictures: Vec<Picture>,
    facts: Vec<Fact>,
    items: Vec<Item>,
}

/// The history that follows from the dice.
pub(super) fn write(dice: &mut Dice, setting: Setting) -> History {
    let Setting { tag, accounts, starts_at, people, kinds, pictures } = setting;
    let (facts, items) = (Vec::new(), Vec::new());
    let mut writer = Writer { dice, tag, clock: starts_at, pictures, facts, items };
    // Some at a time, so that everything about a person happens close together.
    for person in 0..people {
        let kind = kinds[writer.dice.below(kinds.len())];
        writer.person(person, kind);
    }
    let Writer { facts, items, .. } = writer;
    History { facts, bodies: bodies(dice, &accounts, items) }
}

impl Writer<'_> {
    fn person(&mut self, person: usize, kind: Kind) {
        let number = |generation: usize| Name {
            number: Some(format!("4915{generation}{}{person:05}", self.tag)),
            user_id: None,
        };
        let user = |generation: usize| Name {
            number: None,
            user_id: Some(format!("DE.{generation}{}{person:05}", self.tag)),
        };
        let both = Name { number: number(0).number, user_id: user(0).user_id };
        let (first, then) = match kind {
            Kind::ByNumber => (number(0), vec![]),
            Kind::ByUserId => (user(0), vec![]),
            Kind::Tied => (number(0), vec![user(0), both]),
            Kind::ChangesNumber => (number(0), vec![number(1)]),
            Kind::ChangesUserId => (user(0), vec![user(1)]),
        };
        let changes = matches!(kind, Kind::ChangesNumber | Kind::ChangesUserId);
        let mut written = self.messages(person, &first, !changes, 2..5);
        for name in &then {
            written.extend(self.messages(person, name, true, 1..4));
        }
        if changes {
            self.change_of_name(person, &first, &then[0]);
        } else {
            self.reactions(&first, &written);
        }
    }

    /// Messages of either account, and what happens to them later.
    fn messages(
        &mut self,
        person: usize,
        name: &Name,
        settled: bool,
        count: Range<u64>,
    ) -> Vec<(usize, String)> {
        let count = count.start + self.dice.next(count.end - count.start);
        let mut written = Vec::new();
        for _ in 0..count {
            let account = usize::from(self.dice.next(4) == 0);
            let id = format!("wamid.{}.{}", self.tag, self.facts.len());
            match self.dice.next(10) {
                0..6 => self.inbound(account, person, name, settled, &id),
                6..9 if name.number.is_some() => self.echo(account, person, name, settled, &id),
                _ if name.number.is_some() => self.past(account, person, name, settled, &id),
                _ => self.inbound(account, person, name, settled, &id),
            }
            written.push((account, id));
        }
        written
    }

    fn inbound(&mut self, account: usize, person: usize, name: &Name, settled: bool, id: &str) {
        let picture = if self.dice.next(4) == 0 { self.pictures.pop() } else { None };
        let (text, content) = match &picture {
            Some(picture) => (None, picture.content()),
            None => self.words(id),
        };
        let at = self.tick();
        let message =
            content.clone().with(name.written("from")).with(json!({ "id": id, "timestamp": at.to_string() }));
        let kind = content["type"].as_str().unwrap().to_owned();
        let editable = kind == "text";
        self.tell(account, "messages", json!({ "contacts": [name.profile()], "messages": [message] }));
        let sha256 = picture.map(|picture| picture.sha256);
        let (id, settled) = (id.to_owned(), settled);
        let fact = Fact::Message {
            account,
            id: id.clone(),
            person,
            settled,
            kind,
            text,
            at,
            unread: true,
            outbound: false,
            sha256,
        };
        self.facts.push(fact);
        if editable && self.dice.next(4) == 0 {
            self.edits(account, name, &id);
        }
        if self.dice.next(12) == 0 {
            let revoke = json!({ "type": "revoke", "revoke": { "original_message_id": id } });
            self.about(account, name, revoke);
            self.facts.push(Fact::Revoke { account, id });
        }
    }

    /// One of the kinds that carry no file; its text where it has one that is sure.
    fn words(&mut self, id: &str) -> (Option<String>, Value) {
        let text = format!("text of {id}");
        match self.dice.next(8) {
            0 => (None, json!({ "type": "location", "location": { "latitude": 1.5, "longitude": 2.5 } })),
            1 => (None, json!({ "type": "contacts", "contacts": [{ "name": { "formatted_name": "Bo" } }] })),
            2 => {
                let form = json!({ "name": "flow", "body": "Sent", "response_json": "{\"answer\":\"yes\"}" });
                (
                    None,
                    json!({ "type": "interactive", "interactive": { "type": "nfm_reply", "nfm_reply": form } }),
                )
            }
            _ => (Some(text.clone()), json!({ "type": "text", "text": { "body": text } })),
        }
    }

    fn edits(&mut self, account: usize, name: &Name, id: &str) {
        let count = 1 + self.dice.next(3);
        for number in 0..count {
            // Now and then two edits have the same second.
            if number > 0 && self.dice.next(4) == 0 {
                self.clock -= 1;
            }
            let text = format!("edit {number} of {id}");
            let message = json!({ "type": "text", "text": { "body": text } });
            let edit = json!({ "type": "edit", "edit": { "original_message_id": id, "message": message } });
            let at = self.about(account, name, edit);
            self.facts.push(Fact::Edit { account, id: id.to_owned(), at, text });
        }
    }

    /// What the business sent from its own phone, and how far it got.
    fn echo(&mut self, account: usize, person: usize, name: &Name, settled: bool, id: &str) {
        let (text, at) = (format!("echo of {id}"), self.tick());
        let message = json!({ "from": BUSINESS, "id": id, "timestamp": at.to_string(),
            "type": "text", "text": { "body": text } });
        let message = message.with(name.written("to"));
        self.tell(account, "smb_message_echoes", json!({ "message_echoes": [message] }));
        let (kind, text) = ("text".to_owned(), Some(text));
        let (id, unread, outbound) = (id.to_owned(), false, true);
        let fact = Fact::Message {
            account,
            id: id.clone(),
            person,
            settled,
            kind,
            text,
            at,
            unread,
            outbound,
            sha256: None,
        };
        self.facts.push(fact);
        for status in ["sent", "delivered", "read"] {
            if self.dice.next(2) == 0 {
                let at = self.tick().to_string();
                let item =
                    json!({ "id": id, "status": status, "timestamp": at, "recipient_id": name.number });
                self.tell(account, "messages", json!({ "statuses": [item] }));
                self.facts.push(Fact::Status { account, id: id.clone(), status });
            }
        }
    }

    /// A file of a past conversation: its place first, the file itself by another webhook.
    fn past(&mut self, account: usize, person: usize, name: &Name, settled: bool, id: &str) {
        let Some(picture) = self.pictures.pop() else {
            return self.inbound(account, person, name, settled, id);
        };
        let at = self.tick();
        let common = json!({ "id": id, "timestamp": at.to_string() }).with(name.written("from"));
        let place = common
            .clone()
            .with(json!({ "type": "media_placeholder", "history_context": { "status": "READ" } }));
        let threads = json!([{ "id": name.number, "messages": [place] }]);
        let progress = json!({ "phase": 0, "chunk_order": 1, "progress": 100 });
        self.tell(account, "history", json!({ "history": [{ "metadata": progress, "threads": threads }] }));
        let message = common.with(picture.content());
        self.tell(account, "history", json!({ "contacts": [name.profile()], "messages": [message] }));
        let (id, sha256) = (id.to_owned(), Some(picture.sha256));
        let (kind, unread, outbound) = ("image".to_owned(), false, false);
        let fact =
            Fact::Message { account, id, person, settled, kind, text: None, at, unread, outbound, sha256 };
        self.facts.push(fact);
    }

    fn change_of_name(&mut self, person: usize, old: &Name, new: &Name) {
        let system = match (&old.number, &new.number) {
            (Some(_), Some(number)) => json!({ "type": "user_changed_number", "wa_id": number }),
            _ => {
                json!({ "type": "user_changed_user_id", "previous_user_id": old.user_id, "user_id": new.user_id })
            }
        };
        let at = self.tick();
        let id = format!("wamid.{}.{}", self.tag, self.facts.len());
        let message = json!({ "type": "system", "system": system, "id": id, "timestamp": at.to_string() });
        self.tell(0, "messages", json!({ "messages": [message.with(old.written("from"))] }));
        let kind = "system".to_owned();
        let (settled, unread, outbound) = (false, true, false);
        let fact = Fact::Message {
            account: 0,
            id,
            person,
            settled,
            kind,
            text: None,
            at,
            unread,
            outbound,
            sha256: None,
        };
        self.facts.push(fact);
    }

    /// The person's own, on messages of their thread; an empty one takes the last one back.
    fn reactions(&mut self, name: &Name, written: &[(usize, String)]) {
        let from = name.number.clone().or(name.user_id.clone()).unwrap();
        for (account, target) in written {
            if self.dice.next(4) != 0 {
                continue;
            }
            for _ in 0..=self.dice.next(3) {
                let emoji = ["👍", "❤️", "🙏", ""][self.dice.below(4)];
                let node = json!({ "message_id": target, "emoji": emoji });
                let at = self.about(*account, name, json!({ "type": "reaction", "reaction": node }));
                let (from, emoji) = (from.clone(), emoji.to_owned());
                self.facts.push(Fact::Reaction { account: *account, id: target.clone(), from, emoji, at });
            }
        }
    }

    /// An item that is about another message, under an id of its own.
    fn about(&mut self, account: usize, name: &Name, content: Value) -> i64 {
        let at = self.tick();
        let id = format!("wamid.{}.about{}", self.tag, self.items.len());
        let message =
            content.with(name.written("from")).with(json!({ "id": id, "timestamp": at.to_string() }));
        self.tell(account, "messages", json!({ "contacts": [name.profile()], "messages": [message] }));
        at
    }

    fn tell(&mut self, account: usize, field: &'static str, value: Value) {
        self.items.push(Item { account, field, value });
    }

    fn tick(&mut self) -> i64 {
        self.clock += 1;
        self.clock
    }
}

impl Picture {
    /// One that WhatsApp would not know.
    pub(super) fn invented(dice: &mut Dice) -> Self {
        let mut word = || dice.next(1 << 31);
        Self {
            id: format!("{:010}{:010}", word(), word()),
            sha256: (0..8).map(|_| format!("{:08x}", word())).collect(),
        }
    }

    fn content(&self) -> Value {
        let image = json!({ "id": self.id, "mime_type": "image/jpeg", "sha256": self.sha256 });
        json!({ "type": "image", "image": image })
    }
}

impl Name {
    /// As a message names its writer.
    fn written(&self, prefix: &str) -> Value {
        let mut fields = json!({});
        if let Some(number) = &self.number {
            fields[prefix] = number.as_str().into();
        }
        if let Some(user_id) = &self.user_id {
            fields[format!("{prefix}_user_id")] = user_id.as_str().into();
        }
        fields
    }

    fn profile(&self) -> Value {
        let mut profile = json!({ "profile": { "name": "Ana" } });
        if let Some(number) = &self.number {
            profile["wa_id"] = number.as_str().into();
        }
        if let Some(user_id) = &self.user_id {
            profile["user_id"] = user_id.as_str().into();
        }
        profile
    }
}

/// One JSON object with the fields of two.
trait With {
    fn with(self, more: Value) -> Value;
}

impl With for Value {
    fn with(mut self, more: Value) -> Value {
        self.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self
    }
}

/// The items shuffled, some of them doubled, and split over bodies, some of which come twice.
fn bodies(dice: &mut Dice, accounts: &[String; 2], items: Vec<Item>) -> Vec<Vec<u8>> {
    let mut placed: Vec<(u64, Item)> = Vec::new();
    for (place, item) in (0_u64..).zip(items) {
        if dice.next(ITEM_TWICE) == 0 {
            placed.push((place + dice.next(FAR), item.clone()));
        }
        let moved = if dice.next(4) == 0 { FAR } else { NEAR };
        placed.push((place + dice.next(moved), item));
    }
    placed.sort_by_key(|(place, _)| *place);
    let mut rest = placed.into_iter().map(|(_, item)| item).peekable();
    let mut sent: Vec<(u64, Vec<u8>)> = Vec::new();
    let mut place = 0;
    while rest.peek().is_some() {
        let count = 1 + dice.below(ITEMS_PER_BODY);
        let changes: Vec<Value> = rest.by_ref().take(count).map(|item| item.change(accounts)).collect();
        let body = crate::webhook::webhook(&[changes]);
        if dice.next(BODY_TWICE) == 0 {
            sent.push((place + dice.next(SHUFFLED_BY), body.clone()));
        }
        sent.push((place, body));
        place += 1;
    }
    sent.sort_by_key(|(place, _)| *place);
    sent.into_iter().map(|(_, body)| body).collect()
}

impl Item {
    fn change(self, accounts: &[String; 2]) -> Value {
        let metadata = json!({ "display_phone_number": BUSINESS, "phone_number_id": accounts[self.account] });
        let common = json!({ "messaging_product": "whatsapp", "metadata": metadata });
        json!({ "field": self.field, "value": self.value.with(common) })
    }
}
