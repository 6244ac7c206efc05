//! SNS: the envelope of events, its signature, its certificate, and subscriptions.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;
use data_encoding::BASE64;
use http::StatusCode;
use mediary_core::Clock;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use crate::config::AwsSpec;
use crate::world::World;

/// The path of the certificate, in the form that SNS's have.
const CERTIFICATE: &str = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";

/// A pair for all simulators of a process: making one takes long.
static KEY: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).expect("a key can be made of random numbers"));

pub(super) fn router() -> Router<Arc<World>> {
    Router::new().route(CERTIFICATE, get(certificate)).route("/sns/confirm", get(confirm))
}

async fn certificate() -> impl IntoResponse {
    let der = BASE64.encode(&x509(KEY.public_key().as_ref()));
    let lines: Vec<&str> =
        der.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap_or_default()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

async fn confirm(State(world): State<Arc<World>>, RawQuery(query): RawQuery) -> StatusCode {
    let token = super::parameter(&query.unwrap_or_default(), "Token");
    if world.topics.confirm(&token) { StatusCode::OK } else { StatusCode::BAD_REQUEST }
}

/// The bodies that bring the entries of a webhook, one each.
pub(crate) fn notifications(world: &World, aws: &AwsSpec, webhook: &[u8]) -> Vec<Bytes> {
    let webhook: Value = serde_json::from_slice(webhook).unwrap_or_default();
    let entries = webhook["entry"].as_array().cloned().unwrap_or_default();
    entries.iter().map(|entry| notification(world, &aws.topic_arn, &event(entry))).collect()
}

/// An entry as AWS wraps it.
fn event(entry: &Value) -> String {
    let event = json!({
        "context": {"MetaWabaIds": [{"wabaId": entry["id"], "arn": "arn:aws:social-messaging:us-east-1:123456789012:waba/0"}],
            "MetaPhoneNumberIds": []},
        "whatsAppWebhookEntry": entry.to_string(),
        "aws_account_id": "123456789012",
        "message_timestamp": "2025-09-08T11:16:04.123456789Z",
    });
    event.to_string()
}

fn notification(world: &World, topic: &str, message: &str) -> Bytes {
    let fields = [
        ("Message", message.to_owned()),
        ("MessageId", world.ids.opaque()),
        ("Timestamp", timestamp(world)),
        ("TopicArn", topic.to_owned()),
        ("Type", "Notification".to_owned()),
    ];
    signed(world, &fields)
}

impl World {
    /// The message by which SNS asks whether a subscription is wanted.
    pub(crate) fn subscription(&self, topic: &str) -> Bytes {
        let token = self.ids.opaque();
        let fields = [
            ("Message", "You have chosen to subscribe to the topic.".to_owned()),
            ("MessageId", self.ids.opaque()),
            (
                "SubscribeURL",
                format!("{}/sns/confirm?Action=ConfirmSubscription&Token={token}", self.base_url),
            ),
            ("Timestamp", timestamp(self)),
            ("Token", token.clone()),
            ("TopicArn", topic.to_owned()),
            ("Type", "SubscriptionConfirmation".to_owned()),
        ];
        self.topics.ask(topic, token);
        signed(self, &fields)
    }
}

fn timestamp(world: &World) -> String {
    let now = world.clock.now().to_offset_date_time();
    now.format(&Rfc3339).unwrap_or_default()
}

/// The message of these fields, which stand in the order of their names.
fn signed(world: &World, fields: &[(&str, String)]) -> Bytes {
    let text: String = fields.iter().map(|(name, value)| format!("{name}\n{value}\n")).collect();
    let mut signature = vec![0; KEY.public_modulus_len()];
    let made = KEY.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature);
    made.expect("a message can be signed");
    let mut message: Value = fields.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    message["SignatureVersion"] = "2".into();
    message["Signature"] = BASE64.encode(&signature).into();
    message["SigningCertURL"] = format!("{}{CERTIFICATE}", world.base_url).into();
    Bytes::from(message.to_string())
}

/// A certificate of this key, as little of one as is read: nobody asks who signed it.
fn x509(public_key: &[u8]) -> Vec<u8> {
    let rsa_sha256 = [0x30, 0x0d, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11, 5, 0];
    let rsa = [0x30, 0x0d, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
    let nobody = der(0x30, &[]);
    let validity = der(0x30, &[der(0x17, b"200101000000Z"), der(0x17, b"490101000000Z")].concat());
    let key = der(0x30, &[&rsa[..], &der(3, &[&[0], public_key].concat())].concat());
    let contents = der(
        0x30,
        &[&der(0xa0, &[2, 1, 2])[..], &[2, 1, 1], &rsa_sha256, &nobody, &validity, &nobody, &key].concat(),
    );
    der(0x30, &[&contents[..], &rsa_sha256, &der(3, &[0, 0])].concat())
}

/// A value of DER: its kind, its length and its bytes.
fn der(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut value = vec![kind];
    match bytes.len() {
        0..=127 => value.push(u8::try_from(bytes.len()).unwrap_or_default()),
        _ => {
            value.push(0x80 | u8::try_from(length.len()).unwrap_or_default());
            value.extend_from_slice(length);
        }
    }
    value.extend_from_slice(bytes);
    value
}
