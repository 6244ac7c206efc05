use serde::Serialize;
use utoipa::ToSchema;

use super::{Reader, Shape};

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// Give it as `cursor` for the next page.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
    /// Whether there may be more, also behind a page that is not full.
    pub(crate) has_more: bool,
}

impl<T> Page<T> {
    pub(crate) fn of<Row>(page: mediary_store::Page<Row>, reader: &Reader) -> Self
    where
        T: Shape<Row>,
    {
        Self::mapped(page, |row| T::shape(row, reader))
    }

    pub(crate) fn mapped<Row>(page: mediary_store::Page<Row>, shape: impl FnMut(Row) -> T) -> Self {
        Self {
            has_more: page.next.is_some(),
            next_cursor: page.next.map(|cursor| cursor.to_string()),
            items: page.items.into_iter().map(shape).collect(),
        }
    }
}
