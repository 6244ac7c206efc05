//! Webhooks from Meta: verified against the secrets of the accounts that they name, then stored durably.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::constant_time;
use bytes::Bytes;
use mediary_core::{CompanyId, Error, ErrorCode, Provider, Result, WebhookEventId};
use mediary_graph::{ErrorKind, Webhook, addressees, may_have_too_many_updates, signature_matches};
use mediary_store::{EventScope, NewWebhookEvent};
use secrecy::ExposeSecret;

use crate::access::hash_of;
use crate::base::fault;
use crate::base::work::Work;
use crate::context::Context;
use crate::whatsapp::accounts::KnownAccount;

/// Secrets that a signature is compared with: a body comes from one Meta app, and each comparison hashes all of it.
const SECRETS_AT_ONCE: usize = 16;
/// WABAs looked up for a body that names no number; Meta's own bodies speak of one.
const WABAS_AT_ONCE: usize = 16;

/// A webhook body that is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptedWebhook {
    pub event: WebhookEventId,
}

/// Accepts a webhook body whose `X-Hub-Signature-256` is `signature`. Returns once it is durable. After `unauthorized` it is discarded;
/// after any other error Meta has to send it again.
pub(crate) async fn accept(
    context: &Context,
    signature: Option<&str>,
    body: Bytes,
) -> Result<AcceptedWebhook> {
    let signature = signature.ok_or_else(|| unsigned(UnsignedReason::NoSignature))?;
    let signed = signed_scope(context, signature, &body).await?;
    keep(context, signed, body).await
}

/// Writes down a body that is known to come from WhatsApp. Returns once it is durable.
pub(super) async fn keep(context: &Context, proved: SignatureScope, body: Bytes) -> Result<AcceptedWebhook> {
    let SignatureScope { scope, company } = proved;
    refuse_too_many_updates(&body).await?;
    let received_at = context.now();
    let event = context.store().inbox_append(NewWebhookEvent { body, received_at, scope, company }).await?;
    fault::point("webhook.committed");
    context.work().wake(Work::Ingest);
    Ok(AcceptedWebhook { event })
}

/// Whether Meta's verification request knows a token of ours.
pub(crate) async fn verify_subscription(context: &Context, token: &str) -> Result<bool> {
    let given = hash_of(token);
    let installation = context.config().installation_verify_token.as_ref();
    let installation = installation.map(|token| hash_of(token.expose_secret()));
    let accounts = context.accounts().verify_tokens().await?;
    // Every token is compared, so that the time taken reveals nothing.
    let same = |known| constant_time::verify_slices_are_equal(known, &given).is_ok();
    Ok(accounts.iter().chain(&installation).fold(false, |found, known| found | same(known)))
}

/// The accounts for which the signature counts.
async fn signed_scope(context: &Context, signature: &str, body: &Bytes) -> Result<SignatureScope> {
    let addressed = addressed(context, Provider::Meta, body).await?;
    let AddressedAccounts { accounts, unknown } =
        addressed.ok_or_else(|| unsigned(UnsignedReason::TooManyAddressees))?;
    let installation = context.config().installation_app_secret.as_ref();
    let mut tried: Vec<&str> = Vec::new();
    for account in &accounts {
        let Some(secret) = account.app_secret() else { continue };
        let secret = secret.expose_secret();
        if tried.contains(&secret) {
            continue;
        }
        if tried.len() == SECRETS_AT_ONCE {
            break;
        }
        tried.push(secret);
        if signature_matches(signature, body, secret.as_bytes()) {
            let uses_it = |account: &&Arc<KnownAccount>| {
                account.app_secret().is_some_and(|own| own.expose_secret() == secret)
            };
            let signed: Vec<_> = accounts.iter().filter(uses_it).collect();
            let accounts = signed.iter().map(|account| account.row.id).collect();
            return Ok(SignatureScope {
                scope: EventScope { accounts, installation: false },
                company: signed.first().map(|account| account.row.company_id),
            });
        }
    }
    // The installation's secret counts for accounts without their own secret, and for numbers without an account, which may be added
    // a moment later.
    let shared = unknown || accounts.is_empty() || accounts.iter().any(|account| !account.has_own_secret());
    let signed = installation.is_some_and(|secret| {
        shared && signature_matches(signature, body, secret.expose_secret().as_bytes())
    });
    if !signed {
        return Err(unsigned(UnsignedReason::why(&accounts, installation.is_some())));
    }
    let accounts = accounts.iter().filter(|account| !account.has_own_secret());
    let accounts = accounts.map(|account| account.row.id).collect();
    Ok(SignatureScope { scope: EventScope { accounts, installation: true }, company: None })
}

/// The accounts of this provider that a body names: by their numbers, or, if it names no number, by their WABA. Those of others are left
/// out, for no provider speaks for them. `None` if it names more than WhatsApp ever does: no account is looked up for such a body.
pub(super) async fn addressed(
    context: &Context,
    provider: Provider,
    body: &[u8],
) -> Result<Option<AddressedAccounts>> {
    let is_its = |account: &Arc<KnownAccount>| account.row.provider == provider;
    let addressees = match addressees(body) {
        Ok(addressees) => addressees,
        Err(error) if error.kind() == ErrorKind::TooManyAddressees => return Ok(None),
        Err(_) => return Ok(Some(AddressedAccounts::default())),
    };
    if addressees.phone_number_ids.is_empty() {
        let mut accounts = Vec::new();
        for waba_id in addressees.waba_ids.iter().take(WABAS_AT_ONCE) {
            let of_waba = context.accounts().of_waba(waba_id).await?;
            accounts.extend(of_waba.iter().filter(|account| is_its(account)).cloned());
        }
        return Ok(Some(AddressedAccounts { accounts, unknown: false }));
    }
    let numbers = addressees.phone_number_ids;
    let found = context.accounts().by_phone_number_ids(numbers.iter().cloned()).await?;
    let unknown = found.values().any(Option::is_none);
    let known = numbers.iter().filter_map(|number| found.get(number).cloned().flatten());
    let accounts = known.filter(is_its).collect();
    Ok(Some(AddressedAccounts { accounts, unknown }))
}

/// The accounts and the company for which a signature counts.
pub(super) struct SignatureScope {
    pub(super) scope: EventScope,
    /// The company that has the secret, or the first of those that do; `None` if it is the installation's.
    pub(super) company: Option<CompanyId>,
}

/// The accounts that a body names.
#[derive(Default)]
pub(super) struct AddressedAccounts {
    pub(super) accounts: Vec<Arc<KnownAccount>>,
    /// Whether it also names a number without an account.
    unknown: bool,
}

/// WhatsApp sends no such body, and nobody could make records of it.
async fn refuse_too_many_updates(body: &Bytes) -> Result<()> {
    if !may_have_too_many_updates(body) {
        return Ok(());
    }
    let body = body.clone();
    let read = tokio::task::spawn_blocking(move || Webhook::parse(&body).map(drop)).await;
    match read.map_err(|error| Error::new(ErrorCode::Internal, "read a webhook").because(error))? {
        Err(error) if error.kind() == ErrorKind::TooManyUpdates => {
            Err(Error::refused(ErrorCode::PayloadTooLarge, error.to_string()))
        }
        _ => Ok(()),
    }
}

/// Why a webhook was refused as unsigned, for the operator's log. The sender gets the same answer for every reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnsignedReason {
    NoSignature,
    TooManyAddressees,
    UnreadableSecret,
    OtherSecret,
    NoSecret,
    NoAccount,
    NoAccountNorSecret,
    NoHeaderSecret,
    OtherHeaderSecret,
    UnknownTopic,
    NotSns,
}

impl UnsignedReason {
    /// Why neither the secret of one of these accounts nor the installation's signed a body that names them.
    fn why(accounts: &[Arc<KnownAccount>], has_installation_secret: bool) -> Self {
        if accounts.is_empty() {
            return if has_installation_secret { Self::NoAccount } else { Self::NoAccountNorSecret };
        }
        let is_unreadable =
            |account: &Arc<KnownAccount>| account.has_own_secret() && account.app_secret().is_none();
        if accounts.iter().any(is_unreadable) {
            return Self::UnreadableSecret;
        }
        let has_secret = has_installation_secret || accounts.iter().any(|account| account.has_own_secret());
        if has_secret { Self::OtherSecret } else { Self::NoSecret }
    }

    /// What is wrong and what to do. Holds nothing of the request.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NoSignature => "no signature: the header X-Hub-Signature-256 is missing",
            Self::TooManyAddressees => "more numbers than WhatsApp ever names",
            Self::UnreadableSecret => {
                "the app secret of an account cannot be read; `mediary doctor` says whose, and what to do"
            }
            Self::OtherSecret => {
                "signed with another app secret than their account's, or than MEDIARY_APP_SECRET; compare it with the app's in \
                 Meta's dashboard, and correct it with `mediary account update --app-secret-env`"
            }
            Self::NoSecret => {
                "their account has no app secret, and MEDIARY_APP_SECRET is not set; take it from the app in Meta's dashboard, \
                 and give it with `mediary account update --app-secret-env`"
            }
            Self::NoAccount => {
                "for no account that is here, and signed with another secret than MEDIARY_APP_SECRET"
            }
            Self::NoAccountNorSecret => {
                "for no account that is here; `mediary account list` shows those that are"
            }
            Self::NoHeaderSecret => {
                "from 360dialog without the header Authorization: Bearer SECRET; give 360dialog's webhook this header, with the app \
                 secret of its account"
            }
            Self::UnknownTopic => {
                "from SNS of a topic that no account has; give it with `mediary account update --aws-topic-arn`"
            }
            Self::NotSns => {
                "at the address for SNS, and no message that SNS signed for this topic within a day"
            }
            Self::OtherHeaderSecret => {
                "from 360dialog for no account whose app secret the header Authorization has; compare the header of 360dialog's \
                 webhook with it, and correct it with `mediary account update --app-secret-env`"
            }
        }
    }
}

impl fmt::Display for UnsignedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl std::error::Error for UnsignedReason {}

pub(super) fn unsigned(why: UnsignedReason) -> Error {
    let detail = match why {
        UnsignedReason::NoHeaderSecret | UnsignedReason::OtherHeaderSecret => {
            "the webhook does not have the secret of the accounts it names in its header Authorization"
        }
        UnsignedReason::UnknownTopic | UnsignedReason::NotSns => {
            "the body is no message of SNS that an account's topic sent"
        }
        _ => "the webhook is not signed with an app secret of the accounts it names",
    };
    Error::refused(ErrorCode::Unauthorized, detail).because(why)
}
