//! Webhooks by AWS: Meta's, wrapped into messages of an SNS topic.
//!
//! A topic is an account's own setting. SNS signs for all of its customers, so the topic decides whose a message can be: what comes by
//! one counts for the accounts that name it, and for no others, whatever numbers stand in it.

use std::sync::Arc;

use bytes::Bytes;
use mediary_aws::{SnsError, SnsMessage, SnsMessageKind, TopicArn, webhook_of_event};
use mediary_core::{Error, ErrorCode, Provider, Result};
use mediary_store::EventScope;

use super::webhook::{SignatureScope, UnsignedReason, addressed, keep, unsigned};
use crate::context::Context;
use crate::whatsapp::accounts::KnownAccount;

/// Takes a message of SNS. An event is durable when this returns, a subscription confirmed. After `unauthorized` nothing was kept; after any
/// other error SNS has to send it again.
pub(crate) async fn accept(context: &Context, body: &[u8]) -> Result<()> {
    let message = SnsMessage::parse(body).ok_or_else(|| unsigned(UnsignedReason::NotSns))?;
    let topic = message.topic().ok_or_else(|| unsigned(UnsignedReason::UnknownTopic))?;
    let accounts = context.accounts().of_topic(topic.as_str()).await?;
    if accounts.is_empty() {
        return Err(unsigned(UnsignedReason::UnknownTopic));
    }
    let client = context.whatsapp().providers.aws.client().sns();
    match client.prove(&message, &topic, context.now()).await.map_err(not_proved)? {
        SnsMessageKind::Notification(text) => keep_event(context, &topic, &accounts, &text).await,
        SnsMessageKind::Subscription => {
            client.confirm(&message, &topic).await.map_err(not_proved)?;
            tracing::info!(topic = topic.as_str(), "the subscription of a topic was confirmed");
            Ok(())
        }
        SnsMessageKind::Unsubscription => {
            tracing::warn!(
                topic = topic.as_str(),
                "the subscription of a topic was ended: nothing more comes by it"
            );
            Ok(())
        }
    }
}

async fn keep_event(
    context: &Context,
    topic: &TopicArn,
    accounts: &[Arc<KnownAccount>],
    text: &str,
) -> Result<()> {
    let Some(webhook) = webhook_of_event(text) else {
        // Anything else may be published to a topic; there is nothing to keep of it.
        tracing::debug!(topic = topic.as_str(), "a message of a topic is no event of WhatsApp's");
        return Ok(());
    };
    // Everybody can name a topic; whose event it is, and in whose queue it waits, say the numbers in it.
    let addressed = addressed(context, Provider::Aws, &webhook).await?;
    let addressed = addressed.map(|addressed| addressed.accounts).unwrap_or_default();
    let is_addressed =
        |account: &&Arc<KnownAccount>| addressed.iter().any(|one| one.row.id == account.row.id);
    let company = accounts.iter().find(is_addressed).map(|account| account.row.company_id);
    let accounts = accounts.iter().map(|account| account.row.id).collect();
    let scope = SignatureScope { scope: EventScope { accounts, installation: false }, company };
    keep(context, scope, Bytes::from(webhook)).await.map(drop)
}

fn not_proved(error: SnsError) -> Error {
    match error {
        SnsError::Refused(why) => {
            tracing::debug!(why, "a message of SNS was refused");
            unsigned(UnsignedReason::NotSns)
        }
        SnsError::Unreachable(error) => {
            let detail = "SNS could not be asked for the certificate of this message; send it again";
            Error::refused(ErrorCode::ProviderUnavailable, detail).because(error)
        }
    }
}
