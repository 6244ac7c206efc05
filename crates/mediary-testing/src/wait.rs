//! Waiting for a condition, with a deadline and the last answer in the failure.

use std::fmt::Debug;
use std::time::Duration;

use tokio::time::Instant;

const DEADLINE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Looks until `look` finds something, and returns it. What it said last is in the failure.
pub async fn eventually<T, E: Debug>(what: &str, mut look: impl AsyncFnMut() -> Result<T, E>) -> T {
    let started = Instant::now();
    loop {
        match look().await {
            Ok(found) => return found,
            Err(not_yet) if started.elapsed() > DEADLINE => {
                panic!("{what} did not happen within {} s; last: {not_yet:?}", DEADLINE.as_secs())
            }
            Err(_) => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}
