//! A status as WhatsApp writes it.

use serde_json::{Value, json};

use super::StatusSpec;
use super::render::error;

/// The status of a message that the business sent.
pub(crate) fn render_status(spec: &StatusSpec, timestamp: i64) -> Value {
    let mut status = json!({
        "id": spec.message_id,
        "status": spec.status,
        "timestamp": timestamp.to_string(),
    });
    let customer = &spec.customer;
    let mut put = |name: &str, value: &Option<String>| {
        if let Some(value) = value {
            status[name] = value.as_str().into();
        }
    };
    if spec.group_id.is_some() {
        put("recipient_id", &spec.group_id);
        put("recipient_type", &Some("group".to_owned()));
        put("recipient_participant_id", &customer.wa_id);
        put("recipient_participant_user_id", &customer.user_id);
        put("recipient_participant_parent_user_id", &customer.parent_user_id);
    } else {
        put("recipient_id", &customer.wa_id);
        put("recipient_user_id", &customer.user_id);
        put("recipient_parent_user_id", &customer.parent_user_id);
    }
    put("biz_opaque_callback_data", &spec.callback_data);
    match spec.status.as_str() {
        "failed" => {
            let title = spec.error_title.as_deref().unwrap_or("Something went wrong");
            status["errors"] = json!([error(spec.error_code.unwrap_or(131_000), title, title)]);
        }
        "sent" | "delivered" => {
            let category = json!({"billable": false, "pricing_model": "PMP", "category": "service",
                "type": "free_customer_service"});
            status["pricing"] = category;
        }
        _ => {}
    }
    status
}
