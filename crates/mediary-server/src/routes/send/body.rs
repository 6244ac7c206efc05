//! A message that somebody wants sent, as JSON.

use mediary_core::{AccountId, ConversationId, FileType, MediaId, MessageId, OutgoingType, UploadId};
use mediary_engine::{DraftDestination, FileDraft, FileSource, HeadedContent, HeadedDraft, PlainContent};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::json::words;
use crate::problem::Problem;
use crate::request::given;

/// A message to be sent: into a conversation, or to somebody by one of your accounts. Which fields belong to which type: `text` to `text`;
/// `mediaId`, `libraryId`, `uploadId` or `link`, `caption`, `fileName`, `voice` and `convert` to files; `emoji` and `replyTo` to `reaction`;
/// `latitude` and `longitude` to `location`; `contacts` to `contacts`; `template` and `interactive` to these, with `mediaId`, `libraryId`,
/// `uploadId` or `link`, `fileName` and `convert` for the file of a header.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewMessage {
    /// Where it goes, unless `whatsappAccountId` and `to` say so.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>, nullable = false)]
    conversation_id: Option<ConversationId>,
    /// The account that sends it, with `to`: the conversation is opened if there is none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>, nullable = false)]
    whatsapp_account_id: Option<AccountId>,
    /// Whom it is for: a phone number with its country code, a business-scoped user id, or a group's id.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 512, nullable = false)]
    to: Option<String>,
    #[serde(rename = "type")]
    #[schema(value_type = words::OutgoingType)]
    kind: OutgoingType,
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 4096, nullable = false)]
    text: Option<String>,
    /// Whether WhatsApp shows a preview of the first link of a text.
    #[serde(default)]
    preview_url: bool,
    /// A stored file, of which the message gets a copy.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>, nullable = false)]
    media_id: Option<MediaId>,
    /// A file of the library, of which the message gets a copy.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>, nullable = false)]
    library_id: Option<MediaId>,
    /// A public URL of the file, which is fetched before this answers, and kept.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 4096, nullable = false)]
    link: Option<String>,
    /// A file that came in several requests, by `POST /api/uploads`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>, nullable = false)]
    upload_id: Option<UploadId>,
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 1024, nullable = false)]
    caption: Option<String>,
    /// Of a document.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 255, nullable = false)]
    file_name: Option<String>,
    /// Whether a recording is a voice note; one in Ogg with Opus is, unless this says otherwise.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    voice: Option<bool>,
    /// Whether a file that WhatsApp would refuse is made into one that it takes, before this answers; one that it takes stays as it is.
    /// With `voice` any recording becomes a voice note.
    #[serde(default)]
    convert: bool,
    /// The message that this one answers, or that the reaction is on.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>, nullable = false)]
    pub(super) reply_to: Option<MessageId>,
    /// An empty one takes the reaction back.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    emoji: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    latitude: Option<f64>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    longitude: Option<f64>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    address: Option<String>,
    /// Contact cards, as WhatsApp takes them.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<Object>>, nullable = false)]
    contacts: Option<Vec<Value>>,
    /// A template, as WhatsApp takes it. The file of its header is named there by `mediaId`, `libraryId` or `link`, or comes along.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Object>, nullable = false)]
    template: Option<Map<String, Value>>,
    /// Buttons, a list and the like, as WhatsApp takes them; the file of a header as in a template.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Object>, nullable = false)]
    interactive: Option<Map<String, Value>>,
    /// What you call this message: the same again is the same message.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 200, nullable = false)]
    pub(super) client_id: Option<String>,
}

/// What is to be sent.
pub(super) enum Wanted {
    Plain(PlainContent),
    /// With the place of its file, if one is named.
    File(FileDraft, Option<FileSource>),
    Headed(HeadedDraft),
}

impl NewMessage {
    /// Where it goes, which is said in one of two ways.
    pub(super) fn destination(&mut self) -> Result<DraftDestination, Problem> {
        let both = "cannot go with conversationId, which says where the message goes; leave one of them out";
        match (self.conversation_id, self.whatsapp_account_id, self.to.take()) {
            (Some(conversation), None, None) => Ok(DraftDestination::Conversation(conversation)),
            (None, Some(account), Some(to)) => Ok(DraftDestination::Recipient { account, to }),
            (Some(_), Some(_), _) => Err(Problem::field("whatsappAccountId", both)),
            (Some(_), None, Some(_)) => Err(Problem::field("to", both)),
            (None, Some(_), None) => Err(Problem::field("to", "is missing: whom the message is for")),
            (None, None, Some(_)) => {
                Err(Problem::field("whatsappAccountId", "is missing: the account that sends the message"))
            }
            (None, None, None) => Err(Problem::field(
                "conversationId",
                "is missing; or give whatsappAccountId and to, for somebody who has no conversation yet",
            )),
        }
    }

    /// What is in it. A field of another type than its own is a mistake, which nobody should find out by its absence in the message.
    pub(super) fn content(mut self, has_file: bool) -> Result<Wanted, Problem> {
        let wanted = match self.kind {
            OutgoingType::Text => {
                let text = needed("text", self.text.take())?;
                let preview_url = std::mem::take(&mut self.preview_url);
                Wanted::Plain(PlainContent::Text { text, preview_url })
            }
            OutgoingType::Location => Wanted::Plain(PlainContent::Location {
                latitude: needed("latitude", self.latitude.take())?,
                longitude: needed("longitude", self.longitude.take())?,
                name: self.name.take(),
                address: self.address.take(),
            }),
            OutgoingType::Contacts => {
                Wanted::Plain(PlainContent::Contacts(needed("contacts", self.contacts.take())?))
            }
            OutgoingType::Reaction => {
                Wanted::Plain(PlainContent::Reaction { emoji: needed("emoji", self.emoji.take())? })
            }
            OutgoingType::Image => self.file(has_file, FileType::Image)?,
            OutgoingType::Video => self.file(has_file, FileType::Video)?,
            OutgoingType::Audio => self.file(has_file, FileType::Audio)?,
            OutgoingType::Document => self.file(has_file, FileType::Document)?,
            OutgoingType::Sticker => self.file(has_file, FileType::Sticker)?,
            OutgoingType::Template => {
                let template = needed("template", self.template.take())?;
                self.headed(has_file, HeadedContent::Template(template.into()))?
            }
            OutgoingType::Interactive => {
                let interactive = needed("interactive", self.interactive.take())?;
                self.headed(has_file, HeadedContent::Interactive(interactive.into()))?
            }
        };
        if has_file && matches!(wanted, Wanted::Plain(_)) {
            return Err(Problem::field(
                "file",
                format!("does not belong to a message of type {}", self.kind),
            ));
        }
        self.nothing_left()?;
        Ok(wanted)
    }

    /// Where its file is, if it did not come along.
    fn source(&mut self, has_file: bool) -> Result<Option<FileSource>, Problem> {
        let named = [
            ("mediaId", self.media_id.take().map(FileSource::Stored)),
            ("libraryId", self.library_id.take().map(FileSource::Library)),
            ("link", self.link.take().map(FileSource::Link)),
            ("uploadId", self.upload_id.take().map(FileSource::Partial)),
        ];
        let mut given = has_file.then_some(("file", None));
        for (field, source) in named {
            let Some(source) = source else { continue };
            if let Some((other, _)) = given {
                return Err(Problem::field(field, format!("cannot be combined with {other}")));
            }
            given = Some((field, Some(source)));
        }
        Ok(given.and_then(|(_, source)| source))
    }

    fn file(&mut self, has_file: bool, kind: FileType) -> Result<Wanted, Problem> {
        let source = self.source(has_file)?;
        let draft = FileDraft {
            kind,
            caption: self.caption.take(),
            file_name: self.file_name.take(),
            voice: self.voice.take(),
            convert: std::mem::take(&mut self.convert),
        };
        Ok(Wanted::File(draft, source))
    }

    fn headed(&mut self, has_file: bool, content: HeadedContent) -> Result<Wanted, Problem> {
        Ok(Wanted::Headed(HeadedDraft {
            content,
            source: self.source(has_file)?,
            file_name: self.file_name.take(),
            convert: std::mem::take(&mut self.convert),
        }))
    }

    fn nothing_left(&self) -> Result<(), Problem> {
        let left = [
            ("text", self.text.is_some()),
            ("previewUrl", self.preview_url),
            ("mediaId", self.media_id.is_some()),
            ("libraryId", self.library_id.is_some()),
            ("link", self.link.is_some()),
            ("uploadId", self.upload_id.is_some()),
            ("caption", self.caption.is_some()),
            ("fileName", self.file_name.is_some()),
            ("voice", self.voice.is_some()),
            ("convert", self.convert),
            ("emoji", self.emoji.is_some()),
            ("latitude", self.latitude.is_some()),
            ("longitude", self.longitude.is_some()),
            ("name", self.name.is_some()),
            ("address", self.address.is_some()),
            ("contacts", self.contacts.is_some()),
            ("template", self.template.is_some()),
            ("interactive", self.interactive.is_some()),
        ];
        let first = left.into_iter().find(|(_, is_there)| *is_there);
        first.map_or(Ok(()), |(field, _)| {
            Err(Problem::field(field, format!("does not belong to a message of type {}", self.kind)))
        })
    }
}

fn needed<T>(field: &'static str, value: Option<T>) -> Result<T, Problem> {
    value.ok_or_else(|| Problem::field(field, "is missing"))
}
