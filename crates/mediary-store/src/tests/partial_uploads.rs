//! Files that come in several requests.

use std::time::Duration;

use mediary_core::{StorageBackend, UploadId, limits};

use super::harness::Test;
use super::sends::{conversation, new_text};
use super::{on_both, on_postgres};
use crate::*;

const LOCAL: StorageBackend = StorageBackend::Local;
const ANN: &str = "user:1";
const HOUR: Duration = Duration::from_secs(3600);

async fn begun(test: &Test) -> PartialUpload {
    let begun = test.store.create_partial_upload(test.acme.company, ANN, 100, Some("plan.pdf")).await;
    begun.unwrap().unwrap()
}

async fn part(test: &Test, number: u32, starts_at: u64, size: u64) -> UploadPart {
    let key = format!("media/{}/uploads/{number:032x}", test.acme.company);
    test.store.reserve_upload(test.acme.company, LOCAL, &key).await.unwrap();
    UploadPart { starts_at, size, backend: LOCAL, key }
}

async fn add(test: &Test, upload: &PartialUpload, part: &UploadPart) -> AddedPart {
    test.store.add_upload_part(upload, part).await.unwrap()
}

async fn state(test: &Test, id: UploadId) -> Option<PartialUpload> {
    test.store.partial_upload(test.acme.company, ANN, id).await.unwrap()
}

async fn swept(test: &Test) -> Vec<String> {
    let mut keys: Vec<String> = test.trash().await.into_iter().map(|gone| gone.key).collect();
    keys.sort();
    keys
}

async fn parts_follow_each_other_and_live_as_long_as_their_upload(test: &Test) {
    let upload = begun(test).await;
    let (first, second) = (part(test, 1, 0, 60).await, part(test, 2, 60, 40).await);
    let AddedPart::Added(after) = add(test, &upload, &first).await else { panic!("it is the first") };
    assert_eq!((after.received, after.parts, after.file_name.as_deref()), (60, 1, Some("plan.pdf")));
    assert_eq!(add(test, &upload, &first).await, AddedPart::Added(after.clone()), "the answer was lost");
    assert!(matches!(add(test, &after, &second).await, AddedPart::Added(whole) if whole.received == 100));
    let stored = test.store.upload_parts(test.acme.company, upload.id).await.unwrap();
    assert_eq!(stored, [first.clone(), second.clone()]);
    test.clock.advance(23 * HOUR);
    assert!(swept(test).await.is_empty());
    assert!(state(test, upload.id).await.is_some());
    test.clock.advance(HOUR);
    assert_eq!(state(test, upload.id).await, None);
    assert!(swept(test).await.is_empty(), "a copy that began in the last moment goes on");
    test.clock.advance(HOUR);
    assert_eq!(swept(test).await, [first.key, second.key]);
    assert_eq!(test.store.prune_partial_uploads(test.store.now(), 10).await.unwrap(), 1);
    assert!(test.store.upload_parts(test.acme.company, upload.id).await.unwrap().is_empty());
}

async fn part_at_another_place_is_refused_and_goes(test: &Test) {
    let upload = begun(test).await;
    let first = part(test, 1, 0, 60).await;
    add(test, &upload, &first).await;
    for (number, starts_at) in [(2, 0), (3, 59), (4, 61)] {
        let other = part(test, number, starts_at, 10).await;
        assert_eq!(add(test, &upload, &other).await, AddedPart::Refused, "{starts_at}");
    }
    test.clock.advance(HOUR);
    assert_eq!(swept(test).await.len(), 3);
    let late = part(test, 5, 60, 10).await;
    test.clock.advance(HOUR);
    assert!(swept(test).await.contains(&late.key));
    assert_eq!(add(test, &upload, &late).await, AddedPart::Refused, "its bytes are given up");
    assert_eq!(state(test, upload.id).await.unwrap().received, 60);
}

async fn ended_upload_takes_no_part_and_its_bytes_go_at_once(test: &Test) {
    let upload = begun(test).await;
    let first = part(test, 1, 0, 60).await;
    let AddedPart::Added(after) = add(test, &upload, &first).await else { panic!("it is the first") };
    let late = part(test, 2, 60, 40).await;
    assert!(test.store.end_partial_upload(test.acme.company, ANN, upload.id).await.unwrap());
    assert!(!test.store.end_partial_upload(test.acme.company, ANN, upload.id).await.unwrap());
    assert_eq!(add(test, &after, &late).await, AddedPart::Refused);
    assert_eq!(swept(test).await, [first.key]);
}

async fn company_has_so_many_uploads_and_no_other_sees_them(test: &Test) {
    let first = begun(test).await;
    let acme = test.acme.company;
    let begin = async |by: &str| test.store.create_partial_upload(acme, by, 1, None).await.unwrap();
    let half = limits::PARTIAL_UPLOADS_PER_COMPANY / limits::MEMBER_SHARE;
    for _ in 1..half {
        begun(test).await;
    }
    assert_eq!(begin(ANN).await, None, "the others are left for colleagues");
    for _ in half..limits::PARTIAL_UPLOADS_PER_COMPANY {
        assert!(begin("user:2").await.is_some());
    }
    assert_eq!(begin("user:3").await, None);
    let stranger = test.other.company;
    assert!(test.store.create_partial_upload(stranger, ANN, 1, None).await.unwrap().is_some());
    add(test, &first, &part(test, 1, 0, 60).await).await;
    assert_eq!(test.store.partial_upload(stranger, ANN, first.id).await.unwrap(), None);
    assert!(test.store.upload_parts(stranger, first.id).await.unwrap().is_empty());
    assert!(!test.store.end_partial_upload(stranger, ANN, first.id).await.unwrap());
    assert_eq!(test.store.partial_upload(acme, "user:2", first.id).await.unwrap(), None, "a colleague");
    assert!(!test.store.end_partial_upload(acme, "user:2", first.id).await.unwrap());
    let foreign = PartialUpload { company_id: stranger, ..first.clone() };
    assert_eq!(add(test, &foreign, &part(test, 2, 60, 1).await).await, AddedPart::Refused);
    assert!(test.store.end_partial_upload(acme, ANN, first.id).await.unwrap());
    assert!(begin(ANN).await.is_some());
}

async fn parts_are_no_work_of_a_clock_that_was_ahead(test: &Test) {
    let upload = begun(test).await;
    let part = part(test, 1, 0, 100).await;
    assert!(matches!(add(test, &upload, &part).await, AddedPart::Added(_)));
    let wait = HOUR;
    let longest = LongestWaits { job: wait, lease: wait, pause: wait, webhook: wait, task: wait };
    assert_eq!(test.store.end_overlong_waits(&longest, 100).await.unwrap(), 0);
    assert!(swept(test).await.is_empty());
}

async fn upload_is_used_by_one_message(test: &Test) {
    let upload = begun(test).await;
    let part = part(test, 1, 0, 100).await;
    add(test, &upload, &part).await;
    let with = conversation(test, test.acme, "491").await;
    let scope = mediary_core::Scope::system(test.acme.company);
    let new = NewSend { upload: Some((upload.id, ANN.to_owned())), ..new_text(with) };
    let (one, other) = tokio::join!(test.store.queue_send(&scope, &new), test.store.queue_send(&scope, &new));
    let (used, refused) = if one.is_ok() { (one, other) } else { (other, one) };
    assert!(used.is_ok());
    let constraint = USED_UPLOAD.to_owned();
    assert_eq!(*refused.unwrap_err().kind(), ErrorKind::Conflict { constraint });
    assert_eq!(test.number("SELECT COUNT(*) FROM sends").await, 1, "nothing is left of the other one");
    assert_eq!(state(test, upload.id).await, None);
    assert_eq!(swept(test).await, [part.key]);
    let others = NewSend { upload: Some((begun(test).await.id, "user:2".to_owned())), ..new };
    assert!(test.store.queue_send(&scope, &others).await.is_err(), "somebody else began it");
}

on_both!(
    parts_are_no_work_of_a_clock_that_was_ahead,
    upload_is_used_by_one_message,
    parts_follow_each_other_and_live_as_long_as_their_upload,
    part_at_another_place_is_refused_and_goes,
    ended_upload_takes_no_part_and_its_bytes_go_at_once,
    company_has_so_many_uploads_and_no_other_sees_them,
);

async fn of_two_nodes_that_continue_at_one_place_one_adds_its_part(test: &Test) {
    let node = test.another_node().await;
    for round in 0..20 {
        let upload = begun(test).await;
        let (ours, theirs) = (part(test, 2 * round + 1, 0, 60).await, part(test, 2 * round + 2, 0, 70).await);
        let (one, other) =
            tokio::join!(test.store.add_upload_part(&upload, &ours), node.add_upload_part(&upload, &theirs));
        let added = [one.unwrap(), other.unwrap()];
        assert_eq!(added.iter().filter(|added| **added == AddedPart::Refused).count(), 1, "{added:?}");
        let received = state(test, upload.id).await.unwrap().received;
        let parts = test.store.upload_parts(test.acme.company, upload.id).await.unwrap();
        assert_eq!(parts.iter().map(|part| part.size).collect::<Vec<_>>(), [received]);
        test.store.end_partial_upload(test.acme.company, ANN, upload.id).await.unwrap();
    }
    node.close().await;
}

on_postgres!(of_two_nodes_that_continue_at_one_place_one_adds_its_part);
