//! Messages by what their senders call them.

use mediary_core::{MessageId, Scope};
use sqlx::AssertSqlSafe;

use crate::scope::and_seen;
use crate::value::args;
use crate::{Result, Store};

impl Store {
    /// The message with this client id, as far as the scope sees it. [`Store::queue_send`] looks again.
    pub async fn sent_as(&self, scope: &Scope, client_id: &str) -> Result<Option<MessageId>> {
        let sql = format!(
            "SELECT m.id FROM messages m
                WHERE m.company_id = $1{} AND m.client_id = $2 AND m.client_id IS NOT NULL",
            and_seen(scope, "m.conversation_id")
        );
        let found: Option<(MessageId,)> =
            self.db().first(AssertSqlSafe(sql), args![scope.company(), client_id]).await?;
        Ok(found.map(|(id,)| id))
    }
}
