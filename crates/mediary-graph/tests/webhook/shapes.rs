//! Fields, people and statuses in the shapes that WhatsApp has sent since 2026.

use super::*;

#[test]
fn unknown_fields_are_read_where_their_shape_is_known() {
    let item = json!({"id": "m", "from": "1", "to": "7", "type": "image", "image": {"id": "5"}});
    let echo = read("message_echoes", &json!({"message_echoes": [item]}));
    assert!(matches!(&echo[..], [UpdateKind::Message { origin: Origin::Echo, .. }]), "{echo:?}");
    let value = json!({"message_echoes": [item], "messages": [item, {"id": "x"}, {"type": "text"}],
        "statuses": [{"id": "m", "status": "read"}, {"id": "c", "status": "RINGING"}]});
    let all = read("something_new", &value);
    let origins: Vec<_> = all
        .iter()
        .map(|kind| match kind {
            UpdateKind::Message { origin, .. } => format!("{origin:?}"),
            other => format!("{other:?}").chars().take(6).collect(),
        })
        .collect();
    assert_eq!(origins, ["Inbound", "Echo", "Status"]);
    let consumer = json!({"contacts": [{"profile": {"name": "Nina T."}, "user_id": "US.9"}]});
    assert!(matches!(&read("consumer_profile", &consumer)[..], [UpdateKind::Other { .. }]));
}

#[test]
fn business_scoped_id_is_one_where_a_phone_id_belongs() {
    let value = json!({"contacts": [{"wa_id": "US.9"}], "messages": [{"id": "m", "from": "US.9", "type": "text", "text": {"body": "x"}}]});
    let read = read("messages", &value);
    let [UpdateKind::Message { message, sender: Some(sender), .. }] = &read[..] else { panic!("{read:?}") };
    assert_eq!((message.from.as_deref(), message.from_user_id.as_deref()), (None, Some("US.9")));
    assert_eq!(
        (sender.wa_id.as_deref(), sender.user_id.as_deref(), sender.name.as_deref()),
        (None, Some("US.9"), None)
    );
}

#[test]
fn failed_statuses_may_name_people_without_a_profile() {
    let value = json!({"contacts": [{"wa_id": "7", "user_id": "US.9"}], "statuses": [{"id": "a", "status": "failed",
        "recipient_id": "7", "recipient_user_id": "US.9", "errors": [{"code": 131_053}]}]});
    let read = read("messages", &value);
    let [UpdateKind::Status(status)] = &read[..] else { panic!("{read:?}") };
    assert_eq!(status.contact.as_ref().unwrap().user_id.as_deref(), Some("US.9"));
    assert_eq!((status.known, status.errors[0].code), (Some(MessageStatus::Failed), 131_053));
}

#[test]
fn body_with_more_updates_than_its_bytes_can_hold_is_refused_and_whatsapps_own_are_not() {
    let body = |items: &str| {
        format!(r#"{{"entry":[{{"id":"1","changes":[{{"field":"messages","value":{{{items}}}}}]}}]}}"#)
    };
    let refused = |body: &str| {
        let refused = Webhook::parse(body.as_bytes()).err().map(|error| error.kind());
        assert!(
            refused.is_none() || mediary_graph::may_have_too_many_updates(body.as_bytes()),
            "the quick pass finds it too"
        );
        refused == Some(ErrorKind::TooManyUpdates)
    };
    for list in ["messages", "message_echoes", "statuses", "errors"] {
        for item in ["1", "{}", r#"{"id":"wamid.1"}"#] {
            assert!(
                refused(&body(&format!(r#""{list}":[{}]"#, vec![item; 2000].join(",")))),
                "{list} of {item}"
            );
        }
    }
    let threads =
        format!(r#""history":[{{"threads":[{{"id":"1","messages":[{}]}}]}}]"#, vec!["1"; 2000].join(","));
    assert!(refused(&body(&threads)));
    assert!(refused(&body(&format!(r#""standby":{{"messages":[{}]}}"#, vec!["1"; 2000].join(",")))));
    assert!(refused(&format!(r#"{{"entry":[{{"changes":[{}]}}]}}"#, vec!["{}"; 2000].join(","))));
    let status = r#"{"id":"wamid.HBgLMTU1NTA3ODM4ODEVAgASGBQ","status":"sent","timestamp":"1700000000","recipient_id":"1"}"#;
    assert!(!refused(&body(&format!(r#""statuses":[{}]"#, vec![status; 2000].join(",")))));
    assert!(!refused(&body(&format!(r#""messages":[{}]"#, vec!["1"; 60].join(",")))), "a few are no burden");
}

/// A megabyte said once in a body of a few hundred items must not become hundreds of megabytes.
#[test]
fn shared_texts_are_not_repeated_at_length_for_every_item() {
    let long = "1".repeat(200_000);
    let item = json!({"from": "1", "id": "wamid.1", "type": "text", "text": {"body": "hello"}});
    let items = vec![item; 300];
    let contact = json!({"wa_id": "1", "user_id": long, "profile": {"name": long, "username": long}});
    let thread = json!({"id": long, "messages": items});
    let metadata = json!({"display_phone_number": long, "phone_number_id": long});
    let value = json!({"metadata": metadata, "contacts": [contact], "messages": items, "history": [{"threads": [thread]}]});
    for field in ["messages", "history", &long] {
        let body = json!({"entry": [{"id": long, "changes": [{"field": field, "value": value}]}]});
        let read = serde_json::to_string(&updates(&body)).unwrap().len();
        assert!(read < 8_000_000, "{read} bytes are kept of {}", body.to_string().len());
    }
}
