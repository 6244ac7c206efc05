//! The stand-in for WhatsApp.

use mediary_core::Sha256;
use mediary_simulator::MediaRecord;
use serde_json::{Value, json};

/// The node of a message that has this file, as a webhook declares it.
pub fn media_node(media: &MediaRecord) -> Value {
    let sha256: Sha256 = media.sha256.parse().expect("the simulator knows the hash");
    json!({"id": media.id, "mime_type": media.mime_type, "sha256": sha256.to_base64()})
}
