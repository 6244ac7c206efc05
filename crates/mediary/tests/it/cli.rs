//! The commands as a newcomer uses them, wrong input included.

use mediary_testing::eventually;
use mediary_testing::installation::{ACCESS_TOKEN, PHONE_NUMBER_ID};
use serde_json::Value;

use crate::harness::{Database, World};

async fn world() -> World {
    World::furnished(Database::embedded(), &[]).await
}

/// The exit code and what was printed to standard error.
fn fails(world: &World, args: &[&str]) -> (i32, String) {
    let output = world.cli_output(args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "mediary {args:?} should have failed");
    assert!(!said.contains("panicked"), "{said}");
    (output.status.code().unwrap(), said)
}

#[tokio::test]
async fn json_output_has_the_fields_that_scripts_rely_on() {
    let world = world().await;
    let company = world.cli(&["company", "add", "--name", "Beta Ltd", "--slug", "beta", "--json"]);
    assert_eq!(company["slug"], "beta");
    assert!(company["id"].is_i64());

    let user =
        ["user", "add", "--company", "beta", "--email", "Ana@Beta.test", "--name", "Ana", "--role", "admin"];
    let user = world.cli(&[&user[..], &["--password-env", "PASSWORD", "--json"]].concat());
    assert_eq!(user["email"], "ana@beta.test");

    let account = world.add_account("beta", "300000000000003", &["--media-policy", "stream"]);
    assert!(account > 0);

    let key =
        world.cli(&["api-key", "add", "--company", "beta", "--name", "crm", "--role", "agent", "--json"]);
    assert!(key["key"].as_str().unwrap().starts_with("mdy_"));

    let revoked = world.cli(&["api-key", "revoke", "--company", "beta", "--name", "crm", "--json"]);
    assert_eq!(revoked["revoked"], true);
    let listed = world.cli(&["api-key", "list", "--company", "beta", "--json"]);
    assert!(!listed["items"][0]["revokedAt"].is_null());
    assert!(!listed.to_string().contains(key["key"].as_str().unwrap()), "a key is shown once");
}

#[tokio::test]
async fn output_for_people_is_a_table() {
    let world = world().await;
    let output = world.cli_output(&["company", "list"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.lines().next().unwrap().starts_with("ID  SLUG"), "{text}");
    assert!(text.contains("acme"), "{text}");
}

#[tokio::test]
async fn wrong_usage_exits_with_2_and_says_what_is_wrong() {
    let world = world().await;
    let cases: [(&[&str], &str); 8] = [
        (&["company", "add", "--name", "X", "--slug", "No Spaces"], "lower-case letters"),
        (&["user", "list", "--company", "nobody"], "no company \"nobody\""),
        (
            &["api-key", "add", "--company", "acme", "--name", "x", "--role", "boss"],
            "viewer, agent, manager, admin",
        ),
        (
            &["account", "update", "--company", "acme", "--phone-number-id", "1", "--name", "A"],
            "no account \"1\"; `mediary account list --company acme`",
        ),
        (
            &[
                "account",
                "update",
                "--company",
                "acme",
                "--phone-number-id",
                PHONE_NUMBER_ID,
                "--access-token-env",
                "NOT_THERE",
            ],
            "the variable NOT_THERE is not set",
        ),
        (
            &[
                "account",
                "update",
                "--company",
                "acme",
                "--phone-number-id",
                PHONE_NUMBER_ID,
                "--media-policy",
                "keep",
            ],
            "store, on_view, stream",
        ),
        (&["serve", "--no-workers", "--workers-only"], "cannot be used with"),
        (&["frobnicate"], "frobnicate"),
    ];
    for (args, expected) in cases {
        let (code, said) = fails(&world, args);
        assert_eq!(code, 2, "mediary {args:?}: {said}");
        assert!(said.contains(expected), "mediary {args:?} said {said:?}, not {expected:?}");
    }
}

#[tokio::test]
async fn existing_names_are_refused_without_a_change() {
    let world = world().await;
    let (code, said) = fails(&world, &["company", "add", "--name", "Again", "--slug", "acme"]);
    assert_eq!(code, 1, "{said}");
    let companies = world.cli(&["company", "list", "--json"]);
    assert_eq!(companies["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn wrong_setting_stops_the_start_with_its_line() {
    let world = world().await;
    std::fs::write(world.folder().join("mediary.toml"), "workers = 4\nlistn = \"x\"\n").unwrap();
    let (code, said) = fails(&world, &["serve"]);
    assert_eq!(code, 1);
    assert!(said.contains("mediary.toml line 2: listn is not a setting; did you mean listen?"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_looks_at_everything_and_masks_secrets() {
    let world = World::furnished(Database::embedded(), &[("MEDIARY_APP_SECRET", "hush-hush")]).await;
    let healthy = world.cli(&["doctor", "--json"]);
    assert_eq!(healthy["ok"], true, "{healthy}");
    assert!(!healthy.to_string().contains("hush-hush"));
    let checks: Vec<&str> =
        healthy["checks"].as_array().unwrap().iter().filter_map(|c| c["check"].as_str()).collect();
    for expected in ["configuration", "data folder", "database", "storage"] {
        assert!(checks.contains(&expected), "{checks:?}");
    }

    world.simulator.set_token(ACCESS_TOKEN, mediary_simulator::TokenState::Expired).unwrap();
    let output = world.cli_output(&["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let sick: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(sick.to_string().contains("--access-token-env TOKEN"), "{sick}");
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut env = crate::harness::Env::new();
    env.insert("MEDIARY_DATA_DIR".to_owned(), folder.path().join("data").display().to_string());
    let report: Value =
        serde_json::from_slice(&crate::harness::run(&env, folder.path(), &["doctor", "--json"]).stdout)
            .unwrap();
    assert_eq!(report["ok"], true, "{report}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");

    let database = Database::postgres();
    env.extend(database.env());
    let report: Value =
        serde_json::from_slice(&crate::harness::run(&env, folder.path(), &["doctor", "--json"]).stdout)
            .unwrap();
    assert_eq!(report["ok"], false);
    assert!(report.to_string().contains("run `mediary migrate`"), "{report}");
    assert_eq!(database.tables(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn port_is_taken_by_one_server_and_the_second_says_so() {
    let world = World::sqlite().await;
    let (code, said) = fails(&world, &["serve"]);
    assert_eq!(code, 1);
    assert!(said.contains("MEDIARY_LISTEN"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn server_stops_when_it_is_asked() {
    let mut world = World::sqlite().await;
    assert!(world.stop(), "SIGTERM ends it with 0");
}

#[tokio::test(flavor = "multi_thread")]
async fn server_notices_what_the_commands_change() {
    let world = World::sqlite().await;
    let key = world.add_key("acme", "viewer");
    let api = world.api_as(&key);
    api.json("/api/conversations").await;
    world.cli(&["api-key", "revoke", "--company", "acme", "--name", "viewer", "--json"]);
    eventually("the end of the key", async || {
        let status = api.get("/api/conversations").await.status();
        if status == 401 { Ok(()) } else { Err(status) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_name_the_option_and_say_what_to_do() {
    let world = World::furnished(Database::embedded(), &[]).await;
    let company = ["company", "add", "--name", "Acme", "--slug"];
    let account = ["account", "add", "--company", "acme", "--display-phone-number", "+1555", "--name"];
    let refuse = |args: &[&[&str]], code: i32, said: &str| {
        let output = world.cli_output(&args.concat());
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(said), "{text:?} says {said:?}");
        for inner in ["constraint", "statement", "sqlite"] {
            assert!(!text.to_lowercase().contains(inner), "{text}");
        }
    };
    refuse(&[&company, &["acme"]], 1, "there is a company with the slug acme already; choose another one");
    refuse(&[&company, &["Ac me"]], 2, "--slug must be 1 to 63 lower-case letters");
    refuse(&[&["company", "add", "--slug", "b", "--name", " "]], 2, "--name must have 1 to 200 characters");
    refuse(&[&account, &["A", "--phone-number-id", "x/../y"]], 2, "--phone-number-id must be 1 to 32 digits");
    refuse(&[&account, &["A\n", "--phone-number-id", "1"]], 2, "--name must have");
    // A password with spaces in it is no token.
    let token = ["--phone-number-id", "1", "--access-token-env", "PASSWORD"];
    refuse(&[&account, &["A"], &token], 2, "--access-token-env must be 1 to 4096 printable ASCII");
    let unknown = ["--phone-number-id", "999000999", "--access-token-env", "TOKEN"];
    refuse(&[&account, &["A"], &unknown], 1, "WhatsApp says that this access token may not use this number");
    let user = ["user", "add", "--company", "acme", "--name", "Ana", "--role", "agent", "--email"];
    refuse(&[&user, &["ana", "--password-env", "PASSWORD"]], 2, "--email must be an e-mail address");
    refuse(&[&user, &["a@b.test", "--password-env", "NOBODY"]], 2, "NOBODY is not set");
}

#[tokio::test(flavor = "multi_thread")]
async fn account_is_added_with_a_warning_while_whatsapp_cannot_be_asked() {
    let away = ("MEDIARY_GRAPH_URL", "http://127.0.0.1:9");
    let world = World::furnished(Database::embedded(), &[away]).await;
    let add =
        ["account", "add", "--company", "acme", "--phone-number-id", "1", "--display-phone-number", "+1555"];
    let output = world.cli_output(&[&add[..], &["--name", "A", "--access-token-env", "TOKEN"]].concat());
    let warning = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && warning.contains("WhatsApp could not be asked"), "{warning}");
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_of_the_command_line_are_in_the_audit_log_once() {
    let world = World::sqlite().await;
    let of_acme = |args: &[&str]| {
        let args = [args, &["--company", "acme", "--json"]].concat();
        world.cli(&args)
    };
    let ana = ["--email", "ana@acme.test", "--name", "Ana", "--role", "agent", "--password-env", "PASSWORD"];
    of_acme(&[&["user", "add"], &ana[..]].concat());
    of_acme(&["user", "update", "--email", "ana@acme.test", "--active", "false"]);
    of_acme(&["user", "update", "--email", "ana@acme.test", "--active", "false"]);
    of_acme(&["api-key", "add", "--name", "crm", "--role", "viewer"]);
    of_acme(&["api-key", "revoke", "--name", "crm"]);
    of_acme(&["company", "update", "--retention", "days_after_stored:30"]);
    of_acme(&["account", "update", "--phone-number-id", PHONE_NUMBER_ID, "--name", "Sales"]);
    // Nothing has failed, so nothing was done.
    of_acme(&["retry"]);
    let log: Value = world.api().get("/api/audit?limit=100").await.json().await.unwrap();
    let rows = log["items"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["who"] == "command_line" && row["ip"].is_null()), "{log}");
    let actions: Vec<&str> = rows.iter().rev().map(|row| row["action"].as_str().unwrap()).collect();
    let expected = [
        "company.created",
        "account.created",
        "api_key.created",
        "user.created",
        "user.deactivated",
        "api_key.created",
        "api_key.revoked",
        "media_settings.changed",
        "account.changed",
    ];
    assert_eq!(actions, expected);
}
