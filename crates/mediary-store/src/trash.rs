//! Bytes in storage that no record refers to any more, and how a media file loses its bytes.

use crate::bulk::Bulk;
use crate::db::Tx;
use crate::keys::variant_of;
use crate::leases::DOWNLOADS;
use crate::locks::hold_files;
use crate::record::{Record as _, record};
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::{insert, row, update};
use crate::{Result, Store, dialect};
use sqlx::AssertSqlSafe;
use std::collections::HashSet;
use std::time::Duration;

use mediary_core::{CompanyId, MediaId, StorageBackend, Timestamp, UserId};

record! {
    /// Bytes that have to go from storage.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Trash from trash as t {
        pub id: i64,
        pub company_id: CompanyId,
        /// The file they were of; zero where no record ever named them.
        pub media_id: MediaId,
        pub backend: StorageBackend = "t.storage_backend",
        pub key: String = "t.storage_key",
        /// How often their deletion was tried.
        pub attempts: i64,
    }
}

/// How long a moved file stays at its old location: longer than any cache keeps that location.
pub(crate) const MOVED_STAYS_FOR: Duration = Duration::from_secs(60);

/// Marks bytes for the first sweep from `due` on.
pub(crate) async fn put(
    tx: &mut Tx,
    due: Timestamp,
    company: CompanyId,
    media: MediaId,
    backend: StorageBackend,
    key: &str,
) -> Result<()> {
    let (sql, args) = insert! {
        trash { company_id => company, media_id => media, storage_backend => backend, storage_key => key, due_at => due }
    };
    tx.execute(sql, args).await?;
    Ok(())
}

/// Deletes a media file: the record stays and says so, the bytes go with the next sweep. False if there is none, or
/// it was deleted before.
pub(crate) async fn delete_media(
    tx: &mut Tx,
    now: Timestamp,
    company: CompanyId,
    media: MediaId,
    by: Option<UserId>,
) -> Result<bool> {
    let (sql, args) = update! {
        media_files set {
            is_active = "FALSE",
            deleted_by => by,
            updated_at => now,
            due = "FALSE",
            next_attempt_at = "NULL",
            download_status = "CASE WHEN download_status = 'downloading' THEN 'pending' ELSE download_status END",
        } also [DOWNLOADS.ended()]
        where { company_id => company, id => media }
        and "is_active RETURNING storage_backend, storage_key"
    };
    let deleted: Vec<(Option<StorageBackend>, Option<String>)> = tx.all(sql, args).await?;
    let Some((backend, key)) = deleted.into_iter().next() else {
        return Ok(false);
    };
    if let (Some(backend), Some(key)) = (backend, key) {
        put(tx, now, company, media, backend, &key).await?;
    }
    Ok(true)
}

/// How long other nodes leave a claimed deletion alone. One that takes longer may be done twice, which changes nothing.
const CLAIMED_FOR: Duration = Duration::from_secs(5);
/// When the trash of a file that is being downloaded is checked again.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(60);
/// The wait after a deletion that failed: doubling, up to this.
const FIRST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

record! {
    /// An entry just claimed, before it is known whether its bytes may go.
    struct Entry from trash as t {
        pub trash: Trash = "id, company_id, media_id, storage_backend, storage_key, attempts",
        pub given_up: bool = "given_up",
    }
}

record! {
    /// The columns of the record of a file in the trash.
    struct Owner from media_files as f {
        pub company_id: CompanyId,
        pub id: MediaId,
        pub backend: Option<StorageBackend> = "f.storage_backend",
        pub key: Option<String> = "f.storage_key",
        pub downloading: bool = "f.download_status = 'downloading'",
    }
}

/// The decision about an entry.
enum Fate {
    /// Its record names these bytes again: they stay.
    Kept,
    /// They may be stored under this key right now.
    Later,
    Gone,
}

impl Entry {
    fn is_of_a_variant(&self) -> bool {
        variant_of(&self.trash.key).is_some()
    }

    fn fate(&self, owners: &[Owner], named: &HashSet<i64>) -> Fate {
        let Trash { company_id, media_id, backend, key, .. } = &self.trash;
        if self.is_of_a_variant() {
            return if named.contains(&self.trash.id) { Fate::Kept } else { Fate::Gone };
        }
        let owner = owners.iter().find(|owner| owner.company_id == *company_id && owner.id == *media_id);
        match owner {
            Some(owner) if owner.backend == Some(*backend) && owner.key.as_ref() == Some(key) => Fate::Kept,
            Some(owner) if owner.downloading && !self.given_up => Fate::Later,
            _ => Fate::Gone,
        }
    }
}

/// Entries of the trash that one call took.
#[derive(Debug, Default)]
pub struct ClaimedTrash {
    /// Bytes that have to go: nothing can be stored under these keys any more.
    pub gone: Vec<Trash>,
    /// Whether there may be more.
    pub more: bool,
}

impl Store {
    /// Takes bytes of one storage that can go now; other nodes leave them alone for a moment.
    ///
    /// Nothing is ever stored under a key that this returned, so it does not matter when the deletion happens, how often, or
    /// whether a store that hung carries it out an hour later. The argument, with any number of nodes:
    ///
    /// 1. A download takes its key from `key_generation` in the transaction of its claim, after it has locked the record;
    ///    it records that key only while the record says `downloading` under its own lease. A move takes its key from the
    ///    generation that it read, and is recorded only if that is still the record's.
    /// 2. This transaction locks the records (the first statement), and reads them in a statement after that, which on
    ///    Postgres sees all that was committed before the lock. A record that names the key keeps its bytes; while one is
    ///    downloaded, perhaps under this key, the entry waits. All others get the next generation.
    /// 3. So a claim either came before, and the record says `downloading` here; or it comes after, and gets another key. The
    ///    same holds for a move: it was recorded before, and the record names its key; or it is refused.
    /// 4. Records that were deleted are never stored for again, and ids of messages, of which a key is made, never given twice.
    /// 5. A key of a variant has no generations: it is never given twice, and named only by a result that finds its entry here, not
    ///    given up, under the same locks (`derivations` has that argument).
    /// 6. The key of an upload is named first by a message that finds its entry here, not given up, while it holds it: either this
    ///    statement skips the entry, and then it is gone; or it comes first, and the message is refused. From then on the file
    ///    has a record like any other, and where it moves, the generations of that record.
    pub async fn trash_claim(&self, backend: StorageBackend, limit: u32) -> Result<ClaimedTrash> {
        let now = self.now();
        transaction!(self.db(), |tx| {
            let claim = format!(
                "WITH ready AS MATERIALIZED (SELECT t.company_id, t.id FROM trash t
                        WHERE t.storage_backend = $1 AND t.due_at <= $2 ORDER BY t.due_at, t.id LIMIT $3{})
                    UPDATE trash SET due_at = $4, attempts = attempts + 1
                    WHERE (company_id, id) IN (SELECT r.company_id, r.id FROM ready r)
                    RETURNING {}",
                dialect::lock_rows(tx.backend()),
                Entry::SELECT
            );
            let args = args![backend, now, limit, now.plus(CLAIMED_FOR)];
            let entries: Vec<Entry> = tx.all(AssertSqlSafe(claim), args).await?;
            let owners = hold_owners(tx, &entries).await?;
            let named = named_variants(tx, &entries).await?;
            let mut claimed =
                ClaimedTrash { more: entries.len() == limit as usize, ..ClaimedTrash::default() };
            let (mut kept, mut later, mut given_up) = (Vec::new(), Vec::new(), Vec::new());
            for entry in entries {
                match entry.fate(&owners, &named) {
                    Fate::Kept => kept.push(entry.trash.id),
                    Fate::Later => later.push(entry.trash),
                    Fate::Gone => {
                        if !entry.given_up {
                            given_up.push(entry.trash.clone());
                        }
                        claimed.gone.push(entry.trash);
                    }
                }
            }
            forget(tx, &kept).await?;
            put_off(tx, &later, |_| now.plus(LOOK_AGAIN_AFTER)).await?;
            give_up_keys(tx, &given_up).await?;
            Ok(claimed)
        })
    }

    /// Marks bytes for deletion that a download stored and could not record; where the record uses their key, they stay.
    pub async fn discard_bytes(
        &self,
        company: CompanyId,
        media: MediaId,
        backend: StorageBackend,
        key: &str,
    ) -> Result<()> {
        transaction!(self.db(), |tx| {
            put(tx, self.now(), company, media, backend, key).await?;
            Ok(())
        })
    }

    /// Removes entries whose bytes are deleted from storage.
    pub async fn trash_done(&self, ids: &[i64]) -> Result<u64> {
        transaction!(self.db(), |tx| {
            let deleted = forget(tx, ids).await?;
            Ok(deleted)
        })
    }

    /// Postpones failed deletions, each longer the more often it was tried.
    pub async fn trash_failed(&self, failed: &[Trash]) -> Result<()> {
        let now = self.now();
        transaction!(self.db(), |tx| {
            put_off(tx, failed, |trash| now.plus(wait_after(trash.attempts))).await?;
            Ok(())
        })
    }

    /// Whether bytes in this storage could go now.
    pub async fn trash_waits_for(&self, backend: StorageBackend) -> Result<bool> {
        let sql = "SELECT t.id FROM trash t WHERE t.storage_backend = $1 AND t.due_at <= $2
            ORDER BY t.due_at, t.id LIMIT 1";
        Ok(self.db().first::<(i64,)>(sql, args![backend, self.now()]).await?.is_some())
    }
}

fn wait_after(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(16);
    LONGEST_WAIT.min(FIRST_WAIT.saturating_mul(1 << doublings))
}

/// Locks the records of these entries, and reads them.
async fn hold_owners(tx: &mut Tx, entries: &[Entry]) -> Result<Vec<Owner>> {
    hold_files(tx, entries.iter().map(|entry| (entry.trash.company_id, entry.trash.media_id))).await?;
    let mut read = Bulk::with(
        "SELECT DISTINCT f.company_id, f.id, f.storage_backend, f.storage_key, f.download_status = 'downloading'
            FROM k CROSS JOIN media_files f WHERE f.company_id = k.company_id AND f.id = k.id AND f.is_active
            ORDER BY f.company_id, f.id",
    );
    for Entry { trash, .. } in entries {
        read.push(row! { company_id => trash.company_id, id => trash.media_id });
    }
    read.run(tx).await
}

/// Of entries whose files are locked, those that a variant names.
async fn named_variants(tx: &mut Tx, entries: &[Entry]) -> Result<HashSet<i64>> {
    let mut read = Bulk::with(
        "SELECT k.id FROM k CROSS JOIN media_variants v WHERE v.company_id = k.company_id AND v.media_id = k.media_id
            AND v.storage_backend = k.backend AND v.storage_key = k.key",
    );
    for Entry { trash, .. } in entries.iter().filter(|entry| entry.is_of_a_variant()) {
        read.push(row! {
            id => trash.id,
            company_id => trash.company_id,
            media_id => trash.media_id,
            backend => trash.backend,
            key => trash.key.as_str(),
        });
    }
    Ok(read.run::<(i64,)>(tx).await?.into_iter().map(|(id,)| id).collect())
}

async fn forget(tx: &mut Tx, ids: &[i64]) -> Result<u64> {
    let mut delete = Bulk::with("DELETE FROM trash WHERE id IN (SELECT k.id FROM k)");
    for id in ids {
        delete.push(row! { id => *id });
    }
    delete.execute(tx).await
}

async fn put_off(tx: &mut Tx, entries: &[Trash], until: impl Fn(&Trash) -> Timestamp) -> Result<()> {
    let mut update = Bulk::with(
        "UPDATE trash SET due_at = k.due_at FROM k WHERE trash.company_id = k.company_id AND trash.id = k.id",
    );
    for trash in entries {
        update.push(row! { company_id => trash.company_id, id => trash.id, due_at => until(trash) });
    }
    update.execute(tx).await?;
    Ok(())
}

/// Ensures that nothing is stored under these keys from here on.
async fn give_up_keys(tx: &mut Tx, entries: &[Trash]) -> Result<()> {
    let mut files = Bulk::with(
        "UPDATE media_files SET key_generation = key_generation + 1 FROM k
            WHERE media_files.company_id = k.company_id AND media_files.id = k.id AND media_files.is_active",
    );
    let mut settled = Bulk::with(
        "UPDATE trash SET given_up = TRUE FROM k WHERE trash.company_id = k.company_id AND trash.id = k.id",
    );
    for trash in entries {
        if variant_of(&trash.key).is_none() {
            files.push(row! { company_id => trash.company_id, id => trash.media_id });
        }
        settled.push(row! { company_id => trash.company_id, id => trash.id });
    }
    files.execute(tx).await?;
    settled.execute(tx).await?;
    Ok(())
}
