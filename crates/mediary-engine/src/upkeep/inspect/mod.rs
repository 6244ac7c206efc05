//! Inspection: compares storage and records. Finds files that are missing or differ from their records, and files that no record names.
//! Every finding is checked again before anything is done about it.

pub(crate) mod daily;

use std::sync::Arc;
use std::time::Duration;

use mediary_blob::{ErrorKind, Storage, StorageKey, StoredObject};
use mediary_core::{
    CompanyId, DownloadStatus, MediaId, MessageId, Result, Scope, StorageBackend, Timestamp, limits,
};
use mediary_store::{FoundFile, MediaFile, MediaQuery, PageRequest, Variant};
use tracing::Instrument as _;

use crate::base::work::Work;
use crate::context::Context;
use crate::media::open::{OpenFiles, found_again};
use crate::storage::hash::hash_of;

/// A younger file may be about to be recorded.
const SETTLED_AFTER: Duration = Duration::from_secs(3600);

/// What is checked, and what is repaired.
#[derive(Clone, Copy, Debug, Default)]
pub struct InspectOptions {
    /// Read every byte and compare the hash, instead of looking at presence and size.
    pub deep: bool,
    /// Fetch again what is missing or wrong while WhatsApp has it, complete records whose lost bytes are there again, and let
    /// the sweep remove what no record names.
    pub repair: bool,
    /// Remember files that no record names as seen by the look that began then.
    pub look: Option<Timestamp>,
}

/// How many findings are listed individually.
const NAMED_MAX: usize = 1000;

/// The number of findings, and the first of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFiles<T> {
    pub count: u64,
    pub first: Vec<T>,
}

impl<T> Default for FoundFiles<T> {
    fn default() -> Self {
        Self { count: 0, first: Vec::new() }
    }
}

impl<T> FoundFiles<T> {
    fn push(&mut self, item: T) {
        self.count += 1;
        if self.first.len() < NAMED_MAX {
            self.first.push(item);
        }
    }
}

/// What an inspection found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    pub whole: u64,
    pub missing: FoundFiles<MediaId>,
    /// With other bytes than recorded.
    pub wrong: FoundFiles<MediaId>,
    /// Of these files storage lacks a variant, or has another one; the original is there. Made again where that is repaired.
    pub lacking_variants: FoundFiles<MediaId>,
    /// Storage, key and size of files without a record.
    pub untracked: FoundFiles<(StorageBackend, String, u64)>,
    /// How many of these were repaired.
    pub repaired: u64,
}

impl Inspection {
    /// Whether it found so many files without a record that the storage may belong to another database.
    pub fn is_suspicious(&self) -> bool {
        let tracked = self.whole + self.missing.count + self.wrong.count;
        self.untracked.count > limits::UNTRACKED_UNSUSPECTED && self.untracked.count > tracked
    }
}

fn with_status(status: DownloadStatus) -> MediaQuery {
    MediaQuery {
        download_status: Some(status),
        with_library: true,
        page: PageRequest { cursor: None, limit: limits::PAGE_MAX },
        ..MediaQuery::default()
    }
}

enum State {
    Whole,
    Missing,
    Wrong,
}

/// Compares storage and records.
#[derive(Clone, Debug)]
pub(crate) struct Inspector {
    context: Context,
    files: Arc<OpenFiles>,
}

impl Inspector {
    pub(crate) fn new(context: Context, files: Arc<OpenFiles>) -> Self {
        Self { context, files }
    }

    /// Looks at every recorded file of a company.
    pub(crate) async fn inspect_records(
        &self,
        company: CompanyId,
        options: InspectOptions,
        found: &mut Inspection,
    ) -> Result<()> {
        let span = tracing::error_span!("check_records", company.id = company.0);
        self.inspect_all(company, options, found).instrument(span).await
    }

    async fn inspect_all(
        &self,
        company: CompanyId,
        options: InspectOptions,
        found: &mut Inspection,
    ) -> Result<()> {
        if options.repair {
            self.recover(company, found).await?;
        }
        let mut query = with_status(DownloadStatus::Completed);
        loop {
            let page = self.context.store().media_list(&Scope::system(company), &query).await?;
            for file in &page.items {
                self.inspect(file, options, found).await?;
            }
            self.inspect_variants(company, &page.items, options, found).await?;
            let Some(next) = page.next else { return Ok(()) };
            query.page.cursor = Some(next);
        }
    }

    async fn inspect_variants(
        &self,
        company: CompanyId,
        files: &[MediaFile],
        options: InspectOptions,
        found: &mut Inspection,
    ) -> Result<()> {
        let (store, scope) = (self.context.store(), Scope::system(company));
        let ids: Vec<MediaId> = files.iter().map(|file| file.id).collect();
        for (id, result) in store.derivation_results(&scope, &ids).await? {
            for variant in &result.variants {
                // It may have moved, or been made again, since its record was read.
                if self.has_variant(variant, options.deep).await?
                    || store.variant(&scope, id, variant.kind).await?.as_ref() != Some(variant)
                {
                    continue;
                }
                found.lacking_variants.push(id);
                if options.repair && store.variant_lost(variant).await? {
                    self.context.work().wake(Work::Derive);
                    found.repaired += 1;
                }
            }
        }
        Ok(())
    }

    async fn has_variant(&self, variant: &Variant, deep: bool) -> Result<bool> {
        let key: StorageKey = variant.storage_key.parse()?;
        match self.context.storages().of(variant.storage_backend)?.open(&key).await {
            Ok(stored) if stored.size() != variant.file_size => Ok(false),
            Ok(stored) => Ok(!deep || hash_of(&stored).await? == variant.sha256),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Completes records that were given up although their bytes are in storage.
    async fn recover(&self, company: CompanyId, found: &mut Inspection) -> Result<()> {
        let mut query = with_status(DownloadStatus::Failed);
        loop {
            let page = self.context.store().media_list(&Scope::system(company), &query).await?;
            for file in page.items {
                let now = found_again(&self.context, &self.files, &file).await?;
                found.repaired +=
                    u64::from(now.is_some_and(|now| now.download_status == DownloadStatus::Completed));
            }
            let Some(next) = page.next else { return Ok(()) };
            query.page.cursor = Some(next);
        }
    }

    async fn inspect(&self, file: &MediaFile, options: InspectOptions, found: &mut Inspection) -> Result<()> {
        let mut place = file.location();
        let state = match self.state(file, options.deep).await? {
            State::Whole => State::Whole,
            // It may have moved or gone since its record was read.
            _ => match self.context.store().media(&Scope::system(file.company_id), file.id).await? {
                Some(now) if now.is_active && now.download_status == DownloadStatus::Completed => {
                    place = now.location();
                    self.state(&now, options.deep).await?
                }
                _ => return Ok(()),
            },
        };
        match state {
            State::Whole => found.whole += 1,
            State::Wrong => found.wrong.push(file.id),
            State::Missing => found.missing.push(file.id),
        }
        if options.repair
            && !matches!(state, State::Whole)
            && let Some(place) = place
            && self.context.store().store_lost_file(file.company_id, file.id, &place).await?
        {
            self.context.work().wake(Work::Fetch);
            found.repaired += 1;
        }
        Ok(())
    }

    async fn state(&self, file: &MediaFile, deep: bool) -> Result<State> {
        let (Some(backend), Some(key), Some(sha256)) = (file.storage_backend, &file.storage_key, file.sha256)
        else {
            return Ok(State::Missing);
        };
        let key: StorageKey = key.parse()?;
        let stored = match self.context.storages().of(backend)?.open(&key).await {
            // An empty file counts as missing, whatever its record says.
            Ok(stored) if stored.size() == 0 => return Ok(State::Missing),
            Ok(stored) => stored,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(State::Missing),
            Err(error) => return Err(error.into()),
        };
        if i64::try_from(stored.size()).ok() != file.stored_size {
            return Ok(State::Wrong);
        }
        if !deep {
            return Ok(State::Whole);
        }
        match hash_of(&stored).await {
            Ok(hash) if hash == sha256 => Ok(State::Whole),
            Ok(_) => Ok(State::Wrong),
            // Deleted or moved while it was read.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(State::Missing),
            Err(error) => Err(error.into()),
        }
    }

    /// Looks for files that no record names, in every storage: those of one company, or of all.
    pub(crate) async fn inspect_storage(
        &self,
        company: Option<CompanyId>,
        options: InspectOptions,
        found: &mut Inspection,
    ) -> Result<()> {
        let prefix = company.map_or_else(|| "media".to_owned(), |company| format!("media/{company}"));
        for storage in self.context.storages().all() {
            let span = tracing::error_span!(
                "find_untracked",
                company.id = company.map(|company| company.0),
                storage = %storage.backend()
            );
            self.inspect_listing(storage, &prefix, options, found).instrument(span).await?;
        }
        Ok(())
    }

    async fn inspect_listing(
        &self,
        storage: &Storage,
        prefix: &str,
        options: InspectOptions,
        found: &mut Inspection,
    ) -> Result<()> {
        let mut listing = storage.list(prefix)?;
        while let Some(page) = listing.next_page().await? {
            self.inspect_page(storage, page, options, found).await?;
        }
        Ok(())
    }

    async fn inspect_page(
        &self,
        storage: &Storage,
        page: Vec<StoredObject>,
        options: InspectOptions,
        found: &mut Inspection,
    ) -> Result<()> {
        let backend = storage.backend();
        let settled = self.context.now().minus(SETTLED_AFTER);
        let old = page.into_iter().filter(|object| object.modified < settled);
        let candidates: Vec<(FoundFile, u64)> = old
            .filter_map(|object| {
                let (company_id, message) = object.key.owner()?;
                let message_id = message.unwrap_or(MessageId(0));
                Some((FoundFile { company_id, message_id, key: object.key.to_string() }, object.size))
            })
            .collect();
        let files: Vec<FoundFile> = candidates.iter().map(|(file, _)| file.clone()).collect();
        let known = self.context.store().known_files(backend, &files).await?;
        let untracked: Vec<_> =
            candidates.into_iter().filter(|(file, _)| !known.contains(&file.key)).collect();
        if let (Some(look), Some((first, _))) = (options.look, untracked.first()) {
            let files: Vec<_> = untracked.iter().map(|(file, _)| file.clone()).collect();
            let (company, max_files) = (first.company_id, limits::UNTRACKED_REMEMBERED);
            self.context.store().remember_untracked(company, backend, &files, look, max_files).await?;
        }
        for (file, size) in untracked {
            if options.repair && self.context.store().discard_file(backend, &file).await? {
                found.repaired += 1;
            }
            found.untracked.push((backend, file.key, size));
        }
        Ok(())
    }
}
