//! `mediary doctor --sandbox`: a decoder and an ffmpeg that a file has taken over, and every known way out of their sandboxes.

use mediary_derive::escape::Attempt;
use serde_json::json;

use crate::cli::OutputArgs;
use crate::config::Config;
use crate::media_workers;
use crate::output::{Outcome, print};

pub(super) async fn run(output: OutputArgs) -> anyhow::Result<Outcome> {
    let config = Config::load()?;
    let of_decoders = media_workers::try_to_escape(config.media_sandbox).await;
    let of_ffmpeg = media_workers::try_to_escape_as_ffmpeg(config.media_sandbox).await;
    let mut attempts = Vec::new();
    for (sandbox, tried) in [("decoder", of_decoders), ("ffmpeg", of_ffmpeg)] {
        let tried = tried.map_err(|error| anyhow::anyhow!(media_workers::advice(&error)))?;
        attempts.extend(tried.into_iter().map(|attempt| (sandbox, attempt)));
    }
    let allowed = attempts.iter().filter(|(_, attempt)| !attempt.refused).count();
    let shown: Vec<_> = attempts
        .iter()
        .map(|(sandbox, Attempt { name, refused, how })| {
            json!({ "sandbox": sandbox, "name": name, "refused": refused, "detail": how })
        })
        .collect();
    print(output, &json!({ "ok": allowed == 0, "attempts": shown }), || {
        let lines: Vec<_> = attempts.iter().map(line).collect();
        lines.join("\n")
    })?;
    anyhow::ensure!(
        allowed == 0,
        "{allowed} of {} ways out of the sandbox are open, with MEDIARY_MEDIA_SANDBOX={}",
        attempts.len(),
        config.media_sandbox
    );
    Ok(Outcome::Done)
}

fn line((sandbox, attempt): &(&str, Attempt)) -> String {
    let verdict = if attempt.refused { "refused" } else { "allowed" };
    format!("{sandbox}: {} ({}): {verdict}", attempt.name, attempt.how)
}
