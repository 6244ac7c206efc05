//! Several nodes on one database.

use std::sync::Arc;
use std::time::Duration;

use mediary_core::MessageType;
use mediary_testing::START;

use super::harness::{LIMITS, Test, outbound, plan};
use super::rows::{item, new_company, picture, text};
use super::{joins, on_both, on_postgres};
use crate::value::args;
use crate::*;

/// How long a race may take; on a busy machine it takes some seconds.
const ENDS_WITHIN: Duration = Duration::from_secs(120);

/// What an event means, by its id.
type PlanOfEvent = dyn Fn(i64) -> Vec<IngestItem> + Send + Sync;

/// Ingests one batch after the other until nothing waits.
async fn drain(store: Store, make: Arc<PlanOfEvent>) {
    let limits = IngestLimits { events: 3, ..LIMITS };
    loop {
        let make = make.clone();
        let all = move |events: &[WebhookEvent]| {
            let mut all = IngestPlan::default();
            for event in events {
                all.items.extend(plan(std::slice::from_ref(event), make(event.id.0)).items);
            }
            all
        };
        match store.ingest(limits, all).await {
            Ok(outcome) if outcome.events + outcome.busy == 0 => return,
            Ok(_) => {}
            Err(error) => assert!(error.retryable(), "{error:?}"),
        }
    }
}

pub(super) async fn on_two_nodes(
    test: &Test,
    events: usize,
    make: impl Fn(i64) -> Vec<IngestItem> + Send + Sync + 'static,
) {
    for _ in 0..events {
        let event = NewWebhookEvent {
            body: "{}".into(),
            received_at: START,
            scope: EventScope::default(),
            company: None,
        };
        test.store.inbox_append(event).await.unwrap();
    }
    let make: Arc<PlanOfEvent> = Arc::new(make);
    let nodes = [test.another_node().await, test.another_node().await];
    // Each node has two ingesters, as a process has on Postgres.
    let drains = nodes.iter().chain(&nodes).map(|node| tokio::spawn(drain(node.clone(), make.clone())));
    let drained = tokio::time::timeout(ENDS_WITHIN, futures_util::future::join_all(drains)).await;
    for drained in drained.expect("the nodes should come to an end") {
        drained.unwrap();
    }
    for node in nodes {
        node.close().await;
    }
    assert_eq!(test.store.inbox_depth().await.unwrap().waiting, 0);
}

async fn copies_at_once_are_one_message_with_one_file(test: &Test) {
    let acme = test.acme;
    on_two_nodes(test, 50, move |_| vec![item(picture(acme, "m1")), item(text(acme, "m2"))]).await;
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM messages").await, 2);
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM media_files").await, 1);
    assert_eq!(test.conversation(acme).await.unread_count, 2);
}

async fn nodes_that_record_the_same_new_contacts_agree(test: &Test) {
    let acme = test.acme;
    let make = move |number: i64| {
        let person =
            |number: i64| ContactKey { wa_id: Some(format!("{}", number % 5)), ..ContactKey::default() };
        let message = |id: String, contact| item(IncomingMessage { contact, ..outbound(acme, &id) });
        vec![message(format!("a{number}"), person(number)), message(format!("b{number}"), person(number * 3))]
    };
    on_two_nodes(test, 40, make).await;
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM messages").await, 80);
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contacts").await, 5);
    assert_eq!(test.conversations(acme).await.len(), 5);
}

/// Whichever of the two is written first, neither sees the other.
async fn reaction_and_its_message_at_once_find_each_other(test: &Test) {
    let acme = test.acme;
    test.ingest(vec![item(outbound(acme, "gate"))]).await;
    let message = |target: &str| item(text(acme, target));
    let reaction = |target: &str| {
        let reaction = Some(Reaction { target: target.into(), emoji: Some("👍".into()) });
        let of = text(acme, &format!("on-{target}"));
        item(IncomingMessage { message_type: MessageType::Reaction, reaction, unread: false, ..of })
    };
    joins::one_while_the_other_is_open(test, vec![message("m1")], vec![reaction("m1")]).await;
    joins::one_while_the_other_is_open(test, vec![reaction("m2")], vec![message("m2")]).await;
    for target in ["m1", "m2"] {
        assert!(
            test.message(acme, target).await.message.reactions.is_empty(),
            "the test should miss {target}"
        );
    }
    assert_eq!(test.store.apply_waiting_updates(START, 100).await.unwrap().len(), 2);
    for target in ["m1", "m2"] {
        assert_eq!(test.message(acme, target).await.message.reactions.len(), 1, "{target}");
    }
}

async fn webhooks_are_appended_at_once_from_two_processes(test: &Test) {
    let nodes = [test.another_node().await, test.another_node().await];
    let appends = (0..200).map(|number| {
        let node = nodes[number % 2].clone();
        tokio::spawn(async move {
            let event = NewWebhookEvent {
                body: "{}".into(),
                received_at: START,
                scope: EventScope::default(),
                company: None,
            };
            node.inbox_append(event).await.unwrap()
        })
    });
    let mut ids: Vec<_> =
        futures_util::future::join_all(appends).await.into_iter().map(|id| id.unwrap()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 200);
    assert_eq!(test.store.inbox_depth().await.unwrap().waiting, 200);
    for node in nodes {
        node.close().await;
    }
}

async fn callers_that_go_away_leave_the_database_usable(test: &Test) {
    for number in 0..50 {
        let store = test.store.clone();
        let (company, id) = (test.acme.company, mediary_core::MediaId(1));
        let call =
            tokio::spawn(async move { store.delete_media(company, id, None, &Actor::command_line()).await });
        for _ in 0..number % 7 {
            tokio::task::yield_now().await;
        }
        call.abort();
    }
    test.picture(test.acme, "m1").await;
    assert_eq!(test.claim().await.len(), 1);
}

async fn dropped_transaction_never_happened_and_holds_nothing(test: &Test) {
    let forget = "UPDATE companies SET name = 'forgotten' WHERE id = $1";
    // On Postgres as many as have the pool to themselves; on SQLite there is one at a time.
    let at_once = if test.store.backend() == Backend::Postgres { 8 } else { 1 };
    let started = futures_util::future::join_all((0..at_once).map(|_| test.store.db().begin())).await;
    let mut started: Vec<_> = started.into_iter().map(Result::unwrap).collect();
    started[0].execute(forget, args![test.acme.company]).await.unwrap();
    drop(started);
    // Whichever connection takes it, it is committed.
    let slugs: Vec<_> = (0..at_once).map(|number| format!("after-{number}")).collect();
    for slug in &slugs {
        test.store.add_company(&new_company(slug)).await.unwrap();
    }
    let node = test.another_node().await;
    let companies = node.list_companies().await.unwrap();
    assert!(slugs.iter().all(|slug| companies.iter().any(|company| company.slug == *slug)), "{companies:?}");
    assert!(companies.iter().all(|company| company.name != "forgotten"));
    node.close().await;
}

on_postgres!(reaction_and_its_message_at_once_find_each_other);

on_both!(
    dropped_transaction_never_happened_and_holds_nothing,
    copies_at_once_are_one_message_with_one_file,
    nodes_that_record_the_same_new_contacts_agree,
    webhooks_are_appended_at_once_from_two_processes,
    callers_that_go_away_leave_the_database_usable,
);
