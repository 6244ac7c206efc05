//! A list of media whose filters may leave few of very many files (`search::page`).

use std::collections::HashMap;

use mediary_core::{MediaId, Scope, WordQuery};

use super::statement::{Bounds, FoundFile, Source, Statement};
use super::{MediaQuery, MediaSort};
use crate::bulk::Bulk;
use crate::record::Record as _;
use crate::scope::and_seen;
use crate::search::{Candidate, FilteredList, page_of};
use crate::writes::row;
use crate::{Cursor, MediaFile, Page, Result, Store};

/// Files that may be looked at for a page: in the order of time they lie beside each other, in another one each is somewhere else.
const WALKED_MAX: i64 = 4000;
const SCATTERED_WALKED_MAX: i64 = 1000;

impl Store {
    pub(super) async fn media_found(
        &self,
        scope: &Scope,
        query: &MediaQuery,
        source: Source,
    ) -> Result<Page<MediaFile>> {
        let list = FilteredMedia { store: self, scope, query, source };
        let page = match (source, query.sort) {
            // The index of types and states has the order of the list itself.
            (Source::Kinds, MediaSort::Date) => {
                let rows = list.indexed(query.page.cursor.as_ref(), query.page.row_count()).await?;
                let cursors = rows.into_iter().map(|file| file.cursor).collect();
                Page::from_rows(cursors, query.page.limit, Cursor::clone)
            }
            _ => page_of(&list, &query.page).await?,
        };
        let files = self.files_of(scope, page.items.iter().map(|found| MediaId(found.id))).await?;
        Ok(page.with(files, |file| file.id.0))
    }

    /// Records by their ids, in the same order; without those that are deleted meanwhile.
    async fn files_of(&self, scope: &Scope, ids: impl Iterator<Item = MediaId>) -> Result<Vec<MediaFile>> {
        let sql = format!(
            "SELECT {} FROM k CROSS JOIN media_files f WHERE f.company_id = k.company_id AND f.id = k.id{} AND f.is_active",
            MediaFile::SELECT,
            and_seen(scope, "f.conversation_id")
        );
        let (mut read, mut order) = (Bulk::with(sql), HashMap::new());
        for (place, id) in ids.enumerate() {
            read.push(row! { company_id => scope.company(), id => id });
            order.insert(id, place);
        }
        let mut files: Vec<MediaFile> = read.read(self.db()).await?;
        files.sort_unstable_by_key(|file| order.get(&file.id).copied());
        Ok(files)
    }
}

struct FilteredMedia<'q> {
    store: &'q Store,
    scope: &'q Scope,
    query: &'q MediaQuery,
    source: Source,
}

impl FilteredMedia<'_> {
    fn statement(&self) -> Statement<'_> {
        Statement::new(self.store.backend(), self.scope, self.query)
    }

    fn candidate(&self, (id, number, name, own_name, caption): FoundFile) -> Candidate {
        let cursor = match self.query.sort {
            MediaSort::Date | MediaSort::Size => Cursor::number(number, id.0),
            MediaSort::Name => Cursor::text(name, id.0),
        };
        Candidate { cursor, texts: [own_name, caption] }
    }
}

impl FilteredList for FilteredMedia<'_> {
    fn words(&self) -> Option<&WordQuery> {
        self.query.words.as_ref()
    }

    fn walked_max(&self) -> i64 {
        match self.query.sort {
            MediaSort::Date => WALKED_MAX,
            MediaSort::Size | MediaSort::Name => SCATTERED_WALKED_MAX,
        }
    }

    async fn end_of_walk(&self, beyond: Option<&Cursor>, rows: i64) -> Result<Option<Cursor>> {
        let (sql, args) = self.statement().end_of_walk(&Bounds { beyond, upto: None }, rows)?;
        let end: Option<FoundFile> = self.store.db().first(sql, args).await?;
        Ok(end.map(|file| self.candidate(file).cursor))
    }

    async fn walk(
        &self,
        beyond: Option<&Cursor>,
        upto: Option<&Cursor>,
        rows: i64,
    ) -> Result<Vec<Candidate>> {
        let (sql, args) = self.statement().found(Source::Order, &Bounds { beyond, upto }, rows)?;
        let files: Vec<FoundFile> = self.store.db().all(sql, args).await?;
        Ok(files.into_iter().map(|file| self.candidate(file)).collect())
    }

    async fn finds_few(&self, max: i64) -> Result<bool> {
        let (rows, args) = self.statement().hits(self.source, max + 1)?;
        self.store.finds_few(&rows, args, max).await
    }

    async fn indexed(&self, beyond: Option<&Cursor>, rows: i64) -> Result<Vec<Candidate>> {
        let (sql, args) = self.statement().found(self.source, &Bounds { beyond, upto: None }, rows)?;
        let files: Vec<FoundFile> = self.store.search_rows(sql, args).await?;
        Ok(files.into_iter().map(|file| self.candidate(file)).collect())
    }
}
