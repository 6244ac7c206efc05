//! The control API under `/_control`: what a person or a test asks of the simulator. Everybody who reaches it controls the
//! simulator and can read the files that its process can, so it belongs on the loopback interface.

mod answer;
mod flood;
mod handlers;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, patch, post, put};

use crate::world::World;
use handlers as h;

/// Room for a file of 100 MB in base64.
const BODY_BYTES: usize = 160 * 1024 * 1024;

/// Every path with what it does, which `GET /_control` answers.
const PATHS: [(&str, &str); 25] = [
    ("GET, POST /_control/accounts", "the business numbers; add or replace one"),
    ("GET, POST /_control/media", "the media; make some from bytes, text, generate, file or sample"),
    ("GET, DELETE /_control/media/{id}", "one media file and what was asked of it; delete it"),
    ("GET /_control/media/{id}/content", "its bytes"),
    ("GET /_control/samples", "the built-in media"),
    ("POST /_control/messages[?wait=true]", "a message or a list of them, by webhook"),
    ("POST /_control/statuses[?wait=true]", "a status or a list of them, by webhook"),
    ("POST /_control/fields", "the value of any webhook field"),
    ("POST /_control/flood", "many messages of one kind"),
    ("GET, POST /_control/webhooks", "what was sent; sign any body and post it"),
    ("GET /_control/webhooks/{id}", "one body as it was sent"),
    ("POST /_control/webhooks/{id}/resend", "post it again"),
    ("PUT /_control/webhook-url", "where webhooks go; with verifyToken after Meta's handshake"),
    ("POST /_control/flush", "wait until every update is acknowledged or given up"),
    ("GET, POST, DELETE /_control/faults", "the armed faults; arm one; disarm all"),
    ("DELETE /_control/faults/{id}", "disarm one"),
    ("PUT, DELETE /_control/faults/random", "faults by chance"),
    ("GET, POST /_control/clock", "the simulator's time; move it ahead"),
    ("GET, DELETE /_control/stats", "counters; start them again from zero"),
    ("GET /_control/stats/{mediaId}", "the counters of one media file"),
    ("GET /_control/sent", "what businesses sent"),
    ("GET /_control/reads", "what businesses marked as read"),
    ("POST /_control/tokens", "make tokens valid, expired or revoked"),
    ("GET, PATCH /_control/options", "how webhooks, media and sending behave"),
    ("GET /_control", "this list"),
];

pub(crate) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/_control", get(h::index))
        .route("/_control/accounts", get(h::accounts).post(h::put_account))
        .route("/_control/media", get(h::media).post(h::add_media))
        .route("/_control/media/{id}", get(h::one_media).delete(h::delete_media))
        .route("/_control/media/{id}/content", get(h::media_content))
        .route("/_control/samples", get(h::samples))
        .route("/_control/messages", post(h::send_messages))
        .route("/_control/statuses", post(h::send_statuses))
        .route("/_control/fields", post(h::send_field))
        .route("/_control/flood", post(flood::flood))
        .route("/_control/webhooks", get(h::webhooks).post(h::post_webhook))
        .route("/_control/webhooks/{id}", get(h::one_webhook))
        .route("/_control/webhooks/{id}/resend", post(h::resend_webhook))
        .route("/_control/webhook-url", put(h::set_webhook_url))
        .route("/_control/flush", post(h::flush))
        .route("/_control/faults", get(h::faults).post(h::add_fault).delete(h::clear_faults))
        .route("/_control/faults/random", put(h::set_random_faults).delete(h::clear_random_faults))
        .route("/_control/faults/{id}", axum::routing::delete(h::remove_fault))
        .route("/_control/clock", get(h::clock).post(h::advance_clock))
        .route("/_control/stats", get(h::stats).delete(h::reset_stats))
        .route("/_control/stats/{mediaId}", get(h::media_stats))
        .route("/_control/sent", get(h::sent))
        .route("/_control/reads", get(h::reads))
        .route("/_control/tokens", post(h::set_token))
        .route("/_control/options", patch(h::change_options).get(h::options))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
}

/// Deletes media as if its time were over. `false`: there was none.
pub(crate) fn remove_media(world: &World, media_id: &str) -> bool {
    world.media.find(media_id).is_some_and(|media| !media.deleted.swap(true, Ordering::AcqRel))
}
