//! Types that the steps of an ingest transaction share: keys of messages, updates to apply, and the changes made.

use std::collections::HashMap;

use mediary_core::{AccountId, CompanyId, ConversationId, MediaId, MessageId};

use super::types::{Change, ChangeKind, IncomingEdit, IncomingMessage, IncomingRevoke, IncomingStatus};
use crate::record::{Columns, Read, ReadError};

/// The key of a message: WhatsApp's id within one account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct MessageKey {
    pub(super) company: CompanyId,
    pub(super) account: AccountId,
    pub(super) id: String,
}

impl MessageKey {
    pub(super) fn of(message: &IncomingMessage) -> Self {
        Self {
            company: message.company_id,
            account: message.account_id,
            id: message.provider_message_id.clone(),
        }
    }
}

impl Read for MessageKey {
    const WIDTH: usize = 3;
    fn read(columns: &mut Columns<'_>) -> std::result::Result<Self, ReadError> {
        let (company, account, id) = Read::read(columns)?;
        Ok(Self { company, account, id })
    }
}

/// The changes that an ingest transaction made.
#[derive(Debug, Default)]
pub(super) struct AppliedChanges {
    pub(super) changes: Vec<Change>,
    pub(super) downloads_due: bool,
    pub(super) newest: Option<MessageId>,
}

impl AppliedChanges {
    pub(super) fn add(&mut self, more: Self) {
        self.changes.extend(more.changes);
        self.downloads_due |= more.downloads_due;
        self.newest = self.newest.max(more.newest);
    }

    pub(super) fn message(
        &mut self,
        kind: ChangeKind,
        company_id: CompanyId,
        conversation_id: ConversationId,
        message_id: MessageId,
        media_id: Option<MediaId>,
    ) {
        let message_id = Some(message_id);
        self.changes.push(Change { company_id, conversation_id, message_id, media_id, kind });
    }

    pub(super) fn conversation(&mut self, company_id: CompanyId, conversation_id: ConversationId) {
        let kind = ChangeKind::ConversationUpdated;
        self.changes.push(Change { company_id, conversation_id, message_id: None, media_id: None, kind });
    }
}

/// The items by kind.
#[derive(Default)]
pub(super) struct Updates {
    pub(super) statuses: Vec<IncomingStatus>,
    pub(super) edits: Vec<IncomingEdit>,
    pub(super) revokes: Vec<IncomingRevoke>,
}

/// Values by the key of their message.
pub(super) type ByMessage<T> = HashMap<MessageKey, T>;
