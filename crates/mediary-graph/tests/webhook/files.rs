//! The files of forms, headers and carousels.

use mediary_core::limits;

use super::*;

/// A filled form with these answers, as text.
fn form(answers: &str) -> Message {
    message(&json!({"id": "m", "from": "7", "type": "interactive", "interactive": {"type": "nfm_reply",
        "nfm_reply": {"name": "flow", "body": "Sent", "response_json": answers}}}))
}

fn ids(message: &Message) -> Vec<&str> {
    message.attachments.files.iter().map(|file| file.id.as_deref().unwrap()).collect()
}

#[test]
fn files_of_a_form_are_found_beside_its_answers() {
    let photo =
        |id: Value| json!({"id": id, "mime_type": "image/jpeg", "sha256": "aGFzaA==", "file_name": "a.jpg"});
    let answers = json!({"flow_token": "t-1", "claim_no": "A-77", "photos": [photo("11".into()), photo(12.into()), photo("11".into())],
        "papers": [{"id": "13", "mime_type": "application/pdf", "file_name": "quote.pdf"}], "choice": [{"id": "x", "title": "Blue"}],
        "scan": [{"cdn_url": "https://mmg.whatsapp.net/x", "file_name": "scan.jpg", "encryption_metadata": {"iv": "i"}}]});
    let form = form(&answers.to_string());
    assert_eq!(
        ids(&form),
        ["13", "11", "12"],
        "a number is an id, a file named twice is one, an encrypted one is none"
    );
    let kinds: Vec<_> = form.attachments.files.iter().map(|file| file.file_type).collect();
    assert_eq!(kinds, [FileType::Document, FileType::Image, FileType::Image]);
    assert_eq!(form.attachments.files[0].file_name.as_deref(), Some("quote.pdf"));
    let text = form.display_text().unwrap();
    assert_eq!(
        text,
        "Sent\nchoice: Blue\nclaim_no: A-77\npapers: quote.pdf\nphotos: a.jpg, a.jpg, a.jpg\n\
            scan: scan.jpg (cannot be fetched from WhatsApp)"
    );
}

#[test]
fn form_of_any_shape_is_a_message() {
    assert_eq!(form("not JSON").display_text().as_deref(), Some("Sent\nnot JSON"));
    for (answers, text) in
        [("null", "Sent"), ("[]", "Sent\n[]"), ("{}", "Sent"), ("{\"photos\":null}", "Sent")]
    {
        let form = form(answers);
        assert_eq!((ids(&form).len(), form.display_text().as_deref()), (0, Some(text)), "{answers}");
    }
    let deep = format!(
        "{{\"a\":{}{},\"photos\":[{{\"id\":\"1\",\"sha256\":\"x\"}}]}}",
        "[".repeat(50),
        "]".repeat(50)
    );
    assert_eq!(ids(&form(&deep)), ["1"]);
    let large = json!({"long": "x".repeat(200_000), "photos": [{"id": "1", "mime_type": "image/png"}]});
    let large = form(&large.to_string());
    assert_eq!(ids(&large), ["1"]);
    assert!(large.display_text().unwrap().len() < 1000);
    let many: serde_json::Map<_, _> = (0..100).map(|n| (format!("q{n:03}"), json!("yes"))).collect();
    assert_eq!(form(&Value::from(many).to_string()).display_text().unwrap().lines().count(), 42, "bounded");
}

#[test]
fn message_has_sixty_four_attachments_at_most() {
    let photos = |count: usize| {
        let photo = |n| json!({"id": format!("{n}"), "mime_type": "image/jpeg"});
        form(&json!({"photos": (0..count).map(photo).collect::<Vec<_>>()}).to_string()).attachments
    };
    let largest = photos(limits::ATTACHMENTS);
    assert_eq!((largest.files.len(), largest.overfull), (limits::ATTACHMENTS, false));
    let more = photos(limits::ATTACHMENTS + 1);
    assert_eq!((more.files.len(), more.overfull), (limits::ATTACHMENTS, true));
}

#[test]
fn headers_and_cards_name_files() {
    let button = message(&json!({"id": "m", "type": "interactive", "interactive": {"type": "button",
        "header": {"type": "image", "image": {"id": "5", "mime_type": "image/jpeg"}}, "body": {"text": "Is this the right one?"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]}}}));
    assert_eq!(
        (ids(&button), button.display_text().as_deref()),
        (vec!["5"], Some("Is this the right one?\n[Yes]"))
    );
    let template = message(
        &json!({"id": "m", "type": "template", "template": {"name": "offer_1", "components": [
        {"type": "header", "parameters": [{"type": "document", "document": {"id": "6", "filename": "offer.pdf"}}]},
        {"type": "body", "parameters": [{"type": "text", "text": "Ana"}]},
        {"type": "CAROUSEL", "cards": [
            {"components": [{"type": "HEADER", "parameters": [{"type": "image", "image": {"id": "7"}}]}]},
            {"components": [{"type": "header", "parameters": [{"type": "video", "video": {"id": "8"}}]}]}]}]}}),
    );
    assert_eq!(
        (ids(&template), template.display_text().as_deref()),
        (vec!["6", "7", "8"], Some("offer_1\nAna"))
    );
    assert_eq!(template.message_type(), mediary_core::MessageType::Template);
    let carousel = message(
        &json!({"id": "m", "type": "interactive", "interactive": {"type": "carousel", "action": {"cards": [
        {"header": {"type": "image", "image": {"id": "1"}}}, {"header": {"type": "video", "video": {"id": "2"}}}]}}}),
    );
    assert_eq!(ids(&carousel), ["1", "2"]);
    for (link, shown) in
        [("https://x.test/a.jpg", Some("https://x.test/a.jpg")), ("javascript:alert(1)", None)]
    {
        let linked = message(&json!({"id": "m", "type": "interactive", "interactive": {"type": "button",
            "header": {"type": "image", "image": {"link": link}}}}));
        assert_eq!((ids(&linked).len(), linked.display_text().as_deref()), (0, shown));
    }
}
