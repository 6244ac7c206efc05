//! Connections to Postgres on loan.

use std::io;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPool;
use sqlx::{PgConnection, Postgres};

/// A statement that takes longer is taken for one that the network has lost.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);

/// A connection that is closed unless it is given back. Whoever goes away in the middle of a statement leaves it in a
/// state that nobody knows, and with a transaction open; one whose network has gone never answers again.
pub(crate) struct Lent(Option<PoolConnection<Postgres>>);

impl Lent {
    pub(crate) async fn of(pool: &PgPool) -> Result<Self, sqlx::Error> {
        pool.acquire().await.map(|connection| Self(Some(connection)))
    }

    /// For the next one, with no statement and no transaction under way.
    pub(crate) fn give_back(mut self) {
        drop(self.0.take());
    }

    /// Gives it back if it has answered, even if by saying no.
    pub(crate) fn give_back_after<T>(self, result: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        if matches!(result, Ok(_) | Err(sqlx::Error::Database(_))) {
            self.give_back();
        }
        result
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(mut connection) = self.0.take() {
            connection.close_on_drop();
        }
    }
}

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.0.as_ref().expect("only giving it back takes it")
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.0.as_mut().expect("only giving it back takes it")
    }
}

/// The answer to a statement, unless it does not come.
pub(crate) async fn within<T>(
    statement: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let answer = tokio::time::timeout(ANSWERS_WITHIN, statement).await;
    answer.unwrap_or_else(|_| Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into())))
}
