//! Variants that move from one storage to another.

use mediary_core::{CompanyId, MediaId, StorageBackend};
use sqlx::AssertSqlSafe;

use super::Variant;
use crate::locks::hold_files;
use crate::record::Record as _;
use crate::reservations::Reservations;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::update;
use crate::{Result, ScannedBatch, Store, trash};

impl Store {
    /// Variants of a company that are stored elsewhere than in `backend`, among those of the next `rows` files after `after`; `None`
    /// if there are no more.
    pub async fn variants_elsewhere(
        &self,
        company: CompanyId,
        backend: StorageBackend,
        after: MediaId,
        rows: u32,
    ) -> Result<Option<ScannedBatch<Variant, MediaId>>> {
        let Some(upto) = self.next_files(company, after, rows).await? else { return Ok(None) };
        let sql = format!(
            "SELECT {} FROM media_variants v WHERE v.company_id = $1 AND v.media_id > $2 AND v.media_id <= $3
                AND v.storage_backend <> $4 ORDER BY v.company_id, v.media_id, v.kind",
            Variant::SELECT
        );
        let found = self.db().all(AssertSqlSafe(sql), args![company, after, upto, backend]).await?;
        Ok(Some(ScannedBatch { found, upto }))
    }

    /// Records that a variant's bytes are completely at another location, under a key that was reserved; those at the old one are
    /// deleted by a later sweep. False if the variant is gone or elsewhere, or the key is not reserved any more; the bytes at the new
    /// location are then deleted instead.
    pub async fn variant_moved(&self, variant: &Variant, to: StorageBackend, key: &str) -> Result<bool> {
        let now = self.now();
        let Variant { company_id: company, media_id: media, .. } = *variant;
        transaction!(self.db(), |tx| {
            let reserved = Reservations::hold(tx, company, [(to, key)]).await?;
            hold_files(tx, [(company, media)]).await?;
            let (sql, args) = update! {
                media_variants set { storage_backend => to, storage_key => key }
                where { company_id => company, media_id => media, kind => variant.kind, sha256 => variant.sha256 }
                given { from_backend => variant.storage_backend, from_key => variant.storage_key.as_str() }
                and "storage_backend = ?from_backend AND storage_key = ?from_key"
            };
            if !reserved.are_complete() || tx.execute(sql, args).await? == 0 {
                reserved.drop_bytes(tx, now, media).await?;
                return Ok(false);
            }
            reserved.keep_bytes(tx).await?;
            let due = now.plus(trash::MOVED_STAYS_FOR);
            let (from, old_key) = (variant.storage_backend, variant.storage_key.as_str());
            trash::put(tx, due, company, media, from, old_key).await?;
            Ok(true)
        })
    }
}
