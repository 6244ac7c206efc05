//! Takes the words of changed records in.
//!
//! Triggers of the schema add a row to `search_changes` in the transaction that changes a record, whichever program does it. The
//! sweep takes such rows away and gives their records the words that they have now, in one transaction, and only one such transaction
//! runs at a time. So none gives a record words that it had before: what it reads is committed, and what is committed later leaves
//! another row. It may be done twice, and then changes nothing. Records from before this table are taken in by their ids, from the
//! newest to the oldest (`search_backlog`).

use mediary_core::{CompanyId, ConversationId, Direction, MediaId};
use sqlx::AssertSqlSafe;

use super::terms::Terms;
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::record::{Record as _, record};
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::row;
use crate::{Result, Store, dialect};

/// The kind of records in `search_changes` and `search_backlog`.
const MEDIA: &str = "media";

record! {
    /// What a file is found by.
    struct SearchedFile from media_files as f {
        pub company_id: CompanyId,
        pub id: MediaId,
        pub conversation_id: Option<ConversationId>,
        pub file_name: Option<String>,
        pub caption: Option<String> = "m.caption",
        pub direction: Option<Direction> = "m.direction",
        pub sender: Option<String> = "COALESCE(m.sender_phone, CASE WHEN m.direction = 'inbound' THEN c.user_id END)",
    }
}

impl Store {
    /// Takes the oldest changes in; how many.
    pub async fn index_changes(&self, limit: u32) -> Result<u64> {
        transaction!(self.db(), |tx| {
            if !is_alone(tx).await? {
                return Ok(0);
            }
            let sql = "WITH oldest AS MATERIALIZED (SELECT n.company_id, n.id FROM search_changes n ORDER BY n.id LIMIT $1)
                DELETE FROM search_changes WHERE (company_id, id) IN (SELECT o.company_id, o.id FROM oldest o)
                RETURNING company_id, kind, record_id";
            let mut changes: Vec<(CompanyId, String, MediaId)> = tx.all(sql, args![limit]).await?;
            let count = changes.len() as u64;
            changes.sort_unstable();
            changes.dedup();
            let files = changes.into_iter().filter(|(_, kind, _)| kind == MEDIA);
            index_media(tx, files.map(|(company, _, id)| (company, id)).collect()).await?;
            Ok(count)
        })
    }

    /// Takes the next records in that were there before the index; false once there are none.
    pub async fn index_backlog(&self, limit: u32) -> Result<bool> {
        transaction!(self.db(), |tx| {
            if !is_alone(tx).await? {
                return Ok(false);
            }
            let sql = "SELECT b.company_id, b.below FROM search_backlog b WHERE b.kind = 'media' ORDER BY b.company_id LIMIT 1";
            let next: Option<(CompanyId, MediaId)> = tx.first(sql, args![]).await?;
            let Some((company, below)) = next else { return Ok(false) };
            let sql = "SELECT f.id FROM media_files f WHERE f.company_id = $1 AND f.id < $2
                ORDER BY f.company_id DESC, f.id DESC LIMIT $3";
            let files: Vec<(MediaId,)> = tx.all(sql, args![company, below, limit]).await?;
            let end = "company_id = $1 AND kind = 'media'";
            match files.last() {
                Some((last,)) => {
                    let sql = format!("UPDATE search_backlog SET below = $2 WHERE {end}");
                    tx.execute(AssertSqlSafe(sql), args![company, *last]).await?;
                }
                None => {
                    let sql = format!("DELETE FROM search_backlog WHERE {end}");
                    tx.execute(AssertSqlSafe(sql), args![company]).await?;
                }
            }
            index_media(tx, files.into_iter().map(|(id,)| (company, id)).collect()).await?;
            Ok(true)
        })
    }
}

async fn is_alone(tx: &mut Tx) -> Result<bool> {
    let Some(sql) = dialect::words::index_alone(tx.backend()) else { return Ok(true) };
    let alone: Option<(bool,)> = tx.first(sql, args![]).await?;
    Ok(alone.is_some_and(|(alone,)| alone))
}

/// Gives files the words that they have now, and none to those that are deleted.
async fn index_media(tx: &mut Tx, files: Vec<(CompanyId, MediaId)>) -> Result<()> {
    let backend = tx.backend();
    let mut read = Bulk::with(format!(
        "SELECT {} FROM k CROSS JOIN media_files f
            LEFT JOIN messages m ON m.company_id = f.company_id AND m.id = f.message_id
            LEFT JOIN conversations v ON v.company_id = f.company_id AND v.id = f.conversation_id
            LEFT JOIN contacts c ON c.company_id = v.company_id AND c.id = v.contact_id
            WHERE f.company_id = k.company_id AND f.id = k.id AND f.is_active",
        SearchedFile::SELECT
    ));
    let mut forget = Bulk::with(dialect::words::forget_media(backend));
    for (company, id) in files {
        read.push(row! { company_id => company, id => id });
        forget.push(row! { company_id => company, id => id });
    }
    let found: Vec<SearchedFile> = read.run(tx).await?;
    forget.execute(tx).await?;
    let mut note = Bulk::with(dialect::words::note_media(backend));
    for file in found {
        let terms = Terms::new(file.company_id)
            .text(file.file_name.as_deref())
            .text(file.caption.as_deref())
            .sender(file.sender.as_deref())
            .direction(file.direction)
            .conversation(file.conversation_id);
        note.push(row! {
            company_id => file.company_id,
            id => file.id,
            words => terms.to_document(backend),
        });
    }
    note.execute(tx).await?;
    Ok(())
}
