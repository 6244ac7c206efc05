//! The checks of a server before it takes part: with another key than the secrets were sealed with, or without the folder that
//! holds the files, it would fail what other nodes, or a later start, can do.

use anyhow::bail;
use mediary_store::ErrorKind;

use crate::config::{Config, secret_key_location};
use crate::output::with_causes;
use crate::wiring::Parts;

pub(crate) async fn run(config: &Config, parts: &Parts) -> anyhow::Result<()> {
    for (_, result) in all(config, parts).await {
        result?;
    }
    match parts.store.check().await {
        Err(error) if *error.kind() == ErrorKind::Refused => Err(error.into()),
        // It passes without another start, and what can be read is served meanwhile.
        Err(error) => {
            let causes = with_causes(&error.into());
            tracing::error!("the database does not work now, so webhooks are answered 503: {causes}");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// Every check by name with what it found, for `doctor`, which does not start anything.
pub(crate) async fn all(config: &Config, parts: &Parts) -> [(&'static str, anyhow::Result<()>); 2] {
    [("secret key", key_fits(config, parts).await), ("media folder", files_are_there(parts).await)]
}

/// Refuses a key that opens none of the stored secrets: a server would refuse webhooks with it, and what a command seals with it
/// no server could open.
pub(crate) async fn key_fits(config: &Config, parts: &Parts) -> anyhow::Result<()> {
    if parts.engine.accounts().key_fits().await? {
        return Ok(());
    }
    bail!(
        "{} is not the key that the stored secrets of WhatsApp accounts were sealed with: none of them can be read. Use the \
         former key, the one that the server runs with. Only if it is lost: give every account all its secrets again under this \
         key, with mediary account update --key-lost (see mediary account update --help)",
        secret_key_location(config)
    );
}

/// Refuses a folder that holds nothing while records name files in it: whatever looks for these would take them for lost, and
/// what is stored meanwhile would be hidden when the volume is back.
pub(crate) async fn files_are_there(parts: &Parts) -> anyhow::Result<()> {
    for storage in parts.storages.all() {
        // Other faults of a folder show when it is used, and pass without another start.
        if let Some(folder) = storage.folder()
            && storage.is_empty().await.unwrap_or(false)
            && parts.store.has_files_in(storage.backend()).await?
        {
            bail!(
                "{} holds nothing, but there are records of files in it; is its volume mounted? If the files are gone for good, \
                 make the empty folder {} and start again: what WhatsApp still has is fetched again when it is looked at",
                folder.display(),
                folder.join("1").display()
            );
        }
    }
    Ok(())
}

/// Marks the folder of the files, so that it is distinguished from a bare mount point from now on: where new files go into it, and where there
/// are files in it.
pub(crate) async fn take_storage_into_use(config: &Config, parts: &Parts) {
    let goes_to = [Some(config.storage.backend), config.storage.archive];
    for storage in parts.storages.all() {
        if !goes_to.contains(&Some(storage.backend())) && storage.is_empty().await.unwrap_or(true) {
            continue;
        }
        // Readiness says so, too, and a server without storage still takes messages in.
        if let Err(error) = storage.take_into_use().await {
            tracing::error!("storage does not work now, so downloads wait: {}", with_causes(&error.into()));
        }
    }
}
