//! Items that cannot be recorded, and webhooks that wait for an account.

use std::time::Duration;

use mediary_core::CompanyId;
use mediary_testing::START;

use super::harness::{LIMITS, Test, new_account};
use super::joins::until_waiting;
use super::plans::statements;
use super::rows::{Tenant, item, picture, text};
use super::{on_both, on_postgres};
use crate::value::args;
use crate::*;

fn source(tenant: Tenant, place: i64) -> ItemSource {
    let raw = format!("{{\"place\":{place}}}");
    ItemSource { company_id: tenant.company, account_id: tenant.account, place, raw }
}

async fn append(test: &Test) -> mediary_core::WebhookEventId {
    let event = NewWebhookEvent {
        body: "{}".into(),
        received_at: START,
        scope: EventScope::default(),
        company: None,
    };
    test.store.inbox_append(event).await.unwrap()
}

/// An image without a media id: the schema says no.
fn bad(tenant: Tenant, id: &str) -> IngestItem {
    item(IncomingMessage { media: None, ..picture(tenant, id) })
}

async fn in_parts(test: &Test, items: Vec<IngestItem>) -> IngestOutcome {
    in_parts_of(test, test.acme, items).await
}

async fn in_parts_of(test: &Test, tenant: Tenant, items: Vec<IngestItem>) -> IngestOutcome {
    let outcome = test.store.ingest_in_parts(Turn::New, |events| {
        let items = items.iter().cloned().zip(0..).map(|(item, place)| PlannedItem {
            event: events[0].id,
            item,
            source: Some(source(tenant, place)),
        });
        IngestPlan { items: items.collect(), ..IngestPlan::default() }
    });
    outcome.await.unwrap()
}

async fn parked(test: &Test) -> Vec<ParkedItem> {
    test.store.parked_items(test.acme.company, &PageRequest::default()).await.unwrap().items
}

async fn due(test: &Test) -> Vec<(CompanyId, i64)> {
    test.store.due_parked_items(CompanyId(0), 10).await.unwrap().items
}

async fn bad_items_alone_are_parked_wherever_they_stand(test: &Test) {
    let acme = test.acme;
    append(test).await;
    let items = (0..20).map(|number| match number {
        0 | 7 | 8 | 19 => bad(acme, &format!("m{number}")),
        _ => item(text(acme, &format!("m{number}"))),
    });
    let outcome = in_parts(test, items.collect()).await;
    assert_eq!((outcome.events, outcome.parked), (1, 4));
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM messages").await, 16);
    assert_eq!(test.store.inbox_depth().await.unwrap().waiting, 0);
    let parked = parked(test).await;
    assert_eq!(parked.iter().map(|item| item.place).collect::<Vec<_>>(), [0, 7, 8, 19]);
    assert!(parked[0].reason.contains("messages_media_id_check"), "{}", parked[0].reason);
    assert!(
        test.store.parked_items(test.other.company, &PageRequest::default()).await.unwrap().items.is_empty()
    );
    assert_eq!(test.store.parked_item_count().await.unwrap(), 4);
}

async fn parked_item_is_retried_with_growing_waits_and_recorded_once_it_can_be(test: &Test) {
    let acme = test.acme;
    append(test).await;
    in_parts(test, vec![item(text(acme, "m0")), bad(acme, "m1")]).await;
    let first = parked(test).await.remove(0);
    let id = first.id;
    assert!(due(test).await.is_empty());
    let soon = Duration::from_secs(2);
    assert_eq!(first.next_attempt_at, Some(test.now().plus(soon)), "perhaps other nodes were in its way");
    let mut waits = Vec::new();
    for _ in 0..3 {
        test.clock.advance(Duration::from_secs(24 * 3600));
        assert_eq!(due(test).await, [(acme.company, id)]);
        let retried = test.store.retry_parked_item(acme.company, id, None, still_bad(acme)).await.unwrap();
        assert!(matches!(retried, Some(ParkedItemOutcome::Refused(_))), "{retried:?}");
        waits.push(parked(test).await[0].next_attempt_at.unwrap().since(test.now()).as_secs());
    }
    assert_eq!(waits, [4, 8, 16]);
    // Its webhook stays as long as it does.
    assert_eq!(test.store.prune_webhook_events(test.now(), 10).await.unwrap(), 0);
    let good = |event: &WebhookEvent, _: i64, _: &str| {
        let planned = PlannedItem { event: event.id, item: item(picture(acme, "m1")), source: None };
        IngestPlan { items: vec![planned], ..IngestPlan::default() }
    };
    assert!(test.store.retry_parked_item(test.other.company, id, None, good).await.unwrap().is_none());
    assert!(test.store.retry_parked_item(acme.company, id, None, good).await.unwrap().is_none(), "not yet");
    test.clock.advance(Duration::from_secs(16));
    let retried = test.store.retry_parked_item(acme.company, id, None, good).await.unwrap();
    assert!(matches!(retried, Some(ParkedItemOutcome::Recorded(_))), "{retried:?}");
    assert!(test.media_of(acme, "m1").await.is_active && parked(test).await.is_empty());
    assert!(test.store.retry_parked_item(acme.company, id, None, good).await.unwrap().is_none());
    assert_eq!(
        test.store.prune_webhook_events(test.now().plus(Duration::from_millis(1)), 10).await.unwrap(),
        1
    );
}

async fn companies_have_their_turn_however_many_items_another_has(test: &Test) {
    append(test).await;
    let many = (0..40).map(|number| bad(test.acme, &format!("m{number}"))).collect();
    in_parts(test, many).await;
    test.clock.advance(Duration::from_secs(1));
    append(test).await;
    in_parts_of(test, test.other, vec![bad(test.other, "late")]).await;
    test.clock.advance(Duration::from_secs(10));
    let look = async |after| test.store.due_parked_items(after, 10).await.unwrap();
    let first = look(CompanyId(0)).await;
    let of = |company| first.items.iter().filter(|(of, _)| *of == company).count();
    assert_eq!((of(test.acme.company), of(test.other.company)), (5, 1), "{first:?}");
    assert_eq!(first.reached, CompanyId(0), "there is no other company");
    // Where the companies are more than a look takes, the next one goes on after the last.
    let one = test.store.due_parked_items(CompanyId(0), 1).await.unwrap();
    let next = test.store.due_parked_items(one.reached, 1).await.unwrap();
    assert_eq!([one.items[0].0, next.items[0].0], [test.acme.company, test.other.company]);
}

async fn permanently_refused_item_waits_for_a_day_each_time(test: &Test) {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let acme = test.acme;
    let refused = |event: &WebhookEvent, place: i64| Unrecordable {
        event: event.id,
        source: source(acme, place),
        reason: "it names nobody".into(),
        lasting: true,
    };
    append(test).await;
    let plan = |events: &[WebhookEvent]| IngestPlan {
        parked: events.iter().map(|event| refused(event, 0)).collect(),
        ..IngestPlan::default()
    };
    assert_eq!(test.store.ingest(LIMITS, plan).await.unwrap().parked, 1);
    for _ in 0..2 {
        let item = parked(test).await.remove(0);
        assert_eq!(item.next_attempt_at, Some(test.now().plus(DAY)));
        test.clock.advance(DAY);
        let plan = |event: &WebhookEvent, place: i64, _: &str| IngestPlan {
            parked: vec![refused(event, place)],
            ..IngestPlan::default()
        };
        let retried = test.store.retry_parked_item(acme.company, item.id, None, plan).await.unwrap();
        assert!(matches!(retried, Some(ParkedItemOutcome::Refused(_))), "{retried:?}");
    }
}

async fn items_without_a_contact_cost_no_search_for_each(test: &Test) {
    let acme = test.acme;
    append(test).await;
    let nameless = |id: &str| item(IncomingMessage { contact: ContactKey::default(), ..picture(acme, id) });
    let mut items: Vec<_> = (0..200).map(|number| nameless(&format!("unknown-{number}"))).collect();
    // The media of a message that the same webhook brings.
    items.extend([item(text(acme, "known")), nameless("known")]);
    let began = statements(async {
        assert_eq!(in_parts(test, items).await.parked, 200);
        Ok(())
    });
    let count = began.await.len();
    assert!(count < 40, "{count} statements");
    assert!(test.media_of(acme, "known").await.is_active);
    assert_eq!(test.store.parked_item_count().await.unwrap(), 200);
}

/// The plan of the item with the bad picture.
fn still_bad(tenant: Tenant) -> impl FnMut(&WebhookEvent, i64, &str) -> IngestPlan + Send {
    move |event, place, raw| {
        assert_eq!((place, raw), (1, "{\"place\":1}"));
        let planned = PlannedItem { event: event.id, item: bad(tenant, "m1"), source: None };
        IngestPlan { items: vec![planned], ..IngestPlan::default() }
    }
}

/// Three nodes try an item that each found due, or that somebody asks each for; what they say of it.
async fn tried_by_three(test: &Test, id: i64, by: Option<&Actor>) -> Vec<Option<ParkedItemOutcome>> {
    let acme = test.acme;
    let mut held = test.store.db().begin().await.unwrap();
    let sql = "SELECT p.id FROM parked_items p WHERE p.company_id = $1 AND p.id = $2 FOR UPDATE";
    held.all::<(i64,)>(sql, args![acme.company, id]).await.unwrap();
    let tries: Vec<_> = (0..3)
        .map(|_| {
            let (store, by) = (test.store.clone(), by.cloned());
            tokio::spawn(async move {
                store.retry_parked_item(acme.company, id, by.as_ref(), still_bad(acme)).await
            })
        })
        .collect();
    until_waiting(test, 3).await;
    held.commit().await.unwrap();
    futures_util::future::join_all(tries).await.into_iter().map(|tried| tried.unwrap().unwrap()).collect()
}

async fn item_that_several_nodes_find_due_is_tried_once(test: &Test) {
    let acme = test.acme;
    append(test).await;
    in_parts(test, vec![item(text(acme, "m0")), bad(acme, "m1")]).await;
    let id = parked(test).await[0].id;
    test.clock.advance(Duration::from_secs(24 * 3600));
    let tried = tried_by_three(test, id, None).await;
    assert_eq!(tried.iter().filter(|tried| tried.is_some()).count(), 1, "{tried:?}");
    assert_eq!(parked(test).await[0].attempts, 1);
    // Each caller is told, and what three asked for at once is written down once.
    let told = tried_by_three(test, id, Some(&Actor::command_line())).await;
    assert!(told.iter().all(|told| matches!(told, Some(ParkedItemOutcome::Refused(_)))), "{told:?}");
    let written = test.number("SELECT COUNT(*) FROM audit_log WHERE action = 'webhook_event.retried'").await;
    assert_eq!(written, i64::from(parked(test).await[0].attempts) - 1);
}

/// Reads the webhook that is due as one that waits for these numbers.
async fn waits_for(test: &Test, numbers: &[&str]) {
    waits(test, numbers, None).await;
}

async fn waits(test: &Test, numbers: &[&str], refused_by: Option<&[u8]>) {
    let outcome = test.store.ingest(LIMITS, |events| {
        let waiting = events.iter().flat_map(|event| {
            let waiting = |number: &&str| WaitingWebhook {
                event: event.id,
                number: (*number).to_owned(),
                refused_by: refused_by.map(<[u8]>::to_vec),
            };
            numbers.iter().map(waiting)
        });
        IngestPlan { waiting: waiting.collect(), ..IngestPlan::default() }
    });
    assert_eq!(outcome.await.unwrap().waiting, numbers.len());
}

async fn webhook_waits_for_its_number_and_is_read_again(test: &Test) {
    append(test).await;
    waits_for(test, &["71", "72"]).await;
    assert_eq!(test.store.inbox_depth().await.unwrap().waiting, 0);
    assert_eq!(test.store.reread_webhooks("").await.unwrap(), RequeuedBatch::default());
    assert_eq!(
        test.store.prune_webhook_events(test.now().plus(Duration::from_secs(1)), 10).await.unwrap(),
        0
    );
    let account =
        test.store.add_account(test.acme.company, &new_account("72"), &Actor::command_line()).await.unwrap();
    assert_eq!(test.store.reread_webhooks("").await.unwrap().webhooks, 1);
    assert_eq!(test.store.inbox_depth().await.unwrap().waiting, 1);
    // Of the other number there is still none; and a disabled account takes nothing in.
    waits_for(test, &["71", "72"]).await;
    let patch =
        AccountPatch { status: Some(mediary_core::AccountStatus::Disabled), ..AccountPatch::default() };
    test.store.update_account(test.acme.company, account.id, &patch, &Actor::command_line()).await.unwrap();
    assert_eq!(test.store.reread_webhooks("").await.unwrap().webhooks, 0);
    assert_eq!(test.store.waiting_webhook_count().await.unwrap(), 2);
    assert_eq!(test.store.prune_waiting_webhooks(START.plus(Duration::from_millis(1)), 10).await.unwrap(), 2);
    assert_eq!(
        test.store.prune_webhook_events(test.now().plus(Duration::from_secs(1)), 10).await.unwrap(),
        1
    );
}

async fn webhook_refused_for_an_account_is_read_again_when_its_secret_changes(test: &Test) {
    append(test).await;
    let new = NewAccount { app_secret: Some(b"mistyped".to_vec()), ..new_account("72") };
    let account = test.store.add_account(test.acme.company, &new, &Actor::command_line()).await.unwrap();
    waits(test, &["72"], Some(b"mistyped")).await;
    assert_eq!(test.store.reread_webhooks("").await.unwrap().webhooks, 0, "nothing has changed");
    let patch = AccountPatch { app_secret: Some(b"right".to_vec()), ..AccountPatch::default() };
    test.store.update_account(test.acme.company, account.id, &patch, &Actor::command_line()).await.unwrap();
    assert_eq!(test.store.reread_webhooks("").await.unwrap().webhooks, 1);
    assert_eq!(test.store.inbox_depth().await.unwrap().waiting, 1);
}

async fn large_webhooks_are_requeued_in_small_batches(test: &Test) {
    for _ in 0..5 {
        let body = vec![b' '; 400 * 1024].into();
        let event = NewWebhookEvent { body, received_at: START, scope: EventScope::default(), company: None };
        test.store.inbox_append(event).await.unwrap();
        waits_for(test, &["72"]).await;
    }
    test.store.add_account(test.acme.company, &new_account("72"), &Actor::command_line()).await.unwrap();
    let mut looks = Vec::new();
    for _ in 0..4 {
        looks.push(test.store.reread_webhooks("").await.unwrap().webhooks);
    }
    assert_eq!(looks, [2, 2, 1, 0]);
}

async fn waiting_numbers_are_read_in_batches(test: &Test) {
    for numbers in (100..700_i64).map(|number| number.to_string()).collect::<Vec<_>>().chunks(100) {
        append(test).await;
        waits_for(test, &numbers.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    test.store.add_account(test.acme.company, &new_account("699"), &Actor::command_line()).await.unwrap();
    let (mut reached, mut looks, mut found) = (String::new(), 0, 0);
    loop {
        let look = test.store.reread_webhooks(&reached).await.unwrap();
        (reached, looks, found) = (look.reached, looks + 1, found + look.webhooks);
        if reached.is_empty() {
            break;
        }
    }
    assert_eq!((looks, found), (3, 1));
}

async fn postponed_event_counts_an_attempt_and_makes_room(test: &Test) {
    append(test).await;
    for attempt in 0..4 {
        let outcome = test.store.ingest(LIMITS, |events| {
            assert_eq!(events[0].attempts, attempt);
            IngestPlan { later: events.iter().map(|event| event.id).collect(), ..IngestPlan::default() }
        });
        assert_eq!(outcome.await.unwrap().events, 0);
    }
    let nothing = test.store.ingest(LIMITS, |events| {
        assert!(events.is_empty());
        IngestPlan::default()
    });
    nothing.await.unwrap();
    test.clock.advance(Duration::from_secs(1));
    assert_eq!(test.store.ingest(LIMITS, |_| IngestPlan::default()).await.unwrap().events, 1);
}

on_postgres!(item_that_several_nodes_find_due_is_tried_once);
on_both!(
    bad_items_alone_are_parked_wherever_they_stand,
    parked_item_is_retried_with_growing_waits_and_recorded_once_it_can_be,
    companies_have_their_turn_however_many_items_another_has,
    permanently_refused_item_waits_for_a_day_each_time,
    items_without_a_contact_cost_no_search_for_each,
    webhook_waits_for_its_number_and_is_read_again,
    webhook_refused_for_an_account_is_read_again_when_its_secret_changes,
    large_webhooks_are_requeued_in_small_batches,
    waiting_numbers_are_read_in_batches,
    postponed_event_counts_an_attempt_and_makes_room,
);
