//! How rows become structs. A record's fields, in order, are the columns it selects; [`record!`] writes both from one
//! list, so that they cannot drift apart.

use mediary_core::{
    AccountId, AccountStatus, ApiKeyId, CompanyId, ContactId, ConversationId, DeletionReason, DerivationStep,
    Direction, DownloadStatus, ErrorCode, FileType, Integrity, MediaId, MediaPolicy, MediaTask, MessageId,
    MessageStatus, MessageType, Provider, Retention, RetentionMode, Role, ScanStatus, Sha256, StorageBackend,
    Timestamp, UploadId, UserId, VariantKind, WebhookEventId,
};

use crate::statement::Row;
use crate::{Error, ErrorKind, Result};

/// A type that is read from one or more adjacent columns.
pub(crate) trait Read: Sized {
    /// How many columns it takes.
    const WIDTH: usize;
    fn read(columns: &mut Columns<'_>) -> std::result::Result<Self, ReadError>;
}

/// A [`Read`] that knows its columns and its table.
pub(crate) trait Record: Read {
    /// The select list, with the table's usual alias.
    const SELECT: &'static str;
}

/// A column that does not hold what its type says.
#[derive(Debug)]
pub(crate) struct ReadError {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    pub(crate) source: Box<dyn std::error::Error + Send + Sync>,
}

impl ReadError {
    pub(crate) fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { table: "", column: "", source: source.into() }
    }

    /// Fills in table and column, unless a record within this one already did.
    pub(crate) fn at(mut self, table: &'static str, column: &'static str) -> Self {
        if self.table.is_empty() {
            (self.table, self.column) = (table, column);
        }
        self
    }
}

/// The columns of one row, read from left to right.
pub(crate) struct Columns<'r> {
    row: &'r Row,
    next: usize,
}

impl<'r> Columns<'r> {
    fn take(&mut self) -> (&'r Row, usize) {
        let index = self.next;
        self.next += 1;
        (self.row, index)
    }

    /// A record from an outer join: `None` where its first column is null.
    pub(crate) fn outer<T: Read>(&mut self) -> std::result::Result<Option<T>, ReadError> {
        if self.row.is_null(self.next).map_err(ReadError::new)? {
            self.next += T::WIDTH;
            return Ok(None);
        }
        T::read(self).map(Some)
    }
}

/// Reads a whole row.
pub(crate) fn read_row<T: Read>(row: &Row) -> Result<T> {
    let mut columns = Columns { row, next: 0 };
    T::read(&mut columns).map_err(|error| {
        let id = row.int(0).ok().flatten().unwrap_or(0);
        let kind = ErrorKind::Corrupt { table: error.table, column: error.column, id };
        Error::new(kind, "stored value does not fit its type").with_source(error.source)
    })
}

/// A value in one column, which may be null where it is an `Option`.
macro_rules! scalars {
    ($($type:ty: $get:ident => $convert:expr;)+) => { $(
        impl Read for Option<$type> {
            const WIDTH: usize = 1;
            fn read(columns: &mut Columns<'_>) -> std::result::Result<Self, ReadError> {
                let (row, index) = columns.take();
                let value = row.$get(index).map_err(ReadError::new)?;
                value.map($convert).transpose().map_err(ReadError::new)
            }
        }
        impl Read for $type {
            const WIDTH: usize = 1;
            fn read(columns: &mut Columns<'_>) -> std::result::Result<Self, ReadError> {
                Option::<$type>::read(columns)?.ok_or_else(|| ReadError::new("unexpected null"))
            }
        }
    )+ };
}

type Infallible<T> = std::result::Result<T, std::convert::Infallible>;

scalars! {
    i64: int => Infallible::Ok;
    u32: int => u32::try_from;
    u64: int => u64::try_from;
    bool: flag => Infallible::Ok;
    String: text => Infallible::Ok;
    Vec<u8>: bytes => Infallible::Ok;
    [u8; 32]: bytes => |bytes: Vec<u8>| <[u8; 32]>::try_from(bytes).map_err(|_| "not 32 bytes");
    Sha256: bytes => |bytes: Vec<u8>| Sha256::try_from(bytes.as_slice());
    Timestamp: int => |millis| Infallible::Ok(Timestamp(millis));
    serde_json::Value: text => |text: String| serde_json::from_str(&text);
}

macro_rules! id_scalars {
    ($($type:ident),+) => { scalars! { $($type: int => |id| Infallible::Ok($type(id));)+ } };
}

id_scalars!(
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

macro_rules! word_scalars {
    ($($type:ident),+) => { scalars! { $($type: text => |word: String| word.parse::<$type>();)+ } };
}

word_scalars!(
    AccountStatus,
    DeletionReason,
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

/// Mode and days, side by side; `None` where there is no mode.
impl Read for Option<Retention> {
    const WIDTH: usize = 2;
    fn read(columns: &mut Columns<'_>) -> std::result::Result<Self, ReadError> {
        let (mode, days): (Option<RetentionMode>, Option<i64>) = Read::read(columns)?;
        mode.map(|mode| Retention::new(mode, days)).transpose().map_err(ReadError::new)
    }
}

impl Read for Retention {
    const WIDTH: usize = 2;
    fn read(columns: &mut Columns<'_>) -> std::result::Result<Self, ReadError> {
        Option::<Self>::read(columns)?.ok_or_else(|| ReadError::new("unexpected null"))
    }
}

macro_rules! tuples {
    ($(($($type:ident),+);)+) => { $(
        impl<$($type: Read),+> Read for ($($type,)+) {
            const WIDTH: usize = 0 $(+ $type::WIDTH)+;
            fn read(columns: &mut Columns<'_>) -> std::result::Result<Self, ReadError> {
                Ok(($($type::read(columns)?,)+))
            }
        }
    )+ };
}

tuples! { (A); (A, B); (A, B, C); (A, B, C, D); (A, B, C, D, E); (A, B, C, D, E, F); (A, B, C, D, E, F, G); }

/// A public struct and the columns it is read from. A field reads the column of its own name, or the SQL after `=`
/// (several columns for a type that takes several).
macro_rules! record {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident from $table:ident as $alias:ident {
            $($(#[$doc:meta])* pub $field:ident: $type:ty $(= $sql:literal)?,)+
        }
    ) => {
        $(#[$attribute])*
        $visibility struct $name { $($(#[$doc])* pub $field: $type,)+ }

        impl $crate::record::Read for $name {
            const WIDTH: usize = 0 $(+ <$type as $crate::record::Read>::WIDTH)+;
            fn read(
                columns: &mut $crate::record::Columns<'_>,
            ) -> std::result::Result<Self, $crate::record::ReadError> {
                Ok(Self { $(
                    $field: <$type as $crate::record::Read>::read(columns)
                        .map_err(|error| error.at(stringify!($table), stringify!($field)))?,
                )+ })
            }
        }

        impl $crate::record::Record for $name {
            const SELECT: &'static str = $crate::record::record!(@select [$alias] [] $($field $(= $sql)?,)+);
        }
    };
    (@select [$alias:ident] [$($done:expr,)+]) => { concat!($($done),+) };
    (@select [$alias:ident] [] $field:ident, $($rest:tt)*) => {
        $crate::record::record!(@select [$alias] [stringify!($alias), ".", stringify!($field),] $($rest)*)
    };
    (@select [$alias:ident] [] $field:ident = $sql:literal, $($rest:tt)*) => {
        $crate::record::record!(@select [$alias] [$sql,] $($rest)*)
    };
    (@select [$alias:ident] [$($done:expr,)+] $field:ident, $($rest:tt)*) => {
        $crate::record::record!(@select [$alias] [$($done,)+ ", ", stringify!($alias), ".", stringify!($field),] $($rest)*)
    };
    (@select [$alias:ident] [$($done:expr,)+] $field:ident = $sql:literal, $($rest:tt)*) => {
        $crate::record::record!(@select [$alias] [$($done,)+ ", ", $sql,] $($rest)*)
    };
}
pub(crate) use record;
