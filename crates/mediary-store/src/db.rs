//! The two databases behind one face.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, ValueRef as _};

type Fetched<T> = std::result::Result<Option<T>, sqlx::Error>;

/// A row of either database. Reads by place; null is `None`.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! getters {
    ($($name:ident: $type:ty),+) => { $(
        pub(crate) fn $name(&self, index: usize) -> Fetched<$type> {
            match self {
                Self::Sqlite(row) => row.try_get(index),
                Self::Postgres(row) => row.try_get(index),
            }
        }
    )+ };
}

impl Row {
    getters!(int: i64, flag: bool, text: String, bytes: Vec<u8>);

    pub(crate) fn is_null(&self, index: usize) -> std::result::Result<bool, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get_raw(index)?.is_null(),
            Self::Postgres(row) => row.try_get_raw(index)?.is_null(),
        })
    }
}
