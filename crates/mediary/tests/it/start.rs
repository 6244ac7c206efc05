//! A server that would fail what others can do does not start.

use mediary_simulator::{MediaSpec, MessageSpec};
use mediary_testing::installation::PHONE_NUMBER_ID;

use crate::harness::{Database, World, run};

/// Why `mediary serve` ends at once.
fn refused(world: &World) -> String {
    let output = world.cli_output(&["serve"]);
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn server_without_its_previous_key_or_files_does_not_start() {
    let mut world = World::sqlite().await;
    let media = world.simulator.add_media(&MediaSpec::generated(2000, 1, "image/jpeg")).await.unwrap();
    let sent = world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
    let message = world.api().completed(&sent.id).await;
    assert!(world.stop());

    let data = std::path::PathBuf::from(&world.env["MEDIARY_DATA_DIR"]);
    let (key, kept) = (data.join("secret.key"), data.join("kept.key"));
    std::fs::rename(&key, &kept).unwrap();
    let said = refused(&world);
    assert!(said.contains("secret.key is missing") && !key.exists(), "{said}");
    let doctor = world.cli_output(&["doctor"]);
    assert!(!doctor.status.success() && !key.exists(), "a look makes no key");
    world.env.insert("MEDIARY_SECRET_KEY".into(), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into());
    let said = refused(&world);
    assert!(said.contains("is not the key"), "{said}");
    world.env.remove("MEDIARY_SECRET_KEY");
    std::fs::rename(&kept, &key).unwrap();

    let (media, away) = (data.join("media"), data.join("away"));
    std::fs::rename(&media, &away).unwrap();
    std::fs::create_dir(&media).unwrap();
    let said = refused(&world);
    assert!(said.contains("is its volume mounted?"), "{said}");
    let doctor = world.cli_output(&["doctor"]);
    let found = String::from_utf8(doctor.stdout).unwrap();
    assert!(!doctor.status.success() && found.contains("is its volume mounted?"), "{found}");
    assert_eq!(std::fs::read_dir(&media).unwrap().count(), 0, "a look writes nothing there");
    std::fs::remove_dir(&media).unwrap();
    std::fs::rename(&away, &media).unwrap();
    world.start();
    assert_eq!(world.api().bytes(&message).await.len(), 2000);
}

const ANOTHER_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

#[tokio::test(flavor = "multi_thread")]
async fn command_with_another_key_seals_nothing_unless_the_previous_key_is_lost() {
    let mut world = World::furnished(Database::embedded(), &[]).await;
    world.env.insert("MEDIARY_SECRET_KEY".into(), ANOTHER_KEY.into());
    let update = ["account", "update", "--company", "acme", "--phone-number-id", PHONE_NUMBER_ID];
    let token = [&update[..], &["--access-token-env", "TOKEN"]].concat();
    let add = ["account", "add", "--company", "acme", "--phone-number-id", "77", "--name", "B"];
    let add = [&add[..], &["--display-phone-number", "+1555", "--verify-token-env", "VERIFY"]].concat();
    for sealing in [&token, &add] {
        let output = world.cli_output(sealing);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("MEDIARY_SECRET_KEY is not the key") && said.contains("--key-lost"), "{said}");
    }
    let listed = |world: &World| world.cli(&["account", "list", "--company", "acme", "--json"]);
    let unreadable = listed(&world)["items"][0]["unreadableSecrets"].clone();
    assert_eq!(unreadable, serde_json::json!(["access_token", "app_secret", "verify_token"]));
    let table = world.cli_output(&["account", "list", "--company", "acme"]);
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.contains("cannot read access_token, app_secret, verify_token"), "{table}");
    // What seals nothing needs no key.
    assert!(world.cli_output(&[&update[..], &["--name", "Sales"]].concat()).status.success());

    world.env.remove("MEDIARY_SECRET_KEY");
    assert_eq!(listed(&world)["items"][0]["unreadableSecrets"], serde_json::json!([]), "nothing was changed");
    assert_eq!(listed(&world)["items"].as_array().unwrap().len(), 1);
    world.env.insert("MEDIARY_SECRET_KEY".into(), ANOTHER_KEY.into());
    let all = ["--key-lost", "--access-token-env", "TOKEN", "--app-secret-env", "SECRET"];
    let output = world.cli_output(&[&update[..], &all, &["--verify-token-env", "VERIFY"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    world.start();
}

#[tokio::test(flavor = "multi_thread")]
async fn key_file_that_holds_no_key_says_what_to_put_there() {
    let world = World::furnished(Database::embedded(), &[]).await;
    let key = world.data().join("secret.key");
    for junk in [&b"not a key"[..], b"\xff\xfe\0", b"", b"c2hvcnQ="] {
        std::fs::write(&key, junk).unwrap();
        let said = refused(&world);
        assert!(
            said.contains("secret.key must be 32 bytes in base64, as `openssl rand -base64 32`"),
            "{said}"
        );
        assert!(said.contains("Put the file back from a backup"), "{said}");
        // The key of an installation without accounts can be made again.
        let data = world.folder().join("empty");
        std::fs::create_dir_all(&data).unwrap();
        std::fs::copy(&key, data.join("secret.key")).unwrap();
        let mut env = world.env.clone();
        env.insert("MEDIARY_DATA_DIR".into(), data.display().to_string());
        env.remove("MEDIARY_DATABASE_URL");
        let output = run(&env, world.folder(), &["company", "list"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && said.contains("remove the file, and a new key is made"),
            "{said}"
        );
    }
    std::fs::remove_file(&key).unwrap();
    std::os::unix::fs::symlink("nowhere", world.folder().join("mediary.toml")).unwrap();
    let said = refused(&world);
    assert!(said.contains("mediary.toml is a link to a file that is not there"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn embedded_database_has_one_server_and_the_second_one_says_so() {
    let mut world = World::sqlite().await;
    let listen = world.env.insert("MEDIARY_LISTEN".into(), "127.0.0.1:0".into());
    let link = world.folder().join("another-way");
    std::os::unix::fs::symlink(world.data(), &link).unwrap();
    let data = world.env.insert("MEDIARY_DATA_DIR".into(), link.display().to_string());
    let said = refused(&world);
    assert!(said.contains("another server runs on the database") && said.contains("Postgres"), "{said}");
    // Commands work beside it, and the lock ends with a server that is killed.
    world.cli(&["company", "list", "--json"]);
    world
        .env
        .extend([("MEDIARY_LISTEN".into(), listen.unwrap()), ("MEDIARY_DATA_DIR".into(), data.unwrap())]);
    world.kill();
    world.start();
}
