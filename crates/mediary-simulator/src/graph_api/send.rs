//! `POST /{phone-number-id}/messages`: sending, read receipts and the typing indicator.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use mediary_core::Clock;
use serde_json::{Value, json};

use super::call::{Call, json_body};
use super::error::{Answer, GraphError};
use super::outgoing_media;
use crate::config::AccountSpec;
use crate::faults::Subject;
use crate::messages::{Customer, StatusSpec};
use crate::sent::{ReadReceipt, SentMessage};
use crate::stats::Route;
use crate::world::World;

const TEXT_CHARS: usize = 4096;
const CAPTION_CHARS: usize = 1024;
const CALLBACK_DATA_CHARS: usize = 512;
/// The template that every business account of the simulator has.
const TEMPLATE: &str = "hello_world";

pub(super) async fn send(world: &Arc<World>, call: &Call, body: Body) -> Answer {
    let account = call.account(world)?;
    send_as(world, &account, &json_body(body).await?)
}

/// Sends a message, or takes a receipt, of a number whose caller is known.
pub(crate) fn send_as(world: &Arc<World>, account: &Arc<AccountSpec>, body: &Value) -> Answer {
    if body["messaging_product"] != "whatsapp" {
        return Err(required("messaging_product"));
    }
    if body["status"] == "read" {
        world.counters.count(Route::MarkRead);
        let message_id = body["message_id"].as_str().ok_or_else(|| required("message_id"))?;
        world.sent.add_receipt(ReadReceipt {
            phone_number_id: account.phone_number_id.clone(),
            message_id: message_id.to_owned(),
            typing: body["typing_indicator"]["type"] == "text",
            at: world.clock.now(),
        });
        return Ok(json!({"success": true}));
    }
    let recipient = Recipient::of(body)?.known_by(&world.options().sending.wa_ids);
    let kind = body["type"].as_str().unwrap_or("text").to_owned();
    check(&kind, &body[&kind])?;
    let text_of = |name: &str| body[name].as_str().map(str::to_owned);
    let callback_data = text_of("biz_opaque_callback_data");
    if callback_data.as_ref().is_some_and(|data| data.chars().count() > CALLBACK_DATA_CHARS) {
        let limit = format!("biz_opaque_callback_data has more than {CALLBACK_DATA_CHARS} characters.");
        return Err(GraphError::parameter(limit));
    }
    let media = outgoing_media::find(world, account, &kind, &body[&kind])?;
    let header = outgoing_media::check_headers(world, account, &kind, &body[&kind])?;
    let id = world.ids.message(&recipient.name);
    world.sent.add(SentMessage {
        id: id.clone(),
        phone_number_id: account.phone_number_id.clone(),
        to: recipient.name.clone(),
        kind: kind.clone(),
        media: media.sent().or(header),
        body: body.clone(),
        at: world.clock.now(),
        status: "accepted".to_owned(),
    });
    let status = StatusSpec {
        message_id: id.clone(),
        phone_number_id: Some(account.phone_number_id.clone()),
        customer: recipient.customer.clone(),
        group_id: recipient.group_id.clone(),
        callback_data,
        ..StatusSpec::default()
    };
    if !recipient.lost {
        world.spawn(follow(Arc::clone(world), status, kind.clone(), media));
    }
    Ok(accepted(&recipient, &id, &kind))
}

/// What a message is about, for faults.
pub(super) fn subject<'a>(call: &'a Call, message: &'a Value) -> Subject<'a> {
    let text = |name: &str| message[name].as_str().filter(|text| !text.is_empty());
    let media_id = text("type").and_then(|kind| message[kind]["id"].as_str());
    Subject { media_id, phone_number_id: Some(call.id()), to: text("to").or_else(|| text("recipient")) }
}

/// Whom a message goes to.
struct Recipient {
    /// As the caller wrote it.
    name: String,
    customer: Customer,
    group_id: Option<String>,
    /// It is answered like any other, and nothing ever comes of it.
    lost: bool,
}

impl Recipient {
    /// `to` is a phone number or a group, `recipient` a business-scoped user id; the phone number wins.
    fn of(body: &Value) -> Result<Self, GraphError> {
        let given = |name: &str| body[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let nobody = Customer { wa_id: None, name: None, ..Customer::default() };
        if let Some(to) = given("to") {
            if body["recipient_type"] == "group" {
                return Ok(Self { name: to.clone(), customer: nobody, group_id: Some(to), lost: false });
            }
            // Meta cuts off the country of a business-scoped id and takes the rest for a number (measured in July 2026).
            let lost =
                matches!(to.as_bytes(), [a, b, b'.', ..] if a.is_ascii_uppercase() && b.is_ascii_uppercase());
            let digits: String = to.chars().filter(char::is_ascii_digit).collect();
            if digits.is_empty() {
                return Err(GraphError::parameter("The parameter to must be a phone number."));
            }
            return Ok(Self {
                name: to,
                customer: Customer { wa_id: Some(digits), ..nobody },
                group_id: None,
                lost,
            });
        }
        let user_id = given("recipient").ok_or_else(|| required("to"))?;
        let customer = Customer { user_id: Some(user_id.clone()), ..nobody };
        Ok(Self { name: user_id, customer, group_id: None, lost: false })
    }

    /// With the id that WhatsApp has for the number, where that is another one.
    fn known_by(mut self, wa_ids: &BTreeMap<String, String>) -> Self {
        if let Some(wa_id) = &mut self.customer.wa_id
            && let Some(known) = wa_ids.get(wa_id)
        {
            wa_id.clone_from(known);
        }
        self
    }
}

/// It means that the message was taken, no more.
fn accepted(recipient: &Recipient, id: &str, kind: &str) -> Value {
    let mut contact = json!({"input": recipient.name});
    let mut message = json!({ "id": id });
    match (&recipient.group_id, &recipient.customer) {
        (Some(group_id), _) => message["group_id"] = group_id.as_str().into(),
        (None, Customer { wa_id: Some(wa_id), .. }) => contact["wa_id"] = wa_id.as_str().into(),
        (None, customer) => contact["user_id"] = json!(customer.user_id),
    }
    if kind == "template" {
        message["message_status"] = "accepted".into();
    }
    json!({"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]})
}

/// What can be told from the request alone.
fn check(kind: &str, node: &Value) -> Result<(), GraphError> {
    if !node.is_object() && !node.is_array() {
        return Err(required(kind));
    }
    let longer =
        |field: &str, limit: usize| node[field].as_str().is_some_and(|text| text.chars().count() > limit);
    match kind {
        "text" if node["body"].as_str().is_none_or(str::is_empty) => Err(required("text['body']")),
        "text" if longer("body", TEXT_CHARS) => Err(GraphError::parameter(format!(
            "Param text['body'] must be at most {TEXT_CHARS} characters long."
        ))),
        "image" | "video" | "document" if longer("caption", CAPTION_CHARS) => Err(GraphError::parameter(
            format!("Param {kind}['caption'] must be at most {CAPTION_CHARS} characters long."),
        )),
        "audio" | "sticker" if !node["caption"].is_null() => {
            Err(GraphError::parameter(format!("Unexpected key \"caption\" on param \"{kind}\".")))
        }
        "reaction" if !node["message_id"].is_string() => Err(required("reaction['message_id']")),
        "template" if node["name"] != TEMPLATE => Err(GraphError::no_template()),
        _ => Ok(()),
    }
}

fn required(parameter: &str) -> GraphError {
    GraphError::parameter(format!("The parameter {parameter} is required."))
}

/// Sends the statuses that follow: `failed` when the media is nothing WhatsApp takes, else what is configured.
async fn follow(world: Arc<World>, status: StatusSpec, kind: String, media: outgoing_media::OutgoingMedia) {
    let options = world.options();
    let wait = Duration::from_millis(options.sending.status_wait_ms);
    if let Err(why) = outgoing_media::check(&world, &kind, media).await {
        tokio::time::sleep(wait).await;
        let failed = StatusSpec {
            status: "failed".to_owned(),
            error_code: Some(131_053),
            error_title: Some(format!("Media upload error: {why}")),
            ..status
        };
        return tell(&world, &failed);
    }
    for word in &options.sending.statuses {
        tokio::time::sleep(wait).await;
        let status = StatusSpec { status: word.clone(), ..status.clone() };
        // Sent is a group's message once; the rest is told of each participant.
        if status.group_id.is_none() || word == "sent" {
            tell(&world, &status);
            continue;
        }
        for participant in &options.sending.group_participants {
            tell(&world, &StatusSpec { customer: participant.clone(), ..status.clone() });
        }
    }
}

fn tell(world: &World, status: &StatusSpec) {
    if let Err(error) = world.send_status(status) {
        tracing::debug!(%error, "a status stays untold");
    }
}
