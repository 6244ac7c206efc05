//! Derivations as jobs: queued with their file, claimed in turns, ended once.

use std::time::Duration;

use mediary_core::{DerivationStep, MediaId, Sha256, StorageBackend, Timestamp, VariantKind};

use super::harness::{Test, add_tenant};
use super::on_both;
use super::rows::{Tenant, finished};
use crate::*;

pub(super) const LEASE: Duration = Duration::from_secs(30);
const MINUTE: Duration = Duration::from_secs(60);
pub(super) const RECIPE: u32 = 3;

pub(super) fn key(claimed: &ClaimedDerivation, kind: VariantKind, random: u64) -> String {
    let ClaimedDerivation { company_id, message_id, media_id, .. } = claimed;
    let message_id = message_id.expect("it is of a message");
    format!("media/{company_id}/{message_id}/variants/{media_id}-{kind}-{random:016x}")
}

/// A variant of a hundred bytes.
pub(super) fn variant(kind: VariantKind, key: &str) -> NewVariant {
    NewVariant {
        kind,
        storage_backend: StorageBackend::Local,
        storage_key: key.to_owned(),
        mime_type: "image/webp".into(),
        file_size: 100,
        sha256: Sha256([9; 32]),
        width: Some(320),
        height: Some(240),
        duration_ms: None,
    }
}

pub(super) fn made(claimed: &ClaimedDerivation, variants: Vec<NewVariant>) -> FinishedDerivation {
    FinishedDerivation {
        company_id: claimed.company_id,
        media_id: claimed.media_id,
        lease: claimed.lease.clone(),
        sha256: claimed.sha256,
        version: RECIPE,
        width: Some(4000),
        height: Some(3000),
        duration_ms: None,
        thumbhash: Some(vec![1, 2, 3]),
        pages: None,
        names: vec!["Ana Silva".into(), "Ben".into()],
        unplayable: None,
        missing: None,
        step: claimed.step,
        next: None,
        variants,
    }
}

fn broken(claimed: &ClaimedDerivation, retry_at: Option<Timestamp>) -> FailedDerivation {
    FailedDerivation {
        company_id: claimed.company_id,
        media_id: claimed.media_id,
        lease: claimed.lease.clone(),
        version: RECIPE,
        sentence: "the picture is damaged".into(),
        retry_at,
    }
}

pub(super) async fn claim(test: &Test) -> Vec<ClaimedDerivation> {
    test.store.claim_derivations("deriver", DerivationStep::Short, 16, LEASE).await.unwrap()
}

/// Reserves a thumbnail's key for a claim.
pub(super) async fn reserved(test: &Test, claimed: &ClaimedDerivation, random: u64) -> NewVariant {
    let thumb = variant(VariantKind::Thumb, &key(claimed, VariantKind::Thumb, random));
    let keys = [thumb.storage_key.clone()];
    test.store
        .reserve_variants(claimed.company_id, claimed.media_id, StorageBackend::Local, &keys)
        .await
        .unwrap();
    thumb
}

/// Stores a picture and makes a thumbnail of it.
pub(super) async fn with_thumb(test: &Test, id: &str) -> (MediaFile, Variant) {
    let file = test.stored(id).await;
    let claimed = claim(test).await.into_iter().find(|one| one.media_id == file.id).unwrap();
    let thumb = reserved(test, &claimed, 1).await;
    assert!(test.store.finish_derivation(made(&claimed, vec![thumb])).await.unwrap());
    let scope = mediary_core::Scope::system(file.company_id);
    let made = test.store.variant(&scope, file.id, VariantKind::Thumb).await.unwrap().unwrap();
    (file, made)
}

pub(super) async fn result(test: &Test, file: &MediaFile) -> Option<DerivationResult> {
    let scope = mediary_core::Scope::system(file.company_id);
    test.store.derivation_results(&scope, &[file.id, MediaId(999_999)]).await.unwrap().remove(&file.id)
}

async fn state(test: &Test, media: MediaId) -> (String, Option<i64>, i64) {
    let sql = format!("SELECT d.state, d.due_at, d.attempts FROM derivations d WHERE d.id = {media}");
    test.store.db().first(sqlx::AssertSqlSafe(sql), vec![]).await.unwrap().unwrap()
}

async fn stored_file_is_claimed_once_and_its_result_is_recorded_once(test: &Test) {
    let waiting = test.picture(test.acme, "not stored").await;
    assert!(claim(test).await.is_empty());
    let file = test.stored("m1").await;
    let claimed = claim(test).await;
    assert_eq!(claimed.iter().map(|one| one.media_id).collect::<Vec<_>>(), [file.id]);
    assert!(claim(test).await.is_empty());
    let claimed = claimed.into_iter().next().unwrap();
    assert_eq!((claimed.message_id, claimed.attempts, claimed.file_size), (file.message_id, 1, 1234));
    assert_eq!(
        (claimed.mime_type.as_deref(), Some(&claimed.storage_key)),
        (Some("image/jpeg"), file.storage_key.as_ref())
    );
    assert!(test.store.renew_derivation(&claimed, test.now().plus(MINUTE)).await.unwrap());
    assert!(!result(test, &file).await.unwrap().is_finished);
    let thumb = reserved(test, &claimed, 1).await;
    assert!(test.store.finish_derivation(made(&claimed, vec![thumb.clone()])).await.unwrap());
    assert!(!test.store.finish_derivation(made(&claimed, vec![thumb])).await.unwrap());
    assert!(!test.store.renew_derivation(&claimed, test.now().plus(MINUTE)).await.unwrap());
    let known = result(test, &file).await.unwrap();
    assert!(known.is_finished && known.error.is_none());
    assert_eq!(known.names, ["Ana Silva", "Ben"]);
    assert_eq!(known.variants.len(), 1);
    assert_eq!((known.variants[0].kind, known.variants[0].width), (VariantKind::Thumb, Some(320)));
    let now = test.media_of(test.acme, "m1").await;
    assert_eq!((now.width, now.height, now.duration_ms), (Some(4000), Some(3000), None));
    assert_eq!(now.thumbhash, Some(vec![1, 2, 3]));
    assert!(result(test, &waiting).await.is_none(), "it was never stored");
}

async fn late_holder_finishes_nothing_after_a_release(test: &Test) {
    let file = test.stored("m1").await;
    let first = claim(test).await.remove(0);
    test.clock.advance(LEASE + Duration::from_millis(1));
    assert_eq!(test.store.release_expired_leases(test.now(), 10).await.unwrap(), 1);
    let second = claim(test).await.remove(0);
    assert_eq!((second.attempts, second.lease.number), (2, first.lease.number + 1));
    let thumb = reserved(test, &first, 1).await;
    assert!(!test.store.finish_derivation(made(&first, vec![thumb.clone()])).await.unwrap());
    assert!(!test.store.fail_derivation(broken(&first, None)).await.unwrap());
    assert_eq!(test.trash().await.iter().map(|gone| &gone.key).collect::<Vec<_>>(), [&thumb.storage_key]);
    let thumb = reserved(test, &second, 2).await;
    assert!(test.store.finish_derivation(made(&second, vec![thumb])).await.unwrap());
    assert_eq!(result(test, &file).await.unwrap().variants.len(), 1);
}

async fn starts_are_counted_until_one_comes_to_an_end(test: &Test) {
    test.stored("m1").await;
    let died = async || {
        let claimed = claim(test).await.remove(0);
        test.clock.advance(LEASE + Duration::from_millis(1));
        assert_eq!(test.store.release_expired_leases(test.now(), 10).await.unwrap(), 1);
        claimed.begun
    };
    assert_eq!([died().await, died().await], [1, 2]);
    let third = claim(test).await.remove(0);
    assert_eq!(third.begun, 3);
    assert!(test.store.fail_derivation(broken(&third, Some(test.now()))).await.unwrap());
    assert_eq!([died().await, died().await], [1, 2]);
    let third = claim(test).await.remove(0);
    assert!(test.store.put_back_derivation(&third, third.step).await.unwrap());
    let first = claim(test).await.remove(0);
    assert_eq!((third.begun, first.begun), (3, 1));
    assert!(test.store.finish_derivation(made(&first, vec![])).await.unwrap());
    let all = QueuedDerivations::All;
    test.store.queue_derivations(test.acme.company, all, MediaId(0), 9).await.unwrap();
    assert_eq!(died().await, 1);
}

async fn failed_derivation_is_tried_again_then_or_never(test: &Test) {
    let file = test.stored("m1").await;
    let first = claim(test).await.remove(0);
    assert!(test.store.fail_derivation(broken(&first, Some(test.now().plus(MINUTE)))).await.unwrap());
    assert!(claim(test).await.is_empty());
    let waiting = result(test, &file).await.unwrap();
    assert_eq!((waiting.error.as_deref(), waiting.is_finished), (Some("the picture is damaged"), false));
    test.clock.advance(MINUTE);
    let second = claim(test).await.remove(0);
    assert_eq!(second.attempts, 2);
    assert!(test.store.fail_derivation(broken(&second, None)).await.unwrap());
    test.clock.advance(MINUTE * 1000);
    assert!(claim(test).await.is_empty());
    assert!(result(test, &file).await.unwrap().is_finished);
}

/// A company with so many stored files.
pub(super) async fn company_with_files(test: &Test, slug: &str, files: usize) -> Tenant {
    let tenant = add_tenant(&test.store, slug).await;
    for number in 0..files {
        test.picture(tenant, &format!("{slug}-{number}")).await;
    }
    for claimed in test.claim().await {
        assert!(test.store.finish_download(finished(&claimed)).await.unwrap());
    }
    tenant
}

async fn companies_take_turns_whatever_waits_before_them(test: &Test) {
    let mut companies = Vec::new();
    for (slug, files) in [("large", 4), ("second", 2), ("third", 1)] {
        companies.push(company_with_files(test, slug, files).await.company);
        test.clock.advance(MINUTE);
    }
    let served = async |batch: usize| {
        let claimed =
            test.store.claim_derivations("deriver", DerivationStep::Short, batch, LEASE).await.unwrap();
        let of = |company: &_| claimed.iter().filter(|one| one.company_id == *company).count();
        companies.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(served(1).await, [1, 0, 0]);
    assert_eq!(served(1).await, [0, 1, 0], "though the first one waits longer");
    assert_eq!(served(1).await, [0, 0, 1]);
    assert_eq!(served(4).await, [3, 1, 0], "a share each, then the rest");
    assert_eq!(served(4).await, [0, 0, 0]);
}

async fn derivation_of_a_file_that_moved_is_due_at_once(test: &Test) {
    let file = test.stored("m1").await;
    let claimed = claim(test).await.remove(0);
    let thumb = reserved(test, &claimed, 1).await;
    test.sql("UPDATE media_files SET storage_backend = 's3'").await.unwrap();
    assert!(!test.store.finish_derivation(made(&claimed, vec![thumb])).await.unwrap());
    let again = claim(test).await.remove(0);
    assert_eq!((again.media_id, again.attempts, again.storage_backend), (file.id, 1, StorageBackend::S3));
    assert!(!test.store.finish_derivation(made(&claimed, vec![])).await.unwrap());
    assert!(
        test.store.renew_derivation(&again, test.now().plus(MINUTE)).await.unwrap(),
        "the new holder's stays"
    );
}

async fn viewers_file_is_claimed_before_its_turn(test: &Test) {
    let file = test.stored("m1").await;
    let waiting = test.picture(test.acme, "m2").await;
    let for_viewer = async |media| {
        let company = test.acme.company;
        test.store.claim_derivation_for_viewer("viewer", company, media, RECIPE, LEASE).await.unwrap()
    };
    let claimed = for_viewer(file.id).await.unwrap();
    assert_eq!((claimed.media_id, claimed.attempts), (file.id, 1));
    assert!(for_viewer(file.id).await.is_none(), "it runs");
    assert!(test.store.fail_derivation(broken(&claimed, Some(test.now().plus(MINUTE)))).await.unwrap());
    let again = for_viewer(file.id).await.unwrap();
    assert_eq!(again.lease.number, claimed.lease.number + 1, "a viewer does not wait for a retry's time");
    assert!(test.store.finish_derivation(made(&again, vec![])).await.unwrap());
    assert!(for_viewer(file.id).await.is_none(), "it is done");
    assert!(for_viewer(waiting.id).await.is_none(), "it is not stored");
    // As a file that was stored before there were derivations.
    test.sql("DELETE FROM derivations").await.unwrap();
    let claimed = for_viewer(file.id).await.unwrap();
    assert_eq!((claimed.attempts, claimed.lease.owner.as_str()), (1, "viewer"));
    assert!(test.store.finish_derivation(made(&claimed, vec![])).await.unwrap());
}

/// As by a node with ffmpeg and then by one without.
async fn result_of_a_lower_version_takes_nothing_away(test: &Test) {
    let (file, thumb) = with_thumb(test, "m1").await;
    let company = test.acme.company;
    let again = async || {
        test.store.queue_derivations(company, QueuedDerivations::All, MediaId(0), 9).await.unwrap();
        claim(test).await.remove(0)
    };
    for random in [2, 3] {
        let claimed = again().await;
        let worse = reserved(test, &claimed, random).await;
        let key = worse.storage_key.clone();
        let lower = FinishedDerivation { version: RECIPE - 1, ..made(&claimed, vec![worse]) };
        assert!(test.store.finish_derivation(lower).await.unwrap());
        assert_eq!(result(test, &file).await.unwrap().variants, std::slice::from_ref(&thumb));
        assert!(test.trash().await.iter().any(|gone| gone.key == key), "its bytes go");
    }
    let missing = QueuedDerivations::Missing { version: RECIPE, of_videos: RECIPE };
    let queued = test.store.queue_derivations(company, missing, MediaId(0), 9).await.unwrap();
    assert_eq!(queued.unwrap().queued, 1, "it could be better");
    let claimed = claim(test).await.remove(0);
    let thumb = reserved(test, &claimed, 4).await;
    assert!(test.store.finish_derivation(made(&claimed, vec![thumb.clone()])).await.unwrap());
    assert_eq!(result(test, &file).await.unwrap().variants[0].storage_key, thumb.storage_key);
}

async fn viewer_has_made_what_a_lower_version_left_out(test: &Test) {
    let file = test.stored("m1").await;
    let claimed = claim(test).await.remove(0);
    assert!(test.store.finish_derivation(made(&claimed, vec![])).await.unwrap());
    let for_viewer = async |version| {
        let company = test.acme.company;
        test.store.claim_derivation_for_viewer("viewer", company, file.id, version, LEASE).await.unwrap()
    };
    assert!(for_viewer(RECIPE).await.is_none(), "there is nothing to gain");
    let claimed = for_viewer(RECIPE + 1).await.unwrap();
    assert_eq!((claimed.attempts, claimed.step), (1, DerivationStep::Short));
    assert!(for_viewer(RECIPE + 1).await.is_none(), "it runs");
}

async fn files_are_queued_by_what_they_lack(test: &Test) {
    let company = test.acme.company;
    let queue = async |which| {
        let (mut after, mut queued) = (MediaId(0), 0);
        while let Some(batch) = test.store.queue_derivations(company, which, after, 2).await.unwrap() {
            (after, queued) = (batch.upto, queued + batch.queued);
        }
        queued
    };
    let finish = async |failed: usize| {
        for (at, claimed) in claim(test).await.iter().enumerate() {
            if at < failed {
                assert!(test.store.fail_derivation(broken(claimed, None)).await.unwrap());
            } else {
                assert!(test.store.finish_derivation(made(claimed, vec![])).await.unwrap());
            }
        }
    };
    for id in ["m1", "m2", "m3"] {
        test.stored(id).await;
    }
    test.picture(test.acme, "not stored").await;
    test.sql("DELETE FROM derivations").await.unwrap();
    assert_eq!(queue(QueuedDerivations::Failed).await, 0);
    assert_eq!(
        queue(QueuedDerivations::Missing { version: RECIPE, of_videos: RECIPE }).await,
        3,
        "stored before this step"
    );
    assert_eq!(queue(QueuedDerivations::All).await, 0, "they are queued");
    assert_eq!(test.store.derivations_left(company).await.unwrap(), 3);
    finish(1).await;
    assert_eq!(test.store.derivations_left(company).await.unwrap(), 0);
    assert_eq!(queue(QueuedDerivations::Missing { version: RECIPE, of_videos: RECIPE }).await, 0);
    assert_eq!(queue(QueuedDerivations::Failed).await, 1);
    let claimed = claim(test).await.remove(0);
    assert_eq!((claimed.attempts, test.store.derivations_left(company).await.unwrap()), (1, 1), "it runs");
    assert!(test.store.fail_derivation(broken(&claimed, None)).await.unwrap());
    let better = QueuedDerivations::Missing { version: RECIPE + 1, of_videos: RECIPE + 1 };
    assert_eq!(queue(better).await, 3, "a better recipe");
    finish(0).await;
    let of_videos = QueuedDerivations::Missing { version: RECIPE, of_videos: RECIPE + 1 };
    assert_eq!(queue(of_videos).await, 0, "there is no video");
    test.sql("UPDATE media_files SET detected_mime_type = 'video/mp4' WHERE provider_media_id = 'media-m2'")
        .await
        .unwrap();
    assert_eq!(queue(of_videos).await, 1);
    finish(0).await;
    assert_eq!(queue(QueuedDerivations::All).await, 3);
    assert_eq!(test.store.derivations_left(test.other.company).await.unwrap(), 0);
}

/// A lost file's derivation waits until its bytes are there again, and takes no place among those that are due.
async fn derivation_waits_while_its_file_is_lost(test: &Test) {
    let company = test.acme.company;
    let (kept, _) = with_thumb(test, "with a thumbnail").await;
    let file = test.stored("m1").await;
    let claimed = claim(test).await.remove(0);
    for file in [&kept, &file] {
        assert!(test.store.store_lost_file(company, file.id, &file.location().unwrap()).await.unwrap());
    }
    assert!(!test.store.finish_derivation(made(&claimed, vec![])).await.unwrap(), "nobody holds it any more");
    assert_eq!(state(test, file.id).await, ("waiting".to_owned(), None, 1));
    test.clock.advance(MINUTE);
    assert!(claim(test).await.is_empty());
    let location = file.location().unwrap();
    assert!(test.store.found_again(company, file.id, &location, 1234, "file:///x").await.unwrap());
    assert_eq!(claim(test).await.remove(0).lease.number, claimed.lease.number + 1);
    assert_eq!(result(test, &kept).await.unwrap().variants.len(), 1, "its bytes are to be the same");
    // The same bytes again.
    let again = test.claim().await.into_iter().find(|one| one.media_id == kept.id).unwrap();
    assert!(test.store.finish_download(finished(&again)).await.unwrap());
    assert_eq!(result(test, &kept).await.unwrap().variants.len(), 1);
    assert!(claim(test).await.is_empty(), "there is nothing to do");
}

async fn released_quarantine_is_worked_on(test: &Test) {
    let company = test.acme.company;
    let file = test.stored("m1").await;
    let aside = "UPDATE media_files SET download_status = 'failed', scan_status = 'quarantined'";
    test.sql(aside).await.unwrap();
    assert!(claim(test).await.is_empty());
    assert!(test.store.release_quarantine(company, file.id, &Actor::command_line()).await.unwrap().is_some());
    assert_eq!(claim(test).await.len(), 1);
}

async fn two_nodes_claim_each_derivation_once(test: &Test) {
    let node = test.another_node().await;
    for number in 0..12 {
        test.stored(&format!("m{number}")).await;
    }
    let (one, other) = tokio::join!(
        test.store.claim_derivations("one", DerivationStep::Short, 8, LEASE),
        node.claim_derivations("other", DerivationStep::Short, 8, LEASE)
    );
    let mut claimed: Vec<MediaId> =
        one.unwrap().iter().chain(&other.unwrap()).map(|one| one.media_id).collect();
    // What one skipped because the other had it locked is still due.
    claimed.extend(claim(test).await.iter().map(|one| one.media_id));
    assert_eq!(claimed.len(), 12);
    claimed.sort_unstable();
    claimed.dedup();
    assert_eq!(claimed.len(), 12, "none twice");
    node.close().await;
}

/// As the schema was before there were derivations, but for what later steps made: this program reads that.
async fn undo_the_steps(test: &Test) {
    let undone: &[&str] = match test.store.backend() {
        Backend::Sqlite => &["DROP TRIGGER media_files_bytes_gone", "DROP TRIGGER media_files_derivable"],
        Backend::Postgres => &[
            "DROP FUNCTION note_variant CASCADE",
            "DROP FUNCTION drop_derived CASCADE",
            "DROP FUNCTION queue_derivation CASCADE",
        ],
    };
    let rest = ["DROP TABLE derivations", "DELETE FROM _sqlx_migrations WHERE version IN (29, 30)"];
    for sql in undone.iter().chain(&rest) {
        test.sql(sql).await.unwrap();
    }
}

async fn files_stored_before_the_steps_are_queued_when_somebody_asks(test: &Test) {
    let (before, company) = (test.stored("before").await, test.acme.company);
    let deleted = test.stored("deleted").await;
    undo_the_steps(test).await;
    assert!(test.store.delete_media(company, deleted.id, None, &Actor::command_line()).await.unwrap());
    assert_eq!(test.store.migrate().await.unwrap().len(), 2);
    assert!(claim(test).await.is_empty(), "an update makes nothing of millions of files by itself");
    let missing = QueuedDerivations::Missing { version: RECIPE, of_videos: RECIPE };
    let queued = test.store.queue_derivations(company, missing, MediaId(0), 9).await.unwrap();
    assert_eq!(queued, Some(QueuedBatch { queued: 1, upto: deleted.id }));
    let after = test.stored("after").await;
    let claimed: Vec<MediaId> = claim(test).await.iter().map(|one| one.media_id).collect();
    assert_eq!(claimed, [before.id, after.id]);
}

async fn result_in_which_something_is_missing_leaves_what_was_made_before(test: &Test) {
    let file = test.stored("m1").await;
    let thumbs = async || test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM media_variants").await;
    let claimed_again = async || {
        let all = QueuedDerivations::All;
        test.store.queue_derivations(file.company_id, all, MediaId(0), 9).await.unwrap();
        claim(test).await.remove(0)
    };
    let first = claim(test).await.remove(0);
    let thumb = reserved(test, &first, 1).await;
    assert!(test.store.finish_derivation(made(&first, vec![thumb])).await.unwrap());
    let missing = Some("it has no poster".to_owned());
    let killed = FinishedDerivation { missing, ..made(&claimed_again().await, vec![]) };
    assert!(test.store.finish_derivation(killed).await.unwrap());
    assert_eq!(thumbs().await, 1);
    assert!(test.store.finish_derivation(made(&claimed_again().await, vec![])).await.unwrap());
    assert_eq!(thumbs().await, 0, "nothing is missing, so there is none any more");
}

on_both!(
    result_in_which_something_is_missing_leaves_what_was_made_before,
    files_stored_before_the_steps_are_queued_when_somebody_asks,
    stored_file_is_claimed_once_and_its_result_is_recorded_once,
    late_holder_finishes_nothing_after_a_release,
    starts_are_counted_until_one_comes_to_an_end,
    failed_derivation_is_tried_again_then_or_never,
    companies_take_turns_whatever_waits_before_them,
    derivation_of_a_file_that_moved_is_due_at_once,
    viewers_file_is_claimed_before_its_turn,
    result_of_a_lower_version_takes_nothing_away,
    viewer_has_made_what_a_lower_version_left_out,
    files_are_queued_by_what_they_lack,
    derivation_waits_while_its_file_is_lost,
    released_quarantine_is_worked_on,
    two_nodes_claim_each_derivation_once,
);
