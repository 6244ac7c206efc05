//! `mediary sweep`: what the server does by itself from time to time, now.

use std::io::Write;

use mediary_engine::RetentionAct;
use serde_json::{Value, json};

use crate::cli::SweepArgs;
use crate::config::Config;
use crate::output::Outcome;
use crate::wiring;

pub(super) async fn run(config: &Config, args: SweepArgs) -> anyhow::Result<Outcome> {
    let parts = wiring::parts(config).await?;
    let mut list = List { json: args.output.json, any: false, failed: None };
    list.begin(args.dry_run);
    let report = if args.dry_run {
        parts.engine.sweep_preview(|act| list.add(act)).await?
    } else {
        parts.engine.sweep_and_tell(|act| list.add(act)).await?
    };
    list.end(args.dry_run, &report.counts());
    parts.store.close().await;
    list.failed.map_or(Ok(Outcome::Done), |error| Err(error.into()))
}

/// What is printed while the sweep runs: each file that retention ends, then the counts. Never all of it in memory, for it may be
/// millions of files.
struct List {
    json: bool,
    any: bool,
    failed: Option<std::io::Error>,
}

impl List {
    fn print(&mut self, text: &str) {
        if let Err(error) = std::io::stdout().write_all(text.as_bytes()) {
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
            (false, _) => sentence(act),
        };
        self.any = true;
        self.print(&text);
    }

    fn end(&mut self, dry_run: bool, counts: &[(&'static str, u64)]) {
        if self.json {
            let counts: serde_json::Map<_, _> =
                counts.iter().map(|(name, count)| ((*name).to_owned(), json!(count))).collect();
            self.print(&format!("],\"counts\":{}}}\n", Value::Object(counts)));
            return;
        }
        let lines: String = counts.iter().map(|(name, count)| format!("  {name}: {count}\n")).collect();
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

fn sentence(act: RetentionAct) -> String {
    let (company, media, bytes) = (act.company_id, act.media_id, act.size_bytes);
    let (mode, days) = (act.retention.mode(), act.retention.days().unwrap_or(0));
    let action = if act.archives() { "archive" } else { "delete" };
    format!("{action} media file {media} of company {company} ({bytes} bytes): {mode}, {days} days\n")
}
