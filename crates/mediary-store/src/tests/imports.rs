//! Messages that an older system left.

use std::time::Duration;

use mediary_core::{DownloadStatus, ErrorCode, MediaId, MediaPolicy, MessageStatus, Sha256};
use mediary_testing::START;

use super::harness::{Test, imported_picture, outbound};
use super::on_both;
use super::rows::{WEEK, ann, item, new_media, picture, text};
use crate::*;

const MINUTE: Duration = Duration::from_secs(60);

/// Imports into acme.
async fn import(test: &Test, messages: Vec<IncomingMessage>) -> Vec<bool> {
    test.store.import_messages(test.acme.company, messages).await.unwrap()
}

fn imported(message: IncomingMessage) -> IncomingMessage {
    IncomingMessage { imported: Some(LegacyMedia::default()), unread: false, ..message }
}

/// A picture of an import whose media expires then.
fn expiring(test: &Test, id: &str, after: Duration) -> IncomingMessage {
    let message = imported_picture(test.acme, id);
    let media = NewMedia { expires_at: START.plus(after), ..message.media.clone().unwrap() };
    IncomingMessage { media: Some(media), ..message }
}

async fn imported_messages_count_as_history(test: &Test) {
    let old = IncomingMessage { timestamp: START.minus(WEEK), ..imported(text(test.acme, "old")) };
    let new = IncomingMessage { timestamp: START.minus(MINUTE), ..imported(outbound(test.acme, "new")) };
    assert_eq!(import(test, vec![new, old]).await, [true, true]);
    let conversation = test.conversation(test.acme).await;
    assert_eq!((conversation.unread_count, conversation.last_message_at), (0, START.minus(MINUTE)));
    assert_eq!(test.thread(test.acme, conversation.id).await, ["new", "old"]);
    test.ingest(vec![item(text(test.acme, "live"))]).await;
    assert_eq!(import(test, vec![imported(text(test.acme, "late"))]).await, [true]);
    let conversation = test.conversation(test.acme).await;
    assert_eq!(conversation.unread_count, 1);
}

async fn existing_messages_are_left_alone_by_an_import(test: &Test) {
    test.ingest(vec![item(text(test.acme, "m1")), item(picture(test.other, "m2"))]).await;
    let other_words = |id| IncomingMessage { text: Some("other words".into()), ..text(test.acme, id) };
    let again =
        || vec![imported(other_words("m1")), imported(other_words("m2")), imported(other_words("m2"))];
    assert_eq!(import(test, again()).await, [false, true, false], "another company's are not ours");
    assert_eq!(test.message(test.acme, "m1").await.message.text.as_deref(), Some("text of m1"));
    let before = test.number("SELECT CAST(MAX(updated_at) AS BIGINT) FROM conversations").await;
    test.clock.advance(MINUTE);
    assert_eq!(import(test, again()).await, [false; 3]);
    let after = test.number("SELECT CAST(MAX(updated_at) AS BIGINT) FROM conversations").await;
    assert_eq!(before, after, "a second import changes nothing");
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM messages").await, 3);
}

async fn message_of_another_account_of_the_company_is_not_imported_again(test: &Test) {
    let second = test
        .store
        .add_account(test.acme.company, &super::harness::new_account("second"), &Actor::command_line())
        .await
        .unwrap();
    test.ingest(vec![item(text(test.acme, "m1"))]).await;
    let elsewhere = IncomingMessage { account_id: second.id, ..imported(text(test.acme, "m1")) };
    assert_eq!(import(test, vec![elsewhere]).await, [false]);
}

async fn current_details_of_a_contact_are_kept_by_an_import(test: &Test) {
    test.ingest(vec![item(text(test.acme, "live"))]).await;
    let contact = ContactKey { name: Some("Ann as she was".into()), user_id: Some("U1".into()), ..ann() };
    import(test, vec![imported(IncomingMessage { contact, ..text(test.acme, "old") })]).await;
    let contact = test.conversation(test.acme).await.contact;
    assert_eq!((contact.name.as_deref(), contact.user_id.as_deref()), (Some("Ann Ämter"), Some("U1")));
    let nameless = ContactKey { wa_id: Some("77".into()), ..ContactKey::default() };
    let named = ContactKey { name: Some("Bea".into()), ..nameless.clone() };
    test.ingest(vec![item(IncomingMessage { contact: nameless, ..text(test.acme, "b1") })]).await;
    import(test, vec![imported(IncomingMessage { contact: named, ..text(test.acme, "b2") })]).await;
    let names: Vec<_> = test.conversations(test.acme).await.into_iter().map(|one| one.contact.name).collect();
    assert!(names.contains(&Some("Bea".into())), "{names:?}");
}

async fn imported_media_waits_for_its_id_or_is_due_or_lost(test: &Test) {
    let with_id = imported(picture(test.acme, "due"));
    let lost = expiring(test, "lost", Duration::ZERO);
    assert_eq!(import(test, vec![imported_picture(test.acme, "waits"), with_id, lost]).await, [true; 3]);
    let waits = test.media_of(test.acme, "waits").await;
    assert_eq!((waits.download_status, waits.next_attempt_at), (DownloadStatus::Pending, None));
    let lost = test.media_of(test.acme, "lost").await;
    assert_eq!(lost.download_status, DownloadStatus::Failed);
    assert_eq!((lost.last_error_code, lost.last_error_retryable), (Some(ErrorCode::MediaExpired), false));
    let claimed = test.claim().await;
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].provider_media_id.as_deref(), Some("media-due"));
    let asked = test.store.requeue_download(test.acme.company, waits.id, true).await.unwrap();
    assert!(matches!(asked, RequeueOutcome::None), "there is nothing to ask WhatsApp for");
}

async fn statuses_that_came_before_an_import_are_applied(test: &Test) {
    let read = IncomingStatus {
        company_id: test.acme.company,
        account_id: test.acme.account,
        provider_message_id: "sent".into(),
        status: MessageStatus::Read,
        timestamp: START,
        error: None,
        callback: None,
    };
    test.ingest(vec![IngestItem::Status(read)]).await;
    import(test, vec![imported(outbound(test.acme, "sent"))]).await;
    assert_eq!(test.message(test.acme, "sent").await.message.status, MessageStatus::Read);
}

async fn imported_reaction_finds_its_message_whichever_comes_first(test: &Test) {
    let reaction = IncomingMessage {
        message_type: mediary_core::MessageType::Reaction,
        reaction: Some(Reaction { target: "m1".into(), emoji: Some("👍".into()) }),
        ..text(test.acme, "r1")
    };
    import(test, vec![imported(reaction)]).await;
    import(test, vec![imported(text(test.acme, "m1"))]).await;
    assert_eq!(test.message(test.acme, "m1").await.message.reactions.len(), 1);
}

async fn legacy_rows_are_listed_once_and_nearest_expiry_first(test: &Test) {
    let company = test.acme.company;
    let rows = [("late", MINUTE * 9), ("soon", MINUTE * 3), ("lost", Duration::ZERO)];
    import(test, rows.map(|(id, after)| expiring(test, id, after)).into()).await;
    let first = test.store.legacy_rows(company, None, 1).await.unwrap().remove(0);
    assert_eq!(first.legacy_media_url.as_deref(), Some("media-soon"));
    assert!(first.raw_payload.is_some());
    let after = Some((first.media.expires_at, first.media.id));
    let rest = test.store.legacy_rows(company, after, 10).await.unwrap();
    assert_eq!(rest.len(), 1, "what expired is not looked at");
    assert!(test.store.legacy_rows(test.other.company, None, 10).await.unwrap().is_empty());
    assert!(test.store.legacy_row(test.other.company, first.media.id).await.unwrap().is_none());

    let found = [(first.media.id, "found".to_owned())];
    assert!(test.store.set_provider_media(test.other.company, &found, true).await.unwrap().is_empty());
    let named = test.store.set_provider_media(company, &found, false).await.unwrap();
    assert_eq!(named, [NamedMedia { media_id: first.media.id, due: false }]);
    let message = test.message(test.acme, "soon").await;
    assert_eq!(message.message.provider_media_id.as_deref(), Some("found"));
    assert_eq!(message.media.unwrap().provider_media_id.as_deref(), Some("found"));
    assert!(test.claim().await.is_empty());
    let again = [(first.media.id, "another".to_owned())];
    assert!(test.store.set_provider_media(company, &again, true).await.unwrap().is_empty(), "it has one");
    assert_eq!(test.store.due_for_backfill(Some(company), None, 10).await.unwrap().unwrap().found.len(), 1);

    let late = (rest[0].media.id, "late".to_owned());
    let named = test.store.set_provider_media(company, &[late], true).await.unwrap();
    assert!(named[0].due);
    assert_eq!(test.claim().await.len(), 1);
}

async fn media_with_a_found_id_is_due_only_where_everything_is_kept(test: &Test) {
    let message = imported_picture(test.acme, "m1");
    let media = NewMedia { policy: MediaPolicy::OnView, ..message.media.clone().unwrap() };
    import(test, vec![IncomingMessage { media: Some(media), ..message }]).await;
    let id = test.media_of(test.acme, "m1").await.id;
    let named = test.store.set_provider_media(test.acme.company, &[(id, "x".into())], true).await.unwrap();
    assert_eq!(named, [NamedMedia { media_id: id, due: false }]);
    assert!(test.claim().await.is_empty());
}

async fn webhook_adds_the_media_id_that_an_import_lacked(test: &Test) {
    import(test, vec![imported_picture(test.acme, "m1")]).await;
    let outcome = test.ingest(vec![item(picture(test.acme, "m1")), item(picture(test.acme, "m1"))]).await;
    assert!(outcome.downloads_due);
    let message = test.message(test.acme, "m1").await;
    assert_eq!(message.message.provider_media_id, new_media("m1").provider_media_id);
    assert_eq!(message.media.unwrap().declared_sha256, Some(Sha256([7; 32])));
    assert_eq!(test.claim().await.len(), 1);
    let again = test.ingest(vec![item(picture(test.acme, "m1"))]).await;
    assert!(again.changes.is_empty());
}

async fn imported_message_of_another_company_is_refused(test: &Test) {
    let theirs = imported(text(test.other, "m1"));
    assert!(test.store.import_messages(test.acme.company, vec![theirs]).await.is_err());
    let live = text(test.acme, "m1");
    assert!(test.store.import_messages(test.acme.company, vec![live]).await.is_err());
    assert!(test.store.import_messages(test.acme.company, vec![]).await.unwrap().is_empty());
    assert!(test.store.legacy_row(test.acme.company, MediaId(1)).await.unwrap().is_none());
}

on_both!(
    imported_messages_count_as_history,
    existing_messages_are_left_alone_by_an_import,
    message_of_another_account_of_the_company_is_not_imported_again,
    current_details_of_a_contact_are_kept_by_an_import,
    imported_media_waits_for_its_id_or_is_due_or_lost,
    statuses_that_came_before_an_import_are_applied,
    imported_reaction_finds_its_message_whichever_comes_first,
    legacy_rows_are_listed_once_and_nearest_expiry_first,
    media_with_a_found_id_is_due_only_where_everything_is_kept,
    webhook_adds_the_media_id_that_an_import_lacked,
    imported_message_of_another_company_is_refused,
);
