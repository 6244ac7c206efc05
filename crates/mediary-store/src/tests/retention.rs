//! Files whose retention ends.

use std::time::Duration;

use mediary_core::{DeletionReason, MediaId, Retention, RetentionMode, Scope, StorageBackend};

use super::harness::Test;
use super::on_both;
use super::rows::Tenant;
use crate::*;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn days(mode: RetentionMode, days: i64) -> Retention {
    Retention::new(mode, Some(days)).unwrap()
}

/// All that a walk in batches of two finds.
async fn outlived(test: &Test, archive: Option<StorageBackend>) -> Vec<MediaId> {
    let (mut found, mut after) = (Vec::new(), None);
    while let Some(batch) = test.store.outlived(test.acme.company, archive, after, 2).await.unwrap() {
        after = Some(batch.upto);
        found.extend(batch.found.into_iter().map(|outlived| outlived.file.id));
    }
    found
}

async fn files_whose_retention_ended_are_found_in_batches(test: &Test) {
    let mut files = Vec::new();
    for name in ["m1", "m2", "m3", "m4", "m5"] {
        files.push(test.stored(name).await.id);
    }
    test.picture(test.acme, "not stored").await;
    let company = test.acme.company;
    assert!(test.store.companies_with_retention().await.unwrap().is_empty());
    test.store
        .set_retention(company, days(RetentionMode::DaysAfterStored, 1), &Actor::command_line())
        .await
        .unwrap();
    assert_eq!(test.store.companies_with_retention().await.unwrap(), [company]);
    test.clock.advance(DAY - Duration::from_millis(1));
    assert!(outlived(test, None).await.is_empty());
    test.clock.advance(Duration::from_millis(1));
    assert_eq!(outlived(test, None).await, files);
    test.store
        .set_retention(company, days(RetentionMode::DaysAfterViewed, 1), &Actor::command_line())
        .await
        .unwrap();
    test.store.touch_media(company, files[0], test.now()).await.unwrap();
    assert_eq!(outlived(test, None).await, files[1..]);
    test.store
        .set_retention(company, days(RetentionMode::ArchiveAfter, 1), &Actor::command_line())
        .await
        .unwrap();
    assert!(outlived(test, None).await.is_empty(), "there is no archive");
    assert_eq!(outlived(test, Some(StorageBackend::S3)).await, files);
    assert!(outlived(test, Some(StorageBackend::Local)).await.is_empty(), "they are there");
    assert!(
        test.store.delete_past_retention(company, &files).await.unwrap().is_empty(),
        "to archive is not to delete"
    );
    let own = AccountPatch { retention: Some(Some(Retention::FOREVER)), ..AccountPatch::default() };
    test.store.update_account(company, test.acme.account, &own, &Actor::command_line()).await.unwrap();
    test.store
        .set_retention(company, days(RetentionMode::DaysAfterStored, 1), &Actor::command_line())
        .await
        .unwrap();
    assert!(outlived(test, None).await.is_empty(), "the account's own");
}

async fn file_is_deleted_once_by_two_nodes_and_not_if_it_is_viewed_meanwhile(test: &Test) {
    let node = test.another_node().await;
    let company = test.acme.company;
    test.store
        .set_retention(company, days(RetentionMode::DaysAfterViewed, 1), &Actor::command_line())
        .await
        .unwrap();
    let mut deleted = 0;
    for round in 0..10 {
        let files = [test.stored(&format!("m{round}")).await.id];
        test.clock.advance(DAY);
        let at = test.now();
        let (one, other, viewed) = tokio::join!(
            test.store.delete_past_retention(company, &files),
            node.delete_past_retention(company, &files),
            node.touch_media(company, files[0], at)
        );
        viewed.unwrap();
        let count = one.unwrap().len() + other.unwrap().len();
        let record = test.store.media(&Scope::system(company), files[0]).await.unwrap().unwrap();
        assert_eq!(count, usize::from(!record.is_active), "once, or not at all");
        assert_eq!(record.deletion_reason, (count == 1).then_some(DeletionReason::Retention));
        deleted += i64::try_from(count).unwrap();
    }
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM trash").await, deleted);
    node.close().await;
}

async fn view_is_recorded_while_the_file_exists_and_never_set_back(test: &Test) {
    let (store, company) = (&test.store, test.acme.company);
    let file = test.stored("m1").await;
    let later = test.now().plus(DAY);
    assert!(store.note_view(company, file.id, later).await.unwrap());
    assert!(store.note_view(company, file.id, test.now()).await.unwrap(), "noted later by a slower node");
    assert!(!store.note_view(test.other.company, file.id, later.plus(DAY)).await.unwrap());
    assert_eq!(
        store.media(&Scope::system(company), file.id).await.unwrap().unwrap().last_accessed_at,
        Some(later)
    );
    store.delete_media(company, file.id, None, &Actor::command_line()).await.unwrap();
    assert!(!store.note_view(company, file.id, later.plus(DAY)).await.unwrap());
    assert_eq!(
        store.media(&Scope::system(company), file.id).await.unwrap().unwrap().last_accessed_at,
        Some(later)
    );
}

async fn account_says_whether_views_prolong_its_retention(test: &Test) {
    let (store, Tenant { company, account }) = (&test.store, test.acme);
    let by = &Actor::command_line();
    let counts = async || store.account(company, account).await.unwrap().unwrap().counts_views;
    let own = async |retention| {
        let patch = AccountPatch { retention: Some(retention), ..AccountPatch::default() };
        store.update_account(company, account, &patch, by).await.unwrap();
    };
    assert!(!counts().await);
    store.set_retention(company, days(RetentionMode::DaysAfterViewed, 1), by).await.unwrap();
    assert!(counts().await);
    own(Some(Retention::FOREVER)).await;
    assert!(!counts().await);
    store.set_retention(company, days(RetentionMode::DaysAfterStored, 1), by).await.unwrap();
    own(Some(days(RetentionMode::DaysAfterViewed, 1))).await;
    assert!(counts().await);
    own(None).await;
    assert!(!counts().await);
}

on_both!(
    view_is_recorded_while_the_file_exists_and_never_set_back,
    account_says_whether_views_prolong_its_retention,
    files_whose_retention_ended_are_found_in_batches,
    file_is_deleted_once_by_two_nodes_and_not_if_it_is_viewed_meanwhile,
);
