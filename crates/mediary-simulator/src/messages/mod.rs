//! Messages as a person describes them, and how they look in a webhook.

mod render;
mod status;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::media::MediaSpec;

pub(crate) use render::{MediaNode, profile, render};
pub(crate) use status::render_status;

/// How a message reaches the business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A customer's message, field `messages`.
    #[default]
    Inbound,
    /// What the business sent from its phone, field `smb_message_echoes`.
    Echo,
    /// What another program of the business sent, field `message_echoes`.
    MessageEcho,
    /// From the time before the business joined, field `history`. Media comes as a placeholder without content.
    History,
    /// The same while the thread's messages are the business's own.
    HistoryEcho,
    /// The media of an earlier placeholder: field `history` with `messages`. Give the placeholder's `id`.
    HistoryMedia,
    /// While another app has the conversation, field `standby`.
    Standby,
    /// What the other app sent, field `standby`.
    StandbyEcho,
}

/// The customer: who writes, or whom an echo was sent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Customer {
    /// The phone number's digits. Absent for people with a username whose number WhatsApp keeps to itself.
    pub wa_id: Option<String>,
    /// The business-scoped user id, `US.13491208655302741918`. Where there is a number, one follows from it unless given.
    pub user_id: Option<String>,
    pub parent_user_id: Option<String>,
    pub name: Option<String>,
    pub username: Option<String>,
}

impl Default for Customer {
    fn default() -> Self {
        Self::new("15550100001", "Ana Simulated")
    }
}

impl Customer {
    pub fn new(wa_id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { wa_id: Some(wa_id.into()), name: Some(name.into()), ..Self::nobody() }
    }

    /// Somebody known by the business-scoped id alone.
    pub fn scoped(user_id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { user_id: Some(user_id.into()), name: Some(name.into()), ..Self::nobody() }
    }

    fn nobody() -> Self {
        Self { wa_id: None, user_id: None, parent_user_id: None, name: None, username: None }
    }

    /// As webhooks tell of them since April 2026: everybody has a business-scoped id.
    pub(crate) fn told(&self) -> Self {
        let of_the_number = || self.wa_id.as_ref().map(|wa_id| format!("US.1{wa_id:0>19}"));
        Self { user_id: self.user_id.clone().or_else(of_the_number), ..self.clone() }
    }
}

/// A message to make a webhook of. `type` is WhatsApp's own word; what the type needs is in the fields below, and
/// `node` takes the content of any type they do not cover, as WhatsApp writes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MessageSpec {
    #[serde(rename = "type")]
    pub kind: String,
    pub channel: Channel,
    /// The account; the first one if not given.
    pub phone_number_id: Option<String>,
    pub customer: Customer,
    /// Makes it a message in this group; `customer` is the participant who wrote it.
    pub group_id: Option<String>,
    /// The wamid; a new one if not given.
    pub id: Option<String>,
    /// Seconds since 1970; now if not given.
    pub timestamp: Option<i64>,
    /// `text`: its body. `button`, `system`: what is shown.
    pub text: Option<String>,
    /// The five media types: an existing media id …
    pub media_id: Option<String>,
    /// … or media to make.
    pub media: Option<MediaSpec>,
    pub caption: Option<String>,
    pub file_name: Option<String>,
    pub voice: bool,
    pub animated: bool,
    /// The hash to declare instead of the true one; any text.
    pub declared_sha256: Option<String>,
    /// The wamid that this one answers.
    pub reply_to: Option<String>,
    pub forwarded: bool,
    pub frequently_forwarded: bool,
    /// Makes it an edit of that wamid, with this message's content as the new one.
    pub edit_of: Option<String>,
    /// `reaction`, `revoke`: the wamid they are about.
    pub target: Option<String>,
    /// `reaction`: empty takes it back, absent too (WhatsApp writes both).
    pub emoji: Option<String>,
    /// `location`
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub place_name: Option<String>,
    pub address: Option<String>,
    /// The node that is called like the type, as it is.
    pub node: Option<Value>,
    /// `messages[].errors`; `unsupported` has its own unless given.
    pub errors: Option<Value>,
    /// The advertisement that the customer came from.
    pub referral: Option<Value>,
    /// `history`: READ, DELIVERED, PLAYED, PENDING, ERROR or SENT.
    pub history_status: Option<String>,
}

impl MessageSpec {
    pub fn text(body: impl Into<String>) -> Self {
        Self { kind: "text".to_owned(), text: Some(body.into()), ..Self::default() }
    }

    /// One of the five media types with media that exists already.
    pub fn media(kind: impl Into<String>, media_id: impl Into<String>) -> Self {
        Self { kind: kind.into(), media_id: Some(media_id.into()), ..Self::default() }
    }

    pub fn reaction(target: impl Into<String>, emoji: Option<&str>) -> Self {
        Self {
            kind: "reaction".to_owned(),
            target: Some(target.into()),
            emoji: emoji.map(str::to_owned),
            ..Self::default()
        }
    }

    pub fn revoke(target: impl Into<String>) -> Self {
        Self { kind: "revoke".to_owned(), target: Some(target.into()), ..Self::default() }
    }

    /// A message of any type with WhatsApp's own node.
    pub fn node(kind: impl Into<String>, node: Value) -> Self {
        Self { kind: kind.into(), node: Some(node), ..Self::default() }
    }

    #[must_use]
    pub fn from(mut self, customer: Customer) -> Self {
        self.customer = customer;
        self
    }

    #[must_use]
    pub fn to(mut self, phone_number_id: impl Into<String>) -> Self {
        self.phone_number_id = Some(phone_number_id.into());
        self
    }

    #[must_use]
    pub fn by(mut self, channel: Channel) -> Self {
        self.channel = channel;
        self
    }

    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    #[must_use]
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = Some(caption.into());
        self
    }

    #[must_use]
    pub fn editing(mut self, original: impl Into<String>) -> Self {
        self.edit_of = Some(original.into());
        self
    }

    #[must_use]
    pub fn replying_to(mut self, id: impl Into<String>) -> Self {
        self.reply_to = Some(id.into());
        self
    }
}

/// A message that is on its way: its ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueuedMessage {
    pub id: String,
    pub media_id: Option<String>,
}

/// A status of a message that the business sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct StatusSpec {
    pub message_id: String,
    /// `sent`, `delivered`, `read`, `played`, `failed`, or any other word.
    pub status: String,
    pub phone_number_id: Option<String>,
    pub customer: Customer,
    /// Makes it the status of `customer` as a participant of this group.
    pub group_id: Option<String>,
    /// Seconds since 1970; now if not given.
    pub timestamp: Option<i64>,
    /// What `biz_opaque_callback_data` was on sending.
    pub callback_data: Option<String>,
    /// `failed`: the error code, 131000 unless given.
    pub error_code: Option<i64>,
    pub error_title: Option<String>,
    /// `failed`: whether the webhook has `contacts`, without a profile, as was seen in September 2026. Meta's pages say that it
    /// has none.
    pub with_contact: bool,
}

impl StatusSpec {
    pub fn new(message_id: impl Into<String>, status: impl Into<String>) -> Self {
        Self { message_id: message_id.into(), status: status.into(), ..Self::default() }
    }
}
