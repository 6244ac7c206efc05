//! Values on their way into a statement. Every conversion stands here once; U+0000 becomes storable on the way.

use mediary_core::{
    AccountId, AccountStatus, ApiKeyId, CompanyId, ContactId, ConversationId, DerivationStep, Direction,
    DownloadStatus, ErrorCode, FileType, Integrity, MediaId, MediaPolicy, MediaTask, MessageId,
    MessageStatus, MessageType, Provider, RetentionMode, Role, ScanStatus, Sha256, StorageBackend, Timestamp,
    UploadId, UserId, VariantKind, WebhookEventId, storable_text,
};
use sqlx::SqlStr;
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments};

/// A parameter. Null keeps its type, which Postgres needs.
#[derive(Clone)]
pub(crate) enum Value {
    Int(Option<i64>),
    Flag(Option<bool>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

/// The arguments of a statement.
#[derive(Clone)]
pub(crate) struct Args {
    values: Vec<Value>,
    /// How many of the values are a row, if they are a list of rows.
    columns: Option<usize>,
}

/// One column of a list of rows.
enum Column {
    Ints(Vec<Option<i64>>),
    Flags(Vec<Option<bool>>),
    Texts(Vec<Option<String>>),
    BytesList(Vec<Option<Vec<u8>>>),
}

impl From<Vec<Value>> for Args {
    fn from(values: Vec<Value>) -> Self {
        Self { values, columns: None }
    }
}

macro_rules! bind_values {
    ($query:expr, $values:expr) => {
        $values.into_iter().fold($query, |query, value| match value {
            Value::Int(value) => query.bind(value),
            Value::Flag(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bytes(value) => query.bind(value),
        })
    };
}

impl Args {
    /// A list of rows of that many columns, for a statement with [`crate::dialect::rows`] in it.
    pub(crate) fn rows(columns: usize, values: Vec<Value>) -> Self {
        Self { values, columns: Some(columns) }
    }

    pub(crate) fn sqlite(self, sql: SqlStr) -> Query<'static, Sqlite, SqliteArguments> {
        bind_values!(sqlx::query(sql), self.values)
    }

    pub(crate) fn postgres(self, sql: SqlStr) -> Query<'static, Postgres, PgArguments> {
        let query = sqlx::query(sql);
        let Some(columns) = self.columns else { return bind_values!(query, self.values) };
        transposed(columns, self.values).into_iter().fold(query, |query, column| match column {
            Column::Ints(values) => query.bind(values),
            Column::Flags(values) => query.bind(values),
            Column::Texts(values) => query.bind(values),
            Column::BytesList(values) => query.bind(values),
        })
    }
}

/// The columns of a list of rows.
fn transposed(columns: usize, values: Vec<Value>) -> Vec<Column> {
    let mut table: Vec<Column> = Vec::with_capacity(columns);
    for (at, value) in values.into_iter().enumerate() {
        let Some(column) = table.get_mut(at % columns) else {
            table.push(Column::of(value));
            continue;
        };
        match (column, value) {
            (Column::Ints(column), Value::Int(value)) => column.push(value),
            (Column::Flags(column), Value::Flag(value)) => column.push(value),
            (Column::Texts(column), Value::Text(value)) => column.push(value),
            (Column::BytesList(column), Value::Bytes(value)) => column.push(value),
            _ => unreachable!("the values of a column are of one kind"),
        }
    }
    table
}

impl Column {
    fn of(first: Value) -> Self {
        match first {
            Value::Int(value) => Self::Ints(vec![value]),
            Value::Flag(value) => Self::Flags(vec![value]),
            Value::Text(value) => Self::Texts(vec![value]),
            Value::Bytes(value) => Self::BytesList(vec![value]),
        }
    }
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
    Sha256 => Bytes(|hash: Sha256| hash.0.to_vec());
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
    UploadId,
    UserId,
    WebhookEventId
);

macro_rules! word_values {
    ($($type:ident),+) => { values! { $($type => Text(|word: $type| word.as_str().to_owned());)+ } };
}

word_values!(
    AccountStatus,
    DerivationStep,
    Direction,
    DownloadStatus,
    ErrorCode,
    FileType,
    Integrity,
    MediaPolicy,
    MediaTask,
    MessageStatus,
    MessageType,
    Provider,
    RetentionMode,
    Role,
    ScanStatus,
    StorageBackend,
    VariantKind
);
