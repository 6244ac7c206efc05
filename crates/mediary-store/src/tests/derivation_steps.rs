//! Derivations in steps: what takes minutes waits for what takes seconds.

use std::time::Duration;

use mediary_core::{DerivationStep, MediaId, StorageBackend, VariantKind};

use super::derivations::{LEASE, RECIPE, claim, company_with_files, key, made, reserved, result, variant};
use super::harness::Test;
use super::on_both;
use crate::*;

/// A video whose poster was made, and that is still to be converted.
async fn to_be_converted(test: &Test, claimed: &ClaimedDerivation, random: u64) {
    let thumb = reserved(test, claimed, random).await;
    let first = FinishedDerivation {
        next: Some(DerivationStep::Conversion),
        missing: Some("it has no poster".into()),
        unplayable: Some("HEVC".into()),
        ..made(claimed, vec![thumb])
    };
    assert!(test.store.finish_derivation(first).await.unwrap());
}

async fn claim_long(test: &Test, step: DerivationStep) -> Vec<ClaimedDerivation> {
    test.store.claim_derivations("deriver", step, 1, LEASE).await.unwrap()
}

async fn long_step_is_due_after_the_short_one_and_adds_to_what_that_made(test: &Test) {
    let file = test.stored("m1").await;
    let short = claim(test).await.remove(0);
    assert_eq!((short.step, &short.missing), (DerivationStep::Short, &None));
    to_be_converted(test, &short, 1).await;
    let known = result(test, &file).await.unwrap();
    assert_eq!((known.is_long, known.is_finished, known.variants.len()), (true, false, 1));
    assert_eq!(known.error.as_deref(), Some("it has no poster"));
    assert!(claim(test).await.is_empty());
    assert!(claim_long(test, DerivationStep::Recording).await.is_empty());
    let company = test.acme.company;
    let for_viewer =
        test.store.claim_derivation_for_viewer("viewer", company, file.id, RECIPE, LEASE).await.unwrap();
    assert!(for_viewer.is_none(), "no viewer has it done at once");
    let long = claim_long(test, DerivationStep::Conversion).await.remove(0);
    assert_eq!((long.step, long.attempts), (DerivationStep::Conversion, 1));
    assert_eq!(long.missing.as_deref(), Some("it has no poster"));
    let playable = variant(VariantKind::Playable, &key(&long, VariantKind::Playable, 2));
    let keys = [playable.storage_key.clone()];
    test.store.reserve_variants(company, file.id, StorageBackend::Local, &keys).await.unwrap();
    assert!(test.store.finish_derivation(made(&long, vec![playable])).await.unwrap());
    let known = result(test, &file).await.unwrap();
    let kinds: Vec<_> = known.variants.iter().map(|variant| variant.kind).collect();
    assert_eq!(kinds, [VariantKind::Playable, VariantKind::Thumb]);
    assert_eq!((known.is_long, known.is_finished), (false, true));
    // All of it again: what plays is there until there is a new one.
    test.store.queue_derivations(company, QueuedDerivations::All, MediaId(0), 9).await.unwrap();
    let again = claim(test).await.remove(0);
    to_be_converted(test, &again, 3).await;
    assert_eq!(result(test, &file).await.unwrap().variants.len(), 2);
}

async fn long_steps_wait_for_short_ones_of_any_company(test: &Test) {
    let (large, small) =
        (company_with_files(test, "large", 2).await, company_with_files(test, "small", 1).await);
    for (number, claimed) in claim(test).await.iter().enumerate() {
        to_be_converted(test, claimed, number as u64).await;
    }
    let short = test.stored("m1").await;
    assert!(claim_long(test, DerivationStep::Conversion).await.is_empty(), "another company's picture waits");
    let claimed = claim(test).await.remove(0);
    assert_eq!(claimed.media_id, short.id);
    let mut served = Vec::new();
    while let Some(long) = claim_long(test, DerivationStep::Conversion).await.pop() {
        served.push(long.company_id);
    }
    assert_eq!(served, [large.company, small.company, large.company], "in turns");
}

async fn long_step_does_not_wait_for_ever(test: &Test) {
    let video = test.stored("m1").await;
    let short = claim(test).await.remove(0);
    to_be_converted(test, &short, 1).await;
    test.stored("m2").await;
    test.clock.advance(Duration::from_secs(599));
    assert!(claim_long(test, DerivationStep::Conversion).await.is_empty(), "a picture waits");
    test.clock.advance(Duration::from_secs(1));
    assert_eq!(claim_long(test, DerivationStep::Conversion).await[0].media_id, video.id);
}

async fn derivation_that_is_put_back_is_due_with_its_step(test: &Test) {
    let file = test.stored("m1").await;
    let short = claim(test).await.remove(0);
    assert!(test.store.put_back_derivation(&short, DerivationStep::Recording).await.unwrap());
    assert!(!test.store.put_back_derivation(&short, DerivationStep::Short).await.unwrap(), "it is not ours");
    assert!(claim(test).await.is_empty());
    let long = claim_long(test, DerivationStep::Recording).await.remove(0);
    assert_eq!((long.media_id, long.attempts), (file.id, 1));
    assert!(test.store.put_back_derivation(&long, long.step).await.unwrap());
    let long = claim_long(test, DerivationStep::Recording).await.remove(0);
    assert_eq!(long.attempts, 1, "that was no try");
    assert!(test.store.finish_derivation(made(&long, vec![])).await.unwrap());
    assert!(result(test, &file).await.unwrap().is_finished);
}

on_both!(
    long_step_is_due_after_the_short_one_and_adds_to_what_that_made,
    long_steps_wait_for_short_ones_of_any_company,
    long_step_does_not_wait_for_ever,
    derivation_that_is_put_back_is_due_with_its_step,
);
