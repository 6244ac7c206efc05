//! How long lists and searches take on two million rows.

use std::time::Duration;

use mediary_core::{ConversationId, Scope, WordQuery};
use mediary_testing::START;
use tokio::time::Instant;

use super::MILLION;
use super::lists::{SEARCHED, filters};
use super::tables::fill;
use crate::tests::harness::Test;
use crate::*;

/// What ninety-nine of a hundred pages take at most. Without optimisation reading rows takes some times as long.
const PAGE_MAX: Duration = Duration::from_millis(if cfg!(debug_assertions) { 250 } else { 50 });
const TIMES: usize = 100;

/// The times of a page, the shortest first, after it was read a few times.
async fn timed<T>(page: impl AsyncFn() -> Result<Page<T>>) -> (Vec<Duration>, usize) {
    let mut times = Vec::new();
    let mut count = 0;
    for _ in 0..TIMES + 3 {
        let began = Instant::now();
        count = page().await.unwrap().items.len();
        times.push(began.elapsed());
    }
    let mut times = times.split_off(3);
    times.sort_unstable();
    (times, count)
}

struct Report {
    backend: Backend,
    slow: Vec<String>,
}

impl Report {
    async fn note<T>(&mut self, what: &str, page: impl AsyncFn() -> Result<Page<T>>) {
        let (times, count) = timed(page).await;
        let (median, p99) = (times[TIMES / 2], times[TIMES * 99 / 100 - 1]);
        let line = format!("{:?}: p50 {median:.1?}, p99 {p99:.1?}, {count} items: {what}", self.backend);
        println!("{line}");
        if p99 > PAGE_MAX {
            self.slow.push(line);
        }
    }
}

async fn pages_are_quick(backend: Backend) {
    const ROWS: i64 = 2 * MILLION;
    let test = Test::on(backend).await;
    fill(&test, ROWS).await;
    let (scope, store) = (Scope::system(test.acme.company), &test.store);
    let mut report = Report { backend, slow: Vec::new() };
    for typed in SEARCHED {
        let words = WordQuery::new(typed).unwrap();
        for cursor in [None, Some(Cursor::number(START.millis() + ROWS / 2, ROWS / 2))] {
            let page = PageRequest { cursor, limit: 50 };
            let what = format!("messages {typed}, deep {}", page.cursor.is_some());
            report.note(&what, async || store.search_messages(&scope, &words, &page).await).await;
        }
        let page = PageRequest { cursor: None, limit: 50 };
        let what = format!("conversations {typed}");
        report.note(&what, async || store.search_conversations(&scope, &words, &page).await).await;
    }
    let mut queries = vec![
        MediaQuery::default(),
        MediaQuery { conversation: Some(ConversationId(7)), ..MediaQuery::default() },
    ];
    queries.extend(filters());
    for filter in queries {
        for (sort, order) in [
            (MediaSort::Date, Order::Descending),
            (MediaSort::Size, Order::Descending),
            (MediaSort::Size, Order::Ascending),
            (MediaSort::Name, Order::Ascending),
        ] {
            let mut query = MediaQuery { sort, order, ..filter.clone() };
            query.page.limit = 50;
            let what = format!("{query:?}");
            report.note(&what, async || store.media_list(&scope, &query).await).await;
        }
    }
    assert!(report.slow.is_empty(), "above {PAGE_MAX:?}:\n{}", report.slow.join("\n"));
    test.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes many minutes; make soak runs it"]
async fn pages_of_two_million_rows_are_quick_on_sqlite() {
    pages_are_quick(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes many minutes; make soak runs it"]
async fn pages_of_two_million_rows_are_quick_on_postgres() {
    pages_are_quick(Backend::Postgres).await;
}
