//! Webhooks as WhatsApp writes them, and a client of its API.

use std::time::Duration;

use mediary_aws::{AwsClient, AwsOptions};
use mediary_graph::{GraphClient, GraphOptions, sign};
use mediary_outbound::{ClientOptions, PublicHosts};
use serde_json::{Value, json};

use crate::START;
use crate::installation::{ANA, APP_SECRET, DISPLAY_PHONE_NUMBER, PHONE_NUMBER_ID, WABA_ID};

/// A host where nobody listens.
pub const NOBODY: &str = "http://127.0.0.1:9";

/// A message from Ana, with the node of its kind.
pub fn message(wamid: &str, kind: &str, node: Value) -> Value {
    let seconds = (START.millis() / 1000).to_string();
    let mut message = json!({"from": ANA, "id": wamid, "timestamp": seconds, "type": kind});
    message[kind] = node;
    message
}

pub fn text(wamid: &str, body: &str) -> Value {
    message(wamid, "text", json!({"body": body}))
}

/// Who wrote, as webhooks tell beside the messages.
pub fn contact(wa_id: &str, name: &str) -> Value {
    json!({"profile": {"name": name}, "wa_id": wa_id})
}

/// A change of our number.
pub fn change(field: &str, mut value: Value) -> Value {
    value["messaging_product"] = "whatsapp".into();
    value["metadata"] =
        json!({"display_phone_number": DISPLAY_PHONE_NUMBER, "phone_number_id": PHONE_NUMBER_ID});
    let mut change = json!({"field": field});
    change["value"] = value;
    change
}

/// A change that brings messages from Ana.
pub fn incoming(messages: &[Value]) -> Value {
    change("messages", json!({"contacts": [contact(ANA, "Ana")], "messages": messages}))
}

/// A body with these changes in each of its entries.
pub fn body(entries: &[Vec<Value>]) -> Value {
    let entries: Vec<_> = entries.iter().map(|changes| json!({"id": WABA_ID, "changes": changes})).collect();
    json!({"object": "whatsapp_business_account", "entry": entries})
}

/// A body with one message from Ana.
pub fn webhook(message: Value) -> Value {
    body(&[vec![incoming(&[message])]])
}

/// The signature of a body, by the app that our number is of.
pub fn signature_of(body: impl AsRef<[u8]>) -> String {
    sign(body.as_ref(), APP_SECRET.as_bytes())
}

/// A client of Graph at this address, which waits for nothing long.
pub fn graph_options(graph_url: &str) -> GraphOptions {
    GraphOptions {
        graph_url: graph_url.parse().expect("it is an address"),
        version: "v26.0".to_owned(),
        media_hosts: vec!["127.0.0.1".to_owned()],
        connect_timeout: Duration::from_secs(1),
        silence_timeout: Duration::from_secs(1),
        user_agent: "Mediary/test".to_owned(),
    }
}

/// Clients of Meta and of 360dialog at this address, which wait for nothing long.
pub fn clients(url: &str) -> [GraphClient; 2] {
    let options = graph_options(url);
    let dialog360 =
        GraphClient::dialog360(options.graph_url.clone(), &client_options(options.silence_timeout));
    [GraphClient::new(options).expect("the options are right"), dialog360.expect("the options are right")]
}

/// A client of AWS at this address.
pub fn aws_client(url: &str) -> AwsClient {
    let options = AwsOptions {
        meta_api_version: "v26.0".to_owned(),
        stand_in: Some(url.parse().expect("it is an address")),
        calls: client_options(Duration::from_secs(1)),
    };
    AwsClient::new(options).expect("the options are right")
}

/// How clients of tests call hosts, with this patience.
pub fn client_options(silence_timeout: Duration) -> ClientOptions {
    let connect_timeout = Duration::from_secs(1);
    ClientOptions { connect_timeout, silence_timeout, user_agent: "Mediary/test".to_owned() }
}

/// A client of hosts that links name, this machine among them, which waits for nothing long.
pub fn public_hosts() -> PublicHosts {
    PublicHosts::new(&client_options(Duration::from_secs(1)), &["127.0.0.1"]).expect("the options are right")
}
