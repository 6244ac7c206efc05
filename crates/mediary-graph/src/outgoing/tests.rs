use mediary_core::FileType;
use mediary_core::limits::outbound_file_bytes;
use serde_json::{Value, json};

use super::*;

fn message(content: Content) -> Outgoing {
    let recipient = Recipient::phone("+1 (555) 010-0001").unwrap();
    Outgoing { recipient, content, reply_to: None, callback_data: None }
}

fn body(content: Content) -> Value {
    message(content).to_json().unwrap()
}

/// The body of a message to a phone number.
fn to_phone(kind: &str, node: &Value) -> Value {
    json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+15550100001", "type": kind, kind: node})
}

/// The field that is refused, and its rule.
fn refused(content: Content) -> (&'static str, String) {
    let wrong = message(content).to_json().unwrap_err();
    (wrong.field, wrong.rule)
}

fn media(kind: FileType) -> OutgoingMedia {
    OutgoingMedia::new(kind, "100")
}

#[test]
fn recipients_stand_where_graph_looks_for_their_kind() {
    let to = |recipient: Recipient| {
        let mut body = Outgoing { recipient, ..message(Content::text("hi")) }.to_json().unwrap();
        for field in ["messaging_product", "type", "text"] {
            body.as_object_mut().unwrap().remove(field);
        }
        body
    };
    let group = "Y2FwaV9ncm91cDoxNTU1MDAwMDAwMToxMjAzNjMwMDAwMDAwMDAwMDFA";
    let user = "US.13491208655302741918";
    assert_eq!(
        to(Recipient::phone("15550100001").unwrap()),
        json!({"recipient_type": "individual", "to": "+15550100001"})
    );
    assert_eq!(
        to(Recipient::user(user).unwrap()),
        json!({"recipient_type": "individual", "recipient": user})
    );
    assert_eq!(to(Recipient::group(group).unwrap()), json!({"recipient_type": "group", "to": group}));
    assert_eq!(Recipient::person(user), Recipient::user(user));
    assert_eq!(Recipient::person("+1 555 010 0001"), Recipient::phone("15550100001"));
}

#[test]
fn ids_of_one_kind_are_refused_as_another() {
    for number in
        ["US.13491208655302741918", "", "+", "1234", "0555 0100001", "1555x0100001", &"1".repeat(21)]
    {
        assert_eq!(Recipient::phone(number).unwrap_err().field, "to", "{number}");
    }
    for user in ["15550100001", "US.", "us.1", "US.12 3", "US.1/2", &format!("US.{}", "1".repeat(200))] {
        assert_eq!(Recipient::user(user).unwrap_err().field, "recipient", "{user}");
    }
    assert!(Recipient::user("US.ENT.11815799212886844830").is_ok());
    for group in ["", "a b", "US.13491208655302741918", &"x".repeat(ID_CHARS + 1)] {
        assert_eq!(Recipient::group(group).unwrap_err().field, "to", "{group}");
    }
    assert!(!format!("{:?}", Recipient::phone("15550100001").unwrap()).contains("1555"));
}

#[test]
fn recipient_is_what_somebody_wrote() {
    let group = "Y2FwaV9ncm91cDoxODA1NTU1MDE3MjoxMjAzNjMyMjI3NzE5NjMwNjcZD";
    for written in ["+1 (555) 078-3881", "15550783881", "+15550783881", "1-555-078-3881"] {
        assert_eq!(Recipient::written(written), Recipient::phone("15550783881"), "{written}");
    }
    assert_eq!(Recipient::written("US.13491208655302741918"), Recipient::user("US.13491208655302741918"));
    assert_eq!(Recipient::written(group), Recipient::group(group));
    let ids = |to: &str| {
        let to = Recipient::written(to).unwrap();
        [to.digits(), to.user_id(), to.group_id()].map(|id| id.map(str::to_owned))
    };
    assert_eq!(ids("+1 555-078-3881"), [Some("15550783881".to_owned()), None, None]);
    assert_eq!(ids("US.1"), [None, Some("US.1".to_owned()), None]);
    assert_eq!(ids(group), [None, None, Some(group.to_owned())]);
    for nobody in [
        "",
        "+",
        "123456",
        "1234567890123456",
        "0555 0100001",
        "1555x0100001",
        "us.1",
        "US.",
        "ana@acme.test",
    ] {
        assert_eq!(Recipient::written(nobody).unwrap_err().field, "to", "{nobody}");
    }
}

#[test]
fn every_kind_of_message_is_written_as_graph_takes_it() {
    let captioned = |kind, file_name: Option<&str>| {
        let (caption, file_name) = (Some("Look".to_owned()), file_name.map(str::to_owned));
        Content::Media(OutgoingMedia { caption, file_name, ..media(kind) })
    };
    let place = |name: Option<&str>| {
        let name = name.map(str::to_owned);
        Content::Location { latitude: 52.5, longitude: 13.4, address: name.clone(), name }
    };
    let card =
        json!({"name": {"formatted_name": "Ana", "first_name": "Ana"}, "phones": [{"phone": "+1555"}]});
    let reaction =
        |emoji: &str| Content::Reaction { message_id: "wamid.1".to_owned(), emoji: emoji.to_owned() };
    let template = json!({"name": "hello_world", "language": {"code": "en"}});
    let buttons = json!({"type": "button", "body": {"text": "Well?"}, "action": {"buttons": []}});
    let preview = Content::Text { body: "hi".to_owned(), preview_url: true };
    let voice = Content::Media(OutgoingMedia { voice: true, ..media(FileType::Audio) });
    for (content, kind, node) in [
        (Content::text("hi"), "text", json!({"body": "hi"})),
        (preview, "text", json!({"body": "hi", "preview_url": true})),
        (captioned(FileType::Image, None), "image", json!({"id": "100", "caption": "Look"})),
        (captioned(FileType::Video, None), "video", json!({"id": "100", "caption": "Look"})),
        (
            captioned(FileType::Document, Some("Übersicht.pdf")),
            "document",
            json!({"id": "100", "caption": "Look", "filename": "Übersicht.pdf"}),
        ),
        (Content::Media(media(FileType::Audio)), "audio", json!({"id": "100"})),
        (voice, "audio", json!({"id": "100", "voice": true})),
        (Content::Media(media(FileType::Sticker)), "sticker", json!({"id": "100"})),
        (place(None), "location", json!({"latitude": 52.5, "longitude": 13.4})),
        (
            place(Some("Here")),
            "location",
            json!({"latitude": 52.5, "longitude": 13.4, "name": "Here", "address": "Here"}),
        ),
        (Content::Contacts(vec![card.clone()]), "contacts", json!([card])),
        (reaction("1️⃣"), "reaction", json!({"message_id": "wamid.1", "emoji": "1️⃣"})),
        (reaction("👍🏽"), "reaction", json!({"message_id": "wamid.1", "emoji": "👍🏽"})),
        (reaction(""), "reaction", json!({"message_id": "wamid.1", "emoji": ""})),
        (Content::Template(template.clone()), "template", template),
        (Content::Interactive(buttons.clone()), "interactive", buttons),
    ] {
        assert_eq!(body(content), to_phone(kind, &node));
    }
    let answer = Outgoing {
        reply_to: Some("wamid.2".to_owned()),
        callback_data: Some("m-1".to_owned()),
        ..message(Content::text("hi"))
    };
    let mut expected = to_phone("text", &json!({"body": "hi"}));
    expected["context"] = json!({"message_id": "wamid.2"});
    expected["biz_opaque_callback_data"] = "m-1".into();
    assert_eq!(answer.to_json().unwrap(), expected);
    assert!(!format!("{answer:?}").contains("hi\""), "texts do not belong in a log");
}

#[test]
fn limits_hold_to_the_last_character_and_are_named() {
    let text = |chars: usize| Content::text("ü".repeat(chars));
    assert!(message(text(TEXT_CHARS)).to_json().is_ok());
    let (field, rule) = refused(text(TEXT_CHARS + 1));
    assert!(field == "text" && rule.contains("4096"), "{field} {rule}");
    assert_eq!(refused(text(0)).0, "text");
    let captioned =
        |kind, chars| Content::Media(OutgoingMedia { caption: Some("ü".repeat(chars)), ..media(kind) });
    assert!(message(captioned(FileType::Image, CAPTION_CHARS)).to_json().is_ok());
    let (field, rule) = refused(captioned(FileType::Image, CAPTION_CHARS + 1));
    assert!(field == "caption" && rule.contains("1024"), "{field} {rule}");
    for kind in [FileType::Audio, FileType::Sticker] {
        assert_eq!(refused(captioned(kind, 1)).0, "caption");
    }
    let with = |reply_to: Option<String>, callback_data: Option<String>| {
        let message = Outgoing { reply_to, callback_data, ..message(Content::text("hi")) };
        message.to_json().err().map(|wrong| wrong.field)
    };
    assert_eq!(with(None, Some("ü".repeat(CALLBACK_DATA_CHARS))), None);
    assert_eq!(with(None, Some("ü".repeat(CALLBACK_DATA_CHARS + 1))), Some("callbackData"));
    assert_eq!(with(Some("a b".to_owned()), None), Some("replyTo"));
    assert_eq!(with(Some(String::new()), None), Some("replyTo"));
    let large = Content::Contacts(vec![json!({"name": {"formatted_name": "x".repeat(MESSAGE_BYTES)}})]);
    let (field, rule) = refused(large);
    assert!(field == "message" && rule.contains("262144"), "{field} {rule}");
}

#[test]
fn content_that_graph_would_refuse_is_refused_before() {
    let named =
        |kind, name: &str| Content::Media(OutgoingMedia { file_name: Some(name.to_owned()), ..media(kind) });
    let place = |latitude, longitude, name: Option<String>| Content::Location {
        latitude,
        longitude,
        name,
        address: None,
    };
    let reaction =
        |id: &str, emoji: &str| Content::Reaction { message_id: id.to_owned(), emoji: emoji.to_owned() };
    let header = |file: Value| json!({"type": "button", "header": {"type": "image", "image": file}});
    for (content, field) in [
        (Content::Media(OutgoingMedia::new(FileType::Image, "")), "mediaId"),
        (Content::Media(OutgoingMedia { voice: true, ..media(FileType::Video) }), "voice"),
        (named(FileType::Image, "a.jpg"), "fileName"),
        (named(FileType::Document, "a\n.pdf"), "fileName"),
        (named(FileType::Document, &"ü".repeat(128)), "fileName"),
        (place(90.1, 0.0, None), "latitude"),
        (place(f64::NAN, 0.0, None), "latitude"),
        (place(0.0, -180.1, None), "longitude"),
        (place(0.0, 0.0, Some(String::new())), "name"),
        (Content::Contacts(vec![]), "contacts"),
        (Content::Contacts(vec![json!({"name": "Ana"})]), "contacts"),
        (reaction("", "👍"), "replyTo"),
        (reaction("wamid.1", "two words"), "emoji"),
        (reaction("wamid.1", "ok"), "emoji"),
        (Content::text(" \u{a0}\n"), "text"),
        (Content::Template(json!({"name": "x"})), "template"),
        (Content::Template(json!("x")), "template"),
        (Content::Interactive(json!([])), "interactive"),
        (Content::Interactive(header(json!({"link": "https://x.test/a.jpg"}))), "interactive"),
        (Content::Interactive(header(json!({"id": "1", "link": "https://x.test/a.jpg"}))), "interactive"),
    ] {
        assert_eq!(refused(content.clone()).0, field, "{content:?}");
    }
    let group = Recipient::group("Y2FwaV9ncm91cDo").unwrap();
    let buttons = Content::Interactive(json!({"type": "button"}));
    let to_group = Outgoing { recipient: group, ..message(buttons) };
    assert_eq!(to_group.to_json().unwrap_err().field, "interactive");
}

#[test]
fn header_is_added_where_there_is_none() {
    let mut template = Content::Template(json!({"name": "a", "language": {"code": "en"}}));
    assert!(template.add_header_file(FileType::Image) && !template.add_header_file(FileType::Image));
    template.change_header_files(|kind, file| {
        file.insert("note".to_owned(), kind.as_str().into());
    });
    assert!(template.set_header_files(&["7"]));
    let components =
        json!([{"type": "header", "parameters": [{"type": "image", "image": {"note": "image", "id": "7"}}]}]);
    assert_eq!(body(template)["template"]["components"], components);
    let mut buttons = Content::Interactive(json!({"type": "button"}));
    assert!(buttons.add_header_file(FileType::Video) && buttons.set_header_files(&["8"]));
    assert_eq!(
        body(buttons.clone())["interactive"]["header"],
        json!({"type": "video", "video": {"id": "8"}})
    );
    let mut headed = Content::Interactive(json!({"type": "button", "header": {"type": "text", "text": "x"}}));
    assert!(!headed.add_header_file(FileType::Image));
    assert!(!Content::Template(json!({"components": 1})).add_header_file(FileType::Image));
}

#[test]
fn files_of_headers_are_found_and_named_by_ids_in_their_order() {
    let link = |kind: &str, number: u8| json!({"type": kind, kind: {"link": format!("https://x.test/{number}?a=1&b=2"), "filename": "a.pdf"}});
    let card = |number| json!({"components": [{"type": "HEADER", "parameters": [link("video", number)]}, {"type": "body"}]});
    let mut template = Content::Template(json!({"name": "offer", "language": {"code": "en"}, "components": [
        {"type": "header", "parameters": [link("document", 1)]},
        {"type": "body", "parameters": [{"type": "text", "text": "x"}]},
        {"type": "carousel", "cards": [card(2), card(3)]}]}));
    let links: Vec<_> =
        template.header_files().iter().map(|file| (file.kind, file.link.unwrap().to_owned())).collect();
    assert_eq!(links.len(), 3);
    assert_eq!(links[0], (FileType::Document, "https://x.test/1?a=1&b=2".to_owned()));
    assert_eq!((links[1].0, links[2].1.as_str()), (FileType::Video, "https://x.test/3?a=1&b=2"));
    assert_eq!(refused(template.clone()).0, "template");
    assert!(!template.set_header_files(&["1", "2"]), "one is missing");
    assert!(template.set_header_files(&["11", "12", "13"]));
    let body = body(template);
    let components = &body["template"]["components"];
    assert_eq!(components[0]["parameters"][0]["document"], json!({"id": "11", "filename": "a.pdf"}));
    assert_eq!(components[2]["cards"][1]["components"][0]["parameters"][0]["video"]["id"], "13");
    let mut cards = Content::Interactive(
        json!({"type": "carousel", "action": {"cards": [{"header": link("image", 1)}]}}),
    );
    assert!(cards.set_header_files(&["11"]));
    assert_eq!(cards.header_files()[0].media_id, Some("11"));
    assert!(Content::text("x").set_header_files::<&str>(&[]) && !Content::text("x").set_header_files(&["1"]));
}

#[test]
fn uploads_are_named_by_the_type_that_was_proved() {
    let upload = |kind, mime: &str, name: Option<&str>| {
        let upload = Upload::new(kind, mime, 1, false, name).unwrap();
        (upload.mime(), upload.file_name().to_owned())
    };
    let opus = ("audio/ogg; codecs=opus", "voice.ogg".to_owned());
    for mime in ["audio/ogg; codecs=opus", "AUDIO/OGG;codecs=\"opus\"", "audio/opus"] {
        assert_eq!(upload(FileType::Audio, mime, Some("voice-note.mp4")), opus, "{mime}");
    }
    assert_eq!(upload(FileType::Image, "image/jpeg", Some("x.png")), ("image/jpeg", "image.jpg".to_owned()));
    assert_eq!(upload(FileType::Audio, "audio/mp4", None), ("audio/mp4", "audio.m4a".to_owned()));
    assert_eq!(upload(FileType::Sticker, "image/webp", None).1, "sticker.webp");
    let document = |name: &str| upload(FileType::Document, "application/pdf", Some(name)).1;
    assert_eq!(document("Invoice 7"), "Invoice-7.pdf");
    assert_eq!(document("a.pdf.exe"), "a-pdf.pdf");
    assert_eq!(document("Übersicht \"März\".PDF"), "bersicht-M-rz.pdf");
    for nothing in ["", "🎤.pdf", "../.pdf", "\u{202E}.pdf"] {
        assert_eq!(document(nothing), "document.pdf", "{nothing}");
    }
    assert_eq!(document(&"x".repeat(500)).len(), 104);
    for accepted in ACCEPTED_TYPES {
        let upload = Upload::new(accepted.kind, accepted.mime, 1, false, Some("naïve 🎤.opus")).unwrap();
        assert!(upload.file_name().is_ascii() && upload.file_name().ends_with(accepted.ending));
        assert_eq!(accepted_type(accepted.kind, accepted.mime), Some(accepted));
    }
}

#[test]
fn document_may_have_any_type_of_the_table_and_keeps_its_name() {
    let limit = outbound_file_bytes(FileType::Document, false);
    for accepted in ACCEPTED_TYPES {
        let upload =
            Upload::new(FileType::Document, accepted.mime, limit, false, Some("Holiday 7.MOV")).unwrap();
        assert_eq!(upload.file_name(), format!("Holiday-7.{}", accepted.ending));
        assert_eq!(upload.mime(), accepted.mime);
    }
}

#[test]
fn files_that_whatsapp_does_not_take_are_refused_with_what_it_takes() {
    let refused = |kind, mime, length, animated| Upload::new(kind, mime, length, animated, None).unwrap_err();
    for (kind, mime) in [
        (FileType::Image, "image/webp"),
        (FileType::Image, "application/octet-stream"),
        (FileType::Audio, "audio/ogg"),
        (FileType::Audio, "audio/ogg; codecs=vorbis"),
        (FileType::Video, "video/quicktime"),
        (FileType::Document, "text/csv"),
        (FileType::Sticker, "image/png"),
    ] {
        let wrong = refused(kind, mime, 1, false);
        let taken = accepted_types(kind).next().unwrap().mime;
        assert!(wrong.field == "type" && wrong.rule.contains(taken), "{wrong}");
    }
    for (kind, mime, animated, limit) in [
        (FileType::Image, "image/png", false, 5_000_000),
        (FileType::Video, "video/mp4", false, 16_000_000),
        (FileType::Audio, "audio/amr", false, 16_000_000),
        (FileType::Document, "application/pdf", false, 100_000_000),
        (FileType::Sticker, "image/webp", false, 100_000),
        (FileType::Sticker, "image/webp", true, 500_000),
    ] {
        assert!(Upload::new(kind, mime, limit, animated, None).is_ok());
        let wrong = refused(kind, mime, limit + 1, animated);
        assert!(wrong.field == "file" && wrong.rule.contains(&limit.to_string()), "{wrong}");
        assert_eq!(refused(kind, mime, 0, animated).field, "file");
    }
}
