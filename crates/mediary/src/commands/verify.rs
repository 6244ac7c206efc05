//! `mediary verify`: reads every stored file again and compares its size and hash with its record.

use aws_lc_rs::digest::{Context as Hasher, SHA256};
use mediary_blob::{StorageKey, Storages};
use mediary_core::DownloadStatus;
use mediary_store::{MediaFile, MediaQuery, PageRequest};
use serde_json::json;

use crate::cli::VerifyArgs;
use crate::config::Config;
use crate::output::{Outcome, print};
use crate::wiring;

/// What became of one file.
enum Finding {
    Whole,
    Missing,
    Wrong,
}

pub(super) async fn run(config: &Config, args: &VerifyArgs) -> anyhow::Result<Outcome> {
    let parts = wiring::parts(config).await?;
    let (mut whole, mut missing, mut wrong) = (0_u64, Vec::new(), Vec::new());
    for company in wiring::companies(&parts.store, args.company.as_deref()).await? {
        let mut query = MediaQuery {
            download_status: Some(DownloadStatus::Completed),
            page: PageRequest { cursor: None, limit: mediary_core::limits::PAGE_MAX },
            ..MediaQuery::default()
        };
        loop {
            let page = parts.store.media_list(company, &query).await?;
            for media in page.items {
                match check(&parts.storages, &media).await? {
                    Finding::Whole => whole += 1,
                    Finding::Missing => missing.push(media.id),
                    Finding::Wrong => wrong.push(media.id),
                }
            }
            let Some(next) = page.next else { break };
            query.page.cursor = Some(next);
        }
    }
    let all_well = missing.is_empty() && wrong.is_empty();
    print(args.output, &json!({ "whole": whole, "missing": missing, "wrong": wrong }), || {
        let list = |ids: &[mediary_core::MediaId]| {
            ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        };
        let mut lines = vec![format!("{whole} files are whole.")];
        if !missing.is_empty() {
            lines.push(format!("{} are missing from storage, media ids: {}", missing.len(), list(&missing)));
        }
        if !wrong.is_empty() {
            lines.push(format!(
                "{} have other bytes than recorded, media ids: {}",
                wrong.len(),
                list(&wrong)
            ));
        }
        lines.join("\n")
    })?;
    parts.store.close().await;
    Ok(if all_well { Outcome::Done } else { Outcome::SomeFailed })
}

async fn check(storages: &Storages, media: &MediaFile) -> anyhow::Result<Finding> {
    let (Some(backend), Some(key), Some(expected)) =
        (media.storage_backend, &media.storage_key, media.sha256)
    else {
        return Ok(Finding::Missing);
    };
    let file = match storages.of(backend)?.open(&key.parse::<StorageKey>()?).await {
        Ok(file) => file,
        Err(error) if error.kind() == mediary_blob::ErrorKind::NotFound => return Ok(Finding::Missing),
        Err(error) => return Err(error.into()),
    };
    let mut hasher = Hasher::new(&SHA256);
    let mut reader = file.reader(0..file.size());
    while let Some(chunk) = reader.next().await? {
        hasher.update(&chunk);
    }
    let same =
        hasher.finish().as_ref() == expected.as_slice() && i64::try_from(file.size()).ok() == media.file_size;
    Ok(if same { Finding::Whole } else { Finding::Wrong })
}
