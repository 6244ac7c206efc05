//! Kinds of messages and the order of their statuses.

use crate::text::string_enum;
use crate::{FileType, MessageId};

/// What a message of ours is called in the data that WhatsApp returns with its statuses (`biz_opaque_callback_data`).
const CALLBACK: &str = "mediary:";

impl MessageId {
    /// What WhatsApp is given with a message of ours, so that its statuses name it even if the answer to the call was lost.
    pub fn callback(self) -> String {
        format!("{CALLBACK}{self}")
    }

    /// The message that such data names; `None` for what another program gave WhatsApp.
    pub fn of_callback(data: &str) -> Option<Self> {
        let digits = data.strip_prefix(CALLBACK)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok().map(Self)).flatten()
    }
}

string_enum! {
    "direction" Direction {
        Inbound = "inbound",
        Outbound = "outbound",
    }
}

string_enum! {
    /// What a message is, in WhatsApp's words. What WhatsApp adds later is kept as `unsupported` with its raw payload.
    "message type" MessageType {
        Text = "text",
        Image = "image",
        Video = "video",
        Audio = "audio",
        Document = "document",
        Sticker = "sticker",
        Location = "location",
        Contacts = "contacts",
        Reaction = "reaction",
        Interactive = "interactive",
        Button = "button",
        Order = "order",
        Template = "template",
        System = "system",
        Unsupported = "unsupported",
    }
}

string_enum! {
    /// What a message of ours may be.
    "type of message to send" OutgoingType {
        Text = "text",
        Image = "image",
        Video = "video",
        Audio = "audio",
        Document = "document",
        Sticker = "sticker",
        Location = "location",
        Contacts = "contacts",
        Reaction = "reaction",
        Template = "template",
        Interactive = "interactive",
    }
}

impl MessageType {
    /// The kind of file a message of this type carries.
    pub fn file_type(self) -> Option<FileType> {
        match self {
            Self::Image => Some(FileType::Image),
            Self::Video => Some(FileType::Video),
            Self::Audio => Some(FileType::Audio),
            Self::Document => Some(FileType::Document),
            Self::Sticker => Some(FileType::Sticker),
            _ => None,
        }
    }
}

impl From<FileType> for MessageType {
    fn from(kind: FileType) -> Self {
        match kind {
            FileType::Image => Self::Image,
            FileType::Video => Self::Video,
            FileType::Audio => Self::Audio,
            FileType::Document => Self::Document,
            FileType::Sticker => Self::Sticker,
        }
    }
}

string_enum! {
    /// How far a message has come. Inbound ones are `received`; outbound ones go through the others in this order.
    "message status" MessageStatus {
        Received = "received",
        Queued = "queued",
        Uploading = "uploading",
        Accepted = "accepted",
        /// A crash fell between our call and WhatsApp's answer; a later status settles it.
        Unknown = "unknown",
        Sent = "sent",
        Delivered = "delivered",
        Read = "read",
        Played = "played",
        Failed = "failed",
    }
}

impl MessageStatus {
    /// The place in the order. Higher may replace lower, never the other way round.
    pub const fn rank(self) -> i64 {
        match self {
            Self::Received => 0,
            Self::Queued => 1,
            Self::Uploading => 2,
            Self::Accepted => 3,
            Self::Unknown => 4,
            Self::Sent => 5,
            Self::Failed => 6,
            Self::Delivered => 7,
            Self::Read => 8,
            Self::Played => 9,
        }
    }

    /// Whether a message in this status takes `next`. Statuses arrive in any order and more than once. `failed` is
    /// final before delivery; a message that was delivered did not fail, whatever comes late.
    pub const fn advances_to(self, next: Self) -> bool {
        next.rank() > self.rank()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MessageStatus::{Delivered, Failed, Played, Read, Received, Sent, Unknown};

    #[test]
    fn statuses_never_go_backwards() {
        assert!(Sent.advances_to(Read), "`delivered` may never come");
        assert!(!Read.advances_to(Delivered));
        assert!(!Delivered.advances_to(Delivered));
        assert!(!Delivered.advances_to(Failed));
        assert!(Sent.advances_to(Failed));
        assert!(Unknown.advances_to(Sent));
        assert!(Read.advances_to(Played));
        assert!(MessageStatus::ALL.iter().all(|status| !status.advances_to(Received)));
    }

    #[test]
    fn callback_data_names_its_message_and_no_other_data_does() {
        assert_eq!(MessageId::of_callback(&MessageId(42).callback()), Some(MessageId(42)));
        for data in
            ["", "42", "mediary:", "mediary:x", "mediary:-1", "mediary:+1", "mediary:99999999999999999999"]
        {
            assert_eq!(MessageId::of_callback(data), None, "{data}");
        }
    }

    #[test]
    fn ranks_are_distinct() {
        let mut ranks: Vec<_> = MessageStatus::ALL.iter().map(|status| status.rank()).collect();
        ranks.sort_unstable();
        ranks.dedup();
        assert_eq!(ranks.len(), MessageStatus::ALL.len());
    }
}
