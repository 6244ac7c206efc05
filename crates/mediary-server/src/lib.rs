//! Mediary over HTTP: the webhook, the API, media bytes, live events and the inbox.
//!
//! Knows nothing of SQL and makes no calls to the outside. It is the only place where a failure becomes an HTTP status.

mod app;
mod archive_slots;
mod brake;
mod bytes;
mod connection_slots;
mod description;
mod failures;
mod json;
mod layers;
mod listen;
mod login_slots;
mod login_throttle;
mod member;
mod metrics;
mod network;
mod pace;
mod problem;
mod proxies;
mod refused_webhooks;
mod request;
mod routes;
mod slots;
#[cfg(test)]
mod testing;
mod view_log;
mod wire;

use mediary_engine::{Engine, Shutdown};
use mediary_store::Store;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use url::Url;

use crate::app::App;
use crate::listen::Bounds;
pub use crate::proxies::TrustedProxies;

/// What a listener serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// Webhook, API, bytes, inbox and what operators ask.
    Everything,
    /// What operators and their tools ask, and nothing else.
    Operation,
}

/// How the server presents itself.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    pub surface: Surface,
    pub delivery: Delivery,
    /// The address of the store that viewers are sent to, which pages may then load media from.
    pub media_origin: Option<String>,
    /// Under which people reach it; links are made from it, and cookies are for https alone if it is https.
    pub public_url: Url,
    /// Who may say from where a request comes.
    pub trusted_proxies: TrustedProxies,
    /// Connections open at once; further ones are closed, but for a few that only bring webhooks and probes.
    pub connections: usize,
    /// What `/metrics` shows; without it there is no such path.
    pub metrics: Option<PrometheusHandle>,
}

/// How viewers get files that a bucket keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Through us.
    Proxy,
    /// From the bucket, by a URL that holds for a minute; what may hold scripts still through us.
    Redirect,
}

/// The HTTP side of Mediary.
#[derive(Debug)]
pub struct Server {
    engine: Engine,
    store: Store,
    config: ServerConfig,
}

impl Server {
    /// Metrics go to the recorder that is installed by then.
    pub fn new(engine: Engine, store: Store, config: ServerConfig) -> Self {
        metrics::describe();
        Self { engine, store, config }
    }

    /// Serves until `shutdown`, and returns when every connection has ended: by itself after `soft`, at once after `hard`.
    pub async fn serve(self, listener: TcpListener, shutdown: Shutdown) {
        let bounds = Bounds {
            connections: self.config.connections,
            trusted_proxies: self.config.trusted_proxies.clone(),
            ..Bounds::default()
        };
        let app = App::new(self.engine, self.store, self.config, shutdown.soft.clone());
        listen::serve(listener, routes::router(&app), bounds, shutdown).await;
    }
}

/// The description of the whole API, generated from its handlers.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes::openapi()
}
