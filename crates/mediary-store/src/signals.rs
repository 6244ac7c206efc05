//! Short texts from each process to all on the same Postgres database, itself included, in one order for all of them.

use std::fmt;

use sqlx::postgres::PgListener;

use crate::db::{Db, Tx};
use crate::value::args;
use crate::{Result, Store, dialect};

const CHANNEL: &str = "mediary";
const PUBLISH: &str = "SELECT 1 FROM pg_notify($1, CAST(pg_current_xact_id() AS TEXT) || ' ' || $2)";
/// Bytes of a text, at most; Postgres takes 8000 with the number before it.
pub const SIGNAL_BYTES_MAX: usize = 7900;

/// What was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceivedSignal {
    /// A text, and a number that no other one has; later ones may have smaller numbers.
    Signal { number: u64, text: String },
    /// The connection broke, and what was published meanwhile is missed.
    Missed,
}

/// A connection that listens.
pub struct Signals(PgListener);

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signals")
    }
}

/// Publishes a text if and when the transaction commits; one for each transaction, whose number it gets.
pub(crate) async fn publish(tx: &mut Tx, text: &str) -> Result<()> {
    tx.execute(PUBLISH, args![CHANNEL, text]).await?;
    Ok(())
}

impl Store {
    /// Publishes a text to all processes. Does nothing on SQLite, where there is only one.
    pub async fn signal(&self, text: &str) -> Result<()> {
        let Db::Postgres(_) = self.db() else { return Ok(()) };
        self.db().execute(PUBLISH, args![CHANNEL, text]).await?;
        Ok(())
    }

    /// Listens from now on. `None` on SQLite.
    pub async fn signals(&self) -> Result<Option<Signals>> {
        let Db::Postgres(pool) = self.db() else { return Ok(None) };
        let listening = async {
            let mut listener = pool.manager().listener().await?;
            listener.listen(CHANNEL).await?;
            Ok(listener)
        };
        listening.await.map(Signals).map(Some).map_err(|error| dialect::error("listen for signals", error))
    }
}

impl Signals {
    /// The next one. Safe to drop while waiting.
    pub async fn next(&mut self) -> Result<ReceivedSignal> {
        loop {
            let received = self.0.try_recv().await;
            let Some(notification) = received.map_err(|error| dialect::error("listen for signals", error))?
            else {
                return Ok(ReceivedSignal::Missed);
            };
            // Others may use the same channel; what is not ours has no number.
            if let Some((number, text)) = notification.payload().split_once(' ')
                && let Ok(number) = number.parse()
            {
                return Ok(ReceivedSignal::Signal { number, text: text.to_owned() });
            }
        }
    }
}
