//! How a derivation ends: with its variants and facts, or with the reason why there are none. See the argument in [`super`].

use mediary_core::{DerivationStep, FileType, StorageBackend, Timestamp, VariantKind};

use super::claim::put_back;
use super::queue::STORED;
use super::{FailedDerivation, FinishedDerivation};
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::leases::DERIVATIONS;
use crate::locks::hold_files;
use crate::reservations::Reservations;
use crate::transaction::transaction;
use crate::value::args;
use crate::writes::{row, update};
use crate::{Result, Store, trash};

/// What is counted with the bytes of a variant: its file's type and arrival.
type OfFile = (FileType, Timestamp);

impl Store {
    /// Records what was made of a file; the variants before go with a later sweep. False if the lease was lost, the file is not stored
    /// any more, has moved or has other bytes, or a key is not reserved any more; the new bytes are then deleted by a sweep. Who still
    /// has the lease loses it, and the derivation is due at once.
    ///
    /// Where another step is to come, it is due from now on. What a better recipe made stays: a node without ffmpeg takes no poster away.
    /// The version is then the lower one, so the rest is found to be of an older recipe where the better one is.
    pub async fn finish_derivation(&self, finished: FinishedDerivation) -> Result<bool> {
        let now = self.now();
        let FinishedDerivation { company_id: company, media_id: media, .. } = finished;
        transaction!(self.db(), |tx| {
            let keys = finished.variants.iter().map(|new| (new.storage_backend, new.storage_key.as_str()));
            let reserved = Reservations::hold(tx, company, keys).await?;
            hold_files(tx, [(company, media)]).await?;
            let of_file = source(tx, &finished).await?;
            let Some(of_file) = of_file.filter(|_| reserved.are_complete()) else {
                reserved.drop_bytes(tx, now, media).await?;
                // Another program that changed the file may have left the row to us: then it is due at once, not when the lease ends.
                let (sql, args) = put_back((company, media), &finished.lease, finished.step, now);
                tx.execute(sql, args).await?;
                return Ok(false);
            };
            if !record_result(tx, now, &finished).await? {
                reserved.drop_bytes(tx, now, media).await?;
                return Ok(false);
            }
            reserved.keep_bytes(tx).await?;
            remove_variants(tx, now, &finished).await?;
            add_variants(tx, now, &finished, of_file).await?;
            record_facts(tx, now, &finished).await?;
            Ok(true)
        })
    }

    /// Records a failed attempt and when the next one is. Variants of an earlier recipe stay. False if the lease was lost.
    pub async fn fail_derivation(&self, failed: FailedDerivation) -> Result<bool> {
        let (sql, args) = update! {
            derivations set {
                state => if failed.retry_at.is_some() { "waiting" } else { "failed" },
                due_at => failed.retry_at,
                begun = "0",
                version => failed.version,
                error => failed.sentence.as_str(),
            } also [DERIVATIONS.ended()]
            where { company_id => failed.company_id, id => failed.media_id }
            fenced { DERIVATIONS => failed.lease }
        };
        Ok(self.db().execute(sql, args).await? > 0)
    }
}

/// The file that was worked on, if it is still stored with these bytes, where its new variants are. It is locked. One that moved
/// meanwhile is worked on again: the move may have looked for its variants already, and the old storage may be taken away.
async fn source(tx: &mut Tx, finished: &FinishedDerivation) -> Result<Option<OfFile>> {
    let sql = format!(
        "SELECT f.file_type, f.created_at FROM media_files f
            WHERE f.company_id = $1 AND f.id = $2 AND f.sha256 = $3 AND {STORED}
                AND f.storage_backend = COALESCE($4, f.storage_backend)"
    );
    let beside = finished.variants.first().map(|variant| variant.storage_backend);
    let args = args![finished.company_id, finished.media_id, finished.sha256, beside];
    tx.first(sqlx::AssertSqlSafe(sql), args).await
}

/// Names as they stand in a row. None of them has a line break.
fn lines(names: &[String]) -> Option<String> {
    Some(names.join("\n")).filter(|lines| !lines.is_empty())
}

/// False if the lease was lost.
async fn record_result(tx: &mut Tx, now: Timestamp, finished: &FinishedDerivation) -> Result<bool> {
    let (sql, args) = update! {
        derivations set {
            state => if finished.next.is_some() { "waiting" } else { "done" },
            due_at => finished.next.map(|_| now),
            step => finished.next.unwrap_or(DerivationStep::Short),
            attempts = "0",
            begun = "0",
            missing => finished.missing.as_deref().filter(|_| finished.next.is_some()),
            version => finished.version,
            error => finished.missing.as_deref(),
            pages => finished.pages,
            names => lines(&finished.names),
            unplayable => finished.unplayable.as_deref(),
        } also [DERIVATIONS.ended()]
        where { company_id => finished.company_id, id => finished.media_id }
        fenced { DERIVATIONS => finished.lease }
    };
    Ok(tx.execute(sql, args).await? > 0)
}

/// The condition on the kinds of variant whose place a result takes. A conversion adds one, and until there is a new one the earlier one
/// is played. Where less could be made than of other files, as when a program was killed, what was made of these bytes before stays.
fn replaced(finished: &FinishedDerivation) -> String {
    let of_step = match (finished.step, finished.next) {
        (DerivationStep::Conversion, _) => "AND kind = 'playable'",
        (_, Some(DerivationStep::Conversion)) => "AND kind <> 'playable'",
        _ => "",
    };
    if finished.missing.is_none() {
        return of_step.to_owned();
    }
    let made: Vec<String> = finished.variants.iter().map(|variant| format!("'{}'", variant.kind)).collect();
    if made.is_empty() {
        "AND FALSE".to_owned()
    } else {
        format!("{of_step} AND kind IN ({})", made.join(", "))
    }
}

/// Removes the variants that a result of a file that is locked replaces: none of a better recipe. Their bytes stay as long as those of
/// a moved file, for those who read them now.
async fn remove_variants(tx: &mut Tx, now: Timestamp, finished: &FinishedDerivation) -> Result<()> {
    let company = finished.company_id;
    let sql = format!(
        "DELETE FROM media_variants WHERE company_id = $1 AND media_id = $2 AND version <= $3 {}
            RETURNING storage_backend, storage_key",
        replaced(finished)
    );
    let args = args![company, finished.media_id, finished.version];
    let removed: Vec<(StorageBackend, String)> = tx.all(sqlx::AssertSqlSafe(sql), args).await?;
    // The trigger has put them into the trash, due at once.
    let mut later = Bulk::with(
        "UPDATE trash SET due_at = k.due_at FROM k WHERE trash.company_id = k.company_id
            AND trash.storage_key = k.key AND trash.storage_backend = k.backend",
    );
    for (backend, key) in &removed {
        let due = now.plus(trash::MOVED_STAYS_FOR);
        later.push(row! { company_id => company, backend => *backend, key => key.as_str(), due_at => due });
    }
    later.execute(tx).await?;
    Ok(())
}

async fn add_variants(
    tx: &mut Tx,
    now: Timestamp,
    finished: &FinishedDerivation,
    (file_type, file_created_at): OfFile,
) -> Result<()> {
    let sql = "SELECT kind FROM media_variants WHERE company_id = $1 AND media_id = $2";
    let kept: Vec<(VariantKind,)> = tx.all(sql, args![finished.company_id, finished.media_id]).await?;
    let mut insert = Bulk::insert("media_variants", "");
    for new in &finished.variants {
        if kept.contains(&(new.kind,)) {
            let (company, media) = (finished.company_id, finished.media_id);
            trash::put(tx, now, company, media, new.storage_backend, &new.storage_key).await?;
            continue;
        }
        insert.push(row! {
            company_id => finished.company_id,
            media_id => finished.media_id,
            kind => new.kind,
            storage_backend => new.storage_backend,
            storage_key => new.storage_key.as_str(),
            mime_type => new.mime_type.as_str(),
            file_size => new.file_size,
            sha256 => new.sha256,
            width => new.width,
            height => new.height,
            duration_ms => new.duration_ms,
            version => finished.version,
            created_at => now,
            file_type => file_type,
            file_created_at => file_created_at,
        });
    }
    insert.execute(tx).await?;
    Ok(())
}

async fn record_facts(tx: &mut Tx, now: Timestamp, finished: &FinishedDerivation) -> Result<()> {
    let (sql, args) = update! {
        media_files set {
            width = "COALESCE(?, width)" => finished.width,
            height = "COALESCE(?, height)" => finished.height,
            duration_ms = "COALESCE(?, duration_ms)" => finished.duration_ms,
            thumbhash = "COALESCE(?, thumbhash)" => finished.thumbhash.as_deref(),
            updated_at => now,
        }
        where { company_id => finished.company_id, id => finished.media_id }
    };
    tx.execute(sql, args).await?;
    Ok(())
}
