//! Gives every field and every parameter of the description values that make no sense: what the answers say names the
//! field, in plain words.

use axum::body::Body;
use http::StatusCode;
use mediary_core::Role;
use serde_json::{Value, json};

use super::crossing::scene;
use crate::openapi;
use crate::testing::{Answer, request, with_json};

/// Words of Rust and of its libraries.
const RAW: [&str; 14] = [
    "invalid",
    "expected",
    "variant",
    "struct",
    "unknown ",
    "missing field",
    "unsupported",
    "integer",
    "sequence",
    "i64",
    "u64",
    "u32",
    "cannot be read",
    "`",
];

/// What an answer says is wrong, if it does: the field and the rule, which is checked.
fn refusal(answer: &Answer, sent: &str) -> Option<(String, String)> {
    assert!(
        !answer.status.is_server_error() || answer.status == StatusCode::BAD_GATEWAY,
        "{sent}: {answer:?}"
    );
    if answer.status != StatusCode::BAD_REQUEST {
        return None;
    }
    let error = &answer.json()["errors"][0];
    let text = |key: &str| error[key].as_str().unwrap_or_else(|| panic!("{sent}: {answer:?}")).to_owned();
    let (field, rule) = (text("field"), text("message"));
    for raw in RAW {
        assert!(!rule.contains(raw), "{sent}: {field} {rule}");
    }
    Some((field, rule))
}

/// Operations of the description with their method and path.
fn operations(description: &Value) -> impl Iterator<Item = (String, &String, &Value)> {
    let paths = description["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        item.as_object()
            .unwrap()
            .iter()
            .map(move |(method, operation)| (method.to_uppercase(), path, operation))
    })
}

/// Every property of a request's body.
fn properties<'d>(description: &'d Value, operation: &Value) -> Vec<&'d String> {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    let Some(name) = schema.as_str().and_then(|reference| reference.rsplit('/').next()) else {
        return Vec::new();
    };
    description["components"]["schemas"][name]["properties"].as_object().unwrap().keys().collect()
}

#[tokio::test]
async fn invalid_fields_are_named_in_plain_words() {
    let scene = scene().await;
    let admin = scene.theirs.key(Role::Admin);
    let description = serde_json::to_value(openapi()).unwrap();
    let values = json!([null, true, 5, -1, 1.5, 1e20, 1e300, "x", "", [], [5], {}, {"x": 5}]);
    let (mut refused, mut nulls) = (0, 0);
    for (method, template, operation) in operations(&description) {
        let path = scene.filled(template);
        for property in properties(&description, operation) {
            for value in values.as_array().unwrap() {
                let body = json!({ property.as_str(): value });
                let sent = format!("{method} {path} {body}");
                let answer = scene.house.send(with_json(&method, &path, Some(admin), &body)).await;
                let Some((field, rule)) = refusal(&answer, &sent) else { continue };
                assert_ne!(field, "body", "{sent}: {rule}");
                if field == *property && value.is_null() && rule.starts_with("cannot be null; must be ") {
                    nulls += 1;
                }
                refused += 1;
            }
        }
    }
    assert!(refused > 300 && nulls > 15, "{refused} refused, {nulls} of them null");
}

#[tokio::test]
async fn invalid_parameters_are_named_in_plain_words() {
    let scene = scene().await;
    let admin = scene.theirs.key(Role::Admin);
    let description = serde_json::to_value(openapi()).unwrap();
    let (mut refused, mut doubled) = (0, 0);
    for (method, template, operation) in operations(&description) {
        let path = scene.filled(template);
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let parameters: Vec<_> = parameters.filter(|parameter| parameter["in"] == "query").collect();
        for parameter in &parameters {
            let name = parameter["name"].as_str().unwrap();
            let needed = parameters.iter().filter(|other| other["required"] == true && other["name"] != name);
            let needed: String =
                needed.map(|other| format!("{}=x&", other["name"].as_str().unwrap())).collect();
            let twice = format!("x&{name}=y");
            let values = ["", "x", "-1", "1.5", "99999999999999999999", "2026-11-20", &twice];
            // A list of events without an end is none to wait for.
            let endless = template == "/api/events";
            for value in values.into_iter().filter(|value| !endless || *value == twice) {
                let sent = format!("{path}?{needed}{name}={value}");
                let request = request(&method, &sent, Some(admin)).body(Body::empty()).unwrap();
                let Some((field, rule)) = refusal(&scene.house.send(request).await, &sent) else { continue };
                assert_eq!(field, name, "{sent}: {rule}");
                refused += 1;
                doubled += usize::from(rule == "is given more than once");
            }
        }
    }
    assert!(refused > 60 && doubled > 15, "{refused} refused, {doubled} of them given twice");
}
