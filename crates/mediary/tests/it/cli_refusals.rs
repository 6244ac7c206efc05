//! What commands refuse: in plain words, with the option or variable to correct and the way on.

use std::net::TcpListener;
use std::process::Stdio;

use mediary_testing::installation::PHONE_NUMBER_ID;

use crate::harness::{Database, World, run, run_between};

async fn world() -> World {
    World::furnished(Database::embedded(), &[]).await
}

/// Runs a command under these settings that is refused with this exit code, and holds what it says against `words`.
fn refused(world: &World, settings: &[(&str, &str)], args: &[&str], code: i32, words: &[&str]) {
    let mut env = world.env.clone();
    env.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let output = run(&env, world.folder(), args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "mediary {args:?}: {said}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("listens on"), "mediary {args:?} listens");
    for word in words {
        assert!(said.contains(word), "mediary {args:?} said {said:?}, not {word:?}");
    }
    for inner in
        ["panicked", "literal", "syntax", "digit found", "unexpected argument", "os error 2", "at line"]
    {
        assert!(!said.contains(inner), "mediary {args:?}: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn options_say_their_range_in_plain_words() {
    let world = world().await;
    let example = "must be an address of this machine with a port, such as 127.0.0.1:8080";
    let of_acme = ["--company", "acme", "--name", "x", "--role", "viewer", "--expires-in-days"];
    let account =
        ["account", "update", "--company", "acme", "--phone-number-id", PHONE_NUMBER_ID, "--status"];
    let key = |days: &'static str| [&["api-key", "add"][..], &of_acme, &[days]].concat();
    for (args, words) in [
        (vec!["demo", "--listen", "foo"], example),
        (vec!["demo", "--speed", "abc"], "must be a number from 0 to 1440"),
        (vec!["demo", "--speed", "-1"], "must be a number from 0 to 1440"),
        (vec!["simulate", "--listen", "8080"], example),
        (vec!["simulate", "--fault-rate", "-0.5"], "must be a number from 0 to 1"),
        (vec!["simulate", "--fault-rate", "2"], "must be a number from 0 to 1"),
        (vec!["simulate", "--seed", "-1"], "must be a whole number from 0 to"),
        (vec!["simulate", "--webhook-url", "notaurl"], "must be a web address, such as https://"),
        (vec!["backfill", "--rate", "abc"], "must be a whole number from 1 to 1000"),
        (vec!["backfill", "--rate", "0"], "must be a whole number from 1 to 1000"),
        (vec!["backfill", "--rate", "-1"], "must be a whole number from 1 to 1000"),
        (vec!["retry", "--max-attempts", "-1"], "must be a whole number from 1 to 1000"),
        (key("0"), "must be a whole number from 1 to 3650"),
        (key("-1"), "must be a whole number from 1 to 3650"),
        ([&account[..], &["off"]].concat(), "must be active or disabled"),
        ([&account[..], &["needs_token"]].concat(), "is set by WhatsApp's answer"),
    ] {
        refused(&world, &[], &args, 2, &[words]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mistyped_data_folder_is_named_and_not_made() {
    let world = world().await;
    let elsewhere = world.folder().join("elsewhere");
    let database = format!("sqlite://{}", elsewhere.join("mediary.db").display());
    let settings =
        [("MEDIARY_DATA_DIR", elsewhere.to_str().unwrap()), ("MEDIARY_DATABASE_URL", database.as_str())];
    for command in
        [&["derive", "--missing"][..], &["retry"], &["sweep"], &["user", "list", "--company", "acme"]]
    {
        refused(&world, &settings, command, 2, &["elsewhere/mediary.db yet", "mediary serve"]);
    }
    assert!(!elsewhere.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn change_of_nothing_is_refused() {
    let world = world().await;
    let user = ["user", "update", "--company", "acme", "--email", "ana@acme.test"];
    refused(&world, &[], &user, 2, &["--name", "--role", "--active", "--password-env"]);
    let account = ["account", "update", "--company", "acme", "--phone-number-id", PHONE_NUMBER_ID];
    refused(&world, &[], &account, 2, &["--name", "--media-policy", "--retention", "--access-token-env"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn password_from_standard_input_is_refused_by_its_own_name_and_after_the_address() {
    let world = world().await;
    let add = |email: &str, input: &str| {
        let args = ["user", "add", "--company", "acme", "--name", "Ana", "--role", "agent", "--email", email];
        let outputs = (Stdio::piped(), Stdio::piped());
        let output = run_between(&world.env, world.folder(), &args, input, outputs);
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = add("ana@acme.test", "short\n");
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("the password must have 8 characters or more") && !said.contains("--password-env"),
        "{said}"
    );
    // Nobody types a password for nothing.
    let (code, said) = add("ana", "");
    assert!(code == 2 && said.contains("--email must be an e-mail address"), "{said}");
    assert_eq!(add("ana@acme.test", "long enough, this one\n").0, 0);
    let (code, said) = add("Ana@acme.test", "");
    assert!(code == 1 && said.contains("somebody has this e-mail address already"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn number_that_is_taken_is_named_with_its_company_and_one_without_token_is_warned_of() {
    let world = world().await;
    world.add_company("beta");
    let add = |company: &'static str, number: &'static str| {
        ["account", "add", "--company", company, "--display-phone-number", "+1555", "--name", "A"]
            .into_iter()
            .chain(["--phone-number-id", number])
            .collect::<Vec<_>>()
    };
    let update =
        format!("`mediary account update --company acme --phone-number-id {PHONE_NUMBER_ID}` changes it");
    refused(&world, &[], &add("acme", PHONE_NUMBER_ID), 1, &["is here already", &update]);
    refused(&world, &[], &add("beta", PHONE_NUMBER_ID), 1, &["it is another company's", &update]);
    let of_number = ["--company", "acme", "--phone-number-id", PHONE_NUMBER_ID];
    let disable = [&["account", "update"][..], &of_number, &["--status", "disabled"]].concat();
    assert!(world.cli_output(&disable).status.success());
    let update = format!(
        "`mediary account update --company acme --phone-number-id {PHONE_NUMBER_ID} --status active`"
    );
    refused(&world, &[], &add("acme", PHONE_NUMBER_ID), 1, &["is here already, and it is disabled", &update]);
    refused(
        &world,
        &[],
        &add("beta", PHONE_NUMBER_ID),
        1,
        &["another company's, and it is disabled", &update],
    );
    let output = world.cli_output(&add("beta", "77"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success() && said.contains("without an access token WhatsApp was not asked"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_names_are_refused_with_the_command_that_lists_them() {
    let world = world().await;
    let of_acme = ["--company", "acme"];
    let user = [&["user", "update"][..], &of_acme, &["--email", "x@y.test", "--name", "X"]].concat();
    refused(&world, &[], &user, 2, &["`mediary user list --company acme`"]);
    let key = [&["api-key", "revoke"][..], &of_acme, &["--name", "none"]].concat();
    refused(&world, &[], &key, 2, &["`mediary api-key list --company acme`"]);
    let erase = [&["storage", "erase"][..], &of_acme, &["--phone-number-id", "999"]].concat();
    refused(&world, &[], &erase, 2, &["`mediary account list --company acme`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn database_that_cannot_be_opened_names_its_variable_and_what_to_do() {
    let world = world().await;
    let letter = world.folder().join("letter");
    std::fs::write(&letter, "This is a letter.".repeat(1000)).unwrap();
    let key = ("MEDIARY_SECRET_KEY", "bWVkaWFyeS10ZXN0cy1rZXktb2YtMzItYnl0ZXMtISE=");
    for (url, words) in [
        (format!("sqlite://{}", letter.display()), "is not an SQLite database; name another file"),
        (
            "sqlite:///no/such/folder/m.db".to_owned(),
            "cannot be opened; check that it is a file, that its folder is there",
        ),
        (
            "postgres://me:hunter2@postgres.invalid/x".to_owned(),
            "no machine is known by the name of postgres.invalid",
        ),
        (
            "postgres://me:hunter2@127.0.0.1:9/x".to_owned(),
            "nothing listens at 127.0.0.1:9; start Postgres there",
        ),
        ("postgres://".to_owned(), "must name a host"),
    ] {
        let settings = [("MEDIARY_DATABASE_URL", url.as_str()), key];
        refused(&world, &settings, &["company", "list"], 1, &["MEDIARY_DATABASE_URL", words]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_that_takes_no_changes_is_refused_by_each_command_and_found_by_doctor() {
    let mut world = World::furnished(Database::postgres(), &[]).await;
    let mut url = reqwest::Url::parse(&world.env["MEDIARY_DATABASE_URL"]).unwrap();
    url.set_query(Some("options=-c%20default_transaction_read_only=on"));
    world.env.insert("MEDIARY_DATABASE_URL".to_owned(), url.to_string());
    world.env.insert("MEDIARY_LOG".to_owned(), "info".to_owned());
    let words =
        ["MEDIARY_DATABASE_URL", "takes no changes from \"postgres\"", "name the primary, not a standby"];
    refused(&world, &[], &["serve"], 1, &words);
    refused(&world, &[], &["company", "add", "--name", "B", "--slug", "beta"], 1, &words);
    let doctor = world.cli_output(&["doctor"]);
    let found = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(
        !doctor.status.success() && found.contains("PROBLEM database") && found.contains(words[1]),
        "{found}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn address_that_cannot_be_taken_is_refused_before_the_server_listens() {
    let world = world().await;
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let in_use = format!("cannot listen on {taken}: another program listens there");
    let serve = |name: &str, value: &str, words: &[&str]| {
        refused(&world, &[(name, value)], &["serve"], 1, words);
    };
    serve("MEDIARY_LISTEN", &taken, &[&in_use, "MEDIARY_LISTEN"]);
    serve("MEDIARY_METRICS_LISTEN", &taken, &[&in_use, "MEDIARY_METRICS_LISTEN"]);
    let nowhere = "this machine has no such address; correct MEDIARY_LISTEN";
    serve("MEDIARY_LISTEN", "192.0.2.1:80", &[nowhere]);
    let mut env = world.env.clone();
    env.insert("MEDIARY_LISTEN".to_owned(), "192.0.2.1:80".to_owned());
    let doctor = run(&env, world.folder(), &["doctor"]);
    assert!(
        !doctor.status.success() && String::from_utf8_lossy(&doctor.stdout).contains(nowhere),
        "doctor, too"
    );
    refused(&world, &[], &["simulate", "--listen", &taken], 1, &[&in_use, "--listen takes another port"]);
    refused(&world, &[], &["demo", "--listen", &taken], 1, &[&in_use, "--listen takes another port"]);
    std::fs::write(world.folder().join("afile"), "").unwrap();
    refused(
        &world,
        &[],
        &["demo", "--data-dir", "afile"],
        1,
        &["--data-dir: afile is a file; name a folder"],
    );
    let running = world.folder().join("running");
    std::fs::create_dir(&running).unwrap();
    let marker = std::fs::File::create(running.join(".mediary-demo")).unwrap();
    marker.lock().unwrap();
    std::fs::write(running.join("kept"), "").unwrap();
    let another = "--data-dir: another demo runs in running; stop it, or name another folder";
    refused(&world, &[], &["demo", "--listen", "127.0.0.1:0", "--data-dir", "running"], 1, &[another]);
    assert!(running.join("kept").exists());
}
