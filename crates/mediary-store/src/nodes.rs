//! The presence of processes on one Postgres database, and the take-over from one that died.
//!
//! A process holds an advisory lock by a connection of its own, its presence, and its row names that lock. Postgres frees
//! the lock when the connection ends: at once when the process dies, after some seconds of keepalive when its machine
//! does, never when it only hangs. Why a take-over is safe, even from a process that is alive:
//!
//! 1. The lock is taken before the row that names it is committed, so a process that reads the row and finds the lock free
//!    knows that the connection has ended. A number is never used twice, so a process that has connected again is not
//!    mistaken for its earlier presence: its row names another lock, and [`Store::take_over_from`] holds the row and
//!    compares the number before it changes anything.
//! 2. A connection may end while its process is alive. The process then loses its leases as if they had expired: each of its
//!    statements about a download names owner and number of the lease, so it changes nothing any more, and the next owner ends the
//!    unfinished upload first. Work is repeated, nothing is lost. The caller gives the process time to connect again.
//! 3. A statement of the dead process that Postgres had started may commit after the take-over, and write a lease or a row for which
//!    no event is published. The presence row therefore stays for [`AFTERMATH`], twice as long as a statement may take; until then
//!    its leases are released repeatedly, and at its end the signal is published again.
//! 4. A process without a row (an older release, a command) is never found gone: its leases expire.

use std::fmt;
use std::time::Duration;

use mediary_core::Timestamp;
use sqlx::{AssertSqlSafe, PgConnection, SqlSafeStr};

use crate::db::{Db, Tx};
use crate::record::{Read, Record as _, read_row, record};
use crate::statement::Target;
use crate::transaction::transaction;
use crate::value::{Value, args};
use crate::{Error, Result, Store, dialect, leases, signals};

/// For how long a process that died is remembered.
const AFTERMATH: Duration = Duration::from_secs(60);

record! {
    /// A process whose connection has ended.
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    pub struct GoneNode from nodes as n {
        pub name: String,
        pub presence: i64,
    }
}

/// The presence of this process. Dropping it ends the connection, as the death of the process would.
pub struct Presence {
    connection: PgConnection,
    own: GoneNode,
}

impl fmt::Debug for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presence").field("node", &self.own.name).finish_non_exhaustive()
    }
}

impl Store {
    /// Announces this process to the others under a number that was never used before. `None` on SQLite.
    pub async fn enter(&self, node: &str, number: i64) -> Result<Option<Presence>> {
        let Db::Postgres(pool) = self.db() else { return Ok(None) };
        let connection = pool.manager().apart().await;
        let connection = connection.map_err(|error| dialect::error("connect to Postgres", error))?;
        let own = GoneNode { name: node.to_owned(), presence: number };
        let mut presence = Presence { connection, own };
        let locked: Vec<(bool,)> = presence.rows("SELECT pg_try_advisory_lock($1)", args![number]).await?;
        if locked != [(true,)] {
            return Err(Error::unavailable("the number of this process is in use"));
        }
        let sql = "INSERT INTO nodes (name, presence) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET presence = $2, gone_at = NULL";
        presence.rows::<(i64,)>(sql, args![node, number]).await?;
        Ok(Some(presence))
    }

    /// Releases the leases of a process that is gone, at most `limit` of them, and publishes `signal` once at the beginning and once
    /// at the end of the aftermath. Returns how many were released. Does nothing if the process has returned.
    pub async fn take_over_from(&self, gone: &GoneNode, signal: &str, limit: u32) -> Result<u64> {
        transaction!(self.db(), |tx| {
            // Locked until the end, so that a returning process waits, and one of several nodes takes over.
            let sql = format!(
                "SELECT n.gone_at FROM nodes n WHERE n.name = $1 AND n.presence = $2{}",
                dialect::hold_rows(tx.backend(), "n")
            );
            let held: Option<(Option<Timestamp>,)> =
                tx.first(AssertSqlSafe(sql), args![gone.name.as_str(), gone.presence]).await?;
            let Some((gone_at,)) = held else { return Ok(0) };
            let now = self.now();
            let released = leases::release_of(tx, &gone.name, now, limit).await?;
            match gone_at {
                None => {
                    let sql = "UPDATE nodes SET gone_at = $2 WHERE name = $1";
                    tx.execute(sql, args![gone.name.as_str(), now]).await?;
                    signals::publish(tx, signal).await?;
                }
                Some(gone_at) if released == 0 && gone_at < now.minus(AFTERMATH) => {
                    remove(tx, gone).await?;
                    signals::publish(tx, signal).await?;
                }
                Some(_) => {}
            }
            Ok(released)
        })
    }

    /// Ends the presence of a process whose work has ended and whose events are published. If it still has leases, they are released
    /// and `signal` is published, as for a process that is gone.
    pub async fn leave(&self, presence: Presence, signal: &str, limit: u32) -> Result<()> {
        transaction!(self.db(), |tx| {
            let own = &presence.own;
            if leases::release_of(tx, &own.name, self.now(), limit).await? > 0 {
                signals::publish(tx, signal).await?;
            }
            remove(tx, own).await?;
            Ok(())
        })
    }
}

async fn remove(tx: &mut Tx, node: &GoneNode) -> Result<()> {
    let sql = "DELETE FROM nodes WHERE name = $1 AND presence = $2";
    tx.execute(sql, args![node.name.as_str(), node.presence]).await?;
    Ok(())
}

impl Presence {
    /// The processes that are gone; `None` if the others consider this one gone, so that it has to announce itself again.
    pub async fn look(&mut self) -> Result<Option<Vec<GoneNode>>> {
        // A lock that this check acquires ends with its statement. Our own lock is held here, so it is never acquired.
        let sql = format!(
            "SELECT {} FROM nodes n WHERE pg_try_advisory_xact_lock_shared(n.presence)
                AND (n.name <> $1 OR n.gone_at IS NULL)",
            GoneNode::SELECT
        );
        let found: Vec<GoneNode> = self.rows(AssertSqlSafe(sql), args![self.own.name.as_str()]).await?;
        let (own, gone): (Vec<_>, Vec<_>) = found.into_iter().partition(|node| *node == self.own);
        Ok((!own.is_empty()).then_some(gone))
    }

    async fn rows<T: Read>(&mut self, sql: impl SqlSafeStr, args: Vec<Value>) -> Result<Vec<T>> {
        let rows = Target::Postgres(&mut self.connection).rows(sql.into_sql_str(), args.into()).await?;
        rows.iter().map(read_row).collect()
    }
}
