//! What people want of messages that were queued before: one that failed sent again, one that has not left taken back.

use mediary_core::{Error, ErrorCode, MessageId, Result};
use mediary_store::{CancelledSend, Change, ChangeKind, RetriedSend};

use crate::access::{May, rights};
use crate::base::work::Work;
use crate::context::Context;

/// Queues a message again that failed, or of which nobody knows whether it arrived.
pub(crate) async fn retry(context: &Context, may: &May<rights::Send>, id: MessageId) -> Result<()> {
    let scope = may.caller().scope();
    match context.store().retry_send(&scope, id).await? {
        RetriedSend::Queued(conversation_id) => {
            context.events().publish_changes(&[Change {
                company_id: scope.company(),
                conversation_id,
                message_id: Some(id),
                media_id: None,
                kind: ChangeKind::MessageUpdated,
            }]);
            context.work().wake(Work::Send);
            Ok(())
        }
        RetriedSend::Refused(status) => {
            let detail = format!("the message is {status}; only one that failed or is unknown is sent again");
            Err(Error::refused(ErrorCode::Conflict, detail))
        }
        RetriedSend::NotFound => Err(not_ours()),
    }
}

/// Takes a message back that has not left.
pub(crate) async fn take_back(context: &Context, may: &May<rights::Send>, id: MessageId) -> Result<()> {
    let scope = may.caller().scope();
    match context.store().cancel_send(&scope, id).await? {
        CancelledSend::Cancelled { conversation_id, media } => {
            let of = |media_id, kind| Change {
                company_id: scope.company(),
                conversation_id,
                message_id: Some(id),
                media_id,
                kind,
            };
            let mut changes: Vec<Change> =
                media.into_iter().map(|media| of(Some(media), ChangeKind::MediaDeleted)).collect();
            changes.push(of(None, ChangeKind::MessageUpdated));
            changes.push(of(None, ChangeKind::ConversationUpdated));
            context.events().publish_changes(&changes);
            context.work().wake(Work::Send);
            context.work().wake(Work::Trash);
            Ok(())
        }
        CancelledSend::TooLate(status) => {
            let detail = format!("the message is {status}; only one that has never left can be taken back");
            Err(Error::refused(ErrorCode::Conflict, detail))
        }
        CancelledSend::NotFound => Err(not_ours()),
    }
}

fn not_ours() -> Error {
    Error::not_found("there is no such message that was sent from here")
}
