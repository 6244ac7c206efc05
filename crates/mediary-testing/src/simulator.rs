//! The stand-in for WhatsApp, with everything quick.

use mediary_core::Sha256;
use mediary_simulator::{MediaRecord, Options, SimulatorConfig};
use serde_json::{Value, json};

use crate::installation::APP_SECRET;

/// Signs with the secret of all tests, and waits for nothing that a person would wait for.
pub fn quick() -> SimulatorConfig {
    let mut options = Options::default();
    options.sending.status_wait_ms = 1;
    options.webhooks.retry_waits_ms = vec![0, 1, 2];
    SimulatorConfig { app_secret: APP_SECRET.into(), options, ..SimulatorConfig::default() }
}

/// The node of a message that has this file, as a webhook declares it.
pub fn media_node(media: &MediaRecord) -> Value {
    let sha256: Sha256 = media.sha256.parse().expect("the simulator knows the hash");
    json!({"id": media.id, "mime_type": media.mime_type, "sha256": sha256.to_base64()})
}
