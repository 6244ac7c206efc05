//! What a server looks at before it takes part: with another key than the secrets were sealed with, or without the folder that
//! holds the files, it would fail what other nodes, or a later start, can do.

use std::path::Path;

use anyhow::bail;
use mediary_core::StorageBackend;

use crate::config::Config;
use crate::wiring::Parts;

pub(crate) async fn run(config: &Config, parts: &Parts) -> anyhow::Result<()> {
    if !parts.engine.accounts().key_fits().await? {
        bail!(
            "MEDIARY_SECRET_KEY, or secret.key in the data folder, is not the key that the stored secrets of WhatsApp accounts \
             were sealed with: none of them can be read. Start with the key of before; if it is lost, give an account new \
             secrets first: mediary account update --help"
        );
    }
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

/// Whether no company has a file in it. A probe that a killed process left is no file of theirs.
fn is_empty(folder: &Path) -> bool {
    let mut entries = match folder.read_dir() {
        Ok(entries) => entries,
        Err(_) => return !folder.exists(),
    };
    entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() == "probe"))
}
