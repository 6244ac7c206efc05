//! The queries that matter use their indexes, on tables of a million rows and of ten.

use std::cell::RefCell;
use std::time::Duration;

use mediary_core::{
    ConversationId, DerivationStep, DownloadStatus, FileType, MediaId, MessageId, MessageStatus, Retention,
    Scope, StorageBackend, VariantKind,
};
use mediary_testing::START;
use sqlx::{AssertSqlSafe, SqlStr};

use super::edits::revoke;
use super::harness::{CLAIM, Test, imported_picture};
use super::on_both;
use super::rows::{item, picture};
use super::sends::{limits, new_text};
use super::statuses::status;
use crate::value::Args;
use crate::*;

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
const CONVERSATIONS: i64 = 1000;
/// The tables that grow without limit, every table of jobs among them: none of them may be read as a whole.
const LARGE: &[&str] =
    &["contacts", "conversations", "messages", "media_files", "derivations", "media_variants", "sends"];
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

/// Indexes are made after the rows, which is many times faster.
async fn without_indexes(test: &Test) -> Vec<String> {
    let tables = format!("('{}')", LARGE.join("', '"));
    let sql = match test.store.backend() {
        Backend::Sqlite => format!(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN {tables}"
        ),
        Backend::Postgres => format!(
            "SELECT CAST(i.indexname AS TEXT), i.indexdef FROM pg_indexes i WHERE i.tablename IN {tables}
                AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)"
        ),
    };
    let indexes: Vec<(String, String)> = test.store.db().all(AssertSqlSafe(sql), vec![]).await.unwrap();
    for (name, _) in &indexes {
        test.sql(&format!("DROP INDEX {name}")).await.unwrap();
    }
    indexes.into_iter().map(|(_, definition)| definition).collect()
}

fn numbers(count: i64) -> String {
    format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})")
}

/// An expression for a hash of its own in row `i`.
fn hash_of_row(test: &Test) -> &'static str {
    match test.store.backend() {
        Backend::Sqlite => "randomblob(32)",
        Backend::Postgres => "sha256(int8send(i::bigint))",
    }
}

/// What was made of the files: some derivations wait and some run, the others are over, and every tenth file has a variant. Very many
/// wait of another company.
fn derived_rows(test: &Test, rows: i64) -> [String; 2] {
    let (company, other) = (test.acme.company, test.other.company);
    let (now, few) = (START.millis(), rows / 250);
    [
        format!(
            "{} INSERT INTO derivations (company_id, id, state, due_at, version, error, lease_owner, lease_until)
                SELECT CASE i % 20 WHEN 0 THEN {other} ELSE {company} END, i,
                    CASE WHEN i % {few} = 1 OR i % 20 = 0 THEN 'waiting' WHEN i % {few} = 3 THEN 'running'
                        WHEN i % {few} = 5 THEN 'failed' ELSE 'done' END,
                    CASE WHEN i % {few} = 1 OR i % 20 = 0 THEN {now} - i END, 1, 'why', 'worker', {now} + i FROM n",
            numbers(rows)
        ),
        format!(
            "{} INSERT INTO media_variants (version, id, company_id, media_id, kind, storage_key, storage_backend, mime_type,
                    file_size, sha256, created_at, file_type, file_created_at)
                SELECT 1, i, {company}, i, 'thumb', 'variant-' || i, 'local', 'image/webp', 9, {}, {now}, 'image', {now} FROM n",
            numbers(rows / 10),
            hash_of_row(test)
        ),
    ]
}

/// Messages of ours: some are due, some run, very many sleep behind others, and very many of another company wait for their time.
fn sent_rows(test: &Test, rows: i64) -> String {
    let (company, account, other) = (test.acme.company, test.acme.account, test.other.company);
    let (now, few) = (START.millis(), rows / 250);
    format!(
        "{} INSERT INTO sends (company_id, id, account_id, conversation_id, state, due_at, asked_at, content, lease_owner,
                lease_until, created_at, updated_at)
            SELECT CASE i % 20 WHEN 0 THEN {other} ELSE {company} END, i,
                CASE i % 20 WHEN 0 THEN {} ELSE {account} END, 1 + i % {CONVERSATIONS},
                CASE WHEN i % {few} = 1 OR i % 10 = 0 THEN 'waiting' WHEN i % {few} = 3 THEN 'running' ELSE 'done' END,
                CASE WHEN i % {few} = 1 THEN {now} - i WHEN i % 20 = 0 THEN {now} + i END, NULL, '{{}}', 'worker',
                {now} + i, {now}, {now} FROM n",
        numbers(rows),
        test.other.account
    )
}

async fn fill(test: &Test, rows: i64) {
    match test.store.backend() {
        Backend::Sqlite => drop(test.sql("PRAGMA foreign_keys = OFF").await.unwrap()),
        Backend::Postgres => {
            for table in LARGE {
                test.sql(&format!("ALTER TABLE {table} DISABLE TRIGGER ALL")).await.unwrap();
            }
        }
    }
    let indexes = without_indexes(test).await;
    let (company, account, now) = (test.acme.company, test.acme.account, START.millis());
    // Every hundredth file waits, a thousand failed, the others are stored.
    let seldom = rows / 1000;
    let statements = [
        format!(
            "{} INSERT INTO contacts (id, company_id, wa_id, search_text, created_at, updated_at)
                SELECT i, {company}, 'wa-' || i, 'wa-' || i, {now}, {now} FROM n",
            numbers(CONVERSATIONS)
        ),
        format!(
            "{} INSERT INTO conversations (id, company_id, account_id, contact_id, last_message_id, last_message_at,
                    created_at, updated_at)
                SELECT i, {company}, {account}, i, i, {now} + i, {now}, {now} FROM n",
            numbers(CONVERSATIONS)
        ),
        format!(
            "{} INSERT INTO messages (id, company_id, account_id, conversation_id, direction, type, status, sent_at,
                    provider_message_id, provider_media_id, created_at, updated_at)
                SELECT i, {company}, {account}, 1 + i % {CONVERSATIONS}, 'inbound', 'image', 'received', {now} + i,
                    'wamid-' || i, 'media-' || i, {now} + i, {now} + i FROM n",
            numbers(rows)
        ),
        format!(
            "{} INSERT INTO media_files (id, company_id, account_id, conversation_id, message_id, policy, file_type,
                    sort_name, file_size, sha256, storage_key, storage_backend, provider_media_id, download_status,
                    download_attempts, last_error_retryable, next_attempt_at, due, expires_at, created_at, updated_at)
                SELECT i, {company}, {account}, 1 + i % {CONVERSATIONS}, i, 'store',
                    CASE WHEN i % 3 = 0 THEN 'image' ELSE 'document' END, 'file ' || i % 5000, i % 100000,
                    CASE WHEN i % 100 > 0 THEN {} END, CASE WHEN i % 100 > 0 THEN 'key' END,
                    CASE WHEN i % 100 > 0 THEN 'local' END, 'media-' || i,
                    CASE WHEN i % {seldom} = 0 THEN 'failed' WHEN i % 100 = 0 THEN 'pending' ELSE 'completed' END,
                    i % 7, i % {seldom} = 0, CASE WHEN i % 100 = 0 THEN {now} + i END, i % 200 = 0,
                    {now} + i, {now} + i, {now} + i FROM n",
            numbers(rows),
            hash_of_row(test)
        ),
    ];
    for statement in
        statements.iter().chain(&derived_rows(test, rows)).chain([&sent_rows(test, rows)]).chain(&indexes)
    {
        test.sql(statement).await.unwrap();
    }
    if test.store.backend() == Backend::Postgres {
        test.sql("ANALYZE").await.unwrap();
    }
    for table in LARGE {
        let filled = test.number(&format!("SELECT CAST(COUNT(*) AS BIGINT) FROM {table}")).await;
        assert!(filled >= CONVERSATIONS, "an empty {table} shows nothing: fill it");
    }
    let jobs_without = crate::leases::ALL.iter().find(|jobs| !LARGE.contains(&jobs.table));
    assert!(jobs_without.is_none(), "a table of jobs belongs to LARGE: {}", jobs_without.unwrap().table);
}

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
    let around = store.messages_around(&scope, conversation, MessageId(500_006), 20);
    check(test, "around", false, Box::pin(around)).await;
    for conversation in [None, Some(conversation)] {
        for sort in [MediaSort::Date, MediaSort::Size, MediaSort::Name] {
            for order in [Order::Ascending, Order::Descending] {
                let mut query = MediaQuery { conversation, sort, order, ..MediaQuery::default() };
                check(test, "gallery", false, store.media_list(&Scope::system(company), &query)).await;
                query.page.cursor = Some(match sort {
                    MediaSort::Name => Cursor::text("file 77".into(), 500_077),
                    _ => Cursor::number(50_000, 550_000),
                });
                query.file_types = vec![FileType::Image, FileType::Video];
                query.download_status = Some(DownloadStatus::Completed);
                check(test, "filtered gallery", false, store.media_list(&Scope::system(company), &query))
                    .await;
            }
        }
    }
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

async fn derivations_use_their_indexes(test: &Test) {
    let (company, store) = (test.acme.company, &test.store);
    let (scope, lease) = (Scope::system(company), Duration::from_secs(30));
    check(test, "derivations", true, store.claim_derivations("worker", DerivationStep::Short, 16, lease))
        .await;
    // Of another company, and while others are due.
    test.sql(&format!(
        "UPDATE derivations SET step = 'conversion' WHERE company_id = {}",
        test.other.company
    ))
    .await
    .unwrap();
    for step in DerivationStep::LONG {
        check(test, "long derivations", true, store.claim_derivations("worker", step, 1, lease)).await;
    }
    let for_viewer = store.claim_derivation_for_viewer("worker", company, MediaId(4001), 1, lease);
    check(test, "a viewer's derivation", true, for_viewer).await;
    for which in [QueuedDerivations::Missing { version: 1, of_videos: 1 }, QueuedDerivations::Failed] {
        let queued = store.queue_derivations(company, which, MediaId(5), 100);
        check(test, "derivations queued", true, queued).await;
    }
    // `derivations_left` counts what waits, for a command that somebody looks at: it may read all of it.
    check(test, "variant", true, store.variant(&scope, MediaId(77), VariantKind::Thumb)).await;
    let page: Vec<MediaId> = (1..=50).map(MediaId).collect();
    check(test, "results", true, store.derivation_results(&scope, &page)).await;
    let moves = store.variants_elsewhere(company, StorageBackend::S3, MediaId(5), 100);
    check(test, "variants moved", false, moves).await;
    let found = |number: i64| FoundFile {
        company_id: company,
        message_id: MessageId(number),
        key: format!("media/{company}/{number}/variants/{number}-thumb-00"),
    };
    let found: Vec<FoundFile> = (1..=50).map(found).collect();
    check(test, "known files", true, store.known_files(StorageBackend::Local, &found)).await;
    check(test, "stray variant", true, store.discard_file(StorageBackend::Local, &found[0])).await;
    check(test, "trash", true, store.trash_claim(StorageBackend::Local, 10)).await;
}

async fn sends_use_their_indexes(test: &Test) {
    let (company, store) = (test.acme.company, &test.store);
    let scope = Scope::system(company);
    let limits = SendLimits { per_account: 10_000, ..limits(16) };
    check(test, "sends", true, store.claim_sends("worker", &limits)).await;
    if test.store.backend() == Backend::Postgres {
        // The rows of `fill` have ids of their own.
        test.sql("ALTER TABLE messages ALTER COLUMN id RESTART WITH 100000000").await.unwrap();
    }
    // Of a conversation where many sleep.
    let new = NewSend { client_id: Some("mine".into()), ..new_text(ConversationId(11)) };
    check(test, "queued", true, store.queue_send(&scope, &new)).await;
    check(test, "known client id", true, store.queue_send(&scope, &new)).await;
    let free = NewSend { client_id: None, ..new_text(ConversationId(7)) };
    let id = store.queue_send(&scope, &free).await.unwrap().message_id;
    let claimed = store.claim_sends("worker", &limits).await.unwrap();
    let claimed = claimed.into_iter().find(|one| one.message_id == id).unwrap();
    check(test, "asked", true, store.mark_asked(&claimed)).await;
    check(test, "put off", true, store.put_off_send(&claimed, START, true)).await;
    let claimed = store.claim_sends("worker", &limits).await.unwrap().remove(0);
    check(test, "sent", true, store.finish_send(&claimed, "sent")).await;
    let named = IncomingStatus { callback: Some(id), ..status(test.acme, "named", MessageStatus::Sent) };
    Box::pin(check(test, "named", true, async { Ok(test.ingest(vec![IngestItem::Status(named)]).await) }))
        .await;
    check(test, "again", true, store.retry_send(&scope, id)).await;
    let second = store.queue_send(&scope, &free).await.unwrap().message_id;
    check(test, "taken back", true, store.cancel_send(&scope, second)).await;
    let upload = FoundFile {
        company_id: company,
        message_id: MessageId(0),
        key: format!("media/{company}/uploads/00"),
    };
    check(
        test,
        "known upload",
        true,
        store.known_files(StorageBackend::Local, std::slice::from_ref(&upload)),
    )
    .await;
    check(test, "stray upload", true, store.discard_file(StorageBackend::Local, &upload)).await;
}

/// Many contacts, each with a conversation. Every name is made of words that others have too.
pub(super) async fn fill_inbox(test: &Test, rows: i64) {
    let (company, account, now) = (test.acme.company, test.acme.account, START.millis());
    let numbers = format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})");
    let contacts = format!(
        "{numbers} INSERT INTO contacts (id, company_id, wa_id, search_text, created_at, updated_at)
            SELECT i, {company}, 'wa-' || i, 'ann' || (i % 7) || ' of ' || (i % 1000) || ' ' || (49151000000 + i),
                {now}, {now} FROM n"
    );
    let conversations = format!(
        "{numbers} INSERT INTO conversations (id, company_id, account_id, contact_id, last_message_at, created_at,
                updated_at)
            SELECT i, {company}, {account}, i, {now} + i, {now}, {now} FROM n"
    );
    test.sql(&contacts).await.unwrap();
    test.sql(&conversations).await.unwrap();
    if test.store.backend() == Backend::Postgres {
        test.sql("ANALYZE").await.unwrap();
    }
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

on_both!(queries_of_lists_claims_and_look_ups_use_their_indexes, search_of_many_conversations_uses_its_index);
