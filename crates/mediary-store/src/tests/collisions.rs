//! Transactions of several nodes that want the same rows: they take them in one order, and what collides all the same is done
//! again.

use std::future::Future;
use std::sync::Arc;

use mediary_core::{MediaId, MediaPolicy, Retention, RetentionMode};
use mediary_testing::START;

use super::harness::{Test, imported_picture};
use super::joins::until_waiting;
use super::on_postgres;
use super::rows::{WEEK, finished};
use crate::batch::Commit as _;
use crate::db::Tx;
use crate::downloads::FinishCommit;
use crate::value::args;
use crate::*;

/// Takes a file for itself; false if somebody else has it.
async fn take(tx: &mut Tx, test: &Test, media: MediaId) -> bool {
    let sql = "SELECT f.id FROM media_files f WHERE f.company_id = $1 AND f.id = $2 FOR UPDATE SKIP LOCKED";
    tx.first::<(MediaId,)>(sql, args![test.acme.company, media]).await.unwrap().is_some()
}

/// Runs what changes both files while somebody has the first one and then takes the second.
async fn in_order<T: Send + 'static>(
    test: &Test,
    [first, second]: [MediaId; 2],
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    let mut held = test.store.db().begin().await.unwrap();
    assert!(first < second && take(&mut held, test, first).await);
    let work = tokio::spawn(work);
    until_waiting(test, 1).await;
    assert!(take(&mut held, test, second).await, "who waits for the first one should not have the second");
    held.commit().await.unwrap();
    work.await.unwrap()
}

/// Begins a transaction that is not the one which Postgres ends where two wait for each other: the first one that looks for that ends.
async fn patient(test: &Test) -> Tx {
    let mut held = test.store.db().begin().await.unwrap();
    let wait = "SELECT set_config('deadlock_timeout', '60s', TRUE)";
    held.all::<(String,)>(wait, args![]).await.unwrap();
    held
}

async fn set(test: &Test, policy: MediaPolicy) {
    let settings = MediaSettingsPatch { policy: Some(policy), ..Default::default() };
    let by = Actor::command_line();
    test.store.update_company_settings(test.acme.company, &settings, &by).await.unwrap().unwrap();
}

async fn finished_downloads_are_recorded_in_the_order_of_their_files(test: &Test) {
    let (one, two) = (test.claimed("m1").await, test.claimed("m2").await);
    let commit = FinishCommit { db: test.store.db().clone(), clock: Arc::new(test.clock.clone()) };
    let backwards = vec![finished(&two), finished(&one)];
    let recorded =
        in_order(test, [one.media_id, two.media_id], async move { commit.commit(backwards).await });
    assert_eq!(recorded.await.unwrap(), [true, true]);
}

async fn files_follow_a_policy_in_order(test: &Test) {
    let [one, two] = [test.picture(test.acme, "m1").await.id, test.picture(test.acme, "m2").await.id];
    set(test, MediaPolicy::Stream).await;
    let (store, company) = (test.store.clone(), test.acme.company);
    let followed = in_order(test, [one, two], async move { store.follow_policy(company, &[two, one]).await });
    assert_eq!(followed.await.unwrap().len(), 2);
}

async fn files_are_erased_in_order(test: &Test) {
    let [one, two] = [test.stored("m1").await.id, test.stored("m2").await.id];
    set(test, MediaPolicy::Stream).await;
    let (store, company) = (test.store.clone(), test.acme.company);
    let erased = in_order(test, [one, two], async move { store.erase_files(company, &[two, one]).await });
    assert_eq!(erased.await.unwrap().len(), 2);
}

async fn downloads_are_stopped_in_order(test: &Test) {
    let (one, two) = (test.claimed("m1").await, test.claimed("m2").await);
    let (store, company) = (test.store.clone(), test.acme.company);
    let settings = MediaSettingsPatch { policy: Some(MediaPolicy::Stream), ..Default::default() };
    let change =
        async move { store.update_company_settings(company, &settings, &Actor::command_line()).await };
    in_order(test, [one.media_id, two.media_id], change).await.unwrap().unwrap();
    assert!(!test.store.renew_lease(&one, START, 1, None).await.unwrap());
}

async fn files_past_their_retention_are_deleted_in_order(test: &Test) {
    let [one, two] = [test.stored("m1").await.id, test.stored("m2").await.id];
    let (store, company) = (test.store.clone(), test.acme.company);
    let retention = Retention::new(RetentionMode::DaysAfterStored, Some(1)).unwrap();
    store.set_retention(company, retention, &Actor::command_line()).await.unwrap();
    test.clock.advance(WEEK);
    let deleted =
        in_order(test, [one, two], async move { store.delete_past_retention(company, &[two, one]).await });
    assert_eq!(deleted.await.unwrap().len(), 2);
}

async fn media_ids_that_were_found_are_recorded_in_order(test: &Test) {
    let acme = test.acme;
    let messages = ["m1", "m2"].map(|id| imported_picture(acme, id));
    test.store.import_messages(acme.company, messages.to_vec()).await.unwrap();
    let [one, two] = [test.media_of(acme, "m1").await.id, test.media_of(acme, "m2").await.id];
    let store = test.store.clone();
    let found = [(two, "b".to_owned()), (one, "a".to_owned())];
    let named =
        in_order(test, [one, two], async move { store.set_provider_media(acme.company, &found, true).await });
    assert_eq!(named.await.unwrap().len(), 2);
}

/// Somebody has the account and then wants the company, which all others take the other way round.
async fn transaction_that_postgres_ends_is_run_again(test: &Test) {
    let (store, company) = (test.store.clone(), test.acme.company);
    let mut held = patient(test).await;
    let account = "SELECT a.id FROM whatsapp_accounts a WHERE a.company_id = $1 FOR UPDATE";
    held.all::<(i64,)>(account, args![company]).await.unwrap();
    let plan = tokio::spawn(async move { store.plan_erasing(company, None, &Actor::command_line()).await });
    until_waiting(test, 1).await;
    let sql = "SELECT c.id FROM companies c WHERE c.id = $1 FOR UPDATE";
    held.all::<(i64,)>(sql, args![company]).await.unwrap();
    held.commit().await.unwrap();
    plan.await.unwrap().unwrap();
    assert_eq!(test.store.due_media_tasks(10).await.unwrap().len(), 1);
}

/// The same of a statement that is a transaction by itself.
async fn statement_that_postgres_ends_is_run_again(test: &Test) {
    let [one, two] = [test.picture(test.acme, "m1").await.id, test.picture(test.acme, "m2").await.id];
    let company = test.acme.company;
    let mut held = patient(test).await;
    assert!(take(&mut held, test, two).await);
    let db = test.store.db().clone();
    let update = "UPDATE media_files SET updated_at = updated_at WHERE company_id = $1 AND id IN (SELECT f.id
        FROM media_files f WHERE f.company_id = $1 ORDER BY f.id FOR UPDATE)";
    let updated = tokio::spawn(async move { db.execute(update, args![company]).await });
    until_waiting(test, 1).await;
    let sql = "SELECT f.id FROM media_files f WHERE f.company_id = $1 AND f.id = $2 FOR UPDATE";
    held.all::<(MediaId,)>(sql, args![company, one]).await.unwrap();
    held.commit().await.unwrap();
    assert_eq!(updated.await.unwrap().unwrap(), 2);
}

on_postgres!(
    finished_downloads_are_recorded_in_the_order_of_their_files,
    files_follow_a_policy_in_order,
    files_are_erased_in_order,
    downloads_are_stopped_in_order,
    files_past_their_retention_are_deleted_in_order,
    media_ids_that_were_found_are_recorded_in_order,
    transaction_that_postgres_ends_is_run_again,
    statement_that_postgres_ends_is_run_again,
);
