//! `mediary derive`: makes thumbnails, waveforms and the rest of stored files.

use mediary_engine::{DeriveReport, DeriveWhich};
use serde_json::json;

use crate::cli::DeriveArgs;
use crate::config::Config;
use crate::output::{Outcome, counted, print};
use crate::{progress, start_checks, wiring};

pub(super) async fn run(config: &Config, args: &DeriveArgs) -> anyhow::Result<Outcome> {
    let parts = wiring::parts_with_media_workers(config).await?;
    start_checks::files_are_there(&parts).await?;
    let companies = wiring::companies(&parts.store, args.company.as_deref()).await?;
    let bar = progress::files(0, args.output.json);
    let tell = |left: u64| {
        bar.set_length(bar.length().unwrap_or(0).max(left));
        bar.set_position(bar.length().unwrap_or(0) - left);
    };
    let report = parts.engine.derive(&companies, which(args), tell).await?;
    bar.finish_and_clear();
    let DeriveReport { queued, made, failed, waiting } = report;
    let printed = json!({ "queued": queued, "made": made, "failed": failed, "waiting": waiting });
    print(args.output, &printed, || {
        format!(
            "{} queued, {made} made, {failed} failed, {waiting} left in the queue.",
            counted(queued, "file")
        )
    })?;
    parts.store.close().await;
    Ok(if failed == 0 { Outcome::Done } else { Outcome::SomeFailed })
}

/// Exactly one of them is given.
fn which(args: &DeriveArgs) -> DeriveWhich {
    if args.all {
        DeriveWhich::All
    } else if args.failed {
        DeriveWhich::Failed
    } else {
        DeriveWhich::Missing
    }
}
