//! Files that a company keeps to send them again: received, checked and stored as one that is sent at once.

use mediary_core::{Error, ErrorCode, FileType, MediaId, Result, limits};
use mediary_store::{Actor, AddedToLibrary, MediaFile, NewLibraryFile};

use super::convert::proved;
use super::draft::{self, FileDraft};
use super::source::{copy_of, described, visible};
use super::upload::ReceivedFile;
use crate::access::{May, rights};
use crate::base::work::Work;
use crate::context::Context;
use crate::events::event::{EventData, EventName};
use crate::storage::leftovers;

/// A file to be kept, and what it is called.
#[derive(Debug)]
pub struct LibraryDraft {
    pub name: String,
    pub source: LibrarySource,
    /// As what it will be sent; where nobody says, as what WhatsApp takes it.
    pub kind: Option<FileType>,
}

/// Where its bytes are.
#[derive(Debug)]
pub enum LibrarySource {
    /// With the file name that a document keeps.
    Received(ReceivedFile, Option<String>),
    /// A stored file of the company, of which the library gets a copy of its own.
    Stored(MediaId),
}

/// Keeps files.
#[derive(Clone, Debug)]
pub struct Library {
    context: Context,
}

impl Library {
    pub(super) fn new(context: Context) -> Self {
        Self { context }
    }

    /// Keeps a file, if WhatsApp takes it.
    pub async fn add(&self, may: &May<rights::Send>, draft: LibraryDraft, by: &Actor) -> Result<MediaFile> {
        add(&self.context, may, draft, by).await
    }

    /// Takes a file out of the library, for good. What was sent with it has bytes of its own.
    pub async fn remove(&self, may: &May<rights::Send>, id: MediaId, by: &Actor) -> Result<()> {
        remove(&self.context, may, id, by).await
    }
}

async fn add(
    context: &Context,
    may: &May<rights::Send>,
    draft: LibraryDraft,
    by: &Actor,
) -> Result<MediaFile> {
    let (caller, scope) = (may.caller(), may.caller().scope());
    let LibraryDraft { name, source, kind } = draft;
    check_name(&name)?;
    // Known before a file is copied for nothing; the transaction that keeps it asks again.
    if context.store().library_has(scope.company(), &name).await? {
        return Err(name_taken());
    }
    let field = match &source {
        LibrarySource::Received(..) => "file",
        LibrarySource::Stored(_) => "mediaId",
    };
    let (received, file_name, usual) = match source {
        LibrarySource::Received(received, file_name) if received.company == scope.company() => {
            let usual = received.usual_kind();
            (received, file_name, usual)
        }
        LibrarySource::Received(..) => {
            return Err(Error::new(ErrorCode::Internal, "keep a file that another company uploaded"));
        }
        LibrarySource::Stored(id) => {
            let record = visible(context, &scope, id).await?;
            (copy_of(context, &record).await?, record.file_name, record.file_type)
        }
    };
    let kind = kind.unwrap_or(usual);
    let file_name = draft::sendable_name(file_name).filter(|_| kind == FileType::Document);
    let file = FileDraft { kind, caption: None, file_name, voice: None, convert: false };
    let kept = draft::accept(&file, &proved(&received));
    let kept = kept.map_err(|error| draft::of_file_in(field, error))?;
    let stored = received.store(context).await?;
    let file = described(context, &stored, &kept)?;
    let new = NewLibraryFile { name, file, added_by: caller.user_id() };
    let added = context.store().add_to_library(&scope, &new, by).await?;
    stored.settled();
    let refused = match added {
        AddedToLibrary::Added(record) => {
            context.work().wake(Work::Derive);
            return Ok(*record);
        }
        AddedToLibrary::NameTaken => name_taken(),
        AddedToLibrary::Full => {
            let max = limits::LIBRARY_FILES;
            let detail = format!("the library has {max} files, the most that it holds; delete one first");
            Error::refused(ErrorCode::Conflict, detail)
        }
    };
    context.work().wake(Work::Trash);
    Err(refused)
}

async fn remove(context: &Context, may: &May<rights::Send>, id: MediaId, by: &Actor) -> Result<()> {
    let (caller, scope) = (may.caller(), may.caller().scope());
    if !context.store().remove_from_library(&scope, id, caller.user_id(), by).await? {
        return Err(Error::not_found("there is no such file in the library"));
    }
    let data = EventData { id: id.0, media_id: Some(id), ..EventData::default() };
    // From here on it is no longer served.
    context.events().publish(scope.company(), EventName::MediaDeleted, data);
    leftovers::clear(context, scope.company(), id).await
}

fn check_name(name: &str) -> Result<()> {
    let most = limits::SHORT_TEXT_CHARS;
    let fits = (1..=most).contains(&name.chars().take(most + 1).count());
    if fits && name.trim() == name && !name.contains(char::is_control) {
        return Ok(());
    }
    let rule =
        format!("must have 1 to {most} characters, none of them a control character and no space at an end");
    Err(Error::invalid("name", rule))
}

fn name_taken() -> Error {
    Error::refused(ErrorCode::Conflict, "the library has a file of this name; choose another one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_has_bounds_and_is_written_plainly() {
        for name in ["x", "Prices 2026", "価格表", &"ä".repeat(200)] {
            check_name(name).unwrap();
        }
        for name in ["", " ", " x", "x ", "a\nb", "a\0", &"ä".repeat(201)] {
            assert_eq!(check_name(name).unwrap_err().field(), Some("name"), "{name:?}");
        }
    }
}
