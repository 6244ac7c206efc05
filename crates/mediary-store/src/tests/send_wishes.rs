//! What people want of messages of theirs while something else is done to them.

use mediary_core::{MessageStatus, Scope};

use super::harness::Test;
use super::sends::{
    LEASE, MINUTE, claim, claim_one, conversation, finish, limits, new_text, queue, status_of,
};
use super::{on_both, on_postgres};
use crate::*;

fn acme(test: &Test) -> Scope {
    Scope::system(test.acme.company)
}

async fn client_id_of_two_writers_at_once_is_one_message(test: &Test) {
    let ann = conversation(test, test.acme, "491").await;
    let node = test.another_node().await;
    for round in 0..20 {
        let new = NewSend { client_id: Some(format!("round-{round}")), ..new_text(ann) };
        let scope = acme(test);
        let (one, other) = tokio::join!(test.store.queue_send(&scope, &new), node.queue_send(&scope, &new));
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.message_id, other.message_id);
        assert!(one.is_new != other.is_new, "round {round}");
    }
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM sends").await, 20);
    node.close().await;
}

async fn message_that_whatsapp_was_asked_to_send_cannot_be_taken_back(test: &Test) {
    let ann = conversation(test, test.acme, "491").await;
    let (first, second) = (queue(test, test.acme, ann).await, queue(test, test.acme, ann).await);
    let cancel = async |id| test.store.cancel_send(&acme(test), id).await.unwrap();
    let claimed = claim_one(test).await;
    assert!(test.store.mark_asked(&claimed).await.unwrap());
    assert!(matches!(cancel(first).await, CancelledSend::TooLate(_)), "somebody sends it");
    test.clock.advance(MINUTE);
    assert_eq!(test.store.release_expired_leases(test.now(), 10).await.unwrap(), 1);
    assert!(matches!(cancel(first).await, CancelledSend::TooLate(_)), "it may have been sent");
    assert!(test.store.settle_unknown(&claim_one(test).await).await.unwrap());
    assert!(matches!(cancel(first).await, CancelledSend::TooLate(_)));
    assert!(matches!(cancel(second).await, CancelledSend::Cancelled { .. }));
    let inbound = test.message(test.acme, &format!("of 491 with {}", test.acme.account)).await.message.id;
    assert_eq!(cancel(inbound).await, CancelledSend::NotFound);
}

async fn message_is_taken_back_while_its_file_is_uploaded_and_the_next_one_leaves(test: &Test) {
    let ann = conversation(test, test.acme, "491").await;
    let (first, second) = (queue(test, test.acme, ann).await, queue(test, test.acme, ann).await);
    let uploading = claim_one(test).await;
    assert!(test.store.send_uploading(&uploading).await.unwrap());
    let cancelled = test.store.cancel_send(&acme(test), first).await.unwrap();
    assert!(matches!(cancelled, CancelledSend::Cancelled { .. }));
    assert!(!test.store.renew_send(&uploading, test.now().plus(LEASE)).await.unwrap(), "its holder is told");
    assert!(!test.store.mark_asked(&uploading).await.unwrap(), "and sends nothing");
    assert!(!test.store.put_off_send(&uploading, test.now(), true).await.unwrap());
    assert_eq!(claim_one(test).await.message_id, second);
}

/// In whichever order, a message is either sent or taken back, and the next one leaves.
async fn sending_and_taking_back_at_once_agree(test: &Test) {
    let ann = conversation(test, test.acme, "491").await;
    let node = test.another_node().await;
    let limits = limits(4);
    for round in 0..30 {
        let (first, second) = (queue(test, test.acme, ann).await, queue(test, test.acme, ann).await);
        let scope = acme(test);
        let sending = async {
            let claimed = test.store.claim_sends("sender", &limits).await.unwrap();
            let mut sent = Vec::new();
            for one in claimed {
                if test.store.mark_asked(&one).await.unwrap() {
                    sent.push(one);
                }
            }
            sent
        };
        let (mut sent, cancelled) = tokio::join!(sending, node.cancel_send(&scope, first));
        let is_gone = matches!(cancelled.unwrap(), CancelledSend::Cancelled { .. });
        assert!(sent.iter().any(|one| one.message_id == first) != is_gone, "round {round}");
        while let Some(one) = sent.pop() {
            test.store.finish_send(&one, &format!("sent-{}", one.message_id)).await.unwrap();
        }
        for one in claim(test).await {
            finish(test, &one).await;
        }
        let sent = status_of(test, second).await;
        assert_eq!(sent, MessageStatus::Accepted, "round {round}");
    }
    node.close().await;
}

/// A later one runs when a failed one is wanted again. Neither waits for the other for ever, whichever way the later one comes back.
async fn message_that_is_wanted_again_while_a_later_one_runs_is_sent_with_all_behind_it(test: &Test) {
    for (phone, dies) in [("491", false), ("492", true)] {
        let ann = conversation(test, test.acme, phone).await;
        let (first, second) = (queue(test, test.acme, ann).await, queue(test, test.acme, ann).await);
        let refused = claim_one(test).await;
        assert!(test.store.fail_send(&refused, 131_047, "too late").await.unwrap());
        let running = claim_one(test).await;
        assert_eq!(running.message_id, second);
        assert!(matches!(test.store.retry_send(&acme(test), first).await.unwrap(), RetriedSend::Queued(_)));
        assert!(claim(test).await.is_empty(), "one at a time");
        if dies {
            test.clock.advance(MINUTE);
            assert_eq!(test.store.release_expired_leases(test.now(), 10).await.unwrap(), 1);
        } else {
            assert!(test.store.put_off_send(&running, test.now(), true).await.unwrap());
        }
        let third = queue(test, test.acme, ann).await;
        for expected in [first, second, third] {
            let claimed = claim_one(test).await;
            assert_eq!(claimed.message_id, expected);
            finish(test, &claimed).await;
        }
    }
}

async fn message_that_may_have_left_before_it_was_wanted_again_cannot_be_taken_back(test: &Test) {
    let ann = conversation(test, test.acme, "491").await;
    let message = queue(test, test.acme, ann).await;
    let claimed = claim_one(test).await;
    assert!(test.store.mark_asked(&claimed).await.unwrap());
    test.clock.advance(MINUTE);
    assert_eq!(test.store.release_expired_leases(test.now(), 10).await.unwrap(), 1);
    assert!(test.store.settle_unknown(&claim_one(test).await).await.unwrap());
    assert!(matches!(test.store.retry_send(&acme(test), message).await.unwrap(), RetriedSend::Queued(_)));
    let cancelled = test.store.cancel_send(&acme(test), message).await.unwrap();
    assert!(matches!(cancelled, CancelledSend::TooLate(_)));
}

async fn only_the_message_that_is_asked_for_is_claimed(test: &Test) {
    let ann = conversation(test, test.acme, "491").await;
    let ben = conversation(test, test.acme, "492").await;
    let (_, own) = (queue(test, test.acme, ann).await, queue(test, test.acme, ben).await);
    let only = SendLimits { only: Some(own), ..limits(4) };
    let claimed = test.store.claim_sends("command", &only).await.unwrap();
    assert_eq!(claimed.iter().map(|one| one.message_id).collect::<Vec<_>>(), [own]);
}

on_both!(
    client_id_of_two_writers_at_once_is_one_message,
    message_that_whatsapp_was_asked_to_send_cannot_be_taken_back,
    message_is_taken_back_while_its_file_is_uploaded_and_the_next_one_leaves,
    message_that_is_wanted_again_while_a_later_one_runs_is_sent_with_all_behind_it,
    message_that_may_have_left_before_it_was_wanted_again_cannot_be_taken_back,
    only_the_message_that_is_asked_for_is_claimed,
);
on_postgres!(sending_and_taking_back_at_once_agree);
