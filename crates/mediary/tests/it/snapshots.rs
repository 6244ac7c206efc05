//! Every answer of the API and every text of the command line, as it stands: a change of a field or of a sentence shows
//! here, and is taken on by `cargo insta review`. What differs from run to run is replaced.

use mediary_simulator::{MediaSpec, MessageSpec};
use mediary_testing::installation::PHONE_NUMBER_ID;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::harness::{Database, Env, World, run};

/// All messages are of one moment, so that their order is the one in which they were sent.
const SENT_AT: i64 = 1_790_000_000;

/// The help of this command and of everything below it.
fn help_below(folder: &std::path::Path, path: &[&str], texts: &mut String) {
    let output = run(&Env::new(), folder, &[path, &["--help"]].concat());
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && !help.is_empty(), "mediary {path:?} --help");
    let name = [&["mediary"][..], path].concat().join(" ");
    texts.push_str(&format!("$ {name} --help\n{help}\n"));
    let commands = help.split_once("\nCommands:\n").map_or("", |(_, rest)| rest);
    let commands = commands.split("\n\n").next().unwrap_or_default();
    for line in commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        let command = line.split_whitespace().next().unwrap();
        if command != "help" {
            help_below(folder, &[path, &[command]].concat(), texts);
        }
    }
}

#[test]
fn help_of_every_command_matches_its_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let mut texts = String::new();
    help_below(folder.path(), &[], &mut texts);
    assert!(texts.matches("$ mediary").count() > 20, "{texts}");
    insta::assert_snapshot!("help", texts);
}

/// What a command says and how it ends, with the folder and the addresses of this run replaced.
fn transcript(world: &World, args: &[&str]) -> String {
    let output = world.cli_output(args);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let simulator = world.simulator.base_url();
    let said = format!(
        "$ mediary {}\n{}{}= {}\n",
        args.join(" "),
        text(&output.stdout),
        text(&output.stderr),
        output.status.code().unwrap()
    );
    said.replace(&world.folder().display().to_string(), "[folder]")
        .replace(simulator.as_str().trim_end_matches('/'), "[graph]")
        .replace(&world.url(), "[server]")
        .replace(world.url().trim_start_matches("http://"), "[listen]")
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_the_command_line_match_their_snapshots() {
    let world = World::furnished(Database::embedded(), &[("MEDIARY_LOG", "error")]).await;
    let account = ["account", "update", "--company", "acme", "--phone-number-id", PHONE_NUMBER_ID];
    let commands: [&[&str]; 14] = [
        &["serv"],
        &["company"],
        &["company", "add", "--name", "Acme"],
        &["company", "add", "--name", "Acme", "--slug", "Acme!"],
        &["company", "add", "--name", "Acme", "--slug", "acme"],
        &["user", "add", "--company", "nobody", "--email", "a@b.test", "--name", "A", "--role", "agent"],
        &["user", "add", "--company", "acme", "--email", "a", "--name", "A", "--role", "agent"],
        &["user", "add", "--company", "acme", "--email", "a@b.test", "--name", "A", "--role", "king"],
        &["api-key", "revoke", "--company", "acme", "--name", "none"],
        &account,
        &[&account[..], &["--status", "off"]].concat(),
        &["import", "messages", "none.jsonl", "--company", "acme"],
        &["retry", "--max-attempts", "0"],
        &["storage", "erase", "--company", "nobody"],
    ];
    let texts: String = commands.iter().map(|args| transcript(&world, args) + "\n").collect();
    insta::assert_snapshot!("refusals", texts);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_the_command_line_match_their_snapshots() {
    let world = World::furnished(Database::embedded(), &[("MEDIARY_LOG", "error")]).await;
    let commands: [&[&str]; 7] = [
        &["company", "list"],
        &["user", "list", "--company", "acme"],
        &["account", "list", "--company", "acme"],
        &["storage", "check"],
        &["verify"],
        &["retry"],
        &["sweep"],
    ];
    let texts: String = commands.iter().map(|args| transcript(&world, args) + "\n").collect();
    insta::assert_snapshot!("lists", texts);
}

/// An answer with ids, times, cursors and numbers of this run replaced.
fn stable(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| {
                let value = match (name.as_str(), value) {
                    (name, Value::Number(_)) if name == "id" || name.ends_with("Id") => json!("[id]"),
                    (
                        "requestId" | "prefix" | "key" | "fileKey" | "providerMediaId" | "month",
                        Value::String(_),
                    ) => {
                        json!(format!("[{name}]"))
                    }
                    (name, Value::String(_)) if name.ends_with("Cursor") => json!("[cursor]"),
                    (_, value) => stable(value),
                };
                (name, value)
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(stable).collect(),
        Value::String(text) if is_time(&text) => json!("[time]"),
        Value::String(text) if text.contains("/m/") => json!("[signed URL]"),
        Value::String(text) if text.starts_with("file://") => json!("[file]"),
        Value::String(text) if text.starts_with("/api/") || text.starts_with("http://127.0.0.1") => {
            json!(text.split('/').map(without_number).collect::<Vec<_>>().join("/"))
        }
        other => other,
    }
}

fn without_number(segment: &str) -> String {
    let (name, query) = segment.split_once('?').unwrap_or((segment, ""));
    let name = if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) { "[id]" } else { name };
    if query.is_empty() { name.to_owned() } else { format!("{name}?[query]") }
}

/// `2026-11-29T12:00:00.000Z` or alike.
fn is_time(text: &str) -> bool {
    text.len() >= 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T' && text.starts_with("20")
}

async fn body(response: Response) -> Value {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).map_or(Value::String(text), stable);
    json!({ "status": status, "body": body })
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_the_api_match_their_snapshots() {
    let world = World::sqlite().await;
    let spec = |spec: MessageSpec, id: &str| MessageSpec {
        id: Some(id.to_owned()),
        timestamp: Some(SENT_AT),
        ..spec
    };
    let media = world.simulator.add_media(&MediaSpec::generated(50_000, 1, "image/jpeg")).await.unwrap();
    let text = spec(MessageSpec::text("hello *there*"), "wamid.text");
    world.simulator.send(&text).await.unwrap();
    world.delivered().await;
    let image = spec(MessageSpec::media("image", &media.id).caption("the harbour"), "wamid.image");
    world.simulator.send(&image).await.unwrap();
    let message = world.api().completed("wamid.image").await;
    let (id, conversation, file) = (&message["id"], &message["conversationId"], &message["media"]["id"]);
    let api = world.api();
    for (name, path) in [
        ("me", "/api/auth/me".to_owned()),
        ("conversations", "/api/conversations".to_owned()),
        ("conversation", format!("/api/conversations/{conversation}")),
        ("conversation_messages", format!("/api/conversations/{conversation}/messages")),
        ("conversation_media", format!("/api/conversations/{conversation}/media")),
        ("message", format!("/api/messages/{id}")),
        ("message_media", format!("/api/messages/{id}/media")),
        ("media_list", "/api/media".to_owned()),
        ("media", format!("/api/media/{file}")),
        ("media_status", format!("/api/media/{file}/status")),
        ("settings", "/api/settings/media".to_owned()),
        ("settings_preview", "/api/settings/media/preview?policy=stream".to_owned()),
        ("usage", "/api/usage".to_owned()),
        ("users", "/api/users".to_owned()),
        ("api_keys", "/api/api-keys".to_owned()),
        ("accounts", "/api/whatsapp-accounts".to_owned()),
        ("audit", "/api/audit".to_owned()),
        ("webhook_events", "/api/webhook-events".to_owned()),
        ("storage_check", "/api/storage/check".to_owned()),
        ("health", "/healthz".to_owned()),
        ("ready", "/readyz".to_owned()),
        ("problem_not_found", "/api/messages/999999".to_owned()),
        ("problem_path", "/api/nothing".to_owned()),
        ("problem_parameter", "/api/media?limit=0".to_owned()),
        ("problem_cursor", "/api/media?cursor=x".to_owned()),
    ] {
        insta::assert_json_snapshot!(format!("api_{name}"), body(api.get(&path).await).await);
    }
    let stranger = api.stranger(Method::GET, "/api/media").send().await.unwrap();
    insta::assert_json_snapshot!("api_problem_unauthorized", body(stranger).await);
    for (name, path, given) in [
        ("signed_url", format!("/api/media/{file}/signed-url"), json!({})),
        ("retry", "/api/media/retry".to_owned(), json!({})),
        ("add_key", "/api/api-keys".to_owned(), json!({ "name": "crm", "role": "viewer" })),
        ("problem_field", "/api/api-keys".to_owned(), json!({ "name": "", "role": "viewer" })),
        ("problem_body", "/api/api-keys".to_owned(), json!([])),
    ] {
        insta::assert_json_snapshot!(format!("api_{name}"), body(api.post(&path, &given).await).await);
    }
}
