//! What a task's statements cost, counted for those who ask.

use std::time::Duration;

use super::harness::Test;
use super::on_both;
use crate::{DatabaseCost, Error, counted};

on_both!(
    statements_and_their_time_are_counted_for_the_task_that_asks,
    transaction_counts_its_begin_and_its_end,
    statement_that_fails_or_is_given_up_is_counted,
);

async fn statements_and_their_time_are_counted_for_the_task_that_asks(test: &Test) {
    let (_, cost) = counted(async {
        test.store.list_companies().await.unwrap();
        test.store.list_companies().await.unwrap();
    })
    .await;
    assert_eq!(cost.statements, 2);
    assert!(cost.time > Duration::ZERO);
    let store = test.store.clone();
    let of_another_task = async { tokio::spawn(async move { store.list_companies().await }).await.unwrap() };
    let (companies, cost) = counted(of_another_task).await;
    assert_eq!((companies.unwrap().len(), cost), (2, DatabaseCost::default()));
}

async fn transaction_counts_its_begin_and_its_end(test: &Test) {
    let (changed, cost) = counted(async {
        let mut tx = test.store.db().begin().await?;
        let changed = tx.execute("UPDATE companies SET name = name", vec![]).await?;
        tx.commit().await?;
        Ok::<_, Error>(changed)
    })
    .await;
    assert_eq!((changed.unwrap(), cost.statements), (2, 3));
}

async fn statement_that_fails_or_is_given_up_is_counted(test: &Test) {
    let (failed, cost) = counted(test.store.db().execute("UPDATE no_such_table SET a = 1", vec![])).await;
    assert_eq!((failed.is_err(), cost.statements), (true, 1));

    const PATIENCE: Duration = Duration::from_millis(100);
    let mut holder = test.store.db().begin().await.unwrap();
    holder.execute("UPDATE companies SET name = name", vec![]).await.unwrap();
    let blocked = test.store.db().execute("UPDATE companies SET name = name", vec![]);
    let (given_up, cost) = counted(tokio::time::timeout(PATIENCE, blocked)).await;
    assert_eq!((given_up.is_err(), cost.statements), (true, 1));
    assert!(cost.time >= PATIENCE, "{cost:?}");
    holder.roll_back().await;
}
