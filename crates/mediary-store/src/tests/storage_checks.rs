//! The results of storage checks, each company's its own.

use std::time::Duration;

use super::harness::Test;
use super::on_both;
use crate::*;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn result(missing: u64) -> StorageCheckCounts {
    StorageCheckCounts { whole: 7, missing, wrong: 1, untracked: 2, removed: 0, found: "{}".to_owned() }
}

async fn storage_of_a_company_is_checked_by_one_process_at_a_time(test: &Test) {
    let (node, company) = (test.another_node().await, test.acme.company);
    let yesterday = || test.store.now().minus(DAY);
    let (one, other) = tokio::join!(
        test.store.storage_check_begin(company, yesterday()),
        node.storage_check_begin(company, yesterday())
    );
    assert!(one.unwrap() ^ other.unwrap(), "one of them");
    assert!(test.store.storage_check_begin(test.other.company, yesterday()).await.unwrap());
    test.clock.advance(DAY);
    assert!(!test.store.storage_check_begin(company, yesterday()).await.unwrap(), "not yet a day ago");
    test.clock.advance(Duration::from_millis(1));
    assert!(test.store.storage_check_begin(company, yesterday()).await.unwrap());
    node.close().await;
}

async fn result_of_a_check_stays_until_the_next_one(test: &Test) {
    let (store, company) = (&test.store, test.acme.company);
    assert!(store.storage_check(company).await.unwrap().is_none());
    let none = store.storage_checks_overview().await.unwrap();
    assert_eq!((none.missing, none.wrong, none.untracked), (0, 0, 0));
    let created = none.waiting_since.unwrap();
    assert!(created <= store.now());
    store.storage_check_begin(company, store.now()).await.unwrap();
    store.storage_check_end(company, &result(3)).await.unwrap();
    let finished_at = Some(store.now());
    test.clock.advance(2 * DAY);
    store.storage_check_begin(company, store.now().minus(DAY)).await.unwrap();
    let check = store.storage_check(company).await.unwrap().unwrap();
    assert_eq!((check.started_at, check.finished_at, check.missing), (store.now(), finished_at, 3));
    assert!(store.storage_check(test.other.company).await.unwrap().is_none(), "it is nobody else's");
    let waiting_since = store.storage_checks_overview().await.unwrap().waiting_since;
    assert_eq!(waiting_since, Some(created), "a company whose check never ended");
    store.storage_check_begin(test.other.company, store.now()).await.unwrap();
    store.storage_check_end(test.other.company, &result(4)).await.unwrap();
    let all = store.storage_checks_overview().await.unwrap();
    assert_eq!((all.missing, all.wrong, all.untracked, all.waiting_since), (7, 2, 4, finished_at));
}

on_both!(
    storage_of_a_company_is_checked_by_one_process_at_a_time,
    result_of_a_check_stays_until_the_next_one
);
