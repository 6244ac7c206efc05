//! Keys of files that are stored before their message has an id.

use mediary_core::{CompanyId, MediaId, StorageBackend};

use crate::reservations::{RESERVED_FOR, Reservations};
use crate::transaction::transaction;
use crate::{Result, Store, trash};

/// What stands in the trash for a file that no record names.
const NO_FILE: MediaId = MediaId(0);

impl Store {
    /// Reserves the key of an upload before its bytes are written: they are deleted unless a message names them within an hour.
    pub async fn reserve_upload(&self, company: CompanyId, backend: StorageBackend, key: &str) -> Result<()> {
        let due = self.now().plus(RESERVED_FOR);
        transaction!(self.db().sharing(), |tx| {
            trash::put(tx, due, company, NO_FILE, backend, key).await?;
            Ok(())
        })
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
