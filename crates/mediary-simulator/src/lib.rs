//! A stand-in for Meta: the Graph API and the media host that WhatsApp clients talk to, and the signed webhooks that
//! they receive, with faults on request. It keeps everything in memory, knows nothing of the programs it is used to
//! test, and repeats itself from a seed. The control API is described in this crate's README.

mod accounts;
mod aws;
mod config;
mod content;
mod control;
mod counters;
mod error;
mod faults;
mod graph_api;
mod ids;
mod links;
mod media;
mod media_body;
mod media_host;
mod messages;
mod player;
mod samples;
mod sent;
mod simulator;
mod stats;
mod tokens;
mod topics;
mod uploads;
mod webhooks;
mod world;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;

use crate::world::World;

pub use config::{
    AccountSpec, AwsSpec, BatchShape, MediaOptions, Options, PlayOptions, SendingOptions, SimulatorConfig,
    WebhookOptions,
};
pub use counters::MediaStats;
pub use error::{Error, ErrorKind};
pub use faults::{ArmedFault, FaultKind, FaultSpec, Place, RandomFaults};
pub use media::{Generate, MediaRecord, MediaSpec, UPLOADED_MEDIA_LIFE, URL_LIFE, WEBHOOK_MEDIA_LIFE};
pub use messages::{Channel, Customer, MessageSpec, QueuedMessage, StatusSpec};
pub use player::played_account;
pub use samples::{SampleInfo, samples};
pub use sent::{ReadReceipt, SentMessage};
pub use simulator::Simulator;
pub use stats::{Route, Stats, WebhookStats};
pub use tokens::TokenState;
pub use topics::SnsSubscription;
pub use webhooks::{WebhookAttempt, WebhookRecord, WebhookState};

/// One listener for all three: the control API, the media host, and the Graph API for every other path.
fn router(world: Arc<World>) -> Router {
    Router::new()
        .merge(control::router())
        .merge(aws::router())
        .route("/whatsapp_business/attachments/", get(media_host::download))
        .route("/whatsapp_business/attachments", get(media_host::download))
        // The Graph API limits its bodies itself.
        .fallback(axum::routing::any(graph_api::serve).layer(DefaultBodyLimit::disable()))
        .with_state(world)
}
