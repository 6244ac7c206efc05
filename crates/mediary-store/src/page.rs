//! Keyset paging: a cursor is the sort key and id of the last row seen, opaque to clients.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use mediary_core::limits;

use crate::{Error, ErrorKind, Result};

/// The longest text a cursor may come in; names are cut to [`limits::SHORT_TEXT_CHARS`] in sort keys.
const CURSOR_CHARS_MAX: usize = 2048;

/// One page of a list, and where the next one starts. It knows where the list goes on behind each of its items, so that its caller
/// may end it earlier.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// As many as there are items.
    positions: Vec<Cursor>,
    pub next: Option<Cursor>,
}

/// A request for one page of a list.
#[derive(Clone, Debug)]
pub struct PageRequest {
    pub cursor: Option<Cursor>,
    pub limit: u32,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { cursor: None, limit: limits::PAGE_DEFAULT }
    }
}

/// The sort key of a row: a number (time, size) or a text (name).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SortKey {
    Number(i64),
    Text(String),
}

/// A position in a list, between two rows. Text form: base64url of `n<number>:<id>` or `t<id>:<text>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) key: SortKey,
    pub(crate) id: i64,
}

impl Cursor {
    pub(crate) fn number(key: i64, id: i64) -> Self {
        Self { key: SortKey::Number(key), id }
    }

    pub(crate) fn text(key: String, id: i64) -> Self {
        Self { key: SortKey::Text(key), id }
    }

    /// The number it sorts by. A cursor of a list with another order is refused.
    pub(crate) fn as_number(&self) -> Result<i64> {
        match self.key {
            SortKey::Number(key) => Ok(key),
            SortKey::Text(_) => {
                Err(Error::new(ErrorKind::InvalidCursor, "cursor belongs to a list in another order"))
            }
        }
    }

    pub(crate) fn as_text(&self) -> Result<&str> {
        match &self.key {
            SortKey::Text(key) => Ok(key),
            SortKey::Number(_) => {
                Err(Error::new(ErrorKind::InvalidCursor, "cursor belongs to a list in another order"))
            }
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = match &self.key {
            SortKey::Number(key) => format!("n{key}:{}", self.id),
            SortKey::Text(key) => format!("t{}:{key}", self.id),
        };
        f.write_str(&BASE64URL_NOPAD.encode(plain.as_bytes()))
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse(text).ok_or_else(|| {
            Error::new(ErrorKind::InvalidCursor, "cursor is not one that a list gave; start without a cursor")
        })
    }
}

fn parse(text: &str) -> Option<Cursor> {
    if text.len() > CURSOR_CHARS_MAX {
        return None;
    }
    let plain = String::from_utf8(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()?;
    if let Some(rest) = plain.strip_prefix('n') {
        let (key, id) = rest.split_once(':')?;
        return Some(Cursor::number(key.parse().ok()?, id.parse().ok()?));
    }
    let (id, key) = plain.strip_prefix('t')?.split_once(':')?;
    Some(Cursor::text(key.to_owned(), id.parse().ok()?)).filter(|_| !key.contains('\0'))
}

impl PageRequest {
    /// One row more than asked for tells whether there is a next page.
    pub(crate) fn row_count(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Where a list of numbers going down starts.
    pub(crate) fn before(&self) -> Result<(i64, i64)> {
        self.cursor.as_ref().map_or(Ok((i64::MAX, i64::MAX)), |cursor| Ok((cursor.as_number()?, cursor.id)))
    }

    /// Where a list in the order of ids starts.
    pub(crate) fn after_id(&self) -> Result<i64> {
        self.cursor.as_ref().map_or(Ok(0), Cursor::as_number)
    }
}

impl<T> Page<T> {
    pub(crate) fn new(items: Vec<T>, next: Option<Cursor>, cursor_of: impl Fn(&T) -> Cursor) -> Self {
        Self { positions: items.iter().map(cursor_of).collect(), items, next }
    }

    pub(crate) fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        let items = self.items.into_iter().map(convert).collect();
        Page { items, positions: self.positions, next: self.next }
    }

    /// Each item with the position behind it.
    pub fn into_positioned(self) -> impl Iterator<Item = (T, Cursor)> {
        self.items.into_iter().zip(self.positions)
    }

    /// From one row more than asked for: the extra one only says that there is a next page.
    pub(crate) fn from_rows(mut rows: Vec<T>, limit: u32, cursor_of: impl Fn(&T) -> Cursor) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(&cursor_of);
        Self::new(rows, next, cursor_of)
    }
}

impl Page<Cursor> {
    /// The records of a page of ids, in their order; some may be gone meanwhile.
    pub(crate) fn with<T>(self, records: Vec<T>, id_of: impl Fn(&T) -> i64) -> Page<T> {
        let positions: HashMap<i64, Cursor> =
            self.items.into_iter().map(|cursor| (cursor.id, cursor)).collect();
        let (items, positions) = records
            .into_iter()
            .filter_map(|record| {
                let position = positions.get(&id_of(&record))?.clone();
                Some((record, position))
            })
            .unzip();
        Page { items, positions, next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_survives_its_text_form() {
        for cursor in [Cursor::number(-5, 7), Cursor::text("a:b ü".into(), 9), Cursor::text(String::new(), 1)]
        {
            assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        }
    }

    #[test]
    fn malformed_cursor_is_refused() {
        for text in ["", "%%", "bjE", "bjE6", "eDE6Mg", &"A".repeat(CURSOR_CHARS_MAX + 1)] {
            assert!(text.parse::<Cursor>().is_err(), "{text:.20}");
        }
        assert!(Cursor::text("a".into(), 1).as_number().is_err());
    }
}
