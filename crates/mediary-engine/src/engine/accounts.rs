//! The engine's interface for WhatsApp accounts, as far as WhatsApp is asked.

use mediary_core::{AccountId, CompanyId, Result};
use mediary_store::Actor;

use super::Engine;
use crate::whatsapp::AccountCheck;
use crate::whatsapp::account_drafts::{AccountChange, AccountDraft};
use crate::whatsapp::binding::{BoundAccount, Proof};

impl Engine {
    /// Adds an account once WhatsApp says that its token may use its number.
    pub async fn connect_number(
        &self,
        company: CompanyId,
        draft: &AccountDraft,
        proof: Proof,
        by: &Actor,
    ) -> Result<BoundAccount> {
        self.0.context.whatsapp().connect_number(company, draft, proof, by).await
    }

    /// Changes an account. A new token that WhatsApp refuses is not taken; one that it cannot be asked about is, so that
    /// a token can be renewed at any time: the number is bound already.
    pub async fn change_account(
        &self,
        company: CompanyId,
        id: AccountId,
        change: &AccountChange,
        by: &Actor,
    ) -> Result<BoundAccount> {
        self.0.context.whatsapp().change_account(company, id, change, by).await
    }

    /// Asks WhatsApp whether an account's token may use its number.
    pub async fn check_token(&self, company: CompanyId, id: AccountId) -> Result<()> {
        self.0.context.whatsapp().check_token(company, id).await
    }

    /// Asks WhatsApp about an account: whether its token may use its number, whether that is one of its business account, and whether
    /// its webhooks are subscribed to.
    pub async fn check_account(&self, company: CompanyId, id: AccountId) -> Result<AccountCheck> {
        self.0.context.whatsapp().check_account(company, id).await
    }
}
