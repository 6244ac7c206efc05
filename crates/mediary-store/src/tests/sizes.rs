//! The size that WhatsApp declared, and the one that was counted.

use mediary_core::MediaPolicy;

use super::harness::Test;
use super::on_both;
use super::rows::finished;
use crate::*;

fn declared(size: u64) -> DeclaredMedia {
    DeclaredMedia { mime_type: None, sha256: None, file_size: Some(size), provider_url: None }
}

/// Known, declared and counted.
async fn sizes(test: &Test) -> (Option<i64>, Option<i64>, Option<i64>) {
    let media = test.media_of(test.acme, "m1").await;
    (media.file_size, media.declared_size, media.stored_size)
}

async fn stored_with_another_size_than_declared(test: &Test) -> MediaFile {
    let claimed = test.claimed("m1").await;
    assert!(test.store.declare_media(&claimed, &declared(99)).await.unwrap());
    assert_eq!(sizes(test).await, (Some(99), Some(99), None));
    assert!(test.store.finish_download(finished(&claimed)).await.unwrap());
    assert_eq!(sizes(test).await, (Some(1234), Some(99), Some(1234)));
    test.media_of(test.acme, "m1").await
}

async fn counted_size_stays_when_the_lost_file_is_declared_again(test: &Test) {
    let media = stored_with_another_size_than_declared(test).await;
    let place = media.location().unwrap();
    assert!(test.store.store_lost_file(media.company_id, media.id, &place).await.unwrap());
    let again = test.claim().await.remove(0);
    assert_eq!(again.declared_size, Some(99), "what is expected is what was declared");
    assert!(test.store.declare_media(&again, &declared(100)).await.unwrap());
    assert_eq!(sizes(test).await, (Some(1234), Some(100), Some(1234)));
}

async fn erased_file_keeps_only_its_declared_size(test: &Test) {
    let media = stored_with_another_size_than_declared(test).await;
    let patch = MediaSettingsPatch { policy: Some(MediaPolicy::Stream), ..MediaSettingsPatch::default() };
    let by = Actor::command_line();
    test.store.update_company_settings(media.company_id, &patch, &by).await.unwrap();
    assert_eq!(test.store.erase_files(media.company_id, &[media.id]).await.unwrap().len(), 1);
    assert_eq!(sizes(test).await, (Some(99), Some(99), None));
}

async fn size_that_an_older_program_wrote_counts_as_declared(test: &Test) {
    let media = stored_with_another_size_than_declared(test).await;
    test.sql("UPDATE media_files SET declared_size = NULL").await.unwrap();
    assert_eq!(sizes(test).await, (Some(1234), Some(1234), Some(1234)));
    // As it replaces a file by an edit.
    test.sql("UPDATE media_files SET download_status = 'pending', storage_key = NULL, storage_backend = NULL, sha256 = NULL,
        stored_at = NULL, file_size = 5")
        .await
        .unwrap();
    assert_eq!(sizes(test).await, (Some(5), Some(5), None), "of {}", media.id);
}

on_both!(
    counted_size_stays_when_the_lost_file_is_declared_again,
    erased_file_keeps_only_its_declared_size,
    size_that_an_older_program_wrote_counts_as_declared,
);
