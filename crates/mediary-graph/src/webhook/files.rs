//! Where WhatsApp names files: the message's own node, and every other location that it documents. Media ids are read here
//! and nowhere else.

use mediary_core::{FileType, limits};
use serde::Serialize;
use serde_json::Value;

use super::tolerant::{flag, id, items, whole};
use crate::redact::redacted_debug;

/// Keys that are remembered of an item that should have had a media id, and their length: they go to a log.
const PRESENT_KEYS: usize = 32;
const PRESENT_KEY_CHARS: usize = 64;

/// A file of a message, as announced. All of it is the sender's or WhatsApp's claim.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct MediaObject {
    pub file_type: FileType,
    /// By which Graph is asked. Lives seven days.
    pub id: Option<String>,
    /// May carry parameters (`audio/ogg; codecs=opus`).
    pub mime_type: Option<String>,
    /// As sent; [`mediary_core::Sha256`] reads it.
    pub sha256: Option<String>,
    pub file_size: Option<u64>,
    pub caption: Option<String>,
    pub file_name: Option<String>,
    /// A temporary URL; lives five minutes from the message's time.
    pub url: Option<String>,
    pub voice: bool,
    pub animated: bool,
    /// The keys that were there: of the media node, or of the message where that is missing.
    pub present_keys: Vec<String>,
}

redacted_debug! {
    MediaObject { file_type, id, mime_type, sha256, file_size, voice, animated, present_keys }
    Attachments { overfull }
}

/// The media id of a message, as in the webhook: `message[type].id`.
pub fn media_id(message: &Value) -> Option<String> {
    let kind = message.get("type")?.as_str()?;
    kind.parse::<FileType>().ok()?;
    id(message.get(kind)?, "id")
}

impl MediaObject {
    /// The message's own media.
    pub(super) fn read(message: &Value, file_type: FileType) -> Self {
        let empty = Value::Null;
        let node = message.get(file_type.as_str()).unwrap_or(&empty);
        let mut keys: Vec<_> =
            node.as_object().or(message.as_object()).into_iter().flat_map(|f| f.keys()).collect();
        keys.sort_unstable();
        let present_keys = keys
            .into_iter()
            .take(PRESENT_KEYS)
            .map(|key| key.chars().take(PRESENT_KEY_CHARS).collect())
            .collect();
        Self { id: media_id(message), present_keys, ..Self::of_node(node, file_type) }
    }

    fn of_node(node: &Value, file_type: FileType) -> Self {
        Self {
            file_type,
            id: id(node, "id"),
            mime_type: id(node, "mime_type"),
            sha256: id(node, "sha256"),
            file_size: whole(node, "file_size").and_then(|size| size.try_into().ok()),
            caption: id(node, "caption"),
            // Forms spell it with an underscore.
            file_name: id(node, "filename").or_else(|| id(node, "file_name")),
            url: id(node, "url"),
            voice: flag(node, "voice"),
            animated: flag(node, "animated"),
            present_keys: Vec::new(),
        }
    }
}

/// The files that a form, a header or the cards of a carousel name, beside the message's own media.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct Attachments {
    /// Those with an id for Graph, each once, at most [`limits::ATTACHMENTS`].
    pub files: Vec<MediaObject>,
    /// Whether there were more.
    pub overfull: bool,
}

impl Attachments {
    pub(super) fn read(message: &Value) -> Self {
        let mut found = Self::default();
        match message.get("type").and_then(Value::as_str) {
            Some("interactive") => found.interactive(&message["interactive"]),
            Some("template") => found.template(&message["template"]),
            _ => {}
        }
        found
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && !self.overfull
    }

    fn interactive(&mut self, node: &Value) {
        if let Some(answers) = form_answers(node) {
            for answer in answers.as_object().into_iter().flat_map(|answers| answers.values()) {
                for file in form_files(answer) {
                    self.add(file, form_file_type(file));
                }
            }
        }
        self.header(&node["header"]);
        for card in items(&node["action"], "cards") {
            self.header(&card["header"]);
        }
    }

    fn template(&mut self, node: &Value) {
        for component in items(node, "components") {
            self.component(component);
            for card in items(component, "cards") {
                items(card, "components").iter().for_each(|component| self.component(component));
            }
        }
    }

    fn component(&mut self, component: &Value) {
        if id(component, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("header")) {
            items(component, "parameters").iter().for_each(|parameter| self.header(parameter));
        }
    }

    /// A header, or the parameter of one: `{type, [type]: {id, …}}`.
    fn header(&mut self, header: &Value) {
        if let Some((file_type, node)) = header_file(header) {
            self.add(node, file_type);
        }
    }

    /// A file that is named twice is one file; one without an id cannot be asked for.
    fn add(&mut self, node: &Value, file_type: FileType) {
        let file = MediaObject::of_node(node, file_type);
        if file.id.is_none() || self.files.iter().any(|known| known.id == file.id) {
            return;
        }
        if self.files.len() == limits::ATTACHMENTS {
            self.overfull = true;
            return;
        }
        self.files.push(file);
    }
}

/// The file of a header, and its kind.
pub(crate) fn header_file(header: &Value) -> Option<(FileType, &Value)> {
    let kind = header.get("type")?.as_str()?;
    let file_type = kind.to_ascii_lowercase().parse().ok()?;
    Some((file_type, header.get(kind).filter(|node| node.is_object())?))
}

/// The answers of a filled form, which come as JSON within a text.
pub(super) fn form_answers(interactive: &Value) -> Option<Value> {
    let answers = match interactive.get("nfm_reply")?.get("response_json")? {
        Value::String(json) => super::tolerant::parse(json.as_bytes()).ok()?,
        other => other.clone(),
    };
    answers.is_object().then_some(answers)
}

/// The files of one answer: a list of them, or one by itself. Other lists have objects with ids, too, but these neither say
/// a type nor a hash.
pub(super) fn form_files(answer: &Value) -> impl Iterator<Item = &Value> {
    let alone = answer.is_object().then_some(answer);
    let listed = answer.as_array().map_or(&[][..], Vec::as_slice);
    let is_file = |item: &&Value| {
        ["mime_type", "sha256", "file_name", "cdn_url"].iter().any(|key| id(item, key).is_some())
    };
    alone.into_iter().chain(listed).filter(is_file)
}

fn form_file_type(file: &Value) -> FileType {
    let mime_type = id(file, "mime_type").unwrap_or_default().to_ascii_lowercase();
    match mime_type.split('/').next() {
        Some("image") => FileType::Image,
        Some("video") => FileType::Video,
        Some("audio") => FileType::Audio,
        _ => FileType::Document,
    }
}
