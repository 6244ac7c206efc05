//! The addressees of a webhook. They must be known before its signature can be checked, since every Meta app has its own
//! secret. Anybody may send such a body, so it is read in one pass that keeps nothing else of it, skips all other
//! fields however deep they are nested, and ends at the first addressee too many.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::tolerant::replace_lone_surrogates;
use crate::error::{Error, ErrorKind};

/// At most so many numbers, and so many accounts, may one body name: Meta sends at most 1000 updates in one.
pub const ADDRESSEES_MAX: usize = 1000;
/// No account has a longer id.
const ID_BYTES_MAX: usize = 256;

/// The numbers and accounts that a webhook names, each once, in the order of their first mention.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addressees {
    pub phone_number_ids: Vec<String>,
    pub waba_ids: Vec<String>,
}

/// Reads only the addressees of a webhook. Returns what [`Webhook::addressees`](super::Webhook::addressees) returns for
/// the same body, or [`ErrorKind::TooManyAddressees`] where those are more than [`ADDRESSEES_MAX`].
pub fn addressees(body: &[u8]) -> Result<Addressees, Error> {
    let text = String::from_utf8_lossy(body);
    match scan(&text) {
        // Lone surrogates are all that this reader cannot skip.
        Err(error) if error.kind() == ErrorKind::InvalidWebhook => scan(&replace_lone_surrogates(&text)),
        read => read,
    }
}

fn scan(text: &str) -> Result<Addressees, Error> {
    if !text.trim_ascii_start().starts_with('{') {
        return Err(Error::new(ErrorKind::InvalidWebhook, "the body is not a JSON object"));
    }
    let mut found = Collector::up_to(ADDRESSEES_MAX);
    let mut json = serde_json::Deserializer::from_str(text);
    let read = LevelSeed(&mut Body(&mut found)).deserialize(&mut json).and_then(|()| json.end());
    match read {
        Ok(()) => Ok(found.addressees()),
        Err(_) if found.overfull => {
            let context = format!("the body names more than {ADDRESSEES_MAX} numbers or accounts");
            Err(Error::new(ErrorKind::TooManyAddressees, context))
        }
        Err(source) => Err(Error::new(ErrorKind::InvalidWebhook, "the body is not JSON").caused_by(source)),
    }
}

/// Gathers addressees, as many as are allowed of each kind.
pub(super) struct Collector {
    max: usize,
    numbers: Ids,
    wabas: Ids,
    overfull: bool,
}

/// Ids once each, in their order. The set finds a repeated one in one step, however many there are.
#[derive(Default)]
struct Ids {
    known: HashSet<String>,
    in_order: Vec<String>,
}

impl Ids {
    fn add(&mut self, id: Option<String>) {
        let Some(id) = id.filter(|id| !id.is_empty() && id.len() <= ID_BYTES_MAX) else { return };
        if self.known.insert(id.clone()) {
            self.in_order.push(id);
        }
    }
}

impl Collector {
    pub(super) fn up_to(max: usize) -> Self {
        Self { max, numbers: Ids::default(), wabas: Ids::default(), overfull: false }
    }

    pub(super) fn waba(&mut self, id: Option<String>) {
        self.wabas.add(id);
    }

    pub(super) fn number(&mut self, id: Option<String>) {
        self.numbers.add(id);
    }

    pub(super) fn addressees(self) -> Addressees {
        Addressees { phone_number_ids: self.numbers.in_order, waba_ids: self.wabas.in_order }
    }

    fn room<E: serde::de::Error>(&mut self) -> Result<(), E> {
        self.overfull = self.numbers.in_order.len().max(self.wabas.in_order.len()) > self.max;
        if self.overfull { Err(E::custom("too many addressees")) } else { Ok(()) }
    }
}

/// The field names that matter here.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Entry,
    Id,
    Changes,
    Value,
    Metadata,
    Standby,
    PhoneNumberId,
    #[serde(other)]
    Other,
}

/// One level of the body: takes the fields or items that it knows and skips all others.
trait Level {
    /// An object begins.
    fn object(&mut self) {}

    fn field<'de, A: MapAccess<'de>>(&mut self, _: Key, fields: &mut A) -> Result<(), A::Error> {
        skip(fields)
    }

    /// Reads one item of a list; false when there is none left.
    fn item<'de, A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        Ok(items.next_element::<IgnoredAny>()?.is_some())
    }
}

struct Body<'a>(&'a mut Collector);

impl Level for Body<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: Key, fields: &mut A) -> Result<(), A::Error> {
        match key {
            Key::Entry => fields.next_value_seed(LevelSeed(&mut Entries(self.0))),
            _ => skip(fields),
        }
    }
}

struct Entries<'a>(&'a mut Collector);

impl Level for Entries<'_> {
    fn item<'de, A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        let mut entry = Entry { found: self.0, id: None };
        let read = items.next_element_seed(LevelSeed(&mut entry))?;
        let id = entry.id;
        self.0.waba(id);
        self.0.room()?;
        Ok(read.is_some())
    }
}

struct Entry<'a> {
    found: &'a mut Collector,
    id: Option<String>,
}

impl Level for Entry<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: Key, fields: &mut A) -> Result<(), A::Error> {
        match key {
            Key::Id => self.id = scalar(fields)?,
            Key::Changes => fields.next_value_seed(LevelSeed(&mut Changes(self.found)))?,
            _ => skip(fields)?,
        }
        Ok(())
    }
}

struct Changes<'a>(&'a mut Collector);

impl Level for Changes<'_> {
    fn item<'de, A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        let mut change = Change::default();
        let read = items.next_element_seed(LevelSeed(&mut change))?;
        let metadata = change.value.outer.or(change.value.standby.0);
        self.0.number(metadata.and_then(|metadata| metadata.phone_number_id));
        self.0.room()?;
        Ok(read.is_some())
    }
}

#[derive(Default)]
struct Change {
    value: ChangeValue,
}

impl Level for Change {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: Key, fields: &mut A) -> Result<(), A::Error> {
        match key {
            Key::Value => last(fields, &mut self.value),
            _ => skip(fields),
        }
    }
}

#[derive(Default)]
struct ChangeValue {
    outer: Option<Metadata>,
    standby: Standby,
}

impl Level for ChangeValue {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: Key, fields: &mut A) -> Result<(), A::Error> {
        match key {
            Key::Metadata => metadata(fields, &mut self.outer),
            Key::Standby => last(fields, &mut self.standby),
            _ => skip(fields),
        }
    }
}

#[derive(Default)]
struct Standby(Option<Metadata>);

impl Level for Standby {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: Key, fields: &mut A) -> Result<(), A::Error> {
        match key {
            Key::Metadata => metadata(fields, &mut self.0),
            _ => skip(fields),
        }
    }
}

#[derive(Default)]
struct Metadata {
    is_object: bool,
    phone_number_id: Option<String>,
}

impl Level for Metadata {
    fn object(&mut self) {
        self.is_object = true;
    }

    fn field<'de, A: MapAccess<'de>>(&mut self, key: Key, fields: &mut A) -> Result<(), A::Error> {
        match key {
            Key::PhoneNumberId => self.phone_number_id = scalar(fields)?,
            _ => skip(fields)?,
        }
        Ok(())
    }
}

fn skip<'de, A: MapAccess<'de>>(fields: &mut A) -> Result<(), A::Error> {
    fields.next_value::<IgnoredAny>().map(drop)
}

/// Reads a level; of a repeated key the last counts.
fn last<'de, A, L>(fields: &mut A, level: &mut L) -> Result<(), A::Error>
where
    A: MapAccess<'de>,
    L: Level + Default,
{
    *level = L::default();
    fields.next_value_seed(LevelSeed(level))
}

fn metadata<'de, A: MapAccess<'de>>(
    fields: &mut A,
    metadata_of_level: &mut Option<Metadata>,
) -> Result<(), A::Error> {
    let mut metadata = Metadata::default();
    fields.next_value_seed(LevelSeed(&mut metadata))?;
    *metadata_of_level = metadata.is_object.then_some(metadata);
    Ok(())
}

/// Text, also where a number stands for it.
fn scalar<'de, A: MapAccess<'de>>(fields: &mut A) -> Result<Option<String>, A::Error> {
    let json = fields.next_value::<&RawValue>()?.get();
    Ok(match json.as_bytes().first() {
        Some(b'"') => serde_json::from_str(json).ok(),
        Some(b'-' | b'0'..=b'9') => {
            serde_json::from_str::<serde_json::Number>(json).ok().map(|number| number.to_string())
        }
        _ => None,
    })
}

/// Reads a level from any JSON value; one of another type is an empty level.
struct LevelSeed<'a, L>(&'a mut L);

impl<'de, L: Level> DeserializeSeed<'de> for LevelSeed<'_, L> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, L: Level> Visitor<'de> for LevelSeed<'_, L> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        self.0.object();
        while let Some(key) = fields.next_key()? {
            self.0.field(key, &mut fields)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while self.0.item(&mut items)? {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}
