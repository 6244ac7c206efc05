//! Variants: their bytes have a row at any moment, and go with their file.

use std::collections::BTreeSet;
use std::time::Duration;

use mediary_core::{MediaId, MediaPolicy, Retention, Scope, Sha256, StorageBackend, VariantKind};
use mediary_testing::START;

use super::derivations::{claim, key, made, reserved, result, variant, with_thumb};
use super::edits::revoke;
use super::harness::Test;
use super::on_both;
use super::rows::finished;
use crate::*;

const LOCAL: StorageBackend = StorageBackend::Local;
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Keys that go from storage now.
pub(super) async fn gone(test: &Test) -> BTreeSet<String> {
    test.trash().await.into_iter().map(|trash| trash.key).collect()
}

pub(super) async fn rows(test: &Test, table: &str) -> i64 {
    test.number(&format!("SELECT CAST(COUNT(*) AS BIGINT) FROM {table}")).await
}

/// What becomes of a file that has a thumbnail: the thumbnail goes in the same transaction, and nobody can finish what ran.
async fn goes_with_its_file(test: &Test, id: &str, change: impl AsyncFnOnce(&MediaFile)) -> MediaFile {
    let (file, thumb) = with_thumb(test, id).await;
    let (company, older) = (file.company_id, QueuedDerivations::Missing { version: 99, of_videos: 99 });
    test.store.queue_derivations(company, older, MediaId(file.id.0 - 1), 1).await.unwrap();
    let running = claim(test).await.into_iter().find(|one| one.media_id == file.id).unwrap();
    let late = reserved(test, &running, 77).await;
    change(&file).await;
    let scope = Scope::system(company);
    assert!(test.store.variant(&scope, file.id, VariantKind::Thumb).await.unwrap().is_none(), "{id}");
    let now = result(test, &file).await.unwrap();
    assert_eq!(now, DerivationResult::default(), "{id}: it is as if nothing had been made");
    assert!(test.store.media(&scope, file.id).await.unwrap().unwrap().thumbhash.is_none(), "{id}");
    assert!(!test.store.finish_derivation(made(&running, vec![late.clone()])).await.unwrap(), "{id}");
    assert!(!test.store.renew_derivation(&running, test.now().plus(HOUR)).await.unwrap(), "{id}");
    let gone = gone(test).await;
    assert!(gone.contains(&thumb.storage_key) && gone.contains(&late.storage_key), "{id}: {gone:?}");
    file
}

async fn variants_go_with_the_bytes_of_their_file(test: &Test) {
    let (company, store) = (test.acme.company, &test.store);
    let person = Actor::command_line();
    goes_with_its_file(test, "deleted", async |file| {
        assert!(store.delete_media(company, file.id, None, &person).await.unwrap());
    })
    .await;
    goes_with_its_file(test, "revoked", async |_| {
        test.ingest(vec![revoke(test.acme, "revoked")]).await;
    })
    .await;
    goes_with_its_file(test, "quarantined", async |file| {
        let sql =
            "UPDATE media_files SET download_status = 'failed', scan_status = 'quarantined' WHERE id = ";
        test.sql(&format!("{sql}{}", file.id)).await.unwrap();
    })
    .await;
    goes_with_its_file(test, "past its retention", async |file| {
        let retention = Retention::days_after_stored(Some(1)).unwrap();
        store.set_retention(company, retention, &person).await.unwrap();
        test.clock.advance(HOUR * 24);
        assert_eq!(store.delete_past_retention(company, &[file.id]).await.unwrap().len(), 1);
        store.set_retention(company, Retention::FOREVER, &person).await.unwrap();
    })
    .await;
    goes_with_its_file(test, "erased", async |file| {
        let policy = |policy| MediaSettingsPatch { policy: Some(policy), ..MediaSettingsPatch::default() };
        store.update_company_settings(company, &policy(MediaPolicy::Stream), &person).await.unwrap();
        assert_eq!(store.erase_files(company, &[file.id]).await.unwrap().len(), 1);
        store.update_company_settings(company, &policy(MediaPolicy::Store), &person).await.unwrap();
    })
    .await;
    assert_eq!(rows(test, "media_variants").await, 0);
    assert!(claim(test).await.is_empty(), "none of them is stored");
}

async fn other_bytes_in_a_files_place_are_worked_on(test: &Test) {
    let file = goes_with_its_file(test, "m1", async |file| {
        assert!(
            test.store.store_lost_file(file.company_id, file.id, &file.location().unwrap()).await.unwrap()
        );
        let again = test.claim().await.into_iter().find(|one| one.media_id == file.id).unwrap();
        let other = FinishedDownload { sha256: Sha256([8; 32]), ..finished(&again) };
        assert!(test.store.finish_download(other).await.unwrap());
    })
    .await;
    let claimed = claim(test).await.remove(0);
    assert_eq!((claimed.media_id, claimed.sha256, claimed.attempts), (file.id, Sha256([8; 32]), 1));
    assert_eq!(claimed.lease.number, 3, "the number is never set back");
}

async fn unfinished_derivation_leaves_nothing_in_storage(test: &Test) {
    test.stored("m1").await;
    let claimed = claim(test).await.remove(0);
    let thumb = reserved(test, &claimed, 1).await;
    test.clock.advance(HOUR - MINUTE);
    assert!(gone(test).await.is_empty(), "it may still be written");
    test.clock.advance(MINUTE);
    assert_eq!(gone(test).await, BTreeSet::from([thumb.storage_key.clone()]));
    let refused = test.store.finish_derivation(made(&claimed, vec![thumb])).await.unwrap();
    assert!(!refused, "its bytes are being deleted");
    assert_eq!(rows(test, "media_variants").await, 0);
    let generation = test.media_of(test.acme, "m1").await.key_generation;
    assert_eq!(generation, 0, "the file's own key is not given up");
}

async fn result_needs_every_key_reserved(test: &Test) {
    let file = test.stored("m1").await;
    let claimed = claim(test).await.remove(0);
    let thumb = reserved(test, &claimed, 1).await;
    let poster = variant(VariantKind::Poster, &key(&claimed, VariantKind::Poster, 2));
    let both = BTreeSet::from([&thumb, &poster].map(|made| made.storage_key.clone()));
    assert!(!test.store.finish_derivation(made(&claimed, vec![thumb, poster])).await.unwrap());
    assert_eq!(gone(test).await, both, "what was stored goes at once, reserved or not");
    test.sql("DELETE FROM trash").await.unwrap();
    assert!(result(test, &file).await.unwrap().variants.is_empty());
    let claimed = claim(test).await.remove(0);
    let thumb = reserved(test, &claimed, 3).await;
    assert!(test.store.finish_derivation(made(&claimed, vec![thumb])).await.unwrap());
    test.clock.advance(HOUR * 2);
    assert!(gone(test).await.is_empty(), "it is named");
}

async fn result_of_a_file_that_moved_meanwhile_is_made_again_beside_it(test: &Test) {
    let file = test.stored("m1").await;
    let claimed = claim(test).await.remove(0);
    let thumb = reserved(test, &claimed, 1).await;
    let (backend, url) = (StorageBackend::S3, "s3://bucket/m1".to_owned());
    let elsewhere = StoredLocation { backend, key: file.storage_key.clone().unwrap(), url };
    assert!(test.store.file_moved(&file, &elsewhere).await.unwrap());
    assert!(!test.store.finish_derivation(made(&claimed, vec![thumb.clone()])).await.unwrap());
    assert!(gone(test).await.contains(&thumb.storage_key));
    test.clock.advance(HOUR);
    test.store.release_expired_leases(test.now(), 10).await.unwrap();
    let again = claim(test).await.remove(0);
    assert_eq!((again.media_id, again.storage_backend), (file.id, StorageBackend::S3));
}

async fn better_recipe_replaces_all_variants(test: &Test) {
    let (file, old) = with_thumb(test, "m1").await;
    test.store.queue_derivations(file.company_id, QueuedDerivations::All, MediaId(0), 9).await.unwrap();
    assert_eq!(result(test, &file).await.unwrap().variants.len(), 1, "the old ones stay until then");
    let claimed = claim(test).await.remove(0);
    let preview = variant(VariantKind::Preview, &key(&claimed, VariantKind::Preview, 5));
    let thumb = reserved(test, &claimed, 4).await;
    let keys = [preview.storage_key.clone()];
    test.store.reserve_variants(file.company_id, file.id, LOCAL, &keys).await.unwrap();
    assert!(test.store.finish_derivation(made(&claimed, vec![thumb.clone(), preview])).await.unwrap());
    let kinds: Vec<_> = result(test, &file).await.unwrap().variants.into_iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [VariantKind::Preview, VariantKind::Thumb]);
    assert!(gone(test).await.is_empty(), "somebody may just be reading it");
    test.clock.advance(MINUTE);
    assert_eq!(gone(test).await, BTreeSet::from([old.storage_key]));
}

async fn moved_variant_has_its_new_key_and_its_old_bytes_are_deleted_later(test: &Test) {
    let (file, thumb) = with_thumb(test, "m1").await;
    let (company, s3) = (file.company_id, StorageBackend::S3);
    let elsewhere = async || {
        let batch = test.store.variants_elsewhere(company, s3, MediaId(0), 10).await;
        batch.unwrap().unwrap().found
    };
    assert_eq!(elsewhere().await, std::slice::from_ref(&thumb));
    let target = format!("{}2", thumb.storage_key);
    assert!(!test.store.variant_moved(&thumb, s3, &target).await.unwrap(), "it was not reserved");
    test.store.reserve_variants(company, file.id, s3, std::slice::from_ref(&target)).await.unwrap();
    assert!(test.store.variant_moved(&thumb, s3, &target).await.unwrap());
    assert!(test.store.has_files_in(s3).await.unwrap());
    let moved = result(test, &file).await.unwrap().variants.remove(0);
    assert_eq!((moved.storage_backend, &moved.storage_key), (s3, &target));
    assert!(elsewhere().await.is_empty() && gone(test).await.is_empty());
    test.store.reserve_variants(company, file.id, s3, &["late".into()]).await.unwrap();
    assert!(!test.store.variant_moved(&thumb, s3, "late").await.unwrap(), "it is elsewhere by now");
    test.clock.advance(MINUTE);
    assert_eq!(gone(test).await, BTreeSet::from([thumb.storage_key, "late".into()]));
    assert!(result(test, &file).await.unwrap().is_finished, "nothing is made again");
}

async fn lost_variant_is_made_again(test: &Test) {
    let (file, thumb) = with_thumb(test, "m1").await;
    assert!(test.store.variant_lost(&thumb).await.unwrap());
    assert!(!test.store.variant_lost(&thumb).await.unwrap(), "it is known");
    assert_eq!(gone(test).await, BTreeSet::from([thumb.storage_key.clone()]));
    let claimed = claim(test).await.remove(0);
    let new = reserved(test, &claimed, 2).await;
    assert!(test.store.finish_derivation(made(&claimed, vec![new])).await.unwrap());
    assert!(!test.store.variant_lost(&thumb).await.unwrap(), "another one is in its place");
    assert_eq!(result(test, &file).await.unwrap().variants.len(), 1);
}

async fn moved_file_keeps_its_variants(test: &Test) {
    let (file, thumb) = with_thumb(test, "m1").await;
    let to =
        StoredLocation { backend: StorageBackend::S3, key: "media/1/2/y".into(), url: "s3://b/y".into() };
    let file = test.store.media(&Scope::system(file.company_id), file.id).await.unwrap().unwrap();
    assert!(test.store.file_moved(&file, &to).await.unwrap());
    let known = result(test, &file).await.unwrap();
    assert_eq!((known.variants, known.is_finished), (vec![thumb], true));
}

async fn named_and_reserved_variants_are_known_in_storage(test: &Test) {
    let (file, thumb) = with_thumb(test, "m1").await;
    let found = |key: &str| FoundFile {
        company_id: file.company_id,
        message_id: file.message_id.unwrap(),
        key: key.to_owned(),
    };
    let reserved_key = thumb.storage_key.replace("thumb", "poster");
    let keys = [reserved_key.clone()];
    test.store.reserve_variants(file.company_id, file.id, LOCAL, &keys).await.unwrap();
    let stray = thumb.storage_key.replace("thumb", "peaks");
    let all = [found(&thumb.storage_key), found(&reserved_key), found(&stray)];
    let known = test.store.known_files(LOCAL, &all).await.unwrap();
    assert_eq!(known, [thumb.storage_key.clone(), reserved_key].into());
    let mut discarded = Vec::new();
    for file in &all {
        discarded.push(test.store.discard_file(LOCAL, file).await.unwrap());
    }
    assert_eq!(discarded, [false, false, true]);
    test.store.remember_untracked(file.company_id, LOCAL, &all[..1], START, 9).await.unwrap();
    assert_eq!(rows(test, "untracked_files").await, 0);
    // Whatever else comes into the trash, a variant that a row names stays.
    test.store.discard_bytes(file.company_id, file.id, LOCAL, &thumb.storage_key).await.unwrap();
    test.clock.advance(MINUTE);
    assert_eq!(gone(test).await, BTreeSet::from([stray]));
    assert_eq!(result(test, &file).await.unwrap().variants, [thumb]);
}

async fn bytes_of_variants_are_counted_with_their_file(test: &Test) {
    let usage = async || {
        let usage = test.store.usage(test.acme.company).await.unwrap();
        usage.into_iter().map(|one| (one.month, one.files, one.bytes)).collect::<Vec<_>>()
    };
    let month = || "2025-10".to_owned();
    let (file, _) = with_thumb(test, "m1").await;
    test.clock.advance(HOUR * 24 * 40);
    with_thumb(test, "in a later month").await;
    assert_eq!(usage().await, [("2025-11".to_owned(), 1, 1334), (month(), 1, 1334)]);
    test.sql(&format!("UPDATE media_variants SET file_size = 300 WHERE media_id = {}", file.id))
        .await
        .unwrap();
    assert_eq!(usage().await[1], (month(), 1, 1534));
    while test.store.add_up_usage(2).await.unwrap() > 0 {}
    assert_eq!(usage().await[1], (month(), 1, 1534));
    // A cascade: the file's row is gone before those of its variants.
    test.sql("DELETE FROM messages").await.unwrap();
    assert!(usage().await.is_empty());
    let left = "SELECT CAST(COALESCE(SUM(c.bytes), 0) + (SELECT SUM(t.bytes) FROM usage_totals t) AS BIGINT)
        FROM usage_changes c";
    assert_eq!(test.number(left).await, 0);
    assert_eq!(gone(test).await.iter().filter(|key| key.contains("/variants/")).count(), 2);
    with_thumb(test, "m2").await;
    test.sql("DELETE FROM companies").await.unwrap();
    while test.store.add_up_usage(10).await.unwrap() > 0 {}
    assert_eq!((rows(test, "usage_changes").await, rows(test, "usage_totals").await), (0, 0));
    assert_eq!((rows(test, "media_variants").await, rows(test, "derivations").await), (0, 0));
}

on_both!(
    variants_go_with_the_bytes_of_their_file,
    other_bytes_in_a_files_place_are_worked_on,
    unfinished_derivation_leaves_nothing_in_storage,
    result_of_a_file_that_moved_meanwhile_is_made_again_beside_it,
    result_needs_every_key_reserved,
    better_recipe_replaces_all_variants,
    moved_variant_has_its_new_key_and_its_old_bytes_are_deleted_later,
    lost_variant_is_made_again,
    moved_file_keeps_its_variants,
    named_and_reserved_variants_are_known_in_storage,
    bytes_of_variants_are_counted_with_their_file,
);
