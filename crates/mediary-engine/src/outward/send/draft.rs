//! What a sender wants sent, and whether WhatsApp takes it. Whatever it would refuse is refused here, with the limit, before anything
//! is kept of it.

use std::fmt;

use mediary_core::{
    AccountId, ConversationId, Error, ErrorCode, FileType, MediaId, MessageId, Result, UploadId, limits,
};
use mediary_graph::outgoing::{self, Outgoing, Recipient, Upload, accepted_types};
use mediary_store::{ContactKey, Destination};
use serde_json::Value;

use super::content::{KeptContent, KeptFile, KeptKind};
use super::conversions::as_heard;
use super::upload::ReceivedFile;

/// Where a message is to go.
#[derive(Clone)]
pub enum DraftDestination {
    Conversation(ConversationId),
    /// To the person or group with this number or id, as people write it, by one of the company's accounts.
    Recipient {
        account: AccountId,
        to: String,
    },
}

impl fmt::Debug for DraftDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conversation(id) => f.debug_tuple("Conversation").field(id).finish(),
            Self::Recipient { account, .. } => {
                f.debug_struct("Recipient").field("account", account).finish_non_exhaustive()
            }
        }
    }
}

impl DraftDestination {
    /// As the store knows it: with the ids by which the recipient's own messages would find their conversation.
    pub(super) fn parsed(self) -> Result<Destination> {
        let (account, to) = match self {
            Self::Conversation(id) => return Ok(Destination::Conversation(id)),
            Self::Recipient { account, to } => (account, Recipient::written(to.trim())?),
        };
        let id = |id: Option<&str>| id.map(str::to_owned);
        let contact = ContactKey {
            wa_id: id(to.digits().or(to.group_id())),
            user_id: id(to.user_id()),
            phone: id(to.digits()),
            name: None,
            group: to.is_group(),
        };
        Ok(Destination::Contact(account, contact))
    }
}

/// A message to be sent, or several files in one request.
#[derive(Debug)]
pub struct MessageDraft {
    pub destination: DraftDestination,
    pub content: DraftContent,
    pub reply_to: Option<MessageId>,
    /// What its sender calls it: the same again is the same message, or the same messages.
    pub client_id: Option<String>,
}

/// What is in it.
#[derive(Debug)]
pub enum DraftContent {
    /// Files, each as a message of its own.
    Files(Vec<(FileSource, FileDraft)>),
    Plain(PlainContent),
    Headed(HeadedDraft),
}

/// What needs no file.
#[derive(Clone, Debug, PartialEq)]
pub enum PlainContent {
    Text {
        text: String,
        preview_url: bool,
    },
    Location {
        latitude: f64,
        longitude: f64,
        name: Option<String>,
        address: Option<String>,
    },
    /// Contact cards, as WhatsApp takes them.
    Contacts(Vec<Value>),
    /// On the message that it replies to; an empty one takes it back.
    Reaction {
        emoji: String,
    },
}

/// What a file of a message is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDraft {
    pub kind: FileType,
    pub caption: Option<String>,
    pub file_name: Option<String>,
    /// Whether sound is a voice note; where nothing is said, Ogg with Opus is one.
    pub voice: Option<bool>,
    /// Whether a file that WhatsApp would refuse is made into one that it takes.
    pub convert: bool,
}

/// Where its bytes are.
#[derive(Debug)]
pub enum FileSource {
    Received(ReceivedFile),
    /// A stored file of the company, of which the message gets a copy of its own.
    Stored(MediaId),
    /// A file of the company's library, of which the message gets a copy, too.
    Library(MediaId),
    /// What a public host has behind this URL.
    Link(String),
    /// What came in several requests.
    Partial(UploadId),
}

/// A message that may have a header with a file.
#[derive(Debug)]
pub struct HeadedDraft {
    pub content: HeadedContent,
    /// Where the file of the header is, unless the header says so itself.
    pub source: Option<FileSource>,
    /// Of a document.
    pub file_name: Option<String>,
    /// Whether a file that WhatsApp would refuse is made into one that it takes.
    pub convert: bool,
}

/// What Graph takes; the file of a header is named by `mediaId`, `libraryId` or `link`, or not at all.
#[derive(Debug)]
pub enum HeadedContent {
    Template(Value),
    Interactive(Value),
}

/// What a file proved to be.
#[derive(Clone, Debug)]
pub(super) struct ProvedFile<'a> {
    pub(super) mime_type: Option<&'a str>,
    pub(super) animated: bool,
    /// Of Opus.
    pub(super) channels: Option<u8>,
    pub(super) bytes: u64,
}

impl FileSource {
    /// The field of a request that names it.
    pub(super) fn field(&self) -> &'static str {
        match self {
            Self::Received(_) => "file",
            Self::Stored(_) => "mediaId",
            Self::Library(_) => "libraryId",
            Self::Link(_) => "link",
            Self::Partial(_) => "uploadId",
        }
    }
}

/// A refusal of a file is one of the field that names it. What is our fault is no field's.
pub(super) fn of_file_in(field: &'static str, error: Error) -> Error {
    match error.code() {
        ErrorCode::PayloadTooLarge | ErrorCode::UnsupportedMediaType => error.in_field(field),
        _ => error,
    }
}

/// The file as WhatsApp gets it, if it takes it.
pub(super) fn accept(draft: &FileDraft, proved: &ProvedFile<'_>) -> Result<KeptFile> {
    let kind = draft.kind;
    if proved.bytes == 0 {
        return Err(Error::invalid("file", "is empty; an empty file cannot be sent"));
    }
    let found = as_heard(kind, proved.mime_type);
    let upload =
        found.map(|mime| Upload::new(kind, mime, proved.bytes, proved.animated, draft.file_name.as_deref()));
    let Some(Ok(upload)) = upload else { return Err(refusal(kind, found, proved)) };
    let opus = proved.channels;
    if kind == FileType::Audio && opus.is_some_and(|channels| channels > 1) {
        let offer = offer(kind, found, proved);
        let detail =
            format!("the recording is stereo; as audio WhatsApp takes Ogg with Opus in mono alone{offer}");
        return Err(Error::refused(ErrorCode::UnsupportedMediaType, detail));
    }
    let voice = draft.voice.unwrap_or(kind == FileType::Audio && opus.is_some());
    if voice && opus.is_none() {
        return Err(Error::invalid(
            "voice",
            "is for Ogg with Opus in mono alone; leave it out to send the recording as sound",
        ));
    }
    let named = kind == FileType::Document;
    Ok(KeptFile {
        kind,
        mime_type: upload.mime().to_owned(),
        animated: proved.animated,
        caption: draft.caption.clone().filter(|caption| !caption.is_empty()),
        file_name: named.then(|| draft.file_name.clone().unwrap_or_else(|| upload.file_name().to_owned())),
        voice,
    })
}

/// A name that was given elsewhere, if WhatsApp takes it with a document.
pub(super) fn sendable_name(name: Option<String>) -> Option<String> {
    name.filter(|name| {
        (1..=outgoing::FILE_NAME_BYTES).contains(&name.len()) && !name.contains(char::is_control)
    })
}

/// Names the type that was found or the limit that was passed, and what WhatsApp takes instead.
fn refusal(kind: FileType, found: Option<&str>, proved: &ProvedFile<'_>) -> Error {
    let takes = found.is_some_and(|mime| outgoing::accepted_type(kind, mime).is_some());
    let limit = limits::outbound_file_bytes(kind, proved.animated);
    let offer = offer(kind, found, proved);
    if takes && proved.bytes > limit {
        let bytes = proved.bytes;
        let detail = format!("the file has {bytes} bytes; WhatsApp takes at most {limit} as {kind}{offer}");
        return Error::refused(ErrorCode::PayloadTooLarge, detail);
    }
    let types: Vec<&str> = accepted_types(kind).map(|accepted| accepted.mime).collect();
    let found = found.unwrap_or("of no known type");
    let detail =
        format!("the file is {found} by its bytes; as {kind} WhatsApp takes {}{offer}", types.join(", "));
    Error::refused(ErrorCode::UnsupportedMediaType, detail)
}

/// Says as what WhatsApp takes the same file, where it does: as what it is, or as a document.
fn offer(kind: FileType, found: Option<&str>, proved: &ProvedFile<'_>) -> String {
    let its_own = [FileType::Image, FileType::Video, FileType::Audio].into_iter().find(|other| {
        *other != kind
            && found.is_some_and(|mime| outgoing::accepted_type(*other, mime).is_some())
            && proved.bytes <= limits::outbound_file_bytes(*other, proved.animated)
    });
    if let Some(its_own) = its_own {
        return format!("; send it as {its_own}");
    }
    let limit = limits::outbound_file_bytes(FileType::Document, false);
    let is_taken = found
        .and_then(|mime| as_heard(FileType::Document, Some(mime)))
        .is_some_and(|mime| outgoing::accepted_type(FileType::Document, mime).is_some());
    if kind == FileType::Document || !is_taken || proved.bytes > limit {
        return String::new();
    }
    format!("; send it as a document, which may have {limit} bytes")
}

/// Whether WhatsApp's request can be made of it: its texts and numbers are within WhatsApp's limits.
pub(super) fn check(content: &KeptContent) -> Result<()> {
    // Whom it goes to and under which id WhatsApp has its file is known when it is sent.
    let outgoing = Outgoing {
        recipient: Recipient::phone("15550000000")?,
        reply_to: content.reply_to.clone(),
        content: content.clone().with_file(Some("0".to_owned())),
        callback_data: None,
    };
    outgoing.to_json()?;
    Ok(())
}

impl PlainContent {
    /// As it is kept. A reaction is on the message that it replies to, and answers none.
    pub(super) fn kept(self, reply_to: Option<String>) -> Result<KeptContent> {
        let kind = match self {
            Self::Text { text, preview_url } => KeptKind::Text { text, preview_url },
            Self::Location { latitude, longitude, name, address } => {
                KeptKind::Location { latitude, longitude, name, address }
            }
            Self::Contacts(contacts) => KeptKind::Contacts { contacts },
            Self::Reaction { emoji } => {
                let target = "is missing: the message that the reaction is on";
                let message_id = reply_to.ok_or_else(|| Error::invalid("replyTo", target))?;
                return Ok(KeptContent { kind: KeptKind::Reaction { message_id, emoji }, reply_to: None });
            }
        };
        Ok(KeptContent { kind, reply_to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(kind: FileType) -> FileDraft {
        FileDraft { kind, caption: None, file_name: None, voice: None, convert: false }
    }

    fn proved(mime_type: &str, bytes: u64) -> ProvedFile<'_> {
        let channels = mime_type.ends_with("codecs=opus").then_some(1);
        ProvedFile { mime_type: Some(mime_type), animated: false, channels, bytes }
    }

    #[test]
    fn file_is_named_and_typed_by_its_bytes() {
        let note = accept(&draft(FileType::Audio), &proved("audio/ogg; codecs=opus", 9)).unwrap();
        assert!(note.voice && note.file_name.is_none(), "Opus is a voice note");
        let sound = accept(&draft(FileType::Audio), &proved("video/mp4", 9)).unwrap();
        assert_eq!((sound.mime_type.as_str(), sound.voice), ("audio/mp4", false));
        let named = FileDraft { file_name: Some("Rechnung März.pdf".into()), ..draft(FileType::Document) };
        let file = accept(&named, &proved("application/pdf", 9)).unwrap();
        assert_eq!(file.file_name.as_deref(), Some("Rechnung März.pdf"));
    }

    #[test]
    fn refusal_says_what_was_found_and_what_whatsapp_takes() {
        for (kind, mime, bytes, code, said) in [
            (FileType::Image, "text/html", 9, ErrorCode::UnsupportedMediaType, "is text/html"),
            (FileType::Image, "image/heic", 9, ErrorCode::UnsupportedMediaType, "image/jpeg, image/png"),
            (
                FileType::Video,
                "video/mp4",
                17_000_000,
                ErrorCode::PayloadTooLarge,
                "at most 16000000 as video; send it as a document, which may have 100000000",
            ),
            (FileType::Image, "application/pdf", 9, ErrorCode::UnsupportedMediaType, "send it as a document"),
            (FileType::Image, "image/jpeg", 5_000_001, ErrorCode::PayloadTooLarge, "at most 5000000"),
            (FileType::Document, "application/zip", 9, ErrorCode::UnsupportedMediaType, "application/pdf"),
            (FileType::Audio, "audio/ogg", 9, ErrorCode::UnsupportedMediaType, "codecs=opus"),
            (FileType::Image, "image/jpeg", 0, ErrorCode::ValidationError, "empty"),
        ] {
            let error = accept(&draft(kind), &proved(mime, bytes)).unwrap_err();
            assert_eq!(error.code(), code, "{kind} {mime}: {error}");
            assert!(error.detail().unwrap_or_default().contains(said), "{kind} {mime}: {error}");
        }
    }

    #[test]
    fn document_is_offered_only_where_whatsapp_takes_it() {
        for (kind, mime, bytes) in [
            (FileType::Image, "image/heic", 9),
            (FileType::Audio, "audio/ogg", 9),
            (FileType::Video, "video/mp4", 100_000_001),
            (FileType::Document, "application/pdf", 100_000_001),
        ] {
            let error = accept(&draft(kind), &proved(mime, bytes)).unwrap_err();
            assert!(!error.detail().unwrap().contains("send it as"), "{kind} {mime}: {error}");
        }
    }

    #[test]
    fn document_may_be_video_picture_and_sound_under_its_own_name() {
        let named = FileDraft { file_name: Some("Party.MOV".into()), ..draft(FileType::Document) };
        for (mime, taken) in [
            ("video/mp4", "video/mp4"),
            ("image/jpeg", "image/jpeg"),
            ("image/webp", "image/webp"),
            ("audio/mpeg", "audio/mpeg"),
            ("audio/3gpp", "video/3gpp"),
        ] {
            let file = accept(&named, &proved(mime, 17_000_000)).unwrap();
            assert_eq!((file.mime_type.as_str(), file.file_name.as_deref()), (taken, Some("Party.MOV")));
        }
        let stereo = ProvedFile { channels: Some(2), ..proved("audio/ogg; codecs=opus", 9) };
        let file = accept(&draft(FileType::Document), &stereo).unwrap();
        assert_eq!((file.voice, file.file_name.as_deref()), (false, Some("document.ogg")));
    }

    #[test]
    fn stereo_is_no_voice_note_and_other_sound_is_none_either() {
        let stereo = ProvedFile { channels: Some(2), ..proved("audio/ogg; codecs=opus", 9) };
        assert!(accept(&draft(FileType::Audio), &stereo).unwrap_err().detail().unwrap().contains("mono"));
        let wanted = FileDraft { voice: Some(true), ..draft(FileType::Audio) };
        assert_eq!(accept(&wanted, &proved("audio/mpeg", 9)).unwrap_err().field(), Some("voice"));
    }

    #[test]
    fn texts_beyond_whatsapps_limits_are_refused_by_their_field() {
        let text = |chars: usize| PlainContent::Text { text: "ü".repeat(chars), preview_url: false };
        check(&text(outgoing::TEXT_CHARS).kept(None).unwrap()).unwrap();
        let error = check(&text(outgoing::TEXT_CHARS + 1).kept(None).unwrap()).unwrap_err();
        assert_eq!(error.field(), Some("text"));
        let reaction = PlainContent::Reaction { emoji: "👍".into() };
        assert_eq!(reaction.kept(None).unwrap_err().field(), Some("replyTo"));
    }
}
