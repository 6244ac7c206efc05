//! `mediary storage`: moves stored files to another storage, and checks what is stored.

use mediary_core::{CompanyId, Error, MediaId, StorageBackend, error_chain};
use mediary_engine::{FoundFiles, InspectOptions, Inspection, Relocation, RelocationPreview};
use serde_json::json;

use super::{storage_advice, storage_erase};
use crate::cli::{StorageCheckArgs, StorageCommand, StorageMigrateArgs};
use crate::config::{Config, StorageConfig};
use crate::output::{Outcome, WrongUsage, are, counted, print, with_causes};
use crate::progress;
use crate::start_checks;
use crate::wiring::{self, Parts};

pub(super) async fn run(config: &Config, command: StorageCommand) -> anyhow::Result<Outcome> {
    let parts = wiring::parts(config).await?;
    start_checks::files_are_there(&parts).await?;
    let outcome = match command {
        StorageCommand::Migrate(args) => migrate(&config.storage, &parts, &args).await,
        StorageCommand::Check(args) => check(&parts, &args).await,
        StorageCommand::Erase(args) => storage_erase::run(&parts, &args).await,
    };
    parts.store.close().await;
    outcome
}

/// Files that were not moved and are named with the reason.
const REASONS: usize = 20;

/// The outcome of all files.
#[derive(Default)]
struct Tally {
    moved: u64,
    bytes: u64,
    changed: u64,
    missing: Vec<i64>,
    wrong: Vec<i64>,
    failed: Vec<i64>,
    /// Why, of the first of them.
    reasons: Vec<(i64, String)>,
}

async fn migrate(
    config: &StorageConfig,
    parts: &Parts,
    args: &StorageMigrateArgs,
) -> anyhow::Result<Outcome> {
    if parts.storages.of(args.to).is_err() {
        let message = format!("storage {} has no settings; `mediary doctor` shows what is set", args.to);
        return Err(WrongUsage(message).into());
    }
    let companies = wiring::companies(&parts.store, args.company.as_deref()).await?;
    let planned = count(parts, args, &companies).await?;
    if args.dry_run {
        print(args.output, &json!({ "files": planned.files, "bytes": planned.bytes }), || {
            let (files, bytes) = (counted(planned.files, "file"), counted(planned.bytes, "byte"));
            format!("{files} of {bytes} would move to {}.", args.to)
        })?;
        return Ok(Outcome::Done);
    }
    let bar = progress::files(planned.files, args.output.json);
    let mut tally = Tally::default();
    for company in companies {
        let tell = |media: MediaId, went| {
            let why = |error| reason(config, args.to, error);
            tally.add(media.0, went, why);
            bar.inc(1);
        };
        parts.engine.relocate_files(company, args.to, tell).await?;
    }
    bar.finish_and_clear();
    tally.sort();
    tally.print(args)
}

async fn count(
    parts: &Parts,
    args: &StorageMigrateArgs,
    companies: &[CompanyId],
) -> anyhow::Result<RelocationPreview> {
    let mut planned = RelocationPreview::default();
    for company in companies {
        let found = parts.engine.files_to_relocate(*company, args.to).await?;
        planned.files += found.files;
        planned.bytes += found.bytes;
    }
    Ok(planned)
}

/// Why a file was not moved: what to do about it, where that is known.
fn reason(config: &StorageConfig, to: StorageBackend, error: Error) -> String {
    let known = storage_advice::known(config, to, &error_chain(&error));
    match known {
        Some(advice) => format!("{error}: {advice}"),
        None => with_causes(&error.into()),
    }
}

impl Tally {
    fn add(&mut self, media: i64, went: Relocation, why: impl FnOnce(Error) -> String) {
        match went {
            Relocation::Moved(bytes) => {
                self.moved += 1;
                self.bytes += bytes;
            }
            Relocation::Changed => self.changed += 1,
            Relocation::Missing => self.missing.push(media),
            Relocation::Wrong => self.wrong.push(media),
            Relocation::Failed(error) => {
                tracing::warn!(
                    media.id = media,
                    error = &error as &dyn std::error::Error,
                    "a file was not moved"
                );
                self.failed.push(media);
                if self.reasons.len() < REASONS {
                    self.reasons.push((media, why(error)));
                }
            }
        }
    }

    /// Several files are on their way at once, and end in any order.
    fn sort(&mut self) {
        for ids in [&mut self.missing, &mut self.wrong, &mut self.failed] {
            ids.sort_unstable();
        }
        self.reasons.sort_unstable();
    }

    fn print(&self, args: &StorageMigrateArgs) -> anyhow::Result<Outcome> {
        let Self { moved, bytes, changed, missing, wrong, failed, reasons } = self;
        let why: Vec<_> =
            reasons.iter().map(|(media, why)| json!({ "mediaId": media, "reason": why })).collect();
        let printed = json!({ "moved": moved, "bytes": bytes, "changed": changed, "missing": missing,
            "wrong": wrong, "failed": failed, "reasons": why });
        print(args.output, &printed, || {
            let (files, bytes) = (counted(*moved, "file"), counted(*bytes, "byte"));
            let mut lines = vec![format!("{files} of {bytes} moved to {}.", args.to)];
            let mut list = |ids: &[i64], what: &str| {
                if !ids.is_empty() {
                    lines.push(format!(
                        "{} {what}, media ids: {}",
                        counted(ids.len() as u64, "file"),
                        listed(ids)
                    ));
                }
            };
            list(missing, "missing from the recorded location");
            list(wrong, "with other bytes than recorded, left in place");
            list(failed, "not moved now; run this again");
            lines.extend(reasons.iter().map(|(media, why)| format!("  {media}: {why}")));
            lines.join("\n")
        })?;
        let all_well = missing.is_empty() && wrong.is_empty() && failed.is_empty();
        Ok(if all_well { Outcome::Done } else { Outcome::SomeFailed })
    }
}

async fn check(parts: &Parts, args: &StorageCheckArgs) -> anyhow::Result<Outcome> {
    let options = InspectOptions { deep: args.deep, repair: args.repair, look: None };
    let mut found = Inspection::default();
    for company in wiring::companies(&parts.store, None).await? {
        parts.engine.inspect_records(company, options, &mut found).await?;
    }
    // Counted before anything is removed: of a storage that belongs to another database, nothing may go.
    let only_look = InspectOptions { repair: false, ..options };
    parts.engine.inspect_storage(None, only_look, &mut found).await?;
    let spared = args.repair && !args.yes && found.is_suspicious();
    if args.repair && !spared {
        found.untracked = FoundFiles::default();
        parts.engine.inspect_storage(None, options, &mut found).await?;
    }
    let Inspection { whole, missing, wrong, lacking_variants, untracked, repaired } = &found;
    let files: Vec<_> = untracked
        .first
        .iter()
        .map(|(backend, key, bytes)| json!({ "storage": backend, "key": key, "bytes": bytes }))
        .collect();
    let printed = json!({ "whole": whole, "missing": ids(missing), "missingCount": missing.count,
        "wrong": ids(wrong), "wrongCount": wrong.count, "lackingVariants": ids(lacking_variants),
        "lackingVariantsCount": lacking_variants.count, "untracked": files, "untrackedCount": untracked.count,
        "repaired": repaired });
    print(args.output, &printed, || {
        let mut lines = vec![format!("In place as recorded: {}.", counted(*whole, "file"))];
        lines.extend(named(missing, "missing"));
        lines.extend(named(wrong, "other than recorded"));
        lines.extend(named(
            lacking_variants,
            "in place, but without a thumbnail or the like that was made of it",
        ));
        if untracked.count > 0 {
            let (files, are) = (counted(untracked.count, "file"), are(untracked.count));
            lines.push(format!("{files} {are} named by no record{}:", the_first(untracked)));
            let line = |(backend, key, bytes): &_| format!("  {backend} {key} ({})", counted(*bytes, "byte"));
            lines.extend(untracked.first.iter().map(line));
        }
        if spared {
            lines.push(
                "They are more than those with a record, so none is removed: this storage may belong to another database. \
                If they may be deleted for good, add --yes."
                    .to_owned(),
            );
        }
        if *repaired > 0 {
            let are = are(*repaired);
            lines.push(format!("{repaired} of these {are} being repaired; check again in a few minutes."));
        }
        lines.join("\n")
    })?;
    let all_well = missing.count + wrong.count + untracked.count == 0;
    Ok(if all_well { Outcome::Done } else { Outcome::SomeFailed })
}

pub(super) fn ids(found: &FoundFiles<MediaId>) -> Vec<i64> {
    found.first.iter().map(|id| id.0).collect()
}

/// A line about files that are not well, if there are any.
pub(super) fn named(found: &FoundFiles<MediaId>, what: &str) -> Option<String> {
    let ids = listed(&ids(found));
    let (files, are) = (counted(found.count, "file"), are(found.count));
    (found.count > 0).then(|| format!("{files} {are} {what}, media ids{}: {ids}", the_first(found)))
}

fn the_first<T>(found: &FoundFiles<T>) -> String {
    let named = found.first.len();
    if found.count > named as u64 { format!(" (the first {named})") } else { String::new() }
}

fn listed(ids: &[i64]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
