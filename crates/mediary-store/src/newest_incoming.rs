//! The message that a receipt names: WhatsApp takes those before it as read, too.

use mediary_core::{AccountId, CompanyId, ConversationId, MessageId, Scope, Timestamp};
use sqlx::AssertSqlSafe;

use crate::record::{Record as _, record};
use crate::scope::and_seen;
use crate::value::args;
use crate::{Result, Store};

/// Of so many messages at the end of a thread one is looked for. Where all of them are ours, nobody waits for an answer.
const LOOKED_AT: u32 = 1000;
/// In so many conversations of an account, those with the newest messages, its last incoming one is looked for.
const CONVERSATIONS_LOOKED_AT: u32 = 20;

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
    /// When the last message that came in at an account was recorded, as far as its newest conversations tell.
    pub async fn last_received(&self, company: CompanyId, account: AccountId) -> Result<Option<Timestamp>> {
        let sql = format!(
            "SELECT MAX(t.received_at) FROM (
                SELECT (SELECT m.created_at FROM messages m
                        WHERE m.company_id = $1 AND m.conversation_id = n.id AND m.direction = 'inbound'
                        ORDER BY m.sent_at DESC, m.id DESC LIMIT 1) AS received_at
                    FROM (SELECT v.id FROM conversations v WHERE v.company_id = $1 AND v.account_id = $2
                        ORDER BY v.last_message_at DESC, v.id DESC LIMIT {CONVERSATIONS_LOOKED_AT}) n
                ) t"
        );
        let found: Option<(Option<Timestamp>,)> =
            self.db().first(AssertSqlSafe(sql), args![company, account]).await?;
        Ok(found.and_then(|(at,)| at))
    }

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
