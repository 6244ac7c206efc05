//! From webhook bodies to what shall be recorded. Pure: everything it needs to know is given to it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use mediary_core::Timestamp;
use mediary_graph::{Status, Update, UpdateKind, Webhook};
use mediary_store::{EventScope, IncomingStatus, IngestItem, IngestPlan, PlannedItem, WebhookEvent};

use super::message;
use crate::accounts::KnownAccount;
use crate::metrics;

/// The accounts that were looked up, by phone number id; `None` is one that does not exist.
pub(super) type Accounts = HashMap<String, Option<Arc<KnownAccount>>>;

/// What one update is recorded under.
pub(super) struct Place<'a> {
    pub(super) account: &'a KnownAccount,
    /// The business number, as digits.
    pub(super) business_number: &'a str,
    pub(super) received_at: Timestamp,
}

/// Plans a batch. Phone number ids that were not looked up yet go to `missing`, and their events wait.
pub(super) fn plan(
    events: &[WebhookEvent],
    accounts: &Accounts,
    missing: &mut BTreeSet<String>,
) -> IngestPlan {
    let mut plan = IngestPlan::default();
    for event in events {
        let mut notes = BTreeSet::new();
        match Webhook::parse(&event.body) {
            Ok(webhook) => {
                let updates = webhook.updates();
                let unknown = || updates.iter().filter_map(|update| update.phone_number_id.as_ref());
                let unknown: Vec<_> = unknown().filter(|id| !accounts.contains_key(*id)).cloned().collect();
                if !unknown.is_empty() {
                    missing.extend(unknown);
                    plan.later.push(event.id);
                    continue;
                }
                for update in &updates {
                    let items = plan_update(update, event, accounts, &mut notes);
                    plan.items.extend(items.into_iter().map(|item| PlannedItem { event: event.id, item }));
                }
            }
            Err(error) => {
                notes.insert(error.to_string());
            }
        }
        if !notes.is_empty() {
            plan.notes.push((event.id, notes.into_iter().collect::<Vec<_>>().join("; ")));
        }
    }
    plan
}

fn plan_update(
    update: &Update,
    event: &WebhookEvent,
    accounts: &Accounts,
    notes: &mut BTreeSet<String>,
) -> Vec<IngestItem> {
    if let UpdateKind::Other { .. } = update.kind {
        metrics::not_understood();
        notes.insert(format!("nothing to record in field {:.60}", update.field));
        return Vec::new();
    }
    let Some(phone_number_id) = &update.phone_number_id else {
        notes.insert("an update names no phone number id".to_owned());
        return Vec::new();
    };
    let Some(account) = accounts.get(phone_number_id).and_then(Option::as_ref) else {
        notes.insert(format!("no account has phone number id {phone_number_id:.60}"));
        return Vec::new();
    };
    if !signed_for(&event.scope, account) {
        notes.insert(format!("the signature does not speak for account {}", account.row.id));
        return Vec::new();
    }
    let business_number =
        update.display_phone_number.as_deref().or(account.row.display_phone_number.as_deref()).unwrap_or("");
    let place = Place {
        account,
        business_number: &business_number.chars().filter(char::is_ascii_digit).collect::<String>(),
        received_at: event.received_at,
    };
    match &update.kind {
        UpdateKind::Message { message, sender, origin } => {
            message::items(&place, message, sender.as_ref(), origin)
        }
        UpdateKind::Status(status) => plan_status(&place, status, notes).into_iter().collect(),
        UpdateKind::Error(error) => {
            notes.insert(format!("WhatsApp reports error {}", error.code));
            Vec::new()
        }
        UpdateKind::Other { .. } => Vec::new(),
    }
}

/// Whether the secret that signed the body is the one that this account uses.
fn signed_for(scope: &EventScope, account: &KnownAccount) -> bool {
    scope.accounts.contains(&account.row.id) || (scope.installation && !account.has_own_secret())
}

fn plan_status(place: &Place<'_>, status: &Status, notes: &mut BTreeSet<String>) -> Option<IngestItem> {
    let Some(known) = status.known else {
        notes.insert(format!("unknown status {:.30}", status.status));
        return None;
    };
    Some(IngestItem::Status(IncomingStatus {
        company_id: place.account.row.company_id,
        account_id: place.account.row.id,
        provider_message_id: status.message_id.clone(),
        status: known,
        timestamp: status.timestamp.unwrap_or(place.received_at),
        error: message::reported(&status.errors),
    }))
}
