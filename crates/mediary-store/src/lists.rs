//! Lists of media: of a company or of a conversation, filtered, in any of three orders.

use mediary_core::{ConversationId, DownloadStatus, FileType, Scope, Timestamp};
use sqlx::AssertSqlSafe;

use crate::record::Record as _;
use crate::scope::and_seen;
use crate::value::{Value, args};
use crate::{Cursor, MediaFile, Page, PageRequest, Result, Store};

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
    pub sort: MediaSort,
    pub order: Order,
    pub page: PageRequest,
}

/// A list in one order: its sort key in SQL, and how rows continue after a cursor.
struct Listing {
    key: &'static str,
    direction: &'static str,
    beyond: &'static str,
}

impl MediaQuery {
    fn listing(&self) -> Listing {
        let key = match self.sort {
            MediaSort::Date => "f.created_at",
            MediaSort::Size => "COALESCE(f.file_size, 0)",
            MediaSort::Name => "f.sort_name",
        };
        match self.order {
            Order::Ascending => Listing { key, direction: "ASC", beyond: ">" },
            Order::Descending => Listing { key, direction: "DESC", beyond: "<" },
        }
    }

    /// The statement, with its parameters in the order in which they are numbered.
    fn statement(&self, scope: &Scope) -> Result<(String, Vec<Value>)> {
        let Listing { key, direction, beyond } = self.listing();
        let mut args = args![scope.company()];
        let mut conditions = vec![
            format!("f.company_id = $1{}", and_seen(scope, "f.conversation_id")),
            "f.is_active".to_owned(),
        ];
        if !self.with_library {
            conditions.push("f.library_name IS NULL".to_owned());
        }
        let mut add = |condition: &str, value: Value| {
            args.push(value);
            conditions.push(condition.replace('?', &format!("${}", args.len())));
        };
        if let Some(conversation) = self.conversation {
            add("f.conversation_id = ?", conversation.into());
        }
        if let Some(status) = self.download_status {
            add("f.download_status = ?", status.into());
        }
        if let Some(from) = self.from {
            add("f.created_at >= ?", from.into());
        }
        if let Some(to) = self.to {
            add("f.created_at < ?", to.into());
        }
        if let Some(cursor) = &self.page.cursor {
            let value = match self.sort {
                MediaSort::Name => cursor.as_text()?.into(),
                MediaSort::Date | MediaSort::Size => cursor.as_number()?.into(),
            };
            args.push(value);
            args.push(cursor.id.into());
            conditions.push(format!("({key}, f.id) {beyond} (${}, ${})", args.len() - 1, args.len()));
        }
        if !self.file_types.is_empty() {
            let words: Vec<String> = self.file_types.iter().map(|kind| format!("'{kind}'")).collect();
            conditions.push(format!("f.file_type IN ({})", words.join(", ")));
        }
        args.push(self.page.row_count().into());
        let sql = format!(
            "SELECT {}, f.sort_name FROM media_files f WHERE {}
                ORDER BY {key} {direction}, f.id {direction} LIMIT ${}",
            MediaFile::SELECT,
            conditions.join(" AND "),
            args.len()
        );
        Ok((sql, args))
    }
}

impl Store {
    pub async fn media_list(&self, scope: &Scope, query: &MediaQuery) -> Result<Page<MediaFile>> {
        let (sql, args) = query.statement(scope)?;
        let rows: Vec<(MediaFile, String)> = self.db().all(AssertSqlSafe(sql), args).await?;
        let cursor = |(file, sort_name): &(MediaFile, String)| match query.sort {
            MediaSort::Date => Cursor::number(file.created_at.millis(), file.id.0),
            MediaSort::Size => Cursor::number(file.file_size.unwrap_or(0), file.id.0),
            MediaSort::Name => Cursor::text(sort_name.clone(), file.id.0),
        };
        Ok(Page::from_rows(rows, query.page.limit, cursor).map(|(file, _)| file))
    }
}
