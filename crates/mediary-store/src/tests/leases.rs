//! The kit for leases, with a table of jobs that has other names for its columns.

use mediary_core::Timestamp;
use sqlx::AssertSqlSafe;

use super::harness::Test;
use super::on_both;
use crate::leases::{Jobs, LeaseToken};
use crate::value::args;
use crate::writes::update;

const TOYS: Jobs = Jobs {
    table: "toys",
    owner: "held_by",
    until: "held_until",
    number: "claims",
    running: "state = 'running'",
    queued: "state = 'waiting', due_at = $1",
    due_at: "due_at",
    waiting: "x.state = 'waiting'",
};

async fn toy(test: &Test) {
    let table = "CREATE TABLE toys (company_id BIGINT NOT NULL, id BIGINT NOT NULL, state TEXT NOT NULL, due_at BIGINT,
        held_by TEXT, held_until BIGINT, claims BIGINT NOT NULL, PRIMARY KEY (company_id, id))";
    test.sql(table).await.unwrap();
    test.sql("INSERT INTO toys VALUES (1, 1, 'waiting', 0, NULL, NULL, 0)").await.unwrap();
}

async fn claim(test: &Test, owner: &str, until: i64) -> LeaseToken {
    let sql = format!(
        "UPDATE toys SET state = 'running', {} WHERE state = 'waiting' RETURNING held_by, claims",
        TOYS.taken("$1", "$2")
    );
    let taken: Vec<(LeaseToken,)> =
        test.store.db().change(AssertSqlSafe(sql), args![owner, until]).await.unwrap();
    taken.into_iter().next().unwrap().0
}

async fn finish(test: &Test, lease: &LeaseToken) -> bool {
    let (sql, args) = update! {
        toys set { state => "done" } also [TOYS.ended()]
        where { company_id => 1_i64, id => 1_i64 }
        fenced { TOYS => lease }
    };
    test.store.db().execute(sql, args).await.unwrap() > 0
}

async fn release(test: &Test, condition: &str, value: Timestamp) -> u64 {
    let sql = TOYS.release_where(condition, test.store.backend());
    test.store.db().execute(AssertSqlSafe(sql), args![value, 10_i64]).await.unwrap()
}

async fn late_holder_finishes_until_somebody_else_may_have_the_job(test: &Test) {
    toy(test).await;
    let first = claim(test, "node", 10).await;
    assert_eq!(release(test, "j.held_until < $1", Timestamp(10)).await, 0, "not before its end");
    assert!(finish(test, &first).await, "late, and nobody released it");
    assert!(!finish(test, &first).await, "a result is recorded once");
}

async fn late_holder_changes_nothing_after_a_release(test: &Test) {
    toy(test).await;
    let first = claim(test, "node", 10).await;
    assert_eq!(release(test, "j.held_until < $1", Timestamp(11)).await, 1);
    assert!(!finish(test, &first).await, "it waits again");
    let second = claim(test, "node", 20).await;
    assert_eq!(second, LeaseToken { owner: "node".to_owned(), number: first.number + 1 });
    assert!(!finish(test, &first).await, "the same owner, an earlier lease");
    assert!(finish(test, &second).await);
}

on_both!(
    late_holder_finishes_until_somebody_else_may_have_the_job,
    late_holder_changes_nothing_after_a_release,
);
