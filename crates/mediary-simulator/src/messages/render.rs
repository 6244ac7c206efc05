//! A message as WhatsApp writes it.

use serde_json::{Map, Value, json};

use super::{Channel, Customer, MessageSpec};
use crate::config::AccountSpec;
use crate::error::Error;
use crate::media::Media;
use crate::webhooks::Part;

/// What a message needs to know about the media in it.
#[derive(Debug)]
pub(crate) struct MediaNode<'a> {
    pub(crate) media: &'a Media,
    /// The temporary URL, where webhooks carry one.
    pub(crate) url: Option<String>,
}

/// The message with this id, for the channel that it comes by.
pub(crate) fn render(
    spec: &MessageSpec,
    account: &AccountSpec,
    id: &str,
    timestamp: i64,
    media: Option<&MediaNode<'_>>,
) -> Result<Part, Error> {
    let mut message = Map::new();
    address(&mut message, spec, account);
    message.insert("id".to_owned(), id.into());
    message.insert("timestamp".to_owned(), timestamp.to_string().into());
    if let Some(context) = context(spec, account) {
        message.insert("context".to_owned(), context);
    }
    if let Some(referral) = &spec.referral {
        message.insert("referral".to_owned(), referral.clone());
    }
    let placeholder = is_history(spec.channel) && media.is_some();
    let content = if placeholder { json!({"type": "media_placeholder"}) } else { content(spec, media)? };
    match &spec.edit_of {
        Some(original) => {
            message.insert("type".to_owned(), "edit".into());
            message.insert("edit".to_owned(), json!({"original_message_id": original, "message": content}));
        }
        None => message.extend(content.as_object().cloned().unwrap_or_default()),
    }
    if is_history(spec.channel) {
        let status = spec.history_status.as_deref().unwrap_or("READ");
        message.insert("history_context".to_owned(), json!({"status": status}));
    }
    let message = Value::Object(message);
    Ok(match spec.channel {
        Channel::Inbound => Part::Message(message),
        Channel::Echo => Part::Echo(message),
        Channel::MessageEcho => Part::MessageEcho(message),
        Channel::History | Channel::HistoryEcho => Part::History { thread: thread(&spec.customer), message },
        Channel::HistoryMedia => Part::HistoryMedia(message),
        Channel::Standby => Part::Standby(message),
        Channel::StandbyEcho => Part::StandbyEcho(message),
    })
}

fn is_history(channel: Channel) -> bool {
    matches!(channel, Channel::History | Channel::HistoryEcho)
}

fn thread(customer: &Customer) -> String {
    customer.wa_id.clone().or_else(|| customer.user_id.clone()).unwrap_or_default()
}

/// Its sender and its receiver. What is not known is left out, never empty.
fn address(message: &mut Map<String, Value>, spec: &MessageSpec, account: &AccountSpec) {
    let customer = &spec.customer;
    let outbound = matches!(
        spec.channel,
        Channel::Echo | Channel::MessageEcho | Channel::HistoryEcho | Channel::StandbyEcho
    );
    let own = account.display_phone_number.trim_start_matches('+');
    let prefix = if outbound { "to" } else { "from" };
    let mut put = |name: String, value: Option<&str>| {
        if let Some(value) = value {
            message.insert(name, value.into());
        }
    };
    if outbound {
        put("from".to_owned(), Some(own));
    }
    put(prefix.to_owned(), customer.wa_id.as_deref());
    put(format!("{prefix}_user_id"), customer.user_id.as_deref());
    put(format!("{prefix}_parent_user_id"), customer.parent_user_id.as_deref());
    put("group_id".to_owned(), spec.group_id.as_deref());
}

/// A reply names what it answers; something forwarded says only that it is. Both can be in one object.
fn context(spec: &MessageSpec, account: &AccountSpec) -> Option<Value> {
    let mut context = Map::new();
    if let Some(reply_to) = &spec.reply_to {
        context.insert("from".to_owned(), account.display_phone_number.trim_start_matches('+').into());
        context.insert("id".to_owned(), reply_to.as_str().into());
    }
    if spec.forwarded {
        context.insert("forwarded".to_owned(), true.into());
    }
    if spec.frequently_forwarded {
        context.insert("frequently_forwarded".to_owned(), true.into());
    }
    (!context.is_empty()).then_some(Value::Object(context))
}

/// `type`, its node and what else belongs to the content, as it also stands inside an edit.
fn content(spec: &MessageSpec, media: Option<&MediaNode<'_>>) -> Result<Value, Error> {
    let kind = spec.kind.as_str();
    let need = |field: &str| Error::invalid(format!("a message of type {kind} needs {field}"));
    let text = || spec.text.clone().ok_or_else(|| need("text"));
    let target = || spec.target.clone().ok_or_else(|| need("target, a message id"));
    let node = match kind {
        "" => return Err(Error::invalid("type is missing: text, image, video, audio, document, sticker, …")),
        _ if spec.node.is_some() => spec.node.clone(),
        "text" => Some(json!({"body": text()?})),
        "image" | "video" | "audio" | "document" | "sticker" => {
            Some(media_node(spec, media.ok_or_else(|| need("mediaId or media"))?))
        }
        "reaction" => Some(optional(json!({"message_id": target()?}), [("emoji", spec.emoji.as_deref())])),
        "revoke" => Some(json!({"original_message_id": target()?})),
        "location" => {
            let at = |value: Option<f64>| value.ok_or_else(|| need("latitude and longitude"));
            let place = json!({"latitude": at(spec.latitude)?, "longitude": at(spec.longitude)?});
            let named = [("name", spec.place_name.as_deref()), ("address", spec.address.as_deref())];
            Some(optional(place, named))
        }
        "button" => Some(json!({"text": text()?, "payload": text()?})),
        "request_welcome" | "media_placeholder" | "unsupported" | "unknown" => None,
        _ => return Err(need("node, as WhatsApp writes it")),
    };
    let mut content = json!({ "type": kind });
    if let Some(node) = node {
        content[kind] = node;
    }
    match &spec.errors {
        Some(errors) => content["errors"] = errors.clone(),
        None if kind == "unsupported" => {
            let details = "Message type is currently not supported.";
            content["errors"] = json!([error(131_051, "Message type unknown", details)]);
        }
        None => {}
    }
    Ok(content)
}

fn media_node(spec: &MessageSpec, MediaNode { media, url }: &MediaNode<'_>) -> Value {
    let mut node = json!({
        "id": media.id,
        "mime_type": media.mime_type,
        "sha256": spec.declared_sha256.clone().unwrap_or_else(|| media.sha256.to_base64()),
    });
    match spec.kind.as_str() {
        "audio" => node["voice"] = spec.voice.into(),
        "sticker" => node["animated"] = spec.animated.into(),
        _ => {}
    }
    let caption = spec.caption.as_deref();
    optional(node, [("caption", caption), ("filename", spec.file_name.as_deref()), ("url", url.as_deref())])
}

/// The object with those of the fields that have a value.
fn optional<const N: usize>(mut object: Value, fields: [(&str, Option<&str>); N]) -> Value {
    for (name, value) in fields {
        if let Some(value) = value {
            object[name] = value.into();
        }
    }
    object
}

/// An error in a webhook.
pub(crate) fn error(code: i64, title: &str, details: &str) -> Value {
    json!({
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details},
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    })
}

/// The customer in `contacts[]`; without a name there is no profile.
pub(crate) fn profile(customer: &Customer) -> Value {
    let names = [("name", customer.name.as_deref()), ("username", customer.username.as_deref())];
    let named = names.iter().any(|(_, name)| name.is_some());
    let contact = if named { json!({"profile": optional(json!({}), names)}) } else { json!({}) };
    let ids = [
        ("wa_id", customer.wa_id.as_deref()),
        ("user_id", customer.user_id.as_deref()),
        ("parent_user_id", customer.parent_user_id.as_deref()),
    ];
    optional(contact, ids)
}
