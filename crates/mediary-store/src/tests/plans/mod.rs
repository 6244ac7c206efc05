//! The queries that matter use their indexes, on tables of a million rows and of ten.

mod jobs;
mod lists;
mod tables;
mod times;

use std::cell::RefCell;
use std::time::Duration;

use mediary_core::{
    ConversationId, FileType, MediaId, MessageId, MessageStatus, Retention, Scope, StorageBackend,
};
use mediary_testing::START;
use sqlx::{AssertSqlSafe, SqlStr};

use super::edits::revoke;
use super::harness::{CLAIM, Test, imported_picture};
use super::on_both;
use super::rows::{item, picture};
use super::statuses::status;
use crate::value::Args;
use crate::*;
use jobs::{derivations_use_their_indexes, sends_use_their_indexes};
pub(super) use tables::fill_inbox;
use tables::{fill, fill_audit_log};

tokio::task_local! {
    static SEEN: RefCell<Vec<(String, Args)>>;
}

/// Remembers a statement for the test that runs it, if that wants to see them.
pub(crate) fn note(sql: &SqlStr, args: &Args) {
    let _ = SEEN.try_with(|seen| seen.borrow_mut().push((sql.as_str().to_owned(), args.clone())));
}

/// The statements that a call runs.
pub(super) async fn statements<T>(call: impl Future<Output = Result<T>>) -> Vec<(String, Args)> {
    SEEN.scope(RefCell::default(), async {
        call.await.unwrap();
        SEEN.with(RefCell::take)
    })
    .await
}

const MILLION: i64 = 1_000_000;
/// The tables that grow without limit, every table of jobs among them: none of them may be read as a whole.
const LARGE: &[&str] = &[
    "contacts",
    "conversations",
    "messages",
    "media_files",
    "derivations",
    "media_variants",
    "sends",
    "media_words",
    "message_words",
];
/// Their indexes of what is due, running, failed or waiting, which is little.
const SMALL_INDEXES: &[&str] = &[
    "media_files_due",
    "media_files_waiting",
    "media_files_running",
    "media_files_failed",
    "derivations_leases",
    "sends_leases",
    "sends_running",
    "sends_conversation",
    "sends_conversation_running",
];
/// What a statement may look at, however large the tables are; an index that is read from end to end has thousands.
const PAGES_MAX: i64 = 1000;

/// What the database does, line by line. Postgres does it, and takes it back.
pub(super) async fn plan(test: &Test, sql: &str, args: Args) -> Vec<String> {
    match test.store.backend() {
        Backend::Sqlite => {
            let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
            let rows: Vec<(i64, i64, i64, String)> = test.store.db().all(sql, args).await.unwrap();
            rows.into_iter().map(|(_, _, _, detail)| detail).collect()
        }
        // A row that is new now is not new again.
        Backend::Postgres if sql.contains("INSERT INTO") => vec![],
        Backend::Postgres => {
            let mut tx = test.store.db().begin().await.unwrap();
            let sql = AssertSqlSafe(format!("EXPLAIN (ANALYZE, BUFFERS) {sql}"));
            let rows: Vec<(String,)> = tx.all(sql, args).await.unwrap();
            // Before the next statement runs, which would wait for its rows or pass them over.
            tx.execute("ROLLBACK", vec![]).await.unwrap();
            rows.into_iter().map(|(line,)| line).collect()
        }
    }
}

/// Pages of memory or disk that Postgres looked at.
fn pages(lines: &[String]) -> i64 {
    // The first such line is of the whole: `Buffers: shared hit=24 read=2`.
    let of_all = lines.iter().find_map(|line| line.trim().strip_prefix("Buffers: shared "));
    let count = |what| of_all?.split(' ').find_map(|part| part.strip_prefix(what)?.parse::<i64>().ok());
    count("hit=").unwrap_or(0) + count("read=").unwrap_or(0)
}

/// Whether a line of a statement's plan reads a whole large table.
fn reads_a_whole_table(sql: &str, line: &str) -> bool {
    // SQLite shows the name that the table has in the statement: `SCAN f USING INDEX …`.
    let scanned = line.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
    let is = |table: &str, name: &str| table == name || sql.contains(&format!("{table} {name} "));
    let scans = scanned.is_some_and(|name| LARGE.iter().any(|table| is(table, name)));
    let small = SMALL_INDEXES.iter().any(|index| line.contains(index));
    (scans && !small) || LARGE.iter().any(|table| line.contains(&format!("Seq Scan on {table}")))
}

fn sorts(line: &str) -> bool {
    line.contains("TEMP B-TREE") || line.contains("Sort  (")
}

async fn check<T>(test: &Test, what: &str, may_sort: bool, call: impl Future<Output = Result<T>>) {
    for (sql, args) in statements(call).await {
        let lines = plan(test, &sql, args).await;
        let bad = |line: &&String| reads_a_whole_table(&sql, line) || (!may_sort && sorts(line));
        let good = lines.iter().find(bad).is_none() && pages(&lines) < PAGES_MAX;
        assert!(good, "{what}:\n{sql}\n{}", lines.join("\n"));
    }
}

/// What a list costs Postgres.
async fn pages_for_list(test: &Test, page: PageRequest) -> i64 {
    let query = MediaQuery { page, ..MediaQuery::default() };
    let seen = statements(test.store.media_list(&Scope::system(test.acme.company), &query)).await;
    let (sql, args) = seen.into_iter().next().unwrap();
    pages(&plan(test, &sql, args).await)
}

async fn queries_of_lists_claims_and_look_ups_use_their_indexes(test: &Test) {
    fill(test, MILLION).await;
    Box::pin(all_use_their_indexes(test)).await;
}

/// `make soak`: the same on ten times as many, and how much a page deep in a list costs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes many minutes; make soak runs it"]
async fn plans_hold_at_ten_million_rows() {
    const ROWS: i64 = 10 * MILLION;
    let test = Test::on(Backend::Postgres).await;
    fill(&test, ROWS).await;
    Box::pin(all_use_their_indexes(&test)).await;
    let at = ROWS - 1000 * 20;
    let page_1000 = PageRequest { cursor: Some(Cursor::number(START.millis() + at, at)), limit: 20 };
    let first = pages_for_list(&test, PageRequest { cursor: None, limit: 20 }).await;
    let deep = pages_for_list(&test, page_1000).await;
    assert!(first > 0 && deep <= first + first / 2, "page 1 looks at {first} pages, page 1000 at {deep}");
    test.end().await;
}

async fn all_use_their_indexes(test: &Test) {
    let (company, store) = (test.acme.company, &test.store);
    let conversation = ConversationId(7);
    let middle = PageRequest { cursor: Some(Cursor::number(START.millis() + 500_000, 500_000)), limit: 20 };
    for page in [PageRequest::default(), middle.clone()] {
        check(test, "thread", false, store.messages(&Scope::system(company), conversation, &page)).await;
        let query = ConversationQuery { page, search: None };
        check(test, "inbox", false, store.conversations(&Scope::system(company), &query)).await;
    }
    let scope = Scope::system(company);
    check(test, "source", true, store.message_source(&scope, MessageId(500_006))).await;
    let around = store.messages_around(&scope, conversation, MessageId(500_006), 20);
    check(test, "around", false, Box::pin(around)).await;
    lists::galleries_use_their_indexes(test).await;
    lists::filtered_lists_use_their_indexes(test).await;
    lists::searches_use_their_indexes(test).await;
    for page in [PageRequest::default(), middle.clone()] {
        check(test, "library", false, store.library(&scope, &page)).await;
    }
    check(test, "name in the library", true, store.library_has(company, "Prices")).await;
    check(test, "media by message", false, store.media_by_message(&Scope::system(company), MessageId(5)))
        .await;
    check(test, "proxy", true, store.media_by_provider_id(&Scope::system(company), "media-5")).await;
    check(test, "claim", true, store.claim_downloads("worker", &CLAIM)).await;
    check(test, "leases", true, store.release_expired_leases(START, 100)).await;
    check(test, "retry", true, store.requeue_failed(company, Some(3), &Actor::command_line())).await;
    check(test, "oversized", true, store.allow_oversized(company, FileType::Image, 1, None, 100)).await;
    check(test, "oversized counted", true, store.count_oversized(company, FileType::Image, 1)).await;
    check(test, "expiry", true, store.expire_unsaved(START, 100)).await;
    check(test, "backfill", true, store.due_for_backfill(Some(company), None, 100)).await;
    check(test, "policy", true, store.behind_policy(company, None, 100)).await;
    check(test, "erase", false, store.files_to_erase(company, None, MediaId(5), 100)).await;
    check(test, "usage", true, store.usage(company)).await;
    check(test, "usage added up", true, store.add_up_usage(100)).await;
    check(test, "move", false, store.files_elsewhere(company, StorageBackend::S3, MediaId(5), 100)).await;
    check(test, "legacy", false, store.legacy_rows(company, None, 100)).await;
    let found = [(MediaId(77), "found".to_owned())];
    check(test, "legacy id", true, store.set_provider_media(company, &found, true)).await;
    let known = vec![imported_picture(test.acme, "wamid-77"), imported_picture(test.acme, "wamid-78")];
    check(test, "import", true, store.import_messages(company, known)).await;
    let contact = ContactKey { wa_id: Some("wa-5".into()), ..ContactKey::default() };
    let again = IncomingMessage { contact, ..picture(test.acme, "wamid-4") };
    let read = IngestItem::Status(status(test.acme, "wamid-8", MessageStatus::Read));
    let items = vec![item(again), read, revoke(test.acme, "wamid-9")];
    Box::pin(check(test, "ingest", true, async { Ok(test.ingest(items).await) })).await;
    Box::pin(derivations_use_their_indexes(test)).await;
    Box::pin(sends_use_their_indexes(test)).await;
    store
        .set_retention(company, Retention::days_after_stored(Some(1)).unwrap(), &Actor::command_line())
        .await
        .unwrap();
    test.clock.advance(Duration::from_secs(2 * 24 * 3600));
    check(test, "retention", true, store.outlived(company, None, None, 100)).await;
    check(test, "view", true, store.note_view(company, MediaId(77), START)).await;
    check(test, "retention's deletion", true, store.delete_past_retention(company, &[MediaId(77)])).await;
}

async fn search_of_many_conversations_uses_its_index(test: &Test) {
    const ROWS: i64 = 100_000;
    fill_inbox(test, ROWS).await;
    let store = &test.store;
    let of = |search: &str| ConversationQuery { search: Some(search.to_owned()), ..Default::default() };
    // The oldest conversation: by walking over the inbox it comes last.
    let query = of("49151000001");
    let seen = statements(store.conversations(&Scope::system(test.acme.company), &query)).await;
    let searches = seen.into_iter().filter(|(sql, _)| sql.contains("search_text")).collect::<Vec<_>>();
    assert_eq!(searches.len(), 2, "how many, and which");
    for (sql, args) in searches {
        let lines = plan_of_search(test, &sql, args).await;
        let walked = |line: &String| reads_a_whole_table(&sql, line) || line.contains("conversations_newest");
        let walked = lines.iter().any(walked);
        let indexed =
            lines.iter().any(|line| line.contains("contacts_runs") || line.starts_with("SCAN t VIRTUAL"));
        assert!(indexed && !walked && pages(&lines) < PAGES_MAX, "{sql}\n{}", lines.join("\n"));
    }
    let found = async |search: &str| {
        let page = store.conversations(&Scope::system(test.acme.company), &of(search)).await.unwrap();
        page.items.into_iter().map(|one| one.id.0).collect::<Vec<_>>()
    };
    assert_eq!(found("49151000001").await, [1]);
    let (of_both, words) = (found("ann3 of 77 491").await, |i: i64| i % 7 == 3 && i % 1000 == 77);
    assert!(of_both.iter().all(|id| words(*id)) && of_both.is_sorted_by(|a, b| a > b));
    assert_eq!(of_both.len(), (1..=ROWS).filter(|i| words(*i)).count().min(20));
    // So many that the newest of the inbox fill the page.
    let newest: Vec<i64> = (ROWS - 19..=ROWS).rev().collect();
    assert_eq!(found("4915").await, newest);
    assert_eq!(found("nobody").await, [0; 0]);
}

/// The same as [`plan`], in a transaction that searches.
async fn plan_of_search(test: &Test, sql: &str, args: Args) -> Vec<String> {
    let Some(setting) = crate::dialect::before_search(test.store.backend()) else {
        return plan(test, sql, args).await;
    };
    let mut tx = test.store.db().begin().await.unwrap();
    tx.all::<(String,)>(setting, vec![]).await.unwrap();
    let sql = AssertSqlSafe(format!("EXPLAIN (ANALYZE, BUFFERS) {sql}"));
    let rows: Vec<(String,)> = tx.all(sql, args).await.unwrap();
    tx.roll_back().await;
    rows.into_iter().map(|(line,)| line).collect()
}

async fn audit_log_is_read_by_an_index_for_each_filter(test: &Test) {
    fill_audit_log(test, MILLION).await;
    let (company, store) = (test.acme.company, &test.store);
    let text = |value: &str| Some(value.to_owned());
    let middle = PageRequest { cursor: Some(Cursor::number(START.millis() + 500_000, 500_000)), limit: 20 };
    for (action, who, index) in [
        (text("media.viewed"), None, "audit_log_actions"),
        (text("once"), None, "audit_log_actions"),
        (text("never"), None, "audit_log_actions"),
        (None, text("user:7"), "audit_log_actors"),
        (None, text("user:once"), "audit_log_actors"),
        (text("user.changed"), text("user:7"), "audit_log_actors_actions"),
        // There are very many of each, and none of both.
        (text("user.changed"), text("user:8"), "audit_log_actors_actions"),
    ] {
        for page in [PageRequest::default(), middle.clone()] {
            for from in [None, Some(START)] {
                let filter = AuditFilter { action: action.clone(), who: who.clone(), from, to: None };
                // Postgres knows that most entries are views, and finds a page of them along any index, whose ties it puts in order.
                let is_postgres = store.backend() == Backend::Postgres;
                check(test, "audit log", is_postgres, store.audits(company, &filter, &page)).await;
                if is_postgres {
                    continue;
                }
                for (sql, args) in statements(store.audits(company, &filter, &page)).await {
                    let lines = plan(test, &sql, args).await;
                    let is_read = |line: &String| line.split([' ', '(']).any(|word| word == index);
                    assert!(lines.iter().any(is_read), "{filter:?}: {index}\n{}", lines.join("\n"));
                }
            }
        }
    }
    view_in_the_log_is_found_by_its_index(test).await;
}

async fn view_in_the_log_is_found_by_its_index(test: &Test) {
    // One that is there: the rows were numbered by hand, so another one would have the number of the first.
    let by = Actor { who: "user:8".into(), ip: Some("192.0.2.1".into()) };
    let day = START..START.plus(Duration::from_secs(24 * 3600));
    let seen = statements(test.store.audit_view(test.acme.company, &by, MediaId(8), day)).await;
    assert_eq!(seen.len(), 1);
    for (sql, args) in seen {
        let lines = match test.store.backend() {
            Backend::Sqlite => plan(test, &sql, args).await,
            Backend::Postgres => {
                let sql = AssertSqlSafe(format!("EXPLAIN {sql}"));
                let rows: Vec<(String,)> = test.store.db().all(sql, args).await.unwrap();
                rows.into_iter().map(|(line,)| line).collect()
            }
        };
        assert!(lines.iter().any(|line| line.contains("audit_log_views")), "{}", lines.join("\n"));
    }
}

on_both!(
    queries_of_lists_claims_and_look_ups_use_their_indexes,
    search_of_many_conversations_uses_its_index,
    audit_log_is_read_by_an_index_for_each_filter,
);
