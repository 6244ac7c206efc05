//! Webhooks and items that are read again: webhooks for numbers without an account, and parked items, which could not be recorded.

use mediary_core::{CompanyId, Error, ErrorCode, Result};
use mediary_store::{Actor, IngestPlan, ParkedItemOutcome};
use tokio::sync::Mutex;

use super::plan::{ParkedWebhook, plan_parked};
use super::{Ingester, recorded};
use crate::context::Context;

/// Parked items tried again at a time.
const ITEMS_AT_ONCE: u32 = 16;

impl Ingester {
    /// Puts webhooks back whose account is there by now, and tries parked items again that are due. Looks at some numbers each
    /// time, so that it costs the same however many are waited for.
    pub(super) async fn look_at_what_was_set_aside(&mut self) {
        // A failure here must not delay new messages.
        if let Err(error) = self.try_what_was_set_aside().await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "waiting webhooks and parked items could not be looked at"
            );
        }
    }

    async fn try_what_was_set_aside(&mut self) -> Result<()> {
        let store = self.context.store();
        let found = store.reread_webhooks(&self.numbers_reached).await?;
        self.numbers_reached = found.reached;
        let due = store.due_parked_items(self.parked_reached, ITEMS_AT_ONCE).await?;
        self.parked_reached = due.reached;
        let mut webhook = None;
        for (company, item) in due.items {
            // An item that fails for another reason than a refusal does not delay the others.
            if let Err(error) = retry(&self.context, company, item, None, &mut webhook).await {
                let error: &dyn std::error::Error = &error;
                tracing::error!(
                    company.id = company.0,
                    item.id = item,
                    error,
                    "a parked item could not be tried"
                );
            }
        }
        Ok(())
    }
}

/// Retries of parked items at a user's request.
#[derive(Debug)]
pub(crate) struct ParkedItems {
    context: Context,
    /// Each try reads a whole webhook: one at a time leaves the rest of the machine to the others.
    turn: Mutex<()>,
}

impl ParkedItems {
    pub(crate) fn new(context: Context) -> Self {
        Self { context, turn: Mutex::default() }
    }

    /// Retries one parked item of a company; returns the reason if it stays parked.
    pub(crate) async fn retry(&self, company: CompanyId, id: i64, by: &Actor) -> Result<Option<String>> {
        let _turn = self.turn.lock().await;
        retry(&self.context, company, id, Some(by), &mut None).await
    }
}

/// Retries one parked item, because it is due or a user requests it; returns the reason if it stays parked. `webhook` is the one that
/// was read last.
async fn retry(
    context: &Context,
    company: CompanyId,
    id: i64,
    by: Option<&Actor>,
    webhook: &mut Option<ParkedWebhook>,
) -> Result<Option<String>> {
    let nothing = || Error::not_found("there is no such parked item");
    let item = context.store().parked_item(company, id).await?.ok_or_else(nothing)?;
    if webhook.as_ref().is_none_or(|webhook| webhook.event != item.event_id)
        && let Some(event) = context.store().parked_webhook(&item).await?
    {
        let read = tokio::task::spawn_blocking(move || ParkedWebhook::read(&event)).await;
        let failed = |error| Error::new(ErrorCode::Internal, "read a parked webhook").because(error);
        *webhook = Some(read.map_err(failed)?);
    }
    let account = context.accounts().by_id_now(company, item.account_id).await?;
    let account = account.ok_or_else(|| Error::refused(ErrorCode::NotFound, "its account is not there"))?;
    let plan = |event: &mediary_store::WebhookEvent, place: i64, raw: &str| -> IngestPlan {
        match &*webhook {
            Some(webhook) if webhook.event == event.id => plan_parked(event, webhook, place, raw, &account),
            // Its webhook has just been deleted.
            _ => IngestPlan::default(),
        }
    };
    match context.store().retry_parked_item(company, id, by, plan).await? {
        Some(ParkedItemOutcome::Recorded(outcome)) => {
            recorded(context, &outcome).await;
            Ok(None)
        }
        Some(ParkedItemOutcome::Refused(reason)) => {
            tracing::warn!(company.id = company.0, item.id = id, "a parked webhook item is refused again");
            Ok(Some(reason))
        }
        // Another node has just recorded or retried it.
        None => Ok(None),
    }
}
