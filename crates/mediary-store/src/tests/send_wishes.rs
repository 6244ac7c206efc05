//! What people want of messages of theirs while something else is done to them.

use mediary_core::{MessageStatus, Scope};

use super::harness::Test;
use super::sends::{MINUTE, claim, claim_one, conversation, finish, limits, new_text, queue, status_of};
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

async fn message_that_is_being_sent_cannot_be_taken_back(test: &Test) {
    let ann = conversation(test, test.acme, "491").await;
    let (first, second) = (queue(test, test.acme, ann).await, queue(test, test.acme, ann).await);
    let cancel = async |id| test.store.cancel_send(&acme(test), id).await.unwrap();
    let claimed = claim_one(test).await;
    assert!(matches!(cancel(first).await, CancelledSend::TooLate(_)), "somebody sends it");
    assert!(test.store.mark_asked(&claimed).await.unwrap());
    test.clock.advance(MINUTE);
    assert_eq!(test.store.release_expired_leases(test.now(), 10).await.unwrap(), 1);
    assert!(matches!(cancel(first).await, CancelledSend::TooLate(_)), "it may have been sent");
    assert!(test.store.settle_unknown(&claim_one(test).await).await.unwrap());
    assert!(matches!(cancel(first).await, CancelledSend::TooLate(_)));
    assert!(matches!(cancel(second).await, CancelledSend::Cancelled { .. }));
    let inbound = test.message(test.acme, &format!("of 491 with {}", test.acme.account)).await.message.id;
    assert_eq!(cancel(inbound).await, CancelledSend::NotFound);
}

/// In whichever order, a message is either sent or taken back, and the next one leaves.
async fn claim_and_taking_back_at_once_agree(test: &Test) {
    let ann = conversation(test, test.acme, "491").await;
    let node = test.another_node().await;
    let limits = limits(4);
    for round in 0..30 {
        let (first, second) = (queue(test, test.acme, ann).await, queue(test, test.acme, ann).await);
        let scope = acme(test);
        let (claimed, cancelled) =
            tokio::join!(test.store.claim_sends("sender", &limits), node.cancel_send(&scope, first));
        let is_gone = matches!(cancelled.unwrap(), CancelledSend::Cancelled { .. });
        let mut claimed = claimed.unwrap();
        let was_claimed = claimed.iter().any(|one| one.message_id == first);
        assert!(was_claimed != is_gone, "round {round}");
        while let Some(one) = claimed.pop() {
            finish(test, &one).await;
            claimed.extend(claim(test).await);
        }
        claimed.extend(claim(test).await);
        for one in &claimed {
            finish(test, one).await;
        }
        let sent = status_of(test, second).await;
        assert_eq!(sent, MessageStatus::Accepted, "round {round}");
    }
    node.close().await;
}

on_both!(client_id_of_two_writers_at_once_is_one_message, message_that_is_being_sent_cannot_be_taken_back);
on_postgres!(claim_and_taking_back_at_once_agree);
