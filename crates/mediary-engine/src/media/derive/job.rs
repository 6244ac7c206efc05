//! One claimed derivation, from its claim to its end.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use mediary_blob::{ErrorKind, Storage, StorageKey};
use mediary_core::{DerivationStep, Error, Result};
use mediary_derive::pool::{Input, Job};
use mediary_derive::{Derived, Facts, Product, Recipe};
use mediary_store::{ClaimedDerivation, FailedDerivation, FinishedDerivation, NewVariant};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::Deriver;
use super::decide::{Problem, ends_servers, next_attempt};
use super::kinds::{recipe, recipe_of};
use crate::base::fault;
use crate::base::lease::{Lease, to_the_end, until_lost};
use crate::base::work::Work;
use crate::context::Context;
use crate::events::event::{EventData, EventName};

/// Runs a claimed step of a derivation. Its row records how it ended. When it is stopped while something is made, it is put back.
pub(super) async fn run(deriver: Deriver, claim: ClaimedDerivation, stop: CancellationToken) {
    let span = tracing::error_span!(
        "derive",
        company.id = claim.company_id.0,
        message.id = claim.message_id.map(|id| id.0),
        media.id = claim.media_id.0,
        step = claim.step.as_str(),
        attempt = claim.attempts
    );
    derive(&deriver, &claim, stop).instrument(span).await;
}

async fn derive(deriver: &Deriver, claim: &ClaimedDerivation, stop: CancellationToken) {
    let context = &deriver.context;
    if takes_minutes(claim) {
        return put_back(deriver, claim, DerivationStep::Recording).await;
    }
    let mut lease = DerivationLease { context, claim };
    let made = async {
        if ends_servers(claim.begun) {
            return Some(Err(Failure::of_the_server()));
        }
        stop.run_until_cancelled(make(deriver, claim)).await
    };
    let ended = match until_lost(&mut lease, made).await {
        Some(None) => return put_back(deriver, claim, claim.step).await,
        // Storage may take longer to publish the variants than the lease lasts.
        Some(Some(Ok(derived))) => to_the_end(&mut lease, keep(deriver, claim, derived)).await,
        Some(Some(Err(failure))) => Err(failure),
        None => return tracing::debug!("the derivation was taken from us"),
    };
    if let Err(failure) = ended
        && let Err(error) = fail(deriver, claim, failure).await
    {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the end of a derivation could not be recorded; its lease will run out"
        );
    }
}

/// Whether it was claimed as a short step and is none: a long recording.
fn takes_minutes(claim: &ClaimedDerivation) -> bool {
    let recipe = claim.mime_type.as_deref().and_then(recipe);
    claim.step == DerivationStep::Short
        && recipe.is_some_and(|recipe| recipe.needs(claim.file_size).are_long())
}

/// For another claim, as this step.
async fn put_back(deriver: &Deriver, claim: &ClaimedDerivation, step: DerivationStep) {
    match deriver.context.store().put_back_derivation(claim, step).await {
        Ok(true) => deriver.context.work().wake(Work::DeriveLong),
        Ok(false) => tracing::debug!("the derivation was taken from us"),
        Err(error) => tracing::error!(
            error = &error as &dyn std::error::Error,
            "a derivation could not be put back; its lease will run out"
        ),
    }
}

/// Why it did not work, and the sentence for people.
struct Failure {
    problem: Problem,
    sentence: String,
}

impl Failure {
    fn of_the_server() -> Self {
        let sentence =
            "Mediary ended each time it worked on this file; it is left alone until somebody asks for it";
        Self { problem: Problem::Server, sentence: sentence.to_owned() }
    }
}

impl From<mediary_derive::Error> for Failure {
    fn from(error: mediary_derive::Error) -> Self {
        Self { problem: Problem::Worker(error.kind()), sentence: error.sentence().to_owned() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        tracing::warn!(error = &error as &dyn std::error::Error, "storage failed a derivation");
        Self { problem: Problem::Storage, sentence: "storage did not answer".to_owned() }
    }
}

impl From<mediary_blob::Error> for Failure {
    fn from(error: mediary_blob::Error) -> Self {
        Error::from(error).into()
    }
}

/// Of a file of a kind that nothing is made of, nothing.
async fn make(deriver: &Deriver, claim: &ClaimedDerivation) -> std::result::Result<Derived, Failure> {
    let recipe = claim.mime_type.as_deref().and_then(|mime_type| recipe_of(mime_type, claim.step));
    let Some(recipe) = recipe else { return Ok(Derived::default()) };
    let Some(workers) = deriver.context.media_workers() else {
        return Err(mediary_derive::Error::unsupported("no worker may read files here").into());
    };
    let key: StorageKey = claim.storage_key.parse()?;
    let stored = match deriver.context.storages().of(claim.storage_backend)?.open(&key).await {
        Ok(stored) => stored,
        // The daily check or a view finds what storage lost, and has it fetched again while WhatsApp has it.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let sentence = "storage does not have the file".to_owned();
            return Err(Failure { problem: Problem::Storage, sentence });
        }
        Err(error) => return Err(error.into()),
    };
    let input = Input::from_file(stored.to_be_read(&deriver.spools).await?)?;
    Ok(workers.run(Job::new(claim.company_id, recipe, input)).await?)
}

/// Stores the variants beside their file and records them. Each has a key of its own that is in the trash until it is recorded.
async fn keep(
    deriver: &Deriver,
    claim: &ClaimedDerivation,
    derived: Derived,
) -> std::result::Result<(), Failure> {
    let context = &deriver.context;
    let storage = context.storages().of(claim.storage_backend)?;
    let Derived { facts, products, missing } = derived;
    let keys: Vec<StorageKey> = products
        .iter()
        .map(|product| StorageKey::variant(claim.company_id, claim.message_id, claim.media_id, product.kind))
        .collect();
    if !keys.is_empty() {
        let (company, media) = (claim.company_id, claim.media_id);
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        context
            .store()
            .reserve_variants(company, media, storage.backend(), &keys)
            .await
            .map_err(Error::from)?;
    }
    let mut variants = Vec::with_capacity(products.len());
    for (product, key) in products.into_iter().zip(&keys) {
        variants.push(store_variant(storage, key, product).await?);
    }
    fault::point("derive.stored");
    let finished = FinishedDerivation {
        missing: together(claim.missing.as_deref(), missing),
        ..finished(deriver, claim, facts, variants)
    };
    let (shows, is_over) = (shows(&finished), finished.next.is_none());
    if !context.store().finish_derivation(finished).await.map_err(Error::from)? {
        tracing::debug!("the file changed while its variants were made; they are in the trash");
        for work in [Work::Trash, Work::Derive, Work::DeriveLong] {
            context.work().wake(work);
        }
        return Ok(());
    }
    fault::point("derive.finished");
    if is_over {
        context.meters().derived.increment(1);
        deriver.ended.made.fetch_add(1, Ordering::Relaxed);
    } else {
        context.work().wake(Work::DeriveLong);
    }
    if shows {
        publish(context, claim);
    }
    Ok(())
}

/// Says that there is more, or nothing more, to see of the file.
fn publish(context: &Context, claim: &ClaimedDerivation) {
    // Of a file in the library nobody shows a message.
    let Some(message) = claim.message_id else { return };
    let data = EventData {
        id: message.0,
        conversation_id: claim.conversation_id,
        message_id: Some(message),
        media_id: Some(claim.media_id),
        ..EventData::default()
    };
    context.events().publish(claim.company_id, EventName::MessageUpdated, data);
}

/// What the step before could not make, and this one.
fn together(before: Option<&str>, now: Option<String>) -> Option<String> {
    match (before, now) {
        (Some(before), Some(now)) => Some(format!("{before}; {now}")),
        (before, now) => now.or_else(|| before.map(str::to_owned)),
    }
}

/// A video that browsers cannot play is converted after its facts and its pictures are recorded: it takes minutes, and nobody should
/// wait for a thumbnail as long.
fn next_step(deriver: &Deriver, claim: &ClaimedDerivation, facts: &Facts) -> Option<DerivationStep> {
    let is_video = claim.mime_type.as_deref().and_then(recipe) == Some(Recipe::Video);
    let is_due = claim.step == DerivationStep::Short && is_video && deriver.has_ffmpeg();
    (is_due && facts.unplayable.is_some()).then_some(DerivationStep::Conversion)
}

/// Whether there is anything to see or hear of it: then its message looks different now.
fn shows(finished: &FinishedDerivation) -> bool {
    let FinishedDerivation { variants, pages, names, unplayable, width, duration_ms, .. } = finished;
    !variants.is_empty()
        || pages.is_some()
        || !names.is_empty()
        || unplayable.is_some()
        || width.is_some()
        || duration_ms.is_some()
}

async fn store_variant(storage: &Storage, key: &StorageKey, product: Product) -> Result<NewVariant> {
    let mut upload = storage.create(key).await?;
    upload.write(Bytes::from(product.bytes)).await?;
    let stored = upload.stage().await?.publish().await?;
    Ok(NewVariant {
        kind: product.kind,
        storage_backend: storage.backend(),
        storage_key: key.to_string(),
        mime_type: product.mime_type.to_owned(),
        file_size: stored.size,
        sha256: stored.sha256,
        width: product.width,
        height: product.height,
        duration_ms: product.duration_ms,
    })
}

fn finished(
    deriver: &Deriver,
    claim: &ClaimedDerivation,
    facts: Facts,
    variants: Vec<NewVariant>,
) -> FinishedDerivation {
    let next = next_step(deriver, claim, &facts);
    FinishedDerivation {
        company_id: claim.company_id,
        media_id: claim.media_id,
        lease: claim.lease.clone(),
        sha256: claim.sha256,
        version: deriver.version(claim.mime_type.as_deref()),
        width: facts.width,
        height: facts.height,
        duration_ms: facts.duration_ms,
        thumbhash: facts.thumbhash,
        pages: facts.pages,
        names: facts.names,
        unplayable: facts.unplayable,
        missing: None,
        step: claim.step,
        next,
        variants,
    }
}

async fn fail(deriver: &Deriver, claim: &ClaimedDerivation, failure: Failure) -> Result<()> {
    let context = &deriver.context;
    let Failure { problem, sentence } = failure;
    let retry_at = next_attempt(problem, claim.attempts, context.now());
    tracing::info!(reason = sentence, retried = retry_at.is_some(), "media_derivation_failed");
    context.meters().derivation_failed.increment(1);
    deriver.ended.failed.fetch_add(1, Ordering::Relaxed);
    let failed = FailedDerivation {
        company_id: claim.company_id,
        media_id: claim.media_id,
        lease: claim.lease.clone(),
        version: deriver.version(claim.mime_type.as_deref()),
        sentence: together(claim.missing.as_deref(), Some(sentence)).unwrap_or_default(),
        retry_at,
    };
    if context.store().fail_derivation(failed).await? && retry_at.is_none() {
        publish(context, claim);
    }
    Ok(())
}

/// The lease of a running derivation.
struct DerivationLease<'a> {
    context: &'a Context,
    claim: &'a ClaimedDerivation,
}

impl Lease for DerivationLease<'_> {
    fn life(&self) -> Duration {
        self.context.config().rules.lease
    }

    async fn renew(&mut self) -> Result<bool> {
        let until = self.context.now().plus(self.life());
        Ok(self.context.store().renew_derivation(self.claim, until).await?)
    }

    /// Nothing in memory says so: a deletion ends the row's lease, and the next heartbeat finds it.
    async fn may_be_lost(&self) {
        std::future::pending::<()>().await;
    }
}
