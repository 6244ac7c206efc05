//! Files that were refused for their size, after one of the limits was raised: they are fetched as if they had failed for a moment.
//! The start and the hourly sweep look for them. A retry, a backfill and a view look for themselves, so that they need not wait for the
//! sweep.

use mediary_core::{CompanyId, ErrorCode, FileType, Result};
use mediary_store::MediaFile;

use crate::base::work::Work;
use crate::context::Context;

/// Rows of one transaction.
const BATCH: u32 = 500;

/// Files that WhatsApp still has and that exceed the limit for their type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OversizedFiles {
    pub file_type: FileType,
    pub limit: u64,
    pub files: u64,
}

/// Queues a company's files that were refused for their size and that the limits allow now; how many.
pub(crate) async fn allow_within_limits(context: &Context, company: CompanyId) -> Result<u64> {
    let mut allowed = 0;
    for &file_type in FileType::ALL {
        let limit = context.config().inbound_limits.of(file_type);
        loop {
            let changes = context.store().allow_oversized(company, file_type, limit, None, BATCH).await?;
            context.events().publish_changes(&changes);
            allowed += changes.len() as u64;
            if changes.len() < BATCH as usize {
                break;
            }
        }
    }
    if allowed > 0 {
        tracing::info!(company.id = company.0, files = allowed, "files are tried again that a limit refused");
        context.work().wake(Work::Fetch);
    }
    Ok(allowed)
}

/// Queues one file that was refused for its size, if the limits allow it now.
pub(crate) async fn allow_one(context: &Context, record: &MediaFile) -> Result<()> {
    let limit = context.config().inbound_limits.of(record.file_type);
    let changes = context
        .store()
        .allow_oversized(record.company_id, record.file_type, limit, Some(record.id), 1)
        .await?;
    context.events().publish_changes(&changes);
    Ok(())
}

/// The company's files that the limits still refuse, by type.
pub(crate) async fn still_refused(context: &Context, company: CompanyId) -> Result<Vec<OversizedFiles>> {
    let mut refused = Vec::new();
    for &file_type in FileType::ALL {
        let limit = context.config().inbound_limits.of(file_type);
        let files = context.store().count_oversized(company, file_type, limit).await?;
        if files > 0 {
            refused.push(OversizedFiles { file_type, limit, files });
        }
    }
    Ok(refused)
}

/// Whether a record that was given up was so for its size, and is not known to exceed the limit that holds now.
pub(crate) fn is_allowed_now(context: &Context, record: &MediaFile) -> bool {
    let known = record.announced_size.or(record.file_size).and_then(|size| u64::try_from(size).ok());
    record.last_error_code == Some(ErrorCode::PayloadTooLarge)
        && known.is_none_or(|size| size <= context.config().inbound_limits.of(record.file_type))
        && record.expires_at > context.now()
}
