use mediary_core::{AccountId, AccountStatus, CompanyId, ErrorCode, MediaPolicy, Provider, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Reader, RetentionBody, Shape, Time, words};

/// One business phone number. Its secrets go in and never come out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WhatsappAccount)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    #[schema(value_type = i64)]
    id: AccountId,
    #[schema(value_type = i64)]
    company_id: CompanyId,
    /// Who carries its messages.
    #[schema(value_type = words::Provider)]
    provider: Provider,
    phone_number_id: String,
    #[schema(required)]
    waba_id: Option<String>,
    #[schema(required)]
    aws_phone_number_id: Option<String>,
    #[schema(required)]
    aws_region: Option<String>,
    #[schema(required)]
    aws_bucket: Option<String>,
    #[schema(required)]
    aws_topic_arn: Option<String>,
    #[schema(required)]
    display_phone_number: Option<String>,
    name: String,
    has_access_token: bool,
    has_app_secret: bool,
    has_verify_token: bool,
    /// Overrides the company's policy.
    #[schema(required, value_type = Option<words::MediaPolicy>)]
    media_policy: Option<MediaPolicy>,
    /// Overrides the company's retention.
    #[schema(required)]
    retention: Option<RetentionBody>,
    /// What applies: the account's policy, or else the company's.
    #[schema(value_type = words::MediaPolicy)]
    effective_media_policy: MediaPolicy,
    #[schema(value_type = words::AccountStatus)]
    status: AccountStatus,
    /// Nothing is downloaded for it until then.
    #[schema(required, value_type = Option<Time>)]
    paused_until: Option<Timestamp>,
    #[schema(required)]
    last_error: Option<AccountError>,
    #[schema(value_type = Time)]
    created_at: Timestamp,
    #[schema(value_type = Time)]
    updated_at: Timestamp,
}

/// What last went wrong with an account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountError {
    #[schema(value_type = words::ErrorCode)]
    code: ErrorCode,
    message: &'static str,
}

impl Shape<mediary_store::Account> for Account {
    fn shape(row: mediary_store::Account, _: &Reader) -> Self {
        Self {
            id: row.id,
            company_id: row.company_id,
            provider: row.provider,
            phone_number_id: row.phone_number_id,
            waba_id: row.waba_id,
            aws_phone_number_id: row.aws_phone_number_id,
            aws_region: row.aws_region,
            aws_bucket: row.aws_bucket,
            aws_topic_arn: row.aws_topic_arn,
            display_phone_number: row.display_phone_number,
            name: row.name,
            has_access_token: row.access_token.is_some(),
            has_app_secret: row.app_secret.is_some(),
            has_verify_token: row.verify_token.is_some(),
            media_policy: row.media_policy,
            retention: row.retention.map(RetentionBody::from),
            effective_media_policy: row.effective_policy,
            status: row.status,
            paused_until: row.paused_until,
            last_error: row.last_error_code.map(|code| AccountError { code, message: code.sentence() }),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
