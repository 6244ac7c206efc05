//! What a server looks at before it takes part: with another key than the secrets were sealed with, or without the folder that
//! holds the files, it would fail what other nodes, or a later start, can do.

use std::path::Path;

use anyhow::bail;
use mediary_core::StorageBackend;

use crate::config::{Config, secret_key_place};
use crate::wiring::Parts;

pub(crate) async fn run(config: &Config, parts: &Parts) -> anyhow::Result<()> {
    key_fits(config, parts).await?;
    let media = config.data_dir.join("media");
    if is_empty(&media) && parts.store.has_files_in(StorageBackend::Local).await? {
        bail!(
            "{} holds nothing, but there are records of files in it; is its volume mounted? If the files are gone for good, make \
             the empty folder {} and start again: what WhatsApp still has is fetched again when it is looked at",
            media.display(),
            media.join("1").display()
        );
    }
    Ok(())
}

/// Refuses a key that opens none of the stored secrets: a server would refuse webhooks with it, and what a command seals with it
/// no server could open.
pub(crate) async fn key_fits(config: &Config, parts: &Parts) -> anyhow::Result<()> {
    if parts.engine.accounts().key_fits().await? {
        return Ok(());
    }
    bail!(
        "{} is not the key that the stored secrets of WhatsApp accounts were sealed with: none of them can be read. Use the key \
         of before, the one that the server runs with. Only if it is lost: give every account all its secrets again under this \
         key, with mediary account update --key-lost (see mediary account update --help)",
        secret_key_place(config)
    );
}

/// Whether no company has a file in it. A probe that a killed process left is no file of theirs.
fn is_empty(folder: &Path) -> bool {
    let mut entries = match folder.read_dir() {
        Ok(entries) => entries,
        Err(_) => return !folder.exists(),
    };
    entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() == "probe"))
}
