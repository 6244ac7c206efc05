//! The media of a message that a business sends: an uploaded id, or a link that WhatsApp fetches itself.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use mediary_core::{Clock, FileType, limits};
use serde_json::Value;
use url::Url;

use super::error::GraphError;
use super::upload::UPLOAD_TYPES;
use crate::config::AccountSpec;
use crate::content::essence;
use crate::links::LinkContent;
use crate::media::{Media, MediaRecord};
use crate::world::World;

/// A link is fetched again after ten minutes; another query string makes it another link.
const LINK_LIFE: Duration = Duration::from_secs(600);
/// Links remembered, at most.
const LINKS: usize = 10_000;
/// How long a link may take.
const LINK_TIMEOUT: Duration = Duration::from_secs(30);

/// What a header may carry.
const HEADERS: [&str; 3] = ["image", "video", "document"];

/// What a message carries.
#[derive(Debug)]
pub(super) enum OutgoingMedia {
    None,
    Uploaded { media: Arc<Media>, voice: bool },
    Linked { url: Url, voice: bool },
}

/// The media that a message of this kind names. Ids must be this number's own.
pub(super) fn find(
    world: &World,
    account: &AccountSpec,
    kind: &str,
    node: &Value,
) -> Result<OutgoingMedia, GraphError> {
    if FileType::from_str(kind).is_err() {
        return Ok(OutgoingMedia::None);
    }
    let voice = node["voice"] == true;
    match (node["id"].as_str(), node["link"].as_str()) {
        (Some(id), None) => {
            let media = of_number(world, account, id);
            let unknown = || GraphError::no_media(&format!("{kind}['id']"));
            Ok(OutgoingMedia::Uploaded { media: media.ok_or_else(unknown)?, voice })
        }
        (None, Some(link)) => {
            let url = Url::parse(link).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            let invalid = || GraphError::parameter(format!("Param {kind}['link'] is not a valid URL."));
            Ok(OutgoingMedia::Linked { url: url.ok_or_else(invalid)?, voice })
        }
        _ => Err(GraphError::parameter(format!("Param {kind} needs exactly one of id and link."))),
    }
}

/// Media that this number may send.
fn of_number(world: &World, account: &AccountSpec, id: &str) -> Option<Arc<Media>> {
    world
        .media
        .find(id)
        .filter(|media| media.is_there(world.clock.now()) && media.phone_number_id == account.phone_number_id)
}

/// The files that headers of templates and interactive messages name by id, wherever they are; what is remembered of one of them.
pub(super) fn check_headers(
    world: &World,
    account: &AccountSpec,
    kind: &str,
    node: &Value,
) -> Result<Option<MediaRecord>, GraphError> {
    if !matches!(kind, "template" | "interactive") {
        return Ok(None);
    }
    let mut found = None;
    let mut open = vec![node];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => {
                for (name, field) in fields {
                    let named = field["id"].as_str().filter(|_| HEADERS.contains(&name.as_str()));
                    if let Some(id) = named {
                        let place = format!("{kind}['{name}']['id']");
                        let media = of_number(world, account, id);
                        let media = media.ok_or_else(|| GraphError::no_media(&place))?;
                        check_header(name, &media)?;
                        found = Some(media.record());
                    }
                    open.push(field);
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Whether a header of this kind may have the file.
fn check_header(name: &str, media: &Media) -> Result<(), GraphError> {
    let mime_type = essence(&media.mime_type);
    let is_taken = FileType::from_str(name)
        .is_ok_and(|kind| takes(kind, mime_type) && media.size() <= limits::outbound_file_bytes(kind, false));
    if is_taken {
        return Ok(());
    }
    Err(GraphError::parameter(format!("The header {name} cannot be {mime_type} of {} bytes.", media.size())))
}

impl OutgoingMedia {
    /// What is remembered of it.
    pub(super) fn sent(&self) -> Option<MediaRecord> {
        match self {
            Self::Uploaded { media, .. } => Some(media.record()),
            Self::None | Self::Linked { .. } => None,
        }
    }
}

/// What only shows once the bytes are there. `Err` says why WhatsApp does not take them.
pub(super) async fn check(world: &World, kind: &str, media: OutgoingMedia) -> Result<(), String> {
    let Ok(kind) = FileType::from_str(kind) else { return Ok(()) };
    let (size, mime_type, voice) = match media {
        OutgoingMedia::None => return Ok(()),
        OutgoingMedia::Uploaded { media, .. } if media.origin.is_misnamed() => {
            return Err(format!("{kind} cannot be application/octet-stream"));
        }
        OutgoingMedia::Uploaded { media, voice } => (media.size(), media.mime_type.clone(), voice),
        OutgoingMedia::Linked { url, voice } => {
            let (size, mime_type) = linked(world, &url).await?;
            (size, mime_type, voice)
        }
    };
    let mime_type = essence(&mime_type);
    if !takes(kind, mime_type) {
        return Err(format!("{kind} cannot be {mime_type}"));
    }
    if voice && mime_type != "audio/ogg" {
        return Err("a voice message must be audio/ogg".to_owned());
    }
    let limit = limits::outbound_file_bytes(kind, true);
    if size > limit { Err(format!("{kind} has {size} bytes, more than {limit}")) } else { Ok(()) }
}

fn takes(kind: FileType, mime_type: &str) -> bool {
    match kind {
        FileType::Image => matches!(mime_type, "image/jpeg" | "image/png"),
        FileType::Video => matches!(mime_type, "video/mp4" | "video/3gpp"),
        // The list of uploads has audio/opus, and no message takes it.
        FileType::Audio => mime_type.starts_with("audio/") && takes(FileType::Document, mime_type),
        FileType::Document => mime_type != "audio/opus" && UPLOAD_TYPES.contains(&mime_type),
        FileType::Sticker => mime_type == "image/webp",
    }
}

async fn linked(world: &World, url: &Url) -> LinkContent {
    let now = world.clock.now();
    let links = || world.links.0.lock();
    let known = links().get(url.as_str()).filter(|(at, _)| now.since(*at) < LINK_LIFE).cloned();
    if let Some((_, found)) = known {
        return found;
    }
    let found = fetch(world, url).await.map_err(|error| format!("the link failed: {}", error.without_url()));
    let mut links = links();
    if links.len() >= LINKS {
        links.clear();
    }
    links.insert(url.to_string(), (now, found.clone()));
    found
}

/// Reads what is behind a link to its end, or to where it is too large for anything.
async fn fetch(world: &World, url: &Url) -> Result<(u64, String), reqwest::Error> {
    let answer = world.http.get(url.clone()).timeout(LINK_TIMEOUT).send().await?;
    let mut answer = answer.error_for_status()?;
    let mime_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mime_type = mime_type.unwrap_or_default().to_owned();
    let mut size = 0;
    while let Some(piece) = answer.chunk().await? {
        size += piece.len() as u64;
        if size > limits::outbound_file_bytes(FileType::Document, false) {
            break;
        }
    }
    Ok((size, mime_type))
}
