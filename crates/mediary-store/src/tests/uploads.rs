//! Files that are stored before their message is queued, client ids, and messages that are taken back.

use std::time::Duration;

use mediary_core::{
    DerivationStep, DownloadStatus, FileType, MediaId, MessageId, MessageType, ScanStatus, Scope, Sha256,
    StorageBackend,
};

use super::harness::Test;
use super::on_both;
use super::sends::{MINUTE, claim, conversation, new_text, queue};
use crate::*;

const LOCAL: StorageBackend = StorageBackend::Local;
const HOUR: Duration = Duration::from_secs(3600);

fn key(test: &Test, number: u32) -> String {
    format!("media/{}/uploads/{number:032x}", test.acme.company)
}

fn uploaded(test: &Test, number: u32) -> UploadedFile {
    UploadedFile {
        file_type: FileType::Image,
        mime_type: "image/png".into(),
        detected_mime_type: Some("image/png".into()),
        file_name: Some("Pier.PNG".into()),
        file_size: 77,
        sha256: Sha256([3; 32]),
        voice: false,
        animated: false,
        storage_backend: LOCAL,
        storage_key: key(test, number),
        file_url: "file:///x".into(),
        scan_status: ScanStatus::Unscanned,
    }
}

/// A picture to Ann whose bytes are stored under a reserved key.
async fn new_picture(test: &Test, number: u32) -> NewSend {
    let ann = conversation(test, test.acme, "491").await;
    test.store.reserve_upload(test.acme.company, LOCAL, &key(test, number)).await.unwrap();
    NewSend {
        message_type: MessageType::Image,
        text: None,
        caption: Some("the pier".into()),
        file: Some(uploaded(test, number)),
        client_id: Some(format!("client-{number}")),
        ..new_text(ann)
    }
}

fn acme(test: &Test) -> Scope {
    Scope::system(test.acme.company)
}

async fn swept(test: &Test) -> Vec<String> {
    test.trash().await.into_iter().map(|gone| gone.key).collect()
}

async fn queued_file_is_completed_and_keeps_its_bytes(test: &Test) {
    let new = new_picture(test, 1).await;
    let before = test.conversation(test.acme).await;
    test.clock.advance(MINUTE);
    let queued = test.store.queue_send(&acme(test), &new).await.unwrap();
    let row = test.store.message(&acme(test), queued.message_id).await.unwrap().unwrap();
    assert_eq!(
        (row.message.caption.as_deref(), row.message.media_mime_type.as_deref()),
        (Some("the pier"), Some("image/png"))
    );
    assert_eq!(
        (row.message.sender_phone.as_deref(), row.message.sender_name.as_deref()),
        (Some("15550001"), Some("Support"))
    );
    assert_eq!(row.message.receiving_phone.as_deref(), Some("491"));
    let file = row.media.unwrap();
    assert_eq!((Some(file.id), file.download_status), (queued.media_id, DownloadStatus::Completed));
    assert_eq!(
        (file.stored_size, file.sha256, file.storage_key),
        (Some(77), Some(Sha256([3; 32])), Some(key(test, 1)))
    );
    let after = test.conversation(test.acme).await;
    assert_eq!(after.last_message.unwrap().message.id, queued.message_id);
    assert_eq!((after.last_message_at, after.unread_count), (test.now(), before.unread_count));
    let derived = test.store.claim_derivations("deriver", DerivationStep::Short, 9, MINUTE).await.unwrap();
    assert_eq!(derived.iter().map(|one| one.media_id).collect::<Vec<_>>(), [file.id]);
    let usage = test.store.usage(test.acme.company).await.unwrap();
    assert_eq!((usage[0].files, usage[0].bytes), (1, 77));
    test.clock.advance(HOUR);
    assert!(swept(test).await.is_empty(), "the reservation is gone");
}

async fn file_whose_key_is_not_reserved_any_more_is_refused(test: &Test) {
    let new = new_picture(test, 1).await;
    test.clock.advance(HOUR);
    assert_eq!(swept(test).await, [key(test, 1)]);
    let refused = test.store.queue_send(&acme(test), &new).await.unwrap_err();
    assert_eq!(*refused.kind(), ErrorKind::Unrecordable, "{refused}");
    let second = NewSend { file: Some(uploaded(test, 2)), client_id: None, ..new.clone() };
    assert!(test.store.queue_send(&acme(test), &second).await.is_err(), "never reserved");
    assert!(swept(test).await.contains(&key(test, 2)), "whatever was written there goes");
    let empty = NewSend { file: Some(UploadedFile { file_size: 0, ..uploaded(test, 3) }), ..new };
    assert!(test.store.queue_send(&acme(test), &empty).await.is_err());
    assert!(claim(test).await.is_empty());
}

async fn upload_that_is_given_up_is_swept_at_once(test: &Test) {
    let new = new_picture(test, 1).await;
    assert!(swept(test).await.is_empty(), "it is reserved for an hour");
    test.store.drop_upload(test.acme.company, LOCAL, &key(test, 1)).await.unwrap();
    assert_eq!(swept(test).await, [key(test, 1)]);
    assert!(test.store.queue_send(&acme(test), &new).await.is_err());
    let kept = new_picture(test, 2).await;
    test.store.queue_send(&acme(test), &kept).await.unwrap();
    test.store.drop_upload(test.acme.company, LOCAL, &key(test, 2)).await.unwrap();
    test.clock.advance(HOUR);
    assert!(!swept(test).await.contains(&key(test, 2)), "a message has it");
}

async fn checks_of_storage_know_uploads(test: &Test) {
    let store = &test.store;
    let found = |number| FoundFile {
        company_id: test.acme.company,
        message_id: MessageId(0),
        key: key(test, number),
    };
    store.queue_send(&acme(test), &new_picture(test, 1).await).await.unwrap();
    new_picture(test, 2).await;
    let files = [found(1), found(2), found(3)];
    let known = store.known_files(LOCAL, &files).await.unwrap();
    assert!(known.len() == 2 && !known.contains(&key(test, 3)));
    let foreign = FoundFile { company_id: test.other.company, ..found(1) };
    assert!(store.known_files(LOCAL, &[foreign]).await.unwrap().is_empty());
    store.remember_untracked(test.acme.company, LOCAL, &files, test.now(), 9).await.unwrap();
    let mut discarded = Vec::new();
    for file in &files {
        discarded.push(store.discard_file(LOCAL, file).await.unwrap());
    }
    assert_eq!(discarded, [false, false, true], "named, reserved, stray");
    test.clock.advance(MINUTE);
    assert_eq!(swept(test).await, [key(test, 3)]);
}

async fn moved_upload_keeps_its_bytes(test: &Test) {
    let queued = test.store.queue_send(&acme(test), &new_picture(test, 1).await).await.unwrap();
    let file = test.store.media(&acme(test), queued.media_id.unwrap()).await.unwrap().unwrap();
    let to = StoredLocation { backend: StorageBackend::S3, key: key(test, 1), url: "s3://b/k".into() };
    assert!(test.store.file_moved(&file, &to).await.unwrap());
    test.clock.advance(HOUR);
    let gone = test.trash().await;
    assert_eq!(gone.iter().map(|one| one.backend).collect::<Vec<_>>(), [LOCAL]);
    let found = FoundFile { company_id: file.company_id, message_id: MessageId(0), key: key(test, 1) };
    assert_eq!(test.store.known_files(StorageBackend::S3, &[found]).await.unwrap().len(), 1);
}

async fn client_id_seen_before_is_the_first_message(test: &Test) {
    let new = new_picture(test, 1).await;
    let first = test.store.queue_send(&acme(test), &new).await.unwrap();
    test.store.reserve_upload(test.acme.company, LOCAL, &key(test, 2)).await.unwrap();
    let again = NewSend { file: Some(uploaded(test, 2)), caption: Some("another".into()), ..new.clone() };
    let second = test.store.queue_send(&acme(test), &again).await.unwrap();
    assert_eq!((second.message_id, second.is_new), (first.message_id, false));
    assert_eq!(swept(test).await, [key(test, 2)], "its bytes are not needed");
    let theirs =
        NewSend { client_id: new.client_id, ..new_text(conversation(test, test.other, "491").await) };
    let scope = Scope::system(test.other.company);
    assert!(test.store.queue_send(&scope, &theirs).await.unwrap().is_new, "another company's is its own");
}

async fn message_taken_back_goes_with_its_file(test: &Test) {
    let new = new_picture(test, 1).await;
    let before = test.conversation(test.acme).await.last_message.unwrap().message.id;
    let Destination::Conversation(ann) = new.destination else { unreachable!() };
    let first = queue(test, test.acme, ann).await;
    let queued = test.store.queue_send(&acme(test), &new).await.unwrap();
    let last = queue(test, test.acme, ann).await;
    let media: Vec<MediaId> = queued.media_id.into_iter().collect();
    let gone = test.store.cancel_send(&acme(test), queued.message_id).await.unwrap();
    assert_eq!(gone, CancelledSend::Cancelled { conversation_id: ann, media });
    assert!(test.store.message(&acme(test), queued.message_id).await.unwrap().is_none());
    assert_eq!(swept(test).await, [key(test, 1)]);
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM media_files").await, 0);
    assert_eq!(
        test.store.cancel_send(&acme(test), queued.message_id).await.unwrap(),
        CancelledSend::NotFound
    );
    let newest = async || test.conversation(test.acme).await.last_message.unwrap().message.id;
    assert_eq!(newest().await, last);
    for id in [first, last] {
        let gone = test.store.cancel_send(&acme(test), id).await.unwrap();
        assert!(matches!(gone, CancelledSend::Cancelled { .. }));
    }
    assert_eq!(newest().await, before);
    assert!(claim(test).await.is_empty());
    assert!(test.store.queue_send(&acme(test), &NewSend { file: None, ..new }).await.unwrap().is_new);
}

async fn whatsapps_ids_of_files_are_used_while_they_live(test: &Test) {
    let store = &test.store;
    let file = KnownFile {
        company_id: test.acme.company,
        account_id: test.acme.account,
        sha256: Sha256([1; 32]),
        mime_type: "image/png".into(),
        file_name: None,
    };
    let named = KnownFile { file_name: Some("a.png".into()), ..file.clone() };
    let theirs = KnownFile { company_id: test.other.company, account_id: test.other.account, ..file.clone() };
    store.keep_media_id(&file, "one", test.now().plus(2 * HOUR)).await.unwrap();
    store.keep_media_id(&file, "two", test.now().plus(2 * HOUR)).await.unwrap();
    assert_eq!(store.media_id(&file).await.unwrap().as_deref(), Some("two"));
    for other in [&named, &theirs] {
        assert_eq!(store.media_id(other).await.unwrap(), None);
    }
    store.forget_media_id(&file, "one").await.unwrap();
    assert!(store.media_id(&file).await.unwrap().is_some(), "that was the earlier one");
    test.clock.advance(HOUR + MINUTE);
    assert_eq!(store.media_id(&file).await.unwrap(), None, "it would end before it is sent");
    assert_eq!(store.prune_media_ids(test.now(), 9).await.unwrap(), 0);
    test.clock.advance(HOUR);
    assert_eq!(store.prune_media_ids(test.now(), 9).await.unwrap(), 1);
    store.keep_media_id(&file, "three", test.now().plus(2 * HOUR)).await.unwrap();
    store.forget_media_id(&file, "three").await.unwrap();
    assert_eq!(store.media_id(&file).await.unwrap(), None);
}

/// So many pictures to Ann as one request, with keys from this number on.
async fn album(test: &Test, first: u32) -> Vec<NewSend> {
    let mut all = Vec::new();
    for number in first..first + 3 {
        all.push(NewSend { client_id: Some("album".into()), ..new_picture(test, number).await });
    }
    all
}

fn ids(queued: &[QueuedSend]) -> Vec<MessageId> {
    queued.iter().map(|one| one.message_id).collect()
}

async fn files_of_one_request_are_queued_once_by_its_client_id(test: &Test) {
    let first = test.store.queue_sends(&acme(test), &album(test, 1).await).await.unwrap();
    assert!(first.iter().all(|one| one.is_new) && ids(&first).is_sorted());
    let again = test.store.queue_sends(&acme(test), &album(test, 11).await).await.unwrap();
    assert_eq!((ids(&again), again.iter().any(|one| one.is_new)), (ids(&first), false));
    assert_eq!(swept(test).await, [key(test, 11), key(test, 12), key(test, 13)]);
    assert_eq!(test.store.sent_as(&acme(test), "album").await.unwrap(), ids(&first));
    for one in &first {
        let row = test.store.message(&acme(test), one.message_id).await.unwrap().unwrap();
        assert_eq!(row.message.client_id.as_deref().map(client_id_of), Some("album"));
    }
    test.store.cancel_send(&acme(test), first[0].message_id).await.unwrap();
    let again = test.store.queue_sends(&acme(test), &album(test, 21).await).await.unwrap();
    assert_eq!(ids(&again), ids(&first)[1..], "what was taken back is not sent again");
    let other = test.store.sent_as(&Scope::system(test.other.company), "album").await.unwrap();
    assert!(other.is_empty());
}

async fn one_request_twice_at_once_is_queued_once(test: &Test) {
    let (one, other) = (album(test, 1).await, album(test, 11).await);
    let scope = acme(test);
    let (one, other) =
        tokio::join!(test.store.queue_sends(&scope, &one), test.store.queue_sends(&scope, &other));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(ids(&one), ids(&other));
    assert_ne!(one[0].is_new, other[0].is_new);
    assert_eq!(swept(test).await.len(), 3);
}

async fn file_of_another_type_of_message_is_attached_to_it(test: &Test) {
    let new = NewSend { message_type: MessageType::Template, caption: None, ..new_picture(test, 1).await };
    let queued = test.store.queue_send(&acme(test), &new).await.unwrap();
    let row = test.store.message(&acme(test), queued.message_id).await.unwrap().unwrap();
    assert_eq!((row.media.map(|file| file.id), row.message.media_mime_type), (None, None));
    assert_eq!(
        row.attachments.iter().map(|file| (file.id, file.part)).collect::<Vec<_>>(),
        [(queued.media_id.unwrap(), 1)]
    );
}

on_both!(
    files_of_one_request_are_queued_once_by_its_client_id,
    one_request_twice_at_once_is_queued_once,
    file_of_another_type_of_message_is_attached_to_it,
    queued_file_is_completed_and_keeps_its_bytes,
    file_whose_key_is_not_reserved_any_more_is_refused,
    upload_that_is_given_up_is_swept_at_once,
    checks_of_storage_know_uploads,
    moved_upload_keeps_its_bytes,
    client_id_seen_before_is_the_first_message,
    message_taken_back_goes_with_its_file,
    whatsapps_ids_of_files_are_used_while_they_live,
);
