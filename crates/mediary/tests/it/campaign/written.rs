//! What people and the business write, with what follows from it at once.

use mediary_testing::installation::DISPLAY_PHONE_NUMBER;
use serde_json::{Value, json};

use super::history::{Picture, WithFields as _};
use super::model::{Fact, Message};
use super::writer::{Chat, Writer};

/// Files of one form or template.
const FILES: usize = 3;

impl Writer<'_> {
    pub(super) fn inbound(&mut self, chat: Chat<'_>, id: &str) {
        let Chat { account, name, .. } = chat;
        let at = self.tick();
        let mut written = message(chat, id, at);
        written.unread = true;
        let picture = if self.dice.next(4) == 0 { self.pictures.pop() } else { None };
        let content = match &picture {
            Some(picture) => picture.content(),
            None => self.words(&mut written),
        };
        written.kind = content["type"].as_str().unwrap().to_owned();
        written.picture = picture.map(|picture| picture.sha256);
        let common = name.written("from").with(json!({ "id": id, "timestamp": at.to_string() }));
        let value = json!({ "contacts": [name.profile()], "messages": [content.with(common)] });
        self.tell(account, "messages", value);
        self.spoil();
        let (words, shows) = (written.kind == "text", written.picture.is_some());
        self.facts.push(Fact::Message(written));
        if words && self.dice.next(4) == 0 {
            self.edits(account, name, id);
        }
        if shows && self.dice.next(2) == 0 {
            self.other_pictures(account, name, id);
        }
        if self.dice.next(12) == 0 {
            let revoke = json!({ "type": "revoke", "revoke": { "original_message_id": id } });
            self.about(account, name, revoke);
            self.facts.push(Fact::Revoke { account, id: id.to_owned() });
        }
    }

    /// One of the kinds that have no file of their own; their text where it is sure.
    fn words(&mut self, written: &mut Message) -> Value {
        let text = format!("text of {}", written.id);
        match self.dice.next(9) {
            0 => json!({ "type": "location", "location": { "latitude": 1.5, "longitude": 2.5 } }),
            1 => json!({ "type": "contacts", "contacts": [{ "name": { "formatted_name": "Bo" } }] }),
            2 | 3 => {
                let files = self.files();
                let nodes: Vec<Value> = files.iter().map(Picture::node).collect();
                let answers = json!({ "answer": "yes", "photos": nodes }).to_string();
                written.attachments = files.into_iter().map(|file| file.sha256).collect();
                let form = json!({ "name": "flow", "body": "Sent", "response_json": answers });
                json!({ "type": "interactive", "interactive": { "type": "nfm_reply", "nfm_reply": form } })
            }
            _ => {
                written.text = Some(text.clone());
                json!({ "type": "text", "text": { "body": text } })
            }
        }
    }

    fn files(&mut self) -> Vec<Picture> {
        let count = self.dice.below(FILES + 1).min(self.pictures.len());
        self.pictures.split_off(self.pictures.len() - count)
    }

    /// What the business sent from its own phone or another program, and how far it got.
    pub(super) fn echo(&mut self, chat: Chat<'_>, id: &str) {
        let at = self.tick();
        let mut written = message(chat, id, at);
        written.outbound = true;
        let content = if self.dice.next(4) == 0 {
            self.template(&mut written)
        } else {
            let text = format!("echo of {id}");
            written.text = Some(text.clone());
            json!({ "type": "text", "text": { "body": text } })
        };
        written.kind = content["type"].as_str().unwrap().to_owned();
        let common = json!({ "from": DISPLAY_PHONE_NUMBER, "id": id, "timestamp": at.to_string() });
        let content = content.with(common).with(chat.name.written("to"));
        self.tell(chat.account, "smb_message_echoes", json!({ "message_echoes": [content] }));
        self.facts.push(Fact::Message(written));
        self.statuses(chat, id);
    }

    /// The first file is the header's, the others are those of cards.
    fn template(&mut self, written: &mut Message) -> Value {
        let files = self.files();
        let header = |file: &Picture| json!({ "type": "header", "parameters": [{ "type": "image", "image": file.node() }] });
        let mut components: Vec<Value> = files.iter().take(1).map(header).collect();
        let cards: Vec<Value> =
            files.iter().skip(1).map(|file| json!({ "components": [header(file)] })).collect();
        components.push(json!({ "type": "carousel", "cards": cards }));
        written.attachments = files.into_iter().map(|file| file.sha256).collect();
        json!({ "type": "template", "template": { "name": "order", "components": components } })
    }

    /// A file of a past conversation: its place first, the file itself by another webhook.
    pub(super) fn past(&mut self, chat: Chat<'_>, id: &str) {
        let Some(picture) = self.pictures.pop() else {
            return self.inbound(chat, id);
        };
        let Chat { account, name, .. } = chat;
        let at = self.tick();
        let common = json!({ "id": id, "timestamp": at.to_string() }).with(name.written("from"));
        let place = common
            .clone()
            .with(json!({ "type": "media_placeholder", "history_context": { "status": "READ" } }));
        let threads = json!([{ "id": name.number, "messages": [place] }]);
        let progress = json!({ "phase": 0, "chunk_order": 1, "progress": 100 });
        self.tell(account, "history", json!({ "history": [{ "metadata": progress, "threads": threads }] }));
        let content = common.with(picture.content());
        self.tell(account, "history", json!({ "contacts": [name.profile()], "messages": [content] }));
        let mut written = message(chat, id, at);
        (written.kind, written.picture) = ("image".to_owned(), Some(picture.sha256));
        self.facts.push(Fact::Message(written));
        if self.dice.next(2) == 0 {
            self.other_pictures(account, name, id);
        }
    }
}

fn message(chat: Chat<'_>, id: &str, at: i64) -> Message {
    let Chat { account, person, settled, .. } = chat;
    Message { account, id: id.to_owned(), person, settled, at, ..Message::default() }
}
