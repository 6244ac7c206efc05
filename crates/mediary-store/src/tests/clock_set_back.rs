//! A clock that was days ahead and was put right: nothing waits until the days have passed.

use std::time::Duration;

use mediary_core::{DerivationStep, ErrorCode, StorageBackend};

use super::harness::{CLAIM, LIMITS, TOKEN, Test};
use super::plans::{plan, statements};
use super::rows::{failed, item, picture};
use super::sends::{conversation, limits, queue};
use super::{on_both, on_postgres};
use crate::*;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAYS: Duration = Duration::from_secs(2 * 24 * 3600);
const LONGEST: LongestWaits =
    LongestWaits { job: MINUTE, lease: Duration::from_secs(30), pause: HOUR, webhook: HOUR, task: MINUTE };

async fn append(test: &Test) -> mediary_core::WebhookEventId {
    let event = NewWebhookEvent {
        body: "{}".into(),
        received_at: test.now(),
        scope: EventScope::default(),
        company: None,
    };
    test.store.inbox_append(event).await.unwrap()
}

async fn park(test: &Test, id: &str) {
    append(test).await;
    let acme = test.acme;
    let source =
        ItemSource { company_id: acme.company, account_id: acme.account, place: 0, raw: "{}".into() };
    // An image without a media id: the schema says no.
    let bad = item(IncomingMessage { media: None, ..picture(acme, id) });
    let parked = test.store.ingest_in_parts(Turn::New, |events| {
        let (event, source) = (events[0].id, Some(source.clone()));
        IngestPlan { items: vec![PlannedItem { event, item: bad.clone(), source }], ..IngestPlan::default() }
    });
    assert_eq!(parked.await.unwrap().parked, 1);
}

/// Webhooks that are read now.
async fn read(test: &Test, turn: Turn) -> usize {
    let mut seen = 0;
    let later = |events: &[WebhookEvent]| {
        seen = events.len();
        IngestPlan { later: events.iter().map(|event| event.id).collect(), ..IngestPlan::default() }
    };
    match turn {
        Turn::New => test.store.ingest(LIMITS, later).await.map(drop),
        Turn::Failed => test.store.ingest_in_parts(turn, later).await.map(drop),
    }
    .unwrap();
    seen
}

async fn overlong(test: &Test) -> u64 {
    let mut ended = 0;
    loop {
        // One of each kind at a time: the bound holds, and the rest comes with the next call.
        let step = test.store.end_overlong_waits(&LONGEST, 1).await.unwrap();
        if step == 0 {
            return ended;
        }
        ended += step;
    }
}

/// One of each kind waits, as at any time.
async fn everything_waits(test: &Test) {
    let (store, acme) = (&test.store, test.acme);
    for id in ["derived", "being derived"] {
        test.stored(id).await;
    }
    let derivations =
        store.claim_derivations("worker", DerivationStep::Short, 9, LONGEST.lease).await.unwrap();
    let failed_derivation = FailedDerivation {
        company_id: acme.company,
        media_id: derivations[0].media_id,
        lease: derivations[0].lease.clone(),
        version: 1,
        sentence: "no".into(),
        retry_at: Some(test.now().plus(MINUTE)),
    };
    assert!(derivations.len() == 2 && store.fail_derivation(failed_derivation).await.unwrap());
    for wa_id in ["491", "492"] {
        queue(test, acme, conversation(test, acme, wa_id).await).await;
    }
    let sends = store.claim_sends("worker", &SendLimits { lease: LONGEST.lease, ..limits(9) }).await.unwrap();
    assert_eq!(sends.len(), 2);
    assert!(store.put_off_send(&sends[0], test.now().plus(MINUTE), true).await.unwrap());
    for id in ["failed-1", "failed-2"] {
        let claimed = test.claimed(id).await;
        assert!(store.fail_download(&failed(&claimed, Some(test.now().plus(MINUTE)))).await.unwrap());
    }
    test.claimed("leased").await;
    let (code, until) = (ErrorCode::ProviderRateLimited, test.now().plus(HOUR));
    assert!(store.pause_account(acme.company, acme.account, &TOKEN, until, code, "slower").await.unwrap());
    let event = append(test).await;
    store.ingest_failed(event, "no", test.now().plus(HOUR)).await.unwrap();
    park(test, "parked").await;
    store.discard_bytes(acme.company, mediary_core::MediaId(0), StorageBackend::S3, "key").await.unwrap();
    store.trash_failed(&test.trash().await).await.unwrap();
    store.plan_erasing(acme.company, None, &Actor::command_line()).await.unwrap();
    let task = store.due_media_tasks(1).await.unwrap().remove(0);
    store.media_task_put_off(&task, test.now().plus(MINUTE)).await.unwrap();
}

async fn waits_of_a_clock_that_was_ahead_are_over_and_no_others(test: &Test) {
    let store = &test.store;
    everything_waits(test).await;
    assert_eq!(overlong(test).await, 0, "these are as long as they may be");
    test.clock.set_back(DAYS);
    let due = async || {
        let claimed = store.claim_downloads("worker", &CLAIM).await.unwrap().len();
        let tasks = store.due_media_tasks(9).await.unwrap().len();
        let parked = store.due_parked_items(mediary_core::CompanyId(0), 9).await.unwrap().items.len();
        let derivations =
            store.claim_derivations("worker", DerivationStep::Short, 9, LONGEST.lease).await.unwrap().len();
        let sends = store.claim_sends("worker", &limits(9)).await.unwrap().len();
        (claimed, derivations, sends, tasks, parked, read(test, Turn::Failed).await, test.trash().await.len())
    };
    assert_eq!(due().await, (0, 0, 0, 0, 0, 0, 0));
    // Two failed downloads, a lease, an account, a webhook, a parked item, bytes to delete, a task; a derivation that failed and one
    // that runs; a message that was put off and one that is being sent.
    assert_eq!(overlong(test).await, 12);
    assert_eq!(due().await, (3, 2, 2, 1, 1, 1, 1));
}

async fn files_of_an_account_that_pauses_wait_as_long_as_it_does(test: &Test) {
    let (store, acme) = (&test.store, test.acme);
    let claimed = test.claimed("m1").await;
    let until = test.now().plus(HOUR);
    store
        .pause_account(acme.company, acme.account, &TOKEN, until, ErrorCode::ProviderRateLimited, "slower")
        .await
        .unwrap();
    assert!(store.fail_download(&failed(&claimed, Some(until))).await.unwrap());
    assert_eq!(overlong(test).await, 0);
    assert_eq!(test.media_of(acme, "m1").await.next_attempt_at, Some(until));
}

async fn postponed_new_webhooks_are_read_at_once(test: &Test) {
    append(test).await;
    // Often enough to make room for others.
    for _ in 0..4 {
        assert_eq!(read(test, Turn::New).await, 1);
    }
    assert_eq!(read(test, Turn::New).await, 0, "it waits a second");
    test.clock.set_back(DAYS);
    assert_eq!(read(test, Turn::New).await, 1);
}

async fn daily_check_does_not_wait_for_one_in_the_future(test: &Test) {
    let begin = || test.store.storage_check_begin(test.acme.company, test.now().minus(DAYS));
    assert!(begin().await.unwrap());
    test.clock.set_back(MINUTE);
    assert!(!begin().await.unwrap(), "another node's clock may differ by so much");
    test.clock.set_back(DAYS);
    assert!(begin().await.unwrap());
}

/// What lies beyond the longest wait is looked for at the end of an index, not among everything that waits.
async fn overlong_waits_are_found_by_index(test: &Test) {
    for (sql, args) in statements(test.store.end_overlong_waits(&LONGEST, 100)).await {
        let lines = plan(test, &sql, args).await;
        let scan =
            |line: &&String| line.contains("Seq Scan on ") || ["SCAN x", "SCAN j"].contains(&line.as_str());
        let walks = lines.iter().find(scan);
        // Accounts are few.
        let walks = walks.filter(|_| !sql.contains("UPDATE whatsapp_accounts"));
        assert!(walks.is_none(), "{sql}\n{}", lines.join("\n"));
    }
}

async fn valid_leases_are_not_ended_by_another_node(test: &Test) {
    test.claimed("m1").await;
    test.clock.set_back(MINUTE);
    assert_eq!(overlong(test).await, 0, "clocks of nodes differ a little");
}

on_both!(
    waits_of_a_clock_that_was_ahead_are_over_and_no_others,
    files_of_an_account_that_pauses_wait_as_long_as_it_does,
    postponed_new_webhooks_are_read_at_once,
    daily_check_does_not_wait_for_one_in_the_future,
    overlong_waits_are_found_by_index,
);
on_postgres!(valid_leases_are_not_ended_by_another_node);
