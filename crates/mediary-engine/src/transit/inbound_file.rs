//! A file that is being received from WhatsApp, shared by all its readers.
//!
//! No task drives the transfer: the viewer who needs the next bytes pulls them for all. So one viewer costs no more than plain
//! proxying, the file comes at the pace of the fastest, and the transfer ends with its last viewer.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use mediary_blob::{Spool, Spools};
use mediary_core::Error;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{Mutex as AsyncMutex, Notify};
use tokio::time::Instant;

use super::line::Line;
use super::range::ByteRange;
use super::upstream::{Origin, Upstream};
use super::window::{ViewerId, Window, WindowMemory, WindowRead};
use crate::whatsapp::provider::{MediaRequest, OpenStream};

/// How long a viewer waits for the size of a file without a declared one.
pub(crate) const COUNTED_WITHIN: Duration = Duration::from_secs(15);
/// How long the others wait for a viewer who reads nothing. Sockets take bytes in large pieces, even for a steady reader.
const WAITS_FOR_SLOW: Duration = Duration::from_secs(2);

/// Why a transfer ended early, for all who wait for its bytes.
#[derive(Clone, Debug)]
pub(crate) enum InboundError {
    WhatsApp(Arc<mediary_graph::Error>),
    Disk(Arc<mediary_blob::Error>),
}

impl From<mediary_graph::Error> for InboundError {
    fn from(error: mediary_graph::Error) -> Self {
        Self::WhatsApp(Arc::new(error))
    }
}

impl From<mediary_blob::Error> for InboundError {
    fn from(error: mediary_blob::Error) -> Self {
        Self::Disk(Arc::new(error))
    }
}

impl From<InboundError> for Error {
    fn from(broken: InboundError) -> Self {
        match broken {
            InboundError::WhatsApp(error) => Self::new(error.code(), "pass on from WhatsApp").because(error),
            InboundError::Disk(error) => Self::new(error.code(), "pass on by way of the disk").because(error),
        }
    }
}

/// The file, as far as it was received.
pub(crate) struct InboundFile {
    source: AsyncMutex<Source>,
    kept: InboundBuffer,
    /// The number of received bytes, and how the transfer ended.
    received: AtomicU64,
    ended: Mutex<Option<Result<(), InboundError>>>,
    /// A viewer of the window moved on or left.
    moved: Notify,
    origin: Origin,
    total: Option<u64>,
    /// The largest file that is accepted.
    max_bytes: u64,
    /// The size that WhatsApp declared before.
    declared: Option<u64>,
}

struct Source {
    upstream: Upstream,
    /// Received, and not yet in the buffer.
    pending: Option<Bytes>,
}

/// The buffer from which viewers read.
enum InboundBuffer {
    Memory(Mutex<Window>),
    /// `None` once it must not be on a disk any more.
    Disk(Mutex<Option<Spool>>),
}

impl InboundFile {
    /// A file of which a bounded window is kept in memory while it has viewers.
    pub(crate) fn in_memory(upstream: Upstream, held: &Arc<WindowMemory>, line: &Line) -> Arc<Self> {
        Self::new(upstream, None, InboundBuffer::Memory(Mutex::new(Window::new(held.clone(), line.clone()))))
    }

    /// A file that is kept completely on disk until its last reader ends.
    pub(crate) async fn on_disk(
        upstream: Upstream,
        declared: Option<u64>,
        spools: &Spools,
    ) -> Result<Arc<Self>, InboundError> {
        Ok(Self::new(upstream, declared, InboundBuffer::Disk(Mutex::new(Some(spools.create().await?)))))
    }

    fn new(upstream: Upstream, declared: Option<u64>, kept: InboundBuffer) -> Arc<Self> {
        Arc::new(Self {
            origin: upstream.origin().clone(),
            total: upstream.total(),
            max_bytes: upstream.max_bytes(),
            declared,
            source: AsyncMutex::new(Source { upstream, pending: None }),
            kept,
            received: AtomicU64::new(0),
            ended: Mutex::new(None),
            moved: Notify::new(),
        })
    }

    /// The size of the file, if WhatsApp declared it.
    pub(crate) fn total(&self) -> Option<u64> {
        self.total
    }

    /// The size of the file. If WhatsApp did not declare it, this waits until the whole file is on disk; `None` if that takes too
    /// long, or the transfer breaks off.
    pub(crate) async fn size_once_here(&self) -> Option<u64> {
        if self.total.is_some() || !self.is_on_disk() {
            return self.total;
        }
        let all_of_it = async {
            loop {
                if let Some(ended) = &*self.ended() {
                    return ended.is_ok().then(|| self.received());
                }
                if self.has_left_disk() {
                    return None;
                }
                self.pull(self.received()).await;
            }
        };
        tokio::time::timeout(COUNTED_WITHIN, all_of_it).await.ok().flatten()
    }

    fn has_left_disk(&self) -> bool {
        matches!(&self.kept, InboundBuffer::Disk(spool) if lock(spool).is_none())
    }

    /// Whether viewers may be served: it may still be the declared file, and is not empty.
    pub(crate) fn is_as_declared(&self) -> bool {
        if self.total == Some(0) {
            return false;
        }
        self.total.is_none() || self.declared.is_none() || self.total == self.declared
    }

    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Acquire)
    }

    /// Whether it is or was on this machine's disk.
    pub(crate) fn is_on_disk(&self) -> bool {
        matches!(self.kept, InboundBuffer::Disk(_))
    }

    /// Stops writing to the disk and deletes what is there. Its readers resume from WhatsApp, each alone and without a disk; nobody can
    /// join any more.
    pub(crate) fn leave_disk(&self) {
        if let InboundBuffer::Disk(spool) = &self.kept {
            // A running write or read keeps it a little longer; no other one can begin.
            lock(spool).take();
        }
    }

    /// A reader from the first byte to the last; `None` if the first is gone, or the received bytes are known to be wrong.
    pub(crate) fn reader(self: &Arc<Self>) -> Option<Reader> {
        if matches!(*self.ended(), Some(Err(_))) {
            return None;
        }
        let viewer = match &self.kept {
            InboundBuffer::Memory(window) => Some(lock(window).join()?),
            InboundBuffer::Disk(_) if self.has_left_disk() => return None,
            InboundBuffer::Disk(_) => None,
        };
        self.moved.notify_waiters();
        Some(Reader { file: self.clone(), viewer, at: 0, end: None, alone: None, is_copy: false })
    }

    /// A reader of a part; `None` where not everything is kept.
    pub(crate) fn part(self: &Arc<Self>, part: Range<u64>) -> Option<Reader> {
        match self.kept {
            InboundBuffer::Memory(_) => None,
            InboundBuffer::Disk(_) => {
                let mut reader = self.reader()?;
                (reader.at, reader.end) = (part.start, Some(part.end));
                Some(reader)
            }
        }
    }

    fn ended(&self) -> MutexGuard<'_, Option<Result<(), InboundError>>> {
        lock(&self.ended)
    }

    /// Pulls the next bytes into the buffer, unless another viewer just did.
    async fn pull(&self, beyond: u64) {
        let mut source = self.source.lock().await;
        if self.received() > beyond || self.ended().is_some() {
            return;
        }
        match &self.kept {
            InboundBuffer::Memory(window) => self.make_room(window).await,
            InboundBuffer::Disk(_) if self.has_left_disk() => return,
            InboundBuffer::Disk(_) => {}
        }
        if source.pending.is_none() {
            match source.upstream.next().await {
                Ok(Some(bytes)) => source.pending = Some(bytes),
                end => {
                    *self.ended() = Some(end.map(drop).map_err(InboundError::from));
                    return;
                }
            }
        }
        // From here on, if the caller is dropped, the next one finds the bytes.
        let Some(bytes) = source.pending.clone() else { return };
        let len = bytes.len() as u64;
        match &self.kept {
            InboundBuffer::Memory(window) => lock(window).push(bytes),
            InboundBuffer::Disk(spool) => {
                // Checked again: it may have had to leave the disk while the bytes were awaited.
                let Some(spool) = lock(spool).clone() else { return };
                if let Err(error) = spool.write(self.received(), bytes).await {
                    *self.ended() = Some(Err(error.into()));
                    return;
                }
            }
        }
        source.pending = None;
        self.received.fetch_add(len, Ordering::Release);
    }

    /// Waits for viewers who keep up, and detaches the others.
    async fn make_room(&self, window: &Mutex<Window>) {
        let mut until = None;
        loop {
            let moved = self.moved.notified();
            if !lock(window).is_full() {
                return;
            }
            let until = until.get_or_insert_with(|| {
                lock(window).watch();
                Instant::now() + WAITS_FOR_SLOW
            });
            if tokio::time::timeout_at(*until, moved).await.is_err() {
                lock(window).detach_slow();
                lock(window).watch();
                *until = Instant::now() + WAITS_FOR_SLOW;
            }
        }
    }
}

/// Reads an inbound file at its own pace.
pub(crate) struct Reader {
    file: Arc<InboundFile>,
    viewer: Option<ViewerId>,
    at: u64,
    end: Option<u64>,
    /// A transfer of its own, for a viewer who was detached.
    alone: Option<Box<Upstream>>,
    /// Whether it makes the copy for storage, which ends if the file must not be on a disk.
    is_copy: bool,
}

impl Reader {
    /// Marks this reader as the one that makes the copy for storage.
    pub(crate) fn of_the_copy(mut self) -> Self {
        self.is_copy = true;
        self
    }

    /// The next bytes; `None` at the end. May be dropped and called again at any time.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, InboundError> {
        loop {
            if self.end.is_some_and(|end| self.at >= end) {
                return Ok(None);
            }
            if let Some(alone) = &mut self.alone {
                return Ok(alone.next().await?);
            }
            // Read before the buffer is checked: a transfer that had ended by then has everything in it.
            let ended = self.file.ended().clone();
            match self.look().await? {
                WindowRead::Bytes(bytes) => {
                    self.at += bytes.len() as u64;
                    return Ok(Some(bytes));
                }
                WindowRead::Gone if self.is_copy => return Err(mediary_graph::Error::cut_off().into()),
                WindowRead::Gone => self.go_alone().await?,
                WindowRead::NotYet => match ended {
                    Some(ended) => return ended.map(|()| None),
                    None => self.file.pull(self.at).await,
                },
            }
        }
    }

    /// The next received bytes within the range of this reader.
    async fn look(&self) -> Result<WindowRead, InboundError> {
        match (&self.file.kept, self.viewer) {
            (InboundBuffer::Memory(window), Some(viewer)) => {
                let found = lock(window).take(viewer);
                self.file.moved.notify_waiters();
                Ok(found)
            }
            (InboundBuffer::Disk(spool), _) => {
                let Some(spool) = lock(spool).clone() else { return Ok(WindowRead::Gone) };
                let received = self.file.received();
                let end = self.end.map_or(received, |end| end.min(received));
                if self.at < end {
                    Ok(WindowRead::Bytes(spool.read(self.at, end).await?))
                } else {
                    Ok(WindowRead::NotYet)
                }
            }
            (InboundBuffer::Memory(_), None) => Ok(WindowRead::Gone),
        }
    }

    /// Continues with its own transfer from WhatsApp.
    async fn go_alone(&mut self) -> Result<(), InboundError> {
        self.leave();
        let Origin { carrier, media_id } = &self.file.origin;
        let range = ByteRange::From { first: self.at, last: self.end.map(|end| end - 1) };
        let request = MediaRequest { media_id, url: None, range: range.to_ask(self.file.total) };
        let rest: Result<OpenStream, mediary_graph::Error> = carrier.open(request, |_| Ok(())).await;
        let stream = rest?.stream;
        let InboundFile { origin, total, max_bytes, .. } = &*self.file;
        let upstream = Upstream::new(origin.clone(), stream, Some(range), *total, *max_bytes)?;
        if upstream.place().0 != self.at {
            return Err(mediary_graph::Error::cut_off().into());
        }
        self.alone = Some(Box::new(upstream));
        Ok(())
    }

    fn leave(&mut self) {
        if let (InboundBuffer::Memory(window), Some(viewer)) = (&self.file.kept, self.viewer.take()) {
            lock(window).leave(viewer);
            self.file.moved.notify_waiters();
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.leave();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock()
}
