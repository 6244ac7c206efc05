//! Every function of the store, on both databases from one text. Each test has a database of its own.

mod accounts;
mod audit;
mod claims;
mod clock_set_back;
mod collisions;
mod companies;
mod company_locks;
mod constraints;
mod cost;
mod crossing;
mod derivation_races;
mod derivation_steps;
mod derivations;
mod downloads;
mod edits;
pub(crate) mod harness;
mod identity;
mod imports;
mod inbox;
mod ingest;
mod join_costs;
mod joins;
mod leases;
mod library;
mod lists;
mod moves;
mod newest_incoming;
mod nodes;
mod opening;
mod oversized;
mod parked;
mod partial_uploads;
mod parts;
pub(crate) mod plans;
mod policies;
mod pool;
mod queue_together;
mod races;
mod reactions;
mod retention;
/// The file of `mediary-testing`, with this crate's types: see there.
#[expect(unreachable_pub, reason = "they are for other crates, where it is not a module of tests")]
#[path = "../../../mediary-testing/src/rows.rs"]
pub(crate) mod rows;
mod schema;
mod searched;
mod searched_lists;
mod send_destinations;
mod send_histories;
mod send_pace;
mod send_recipients;
mod send_statuses;
mod send_wishes;
mod sends;
mod sizes;
mod sqlite_writer;
mod statuses;
mod storable;
mod storage_checks;
mod threads;
mod trash;
mod uploads;
mod variants;

/// Runs tests, which are functions over a [`harness::Test`], on SQLite and on Postgres.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let test = crate::tests::harness::Test::on(crate::Backend::Sqlite).await;
                super::$name(&test).await;
                test.end().await;
            }
        )+ }
        mod postgres { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let test = crate::tests::harness::Test::on(crate::Backend::Postgres).await;
                super::$name(&test).await;
                test.end().await;
            }
        )+ }
    };
}
use on_both;

/// Runs tests of what only many writers can meet, on Postgres.
macro_rules! on_postgres {
    ($($name:ident),+ $(,)?) => {
        mod only_postgres { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let test = crate::tests::harness::Test::on(crate::Backend::Postgres).await;
                super::$name(&test).await;
                test.end().await;
            }
        )+ }
    };
}
use on_postgres;
