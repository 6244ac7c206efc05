//! Messages as they arrive.

use std::time::Duration;

use mediary_core::{DownloadStatus, FileType, MediaPolicy, MessageType, Scope, Sha256};
use mediary_testing::START;

use super::harness::{Test, outbound};
use super::on_both;
use super::rows::{ann, failed, item, new_media, picture, text};
use crate::*;

async fn message_is_recorded_with_all_its_parts(test: &Test) {
    let message = IncomingMessage {
        reply_to: Some("before".into()),
        forwarded: true,
        frequently_forwarded: true,
        ..picture(test.acme, "m1")
    };
    let outcome = test.ingest(vec![item(text(test.acme, "before")), item(message)]).await;
    assert!(outcome.downloads_due);

    let MessageWithMedia { message, media, .. } = test.message(test.acme, "m1").await;
    let media = media.unwrap();
    assert_eq!(message.message_type, MessageType::Image);
    assert_eq!(message.caption.as_deref(), Some("a caption"));
    assert_eq!(message.provider_media_id.as_deref(), Some("media-m1"));
    assert_eq!(message.media_mime_type.as_deref(), Some("image/jpeg"));
    assert_eq!(message.sent_at, START);
    assert!(message.forwarded && message.frequently_forwarded);
    assert!(!message.edited && !message.revoked && message.reactions.is_empty());
    let before = test.message(test.acme, "before").await.message;
    let reply_to = ReplyTo { message_id: Some(before.id), provider_message_id: "before".into() };
    assert_eq!(message.reply_to, Some(reply_to));

    assert_eq!((media.message_id, media.conversation_id), (Some(message.id), Some(message.conversation_id)));
    assert_eq!((media.file_type, media.policy), (FileType::Image, MediaPolicy::Store));
    assert_eq!((media.download_status, media.download_attempts), (DownloadStatus::Pending, 0));
    assert_eq!(media.declared_sha256, Some(Sha256([7; 32])));
    assert_eq!(media.next_attempt_at, Some(START));

    let conversation = test.conversation(test.acme).await;
    assert_eq!(conversation.unread_count, 2);
    assert_eq!(conversation.contact.name.as_deref(), Some("Ann Ämter"));
    let last = conversation.last_message.unwrap();
    assert_eq!((last.message.id, last.media.unwrap().id), (message.id, media.id));

    let kinds: Vec<ChangeKind> = outcome.changes.iter().map(|change| change.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == ChangeKind::MessageCreated).count(), 2);
    assert_eq!(kinds.iter().filter(|kind| **kind == ChangeKind::ConversationUpdated).count(), 1);
    assert!(outcome.changes.iter().any(|change| change.media_id == Some(media.id)));
}

async fn message_is_recorded_once_however_often_it_comes(test: &Test) {
    let again = || item(picture(test.acme, "m1"));
    test.ingest(vec![again(), again()]).await;
    let outcome = test.ingest(vec![again(), again(), again()]).await;
    assert!(outcome.changes.is_empty());
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM messages").await, 1);
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM media_files").await, 1);
    assert_eq!(test.conversation(test.acme).await.unread_count, 1);
}

async fn message_id_at_another_account_is_another_message(test: &Test) {
    test.ingest(vec![item(text(test.acme, "m1")), item(text(test.other, "m1"))]).await;
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM messages").await, 2);
    test.conversation(test.acme).await;
    test.conversation(test.other).await;
}

async fn messages_of_many_contacts_are_recorded_in_one_batch(test: &Test) {
    let messages = (0..1000_i64).map(|number| {
        let contact = ContactKey { wa_id: Some(format!("{}", number % 70)), ..ContactKey::default() };
        item(IncomingMessage { contact, ..picture(test.acme, &format!("m{number}")) })
    });
    let outcome = test.ingest(messages.collect()).await;
    let created = outcome.changes.iter().filter(|change| change.kind == ChangeKind::MessageCreated);
    assert_eq!(created.count(), 1000);
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contacts").await, 70);
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM conversations").await, 70);
    assert_eq!(test.number("SELECT CAST(SUM(unread_count) AS BIGINT) FROM conversations").await, 1000);
    let unmatched =
        "SELECT CAST(COUNT(*) AS BIGINT) FROM media_files f JOIN messages m ON m.id = f.message_id
        WHERE f.provider_media_id <> m.provider_media_id OR f.conversation_id <> m.conversation_id";
    assert_eq!(test.number(unmatched).await, 0);
}

async fn newest_message_is_the_last_in_whatever_order_they_come(test: &Test) {
    let at = |id: &str, seconds: u64| {
        item(IncomingMessage { timestamp: START.plus(Duration::from_secs(seconds)), ..text(test.acme, id) })
    };
    test.ingest(vec![at("new", 100), at("same-1", 50)]).await;
    test.ingest(vec![at("old", 10), at("same-2", 50)]).await;
    let conversation = test.conversation(test.acme).await;
    assert_eq!(conversation.last_message.unwrap().message.provider_message_id.as_deref(), Some("new"));
    assert_eq!(conversation.last_message_at, START.plus(Duration::from_secs(100)));
    assert_eq!(test.thread(test.acme, conversation.id).await, ["new", "same-2", "same-1", "old"]);
}

async fn only_inbound_messages_count_as_unread(test: &Test) {
    test.ingest(vec![item(text(test.acme, "in")), item(outbound(test.acme, "out"))]).await;
    let conversation = test.conversation(test.acme).await;
    assert_eq!(conversation.unread_count, 1);
    assert!(test.store.mark_read(&Scope::system(test.acme.company), conversation.id).await.unwrap());
    assert_eq!(test.conversation(test.acme).await.unread_count, 0);
}

async fn placeholder_is_filled_when_its_content_comes(test: &Test) {
    let placeholder = IncomingMessage {
        message_type: MessageType::Unsupported,
        placeholder: true,
        unread: false,
        text: None,
        ..text(test.acme, "m1")
    };
    test.ingest(vec![item(placeholder.clone())]).await;
    let outcome = test.ingest(vec![item(picture(test.acme, "m1"))]).await;
    assert!(outcome.downloads_due);
    let filled = test.message(test.acme, "m1").await;
    assert_eq!(filled.message.message_type, MessageType::Image);
    assert_eq!(filled.media.as_ref().unwrap().provider_media_id.as_deref(), Some("media-m1"));
    assert!(outcome.changes.iter().any(|change| {
        change.kind == ChangeKind::MessageUpdated
            && change.media_id == Some(filled.media.as_ref().unwrap().id)
    }));
    // And stays so when the placeholder comes again.
    assert!(test.ingest(vec![item(placeholder)]).await.changes.is_empty());
    assert_eq!(test.message(test.acme, "m1").await.message.message_type, MessageType::Image);
}

async fn placeholder_and_content_may_come_together(test: &Test) {
    let placeholder = IncomingMessage {
        message_type: MessageType::Unsupported,
        placeholder: true,
        ..text(test.acme, "m1")
    };
    test.ingest(vec![item(placeholder), item(picture(test.acme, "m1")), item(picture(test.acme, "m1"))])
        .await;
    assert!(test.message(test.acme, "m1").await.media.is_some());
}

async fn media_that_was_missing_is_taken_when_it_comes(test: &Test) {
    let without = IncomingMessage { message_type: MessageType::Unsupported, ..text(test.acme, "m1") };
    test.ingest(vec![item(without)]).await;
    test.ingest(vec![item(picture(test.acme, "m1"))]).await;
    let message = test.message(test.acme, "m1").await;
    assert_eq!(message.message.message_type, MessageType::Image);
    assert!(message.media.is_some());
}

async fn media_that_failed_gets_another_chance_when_it_comes_again(test: &Test) {
    let claimed = test.claimed("m1").await;
    let failure = FailedDownload { retryable: false, ..failed(&claimed, None) };
    assert!(test.store.fail_download(&failure).await.unwrap());
    let again = NewMedia { provider_url: Some("https://lookaside.example/2".into()), ..new_media("m1") };
    let outcome =
        test.ingest(vec![item(IncomingMessage { media: Some(again), ..picture(test.acme, "m1") })]).await;
    assert!(outcome.downloads_due);
    let media = test.media_of(test.acme, "m1").await;
    assert_eq!((media.download_status, media.download_attempts), (DownloadStatus::Pending, 0));
    assert_eq!(media.provider_url.as_deref(), Some("https://lookaside.example/2"));
    assert_eq!(media.last_error_code, None);
    assert_eq!(test.claim().await.len(), 1);
}

async fn deleted_media_stays_deleted_when_it_comes_again(test: &Test) {
    let media = test.stored("m1").await;
    assert!(
        test.store.delete_media(test.acme.company, media.id, None, &Actor::command_line()).await.unwrap()
    );
    assert!(test.ingest(vec![item(picture(test.acme, "m1"))]).await.changes.is_empty());
    assert!(!test.media_of(test.acme, "m1").await.is_active);
}

async fn media_is_not_due_under_other_policies(test: &Test) {
    let media = NewMedia { policy: MediaPolicy::OnView, download_now: false, ..new_media("m1") };
    let outcome =
        test.ingest(vec![item(IncomingMessage { media: Some(media), ..picture(test.acme, "m1") })]).await;
    assert!(!outcome.downloads_due);
    assert!(test.claim().await.is_empty());
    assert_eq!(test.media_of(test.acme, "m1").await.next_attempt_at, None);
}

async fn nul_in_a_text_is_storable(test: &Test) {
    let message = IncomingMessage {
        text: Some("a\0b".into()),
        raw_payload: Some("{\"body\":\"a\0b\"}".into()),
        contact: ContactKey { name: Some("A\0nn".into()), ..ann() },
        ..text(test.acme, "m\0")
    };
    test.ingest(vec![item(message)]).await;
    let message = test.message(test.acme, "m\u{FFFD}").await.message;
    assert_eq!(message.text.as_deref(), Some("a\u{FFFD}b"));
    test.ingest(vec![item(picture(test.acme, "p\0"))]).await;
    assert!(test.message(test.acme, "p\u{FFFD}").await.media.is_some());
}

async fn bad_item_writes_nothing_of_its_batch(test: &Test) {
    let event = NewWebhookEvent {
        body: "{}".into(),
        received_at: START,
        scope: EventScope::default(),
        company: None,
    };
    test.store.inbox_append(event).await.unwrap();
    let without_media = IncomingMessage { media: None, ..picture(test.acme, "bad") };
    let items = vec![item(text(test.acme, "good")), item(without_media)];
    let refused = test
        .store
        .ingest(super::harness::LIMITS, |events| super::harness::plan(events, items.clone()))
        .await
        .unwrap_err();
    assert!(refused.is_conflict() && refused.to_string().contains("messages_media_id_check"), "{refused}");
    assert!(test.find(test.acme, "good").await.is_none());
    assert_eq!(test.store.inbox_depth().await.unwrap().waiting, 1);
}

on_both!(
    message_is_recorded_with_all_its_parts,
    message_is_recorded_once_however_often_it_comes,
    message_id_at_another_account_is_another_message,
    messages_of_many_contacts_are_recorded_in_one_batch,
    newest_message_is_the_last_in_whatever_order_they_come,
    only_inbound_messages_count_as_unread,
    placeholder_is_filled_when_its_content_comes,
    placeholder_and_content_may_come_together,
    media_that_was_missing_is_taken_when_it_comes,
    media_that_failed_gets_another_chance_when_it_comes_again,
    deleted_media_stays_deleted_when_it_comes_again,
    media_is_not_due_under_other_policies,
    nul_in_a_text_is_storable,
    bad_item_writes_nothing_of_its_batch,
);
