//! Companies with very many identity changes, and the others beside them.

use mediary_testing::START;

use super::harness::{LIMITS, Test, outbound, plan, renamed};
use super::joins::{close_gate, gate, ingesting, until_waiting};
use super::on_postgres;
use super::races::on_two_nodes;
use super::rows::{Tenant, ann, item, text};
use crate::*;

fn number(number: i64) -> ContactKey {
    ContactKey { wa_id: Some(format!("49155501{number:02}")), ..ContactKey::default() }
}

fn change(tenant: Tenant, id: &str) -> IngestItem {
    renamed(tenant, id, number(1), number(2))
}

/// Runs an identity change of Acme until it is stopped; then a batch with this item of Acme and a message of the other company.
async fn beside_an_identity_change(test: &Test, item_of_acme: IngestItem) {
    let (acme, other) = (test.acme, test.other);
    test.ingest(vec![item(IncomingMessage { contact: ann(), ..outbound(acme, "gate") })]).await;
    let closed = close_gate(test).await;
    let changing = ingesting(test, vec![change(acme, "change"), gate(test)]).await;
    until_waiting(test, 1).await;
    for _ in 0..2 {
        let (body, received_at, scope) = ("{}".into(), START, EventScope::default());
        test.store.inbox_append(NewWebhookEvent { body, received_at, scope, company: None }).await.unwrap();
    }
    let items = [item_of_acme, item(text(other, "hello"))];
    let both = |events: &[WebhookEvent]| {
        let mut all = IngestPlan::default();
        for event in events {
            let place = usize::from(event.id > events[0].id || events.len() == 1);
            all.items.extend(plan(std::slice::from_ref(event), vec![items[place].clone()]).items);
        }
        all
    };
    let beside = test.store.ingest(LIMITS, both).await.unwrap();
    assert_eq!((beside.events, beside.busy), (1, 1));
    assert!(test.find(other, "hello").await.is_some());
    closed.commit().await.unwrap();
    changing.await.unwrap().unwrap();
    let left = test.store.ingest(LIMITS, |events| plan(events, vec![items[0].clone()])).await.unwrap();
    assert_eq!((left.events, left.busy), (1, 0), "it was left for later");
}

async fn message_of_another_company_does_not_wait_for_identity_changes(test: &Test) {
    beside_an_identity_change(test, change(test.acme, "second change")).await;
}

async fn message_of_the_same_company_is_left_while_identities_change(test: &Test) {
    beside_an_identity_change(test, item(text(test.acme, "plain"))).await;
}

/// A webhook of a company, and what it means.
async fn append(test: &Test, tenant: Tenant, bytes: usize, items: Vec<IngestItem>, all: &mut Meanings) {
    let (body, received_at) = (" ".repeat(bytes).into(), START);
    let event =
        NewWebhookEvent { body, received_at, scope: EventScope::default(), company: Some(tenant.company) };
    all.insert(test.store.inbox_append(event).await.unwrap(), items);
}

type Meanings = std::collections::BTreeMap<mediary_core::WebhookEventId, Vec<IngestItem>>;

fn meaning(all: &Meanings) -> impl Fn(&[WebhookEvent]) -> IngestPlan + Send + use<> {
    let all = all.clone();
    move |events: &[WebhookEvent]| {
        let mut planned = IngestPlan::default();
        for event in events {
            let items = all[&event.id].clone();
            planned.items.extend(plan(std::slice::from_ref(event), items).items);
        }
        planned
    }
}

/// While a large webhook is recorded, small ones of its company would wait for its contacts, and with them all others of their batch.
async fn large_webhook_holds_up_neither_other_companies_nor_a_second_ingester(test: &Test) {
    const LARGE: usize = 70 * 1024;
    let (acme, other) = (test.acme, test.other);
    test.ingest(vec![item(IncomingMessage { contact: ann(), ..outbound(acme, "gate") })]).await;
    let closed = close_gate(test).await;
    let mut all = Meanings::new();
    append(test, acme, LARGE, vec![item(text(acme, "large")), gate(test)], &mut all).await;
    append(test, other, 2, vec![item(text(other, "first"))], &mut all).await;
    let (store, large) = (test.store.clone(), meaning(&all));
    let large = tokio::spawn(async move { store.ingest(LIMITS, large).await });
    until_waiting(test, 1).await;
    append(test, acme, 2, vec![item(text(acme, "small"))], &mut all).await;
    append(test, acme, LARGE, vec![item(text(acme, "second"))], &mut all).await;
    let beside = test.store.ingest(LIMITS, meaning(&all)).await.unwrap();
    assert_eq!((beside.events, beside.busy), (1, 1), "the other company's, and the small one is left");
    assert!(test.find(other, "first").await.is_some());
    closed.commit().await.unwrap();
    assert_eq!(large.await.unwrap().unwrap().events, 1, "alone");
    while test.store.inbox_depth().await.unwrap().waiting > 0 {
        test.store.ingest(LIMITS, meaning(&all)).await.unwrap();
    }
    for id in ["large", "small", "second"] {
        assert!(test.find(acme, id).await.is_some(), "{id}");
    }
}

/// The import of a company stands still in the middle of its transaction.
async fn company_that_stays_busy_holds_up_no_other(test: &Test) {
    let (acme, other) = (test.acme, test.other);
    let mut held = test.store.db().begin().await.unwrap();
    let sql = crate::dialect::POSTGRES_SHARE_COMPANY;
    held.all::<(bool,)>(sql, crate::value::args![acme.company]).await.unwrap();
    let mut all = Meanings::new();
    append(test, acme, 2, vec![change(acme, "change")], &mut all).await;
    append(test, other, 2, vec![item(text(other, "hello"))], &mut all).await;
    let outcome = test.store.ingest(LIMITS, meaning(&all)).await.unwrap();
    assert_eq!((outcome.events, outcome.busy), (1, 1));
    assert!(test.find(other, "hello").await.is_some());
    held.commit().await.unwrap();
    let outcome = test.store.ingest(LIMITS, meaning(&all)).await.unwrap();
    assert_eq!((outcome.events, outcome.busy), (1, 0));
}

/// Contacts change their numbers in circles, each message locked by another batch's.
async fn flood_of_identity_changes_never_deadlocks(test: &Test) {
    const PEOPLE: i64 = 6;
    let (acme, other) = (test.acme, test.other);
    let make = move |event: i64| {
        let from =
            |person: i64| IncomingMessage { contact: number(person), ..text(acme, &format!("m{event}")) };
        let moved =
            renamed(acme, &format!("c{event}"), number(event % PEOPLE), number((event * 5 + 1) % PEOPLE));
        vec![item(from((event * 3) % PEOPLE)), moved, item(text(other, &format!("o{event}")))]
    };
    on_two_nodes(test, 120, make).await;
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM messages").await, 360);
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(test.number(deadlocks).await, 0);
}

/// Contacts turn out to be one person in an order that differs from batch to batch.
async fn flood_of_joins_never_deadlocks(test: &Test) {
    const PEOPLE: i64 = 12;
    let acme = test.acme;
    let make = move |event: i64| {
        let round = event / (3 * PEOPLE);
        let of = |place: i64, kind: i64| {
            let person = (place * 5 + event * 7) % PEOPLE;
            let wa_id = (kind != 1).then(|| format!("4915{round}{person:02}"));
            let user_id = (kind != 0).then(|| format!("U{round}-{person}"));
            ContactKey { wa_id, user_id, ..ContactKey::default() }
        };
        let kind = (event / PEOPLE) % 3;
        let message = |place: i64| {
            let id = format!("m{event}-{place}");
            item(IncomingMessage { contact: of(place, kind), ..text(acme, &id) })
        };
        (0..6).map(message).collect()
    };
    on_two_nodes(test, 180, make).await;
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(test.number(deadlocks).await, 0);
}

on_postgres!(
    flood_of_joins_never_deadlocks,
    message_of_another_company_does_not_wait_for_identity_changes,
    large_webhook_holds_up_neither_other_companies_nor_a_second_ingester,
    company_that_stays_busy_holds_up_no_other,
    message_of_the_same_company_is_left_while_identities_change,
    flood_of_identity_changes_never_deadlocks,
);
