//! Values on their way into a statement. Every conversion stands here once; U+0000 becomes storable on the way.

use mediary_core::{
    AccountId, AccountStatus, ApiKeyId, CompanyId, ContactId, ConversationId, Direction, DownloadStatus,
    ErrorCode, FileType, Integrity, MediaId, MediaPolicy, MessageId, MessageStatus, MessageType, Role,
    ScanStatus, StorageBackend, Timestamp, UserId, WebhookEventId, storable_text,
};

/// A parameter. Null keeps its type, which Postgres wants to know.
#[derive(Clone)]
pub(crate) enum Value {
    Int(Option<i64>),
    Flag(Option<bool>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

/// Parameters of one statement, in order.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::value::Value::from($value)),*] };
}
pub(crate) use args;

fn text(text: String) -> String {
    if text.contains('\0') { storable_text(&text).into_owned() } else { text }
}

macro_rules! values {
    ($($type:ty => $variant:ident($convert:expr);)+) => { $(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::from(Some(value))
            }
        }
        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map($convert))
            }
        }
    )+ };
}

values! {
    i64 => Int(|number| number);
    u32 => Int(i64::from);
    // Sizes and counts beyond 2^63 do not exist; if one did, it would be the largest.
    u64 => Int(|number| i64::try_from(number).unwrap_or(i64::MAX));
    usize => Int(|number| i64::try_from(number).unwrap_or(i64::MAX));
    Timestamp => Int(|time: Timestamp| time.millis());
    bool => Flag(|flag| flag);
    String => Text(text);
    &str => Text(|value: &str| storable_text(value).into_owned());
    Vec<u8> => Bytes(|bytes| bytes);
    &[u8] => Bytes(<[u8]>::to_vec);
    [u8; 32] => Bytes(|hash: [u8; 32]| hash.to_vec());
}

macro_rules! id_values {
    ($($type:ident),+) => { values! { $($type => Int(|id: $type| id.0);)+ } };
}

id_values!(
    AccountId,
    ApiKeyId,
    CompanyId,
    ContactId,
    ConversationId,
    MediaId,
    MessageId,
    UserId,
    WebhookEventId
);

macro_rules! word_values {
    ($($type:ident),+) => { values! { $($type => Text(|word: $type| word.as_str().to_owned());)+ } };
}

word_values!(
    AccountStatus,
    Direction,
    DownloadStatus,
    ErrorCode,
    FileType,
    Integrity,
    MediaPolicy,
    MessageStatus,
    MessageType,
    Role,
    ScanStatus,
    StorageBackend
);
