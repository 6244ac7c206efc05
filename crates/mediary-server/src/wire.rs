//! A connection's socket, which can have the kernel send parts of files without copying them through our memory.
//!
//! hyper takes bytes from a body and hands them to the socket, in order and without copying them. For a part of a file
//! it is given stand-ins: slices of one static that nothing else points into. What they stand for waits in a queue of
//! the connection, and the socket, seeing a stand-in by where it lies, sends that instead (`sendfile`). So a slow
//! reader costs no memory for the file, and a fast one no copy.
//!
//! Why every byte is sent once, in its order, and no other in its stead:
//!
//! 1. *Stand-ins and parts are in one order.* [`Handover::hand_over`] puts a part into the queue as it makes the stand-in, and the
//!    stand-in goes into the body next: the handler neither waits nor fails between its first part and its response, and the
//!    body hands over the others one by one, as hyper asks for them. hyper answers one request of a connection at a time and
//!    asks for no body that it does not send, as after HEAD, where the handler hands over nothing.
//! 2. *hyper keeps a stand-in where it lies.* The socket says that it writes vectored; only to others does hyper give copies,
//!    which would be sent as the zeros that they are.
//! 3. *The queue and hyper agree on how far it is.* `Wire::write` takes from the queue's first part exactly as many bytes as
//!    it reports, and hyper takes as many off its buffers: after half a stand-in its rest stands for the rest of the part.
//!    `Pending` and errors took nothing.
//! 4. *What lies before a stand-in goes first.* If the socket did not take all of it, that much is reported and no part is
//!    touched; if it took all and no byte of the part, that is reported, and the part stays the first.
//! 5. *What is missing ends the connection, and is never made up.* A stand-in without a part is an error, and so is a file
//!    that ends early, by which its part would be short. The announced length tells the reader that it is not the whole.
//! 6. *What is dropped takes the connection along.* A body that hyper drops half-way leaves its answer short, so hyper closes
//!    the connection; its parts go with the queue, which no other connection shares. Clones of the [`Handover`] that outlive it (of a
//!    watcher of access) reach no socket.
//! 7. *A cut is seen.* [`Handover::cut`] sets the mark before it wakes, and a socket that cannot write registers before it
//!    looks at the mark: either it sees the mark, or it is woken and sees it then. A socket that can write looks first.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use mediary_blob::LocalFile;
use parking_lot::{Mutex, MutexGuard};
use rustix::fs::sendfile;
use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};
use tokio::io::Interest;
use tokio::net::TcpStream;

use crate::pace::{Pace, Patience, too_slow};

/// The most that is handed over at once.
pub(crate) const HANDED_OVER_MAX: usize = 512 * 1024;

static STAND_IN: [u8; HANDED_OVER_MAX] = [0; HANDED_OVER_MAX];

/// The parts of files that a connection's stand-ins stand for. Requests carry it as an extension; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Handover(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    parts: Mutex<VecDeque<Part>>,
    /// Nothing more may be sent.
    cut: AtomicBool,
    /// The socket, while it waits for its reader.
    writer: AtomicWaker,
    /// The bytes that buy its reader a second, where they are more than usual; otherwise 0.
    bytes_per_second: AtomicU64,
}

/// A pace that the reader has to keep until this is dropped.
#[derive(Debug)]
pub(crate) struct QuickenedPace(Handover);

impl Drop for QuickenedPace {
    fn drop(&mut self) {
        self.0.0.bytes_per_second.store(0, Ordering::Relaxed);
    }
}

#[derive(Debug)]
struct Part {
    file: LocalFile,
    offset: u64,
    left: usize,
}

impl Handover {
    /// The stand-in for up to [`HANDED_OVER_MAX`] bytes of a file. It has to go into the answer's body next, once.
    pub(crate) fn hand_over(&self, file: LocalFile, offset: u64, len: usize) -> Bytes {
        let stand_in = Bytes::from_static(&STAND_IN).slice(..len);
        self.lock().push_back(Part { file, offset, left: len });
        stand_in
    }

    /// Asks the reader for a faster pace than usual. A connection sends one answer at a time, so this is that of the next one.
    pub(crate) fn quicken(&self, bytes_per_second: u64) -> QuickenedPace {
        self.0.bytes_per_second.store(bytes_per_second, Ordering::Relaxed);
        QuickenedPace(self.clone())
    }

    #[cfg(test)]
    pub(crate) fn quickened(&self) -> Option<u64> {
        Some(self.0.bytes_per_second.load(Ordering::Relaxed)).filter(|bytes| *bytes > 0)
    }

    /// Ends the connection, also in the middle of what was handed over.
    pub(crate) fn cut(&self) {
        self.0.cut.store(true, Ordering::Release);
        self.0.writer.wake();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Part>> {
        self.0.parts.lock()
    }
}

/// The socket.
#[derive(Debug)]
pub(crate) struct Wire {
    socket: TokioIo<TcpStream>,
    handover: Handover,
    patience: Patience,
    /// What usually buys a second.
    bytes_per_second: u64,
}

impl Wire {
    /// `readers` is the pace at which what is sent has to be taken.
    pub(crate) fn new(socket: TcpStream, handover: Handover, readers: Pace) -> Self {
        let bytes_per_second = readers.bytes_per_second;
        Self { socket: TokioIo::new(socket), handover, patience: Patience::new(readers), bytes_per_second }
    }

    /// Lets a write that cannot move wait no longer than a reader may take.
    fn patient(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let quickened = self.handover.0.bytes_per_second.load(Ordering::Relaxed);
        self.patience.price(self.bytes_per_second.max(quickened));
        match written {
            Poll::Pending => {
                // Registered before it is looked again, so that a cut in between is not missed.
                self.handover.0.writer.register(cx.waker());
                if self.is_cut() {
                    return Poll::Ready(Err(cut_off()));
                }
                self.patience.poll_over(cx).map(|()| Err(too_slow()))
            }
            Poll::Ready(written) => Poll::Ready(written.inspect(|bytes| self.patience.moved(*bytes))),
        }
    }

    fn is_cut(&self) -> bool {
        self.handover.0.cut.load(Ordering::Acquire)
    }

    fn write(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if self.is_cut() {
            return Poll::Ready(Err(cut_off()));
        }
        let Some(at) = bufs.iter().position(|buf| is_stand_in(buf)) else {
            return Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        };
        let before = &bufs[..at];
        let length: usize = before.iter().map(|buf| buf.len()).sum();
        if length == 0 {
            return self.send_part(cx, bufs[at].len());
        }
        let sent = ready!(self.send_before_part(cx, before))?;
        if sent < length {
            return Poll::Ready(Ok(sent));
        }
        match self.send_part(cx, bufs[at].len()) {
            Poll::Ready(part) => Poll::Ready(part.map(|part| length + part)),
            Poll::Pending => Poll::Ready(Ok(length)),
        }
    }

    /// Sends up to `len` bytes of what comes next in the queue.
    fn send_part(&self, cx: &mut Context<'_>, len: usize) -> Poll<io::Result<usize>> {
        let socket = self.socket.inner();
        loop {
            ready!(socket.poll_write_ready(cx))?;
            let sent = socket.try_io(Interest::WRITABLE, || {
                let mut parts = self.handover.lock();
                let part = parts.front_mut().ok_or_else(|| io::Error::other("nothing was handed over"))?;
                let sent = sendfile(socket, &part.file, Some(&mut part.offset), len.min(part.left))?;
                part.left -= sent;
                if part.left == 0 {
                    parts.pop_front();
                }
                if sent == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(sent) }
            });
            match sent {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                sent => return Poll::Ready(sent),
            }
        }
    }

    /// Sends bytes that are followed by a part of a file, so that both leave together.
    fn send_before_part(&self, cx: &mut Context<'_>, bytes: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let socket = self.socket.inner();
        loop {
            ready!(socket.poll_write_ready(cx))?;
            let sent = socket.try_io(Interest::WRITABLE, || {
                Ok(sendmsg(
                    socket,
                    bytes,
                    &mut SendAncillaryBuffer::default(),
                    SendFlags::MORE | SendFlags::NOSIGNAL,
                )?)
            });
            match sent {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                sent => return Poll::Ready(sent),
            }
        }
    }
}

impl Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.write(cx, &[IoSlice::new(buf)]);
        self.patient(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.write(cx, bufs);
        self.patient(cx, written)
    }

    /// hyper would otherwise copy what it is given.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

fn cut_off() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the reader lost access")
}

fn is_stand_in(bytes: &[u8]) -> bool {
    !bytes.is_empty() && STAND_IN.as_ptr_range().contains(&bytes.as_ptr())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mediary_core::{Role, Scope};
    use mediary_testing::files::{PNG, content_like};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;
    use crate::testing::{Company, House, Made};

    /// More than one handover, and no multiple of it.
    const SIZE: usize = 2 * HANDED_OVER_MAX + 12_345;

    fn content() -> Vec<u8> {
        content_like(PNG, SIZE)
    }

    struct Scene {
        house: House,
        company: Company,
        made: Made,
        address: std::net::SocketAddr,
    }

    impl Scene {
        async fn new() -> Self {
            let house = House::open().await;
            let company = house.company("acme").await;
            let made = house.stored(&company, "wamid.1", &content(), "image/png").await;
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let bounds = crate::listen::Bounds::default();
            tokio::spawn(crate::listen::serve(
                listener,
                house.router.clone(),
                bounds,
                house.shutdown.clone(),
            ));
            Self { house, company, made, address }
        }

        fn head(&self, method: &str, path: &str, more: &str) -> String {
            let key = self.company.key(Role::Viewer);
            format!("{method} {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n{more}\r\n")
        }

        fn asking(&self, method: &str, more: &str) -> String {
            self.head(method, &format!("/api/media/messages/{}", self.made.message), more)
        }
    }

    /// Reads one answer: its head, and as many bytes as it announces.
    async fn answer(stream: &mut (impl AsyncReadExt + Unpin), has_body: bool) -> (String, Vec<u8>) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("the head is whole"));
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next());
        let length: usize = length.filter(|_| has_body).map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.expect("the body is whole");
        (head, body)
    }

    #[tokio::test]
    async fn answers_on_one_connection_are_exact_and_in_order() {
        let scene = Scene::new().await;
        let mut stream = TcpStream::connect(scene.address).await.unwrap();
        let whole = content();
        let json = format!("/api/messages/{}", scene.made.message);
        // All asked for before the first is read.
        let asked = [
            scene.asking("GET", ""),
            scene.head("GET", &json, ""),
            scene.asking("GET", "Range: bytes=524287-524289\r\n"),
            scene.asking("HEAD", ""),
            scene.asking("GET", "Range: bytes=-300000\r\n"),
            scene.asking("GET", "Range: bytes=99999999-\r\n"),
            scene.asking("GET", ""),
        ];
        stream.write_all(asked.concat().as_bytes()).await.unwrap();
        assert!(answer(&mut stream, true).await.1 == whole);
        let (_, record) = answer(&mut stream, true).await;
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&record).unwrap()["id"], scene.made.message.0);
        assert_eq!(answer(&mut stream, true).await.1, whole[524_287..524_290]);
        assert!(answer(&mut stream, false).await.0.contains(&format!("content-length: {SIZE}")));
        assert!(answer(&mut stream, true).await.1 == whole[SIZE - 300_000..]);
        assert!(answer(&mut stream, true).await.0.starts_with("http/1.1 416"));
        assert!(answer(&mut stream, true).await.1 == whole);
        scene.house.shutdown.soft.cancel();
    }

    #[tokio::test]
    async fn slow_reader_gets_every_byte() {
        let scene = Scene::new().await;
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut stream = socket.connect(scene.address).await.unwrap();
        stream.write_all(scene.asking("GET", "Connection: close\r\n").as_bytes()).await.unwrap();
        let mut read = Vec::new();
        let mut piece = [0; 5000];
        loop {
            tokio::task::yield_now().await;
            match stream.read(&mut piece).await.unwrap() {
                0 => break,
                length => read.extend_from_slice(&piece[..length]),
            }
        }
        assert!(read.ends_with(&content()) && read.starts_with(b"HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn file_that_shrinks_is_a_failure_and_never_padded() {
        let scene = Scene::new().await;
        let record = scene
            .house
            .store
            .media(&Scope::system(scene.company.id), scene.made.media)
            .await
            .unwrap()
            .unwrap();
        let path = scene.house.folder().join("files").join(record.storage_key.unwrap());
        let shrink =
            |size| std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(size).unwrap();
        let mut stream = TcpStream::connect(scene.address).await.unwrap();
        // Opened once, so that its size is known and it stays open.
        stream.write_all(scene.asking("HEAD", "").as_bytes()).await.unwrap();
        answer(&mut stream, false).await;
        shrink(HANDED_OVER_MAX as u64 + 1000);
        stream.write_all(scene.asking("GET", "").as_bytes()).await.unwrap();
        let mut read = Vec::new();
        let reading = stream.read_to_end(&mut read);
        let _ = tokio::time::timeout(Duration::from_secs(10), reading).await.expect("the connection ends");
        assert!(read.ends_with(&content()[..HANDED_OVER_MAX]), "no more than what is sure");
        shrink(1000);
        let mut stream = TcpStream::connect(scene.address).await.unwrap();
        stream.write_all(scene.asking("GET", "").as_bytes()).await.unwrap();
        assert!(answer(&mut stream, true).await.0.starts_with("http/1.1 503"));
    }

    #[test]
    fn stand_ins_are_slices_of_the_one_static_alone() {
        let handed = Bytes::from_static(&STAND_IN);
        assert!(is_stand_in(&handed) && is_stand_in(&handed.slice(HANDED_OVER_MAX - 1..)));
        assert!(
            !is_stand_in(&[0; 10])
                && !is_stand_in(&handed.slice(..0))
                && !is_stand_in(&vec![0; HANDED_OVER_MAX])
        );
    }

    /// Reads at a pace, until the connection ends; how many bytes came.
    async fn read_slowly(stream: &mut TcpStream) -> usize {
        let (mut read, mut piece) = (0, vec![0; 128 * 1024]);
        let mut pace = tokio::time::interval(Duration::from_millis(50));
        loop {
            pace.tick().await;
            match stream.read(&mut piece).await {
                Ok(0) | Err(_) => return read,
                Ok(bytes) => read += bytes,
            }
        }
    }

    #[tokio::test]
    async fn file_is_cut_off_when_the_key_that_asked_for_it_is_revoked() {
        const LARGE: usize = 64 * 1024 * 1024;
        let scene = Scene::new().await;
        let large = vec![7; LARGE];
        let made = scene.house.stored(&scene.company, "wamid.2", &large, "video/mp4").await;
        let ask = scene.head("GET", &format!("/api/media/messages/{}", made.message), "");
        let (mut reading, mut stopped) = (
            TcpStream::connect(scene.address).await.unwrap(),
            TcpStream::connect(scene.address).await.unwrap(),
        );
        for stream in [&mut reading, &mut stopped] {
            stream.write_all(ask.as_bytes()).await.unwrap();
            let mut head = [0; 12];
            stream.read_exact(&mut head).await.unwrap();
            assert_eq!(&head, b"HTTP/1.1 200");
        }
        let by = mediary_store::Actor::command_line();
        scene.house.engine.access().revoke_api_key_by_name(scene.company.id, "viewer", &by).await.unwrap();
        let read = tokio::time::timeout(Duration::from_secs(20), read_slowly(&mut reading)).await;
        let read = read.expect("it is cut off long before its end");
        assert!(read < LARGE / 2, "{read} bytes came");
        // Nobody takes anything here, so the body is never asked for more; what the kernel holds is all that comes.
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(20), stopped.read_to_end(&mut rest)).await;
        assert!(ended.is_ok() && rest.len() < LARGE / 2, "{} bytes came", rest.len());
    }
}
