//! The time of the last view of a file. Most views are recorded some time later (`touch_media`); where a retention counts them, a view
//! is recorded before the file is served (`note_view`), many in one transaction.

use std::collections::HashSet;
use std::time::Duration;

use mediary_core::{CompanyId, MediaId, Timestamp};

use crate::batch::Commit;
use crate::bulk::Bulk;
use crate::db::Db;
use crate::locks::hold_files;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::row;
use crate::{Result, Store};

/// Views of one file are recorded no more often than this.
const TOUCH_EVERY: Duration = Duration::from_secs(3600);

#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    company: CompanyId,
    media: MediaId,
    at: Timestamp,
}

/// Records views, many in one transaction. Returns for each whether its file still exists.
pub(crate) struct ViewCommit {
    pub(crate) db: Db,
}

impl Commit for ViewCommit {
    type Item = View;
    type Output = bool;

    async fn commit(&self, views: Vec<View>) -> Result<Vec<bool>> {
        transaction!(self.db, |tx| {
            let mut update = Bulk::with(
                "UPDATE media_files SET last_accessed_at = CASE WHEN media_files.last_accessed_at > k.at
                        THEN media_files.last_accessed_at ELSE k.at END
                    FROM k WHERE media_files.company_id = k.company_id AND media_files.id = k.id AND media_files.is_active
                    RETURNING media_files.company_id, media_files.id",
            );
            for View { company, media, at } in &views {
                update.push(row! { company_id => *company, id => *media, at => *at });
            }
            hold_files(tx, views.iter().map(|view| (view.company, view.media))).await?;
            let noted: HashSet<(CompanyId, MediaId)> = update.run(tx).await?.into_iter().collect();
            Ok(views.iter().map(|view| noted.contains(&(view.company, view.media))).collect())
        })
    }
}

impl Store {
    /// Records a view of a file, and returns once that is on disk. False if the file was deleted before: a deletion by a retention locks
    /// the record while it checks its last view (`Store::delete_past_retention`), so either it sees this view, or this call sees the
    /// deletion.
    pub async fn note_view(&self, company: CompanyId, media: MediaId, at: Timestamp) -> Result<bool> {
        self.inner.views.try_commit(View { company, media, at }).await
    }

    /// Records a view of a file, at most once an hour.
    pub async fn touch_media(&self, company: CompanyId, id: MediaId, at: Timestamp) -> Result<()> {
        let before = at.minus(TOUCH_EVERY);
        let due = "company_id = $1 AND id = $2 AND (last_accessed_at IS NULL OR last_accessed_at < $3)";
        // Most views need no write, and so do not wait for the database's one writer.
        let look = format!("SELECT id FROM media_files WHERE {due}");
        let found: Option<(MediaId,)> =
            self.db().first(sqlx::AssertSqlSafe(look), args![company, id, before]).await?;
        if found.is_some() {
            // The condition again: another node may have recorded a later view since.
            let sql = format!("UPDATE media_files SET last_accessed_at = $4 WHERE {due}");
            self.db().execute(sqlx::AssertSqlSafe(sql), args![company, id, before, at]).await?;
        }
        Ok(())
    }
}
