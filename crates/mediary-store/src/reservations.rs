//! Keys before their rows: of variants and of uploads, reserved in the trash.

use std::time::Duration;

use mediary_core::{CompanyId, MediaId, StorageBackend, Timestamp};

use crate::bulk::Bulk;
use crate::db::Tx;
use crate::transaction::transaction;
use crate::writes::row;
use crate::{Result, Store, dialect, trash};

/// How long bytes may be written under a reserved key: far longer than a derivation takes.
pub(crate) const RESERVED_FOR: Duration = Duration::from_secs(3600);

/// Locked reservations.
pub(crate) struct Reservations {
    /// Their companies, and their ids in the trash.
    entries: Vec<(CompanyId, i64)>,
    /// The keys without one: a sweep was there before.
    missing: Vec<(CompanyId, StorageBackend, String)>,
    /// Whether there is one for each key, and none was given up.
    are_complete: bool,
}

impl Reservations {
    /// Locks the reservations of these keys until the transaction ends, before the file is locked. A sweep that has one of them is
    /// over by then.
    pub(crate) async fn hold<'a>(
        tx: &mut Tx,
        company: CompanyId,
        keys: impl IntoIterator<Item = (StorageBackend, &'a str)>,
    ) -> Result<Self> {
        let keys = keys.into_iter().map(|(backend, key)| (company, backend, key)).collect();
        Self::hold_all(tx, keys).await
    }

    /// Locks reservations of several companies in the same way.
    pub(crate) async fn hold_all(tx: &mut Tx, keys: Vec<(CompanyId, StorageBackend, &str)>) -> Result<Self> {
        let hold = dialect::hold_rows(tx.backend(), "t");
        let mut select = Bulk::with(format!(
            "SELECT t.company_id, t.id, t.storage_key, t.given_up FROM k CROSS JOIN trash t
                WHERE t.company_id = k.company_id AND t.storage_key = k.key AND t.storage_backend = k.backend
                ORDER BY t.id{hold}"
        ));
        let mut missing = Vec::new();
        for (company, backend, key) in keys {
            select.push(row! { company_id => company, backend => backend, key => key });
            missing.push((company, backend, key.to_owned()));
        }
        let held: Vec<(CompanyId, i64, String, bool)> = select.run(tx).await?;
        missing.retain(|(company, _, key)| !held.iter().any(|(of, _, name, _)| of == company && name == key));
        let are_complete = missing.is_empty() && held.iter().all(|(.., given_up)| !given_up);
        Ok(Self {
            entries: held.into_iter().map(|(company, id, ..)| (company, id)).collect(),
            missing,
            are_complete,
        })
    }

    /// Whether rows may name these keys.
    pub(crate) fn are_complete(&self) -> bool {
        self.are_complete
    }

    /// Removes them, since rows name the keys from here on.
    pub(crate) async fn keep_bytes(self, tx: &mut Tx) -> Result<()> {
        let mut delete = Bulk::delete("trash");
        for (company, id) in self.entries {
            delete.push(row! { company_id => company, id => id });
        }
        delete.execute(tx).await?;
        Ok(())
    }

    /// Keeps them, and so the bytes, until then. Rows name the keys meanwhile, and none of these rows is read any more by then.
    pub(crate) async fn last_until(self, tx: &mut Tx, until: Timestamp) -> Result<()> {
        let mut update = Bulk::with(
            "UPDATE trash SET due_at = k.due_at FROM k
                WHERE trash.company_id = k.company_id AND trash.id = k.id",
        );
        for (company, id) in self.entries {
            update.push(row! { company_id => company, id => id, due_at => until });
        }
        update.execute(tx).await?;
        Ok(())
    }

    /// Makes them due: nothing will name the keys. Bytes that were written after a sweep are swept again.
    pub(crate) async fn drop_bytes(self, tx: &mut Tx, now: Timestamp, media: MediaId) -> Result<()> {
        for (company, backend, key) in &self.missing {
            trash::put(tx, now, *company, media, *backend, key).await?;
        }
        self.are_due(tx, now).await
    }

    /// Makes them due, as far as they are there.
    pub(crate) async fn are_due(self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        let mut update = Bulk::with(
            "UPDATE trash SET due_at = k.due_at FROM k
                WHERE trash.company_id = k.company_id AND trash.id = k.id AND trash.due_at > k.due_at",
        );
        for (company, id) in self.entries {
            update.push(row! { company_id => company, id => id, due_at => now });
        }
        update.execute(tx).await?;
        Ok(())
    }
}

impl Store {
    /// Reserves keys of variants of a file before their bytes are written: what no row names in an hour is deleted.
    pub async fn reserve_variants(
        &self,
        company: CompanyId,
        media: MediaId,
        backend: StorageBackend,
        keys: &[String],
    ) -> Result<()> {
        let due = self.now().plus(RESERVED_FOR);
        transaction!(self.db().sharing(), |tx| {
            let mut trash = Bulk::insert("trash", "");
            for key in keys {
                trash.push(row! {
                    company_id => company,
                    media_id => media,
                    storage_backend => backend,
                    storage_key => key.as_str(),
                    due_at => due,
                });
            }
            trash.execute(tx).await?;
            Ok(())
        })
    }
}
