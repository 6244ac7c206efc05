//! A page of a list whose filters may leave few of very many files.
//!
//! First a bounded number of the next files is looked at in the order of the list. If enough of them pass, that is the page: where many
//! files pass, no index of what passes is quicker. If not, few pass, and an index of what does gives the rest: all of it that stands
//! beyond those files, which is then put in order. So a page costs about the same wherever it stands and whatever passes. What was
//! looked at is compared as it is now, so the newest files are found before the index of words knows them.

use std::collections::HashMap;

use mediary_core::{MediaId, Scope};

use super::statement::{Bounds, FoundFile, Source, Statement};
use super::{MediaQuery, MediaSort};
use crate::bulk::Bulk;
use crate::record::Record as _;
use crate::writes::row;
use crate::{Cursor, MediaFile, Page, Result, Store};

/// Files that are looked at in the order of the list. If fewer of them pass than a page has, at most one in so many passes as an index has
/// to sort within the time of a request.
const WALKED: i64 = 4000;
/// And of which the words are compared first.
const FIRST_WALKED: i64 = 300;

impl Store {
    pub(super) async fn media_found(
        &self,
        scope: &Scope,
        query: &MediaQuery,
        source: Source,
    ) -> Result<Page<MediaFile>> {
        let mut found = Vec::new();
        let mut beyond = query.page.cursor.clone();
        let mut is_over = false;
        // By date the index of types and states has the order of the list itself.
        if !(source == Source::Kinds && query.sort == MediaSort::Date) {
            let walk = self.walked(scope, query).await?;
            (found, is_over) = (walk.found, walk.end.is_none());
            beyond = walk.end.or(beyond);
        }
        let wanted = query.page.row_count();
        let missing = wanted - i64::try_from(found.len()).unwrap_or(wanted);
        if missing > 0 && !is_over {
            let bounds = Bounds { beyond: beyond.as_ref(), upto: None };
            let statement = Statement::new(self.backend(), scope, query).found(source, &bounds, missing)?;
            let (sql, args) = statement;
            found.extend(self.search_rows::<FoundFile>(sql, args).await?);
        }
        let page = Page::from_rows(found, query.page.limit, |file| cursor_of(query, file));
        let files = self.files_of(scope, page.items.iter().map(|file| file.0)).await?;
        Ok(Page { items: files, next: page.next })
    }

    /// The next files of a list that pass.
    async fn walked(&self, scope: &Scope, query: &MediaQuery) -> Result<Walk> {
        let beyond = query.page.cursor.as_ref();
        let bounds = Bounds { beyond, upto: None };
        let (sql, args) = Statement::new(self.backend(), scope, query).end_of_walk(&bounds, WALKED)?;
        let end: Option<FoundFile> = self.db().first(sql, args).await?;
        let end = end.map(|file| cursor_of(query, &file));
        let bounds = Bounds { beyond, upto: end.as_ref() };
        let wanted = usize::try_from(query.page.row_count()).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        // Words are compared here, so that every file that passes otherwise is needed. Where many match, the first few fill the page.
        let steps: &[i64] =
            if query.words.is_some() { &[FIRST_WALKED, WALKED] } else { &[query.page.row_count()] };
        for rows in steps {
            let (sql, args) =
                Statement::new(self.backend(), scope, query).found(Source::Order, &bounds, *rows)?;
            found = self.db().all::<FoundFile>(sql, args).await?;
            let is_all = found.len() < usize::try_from(*rows).unwrap_or(usize::MAX);
            if let Some(words) = &query.words {
                found.retain(|(.., name, caption)| {
                    words.is_in([name, caption].into_iter().flatten().map(String::as_str))
                });
            }
            if is_all || found.len() >= wanted {
                break;
            }
        }
        found.truncate(wanted);
        Ok(Walk { found, end })
    }

    /// Records by their ids, in the same order; without those that are deleted meanwhile.
    async fn files_of(&self, scope: &Scope, ids: impl Iterator<Item = MediaId>) -> Result<Vec<MediaFile>> {
        let sql = format!(
            "SELECT {} FROM k CROSS JOIN media_files f WHERE f.company_id = k.company_id AND f.id = k.id AND f.is_active",
            MediaFile::SELECT
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

struct Walk {
    found: Vec<FoundFile>,
    /// The last file that was looked at; `None` if there are no more.
    end: Option<Cursor>,
}

fn cursor_of(query: &MediaQuery, (id, number, name, ..): &FoundFile) -> Cursor {
    match query.sort {
        MediaSort::Date | MediaSort::Size => Cursor::number(*number, id.0),
        MediaSort::Name => Cursor::text(name.clone(), id.0),
    }
}
