//! Edits, revocations and reactions.

use std::time::Duration;

use mediary_core::{DownloadStatus, MessageType, Sha256, Timestamp};
use mediary_testing::START;

use super::harness::{Test, outbound};
use super::on_both;
use super::rows::{Tenant, failed, finished, item, new_media, picture, text};
use crate::*;

fn after(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

pub(super) fn edit(tenant: Tenant, target: &str, text: &str) -> IncomingEdit {
    IncomingEdit {
        company_id: tenant.company,
        account_id: tenant.account,
        target: target.into(),
        timestamp: after(10),
        text: Some(text.into()),
        caption: None,
        media: None,
        raw_payload: "{}".into(),
    }
}

fn media_edit(tenant: Tenant, target: &str, media: NewMedia) -> IncomingEdit {
    IncomingEdit {
        text: None,
        caption: Some("new caption".into()),
        media: Some(media),
        ..edit(tenant, target, "")
    }
}

pub(super) fn revoke(tenant: Tenant, target: &str) -> IngestItem {
    IngestItem::Revoke(IncomingRevoke {
        company_id: tenant.company,
        account_id: tenant.account,
        target: target.into(),
        timestamp: after(20),
    })
}

async fn edit_replaces_the_text(test: &Test) {
    test.ingest(vec![item(text(test.acme, "m1"))]).await;
    let outcome = test.ingest(vec![IngestItem::Edit(edit(test.acme, "m1", "better"))]).await;
    assert_eq!(outcome.changes[0].kind, ChangeKind::MessageUpdated);
    let message = test.message(test.acme, "m1").await.message;
    assert_eq!((message.text.as_deref(), message.edited), (Some("better"), true));
}

async fn newest_edit_stays(test: &Test) {
    test.ingest(vec![item(text(test.acme, "m1"))]).await;
    let late = IncomingEdit { timestamp: after(30), ..edit(test.acme, "m1", "second") };
    test.ingest(vec![IngestItem::Edit(late), IngestItem::Edit(edit(test.acme, "m1", "first"))]).await;
    assert_eq!(test.message(test.acme, "m1").await.message.text.as_deref(), Some("second"));
}

async fn edit_before_its_message_is_applied_when_it_comes(test: &Test) {
    test.ingest(vec![IngestItem::Edit(edit(test.acme, "m1", "better"))]).await;
    test.ingest(vec![item(text(test.acme, "m1"))]).await;
    assert_eq!(test.message(test.acme, "m1").await.message.text.as_deref(), Some("better"));
}

async fn edit_before_the_content_of_a_placeholder_stays(test: &Test) {
    let message_type = MessageType::Unsupported;
    let placeholder =
        IncomingMessage { placeholder: true, message_type, text: None, ..text(test.acme, "m1") };
    test.ingest(vec![item(placeholder)]).await;
    test.ingest(vec![IngestItem::Edit(media_edit(test.acme, "m1", new_media("edited")))]).await;
    test.ingest(vec![item(picture(test.acme, "m1"))]).await;
    let MessageWithMedia { message, media, .. } = test.message(test.acme, "m1").await;
    assert_eq!((message.message_type, message.caption.as_deref()), (MessageType::Image, Some("new caption")));
    assert_eq!(message.provider_media_id.as_deref(), Some("media-edited"));
    assert_eq!(media.unwrap().provider_media_id.as_deref(), Some("media-edited"));
}

async fn repeated_message_does_not_restore_the_file_that_an_edit_replaced(test: &Test) {
    test.picture(test.acme, "m1").await;
    let media = NewMedia { sha256: Some(Sha256([8; 32])), ..new_media("edited") };
    let edit = || IngestItem::Edit(media_edit(test.acme, "m1", media.clone()));
    test.ingest(vec![edit()]).await;
    let claimed = test.claim().await.remove(0);
    let failure = FailedDownload { retryable: false, ..failed(&claimed, None) };
    assert!(test.store.fail_download(&failure).await.unwrap());
    test.ingest(vec![item(picture(test.acme, "m1"))]).await;
    let file = test.media_of(test.acme, "m1").await;
    assert_eq!(file.provider_media_id.as_deref(), Some("media-edited"));
    assert_eq!(file.download_status, DownloadStatus::Failed);
}

async fn edit_with_other_bytes_fetches_them_and_deletes_the_old(test: &Test) {
    let before = test.stored("m1").await;
    let media = NewMedia { sha256: Some(Sha256([8; 32])), ..new_media("edited") };
    let outcome = test.ingest(vec![IngestItem::Edit(media_edit(test.acme, "m1", media))]).await;
    assert!(outcome.downloads_due);
    let MessageWithMedia { message, media, .. } = test.message(test.acme, "m1").await;
    let media = media.unwrap();
    assert_eq!(message.caption.as_deref(), Some("new caption"));
    assert_eq!(message.provider_media_id.as_deref(), Some("media-edited"));
    assert_eq!((media.id, media.download_status), (before.id, DownloadStatus::Pending));
    assert_eq!((media.sha256, media.storage_key, media.declared_sha256), (None, None, Some(Sha256([8; 32]))));
    // Not while it is being fetched: for all one knows here, under the same key.
    let claimed = test.claim().await.remove(0);
    assert!(test.trash().await.is_empty());
    let finished = FinishedDownload { storage_key: "media/new".into(), ..finished(&claimed) };
    assert!(test.store.finish_download(finished).await.unwrap());
    test.clock.advance(Duration::from_secs(60));
    let trash = test.trash().await;
    assert_eq!(Some(&trash[0].key), before.storage_key.as_ref());
    assert_eq!(test.store.trash_done(&[trash[0].id]).await.unwrap(), 1);
    assert!(test.trash().await.is_empty());
}

async fn edit_with_the_same_bytes_keeps_them(test: &Test) {
    test.stored("m1").await;
    let outcome = test.ingest(vec![IngestItem::Edit(media_edit(test.acme, "m1", new_media("edited")))]).await;
    assert!(!outcome.downloads_due);
    let media = test.media_of(test.acme, "m1").await;
    assert_eq!(media.download_status, DownloadStatus::Completed);
    assert_eq!(media.provider_media_id.as_deref(), Some("media-edited"));
}

async fn edit_during_a_download_voids_the_lease(test: &Test) {
    let claimed = test.claimed("m1").await;
    let media = NewMedia { sha256: None, ..new_media("edited") };
    test.ingest(vec![IngestItem::Edit(media_edit(test.acme, "m1", media))]).await;
    assert!(!test.store.finish_download(finished(&claimed)).await.unwrap());
    assert_eq!(test.media_of(test.acme, "m1").await.download_status, DownloadStatus::Pending);
}

async fn revocation_deletes_the_media(test: &Test) {
    let media = test.stored("m1").await;
    let outcome = test.ingest(vec![revoke(test.acme, "m1")]).await;
    let kinds: Vec<ChangeKind> = outcome.changes.iter().map(|change| change.kind).collect();
    assert_eq!(kinds, [ChangeKind::MessageUpdated, ChangeKind::MediaDeleted]);
    let MessageWithMedia { message, media: record, .. } = test.message(test.acme, "m1").await;
    assert!(message.revoked && !record.unwrap().is_active);
    let trash = test.trash().await;
    assert_eq!(Some(&trash[0].key), media.storage_key.as_ref());
    // What was taken back is neither edited nor taken back again.
    test.ingest(vec![IngestItem::Edit(edit(test.acme, "m1", "x")), revoke(test.acme, "m1")]).await;
    assert!(!test.message(test.acme, "m1").await.message.edited);
}

async fn revocation_before_its_message_is_applied_when_it_comes(test: &Test) {
    test.ingest(vec![revoke(test.acme, "m1")]).await;
    test.ingest(vec![item(picture(test.acme, "m1"))]).await;
    let MessageWithMedia { message, media, .. } = test.message(test.acme, "m1").await;
    assert!(message.revoked && !media.unwrap().is_active);
    assert!(test.claim().await.is_empty());
}

fn reaction(message: IncomingMessage, target: &str, emoji: Option<&str>, at: u64) -> IngestItem {
    item(IncomingMessage {
        message_type: MessageType::Reaction,
        text: None,
        unread: false,
        timestamp: after(at),
        reaction: Some(Reaction { target: target.into(), emoji: emoji.map(str::to_owned) }),
        ..message
    })
}

async fn shown(test: &Test) -> Vec<String> {
    let reactions = test.message(test.acme, "m1").await.message.reactions;
    reactions.into_iter().map(|one| format!("{} {}", one.emoji, one.from)).collect()
}

async fn latest_reaction_of_each_person_is_shown(test: &Test) {
    let ann = |id: &str| text(test.acme, id);
    let us = |id: &str| IncomingMessage { sender_phone: Some("+15550001".into()), ..outbound(test.acme, id) };
    test.ingest(vec![item(text(test.acme, "m1")), reaction(ann("r1"), "m1", Some("👍"), 1)]).await;
    let outcome = test.ingest(vec![reaction(us("r2"), "m1", Some("🎉"), 2)]).await;
    assert_eq!(outcome.changes.len(), 1, "{:?}", outcome.changes);
    assert_eq!(shown(test).await, ["👍 +4915550100", "🎉 +15550001"]);
    // One that is older changes nothing, a newer one replaces, an empty one takes back.
    test.ingest(vec![reaction(ann("r3"), "m1", Some("❤"), 3), reaction(ann("r0"), "m1", Some("x"), 0)]).await;
    assert_eq!(shown(test).await, ["🎉 +15550001", "❤ +4915550100"]);
    test.ingest(vec![reaction(us("r4"), "m1", None, 4)]).await;
    assert_eq!(shown(test).await, ["❤ +4915550100"]);
}

async fn reactions_are_not_messages_of_the_thread(test: &Test) {
    test.ingest(vec![item(text(test.acme, "m1")), reaction(text(test.acme, "r1"), "m1", Some("👍"), 5)])
        .await;
    let conversation = test.conversation(test.acme).await;
    assert_eq!(conversation.last_message_at, START);
    assert_eq!(conversation.unread_count, 1);
    assert_eq!(test.thread(test.acme, conversation.id).await, ["m1"]);
}

async fn reaction_before_its_message_is_shown_when_it_comes(test: &Test) {
    test.ingest(vec![reaction(text(test.acme, "r1"), "m1", Some("👍"), 1)]).await;
    test.ingest(vec![item(text(test.acme, "m1"))]).await;
    assert_eq!(shown(test).await, ["👍 +4915550100"]);
}

async fn reaction_that_missed_its_message_is_shown_later(test: &Test) {
    // As two nodes leave it that take message and reaction at the same moment.
    test.ingest(vec![reaction(text(test.acme, "r1"), "elsewhere", Some("👍"), 1)]).await;
    test.ingest(vec![item(text(test.acme, "m1"))]).await;
    for table in ["messages", "waiting_reactions"] {
        let sql = format!("UPDATE {table} SET reaction_target = 'm1' WHERE reaction_target = 'elsewhere'");
        test.sql(&sql).await.unwrap();
    }
    assert!(shown(test).await.is_empty());
    let changes = test.store.apply_waiting_updates(START, 10).await.unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(shown(test).await, ["👍 +4915550100"]);
    assert!(test.store.apply_waiting_updates(START, 10).await.unwrap().is_empty());
}

async fn waiting_reaction_is_removed_once_its_message_came(test: &Test) {
    let notes = async || test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM waiting_reactions").await;
    test.ingest(vec![reaction(text(test.acme, "r1"), "m1", Some("👍"), 1)]).await;
    test.ingest(vec![reaction(text(test.acme, "r2"), "never", Some("👍"), 1)]).await;
    assert_eq!(notes().await, 2);
    test.ingest(vec![item(text(test.acme, "m1"))]).await;
    assert_eq!(notes().await, 1);
    test.clock.advance(Duration::from_secs(1));
    assert_eq!(test.store.prune_message_updates(test.now(), 10).await.unwrap(), 1);
    assert_eq!(notes().await, 0);
}

async fn later_of_two_edits_of_one_second_stays(test: &Test) {
    test.ingest(vec![item(text(test.acme, "m1"))]).await;
    let edit = |text: &str| {
        let raw_payload = format!("{{\"id\":\"{text}\"}}");
        IngestItem::Edit(IncomingEdit { raw_payload, ..edit(test.acme, "m1", text) })
    };
    test.ingest(vec![edit("one")]).await;
    test.ingest(vec![edit("two")]).await;
    assert_eq!(test.message(test.acme, "m1").await.message.text.as_deref(), Some("two"));
    for again in ["two", "one", "two"] {
        assert!(test.ingest(vec![edit(again)]).await.changes.is_empty(), "{again} again changes nothing");
    }
    assert_eq!(test.message(test.acme, "m1").await.message.text.as_deref(), Some("two"));
    test.ingest(vec![revoke(test.acme, "m1"), edit("three")]).await;
    test.ingest(vec![edit("four")]).await;
    assert!(test.message(test.acme, "m1").await.message.revoked);
    assert_ne!(test.message(test.acme, "m1").await.message.text.as_deref(), Some("four"));
}

async fn edits_that_wait_and_come_again_are_applied_once(test: &Test) {
    let edit = |text: &str| {
        let raw_payload = format!("{{\"id\":\"{text}\"}}");
        IngestItem::Edit(IncomingEdit { raw_payload, ..edit(test.acme, "m1", text) })
    };
    test.ingest(vec![edit("one"), edit("two"), edit("one")]).await;
    test.ingest(vec![item(text(test.acme, "m1"))]).await;
    assert_eq!(test.message(test.acme, "m1").await.message.text.as_deref(), Some("two"));
}

async fn edited_caption_keeps_the_file(test: &Test) {
    let before = test.stored("m1").await;
    let caption = IncomingEdit { text: None, caption: Some("new words".into()), ..edit(test.acme, "m1", "") };
    test.ingest(vec![IngestItem::Edit(caption)]).await;
    let MessageWithMedia { message, media, .. } = test.message(test.acme, "m1").await;
    assert_eq!(message.caption.as_deref(), Some("new words"));
    assert_eq!(media.unwrap().storage_key, before.storage_key);
}

on_both!(
    reaction_that_missed_its_message_is_shown_later,
    waiting_reaction_is_removed_once_its_message_came,
    later_of_two_edits_of_one_second_stays,
    edits_that_wait_and_come_again_are_applied_once,
    edited_caption_keeps_the_file,
    edit_replaces_the_text,
    newest_edit_stays,
    edit_before_its_message_is_applied_when_it_comes,
    edit_before_the_content_of_a_placeholder_stays,
    repeated_message_does_not_restore_the_file_that_an_edit_replaced,
    edit_with_other_bytes_fetches_them_and_deletes_the_old,
    edit_with_the_same_bytes_keeps_them,
    edit_during_a_download_voids_the_lease,
    revocation_deletes_the_media,
    revocation_before_its_message_is_applied_when_it_comes,
    latest_reaction_of_each_person_is_shown,
    reactions_are_not_messages_of_the_thread,
    reaction_before_its_message_is_shown_when_it_comes,
);
