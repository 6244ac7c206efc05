//! A page of a list whose filter may leave few of very many records.
//!
//! First the next few records are looked at in the order of the list, as they are now: where many pass, they fill the page. If they do not,
//! an index says whether all that pass are few. If so, they are put in order, and the page is whole. If not, more of the next records
//! are looked at, a bounded number of them; what passes is the page, which may then be short or empty, and its cursor goes on where the
//! look ended. So a page costs about the same wherever it stands and whatever passes, and pages lead to the end. The newest records are
//! found before an index of words knows them, since they are among those that are looked at first.

use mediary_core::WordQuery;

use crate::{Cursor, Page, PageRequest, Result};

/// Records that are looked at for every page.
const FIRST_WALKED: i64 = 300;
/// Records of an index that are put in order for a page.
const SORTED_MAX: i64 = 3000;
/// Records whose words are compared before other requests have their turn: a text has as many as 4,096 characters.
const COMPARED_AT_ONCE: usize = 64;

/// A record of a list: where it stands, with its id, and the texts that have the words of a search together.
pub(crate) struct Candidate {
    pub(crate) cursor: Cursor,
    pub(crate) texts: [Option<String>; 2],
}

/// A list with a filter. All but words is compared by the database.
pub(crate) trait FilteredList {
    fn words(&self) -> Option<&WordQuery>;

    /// Records that may be looked at for a page where an index finds many.
    fn walked_max(&self) -> i64;

    /// The last of the next `rows` records, whatever the filter; `None` if there are fewer.
    async fn end_of_walk(&self, beyond: Option<&Cursor>, rows: i64) -> Result<Option<Cursor>>;

    /// The next records that pass, `rows` of them at most, up to this one.
    async fn walk(&self, beyond: Option<&Cursor>, upto: Option<&Cursor>, rows: i64)
    -> Result<Vec<Candidate>>;

    /// Whether an index finds no more than `max` records, wherever they stand.
    async fn finds_few(&self, max: i64) -> Result<bool>;

    /// The next `rows` records that an index finds.
    async fn indexed(&self, beyond: Option<&Cursor>, rows: i64) -> Result<Vec<Candidate>>;
}

/// The records of a page: where they stand, with their ids.
pub(crate) async fn page_of<L: FilteredList>(list: &L, request: &PageRequest) -> Result<Page<Cursor>> {
    let mut draft =
        Draft { list, request, found: Vec::new(), reached: request.cursor.clone(), is_over: false };
    draft.walk(FIRST_WALKED).await?;
    if draft.is_ready() {
        return Ok(draft.end());
    }
    match list.finds_few(SORTED_MAX).await? {
        true => draft.take_indexed().await?,
        false => draft.walk(list.walked_max()).await?,
    }
    Ok(draft.end())
}

struct Draft<'l, L> {
    list: &'l L,
    request: &'l PageRequest,
    found: Vec<Cursor>,
    /// What stands before this has been looked at.
    reached: Option<Cursor>,
    /// Whether nothing stands behind it.
    is_over: bool,
}

impl<L: FilteredList> Draft<'_, L> {
    /// Looks at the next `rows` records, whether they pass or not.
    async fn walk(&mut self, rows: i64) -> Result<()> {
        let end = self.list.end_of_walk(self.reached.as_ref(), rows).await?;
        let candidates = self.list.walk(self.reached.as_ref(), end.as_ref(), rows).await?;
        // More than there were before the end when it was asked for, if others were added: then the walk ends earlier.
        let is_cut = !is_fewer(candidates.len(), rows);
        let last = candidates.last().map(|one| one.cursor.clone());
        self.take(candidates).await;
        self.is_over = end.is_none() && !is_cut;
        self.reached = if is_cut { last } else { end };
        Ok(())
    }

    async fn take_indexed(&mut self) -> Result<()> {
        let missing = self.request.row_count() - i64::try_from(self.found.len()).unwrap_or(0);
        let candidates = self.list.indexed(self.reached.as_ref(), missing).await?;
        self.is_over = is_fewer(candidates.len(), missing);
        self.reached = candidates.last().map(|one| one.cursor.clone());
        self.take(candidates).await;
        Ok(())
    }

    /// Compares words as the records have them now: an index may still have those of before.
    async fn take(&mut self, candidates: Vec<Candidate>) {
        let words = self.list.words();
        for (looked_at, one) in candidates.into_iter().enumerate() {
            if words.is_none_or(|words| words.is_in(one.texts.iter().flatten())) {
                self.found.push(one.cursor);
            }
            if words.is_some() && looked_at % COMPARED_AT_ONCE == COMPARED_AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
        }
    }

    fn is_ready(&self) -> bool {
        self.is_over || !is_fewer(self.found.len(), self.request.row_count())
    }

    fn end(self) -> Page<Cursor> {
        let is_ready = self.is_ready();
        let mut page = Page::from_rows(self.found, self.request.limit, Cursor::clone);
        if !is_ready {
            page.next = self.reached;
        }
        page
    }
}

fn is_fewer(count: usize, rows: i64) -> bool {
    i64::try_from(count).is_ok_and(|count| count < rows)
}
