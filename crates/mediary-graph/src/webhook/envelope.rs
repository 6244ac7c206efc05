//! From the nested body to flat updates.

use serde_json::Value;

use super::addressees::Collector;
use super::contacts::Contacts;
use super::content::Content;
use super::message::Message;
use super::reported_error::ReportedError;
use super::status::Status;
use super::tolerant::{id, items, label, shared_id};
use super::{Addressees, Origin, Update, UpdateKind};

pub(super) fn updates(root: &Value) -> Vec<Update> {
    let mut updates = Vec::new();
    for entry in items(root, "entry") {
        for change in items(entry, "changes") {
            Change::of(entry, change).read(&mut updates);
        }
    }
    updates
}

/// The highest number of updates that a body can have, without making them.
pub(super) fn update_count(root: &Value) -> usize {
    let of_lists =
        |node: &Value, lists: &[&str]| lists.iter().map(|list| items(node, list).len()).sum::<usize>();
    let mut count = 0;
    for entry in items(root, "entry") {
        for change in items(entry, "changes") {
            let value = value_of(change);
            count += 1 + of_lists(value, &["messages", "message_echoes", "statuses", "errors"]);
            for chunk in items(value, "history") {
                count += of_lists(chunk, &["errors"]);
                count += items(chunk, "threads")
                    .iter()
                    .map(|thread| of_lists(thread, &["messages"]))
                    .sum::<usize>();
            }
        }
    }
    count
}

/// Where a change's lists are: `value`, or one level deeper under `standby`.
fn value_of(change: &Value) -> &Value {
    let outer = change.get("value").unwrap_or(&Value::Null);
    outer.get("standby").filter(|inner| inner.is_object()).unwrap_or(outer)
}

pub(super) fn addressees(root: &Value) -> Addressees {
    let mut found = Collector::up_to(usize::MAX);
    for entry in items(root, "entry") {
        found.waba(id(entry, "id"));
        for change in items(entry, "changes") {
            found.number(Change::of(entry, change).phone_number_id);
        }
    }
    found.addressees()
}

struct Change<'a> {
    waba_id: String,
    phone_number_id: Option<String>,
    display_phone_number: Option<String>,
    field: String,
    /// The change as received.
    whole: &'a Value,
    value: &'a Value,
    contacts: Contacts<'a>,
}

impl<'a> Change<'a> {
    fn of(entry: &Value, change: &'a Value) -> Self {
        let outer = change.get("value").unwrap_or(&Value::Null);
        let value = value_of(change);
        let metadata = [outer, value]
            .into_iter()
            .find_map(|level| level.get("metadata").filter(|metadata| metadata.is_object()))
            .unwrap_or(&Value::Null);
        Self {
            waba_id: label(entry, "id").unwrap_or_default(),
            phone_number_id: label(metadata, "phone_number_id"),
            display_phone_number: label(metadata, "display_phone_number"),
            field: label(change, "field").unwrap_or_default(),
            whole: change,
            value,
            contacts: Contacts::of(value),
        }
    }

    fn read(&self, updates: &mut Vec<Update>) {
        let before = updates.len();
        let mut add = |kind| updates.push(self.update(kind));
        match self.field.as_str() {
            "history" => {
                self.read_threads(&mut add);
                self.read_lists(&Origin::HistoryMedia, &mut add);
            }
            "smb_message_echoes" | "message_echoes" => self.read_lists(&Origin::Echo, &mut add),
            "standby" => self.read_lists(&Origin::Standby, &mut add),
            "messages" | "" => self.read_lists(&Origin::Inbound, &mut add),
            _ => self.read_known(&mut add),
        }
        if updates.len() == before {
            let raw = self.whole.get("value").unwrap_or(self.whole).clone();
            updates.push(self.update(UpdateKind::Other { raw }));
        }
    }

    fn update(&self, kind: UpdateKind) -> Update {
        Update {
            waba_id: self.waba_id.clone(),
            phone_number_id: self.phone_number_id.clone(),
            display_phone_number: self.display_phone_number.clone(),
            field: self.field.clone(),
            kind,
        }
    }

    /// A field that is not known may carry messages, echoes or statuses in their known shape. What is not of that shape is
    /// left alone: calls, for one, have statuses as well.
    fn read_known(&self, add: &mut impl FnMut(UpdateKind)) {
        self.read_lists(&Origin::Inbound, &mut |kind| {
            let known = match &kind {
                UpdateKind::Message { message, .. } => {
                    message.id.is_some() && message.content != Content::Unknown
                }
                UpdateKind::Status(status) => status.known.is_some(),
                UpdateKind::Error(_) | UpdateKind::Other { .. } => false,
            };
            if known {
                add(kind);
            }
        });
    }

    fn read_lists(&self, messages: &Origin, add: &mut impl FnMut(UpdateKind)) {
        for (list, origin) in [("messages", messages), ("message_echoes", &Origin::Echo)] {
            let list = items(self.value, list);
            let one_sender = matches!(origin, Origin::Inbound | Origin::Standby) && same_sender(list);
            for item in list {
                add(self.message(item, origin.clone(), one_sender));
            }
        }
        for item in items(self.value, "statuses") {
            add(self.status(item));
        }
        for item in items(self.value, "errors") {
            add(error(item));
        }
    }

    /// Past conversations come as `history[].threads[].messages[]`, or as an error where the business shares none.
    fn read_threads(&self, add: &mut impl FnMut(UpdateKind)) {
        for chunk in items(self.value, "history") {
            for thread in items(chunk, "threads") {
                for item in items(thread, "messages") {
                    let status = item.get("history_context").and_then(|context| id(context, "status"));
                    add(self.message(
                        item,
                        Origin::History { thread: shared_id(thread, "id"), status },
                        false,
                    ));
                }
            }
            for item in items(chunk, "errors") {
                add(error(item));
            }
        }
    }

    fn message(&self, item: &Value, origin: Origin, one_sender: bool) -> UpdateKind {
        let Some(message) = Message::read(item) else { return UpdateKind::Other { raw: item.clone() } };
        let (from, from_user_id) = (message.from.as_ref(), message.from_user_id.as_ref());
        let sender = match &origin {
            Origin::Echo => self.contacts.find(message.to_user_id.as_ref(), &[message.to.as_ref()]),
            Origin::History { thread, .. } => {
                self.contacts.find(from_user_id, &[from, message.to.as_ref(), thread.as_ref()])
            }
            _ => self.contacts.find(from_user_id, &[from]),
        };
        let sender = sender.or_else(|| self.contacts.only_name().filter(|_| one_sender));
        UpdateKind::Message { message, sender, origin }
    }

    fn status(&self, item: &Value) -> UpdateKind {
        let Some(mut status) = Status::read(item) else { return UpdateKind::Other { raw: item.clone() } };
        let user_id = status.participant_user_id.as_ref().or(status.recipient_user_id.as_ref());
        let wa_ids = [status.participant_id.as_ref(), status.recipient_id.as_ref()];
        status.contact = self.contacts.find(user_id, &wa_ids);
        UpdateKind::Status(status)
    }
}

fn error(item: &Value) -> UpdateKind {
    ReportedError::read(item).map_or_else(|| UpdateKind::Other { raw: item.clone() }, UpdateKind::Error)
}

fn same_sender(messages: &[Value]) -> bool {
    let sender = |item| (id(item, "from"), id(item, "from_user_id"));
    messages.windows(2).all(|pair| sender(&pair[0]) == sender(&pair[1]))
}
