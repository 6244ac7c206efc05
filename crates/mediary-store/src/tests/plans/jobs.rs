//! The plans of what claims and changes jobs.

use std::time::Duration;

use mediary_core::{
    ConversationId, DerivationStep, MediaId, MessageId, MessageStatus, Scope, StorageBackend, VariantKind,
};
use mediary_testing::START;

use super::check;
use crate::tests::harness::Test;
use crate::tests::sends::{limits, new_text};
use crate::tests::statuses::status;
use crate::*;

pub(super) async fn derivations_use_their_indexes(test: &Test) {
    let (company, store) = (test.acme.company, &test.store);
    let (scope, lease) = (Scope::system(company), Duration::from_secs(30));
    check(test, "derivations", true, store.claim_derivations("worker", DerivationStep::Short, 16, lease))
        .await;
    // Of another company, and while others are due.
    test.sql(&format!(
        "UPDATE derivations SET step = 'conversion' WHERE company_id = {}",
        test.other.company
    ))
    .await
    .unwrap();
    for step in DerivationStep::LONG {
        check(test, "long derivations", true, store.claim_derivations("worker", step, 1, lease)).await;
    }
    let for_viewer = store.claim_derivation_for_viewer("worker", company, MediaId(4001), 1, lease);
    check(test, "a viewer's derivation", true, for_viewer).await;
    for which in [QueuedDerivations::Missing { version: 1, of_videos: 1 }, QueuedDerivations::Failed] {
        let queued = store.queue_derivations(company, which, MediaId(5), 100);
        check(test, "derivations queued", true, queued).await;
    }
    // `derivations_left` counts what waits, for a command that somebody looks at: it may read all of it.
    check(test, "variant", true, store.variant(&scope, MediaId(77), VariantKind::Thumb)).await;
    let page: Vec<MediaId> = (1..=50).map(MediaId).collect();
    check(test, "results", true, store.derivation_results(&scope, &page)).await;
    let moves = store.variants_elsewhere(company, StorageBackend::S3, MediaId(5), 100);
    check(test, "variants moved", false, moves).await;
    let found = |number: i64| FoundFile {
        company_id: company,
        message_id: MessageId(number),
        key: format!("media/{company}/{number}/variants/{number}-thumb-00"),
    };
    let found: Vec<FoundFile> = (1..=50).map(found).collect();
    check(test, "known files", true, store.known_files(StorageBackend::Local, &found)).await;
    check(test, "stray variant", true, store.discard_file(StorageBackend::Local, &found[0])).await;
    check(test, "trash", true, store.trash_claim(StorageBackend::Local, 10)).await;
}

pub(super) async fn sends_use_their_indexes(test: &Test) {
    let (company, store) = (test.acme.company, &test.store);
    let scope = Scope::system(company);
    let limits = SendLimits { per_account: 10_000, ..limits(16) };
    check(test, "sends", true, store.claim_sends("worker", &limits)).await;
    if test.store.backend() == Backend::Postgres {
        // The rows of `fill` have ids of their own.
        for table in ["contacts", "conversations", "messages"] {
            test.sql(&format!("ALTER TABLE {table} ALTER COLUMN id RESTART WITH 100000000")).await.unwrap();
        }
    }
    // Of a conversation where many sleep.
    let new = NewSend { client_id: Some("mine".into()), ..new_text(ConversationId(11)) };
    check(test, "queued", true, store.queue_send(&scope, &new)).await;
    check(test, "known client id", true, store.queue_send(&scope, &new)).await;
    check(test, "sent as", true, store.sent_as(&scope, "mine")).await;
    check(test, "newest incoming", true, store.newest_incoming(&scope, ConversationId(7))).await;
    let free = NewSend { client_id: None, ..new_text(ConversationId(7)) };
    let id = store.queue_send(&scope, &free).await.unwrap().message_id;
    let claimed = store.claim_sends("worker", &limits).await.unwrap();
    let claimed = claimed.into_iter().find(|one| one.message_id == id).unwrap();
    check(test, "asked", true, store.mark_asked(&claimed)).await;
    check(test, "put off", true, store.put_off_send(&claimed, START, true)).await;
    let claimed = store.claim_sends("worker", &limits).await.unwrap().remove(0);
    check(test, "sent", true, store.finish_send(&claimed, "sent")).await;
    let number = |wa_id: &str| ContactKey { wa_id: Some(wa_id.into()), ..ContactKey::default() };
    check(test, "answered", true, store.learn_recipient(&claimed, &number("5511987612345"))).await;
    let named = IncomingStatus { callback: Some(id), ..status(test.acme, "named", MessageStatus::Sent) };
    Box::pin(check(test, "named", true, async { Ok(test.ingest(vec![IngestItem::Status(named)]).await) }))
        .await;
    check(test, "again", true, store.retry_send(&scope, id)).await;
    let second = store.queue_send(&scope, &free).await.unwrap().message_id;
    check(test, "taken back", true, store.cancel_send(&scope, second)).await;
    check(test, "several", true, store.queue_sends(&scope, &[new_text(ConversationId(3)), free.clone()]))
        .await;
    let to = Destination::Contact(test.acme.account, number("5215512345678"));
    let opened = NewSend { destination: to, ..free };
    check(test, "opened", true, store.queue_send(&scope, &opened)).await;
    let written = number("525512345678");
    let with = store.conversation_with(&scope, test.acme.account, &written);
    check(test, "conversation with", true, with).await;
    let upload = FoundFile {
        company_id: company,
        message_id: MessageId(0),
        key: format!("media/{company}/uploads/00"),
    };
    check(
        test,
        "known upload",
        true,
        store.known_files(StorageBackend::Local, std::slice::from_ref(&upload)),
    )
    .await;
    check(test, "stray upload", true, store.discard_file(StorageBackend::Local, &upload)).await;
}
