//! Which connections to Postgres are connection, and which are asked before.

use std::io;
use std::str::FromStr;
use std::time::Duration;

use deadpool::managed::{Manager as _, Metrics};
use mediary_testing::database::postgres_server;
use mediary_testing::eventually;
use mediary_testing::wire::free_port;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};
use tokio::time::Instant;

use super::harness::Test;
use crate::dialect::POSTGRES_NO_DEADLINES;
use crate::pool::{
    AGE_MAX, ALIVE_TTL, ANSWERS_WITHIN, PooledConnection, PostgresPool, STARTS_WITHIN, UNUSED_MAX,
    postgres_pool,
};
use crate::{Backend, ErrorKind};

fn pool() -> PostgresPool {
    postgres_pool(PgConnectOptions::from_str(postgres_server().as_str()).unwrap(), 3)
}

async fn number(connection: &mut PgConnection) -> i32 {
    connection.fetch_one("SELECT pg_backend_pid()").await.unwrap().get(0)
}

/// What is known of a connection that was opened and last connection so long ago.
fn used(age: Duration, unused: Duration) -> Metrics {
    let now = Instant::now();
    let created = now.checked_sub(age).unwrap().into();
    let recycled = now.checked_sub(unused).map(Instant::into_std);
    Metrics { created, recycled, recycle_count: 1 }
}

#[tokio::test]
async fn connection_is_checked_only_after_a_pause() {
    let pool = pool();
    let server = pool.manager();
    let [mut alive, mut dead] = [server.create().await.unwrap(), server.create().await.unwrap()];
    let dead_number = number(&mut dead).await;
    let ended = sqlx::query("SELECT pg_terminate_backend($1)").bind(dead_number);
    ended.execute(&mut alive).await.unwrap();
    let (hour, moment, pause) = (Duration::from_secs(3600), Duration::ZERO, ALIVE_TTL * 2);
    assert!(server.recycle(&mut dead, &used(pause, moment)).await.is_ok(), "it was believed");
    assert!(server.recycle(&mut dead, &used(pause, pause)).await.is_err(), "it was asked");
    assert!(server.recycle(&mut alive, &used(pause, pause)).await.is_ok());
    assert!(
        server.recycle(&mut alive, &used(hour, UNUSED_MAX + pause)).await.is_err(),
        "unused for too long"
    );
    assert!(server.recycle(&mut alive, &used(AGE_MAX + pause, moment)).await.is_err(), "too old");
    alive.close().await.unwrap();
}

#[tokio::test]
async fn connection_returned_last_is_checked_out_next() {
    let pool = pool();
    let (first, mut second) = (
        PooledConnection::check_out(&pool).await.unwrap(),
        PooledConnection::check_out(&pool).await.unwrap(),
    );
    let last = number(&mut second).await;
    first.return_to_pool();
    second.return_to_pool();
    assert_eq!(number(&mut PooledConnection::check_out(&pool).await.unwrap()).await, last);
    crate::pool::close(&pool).await;
    assert!(matches!(PooledConnection::check_out(&pool).await.err(), Some(sqlx::Error::PoolClosed)));
}

/// Connections but the caller's own.
const OTHERS: &str = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// Ends every other connection, and waits until they are gone.
async fn end_others(outside: &mut PgConnection) {
    let end = format!("SELECT pg_terminate_backend(pid) {OTHERS}");
    outside.execute(AssertSqlSafe(end)).await.unwrap();
    let count = format!("SELECT count(*) {OTHERS}");
    while outside.fetch_one(AssertSqlSafe(count.clone())).await.unwrap().get::<i64, _>(0) > 0 {}
}

#[tokio::test]
async fn connections_that_the_server_ended_fail_no_read_and_no_transaction() {
    let test = Test::on(Backend::Postgres).await;
    // Open already: it ends the others before the pool would check them again.
    let mut outside = PgConnection::connect(test.database.url()).await.unwrap();
    let companies = async || test.number("SELECT count(*) FROM companies").await;
    for _ in 0..5 {
        // Several are idle, so that the next one would be dead as well.
        tokio::join!(companies(), companies(), companies());
        end_others(&mut outside).await;
        assert_eq!(companies().await, 2);
        tokio::join!(companies(), companies(), companies());
        end_others(&mut outside).await;
        let tx = test.store.db().begin().await.unwrap();
        tx.commit().await.unwrap();
    }
    outside.close().await.unwrap();
    test.end().await;
}

/// A setting of a connection, in milliseconds.
async fn milliseconds(connection: &mut PgConnection, setting: &str) -> u64 {
    let sql =
        sqlx::query_scalar::<_, String>("SELECT setting FROM pg_settings WHERE name = $1").bind(setting);
    sql.fetch_one(connection).await.unwrap().parse().unwrap()
}

#[tokio::test]
async fn statement_is_cancelled_by_the_server_before_the_program_stops_waiting() {
    let pool = pool();
    let mut connection = PooledConnection::check_out(&pool).await.unwrap();
    for setting in ["lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"] {
        let within = Duration::from_millis(milliseconds(&mut connection, setting).await);
        assert!(!within.is_zero() && within < ANSWERS_WITHIN, "{setting}: {within:?}");
    }
    connection.execute(POSTGRES_NO_DEADLINES).await.unwrap();
    for setting in ["lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"] {
        assert_eq!(milliseconds(&mut connection, setting).await, 0, "{setting} of a migration");
    }
}

#[tokio::test]
async fn statement_that_the_server_cancelled_is_distinguished_from_a_database_that_is_away() {
    let pool = pool();
    let (mut first, mut second) = (
        PooledConnection::check_out(&pool).await.unwrap(),
        PooledConnection::check_out(&pool).await.unwrap(),
    );
    let kind = |error: sqlx::Error| crate::dialect::error("run a statement", error).kind().clone();
    first.execute("SET statement_timeout = 20").await.unwrap();
    let slow = first.execute("SELECT pg_sleep(60)").await.unwrap_err();
    assert_eq!(kind(slow), ErrorKind::TimedOut);
    second.execute("SELECT pg_advisory_lock(77)").await.unwrap();
    first.execute("SET statement_timeout = 0; SET lock_timeout = 20").await.unwrap();
    let blocked = first.execute("SELECT pg_advisory_lock(77)").await.unwrap_err();
    assert_eq!(kind(blocked), ErrorKind::TimedOut);
    first.execute("SET idle_in_transaction_session_timeout = 20; BEGIN").await.unwrap();
    let number = number(&mut first).await;
    let there = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {number}");
    eventually("the end of a silent transaction", async || {
        match second.fetch_one(sqlx::AssertSqlSafe(there.clone())).await.unwrap().get::<i64, _>(0) {
            0 => Ok(()),
            left => Err(left),
        }
    })
    .await;
    assert_eq!(kind(first.execute("SELECT 1").await.unwrap_err()), ErrorKind::Unavailable);
}

#[tokio::test]
async fn server_that_does_not_start_is_waited_for_and_reported_with_its_own_error() {
    let pool = postgres_pool(PgConnectOptions::new().host("127.0.0.1").port(free_port()), 1);
    let began = Instant::now();
    let error = PooledConnection::check_out(&pool).await.err().unwrap();
    assert!(
        matches!(&error, sqlx::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused),
        "{error}"
    );
    assert!(began.elapsed() >= STARTS_WITHIN);
}
