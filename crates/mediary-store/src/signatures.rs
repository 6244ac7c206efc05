//! What the store can do, before it does it.

use std::sync::Arc;

use mediary_core::*;

use crate::*;

/// A page of a thread around one message, newest first.
#[derive(Clone, Debug)]
pub struct MessagesAround {
    pub items: Vec<MessageWithMedia>,
    /// Where older messages go on.
    pub next: Option<Cursor>,
    /// Where newer messages go on, for `messages_newer`.
    pub newer: Option<Cursor>,
}

/// A row whose bytes may still be saved, with what its media id can be found from.
#[derive(Clone)]
pub struct BackfillRow {
    pub media: MediaFile,
    pub legacy_media_url: Option<String>,
    pub raw_payload: Option<String>,
}

impl std::fmt::Debug for BackfillRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BackfillRow").field("media", &self.media).finish_non_exhaustive()
    }
}

impl Store {
    pub async fn open(options: &StoreOptions, clock: Arc<dyn Clock>) -> Result<Self> {
        todo!()
    }
    /// Brings the schema up to date; the names of the steps taken.
    pub async fn migrate(&self) -> Result<Vec<String>> {
        todo!()
    }
    /// Whether the database answers and its schema is up to date.
    pub async fn check(&self) -> Result<()> {
        todo!()
    }
    pub fn backend(&self) -> Backend {
        todo!()
    }
    /// Commits what waits, then closes all connections.
    pub async fn close(&self) {
        todo!()
    }

    // Inbox
    pub async fn inbox_append(&self, event: NewWebhookEvent) -> Result<WebhookEventId> {
        todo!()
    }
    pub async fn inbox_depth(&self) -> Result<InboxDepth> {
        todo!()
    }
    pub async fn ingest(
        &self,
        limits: IngestLimits,
        plan: impl FnOnce(&[WebhookEvent]) -> IngestPlan + Send,
    ) -> Result<IngestOutcome> {
        todo!()
    }
    pub async fn ingest_failed(
        &self,
        event: WebhookEventId,
        error: &str,
        next_attempt_at: Timestamp,
    ) -> Result<()> {
        todo!()
    }
    pub async fn prune_webhook_events(&self, processed_before: Timestamp, limit: u32) -> Result<u64> {
        todo!()
    }

    // Downloads
    pub async fn claim_downloads(&self, owner: &str, limits: &ClaimLimits) -> Result<Vec<ClaimedDownload>> {
        todo!()
    }
    pub async fn renew_lease(
        &self,
        claimed: &ClaimedDownload,
        lease_until: Timestamp,
        bytes_downloaded: u64,
    ) -> Result<bool> {
        todo!()
    }
    /// Keeps what Graph says of the file, for progress and for the next try.
    pub async fn declare_media(&self, claimed: &ClaimedDownload, declared: &DeclaredMedia) -> Result<bool> {
        todo!()
    }
    pub async fn finish_download(&self, finished: FinishedDownload) -> Result<bool> {
        todo!()
    }
    pub async fn fail_download(&self, failed: &FailedDownload) -> Result<bool> {
        todo!()
    }
    /// Gives a claimed download back, due at once, as if it had not been started.
    pub async fn release_download(&self, claimed: &ClaimedDownload) -> Result<bool> {
        todo!()
    }
    pub async fn pause_account(
        &self,
        company: CompanyId,
        account: AccountId,
        until: Timestamp,
        reason: ErrorCode,
        detail: &str,
    ) -> Result<()> {
        todo!()
    }
    pub async fn account_needs_token(
        &self,
        company: CompanyId,
        account: AccountId,
        detail: &str,
    ) -> Result<()> {
        todo!()
    }
    pub async fn release_leases_at_start(&self) -> Result<u64> {
        todo!()
    }
    pub async fn release_expired_leases(&self, now: Timestamp, limit: u32) -> Result<Vec<MediaId>> {
        todo!()
    }
    pub async fn requeue_download(
        &self,
        company: CompanyId,
        media: MediaId,
        reset_attempts: bool,
    ) -> Result<Requeued> {
        todo!()
    }
    pub async fn requeue_failed(&self, company: CompanyId, max_attempts: i64) -> Result<Vec<MediaId>> {
        todo!()
    }
    pub async fn set_provider_media(
        &self,
        company: CompanyId,
        media: MediaId,
        provider_media_id: &str,
    ) -> Result<bool> {
        todo!()
    }
    pub async fn store_lost_file(&self, company: CompanyId, media: MediaId) -> Result<bool> {
        todo!()
    }
    pub async fn downloads_overview(&self) -> Result<DownloadsOverview> {
        todo!()
    }
    pub async fn expire_unsaved(&self, now: Timestamp, limit: u32) -> Result<Vec<Change>> {
        todo!()
    }
    /// Rows without bytes whose media may still be alive, nearest expiry first; `after` is the last row seen.
    pub async fn due_for_backfill(
        &self,
        company: Option<CompanyId>,
        after: Option<(Timestamp, MediaId)>,
        limit: u32,
    ) -> Result<Vec<BackfillRow>> {
        todo!()
    }
    /// Imported rows without a provider media id, by id.
    pub async fn legacy_rows(
        &self,
        company: Option<CompanyId>,
        after: MediaId,
        limit: u32,
    ) -> Result<Vec<BackfillRow>> {
        todo!()
    }
    pub async fn trash_take(&self, limit: u32) -> Result<Vec<Trash>> {
        todo!()
    }
    pub async fn trash_done(&self, ids: &[i64]) -> Result<u64> {
        todo!()
    }

    // Reading
    pub async fn conversations(
        &self,
        company: CompanyId,
        query: &ConversationQuery,
    ) -> Result<Page<Conversation>> {
        todo!()
    }
    pub async fn conversation(&self, company: CompanyId, id: ConversationId) -> Result<Option<Conversation>> {
        todo!()
    }
    /// False if there is no such conversation.
    pub async fn mark_read(&self, company: CompanyId, id: ConversationId) -> Result<bool> {
        todo!()
    }
    pub async fn messages(
        &self,
        company: CompanyId,
        conversation: ConversationId,
        page: &PageRequest,
    ) -> Result<Page<MessageWithMedia>> {
        todo!()
    }
    /// `None` if the message is not in that conversation.
    pub async fn messages_around(
        &self,
        company: CompanyId,
        conversation: ConversationId,
        message: MessageId,
        limit: u32,
    ) -> Result<Option<MessagesAround>> {
        todo!()
    }
    pub async fn message(&self, company: CompanyId, id: MessageId) -> Result<Option<MessageWithMedia>> {
        todo!()
    }
    pub async fn media(&self, company: CompanyId, id: MediaId) -> Result<Option<MediaFile>> {
        todo!()
    }
    pub async fn media_by_message(
        &self,
        company: CompanyId,
        message: MessageId,
    ) -> Result<Option<MediaFile>> {
        todo!()
    }
    pub async fn media_by_provider_id(
        &self,
        company: CompanyId,
        provider_media_id: &str,
    ) -> Result<Option<MediaFile>> {
        todo!()
    }
    pub async fn media_list(&self, company: CompanyId, query: &MediaQuery) -> Result<Page<MediaFile>> {
        todo!()
    }
    pub async fn delete_media(&self, company: CompanyId, id: MediaId, by: Option<UserId>) -> Result<bool> {
        todo!()
    }
    pub async fn touch_media(&self, company: CompanyId, id: MediaId, at: Timestamp) -> Result<()> {
        todo!()
    }

    // Companies and people
    pub async fn add_company(&self, new: &NewCompany) -> Result<Company> {
        todo!()
    }
    pub async fn list_companies(&self) -> Result<Vec<Company>> {
        todo!()
    }
    pub async fn company_by_slug(&self, slug: &str) -> Result<Option<Company>> {
        todo!()
    }
    pub async fn company(&self, id: CompanyId) -> Result<Option<Company>> {
        todo!()
    }
    pub async fn update_company_settings(
        &self,
        company: CompanyId,
        settings: &MediaSettings,
    ) -> Result<Option<Company>> {
        todo!()
    }
    pub async fn add_user(&self, company: CompanyId, new: &NewUser) -> Result<User> {
        todo!()
    }
    pub async fn users(&self, company: CompanyId, page: &PageRequest) -> Result<Page<User>> {
        todo!()
    }
    pub async fn user(&self, company: CompanyId, id: UserId) -> Result<Option<User>> {
        todo!()
    }
    pub async fn user_by_email(&self, email: &str) -> Result<Option<UserWithHash>> {
        todo!()
    }
    pub async fn update_user(
        &self,
        company: CompanyId,
        id: UserId,
        patch: &UserPatch,
    ) -> Result<Option<User>> {
        todo!()
    }
    pub async fn add_session(&self, new: &NewSession) -> Result<()> {
        todo!()
    }
    pub async fn session_by_hash(&self, token_hash: &[u8; 32]) -> Result<Option<SessionIdentity>> {
        todo!()
    }
    pub async fn touch_session(&self, token_hash: &[u8; 32], expires_at: Timestamp) -> Result<()> {
        todo!()
    }
    pub async fn delete_session(&self, token_hash: &[u8; 32]) -> Result<bool> {
        todo!()
    }
    pub async fn delete_sessions_of(&self, company: CompanyId, user: UserId) -> Result<u64> {
        todo!()
    }
    pub async fn prune_sessions(&self, expired_before: Timestamp, limit: u32) -> Result<u64> {
        todo!()
    }
    pub async fn add_api_key(&self, company: CompanyId, new: &NewApiKey) -> Result<ApiKey> {
        todo!()
    }
    pub async fn api_keys(&self, company: CompanyId, page: &PageRequest) -> Result<Page<ApiKey>> {
        todo!()
    }
    pub async fn revoke_api_key(&self, company: CompanyId, id: ApiKeyId) -> Result<bool> {
        todo!()
    }
    pub async fn revoke_api_key_by_name(&self, company: CompanyId, name: &str) -> Result<bool> {
        todo!()
    }
    pub async fn api_key_by_hash(&self, token_hash: &[u8; 32]) -> Result<Option<ApiKeyIdentity>> {
        todo!()
    }
    pub async fn touch_api_key(&self, company: CompanyId, id: ApiKeyId) -> Result<()> {
        todo!()
    }

    // WhatsApp accounts
    pub async fn add_account(&self, company: CompanyId, new: &NewAccount) -> Result<Account> {
        todo!()
    }
    pub async fn accounts(&self, company: CompanyId, page: &PageRequest) -> Result<Page<Account>> {
        todo!()
    }
    pub async fn account(&self, company: CompanyId, id: AccountId) -> Result<Option<Account>> {
        todo!()
    }
    pub async fn account_by_phone_number_id(
        &self,
        company: CompanyId,
        phone_number_id: &str,
    ) -> Result<Option<Account>> {
        todo!()
    }
    pub async fn update_account(
        &self,
        company: CompanyId,
        id: AccountId,
        patch: &AccountPatch,
    ) -> Result<Option<Account>> {
        todo!()
    }
    /// Of any company: the company comes out of the row.
    pub async fn accounts_by_phone_number_ids(&self, phone_number_ids: &[String]) -> Result<Vec<Account>> {
        todo!()
    }
    pub async fn accounts_by_waba_id(&self, waba_id: &str) -> Result<Vec<Account>> {
        todo!()
    }
    pub async fn accounts_with_verify_token(&self) -> Result<Vec<Account>> {
        todo!()
    }

    // Audit and usage
    pub async fn audit(&self, company: CompanyId, new: &NewAudit) -> Result<()> {
        todo!()
    }
    pub async fn audits(&self, company: CompanyId, page: &PageRequest) -> Result<Page<Audit>> {
        todo!()
    }
    pub async fn usage(&self, company: CompanyId) -> Result<Vec<Usage>> {
        todo!()
    }
}
