use std::io;

use mediary_store::Cursor;
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

    /// As many items as fit into so many bytes of JSON, and one at least. Those behind them are on the next page.
    pub(crate) fn within<Row>(
        max_bytes: usize,
        page: mediary_store::Page<Row>,
        cursor_of: impl Fn(&Row) -> Cursor,
        mut shape: impl FnMut(Row) -> T,
    ) -> Self
    where
        T: Serialize,
    {
        let (mut items, mut bytes, mut next, mut last) = (Vec::new(), 0, page.next, None);
        for row in page.items {
            let cursor = cursor_of(&row);
            let item = shape(row);
            bytes += json_bytes(&item);
            if bytes > max_bytes && !items.is_empty() {
                next = last;
                break;
            }
            last = Some(cursor);
            items.push(item);
        }
        Self { items, has_more: next.is_some(), next_cursor: next.map(|cursor| cursor.to_string()) }
    }
}

/// The length of an item in an answer, with the comma behind it.
fn json_bytes(item: &impl Serialize) -> usize {
    let mut counted = Count(1);
    serde_json::to_writer(&mut counted, item).expect("records are JSON");
    counted.0
}

/// Counts what is written.
struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
