//! Bodies of webhooks: what is read of them before a signature is known, and all that is read of a signed one.

use std::hint::black_box;

use mediary_core::Sha256;
use mediary_graph::{UpdateKind, Webhook, addressees, sign};
use serde_json::{Value, json};

use crate::entrances::{Enter, Entrance, Way, anybody, known};
use crate::house::House;

/// A secret that is nobody's.
const WRONG: &[u8] = b"wrong";

/// What is read of any body.
pub(crate) fn before_a_signature() -> Vec<Entrance> {
    vec![
        unsigned("unsigned webhook: different numbers", 600, |n| changes(n, |i| format!("{i:015}"))),
        unsigned("unsigned webhook: different numbers within the bound", 240, |n| {
            changes(n, |i| format!("{i:015}"))
        }),
        unsigned("unsigned webhook: one number often", 400, |n| changes(n, |_| "1".to_owned())),
        unsigned("unsigned webhook: long numbers", 5, |n| changes(n, |i| format!("{i:015000}"))),
        unsigned("unsigned webhook: accounts", 600, accounts),
        unsigned("unsigned webhook: unknown fields", 1000, |n| body(&json!({ "fields": fields(n) }))),
        unsigned("unsigned webhook: repeated fields", 800, |n| {
            format!("{{\"entry\":[{{\"id\":\"1\"{}}}]}}", ",\"id\":\"2\"".repeat(n)).into_bytes()
        }),
        unsigned("unsigned webhook: depth", 2000, nested),
        unsigned("unsigned webhook: text", 10_000, |n| body(&json!({ "text": "ä".repeat(n) }))),
        unsigned("unsigned webhook: half characters", 2000, |n| {
            format!("{{\"entry\":[],\"text\":\"{}\"}}", "\\ud800".repeat(n)).into_bytes()
        }),
        unsigned("unsigned webhook: bytes that are no text", 10_000, |n| vec![0xFF; n]),
    ]
}

fn unsigned(name: &'static str, size: usize, body: fn(usize) -> Vec<u8>) -> Entrance {
    Entrance { name, size, way: Way::UnsignedBody(body) }
}

pub(crate) fn wrongly_signed() -> Vec<Entrance> {
    vec![
        wrong("webhook of a wrong signature: text", 20_000, |n| body(&json!({ "text": "x".repeat(n) }))),
        wrong("webhook of a wrong signature: numbers of ours", 5, |n| changes(n, |i| (i + 1).to_string())),
        wrong("webhook of a wrong signature: numbers of nobody", 20, |n| {
            changes(n, |i| format!("{n}{i:012}"))
        }),
        wrong("webhook of a wrong signature: accounts of nobody", 150, accounts),
        anybody("webhook without a signature", 50_000, |house, n| {
            let body = body(&json!({ "text": "x".repeat(n) }));
            Box::new(move || house.ask("POST /api/webhooks/whatsapp HTTP/1.1", &body))
        }),
        anybody("webhook: length of the signature", 1500, |house, n| {
            let signature = format!("x-hub-signature-256: sha256={}", "0".repeat(n));
            let head = format!("POST /api/webhooks/whatsapp HTTP/1.1\r\n{signature}");
            Box::new(move || house.ask(&head, b"{}"))
        }),
    ]
}

fn wrong(name: &'static str, size: usize, body: fn(usize) -> Vec<u8>) -> Entrance {
    Entrance { name, size, way: Way::WronglySignedBody(body) }
}

/// Signed bodies, from their arrival to their records.
pub(crate) fn recorded() -> Vec<Entrance> {
    vec![
        known("recorded webhook: messages of different people", 4, |house, n| record(house, messages(n, n))),
        known("recorded webhook: statuses", 10, |house, n| {
            record(house, value(json!({ "statuses": vec![status(); n] })))
        }),
        known("recorded webhook: statuses nobody knows", 10, |house, n| {
            let status = |i: usize| json!({ "id": "wamid.1", "status": i.to_string(), "timestamp": "1" });
            record(house, value(json!({ "statuses": (0..n).map(status).collect::<Vec<_>>() })))
        }),
        known("recorded webhook: errors", 10, |house, n| {
            let error = |i: usize| json!({ "code": i, "title": "unknown" });
            record(house, value(json!({ "errors": (0..n).map(error).collect::<Vec<_>>() })))
        }),
        known("recorded webhook: numbers of nobody", 10, |house, n| {
            record(house, changes(n + 1, |i| if i == 0 { "1".to_owned() } else { format!("{n}{i:012}") }))
        }),
    ]
}

pub(crate) fn signed() -> Vec<Entrance> {
    let mut all = lists();
    all.extend(one_message());
    all
}

/// Many of a kind.
fn lists() -> Vec<Entrance> {
    vec![
        known("webhook: messages", 30, |_, n| read(messages(n, 1))),
        known("webhook: messages and as many contacts", 30, |_, n| read(messages(n, n))),
        known("webhook: changes", 60, |_, n| read(changes(n, |i| i.to_string()))),
        known("webhook: statuses", 60, |_, n| read(value(json!({ "statuses": vec![status(); n] })))),
        known("webhook: statuses and as many contacts", 30, |_, n| {
            let contacts: Vec<Value> = (0..n).map(contact).collect();
            read(value(json!({ "statuses": vec![status(); n], "contacts": contacts })))
        }),
        known("webhook: errors", 60, |_, n| read(value(json!({ "errors": vec![error(); n] })))),
        known("webhook: echoes", 30, |_, n| {
            read(of_field("smb_message_echoes", "message_echoes", n, message))
        }),
        known("webhook: standby", 30, |_, n| read(of_field("standby", "messages", n, message))),
        known("webhook: history threads", 30, |_, n| {
            let threads: Vec<Value> =
                (0..n).map(|i| json!({ "id": i.to_string(), "messages": [message(i)] })).collect();
            read(value(json!({ "history": [{ "threads": threads }] })))
        }),
        known("webhook: edits", 20, |_, n| {
            read(of_field("messages", "messages", n, |i| {
                let edit = json!({ "original_message_id": "wamid.0", "message": message(i) });
                with(message(i), "edit", edit)
            }))
        }),
        known("webhook: reactions", 30, |_, n| {
            read(of_field("messages", "messages", n, |i| {
                with(message(i), "reaction", json!({ "message_id": "wamid.0", "emoji": "👍" }))
            }))
        }),
        known("webhook: items of an unknown field", 30, |_, n| {
            read(of_field("new_field", "messages", n, message))
        }),
        known("webhook: items that are no messages", 60, |_, n| {
            read(value(json!({ "messages": vec![json!("text"); n] })))
        }),
        known("webhook: items in a body with a broken one", 12, |_, n| {
            let text = String::from_utf8(messages(n, n)).unwrap();
            read(text.replace("\"wamid.0\"", "1e999").into_bytes())
        }),
    ]
}

/// One message that grows.
fn one_message() -> Vec<Entrance> {
    vec![
        known("webhook: errors of a message", 60, |_, n| {
            read_one(&with(message(1), "errors", vec![error(); n].into()))
        }),
        known("webhook: words of an error", 800, |_, n| {
            let words = "call +1 555-078-3881, EAAx or see a/b ".repeat(n / 40);
            let error = json!({ "code": 1, "title": words, "error_data": { "details": words } });
            read_one(&with(message(1), "errors", json!([error])))
        }),
        known("webhook: fields of a message", 200, |_, n| read_one(&with(message(1), "image", fields(n)))),
        known("webhook: a message's text", 1500, |_, n| {
            read_one(&with(message(1), "text", json!({ "body": "ä\u{0}".repeat(n) })))
        }),
        known("webhook: edits within edits", 10, |_, n| {
            let inner = (0..n).fold(message(1), |inner, _| {
                with(message(1), "edit", json!({ "original_message_id": "wamid.0", "message": inner }))
            });
            read_one(&inner)
        }),
        known("webhook: answers of a form", 30, |_, n| read_one(&form(&fields(n)))),
        known("webhook: files of a form", 30, |_, n| read_one(&form(&json!({ "photos": form_files(n) })))),
        known("webhook: depth of a form", 250, |_, n| {
            let answers = format!("{{\"x\":{}{}}}", "[".repeat(n), "]".repeat(n));
            read_one(&form_of_text(&answers))
        }),
        known("webhook: cards of a carousel", 25, |_, n| {
            let header =
                |i: usize| json!({ "header": { "type": "image", "image": { "id": i.to_string() } } });
            let cards: Vec<Value> = (0..n).map(header).collect();
            let carousel = json!({ "type": "carousel", "action": { "cards": cards } });
            read_one(&with(message(1), "interactive", carousel))
        }),
        known("webhook: components of a template", 25, |_, n| {
            let parameters = json!([{ "type": "text", "text": "Ana" }]);
            let component = json!({ "type": "header", "parameters": parameters });
            read_one(&with(message(1), "template", json!({ "name": "t", "components": vec![component; n] })))
        }),
        known("webhook: address cards", 30, |_, n| {
            let card = json!({ "name": { "formatted_name": "Ana" } });
            read_one(&with(message(1), "contacts", vec![card; n].into()))
        }),
        known("webhook: products of an order", 30, |_, n| {
            let product = json!({ "product_retailer_id": "p", "quantity": 2 });
            read_one(&with(message(1), "order", json!({ "product_items": vec![product; n] })))
        }),
        known("webhook: depth of an unknown node", 300, |_, n| read(nested(n))),
        known("webhook: a file's hash", 2000, |_, n| {
            let hash = "A".repeat(n);
            Box::new(move || {
                let _ = black_box(hash.parse::<Sha256>());
            })
        }),
    ]
}

pub(crate) fn look(body: &[u8]) {
    let _ = black_box(addressees(body));
}

/// The server's answer to a body that is signed with a secret which is nobody's.
pub(crate) fn send(house: &House, body: &[u8]) {
    let signature = sign(body, WRONG);
    let head = format!("POST /api/webhooks/whatsapp HTTP/1.1\r\nx-hub-signature-256: {signature}");
    house.ask(&head, body);
}

/// What nobody can do without: a signature is made over the whole body.
pub(crate) fn hash(body: &[u8]) {
    black_box(sign(body, WRONG));
}

fn read(body: Vec<u8>) -> Enter<'static> {
    Box::new(move || {
        let Ok(webhook) = Webhook::parse(&body) else { return };
        for update in webhook.updates() {
            if let UpdateKind::Message { message, .. } = &update.kind {
                black_box(message.display_text());
            }
            black_box(update);
        }
        black_box(webhook.addressees());
    })
}

/// Signed as the first account's app does.
fn record(house: &House, body: Vec<u8>) -> Enter<'_> {
    house.accounts(1);
    let signature = sign(&body, b"app-secret-of-number-1");
    Box::new(move || {
        let body = bytes::Bytes::copy_from_slice(&body);
        house.wait(async {
            house.engine.accept(Some(&signature), body).await.unwrap();
            house.engine.run_due().await.unwrap();
        });
    })
}

fn read_one(message: &Value) -> Enter<'static> {
    read(value(json!({ "messages": [message] })))
}

fn body(root: &Value) -> Vec<u8> {
    root.to_string().into_bytes()
}

/// One change each for so many numbers.
fn changes(count: usize, number: impl Fn(usize) -> String) -> Vec<u8> {
    let change = |i| json!({ "value": { "metadata": { "phone_number_id": number(i) } } });
    body(&json!({ "entry": [{ "id": "1", "changes": (0..count).map(change).collect::<Vec<_>>() }] }))
}

fn accounts(count: usize) -> Vec<u8> {
    let entry = |i: usize| json!({ "id": format!("{count}{i}"), "changes": [] });
    body(&json!({ "entry": (0..count).map(entry).collect::<Vec<_>>() }))
}

fn fields(count: usize) -> Value {
    (0..count).map(|i| (format!("field{i}"), Value::from(i))).collect::<serde_json::Map<_, _>>().into()
}

fn nested(depth: usize) -> Vec<u8> {
    format!("{{\"entry\":[{{\"x\":{}{}}}]}}", "[".repeat(depth + 1), "]".repeat(depth + 1)).into_bytes()
}

fn value(value: Value) -> Vec<u8> {
    let field = if value.get("history").is_some() { "history" } else { "messages" };
    value_with(value, &json!({ "phone_number_id": "1" }), field)
}

fn value_with(mut value: Value, metadata: &Value, field: &str) -> Vec<u8> {
    value["metadata"] = metadata.clone();
    body(&json!({ "entry": [{ "id": "1", "changes": [{ "field": field, "value": value }] }] }))
}

fn of_field(field: &str, list: &str, count: usize, item: fn(usize) -> Value) -> Vec<u8> {
    let all: Vec<Value> = (0..count).map(item).collect();
    value_with(json!({ list: all }), &json!({ "phone_number_id": "1" }), field)
}

fn messages(count: usize, contacts: usize) -> Vec<u8> {
    let contacts: Vec<Value> = (0..contacts).map(contact).collect();
    let messages: Vec<Value> = (0..count).map(message).collect();
    value(json!({ "contacts": contacts, "messages": messages }))
}

fn contact(number: usize) -> Value {
    json!({ "wa_id": number.to_string(), "profile": { "name": "Ana" } })
}

fn message(number: usize) -> Value {
    json!({ "from": number.to_string(), "id": format!("wamid.{number}"), "timestamp": "1763600000", "type": "text",
        "text": { "body": "hello" } })
}

/// A message of a kind, with the node of that kind.
fn with(mut message: Value, kind: &str, node: Value) -> Value {
    message["type"] = kind.into();
    message[kind] = node;
    message
}

fn form(answers: &Value) -> Value {
    form_of_text(&answers.to_string())
}

fn form_of_text(answers: &str) -> Value {
    let reply = json!({ "type": "nfm_reply", "nfm_reply": { "response_json": answers, "body": "Sent" } });
    with(message(1), "interactive", reply)
}

fn form_files(count: usize) -> Value {
    (0..count).map(|i| json!({ "id": i.to_string(), "mime_type": "image/png" })).collect::<Vec<_>>().into()
}

fn status() -> Value {
    json!({ "id": "wamid.1", "status": "read", "timestamp": "1763600000", "recipient_id": "1" })
}

fn error() -> Value {
    json!({ "code": 131_051, "title": "Message type unknown" })
}
