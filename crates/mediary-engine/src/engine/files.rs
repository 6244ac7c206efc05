//! The engine's interface for the files themselves.

use mediary_core::{CompanyId, Result, Sha256};

use super::Engine;
use crate::access::{May, rights};
use crate::media::archive::{ArchivePlan, ArchiveSelection};
use crate::media::open::{OpenRequest, OpenedMedia, RequestedContent};

impl Engine {
    /// Opens a file for somebody who may see it: from storage, or from WhatsApp as the policy says.
    pub async fn open(&self, may: &May<rights::Read>, request: OpenRequest) -> Result<OpenedMedia> {
        self.0.opener.open(may, request).await
    }

    /// Opens a file by WhatsApp's id for it, always from WhatsApp, without storing it; with `unshared`, also without sharing the
    /// transfer with other viewers.
    pub async fn open_from_provider(
        &self,
        may: &May<rights::Read>,
        provider_media_id: &str,
        wanted: RequestedContent,
        unshared: bool,
    ) -> Result<OpenedMedia> {
        self.0.opener.open_from_provider(may, provider_media_id, wanted, unshared).await
    }

    /// Plans an archive of stored files for somebody who may see them. Its files are opened one by one while it is sent.
    pub async fn plan_archive(
        &self,
        may: &May<rights::Read>,
        selection: &ArchiveSelection,
    ) -> Result<ArchivePlan> {
        self.0.archives.plan(may, selection).await
    }

    /// Remembers the CRC-32 of a content of a company for the next archive.
    pub async fn note_checksum(&self, company: CompanyId, content: &Sha256, crc32: u32) {
        self.0.archives.note_checksum(company, content, crc32).await;
    }
}
