//! Messages that a business sends: whom they go to, what is in them, and the limits of both, each checked before anything is
//! asked of WhatsApp.

mod content;
mod header_files;
mod recipient;
mod upload;

use mediary_core::field::WrongField;
use serde_json::{Value, json};

pub use self::content::{Content, OutgoingMedia};
pub use self::header_files::HeaderFile;
pub use self::recipient::Recipient;
pub use self::upload::{ACCEPTED_TYPES, AcceptedType, Upload, accepted_type, accepted_types};

use crate::redact::redacted_debug;

/// Characters of a text message.
pub const TEXT_CHARS: usize = 4096;
/// Characters of the caption of an image, a video or a document.
pub const CAPTION_CHARS: usize = 1024;
/// Characters of `biz_opaque_callback_data`, which comes back with every status of its message.
pub const CALLBACK_DATA_CHARS: usize = 512;
/// Bytes of the file name that the recipient of a document sees.
pub const FILE_NAME_BYTES: usize = 255;
/// Characters of the id of a message or of a media file.
pub const ID_CHARS: usize = 512;
/// Characters of the name and of the address of a location.
pub const PLACE_CHARS: usize = 1000;
/// Bytes of a whole message as JSON.
pub const MESSAGE_BYTES: usize = 256 * 1024;
/// A voice note of more bytes has a download arrow where others are played with one tap.
pub const VOICE_NOTE_BYTES: u64 = 512 * 1024;

/// A message to be sent.
#[derive(Clone, PartialEq)]
pub struct Outgoing {
    pub recipient: Recipient,
    pub content: Content,
    /// The WhatsApp id of the message that this one answers.
    pub reply_to: Option<String>,
    /// What WhatsApp sends back with every status of this message.
    pub callback_data: Option<String>,
}

impl Outgoing {
    /// The body of Graph's request. A field that breaks a limit is named, with the limit.
    pub fn to_json(&self) -> Result<Value, WrongField> {
        self.content.check()?;
        if self.recipient.is_group() && matches!(self.content, Content::Interactive(_)) {
            return Err(wrong("interactive", "cannot be sent to a group; send its text as a text message"));
        }
        let kind = self.content.kind();
        let mut message = json!({"messaging_product": "whatsapp", "type": kind});
        self.recipient.write(&mut message);
        message[kind] = self.content.node();
        if let Some(reply_to) = &self.reply_to {
            message["context"] = json!({"message_id": id("replyTo", reply_to)?});
        }
        if let Some(data) = &self.callback_data {
            message["biz_opaque_callback_data"] = text("callbackData", data, CALLBACK_DATA_CHARS)?.into();
        }
        let bytes = message.to_string().len();
        check(bytes <= MESSAGE_BYTES, "message", || {
            format!("must have at most {MESSAGE_BYTES} bytes as JSON; this one has {bytes}")
        })?;
        Ok(message)
    }
}

/// What says that a message was read, and with `typing` that somebody writes.
pub fn read_receipt(wamid: &str, typing: bool) -> Value {
    let mut receipt = json!({"messaging_product": "whatsapp", "status": "read", "message_id": wamid});
    if typing {
        receipt["typing_indicator"] = json!({"type": "text"});
    }
    receipt
}

fn wrong(field: &'static str, rule: impl Into<String>) -> WrongField {
    WrongField { field, rule: rule.into() }
}

fn check(holds: bool, field: &'static str, rule: impl FnOnce() -> String) -> Result<(), WrongField> {
    if holds { Ok(()) } else { Err(wrong(field, rule())) }
}

/// A text that is there and has at most so many characters.
fn text<'a>(field: &'static str, text: &'a str, chars: usize) -> Result<&'a str, WrongField> {
    let fits = !text.is_empty() && text.chars().take(chars + 1).count() <= chars;
    check(fits, field, || format!("must have 1 to {chars} characters"))?;
    Ok(text)
}

/// The id of a message or of a media file.
fn id<'a>(field: &'static str, id: &'a str) -> Result<&'a str, WrongField> {
    let fits = (1..=ID_CHARS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    check(fits, field, || {
        format!("must be WhatsApp's id: 1 to {ID_CHARS} printable ASCII characters without spaces")
    })?;
    Ok(id)
}

redacted_debug! {
    Outgoing { content }
}

#[cfg(test)]
mod tests;
