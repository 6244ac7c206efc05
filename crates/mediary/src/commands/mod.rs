//! What each command does.

mod account;
mod api_key;
mod backfill;
mod company;
mod demo;
mod derive;
mod doctor;
mod doctor_sandbox;
mod import;
mod import_report;
mod retention;
mod retry;
mod send;
mod serve;
mod simulate;
mod storage;
mod storage_advice;
mod storage_erase;
mod sweep;
mod user;
mod verify;

use std::sync::Arc;

use mediary_core::SystemClock;
use tracing::{Instrument as _, Span};

use crate::cli::{Command, ImportCommand, StorageCommand};
use crate::config::Config;
use crate::output::{Outcome, WrongUsage, counted, print_line};
use crate::{logging, wiring};

/// Runs one command to its end.
pub(crate) async fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        // These bring a configuration of their own, or report on a broken one.
        Command::Demo(args) => demo::run(args).await,
        Command::Simulate(args) => simulate::run(args).await,
        Command::Doctor(args) => doctor::run(args).await,
        configured => {
            let config = Config::load()?;
            let log = logging::start(&config)?;
            for sentence in Config::unknown_variables() {
                tracing::warn!("{sentence}");
            }
            let span = span(&configured);
            let result = run_configured(configured, &config).instrument(span).await;
            log.end().await;
            result
        }
    }
}

/// Of a command that may take long, so that all it does is one trace.
fn span(command: &Command) -> Span {
    let name = match command {
        Command::Import(ImportCommand::Messages(_)) => "import messages",
        Command::Backfill(_) => "backfill",
        Command::Derive(_) => "derive",
        Command::Sweep(_) => "sweep",
        Command::Verify(_) => "verify",
        Command::Storage(StorageCommand::Migrate(_)) => "storage migrate",
        Command::Storage(StorageCommand::Check(_)) => "storage check",
        Command::Storage(StorageCommand::Erase(_)) => "storage erase",
        _ => return Span::none(),
    };
    tracing::error_span!("command", name)
}

/// Whether a command is a first step, with a data folder that is not there yet. All others only make an empty one of a mistyped path.
fn may_begin(command: &Command) -> bool {
    matches!(command, Command::Serve(_) | Command::Migrate | Command::Company(_))
}

async fn run_configured(command: Command, config: &Config) -> anyhow::Result<Outcome> {
    if !may_begin(&command)
        && let Some(file) = wiring::missing_database(config)
    {
        return Err(WrongUsage(format!(
            "there is no database at {} yet; begin with `mediary serve` or `mediary company add`, or correct MEDIARY_DATA_DIR",
            file.display()
        ))
        .into());
    }
    match command {
        Command::Serve(args) => serve::run(config, &args).await,
        Command::Migrate => migrate(config).await,
        Command::Company(command) => company::run(config, command).await,
        Command::User(command) => user::run(config, command).await,
        Command::Account(command) => account::run(config, command).await,
        Command::ApiKey(command) => api_key::run(config, command).await,
        Command::Import(ImportCommand::Messages(args)) => import::messages(config, &args).await,
        Command::Retry(args) => retry::run(config, &args).await,
        Command::Backfill(args) => backfill::run(config, &args).await,
        Command::Derive(args) => derive::run(config, &args).await,
        Command::Send(args) => send::run(config, args).await,
        Command::Sweep(args) => sweep::run(config, args).await,
        Command::Verify(args) => verify::run(config, &args).await,
        Command::Storage(command) => storage::run(config, command).await,
        Command::Demo(_) | Command::Simulate(_) | Command::Doctor(_) => Ok(Outcome::Done),
    }
}

async fn migrate(config: &Config) -> anyhow::Result<Outcome> {
    let store = wiring::store(config, Arc::new(SystemClock)).await?;
    let steps = store.migrate().await?;
    for step in &steps {
        print_line(step)?;
    }
    print_line(&format!("The database is up to date ({} taken now).", counted(steps.len() as u64, "step")))?;
    store.close().await;
    Ok(Outcome::Done)
}
