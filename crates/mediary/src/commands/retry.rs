//! `mediary retry`: queues failed downloads again; a running server takes them up within a second.

use mediary_engine::OversizedFiles;
use mediary_store::Actor;
use serde_json::json;

use crate::cli::RetryArgs;
use crate::config::Config;
use crate::output::{Outcome, counted, print};
use crate::wiring;

pub(super) async fn run(config: &Config, args: &RetryArgs) -> anyhow::Result<Outcome> {
    let parts = wiring::parts(config).await?;
    let mut retried = 0;
    let mut refused: Vec<OversizedFiles> = Vec::new();
    for company in wiring::companies(&parts.store, args.company.as_deref()).await? {
        let by = Actor::command_line();
        parts.engine.allow_oversized(company).await?;
        retried += parts.store.requeue_failed(company, args.max_attempts.map(i64::from), &by).await?.len();
        for oversized in parts.engine.oversized(company).await? {
            match refused.iter_mut().find(|known| known.file_type == oversized.file_type) {
                Some(known) => known.files += oversized.files,
                None => refused.push(oversized),
            }
        }
    }
    let too_large: u64 = refused.iter().map(|oversized| oversized.files).sum();
    print(args.output, &json!({ "retried": retried, "tooLarge": too_large }), || {
        let queued = match retried {
            0 => "No failed download can be helped by another try.".to_owned(),
            _ => format!(
                "Queued {} again; a running server resumes now.",
                counted(retried as u64, "failed download")
            ),
        };
        refused.iter().fold(queued, |said, oversized| said + "\n" + &left(oversized))
    })?;
    parts.store.close().await;
    Ok(Outcome::Done)
}

/// Why files were left, and what to do about it.
fn left(oversized: &OversizedFiles) -> String {
    let OversizedFiles { file_type, limit, files } = oversized;
    format!(
        "Left {}, larger than {limit} bytes: raise MEDIARY_MAX_{}_BYTES, for the server too, and retry again.",
        counted(*files, &format!("{file_type} file")),
        file_type.as_str().to_uppercase()
    )
}
