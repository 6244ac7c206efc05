//! Retention on the command line: a mode, and the days after a colon.

use mediary_core::{Retention, RetentionMode};
use mediary_engine::Engine;
use serde_json::{Value, json};

use crate::output::WrongUsage;

/// The retention that `--retention` asks for, if this installation can carry it out.
pub(super) fn parse(engine: &Engine, text: &str) -> anyhow::Result<Retention> {
    let (mode, days) = match text.split_once(':') {
        Some((mode, days)) => {
            (mode, Some(days.parse::<i64>().map_err(|_| usage(text, "days must be a whole number"))?))
        }
        None => (text, None),
    };
    let mode = mode.parse::<RetentionMode>().map_err(|error| usage(text, &error.to_string()))?;
    let retention =
        Retention::new(mode, days).map_err(|wrong| usage(text, &format!("days {}", wrong.rule)))?;
    engine.check_retention(retention).map_err(|error| usage(text, &error.to_string()))?;
    Ok(retention)
}

fn usage(text: &str, why: &str) -> anyhow::Error {
    WrongUsage(format!("--retention {text}: {why}; write it like days_after_stored:30, or forever")).into()
}

/// As `--retention` takes it.
pub(super) fn written(retention: Retention) -> String {
    match retention.days() {
        Some(days) => format!("{}:{days}", retention.mode()),
        None => retention.mode().to_string(),
    }
}

pub(super) fn shown(retention: Retention) -> Value {
    json!({ "mode": retention.mode(), "days": retention.days() })
}
