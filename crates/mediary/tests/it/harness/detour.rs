//! A way to a server that can be closed, or lose everything on it, and be opened again.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Road {
    Open,
    /// Connections end, and new ones end at once.
    Closed,
    /// Connections stay, and nothing comes through any more.
    Lost,
}

/// A TCP relay on a free port.
pub(crate) struct Detour {
    address: SocketAddr,
    road: Arc<watch::Sender<Road>>,
    accepting: JoinHandle<()>,
}

impl Detour {
    /// To a server at `host:port`.
    pub(crate) async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, server) = (listener.local_addr().unwrap(), server.to_owned());
        let road = Arc::new(watch::Sender::new(Road::Open));
        let seen = road.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(relay(stream, server.clone(), seen.subscribe()));
            }
        });
        Self { address, road, accepting }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn close(&self) {
        self.road.send_replace(Road::Closed);
    }

    /// Connections that are lost stay so when the way is open again.
    pub(crate) fn lose(&self) {
        self.road.send_replace(Road::Lost);
    }

    pub(crate) fn open(&self) {
        self.road.send_replace(Road::Open);
    }
}

impl Drop for Detour {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn relay(mut near: TcpStream, server: String, mut road: watch::Receiver<Road>) {
    if *road.borrow_and_update() == Road::Open {
        let Ok(mut far) = TcpStream::connect(server).await else { return };
        tokio::select! {
            _ = copy_bidirectional(&mut near, &mut far) => return,
            changed = road.changed() => if changed.is_err() { return },
        }
    }
    if *road.borrow() == Road::Lost {
        // Held, with nobody at the other end, for as long as the test runs.
        std::future::pending::<()>().await;
    }
}
