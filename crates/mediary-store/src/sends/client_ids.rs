//! Messages by what their senders call them.
//!
//! A request that sends several messages has one client id for all of them. The first message has it in its row; the others have it
//! with their number behind a character that no client id may have. So the unique key on client ids covers the whole request: of two
//! that come at once, the second one waits for the first one's end and finds all of its messages.

use mediary_core::{CompanyId, ConversationId, MessageId, Scope, limits};
use sqlx::AssertSqlSafe;

use super::QueuedSend;
use crate::db::Tx;
use crate::scope::and_seen;
use crate::value::{Value, args};
use crate::{Result, Store};

/// Stands between a client id and the number of a message. A control character: senders may use none.
const NUMBER: char = '\u{1f}';

/// What stands in the row of the message with this index among those of its request.
pub(super) fn in_row(client_id: &str, index: usize) -> String {
    if index == 0 { client_id.to_owned() } else { format!("{client_id}{NUMBER}{index}") }
}

/// Which of the messages of its request has this in its row.
fn index_of(in_row: &str) -> usize {
    in_row.split(NUMBER).nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// What its sender calls the message with this in its row.
pub fn client_id_of(in_row: &str) -> &str {
    in_row.split(NUMBER).next().unwrap_or_default()
}

/// A condition on messages `m` of the company `$1`: of the request with this client id; and its arguments.
fn of_request(company: CompanyId, client_id: &str) -> (String, Vec<Value>) {
    let mut args = args![company];
    args.extend((0..limits::SENT_AT_ONCE).map(|index| in_row(client_id, index).into()));
    let numbers: Vec<String> = (2..=args.len()).map(|number| format!("${number}")).collect();
    let condition =
        format!("m.company_id = $1 AND m.client_id IS NOT NULL AND m.client_id IN ({})", numbers.join(", "));
    (condition, args)
}

impl Store {
    /// The messages of the request with this client id, as far as the scope sees them, in their order. [`Store::queue_sends`] looks
    /// again.
    pub async fn sent_as(&self, scope: &Scope, client_id: &str) -> Result<Vec<MessageId>> {
        let (condition, args) = of_request(scope.company(), client_id);
        let seen = and_seen(scope, "m.conversation_id");
        let sql = format!("SELECT m.id, m.client_id FROM messages m WHERE {condition}{seen}");
        let mut found: Vec<(MessageId, String)> = self.db().all(AssertSqlSafe(sql), args).await?;
        found.sort_by_key(|(_, in_row)| index_of(in_row));
        Ok(found.into_iter().map(|(id, _)| id).collect())
    }
}

/// The messages of the request that sent its messages first under this client id, in their order.
pub(super) async fn known(tx: &mut Tx, company: CompanyId, client_id: &str) -> Result<Vec<QueuedSend>> {
    let (condition, args) = of_request(company, client_id);
    let sql = format!("SELECT m.id, m.conversation_id, m.client_id FROM messages m WHERE {condition}");
    let mut found: Vec<(MessageId, ConversationId, String)> = tx.all(AssertSqlSafe(sql), args).await?;
    found.sort_by_key(|(_, _, in_row)| index_of(in_row));
    let known = |(message_id, conversation_id, _)| QueuedSend {
        message_id,
        conversation_id,
        media_id: None,
        is_new: false,
        also_changed: Vec::new(),
    };
    Ok(found.into_iter().map(known).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_a_request_have_names_of_their_own_and_one_client_id() {
        let names: Vec<String> = (0..3).map(|index| in_row("mine", index)).collect();
        assert_eq!(names, ["mine", "mine\u{1f}1", "mine\u{1f}2"]);
        assert!(names.iter().all(|name| client_id_of(name) == "mine"));
        assert!((0..limits::SENT_AT_ONCE).all(|index| index_of(&in_row("mine", index)) == index));
    }
}
