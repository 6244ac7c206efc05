//! `mediary sweep`: what the server does by itself from time to time, now.

use std::collections::HashMap;

use mediary_core::CompanyId;
use mediary_engine::RetentionAct;
use serde_json::{Value, json};

use crate::cli::SweepArgs;
use crate::config::Config;
use crate::output::{self, Outcome, counted};
use crate::{start_checks, wiring};

pub(super) async fn run(config: &Config, args: SweepArgs) -> anyhow::Result<Outcome> {
    let parts = wiring::parts(config).await?;
    start_checks::files_are_there(&parts).await?;
    let companies = parts.store.list_companies().await?;
    let slugs = companies.into_iter().map(|company| (company.id, company.slug)).collect();
    let mut list = List { json: args.output.json, any: false, slugs, failed: None };
    list.begin(args.dry_run);
    let report = if args.dry_run {
        parts.engine.sweep_preview(|act| list.add(act)).await?
    } else {
        parts.engine.sweep_and_tell(|act| list.add(act)).await?
    };
    list.end(args.dry_run, &report.counts());
    parts.store.close().await;
    list.failed.map_or(Ok(Outcome::Done), Err)
}

/// The output while the sweep runs: each file that retention ends, then the counts. Never all of it in memory, for it may be
/// millions of files.
struct List {
    json: bool,
    any: bool,
    slugs: HashMap<CompanyId, String>,
    /// The first part that could not be printed; the sweep goes through all the same.
    failed: Option<anyhow::Error>,
}

impl List {
    fn print(&mut self, text: &str) {
        if let Err(error) = output::write(text) {
            self.failed.get_or_insert(error);
        }
    }

    fn begin(&mut self, dry_run: bool) {
        if self.json {
            self.print(&format!("{{\"dryRun\":{dry_run},\"retention\":["));
        }
    }

    fn add(&mut self, act: RetentionAct) {
        let text = match (self.json, self.any) {
            (true, false) => shown(act).to_string(),
            (true, true) => format!(",{}", shown(act)),
            (false, _) => self.sentence(act),
        };
        self.any = true;
        self.print(&text);
    }

    fn sentence(&self, act: RetentionAct) -> String {
        let (media, bytes) = (act.media_id, counted(act.size_bytes, "byte"));
        // One that was added since the list was read.
        let company = self
            .slugs
            .get(&act.company_id)
            .cloned()
            .unwrap_or_else(|| format!("with the id {}", act.company_id));
        let days = counted(act.retention.days().unwrap_or(0).unsigned_abs(), "day");
        let action = if act.archives() { "archive" } else { "delete" };
        format!(
            "{action} media file {media} of company {company} ({bytes}): {}, {days}\n",
            act.retention.mode()
        )
    }

    fn end(&mut self, dry_run: bool, counts: &[(&'static str, u64)]) {
        if self.json {
            let counts: serde_json::Map<_, _> =
                counts.iter().map(|(name, count)| ((*name).to_owned(), json!(count))).collect();
            self.print(&format!("],\"counts\":{}}}\n", Value::Object(counts)));
            return;
        }
        let lines: String =
            counts.iter().map(|(name, count)| format!("  {}: {count}\n", in_words(name))).collect();
        self.print(&format!("{}:\n{lines}", if dry_run { "Would be done" } else { "Done" }));
    }
}

fn shown(act: RetentionAct) -> Value {
    json!({
        "companyId": act.company_id,
        "mediaId": act.media_id,
        "action": if act.archives() { "archive" } else { "delete" },
        "mode": act.retention.mode(),
        "days": act.retention.days(),
        "fileSize": act.size_bytes,
    })
}

/// A count of a sweep in words.
fn in_words(name: &'static str) -> &'static str {
    match name {
        "leasesReleased" => "downloads released whose lease had expired",
        "expiredUnsaved" => "files that expired at WhatsApp unsaved",
        "retentionDeleted" => "files deleted by their retention",
        "retentionArchived" => "files moved to the archive by their retention",
        "filesRemoved" => "deleted files removed from storage",
        "temporaryFilesRemoved" => "unfinished uploads removed",
        "webhooksPruned" => "old webhook bodies deleted",
        "sessionsPruned" => "sessions that ended deleted",
        "parkedItemsPruned" => "old items that could not be recorded deleted",
        "auditsPruned" => "old rows of the audit log deleted",
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_a_sweep_have_words_for_people() {
        for (name, _) in mediary_engine::SweepReport::default().counts() {
            assert!(in_words(name).contains(' '), "{name}");
        }
    }
}
