//! Statuses of outbound messages.

use std::time::Duration;

use mediary_core::MessageStatus::{self, Delivered, Failed, Played, Read, Sent};
use mediary_testing::START;

use super::harness::{Test, outbound};
use super::on_both;
use super::rows::{Tenant, item, text};
use crate::*;

pub(super) fn status(tenant: Tenant, id: &str, status: MessageStatus) -> IncomingStatus {
    IncomingStatus {
        company_id: tenant.company,
        account_id: tenant.account,
        provider_message_id: id.into(),
        status,
        timestamp: START,
        error: None,
        callback: None,
    }
}

async fn told(test: &Test, statuses: &[MessageStatus]) -> MessageStatus {
    test.ingest(vec![item(outbound(test.acme, "out"))]).await;
    for one in statuses {
        test.ingest(vec![IngestItem::Status(status(test.acme, "out", *one))]).await;
    }
    test.message(test.acme, "out").await.message.status
}

async fn statuses_go_forward_only(test: &Test) {
    assert_eq!(told(test, &[Delivered, Sent, Read, Delivered, Read]).await, Read);
    assert_eq!(told(test, &[Played, Read]).await, Played);
}

async fn furthest_status_of_one_batch_wins(test: &Test) {
    test.ingest(vec![item(outbound(test.acme, "out"))]).await;
    let all = [Read, Sent, Delivered].map(|one| IngestItem::Status(status(test.acme, "out", one)));
    let outcome = test.ingest(all.into()).await;
    assert_eq!(outcome.changes.len(), 1);
    assert_eq!(outcome.changes[0].kind, ChangeKind::MessageUpdated);
    assert_eq!(test.message(test.acme, "out").await.message.status, Read);
    assert!(test.ingest(vec![IngestItem::Status(status(test.acme, "out", Sent))]).await.changes.is_empty());
}

async fn failed_status_says_why(test: &Test) {
    test.ingest(vec![item(outbound(test.acme, "out"))]).await;
    let error = Some((131_026, "not on WhatsApp".to_owned()));
    let failure = IncomingStatus { error, ..status(test.acme, "out", Failed) };
    test.ingest(vec![IngestItem::Status(failure)]).await;
    let message = test.message(test.acme, "out").await.message;
    assert_eq!(message.status, Failed);
    assert_eq!(message.error, Some(MessageError { code: 131_026, message: "not on WhatsApp".into() }));
}

async fn status_before_its_message_is_applied_when_it_comes(test: &Test) {
    for one in [Read, Delivered] {
        let outcome = test.ingest(vec![IngestItem::Status(status(test.acme, "out", one))]).await;
        assert!(outcome.changes.is_empty());
    }
    test.ingest(vec![item(outbound(test.acme, "out"))]).await;
    assert_eq!(test.message(test.acme, "out").await.message.status, Read);
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM message_updates").await, 0);
}

async fn waiting(test: &Test) -> i64 {
    test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM message_updates").await
}

async fn furthest_status_of_a_message_alone_waits(test: &Test) {
    for one in [Sent, Read, Delivered, Sent] {
        test.ingest(vec![IngestItem::Status(status(test.acme, "out", one))]).await;
        assert_eq!(waiting(test).await, 1);
    }
    // In one body, among others' and another company's of the same name.
    let batch = [(test.acme, "b"), (test.acme, "c"), (test.other, "b")]
        .into_iter()
        .flat_map(|(tenant, id)| [Delivered, Sent].map(|one| IngestItem::Status(status(tenant, id, one))));
    test.ingest(batch.collect()).await;
    assert_eq!(waiting(test).await, 4);
    for (id, furthest) in [("out", Read), ("b", Delivered), ("c", Delivered)] {
        test.ingest(vec![item(outbound(test.acme, id))]).await;
        assert_eq!(test.message(test.acme, id).await.message.status, furthest, "{id}");
    }
    assert_eq!(waiting(test).await, 1, "the other company's");
}

/// Two nodes with two ingesters each, and statuses of the same messages in several webhooks.
async fn statuses_that_wait_are_not_lost_between_nodes(test: &Test) {
    let acme = test.acme;
    let statuses = move |event: i64| {
        let one = [Sent, Delivered, Read, Sent, Delivered, Played][event as usize % 6];
        (0..20).map(|n| IngestItem::Status(status(acme, &format!("m{n}"), one))).collect()
    };
    super::races::on_two_nodes(test, 6, statuses).await;
    assert!(waiting(test).await <= 80, "at most one from each of four ingesters");
    test.ingest((0..20).map(|n| item(outbound(test.acme, &format!("m{n}")))).collect()).await;
    for n in 0..20 {
        assert_eq!(test.message(test.acme, &format!("m{n}")).await.message.status, Played, "m{n}");
    }
}

async fn oldest_updates_of_an_account_are_dropped_beyond_the_limit(test: &Test) {
    for n in 0..10 {
        for tenant in [test.acme, test.other] {
            test.ingest(vec![IngestItem::Status(status(tenant, &format!("m{n}"), Read))]).await;
        }
        test.clock.advance(Duration::from_secs(1));
    }
    let since = test.now().minus(Duration::from_secs(60));
    assert_eq!(test.store.bound_message_updates(since, 10, 100).await.unwrap(), 0, "at the limit");
    test.ingest(vec![IngestItem::Status(status(test.acme, "m10", Read))]).await;
    assert_eq!(
        test.store.bound_message_updates(test.now().plus(Duration::from_secs(1)), 10, 100).await.unwrap(),
        0
    );
    assert_eq!(test.store.bound_message_updates(since, 10, 100).await.unwrap(), 1);
    assert_eq!(
        test.store.bound_message_updates(since, 4, 2).await.unwrap(),
        4,
        "two of each account at once"
    );
    test.ingest(["m0", "m10"].map(|id| item(outbound(test.acme, id))).into()).await;
    assert_eq!(test.message(test.acme, "m0").await.message.status, Sent, "it gave way");
    assert_eq!(test.message(test.acme, "m10").await.message.status, Read);
}

async fn status_of_another_company_changes_nothing(test: &Test) {
    test.ingest(vec![item(outbound(test.acme, "out"))]).await;
    test.ingest(vec![IngestItem::Status(status(test.other, "out", Read))]).await;
    assert_eq!(test.message(test.acme, "out").await.message.status, Sent);
}

async fn inbound_message_stays_received(test: &Test) {
    test.ingest(vec![item(text(test.acme, "in"))]).await;
    test.ingest(vec![IngestItem::Status(status(test.acme, "in", Read))]).await;
    assert_eq!(test.message(test.acme, "in").await.message.status, MessageStatus::Received);
}

async fn old_waiting_statuses_are_pruned(test: &Test) {
    test.ingest(vec![IngestItem::Status(status(test.acme, "never", Read))]).await;
    assert_eq!(test.store.prune_message_updates(START, 10).await.unwrap(), 0);
    test.clock.advance(Duration::from_secs(1));
    assert_eq!(test.store.prune_message_updates(test.now(), 10).await.unwrap(), 1);
}

async fn update_that_missed_its_message_is_applied_later(test: &Test) {
    // As two nodes leave it that take message and status at the same moment.
    test.ingest(vec![IngestItem::Status(status(test.acme, "elsewhere", Read))]).await;
    test.ingest(vec![item(outbound(test.acme, "out"))]).await;
    test.sql(
        "UPDATE message_updates SET provider_message_id = 'out', body = REPLACE(body, 'elsewhere', 'out')",
    )
    .await
    .unwrap();
    let changes = test.store.apply_waiting_updates(START, 10).await.unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(test.message(test.acme, "out").await.message.status, Read);
    assert!(test.store.apply_waiting_updates(START, 10).await.unwrap().is_empty());
}

async fn update_that_cannot_be_read_stops_nothing(test: &Test) {
    let statuses = ["out", "other"].map(|id| IngestItem::Status(status(test.acme, id, Read)));
    test.ingest(statuses.into()).await;
    test.sql("UPDATE message_updates SET body = '{}' WHERE provider_message_id = 'out'").await.unwrap();
    test.ingest(vec![IngestItem::Status(status(test.acme, "out", Delivered))]).await;
    test.ingest(["out", "other"].map(|id| item(outbound(test.acme, id))).into()).await;
    assert_eq!(test.message(test.acme, "out").await.message.status, Delivered);
    assert_eq!(test.message(test.acme, "other").await.message.status, Read);
    assert!(test.store.apply_waiting_updates(START, 10).await.unwrap().is_empty());
}

on_both!(
    update_that_cannot_be_read_stops_nothing,
    statuses_go_forward_only,
    furthest_status_of_one_batch_wins,
    failed_status_says_why,
    status_before_its_message_is_applied_when_it_comes,
    furthest_status_of_a_message_alone_waits,
    statuses_that_wait_are_not_lost_between_nodes,
    oldest_updates_of_an_account_are_dropped_beyond_the_limit,
    status_of_another_company_changes_nothing,
    inbound_message_stays_received,
    old_waiting_statuses_are_pruned,
    update_that_missed_its_message_is_applied_later,
);
