//! What happens to messages that were written, and what no records take.

use serde_json::{Value, json};

use super::history::{Item, NEAR, Name, WithFields as _};
use super::model::{Edit, Fact};
use super::writer::{CampaignMessage, Chat, Writer};

/// One in so many messages has something beside it that cannot be recorded.
const SPOILT: u64 = 16;
/// Longer than any id that is kept.
const LONG: usize = 1100;
/// What WhatsApp says of a message that failed.
const FAILED: (i64, &str) = (131_049, "It was not delivered to keep people well.");

impl Writer<'_> {
    pub(super) fn edits(&mut self, account: usize, name: &Name, id: &str) {
        for number in 0..=self.dice.next(3) {
            self.same_second(number);
            let text = format!("edit {number} of {id}");
            let content = json!({ "type": "text", "text": { "body": text } });
            self.edit(account, name, id, &content, Edit { text: Some(text), ..Edit::default() });
        }
    }

    /// Edits that put another picture, and other words below it, in the place of the one before.
    pub(super) fn other_pictures(&mut self, account: usize, name: &Name, id: &str) {
        for number in 0..=self.dice.next(2) {
            let Some(picture) = self.pictures.pop() else { return };
            self.same_second(number);
            let caption = (self.dice.next(3) > 0).then(|| format!("caption {number} of {id}"));
            let mut content = picture.content();
            if let Some(caption) = &caption {
                content["image"]["caption"] = caption.as_str().into();
            }
            let edit = Edit { caption, picture: Some(picture.sha256), ..Edit::default() };
            self.edit(account, name, id, &content, edit);
        }
    }

    /// Now and then two edits have the same second.
    fn same_second(&mut self, number: u64) {
        if number > 0 && self.dice.next(4) == 0 {
            self.clock -= 1;
        }
    }

    fn edit(&mut self, account: usize, name: &Name, id: &str, content: &Value, edit: Edit) {
        let content = json!({ "type": "edit", "edit": { "original_message_id": id, "message": content } });
        let at = self.about(account, name, content);
        self.facts.push(Fact::Edit { account, id: id.to_owned(), edit: Edit { at, ..edit } });
    }

    /// How far a message got. Of those that failed, some name their recipient, as WhatsApp does now and then.
    pub(super) fn statuses(&mut self, chat: Chat<'_>, id: &str) {
        let fails = self.dice.next(4) == 0;
        for status in ["sent", "failed", "delivered", "read"] {
            if self.dice.next(2) == 0 || (status == "failed" && !fails) {
                continue;
            }
            let at = self.tick().to_string();
            let mut item =
                json!({ "id": id, "status": status, "timestamp": at, "recipient_id": chat.name.number });
            let mut value = json!({});
            let mut error = None;
            if status == "failed" {
                let (code, details) = FAILED;
                item["errors"] =
                    json!([{ "code": code, "title": "Not sent", "error_data": { "details": details } }]);
                error = Some((code, details.to_owned()));
                if self.dice.next(2) == 0 {
                    item["recipient_user_id"] = chat.name.user_id.clone().into();
                    let number = &chat.name.number;
                    value["contacts"] = json!([{ "wa_id": number, "user_id": chat.name.user_id }]);
                }
            }
            value["statuses"] = json!([item]);
            self.tell(chat.account, "messages", value);
            self.facts.push(Fact::Status { account: chat.account, id: id.to_owned(), status, error });
        }
    }

    /// The person's own, on messages of their thread; an empty one takes the last one back. Some come before their message.
    pub(super) fn reactions(&mut self, name: &Name, written: &[CampaignMessage]) {
        let from = name.number.clone().or(name.user_id.clone()).unwrap();
        for CampaignMessage { account, id, place } in written {
            if self.dice.next(4) != 0 {
                continue;
            }
            let early = self.dice.next(2) == 0;
            for _ in 0..=self.dice.next(3) {
                let emoji = ["👍", "❤️", "🙏", ""][self.dice.below(4)];
                let node = json!({ "message_id": id, "emoji": emoji });
                let at = self.about(*account, name, json!({ "type": "reaction", "reaction": node }));
                if early {
                    // Items only move back from their place, so most of these come first.
                    let item = self.items.pop().unwrap();
                    self.items.insert(place.saturating_sub(usize::try_from(2 * NEAR).unwrap()), item);
                }
                let (from, emoji) = (from.clone(), emoji.to_owned());
                self.facts.push(Fact::Reaction { account: *account, id: id.clone(), from, emoji, at });
            }
        }
    }

    /// Puts something that cannot be recorded before the message that was sent last, into the same list.
    pub(super) fn spoil(&mut self) {
        if self.dice.next(SPOILT) != 0 {
            return;
        }
        let (id, kind) = (format!("{}.bad", self.id()), self.dice.next(3));
        let Some(Item { value, unrecordable, .. }) = self.items.last_mut() else { return };
        let words = json!({ "type": "text", "text": { "body": "nobody sees this" } });
        let mut bad = value["messages"][0].clone().with(words).with(json!({ "id": id }));
        let message = bad.as_object_mut().unwrap();
        match kind {
            0 => {
                // What names nobody is taken as the only contact's.
                value.as_object_mut().unwrap().remove("contacts");
                message.retain(|key, _| !key.starts_with("from"));
            }
            1 => drop(message.insert("id".to_owned(), format!("{id}{}", "x".repeat(LONG)).into())),
            _ => {
                let photo = json!({ "id": "9".repeat(LONG), "mime_type": "image/jpeg" });
                let form = json!({ "name": "flow", "response_json": json!({ "photo": photo }).to_string() });
                message.insert("type".to_owned(), "interactive".into());
                message.insert("interactive".to_owned(), json!({ "type": "nfm_reply", "nfm_reply": form }));
            }
        }
        value["messages"].as_array_mut().unwrap().insert(0, bad);
        *unrecordable += 1;
    }

    /// A file of a past message that never comes: only the records know that there is none, so all items of its webhook are
    /// refused together, and taken apart.
    pub(super) fn file_of_nothing(&mut self) {
        let (id, at) = (self.id(), self.tick().to_string());
        let image = json!({ "id": "1", "mime_type": "image/jpeg" });
        let message = json!({ "id": id, "timestamp": at, "type": "image", "image": image });
        self.tell(0, "history", json!({ "messages": [message] }));
        self.items.last_mut().unwrap().unrecordable = 1;
    }
}
