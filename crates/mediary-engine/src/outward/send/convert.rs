//! A file that WhatsApp would refuse, made into one that it takes, if its sender wants that; one that it takes stays as it is.
//!
//! The work is that of the media workers (`mediary_derive`), which read the file as they read any stranger's: locked up, with the
//! time and the memory that its kind may take. They read a descriptor, so the file is stored first, under its own reserved key, and the
//! key is given up when this ends, in whichever way. The request waits meanwhile; where it is dropped, its client having gone, so are
//! the worker and what it has made.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mediary_blob::Spools;
use mediary_core::{CompanyId, Error, ErrorCode, FileType, Result, limits};
use mediary_derive::pool::{Input, Job};
use mediary_derive::{Derived, ErrorKind, Recipe, Workers};
use mediary_formats::ProvedContent;

use super::Sender;
use super::content::KeptFile;
use super::conversions::{conversion, takes_ffmpeg};
use super::draft::{self, FileDraft, ProvedFile};
use super::upload::{FileUpload, ReceivedFile, SendableFile, StoredUpload};
use crate::base::company_slots::{CompanySlot, CompanySlots};
use crate::context::Context;

/// Conversions of a company at once. Videos, which take minutes, have slots of their own, so that no voice note waits for one.
const OF_COMPANY: usize = 1;
/// And of all companies in this process. How many of them are worked on is up to the pool of workers; each that waits there has a request
/// and an open file.
const IN_ALL: usize = 16;
const VIDEOS_IN_ALL: usize = 4;
/// How long one waits for the one before it.
const TURN_WITHIN: Duration = Duration::from_secs(60);
/// From its turn to its end.
const WITHIN: Duration = Duration::from_secs(600);

/// What is said where a conversion would help.
const OFFER: &str = "ask for it to be converted (`convert`)";

/// Converts files, within its bounds.
#[derive(Clone, Debug)]
pub(super) struct Converter {
    /// For copies of files that are in an object store.
    spools: Spools,
    videos: Arc<CompanySlots>,
    others: Arc<CompanySlots>,
}

impl Converter {
    pub(super) fn new(spools: Spools) -> Self {
        let slots = |in_all| CompanySlots::new(OF_COMPANY, in_all);
        Self { spools, videos: slots(VIDEOS_IN_ALL), others: slots(IN_ALL) }
    }

    async fn turn(&self, company: CompanyId, kind: FileType) -> Result<CompanySlot> {
        let slots = if kind == FileType::Video { &self.videos } else { &self.others };
        slots.take(company, TURN_WITHIN).await.ok_or_else(|| {
            let detail =
                "another file of your company is being converted; send this one again when it is done";
            Error::refused(ErrorCode::RateLimited, detail).after(Some(TURN_WITHIN))
        })
    }
}

/// The file as WhatsApp takes it: as it is, or converted where its sender wants that.
pub(super) async fn accepted(
    sender: &Sender,
    received: ReceivedFile,
    draft: &FileDraft,
) -> Result<(SendableFile, KeptFile)> {
    let proved = proved(&received);
    let recipe = conversion(draft.kind, draft.voice, proved.mime_type);
    let refusal = match draft::accept(draft, &proved) {
        // Its type is that of the container alone.
        Ok(kept) if draft.kind == FileType::Video => {
            return of_taken_type(sender, received, draft, kept).await;
        }
        Ok(kept) => return Ok((SendableFile::Received(received), kept)),
        Err(refusal) => refusal,
    };
    let Some(recipe) = recipe else {
        return Err(if draft.convert {
            with_more(refusal, "it cannot be converted into that")
        } else {
            refusal
        });
    };
    let workers = match (workers_for(&sender.context, recipe), draft.convert) {
        (Ok(workers), true) => workers,
        (Ok(_), false) => return Err(with_more(refusal, OFFER)),
        (Err(why), true) => return Err(not_here(refusal, why)),
        (Err(_), false) => return Err(refusal),
    };
    let _turn = sender.converter.turn(received.company, draft.kind).await?;
    in_time(async {
        let original = received.store(&sender.context).await?;
        converted(sender, workers, original, (recipe, draft), refusal).await
    })
    .await
}

/// A video in a container that WhatsApp takes: as it is, if what is in it is taken, too, as far as anybody here can look. WhatsApp would
/// refuse another one only after it was sent.
async fn of_taken_type(
    sender: &Sender,
    received: ReceivedFile,
    draft: &FileDraft,
    kept: KeptFile,
) -> Result<(SendableFile, KeptFile)> {
    let Some(workers) = sender.context.media_workers() else {
        return Ok((SendableFile::Received(received), kept));
    };
    let _turn = match draft.convert {
        true => Some(sender.converter.turn(received.company, draft.kind).await?),
        // To look takes milliseconds, and the pool has turns of its own.
        false => None,
    };
    in_time(async {
        let original = received.store(&sender.context).await?;
        let refused = match run(sender, workers, &original, Recipe::AcceptedVideo).await? {
            Ok(_) => return Ok((SendableFile::Stored(original), kept)),
            // Nothing is known against the file.
            Err(broken) if broken.kind() == ErrorKind::Worker && !draft.convert => {
                return Ok((SendableFile::Stored(original), kept));
            }
            Err(broken) if broken.kind() == ErrorKind::Worker => return Err(failed(broken)),
            Err(refused) => refused,
        };
        let detail = format!("{}; WhatsApp takes H.264 with AAC, or without sound", refused.sentence());
        let refusal = Error::refused(ErrorCode::UnsupportedMediaType, detail);
        let recipe = Recipe::VideoMessage { max_bytes: limits::outbound_file_bytes(FileType::Video, false) };
        match (workers_for(&sender.context, recipe), draft.convert) {
            (Ok(workers), true) => converted(sender, workers, original, (recipe, draft), refusal).await,
            (Err(why), true) => Err(not_here(refusal, why)),
            (Ok(_), false) => Err(with_more(refusal, OFFER)),
            (Err(_), false) => Err(with_more(refusal, "send it as a document")),
        }
    })
    .await
}

/// What the recipe makes of the file, if WhatsApp takes that. The original is given up.
async fn converted(
    sender: &Sender,
    workers: &Arc<dyn Workers>,
    original: StoredUpload,
    (recipe, draft): (Recipe, &FileDraft),
    refusal: Error,
) -> Result<(SendableFile, KeptFile)> {
    let mut made = match run(sender, workers, &original, recipe).await? {
        Ok(made) => made,
        Err(error) if error.kind() == ErrorKind::Worker => return Err(failed(error)),
        Err(error) => return Err(with_more(refusal, &format!("it cannot be converted: {error}"))),
    };
    let product = made.products.pop();
    let product =
        product.ok_or_else(|| Error::new(ErrorCode::Internal, "take what a conversion has made"))?;
    let mut upload = FileUpload::begin(&sender.context, original.company).await?;
    upload.write(Bytes::from(product.bytes)).await?;
    let received = upload.end().await?;
    let taken = draft::accept(draft, &proved(&received));
    let kept = taken.map_err(|error| with_more(error, "it was converted before"))?;
    tracing::debug!(from = original.stored.size, to = received.staged.size(), "converted a file to send it");
    Ok((SendableFile::Received(received), kept))
}

pub(super) fn proved(received: &ReceivedFile) -> ProvedFile<'_> {
    let ProvedContent { mime_type, animated, channels } = received.content;
    ProvedFile { mime_type, animated, channels, bytes: received.staged.size() }
}

/// Has a worker read the file.
async fn run(
    sender: &Sender,
    workers: &Arc<dyn Workers>,
    original: &StoredUpload,
    recipe: Recipe,
) -> Result<mediary_derive::Result<Derived>> {
    let stored = sender.context.storages().of(original.backend)?.open(&original.key).await?;
    let file = stored.to_be_read(&sender.converter.spools).await?;
    let job = Input::from_file(file).map(|input| Job::new(original.company, recipe, input));
    Ok(match job {
        Ok(job) => workers.run(job).await,
        Err(error) => Err(error),
    })
}

/// Who can follow the recipe, or why nobody can.
fn workers_for(context: &Context, recipe: Recipe) -> Result<&Arc<dyn Workers>, &'static str> {
    match context.media_workers() {
        None => Err("no process that may read media files runs, which the operator has to see to"),
        Some(workers) if takes_ffmpeg(recipe) && !workers.has_ffmpeg() => {
            Err("videos are converted by ffmpeg, which is not installed")
        }
        Some(workers) => Ok(workers),
    }
}

async fn in_time<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(WITHIN, work).await.unwrap_or_else(|_| {
        let seconds = WITHIN.as_secs();
        let detail =
            format!("the conversion took more than {seconds} seconds; try again later, or send less of it");
        Err(Error::refused(ErrorCode::StorageError, detail))
    })
}

fn not_here(refusal: Error, why: &str) -> Error {
    with_more(refusal, &format!("it cannot be converted here: {why}"))
}

fn with_more(refusal: Error, more: &str) -> Error {
    let detail = format!("{}; {more}", refusal.detail().unwrap_or_default());
    refusal.detailed(detail)
}

/// The worker is to blame, or nobody.
fn failed(error: mediary_derive::Error) -> Error {
    let detail = "the file could not be converted at this moment; please try again";
    Error::refused(ErrorCode::StorageError, detail).because(error)
}
