//! Imported rows without WhatsApp's media id: it is looked for where older systems kept it, and written back, so that
//! each row pays for the search once.

use mediary_core::{CompanyId, FileType, MediaId, Result};
use mediary_store::{LegacyRow, MediaFile};

use super::WhatsApp;

/// Rows read at once; each may bring a payload as long as a line of an import.
const PAGE: u32 = 64;
/// The most bytes of a text that is taken for a media id. Meta's are numbers of 15 to 17 digits.
const ID_BYTES: usize = 128;

/// The result of a search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LegacySearch {
    /// Rows whose id was found.
    pub(crate) resolved: u64,
    /// Rows for which no media id was found.
    pub(crate) missing: u64,
    /// Those whose download is due now.
    pub(crate) due: Vec<MediaId>,
}

impl WhatsApp {
    /// Looks for the ids of a company's rows that may still be alive, nearest expiry first, as far as `max_rows` rows.
    /// With `queue` what was found is due at once where the policy keeps everything.
    pub(crate) async fn resolve_legacy(
        &self,
        company: CompanyId,
        queue: bool,
        max_rows: u64,
    ) -> Result<LegacySearch> {
        let mut search = LegacySearch::default();
        let mut after = None;
        while search.resolved + search.missing < max_rows {
            let rows = self.store.legacy_rows(company, after, PAGE).await?;
            let Some(last) = rows.last() else { break };
            after = Some((last.media.expires_at, last.media.id));
            let found: Vec<(MediaId, String)> =
                rows.iter().filter_map(|row| Some((row.media.id, provider_media_id(row)?))).collect();
            search.missing += (rows.len() - found.len()) as u64;
            search.resolved += found.len() as u64;
            let named = self.store.set_provider_media(company, &found, queue).await?;
            search.due.extend(named.iter().filter(|named| named.due).map(|named| named.media_id));
        }
        Ok(search)
    }

    /// Looks for the id of one row, which most rows have already.
    pub(crate) async fn resolve_legacy_row(&self, record: &MediaFile) -> Result<()> {
        if record.provider_media_id.is_none()
            && let Some(row) = self.store.legacy_row(record.company_id, record.id).await?
            && let Some(found) = provider_media_id(&row)
        {
            self.store.set_provider_media(record.company_id, &[(record.id, found)], false).await?;
        }
        Ok(())
    }
}

/// Where a media id may be: in its own column, in a legacy URL column that holds an id instead, or in the payload.
fn provider_media_id(row: &LegacyRow) -> Option<String> {
    let known = || row.media.provider_media_id.clone().filter(|id| !id.is_empty());
    known()
        .or_else(|| from_legacy_url(row.legacy_media_url.as_deref()?))
        .or_else(|| from_payload(row.raw_payload.as_deref()?))
}

/// Such columns also contain paths, file names and data URLs, which are no ids either.
fn from_legacy_url(url: &str) -> Option<String> {
    let text = url.trim();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    ((1..=ID_BYTES).contains(&text.len()) && text.bytes().all(plain)).then(|| text.to_owned())
}

fn from_payload(payload: &str) -> Option<String> {
    let payload: serde_json::Value = serde_json::from_str(payload).ok()?;
    let id = FileType::ALL.iter().find_map(|kind| payload.get(kind.as_str())?.get("id")?.as_str());
    id.filter(|id| (1..=ID_BYTES).contains(&id.len())).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legacy_url_counts_as_an_id_only_if_it_is_no_url() {
        for id in [" 1013859600285441 ", "f043afd0-f0ae-4b9c-ab3d-696fb4c8cd68"] {
            assert_eq!(from_legacy_url(id).as_deref(), Some(id.trim()));
        }
        let path = "uploads/2026/11/1013859600285441.jpg";
        let data = "data:image/png;base64,iVBORw0KGgo=";
        for url in ["https://lookaside.fbsbx.com/x", "HTTP://x", path, data, "s3://bucket/key", "", "  "] {
            assert_eq!(from_legacy_url(url), None, "{url:?}");
        }
        assert!(from_legacy_url(&"7".repeat(ID_BYTES)).is_some());
        assert_eq!(from_legacy_url(&"7".repeat(ID_BYTES + 1)), None);
    }

    #[test]
    fn payload_contains_the_id_of_its_media() {
        let payload = r#"{"type":"audio","audio":{"id":"77","mime_type":"audio/ogg"}}"#;
        assert_eq!(from_payload(payload).as_deref(), Some("77"));
        let long = format!(r#"{{"image":{{"id":"{}"}}}}"#, "7".repeat(ID_BYTES + 1));
        let without =
            ["", "[]", r#"{"image":{}}"#, r#"{"image":{"id":""}}"#, r#"{"text":{"id":"5"}}"#, &long];
        for payload in without {
            assert_eq!(from_payload(payload), None, "{payload}");
        }
    }
}
