//! Files that move between storages, and files that nobody names.

use mediary_core::{MediaId, MessageId, StorageBackend};

use super::harness::Test;
use super::on_both;
use crate::*;

const MINUTE: std::time::Duration = std::time::Duration::from_secs(60);

fn place(file: &MediaFile) -> StoredLocation {
    let key = file.storage_key.clone().unwrap();
    StoredLocation { backend: StorageBackend::S3, url: format!("s3://bucket/{key}"), key }
}

async fn elsewhere(test: &Test) -> Vec<MediaFile> {
    let stretch = test.store.files_elsewhere(test.acme.company, StorageBackend::S3, MediaId(0), 10).await;
    stretch.unwrap().unwrap().found
}

async fn moved_file_has_its_new_key_and_its_old_bytes_are_deleted_later(test: &Test) {
    let file = test.stored("m1").await;
    assert_eq!(elsewhere(test).await.iter().map(|file| file.id).collect::<Vec<_>>(), [file.id]);
    let others =
        test.store.files_elsewhere(test.other.company, StorageBackend::S3, MediaId(0), 10).await.unwrap();
    assert!(others.is_none(), "another company's files are not ours to move");
    assert!(test.store.file_moved(&file, &place(&file)).await.unwrap());
    let moved = test.media_of(test.acme, "m1").await;
    assert_eq!((moved.storage_backend, &moved.storage_key), (Some(StorageBackend::S3), &file.storage_key));
    assert!(moved.file_url.unwrap().starts_with("s3://"));
    assert!(elsewhere(test).await.is_empty());
    assert!(test.trash().await.is_empty(), "somebody may just be reading it");
    test.clock.advance(MINUTE);
    let trash = test.trash().await;
    assert_eq!(
        (trash.len(), trash[0].backend),
        (1, StorageBackend::Local),
        "the same key in the old storage"
    );
}

async fn file_that_changed_during_a_move_stays_and_the_copy_is_deleted(test: &Test) {
    let file = test.stored("m1").await;
    assert!(test.store.delete_media(test.acme.company, file.id, None, &Actor::command_line()).await.unwrap());
    assert!(!test.store.file_moved(&file, &place(&file)).await.unwrap());
    test.clock.advance(MINUTE);
    let mut gone: Vec<_> = test.trash().await.into_iter().map(|trash| trash.backend.as_str()).collect();
    gone.sort_unstable();
    assert_eq!(gone, ["local", "s3"], "the deleted file and its copy");
}

async fn files_without_a_record_are_found_and_deleted(test: &Test) {
    let file = test.stored("m1").await;
    let known = FoundFile {
        company_id: file.company_id,
        message_id: file.message_id.unwrap(),
        key: file.storage_key.clone().unwrap(),
    };
    let stray = FoundFile { key: format!("{}-old", known.key), ..known.clone() };
    let orphan =
        FoundFile { message_id: MessageId(999_999), key: "media/1/999999/x".to_owned(), ..known.clone() };
    let found = [known.clone(), stray.clone(), orphan.clone()];
    let named = test.store.known_files(StorageBackend::Local, &found).await.unwrap();
    assert!(named.len() == 1 && named.contains(&known.key));
    let named = test.store.known_files(StorageBackend::S3, &found).await.unwrap();
    assert!(named.is_empty(), "a record names one storage");
    let mut discarded = Vec::new();
    for file in &found {
        discarded.push(test.store.discard_file(StorageBackend::Local, file).await.unwrap());
    }
    assert_eq!(discarded, [false, true, true]);
    test.sql("DELETE FROM media_files").await.unwrap();
    let bare = test.store.discard_file(StorageBackend::Local, &known).await.unwrap();
    assert!(!bare, "the message's media may come yet");
    let named = test.store.known_files(StorageBackend::Local, &found).await.unwrap();
    assert_eq!(named.len(), 2, "what is on its way out is known");
    test.clock.advance(MINUTE);
    let mut keys: Vec<_> = test.trash().await.into_iter().map(|trash| trash.key).collect();
    keys.sort();
    let mut expected = [stray.key, orphan.key];
    expected.sort();
    assert_eq!(keys, expected, "the named one stays");
}

on_both!(
    moved_file_has_its_new_key_and_its_old_bytes_are_deleted_later,
    file_that_changed_during_a_move_stays_and_the_copy_is_deleted,
    files_without_a_record_are_found_and_deleted,
);
