//! The size of a file for which neither the webhook, nor Graph, nor the media host declared one.
//!
//! Players request a file part by part, and give up if two answers name different sizes, or none. So the bytes are counted once, and
//! discarded at the same time.

use mediary_core::{AccountId, Result};
use mediary_store::MediaFile;

use super::Opener;
use crate::transit::inbound_file::COUNTED_WITHIN;

/// The largest file that is counted: WhatsApp's limit for audio and video from a business. A request for a part of a larger one gets
/// the whole file.
const COUNTED_BYTES: u64 = 16 * 1024 * 1024;

impl Opener {
    /// The size as it was counted a moment ago.
    pub(super) fn known_size(&self, record: &MediaFile) -> Option<u64> {
        self.sizes.get(&key(record)?)?
    }

    /// Counts the bytes; `None` if there are too many, or they come too slowly.
    pub(super) async fn counted_size(&self, record: &MediaFile) -> Result<Option<u64>> {
        let Some(key) = key(record) else { return Ok(None) };
        let slot = self.inbound_files.slot(record.company_id, record.id);
        let _counting = slot.counting.lock().await;
        if let Some(known) = self.sizes.get(&key) {
            return Ok(known);
        }
        let size = match tokio::time::timeout(COUNTED_WITHIN, self.count(record)).await {
            Ok(counted) => counted?,
            Err(_) => None,
        };
        self.sizes.insert(key, size);
        Ok(size)
    }

    async fn count(&self, record: &MediaFile) -> Result<Option<u64>> {
        let mut upstream = self.ask_whatsapp(record, None).await?;
        if let Some(total) = upstream.total() {
            return Ok(Some(total));
        }
        let mut bytes = 0;
        while let Some(chunk) = upstream.next().await? {
            bytes += chunk.len() as u64;
            if bytes > COUNTED_BYTES {
                return Ok(None);
            }
        }
        if bytes == 0 {
            return Err(mediary_graph::Error::no_bytes().into());
        }
        Ok(Some(bytes))
    }
}

fn key(record: &MediaFile) -> Option<(AccountId, String)> {
    Some((record.account_id?, record.provider_media_id.clone()?))
}
