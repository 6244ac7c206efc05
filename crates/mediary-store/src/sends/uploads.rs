//! Keys of files that are stored before their message has an id.

use mediary_core::{CompanyId, MediaId, StorageBackend};

use crate::reservations::{RESERVED_FOR, Reservations};
use crate::transaction::transaction;
use crate::{Result, Store, trash};

/// Whether a key is of an upload: `media/{company}/uploads/{random}`, in whatever generation. Other keys have the id of a message there.
pub(crate) fn is_upload(key: &str) -> bool {
    key.split('/').nth(2) == Some("uploads")
}

/// What stands in the trash for a file that no record names.
const NO_FILE: MediaId = MediaId(0);

impl Store {
    /// Reserves the key of an upload before its bytes are written: they are deleted unless a message names them within an hour.
    pub async fn reserve_upload(&self, company: CompanyId, backend: StorageBackend, key: &str) -> Result<()> {
        let due = self.now().plus(RESERVED_FOR);
        transaction!(self.db(), |tx| {
            trash::put(tx, due, company, NO_FILE, backend, key).await?;
            Ok(())
        })
    }

    /// Gives the key of an upload up: the next sweep deletes its bytes. Does nothing if a message names them by now.
    pub async fn drop_upload(&self, company: CompanyId, backend: StorageBackend, key: &str) -> Result<()> {
        let now = self.now();
        transaction!(self.db(), |tx| {
            let reserved = Reservations::hold(tx, company, [(backend, key)]).await?;
            reserved.are_due(tx, now).await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_of_uploads_are_taken_for_such() {
        assert!(is_upload("media/1/uploads/00ff") && is_upload("media/1/uploads/00ff.g2"));
        for key in ["media/1/2/uploads", "media/1/2/variants/3-thumb-00", "uploads/1/2", "media/1"] {
            assert!(!is_upload(key), "{key}");
        }
    }
}
