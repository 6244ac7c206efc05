//! From webhook bodies to the items to record. A pure function: everything it needs is passed to it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use mediary_core::{AccountStatus, MessageId, WebhookEventId};
use mediary_graph::{ADDRESSEES_MAX, Status, Update, UpdateKind, Webhook};
use mediary_store::{
    IncomingStatus, IngestItem, IngestPlan, ItemSource, PlannedItem, Unrecordable, WaitingWebhook,
    WebhookEvent,
};

use super::message::Receipt;
use super::{fit, message};
use crate::base::metrics;
use crate::whatsapp::accounts::KnownAccount;

/// Remarks kept of one webhook, and numbers it is read again for.
const NOTES_MAX: usize = 20;
const WAITED_FOR_MAX: usize = 16;
/// The longest phone number id that an account may have.
const NUMBER_DIGITS_MAX: usize = 32;

/// The accounts that were looked up, by phone number id; `None` is one that does not exist.
pub(super) type Accounts = HashMap<String, Option<Arc<KnownAccount>>>;

/// How much is planned for each item.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PlanDetail {
    /// Only the rows to write.
    Items,
    /// Also the source of each item, which is needed to park it.
    Sources,
}

/// Plans a batch. Phone number ids that were not looked up yet go to `missing`, and their events wait.
pub(super) fn plan(
    events: &[WebhookEvent],
    accounts: &Accounts,
    missing: &mut BTreeSet<String>,
    detail: PlanDetail,
) -> IngestPlan {
    let mut plan = IngestPlan::default();
    for event in events {
        let webhook = match Webhook::parse(&event.body) {
            Ok(webhook) => webhook,
            Err(error) => {
                plan.notes.push((event.id, error.to_string()));
                continue;
            }
        };
        let updates = webhook.updates();
        let unknown = numbers(&updates).filter(|id| !accounts.contains_key(*id)).map(str::to_owned);
        let unknown: Vec<String> = unknown.collect();
        if !unknown.is_empty() {
            missing.extend(unknown);
            plan.later.push(event.id);
            continue;
        }
        let signed_by = &event.scope.accounts;
        let signer = accounts.values().flatten().find(|account| signed_by.contains(&account.row.id));
        let mut planner = WebhookPlanner {
            event,
            accounts,
            signer: signer.map(|account| &**account),
            detail,
            plan: &mut plan,
            notes: BTreeSet::new(),
            waits: BTreeMap::new(),
        };
        for (place, update) in updates.iter().enumerate() {
            planner.read(place, update);
        }
        planner.end();
    }
    plan
}

/// A webhook that was read for one of its parked items. Reading it may take a good part of a second, and it may have very many
/// of them: so it is read outside of transactions, and once for all that are tried together.
pub(super) struct ParkedWebhook {
    pub(super) event: WebhookEventId,
    /// `None` if it cannot be read.
    updates: Option<Vec<Update>>,
}

impl ParkedWebhook {
    pub(super) fn read(event: &WebhookEvent) -> Self {
        let webhook = Webhook::parse(&event.body);
        Self { event: event.id, updates: webhook.ok().map(|webhook| webhook.updates()) }
    }
}

/// Plans what one parked item means now: the update at its place, if that is still the same one, or the one that looks like it.
pub(super) fn plan_parked(
    event: &WebhookEvent,
    webhook: &ParkedWebhook,
    place: i64,
    raw: &str,
    account: &Arc<KnownAccount>,
) -> IngestPlan {
    let mut plan = IngestPlan::default();
    let note = |plan: &mut IngestPlan, note: &str| plan.notes.push((event.id, note.to_owned()));
    let Some(updates) = &webhook.updates else {
        note(&mut plan, "its webhook cannot be read");
        return plan;
    };
    let place = usize::try_from(place).unwrap_or(usize::MAX);
    let here = updates.get(place).filter(|update| raw_of(update) == raw);
    let Some(update) = here.or_else(|| updates.iter().find(|update| raw_of(update) == raw)) else {
        note(&mut plan, "its webhook does not have it");
        return plan;
    };
    // Only the account it was parked for: its number may be another company's by now.
    let accounts = Accounts::from([(account.row.phone_number_id.clone(), Some(account.clone()))]);
    let (notes, waits) = (BTreeSet::new(), BTreeMap::new());
    // The signature spoke for it when it was parked.
    let signer = Some(&**account);
    let mut planner = WebhookPlanner {
        event,
        accounts: &accounts,
        signer,
        detail: PlanDetail::Sources,
        plan: &mut plan,
        notes,
        waits,
    };
    planner.read(place, update);
    planner.end();
    plan
}

/// The numbers of a webhook that are looked up, each once. WhatsApp sends no more updates than that in one webhook; further numbers
/// count as unknown.
fn numbers(updates: &[Update]) -> impl Iterator<Item = &str> {
    let mut seen = HashSet::new();
    let numbers = updates.iter().filter_map(|update| update.phone_number_id.as_deref());
    numbers.filter(move |number| seen.insert(*number)).take(ADDRESSEES_MAX)
}

/// An item as JSON.
fn raw_of(update: &Update) -> String {
    match &update.kind {
        UpdateKind::Message { message, .. } => message.raw.clone(),
        UpdateKind::Other { raw } => raw.to_string(),
        UpdateKind::Status(_) | UpdateKind::Error(_) => serde_json::to_string(update).unwrap_or_default(),
    }
}

/// One webhook while it is planned.
struct WebhookPlanner<'a> {
    event: &'a WebhookEvent,
    accounts: &'a Accounts,
    /// One of the accounts whose secret signed it.
    signer: Option<&'a KnownAccount>,
    detail: PlanDetail,
    plan: &'a mut IngestPlan,
    notes: BTreeSet<String>,
    /// Numbers that it waits for, with the secret of the account if the signature was made with another one.
    waits: BTreeMap<String, Option<Vec<u8>>>,
}

impl<'a> WebhookPlanner<'a> {
    fn read(&mut self, place: usize, update: &Update) {
        let Some(account) = self.account_of(update) else { return };
        let items = plan_update(account, update, self.event, &mut self.notes);
        while self.notes.len() > NOTES_MAX {
            self.notes.pop_last();
        }
        let event = self.event.id;
        let source = || ItemSource {
            company_id: account.row.company_id,
            account_id: account.row.id,
            place: i64::try_from(place).unwrap_or(i64::MAX),
            raw: raw_of(update),
        };
        if let Some(reason) = items.iter().find_map(|item| fit::fault(item, update)) {
            self.plan.parked.push(Unrecordable { event, source: source(), reason, lasting: true });
            return;
        }
        for item in items {
            let source = (self.detail == PlanDetail::Sources).then(source);
            self.plan.items.push(PlannedItem { event, item, source });
        }
    }

    /// The account that an update is recorded under, if the signature counts for it.
    fn account_of(&mut self, update: &Update) -> Option<&'a KnownAccount> {
        if let UpdateKind::Other { .. } = update.kind {
            metrics::not_understood();
            self.note(format!("nothing to record in field {:.60}", update.field));
            return None;
        }
        let Some(number) = &update.phone_number_id else {
            self.note("an update names no phone number id".to_owned());
            return None;
        };
        let accounts: &'a Accounts = self.accounts;
        let Some(account) = accounts.get(number).and_then(Option::as_deref) else {
            self.note(format!("no account has phone number id {number:.60}"));
            // Its account may come, and have the secret that signed this.
            self.wait_for(number, None);
            return None;
        };
        if !self.signed_for(account) {
            self.note(format!("the signature does not speak for account {}", account.row.id));
            // The account may have been given a wrong secret.
            if self.event.scope.installation {
                self.wait_for(number, account.row.app_secret.clone());
            }
            return None;
        }
        if account.row.status == AccountStatus::Disabled {
            self.note(format!("account {} is disabled", account.row.id));
            self.wait_for(number, None);
            return None;
        }
        Some(account)
    }

    /// Whether the secret that signed the body is the one that this account uses: by what was found when it came, or, for an account
    /// that was added since, by the secret of one that was there.
    fn signed_for(&self, account: &KnownAccount) -> bool {
        let scope = &self.event.scope;
        scope.accounts.contains(&account.row.id)
            || (scope.installation && !account.has_own_secret())
            || self.signer.is_some_and(|signer| signer.has_secret_of(account))
    }

    fn note(&mut self, note: String) {
        if self.notes.len() < NOTES_MAX {
            self.notes.insert(note);
        }
    }

    fn wait_for(&mut self, number: &str, refused_by: Option<Vec<u8>>) {
        let can_be = (1..=NUMBER_DIGITS_MAX).contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_digit());
        if can_be && self.waits.len() < WAITED_FOR_MAX {
            self.waits.insert(number.to_owned(), refused_by);
        }
    }

    fn end(self) {
        let event = self.event.id;
        let waiting = self.waits.into_iter();
        let waiting = waiting.map(|(number, refused_by)| WaitingWebhook { event, number, refused_by });
        self.plan.waiting.extend(waiting);
        if !self.notes.is_empty() {
            let notes: Vec<String> = self.notes.into_iter().collect();
            self.plan.notes.push((event, notes.join("; ")));
        }
    }
}

fn plan_update(
    account: &KnownAccount,
    update: &Update,
    event: &WebhookEvent,
    notes: &mut BTreeSet<String>,
) -> Vec<IngestItem> {
    let business_number =
        update.display_phone_number.as_deref().or(account.row.display_phone_number.as_deref()).unwrap_or("");
    let receipt = Receipt {
        account,
        business_number: &business_number.chars().filter(char::is_ascii_digit).collect::<String>(),
        received_at: event.received_at,
    };
    match &update.kind {
        UpdateKind::Message { message, sender, origin } => {
            message::items(&receipt, message, sender.as_ref(), origin)
        }
        UpdateKind::Status(status) => plan_status(&receipt, status, notes).into_iter().collect(),
        UpdateKind::Error(error) => {
            notes.insert(format!("WhatsApp reports error {}", error.code));
            Vec::new()
        }
        UpdateKind::Other { .. } => Vec::new(),
    }
}

fn plan_status(receipt: &Receipt<'_>, status: &Status, notes: &mut BTreeSet<String>) -> Option<IngestItem> {
    let Some(known) = status.known else {
        notes.insert(format!("unknown status {:.30}", status.status));
        return None;
    };
    Some(IngestItem::Status(IncomingStatus {
        company_id: receipt.account.row.company_id,
        account_id: receipt.account.row.id,
        provider_message_id: status.message_id.clone(),
        status: known,
        timestamp: status
            .timestamp
            .filter(|at| message::can_be(*at, receipt.received_at))
            .unwrap_or(receipt.received_at),
        error: message::reported(&status.errors),
        callback: status.callback_data.as_deref().and_then(MessageId::of_callback),
    }))
}
