//! Webhooks as they really come: batched, incomplete, with people known by number or by user id, and broken in parts.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod addressed;
mod files;
mod shapes;

use mediary_core::{FileType, MessageStatus, Timestamp};
use mediary_graph::{
    ADDRESSEES_MAX, Addressees, Content, ErrorKind, MediaObject, Message, Origin, Profile, Status, Update,
    UpdateKind, Webhook, addressees, media_id,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn updates(webhook: &Value) -> Vec<Update> {
    Webhook::parse(webhook.to_string().as_bytes()).unwrap().updates()
}

/// A webhook of one change.
fn change(field: &str, value: &Value) -> Value {
    json!({"object": "whatsapp_business_account", "entry": [{"id": "10", "changes": [{"field": field, "value": value}]}]})
}

fn with_metadata(value: &Value) -> Value {
    let mut value = value.clone();
    value["metadata"] = json!({"display_phone_number": "15550783881", "phone_number_id": "106"});
    value
}

fn read(field: &str, value: &Value) -> Vec<UpdateKind> {
    updates(&change(field, &with_metadata(value))).into_iter().map(|update| update.kind).collect()
}

fn message(item: &Value) -> Message {
    match read("messages", &json!({"messages": [item]})).remove(0) {
        UpdateKind::Message { message, .. } => message,
        other => panic!("{other:?}"),
    }
}

fn media(item: &Value) -> MediaObject {
    match message(item).content {
        Content::Media(media) => media,
        other => panic!("{other:?}"),
    }
}

fn senders(value: &Value) -> Vec<Option<Profile>> {
    let sender = |kind| match kind {
        UpdateKind::Message { sender, .. } => sender,
        other => panic!("{other:?}"),
    };
    read("messages", value).into_iter().map(sender).collect()
}

fn text(id: &str, from: &str) -> Value {
    json!({"id": id, "from": from, "timestamp": "1749416383", "type": "text", "text": {"body": id}})
}

#[test]
fn items_of_every_change_of_every_entry_count() {
    let value = |n: u32| {
        json!({
            "metadata": {"phone_number_id": format!("p{n}")},
            "messages": [text("a", "1"), text("b", "1")],
            "statuses": [{"id": "c", "status": "read"}, {"id": "d", "status": "sent"}],
            "errors": [{"code": 131_000}],
        })
    };
    let entry = |id: &str, n: u32| json!({"id": id, "changes": [{"field": "messages", "value": value(n)}, {"field": "messages", "value": value(n + 1)}]});
    let webhook = json!({"entry": [entry("w1", 1), entry("w2", 3)]});
    let updates = updates(&webhook);
    assert_eq!(updates.len(), 20);
    let numbers: Vec<_> = updates.iter().map(|update| update.phone_number_id.as_deref().unwrap()).collect();
    assert_eq!(numbers, ["p1", "p2", "p3", "p4"].map(|n| [n; 5]).concat());
    assert_eq!(
        addressees(webhook.to_string().as_bytes()).unwrap(),
        Addressees {
            phone_number_ids: ["p1", "p2", "p3", "p4"].map(str::to_owned).to_vec(),
            waba_ids: ["w1", "w2"].map(str::to_owned).to_vec(),
        }
    );
}

#[test]
fn items_that_are_not_understood_are_kept_as_received() {
    let value = json!({"event": "DISABLED_UPDATE"});
    assert_eq!(read("account_update", &value), [UpdateKind::Other { raw: with_metadata(&value) }]);
    let call = json!({"statuses": [{"id": "wacid.x", "type": "call", "status": "RINGING"}]});
    assert_eq!(read("calls", &call), [UpdateKind::Other { raw: with_metadata(&call) }]);
    let raws =
        json!({"messages": [null, "x", text("ok", "1")], "statuses": [{"status": "read"}], "errors": [{}]});
    let kinds = read("messages", &raws);
    assert_eq!(kinds.iter().filter(|kind| matches!(kind, UpdateKind::Other { .. })).count(), 4);
    assert_eq!(kinds.iter().filter(|kind| matches!(kind, UpdateKind::Message { .. })).count(), 1);
    let poll = message(&json!({"id": "m", "type": "poll", "poll": {"name": "Lunch?"}, "new": 1}));
    assert_eq!((poll.content, poll.kind.as_str()), (Content::Unknown, "poll"));
    assert_eq!(serde_json::from_str::<Value>(&poll.raw).unwrap()["poll"]["name"], "Lunch?");
}

#[test]
fn profile_belongs_to_its_message() {
    let contact = |name: &str, wa_id: &str, user_id: &str| json!({"profile": {"name": name}, "wa_id": wa_id, "user_id": user_id});
    let names = |value: &Value| -> Vec<Option<String>> {
        senders(value).into_iter().map(|sender| sender.and_then(|profile| profile.name)).collect()
    };
    let ana = contact("Ana", "1", "US.1");
    let bo = contact("Bo", "2", "US.2");
    let several = json!({
        "contacts": [ana, bo, null, {"profile": "?"}],
        "messages": [text("b", "2"), text("a", "1"), {"id": "u", "from_user_id": "US.1"}, text("x", "3"), {"id": "y"}],
    });
    assert_eq!(names(&several), [Some("Bo".into()), Some("Ana".into()), Some("Ana".into()), None, None]);
    let by_user_only =
        json!({"contacts": [{"profile": {"name": "Cy"}, "user_id": "US.3"}], "messages": [{"id": "m"}]});
    assert_eq!(names(&by_user_only), [Some("Cy".into())]);
    let other_ids = json!({"contacts": [ana], "messages": [text("m", "9"), text("n", "9")]});
    let profile = senders(&other_ids).remove(0).unwrap();
    assert_eq!((profile.name.as_deref(), profile.wa_id, profile.user_id), (Some("Ana"), None, None));
    assert_eq!(
        names(&json!({"contacts": [ana], "messages": [text("m", "8"), text("n", "9")]})),
        [None, None]
    );
    assert_eq!(names(&json!({"messages": [text("m", "9")]})), [None]);
}

#[test]
fn media_is_read_from_its_own_node_alone() {
    let image = json!({"type": "image", "image": {"id": 65_463_453, "mime_type": "image/jpeg", "sha256": "x",
        "caption": "c", "url": "https://h/", "file_size": "12"}, "video": {"id": "no"}});
    let object = media(&image);
    assert_eq!(media_id(&image).as_deref(), Some("65463453"));
    assert_eq!(
        (object.id.as_deref(), object.file_type, object.file_size),
        (Some("65463453"), FileType::Image, Some(12))
    );
    assert_eq!(object.present_keys, ["caption", "file_size", "id", "mime_type", "sha256", "url"]);
    for (item, keys) in [
        (json!({"type": "video", "image": {"id": "1"}}), &["image", "type"][..]),
        (json!({"type": "video", "video": {"mime_type": "video/mp4", "id": ""}}), &["id", "mime_type"]),
        (json!({"type": "video", "video": null}), &["type", "video"]),
        (json!({"type": "video", "video": "1"}), &["type", "video"]),
        (json!({"type": "video", "video": {"link": "https://h/1"}}), &["link"]),
    ] {
        let object = media(&item);
        assert_eq!(
            (object.id, object.present_keys.iter().map(String::as_str).collect::<Vec<_>>()),
            (None, keys.to_vec())
        );
        assert_eq!(media_id(&item), None);
    }
    assert_eq!(media_id(&json!({"type": "reaction", "reaction": {"id": "1"}})), None);
    assert!(media(&json!({"type": "audio", "audio": {"id": "1", "voice": true}})).voice);
    assert!(media(&json!({"type": "sticker", "sticker": {"id": "1", "animated": true}})).animated);
    let document = media(&json!({"type": "document", "document": {"id": "1", "filename": "a\u{0}.pdf"}}));
    assert_eq!(document.file_name.as_deref(), Some("a\0.pdf"), "U+0000 survives");
}

#[test]
fn keys_for_the_log_are_bounded() {
    let keys: serde_json::Map<String, Value> =
        (0..100).map(|n| (format!("{n:0>100}"), Value::Null)).collect();
    let object = media(&json!({"type": "image", "image": keys}));
    assert_eq!(object.present_keys.len(), 32);
    assert!(object.present_keys.iter().all(|key| key.len() == 64));
}

#[test]
fn edits_and_revokes_name_the_message_they_change() {
    let edit = message(&json!({"id": "e", "type": "edit", "edit": {"original_message_id": "m",
        "message": {"type": "image", "image": {"id": "2", "caption": "new"}}}}));
    let Content::Edit { original_message_id, content } = edit.content else { panic!() };
    assert_eq!(original_message_id, "m");
    assert!(matches!(*content, Content::Media(media) if media.id.as_deref() == Some("2")));
    let text = message(
        &json!({"type": "edit", "edit": {"original_message_id": "m", "message": {"type": "text", "text": {"body": "new"}}}}),
    );
    assert_eq!(text.display_text().as_deref(), Some("new"));
    let revoke = message(&json!({"type": "revoke", "revoke": {"original_message_id": "m"}}));
    assert_eq!(revoke.content, Content::Revoke { original_message_id: "m".into() });
    for broken in [
        json!({"type": "edit", "edit": {}}),
        json!({"type": "revoke"}),
        json!({"type": "reaction", "reaction": {}}),
    ] {
        assert_eq!(message(&broken).content, Content::Unknown);
    }
}

#[test]
fn reaction_is_taken_back_by_an_empty_or_absent_emoji() {
    let reaction = |node: Value| message(&json!({"type": "reaction", "reaction": node})).content;
    let taken_back = Content::Reaction { message_id: "m".into(), emoji: None };
    assert_eq!(
        reaction(json!({"message_id": "m", "emoji": "👍"})),
        Content::Reaction { message_id: "m".into(), emoji: Some("👍".into()) }
    );
    for node in [
        json!({"message_id": "m", "emoji": ""}),
        json!({"message_id": "m"}),
        json!({"message_id": "m", "emoji": null}),
    ] {
        assert_eq!(reaction(node), taken_back);
    }
}

#[test]
fn message_of_every_kind_has_a_text_for_people() {
    let says = |item: Value| message(&item).display_text();
    let location = json!({"latitude": 37.5, "longitude": "-122.25"});
    assert_eq!(says(json!({"type": "location", "location": location})).as_deref(), Some("37.5, -122.25"));
    assert_eq!(
        says(json!({"type": "location", "location": {"name": "Café", "address": "Main St 1"}})).as_deref(),
        Some("Café, Main St 1")
    );
    let cards: Vec<Value> = (0..7).map(|n| json!({"name": {"formatted_name": format!("P{n}")}})).collect();
    assert_eq!(
        says(json!({"type": "contacts", "contacts": cards})).as_deref(),
        Some("P0, P1, P2, P3, P4, +2")
    );
    let row = json!({"type": "list_reply", "list_reply": {"id": "x", "title": "Express", "description": "Next day"}});
    assert_eq!(
        says(json!({"type": "interactive", "interactive": row})).as_deref(),
        Some("Express – Next day")
    );
    let sent =
        json!({"type": "button", "body": {"text": "Choose"}, "header": {"type": "text", "text": "Hi"}});
    assert_eq!(says(json!({"type": "interactive", "interactive": sent})).as_deref(), Some("Hi – Choose"));
    assert_eq!(
        says(json!({"type": "button", "button": {"text": "No", "payload": "p"}})).as_deref(),
        Some("No")
    );
    let order = json!({"text": "please", "product_items": [{"product_retailer_id": "SODA", "quantity": 2}]});
    assert_eq!(says(json!({"type": "order", "order": order})).as_deref(), Some("please\n2 × SODA"));
    assert_eq!(
        says(json!({"type": "system", "system": {"body": "A changed"}})).as_deref(),
        Some("A changed")
    );
    assert_eq!(says(json!({"type": "text", "text": {"body": "a\u{0}b"}})).as_deref(), Some("a\0b"));
    assert_eq!(says(json!({"type": "image", "image": {"caption": "not here"}})), None);
}

#[test]
fn change_of_identity_ties_old_and_new() {
    let system = |node: Value| match message(&json!({"from": "1", "type": "system", "system": node})).content
    {
        Content::System(event) => event,
        other => panic!("{other:?}"),
    };
    let number = system(
        json!({"type": "user_changed_number", "wa_id": "2", "user_id": "US.2", "previous_user_id": "US.1"}),
    );
    assert_eq!((number.previous_wa_id.as_deref(), number.wa_id.as_deref()), (Some("1"), Some("2")));
    assert_eq!((number.previous_user_id.as_deref(), number.user_id.as_deref()), (Some("US.1"), Some("US.2")));
    let old = system(json!({"type": "customer_changed_number", "new_wa_id": "2", "customer": "0"}));
    assert_eq!((old.previous_wa_id.as_deref(), old.wa_id.as_deref()), (Some("0"), Some("2")));
    assert_eq!(system(json!({"type": "customer_identity_changed"})).previous_wa_id, None);
}

#[test]
fn echoes_history_and_standby_keep_their_origin() {
    let contacts = json!([{"profile": {"name": "Ana"}, "wa_id": "1"}]);
    let origins = |field: &str, value: &Value| -> Vec<(Origin, Option<String>)> {
        let of = |kind| match kind {
            UpdateKind::Message { sender, origin, .. } => (origin, sender.and_then(|profile| profile.name)),
            other => panic!("{other:?}"),
        };
        read(field, value).into_iter().map(of).collect()
    };
    let ana = || Some("Ana".to_owned());
    let mut echo = text("e", "15550783881");
    echo["to"] = json!("1");
    let echoes = json!({"contacts": contacts, "message_echoes": [echo]});
    assert_eq!(origins("smb_message_echoes", &echoes), [(Origin::Echo, ana())]);
    let standby =
        json!({"standby": {"contacts": contacts, "messages": [text("m", "1")], "message_echoes": [echo]}});
    assert_eq!(origins("standby", &standby), [(Origin::Standby, ana()), (Origin::Echo, ana())]);
    let flat = json!({"contacts": contacts, "messages": [text("m", "1")]});
    assert_eq!(origins("standby", &flat), [(Origin::Standby, ana())]);
    let mut placeholder = json!({"id": "h", "from": "1", "type": "media_placeholder"});
    placeholder["history_context"] = json!({"status": "READ"});
    let history = json!({"contacts": contacts, "history": [{"threads": [{"id": "1", "messages": [placeholder, echo]}]}]});
    let thread = |status: Option<&str>| Origin::History {
        thread: Some("1".into()),
        status: status.map(str::to_owned),
    };
    assert_eq!(origins("history", &history), [(thread(Some("READ")), ana()), (thread(None), ana())]);
    let later = json!({"messages": [{"id": "h", "from": "1", "type": "image", "image": {"id": "9"}}]});
    assert_eq!(origins("history", &later), [(Origin::HistoryMedia, None)]);
    let refused = json!({"history": [{"errors": [{"code": 2_593_109, "title": "no"}]}]});
    assert!(matches!(&read("history", &refused)[..], [UpdateKind::Error(error)] if error.code == 2_593_109));
}

#[test]
fn standby_metadata_may_lie_at_either_level() {
    let metadata = json!({"phone_number_id": "106"});
    for value in [json!({"metadata": metadata, "standby": {}}), json!({"standby": {"metadata": metadata}})] {
        let body = change("standby", &value).to_string();
        assert_eq!(addressees(body.as_bytes()).unwrap().phone_number_ids, ["106"]);
        let update = &Webhook::parse(body.as_bytes()).unwrap().updates()[0];
        assert_eq!(update.phone_number_id.as_deref(), Some("106"));
    }
}

#[test]
fn callback_data_is_read_as_far_as_whatsapp_takes_it() {
    for (chars, is_read) in [(512, true), (513, false)] {
        let data = "ü".repeat(chars);
        let status = json!({"id": "a", "status": "sent", "biz_opaque_callback_data": data});
        let read = read("messages", &json!({"statuses": [status]}));
        let UpdateKind::Status(status) = &read[0] else { panic!("{read:?}") };
        assert_eq!(status.callback_data.is_some(), is_read, "{chars}");
    }
}

#[test]
fn statuses_are_read_with_both_spellings() {
    let statuses = json!({"contacts": [{"wa_id": "7", "profile": {"name": "Ana"}}], "statuses": [
        {"id": "a", "status": "played", "timestamp": 1_698_266_945, "recipient_id": "7", "biz_opaque_callback_data": "o"},
        {"id": "b", "status": "queued", "parent_recipient_user_id": "US.ENT.1", "participant_recipient_id": "7"},
        {"id": "c", "status": "failed", "errors": [{"code": "131053", "title": "t", "error_data": {"details": "d"}}]},
    ]});
    let read: Vec<Status> = read("messages", &statuses)
        .into_iter()
        .map(|kind| match kind {
            UpdateKind::Status(status) => status,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(read[0].known, Some(MessageStatus::Played));
    assert_eq!(read[0].timestamp, Timestamp::from_unix_seconds(1_698_266_945));
    assert_eq!(read[0].callback_data.as_deref(), Some("o"));
    assert_eq!(read[0].contact.as_ref().unwrap().name.as_deref(), Some("Ana"));
    assert_eq!(
        (read[1].known, read[1].status.as_str()),
        (None, "queued"),
        "our own states are not accepted from outside"
    );
    assert_eq!(read[1].recipient_parent_user_id.as_deref(), Some("US.ENT.1"));
    assert_eq!(read[1].participant_id.as_deref(), Some("7"));
    assert_eq!((read[2].errors[0].code, read[2].errors[0].details.as_deref()), (131_053, Some("d")));
    assert_eq!(read[2].contact.as_ref().map(|contact| &contact.name), Some(&Some("Ana".into())));
}

#[test]
fn broken_item_leaves_the_others_whole() {
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    let body = format!(
        r#"{{"entry":[7,{{"id":"10","id":"11","changes":[{{"field":"messages","value":{{"metadata":{{"phone_number_id":106}},
        "contacts":"none","messages":[{{"id":"deep","type":"text","text":{{"body":"x"}},"new":{deep}}},
        {{"id":"half","type":"text","text":{{"body":"cut \ud83d"}}}},{{"id":"big","timestamp":1e999,"type":"image","image":{{"id":"5"}}}}]}}}}]}}]}}"#
    );
    let updates = Webhook::parse(body.as_bytes()).unwrap().updates();
    let messages: Vec<_> = updates
        .iter()
        .map(|update| match &update.kind {
            UpdateKind::Message { message, .. } => (message.id.as_deref().unwrap(), message.display_text()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(messages, [("deep", Some("x".into())), ("half", Some("cut \u{FFFD}".into())), ("big", None)]);
    assert!(updates.iter().all(|update| update.waba_id == "11"), "the last of a repeated key counts");
    assert_eq!(addressees(body.as_bytes()).unwrap().phone_number_ids, ["106"]);
}

#[test]
fn bodies_are_refused_only_if_they_are_no_json_object() {
    for body in ["", "x", "[]", "null", "\"{}\"", "{} {}", "{\"entry\":"] {
        for error in [Webhook::parse(body.as_bytes()).err(), addressees(body.as_bytes()).err()] {
            assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::InvalidWebhook), "{body:?}");
        }
    }
    for body in ["{}", "{\"entry\":null}", "{\"entry\":{\"id\":1}}", "{\"object\":\"page\",\"entry\":[[]]}"] {
        assert_eq!(Webhook::parse(body.as_bytes()).unwrap().updates(), [], "{body:?}");
        assert_eq!(addressees(body.as_bytes()).unwrap(), Addressees::default(), "{body:?}");
    }
}

#[test]
fn times_that_cannot_be_read_are_left_out() {
    for time in
        [json!("soon"), json!(null), json!(-5), json!("99999999999999999999"), json!(1_697_043_379_000_i64)]
    {
        assert_eq!(message(&json!({"id": "m", "timestamp": time})).timestamp, None, "{time}");
    }
    assert!(message(&json!({"id": "m", "timestamp": " 1697043379 "})).timestamp.is_some());
}

#[test]
fn debug_shows_nothing_private() {
    let value = json!({
        "contacts": [{"profile": {"name": "SECRET", "username": "SECRET"}, "wa_id": "SECRET"}],
        "messages": [{"id": "m", "from": "SECRET", "type": "image", "referral": {"body": "SECRET"}, "context": {"from": "SECRET"},
            "image": {"id": "5", "caption": "SECRET", "filename": "SECRET", "url": "SECRET"}},
            {"id": "n", "type": "text", "text": {"body": "SECRET"}}, {"id": "o", "type": "contacts", "contacts": ["SECRET"]}],
        "statuses": [{"id": "s", "recipient_id": "SECRET", "errors": [{"code": 1, "message": "SECRET"}]}],
        "history": [{"threads": [{"id": "SECRET", "messages": [{"id": "h"}]}]}],
    });
    for field in ["messages", "history", "other"] {
        let webhook = Webhook::parse(change(field, &value).to_string().as_bytes()).unwrap();
        let shown = format!("{webhook:?} {:?}", webhook.updates());
        assert!(shown.contains("Update") && !shown.contains("SECRET"), "{shown}");
    }
}

/// Arbitrary JSON that favours the names and types that the reader knows.
fn any_json() -> impl Strategy<Value = Value> {
    let words = ["id", "text", "image", "edit", "system", "messages", "history", "standby", "1", "", "call"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(words.to_vec()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let keys = [
        "entry",
        "id",
        "changes",
        "field",
        "value",
        "metadata",
        "phone_number_id",
        "messages",
        "statuses",
        "errors",
        "message_echoes",
        "standby",
        "history",
        "threads",
        "type",
        "text",
        "image",
        "edit",
        "message",
        "system",
        "interactive",
        "contacts",
        "profile",
        "context",
        "code",
        "original_message_id",
    ];
    leaf.prop_recursive(10, 120, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(keys.to_vec()), inner), 0..6)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn json_of_any_shape_is_read_without_panic(item in any_json(), field in "messages|history|standby|smb_message_echoes") {
        let list = json!({"messages": [&item], "message_echoes": [&item], "statuses": [&item], "contacts": [&item],
            "errors": [&item], "metadata": &item, "history": [&item, {"threads": [{"messages": [&item]}]}]});
        for webhook in [json!({"entry": &item}), change(&field, &item), change(&field, &list)] {
            for update in updates(&webhook) {
                if let UpdateKind::Message { message, .. } = update.kind {
                    let _ = (message.display_text(), message.message_type());
                    prop_assert!(serde_json::from_str::<Value>(&message.raw).unwrap().is_object());
                }
            }
        }
        let _ = media_id(&item);
    }

    #[test]
    fn bytes_of_any_kind_are_read_without_panic(body in any::<Vec<u8>>()) {
        let _ = (addressees(&body), Webhook::parse(&body).map(|webhook| webhook.updates()));
    }

    #[test]
    fn addressees_are_the_same_in_one_pass_and_for_the_reader(ids in prop::collection::vec("[a-c]{0,2}", 0..6), odd in any_json()) {
        let changes: Vec<Value> = ids.iter().map(|id| json!({"value": {"metadata": {"phone_number_id": id}}})).collect();
        let body = json!({"entry": [{"id": "w", "changes": changes}, {"id": &odd}, {"changes": [{"value": {"metadata": &odd}}]}]});
        let body = body.to_string();
        prop_assert_eq!(addressees(body.as_bytes()).unwrap(), Webhook::parse(body.as_bytes()).unwrap().addressees());
    }
}
