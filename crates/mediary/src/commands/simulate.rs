//! `mediary simulate`: the stand-in for Meta by itself.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;

use mediary_simulator::{FaultKind, PlayOptions, RandomFaults, Simulator, SimulatorConfig};
use secrecy::SecretString;
use serde_json::json;

use super::serve;
use crate::cli::SimulateArgs;
use crate::output::{Outcome, print};
use crate::{lifecycle, secrets};

/// The app secret where none is given.
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
    let simulator = Simulator::start(config).await.map_err(|error| not_started(error, args.listen))?;
    let (url, control) = (simulator.base_url(), simulator.control_url());
    print(args.output, &json!({ "url": url, "controlUrl": control }), || {
        format!("The simulated WhatsApp listens on {url}\nIt is controlled at {control} (GET it for a list)")
    })?;
    shutdown.soft.cancelled().await;
    simulator.stop().await;
    Ok(Outcome::Done)
}

fn not_started(error: mediary_simulator::Error, listen: SocketAddr) -> anyhow::Error {
    match error.source().and_then(|cause| cause.downcast_ref::<io::Error>()) {
        Some(refused) => serve::not_listening(listen, refused, "--listen"),
        None => anyhow::Error::new(error).context("starting the simulator"),
    }
}
