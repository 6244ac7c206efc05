//! What an older system left: imported by the command, saved by `mediary backfill`, shown like everything else.

use std::path::PathBuf;
use std::time::Duration;

use mediary_core::{Clock as _, SystemClock, Timestamp};
use mediary_simulator::{MediaRecord, MediaSpec};
use mediary_testing::installation::PHONE_NUMBER_ID;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::{Database, World};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn ago(days: u32) -> Timestamp {
    SystemClock.now().minus(DAY * days)
}

/// A picture of that many days ago, with these fields besides.
fn picture(wamid: &str, days: u32, fields: &Value) -> Value {
    let mut line = json!({
        "phoneNumberId": PHONE_NUMBER_ID, "providerMessageId": wamid, "direction": "inbound", "type": "image",
        "timestamp": ago(days), "contact": {"waId": "15550100001", "name": "Ana"},
    });
    line.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    line
}

async fn media(world: &World, seed: u64) -> MediaRecord {
    world.simulator.add_media(&MediaSpec::generated(50_000, seed, "image/jpeg")).await.unwrap()
}

fn file(world: &World, lines: &[Value]) -> PathBuf {
    let path = world.folder().join("old.jsonl");
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(&path, text).unwrap();
    path
}

/// Runs `mediary import messages` with `--json`: exit code and what it printed.
fn import(world: &World, path: &std::path::Path, more: &[&str]) -> (i32, Value) {
    let path = path.to_str().unwrap();
    let args = [&["import", "messages", path, "--company", "acme", "--json"], more].concat();
    let output = world.cli_output(&args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let printed = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    (output.status.code().unwrap(), printed)
}

fn backfill(world: &World, more: &[&str]) -> (i32, Value) {
    let output = world.cli_output(&[&["backfill", "--company", "acme", "--json"], more].concat());
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
}

async fn an_old_system_moves_in(database: Database) {
    let mut world = World::furnished(database, &[]).await;
    let (by_url, by_payload, given) =
        (media(&world, 1).await, media(&world, 2).await, media(&world, 3).await);
    let payload = json!({"type": "image", "image": {"id": by_payload.id}}).to_string();
    let lines = [
        picture("wamid.url", 1, &json!({"mediaUrl": by_url.id, "text": "look"})),
        picture("wamid.payload", 2, &json!({"rawPayload": payload})),
        picture("wamid.http", 1, &json!({"mediaUrl": "https://lookaside.fbsbx.com/1"})),
        picture("wamid.expired", 30, &json!({"providerMediaId": "5"})),
        picture("wamid.given", 3, &json!({"providerMediaId": given.id})),
        picture("wamid.bad", 1, &json!({"direction": "sideways"})),
    ];
    let path = file(&world, &lines);
    let report = world.folder().join("report.jsonl");
    let (code, printed) = import(&world, &path, &["--report", report.to_str().unwrap()]);
    assert_eq!(
        (code, &printed["imported"], &printed["alreadyThere"], &printed["rejected"]),
        (3, &json!(5), &json!(0), &json!(1))
    );
    assert_eq!(printed["first"][0]["line"], 6);
    assert!(printed["first"][0]["reason"].as_str().unwrap().starts_with("direction: "), "{printed}");
    let report = std::fs::read_to_string(&report).unwrap();
    let report: Vec<Value> = report.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let states: Vec<_> = report.iter().map(|line| line["media"].as_str()).collect();
    let unresolved = Some("unresolved");
    assert_eq!(states, [unresolved, unresolved, unresolved, Some("expired"), Some("due"), None]);
    assert_eq!(report[0]["providerMessageId"], "wamid.url");
    assert_eq!((&report[5]["fate"], &report[5]["line"]), (&json!("rejected"), &json!(6)));

    let (code, printed) = import(&world, &file(&world, &lines[..5]), &[]);
    assert_eq!((code, &printed["imported"], &printed["alreadyThere"]), (0, &json!(0), &json!(5)));

    let (code, printed) = backfill(&world, &[]);
    assert_eq!(code, 3, "one is missing its id");
    assert_eq!(printed, json!({"resolved": 2, "missing": 1, "saved": 3, "lost": 0, "waiting": 0}));

    world.start();
    let api = world.api();
    for (wamid, media) in [("wamid.url", &by_url), ("wamid.payload", &by_payload), ("wamid.given", &given)] {
        let message = api.message_by_wamid(wamid).await.unwrap();
        assert_eq!(message["media"]["sha256"].as_str().unwrap(), media.sha256, "{message}");
        assert_eq!(api.bytes(&message).await.len(), 50_000);
    }
    let conversation = &api.json("/api/conversations").await["items"][0];
    assert_eq!((&conversation["unreadCount"], &conversation["contact"]["name"]), (&json!(0), &json!("Ana")));
    let expired = api.message_by_wamid("wamid.expired").await.unwrap();
    assert_eq!(expired["media"]["lastError"]["code"], "media_expired");
    assert_eq!(expired["media"]["lastError"]["retryable"], false);
    assert_eq!(api.message_by_wamid("wamid.url").await.unwrap()["caption"], "look");
}

#[tokio::test(flavor = "multi_thread")]
async fn old_system_is_imported_on_sqlite() {
    an_old_system_moves_in(Database::embedded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_system_is_imported_on_postgres() {
    an_old_system_moves_in(Database::postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn backfill_keeps_its_rate_and_a_retry_resolves_too() {
    let world = World::sqlite().await;
    let mut lines = Vec::new();
    for seed in 0..6 {
        let media = media(&world, seed).await;
        lines.push(picture(&format!("wamid.{seed}"), 1, &json!({"mediaUrl": media.id})));
    }
    assert_eq!(import(&world, &file(&world, &lines[..5]), &[]).0, 0);
    let began = Instant::now();
    let (code, printed) = backfill(&world, &["--rate", "2"]);
    assert!(began.elapsed() >= Duration::from_secs(2), "the fifth file is for the third second");
    assert_eq!(
        (code, &printed["saved"], &printed["waiting"]),
        (0, &json!(5), &json!(0)),
        "with a server beside it"
    );

    assert_eq!(import(&world, &file(&world, &lines), &[]).1["imported"], 1);
    let outcome: Value = world.api().post("/api/media/retry", &json!({})).await.json().await.unwrap();
    assert_eq!(outcome, json!({"retried": 1, "succeeded": 1, "failed": 0}));
}

#[tokio::test]
async fn wrong_usage_exits_with_2_and_leaves_the_file() {
    let world = World::furnished(Database::embedded(), &[]).await;
    let path = file(&world, &[picture("wamid.1", 1, &json!({}))]);
    let path = path.to_str().unwrap();
    let folder = world.folder().to_str().unwrap().to_owned();
    let cases: [(&[&str], &str); 6] = [
        (
            &["not-there.jsonl", "--company", "acme"],
            "not-there.jsonl: there is no such file or folder; check its name",
        ),
        (&[&folder, "--company", "acme"], "is a folder"),
        (&["-", "--company", "acme"], "standard input is not read; give a file"),
        (&[path, "--company", "nobody"], "no company \"nobody\""),
        (&[path, "--company", "acme", "--report", path], "is the file to import"),
        (&[path, "--company", "acme", "--report", "no/such/folder"], "--report: no/such/folder"),
    ];
    for (args, expected) in cases {
        let output = world.cli_output(&[&["import", "messages"], args].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(expected), "{args:?} said {said:?}, not {expected:?}");
    }
    assert_eq!(import(&world, std::path::Path::new(path), &[]).1["imported"], 1, "the file is as it was");
}

#[tokio::test]
async fn file_that_is_not_lines_of_json_is_refused_in_one_sentence() {
    let world = World::furnished(Database::embedded(), &[]).await;
    let line = picture("wamid.1", 1, &json!({})).to_string();
    let utf16 =
        |mark: &[u8]| [mark, &line.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()].concat();
    let late_zero = [&" ".repeat(4095).into_bytes()[..], b"\0"].concat();
    let cases = [
        (format!("[{line}]").into_bytes(), "is one JSON array"),
        (format!("\u{feff}\n [\n{line}]").into_bytes(), "is one JSON array"),
        (utf16(&[0xFF, 0xFE]), "is text in UTF-16"),
        (vec![0xFE, 0xFF], "is text in UTF-16"),
        (utf16(&[]), "is not text in UTF-8"),
        (late_zero, "is not text in UTF-8"),
        (vec![0x1F, 0x8B, 8], "is compressed by gzip"),
        (b"SQLite format 3\0".to_vec(), "is an SQLite database"),
    ];
    let path = world.folder().join("old.jsonl");
    for (content, words) in cases {
        std::fs::write(&path, &content).unwrap();
        let output = world.cli_output(&["import", "messages", path.to_str().unwrap(), "--company", "acme"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && output.stdout.is_empty(), "{words}: {said}");
        assert!(said.contains("old.jsonl: ") && said.contains(words), "{said:?}, not {words:?}");
    }
    std::fs::write(&path, format!("\u{feff}\n{line}\n")).unwrap();
    assert_eq!(import(&world, &path, &[]).1["imported"], 1, "with a mark and an empty line");
}

#[tokio::test]
async fn report_replaces_an_earlier_report_and_no_other_file() {
    let world = World::furnished(Database::embedded(), &[]).await;
    let path = file(&world, &[picture("wamid.1", 1, &json!({}))]);
    let in_folder = |name: &str| world.folder().join(name);
    std::fs::hard_link(&path, in_folder("link.jsonl")).unwrap();
    std::os::unix::fs::symlink(&path, in_folder("symlink.jsonl")).unwrap();
    std::fs::copy(&path, in_folder("other.jsonl")).unwrap();
    std::fs::write(in_folder("letter"), "Dear Sir or Madam").unwrap();
    std::fs::write(in_folder("array"), "[1, null, \"imported\", null, null]\n").unwrap();
    let pipe = in_folder("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let run = |file: &std::path::Path, report: &std::path::Path, company: &str| {
        let (file, report) = (file.to_str().unwrap(), report.to_str().unwrap());
        let args = ["import", "messages", file, "--company", company, "--report", report];
        let output = world.cli_output(&args);
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let no_report = "exists already and is no report of an import; name a new file";
    for (report, words) in [
        ("link.jsonl", "is the file to import"),
        ("symlink.jsonl", "is the file to import"),
        ("other.jsonl", no_report),
        ("letter", no_report),
        ("array", no_report),
        ("pipe", no_report),
        (".", no_report),
        ("data/mediary.db", no_report),
    ] {
        let report = in_folder(report);
        let before = report.is_file().then(|| std::fs::read(&report).unwrap());
        let (code, said) = run(&path, &report, "acme");
        assert!(code == 2 && said.contains(words), "{}: {said}", report.display());
        assert_eq!(report.is_file().then(|| std::fs::read(&report).unwrap()), before, "{}", report.display());
    }

    let report = in_folder("report.jsonl");
    assert_eq!(run(&path, &report, "nobody").0, 2);
    assert!(!report.exists(), "nothing was imported");
    std::fs::write(&report, "").unwrap();
    assert_eq!(run(&path, &report, "acme").0, 0);
    let first = std::fs::read_to_string(&report).unwrap();
    assert!(first.contains("\"imported\""), "{first}");
    assert_eq!(run(&path, &report, "nobody").0, 2);
    assert_eq!(run(&in_folder("not-there"), &report, "acme").0, 2);
    assert_eq!(std::fs::read_to_string(&report).unwrap(), first, "the import did not begin");
    assert_eq!(run(&path, &report, "acme").0, 0);
    let second = std::fs::read_to_string(&report).unwrap();
    assert!(second.lines().count() == 1 && second.contains("\"already_there\""), "{second}");
}

#[tokio::test]
async fn output_for_people_says_what_to_do_next() {
    let world = World::furnished(Database::embedded(), &[]).await;
    let path = file(&world, &[picture("wamid.1", 1, &json!({})), json!({})]);
    let output = world.cli_output(&["import", "messages", path.to_str().unwrap(), "--company", "acme"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.starts_with("1 imported, 0 already there, 1 rejected."), "{said}");
    assert!(said.contains("line 2: phoneNumberId: is missing"), "{said}");
    assert!(said.contains("`mediary backfill --company acme`"), "{said}");
}
