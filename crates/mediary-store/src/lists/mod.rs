//! Lists of media: of a company or of a conversation, filtered, in any of three orders.
//!
//! A list without filters is read along the index of its order, and so is one of a conversation. Where filters may leave few of very
//! many files, it is read in two steps (`found`).

mod found;
mod statement;

use mediary_core::{ConversationId, Direction, DownloadStatus, FileType, Scope, Timestamp, WordQuery};

use crate::{Cursor, MediaFile, Page, PageRequest, Result, Store};
use statement::{Bounds, Source, Statement};

/// What a list of media is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MediaSort {
    #[default]
    Date,
    Size,
    Name,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    Ascending,
    #[default]
    Descending,
}

/// A filter of media files. Deleted ones are left out.
#[derive(Clone, Debug, Default)]
pub struct MediaQuery {
    pub conversation: Option<ConversationId>,
    /// Whether files of the library are among those of the company.
    pub with_library: bool,
    /// Empty means all.
    pub file_types: Vec<FileType>,
    pub download_status: Option<DownloadStatus>,
    /// Created at or after.
    pub from: Option<Timestamp>,
    /// Created before.
    pub to: Option<Timestamp>,
    /// Of messages that came in, or of those that went out.
    pub direction: Option<Direction>,
    /// Number or user id of who sent the message.
    pub sender: Option<String>,
    /// In the file's name and its message's caption.
    pub words: Option<WordQuery>,
    pub sort: MediaSort,
    pub order: Order,
    pub page: PageRequest,
}

impl MediaQuery {
    /// Whether it asks for what only messages and the index of words know.
    fn is_indexed(&self) -> bool {
        self.words.is_some() || self.sender.is_some() || self.direction.is_some()
    }

    fn has_kinds(&self) -> bool {
        !self.file_types.is_empty() || self.download_status.is_some()
    }

    fn has_days(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }

    /// Where to find what a walk along the order might find only after very many others; `None` where it finds enough.
    fn source(&self) -> Option<Source> {
        if self.is_indexed() {
            return Some(Source::Words);
        }
        if self.conversation.is_some() {
            return None;
        }
        if self.has_kinds() {
            return Some(Source::Kinds);
        }
        (self.has_days() && self.sort != MediaSort::Date).then_some(Source::Days)
    }

    fn cursor_of(&self, file: &MediaFile, sort_name: &str) -> Cursor {
        match self.sort {
            MediaSort::Date => Cursor::number(file.created_at.millis(), file.id.0),
            MediaSort::Size => Cursor::number(file.file_size.unwrap_or(0), file.id.0),
            MediaSort::Name => Cursor::text(sort_name.to_owned(), file.id.0),
        }
    }
}

impl Store {
    pub async fn media_list(&self, scope: &Scope, query: &MediaQuery) -> Result<Page<MediaFile>> {
        if let Some(source) = query.source() {
            return self.media_found(scope, query, source).await;
        }
        let bounds = Bounds { beyond: query.page.cursor.as_ref(), upto: None };
        let mut statement = Statement::new(self.backend(), scope, query);
        let (sql, args) = statement.files(&bounds)?;
        let rows: Vec<(MediaFile, String)> = self.db().all(sql, args).await?;
        let cursor = |(file, sort_name): &(MediaFile, String)| query.cursor_of(file, sort_name);
        Ok(Page::from_rows(rows, query.page.limit, cursor).map(|(file, _)| file))
    }
}

/// The statement that asks the index of words, for tests of that index alone.
#[cfg(test)]
pub(crate) fn indexed_only(
    backend: crate::Backend,
    scope: &Scope,
    query: &MediaQuery,
) -> (sqlx::AssertSqlSafe<String>, Vec<crate::value::Value>) {
    Statement::new(backend, scope, query).found(Source::Words, &Bounds::default(), 100).unwrap()
}
