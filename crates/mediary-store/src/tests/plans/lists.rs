//! The plans of lists of media whose filters may leave few of very many files.

use std::time::Duration;

use mediary_core::{ConversationId, Direction, DownloadStatus, FileType, Scope, WordQuery};
use mediary_testing::START;
use tokio::time::Instant;

use super::{pages, plan_of_search, reads_a_whole_table, statements};
use crate::tests::harness::Test;
use crate::*;

/// Pages that a statement of such a list may look at: four thousand files in the order of the list, wherever they lie, and their
/// messages, each by an index of some levels.
const WALKED_PAGES_MAX: i64 = 45_000;

/// What everything has, few, some, those of another script, many different words of one beginning, very many that are all old, nothing.
pub(super) const SEARCHED: [&str; 11] =
    ["hello", "77 ", "hello 77 ", "order", "فاتورة", "发票", "票", "in", "inv1000005 ", "spring", "nobody"];

/// Filters that few files pass, that none passes, and that most do.
pub(super) fn filters() -> Vec<MediaQuery> {
    let all = MediaQuery::default;
    let words = |typed: &str| MediaQuery { words: WordQuery::new(typed), ..all() };
    vec![
        words("file"),
        words("77 "),
        words("file 77 "),
        words("nobody"),
        words("order"),
        words("فاتورة"),
        words("发票"),
        words("inv"),
        words("spring"),
        MediaQuery { conversation: Some(ConversationId(78)), ..words("77 ") },
        MediaQuery { sender: Some("49077".into()), ..all() },
        MediaQuery { direction: Some(Direction::Outbound), ..all() },
        MediaQuery { direction: Some(Direction::Inbound), ..words("file") },
        MediaQuery { file_types: vec![FileType::Video], ..all() },
        MediaQuery { file_types: vec![FileType::Image, FileType::Video], ..all() },
        MediaQuery { download_status: Some(DownloadStatus::Failed), ..all() },
        MediaQuery { download_status: Some(DownloadStatus::Completed), ..all() },
        MediaQuery { from: Some(START), to: Some(START.plus(Duration::from_secs(5))), ..all() },
    ]
}

pub(super) async fn galleries_use_their_indexes(test: &Test) {
    let (company, store, conversation) = (test.acme.company, &test.store, ConversationId(7));
    for conversation in [None, Some(conversation)] {
        for sort in [MediaSort::Date, MediaSort::Size, MediaSort::Name] {
            for order in [Order::Ascending, Order::Descending] {
                let mut query = MediaQuery { conversation, sort, order, ..MediaQuery::default() };
                super::check(test, "gallery", false, store.media_list(&Scope::system(company), &query)).await;
                query.page.cursor = Some(match sort {
                    MediaSort::Name => Cursor::text("file 77".into(), 500_077),
                    _ => Cursor::number(50_000, 550_000),
                });
                super::check(
                    test,
                    "gallery from the middle",
                    false,
                    store.media_list(&Scope::system(company), &query),
                )
                .await;
                if conversation.is_some() {
                    query.file_types = vec![FileType::Image, FileType::Video];
                    query.download_status = Some(DownloadStatus::Completed);
                    super::check(
                        test,
                        "filtered gallery",
                        false,
                        store.media_list(&Scope::system(company), &query),
                    )
                    .await;
                }
            }
        }
    }
}

pub(super) async fn filtered_lists_use_their_indexes(test: &Test) {
    let scope = Scope::system(test.acme.company);
    for filter in filters() {
        for sort in [MediaSort::Date, MediaSort::Size, MediaSort::Name] {
            let mut query = MediaQuery { sort, ..filter.clone() };
            for is_deep in [false, true] {
                query.page.cursor = is_deep.then(|| match sort {
                    MediaSort::Date => Cursor::number(START.millis() + 500_000, 500_000),
                    MediaSort::Size => Cursor::number(50_000, 550_000),
                    MediaSort::Name => Cursor::text("file 77".into(), 500_077),
                });
                let began = Instant::now();
                let seen = statements(test.store.media_list(&scope, &query)).await;
                let took = began.elapsed();
                // An index of the whole company has the files of all other conversations between two of this one.
                let unwanted = query.conversation.map(|_| " media_files_by_");
                let executed = check(test, seen, unwanted, &format!("{query:?}")).await;
                println!("{:?} {took:?}, of which statements {executed} ms: {query:?}", test.store.backend());
            }
        }
    }
}

/// What Postgres says of its time.
fn execution_millis(lines: &[String]) -> f64 {
    let times = lines.iter().filter_map(|line| line.split_once("Time: "));
    times.filter_map(|(_, time)| time.trim_end_matches(" ms").parse::<f64>().ok()).sum()
}

/// Looks at the plans of statements, which are to do without some indexes; what Postgres says of their time.
async fn check(
    test: &Test,
    seen: Vec<(String, crate::value::Args)>,
    unwanted: Option<&str>,
    what: &str,
) -> f64 {
    let mut executed = 0.0;
    for (sql, args) in seen {
        let lines = plan_of_search(test, &sql, args).await;
        executed += execution_millis(&lines);
        let whole =
            lines.iter().any(|line| reads_a_whole_table(&sql, line) && !line.starts_with("SCAN w VIRTUAL"));
        let is_unwanted = lines.iter().any(|line| unwanted.is_some_and(|index| line.contains(index)));
        let good = !whole && !is_unwanted && pages(&lines) < WALKED_PAGES_MAX;
        assert!(good, "{what}:\n{sql}\n{}", lines.join("\n"));
    }
    executed
}

pub(super) async fn searches_use_their_indexes(test: &Test) {
    let (scope, store) = (Scope::system(test.acme.company), &test.store);
    for typed in SEARCHED {
        let words = WordQuery::new(typed).unwrap();
        for cursor in [None, Some(Cursor::number(START.millis() + 500_000, 500_000))] {
            let page = PageRequest { cursor, limit: 20 };
            let began = Instant::now();
            let seen = statements(store.search_messages(&scope, &words, &page)).await;
            let took = began.elapsed();
            let executed = check(test, seen, None, typed).await;
            println!(
                "{:?} {took:?}, of which statements {executed} ms: messages {typed}",
                test.store.backend()
            );
            let seen = statements(store.search_conversations(&scope, &words, &page)).await;
            check(test, seen, None, typed).await;
        }
    }
}
