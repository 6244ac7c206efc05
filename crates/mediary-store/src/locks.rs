//! Rows that a transaction holds before it changes several of them.

use std::collections::BTreeSet;

use mediary_core::{CompanyId, MediaId};

use crate::bulk::Bulk;
use crate::db::Tx;
use crate::writes::row;
use crate::{Backend, Result, dialect};

/// Locks files until the transaction ends, before it changes them. The next statement reads their committed state.
///
/// Every transaction that locks several files uses this function, or skips locked rows, so all lock them in one order: by company and
/// id. Of two that need the same files, one waits for the other at the first of them, without holding any later one.
pub(crate) async fn hold_files(
    tx: &mut Tx,
    files: impl IntoIterator<Item = (CompanyId, MediaId)>,
) -> Result<()> {
    // On SQLite a writing transaction is alone anyway.
    if tx.backend() == Backend::Sqlite {
        return Ok(());
    }
    let hold = dialect::hold_rows(tx.backend(), "f");
    let mut select = Bulk::with(format!(
        "SELECT f.id FROM k CROSS JOIN media_files f WHERE f.company_id = k.company_id AND f.id = k.id
                ORDER BY f.company_id, f.id{hold}"
    ));
    // More of them than one statement takes are in order, too.
    for (company, media) in files.into_iter().collect::<BTreeSet<_>>() {
        select.push(row! { company_id => company, id => media });
    }
    select.run::<(MediaId,)>(tx).await?;
    Ok(())
}
