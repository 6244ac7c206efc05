//! `mediary verify`: reads every stored file again and compares its size and hash with its record.

use mediary_engine::{InspectOptions, Inspection};
use serde_json::json;

use crate::cli::VerifyArgs;
use crate::config::Config;
use crate::output::{Outcome, print};
use crate::wiring;

pub(super) async fn run(config: &Config, args: &VerifyArgs) -> anyhow::Result<Outcome> {
    let parts = wiring::parts(config).await?;
    let options = InspectOptions { deep: true, repair: false };
    let mut found = Inspection::default();
    for company in wiring::companies(&parts.store, args.company.as_deref()).await? {
        parts.engine.inspect_records(company, options, &mut found).await?;
    }
    let Inspection { whole, missing, wrong, .. } = &found;
    print(args.output, &json!({ "whole": whole, "missing": missing, "wrong": wrong }), || {
        let list = |ids: &[mediary_core::MediaId]| {
            ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        };
        let mut lines = vec![format!("{whole} files are whole.")];
        if !missing.is_empty() {
            lines.push(format!("{} are missing from storage, media ids: {}", missing.len(), list(missing)));
        }
        if !wrong.is_empty() {
            lines.push(format!("{} have other bytes than recorded, media ids: {}", wrong.len(), list(wrong)));
        }
        lines.join("\n")
    })?;
    parts.store.close().await;
    let all_well = missing.is_empty() && wrong.is_empty();
    Ok(if all_well { Outcome::Done } else { Outcome::SomeFailed })
}
