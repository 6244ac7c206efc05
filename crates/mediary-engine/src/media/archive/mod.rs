//! Archives of stored files: what is in one, where in it each byte stands, and why what is missing is missing.
//!
//! A plan is made of records alone, and the same records make the same archive byte for byte: so a part of it can be sent again, and its
//! tag names all of it. The files are opened one at a time when they are sent, as any file is. Decision 0025.

mod manifest;

use std::collections::HashMap;

use aws_lc_rs::digest::{Context as Hash, SHA256};
use bytes::Bytes;
use mediary_blob::StoredFile;
use mediary_core::{
    CompanyId, ConversationId, DownloadStatus, Error, ErrorCode, FileType, MediaId, MessageId, Result,
    ScanStatus, Sha256, Timestamp, limits,
};
pub use mediary_formats::Section as ArchiveSection;
use mediary_formats::{ArchiveLayout, ArchivedFile, UniqueNames, content_disposition};
use mediary_store::{MediaFile, MediaQuery, Order, PageRequest};

use crate::access::{May, rights};
use crate::context::Context;
use crate::media::open::describe;
use manifest::{Manifest, MissingFile, WrittenFile};

/// The list of everything in the archive, in its first file.
const MANIFEST: &str = "manifest.json";
/// Grows when the same files make other bytes.
const FORM: &[u8] = b"archive 1";
/// Records that are read at once.
const RECORDS: u32 = 1000;

/// Which files.
#[derive(Clone, Debug)]
pub enum ArchiveSelection {
    Conversation {
        id: ConversationId,
        /// Empty means all.
        file_types: Vec<FileType>,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    },
    Files(Vec<MediaId>),
}

/// A stored file of an archive.
#[derive(Clone, Copy, Debug)]
pub struct PlannedFile {
    pub media_id: MediaId,
    pub sha256: Sha256,
    pub size: u64,
}

/// An archive before it is sent.
pub struct ArchivePlan {
    pub company_id: CompanyId,
    /// The first file is the manifest, those after it are `files`.
    pub layout: ArchiveLayout,
    pub manifest: Bytes,
    pub files: Vec<PlannedFile>,
    /// Names the bytes of the whole archive.
    pub identity: Sha256,
    /// What was known of the contents when the plan was made.
    pub checksums: HashMap<Sha256, u32>,
}

impl std::fmt::Debug for ArchivePlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArchivePlan").field("files", &self.files.len()).finish_non_exhaustive()
    }
}

impl ArchivePlan {
    /// To be saved under this name.
    pub fn content_disposition(name: &str) -> String {
        content_disposition(false, name)
    }
}

/// Plans archives.
pub(crate) struct Archives {
    context: Context,
}

impl Archives {
    pub(crate) fn new(context: Context) -> Self {
        Self { context }
    }

    /// Plans an archive for somebody who may see its files.
    pub(crate) async fn plan(
        &self,
        may: &May<rights::Read>,
        selection: &ArchiveSelection,
    ) -> Result<ArchivePlan> {
        let company_id = may.caller().company_id;
        let records = self.records(may, selection).await?;
        let store = self.context.store();
        let sent_at = store.sent_at(company_id, records.iter().filter_map(|file| file.message_id)).await?;
        let draft = Draft::of(records, &sent_at);
        let contents = draft.files.iter().map(|file| file.sha256);
        let checksums = store.checksums(company_id, contents).await?;
        let layout = ArchiveLayout::new(draft.entries);
        let mut identity = Hash::new(&SHA256);
        // The manifest names every file with its hash, so that and the form are all there is.
        identity.update(FORM);
        identity.update(&draft.manifest);
        let identity = identity.finish().as_ref().try_into().expect("SHA-256 has 32 bytes");
        let (manifest, files) = (draft.manifest, draft.files);
        Ok(ArchivePlan { company_id, layout, manifest, files, identity, checksums })
    }

    async fn records(&self, may: &May<rights::Read>, selection: &ArchiveSelection) -> Result<Vec<MediaFile>> {
        let (scope, store) = (may.caller().scope(), self.context.store());
        let (id, file_types, from, to) = match selection {
            ArchiveSelection::Files(ids) => return Ok(store.media_of_ids(&scope, ids).await?),
            ArchiveSelection::Conversation { id, file_types, from, to } => {
                (*id, file_types.clone(), *from, *to)
            }
        };
        if store.conversation(&scope, id).await?.is_none() {
            return Err(Error::not_found("there is no such conversation"));
        }
        let page = PageRequest { cursor: None, limit: RECORDS };
        let order = Order::Ascending;
        let conversation = Some(id);
        let mut query =
            MediaQuery { conversation, file_types, from, to, order, page, ..MediaQuery::default() };
        let mut records = Vec::new();
        loop {
            let page = store.media_list(&scope, &query).await?;
            records.extend(page.items);
            if records.len() > limits::ARCHIVE_FILES {
                return Err(too_many_files());
            }
            query.page.cursor = page.next;
            if query.page.cursor.is_none() {
                return Ok(records);
            }
        }
    }

    /// Remembers the CRC-32 of a content. An archive that is made without it has to read the content once more, so nothing is lost.
    pub(crate) async fn note_checksum(&self, company: CompanyId, content: &Sha256, crc32: u32) {
        if let Err(error) = self.context.store().note_checksum(company, content, crc32).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a checksum was not remembered");
        }
    }
}

/// The CRC-32 of bytes in memory.
pub fn crc32_of(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// The CRC-32 of a stored file, read once from end to end.
pub async fn crc32_of_file(file: &StoredFile) -> std::result::Result<u32, mediary_blob::Error> {
    let mut hash = crc32fast::Hasher::new();
    let mut reader = file.reader(0..file.size());
    while let Some(chunk) = reader.next().await? {
        hash.update(&chunk);
        tokio::task::yield_now().await;
    }
    Ok(hash.finalize())
}

/// What goes into an archive.
struct Draft {
    entries: Vec<ArchivedFile>,
    files: Vec<PlannedFile>,
    manifest: Bytes,
}

impl Draft {
    fn of(records: Vec<MediaFile>, sent_at: &HashMap<MessageId, Timestamp>) -> Self {
        let mut names = UniqueNames::default();
        names.give(MANIFEST);
        let (mut entries, mut files, mut manifest) = (Vec::new(), Vec::new(), Manifest::default());
        for record in records {
            let info = describe(&record, true);
            let sent_at = record.message_id.and_then(|id| sent_at.get(&id).copied());
            let at = sent_at.unwrap_or(record.created_at);
            let Some(planned) = stored(&record) else {
                manifest.missing.push(MissingFile::of(&record, info.file_name, at));
                continue;
            };
            let name = names.give(&info.file_name);
            manifest.files.push(WrittenFile::of(&record, &planned, name.clone(), at));
            entries.push(ArchivedFile { name, size: planned.size, modified: at });
            files.push(planned);
        }
        let newest = entries.iter().map(|entry| entry.modified).max().unwrap_or(Timestamp(0));
        let manifest = manifest.to_bytes();
        let first = ArchivedFile { name: MANIFEST.to_owned(), size: manifest.len() as u64, modified: newest };
        entries.insert(0, first);
        Self { entries, files, manifest }
    }
}

/// The file, if its bytes are here and may be given out.
fn stored(record: &MediaFile) -> Option<PlannedFile> {
    let is_here = record.is_active
        && record.scan_status != ScanStatus::Quarantined
        && record.download_status == DownloadStatus::Completed;
    let size = record.stored_size.and_then(|size| u64::try_from(size).ok())?;
    let sha256 = record.sha256.filter(|_| is_here)?;
    Some(PlannedFile { media_id: record.id, sha256, size })
}

fn too_many_files() -> Error {
    Error::refused(
        ErrorCode::PayloadTooLarge,
        format!(
            "an archive has at most {} files; ask for a part of them with `fileType`, `from` and `to`",
            limits::ARCHIVE_FILES
        ),
    )
}
