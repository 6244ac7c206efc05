//! Writes the history of one person after the other: how they are known, and how that changes. What they and the business
//! write is in `written`, what happens to it later in `later`.

use std::ops::Range;

use serde_json::{Value, json};

use super::history::{Item, Kind, Name, Picture, WithFields as _};
use super::model::{Fact, Message};
use crate::cluster::Dice;

pub(super) struct Writer<'a> {
    pub(super) dice: &'a mut Dice,
    pub(super) tag: String,
    /// WhatsApp's time of the next item, in seconds: no two have the same unless they are meant to.
    pub(super) clock: i64,
    pub(super) pictures: Vec<Picture>,
    pub(super) facts: Vec<Fact>,
    pub(super) items: Vec<Item>,
    pub(super) refused: bool,
    ids: usize,
}

/// A person under one of their names, and which of our numbers they write with.
#[derive(Clone, Copy)]
pub(super) struct Chat<'a> {
    pub(super) account: usize,
    pub(super) person: usize,
    pub(super) name: &'a Name,
    /// Whether all later messages find them by this name.
    pub(super) settled: bool,
}

/// A message that was sent.
#[derive(Clone)]
pub(super) struct CampaignMessage {
    pub(super) account: usize,
    pub(super) id: String,
    /// The place of its item.
    pub(super) place: usize,
}

/// What a kind of person is called, one name after the other.
struct Names {
    first: Name,
    then: Vec<Name>,
    /// Whether a webhook tells of the change between the two.
    changes: bool,
    /// Whether messages under the first name belong to the others wherever they come.
    settled: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        dice: &'a mut Dice,
        tag: String,
        clock: i64,
        pictures: Vec<Picture>,
        refused: bool,
    ) -> Self {
        Self { dice, tag, clock, pictures, facts: Vec::new(), items: Vec::new(), refused, ids: 0 }
    }

    pub(super) fn person(&mut self, person: usize, kind: Kind) {
        let Names { first, then, changes, settled } = self.names(person, kind);
        let mut written = self.messages(person, &first, settled, 2..5);
        for name in &then {
            written.extend(self.messages(person, name, true, 1..4));
        }
        if changes {
            self.change_of_name(person, &first, &then[0], settled);
        } else {
            self.reactions(&first, &written);
        }
        if self.refused && self.dice.next(6) == 0 {
            self.file_of_nothing();
        }
    }

    fn names(&self, person: usize, kind: Kind) -> Names {
        let name = |number: Option<u8>, user_id: Option<u8>| Name {
            number: number.map(|generation| format!("4915{generation}{}{person:05}", self.tag)),
            user_id: user_id.map(|generation| format!("DE.{generation}{}{person:05}", self.tag)),
        };
        let number = |generation| name(Some(generation), None);
        let user_id = |generation| name(None, Some(generation));
        let both = |number, user_id| name(Some(number), Some(user_id));
        let (first, then, changes, settled) = match kind {
            Kind::ByNumber => (number(0), vec![], false, true),
            Kind::ByUserId => (user_id(0), vec![], false, true),
            Kind::Tied => (number(0), vec![user_id(0), both(0, 0)], false, true),
            Kind::ChangesNumber => (number(0), vec![number(1)], true, false),
            Kind::ChangesUserId => (user_id(0), vec![user_id(1)], true, false),
            // The id that stays is in all of them.
            Kind::BothChangesNumber => (both(0, 0), vec![both(1, 0)], true, true),
            Kind::BothChangesUserId => (both(0, 0), vec![both(0, 1)], true, true),
            Kind::BothChange => (both(0, 0), vec![both(1, 1)], true, false),
        };
        Names { first, then, changes, settled }
    }

    /// Messages of either account, and what happens to them later.
    fn messages(
        &mut self,
        person: usize,
        name: &Name,
        settled: bool,
        count: Range<u64>,
    ) -> Vec<CampaignMessage> {
        let count = count.start + self.dice.next(count.end - count.start);
        let mut written = Vec::new();
        for _ in 0..count {
            let account = usize::from(self.dice.next(4) == 0);
            let chat = Chat { account, person, name, settled };
            let (id, place) = (self.id(), self.items.len());
            match self.dice.next(10) {
                0..6 => self.inbound(chat, &id),
                6..9 if name.number.is_some() => self.echo(chat, &id),
                _ if name.number.is_some() => self.past(chat, &id),
                _ => self.inbound(chat, &id),
            }
            written.push(CampaignMessage { account, id, place });
        }
        written
    }

    fn change_of_name(&mut self, person: usize, old: &Name, new: &Name, settled: bool) {
        let mut system = json!({ "type": "user_changed_user_id" });
        if old.number != new.number {
            system = json!({ "type": "user_changed_number", "wa_id": new.number });
        }
        if old.user_id != new.user_id {
            system = system.with(json!({ "previous_user_id": old.user_id, "user_id": new.user_id }));
        }
        let (at, id) = (self.tick(), self.id());
        let message = json!({ "type": "system", "system": system, "id": id, "timestamp": at.to_string() });
        self.tell(0, "messages", json!({ "messages": [message.with(old.written("from"))] }));
        let kind = "system".to_owned();
        let message = Message { id, person, settled, kind, at, unread: true, ..Message::default() };
        self.facts.push(Fact::Message(message));
    }

    /// An item that is about another message, under an id of its own.
    pub(super) fn about(&mut self, account: usize, name: &Name, content: Value) -> i64 {
        let at = self.tick();
        let id = format!("{}.about", self.id());
        let message =
            content.with(name.written("from")).with(json!({ "id": id, "timestamp": at.to_string() }));
        self.tell(account, "messages", json!({ "contacts": [name.profile()], "messages": [message] }));
        at
    }

    pub(super) fn tell(&mut self, account: usize, field: &'static str, value: Value) {
        self.items.push(Item { account, field, value, unrecordable: 0 });
    }

    pub(super) fn id(&mut self) -> String {
        self.ids += 1;
        format!("wamid.{}.{}", self.tag, self.ids)
    }

    pub(super) fn tick(&mut self) -> i64 {
        self.clock += 1;
        self.clock
    }
}
