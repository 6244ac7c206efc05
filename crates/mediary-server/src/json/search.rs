use mediary_core::{WordQuery, limits};
use mediary_store::MessageWithMedia;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Conversation, MediaFile, Message, Reader, Shape};

/// What a search found. Of a conversation and of a message the others are null; a file comes with its message. Texts and captions have
/// their first 4096 characters, which is all that WhatsApp takes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchHit {
    #[schema(required)]
    conversation: Option<Conversation>,
    #[schema(required)]
    message: Option<Message>,
    #[schema(required)]
    media: Option<MediaFile>,
    /// Where the words of the query stand, in the order of the fields: the first 32 places of each.
    marks: Vec<Mark>,
}

/// Letters of a field that make a word of the query.
#[derive(Debug, Serialize, ToSchema)]
struct Mark {
    field: MarkedField,
    /// Counted from zero in UTF-16 code units, as JavaScript counts.
    start: usize,
    /// The first unit behind it.
    end: usize,
}

/// A field with words in it: the message's `text` or `caption`, the file's `fileName`, or the contact's `name` or `phone`.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum MarkedField {
    Text,
    Caption,
    FileName,
    Name,
    Phone,
}

fn marks(words: &WordQuery, field: MarkedField, text: Option<&str>) -> Vec<Mark> {
    let text = text.unwrap_or_default();
    // From one mark to the next, so that a long text is counted once.
    let (mut bytes, mut units) = (0, 0);
    let mut upto = |at: usize| {
        units += text.get(bytes..at).map_or(0, |part| part.encode_utf16().count());
        bytes = at;
        units
    };
    let ranges = words.marks(text).into_iter().take(limits::SEARCH_MARKS);
    ranges.map(|range| Mark { field, start: upto(range.start), end: upto(range.end) }).collect()
}

/// A message of a hit, without what is beyond the bound of its texts.
fn bounded(mut row: MessageWithMedia) -> MessageWithMedia {
    for text in [&mut row.message.text, &mut row.message.caption].into_iter().flatten() {
        if let Some((end, _)) = text.char_indices().nth(limits::SEARCH_TEXT_CHARS) {
            text.truncate(end);
        }
    }
    row
}

impl SearchHit {
    pub(crate) fn of_message(row: MessageWithMedia, words: &WordQuery, reader: &Reader) -> Self {
        let row = bounded(row);
        let mut found = marks(words, MarkedField::Text, row.message.text.as_deref());
        found.extend(marks(words, MarkedField::Caption, row.message.caption.as_deref()));
        Self { conversation: None, message: Some(Message::shape(row, reader)), media: None, marks: found }
    }

    pub(crate) fn of_conversation(
        mut row: mediary_store::Conversation,
        words: &WordQuery,
        reader: &Reader,
    ) -> Self {
        let mut found = marks(words, MarkedField::Name, row.contact.name.as_deref());
        found.extend(marks(words, MarkedField::Phone, row.contact.phone.as_deref()));
        row.last_message = row.last_message.map(bounded);
        let conversation = Some(Conversation::shape(row, reader));
        Self { conversation, message: None, media: None, marks: found }
    }

    pub(crate) fn of_media(
        row: mediary_store::MediaFile,
        message: Option<MessageWithMedia>,
        words: &WordQuery,
        reader: &Reader,
    ) -> Self {
        let message = message.map(bounded);
        let caption = message.as_ref().and_then(|message| message.message.caption.as_deref());
        let mut found = marks(words, MarkedField::FileName, row.file_name.as_deref());
        found.extend(marks(words, MarkedField::Caption, caption));
        let message = message.map(|message| Message::shape(message, reader));
        Self { conversation: None, message, media: Some(MediaFile::shape(row, reader)), marks: found }
    }
}
