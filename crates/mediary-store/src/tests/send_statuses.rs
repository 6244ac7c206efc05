//! What is known of a message whose call had no answer, and statuses that come before the answer or instead of it.

use std::time::Duration;

use mediary_core::MessageStatus::{Accepted, Delivered, Failed, Queued, Read, Sent, Unknown};
use mediary_core::{MessageId, MessageStatus, MessageType, Scope};

use super::harness::Test;
use super::on_both;
use super::rows::{Tenant, item, text};
use super::sends::{LEASE, claim, claim_one, conversation, ids, message, new_text, queue, status_of};
use super::statuses::status;
use crate::*;

/// A status that names a message of ours by its own id.
fn callback(tenant: Tenant, about: MessageId, id: &str, to: MessageStatus) -> IngestItem {
    IngestItem::Status(IncomingStatus { callback: Some(about), ..status(tenant, id, to) })
}

/// The process died after it asked WhatsApp, and its lease was released.
async fn dies(test: &Test) {
    test.clock.advance(LEASE + Duration::from_millis(1));
    assert_eq!(test.store.release_expired_leases(test.now(), 10).await.unwrap(), 1);
}

/// A message that WhatsApp was asked to send.
async fn asked(test: &Test) -> ClaimedSend {
    let ann = conversation(test, test.acme, "491").await;
    queue(test, test.acme, ann).await;
    let claimed = claim_one(test).await;
    assert!(test.store.mark_asked(&claimed).await.unwrap());
    claimed
}

async fn message_whose_call_had_no_answer_is_unknown_and_not_sent_again(test: &Test) {
    let first = asked(test).await;
    dies(test).await;
    let found = claim_one(test).await;
    assert!(found.asked);
    assert!(!test.store.mark_asked(&found).await.unwrap(), "no second call");
    assert!(test.store.settle_unknown(&found).await.unwrap());
    assert_eq!(status_of(test, first.message_id).await, Unknown);
    assert!(claim(test).await.is_empty());
    test.ingest(vec![callback(test.acme, first.message_id, "w1", Delivered)]).await;
    let settled = message(test, test.acme, first.message_id).await;
    assert_eq!((settled.status, settled.provider_message_id.as_deref()), (Delivered, Some("w1")));
    test.ingest(vec![IngestItem::Status(status(test.acme, "w1", Read))]).await;
    assert_eq!(status_of(test, first.message_id).await, Read, "from here on by WhatsApp's id");
    let retried = test.store.retry_send(&Scope::system(test.acme.company), first.message_id).await.unwrap();
    assert_eq!(retried, RetriedSend::Refused(Read));
}

async fn status_that_names_it_settles_what_nobody_holds(test: &Test) {
    let first = asked(test).await;
    let next = queue(test, test.acme, first.conversation_id).await;
    dies(test).await;
    test.ingest(vec![callback(test.acme, first.message_id, "w1", Sent)]).await;
    assert_eq!(ids(&claim(test).await), [next], "the first one is done with");
    assert_eq!(status_of(test, first.message_id).await, Sent);
}

async fn status_that_names_it_waits_for_the_answer(test: &Test) {
    let first = asked(test).await;
    test.ingest(vec![callback(test.acme, first.message_id, "w1", Delivered)]).await;
    let changes = test.store.finish_send(&first, "w1").await.unwrap().unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(status_of(test, first.message_id).await, Delivered, "never backwards");
    let second = asked(test).await;
    test.ingest(vec![callback(test.acme, second.message_id, "w2", Sent)]).await;
    assert!(test.store.fail_send(&second, 1, "timed out").await.unwrap());
    assert_eq!(status_of(test, second.message_id).await, Sent, "it arrived, whatever the call said");
    let third = asked(test).await;
    test.ingest(vec![callback(test.acme, third.message_id, "w3", Sent)]).await;
    assert!(test.store.put_off_send(&third, test.now(), true).await.unwrap());
    assert!(claim(test).await.is_empty(), "it is not sent twice");
}

async fn status_before_the_answer_is_applied_with_it(test: &Test) {
    let first = asked(test).await;
    test.ingest(vec![IngestItem::Status(status(test.acme, "w1", Read))]).await;
    assert_eq!(status_of(test, first.message_id).await, Queued, "nothing says that it is this one");
    assert!(test.store.finish_send(&first, "w1").await.unwrap().is_some());
    assert_eq!(status_of(test, first.message_id).await, Read);
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM message_updates").await, 0);
}

async fn statuses_of_others_settle_nothing(test: &Test) {
    let first = asked(test).await;
    let second_account = super::harness::new_account("two");
    let second_account =
        test.store.add_account(test.acme.company, &second_account, &Actor::command_line()).await.unwrap();
    let second_account = Tenant { account: second_account.id, ..test.acme };
    for stranger in [test.other, second_account] {
        let outcome = test.ingest(vec![callback(stranger, first.message_id, "w1", Delivered)]).await;
        assert!(outcome.changes.is_empty());
    }
    test.ingest(vec![item(text(test.acme, "inbound"))]).await;
    let inbound = test.message(test.acme, "inbound").await.message.id;
    test.ingest(vec![callback(test.acme, inbound, "w2", Delivered)]).await;
    assert_eq!(message(test, test.acme, inbound).await.status, MessageStatus::Received);
    assert_eq!(status_of(test, first.message_id).await, Queued);
    assert!(test.store.finish_send(&first, "w3").await.unwrap().is_some());
}

async fn failure_that_a_status_reports_can_be_tried_again(test: &Test) {
    let scope = Scope::system(test.acme.company);
    let first = asked(test).await;
    let id = first.message_id;
    let failure = IncomingStatus {
        error: Some((131_047, "too late".into())),
        callback: Some(id),
        ..status(test.acme, "w1", Failed)
    };
    assert!(test.store.finish_send(&first, "w1").await.unwrap().is_some());
    test.ingest(vec![IngestItem::Status(failure.clone())]).await;
    assert_eq!(status_of(test, id).await, Failed);
    assert_eq!(test.store.retry_send(&scope, id).await.unwrap(), RetriedSend::Queued(first.conversation_id));
    let again = message(test, test.acme, id).await;
    assert_eq!((again.status, again.error, again.provider_message_id), (Queued, None, None));
    assert_eq!(test.store.retry_send(&scope, id).await.unwrap(), RetriedSend::Refused(Queued));
    test.ingest(vec![IngestItem::Status(failure.clone())]).await;
    assert_eq!(status_of(test, id).await, Queued, "WhatsApp repeats what made somebody try again");
    let second = claim_one(test).await;
    assert!(test.store.mark_asked(&second).await.unwrap());
    test.ingest(vec![IngestItem::Status(failure)]).await;
    assert!(test.store.finish_send(&second, "w2").await.unwrap().is_some());
    let sent = message(test, test.acme, id).await;
    assert_eq!((sent.status, sent.error, sent.provider_message_id), (Accepted, None, Some("w2".into())));
}

async fn unknown_message_that_arrived_is_not_sent_again(test: &Test) {
    let scope = Scope::system(test.acme.company);
    let first = asked(test).await;
    assert!(test.store.settle_unknown(&first).await.unwrap());
    assert!(matches!(test.store.retry_send(&scope, first.message_id).await.unwrap(), RetriedSend::Queued(_)));
    let second = claim_one(test).await;
    assert!(!second.asked && second.attempts == 1);
    test.ingest(vec![callback(test.acme, first.message_id, "w1", Sent)]).await;
    assert!(!test.store.mark_asked(&second).await.unwrap(), "the lease is gone: it arrived the first time");
    assert!(claim(test).await.is_empty());
    assert_eq!(status_of(test, first.message_id).await, Sent);
}

async fn reaction_of_ours_shows_once_it_is_accepted(test: &Test) {
    let ann = conversation(test, test.acme, "491").await;
    let target = format!("of 491 with {}", test.acme.account);
    let shown = async || test.message(test.acme, &target).await.message.reactions;
    let react = async |emoji: Option<&str>| {
        let reaction = Some(Reaction { target: target.clone(), emoji: emoji.map(str::to_owned) });
        let new = NewSend { message_type: MessageType::Reaction, text: None, reaction, ..new_text(ann) };
        test.store.queue_send(&Scope::system(test.acme.company), &new).await.unwrap();
        test.clock.advance(Duration::from_secs(1));
        claim_one(test).await
    };
    let before = test.conversation(test.acme).await;
    let first = react(Some("👍")).await;
    let contact = ContactKey { wa_id: Some("491".into()), ..ContactKey::default() };
    let theirs = IncomingMessage {
        contact,
        message_type: MessageType::Reaction,
        reaction: Some(Reaction { target: target.clone(), emoji: Some("🎉".into()) }),
        ..text(test.acme, "theirs")
    };
    test.ingest(vec![item(theirs)]).await;
    assert_eq!(shown().await.len(), 1, "ours is not there yet");
    let changes = test.store.finish_send(&first, "r1").await.unwrap().unwrap();
    assert_eq!(changes.len(), 2, "the reaction, and the message that it is on");
    let emojis: Vec<String> = shown().await.into_iter().map(|one| one.emoji).collect();
    assert_eq!(emojis.len(), 2);
    let failed = react(Some("👎")).await;
    assert!(test.store.fail_send(&failed, 1, "no").await.unwrap());
    assert!(shown().await.iter().any(|one| one.emoji == "👍"));
    let back = react(None).await;
    assert!(test.store.finish_send(&back, "r2").await.unwrap().is_some());
    assert_eq!(shown().await.len(), 1);
    test.ingest(vec![IngestItem::Status(status(test.acme, "r2", Failed))]).await;
    assert_eq!(shown().await.len(), 2, "what failed after all does not count");
    let after = test.conversation(test.acme).await;
    assert_eq!(after.last_message.unwrap().message.id, before.last_message.unwrap().message.id);
}

async fn reaction_that_is_sent_again_after_another_is_the_one_that_is_shown(test: &Test) {
    let ann = conversation(test, test.acme, "491").await;
    let target = format!("of 491 with {}", test.acme.account);
    let scope = Scope::system(test.acme.company);
    let react = async |emoji: &str| {
        let reaction = Some(Reaction { target: target.clone(), emoji: Some(emoji.to_owned()) });
        let new = NewSend { message_type: MessageType::Reaction, text: None, reaction, ..new_text(ann) };
        test.store.queue_send(&scope, &new).await.unwrap();
        test.clock.advance(Duration::from_secs(1));
        claim_one(test).await
    };
    let first = react("👍").await;
    assert!(test.store.fail_send(&first, 1, "no").await.unwrap());
    let second = react("😂").await;
    assert!(test.store.finish_send(&second, "r2").await.unwrap().is_some());
    test.store.retry_send(&scope, first.message_id).await.unwrap();
    test.clock.advance(Duration::from_secs(1));
    let again = claim_one(test).await;
    assert!(test.store.finish_send(&again, "r1").await.unwrap().is_some());
    let shown = test.message(test.acme, &target).await.message.reactions;
    assert_eq!(shown.iter().map(|one| one.emoji.as_str()).collect::<Vec<_>>(), ["👍"]);
}

on_both!(
    message_whose_call_had_no_answer_is_unknown_and_not_sent_again,
    status_that_names_it_settles_what_nobody_holds,
    status_that_names_it_waits_for_the_answer,
    status_before_the_answer_is_applied_with_it,
    statuses_of_others_settle_nothing,
    failure_that_a_status_reports_can_be_tried_again,
    unknown_message_that_arrived_is_not_sent_again,
    reaction_of_ours_shows_once_it_is_accepted,
    reaction_that_is_sent_again_after_another_is_the_one_that_is_shown,
);
