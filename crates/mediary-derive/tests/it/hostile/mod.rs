//! Files that are small and made to take long: of each something is made or it is refused, in a locked-up worker that the kernel ends
//! after a few seconds of a processor.

mod animations;
mod bomb;
mod documents;
mod heic;
mod jpeg;
mod memory;
mod stills;

use std::time::Duration;

use mediary_core::CompanyId;
use mediary_derive::pool::{Input, Job, Pool, Settings};
use mediary_derive::{Derived, Error, ErrorKind, Needs, Recipe, Result};

use crate::harness::settings_for_recipes;

/// What any of them may take: about a second where decoders are optimised and the machine is not slow.
const CPU: Duration = Duration::from_secs(4);

/// What comes of a file within its time.
async fn outcome(recipe: Recipe, bytes: &[u8]) -> Result<Derived> {
    let needs = Needs { cpu: CPU, time: CPU * 60, alone: true, ..recipe.needs(bytes.len() as u64) };
    outcome_within(needs, recipe, bytes).await
}

async fn outcome_within(needs: Needs, recipe: Recipe, bytes: &[u8]) -> Result<Derived> {
    let pool = Pool::new(Settings { max_workers: 1, ..settings_for_recipes() }).unwrap();
    let input = Input::from_stream(bytes, 1 << 30).await.unwrap();
    pool.run(Job { company: CompanyId(1), recipe, input, needs }).await
}

/// Whatever comes of it but an ended worker.
async fn ends_in_time(what: &str, recipe: Recipe, bytes: &[u8]) -> Option<Error> {
    let error = outcome(recipe, bytes).await.err();
    println!("{what}: {error:?}");
    let was_ended = |error: &Error| matches!(error.kind(), ErrorKind::OutOfTime | ErrorKind::Worker);
    assert!(!error.as_ref().is_some_and(was_ended), "{what}: {error:?}");
    error
}

/// Refused with these words in its sentence.
async fn is_refused(what: &str, bytes: &[u8], kind: ErrorKind, words: &str) {
    let error = ends_in_time(what, Recipe::Picture, bytes).await.unwrap_or_else(|| panic!("{what} is shown"));
    assert_eq!(error.kind(), kind, "{what}: {error}");
    assert!(error.sentence().contains(words), "{what}: {error}");
}
