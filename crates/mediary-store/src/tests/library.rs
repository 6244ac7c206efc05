//! Files that a company keeps to send them again.

use std::time::Duration;

use mediary_core::{
    ConversationId, DerivationStep, FileType, MediaId, MessageId, MessageType, Retention, ScanStatus, Scope,
    Sha256, StorageBackend, VariantKind, Visibility, limits,
};

use super::harness::Test;
use super::on_both;
use super::sends::{MINUTE, conversation, new_text};
use crate::keys::variant_of;
use crate::*;

const LOCAL: StorageBackend = StorageBackend::Local;
const YEARS: Duration = Duration::from_secs(10 * 365 * 86_400);

fn key(test: &Test, number: u32) -> String {
    format!("media/{}/uploads/{number:032x}", test.acme.company)
}

fn acme(test: &Test) -> Scope {
    Scope::system(test.acme.company)
}

/// A file whose bytes are stored under a reserved key.
async fn new_file(test: &Test, number: u32, name: &str) -> NewLibraryFile {
    test.store.reserve_upload(test.acme.company, LOCAL, &key(test, number)).await.unwrap();
    let file = UploadedFile {
        file_type: FileType::Image,
        mime_type: "image/png".into(),
        detected_mime_type: Some("image/png".into()),
        file_name: None,
        file_size: 77,
        sha256: Sha256([3; 32]),
        voice: false,
        animated: false,
        storage_backend: LOCAL,
        storage_key: key(test, number),
        file_url: "file:///x".into(),
        scan_status: ScanStatus::Unscanned,
    };
    NewLibraryFile { name: name.into(), file, added_by: None }
}

async fn add(test: &Test, new: &NewLibraryFile) -> AddedToLibrary {
    test.store.add_to_library(&acme(test), new, &Actor::command_line()).await.unwrap()
}

async fn added(test: &Test, number: u32, name: &str) -> MediaFile {
    match add(test, &new_file(test, number, name).await).await {
        AddedToLibrary::Added(file) => *file,
        refused => panic!("{refused:?}"),
    }
}

async fn swept(test: &Test) -> Vec<String> {
    test.trash().await.into_iter().map(|gone| gone.key).collect()
}

async fn names(test: &Test, scope: &Scope) -> Vec<String> {
    let page = test.store.library(scope, &PageRequest::default()).await.unwrap();
    page.items.into_iter().filter_map(|file| file.library_name).collect()
}

async fn kept_file_is_listed_derived_and_counted(test: &Test) {
    let prices = added(test, 1, "Prices").await;
    test.clock.advance(MINUTE);
    let logo = added(test, 2, "Logo").await;
    assert_eq!((prices.message_id, prices.conversation_id, prices.account_id), (None, None, None));
    assert_eq!(names(test, &acme(test)).await, ["Logo", "Prices"], "newest first");
    let one = PageRequest { cursor: None, limit: 1 };
    let first = test.store.library(&acme(test), &one).await.unwrap();
    let rest = PageRequest { cursor: first.next, limit: 1 };
    let rest = test.store.library(&acme(test), &rest).await.unwrap();
    assert_eq!((first.items[0].id, rest.items[0].id, rest.next), (logo.id, prices.id, None));
    let media = test.store.media_list(&acme(test), &MediaQuery::default()).await.unwrap();
    assert!(media.items.is_empty(), "it is in no conversation");
    let all = MediaQuery { with_library: true, ..MediaQuery::default() };
    assert_eq!(test.store.media_list(&acme(test), &all).await.unwrap().items.len(), 2);
    let usage = test.store.usage(test.acme.company).await.unwrap();
    assert_eq!((usage[0].files, usage[0].bytes), (2, 154));
    let derived = test.store.claim_derivations("d", DerivationStep::Short, 9, MINUTE).await.unwrap();
    assert!(derived.iter().all(|claim| claim.message_id.is_none()));
    assert_eq!(derived.iter().map(|claim| claim.media_id).collect::<Vec<_>>(), [prices.id, logo.id]);
    test.clock.advance(Duration::from_secs(7200));
    assert!(swept(test).await.is_empty(), "the reservations are gone");
}

async fn name_is_taken_once_until_its_file_is_deleted(test: &Test) {
    let first = added(test, 1, "Prices").await;
    assert!(test.store.library_has(test.acme.company, "Prices").await.unwrap());
    let second = new_file(test, 2, "Prices").await;
    assert!(matches!(add(test, &second).await, AddedToLibrary::NameTaken));
    assert_eq!(swept(test).await, [key(test, 2)], "its bytes go at once");
    let by = Actor::command_line();
    assert!(test.store.remove_from_library(&acme(test), first.id, None, &by).await.unwrap());
    assert!(!test.store.remove_from_library(&acme(test), first.id, None, &by).await.unwrap());
    assert_eq!(swept(test).await, [key(test, 1)]);
    assert!(test.store.library_file(&acme(test), first.id).await.unwrap().is_none());
    assert!(test.store.usage(test.acme.company).await.unwrap().is_empty());
    added(test, 3, "Prices").await;
}

async fn two_at_once_with_one_name_leave_one(test: &Test) {
    let (one, other) = (new_file(test, 1, "Prices").await, new_file(test, 2, "Prices").await);
    let (one, other) = tokio::join!(add(test, &one), add(test, &other));
    let taken = |added: &AddedToLibrary| matches!(added, AddedToLibrary::NameTaken);
    assert_eq!([&one, &other].into_iter().filter(|added| taken(added)).count(), 1, "{one:?} {other:?}");
    assert_eq!(names(test, &acme(test)).await.len(), 1);
    assert_eq!(swept(test).await.len(), 1);
}

async fn library_has_a_limit(test: &Test) {
    let kept = added(test, 1, "Prices").await;
    let more = limits::LIBRARY_FILES - 1;
    let copies = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT n.i + 1 FROM n WHERE n.i < {more})
        INSERT INTO media_files (company_id, policy, file_type, library_name, expires_at, created_at, updated_at)
            SELECT {}, 'store', 'image', 'copy ' || n.i, 0, 0, 0 FROM n",
        kept.company_id
    );
    test.sql(&copies).await.unwrap();
    let last = new_file(test, 2, "One more").await;
    assert!(matches!(add(test, &last).await, AddedToLibrary::Full));
    test.store.remove_from_library(&acme(test), kept.id, None, &Actor::command_line()).await.unwrap();
    added(test, 3, "One more").await;
}

async fn library_is_of_the_whole_company_and_of_no_other(test: &Test) {
    let file = added(test, 1, "Prices").await;
    let stranger = Scope::system(test.other.company);
    let some = Scope::new(test.acme.company, Visibility::Conversations([ConversationId(1)].into()));
    for scope in [&stranger, &some] {
        assert!(names(test, scope).await.is_empty());
        assert!(test.store.library_file(scope, file.id).await.unwrap().is_none());
        let by = Actor::command_line();
        assert!(!test.store.remove_from_library(scope, file.id, None, &by).await.unwrap());
    }
    assert!(!test.store.library_has(test.other.company, "Prices").await.unwrap());
    assert_eq!(names(test, &acme(test)).await, ["Prices"]);
    test.sql(&format!("DELETE FROM companies WHERE id = {}", test.acme.company)).await.unwrap();
    assert!(test.store.media(&acme(test), file.id).await.unwrap().is_none(), "it goes with its company");
}

async fn neither_retention_nor_policy_reaches_the_library(test: &Test) {
    let file = added(test, 1, "Prices").await;
    let ann = conversation(test, test.acme, "491").await;
    test.store.reserve_upload(test.acme.company, LOCAL, &key(test, 2)).await.unwrap();
    let sent = NewSend {
        message_type: MessageType::Image,
        text: None,
        file: Some(UploadedFile { storage_key: key(test, 2), ..new_file(test, 3, "").await.file }),
        ..new_text(ann)
    };
    let sent = test.store.queue_send(&acme(test), &sent).await.unwrap().media_id.unwrap();
    let patch = MediaSettingsPatch {
        retention: Some(Retention::days_after_stored(Some(1)).unwrap()),
        policy: Some(mediary_core::MediaPolicy::Stream),
        ..MediaSettingsPatch::default()
    };
    test.store.update_company_settings(test.acme.company, &patch, &Actor::command_line()).await.unwrap();
    test.clock.advance(YEARS);
    let outlived = async || {
        let batch = test.store.outlived(test.acme.company, None, None, 9).await.unwrap().unwrap();
        batch.found.into_iter().map(|one| one.file.id).collect::<Vec<_>>()
    };
    let to_erase = async || {
        test.store.files_to_erase(test.acme.company, None, MediaId(0), 9).await.unwrap().unwrap().found
    };
    assert_eq!((outlived().await, to_erase().await), (vec![], vec![]), "its message has not left");
    assert!(test.store.delete_past_retention(test.acme.company, &[sent]).await.unwrap().is_empty());
    super::sends::finish(test, &super::sends::claim_one(test).await).await;
    assert_eq!((outlived().await, to_erase().await), (vec![sent], vec![sent]));
    assert!(test.store.delete_past_retention(test.acme.company, &[file.id]).await.unwrap().is_empty());
    assert!(test.store.erase_files(test.acme.company, &[file.id]).await.unwrap().is_empty());
    assert!(
        !test.store.store_lost_file(test.acme.company, file.id, &file.location().unwrap()).await.unwrap()
    );
    assert!(test.store.library_file(&acme(test), file.id).await.unwrap().is_some());
}

async fn checks_and_moves_know_the_library_and_its_variants(test: &Test) {
    let file = added(test, 1, "Prices").await;
    let claim = test.store.claim_derivations("d", DerivationStep::Short, 9, MINUTE).await.unwrap().remove(0);
    let thumb = format!("media/{}/uploads/variants/{}-thumb-00ff", test.acme.company, file.id);
    assert_eq!(variant_of(&thumb), Some(file.id));
    let keys = [thumb.clone()];
    test.store.reserve_variants(test.acme.company, file.id, LOCAL, &keys).await.unwrap();
    let variant = super::derivations::variant(VariantKind::Thumb, &thumb);
    assert!(test.store.finish_derivation(super::derivations::made(&claim, vec![variant])).await.unwrap());
    let found = |key: &str| FoundFile {
        company_id: test.acme.company,
        message_id: MessageId(0),
        key: key.to_owned(),
    };
    let (original, lost) = (found(&key(test, 1)), found(&key(test, 9)));
    let variant = found(&thumb);
    let all = [original.clone(), variant.clone(), lost.clone()];
    let known = test.store.known_files(LOCAL, &all).await.unwrap();
    assert_eq!((known.len(), known.contains(&lost.key)), (2, false));
    for named in [&original, &variant] {
        assert!(!test.store.discard_file(LOCAL, named).await.unwrap(), "{named:?}");
    }
    test.store.remember_untracked(test.acme.company, LOCAL, &all, test.now(), 9).await.unwrap();
    let times = (test.now(), test.now());
    let untracked = test.store.untracked_since(test.acme.company, times, 0, 9).await.unwrap();
    assert_eq!(untracked.into_iter().map(|(_, _, file)| file).collect::<Vec<_>>(), [lost]);
    let bucket = StorageBackend::S3;
    let company = test.acme.company;
    let elsewhere = test.store.files_elsewhere(company, bucket, MediaId(0), 9).await.unwrap().unwrap();
    assert_eq!(elsewhere.found.iter().map(|file| file.id).collect::<Vec<_>>(), [file.id]);
    let to = StoredLocation { backend: bucket, key: key(test, 1), url: "s3://b/k".into() };
    assert!(test.store.file_moved(&file, &to).await.unwrap());
    let by = Actor::command_line();
    assert!(test.store.remove_from_library(&acme(test), file.id, None, &by).await.unwrap());
    test.clock.advance(MINUTE);
    let mut gone = swept(test).await;
    gone.sort();
    gone.dedup();
    assert!(gone.contains(&thumb) && gone.contains(&key(test, 1)), "{gone:?}");
}

on_both!(
    kept_file_is_listed_derived_and_counted,
    name_is_taken_once_until_its_file_is_deleted,
    two_at_once_with_one_name_leave_one,
    library_has_a_limit,
    library_is_of_the_whole_company_and_of_no_other,
    neither_retention_nor_policy_reaches_the_library,
    checks_and_moves_know_the_library_and_its_variants,
);
