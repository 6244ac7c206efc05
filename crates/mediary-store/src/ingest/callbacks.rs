//! Statuses that carry the id of a message of ours, which it gave WhatsApp when it was sent. They find a message that has no id of
//! WhatsApp's yet: the answer to the call is still on its way, or was lost with the process that waited for it.
//!
//! Only the job's holder knows how its call ends, so its job is left alone while it waits for an answer; it finds that the message
//! arrived (`sends::finish`). A job that nobody holds, or whose holder has not asked yet, is done with.
//!
//! By AWS a message has an id of AWS's until a status brings WhatsApp's. A failure of an earlier attempt that is told a second time
//! after the next one was answered, and before its first status, is taken for its own: nothing tells them apart.
//!
//! A message that was sent again has several ids at WhatsApp. What is said of an earlier one counts where it arrived; its failure
//! is what made somebody send it again, and says nothing about the attempt after it.

use std::collections::{BTreeMap, BTreeSet};

use mediary_core::{AccountId, CompanyId, ConversationId, MessageId, MessageStatus, Timestamp};

use super::applied::{AppliedChanges, MessageKey};
use super::reactions;
use super::types::{ChangeKind, IncomingStatus};
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::provisional::is_provisional;
use crate::record::{Record as _, record};
use crate::writes::row;
use crate::{Result, dialect, sends};

record! {
    /// A message of ours that a status names.
    struct OwnMessage from messages as m {
        pub id: MessageId,
        pub company_id: CompanyId,
        pub account_id: AccountId,
        pub conversation_id: ConversationId,
        pub status: MessageStatus,
        pub provider_message_id: Option<String>,
        pub reaction_target: Option<String>,
    }
}

type OwnKey = (CompanyId, MessageId);

/// What becomes of a message.
struct Settled {
    message: OwnMessage,
    /// Whether a call that sends it began.
    asked: bool,
    has_new_id: bool,
    has_arrived: bool,
    to: Option<MessageStatus>,
    error: Option<(i64, String)>,
}

impl Settled {
    fn take(&mut self, status: IncomingStatus) {
        let has_failed = status.status == MessageStatus::Failed;
        // One that stands in for WhatsApp's gives way to it, as if there were none.
        match self.message.provider_message_id.as_ref().filter(|id| !is_provisional(id)) {
            None if has_failed && !self.asked => return,
            None => {
                self.message.provider_message_id = Some(status.provider_message_id);
                self.has_new_id = true;
            }
            Some(known) if *known != status.provider_message_id && has_failed => return,
            Some(_) => {}
        }
        self.has_arrived |= !has_failed;
        if self.to.unwrap_or(self.message.status).advances_to(status.status) {
            self.to = Some(status.status);
            self.error = status.error;
        }
    }
}

/// Applies the statuses that name a message of ours by its own id; returns the others.
pub(super) async fn apply(
    tx: &mut Tx,
    now: Timestamp,
    statuses: Vec<IncomingStatus>,
    applied: &mut AppliedChanges,
) -> Result<Vec<IncomingStatus>> {
    let mut settled = look_up(tx, &statuses).await?;
    let mut others = Vec::new();
    for status in statuses {
        let own = status.callback.and_then(|id| settled.get_mut(&(status.company_id, id)));
        match own.filter(|own| own.message.account_id == status.account_id) {
            Some(own) => own.take(status),
            None => others.push(status),
        }
    }
    settled.retain(|_, own| own.has_new_id || own.to.is_some());
    write(tx, now, &settled).await?;
    end_jobs(tx, now, &settled).await?;
    for Settled { message, has_new_id, .. } in settled.into_values() {
        let OwnMessage { company_id, account_id, conversation_id, id, provider_message_id, .. } = message;
        applied.message(ChangeKind::MessageUpdated, company_id, conversation_id, id, None);
        if let Some(provider_id) = provider_message_id.filter(|_| has_new_id) {
            let key = MessageKey { company: company_id, account: account_id, id: provider_id };
            reactions::after_acceptance(tx, now, key, message.reaction_target.as_deref(), applied).await?;
        }
    }
    Ok(others)
}

/// The messages that these statuses name, locked; then whether they were asked for, which is read after the lock.
async fn look_up(tx: &mut Tx, statuses: &[IncomingStatus]) -> Result<BTreeMap<OwnKey, Settled>> {
    let keys: BTreeSet<OwnKey> =
        statuses.iter().filter_map(|status| Some((status.company_id, status.callback?))).collect();
    let mut messages = Bulk::with(format!(
        "SELECT {} FROM k CROSS JOIN messages m WHERE m.company_id = k.company_id AND m.id = k.id
            AND m.direction = 'outbound' ORDER BY m.id{}",
        OwnMessage::SELECT,
        dialect::hold_rows(tx.backend(), "m")
    ));
    let mut asked = Bulk::with(
        "SELECT s.company_id, s.id FROM k CROSS JOIN sends s
            WHERE s.company_id = k.company_id AND s.id = k.id AND s.asked_at IS NOT NULL",
    );
    for (company, id) in &keys {
        messages.push(row! { company_id => *company, id => *id });
        asked.push(row! { company_id => *company, id => *id });
    }
    let messages: Vec<OwnMessage> = messages.run(tx).await?;
    let asked: BTreeSet<OwnKey> = asked.run(tx).await?.into_iter().collect();
    let settled = |message: OwnMessage| {
        let key = (message.company_id, message.id);
        let asked = asked.contains(&key);
        (key, Settled { message, asked, has_new_id: false, has_arrived: false, to: None, error: None })
    };
    Ok(messages.into_iter().map(settled).collect())
}

async fn write(tx: &mut Tx, now: Timestamp, settled: &BTreeMap<OwnKey, Settled>) -> Result<()> {
    let mut update = Bulk::with(
        "UPDATE messages SET provider_message_id = k.provider_id, status = COALESCE(k.status, messages.status),
                error_code = CASE WHEN k.status IS NULL THEN messages.error_code ELSE k.error_code END,
                error_message = CASE WHEN k.status IS NULL THEN messages.error_message ELSE k.error_message END,
                updated_at = k.at
            FROM k WHERE messages.company_id = k.company_id AND messages.id = k.id",
    );
    for Settled { message, to, error, .. } in settled.values() {
        let (code, text) = error.clone().unzip();
        update.push(row! {
            company_id => message.company_id,
            id => message.id,
            provider_id => message.provider_message_id.as_deref(),
            status => *to,
            error_code => code,
            error_message => text,
            at => now,
        });
    }
    update.execute(tx).await?;
    Ok(())
}

/// Ends jobs whose messages have arrived, and wakes those behind them. A failure ends what has no holder and cannot be sent again
/// by itself: a message that waits after it was asked for.
async fn end_jobs(tx: &mut Tx, now: Timestamp, settled: &BTreeMap<OwnKey, Settled>) -> Result<()> {
    let mut end = Bulk::with(format!(
        "UPDATE sends SET state = 'done', due_at = NULL, updated_at = k.at, {} FROM k
            WHERE sends.company_id = k.company_id AND sends.id = k.id AND (sends.state IN ('waiting', 'unknown', 'failed')
                OR (sends.state = 'running' AND sends.asked_at IS NULL))
            RETURNING sends.company_id, sends.conversation_id",
        crate::leases::SENDS.ended()
    ));
    for Settled { message, has_arrived, asked, .. } in settled.values() {
        if *has_arrived || *asked {
            end.push(row! { company_id => message.company_id, id => message.id, at => now });
        }
    }
    let ended: BTreeSet<(CompanyId, ConversationId)> = end.run(tx).await?.into_iter().collect();
    for (company, conversation) in ended {
        sends::wake(tx, now, company, conversation).await?;
    }
    Ok(())
}
