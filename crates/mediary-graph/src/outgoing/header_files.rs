//! The files in the headers of templates and interactive messages, and of the cards of a carousel.

use std::fmt;

use mediary_core::FileType;
use serde_json::{Map, Value, json};

use super::content::Content;
use crate::webhook::header_file;

/// A file that a header names: by a link or by a media id, as the writer of the message had it.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderFile<'a> {
    pub kind: FileType,
    pub media_id: Option<&'a str>,
    pub link: Option<&'a str>,
    pub file_name: Option<&'a str>,
}

impl Content {
    /// The files in headers, in their order.
    pub fn header_files(&self) -> Vec<HeaderFile<'_>> {
        let Some(node) = self.headed() else { return Vec::new() };
        let file = |(kind, place): (FileType, String)| {
            let file = node.pointer(&place)?;
            let text = |key: &str| file.get(key).and_then(Value::as_str);
            Some(HeaderFile { kind, media_id: text("id"), link: text("link"), file_name: text("filename") })
        };
        places(node).into_iter().filter_map(file).collect()
    }

    /// Names the files in headers by these media ids, in their order; what else was said of a file stays. `false`, and nothing is
    /// changed, where there are more or fewer files.
    pub fn set_header_files<T: AsRef<str>>(&mut self, media_ids: &[T]) -> bool {
        let (Self::Template(node) | Self::Interactive(node)) = self else { return media_ids.is_empty() };
        let places = places(node);
        if places.len() != media_ids.len() {
            return false;
        }
        for ((_, place), media_id) in places.iter().zip(media_ids) {
            if let Some(file) = node.pointer_mut(place).and_then(Value::as_object_mut) {
                file.remove("link");
                file.insert("id".to_owned(), media_id.as_ref().into());
            }
        }
        true
    }

    /// Changes what is said of each file in headers, in their order.
    pub fn change_header_files(&mut self, mut change: impl FnMut(FileType, &mut Map<String, Value>)) {
        let (Self::Template(node) | Self::Interactive(node)) = self else { return };
        for (kind, place) in places(node) {
            if let Some(file) = node.pointer_mut(&place).and_then(Value::as_object_mut) {
                change(kind, file);
            }
        }
    }

    /// Gives it a header with a file that is still to be named. `false`, and nothing is changed, where it has a header.
    pub fn add_header_file(&mut self, kind: FileType) -> bool {
        let kind = kind.as_str();
        let header = json!({"type": kind, kind: {}});
        match self {
            Self::Interactive(Value::Object(node)) if !node.contains_key("header") => {
                node.insert("header".to_owned(), header);
                true
            }
            Self::Template(node) if !indices(node, "/components").any(|place| is_header(node, &place)) => {
                let Some(node) = node.as_object_mut() else { return false };
                let components = node.entry("components").or_insert_with(|| json!([]));
                let Some(components) = components.as_array_mut() else { return false };
                components.insert(0, json!({"type": "header", "parameters": [header]}));
                true
            }
            _ => false,
        }
    }

    fn headed(&self) -> Option<&Value> {
        match self {
            Self::Template(node) | Self::Interactive(node) => Some(node),
            _ => None,
        }
    }
}

/// The kind of each file, and where it is (RFC 6901).
fn places(node: &Value) -> Vec<(FileType, String)> {
    let mut found = Vec::new();
    header(node, "/header", &mut found);
    for card in indices(node, "/action/cards") {
        header(node, &format!("{card}/header"), &mut found);
    }
    for component in indices(node, "/components") {
        parameters(node, &component, &mut found);
        for card in indices(node, &format!("{component}/cards")) {
            for component in indices(node, &format!("{card}/components")) {
                parameters(node, &component, &mut found);
            }
        }
    }
    found
}

fn parameters(node: &Value, component: &str, found: &mut Vec<(FileType, String)>) {
    if is_header(node, component) {
        for parameter in indices(node, &format!("{component}/parameters")) {
            header(node, &parameter, found);
        }
    }
}

fn is_header(node: &Value, component: &str) -> bool {
    let kind = node.pointer(&format!("{component}/type")).and_then(Value::as_str);
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("header"))
}

fn header(node: &Value, place: &str, found: &mut Vec<(FileType, String)>) {
    let Some(header) = node.pointer(place) else { return };
    if let (Some((kind, _)), Some(key)) = (header_file(header), header["type"].as_str()) {
        found.push((kind, format!("{place}/{key}")));
    }
}

/// The places of a list's items.
fn indices(node: &Value, list: &str) -> impl Iterator<Item = String> + use<> {
    let count = node.pointer(list).and_then(Value::as_array).map_or(0, Vec::len);
    let list = list.to_owned();
    (0..count).map(move |index| format!("{list}/{index}"))
}

impl fmt::Debug for HeaderFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderFile").field("kind", &self.kind).finish_non_exhaustive()
    }
}
