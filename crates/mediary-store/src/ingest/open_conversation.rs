//! The conversation of an account with somebody to whom a message of ours goes. It is opened where there is none, by the same rules
//! as for a message that arrives, so that two senders, or a sender and a webhook, make one contact and one conversation between them.

use mediary_core::{AccountId, CompanyId, ConversationId, Scope, Timestamp, other_spelling};
use sqlx::AssertSqlSafe;

use super::applied::AppliedChanges;
use super::contacts::{self, ContactEvidence, Correspondent};
use super::conversations;
use super::types::{Change, ContactKey};
use crate::db::Tx;
use crate::scope::and_seen;
use crate::value::args;
use crate::{Error, Result, Store};

/// By what id WhatsApp knows a number, where that is another one (`answers`).
const KNOWN_AS: &str = "SELECT n.wa_id FROM answered_numbers n WHERE n.company_id = $1 AND n.number = $2";

fn known_as(contact: &ContactKey, known: Option<(String,)>) -> ContactKey {
    match known {
        Some((wa_id,)) => ContactKey { phone: Some(wa_id.clone()), wa_id: Some(wa_id), ..contact.clone() },
        None => contact.clone(),
    }
}

/// A conversation that is there, and what changed besides it: conversations of contacts that proved to be one person.
pub(crate) struct OpenedConversation {
    pub(crate) id: ConversationId,
    pub(crate) also_changed: Vec<Change>,
}

/// Finds the conversation, or opens it. Its contact is locked against removal until the transaction ends.
pub(crate) async fn open_conversation(
    tx: &mut Tx,
    now: Timestamp,
    (company_id, account): (CompanyId, AccountId),
    contact: &ContactKey,
) -> Result<OpenedConversation> {
    let mut applied = AppliedChanges::default();
    let known = match contact.phone.as_deref() {
        Some(number) => tx.first(KNOWN_AS, args![company_id, number]).await?,
        None => None,
    };
    let contact = known_as(contact, known);
    // What a sender writes fills gaps. What WhatsApp said of the contact before stays.
    let evidence = ContactEvidence::Historic;
    let correspondent = Correspondent { company_id, contact: &contact, evidence };
    let found = contacts::find_or_add(tx, now, &[correspondent], &mut applied).await?;
    let vanished = || Error::internal("a contact vanished while its conversation was opened");
    let contact = found.into_iter().next().flatten().ok_or_else(vanished)?;
    let opened = conversations::find_or_add(tx, now, &[((company_id, account, contact), now)]).await?;
    let id = opened.into_iter().next().ok_or_else(vanished)?;
    Ok(OpenedConversation { id, also_changed: applied.changes })
}

impl Store {
    /// The conversation of an account with somebody, if there is one that the scope sees.
    pub async fn conversation_with(
        &self,
        scope: &Scope,
        account: AccountId,
        contact: &ContactKey,
    ) -> Result<Option<ConversationId>> {
        let known = match contact.phone.as_deref() {
            Some(number) => self.db().first(KNOWN_AS, args![scope.company(), number]).await?,
            None => None,
        };
        let contact = known_as(contact, known);
        let other = contact.wa_id.as_deref().and_then(other_spelling);
        for (column, id) in [("user_id", &contact.user_id), ("wa_id", &contact.wa_id), ("wa_id", &other)] {
            let Some(id) = id else { continue };
            let sql = format!(
                "SELECT v.id FROM contacts c JOIN conversations v
                    ON v.company_id = c.company_id AND v.account_id = $2 AND v.contact_id = c.id
                    WHERE c.company_id = $1 AND c.{column} = $3{}",
                and_seen(scope, "v.id")
            );
            let args = args![scope.company(), account, id.as_str()];
            if let Some((found,)) = self.db().first::<(ConversationId,)>(AssertSqlSafe(sql), args).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}
