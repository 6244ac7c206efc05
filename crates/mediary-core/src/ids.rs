//! One type per kind of id, so that a message id cannot be passed where a conversation id is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<i64> for $name {
            fn from(id: i64) -> Self {
                Self(id)
            }
        }

        impl From<$name> for i64 {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )+ };
}

ids! {
    /// A tenant. Every record of tenant data belongs to exactly one.
    CompanyId,
    /// A person who logs in.
    UserId,
    /// A program's key.
    ApiKeyId,
    /// One business phone number with its token and secrets.
    AccountId,
    /// A person (or group) the company talks with.
    ContactId,
    /// The thread of one contact with one account.
    ConversationId,
    /// One WhatsApp message.
    MessageId,
    /// The record of one message's media, whether or not its bytes are here.
    MediaId,
    /// A file that comes in several requests.
    UploadId,
    /// A webhook body in the durable inbox.
    WebhookEventId,
}
