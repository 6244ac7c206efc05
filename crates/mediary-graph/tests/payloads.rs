//! Every recorded webhook is read, and what was understood of it is written down beside it.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use mediary_graph::{UpdateKind, Webhook, addressees};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/payloads")
}

/// The files by their path within the folder, as the manifest writes them.
fn files() -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for source in
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        for file in fs::read_dir(&source).unwrap().map(|entry| entry.unwrap().path()) {
            if file.extension().is_some_and(|extension| extension == "json") {
                files.insert(file.strip_prefix(folder()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    files
}

#[test]
fn manifest_names_every_file() {
    let manifest = fs::read_to_string(folder().join("manifest.tsv")).unwrap();
    let named: BTreeSet<String> =
        manifest.lines().skip(1).filter_map(|line| line.split('\t').next()).map(str::to_owned).collect();
    assert_eq!(named, files());
    assert_eq!(named.len(), 120);
}

#[test]
fn recordings_are_understood_as_written_down() {
    for file in files() {
        let body = fs::read(folder().join(&file)).unwrap();
        let webhook = Webhook::parse(&body).unwrap();
        assert_eq!(addressees(&body).unwrap(), webhook.addressees(), "{file}");
        let updates = webhook.updates();
        assert!(!updates.is_empty(), "{file}");
        for update in &updates {
            if let UpdateKind::Message { message, .. } = &update.kind {
                assert!(
                    contains(&serde_json::from_slice(&body).unwrap(), &message.raw),
                    "{file}: raw is whole"
                );
            }
        }
        insta::with_settings!({
            snapshot_path => "payloads/understood",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            let understood = compact(serde_json::to_value(&updates).unwrap());
            insta::assert_snapshot!(file.replace(".json", "").replace('/', "."), pretty(&understood));
        });
    }
}

/// Whether the item that `raw` writes stands somewhere in the body.
fn contains(body: &Value, raw: &str) -> bool {
    let item: Value = serde_json::from_str(raw).unwrap();
    fn search(node: &Value, item: &Value) -> bool {
        node == item
            || match node {
                Value::Array(items) => items.iter().any(|node| search(node, item)),
                Value::Object(fields) => fields.values().any(|node| search(node, item)),
                _ => false,
            }
    }
    search(body, &item)
}

/// What was understood, with sorted keys, without what is absent and without raw copies.
fn compact(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(compact).collect(),
        Value::Object(fields) => {
            let sorted: BTreeMap<String, Value> = fields
                .into_iter()
                .filter(|(key, value)| key != "raw" && !matches!(value, Value::Null | Value::Bool(false)))
                .map(|(key, value)| (key, compact(value)))
                .filter(|(_, value)| value.as_array().is_none_or(|items| !items.is_empty()))
                .collect();
            sorted.into_iter().collect()
        }
        other => other,
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}
