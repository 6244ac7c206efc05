//! The durable inbox.

use std::time::Duration;

use bytes::Bytes;
use mediary_core::{AccountId, CompanyId};
use mediary_testing::START;

use super::harness::{LIMITS, Test};
use super::{on_both, on_postgres};
use crate::value::args;
use crate::*;

fn event(body: &'static str) -> NewWebhookEvent {
    let scope = EventScope { accounts: vec![AccountId(3), AccountId(9)], installation: false };
    NewWebhookEvent { body: Bytes::from_static(body.as_bytes()), received_at: START, scope, company: None }
}

async fn bodies(store: &Store, limits: IngestLimits, keep: bool) -> Vec<String> {
    let mut seen = Vec::new();
    let plan = |events: &[WebhookEvent]| {
        seen.extend(events.iter().map(|event| String::from_utf8(event.body.clone()).unwrap()));
        let later = if keep { events.iter().map(|event| event.id).collect() } else { vec![] };
        IngestPlan { later, ..IngestPlan::default() }
    };
    store.ingest(limits, plan).await.unwrap();
    seen
}

async fn bodies_are_returned_unchanged(test: &Test) {
    let id = test.store.inbox_append(event("a \0 body")).await.unwrap();
    test.clock.advance(Duration::from_secs(2));
    let plan = |events: &[WebhookEvent]| {
        let [event] = events else { panic!("one event") };
        assert_eq!((event.id, &event.body[..], event.attempts), (id, &b"a \0 body"[..], 0));
        assert_eq!(
            event.scope,
            EventScope { accounts: vec![AccountId(3), AccountId(9)], installation: false }
        );
        IngestPlan::default()
    };
    let outcome = test.store.ingest(LIMITS, plan).await.unwrap();
    assert_eq!((outcome.events, outcome.newest_lag), (1, Duration::from_secs(2)));
    assert_eq!(test.store.inbox_depth().await.unwrap(), InboxDepth::default());
}

async fn events_are_taken_once_and_in_order(test: &Test) {
    let all: Vec<_> = (0..100).map(|_| test.store.inbox_append(event("x"))).collect();
    for appended in futures_util::future::join_all(all).await {
        appended.unwrap();
    }
    assert_eq!(test.store.inbox_depth().await.unwrap().waiting, 100);
    let mut ids = Vec::new();
    loop {
        let limits = IngestLimits { events: 30, bytes: 1 << 20 };
        let plan = |events: &[WebhookEvent]| {
            ids.extend(events.iter().map(|event| event.id));
            IngestPlan::default()
        };
        if test.store.ingest(limits, plan).await.unwrap().events == 0 {
            break;
        }
    }
    assert_eq!(ids.len(), 100);
    assert!(ids.is_sorted_by(|a, b| a < b));
}

async fn batch_is_bounded_by_bytes_but_never_empty(test: &Test) {
    for body in ["1111111111", "2222", "3333"] {
        test.store.inbox_append(event(body)).await.unwrap();
    }
    let limits = IngestLimits { events: 10, bytes: 8 };
    assert_eq!(bodies(&test.store, limits, false).await, ["1111111111"]);
    assert_eq!(bodies(&test.store, limits, false).await, ["2222", "3333"]);
}

async fn companies_take_turns_however_much_one_sends(test: &Test) {
    let of = |company, body| NewWebhookEvent { company: Some(company), ..event(body) };
    for body in ["a1", "a2", "a3", "a4", "a5", "a6"] {
        test.store.inbox_append(of(test.acme.company, body)).await.unwrap();
    }
    test.store.inbox_append(of(test.other.company, "b1")).await.unwrap();
    test.store.inbox_append(event("installation")).await.unwrap();
    let limits = |events| IngestLimits { events, bytes: 100 };
    assert_eq!(bodies(&test.store, limits(4), false).await, ["a1", "a2", "b1", "installation"]);
    test.store.inbox_append(of(test.other.company, "b2")).await.unwrap();
    // One by one, too, and by bytes.
    let mut alone = Vec::new();
    for _ in 0..2 {
        let plan = |events: &[WebhookEvent]| {
            alone.extend(events.iter().map(|event| String::from_utf8(event.body.clone()).unwrap()));
            IngestPlan::default()
        };
        test.store.ingest_in_parts(Turn::New, plan).await.unwrap();
    }
    alone.sort();
    assert_eq!(alone, ["a3", "b2"]);
    test.store.inbox_append(of(test.other.company, "b3")).await.unwrap();
    assert_eq!(bodies(&test.store, IngestLimits { events: 9, bytes: 4 }, false).await, ["a4", "b3"]);
    assert_eq!(bodies(&test.store, LIMITS, false).await, ["a5", "a6"]);
}

async fn queues_beyond_those_of_one_batch_have_their_turn_in_the_next(test: &Test) {
    for company in 1..=40 {
        let event = NewWebhookEvent { company: Some(CompanyId(company)), ..event("x") };
        test.store.inbox_append(event.clone()).await.unwrap();
        test.store.inbox_append(event).await.unwrap();
    }
    let limits = IngestLimits { events: 32, bytes: 1000 };
    assert_eq!(bodies(&test.store, limits, false).await.len(), 32);
    bodies(&test.store, IngestLimits { events: 8, bytes: 1000 }, false).await;
    let sql =
        "SELECT CAST(COUNT(DISTINCT queue) AS BIGINT) FROM webhook_events WHERE processed_at IS NOT NULL";
    assert_eq!(test.number(sql).await, 40, "each company had one recorded before any had two");
}

async fn postponed_event_waits_and_the_others_are_processed(test: &Test) {
    let bad = test.store.inbox_append(event("bad")).await.unwrap();
    test.store.inbox_append(event("good")).await.unwrap();
    let again = START.plus(Duration::from_secs(60));
    test.store.ingest_failed(bad, "cannot\0be read", again).await.unwrap();
    assert_eq!(bodies(&test.store, LIMITS, false).await, ["good"]);
    assert_eq!(bodies(&test.store, LIMITS, false).await, [""; 0]);
    assert_eq!(test.store.inbox_depth().await.unwrap().waiting, 1);
    test.clock.advance(Duration::from_secs(60));
    let plan = |events: &[WebhookEvent]| {
        assert_eq!(events[0].attempts, 1);
        IngestPlan::default()
    };
    test.store.inbox_append(event("new")).await.unwrap();
    assert_eq!(bodies(&test.store, LIMITS, false).await, ["new"], "not with what failed");
    assert_eq!(test.store.ingest_in_parts(Turn::Failed, plan).await.unwrap().events, 1);
    assert_eq!(test.store.inbox_depth().await.unwrap().waiting, 0);
}

async fn event_that_panics_ends_no_process_and_writes_nothing(test: &Test) {
    test.store.inbox_append(event("bad")).await.unwrap();
    for together in [true, false] {
        let plan = |events: &[WebhookEvent]| panic!("{} events are a bug", events.len());
        let outcome = match together {
            true => test.store.ingest(LIMITS, plan).await,
            false => test.store.ingest_in_parts(Turn::New, plan).await,
        };
        assert!(outcome.is_err_and(|error| !error.retryable()));
    }
    // The connection is as good as before, and nobody holds the event.
    assert_eq!(bodies(&test.store, LIMITS, false).await, ["bad"]);
}

async fn event_that_ends_each_process_is_set_aside_and_the_others_are_processed(test: &Test) {
    for body in ["deadly", "good"] {
        test.store.inbox_append(event(body)).await.unwrap();
    }
    // Each start ends before anything is recorded.
    for singly in [0, 0, 2, 2] {
        assert_eq!(test.store.begin_backlog(LIMITS).await.unwrap(), singly);
        if singly > 0 {
            test.store.begin_one().await.unwrap();
        }
    }
    assert_eq!(bodies(&test.store, LIMITS, false).await, ["good"]);
    let failed = async || test.store.ingest_in_parts(Turn::Failed, |_| IngestPlan::default()).await.unwrap();
    assert_eq!(failed().await.events, 0, "it waits");
    test.clock.advance(Duration::from_secs(10));
    test.store.put_off_failed_webhooks().await.unwrap();
    assert_eq!(failed().await.events, 0, "the next process begins with others");
    test.clock.advance(Duration::from_secs(10));
    assert_eq!(failed().await.events, 1);
    assert_eq!(test.store.begin_backlog(LIMITS).await.unwrap(), 0);
}

async fn events_locked_by_another_node_are_neither_counted_nor_waited_for(test: &Test) {
    test.store.inbox_append(event("in hand")).await.unwrap();
    let mut tx = test.store.db().begin().await.unwrap();
    tx.execute("UPDATE webhook_events SET attempts = attempts", args![]).await.unwrap();
    for _ in 0..4 {
        assert_eq!(test.store.begin_backlog(LIMITS).await.unwrap(), 0);
        test.store.begin_one().await.unwrap();
    }
    tx.roll_back().await;
    assert_eq!(test.number("SELECT MAX(begun) FROM webhook_events").await, 0);
}

async fn event_can_be_left_for_later(test: &Test) {
    test.store.inbox_append(event("x")).await.unwrap();
    assert_eq!(bodies(&test.store, LIMITS, true).await, ["x"]);
    assert_eq!(bodies(&test.store, LIMITS, false).await, ["x"]);
    assert_eq!(bodies(&test.store, LIMITS, false).await, [""; 0]);
}

async fn processed_events_are_pruned_and_waiting_ones_are_not(test: &Test) {
    test.store.inbox_append(event("old")).await.unwrap();
    bodies(&test.store, LIMITS, false).await;
    test.clock.advance(Duration::from_secs(10));
    test.store.inbox_append(event("waiting")).await.unwrap();
    assert_eq!(test.store.prune_webhook_events(START, 10).await.unwrap(), 0);
    assert_eq!(test.store.prune_webhook_events(test.now(), 10).await.unwrap(), 1);
    assert_eq!(bodies(&test.store, LIMITS, false).await, ["waiting"]);
}

async fn notes_are_kept_with_the_event(test: &Test) {
    let id = test.store.inbox_append(event("x")).await.unwrap();
    let plan = |_: &[WebhookEvent]| IngestPlan {
        notes: vec![(id, "unknown account".into())],
        ..IngestPlan::default()
    };
    test.store.ingest(LIMITS, plan).await.unwrap();
    let noted = "SELECT CAST(COUNT(*) AS BIGINT) FROM webhook_events
        WHERE error = 'unknown account' AND processed_at IS NOT NULL";
    assert_eq!(test.number(noted).await, 1);
}

async fn acknowledged_webhooks_are_there_for_the_next_process(test: &Test) {
    test.store.inbox_append(event("kept")).await.unwrap();
    let next = test.another_node().await;
    assert_eq!(bodies(&next, LIMITS, false).await, ["kept"]);
    next.close().await;
}

async fn closed_store_refuses_webhooks_as_unavailable(test: &Test) {
    let other = test.another_node().await;
    other.close().await;
    let refused = other.inbox_append(event("x")).await.unwrap_err();
    assert!(refused.retryable(), "{refused}");
    assert_eq!(test.store.inbox_depth().await.unwrap().waiting, 0);
}

on_postgres!(events_locked_by_another_node_are_neither_counted_nor_waited_for);
on_both!(
    bodies_are_returned_unchanged,
    events_are_taken_once_and_in_order,
    batch_is_bounded_by_bytes_but_never_empty,
    companies_take_turns_however_much_one_sends,
    queues_beyond_those_of_one_batch_have_their_turn_in_the_next,
    postponed_event_waits_and_the_others_are_processed,
    event_that_panics_ends_no_process_and_writes_nothing,
    event_that_ends_each_process_is_set_aside_and_the_others_are_processed,
    event_can_be_left_for_later,
    processed_events_are_pruned_and_waiting_ones_are_not,
    notes_are_kept_with_the_event,
    acknowledged_webhooks_are_there_for_the_next_process,
    closed_store_refuses_webhooks_as_unavailable,
);

#[tokio::test]
async fn embedded_database_writes_again_after_it_ended_a_transaction_by_itself() {
    let test = Test::on(Backend::Sqlite).await;
    let mut tx = test.store.db().begin().await.unwrap();
    // As SQLite does where the disk is full, or cannot be written.
    tx.execute("ROLLBACK", args![]).await.unwrap();
    tx.commit().await.unwrap_err();
    test.store.inbox_append(event("next")).await.unwrap();
    let mut dropped = test.store.db().begin().await.unwrap();
    dropped.execute("ROLLBACK", args![]).await.unwrap();
    drop(dropped);
    test.store.inbox_append(event("one more")).await.unwrap();
    assert_eq!(test.store.inbox_depth().await.unwrap().waiting, 2);
    test.end().await;
}
