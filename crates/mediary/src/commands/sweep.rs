//! `mediary sweep`: what the server does by itself from time to time, now.

use serde_json::json;

use crate::cli::SweepArgs;
use crate::config::Config;
use crate::output::{Outcome, print};
use crate::wiring;

pub(super) async fn run(config: &Config, args: SweepArgs) -> anyhow::Result<Outcome> {
    let parts = wiring::parts(config).await?;
    let report =
        if args.dry_run { parts.engine.sweep_preview().await? } else { parts.engine.sweep().await? };
    let rows = report.counts();
    let counts: serde_json::Map<_, _> =
        rows.iter().map(|(name, count)| ((*name).to_owned(), json!(count))).collect();
    print(args.output, &json!({ "dryRun": args.dry_run, "counts": counts }), || {
        let verb = if args.dry_run { "Would be done" } else { "Done" };
        let lines: Vec<_> = rows.iter().map(|(name, count)| format!("  {name}: {count}")).collect();
        format!("{verb}:\n{}", lines.join("\n"))
    })?;
    parts.store.close().await;
    Ok(Outcome::Done)
}
