//! Saving what can still be saved: rows without bytes whose media WhatsApp may still have, nearest expiry first.
//!
//! Rows that an import brought in may lack WhatsApp's media id. It is then looked for where older systems kept it, and
//! written back, so that each row pays for the search once.

use std::time::Duration;

use mediary_core::{CompanyId, DownloadStatus, ErrorCode, FileType, MediaId};
use mediary_store::{BackfillRow, MediaFile};
use tokio::time::Instant;

use crate::engine::Engine;
use crate::error::Result;
use crate::fetch;

/// Rows read at once.
const PAGE: u32 = 200;
const SECOND: Duration = Duration::from_secs(1);

/// What to save, and how fast.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackfillOptions {
    /// `None` is every company.
    pub company: Option<CompanyId>,
    /// `None` is as fast as the workers go.
    pub files_per_second: Option<u32>,
}

/// What became of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackfillOutcome {
    Saved,
    /// No try can help any more.
    Lost(ErrorCode),
    /// Not yet; it is tried again by itself while a server runs.
    Waiting,
}

/// How a backfill went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackfillReport {
    /// Rows whose media id was found in what an import had left.
    pub resolved: u64,
    /// Rows of which nothing says what to ask WhatsApp for.
    pub missing: u64,
    pub saved: u64,
    pub lost: u64,
    pub waiting: u64,
}

impl Engine {
    /// Fetches what has no bytes yet, telling `each` file's outcome. Can be broken off and begun again at any time.
    pub async fn backfill(
        &self,
        options: BackfillOptions,
        mut each: impl FnMut(MediaId, BackfillOutcome) + Send,
    ) -> Result<BackfillReport> {
        let mut report = BackfillReport::default();
        self.resolve_legacy(options.company, &mut report).await?;
        let page = options.files_per_second.map_or(PAGE, |most| most.clamp(1, PAGE));
        let mut after = None;
        loop {
            let began = Instant::now();
            let rows = self.store().due_for_backfill(options.company, after, page).await?;
            let Some(last) = rows.last() else { return Ok(report) };
            after = Some((last.media.expires_at, last.media.id));
            let wanted: Vec<MediaFile> = rows.into_iter().map(|row| row.media).collect();
            for media in &wanted {
                self.store().requeue_download(media.company_id, media.id, true).await?;
            }
            fetch::run_due(self).await?;
            for media in &wanted {
                let outcome = self.outcome(media).await?;
                report.count(outcome);
                each(media.id, outcome);
            }
            if options.files_per_second.is_some() {
                tokio::time::sleep_until(began + SECOND).await;
            }
        }
    }

    /// Runs everything that is due now, webhooks and downloads, and returns when nothing is.
    pub async fn run_due(&self) -> Result<()> {
        loop {
            let events = crate::ingest::run_due(self).await?;
            let downloads = fetch::run_due(self).await?;
            if events == 0 && downloads == 0 {
                return Ok(());
            }
        }
    }

    async fn resolve_legacy(&self, company: Option<CompanyId>, report: &mut BackfillReport) -> Result<()> {
        let mut after = MediaId(0);
        loop {
            let rows = self.store().legacy_rows(company, after, PAGE).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.media.id;
            for row in &rows {
                match provider_media_id(row) {
                    Some(found) => {
                        let media = &row.media;
                        self.store().set_provider_media(media.company_id, media.id, &found).await?;
                        report.resolved += 1;
                    }
                    None => report.missing += 1,
                }
            }
        }
    }

    async fn outcome(&self, media: &MediaFile) -> Result<BackfillOutcome> {
        let record = self.store().media(media.company_id, media.id).await?;
        Ok(match record {
            Some(record) if record.download_status == DownloadStatus::Completed => BackfillOutcome::Saved,
            Some(record)
                if record.download_status == DownloadStatus::Failed && !record.last_error_retryable =>
            {
                BackfillOutcome::Lost(record.last_error_code.unwrap_or(ErrorCode::Internal))
            }
            Some(_) => BackfillOutcome::Waiting,
            None => BackfillOutcome::Lost(ErrorCode::NotFound),
        })
    }
}

impl BackfillReport {
    fn count(&mut self, outcome: BackfillOutcome) {
        match outcome {
            BackfillOutcome::Saved => self.saved += 1,
            BackfillOutcome::Lost(_) => self.lost += 1,
            BackfillOutcome::Waiting => self.waiting += 1,
        }
    }
}

/// Where a media id may be: in its own column, in a legacy URL column that holds an id instead, or in the payload.
fn provider_media_id(row: &BackfillRow) -> Option<String> {
    let known = || row.media.provider_media_id.clone().filter(|id| !id.is_empty());
    known()
        .or_else(|| from_legacy_url(row.legacy_media_url.as_deref()?))
        .or_else(|| from_payload(row.raw_payload.as_deref()?))
}

fn from_legacy_url(url: &str) -> Option<String> {
    let text = url.trim();
    let is_url = text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http"));
    (!text.is_empty() && !is_url).then(|| text.to_owned())
}

fn from_payload(payload: &str) -> Option<String> {
    let payload: serde_json::Value = serde_json::from_str(payload).ok()?;
    let id = FileType::ALL.iter().find_map(|kind| payload.get(kind.as_str())?.get("id")?.as_str());
    id.filter(|id| !id.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legacy_url_is_an_id_only_if_it_is_no_url() {
        assert_eq!(from_legacy_url(" 1013859600285441 ").as_deref(), Some("1013859600285441"));
        for url in ["https://lookaside.fbsbx.com/x", "HTTP://x", "", "  "] {
            assert_eq!(from_legacy_url(url), None, "{url:?}");
        }
    }

    #[test]
    fn a_payload_tells_the_id_of_its_media() {
        let payload = r#"{"type":"audio","audio":{"id":"77","mime_type":"audio/ogg"}}"#;
        assert_eq!(from_payload(payload).as_deref(), Some("77"));
        for payload in ["", "[]", r#"{"image":{}}"#, r#"{"image":{"id":""}}"#, r#"{"text":{"id":"5"}}"#] {
            assert_eq!(from_payload(payload), None, "{payload}");
        }
    }
}
