//! From the nested body to flat updates.

use serde_json::Value;

use super::message::{Message, Profile};
use super::status::{ReportedError, Status};
use super::tolerant::{id, items, text};
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

pub(super) fn addressees(root: &Value) -> Addressees {
    let mut addressees = Addressees::default();
    for entry in items(root, "entry") {
        addressees.add(id(entry, "id"), None);
        for change in items(entry, "changes") {
            addressees.add(None, Change::of(entry, change).phone_number_id);
        }
    }
    addressees
}

struct Change<'a> {
    waba_id: String,
    phone_number_id: Option<String>,
    display_phone_number: Option<String>,
    field: String,
    /// The change as it came.
    whole: &'a Value,
    /// Where its lists are: `value`, or one level deeper under `standby`.
    value: &'a Value,
    standby: bool,
}

impl<'a> Change<'a> {
    fn of(entry: &Value, change: &'a Value) -> Self {
        let outer = change.get("value").unwrap_or(&Value::Null);
        let standby = outer.get("standby").filter(|inner| inner.is_object());
        let value = standby.unwrap_or(outer);
        let metadata = [outer, value]
            .into_iter()
            .find_map(|place| place.get("metadata").filter(|metadata| metadata.is_object()))
            .unwrap_or(&Value::Null);
        Self {
            waba_id: id(entry, "id").unwrap_or_default(),
            phone_number_id: id(metadata, "phone_number_id"),
            display_phone_number: id(metadata, "display_phone_number"),
            field: text(change, "field").unwrap_or_default(),
            whole: change,
            value,
            standby: standby.is_some(),
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
            "smb_message_echoes" => self.read_lists(&Origin::Echo, &mut add),
            _ if self.standby => self.read_lists(&Origin::Standby, &mut add),
            "messages" | "" => self.read_lists(&Origin::Inbound, &mut add),
            _ => {}
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
                    add(self.message(item, Origin::History { thread: id(thread, "id"), status }, false));
                }
            }
            for item in items(chunk, "errors") {
                add(error(item));
            }
        }
    }

    fn message(&self, item: &Value, origin: Origin, one_sender: bool) -> UpdateKind {
        let Some(message) = Message::read(item) else { return UpdateKind::Other { raw: item.clone() } };
        let contacts = items(self.value, "contacts");
        let sender = match &origin {
            Origin::Echo => find_profile(contacts, &[&message.to], &message.to_user_id),
            Origin::History { thread, .. } => {
                find_profile(contacts, &[&message.from, &message.to, thread], &message.from_user_id)
            }
            _ => find_profile(contacts, &[&message.from], &message.from_user_id),
        };
        let sender = sender.or_else(|| only_name(contacts).filter(|_| one_sender));
        UpdateKind::Message { message, sender, origin }
    }

    fn status(&self, item: &Value) -> UpdateKind {
        let Some(mut status) = Status::read(item) else { return UpdateKind::Other { raw: item.clone() } };
        let phones = [&status.participant_id, &status.recipient_id];
        let user = status.participant_user_id.as_ref().or(status.recipient_user_id.as_ref()).cloned();
        status.contact = find_profile(items(self.value, "contacts"), &phones, &user);
        UpdateKind::Status(status)
    }
}

fn error(item: &Value) -> UpdateKind {
    ReportedError::read(item).map_or_else(|| UpdateKind::Other { raw: item.clone() }, UpdateKind::Error)
}

/// The contact with this user id, else with one of these phone ids in their order. An item that names nobody belongs
/// to the only contact there is; otherwise nobody is guessed.
fn find_profile(contacts: &[Value], phones: &[&Option<String>], user: &Option<String>) -> Option<Profile> {
    let named = |key: &str, wanted: &str| contacts.iter().find(|c| id(c, key).as_deref() == Some(wanted));
    if user.is_none() && phones.iter().all(|phone| phone.is_none()) {
        return match contacts {
            [only] => Some(Profile::read(only)),
            _ => None,
        };
    }
    user.iter()
        .find_map(|user| named("user_id", user))
        .or_else(|| phones.iter().copied().flatten().find_map(|phone| named("wa_id", phone)))
        .map(Profile::read)
}

/// Where one person wrote everything and one is described, the name is theirs even if the ids differ; the ids are
/// left out then, so that nobody takes two people for one.
fn only_name(contacts: &[Value]) -> Option<Profile> {
    let [only] = contacts else { return None };
    Some(Profile { wa_id: None, user_id: None, parent_user_id: None, ..Profile::read(only) })
}

fn same_sender(messages: &[Value]) -> bool {
    let sender = |item| (id(item, "from"), id(item, "from_user_id"));
    messages.windows(2).all(|pair| sender(&pair[0]) == sender(&pair[1]))
}
