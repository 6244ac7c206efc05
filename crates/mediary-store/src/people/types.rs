//! Companies, users, API keys and accounts as records.

use std::fmt;

use mediary_core::{
    AccountId, AccountStatus, ApiKeyId, CompanyId, ErrorCode, FileType, MediaPolicy, Provider, Retention,
    Role, Timestamp, UserId,
};

use crate::record::record;

record! {
    /// A tenant.
    #[derive(Clone, Debug)]
    pub struct Company from companies as c {
        pub id: CompanyId,
        pub name: String,
        pub slug: String,
        pub media_policy: MediaPolicy,
        pub retention: Retention = "CASE WHEN c.retention_days IS NULL THEN 'forever'
            ELSE COALESCE(c.retention_mode, 'days_after_stored') END, c.retention_days",
        /// Whether views of media are written to the audit log.
        pub audit_views: bool,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

#[derive(Clone, Debug)]
pub struct NewCompany {
    pub name: String,
    pub slug: String,
    pub media_policy: MediaPolicy,
}

/// Changes to a company's settings for media; `None` leaves a value as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaSettingsPatch {
    pub policy: Option<MediaPolicy>,
    pub retention: Option<Retention>,
    pub audit_views: Option<bool>,
}

impl MediaSettingsPatch {
    /// Whether it changes anything.
    pub(super) fn changes(&self, before: &Company) -> bool {
        differs(&self.policy, &before.media_policy)
            || differs(&self.retention, &before.retention)
            || differs(&self.audit_views, &before.audit_views)
    }
}

/// Whether a patch names a value that differs from the present one.
fn differs<T: PartialEq>(named: &Option<T>, before: &T) -> bool {
    named.as_ref().is_some_and(|named| named != before)
}

record! {
    /// A person who logs in.
    #[derive(Clone, Debug)]
    pub struct User from users as u {
        pub id: UserId,
        pub company_id: CompanyId,
        pub email: String,
        pub name: String,
        pub role: Role,
        pub active: bool,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

#[derive(Clone)]
pub struct UserWithHash {
    pub user: User,
    pub password_hash: String,
}

#[derive(Clone)]
pub struct NewUser {
    pub email: String,
    pub name: String,
    pub role: Role,
    pub password_hash: String,
}

/// What changes; `None` stays.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UserPatch {
    pub name: Option<String>,
    pub role: Option<Role>,
    pub active: Option<bool>,
    pub password_hash: Option<String>,
}

impl UserPatch {
    /// Whether it changes anything. A password always counts as changed, for its hash is always another one.
    pub(super) fn changes(&self, before: &User) -> bool {
        differs(&self.name, &before.name)
            || differs(&self.role, &before.role)
            || differs(&self.active, &before.active)
            || self.password_hash.is_some()
    }
}

#[derive(Clone)]
pub struct NewSession {
    pub user_id: UserId,
    pub company_id: CompanyId,
    /// The hash that the password was checked against.
    pub password_hash: String,
    pub token_hash: [u8; 32],
    pub expires_at: Timestamp,
    /// The address it was opened from.
    pub ip: Option<String>,
}

record! {
    /// The user of a valid session.
    #[derive(Clone, Debug)]
    pub struct SessionIdentity from sessions as s {
        pub company_id: CompanyId,
        pub user_id: UserId,
        pub role: Role = "u.role",
        pub email: String = "u.email",
        pub name: String = "u.name",
        pub expires_at: Timestamp,
        pub created_at: Timestamp,
        pub last_used_at: Timestamp,
    }
}

record! {
    /// A program's key. Only its hash is stored; the key itself is known to its holder alone.
    #[derive(Clone, Debug)]
    pub struct ApiKey from api_keys as k {
        pub id: ApiKeyId,
        pub company_id: CompanyId,
        pub name: String,
        pub role: Role,
        /// The first characters of the key, to recognise it by.
        pub prefix: String,
        pub expires_at: Option<Timestamp>,
        pub last_used_at: Option<Timestamp>,
        pub revoked_at: Option<Timestamp>,
        pub created_at: Timestamp,
    }
}

#[derive(Clone)]
pub struct NewApiKey {
    pub name: String,
    pub role: Role,
    pub token_hash: [u8; 32],
    pub prefix: String,
    pub expires_at: Option<Timestamp>,
}

record! {
    /// The program behind a valid key.
    #[derive(Clone, Debug)]
    pub struct ApiKeyIdentity from api_keys as k {
        pub id: ApiKeyId,
        pub company_id: CompanyId,
        pub name: String,
        pub role: Role,
        pub expires_at: Option<Timestamp>,
        pub last_used_at: Option<Timestamp>,
    }
}

record! {
    /// One business phone number. Secrets are as sealed by the caller; this crate cannot read them.
    #[derive(Clone)]
    pub struct Account from whatsapp_accounts as a {
        pub id: AccountId,
        pub company_id: CompanyId,
        pub provider: Provider,
        pub phone_number_id: String,
        pub waba_id: Option<String>,
        pub aws_phone_number_id: Option<String>,
        pub aws_region: Option<String>,
        pub aws_bucket: Option<String>,
        pub aws_topic_arn: Option<String>,
        pub display_phone_number: Option<String>,
        pub name: String,
        pub access_token: Option<Vec<u8>>,
        pub app_secret: Option<Vec<u8>>,
        pub verify_token: Option<Vec<u8>>,
        /// Overrides the company's.
        pub media_policy: Option<MediaPolicy>,
        /// Overrides the company's.
        pub retention: Option<Retention> = "a.retention_mode, a.retention_days",
        /// Whether the retention that applies counts from when a file was last viewed.
        pub counts_views: bool = "COALESCE(a.retention_mode, CASE WHEN c.retention_days IS NOT NULL
            THEN c.retention_mode END, 'forever') = 'days_after_viewed'",
        /// What applies: the account's policy, or else the company's.
        pub effective_policy: MediaPolicy = "COALESCE(a.media_policy, c.media_policy)",
        pub status: AccountStatus,
        /// Nothing is downloaded for it until then.
        pub paused_until: Option<Timestamp>,
        pub last_error_code: Option<ErrorCode>,
        pub last_error: Option<String>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

/// Where a number is at AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsSettings {
    /// AWS's own id of the number: `phone-number-id-…`.
    pub phone_number_id: String,
    pub region: String,
    /// Media passes through it.
    pub bucket: String,
    /// By which its webhooks come.
    pub topic_arn: String,
}

impl Account {
    /// Where it is at AWS, if it is there.
    pub fn aws(&self) -> Option<AwsSettings> {
        Some(AwsSettings {
            phone_number_id: self.aws_phone_number_id.clone()?,
            region: self.aws_region.clone()?,
            bucket: self.aws_bucket.clone()?,
            topic_arn: self.aws_topic_arn.clone()?,
        })
    }
}

#[derive(Clone)]
pub struct NewAccount {
    pub provider: Provider,
    pub aws: Option<AwsSettings>,
    pub phone_number_id: String,
    pub waba_id: Option<String>,
    pub display_phone_number: Option<String>,
    pub name: String,
    pub access_token: Option<Vec<u8>>,
    pub app_secret: Option<Vec<u8>>,
    pub verify_token: Option<Vec<u8>>,
    pub media_policy: Option<MediaPolicy>,
}

/// What changes; `None` stays. A new access token makes the account active again, unless `status` says otherwise.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AccountPatch {
    pub name: Option<String>,
    pub waba_id: Option<String>,
    pub display_phone_number: Option<String>,
    pub access_token: Option<Vec<u8>>,
    pub app_secret: Option<Vec<u8>>,
    pub verify_token: Option<Vec<u8>>,
    /// `Some(None)` goes back to the company's policy.
    pub media_policy: Option<Option<MediaPolicy>>,
    /// `Some(None)` goes back to the company's retention.
    pub retention: Option<Option<Retention>>,
    pub status: Option<AccountStatus>,
    pub aws_bucket: Option<String>,
    pub aws_topic_arn: Option<String>,
}

impl AccountPatch {
    /// Whether it changes anything. A secret always counts as changed, for its sealed form is always another one.
    pub(super) fn changes(&self, before: &Account) -> bool {
        differs(&self.name, &before.name)
            || self.waba_id.is_some() && self.waba_id != before.waba_id
            || self.display_phone_number.is_some() && self.display_phone_number != before.display_phone_number
            || self.aws_bucket.is_some() && self.aws_bucket != before.aws_bucket
            || self.aws_topic_arn.is_some() && self.aws_topic_arn != before.aws_topic_arn
            || differs(&self.media_policy, &before.media_policy)
            || differs(&self.retention, &before.retention)
            || differs(&self.status, &before.status)
            || [&self.access_token, &self.app_secret, &self.verify_token].into_iter().any(Option::is_some)
    }
}

/// The user, program or command that an audit row names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Like `user:3`, `api_key:5` or `command_line`.
    pub who: String,
    /// The address it comes from.
    pub ip: Option<String>,
}

impl Actor {
    /// An operator of the installation, at the command line.
    pub fn command_line() -> Self {
        Self { who: "command_line".to_owned(), ip: None }
    }
}

record! {
    #[derive(Clone, Debug)]
    pub struct Audit from audit_log as l {
        pub id: i64,
        pub company_id: CompanyId,
        pub who: String,
        pub action: String,
        pub record: Option<String>,
        pub ip: Option<String>,
        pub created_at: Timestamp,
    }
}

/// Which rows of the audit log are wanted; all of them where nothing is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub action: Option<String>,
    /// Like `user:3`.
    pub who: Option<String>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
}

/// A session as its person sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnSession {
    pub id: i64,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
    /// When it ends unless it is used before.
    pub expires_at: Timestamp,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// Stored files of one type that came in one month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Like `2026-11`, in UTC.
    pub month: String,
    pub file_type: FileType,
    pub files: i64,
    pub bytes: i64,
}

/// Shows which secrets are set, never their values.
macro_rules! without_secrets {
    ($($type:ident { $($field:ident),* })+) => { $(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($type))$(.field(stringify!($field), &self.$field))*.finish_non_exhaustive()
            }
        }
    )+ };
}

without_secrets! {
    Account { id, company_id, provider, phone_number_id, status }
    NewAccount { provider, phone_number_id, waba_id, name }
    AccountPatch { name, status, media_policy }
    UserWithHash { user }
    NewUser { name, role }
    UserPatch { name, role, active }
    NewSession { user_id, company_id, expires_at }
    NewApiKey { name, role, expires_at }
}
