//! Takes the words of changed records in.
//!
//! Triggers of the schema add a row to `search_changes` in the transaction that changes a record, whichever program does it. The
//! sweep takes such rows away and gives their records the words that they have now, in one transaction, and only one such transaction
//! runs at a time. So none gives a record words that it had before: what it reads is committed, and what is committed later leaves
//! another row. It may be done twice, and then changes nothing. A record that is being removed is waited for, and has no words then: they
//! refer to it. Records from before this table are taken in by their ids, from the
//! newest to the oldest (`search_backlog`).

use std::collections::BTreeMap;

use mediary_core::{CompanyId, ConversationId, Direction};
use sqlx::AssertSqlSafe;

use super::terms::Terms;
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::dialect::words::{CONTACTS, Indexed, MEDIA, MESSAGES};
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::row;
use crate::{Result, Store, dialect};

/// A kind of records, by its name in `search_changes` and `search_backlog`.
#[derive(Clone, Copy, Debug)]
struct Kind {
    name: &'static str,
    indexed: Indexed,
    /// What the records `k` are found by: company, id, conversation, two texts, direction and sender. What is not to be found is left out.
    read: &'static str,
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "contact",
        indexed: CONTACTS,
        read: "SELECT c.company_id, c.id, CAST(NULL AS BIGINT), c.name,
                COALESCE(c.phone, '') || ' ' || COALESCE(c.wa_id, '') || ' ' || COALESCE(c.user_id, ''),
                CAST(NULL AS TEXT), CAST(NULL AS TEXT)
            FROM k CROSS JOIN contacts c WHERE c.company_id = k.company_id AND c.id = k.id",
    },
    Kind {
        name: "media",
        indexed: MEDIA,
        read: "SELECT f.company_id, f.id, f.conversation_id, f.file_name, m.caption, m.direction,
                COALESCE(m.sender_phone, CASE WHEN m.direction = 'inbound' THEN c.user_id END)
            FROM k CROSS JOIN media_files f
            LEFT JOIN messages m ON m.company_id = f.company_id AND m.id = f.message_id
            LEFT JOIN conversations v ON v.company_id = f.company_id AND v.id = f.conversation_id
            LEFT JOIN contacts c ON c.company_id = v.company_id AND c.id = v.contact_id
            WHERE f.company_id = k.company_id AND f.id = k.id AND f.is_active",
    },
    Kind {
        name: "message",
        indexed: MESSAGES,
        read: "SELECT m.company_id, m.id, CAST(NULL AS BIGINT), m.text, m.caption, CAST(NULL AS TEXT), CAST(NULL AS TEXT)
            FROM k CROSS JOIN messages m WHERE m.company_id = k.company_id AND m.id = k.id AND m.revoked_at IS NULL
                AND (m.text IS NOT NULL OR m.caption IS NOT NULL)",
    },
];

/// What a record is found by, in the order of [`Kind::read`].
type SearchedRecord = (
    CompanyId,
    i64,
    Option<ConversationId>,
    Option<String>,
    Option<String>,
    Option<Direction>,
    Option<String>,
);

fn kind_of(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

impl Store {
    /// Takes the oldest changes in; how many.
    pub async fn index_changes(&self, limit: u32) -> Result<u64> {
        transaction!(self.db(), |tx| {
            if !is_alone(tx).await? {
                return Ok(0);
            }
            let sql = "WITH oldest AS MATERIALIZED (SELECT n.id FROM search_changes n ORDER BY n.id LIMIT $1)
                DELETE FROM search_changes WHERE id IN (SELECT o.id FROM oldest o)
                RETURNING kind, company_id, record_id";
            let mut changes: Vec<(String, CompanyId, i64)> = tx.all(sql, args![limit]).await?;
            let count = changes.len() as u64;
            changes.sort_unstable();
            changes.dedup();
            let mut by_kind: BTreeMap<String, Vec<(CompanyId, i64)>> = BTreeMap::new();
            for (kind, company, id) in changes {
                by_kind.entry(kind).or_default().push((company, id));
            }
            for (name, records) in by_kind {
                // A later program may know more kinds; it takes all of them in again.
                if let Some(kind) = kind_of(&name) {
                    index(tx, kind, &records).await?;
                }
            }
            Ok(count)
        })
    }

    /// Takes the next records in that were there before the index; false once there are none.
    pub async fn index_backlog(&self, limit: u32) -> Result<bool> {
        transaction!(self.db(), |tx| {
            if !is_alone(tx).await? {
                return Ok(false);
            }
            let sql = "SELECT b.company_id, b.kind, b.below FROM search_backlog b ORDER BY b.company_id, b.kind LIMIT 1";
            let next: Option<(CompanyId, String, i64)> = tx.first(sql, args![]).await?;
            let Some((company, name, below)) = next else { return Ok(false) };
            let records: Vec<(i64,)> = match kind_of(&name) {
                None => Vec::new(),
                Some(kind) => {
                    let sql = format!(
                        "SELECT r.id FROM {} r WHERE r.company_id = $1 AND r.id < $2
                            ORDER BY r.company_id DESC, r.id DESC LIMIT $3",
                        kind.indexed.records
                    );
                    tx.all(AssertSqlSafe(sql), args![company, below, limit]).await?
                }
            };
            if let Some((last,)) = records.last() {
                let sql = "UPDATE search_backlog SET below = $3 WHERE company_id = $1 AND kind = $2";
                tx.execute(sql, args![company, name.as_str(), *last]).await?;
            } else {
                let sql = "DELETE FROM search_backlog WHERE company_id = $1 AND kind = $2";
                tx.execute(sql, args![company, name.as_str()]).await?;
            }
            if let Some(kind) = kind_of(&name) {
                let records: Vec<_> = records.into_iter().map(|(id,)| (company, id)).collect();
                index(tx, kind, &records).await?;
            }
            Ok(true)
        })
    }
}

async fn is_alone(tx: &mut Tx) -> Result<bool> {
    let Some(sql) = dialect::words::index_alone(tx.backend()) else { return Ok(true) };
    let alone: Option<(bool,)> = tx.first(sql, args![]).await?;
    Ok(alone.is_some_and(|(alone,)| alone))
}

/// Gives records the words that they have now, and none to those that are not to be found.
async fn index(tx: &mut Tx, kind: &Kind, records: &[(CompanyId, i64)]) -> Result<()> {
    let backend = tx.backend();
    // In one order, as everywhere that several records are held.
    let (alias, keep) = (kind.indexed.alias, dialect::keep_rows(backend, kind.indexed.alias));
    let mut read = Bulk::with(format!("{} ORDER BY {alias}.id{keep}", kind.read));
    let mut forget = Bulk::with(dialect::words::forget(backend, kind.indexed));
    for (company, id) in records {
        read.push(row! { company_id => *company, id => *id });
        forget.push(row! { company_id => *company, id => *id });
    }
    let found: Vec<SearchedRecord> = read.run(tx).await?;
    forget.execute(tx).await?;
    let mut note = Bulk::with(dialect::words::note(backend, kind.indexed));
    for (company, id, conversation, first, second, direction, sender) in found {
        let terms = Terms::new(company).text(first.as_deref()).text(second.as_deref());
        let terms = terms.sender(sender.as_deref()).direction(direction).conversation(conversation);
        note.push(row! { company_id => company, id => id, words => terms.to_document(backend) });
    }
    note.execute(tx).await?;
    Ok(())
}
