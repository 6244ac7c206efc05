//! Webhooks from 360dialog: Meta's bodies, passed on without a signature.
//!
//! 360dialog signs nothing, but sends the headers that its customer configured (docs.360dialog.com, "Webhooks": `url` and `headers`).
//! So an account has a secret of its own, which has to come as `Authorization: Bearer <secret>`. It is not part of the address, for
//! addresses end up in the logs of every proxy on the way.

use std::sync::Arc;

use aws_lc_rs::constant_time;
use bytes::Bytes;
use mediary_core::{Provider, Result};
use mediary_store::EventScope;
use secrecy::ExposeSecret;

use super::webhook::{AcceptedWebhook, SignatureScope, UnsignedReason, addressed, keep, unsigned};
use crate::access::hash_of;
use crate::context::Context;
use crate::whatsapp::accounts::KnownAccount;

/// Accepts a webhook body that came with `secret`. Returns once it is durable. After `unauthorized` it is discarded; after any other error
/// 360dialog has to send it again.
pub(crate) async fn accept(context: &Context, secret: Option<&str>, body: Bytes) -> Result<AcceptedWebhook> {
    let given = hash_of(secret.ok_or_else(|| unsigned(UnsignedReason::NoHeaderSecret))?);
    let addressed = addressed(context, Provider::Dialog360, &body).await?;
    let accounts = addressed.ok_or_else(|| unsigned(UnsignedReason::TooManyAddressees))?.accounts;
    // Every account's is compared, and by its hash, so that the time taken reveals nothing.
    let has_it = |account: &&Arc<KnownAccount>| {
        account.app_secret().is_some_and(|own| {
            constant_time::verify_slices_are_equal(&hash_of(own.expose_secret()), &given).is_ok()
        })
    };
    let proved: Vec<_> = accounts.iter().filter(has_it).collect();
    let Some(first) = proved.first() else {
        let unreadable = accounts.iter().any(|account| account.app_secret().is_none());
        let why =
            if unreadable { UnsignedReason::UnreadableSecret } else { UnsignedReason::OtherHeaderSecret };
        return Err(unsigned(why));
    };
    let company = Some(first.row.company_id);
    let accounts = proved.iter().map(|account| account.row.id).collect();
    keep(context, SignatureScope { scope: EventScope { accounts, installation: false }, company }, body).await
}
