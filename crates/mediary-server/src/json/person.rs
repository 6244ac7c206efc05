use mediary_core::{ApiKeyId, CompanyId, Role, Timestamp, UserId};
use mediary_engine::{Caller, Identity};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Reader, Shape, Time, words};

/// The caller.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Me {
    kind: CallerKind,
    /// The id of the person, or of the key.
    id: i64,
    #[schema(value_type = i64)]
    company_id: CompanyId,
    /// Null for a key.
    #[schema(required)]
    email: Option<String>,
    name: String,
    #[schema(value_type = words::Role)]
    role: Role,
}

/// Whether a person or a program is asking.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallerKind {
    User,
    ApiKey,
}

impl Me {
    /// `None` for a caller who came by a link, and is nobody in particular.
    pub(crate) fn of(caller: &Caller) -> Option<Self> {
        let (kind, id, email, name) = match &caller.who {
            Identity::User { id, email, name } => (CallerKind::User, id.0, Some(email.clone()), name.clone()),
            Identity::Key { id, name } => (CallerKind::ApiKey, id.0, None, name.clone()),
            Identity::Link | Identity::CommandLine => return None,
        };
        Some(Self { kind, id, company_id: caller.company_id, email, name, role: caller.role })
    }
}

/// A person who logs in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    #[schema(value_type = i64)]
    id: UserId,
    #[schema(value_type = i64)]
    company_id: CompanyId,
    email: String,
    name: String,
    #[schema(value_type = words::Role)]
    role: Role,
    /// A person who is not active cannot log in.
    active: bool,
    #[schema(value_type = Time)]
    created_at: Timestamp,
    #[schema(value_type = Time)]
    updated_at: Timestamp,
}

impl Shape<mediary_store::User> for User {
    fn shape(row: mediary_store::User, _: &Reader) -> Self {
        Self {
            id: row.id,
            company_id: row.company_id,
            email: row.email,
            name: row.name,
            role: row.role,
            active: row.active,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A program's key, without the key itself.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiKey {
    #[schema(value_type = i64)]
    id: ApiKeyId,
    name: String,
    #[schema(value_type = words::Role)]
    role: Role,
    /// Its first characters, to recognise it by.
    prefix: String,
    #[schema(required, value_type = Option<Time>)]
    expires_at: Option<Timestamp>,
    #[schema(required, value_type = Option<Time>)]
    last_used_at: Option<Timestamp>,
    #[schema(required, value_type = Option<Time>)]
    revoked_at: Option<Timestamp>,
    #[schema(value_type = Time)]
    created_at: Timestamp,
}

impl Shape<mediary_store::ApiKey> for ApiKey {
    fn shape(row: mediary_store::ApiKey, _: &Reader) -> Self {
        Self {
            id: row.id,
            name: row.name,
            role: row.role,
            prefix: row.prefix,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
            created_at: row.created_at,
        }
    }
}
