//! Bytes that are proxied from WhatsApp to a viewer: from a transfer shared with other viewers of the file, or from one of their own.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use mediary_core::{Error, Result};

use super::view::View;
use crate::transit::inbound_file::Reader;
use crate::transit::inbound_files::Slot;
use crate::transit::upstream::Upstream;

/// A file, or a part of it, on its source to a viewer.
pub struct ProxiedBody {
    source: BodySource,
    /// The range of the bytes, if they are only a part and the size is known.
    part: Option<Range<u64>>,
    total: Option<u64>,
    view: View,
}

enum BodySource {
    /// Keeps the slot as long as this viewer reads, so that others find the file.
    Shared(Reader, #[expect(dead_code, reason = "held, not read")] Arc<Slot>),
    Alone(Box<Upstream>),
}

impl ProxiedBody {
    pub(super) fn shared(
        reader: Reader,
        slot: Arc<Slot>,
        part: Option<Range<u64>>,
        total: Option<u64>,
        view: View,
    ) -> Self {
        Self::new(BodySource::Shared(reader, slot), part, total, view)
    }

    pub(super) fn alone(upstream: Upstream, part: bool, view: View) -> Self {
        let total = upstream.total();
        let part = match upstream.place() {
            (start, Some(end)) if part => Some(start..end),
            _ => None,
        };
        Self::new(BodySource::Alone(Box::new(upstream)), part, total, view)
    }

    fn new(source: BodySource, part: Option<Range<u64>>, total: Option<u64>, view: View) -> Self {
        let mut passing = Self { source, part, total, view };
        passing.view.expect(passing.length());
        passing
    }

    /// The range of the bytes, if they are only a part of the file.
    pub fn part(&self) -> Option<&Range<u64>> {
        self.part.as_ref()
    }

    /// The size of the whole file, where it is known.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// How many bytes come, if that is known.
    pub fn length(&self) -> Option<u64> {
        self.part.as_ref().map(|part| part.end - part.start).or(self.total)
    }

    /// The next bytes; `None` at the end. After an error the bytes are incomplete and must not be taken for the whole. An end before
    /// the first byte is such an error, too.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let mut next = match &mut self.source {
            BodySource::Shared(reader, _) => reader.next().await.map_err(Error::from),
            BodySource::Alone(upstream) => upstream.next().await.map_err(Error::from),
        };
        if matches!(next, Ok(None)) && self.view.is_without_bytes() {
            next = Err(mediary_graph::Error::no_bytes().into());
        }
        self.view.note(&next);
        next
    }
}

impl std::fmt::Debug for ProxiedBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProxiedBody")
            .field("part", &self.part)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}
