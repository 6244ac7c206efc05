//! The message that a receipt names: WhatsApp takes those before it as read, too.

use mediary_core::{AccountId, ConversationId, MessageId, Scope, Timestamp};
use sqlx::AssertSqlSafe;

use crate::record::{Record as _, record};
use crate::scope::and_seen;
use crate::value::args;
use crate::{Result, Store};

/// Of so many messages at the end of a thread one is looked for. Where all of them are ours, nobody waits for an answer.
const LOOKED_AT: u32 = 1000;

record! {
    /// What a person sent us last.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct NewestIncoming from messages as m {
        pub id: MessageId,
        pub account_id: AccountId,
        pub provider_message_id: String,
        /// WhatsApp's own time.
        pub sent_at: Timestamp,
    }
}

impl Store {
    /// The newest message of a conversation that came from WhatsApp, other than reactions.
    pub async fn newest_incoming(
        &self,
        scope: &Scope,
        conversation: ConversationId,
    ) -> Result<Option<NewestIncoming>> {
        let sql = format!(
            "SELECT {} FROM (
                SELECT t.id, t.account_id, t.provider_message_id, t.sent_at, t.direction, t.type FROM messages t
                    WHERE t.company_id = $1{} AND t.conversation_id = $2
                    ORDER BY t.sent_at DESC, t.id DESC LIMIT {LOOKED_AT}
                ) m
                WHERE m.direction = 'inbound' AND m.type <> 'reaction' AND m.provider_message_id IS NOT NULL
                ORDER BY m.sent_at DESC, m.id DESC LIMIT 1",
            NewestIncoming::SELECT,
            and_seen(scope, "t.conversation_id")
        );
        self.db().first(AssertSqlSafe(sql), args![scope.company(), conversation]).await
    }
}
