//! The bytes on the wire: as they are, or spoiled on request.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use flate2::{Compression, write::GzEncoder};
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use tokio_util::sync::CancellationToken;

use crate::faults::{FaultKind, FaultSpec};
use crate::media::Media;
use crate::stats::Flight;

/// How fast a slow answer is unless it is told.
const SLOW_BYTES_PER_SECOND: u64 = 64 * 1024;
/// A slow answer is sent in so many pieces a second.
const SLOW_PIECES_PER_SECOND: u64 = 10;
/// An endless answer is sent in pieces of this size.
const ENDLESS_PIECE: usize = 64 * 1024;
/// What was sent before a break gets this long to reach the other side, or it would be thrown away with the rest.
const BEFORE_BREAK: Duration = Duration::from_millis(20);

type Pieces = BoxStream<'static, io::Result<Bytes>>;

/// The bytes of `range`, all of them.
pub(crate) fn healthy(media: &Media, range: Range<u64>, flight: Flight) -> Body {
    let length = range.end - range.start;
    Body::from_stream(counted(media.content.stream(range), length, flight))
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BodyFault {
    Slow { bytes_per_second: u64 },
    Stalled { after: u64 },
    Cut { after: u64 },
    Short { after: u64 },
    WrongHash,
    Gzip,
    Empty,
    Endless,
}

impl BodyFault {
    pub(crate) fn of(kind: FaultKind, fault: &FaultSpec, size: u64) -> Self {
        let after = fault.after_bytes.unwrap_or(size / 2).min(size);
        match kind {
            FaultKind::Slow => {
                Self::Slow { bytes_per_second: fault.bytes_per_second.unwrap_or(SLOW_BYTES_PER_SECOND) }
            }
            FaultKind::Stalled => Self::Stalled { after },
            FaultKind::Cut => Self::Cut { after },
            FaultKind::Short => Self::Short { after: after.min(size.saturating_sub(1)) },
            FaultKind::WrongHash => Self::WrongHash,
            FaultKind::Gzip => Self::Gzip,
            FaultKind::Endless => Self::Endless,
            _ => Self::Empty,
        }
    }

    /// `Content-Length`, where the answer has one.
    pub(crate) fn declared_length(&self, size: u64) -> Option<u64> {
        match self {
            Self::Slow { .. } | Self::Stalled { .. } | Self::Cut { .. } | Self::WrongHash => Some(size),
            Self::Short { after } => Some(*after),
            Self::Empty => Some(0),
            Self::Gzip | Self::Endless => None,
        }
    }
}

/// The bytes with that wrong about them. `stop` ends what would be endless.
pub(crate) fn spoiled(
    media: &Arc<Media>,
    spoiled: BodyFault,
    flight: Flight,
    stop: CancellationToken,
) -> Body {
    let size = media.size();
    let part = |end: u64| media.content.stream(0..end);
    let pieces: Pieces = match spoiled {
        BodyFault::Slow { bytes_per_second } => trickle(part(size), bytes_per_second).boxed(),
        BodyFault::Stalled { after } => part(after).chain(stream::pending()).boxed(),
        BodyFault::Cut { after } => part(after).chain(stream::once(broken())).boxed(),
        BodyFault::Short { after } => part(after),
        BodyFault::WrongHash => flipped(part(size)).boxed(),
        BodyFault::Gzip => compressed(part(size)).boxed(),
        BodyFault::Empty => stream::empty().boxed(),
        BodyFault::Endless => stream::repeat(Bytes::from(vec![0x5a; ENDLESS_PIECE])).map(Ok).boxed(),
    };
    Body::from_stream(counted(pieces.take_until(stop.cancelled_owned()), u64::MAX, flight))
}

async fn broken() -> io::Result<Bytes> {
    tokio::time::sleep(BEFORE_BREAK).await;
    Err(io::ErrorKind::ConnectionReset.into())
}

/// Counts what goes out; the flight is over when the stream is dropped.
fn counted(
    pieces: impl Stream<Item = io::Result<Bytes>>,
    whole: u64,
    flight: Flight,
) -> impl Stream<Item = io::Result<Bytes>> {
    let mut sent = 0;
    pieces.inspect(move |piece| {
        let Ok(piece) = piece else { return };
        flight.sent(piece.len() as u64);
        sent += piece.len() as u64;
        if sent == whole {
            flight.completed();
        }
    })
}

fn trickle(pieces: Pieces, bytes_per_second: u64) -> impl Stream<Item = io::Result<Bytes>> {
    let size = usize::try_from(bytes_per_second / SLOW_PIECES_PER_SECOND).unwrap_or(usize::MAX).max(1);
    let split = move |piece: io::Result<Bytes>| {
        let mut rest = piece.unwrap_or_default();
        stream::iter(std::iter::from_fn(move || {
            (!rest.is_empty()).then(|| Ok(rest.split_to(size.min(rest.len()))))
        }))
    };
    pieces.flat_map(split).then(move |piece| async move {
        let len = piece.as_ref().map_or(0, Bytes::len);
        tokio::time::sleep(Duration::from_secs_f64(len as f64 / bytes_per_second as f64)).await;
        piece
    })
}

/// Other bytes of the same length, every time the same ones.
fn flipped(pieces: Pieces) -> impl Stream<Item = io::Result<Bytes>> {
    pieces.map(|piece| {
        let mut piece = BytesMut::from(piece?.as_ref());
        if let Some(last) = piece.last_mut() {
            *last ^= 0xff;
        }
        Ok(piece.freeze())
    })
}

fn compressed(pieces: Pieces) -> impl Stream<Item = io::Result<Bytes>> {
    let encoder = GzEncoder::new(Vec::new(), Compression::fast());
    stream::unfold((pieces, Some(encoder)), |(mut pieces, encoder)| async move {
        let mut encoder = encoder?;
        let next = match pieces.next().await {
            Some(Ok(piece)) => {
                encoder.write_all(&piece).map(|()| (std::mem::take(encoder.get_mut()), Some(encoder)))
            }
            Some(Err(error)) => Err(error),
            None => encoder.finish().map(|rest| (rest, None)),
        };
        Some(match next {
            Ok((bytes, encoder)) => (Ok(Bytes::from(bytes)), (pieces, encoder)),
            Err(error) => (Err(error), (pieces, None)),
        })
    })
}
