//! The schema is the same on both databases, and is brought up to date by the first process.

use std::collections::BTreeSet;

use mediary_core::DownloadStatus;
use mediary_testing::ManualClock;
use mediary_testing::database::Database;

use super::harness::{Test, open};
use super::on_both;
use crate::*;

async fn migrations_run_again_change_nothing(test: &Test) {
    assert_eq!(test.store.migrate().await.unwrap(), [""; 0]);
    test.store.check().await.unwrap();
}

/// As while nodes are replaced one by one: the next release has added its columns and tables.
async fn program_runs_on_the_schema_of_the_next_release(test: &Test) {
    let step = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        SELECT 999, 'of the next release', TRUE, checksum, 1 FROM _sqlx_migrations WHERE version = 1";
    test.sql(step).await.unwrap();
    for table in ["contacts", "conversations", "messages", "media_files", "webhook_events", "trash"] {
        test.sql(&format!("ALTER TABLE {table} ADD COLUMN of_the_next_release TEXT")).await.unwrap();
    }
    let node = test.another_node().await;
    assert_eq!(node.migrate().await.unwrap(), [""; 0]);
    node.check().await.unwrap();
    assert_eq!(test.picture(test.acme, "wamid.1").await.download_status, DownloadStatus::Pending);
    assert_eq!(
        node.media_list(&mediary_core::Scope::system(test.acme.company), &MediaQuery::default())
            .await
            .unwrap()
            .items
            .len(),
        1
    );
    node.close().await;
}

on_both!(migrations_run_again_change_nothing, program_runs_on_the_schema_of_the_next_release);

#[tokio::test]
async fn programs_that_start_together_migrate_once() {
    let database = Database::sqlite();
    let clock = ManualClock::default();
    let stores = [open(database.url(), &clock).await, open(database.url(), &clock).await];
    let unready = stores[0].check().await.unwrap_err();
    assert!(!unready.retryable() || unready.to_string().contains("statement"), "{unready}");
    let (first, second) = tokio::join!(stores[0].migrate(), stores[1].migrate());
    assert_eq!(first.unwrap().len() + second.unwrap().len(), crate::migrations::STEPS.len());
    for store in stores {
        store.check().await.unwrap();
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_start_together_on_an_empty_postgres_migrate_once() {
    for _ in 0..4 {
        let database = Database::postgres();
        let clock = ManualClock::default();
        let stores = [(); 6].map(|()| open(database.url(), &clock));
        let stores = futures_util::future::join_all(stores).await;
        let unready = stores[0].check().await.unwrap_err();
        assert!(unready.to_string().contains("mediary migrate"), "{unready}");
        let taken = futures_util::future::join_all(stores.iter().map(Store::migrate)).await;
        assert_eq!(
            taken.into_iter().map(|steps| steps.unwrap().len()).sum::<usize>(),
            crate::migrations::STEPS.len()
        );
        for store in stores {
            store.check().await.unwrap();
            store.close().await;
        }
    }
}

#[tokio::test]
async fn unknown_kind_of_database_is_refused() {
    let options = StoreOptions { url: "mysql://secret@host/x".into(), max_connections: 1 };
    let clock = std::sync::Arc::new(ManualClock::default());
    let refused = Store::open(&options, clock).await.unwrap_err();
    assert!(
        refused.to_string().contains("sqlite://") && !format!("{refused:?} {options:?}").contains("secret")
    );
}

/// The search of contacts is a table on SQLite, and an index on Postgres. That of words is a table on both, of other columns.
async fn columns(test: &Test) -> BTreeSet<(String, String, bool)> {
    let sql = match test.store.backend() {
        Backend::Sqlite => {
            "SELECT t.name, c.name, c.\"notnull\" FROM sqlite_master t, pragma_table_info(t.name) c
                WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> '_sqlx_migrations'
                    AND t.name NOT LIKE 'contacts_search%' AND t.name NOT LIKE '%\\_words%' ESCAPE '\\'"
        }
        Backend::Postgres => {
            "SELECT CAST(c.table_name AS TEXT), CAST(c.column_name AS TEXT), c.is_nullable = 'NO'
                FROM information_schema.columns c
                WHERE c.table_schema = 'public' AND c.table_name NOT IN ('_sqlx_migrations', 'media_words', 'message_words', 'contact_words')"
        }
    };
    test.store.db().all(sql, vec![]).await.unwrap().into_iter().collect()
}

async fn indexes(test: &Test) -> BTreeSet<String> {
    let sql = match test.store.backend() {
        Backend::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        Backend::Postgres => {
            "SELECT CAST(i.indexname AS TEXT) FROM pg_indexes i WHERE i.schemaname = 'public'
                AND i.indexname NOT IN ('contacts_runs', 'media_words_found', 'message_words_found', 'contact_words_found')
                AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)"
        }
    };
    let names: Vec<(String,)> = test.store.db().all(sql, vec![]).await.unwrap();
    names.into_iter().map(|(name,)| name).collect()
}

#[tokio::test]
async fn schema_is_the_same_on_both_databases() {
    let (sqlite, postgres) = (Test::on(Backend::Sqlite).await, Test::on(Backend::Postgres).await);
    let (ours, theirs) = (columns(&sqlite).await, columns(&postgres).await);
    assert!(ours.len() > 100);
    assert_eq!(ours, theirs);
    assert_eq!(indexes(&sqlite).await, indexes(&postgres).await);
    sqlite.end().await;
    postgres.end().await;
}

#[tokio::test]
async fn tenant_tables_can_be_distributed_by_company() {
    let test = Test::on(Backend::Postgres).await;
    // Unique keys without the company: only what people and webhooks name by itself, the tables of no company, and the queue of what a
    // search is to find, which is worked off for all of them in its order.
    let sql = "SELECT CAST(i.indexname AS TEXT) FROM pg_indexes i WHERE i.schemaname = 'public'
        AND i.indexdef LIKE 'CREATE UNIQUE%' AND i.indexdef NOT LIKE '%company_id%'
        AND i.tablename <> '_sqlx_migrations' ORDER BY 1";
    let names: Vec<(String,)> = test.store.db().all(sql, vec![]).await.unwrap();
    let names: Vec<&str> = names.iter().map(|(name,)| name.as_str()).collect();
    let expected = [
        "api_keys_token_hash_key",
        "companies_pkey",
        "companies_slug_key",
        "nodes_pkey",
        "search_changes_pkey",
        "sessions_token_hash_key",
        "users_email_key",
        "waiting_webhooks_pkey",
        "webhook_events_pkey",
        "whatsapp_accounts_phone_number_id_key",
        "write_probe_pkey",
    ];
    assert_eq!(names, expected);
    test.end().await;
}
