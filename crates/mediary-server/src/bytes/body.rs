//! The body of a stored file.

use std::ops::Range;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use mediary_blob::{LocalFile, Reader, StoredFile};
use mediary_core::error_chain;

use crate::wire::{HANDED_OVER_MAX, Handover};

/// The bytes of `part`: of a file on this machine handed over to the socket, of any other read one by one, and so for a
/// request that came by no socket of ours. The first of them are read before the head is sent, so that a failure
/// still becomes an answer.
pub(crate) async fn body(
    file: StoredFile,
    part: Range<u64>,
    handover: Option<Handover>,
) -> Result<Body, mediary_blob::Error> {
    let mut transfer = match (file, handover) {
        (StoredFile::Local(file), Some(handover)) => Transfer::HandedOver { file, part, handover },
        (file, _) => Transfer::Read(file.reader(part)),
    };
    let Some(first) = transfer.next().await? else { return Ok(Body::empty()) };
    if transfer.is_at_its_end() {
        return Ok(Body::from(first));
    }
    let rest = stream::unfold(transfer, async |mut transfer| {
        // The kernel takes half a mebibyte in one step: who reads as fast as that would keep its thread from others.
        tokio::task::yield_now().await;
        let next = transfer.next().await.inspect_err(|error| {
            tracing::error!(error = error_chain(error), "failed to read a stored file while sending it");
        });
        next.transpose().map(|next| (next, transfer))
    });
    Ok(Body::from_stream(futures_util::StreamExt::chain(stream::iter([Ok(first)]), rest)))
}

#[derive(Debug)]
enum Transfer {
    HandedOver {
        file: LocalFile,
        /// The bytes that are not handed over yet.
        part: Range<u64>,
        handover: Handover,
    },
    Read(Reader),
}

impl Transfer {
    async fn next(&mut self) -> Result<Option<Bytes>, mediary_blob::Error> {
        let (file, part, handover) = match self {
            Self::Read(reader) => return reader.next().await,
            Self::HandedOver { file, part, handover } => (file, part, handover),
        };
        let (offset, left) = (part.start, part.end.saturating_sub(part.start));
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(HANDED_OVER_MAX);
        if len == 0 {
            return Ok(None);
        }
        part.start += len as u64;
        file.warm(offset, len).await?;
        Ok(Some(handover.hand_over(file.clone(), offset, len)))
    }

    /// Whether it is known that nothing more comes.
    fn is_at_its_end(&self) -> bool {
        matches!(self, Self::HandedOver { part, .. } if part.is_empty())
    }
}
