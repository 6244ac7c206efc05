//! A cache of files that were opened recently, with their records, so that a view needs neither database nor file system.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mediary_blob::{StorageKey, StoredFile};
use mediary_core::{CompanyId, MediaId, MessageId, Sha256, Timestamp};
use mediary_store::{Change, MediaFile};
use moka::sync::Cache;
use parking_lot::Mutex;

use super::{FileInfo, OpenedMedia, Source, Target, ViewedFile};
use crate::base::CACHE_TTL;
use crate::events::event::{EventData, EventName};

const RECENT: u64 = 16_384;
/// Records of proxied files, and for how long each is cached unless its deletion is received.
const PROXIED: u64 = 4096;
const PROXIED_TTL: Duration = Duration::from_secs(5);
/// For how long a file is kept open; then it is opened again, which detects that storage has lost it.
const OPEN_TTL: Duration = Duration::from_secs(5);
/// A file's last view is recorded at most this often, and for this many files between two sweeps.
const VIEW_NOTED_EVERY: Duration = Duration::from_secs(3600);
const VIEWS_NOTED: usize = 4096;

/// A storage key and the hash of its content when it was opened: another content is another file.
type FileKey = (StorageKey, Sha256);

/// A file that is kept open. The cache may drop an invalidated entry later; the file itself is taken out at once, so that its handle is
/// closed as soon as nobody reads it any more.
#[derive(Clone)]
struct OpenFile {
    key: FileKey,
    file: Arc<Mutex<Option<StoredFile>>>,
}

impl OpenFile {
    fn new(key: FileKey, file: StoredFile) -> Self {
        Self { key, file: Arc::new(Mutex::new(Some(file))) }
    }

    /// The file, if it is still the one of `key` and not taken out.
    fn of(&self, key: &FileKey) -> Option<StoredFile> {
        if self.key != *key {
            return None;
        }
        self.file.lock().clone()
    }

    fn close(&self) {
        drop(self.file.lock().take());
    }
}

/// The cache. A deletion by this process takes effect at once, one by another process as soon as its event is received; while events
/// cannot be received, after half a second for a stored file, else after five.
pub(crate) struct OpenFiles {
    recent: Cache<(CompanyId, Target), (Arc<FileInfo>, FileKey)>,
    /// The open files. Nothing else keeps files open, so its capacity bounds their file handles.
    open: Cache<(CompanyId, MediaId), OpenFile>,
    /// Each with the version of the accounts, and so of the policies, when it was looked up.
    proxied: Cache<(CompanyId, Target), (u64, Arc<ViewedFile>)>,
    viewed: Mutex<HashMap<(CompanyId, MediaId), Timestamp>>,
}

impl fmt::Debug for OpenFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenFiles")
    }
}

impl OpenFiles {
    /// Keeps at most so many files open.
    pub(crate) fn new(kept_open: usize) -> Self {
        let open = Cache::builder()
            .max_capacity(kept_open as u64)
            .time_to_live(OPEN_TTL)
            .eviction_listener(|_, file: OpenFile, _| file.close());
        Self {
            recent: Cache::builder().max_capacity(RECENT).time_to_live(CACHE_TTL).build(),
            open: open.build(),
            proxied: Cache::builder().max_capacity(PROXIED).time_to_live(PROXIED_TTL).build(),
            viewed: Mutex::default(),
        }
    }

    /// Closes files that were unused for a while; otherwise they would stay open until the next file is opened.
    pub(crate) fn upkeep(&self) {
        self.recent.run_pending_tasks();
        self.open.run_pending_tasks();
    }

    pub(super) fn recent(&self, company: CompanyId, target: Target) -> Option<OpenedMedia> {
        let (info, key) = self.recent.get(&(company, target))?;
        let file = self.open.get(&(company, info.media_id))?.of(&key)?;
        Some(OpenedMedia { info, source: Source::Stored(file) })
    }

    pub(super) fn kept(&self, record: &MediaFile, key: &StorageKey, sha256: &Sha256) -> Option<StoredFile> {
        self.open.get(&(record.company_id, record.id))?.of(&(key.clone(), *sha256))
    }

    pub(super) fn remember(
        &self,
        record: &MediaFile,
        key: &StorageKey,
        sha256: &Sha256,
        info: &Arc<FileInfo>,
        file: &StoredFile,
    ) {
        let (id, key) = ((record.company_id, record.id), (key.clone(), *sha256));
        // An entry that exists keeps its age, so that storage is checked again in time.
        if self.open.get(&id).is_none_or(|open| open.of(&key).is_none()) {
            self.open.insert(id, OpenFile::new(key.clone(), file.clone()));
            // Otherwise evicted files stay open until the cache's own maintenance.
            self.open.run_pending_tasks();
        }
        for target in targets(record) {
            self.recent.insert((record.company_id, target), (info.clone(), key.clone()));
        }
    }

    /// The cached record of a proxied file, unless an account has changed since.
    pub(super) fn proxied(
        &self,
        company: CompanyId,
        target: Target,
        accounts: u64,
    ) -> Option<Arc<ViewedFile>> {
        let (looked_up, viewed) = self.proxied.get(&(company, target))?;
        (looked_up == accounts).then_some(viewed)
    }

    pub(super) fn remember_proxied(&self, target: Target, viewed: &Arc<ViewedFile>, accounts: u64) {
        self.proxied.insert((viewed.record.company_id, target), (accounts, viewed.clone()));
    }

    /// Removes a file that is no longer to be served, or has changed.
    pub(crate) fn forget(&self, record: &MediaFile) {
        self.forget_ids(record.company_id, Some(record.id), record.message_id);
    }

    /// Removes a file by its ids.
    fn forget_ids(&self, company: CompanyId, media: Option<MediaId>, message: Option<MessageId>) {
        let targets = [media.map(Target::Media), message.map(Target::Message)];
        for target in targets.into_iter().flatten() {
            let recent = self.recent.remove(&(company, target)).map(|(info, _)| info.media_id);
            self.proxied.invalidate(&(company, target));
            // A deleted file must not keep its bytes on the disk because it is open here.
            if let Some(media) = media.or(recent)
                && let Some(open) = self.open.remove(&(company, media))
            {
                open.close();
            }
        }
    }

    /// Removes the file that an event reports as deleted.
    pub(crate) fn observe(&self, company: CompanyId, name: EventName, data: &EventData) {
        if name == EventName::MediaDeleted {
            self.forget_ids(company, data.media_id, data.message_id);
        }
    }

    /// Removes files whose rows changed.
    pub(crate) fn forget_changed(&self, changes: &[Change]) {
        for change in changes {
            self.forget_ids(change.company_id, change.media_id, change.message_id);
        }
    }

    /// Notes a view, which the next sweep records.
    pub(super) fn touched(&self, record: &MediaFile, now: Timestamp) {
        if record.last_accessed_at.is_some_and(|last| now.since(last) < VIEW_NOTED_EVERY) {
            return;
        }
        let mut viewed = self.viewed.lock();
        if viewed.len() < VIEWS_NOTED {
            viewed.insert((record.company_id, record.id), now);
        }
    }

    /// The views that are not recorded yet.
    pub(crate) fn take_views(&self) -> HashMap<(CompanyId, MediaId), Timestamp> {
        std::mem::take(&mut *self.viewed.lock())
    }
}

/// The names under which a file is remembered.
fn targets(record: &MediaFile) -> impl Iterator<Item = Target> {
    let of_message = record.message_id.filter(|_| record.part == 0).map(Target::Message);
    [Target::Media(record.id)].into_iter().chain(of_message)
}
