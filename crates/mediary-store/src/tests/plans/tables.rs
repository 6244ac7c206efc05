//! Tables with very many rows.

use mediary_core::CompanyId;
use mediary_testing::START;
use sqlx::AssertSqlSafe;

use super::LARGE;
use crate::tests::harness::Test;
use crate::*;

/// Conversations that the messages are in.
const CONVERSATIONS: i64 = 1000;

/// Words that some of many texts have, besides `hello` or `file` and a number: which rows have one, what it is there, and its terms in
/// an index.
struct SomeWord {
    rows: String,
    text: &'static str,
    terms: &'static [&'static str],
}

fn some_words(rows: i64) -> [SomeWord; 5] {
    let half = rows / 2;
    let some = |rows: &str, text, terms| SomeWord { rows: rows.to_owned(), text, terms };
    [
        some("i % 1000 = 1", "'فاتورة'", &["'فاتوره'"]),
        some("i % 1000 = 2", "'发票单'", &["'发票'", "'票单'", "'单'"]),
        some("i % 200 = 3", "'order'", &["'order'"]),
        // Many that begin alike.
        some("i % 1000 = 5", "'inv' || i", &["'inv' || i"]),
        // Very many, and all of them old.
        some(&format!("i < {half} AND i % 3 = 0"), "'spring'", &["'spring'"]),
    ]
}

/// What is added to the text of row `i`.
fn text_of_some(rows: i64) -> String {
    let parts =
        some_words(rows).map(|word| format!("CASE WHEN {} THEN ' ' || {} ELSE '' END", word.rows, word.text));
    parts.join(" || ")
}

/// Its terms, each null in rows that do not have it.
fn terms_of_some(company: CompanyId, rows: i64) -> Vec<String> {
    let term =
        |word: &SomeWord, term: &str| format!("CASE WHEN {} THEN '{company}w' || {term} END", word.rows);
    some_words(rows).iter().flat_map(|word| word.terms.iter().map(move |one| term(word, one))).collect()
}

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

/// The words of the messages, as the index keeps them.
fn messages_words(test: &Test, rows: i64) -> String {
    let company = test.acme.company;
    let mut terms = vec![format!("'{company}whello'"), format!("'{company}w' || (i % 5000)")];
    terms.extend(terms_of_some(company, rows));
    words_of(test, "message_words", rows, &terms)
}

/// The words of the files, as the index keeps them.
fn files_words(test: &Test, rows: i64) -> String {
    let company = test.acme.company;
    let mut terms = vec![
        format!("'{company}wfile'"),
        format!("'{company}w' || (i % 5000)"),
        format!("'{company}s' || (49000 + i % 7001)"),
        format!("'{company}dinbound'"),
        format!("'{company}c' || (1 + i % {CONVERSATIONS})"),
    ];
    terms.extend(terms_of_some(company, rows));
    words_of(test, "media_words", rows, &terms)
}

fn words_of(test: &Test, table: &str, rows: i64, terms: &[String]) -> String {
    let company = test.acme.company;
    match test.store.backend() {
        Backend::Sqlite => format!(
            "{} INSERT INTO {table} (rowid, words) SELECT i, {} FROM n",
            numbers(rows),
            terms.iter().map(|term| format!("COALESCE({term}, '')")).collect::<Vec<_>>().join(" || ' ' || ")
        ),
        Backend::Postgres => format!(
            "{} INSERT INTO {table} (company_id, record_id, words)
                SELECT {company}, i, array_to_tsvector(array_remove(ARRAY[{}], NULL)) FROM n",
            numbers(rows),
            terms.join(", ")
        ),
    }
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

pub(super) async fn fill(test: &Test, rows: i64) {
    match test.store.backend() {
        Backend::Sqlite => {
            test.sql("PRAGMA foreign_keys = OFF").await.unwrap();
            test.sql("DROP TRIGGER media_files_words_insert").await.unwrap();
            test.sql("DROP TRIGGER messages_search_insert").await.unwrap();
        }
        Backend::Postgres => {
            for table in LARGE {
                test.sql(&format!("ALTER TABLE {table} DISABLE TRIGGER ALL")).await.unwrap();
            }
        }
    }
    let indexes = without_indexes(test).await;
    let (company, account, now) = (test.acme.company, test.acme.account, START.millis());
    // Every hundredth file waits, a thousand failed, the others are stored.
    let (seldom, some) = (rows / 1000, text_of_some(rows));
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
                    provider_message_id, provider_media_id, sender_phone, text, created_at, updated_at)
                SELECT i, {company}, {account}, 1 + i % {CONVERSATIONS}, 'inbound', 'image', 'received', {now} + i,
                    'wamid-' || i, 'media-' || i, CAST(49000 + i % 7001 AS TEXT), 'hello ' || (i % 5000) || {some},
                    {now} + i, {now} + i FROM n",
            numbers(rows)
        ),
        format!(
            "{} INSERT INTO media_files (id, company_id, account_id, conversation_id, message_id, policy, file_type,
                    file_name, sort_name, file_size, sha256, storage_key, storage_backend, provider_media_id, download_status,
                    download_attempts, last_error_retryable, next_attempt_at, due, expires_at, created_at, updated_at)
                SELECT i, {company}, {account}, 1 + i % {CONVERSATIONS}, i, 'store',
                    CASE WHEN i % 3 = 0 THEN 'image' ELSE 'document' END, 'file ' || (i % 5000) || {some},
                    'file ' || (i % 5000), i % 100000,
                    CASE WHEN i % 100 > 0 THEN {} END, CASE WHEN i % 100 > 0 THEN 'key' END,
                    CASE WHEN i % 100 > 0 THEN 'local' END, 'media-' || i,
                    CASE WHEN i % {seldom} = 0 THEN 'failed' WHEN i % 100 = 0 THEN 'pending' ELSE 'completed' END,
                    i % 7, i % {seldom} = 0, CASE WHEN i % 100 = 0 THEN {now} + i END, i % 200 = 0,
                    {now} + i, {now} + i, {now} + i FROM n",
            numbers(rows),
            hash_of_row(test)
        ),
    ];
    let made = derived_rows(test, rows);
    let others = [sent_rows(test, rows), files_words(test, rows), messages_words(test, rows)];
    for statement in statements.iter().chain(&made).chain(&others).chain(&indexes) {
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

/// Entries of an audit log: views by a hundred people but for two, and one act a thousand entries; the first entry is of somebody and of
/// an action that nobody has since.
pub(super) async fn fill_audit_log(test: &Test, rows: i64) {
    let (company, now) = (test.acme.company, START.millis());
    let entries = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
            INSERT INTO audit_log (id, company_id, who, action, record, ip, created_at)
            SELECT i, {company}, CASE WHEN i = 1 THEN 'user:once' ELSE 'user:' || (i % 100) END,
                CASE WHEN i = 1 THEN 'once' WHEN i % 1000 = 7 THEN 'user.changed' ELSE 'media.viewed' END,
                'media:' || (i % 5000), '192.0.2.1', {now} + i FROM n"
    );
    test.sql("DELETE FROM audit_log").await.unwrap();
    test.sql(&entries).await.unwrap();
    if test.store.backend() == Backend::Postgres {
        test.sql("ANALYZE").await.unwrap();
    }
}

/// Many contacts, each with a conversation. Every name is made of words that others have too.
pub(in crate::tests) async fn fill_inbox(test: &Test, rows: i64) {
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
