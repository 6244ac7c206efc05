//! The program: commands, configuration, wiring and lifecycle.

// They panic where the output is closed or full; `output` says what happens then.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod cli;
mod commands;
mod config;
mod files;
mod lifecycle;
mod logging;
mod media_workers;
mod only_server;
mod open_files;
mod output;
mod password;
mod progress;
mod secrets;
mod spans;
mod start_checks;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

use crate::output::Outcome;

/// Requests are small and many: the system's allocator took a seventh of their time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Some(code) = media_workers::main() {
        return code;
    }
    // Clap itself ends with 2 on wrong usage.
    let cli = cli::Cli::parse();
    open_files::OpenFiles::raised();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::eprint_line(&format!("mediary: starting the runtime: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(commands::run(cli.command));
    runtime.shutdown_background();
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::SomeFailed) => ExitCode::from(3),
        Err(error) => {
            let (why, code) = output::refusal(&error);
            output::eprint_line(&format!("mediary: {why}"));
            ExitCode::from(code)
        }
    }
}
