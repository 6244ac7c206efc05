//! What commands print, and what becomes of them where nobody can read it.

use std::fs::OpenOptions;
use std::process::{Output, Stdio};

use mediary_testing::installation::ACCESS_TOKEN;
use serde_json::Value;

use crate::harness::{Database, Env, World, run, run_between};

/// An output to which nothing can be written.
fn full() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

/// An output whose reader has gone.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn run_into(world: &World, args: &[&str], stdout: Stdio) -> (i32, String) {
    let output = run_between(&world.env, world.folder(), args, "", (stdout, Stdio::piped()));
    (output.status.code().expect("no signal ends it"), said(&output))
}

fn said(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("panicked") && !said.contains("backtrace"), "{said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn output_that_is_full_is_an_error_and_one_that_is_closed_ends_quietly() {
    let world = World::furnished(Database::embedded(), &[("MEDIARY_LOG", "info")]).await;
    let lines = world.folder().join("lines.jsonl");
    std::fs::write(&lines, "").unwrap();
    let import = ["import", "messages", lines.to_str().unwrap(), "--company", "acme"];
    let commands: [&[&str]; 12] = [
        &["doctor"],
        &["migrate"],
        &["company", "list"],
        &["user", "list", "--company", "acme"],
        &["account", "list", "--company", "acme", "--json"],
        &["api-key", "list", "--company", "acme"],
        &["storage", "check", "--json"],
        &["verify"],
        &["retry"],
        &["backfill"],
        &["sweep"],
        &import,
    ];
    for args in commands {
        let (code, said) = run_into(&world, args, full());
        assert_eq!(code, 1, "mediary {args:?}: {said}");
        assert!(
            said.contains("mediary: the standard output cannot be written: "),
            "mediary {args:?}: {said}"
        );
        assert_eq!(run_into(&world, args, closed()), (0, String::new()), "mediary {args:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn api_key_that_nobody_has_seen_is_revoked_again() {
    let world = World::furnished(Database::embedded(), &[]).await;
    let add = ["api-key", "add", "--company", "acme", "--name", "crm", "--role", "agent", "--json"];
    for output in [full(), closed()] {
        let (code, said) = run_into(&world, &add, output);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("the key \"crm\" was revoked again, since nobody has seen it"), "{said}");
        let keys = world.cli(&["api-key", "list", "--company", "acme", "--json"]);
        let keys = keys["items"].as_array().unwrap().iter().filter(|key| key["name"] == "crm");
        assert!(keys.clone().count() > 0 && keys.clone().all(|key| !key["revokedAt"].is_null()));
    }
    assert!(world.cli(&add)["key"].is_string(), "its name is free");
}

#[tokio::test(flavor = "multi_thread")]
async fn log_that_cannot_be_written_ends_nothing() {
    let world = World::furnished(Database::embedded(), &[("MEDIARY_LOG", "trace")]).await;
    for (args, code) in [(&["company", "list"][..], 0), (&["user", "list", "--company", "nobody"][..], 2)] {
        for stderr in [full(), closed()] {
            let output = run_between(&world.env, world.folder(), args, "", (Stdio::piped(), stderr));
            assert_eq!(output.status.code(), Some(code), "mediary {args:?}");
        }
    }
}

/// The first command on a database and the one after it, with the log as it is by default.
fn two_commands(database: &Database) -> [String; 2] {
    let folder = tempfile::tempdir().unwrap();
    let mut env =
        Env::from([("MEDIARY_DATA_DIR".to_owned(), folder.path().join("data").display().to_string())]);
    env.extend(database.env());
    [(); 2].map(|()| {
        let output = run(&env, folder.path(), &["company", "list"]);
        assert!(output.status.success());
        said(&output)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_say_nothing_beside_their_output_but_that_the_database_was_made() {
    for database in [Database::embedded(), Database::postgres()] {
        let [first, second] = two_commands(&database);
        assert_eq!(first.lines().count(), 1, "{first}");
        assert!(first.contains("brought the database up to date"), "{first}");
        assert_eq!(second, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sweep_speaks_of_companies_by_name_and_of_counts_in_words() {
    let world = World::furnished(Database::embedded(), &[]).await;
    let output = world.cli_output(&["sweep"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("  downloads released whose lease had expired: 0\n"), "{printed}");
    assert!(!printed.contains("leasesReleased"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn import_of_an_empty_file_says_so() {
    let world = World::furnished(Database::embedded(), &[]).await;
    let file = world.folder().join("empty.jsonl");
    std::fs::write(&file, "").unwrap();
    let output = world.cli_output(&["import", "messages", file.to_str().unwrap(), "--company", "acme"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success() && printed.contains("empty.jsonl is empty: there is nothing to import"),
        "{printed}"
    );
}

/// What the doctor finds about one thing.
fn finding(world: &World, settings: &[(&str, &str)], check: &str) -> (bool, String) {
    let mut env = world.env.clone();
    env.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let output = run(&env, world.folder(), &["doctor", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let found = checks.iter().find(|found| found["check"].as_str().unwrap().starts_with(check));
    let found = found.unwrap_or_else(|| panic!("{report} has {check}"));
    (found["ok"].as_bool().unwrap(), found["detail"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_looks_where_the_program_writes() {
    let world = World::furnished(Database::embedded(), &[]).await;
    assert!(finding(&world, &[], "storage").0);
    // Where media files go there is no room for them, beside it there is.
    std::fs::remove_dir_all(world.data().join("media")).ok();
    std::fs::write(world.data().join("media"), "").unwrap();
    let (ok, detail) = finding(&world, &[], "storage");
    assert!(!ok && detail.contains("MEDIARY_DATA_DIR"), "{detail}");

    let nowhere = world.folder().join("file/data");
    std::fs::write(world.folder().join("file"), "").unwrap();
    let (ok, detail) = finding(&world, &[("MEDIARY_DATA_DIR", nowhere.to_str().unwrap())], "data folder");
    assert!(!ok && detail.contains("set MEDIARY_DATA_DIR"), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_distinguishes_a_whatsapp_that_is_away_from_a_wrong_token() {
    let world = World::furnished(Database::embedded(), &[]).await;
    let away = [("MEDIARY_GRAPH_URL", "http://127.0.0.1:9")];
    let (ok, detail) = finding(&world, &away, "WhatsApp account");
    assert!(!ok && detail.contains("WhatsApp cannot be asked about its token"), "{detail}");
    assert!(detail.contains("MEDIARY_GRAPH_URL") && !detail.contains("--access-token-env"), "{detail}");
    world.simulator.set_token(ACCESS_TOKEN, mediary_simulator::TokenState::Expired).unwrap();
    let (ok, detail) = finding(&world, &[], "WhatsApp account");
    assert!(
        !ok && detail.contains("--access-token-env TOKEN (the variable's name, not the token)"),
        "{detail}"
    );
}
