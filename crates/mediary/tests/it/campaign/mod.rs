//! Campaigns with an oracle: random histories reach one to three nodes, shuffled and doubled, while nodes are killed
//! and hang, connections break and statements are slow; in the end a plain model says whether everything is right. The
//! quick form of it (`engines`) has no processes to hurt, and many more transactions that meet. What is sent has campaigns of its own
//! (`sends`).
//!
//! `MEDIARY_CAMPAIGN_SEED=…` replays a seed: its history and its faults are the same, the moments may differ.

mod compare;
mod engines;
mod faults;
mod history;
mod later;
mod model;
mod run;
#[cfg(feature = "faults")]
mod sends;
mod verdict;
mod writer;
mod written;

use std::time::Duration;

use mediary_store::Backend;
use run::{Plan, run};

#[expect(clippy::disallowed_methods, reason = "who replays a seed says which")]
fn seed(otherwise: u64) -> u64 {
    std::env::var("MEDIARY_CAMPAIGN_SEED").map_or(otherwise, |seed| seed.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn small_histories_are_whole_on_engines_that_record_at_once() {
    engines::run(Backend::Postgres, seed(1), Duration::from_secs(12)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn small_histories_are_whole_on_two_engines_with_one_embedded_database() {
    engines::run(Backend::Sqlite, seed(1), Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn histories_of_joined_and_changed_people_are_whole_on_three_nodes() {
    run(Plan { seed: seed(1), nodes: 3, postgres: true, people: 100, faults: 0 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn histories_are_whole_on_nodes_that_die_and_hang() {
    run(Plan { seed: seed(2), nodes: 2, postgres: true, people: 50, faults: 5 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn histories_are_whole_on_the_embedded_database_of_a_node_that_dies() {
    run(Plan { seed: seed(3), nodes: 1, postgres: false, people: 50, faults: 5 }).await;
}

/// `make soak`: many seeds, larger.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes many minutes; make soak runs it"]
async fn soak_histories() {
    engines::run(Backend::Postgres, seed(1000), Duration::from_secs(600)).await;
    engines::run(Backend::Sqlite, seed(1000), Duration::from_secs(200)).await;
    for seed in seed(1000)..seed(1000) + 20 {
        for nodes in 1..=3 {
            run(Plan { seed, nodes, postgres: true, people: 500, faults: 20 * (nodes - 1) }).await;
        }
        run(Plan { seed, nodes: 1, postgres: false, people: 300, faults: 20 }).await;
    }
}
