//! A server that would fail what others can do does not start.

use mediary_simulator::{MediaSpec, MessageSpec};

use crate::harness::World;

/// Why `mediary serve` ends at once.
fn refused(world: &World) -> String {
    let output = world.cli_output(&["serve"]);
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn server_without_the_key_or_the_files_of_before_does_not_start() {
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
    std::fs::remove_dir(&media).unwrap();
    std::fs::rename(&away, &media).unwrap();
    world.start();
    assert_eq!(world.api().bytes(&message).await.len(), 2000);
}
