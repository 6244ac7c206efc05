//! What every kind of storage promises. Each test is a function over [`Storage`]; [`run`] calls them all, so a new
//! backend takes one line to be held to the same.

use std::time::Duration;

use bytes::Bytes;
use mediary_blob::{CHUNK_BYTES, ErrorKind, Storage, StorageKey, UploadedFile};
use mediary_core::{CompanyId, MessageId};
use mediary_testing::files::{content, sha256};

pub(crate) fn key(message: i64) -> StorageKey {
    StorageKey::media(CompanyId(7), MessageId(message), "1013859600285441")
}

pub(crate) async fn put(storage: &Storage, key: &StorageKey, bytes: &[u8]) -> UploadedFile {
    let mut upload = storage.create(key).await.unwrap();
    upload.write(Bytes::copy_from_slice(bytes)).await.unwrap();
    upload.finish().await.unwrap()
}

pub(crate) async fn get(storage: &Storage, key: &StorageKey) -> Vec<u8> {
    let file = storage.open(key).await.unwrap();
    let mut bytes = Vec::new();
    while bytes.len() < usize::try_from(file.size()).unwrap() {
        let part = file.read_at(bytes.len() as u64, CHUNK_BYTES).await.unwrap();
        assert!(!part.is_empty());
        bytes.extend_from_slice(&part);
    }
    bytes
}

pub(crate) async fn keys(storage: &Storage) -> Vec<String> {
    let mut keys = Vec::new();
    let mut listing = storage.list("media").unwrap();
    while let Some(page) = listing.next_page().await.unwrap() {
        keys.extend(page.into_iter().map(|object| object.key.to_string()));
    }
    keys.sort();
    keys
}

pub(crate) async fn missing(storage: &Storage, key: &StorageKey) -> bool {
    matches!(storage.open(key).await, Err(error) if error.kind() == ErrorKind::NotFound)
}

/// Whether it is a bucket, where a file that is deleted or replaced cannot be read on.
fn is_object(storage: &Storage) -> bool {
    matches!(storage, Storage::Object(_))
}

/// Holds a storage, which must be empty, to every promise.
pub(crate) async fn run(storage: &Storage) {
    files_of_any_size_come_back_whole(storage).await;
    ranges_are_exact_at_the_edges(storage).await;
    readers_give_exactly_their_part(storage).await;
    files_of_many_parts_come_back_whole(storage).await;
    file_cannot_be_opened_before_it_is_published(storage).await;
    upload_that_is_not_published_leaves_nothing(storage).await;
    file_is_replaced_at_once(storage).await;
    deletion_is_final_and_known(storage).await;
    many_at_once_do_not_mix(storage).await;
    uploads_and_deletions_in_one_folder_do_not_hurt_each_other(storage).await;
    listings_show_every_file_once(storage).await;
    companys_listing_shows_its_own_files_alone(storage).await;
    storage_check_passes_and_leaves_nothing(storage).await;
    assert_eq!(keys(storage).await, Vec::<String>::new());
}

async fn files_of_any_size_come_back_whole(storage: &Storage) {
    for len in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 77] {
        for piece in [1500, CHUNK_BYTES, 4 * CHUNK_BYTES] {
            let bytes = content(len);
            let mut upload = storage.create(&key(1)).await.unwrap();
            for piece in bytes.chunks(piece) {
                upload.write(Bytes::copy_from_slice(piece)).await.unwrap();
            }
            let staged = upload.stage().await.unwrap();
            assert_eq!((staged.size(), staged.sha256()), (len as u64, sha256(&bytes)));
            let stored = staged.publish().await.unwrap();
            assert_eq!(stored, UploadedFile { size: len as u64, sha256: sha256(&bytes) });
            assert!(get(storage, &key(1)).await == bytes, "{len} bytes in pieces of {piece}");
        }
    }
    assert!(storage.delete(&key(1)).await.unwrap());
}

async fn ranges_are_exact_at_the_edges(storage: &Storage) {
    let bytes = content(CHUNK_BYTES + 100);
    put(storage, &key(1), &bytes).await;
    let file = storage.open(&key(1)).await.unwrap();
    let end = bytes.len();
    for (offset, len) in [
        (0, 1),
        (0, 0),
        (1, 10),
        (end - 1, 1),
        (end - 1, 50),
        (CHUNK_BYTES - 1, 2),
        (4095, 4098),
        (100, CHUNK_BYTES),
    ] {
        let expected = &bytes[offset..end.min(offset + len)];
        assert!(file.read_at(offset as u64, len).await.unwrap() == expected, "{offset} + {len}");
    }
    for offset in [end as u64, end as u64 + 1, u64::MAX] {
        assert!(file.read_at(offset, 10).await.unwrap().is_empty());
    }
    assert_eq!(file.read_at(0, usize::MAX).await.unwrap().len(), CHUNK_BYTES, "bounded");
    storage.delete(&key(1)).await.unwrap();
}

async fn readers_give_exactly_their_part(storage: &Storage) {
    let bytes = content(3 * CHUNK_BYTES + 100);
    put(storage, &key(1), &bytes).await;
    let file = storage.open(&key(1)).await.unwrap();
    for part in [0..bytes.len(), 0..0, 5..6, CHUNK_BYTES - 1..2 * CHUNK_BYTES + 2, 100..usize::MAX] {
        let mut reader = file.reader(part.start as u64..part.end as u64);
        let mut read = Vec::new();
        while let Some(chunk) = reader.next().await.unwrap() {
            assert!((1..=CHUNK_BYTES).contains(&chunk.len()));
            read.extend_from_slice(&chunk);
        }
        assert!(read == bytes[part.start..part.end.min(bytes.len())], "{part:?}");
        assert!(reader.next().await.unwrap().is_none());
    }
    storage.delete(&key(1)).await.unwrap();
}

/// Around the 5 MiB that a bucket takes in one piece.
async fn files_of_many_parts_come_back_whole(storage: &Storage) {
    const PART: usize = 5 * 1024 * 1024;
    for len in [PART - 1, PART, PART + 1, 3 * PART, 3 * PART + 77] {
        let bytes = content(len);
        assert_eq!(
            put(storage, &key(1), &bytes).await,
            UploadedFile { size: len as u64, sha256: sha256(&bytes) }
        );
        assert!(get(storage, &key(1)).await == bytes, "{len}");
    }
    let mut upload = storage.create(&key(2)).await.unwrap();
    upload.write(content(2 * PART + 5).into()).await.unwrap();
    assert!(missing(storage, &key(2)).await, "nothing shows before it is published");
    upload.stage().await.unwrap().discard().await.unwrap();
    assert!(missing(storage, &key(2)).await);
    assert_eq!(
        storage.sweep_temporary(Duration::ZERO).await.unwrap().removed,
        0,
        "nothing was left to sweep"
    );
    storage.delete(&key(1)).await.unwrap();
}

async fn file_cannot_be_opened_before_it_is_published(storage: &Storage) {
    let mut upload = storage.create(&key(1)).await.unwrap();
    upload.write(content(2 * CHUNK_BYTES + 5).into()).await.unwrap();
    assert!(missing(storage, &key(1)).await && keys(storage).await.is_empty());
    let staged = upload.stage().await.unwrap();
    assert!(missing(storage, &key(1)).await && keys(storage).await.is_empty());
    staged.publish().await.unwrap();
    assert_eq!(keys(storage).await, [key(1).as_str()]);
    storage.delete(&key(1)).await.unwrap();
}

async fn upload_that_is_not_published_leaves_nothing(storage: &Storage) {
    let started = || async {
        let mut upload = storage.create(&key(1)).await.unwrap();
        upload.write(content(CHUNK_BYTES + 5).into()).await.unwrap();
        upload
    };
    drop(started().await);
    started().await.abort().await.unwrap();
    drop(started().await.stage().await.unwrap());
    started().await.stage().await.unwrap().discard().await.unwrap();
    assert!(missing(storage, &key(1)).await);
    let report = storage.sweep_temporary(Duration::ZERO).await.unwrap();
    assert_eq!(report.removed, 0, "nothing was left to sweep");
}

async fn file_is_replaced_at_once(storage: &Storage) {
    let (old, mut new) = (content(5000), content(CHUNK_BYTES + 1));
    new.reverse();
    put(storage, &key(1), &old).await;
    let reader = storage.open(&key(1)).await.unwrap();
    put(storage, &key(1), &new).await;
    assert!(get(storage, &key(1)).await == new);
    match reader.read_at(0, 5000).await {
        Ok(bytes) => assert!(bytes == old, "who had it open reads what was there then"),
        Err(error) => assert!(is_object(storage) && error.kind() == ErrorKind::Truncated, "{error}"),
    }
    storage.delete(&key(1)).await.unwrap();
}

async fn deletion_is_final_and_known(storage: &Storage) {
    assert!(!storage.delete(&key(1)).await.unwrap());
    put(storage, &key(1), b"gone soon").await;
    let reader = storage.open(&key(1)).await.unwrap();
    assert!(storage.delete(&key(1)).await.unwrap());
    assert!(!storage.delete(&key(1)).await.unwrap());
    assert!(missing(storage, &key(1)).await);
    match reader.read_at(0, 100).await {
        Ok(bytes) => assert_eq!(bytes, "gone soon"),
        Err(error) => assert!(is_object(storage) && error.kind() == ErrorKind::NotFound, "{error}"),
    }
}

async fn many_at_once_do_not_mix(storage: &Storage) {
    let tasks: Vec<_> = (0..64_i64)
        .map(|message| {
            let storage = storage.clone();
            tokio::spawn(async move {
                let bytes = content(1000 * usize::try_from(message).unwrap());
                put(&storage, &key(message), &bytes).await;
                assert!(get(&storage, &key(message)).await == bytes);
                assert!(storage.delete(&key(message)).await.unwrap());
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

async fn uploads_and_deletions_in_one_folder_do_not_hurt_each_other(storage: &Storage) {
    let tasks: Vec<_> = (0..16)
        .map(|id| {
            let storage = storage.clone();
            let key = StorageKey::media(CompanyId(8), MessageId(1), &format!("file-{id}"));
            tokio::spawn(async move {
                for round in 0..20 {
                    let bytes = content(round * 10 + id);
                    put(&storage, &key, &bytes).await;
                    assert!(get(&storage, &key).await == bytes);
                    assert!(storage.delete(&key).await.unwrap());
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

async fn listings_show_every_file_once(storage: &Storage) {
    let mut expected = Vec::new();
    for message in 0..30 {
        put(storage, &key(message), &content(10)).await;
        expected.push(key(message).to_string());
    }
    expected.sort();
    assert_eq!(keys(storage).await, expected);
    let mut listing = storage.list("media/7/3").unwrap();
    let page = listing.next_page().await.unwrap().unwrap();
    assert_eq!(page.iter().map(|object| (&object.key, object.size)).collect::<Vec<_>>(), [(&key(3), 10)]);
    assert!(listing.next_page().await.unwrap().is_none());
    assert!(storage.list("../media").is_err());
    for message in 0..30 {
        storage.delete(&key(message)).await.unwrap();
    }
}

async fn companys_listing_shows_its_own_files_alone(storage: &Storage) {
    let of = |company| StorageKey::media(CompanyId(company), MessageId(3), "1");
    for company in [1, 10, 12] {
        put(storage, &of(company), b"bytes").await;
    }
    let mut listing = storage.list("media/1").unwrap();
    let mut keys = Vec::new();
    while let Some(page) = listing.next_page().await.unwrap() {
        keys.extend(page.into_iter().map(|object| object.key));
    }
    assert_eq!(keys, [of(1)]);
    for company in [1, 10, 12] {
        storage.delete(&of(company)).await.unwrap();
    }
}

async fn storage_check_passes_and_leaves_nothing(storage: &Storage) {
    storage.check().await.unwrap();
    storage.check().await.unwrap();
    assert!(storage.list("media/probe").unwrap().next_page().await.unwrap().is_none());
}
