//! The schema, step by step. Steps are only ever added; the previous program must run on the next schema.

use std::time::Duration;

use sqlx::migrate::{Migrate, Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};
use tokio::time::Instant;

use crate::db::Db;
use crate::pool::PooledConnection;
use crate::value::args;
use crate::{Backend, Error, ErrorKind, Result, dialect};

/// The key of the advisory lock of migrations on Postgres: "mediary" in ASCII.
const TURN: i64 = 0x6D_65_64_69_61_72_79;
const TURN_WITHIN: Duration = Duration::from_secs(60);
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// Name and text of each step, oldest first.
pub(crate) const STEPS: &[(&str, &str)] = &[
    ("companies", include_str!("../migrations/0001_companies.sql")),
    ("messages", include_str!("../migrations/0002_messages.sql")),
    ("media", include_str!("../migrations/0003_media.sql")),
    ("inbox", include_str!("../migrations/0004_inbox.sql")),
    ("storage_checks", include_str!("../migrations/0005_storage_checks.sql")),
    ("imports", include_str!("../migrations/0006_imports.sql")),
    ("media_tasks", include_str!("../migrations/0007_media_tasks.sql")),
    ("task_progress", include_str!("../migrations/0008_task_progress.sql")),
    ("trash_attempts", include_str!("../migrations/0009_trash_attempts.sql")),
    ("nodes", include_str!("../migrations/0010_nodes.sql")),
    ("announced_size", include_str!("../migrations/0011_announced_size.sql")),
    ("media_parts", include_str!("../migrations/0012_media_parts.sql")),
    ("retention", include_str!("../migrations/0013_retention.sql")),
    ("waiting_updates", include_str!("../migrations/0014_waiting_updates.sql")),
    ("untracked_files", include_str!("../migrations/0015_untracked_files.sql")),
    ("usage", include_str!("../migrations/0016_usage.sql")),
    ("set_aside", include_str!("../migrations/0017_set_aside.sql")),
    ("waiting_reactions", include_str!("../migrations/0018_waiting_reactions.sql")),
    ("upkeep", include_str!("../migrations/0019_upkeep.sql")),
    ("contact_search", include_str!("../migrations/0020_contact_search.sql")),
    ("newest_reactions", include_str!("../migrations/0021_newest_reactions.sql")),
    ("failed_webhooks", include_str!("../migrations/0022_failed_webhooks.sql")),
    ("parked_by_company", include_str!("../migrations/0023_parked_by_company.sql")),
    ("webhook_queues", include_str!("../migrations/0024_webhook_queues.sql")),
    ("write_probe", include_str!("../migrations/0025_write_probe.sql")),
    ("begun_webhooks", include_str!("../migrations/0026_begun_webhooks.sql")),
    ("declared_size", include_str!("../migrations/0027_declared_size.sql")),
    ("oversized_files", include_str!("../migrations/0028_oversized_files.sql")),
    ("derivations", include_str!("../migrations/0029_derivations.sql")),
    ("derivation_triggers", include_str!("../migrations/0030_derivation_triggers.sql")),
    ("sends", include_str!("../migrations/0031_sends.sql")),
    ("answered_numbers", include_str!("../migrations/0032_answered_numbers.sql")),
    ("library", include_str!("../migrations/0033_library.sql")),
    ("partial_uploads", include_str!("../migrations/0034_partial_uploads.sql")),
    ("aws_accounts", include_str!("../migrations/0035_aws_accounts.sql")),
    ("retried_sends", include_str!("../migrations/0036_retried_sends.sql")),
    ("media_words", include_str!("../migrations/0037_media_words.sql")),
    ("archives", include_str!("../migrations/0038_archives.sql")),
    ("search", include_str!("../migrations/0039_search.sql")),
    ("audited_views", include_str!("../migrations/0040_audited_views.sql")),
    ("audit_filters", include_str!("../migrations/0041_audit_filters.sql")),
    ("frequently_forwarded", include_str!("../migrations/0042_frequently_forwarded.sql")),
    ("archive_makers", include_str!("../migrations/0043_archive_makers.sql")),
];

fn migrator(backend: Backend) -> Migrator {
    let steps = STEPS.iter().zip(1..).map(|((name, text), version)| {
        let sql = AssertSqlSafe(dialect::schema(backend, text)).into_sql_str();
        Migration::new(version, (*name).into(), MigrationType::Simple, sql, false)
    });
    let mut migrator = Migrator::with_migrations(steps.collect());
    // While nodes are replaced one by one, an older program may start on the schema of a newer one.
    migrator.set_ignore_missing(true);
    migrator
}

/// Applies the missing steps and returns their names. Several processes may do so at once.
pub(crate) async fn migrate(db: &Db) -> Result<Vec<String>> {
    let migrator = migrator(db.backend());
    let before = match db {
        Db::Sqlite { writer, .. } => {
            // sqlx has no lock for SQLite; within a writing transaction nobody else can do the same.
            let mut tx =
                writer.pool().begin_with("BEGIN IMMEDIATE").await.map_err(|error| failed(error.into()))?;
            let before = steps_taken(&mut *tx).await?;
            migrator.run_direct(None, &mut *tx, false).await.map_err(failed)?;
            tx.commit().await.map_err(|error| failed(error.into()))?;
            before
        }
        Db::Postgres(pool) => {
            let mut connection =
                PooledConnection::check_out(pool).await.map_err(|error| failed(error.into()))?;
            connection.execute(dialect::POSTGRES_NO_DEADLINES).await.map_err(|error| failed(error.into()))?;
            wait_for_turn(&mut connection).await?;
            let before = steps_taken(&mut *connection).await?;
            migrator.run_direct(None, &mut *connection, false).await.map_err(failed)?;
            let done =
                sqlx::query("SELECT pg_advisory_unlock($1)").bind(TURN).execute(&mut *connection).await;
            done.map_err(|error| failed(error.into()))?;
            // Dropped, not returned: nobody else shall have a connection without deadlines.
            before
        }
    };
    Ok(STEPS.iter().skip(before).map(|(name, _)| (*name).to_owned()).collect())
}

/// Waits until no other process migrates. sqlx takes a lock of its own, but only after its table exists, and on an empty database two
/// processes that create the table at once collide in the catalog. Our lock ends with the connection. It is polled, because a
/// statement that waits for it would run into its own deadline.
async fn wait_for_turn(connection: &mut PgConnection) -> Result<()> {
    let until = Instant::now() + TURN_WITHIN;
    loop {
        let asked = sqlx::query_scalar::<_, bool>("SELECT pg_try_advisory_lock($1)").bind(TURN);
        if asked.fetch_one(&mut *connection).await.map_err(|error| failed(error.into()))? {
            return Ok(());
        }
        if Instant::now() >= until {
            return Err(Error::unavailable("another process has been migrating the database for a minute"));
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

async fn steps_taken(connection: &mut impl Migrate) -> Result<usize> {
    let table = Migrator::DEFAULT.table_name;
    connection.ensure_migrations_table(&table).await.map_err(failed)?;
    Ok(connection.list_applied_migrations(&table).await.map_err(failed)?.len())
}

fn failed(error: sqlx::migrate::MigrateError) -> Error {
    match error {
        sqlx::migrate::MigrateError::Execute(error)
        | sqlx::migrate::MigrateError::ExecuteMigration(error, _) => {
            dialect::error("migrate the database", error)
        }
        error => Error::new(ErrorKind::Unusable, "failed to migrate the database").with_source(error),
    }
}

/// Whether the schema is the one this program knows (or a later one).
pub(crate) async fn check(db: &Db) -> Result<()> {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM _sqlx_migrations WHERE success";
    let taken = match db.first::<(i64,)>(sql, args![]).await {
        Ok(taken) => taken.map_or(0, |(taken,)| taken),
        Err(error) if error.retryable() => return Err(error),
        Err(_) => {
            return Err(Error::new(
                ErrorKind::Unusable,
                "the database has no schema yet; run `mediary migrate`",
            ));
        }
    };
    if usize::try_from(taken).unwrap_or(0) < STEPS.len() {
        return Err(Error::new(
            ErrorKind::Unusable,
            "the database's schema is older than this program; run `mediary migrate`",
        ));
    }
    Ok(())
}
