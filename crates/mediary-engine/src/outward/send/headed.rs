//! Templates, and messages with buttons, lists and the like: as Graph takes them, but for the file of a header. WhatsApp gets that by an
//! id, as any file, so it is stored here first, checked, and shown as an attachment of the message.
//!
//! WhatsApp's sample file of a template is behind a link whose query is signed again for each look. It is fetched for each message all the
//! same, and uploaded once: what WhatsApp has is known by the hash of the bytes, not by the path of a link, which may lead to others.

use mediary_core::{Error, FileType, MediaId, Result};
use mediary_graph::outgoing::Content;
use serde_json::{Map, Value};

use super::content::{KeptContent, KeptKind};
use super::draft::{FileDraft, FileSource, HeadedContent, HeadedDraft};
use super::source::{accepted, receive};
use super::upload::{ReceivedFile, SendableFile};
use super::{Sender, draft};
use crate::access::{May, rights};

/// The file that a header asks for.
struct HeaderFile {
    kind: FileType,
    source: Option<FileSource>,
    name: Option<String>,
}

/// The message as it is kept, and its file.
pub(super) async fn prepare(
    sender: &Sender,
    may: &May<rights::Send>,
    draft: HeadedDraft,
    reply_to: Option<String>,
) -> Result<(KeptContent, Option<SendableFile>)> {
    let HeadedDraft { content, source, file_name, convert } = draft;
    let (field, mut content) = match content {
        HeadedContent::Template(node) => ("template", Content::Template(node)),
        HeadedContent::Interactive(node) => ("interactive", Content::Interactive(node)),
    };
    let header = header_file(field, &mut content)?;
    let (kind, source, file_name) = match (header, source) {
        (None, None) => {
            let kept = KeptContent { kind: KeptKind::headed(content, None)?, reply_to };
            draft::check(&kept)?;
            return Ok((kept, None));
        }
        (None, Some(source)) => (None, source, file_name),
        (Some(HeaderFile { source: Some(_), .. }), Some(_)) => {
            return Err(Error::invalid(
                field,
                "names the file of its header itself; leave the other one out",
            ));
        }
        (Some(HeaderFile { kind, source: named, name }), given) => {
            let missing = "has a header without its file: name it there by mediaId, libraryId or link, or send it along";
            let source = named.or(given).ok_or_else(|| Error::invalid(field, missing))?;
            (Some(kind), source, name.or(file_name))
        }
    };
    let named_by = source.field();
    // Of a file that may prove to be a document the name is wanted.
    let kind_at_first = kind.unwrap_or(FileType::Document);
    let mut file = FileDraft { kind: kind_at_first, caption: None, file_name, voice: None, convert };
    let received = receive(sender, may, source, &mut file).await?;
    if kind.is_none() {
        file.kind = usual_kind(&received);
        if !content.add_header_file(file.kind) {
            let rule = format!(
                "has a header without a place for the file; put {{\"type\": \"{0}\", \"{0}\": {{}}}} there",
                file.kind
            );
            return Err(Error::invalid(field, rule));
        }
    }
    let (sendable, kept_file) = accepted(sender, received, &file, named_by).await?;
    content.change_header_files(|_, node| {
        if let Some(name) = &kept_file.file_name {
            node.entry("filename").or_insert_with(|| name.as_str().into());
        }
    });
    let kept = KeptContent { kind: KeptKind::headed(content, Some(kept_file))?, reply_to };
    draft::check(&kept)?;
    Ok((kept, Some(sendable)))
}

/// As what a header takes it.
fn usual_kind(received: &ReceivedFile) -> FileType {
    match received.usual_kind() {
        kind @ (FileType::Image | FileType::Video) => kind,
        _ => FileType::Document,
    }
}

/// The file of the header, without what Graph does not know of it.
fn header_file(field: &'static str, content: &mut Content) -> Result<Option<HeaderFile>> {
    let mut found = Vec::new();
    content.change_header_files(|kind, node| {
        let name = node.get("filename").and_then(Value::as_str).map(str::to_owned);
        found.push(take_source(field, node).map(|source| HeaderFile { kind, source, name }));
    });
    if found.len() > 1 {
        return Err(Error::invalid(
            field,
            "has files in several headers; a message is sent with one at most",
        ));
    }
    let header = found.pop().transpose()?;
    match &header {
        Some(HeaderFile { kind: FileType::Audio | FileType::Sticker, .. }) => Err(Error::invalid(
            field,
            "has sound or a sticker as its header; WhatsApp takes an image, a video or a document",
        )),
        _ => Ok(header),
    }
}

fn take_source(field: &'static str, node: &mut Map<String, Value>) -> Result<Option<FileSource>> {
    if node.contains_key("id") {
        let rule =
            "names the file of its header by an id of WhatsApp's; name one of yours by mediaId or libraryId";
        return Err(Error::invalid(field, rule));
    }
    let mut id = |name: &str| match node.remove(name) {
        None => Ok(None),
        Some(value) => value.as_i64().map(|id| Some(MediaId(id))).ok_or_else(|| {
            Error::invalid(field, format!("has a file in its header whose {name} is no whole number"))
        }),
    };
    let (stored, kept) = (id("mediaId")?, id("libraryId")?);
    let link = match node.remove("link") {
        None => None,
        Some(Value::String(link)) => Some(link),
        Some(_) => return Err(Error::invalid(field, "has a file in its header whose link is no text")),
    };
    let named = [stored.map(FileSource::Stored), kept.map(FileSource::Library), link.map(FileSource::Link)];
    let mut named = named.into_iter().flatten();
    let first = named.next();
    if named.next().is_some() {
        let rule =
            "names the file of its header more than once; one of mediaId, libraryId and link is enough";
        return Err(Error::invalid(field, rule));
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(header: &Value) -> Result<Option<HeaderFile>> {
        header_file("interactive", &mut Content::Interactive(json!({"type": "button", "header": header})))
    }

    #[test]
    fn header_names_its_file_once_and_by_ours() {
        let image = |file: Value| json!({"type": "image", "image": file});
        assert!(read(&json!({"type": "text", "text": "x"})).unwrap().is_none());
        assert!(read(&image(json!({}))).unwrap().unwrap().source.is_none());
        let named = read(&image(json!({"libraryId": 3}))).unwrap().unwrap();
        assert!(matches!(named.source, Some(FileSource::Library(MediaId(3)))));
        for wrong in [
            image(json!({"id": "123"})),
            image(json!({"mediaId": "3"})),
            image(json!({"link": 3})),
            image(json!({"mediaId": 3, "link": "https://x.test/a.png"})),
            json!({"type": "audio", "audio": {"mediaId": 3}}),
        ] {
            let Err(error) = read(&wrong) else { panic!("{wrong}") };
            assert_eq!(error.field(), Some("interactive"), "{wrong}");
        }
    }

    #[test]
    fn what_only_we_know_does_not_reach_whatsapp() {
        let file = json!({"mediaId": 3, "filename": "a.pdf"});
        let mut content =
            Content::Interactive(json!({"type": "button", "header": {"type": "document", "document": file}}));
        assert_eq!(header_file("interactive", &mut content).unwrap().unwrap().name.as_deref(), Some("a.pdf"));
        let Content::Interactive(node) = content else { panic!("it stays what it is") };
        assert_eq!(node["header"]["document"], json!({"filename": "a.pdf"}));
    }

    #[test]
    fn cards_with_files_of_their_own_are_refused() {
        let card = json!({"header": {"type": "image", "image": {"mediaId": 3}}});
        let mut cards = Content::Interactive(json!({"type": "carousel", "action": {"cards": [card, card]}}));
        let Err(error) = header_file("interactive", &mut cards) else { panic!("two files") };
        assert!(error.detail().unwrap().contains("several headers"));
    }
}
