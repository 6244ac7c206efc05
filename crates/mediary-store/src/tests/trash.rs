//! Bytes that go from storage, and files that are stored again meanwhile.

use std::time::Duration;

use mediary_core::{MediaId, MessageId, StorageBackend};

use super::harness::{CLAIM, Test};
use super::on_both;
use super::rows::finished;
use crate::*;

const LOCAL: StorageBackend = StorageBackend::Local;
const MINUTE: Duration = Duration::from_secs(60);

/// A file whose bytes are in the trash while it is due to be fetched again.
async fn dropped(test: &Test, id: &str) -> (MediaFile, String) {
    let file = test.stored(id).await;
    assert!(test.store.store_lost_file(file.company_id, file.id, &file.location().unwrap()).await.unwrap());
    test.sql(&format!("UPDATE media_files SET storage_key = NULL WHERE id = {}", file.id)).await.unwrap();
    let key = file.storage_key.clone().unwrap();
    test.store.discard_bytes(file.company_id, file.id, LOCAL, &key).await.unwrap();
    (file, key)
}

async fn rows(test: &Test) -> i64 {
    test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM trash").await
}

async fn key_that_is_being_deleted_is_not_used_again(test: &Test) {
    let (file, key) = dropped(test, "m1").await;
    let gone = test.trash().await;
    assert_eq!(gone.iter().map(|trash| &trash.key).collect::<Vec<_>>(), [&key]);
    let again = test.claim().await.remove(0);
    assert_eq!((again.media_id, again.key_generation), (file.id, 1), "claimed before the bytes are gone");
    assert_eq!(test.store.trash_done(&[gone[0].id]).await.unwrap(), 1);
    // A second try of the same deletion changes no more generations.
    let (_, _) = dropped(test, "m2").await;
    let gone = test.trash().await;
    test.store.trash_failed(&gone).await.unwrap();
    test.clock.advance(MINUTE);
    assert_eq!(test.trash().await[0].attempts, 2);
    assert_eq!(test.media_of(test.acme, "m2").await.key_generation, 1);
}

async fn key_of_a_running_download_is_not_deleted(test: &Test) {
    dropped(test, "m1").await;
    let again = test.claim().await.remove(0);
    assert_eq!(again.key_generation, 0, "claimed before anybody looked at the trash");
    assert!(test.trash().await.is_empty());
    assert!(test.store.finish_download(finished(&again)).await.unwrap());
    assert_eq!(rows(test).await, 1, "it is looked at again");
    test.clock.advance(MINUTE);
    assert!(test.trash().await.is_empty());
    assert_eq!(rows(test).await, 0, "the record names it");
}

/// The same from two nodes at one moment, whichever comes first.
async fn deletion_and_claim_at_once_never_use_the_same_key(test: &Test) {
    let node = test.another_node().await;
    for round in 0..30 {
        dropped(test, &format!("m{round}")).await;
        let (gone, claimed) =
            tokio::join!(test.store.trash_claim(LOCAL, 10), node.claim_downloads("node", &CLAIM));
        let (gone, mut claimed) = (gone.unwrap().gone, claimed.unwrap());
        if claimed.is_empty() {
            claimed = node.claim_downloads("node", &CLAIM).await.unwrap();
        }
        assert_eq!(gone.len() as u64, claimed[0].key_generation, "round {round}");
        assert!(node.finish_download(finished(&claimed[0])).await.unwrap());
        test.sql("DELETE FROM trash").await.unwrap();
    }
    node.close().await;
}

async fn move_to_a_key_that_was_given_up_is_refused(test: &Test) {
    let file = test.stored("m1").await;
    let key = file.storage_key.clone().unwrap();
    let to =
        StoredLocation { backend: StorageBackend::S3, url: format!("s3://bucket/{key}"), key: key.clone() };
    // Its copy of an earlier move is still to be deleted, and that begins while the next one is copied.
    test.store.discard_bytes(file.company_id, file.id, StorageBackend::S3, &key).await.unwrap();
    assert_eq!(test.trash().await.len(), 1);
    assert!(!test.store.file_moved(&file, &to).await.unwrap());
    let now = test.media_of(test.acme, "m1").await;
    assert_eq!((now.storage_backend, now.key_generation), (Some(LOCAL), 1));
    assert!(test.store.file_moved(&now, &to).await.unwrap(), "the next try goes to another key");
}

async fn deletions_that_fail_wait_longer_each_time_and_hold_up_none(test: &Test) {
    let company = test.acme.company;
    for number in 0..3 {
        test.store.discard_bytes(company, MediaId(0), LOCAL, &format!("bad {number}")).await.unwrap();
    }
    test.store.discard_bytes(company, MediaId(0), LOCAL, "media/1/2/good").await.unwrap();
    let first = test.store.trash_claim(LOCAL, 3).await.unwrap();
    assert!(first.more && first.gone.iter().all(|trash| trash.key.starts_with("bad")));
    test.store.trash_failed(&first.gone).await.unwrap();
    let second = test.store.trash_claim(LOCAL, 3).await.unwrap();
    assert!(!second.more && second.gone.len() == 1 && second.gone[0].key == "media/1/2/good");
    test.store.trash_done(&[second.gone[0].id]).await.unwrap();
    for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
        test.clock.advance(MINUTE * minutes - Duration::from_millis(1));
        assert!(!test.store.trash_waits_for(LOCAL).await.unwrap(), "before {minutes} minutes");
        test.clock.advance(Duration::from_millis(1));
        assert!(test.store.trash_waits_for(LOCAL).await.unwrap());
        let due = test.store.trash_claim(LOCAL, 10).await.unwrap();
        assert_eq!(due.gone.len(), 3);
        test.store.trash_failed(&due.gone).await.unwrap();
    }
}

async fn bytes_of_a_storage_are_claimed_by_one_node_and_from_it_alone(test: &Test) {
    let node = test.another_node().await;
    for number in 0..40 {
        let (company, key) = (test.acme.company, format!("media/1/{}/x", MessageId(number)));
        test.store.discard_bytes(company, MediaId(0), LOCAL, &key).await.unwrap();
    }
    assert!(test.store.trash_claim(StorageBackend::S3, 9).await.unwrap().gone.is_empty());
    let (one, other) = tokio::join!(test.store.trash_claim(LOCAL, 20), node.trash_claim(LOCAL, 20));
    let mut ids: Vec<i64> =
        one.unwrap().gone.iter().chain(&other.unwrap().gone).map(|trash| trash.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 40);
    node.close().await;
}

on_both!(
    key_that_is_being_deleted_is_not_used_again,
    key_of_a_running_download_is_not_deleted,
    deletion_and_claim_at_once_never_use_the_same_key,
    move_to_a_key_that_was_given_up_is_refused,
    deletions_that_fail_wait_longer_each_time_and_hold_up_none,
    bytes_of_a_storage_are_claimed_by_one_node_and_from_it_alone,
);
