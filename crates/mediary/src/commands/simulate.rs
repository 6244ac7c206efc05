//! `mediary simulate`: the stand-in for Meta by itself.

use anyhow::Context;
use mediary_simulator::{FaultKind, PlayOptions, RandomFaults, Simulator, SimulatorConfig};
use secrecy::SecretString;
use serde_json::json;

use crate::cli::SimulateArgs;
use crate::output::{Outcome, WrongUsage, print};
use crate::{lifecycle, secrets};

/// What webhooks are signed with where no secret is given.
const APP_SECRET: &str = "simulated-app-secret";

/// The faults that strike at random: each of them passes, so nothing is lost for good.
const PASSING_FAULTS: [FaultKind; 8] = [
    FaultKind::ServerError,
    FaultKind::StaleUrl,
    FaultKind::Throttled,
    FaultKind::Slow,
    FaultKind::Cut,
    FaultKind::Short,
    FaultKind::WrongHash,
    FaultKind::ZeroBytes,
];

pub(super) async fn run(args: SimulateArgs) -> anyhow::Result<Outcome> {
    if !(0.0..=1.0).contains(&args.fault_rate) {
        return Err(WrongUsage("--fault-rate must be from 0 to 1".to_owned()).into());
    }
    let shutdown = lifecycle::on_signals()?;
    let app_secret = secrets::optional("--app-secret-env", args.app_secret_env.as_deref())?;
    let config = SimulatorConfig {
        listen: args.listen,
        webhook_url: args.webhook_url,
        app_secret: app_secret.unwrap_or_else(|| SecretString::from(APP_SECRET)),
        access_token: secrets::optional("--access-token-env", args.access_token_env.as_deref())?,
        seed: args.seed,
        random_faults: (args.fault_rate > 0.0).then(|| RandomFaults {
            rate: args.fault_rate,
            seed: args.seed,
            kinds: PASSING_FAULTS.to_vec(),
        }),
        play: args.play.then(|| PlayOptions { speed: args.speed * 60.0, ..PlayOptions::default() }),
        ..SimulatorConfig::default()
    };
    let simulator = Simulator::start(config).await.context("starting the simulator")?;
    let (url, control) = (simulator.base_url(), simulator.control_url());
    print(args.output, &json!({ "url": url, "controlUrl": control }), || {
        format!("The simulated WhatsApp listens on {url}\nIt is controlled at {control} (GET it for a list)")
    })?;
    shutdown.soft.cancelled().await;
    simulator.stop().await;
    Ok(Outcome::Done)
}
