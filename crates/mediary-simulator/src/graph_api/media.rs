//! `GET` and `DELETE /{media-id}`.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use mediary_core::Clock;
use serde_json::json;

use super::call::Call;
use super::error::{Answer, GraphError};
use crate::counters::add;
use crate::media::Media;
use crate::world::World;

/// The media's temporary URL and what it is. The hash is hexadecimal here and base64 in webhooks.
pub(super) fn resolve(world: &World, call: &Call) -> Answer {
    if let Some(media) = world.media.find(call.id()) {
        add(&media.counters.resolves);
    }
    let media = find(world, call)?;
    let size = media.size();
    let options = world.options();
    let options = &options.media;
    let mut answer = json!({
        "messaging_product": "whatsapp",
        "url": world.media_url(&media, "getMedia"),
        "mime_type": media.mime_type,
        "sha256": media.sha256,
        "id": media.id,
    });
    if options.file_size {
        answer["file_size"] = if options.file_size_as_text { json!(size.to_string()) } else { json!(size) };
    }
    Ok(answer)
}

pub(super) fn delete(world: &World, call: &Call) -> Answer {
    find(world, call)?.deleted.store(true, Ordering::Release);
    Ok(json!({"success": true}))
}

/// The media, if it is still there, belongs to the number that is named, and is the token's to see.
fn find(world: &World, call: &Call) -> Result<Arc<Media>, GraphError> {
    let token = call.token(world)?;
    let media = world.media.find(call.id()).filter(|media| media.is_there(world.clock.now()));
    let number = call.parameter("phone_number_id");
    let media = media.filter(|media| number.is_none_or(|number| number == media.phone_number_id));
    let seen = |media: &Arc<Media>| {
        world.accounts.find(&media.phone_number_id).is_some_and(|account| call.may_see(token, &account))
    };
    media.filter(seen).ok_or_else(|| call.no_object())
}
