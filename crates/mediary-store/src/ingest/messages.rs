//! New messages: each is written once, however often it comes.

use std::collections::{HashMap, HashSet};

use mediary_core::{AccountId, CompanyId, ConversationId, MediaId, MessageId, Timestamp};

use super::applied::MessageKey;
use super::types::IncomingMessage;
use crate::Result;
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::writes::{Row, row};

/// A message that was inserted.
pub(super) struct NewMessage {
    pub(super) message: IncomingMessage,
    pub(super) id: MessageId,
    pub(super) conversation_id: ConversationId,
    pub(super) media_id: Option<MediaId>,
}

/// The messages that were inserted, and those that were stored already.
pub(super) struct NewRows {
    pub(super) new_messages: Vec<NewMessage>,
    pub(super) repeated: Vec<IncomingMessage>,
}

fn row_of(message: &IncomingMessage, conversation: ConversationId, now: Timestamp) -> Row {
    let (media, legacy) = (message.media.as_ref(), message.imported.as_ref());
    let (error_code, error_message) = message.error.clone().unzip();
    row! {
        company_id => message.company_id,
        account_id => message.account_id,
        conversation_id => conversation,
        direction => message.direction,
        type => message.message_type,
        status => message.status,
        sent_at => message.timestamp,
        provider_message_id => message.provider_message_id.as_str(),
        provider_media_id => media.and_then(|media| media.provider_media_id.as_deref()),
        media_mime_type => media.and_then(|media| media.mime_type.as_deref()),
        text => message.text.as_deref(),
        caption => message.caption.as_deref(),
        sender_phone => message.sender_phone.as_deref(),
        sender_name => message.sender_name.as_deref(),
        receiving_phone => message.receiving_phone.as_deref(),
        reply_to => message.reply_to.as_deref(),
        forwarded => message.forwarded,
        frequently_forwarded => message.frequently_forwarded,
        reaction_target => message.reaction.as_ref().map(|reaction| reaction.target.as_str()),
        reaction_emoji => message.reaction.as_ref().and_then(|reaction| reaction.emoji.as_deref()),
        placeholder => message.placeholder,
        imported => message.imported.is_some(),
        legacy_media_url => legacy.and_then(|legacy| legacy.url.as_deref()),
        legacy_media_type => legacy.and_then(|legacy| legacy.kind.as_deref()),
        error_code => error_code,
        error_message => error_message,
        created_at => now,
        updated_at => now,
        raw_payload => message.raw_payload.as_deref(),
    }
}

/// The messages that are stored already.
pub(super) async fn known(tx: &mut Tx, messages: &[IncomingMessage]) -> Result<HashSet<MessageKey>> {
    let mut select = Bulk::with(
        "SELECT m.company_id, m.account_id, m.provider_message_id FROM k CROSS JOIN messages m
            WHERE m.company_id = k.company_id AND m.account_id = k.account_id AND m.provider_message_id = k.name",
    );
    for message in messages {
        select.push(row! {
            company_id => message.company_id,
            account_id => message.account_id,
            name => message.provider_message_id.as_str(),
        });
    }
    Ok(select.run(tx).await?.into_iter().collect())
}

/// Inserts the messages in the order of their arrival, which is the order of their ids.
pub(super) async fn insert(
    tx: &mut Tx,
    now: Timestamp,
    arrived: Vec<IncomingMessage>,
    conversations: &[ConversationId],
) -> Result<NewRows> {
    let mut insert = Bulk::insert(
        "messages",
        "ON CONFLICT (company_id, account_id, provider_message_id) DO NOTHING
            RETURNING id, company_id, account_id, provider_message_id",
    );
    for (message, conversation) in arrived.iter().zip(conversations) {
        insert.push(row_of(message, *conversation, now));
    }
    type InsertedMessage = (MessageId, CompanyId, AccountId, String);
    let inserted: Vec<InsertedMessage> = insert.run(tx).await?;
    let mut ids: HashMap<MessageKey, MessageId> = inserted
        .into_iter()
        .map(|(message, company, account, id)| (MessageKey { company, account, id }, message))
        .collect();
    let (mut new_messages, mut repeated) = (Vec::with_capacity(ids.len()), Vec::new());
    for (message, conversation_id) in arrived.into_iter().zip(conversations.iter().copied()) {
        // The first of a key is the one that was inserted.
        match ids.remove(&MessageKey::of(&message)) {
            Some(id) => new_messages.push(NewMessage { message, id, conversation_id, media_id: None }),
            None => repeated.push(message),
        }
    }
    Ok(NewRows { new_messages, repeated })
}
