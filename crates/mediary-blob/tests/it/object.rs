//! What a bucket promises beyond the common behaviour: nothing is left behind, and viewers can be sent to it.

use std::time::Duration;

use bytes::Bytes;
use mediary_blob::{ErrorKind, PresignedHeaders, S3Settings, Storage};
use mediary_testing::bucket::Bucket;
use mediary_testing::eventually;
use mediary_testing::files::content;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::behaviour::{self, get, key, missing, put};

pub(crate) const PART: usize = 5 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn bucket_behaves_as_every_storage() {
    let bucket = Bucket::start().await;
    behaviour::run(&bucket.storage()).await;
    assert_eq!(bucket.stray_parts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_behaves_as_every_storage() {
    behaviour::run(&Storage::in_memory()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn upload_that_is_dropped_is_ended() {
    let bucket = Bucket::start().await;
    let storage = bucket.storage();
    let mut upload = storage.create(&key(1)).await.unwrap();
    upload.write(content(2 * PART + 1).into()).await.unwrap();
    drop(upload.stage().await.unwrap());
    eventually("the end of its parts", async || match bucket.stray_parts() {
        0 => Ok(()),
        left => Err(left),
    })
    .await;
    assert!(missing(&storage, &key(1)).await);
}

/// A download may be broken off at any moment, as when its lease is lost: also before the bucket has told the upload's id.
#[tokio::test(flavor = "multi_thread")]
async fn upload_that_is_cancelled_while_it_begins_is_ended() {
    let bucket = Bucket::start().await;
    let storage = bucket.storage();
    let whole = Bytes::from(content(PART + 1));
    for step in 0..50 {
        let upload = storage.create(&key(step)).await.unwrap();
        let all = async {
            let mut upload = upload;
            upload.write(whole.clone()).await?;
            upload.stage().await?.publish().await
        };
        // On a fast machine the last of them are published.
        let _ = tokio::time::timeout(Duration::from_millis(2) * u32::try_from(step).unwrap(), all).await;
    }
    eventually("the end of uploads and parts", async || {
        match (bucket.server().unfinished_uploads(), bucket.stray_parts()) {
            (0, 0) => Ok(()),
            left => Err(left),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sweep_ends_uploads_whose_process_died() {
    let bucket = Bucket::start().await;
    let storage = bucket.storage();
    let mut upload = storage.create(&key(1)).await.unwrap();
    upload.write(content(2 * PART + 1).into()).await.unwrap();
    let staged = upload.stage().await.unwrap();
    // Nobody drops what a killed process had in hand.
    std::mem::forget(staged);
    assert!(bucket.stray_parts() > 0);
    let young = storage.sweep_temporary(Duration::from_secs(3600)).await.unwrap();
    assert_eq!((young.removed, young.kept), (0, 1));
    let swept = storage.sweep_temporary(Duration::ZERO).await.unwrap();
    assert_eq!((swept.removed, swept.kept), (1, 0));
    assert_eq!(bucket.stray_parts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn successor_ends_the_unfinished_upload_of_its_key_alone() {
    let bucket = Bucket::start().await;
    let storage = bucket.storage();
    let mut started = Vec::new();
    for message in [1, 2] {
        let mut upload = storage.create(&key(message)).await.unwrap();
        upload.write(content(PART + 1).into()).await.unwrap();
        started.push(upload.stage().await.unwrap());
    }
    storage.end_unfinished(&key(1)).await.unwrap();
    let (second, first) = (started.pop().unwrap(), started.pop().unwrap());
    first.publish().await.unwrap_err();
    second.publish().await.unwrap();
    assert!(missing(&storage, &key(1)).await && !missing(&storage, &key(2)).await);
}

/// Many uploads with little room: each makes progress, none waits for one that waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn uploads_share_the_memory_for_parts() {
    let bucket = Bucket::start().await;
    let storage = Storage::open_s3(&S3Settings { parts_in_memory: 2, ..bucket.settings() }).unwrap();
    let tasks: Vec<_> = (0..6)
        .map(|number| {
            let storage = storage.clone();
            tokio::spawn(async move { put(&storage, &key(number), &content(2 * PART + 9)).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert!(get(&storage, &key(5)).await == content(2 * PART + 9));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_and_a_missing_server_are_distinguished() {
    let bucket = Bucket::start().await;
    let wrong = S3Settings { secret_access_key: Some("wrong".into()), ..bucket.settings() };
    let error = Storage::open_s3(&wrong).unwrap().check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
    let settings = bucket.settings();
    drop(bucket);
    let error = Storage::open_s3(&settings).unwrap().check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    assert!(error.retryable());
}

#[tokio::test(flavor = "multi_thread")]
async fn presigned_url_serves_one_file_as_it_says() {
    let bucket = Bucket::start().await;
    let storage = bucket.storage();
    put(&storage, &key(1), b"a whole photo").await;
    let served_as = PresignedHeaders {
        content_type: "image/jpeg".to_owned(),
        content_disposition: "inline; filename*=UTF-8''caf%C3%A9.jpg".to_owned(),
        cache_control: "private, max-age=60".to_owned(),
    };
    let file = storage.open(&key(1)).await.unwrap();
    let url = file.presign(&served_as, Duration::from_secs(60)).await.unwrap().unwrap();
    let answer = fetch(&bucket, &url).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("a whole photo"), "{answer}");
    let head = answer.to_lowercase();
    assert!(head.contains("content-type: image/jpeg") && head.contains("cache-control: private, max-age=60"));
    assert!(head.contains("content-disposition: inline; filename*=utf-8''caf%c3%a9.jpg"), "{head}");
    let other = url.replace("/7/1/", "/7/2/");
    assert!(fetch(&bucket, &other).await.starts_with("HTTP/1.1 403"), "it opens nothing else");
    let folder = tempfile::tempdir().unwrap();
    let local = Storage::open_local(folder.path()).await.unwrap();
    put(&local, &key(1), b"a whole photo").await;
    let file = local.open(&key(1)).await.unwrap();
    assert!(file.presign(&served_as, Duration::from_secs(60)).await.unwrap().is_none());
}

async fn fetch(bucket: &Bucket, url: &str) -> String {
    let path = url.strip_prefix(&bucket.url()).unwrap();
    let mut stream = tokio::net::TcpStream::connect(bucket.address()).await.unwrap();
    let host = bucket.address();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(Bytes::from(answer).to_vec()).unwrap()
}
