//! How many messages of an account begin in a second, on all nodes together.

use std::time::Duration;

use super::harness::Test;
use super::on_both;
use super::sends::{conversation, limits, new_text, queue};
use crate::*;

const SECOND: Duration = Duration::from_secs(1);

async fn begun(test: &Test, node: &str) -> usize {
    let claimed =
        test.store.claim_sends(node, &SendLimits { per_account: 500, ..limits(500) }).await.unwrap();
    for one in &claimed {
        assert!(test.store.mark_asked(one).await.unwrap());
        let wamid = format!("wamid.{}", one.message_id);
        assert!(test.store.finish_send(one, &wamid).await.unwrap().is_some());
    }
    claimed.len()
}

/// So many messages, each in a conversation of its own.
async fn queue_many(test: &Test, messages: usize) {
    for number in 0..messages {
        let with = conversation(test, test.acme, &format!("49{number}")).await;
        queue(test, test.acme, with).await;
    }
}

async fn account_begins_80_messages_a_second_on_all_nodes_together(test: &Test) {
    queue_many(test, 100).await;
    let first = test.store.claim_sends("a", &SendLimits { per_account: 50, ..limits(500) }).await.unwrap();
    assert_eq!(first.len(), 50);
    assert_eq!(begun(test, "b").await, 30);
    assert_eq!(begun(test, "a").await, 0);
    test.clock.advance(SECOND);
    assert_eq!(begun(test, "a").await, 20);
}

async fn account_that_whatsapp_slows_down_sends_half_as_fast_and_recovers(test: &Test) {
    queue_many(test, 130).await;
    let (company, account) = (test.acme.company, test.acme.account);
    // Two refusals of messages that were under way together.
    for _ in 0..2 {
        test.store.slow_down_sends(company, account).await.unwrap();
    }
    assert_eq!(begun(test, "a").await, 40);
    test.clock.advance(SECOND);
    assert_eq!(begun(test, "a").await, 41);
    test.clock.advance(SECOND * 5);
    assert_eq!(begun(test, "a").await, 46);
    let other = test.other;
    let with = conversation(test, other, "491").await;
    let scope = mediary_core::Scope::system(other.company);
    test.store.queue_send(&scope, &new_text(with)).await.unwrap();
    assert_eq!(begun(test, "a").await, 1, "another account has a pace of its own");
}

async fn company_takes_its_share_of_each_process_and_leaves_room_for_others(test: &Test) {
    queue_many(test, 12).await;
    let other = test.other;
    let with = conversation(test, other, "491").await;
    let scope = mediary_core::Scope::system(other.company);
    let few = SendLimits { per_company: 5, ..limits(16) };
    let first = test.store.claim_sends("a", &few).await.unwrap();
    assert_eq!(first.len(), 5);
    test.store.queue_send(&scope, &new_text(with)).await.unwrap();
    let second = test.store.claim_sends("a", &few).await.unwrap();
    assert_eq!(second.iter().map(|one| one.company_id).collect::<Vec<_>>(), [other.company]);
    assert_eq!(test.store.claim_sends("b", &few).await.unwrap().len(), 5);
    assert!(test.store.mark_asked(&first[0]).await.unwrap());
    assert!(test.store.finish_send(&first[0], "wamid.1").await.unwrap().is_some());
    assert_eq!(test.store.claim_sends("a", &few).await.unwrap().len(), 1);
}

on_both!(
    company_takes_its_share_of_each_process_and_leaves_room_for_others,
    account_begins_80_messages_a_second_on_all_nodes_together,
    account_that_whatsapp_slows_down_sends_half_as_fast_and_recovers,
);
