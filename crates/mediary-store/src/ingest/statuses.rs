//! Statuses of outbound messages: in any order, more than once, and never backwards.

use std::collections::BTreeSet;

use mediary_core::{ConversationId, MessageId, MessageStatus, Timestamp};

use super::applied::{AppliedChanges, ByMessage, MessageKey, Updates};
use super::types::{ChangeKind, IncomingStatus};
use super::{callbacks, reactions};
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::record::{Record as _, record};
use crate::writes::row;
use crate::{Result, dialect};

record! {
    /// The message that a status is about.
    struct Target from messages as m {
        pub id: MessageId,
        pub conversation_id: ConversationId,
        pub outbound: bool = "m.direction = 'outbound'",
        pub status: MessageStatus,
        pub reaction_target: Option<String>,
        pub key: MessageKey = "m.company_id, m.account_id, m.provider_message_id",
    }
}

/// What a message's status becomes.
struct Progress {
    target: Target,
    to: Option<MessageStatus>,
    error: Option<(i64, String)>,
}

pub(super) async fn apply(
    tx: &mut Tx,
    now: Timestamp,
    statuses: Vec<IncomingStatus>,
    early: &mut Updates,
    applied: &mut AppliedChanges,
) -> Result<()> {
    let mut progress = look_up(tx, &statuses).await?;
    let mut unmatched = Vec::new();
    for status in statuses {
        match progress.get_mut(&status.key()) {
            Some(progress) => progress.take(status),
            None => unmatched.push(status),
        }
    }
    early.statuses.extend(callbacks::apply(tx, now, unmatched, applied).await?);
    let mut update = Bulk::with(
        "UPDATE messages SET status = k.status, error_code = k.error_code, error_message = k.error_message,
                updated_at = k.at
            FROM k WHERE messages.company_id = k.company_id AND messages.id = k.id",
    );
    let mut no_longer_shown = BTreeSet::new();
    for Progress { target, to, error } in progress.into_values() {
        if let Some(to) = to {
            let (code, text) = error.unzip();
            update.push(row! {
                company_id => target.key.company,
                id => target.id,
                status => to,
                error_code => code,
                error_message => text,
                at => now,
            });
            let kind = ChangeKind::MessageUpdated;
            applied.message(kind, target.key.company, target.conversation_id, target.id, None);
            if let Some(id) = target.reaction_target.filter(|_| to == MessageStatus::Failed) {
                no_longer_shown.insert(MessageKey { id, ..target.key });
            }
        }
    }
    update.execute(tx).await?;
    for key in no_longer_shown {
        reactions::gather(tx, now, &key, applied).await?;
    }
    Ok(())
}

impl IncomingStatus {
    pub(super) fn key(&self) -> MessageKey {
        MessageKey {
            company: self.company_id,
            account: self.account_id,
            id: self.provider_message_id.clone(),
        }
    }
}

impl Progress {
    fn take(&mut self, status: IncomingStatus) {
        let from = self.to.unwrap_or(self.target.status);
        if self.target.outbound && from.advances_to(status.status) {
            self.to = Some(status.status);
            self.error = status.error;
        }
    }
}

async fn look_up(tx: &mut Tx, statuses: &[IncomingStatus]) -> Result<ByMessage<Progress>> {
    let mut keys: Vec<MessageKey> = statuses.iter().map(IncomingStatus::key).collect();
    keys.sort_unstable();
    keys.dedup();
    let after = format!(
        "SELECT {} FROM k CROSS JOIN messages m WHERE m.company_id = k.company_id AND m.account_id = k.account_id
            AND m.provider_message_id = k.name ORDER BY m.id{}",
        Target::SELECT,
        dialect::hold_rows(tx.backend(), "m")
    );
    let mut select = Bulk::with(after);
    for key in &keys {
        select.push(row! { company_id => key.company, account_id => key.account, name => key.id.as_str() });
    }
    let found: Vec<Target> = select.run(tx).await?;
    let progress = |target: Target| (target.key.clone(), Progress { target, to: None, error: None });
    Ok(found.into_iter().map(progress).collect())
}
