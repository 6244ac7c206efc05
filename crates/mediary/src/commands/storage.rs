//! `mediary storage`: moves stored files to another storage, and checks what is stored.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use mediary_core::CompanyId;
use mediary_engine::{InspectOptions, Inspection, Relocation, ToRelocate};
use serde_json::json;

use crate::cli::{StorageCheckArgs, StorageCommand, StorageMigrateArgs};
use crate::config::Config;
use crate::output::{Outcome, WrongUsage, print};
use crate::wiring::{self, Parts};

pub(super) async fn run(config: &Config, command: StorageCommand) -> anyhow::Result<Outcome> {
    let parts = wiring::parts(config).await?;
    let outcome = match command {
        StorageCommand::Migrate(args) => migrate(&parts, &args).await,
        StorageCommand::Check(args) => check(&parts, &args).await,
    };
    parts.store.close().await;
    outcome
}

/// What became of all files.
#[derive(Default)]
struct Tally {
    moved: u64,
    bytes: u64,
    changed: u64,
    missing: Vec<i64>,
    wrong: Vec<i64>,
    failed: Vec<i64>,
}

async fn migrate(parts: &Parts, args: &StorageMigrateArgs) -> anyhow::Result<Outcome> {
    if parts.storages.of(args.to).is_err() {
        let message = format!("storage {} has no settings; `mediary doctor` shows what is set", args.to);
        return Err(WrongUsage(message).into());
    }
    let companies = wiring::companies(&parts.store, args.company.as_deref()).await?;
    let planned = count(parts, args, &companies).await?;
    if args.dry_run {
        print(args.output, &json!({ "files": planned.files, "bytes": planned.bytes }), || {
            format!("{} files of {} bytes would move to {}.", planned.files, planned.bytes, args.to)
        })?;
        return Ok(Outcome::Done);
    }
    let bar = progress(planned, args.output.json);
    let mut tally = Tally::default();
    for company in companies {
        let tell = |media: mediary_core::MediaId, went| {
            tally.add(media.0, went);
            bar.inc(1);
        };
        parts.engine.relocate_files(company, args.to, tell).await?;
    }
    bar.finish_and_clear();
    tally.print(args)
}

async fn count(
    parts: &Parts,
    args: &StorageMigrateArgs,
    companies: &[CompanyId],
) -> anyhow::Result<ToRelocate> {
    let mut planned = ToRelocate::default();
    for company in companies {
        let found = parts.engine.files_to_relocate(*company, args.to).await?;
        planned.files += found.files;
        planned.bytes += found.bytes;
    }
    Ok(planned)
}

fn progress(planned: ToRelocate, json: bool) -> ProgressBar {
    if json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(planned.files);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} files, {per_sec}, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

impl Tally {
    fn add(&mut self, media: i64, went: Relocation) {
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
            }
        }
    }

    fn print(&self, args: &StorageMigrateArgs) -> anyhow::Result<Outcome> {
        let Self { moved, bytes, changed, missing, wrong, failed } = self;
        let told = json!({ "moved": moved, "bytes": bytes, "changed": changed, "missing": missing,
            "wrong": wrong, "failed": failed });
        print(args.output, &told, || {
            let mut lines = vec![format!("{moved} files of {bytes} bytes moved to {}.", args.to)];
            let mut list = |ids: &[i64], what: &str| {
                if !ids.is_empty() {
                    lines.push(format!("{} {what}, media ids: {}", ids.len(), listed(ids)));
                }
            };
            list(missing, "are missing where they should be");
            list(wrong, "have other bytes than recorded, and were left where they are");
            list(failed, "could not be moved now; run this again");
            lines.join("\n")
        })?;
        let all_well = missing.is_empty() && wrong.is_empty() && failed.is_empty();
        Ok(if all_well { Outcome::Done } else { Outcome::SomeFailed })
    }
}

async fn check(parts: &Parts, args: &StorageCheckArgs) -> anyhow::Result<Outcome> {
    let options = InspectOptions { deep: args.deep, repair: args.repair };
    let mut found = Inspection::default();
    for company in wiring::companies(&parts.store, None).await? {
        parts.engine.inspect_records(company, options, &mut found).await?;
    }
    parts.engine.inspect_storage(options, &mut found).await?;
    let ids = |ids: &[mediary_core::MediaId]| ids.iter().map(|id| id.0).collect::<Vec<_>>();
    let (missing, wrong) = (ids(&found.missing), ids(&found.wrong));
    let untracked: Vec<_> = found
        .untracked
        .iter()
        .map(|(backend, key, bytes)| json!({ "storage": backend, "key": key, "bytes": bytes }))
        .collect();
    let told = json!({ "whole": found.whole, "missing": missing, "wrong": wrong, "untracked": untracked,
        "repaired": found.repaired });
    print(args.output, &told, || {
        let mut lines = vec![format!("{} files are where their records say.", found.whole)];
        if !missing.is_empty() {
            lines.push(format!("{} are missing, media ids: {}", missing.len(), listed(&missing)));
        }
        if !wrong.is_empty() {
            lines.push(format!("{} are other than recorded, media ids: {}", wrong.len(), listed(&wrong)));
        }
        if !found.untracked.is_empty() {
            lines.push(format!("{} are named by no record:", found.untracked.len()));
            lines.extend(
                found
                    .untracked
                    .iter()
                    .map(|(backend, key, bytes)| format!("  {backend} {key} ({bytes} bytes)")),
            );
        }
        if found.repaired > 0 {
            lines.push(format!(
                "{} of these are being dealt with; look again in a few minutes.",
                found.repaired
            ));
        }
        lines.join("\n")
    })?;
    let all_well = missing.is_empty() && wrong.is_empty() && found.untracked.is_empty();
    Ok(if all_well { Outcome::Done } else { Outcome::SomeFailed })
}

fn listed(ids: &[i64]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
