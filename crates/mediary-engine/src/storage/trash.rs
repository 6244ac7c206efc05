//! The deletion of bytes from storage. A task of its own, so that a storage that hangs delays nothing else.

use std::collections::HashMap;
use std::time::Duration;

use mediary_blob::StorageKey;
use mediary_core::{Error, Result, StorageBackend};
use mediary_store::{ClaimedTrash, Trash};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use crate::base::fault;
use crate::base::shutdown::Shutdown;
use crate::base::work::Work;
use crate::base::worker::{NextStep, Schedule, Worker, every};
use crate::context::Context;

/// The poll interval for due deletions.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Deletions of one storage at the same time, claimed together.
const AT_ONCE: u32 = 32;
/// The deadline of one deletion. It may still happen later, which is harmless: its key is never used again.
const DELETE_WITHIN: Duration = Duration::from_secs(30);
/// A storage that stays in trouble is reported no more often than this.
const REPORT_EVERY: Duration = Duration::from_secs(3600);

/// Why bytes could not be deleted yet.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The storage is not configured.
    NoSettings,
    /// The number of failed deletions, and the error of the first.
    Failed(u64, Error),
}

/// The result of emptying the trash.
#[derive(Debug, Default)]
pub(crate) struct TrashReport {
    pub(crate) removed: u64,
    pub(crate) trouble: Vec<(StorageBackend, Trouble)>,
}

/// Empties the trash until `shutdown`, at once after a wake-up.
pub(crate) async fn run(context: Context, shutdown: Shutdown) {
    let schedule = Schedule::woken(context.work(), Work::Trash, LOOK_EVERY);
    let mut worker = TrashWorker { context: context.clone(), reported: HashMap::new() };
    every(&shutdown, schedule, &mut worker).await;
}

struct TrashWorker {
    context: Context,
    /// When the trouble of each storage was last reported.
    reported: HashMap<StorageBackend, Instant>,
}

impl Worker for TrashWorker {
    async fn step(&mut self, shutdown: &Shutdown) -> NextStep {
        // Entries that are claimed when it ends are soon due again.
        match shutdown.soft.run_until_cancelled(empty(&self.context)).await {
            Some(Ok(emptied)) => report(&emptied, &mut self.reported),
            Some(Err(error)) => tracing::error!(
                error = &error as &dyn std::error::Error,
                "the trash could not be read or written; it is tried again"
            ),
            None => {}
        }
        NextStep::WhenDue
    }
}

fn report(emptied: &TrashReport, reported: &mut HashMap<StorageBackend, Instant>) {
    reported.retain(|_, at| at.elapsed() < REPORT_EVERY);
    for (backend, trouble) in &emptied.trouble {
        if !reported.contains_key(backend) {
            trouble.report(*backend);
            reported.insert(*backend, Instant::now());
        }
    }
    if emptied.removed > 0 {
        tracing::info!(files = emptied.removed, "deleted files were removed from storage");
    }
}

impl Trouble {
    pub(crate) fn report(&self, backend: StorageBackend) {
        match self {
            Self::NoSettings => tracing::warn!(
                storage = %backend,
                "deleted files stay in a storage that this process has no settings for"
            ),
            Self::Failed(count, error) => tracing::error!(
                storage = %backend,
                files = count,
                error = error as &dyn std::error::Error,
                "deleted files could not be removed from storage; each is tried again, waiting longer each time"
            ),
        }
    }
}

/// Deletes due bytes from every storage, all of them at the same time. Bytes that cannot be deleted are retried later, and delay
/// nothing else.
pub(crate) async fn empty(context: &Context) -> Result<TrashReport> {
    let mut running = JoinSet::new();
    let mut emptied = TrashReport::default();
    for backend in StorageBackend::ALL {
        if context.storages().of(*backend).is_ok() {
            let context = context.clone();
            running.spawn(empty_storage(context, *backend));
        } else if context.store().trash_waits_for(*backend).await? {
            emptied.trouble.push((*backend, Trouble::NoSettings));
        }
    }
    while let Some(ended) = running.join_next().await {
        let of_one = match ended {
            Ok(of_one) => of_one?,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        emptied.removed += of_one.removed;
        emptied.trouble.extend(of_one.trouble);
    }
    Ok(emptied)
}

async fn empty_storage(context: Context, backend: StorageBackend) -> Result<TrashReport> {
    let mut emptied = TrashReport::default();
    loop {
        let ClaimedTrash { gone, more } = context.store().trash_claim(backend, AT_ONCE).await?;
        let count = gone.len();
        let span = match count {
            0 => tracing::Span::none(),
            files => tracing::error_span!("empty_trash", storage = %backend, files),
        };
        let (done, failed, first_error) = remove_all(&context, gone).instrument(span).await;
        context.store().trash_done(&done).await?;
        context.store().trash_failed(&failed).await?;
        emptied.removed += done.len() as u64;
        let in_vain = count > 0 && done.is_empty();
        if let Some(error) = first_error {
            emptied.trouble.push((backend, Trouble::Failed(failed.len() as u64, error)));
        }
        // A storage in which no deletion of a batch succeeds is skipped until the next pass.
        if !more || in_vain {
            return Ok(emptied);
        }
    }
}

/// Deletes bytes from storage. Returns the deleted ones, the others, and the first error.
async fn remove_all(context: &Context, gone: Vec<Trash>) -> (Vec<i64>, Vec<Trash>, Option<Error>) {
    let mut running = JoinSet::new();
    for trash in gone {
        let context = context.clone();
        running.spawn(async move { (remove(&context, &trash).await, trash) });
    }
    let (mut done, mut failed, mut first_error) = (Vec::new(), Vec::new(), None);
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok((Ok(()), trash)) => done.push(trash.id),
            Ok((Err(error), trash)) => {
                failed.push(trash);
                first_error.get_or_insert(error);
            }
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    (done, failed, first_error)
}

async fn remove(context: &Context, trash: &Trash) -> Result<()> {
    let key: StorageKey = trash.key.parse()?;
    let storage = context.storages().of(trash.backend)?;
    match timeout(DELETE_WITHIN, storage.delete(&key)).await {
        Ok(deleted) => deleted?,
        Err(_) => return Err(slow()),
    };
    fault::point("trash.deleted");
    Ok(())
}

fn slow() -> Error {
    let seconds = DELETE_WITHIN.as_secs();
    Error::new(
        mediary_core::ErrorCode::StorageError,
        format!("delete from storage: it did not answer in {seconds} s"),
    )
}
