//! The Graph API as 360dialog passes it on: a key in the header `D360-API-KEY` in place of the token, and no number in the path, for
//! the key is one number's.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use mediary_core::Provider;
use serde_json::json;

use super::answer::json_answer;
use super::call::{Call, check_token, key_of, may_see};
use super::error::{Answer, GraphError};
use crate::config::AccountSpec;
use crate::world::World;

/// The path under which 360dialog tells what stands in the way of messages.
pub(super) const HEALTH: &str = "health_status";

/// The number of a key. 360dialog itself refuses one that it does not know, and not in Graph's words.
pub(super) fn account_of_key(world: &World, key: &str) -> Result<Arc<AccountSpec>, Box<Response>> {
    let is_its = |account: &Arc<AccountSpec>| {
        account.provider == Provider::Dialog360 && may_see(key, account, Provider::Dialog360)
    };
    let account = world.accounts.all().into_iter().find(is_its);
    account.filter(|_| check_token(world, key).is_ok()).ok_or_else(|| {
        let refusal = json!({"error": "Unauthorized: invalid or missing D360-API-KEY"});
        Box::new((StatusCode::UNAUTHORIZED, json_answer(&refusal)).into_response())
    })
}

impl Call {
    /// The call as Graph has it: with the number in its path where Graph wants it.
    pub(super) fn of_number(mut self, account: &AccountSpec) -> Self {
        if matches!(self.segments.as_slice(), [only] if only == "messages" || only == "media") {
            self.segments.insert(0, account.phone_number_id.clone());
        }
        self
    }
}

/// `GET /health_status`.
pub(super) fn health(world: &World, call: &Call) -> Answer {
    let key = key_of(&call.headers).ok_or_else(GraphError::no_token)?;
    let account = account_of_key(world, key).map_err(|_| GraphError::no_token())?;
    let entity =
        |kind: &str, id: &str| json!({"entity_type": kind, "id": id, "can_send_message": "AVAILABLE"});
    let entities = [entity("PHONE_NUMBER", &account.phone_number_id), entity("WABA", &account.waba_id)];
    Ok(json!({
        "health_status": {"can_send_message": "AVAILABLE", "entities": entities},
        "id": account.phone_number_id,
    }))
}
