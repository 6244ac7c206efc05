//! Requests to send that come at one moment: on SQLite they share a transaction, and each ends as it would by itself.

use std::sync::Arc;

use futures_util::future::join_all;
use mediary_core::{
    ConversationId, FileType, MessageType, ScanStatus, Scope, Sha256, StorageBackend, Visibility,
};

use super::harness::Test;
use super::on_both;
use super::rows::Tenant;
use super::sends::{claim, conversation, finish, ids, new_text};
use crate::batch::Commit as _;
use crate::sends::{QueueCommit, SendRequest};
use crate::*;

const LOCAL: StorageBackend = StorageBackend::Local;

fn of(tenant: Tenant) -> Scope {
    Scope::system(tenant.company)
}

fn named(conversation: ConversationId, text: &str) -> NewSend {
    let content = format!("{{\"text\":\"{text}\"}}");
    NewSend { text: Some(text.into()), content, ..new_text(conversation) }
}

/// A picture whose name, key and caption say which one it is. Its key is to be reserved yet.
fn picture(tenant: Tenant, conversation: ConversationId, number: u8) -> NewSend {
    let file = UploadedFile {
        file_type: FileType::Image,
        mime_type: "image/png".into(),
        detected_mime_type: Some("image/png".into()),
        file_name: Some(format!("{number}.png")),
        file_size: 70 + u64::from(number),
        sha256: Sha256([number; 32]),
        voice: false,
        animated: false,
        storage_backend: LOCAL,
        storage_key: format!("media/{}/uploads/{number:032x}", tenant.company),
        file_url: "file:///x".into(),
        scan_status: ScanStatus::Unscanned,
    };
    let caption = Some(format!("picture {number}"));
    let message_type = MessageType::Image;
    NewSend { message_type, text: None, caption, file: Some(file), ..named(conversation, "picture") }
}

async fn reserve(test: &Test, tenant: Tenant, new: &NewSend) {
    let key = &new.file.as_ref().unwrap().storage_key;
    test.store.reserve_upload(tenant.company, LOCAL, key).await.unwrap();
}

/// Queues all of them at once: on SQLite all wait for its writer before the first of them begins.
async fn at_once(test: &Test, requests: &[(Scope, Vec<NewSend>)]) -> Vec<Result<Vec<QueuedSend>>> {
    let holder = match test.store.backend() {
        Backend::Sqlite => Some(test.store.db().begin().await.unwrap()),
        Backend::Postgres => None,
    };
    let is_held = holder.is_some();
    let all = join_all(requests.iter().map(|(scope, all)| test.store.queue_sends(scope, all)));
    let release = async {
        while is_held && test.store.inner.queued.callers() < requests.len() {
            tokio::task::yield_now().await;
        }
        if let Some(holder) = holder {
            holder.roll_back().await;
        }
    };
    tokio::join!(all, release).0
}

async fn requests_of_one_moment_have_each_their_own(test: &Test) {
    let (acme, other) = (test.acme, test.other);
    let (ann, ben) = (conversation(test, acme, "491").await, conversation(test, acme, "492").await);
    let cem = conversation(test, other, "493").await;
    let mut requests = Vec::new();
    for number in 1..=9_u8 {
        let (tenant, to) = [(acme, ann), (other, cem), (acme, ben)][usize::from(number) % 3];
        let new = NewSend { client_id: Some(format!("mine {number}")), ..picture(tenant, to, number) };
        reserve(test, tenant, &new).await;
        requests.push((of(tenant), vec![new]));
    }
    requests.push((of(acme), vec![named(ben, "first"), named(ann, "second")]));
    let queued = at_once(test, &requests).await;
    for ((scope, all), queued) in requests.iter().zip(queued) {
        let queued = queued.unwrap();
        assert_eq!(queued.len(), all.len());
        for (new, one) in all.iter().zip(queued) {
            let row = test.store.message(scope, one.message_id).await.unwrap().unwrap();
            let Destination::Conversation(to) = new.destination else { unreachable!() };
            assert_eq!((one.is_new, one.conversation_id, row.message.conversation_id), (true, to, to));
            assert_eq!((&row.message.text, &row.message.caption), (&new.text, &new.caption));
            assert_eq!(row.message.client_id, new.client_id);
            let key = |file: &UploadedFile| {
                (Some(file.storage_key.clone()), Some(file.sha256), file.file_name.clone())
            };
            let kept = row
                .media
                .as_ref()
                .map(|file| (file.storage_key.clone(), file.sha256, file.file_name.clone()));
            assert_eq!(kept, new.file.as_ref().map(key));
            assert_eq!(one.media_id, row.media.map(|file| file.id));
            let job =
                format!("SELECT id FROM sends WHERE id = {} AND content = '{}'", one.message_id, new.content);
            assert_eq!(test.number(&job).await, one.message_id.0);
        }
    }
    assert_eq!(test.number("SELECT COUNT(*) FROM derivations").await, 9);
    assert_eq!(test.number("SELECT COUNT(*) FROM trash").await, 0, "messages have all keys");
}

async fn messages_of_one_moment_leave_their_conversation_one_by_one(test: &Test) {
    let (ann, ben) = (conversation(test, test.acme, "491").await, conversation(test, test.acme, "492").await);
    let before = test.store.queue_send(&of(test.acme), &new_text(ben)).await.unwrap().message_id;
    let requests: Vec<_> =
        [ann, ben, ann, ben, ann].map(|to| (of(test.acme), vec![new_text(to)])).into_iter().collect();
    let queued: Vec<_> =
        at_once(test, &requests).await.into_iter().map(|one| one.unwrap().remove(0)).collect();
    let of_one = |to: ConversationId| {
        let mut ids: Vec<_> =
            queued.iter().filter(|one| one.conversation_id == to).map(|one| one.message_id).collect();
        ids.sort_unstable();
        ids
    };
    let (of_ann, of_ben) = (of_one(ann), [vec![before], of_one(ben)].concat());
    let awake = "SELECT COUNT(*) FROM sends WHERE due_at IS NOT NULL";
    assert_eq!(test.number(awake).await, 2, "what waits behind another sleeps");
    for at in 0..3 {
        let mut claimed = claim(test).await;
        claimed.sort_by_key(|one| one.conversation_id);
        assert_eq!(ids(&claimed), [of_ann[at], of_ben[at]]);
        for one in &claimed {
            finish(test, one).await;
        }
    }
    let newest = test.conversations(test.acme).await;
    let newest = newest.iter().find(|one| one.id == ann).unwrap().last_message.as_ref().unwrap();
    assert_eq!(newest.message.id, of_ann[2]);
}

async fn bad_request_of_one_moment_fails_alone(test: &Test) {
    let (acme, other) = (test.acme, test.other);
    let (ann, cem) = (conversation(test, acme, "491").await, conversation(test, other, "493").await);
    let called = |name: &str| NewSend { client_id: Some(name.into()), ..named(ann, name) };
    let first = test.store.queue_send(&of(acme), &called("sent before")).await.unwrap().message_id;
    let good = picture(acme, ann, 1);
    reserve(test, acme, &good).await;
    let blind = Scope::new(acme.company, Visibility::Conversations([].into()));
    let sees_ann = Scope::new(acme.company, Visibility::Conversations([ann].into()));
    let requests = [
        (of(acme), vec![named(ann, "good")]),
        (of(acme), vec![named(cem, "of another company")]),
        (of(other), vec![named(cem, "good")]),
        (blind, vec![named(ann, "unseen")]),
        (sees_ann, vec![named(ann, "good")]),
        (of(acme), vec![picture(acme, ann, 2)]),
        (of(acme), vec![good]),
        (of(acme), vec![called("sent before")]),
        (of(acme), vec![called("twice")]),
        (of(acme), vec![called("twice")]),
        (
            of(acme),
            vec![
                named(ann, "no part of it"),
                named(ConversationId(999), "of a conversation that is not there"),
            ],
        ),
    ];
    let queued = at_once(test, &requests).await;
    let are_queued: Vec<bool> = queued.iter().map(Result::is_ok).collect();
    assert_eq!(are_queued, [true, false, true, false, true, false, true, true, true, true, false]);
    for at in [1, 3, 10] {
        assert!(queued[at].as_ref().unwrap_err().is_not_found(), "{at}");
    }
    assert_eq!(
        *queued[5].as_ref().unwrap_err().kind(),
        ErrorKind::Unrecordable,
        "its key was never reserved"
    );
    let known = &queued[7].as_ref().unwrap()[0];
    assert_eq!((known.message_id, known.is_new), (first, false));
    let (one, same) = (&queued[8].as_ref().unwrap()[0], &queued[9].as_ref().unwrap()[0]);
    assert_eq!(one.message_id, same.message_id);
    assert_ne!(one.is_new, same.is_new);
    assert_eq!(test.number("SELECT COUNT(*) FROM sends").await, 6, "five that were new, and the first one");
}

async fn requests_share_a_transaction_and_one_that_cannot_ends_it(test: &Test) {
    let ann = conversation(test, test.acme, "491").await;
    let clock: Arc<dyn mediary_core::Clock> = Arc::new(test.clock.clone());
    let commit = QueueCommit { db: test.store.db().clone(), clock };
    let request = |to| Arc::new(SendRequest { scope: of(test.acme), all: vec![new_text(to)] });
    let queued = commit.commit(vec![request(ann), request(ann), request(ann)]).await.unwrap();
    assert_eq!(queued.concat().len(), 3, "in one transaction");
    let error = commit.commit(vec![request(ann), request(ConversationId(999))]).await.unwrap_err();
    assert!(!error.retryable(), "so each is queued by itself: {error}");
    assert_eq!(test.number("SELECT COUNT(*) FROM sends").await, 3);
}

on_both!(
    requests_of_one_moment_have_each_their_own,
    messages_of_one_moment_leave_their_conversation_one_by_one,
    bad_request_of_one_moment_fails_alone,
    requests_share_a_transaction_and_one_that_cannot_ends_it,
);
