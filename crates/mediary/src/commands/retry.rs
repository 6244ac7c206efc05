//! `mediary retry`: queues failed downloads again; a running server takes them up within a second.

use serde_json::json;

use crate::cli::RetryArgs;
use crate::config::Config;
use crate::output::{Outcome, counted, print};
use crate::wiring;
use mediary_store::Actor;

pub(super) async fn run(config: &Config, args: &RetryArgs) -> anyhow::Result<Outcome> {
    let parts = wiring::parts(config).await?;
    let mut retried = 0;
    for company in wiring::companies(&parts.store, args.company.as_deref()).await? {
        let by = Actor::command_line();
        retried += parts.store.requeue_failed(company, args.max_attempts.map(i64::from), &by).await?.len();
    }
    print(args.output, &json!({ "retried": retried }), || match retried {
        0 => "No failed download can be helped by another try.".to_owned(),
        _ => {
            format!(
                "Queued {} again; a running server resumes now.",
                counted(retried as u64, "failed download")
            )
        }
    })?;
    parts.store.close().await;
    Ok(Outcome::Done)
}
