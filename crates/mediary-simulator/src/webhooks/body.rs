//! The JSON of a webhook: updates sorted into entries and changes, every character beyond ASCII escaped as Meta
//! does it, since some receivers hash what they escape themselves.

use std::io;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::Formatter;

use crate::config::{AccountSpec, BatchShape};

/// One thing that a webhook tells.
#[derive(Clone, Debug)]
pub(crate) struct Update {
    pub(crate) account: Arc<AccountSpec>,
    /// Who it is about, for `contacts[]`.
    pub(crate) contact: Option<Value>,
    pub(crate) part: Part,
}

#[derive(Clone, Debug)]
pub(crate) enum Part {
    Message(Value),
    Echo(Value),
    MessageEcho(Value),
    Status(Value),
    History {
        thread: String,
        message: Value,
    },
    HistoryMedia(Value),
    Standby(Value),
    StandbyEcho(Value),
    /// The whole `value` of any field.
    Field {
        field: String,
        value: Value,
    },
}

impl Part {
    fn field(&self) -> &str {
        match self {
            Self::Message(_) | Self::Status(_) => "messages",
            Self::Echo(_) => "smb_message_echoes",
            Self::MessageEcho(_) => "message_echoes",
            Self::History { .. } | Self::HistoryMedia(_) => "history",
            Self::Standby(_) | Self::StandbyEcho(_) => "standby",
            Self::Field { field, .. } => field,
        }
    }

    /// Whether it may share a change with others of its field. History and its later media never come together.
    fn shares(&self, with: &Lists<'_>) -> bool {
        match self {
            Self::Field { .. } => false,
            Self::History { .. } => !with.history.is_empty(),
            Self::HistoryMedia(_) => with.history.is_empty(),
            _ => true,
        }
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    object: &'static str,
    entry: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    changes: Vec<Change<'a>>,
}

#[derive(Serialize)]
struct Change<'a> {
    value: ChangeValue<'a>,
    field: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ChangeValue<'a> {
    Lists(Box<Lists<'a>>),
    Raw(&'a Value),
}

#[derive(Serialize)]
struct Lists<'a> {
    messaging_product: &'static str,
    metadata: Metadata<'a>,
    #[serde(flatten)]
    items: Items<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    history: Vec<HistoryChunk<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    standby: Option<Items<'a>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    display_phone_number: &'a str,
    phone_number_id: &'a str,
}

#[derive(Default, Serialize)]
struct Items<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contacts: Vec<&'a Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<&'a Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    statuses: Vec<&'a Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    message_echoes: Vec<&'a Value>,
}

#[derive(Serialize)]
struct HistoryChunk<'a> {
    metadata: HistoryMetadata,
    threads: Vec<Thread<'a>>,
}

#[derive(Serialize)]
struct HistoryMetadata {
    phase: u8,
    chunk_order: u32,
    progress: u8,
}

#[derive(Serialize)]
struct Thread<'a> {
    id: &'a str,
    messages: Vec<&'a Value>,
}

/// The bytes of one webhook with all these updates.
pub(crate) fn encode(updates: &[Update], shape: BatchShape) -> Vec<u8> {
    let mut entry: Vec<Entry<'_>> = Vec::new();
    for update in updates {
        let waba_id = update.account.waba_id.as_str();
        let known = entry.iter().position(|entry| entry.id == waba_id && shape != BatchShape::Entries);
        let at = known.unwrap_or_else(|| {
            entry.push(Entry { id: waba_id, changes: Vec::new() });
            entry.len() - 1
        });
        entry[at].add(update, shape);
    }
    ascii_json(&Envelope { object: "whatsapp_business_account", entry })
}

impl<'a> Entry<'a> {
    fn add(&mut self, update: &'a Update, shape: BatchShape) {
        let field = update.part.field();
        if let Part::Field { value, .. } = &update.part {
            self.changes.push(Change { value: ChangeValue::Raw(value), field });
            return;
        }
        let fits = |change: &Change<'_>| {
            let same = |lists: &Lists<'_>| {
                lists.metadata.phone_number_id == update.account.phone_number_id && update.part.shares(lists)
            };
            change.field == field && matches!(&change.value, ChangeValue::Lists(lists) if same(lists))
        };
        let shared = if shape == BatchShape::Compact {
            self.changes.iter_mut().find(|change| fits(change))
        } else {
            None
        };
        match shared {
            Some(Change { value: ChangeValue::Lists(lists), .. }) => lists.add(update),
            _ => {
                let mut lists = Box::new(Lists::of(&update.account));
                lists.add(update);
                self.changes.push(Change { value: ChangeValue::Lists(lists), field });
            }
        }
    }
}

impl<'a> Lists<'a> {
    fn of(account: &'a AccountSpec) -> Self {
        let metadata = Metadata {
            display_phone_number: account.display_phone_number.trim_start_matches('+'),
            phone_number_id: &account.phone_number_id,
        };
        let (items, history) = (Items::default(), Vec::new());
        Self { messaging_product: "whatsapp", metadata, items, history, standby: None }
    }

    fn add(&mut self, update: &'a Update) {
        let items = match &update.part {
            Part::Standby(_) | Part::StandbyEcho(_) => self.standby.get_or_insert_default(),
            _ => &mut self.items,
        };
        match &update.part {
            Part::Message(item) | Part::HistoryMedia(item) | Part::Standby(item) => items.messages.push(item),
            Part::Echo(item) | Part::MessageEcho(item) | Part::StandbyEcho(item) => {
                items.message_echoes.push(item);
            }
            Part::Status(item) => items.statuses.push(item),
            Part::History { thread, message } => return self.add_history(thread, message),
            Part::Field { .. } => {}
        }
        if let Some(contact) = &update.contact
            && !items.contacts.contains(&contact)
        {
            items.contacts.push(contact);
        }
    }

    fn add_history(&mut self, thread: &'a str, message: &'a Value) {
        if self.history.is_empty() {
            let metadata = HistoryMetadata { phase: 0, chunk_order: 1, progress: 100 };
            self.history.push(HistoryChunk { metadata, threads: Vec::new() });
        }
        let threads = &mut self.history[0].threads;
        match threads.iter_mut().find(|known| known.id == thread) {
            Some(known) => known.messages.push(message),
            None => threads.push(Thread { id: thread, messages: vec![message] }),
        }
    }
}

/// JSON with nothing but ASCII in it: `\u00e4`, and surrogate pairs for what lies beyond the basic plane.
pub(crate) fn ascii_json(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1024);
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Ascii);
    value.serialize(&mut serializer).expect("JSON values always serialize into memory");
    bytes
}

struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        // `~` is the last character that every receiver leaves alone: U+007F is escaped too.
        let plain = |character: char| character <= '~';
        let mut rest = text;
        while let Some(at) = rest.find(|character| !plain(character)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let beyond = &rest[at..];
            let end = beyond.find(plain).unwrap_or(beyond.len());
            for unit in beyond[..end].encode_utf16() {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &beyond[end..];
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn update(phone: &str, waba: &str, part: Part) -> Update {
        let account = AccountSpec {
            phone_number_id: phone.to_owned(),
            waba_id: waba.to_owned(),
            ..AccountSpec::default()
        };
        Update { account: Arc::new(account), contact: Some(json!({"wa_id": "1"})), part }
    }

    fn decode(updates: &[Update], shape: BatchShape) -> Value {
        serde_json::from_slice(&encode(updates, shape)).unwrap()
    }

    #[test]
    fn characters_beyond_ascii_are_escaped_in_lower_case() {
        let text = ascii_json(&json!("äöå \u{7f} 😀 \"\\ \u{0}"));
        assert_eq!(
            String::from_utf8(text.clone()).unwrap(),
            r#""\u00e4\u00f6\u00e5 \u007f \ud83d\ude00 \"\\ \u0000""#
        );
        assert_eq!(serde_json::from_slice::<String>(&text).unwrap(), "äöå \u{7f} 😀 \"\\ \u{0}");
    }

    #[test]
    fn compact_shape_shares_entries_and_changes() {
        let updates = [
            update("1", "w", Part::Message(json!(1))),
            update("2", "w", Part::Message(json!(2))),
            update("1", "w", Part::Message(json!(3))),
            update("1", "w", Part::Echo(json!(4))),
            update("3", "v", Part::Status(json!(5))),
        ];
        let body = decode(&updates, BatchShape::Compact);
        let entry = body["entry"].as_array().unwrap();
        assert_eq!(entry.len(), 2);
        assert_eq!(entry[0]["changes"].as_array().unwrap().len(), 3);
        assert_eq!(entry[0]["changes"][0]["value"]["messages"], json!([1, 3]));
        assert_eq!(entry[0]["changes"][0]["value"]["contacts"], json!([{"wa_id": "1"}]));
        assert_eq!(entry[0]["changes"][0]["value"]["metadata"]["display_phone_number"], "15550783881");
        assert_eq!(entry[0]["changes"][2]["field"], "smb_message_echoes");
        assert_eq!(entry[1]["changes"][0]["value"]["statuses"], json!([5]));
    }

    #[test]
    fn other_shapes_part_entries_and_changes() {
        let updates = [update("1", "w", Part::Message(json!(1))), update("1", "w", Part::Message(json!(2)))];
        let entries = decode(&updates, BatchShape::Entries);
        assert_eq!(entries["entry"].as_array().unwrap().len(), 2);
        let changes = decode(&updates, BatchShape::Changes);
        assert_eq!(changes["entry"].as_array().unwrap().len(), 1);
        assert_eq!(changes["entry"][0]["changes"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn history_has_threads_and_its_media_comes_apart() {
        let message =
            |thread: &str, item: i32| Part::History { thread: thread.to_owned(), message: json!(item) };
        let updates = [
            update("1", "w", message("a", 1)),
            update("1", "w", message("b", 2)),
            update("1", "w", message("a", 3)),
            update("1", "w", Part::HistoryMedia(json!(4))),
            update("1", "w", Part::Standby(json!(5))),
        ];
        let body = decode(&updates, BatchShape::Compact);
        let changes = body["entry"][0]["changes"].as_array().unwrap();
        assert_eq!(
            changes[0]["value"]["history"][0]["threads"],
            json!([{"id": "a", "messages": [1, 3]}, {"id": "b", "messages": [2]}])
        );
        assert_eq!(
            (&changes[1]["field"], &changes[1]["value"]["messages"]),
            (&json!("history"), &json!([4]))
        );
        assert_eq!(changes[2]["value"]["standby"]["messages"], json!([5]));
        assert_eq!(changes[2]["value"].get("messages"), None);
    }
}
