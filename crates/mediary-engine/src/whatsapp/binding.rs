//! Binding a business number to a company: only if WhatsApp says that the account's token may use the number.
//!
//! Without that, an admin of one company could name another's number, learn from the answer whether it is connected
//! here, and, where all numbers share one app secret, be given its messages. So WhatsApp is asked before the database is,
//! and callers who cannot prove the number get the same answer for every number.

use mediary_core::{AccountId, CompanyId, Error, ErrorCode, Provider, Result};
use mediary_graph::ErrorKind;
use mediary_store::{Account, Actor};
use secrecy::SecretString;

use super::WhatsApp;
use crate::whatsapp::account_drafts::{AccountChange, AccountDraft};
use crate::whatsapp::provider::NumberPlace;

/// The proof that is required to bind a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// WhatsApp confirms it: for all callers over HTTP.
    Required,
    /// WhatsApp confirms it if it can be asked: for operators, who have access to the database anyway.
    IfReachable,
}

/// An account that was added or changed.
#[derive(Debug)]
pub struct BoundAccount {
    pub account: Account,
    /// Why WhatsApp could not be asked about the token, if it could not.
    pub unproved: Option<Error>,
}

impl WhatsApp {
    /// Adds an account once WhatsApp says that its token may use its number.
    pub(crate) async fn connect_number(
        &self,
        company: CompanyId,
        draft: &AccountDraft,
        proof: Proof,
        by: &Actor,
    ) -> Result<BoundAccount> {
        draft.check()?;
        let place = NumberPlace {
            provider: draft.provider,
            phone_number_id: &draft.phone_number_id,
            aws: draft.aws.as_ref(),
        };
        let unproved = match &draft.access_token {
            Some(token) => self.prove(place, token).await?.err(),
            None if proof == Proof::Required => {
                let needed = "is needed: WhatsApp is asked with it whether you may use the number";
                return Err(Error::invalid("accessToken", needed));
            }
            None => None,
        };
        match unproved {
            Some(error) if proof == Proof::Required => Err(error),
            unproved => {
                let account = self.accounts.create(company, draft, by).await?;
                Ok(BoundAccount { account, unproved })
            }
        }
    }

    /// Changes an account. A new token that WhatsApp refuses is not taken; one that it cannot be asked about is, so that
    /// a token can be renewed at any time: the number is bound already.
    pub(crate) async fn change_account(
        &self,
        company: CompanyId,
        id: AccountId,
        change: &AccountChange,
        by: &Actor,
    ) -> Result<BoundAccount> {
        change.check()?;
        let unproved = match &change.access_token {
            Some(token) => {
                let account = self.store.account(company, id).await?;
                let account = account.ok_or_else(|| Error::not_found("there is no such WhatsApp account"))?;
                let aws = account.aws();
                let place = NumberPlace {
                    provider: account.provider,
                    phone_number_id: &account.phone_number_id,
                    aws: aws.as_ref(),
                };
                self.prove(place, token).await?.err()
            }
            None => None,
        };
        let account = self.accounts.update(company, id, change, by).await?;
        Ok(BoundAccount { account, unproved })
    }

    /// Fails if WhatsApp says that the token may not use the number. `Some` is the error if WhatsApp could not be asked.
    async fn prove(&self, place: NumberPlace<'_>, token: &SecretString) -> Result<Result<()>> {
        let provider = place.provider;
        let answer = match self.providers.carrier_with(place, token) {
            Ok(carrier) => carrier.number().await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(number) if number.id == place.phone_number_id => Ok(Ok(())),
            Ok(_) => Err(refused(provider)),
            Err(error) => match error.kind() {
                ErrorKind::Unauthorized
                | ErrorKind::Permission
                | ErrorKind::BadRequest
                | ErrorKind::MediaGone => Err(refused(provider).because(error)),
                _ => {
                    let wait = error.retry_after();
                    let sentence = "WhatsApp could not be asked whether the token may use the number; \
                                    try again in a minute";
                    Ok(Err(Error::refused(error.code(), sentence).after(wait).because(error)))
                }
            },
        }
    }
}

/// The error for a token that may not use its number.
pub(super) fn refused(provider: Provider) -> Error {
    let sentence = match provider {
        Provider::Meta => {
            "WhatsApp says that this access token may not use this number; check the phone number id, and that the token \
             has the permissions whatsapp_business_management and whatsapp_business_messaging for its business account"
        }
        Provider::Aws => {
            "AWS says that this access key may not use this number; check the phone number ids, AWS's own and Meta's, the region, and \
             that the key may call social-messaging:GetLinkedWhatsAppBusinessAccountPhoneNumber"
        }
        Provider::Dialog360 => {
            "360dialog says that this API key is not this number's; check the phone number id, and take the key from the \
             number's page in the 360dialog Hub"
        }
    };
    Error::refused(ErrorCode::Conflict, sentence)
}
