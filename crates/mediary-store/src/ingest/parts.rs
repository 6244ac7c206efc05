//! Finds the bad items of a webhook whose items failed together, by applying them in ever smaller parts.

use mediary_core::Timestamp;

use super::applied::AppliedChanges;
use super::apply;
use super::duplicates;
use super::types::{PlannedItem, Unrecordable};
use crate::db::Tx;
use crate::value::args;
use crate::{Error, Result};

/// Applies what can be applied, by halves: n items with k bad ones take about k·log n tries. Returns the bad ones. Errors that are
/// not about the items, such as an unavailable database, end the whole attempt.
pub(super) async fn apply(
    tx: &mut Tx,
    now: Timestamp,
    mut items: Vec<PlannedItem>,
    ends_all: impl Fn(&Error) -> bool + Send,
) -> Result<(AppliedChanges, Vec<Unrecordable>)> {
    let (mut applied, mut bad) = (AppliedChanges::default(), Vec::new());
    let (unknown, why) = duplicates::take_unknown(tx, &mut items).await?;
    for planned in unknown {
        let PlannedItem { event, source: Some(source), .. } = planned else { return Err(why) };
        bad.push(Unrecordable { event, source, reason: why.sentence(), lasting: false });
    }
    let mut parts = vec![items];
    while let Some(mut part) = parts.pop() {
        tx.execute("SAVEPOINT part", args![]).await?;
        let done = apply::apply(tx, now, part.clone()).await;
        if done.is_err() {
            tx.execute("ROLLBACK TO SAVEPOINT part", args![]).await?;
        }
        tx.execute("RELEASE SAVEPOINT part", args![]).await?;
        match done {
            Ok(more) => applied.add(more),
            Err(error) if ends_all(&error) => return Err(error),
            Err(error) if part.len() > 1 => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "items of a webhook are taken apart"
                );
                // The first half comes off the stack first, so that the order stays.
                let rest = part.split_off(part.len() / 2);
                parts.extend([rest, part]);
            }
            Err(error) => {
                let Some(PlannedItem { event, source: Some(source), .. }) = part.pop() else {
                    return Err(error);
                };
                bad.push(Unrecordable { event, source, reason: error.sentence(), lasting: false });
            }
        }
    }
    Ok((applied, bad))
}
