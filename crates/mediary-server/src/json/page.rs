use std::io;
use std::ops::Range;

use mediary_core::limits::PAGE_BYTES;
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
    /// Whether there may be more, also behind a page that is not full: one with large items ends at 512 KiB.
    pub(crate) has_more: bool,
}

impl<T: Serialize> Page<T> {
    pub(crate) fn of<Row>(page: mediary_store::Page<Row>, reader: &Reader) -> Self
    where
        T: Shape<Row>,
    {
        Self::mapped(page, |row| T::shape(row, reader))
    }

    /// As many items as fit into [`PAGE_BYTES`], and one at least. Those behind them are on the next page.
    pub(crate) fn mapped<Row>(page: mediary_store::Page<Row>, shape: impl FnMut(Row) -> T) -> Self {
        Self::around(page, 0..1, shape)
    }

    /// Of a page around some of its items: these, and of those before and behind them as many as fit into [`PAGE_BYTES`]. What is before
    /// them takes no more than half of that.
    pub(crate) fn around<Row>(
        page: mediary_store::Page<Row>,
        needed: Range<usize>,
        mut shape: impl FnMut(Row) -> T,
    ) -> Self {
        let next = page.next.clone();
        let shaped: Vec<_> = page
            .into_positioned()
            .map(|(row, position)| {
                let item = shape(row);
                (json_bytes(&item), item, position)
            })
            .collect();
        let size = |index: usize| shaped.get(index).map(|(bytes, ..)| *bytes);
        let Range { mut start, mut end } = needed.start..needed.end.min(shaped.len());
        let mut bytes: usize = (start..end).filter_map(size).sum();
        while let Some(more) = start.checked_sub(1).and_then(size)
            && bytes + more <= PAGE_BYTES / 2
        {
            (start, bytes) = (start - 1, bytes + more);
        }
        while let Some(more) = size(end)
            && bytes + more <= PAGE_BYTES
        {
            (end, bytes) = (end + 1, bytes + more);
        }
        let is_cut = end < shaped.len();
        let (mut items, mut last) = (Vec::with_capacity(end - start), None);
        for (_, item, position) in shaped.into_iter().take(end).skip(start) {
            items.push(item);
            last = Some(position);
        }
        let next = if is_cut { last } else { next };
        Self { items, has_more: next.is_some(), next_cursor: next.map(|cursor| cursor.to_string()) }
    }

    /// All of a list that has no pages, since it is small.
    pub(crate) fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None, has_more: false }
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
