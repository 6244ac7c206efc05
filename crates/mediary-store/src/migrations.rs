//! The schema, step by step. Steps are only ever added; the previous program must run on the next schema.

use sqlx::migrate::{Migrate, Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr as _};

use crate::db::Db;
use crate::pool::Lent;
use crate::value::args;
use crate::{Backend, Error, Result, dialect};

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

/// Takes the steps that are missing; their names. Several processes may do so at once.
pub(crate) async fn migrate(db: &Db) -> Result<Vec<String>> {
    let migrator = migrator(db.backend());
    let before = match db {
        Db::Sqlite { writer, .. } => {
            // sqlx has no lock for SQLite; within a writing transaction nobody else can do the same.
            let mut tx = writer.begin_with("BEGIN IMMEDIATE").await.map_err(|error| failed(error.into()))?;
            let before = steps_taken(&mut *tx).await?;
            migrator.run_direct(None, &mut *tx, false).await.map_err(failed)?;
            tx.commit().await.map_err(|error| failed(error.into()))?;
            before
        }
        Db::Postgres(pool) => {
            let mut lent = Lent::of(pool).await.map_err(|error| failed(error.into()))?;
            let before = steps_taken(&mut *lent).await?;
            migrator.run_direct(None, &mut *lent, false).await.map_err(failed)?;
            lent.give_back();
            before
        }
    };
    Ok(STEPS.iter().skip(before).map(|(name, _)| (*name).to_owned()).collect())
}

async fn steps_taken(connection: &mut impl Migrate) -> Result<usize> {
    let table = Migrator::DEFAULT.table_name;
    connection.ensure_migrations_table(&table).await.map_err(failed)?;
    Ok(connection.list_applied_migrations(&table).await.map_err(failed)?.len())
}

fn failed(error: sqlx::migrate::MigrateError) -> Error {
    match error {
        sqlx::migrate::MigrateError::Execute(error) => dialect::error("migrate the database", error),
        error => Error::invalid("failed to migrate the database").with_source(error),
    }
}

/// Whether the schema is the one this program knows (or a later one).
pub(crate) async fn check(db: &Db) -> Result<()> {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM _sqlx_migrations WHERE success";
    let taken = db.first::<(i64,)>(sql, args![]).await?.map_or(0, |(taken,)| taken);
    if usize::try_from(taken).unwrap_or(0) < STEPS.len() {
        return Err(Error::invalid("database schema is older than this program; run `mediary migrate`"));
    }
    Ok(())
}
