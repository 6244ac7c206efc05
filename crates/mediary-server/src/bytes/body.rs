//! The body of a stored file.

use std::ops::Range;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use mediary_blob::StoredFile;

use crate::problem;
use crate::wire::{HANDED_OVER_MAX, Handover};

/// The bytes of `part`, handed over to the socket; or, for a request that came by no socket of ours, read one by one.
/// The first of them are looked at before the head is sent, so that a failure still becomes an answer.
pub(crate) async fn body(
    file: StoredFile,
    part: Range<u64>,
    handover: Option<Handover>,
) -> Result<Body, mediary_blob::Error> {
    let mut transfer = Transfer { file, part, handover };
    let Some(first) = transfer.next().await? else { return Ok(Body::empty()) };
    if transfer.part.is_empty() {
        return Ok(Body::from(first));
    }
    let rest = stream::unfold(transfer, async |mut transfer| {
        // The kernel takes half a mebibyte in one step: who reads as fast as that would keep its thread from others.
        tokio::task::yield_now().await;
        let next = transfer.next().await.inspect_err(|error| {
            tracing::error!(error = problem::chain(error), "failed to read a stored file while sending it");
        });
        next.transpose().map(|next| (next, transfer))
    });
    Ok(Body::from_stream(futures_util::StreamExt::chain(stream::iter([Ok(first)]), rest)))
}

#[derive(Debug)]
struct Transfer {
    file: StoredFile,
    /// What is still to come.
    part: Range<u64>,
    handover: Option<Handover>,
}

impl Transfer {
    async fn next(&mut self) -> Result<Option<Bytes>, mediary_blob::Error> {
        let (offset, left) = (self.part.start, self.part.end.saturating_sub(self.part.start));
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(HANDED_OVER_MAX);
        if len == 0 {
            return Ok(None);
        }
        self.part.start += len as u64;
        let Some(handover) = &self.handover else { return self.file.read_at(offset, len).await.map(Some) };
        self.file.warm(offset, len).await?;
        Ok(Some(handover.hand_over(self.file.clone(), offset, len)))
    }
}
