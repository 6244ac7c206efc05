//! Stores that misbehave, as people met them: never other bytes than were written, and an error that names it.

use bytes::Bytes;
use mediary_blob::{ErrorKind, Storage, StoredFile};
use mediary_test_s3::Quirk;
use mediary_testing::bucket::Bucket;
use mediary_testing::files::content;

use crate::behaviour::{get, key, missing, put};
use crate::object::PART;

const SIZE: usize = 700_000;

struct Scene {
    bucket: Bucket,
    storage: Storage,
    whole: Vec<u8>,
    file: StoredFile,
}

impl Scene {
    /// A stored file, and a store that misbehaves from now on.
    async fn with(quirk: Quirk) -> Self {
        let bucket = Bucket::start().await;
        let storage = bucket.storage();
        let whole = content(SIZE);
        put(&storage, &key(1), &whole).await;
        bucket.server().behave(Some(quirk));
        let file = storage.open(&key(1)).await.unwrap();
        Self { bucket, storage, whole, file }
    }

    /// How reading ends, in one piece and in a row; what was read until then was right.
    async fn read(&self) -> Result<(), ErrorKind> {
        let part = self.file.read_at(1000, 5000).await.map_err(|error| error.kind())?;
        assert!(part == self.whole[1000..6000]);
        let mut reader = self.file.reader(10..SIZE as u64 - 10);
        let mut read = Vec::new();
        while let Some(bytes) = reader.next().await.map_err(|error| error.kind())? {
            read.extend_from_slice(&bytes);
        }
        assert!(read == self.whole[10..SIZE - 10]);
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_to_a_range_that_are_something_else_are_refused() {
    for quirk in [Quirk::WholeForRange, Quirk::OtherRange, Quirk::Compresses] {
        let scene = Scene::with(quirk).await;
        assert_eq!(scene.read().await, Err(ErrorKind::OtherAnswer), "{quirk:?}");
        let error = scene.storage.probe().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OtherAnswer, "{quirk:?}: {error}");
        scene.bucket.server().behave(None);
        scene.read().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn store_that_refuses_conditions_is_read_without_them() {
    for quirk in [Quirk::RefusesIfMatch, Quirk::DoesNotKnowIfMatch, Quirk::WeakTags] {
        let scene = Scene::with(quirk).await;
        scene.read().await.unwrap_or_else(|kind| panic!("{quirk:?}: {kind}"));
        let probed = scene.storage.probe().await.unwrap();
        assert_eq!(probed.refuses_if_match, quirk != Quirk::WeakTags, "{quirk:?}");
        // What takes the object's place is noticed all the same.
        put(&scene.storage, &key(1), &content(SIZE + 1)).await;
        assert_eq!(scene.read().await, Err(ErrorKind::Truncated), "{quirk:?}");
        let mut same_size = content(SIZE);
        same_size.reverse();
        put(&scene.storage, &key(1), &same_size).await;
        assert_eq!(scene.read().await, Err(ErrorKind::Truncated), "{quirk:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusal_of_one_request_is_an_error_of_that_one() {
    let scene = Scene::with(Quirk::ForbiddenOnce).await;
    assert_eq!(scene.read().await, Err(ErrorKind::Refused));
    scene.read().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn probe_finds_a_store_that_takes_no_parts() {
    let bucket = Bucket::start().await;
    let storage = bucket.storage();
    assert!(!storage.probe().await.unwrap().refuses_if_match);
    bucket.server().behave(Some(Quirk::NoParts));
    storage.check().await.unwrap();
    let error = storage.probe().await.unwrap_err();
    assert!(error.to_string().contains("upload in parts"), "{error}");
    assert_eq!(bucket.stray_parts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn upload_that_loses_a_race_fails_for_its_file_alone() {
    for size in [1000, PART + 1] {
        let bucket = Bucket::start().await;
        let storage = bucket.storage();
        let started = async || {
            let mut upload = storage.create(&key(1)).await.unwrap();
            upload.write(Bytes::from(content(size))).await.unwrap();
            upload.stage().await.unwrap()
        };
        let lost = started().await;
        bucket.server().behave(Some(Quirk::LosesUploads));
        let error = lost.publish().await.unwrap_err();
        assert!(error.kind() == ErrorKind::Conflict && error.is_of_one_file(), "{error}");
        bucket.server().behave(None);
        if size > PART {
            let ended = started().await;
            storage.end_unfinished(&key(1)).await.unwrap();
            let error = ended.publish().await.unwrap_err();
            assert!(error.kind() == ErrorKind::Conflict && error.is_of_one_file(), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_bucket_is_not_taken_for_a_missing_file() {
    let bucket = Bucket::start().await;
    let storage = bucket.storage();
    put(&storage, &key(1), b"a file").await;
    assert!(missing(&storage, &key(2)).await);
    let folder = bucket.folder();
    let away = folder.with_file_name("away");
    std::fs::rename(&folder, &away).unwrap();
    let error = storage.open(&key(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
    std::fs::rename(&away, &folder).unwrap();
    assert_eq!(get(&storage, &key(1)).await, b"a file");
}
