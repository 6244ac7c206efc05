//! `mediary backfill`: saves media that is not here and that WhatsApp may still have.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use mediary_engine::{BackfillOptions, BackfillOutcome, BackfillReport};
use serde_json::json;

use crate::cli::BackfillArgs;
use crate::config::Config;
use crate::output::{Outcome, counted, eprint_line, print};
use crate::wiring;

/// Files between two lines where there is no terminal.
const LINE_EVERY: u64 = 100;

pub(super) async fn run(config: &Config, args: &BackfillArgs) -> anyhow::Result<Outcome> {
    let parts = wiring::parts(config).await?;
    let company = match &args.company {
        Some(slug) => Some(wiring::company(&parts.store, slug).await?.id),
        None => None,
    };
    let mut shown = ProgressDisplay::new(args.output.json);
    let options = BackfillOptions { company, files_per_second: Some(args.rate) };
    let report = parts.engine.backfill(options, |_, outcome| shown.update(outcome)).await?;
    shown.end();
    let BackfillReport { resolved, missing, saved, lost, waiting } = report;
    let printed =
        json!({ "resolved": resolved, "missing": missing, "saved": saved, "lost": lost, "waiting": waiting });
    print(args.output, &printed, || {
        format!(
            "{saved} saved, {lost} lost for good, {waiting} left for another try, {missing} without any media id."
        )
    })?;
    parts.store.close().await;
    Ok(if lost + waiting + missing == 0 { Outcome::Done } else { Outcome::SomeFailed })
}

/// How many files were looked at, and how many of them are lost.
#[derive(Default)]
struct Tally {
    done: u64,
    lost: u64,
}

/// A spinner on a terminal, a line now and then elsewhere, nothing beside JSON.
enum ProgressDisplay {
    Spinner(ProgressBar, Tally),
    Lines(Tally),
    Nothing,
}

impl ProgressDisplay {
    fn new(json: bool) -> Self {
        if json {
            return Self::Nothing;
        }
        if !std::io::stderr().is_terminal() {
            return Self::Lines(Tally::default());
        }
        let spinner = ProgressBar::new_spinner();
        let style = ProgressStyle::with_template("{spinner} {pos} files, {msg}, {per_sec}");
        spinner.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        Self::Spinner(spinner, Tally::default())
    }

    fn update(&mut self, outcome: BackfillOutcome) {
        let (Self::Spinner(_, tally) | Self::Lines(tally)) = self else { return };
        tally.done += 1;
        tally.lost += u64::from(matches!(outcome, BackfillOutcome::Lost(_)));
        match self {
            Self::Spinner(spinner, tally) => {
                spinner.set_position(tally.done);
                spinner.set_message(format!("{} lost", tally.lost));
            }
            Self::Lines(tally) if tally.done.is_multiple_of(LINE_EVERY) => {
                eprint_line(&format!("{}, {} lost", counted(tally.done, "file"), tally.lost));
            }
            Self::Lines(_) | Self::Nothing => {}
        }
    }

    fn end(&self) {
        if let Self::Spinner(spinner, _) = self {
            spinner.finish_and_clear();
        }
    }
}
