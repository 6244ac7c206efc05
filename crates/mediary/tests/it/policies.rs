//! A company changes its media policy while people and WhatsApp work: what waits follows, what is kept stays until it
//! is asked for, and then goes to the last byte.

use mediary_simulator::{MediaSpec, MessageSpec};
use mediary_testing::eventually;
use mediary_testing::installation::PHONE_NUMBER_ID;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Database, World};

async fn set_policy(world: &World, policy: &str) {
    let change = world.api().request(Method::PATCH, "/api/settings/media").json(&json!({"policy": policy}));
    assert_eq!(change.send().await.unwrap().status(), 200);
}

/// Sends a file of its own bytes; its message's id at WhatsApp.
async fn send(world: &World, seed: u64) -> String {
    let spec = MediaSpec::generated(50_000, seed, "image/jpeg");
    let media = world.simulator.add_media(&spec).await.unwrap();
    world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap().id
}

async fn back_and_forth(database: Database) {
    let world = World::new(database, &[]).await;
    let api = world.api();
    let kept = send(&world, 1).await;
    api.completed(&kept).await;
    set_policy(&world, "stream").await;
    let streamed = send(&world, 2).await;
    api.media_of(&streamed, "arrival", |media| media["policy"] == "stream").await;
    let preview = api.json("/api/settings/media/preview?policy=stream").await;
    assert_eq!((&preview["stored"]["files"], &preview["notHere"]["files"]), (&json!(1), &json!(1)));
    assert_eq!(world.stored_files().len(), 1, "nothing goes by a change alone");

    assert_eq!(api.post("/api/media/erase", &json!({})).await.status(), 202);
    eventually("the kept file to go", async || match world.stored_files().len() {
        0 => Ok(()),
        left => Err(left),
    })
    .await;
    let message = api.media_of(&kept, "erased", |media| media["downloadStatus"] == "pending").await;
    assert_eq!((&message["media"]["storedAt"], &message["media"]["isActive"]), (&Value::Null, &json!(true)));
    assert_eq!(api.bytes(&message).await.len(), 50_000, "WhatsApp still has it");
    assert_eq!(world.stored_files().len(), 0, "and it stays there");

    set_policy(&world, "store").await;
    for wamid in [&kept, &streamed] {
        api.completed(wamid).await;
    }
    assert_eq!(world.stored_files().len(), 2, "what waited is saved");
    assert_eq!(api.post("/api/media/erase", &json!({})).await.status(), 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn policy_can_be_changed_at_any_time_on_sqlite() {
    back_and_forth(Database::embedded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn policy_can_be_changed_at_any_time_on_postgres() {
    back_and_forth(Database::postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn erase_command_needs_a_yes_and_says_what_is_lost() {
    let world = World::new(Database::embedded(), &[]).await;
    world.api().completed(&send(&world, 1).await).await;
    let erase = |more: &[&str]| {
        let args = [&["storage", "erase", "--company", "acme"], more].concat();
        let output = world.cli_output(&args);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    let (code, _, said) = erase(&["--yes"]);
    assert!(code == 1 && said.contains("change it to `stream` first"), "{code} {said}");
    let (code, _, said) = erase(&["--phone-number-id", "1", "--yes"]);
    assert!(code == 2 && said.contains("no account"), "{code} {said}");
    world.cli(&[
        "account",
        "update",
        "--company",
        "acme",
        "--phone-number-id",
        PHONE_NUMBER_ID,
        "--media-policy",
        "stream",
        "--json",
    ]);
    let (code, _, said) = erase(&[]);
    assert!(
        code == 2 && said.contains("1 file of 50000 bytes would be erased") && said.contains("--yes"),
        "{said}"
    );
    let (code, printed, _) = erase(&["--dry-run", "--json"]);
    let printed: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(
        (code, printed),
        (0, json!({"files": 1, "bytes": 50_000, "onlyHere": {"files": 0, "bytes": 0}}))
    );
    assert_eq!(world.stored_files().len(), 1);
    let (code, printed, _) = erase(&["--phone-number-id", PHONE_NUMBER_ID, "--yes"]);
    assert!(code == 0 && printed.contains("1 file of 50000 bytes was erased"), "{printed}");
    assert_eq!(world.stored_files().len(), 0);
}
