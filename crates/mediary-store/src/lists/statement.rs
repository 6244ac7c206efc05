//! The statements of a list of media.

use mediary_core::{DownloadStatus, FileType, MediaId, Scope};
use sqlx::AssertSqlSafe;

use super::{MediaQuery, MediaSort, Order};
use crate::record::Record as _;
use crate::scope::and_seen;
use crate::search::IndexedFilter;
use crate::value::{Value, args};
use crate::{Backend, Cursor, MediaFile, Result, dialect};

/// Where files come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The index of the list's order.
    Order,
    /// The index of words, which knows senders, directions and conversations, too.
    Words,
    /// The index by type and state.
    Kinds,
    /// The index by date, for a list in another order.
    Days,
}

/// The part of a list that is read.
#[derive(Debug, Default)]
pub(super) struct Bounds<'c> {
    /// What stands before this has been seen.
    pub(super) beyond: Option<&'c Cursor>,
    /// The last that is read.
    pub(super) upto: Option<&'c Cursor>,
}

/// A file of a list: its id, its place by number and by name, its name, its caption.
pub(super) type FoundFile = (MediaId, i64, String, Option<String>, Option<String>);

/// Builds one statement, and gathers its parameters in the order in which they are numbered.
pub(super) struct Statement<'q> {
    backend: Backend,
    scope: &'q Scope,
    query: &'q MediaQuery,
    args: Vec<Value>,
}

type Text = (AssertSqlSafe<String>, Vec<Value>);

impl<'q> Statement<'q> {
    pub(super) fn new(backend: Backend, scope: &'q Scope, query: &'q MediaQuery) -> Self {
        Self { backend, scope, query, args: args![scope.company()] }
    }

    /// The records of a page, along the order.
    pub(super) fn files(&mut self, bounds: &Bounds<'_>) -> Result<Text> {
        let columns = format!("{}, f.sort_name", MediaFile::SELECT);
        let conditions = self.conditions(Source::Order, bounds)?;
        Ok(self.text(&columns, self.ordered(), &conditions, self.query.page.row_count(), 0))
    }

    /// The files of a page by their ids.
    pub(super) fn found(&mut self, source: Source, bounds: &Bounds<'_>, rows: i64) -> Result<Text> {
        let message = self.query.is_indexed();
        let columns = match message {
            true => format!("f.id, {}, f.sort_name, f.file_name, m.caption", self.number()),
            false => format!("f.id, {}, f.sort_name, NULL, NULL", self.number()),
        };
        let mut from = match source {
            Source::Order => self.ordered().to_owned(),
            Source::Words => self.words(),
            Source::Kinds => Self::of_ids(&self.ids_of_kinds(bounds, None)?),
            Source::Days => Self::of_ids(&self.ids_of_days()),
        };
        if message {
            from.push_str(" LEFT JOIN messages m ON m.company_id = f.company_id AND m.id = f.message_id");
        }
        let conditions = self.conditions(source, bounds)?;
        Ok(self.text(&columns, &from, &conditions, rows, 0))
    }

    /// A row for each file that a source gives, wherever it stands in the list; of more than `rows` some.
    pub(super) fn hits(&mut self, source: Source, rows: i64) -> Result<(String, Vec<Value>)> {
        let hits = match source {
            Source::Words => {
                let asked = self.asked_words();
                dialect::words::hits(self.backend, dialect::words::MEDIA, &asked)
            }
            Source::Kinds => self.ids_of_kinds(&Bounds::default(), Some(rows))?,
            Source::Order | Source::Days => self.ids_of_days(),
        };
        Ok((hits, std::mem::take(&mut self.args)))
    }

    /// The last of the next `rows` files of a list, whatever its filters.
    pub(super) fn end_of_walk(&mut self, bounds: &Bounds<'_>, rows: i64) -> Result<Text> {
        let columns = format!("f.id, {}, f.sort_name, NULL, NULL", self.number());
        let mut conditions = self.of_the_list();
        conditions.extend(self.within(bounds)?);
        Ok(self.text(&columns, self.ordered(), &conditions, 1, rows - 1))
    }

    /// The files along the order. SQLite knows no numbers of rows, and between two bounds it takes the company's index for as good as the
    /// conversation's, where it reads the files of all other conversations.
    fn ordered(&self) -> &'static str {
        match (self.backend, self.query.conversation, self.query.sort) {
            (Backend::Postgres, ..) | (Backend::Sqlite, None, _) => "media_files f",
            (_, _, MediaSort::Date) => "media_files f INDEXED BY media_files_conversation_by_date",
            (_, _, MediaSort::Size) => "media_files f INDEXED BY media_files_conversation_by_size",
            (_, _, MediaSort::Name) => "media_files f INDEXED BY media_files_conversation_by_name",
        }
    }

    fn text(&mut self, columns: &str, from: &str, conditions: &[String], limit: i64, offset: i64) -> Text {
        let (key, direction) = (self.key(), self.direction());
        let limit = self.parameter(limit.into());
        let offset = match offset {
            0 => String::new(),
            offset => format!(" OFFSET {}", self.parameter(offset.into())),
        };
        let sql = format!(
            "SELECT {columns} FROM {from} WHERE {}
                ORDER BY {key} {direction}, f.id {direction} LIMIT {limit}{offset}",
            conditions.join(" AND ")
        );
        (AssertSqlSafe(sql), std::mem::take(&mut self.args))
    }

    fn parameter(&mut self, value: Value) -> String {
        self.args.push(value);
        format!("${}", self.args.len())
    }

    fn key(&self) -> &'static str {
        match self.query.sort {
            MediaSort::Date => "f.created_at",
            MediaSort::Size => "COALESCE(f.file_size, 0)",
            MediaSort::Name => "f.sort_name",
        }
    }

    /// The key where it is a number.
    fn number(&self) -> &'static str {
        match self.query.sort {
            MediaSort::Name => "f.id",
            MediaSort::Date | MediaSort::Size => self.key(),
        }
    }

    fn direction(&self) -> &'static str {
        match self.query.order {
            Order::Ascending => "ASC",
            Order::Descending => "DESC",
        }
    }

    /// What bounds the list itself, and stands in the index of its order.
    fn of_the_list(&mut self) -> Vec<String> {
        let mut conditions = vec![
            format!("f.company_id = $1{}", and_seen(self.scope, "f.conversation_id")),
            "f.is_active".into(),
        ];
        if let Some(conversation) = self.query.conversation {
            conditions.push(format!("f.conversation_id = {}", self.parameter(conversation.into())));
        }
        if self.query.sort == MediaSort::Date {
            conditions.extend(self.between_days());
        }
        conditions
    }

    fn between_days(&mut self) -> Vec<String> {
        let (from, to) = (self.query.from, self.query.to);
        let from = from.map(|from| format!("f.created_at >= {}", self.parameter(from.into())));
        let to = to.map(|to| format!("f.created_at < {}", self.parameter(to.into())));
        from.into_iter().chain(to).collect()
    }

    fn within(&mut self, bounds: &Bounds<'_>) -> Result<Vec<String>> {
        let (beyond, upto) = match self.query.order {
            Order::Ascending => (">", "<="),
            Order::Descending => ("<", ">="),
        };
        let key = self.key();
        let mut conditions = Vec::new();
        for (cursor, compared, alone) in
            [(bounds.beyond, beyond, &beyond[..1]), (bounds.upto, upto, &upto[..1])]
        {
            let Some(cursor) = cursor else { continue };
            let value = match self.query.sort {
                MediaSort::Name => cursor.as_text()?.into(),
                MediaSort::Date | MediaSort::Size => cursor.as_number()?.into(),
            };
            let (value, id) = (self.parameter(value), self.parameter(cursor.id.into()));
            // SQLite seeks an index of an expression only by the expression alone, and reads it from its beginning for a pair.
            conditions.push(format!("{key} {alone}= {value} AND ({key}, f.id) {compared} ({value}, {id})"));
        }
        Ok(conditions)
    }

    /// Everything that a file of the page has to be. Numbers are compared by their digits, however they are written.
    fn conditions(&mut self, source: Source, bounds: &Bounds<'_>) -> Result<Vec<String>> {
        let query = self.query;
        let mut conditions = self.of_the_list();
        if matches!(source, Source::Kinds | Source::Days) {
            conditions.push("f.id = k.id".to_owned());
        }
        if query.sort != MediaSort::Date {
            conditions.extend(self.between_days());
        }
        conditions.extend(self.within(bounds)?);
        if !query.with_library {
            conditions.push("f.library_name IS NULL".to_owned());
        }
        // As an expression, so that SQLite reads along the order or the source, and not by an index of these.
        let (status, kind) = match source {
            Source::Order if query.conversation.is_some() => ("f.download_status", "f.file_type"),
            _ => ("COALESCE(f.download_status, '')", "COALESCE(f.file_type, '')"),
        };
        if let Some(wanted) = query.download_status {
            conditions.push(format!("{status} = '{wanted}'"));
        }
        if !query.file_types.is_empty() {
            let words: Vec<String> = self.types().map(|kind| format!("'{kind}'")).collect();
            conditions.push(format!("{kind} IN ({})", words.join(", ")));
        }
        if let Some(direction) = query.direction {
            // As an expression, so that Postgres begins with the files, however few such messages it expects.
            conditions.push(format!("COALESCE(m.direction, '') = '{direction}'"));
        }
        if let Some(sender) = &query.sender {
            let sender = self.parameter(sender.as_str().into());
            let digits = ["+", " ", "-", "(", ")"]
                .iter()
                .fold("m.sender_phone".to_owned(), |phone, sign| format!("REPLACE({phone}, '{sign}', '')"));
            conditions.push(format!(
                "COALESCE({digits}, (SELECT c.user_id FROM conversations v
                    JOIN contacts c ON c.company_id = v.company_id AND c.id = v.contact_id
                    WHERE v.company_id = f.company_id AND v.id = f.conversation_id AND m.direction = 'inbound')) = {sender}"
            ));
        }
        Ok(conditions)
    }

    fn words(&mut self) -> String {
        let asked = self.asked_words();
        dialect::words::found(self.backend, dialect::words::MEDIA, &asked)
    }

    fn asked_words(&mut self) -> String {
        let query = self.query;
        let filter = IndexedFilter {
            words: query.words.as_ref(),
            sender: query.sender.as_deref(),
            direction: query.direction,
            conversation: query.conversation,
        };
        let asked = filter.to_query(self.scope.company(), self.backend);
        self.parameter(asked.into())
    }

    /// The files of the types and states that are wanted, a query for each pair of both. In a list by date each gives its first ones, in
    /// another one at most `most`: with one limit around them all, Postgres would read every file of a state that most files have.
    fn ids_of_kinds(&mut self, bounds: &Bounds<'_>, most: Option<i64>) -> Result<String> {
        let query = self.query;
        let states = query.download_status.as_ref().map_or(DownloadStatus::ALL, std::slice::from_ref);
        let mut same = self.of_the_list();
        let mut first = String::new();
        if query.sort == MediaSort::Date {
            same.extend(self.within(bounds)?);
            let (direction, limit) = (self.direction(), self.parameter(query.page.row_count().into()));
            first = format!(" ORDER BY f.created_at {direction}, f.id {direction} LIMIT {limit}");
        } else {
            same.extend(self.between_days());
            if let Some(most) = most {
                first = format!(" LIMIT {}", self.parameter(most.into()));
            }
        }
        if !query.with_library {
            same.push("f.library_name IS NULL".to_owned());
        }
        let same = same.join(" AND ");
        let pairs = self.types().flat_map(|kind| states.iter().map(move |state| (kind, state)));
        let parts: Vec<String> = pairs
            .map(|(kind, state)| {
                format!(
                    "SELECT * FROM (SELECT f.id FROM media_files f WHERE {same} AND f.file_type = '{kind}'
                        AND f.download_status = '{state}'{first}) p"
                )
            })
            .collect();
        Ok(parts.join(" UNION ALL "))
    }

    /// Each of the types that are wanted, once, however often it is asked for.
    fn types(&self) -> impl Iterator<Item = &'static FileType> {
        let wanted = &self.query.file_types;
        FileType::ALL.iter().filter(move |kind| wanted.is_empty() || wanted.contains(kind))
    }

    /// The files of the days that are wanted.
    fn ids_of_days(&mut self) -> String {
        let mut conditions = self.of_the_list();
        conditions.extend(self.between_days());
        format!("SELECT f.id FROM media_files f WHERE {}", conditions.join(" AND "))
    }

    fn of_ids(ids: &str) -> String {
        format!("({ids}) k CROSS JOIN media_files f")
    }
}
