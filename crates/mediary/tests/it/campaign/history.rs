//! Random histories: what people and the business did, as facts for the model and as webhook items for the program.

use mediary_testing::installation::DISPLAY_PHONE_NUMBER;
use serde_json::{Value, json};

use super::model::Fact;
use super::writer::Writer;
use crate::cluster::Dice;

/// How far a body may move from its position.
const SHUFFLED_BY: u64 = 60;
/// How far most items move, so that what ties two contacts meets what is written to them, and how far some do.
pub(super) const NEAR: u64 = 8;
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
    /// Whether some items are refused by the records only, so that their webhooks go one by one.
    pub(super) refused: bool,
}

/// Everything that happened, and the bodies that tell of it, in the order in which they are sent.
pub(super) struct History {
    pub(super) facts: Vec<Fact>,
    pub(super) bodies: Vec<Vec<u8>>,
    /// How many items in the bodies cannot be recorded.
    pub(super) unrecordable: usize,
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
    /// By both at once, one of which stays.
    BothChangesNumber,
    BothChangesUserId,
    BothChange,
}

/// How often each kind is.
pub(super) const ALL_KINDS: [Kind; 10] = [
    Kind::ByNumber,
    Kind::ByUserId,
    Kind::Tied,
    Kind::Tied,
    Kind::Tied,
    Kind::ChangesNumber,
    Kind::ChangesUserId,
    Kind::BothChangesNumber,
    Kind::BothChangesUserId,
    Kind::BothChange,
];

/// Where contacts are joined all the time.
pub(super) const MOSTLY_TIED: [Kind; 12] = [
    Kind::ByNumber,
    Kind::Tied,
    Kind::Tied,
    Kind::Tied,
    Kind::Tied,
    Kind::Tied,
    Kind::Tied,
    Kind::ChangesNumber,
    Kind::ChangesUserId,
    Kind::BothChangesNumber,
    Kind::BothChangesUserId,
    Kind::BothChange,
];

/// The ids that one item names its person by.
#[derive(Clone, Default)]
pub(super) struct Name {
    pub(super) number: Option<String>,
    pub(super) user_id: Option<String>,
}

/// One item of a webhook: the field of its change, and the value without the account.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) account: usize,
    pub(super) field: &'static str,
    pub(super) value: Value,
    /// How much in it cannot be recorded.
    pub(super) unrecordable: usize,
}

/// The history that follows from the dice.
pub(super) fn write(dice: &mut Dice, setting: Setting) -> History {
    let Setting { tag, accounts, starts_at, people, kinds, pictures, refused } = setting;
    let mut writer = Writer::new(dice, tag, starts_at, pictures, refused);
    // Some at a time, so that everything about a person happens close together.
    for person in 0..people {
        let kind = kinds[writer.dice.below(kinds.len())];
        writer.person(person, kind);
    }
    let Writer { facts, items, .. } = writer;
    let (bodies, unrecordable) = bodies(dice, &accounts, items);
    History { facts, bodies, unrecordable }
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

    pub(super) fn content(&self) -> Value {
        json!({ "type": "image", "image": self.node() })
    }

    /// A file as any field names it.
    pub(super) fn node(&self) -> Value {
        json!({ "id": self.id, "mime_type": "image/jpeg", "sha256": self.sha256 })
    }
}

impl Name {
    /// As a message names its writer.
    pub(super) fn written(&self, prefix: &str) -> Value {
        let mut fields = json!({});
        if let Some(number) = &self.number {
            fields[prefix] = number.as_str().into();
        }
        if let Some(user_id) = &self.user_id {
            fields[format!("{prefix}_user_id")] = user_id.as_str().into();
        }
        fields
    }

    pub(super) fn profile(&self) -> Value {
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
pub(super) trait WithFields {
    fn with(self, more: Value) -> Value;
}

impl WithFields for Value {
    fn with(mut self, more: Value) -> Value {
        self.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self
    }
}

/// The items shuffled, some of them doubled, and split over bodies, some of which come twice; how many of the items in them
/// cannot be recorded.
fn bodies(dice: &mut Dice, accounts: &[String; 2], items: Vec<Item>) -> (Vec<Vec<u8>>, usize) {
    let mut placed: Vec<(u64, Item)> = Vec::new();
    for (position, item) in (0_u64..).zip(items) {
        if dice.next(ITEM_TWICE) == 0 {
            placed.push((position + dice.next(FAR), item.clone()));
        }
        let moved = if dice.next(4) == 0 { FAR } else { NEAR };
        placed.push((position + dice.next(moved), item));
    }
    placed.sort_by_key(|(position, _)| *position);
    let mut rest = placed.into_iter().map(|(_, item)| item).peekable();
    let mut sent: Vec<(u64, Vec<u8>)> = Vec::new();
    let (mut position, mut unrecordable) = (0, 0);
    while rest.peek().is_some() {
        let count = 1 + dice.below(ITEMS_PER_BODY);
        let items: Vec<Item> = rest.by_ref().take(count).collect();
        let bad: usize = items.iter().map(|item| item.unrecordable).sum();
        let changes: Vec<Value> = items.into_iter().map(|item| item.change(accounts)).collect();
        let body = crate::webhook::webhook(&[changes]);
        if dice.next(BODY_TWICE) == 0 {
            sent.push((position + dice.next(SHUFFLED_BY), body.clone()));
            unrecordable += bad;
        }
        sent.push((position, body));
        unrecordable += bad;
        position += 1;
    }
    sent.sort_by_key(|(position, _)| *position);
    (sent.into_iter().map(|(_, body)| body).collect(), unrecordable)
}

impl Item {
    fn change(self, accounts: &[String; 2]) -> Value {
        let metadata = json!({ "display_phone_number": DISPLAY_PHONE_NUMBER, "phone_number_id": accounts[self.account] });
        let common = json!({ "messaging_product": "whatsapp", "metadata": metadata });
        json!({ "field": self.field, "value": self.value.with(common) })
    }
}
