//! An event as AWS wraps it: the message of a topic has an entry of Meta's webhook, as text within JSON.

use serde::Deserialize;
use serde_json::value::RawValue;

/// What the message of a topic holds of WhatsApp.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "whatsAppWebhookEntry")]
    entry: String,
}

/// The webhook that Meta would have sent, from the text of a topic's message. `None` if it has none. The entry stands in it as AWS wrote
/// it.
pub fn webhook_of_event(message: &str) -> Option<Vec<u8>> {
    let Event { entry } = serde_json::from_str(message).ok()?;
    let entry: &RawValue = serde_json::from_str(&entry).ok()?;
    if !entry.get().starts_with('{') {
        return None;
    }
    Some(format!(r#"{{"object":"whatsapp_business_account","entry":[{}]}}"#, entry.get()).into_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn entry_becomes_the_webhook_that_meta_would_have_sent() {
        let entry = json!({"id": "102", "changes": [{"field": "messages", "value": {"messages": [{"id": "wamid.1"}]}}]});
        let event = json!({"context": {"MetaWabaIds": [{"wabaId": "102", "arn": "x"}], "MetaPhoneNumberIds": []},
            "whatsAppWebhookEntry": entry.to_string(), "aws_account_id": "123456789012",
            "message_timestamp": "2025-09-08T11:16:04.123456789Z"});
        let webhook: serde_json::Value =
            serde_json::from_slice(&webhook_of_event(&event.to_string()).unwrap()).unwrap();
        assert_eq!(webhook, json!({"object": "whatsapp_business_account", "entry": [entry]}));
    }

    #[test]
    fn message_without_an_entry_is_no_event() {
        for message in [
            "",
            "hello",
            "{}",
            r#"{"whatsAppWebhookEntry": {}}"#,
            r#"{"whatsAppWebhookEntry": "x"}"#,
            r#"{"whatsAppWebhookEntry": "[1]"}"#,
            r#"{"whatsAppWebhookEntry": "{}, {}"}"#,
        ] {
            assert!(webhook_of_event(message).is_none(), "{message}");
        }
    }
}
