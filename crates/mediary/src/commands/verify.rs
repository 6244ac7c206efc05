//! `mediary verify`: reads every stored file again and compares its size and hash with its record.

use mediary_engine::{InspectOptions, Inspection};
use serde_json::json;

use super::storage::{ids, named};
use crate::cli::VerifyArgs;
use crate::config::Config;
use crate::output::{Outcome, are, counted, print};
use crate::{start_checks, wiring};

pub(super) async fn run(config: &Config, args: &VerifyArgs) -> anyhow::Result<Outcome> {
    let parts = wiring::parts(config).await?;
    start_checks::files_are_there(&parts).await?;
    let options = InspectOptions { deep: true, repair: false, look: None };
    let mut found = Inspection::default();
    for company in wiring::companies(&parts.store, args.company.as_deref()).await? {
        parts.engine.inspect_records(company, options, &mut found).await?;
    }
    let Inspection { whole, missing, wrong, .. } = &found;
    let printed = json!({ "whole": whole, "missing": ids(missing), "missingCount": missing.count, "wrong": ids(wrong),
        "wrongCount": wrong.count });
    print(args.output, &printed, || {
        let mut lines = vec![format!("{} {} whole.", counted(*whole, "file"), are(*whole))];
        lines.extend(named(missing, "missing from storage"));
        lines.extend(named(wrong, "there with other bytes than recorded"));
        lines.join("\n")
    })?;
    parts.store.close().await;
    let all_well = missing.count == 0 && wrong.count == 0;
    Ok(if all_well { Outcome::Done } else { Outcome::SomeFailed })
}
