//! Results of derivations while something else is done to their file or their bytes.

use std::time::Duration;

use mediary_core::{MediaId, StorageBackend};

use super::derivations::{LEASE, claim, made, reserved};
use super::harness::Test;
use super::joins::until_waiting;
use super::variants::{gone, rows};
use super::{on_both, on_postgres};
use crate::*;

const LOCAL: StorageBackend = StorageBackend::Local;
const HOUR: Duration = Duration::from_secs(3600);

/// Whichever comes first, a variant is named by a row or its key is in the trash, and never both.
async fn every_key_has_one_row(test: &Test, what: &str) {
    let both = "SELECT CAST(COUNT(*) AS BIGINT) FROM media_variants v JOIN trash t
        ON t.company_id = v.company_id AND t.storage_key = v.storage_key";
    assert_eq!(test.number(both).await, 0, "{what}");
    let of_deleted = "SELECT CAST(COUNT(*) AS BIGINT) FROM media_variants v JOIN media_files f
        ON f.company_id = v.company_id AND f.id = v.media_id WHERE NOT f.is_active";
    assert_eq!(test.number(of_deleted).await, 0, "{what}");
}

async fn deletion_and_result_at_once_leave_no_variant(test: &Test) {
    let node = test.another_node().await;
    for round in 0..30 {
        let file = test.stored(&format!("m{round}")).await;
        let claimed = claim(test).await.remove(0);
        let thumb = reserved(test, &claimed, round).await;
        let person = Actor::command_line();
        let (recorded, deleted) = tokio::join!(
            test.store.finish_derivation(made(&claimed, vec![thumb.clone()])),
            node.delete_media(file.company_id, file.id, None, &person)
        );
        let recorded = recorded.unwrap();
        assert!(deleted.unwrap(), "round {round}");
        every_key_has_one_row(test, &format!("round {round}, recorded: {recorded}")).await;
        assert!(gone(test).await.contains(&thumb.storage_key), "round {round}, recorded: {recorded}");
        test.sql("DELETE FROM trash").await.unwrap();
    }
    node.close().await;
}

async fn sweep_and_result_at_once_agree_about_the_bytes(test: &Test) {
    let node = test.another_node().await;
    for round in 0..30 {
        test.stored(&format!("m{round}")).await;
        let claimed = claim(test).await.remove(0);
        let thumb = reserved(test, &claimed, round).await;
        test.clock.advance(HOUR);
        let (recorded, swept) = tokio::join!(
            test.store.finish_derivation(made(&claimed, vec![thumb.clone()])),
            node.trash_claim(LOCAL, 10)
        );
        let (recorded, swept) = (recorded.unwrap(), swept.unwrap().gone.len());
        assert_eq!(usize::from(recorded) + swept, 1, "round {round}");
        every_key_has_one_row(test, &format!("round {round}")).await;
        test.sql("DELETE FROM trash").await.unwrap();
    }
    node.close().await;
}

/// Deletes a file in a transaction that stays open.
async fn deleting(test: &Test, media: MediaId) -> crate::db::Tx {
    let mut tx = test.store.db().begin().await.unwrap();
    let (now, company) = (test.now(), test.acme.company);
    assert!(crate::trash::delete_media(&mut tx, now, company, media, None).await.unwrap());
    tx
}

async fn result_waits_for_a_deletion_and_is_refused(test: &Test) {
    let file = test.stored("m1").await;
    let claimed = claim(test).await.remove(0);
    let thumb = reserved(test, &claimed, 1).await;
    let deleting = deleting(test, file.id).await;
    let (store, result) = (test.store.clone(), made(&claimed, vec![thumb.clone()]));
    let recording = tokio::spawn(async move { store.finish_derivation(result).await });
    until_waiting(test, 1).await;
    deleting.commit().await.unwrap();
    assert!(!recording.await.unwrap().unwrap());
    assert_eq!(rows(test, "media_variants").await, 0);
    assert!(gone(test).await.contains(&thumb.storage_key));
}

async fn result_waits_for_a_sweep_and_is_refused(test: &Test) {
    test.stored("m1").await;
    let claimed = claim(test).await.remove(0);
    let thumb = reserved(test, &claimed, 1).await;
    let mut sweeping = test.store.db().begin().await.unwrap();
    sweeping.execute("UPDATE trash SET given_up = TRUE", vec![]).await.unwrap();
    let (store, result) = (test.store.clone(), made(&claimed, vec![thumb]));
    let recording = tokio::spawn(async move { store.finish_derivation(result).await });
    until_waiting(test, 1).await;
    sweeping.commit().await.unwrap();
    assert!(!recording.await.unwrap().unwrap());
    assert_eq!(rows(test, "media_variants").await, 0);
}

/// A file that has no derivation yet: nothing else than its own lock keeps one from coming into being while it is deleted.
async fn claim_and_queue_wait_for_a_deletion(test: &Test) {
    let files = [test.stored("m1").await, test.stored("m2").await];
    test.sql("DELETE FROM derivations").await.unwrap();
    let company = test.acme.company;
    let first = deleting(test, files[0].id).await;
    let (store, media) = (test.store.clone(), files[0].id);
    let claiming =
        tokio::spawn(
            async move { store.claim_derivation_for_viewer("viewer", company, media, 1, LEASE).await },
        );
    until_waiting(test, 1).await;
    let second = deleting(test, files[1].id).await;
    let (store, after) = (test.store.clone(), files[0].id);
    let queueing =
        tokio::spawn(async move { store.queue_derivations(company, QueuedDerivations::All, after, 9).await });
    until_waiting(test, 2).await;
    first.commit().await.unwrap();
    second.commit().await.unwrap();
    assert!(claiming.await.unwrap().unwrap().is_none());
    assert_eq!(queueing.await.unwrap().unwrap().unwrap().queued, 0);
    assert_eq!(rows(test, "derivations").await, 0);
}

on_both!(deletion_and_result_at_once_leave_no_variant, sweep_and_result_at_once_agree_about_the_bytes);
on_postgres!(
    result_waits_for_a_deletion_and_is_refused,
    result_waits_for_a_sweep_and_is_refused,
    claim_and_queue_wait_for_a_deletion,
);
