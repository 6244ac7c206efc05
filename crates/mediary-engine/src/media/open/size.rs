//! The size of a file that nobody declared: neither the webhook, nor Graph, nor the media host.
//!
//! Players ask for a file part by part and give up where two answers name different sizes, or none. So the bytes are
//! counted once, and let go while they are: nothing of them is kept.

use mediary_core::{AccountId, Result};
use mediary_store::MediaFile;

use super::Opener;
use crate::transit::inbound_file::COUNTED_WITHIN;

/// The largest file that is counted, which is what WhatsApp takes of audio and video from a business. Who asks for a part of a
/// larger one is sent the whole.
const COUNTED_BYTES: u64 = 16 * 1024 * 1024;

impl Opener {
    /// The size as it was counted a moment ago.
    pub(super) fn known_size(&self, record: &MediaFile) -> Option<u64> {
        self.sizes.get(&key(record)?)?
    }

    /// The size by counting; `None` where there are too many bytes to be counted, or they come too slowly.
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
    Some((record.account_id, record.provider_media_id.clone()?))
}
