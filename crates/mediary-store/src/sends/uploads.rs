//! Keys of files that are stored before their message has an id.

use mediary_core::{CompanyId, MediaId, StorageBackend, Timestamp};

use crate::batch::Commit;
use crate::bulk::Bulk;
use crate::db::Db;
use crate::reservations::{RESERVED_FOR, Reservations};
use crate::transaction::transaction;
use crate::writes::row;
use crate::{Result, Store};

/// What stands in the trash for a file that no record names.
const NO_FILE: MediaId = MediaId(0);

/// A key that is to be reserved.
#[derive(Clone)]
pub(crate) struct UploadKey {
    company: CompanyId,
    backend: StorageBackend,
    key: String,
    due: Timestamp,
}

/// Reserves the keys of uploads that come together in one transaction. One that is reserved twice is deleted, or named, as one.
pub(crate) struct ReserveCommit {
    pub(crate) db: Db,
}

impl Commit for ReserveCommit {
    type Item = UploadKey;
    type Output = ();

    async fn commit(&self, keys: Vec<UploadKey>) -> Result<Vec<()>> {
        transaction!(self.db.sharing(), |tx| {
            let mut trash = Bulk::insert("trash", "");
            for UploadKey { company, backend, key, due } in &keys {
                trash.push(row! {
                    company_id => *company,
                    media_id => NO_FILE,
                    storage_backend => *backend,
                    storage_key => key.as_str(),
                    due_at => *due,
                });
            }
            trash.execute(tx).await?;
            Ok(vec![(); keys.len()])
        })
    }
}

impl Store {
    /// Reserves the key of an upload before its bytes are written: they are deleted unless a message names them within an hour.
    pub async fn reserve_upload(&self, company: CompanyId, backend: StorageBackend, key: &str) -> Result<()> {
        let due = self.now().plus(RESERVED_FOR);
        self.inner.reserved.commit(UploadKey { company, backend, key: key.to_owned(), due }).await
    }

    /// Gives the key of an upload up: the next sweep deletes its bytes. Does nothing if a message names them by now.
    pub async fn drop_upload(&self, company: CompanyId, backend: StorageBackend, key: &str) -> Result<()> {
        let now = self.now();
        transaction!(self.db().sharing(), |tx| {
            let reserved = Reservations::hold(tx, company, [(backend, key)]).await?;
            reserved.are_due(tx, now).await
        })
    }
}
