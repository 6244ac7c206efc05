//! `mediary doctor`: all well, and each kind of finding with what to do about it.

use std::os::unix::fs::PermissionsExt as _;

use mediary_simulator::{MediaSpec, MessageSpec, TokenState};
use mediary_testing::bucket::Bucket;
use mediary_testing::installation::ACCESS_TOKEN;

use super::Outputs;
use crate::harness::{Database, World, bucket_settings};

type Settings<'a> = &'a [(&'a str, &'a str)];

const OTHER_KEY: (&str, &str) = ("MEDIARY_SECRET_KEY", "bWVkaWFyeS10ZXN0cy1rZXktb2YtMzItYnl0ZXMtISE=");

pub(super) async fn well(outputs: &mut Outputs) {
    let world = World::furnished(Database::embedded(), &[("MEDIARY_LOG", "error")]).await;
    let mut text = outputs.transcripts(&world, &["doctor", "doctor --json"]);
    text.push_str(&finding(outputs, &world, "before the first start", &[("MEDIARY_DATA_DIR", "new")]));
    outputs.hold("doctor", &text);
}

/// What the doctor finds under these settings, without what is as it should be.
fn finding(outputs: &mut Outputs, world: &World, about: &str, settings: Settings<'_>) -> String {
    let found = outputs.transcript(world, settings, "doctor");
    let is_setting = |line: &str| line.split_once(" = ").is_some_and(|(name, _)| !name.contains(' '));
    let lines = found.lines().filter(|line| !line.is_empty() && !is_setting(line));
    let lines = lines.filter(|line| {
        about == "before the first start" || !line.starts_with("ok ") || line.contains("warning")
    });
    format!("# {about}\n{}\n\n", lines.collect::<Vec<_>>().join("\n"))
}

pub(super) async fn findings(outputs: &mut Outputs) {
    let world = World::furnished(Database::embedded(), &[("MEDIARY_LOG", "error")]).await;
    std::fs::write(world.folder().join("file"), "").unwrap();
    std::fs::create_dir(world.folder().join("open")).unwrap();
    let mut text = String::new();
    let cases: [(&str, Settings<'_>); 9] = [
        ("another key", &[OTHER_KEY]),
        ("a file instead of a folder", &[("MEDIARY_DATA_DIR", "file")]),
        ("a folder below a file", &[("MEDIARY_DATA_DIR", "file/data")]),
        ("a folder that everybody may open", &[("MEDIARY_DATA_DIR", "open")]),
        ("WhatsApp is away", &[("MEDIARY_GRAPH_URL", "http://127.0.0.1:9")]),
        (
            "addresses of another machine",
            &[("MEDIARY_LISTEN", "192.0.2.1:80"), ("MEDIARY_METRICS_LISTEN", "192.0.2.1:90")],
        ),
        ("a misspelt variable", &[("MEDIARY_WORKER", "3")]),
        (
            "wrong settings",
            &[("MEDIARY_WORKERS", "many"), ("MEDIARY_LISTEN", "8080"), ("MEDIA_STORAGE_BACKEND", "s3")],
        ),
        ("Postgres without a key", &[("MEDIARY_DATABASE_URL", "postgres://me:hunter2@127.0.0.1:9/mediary")]),
    ];
    let everybody = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(world.folder().join("open"), everybody).unwrap();
    for (about, settings) in cases {
        text.push_str(&finding(outputs, &world, about, settings));
    }
    for (about, state) in
        [("an expired token", TokenState::Expired), ("a revoked token", TokenState::Revoked)]
    {
        world.simulator.set_token(ACCESS_TOKEN, state).unwrap();
        text.push_str(&finding(outputs, &world, about, &[]));
    }
    std::fs::write(world.data().join("secret.key"), "no key").unwrap();
    text.push_str(&finding(outputs, &world, "a damaged key", &[]));
    std::fs::remove_file(world.data().join("secret.key")).unwrap();
    text.push_str(&finding(outputs, &world, "a key that is gone", &[]));
    outputs.hold("doctor_findings", &text);
}

pub(super) async fn findings_about_a_bucket(outputs: &mut Outputs) {
    let mut bucket = Bucket::start().await;
    let world = World::furnished(Database::embedded(), &[("MEDIARY_LOG", "error")]).await;
    let settings = bucket_settings(&bucket);
    let with = |name: &str, value: &str| {
        let of_bucket = settings.iter().map(|(known, own)| (*known, own.clone()));
        of_bucket.map(|(known, own)| (known, if known == name { value.to_owned() } else { own })).collect()
    };
    let mut text = String::new();
    let cases: [(&str, Vec<(&str, String)>); 5] = [
        ("a bucket that works", with("", "")),
        ("no such bucket", with("AWS_S3_BUCKET", "nowhere")),
        ("another key", with("AWS_ACCESS_KEY_ID", "AKIAOTHER")),
        ("another secret", with("AWS_SECRET_ACCESS_KEY", "other")),
        ("a host without a name", with("AWS_ENDPOINT_URL", "http://bucket.invalid:9000")),
    ];
    for (about, settings) in &cases {
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        text.push_str(&finding(outputs, &world, about, &settings));
    }
    bucket.go_away();
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    text.push_str(&finding(outputs, &world, "a bucket that is away", &settings));
    outputs.hold("doctor_findings_about_a_bucket", &text.replace(&bucket.url(), "[bucket]"));
}

pub(super) async fn findings_about_a_database(outputs: &mut Outputs) {
    let mut world = World::new(Database::embedded(), &[("MEDIARY_LOG", "error")]).await;
    let media = world.simulator.add_media(&MediaSpec::generated(50_000, 1, "image/jpeg")).await.unwrap();
    let sent = world.simulator.send(&MessageSpec::media("image", &media.id)).await.unwrap();
    world.api().completed(&sent.id).await;
    let mut text = finding(outputs, &world, "a server that runs", &[]);
    assert!(world.stop());
    std::fs::write(world.folder().join("letter"), "This is a letter.".repeat(1000)).unwrap();
    let empty = format!("sqlite://{}", world.folder().join("empty.db").display());
    std::fs::write(world.folder().join("empty.db"), "").unwrap();
    let letter = format!("sqlite://{}", world.folder().join("letter").display());
    let away = ("MEDIARY_DATABASE_URL", "postgres://me:hunter2@127.0.0.1:9/mediary");
    let cases: [(&str, Settings<'_>); 4] = [
        ("an empty database", &[("MEDIARY_DATABASE_URL", &empty)]),
        ("a letter instead of a database", &[("MEDIARY_DATABASE_URL", &letter)]),
        ("no Postgres", &[away, OTHER_KEY]),
        ("a folder that does not exist", &[("MEDIARY_DATABASE_URL", "sqlite:///no/such/folder/m.db")]),
    ];
    for (about, settings) in cases {
        text.push_str(&finding(outputs, &world, about, settings));
    }
    std::fs::rename(world.data().join("media"), world.folder().join("elsewhere")).unwrap();
    let postgres = World::furnished(Database::postgres(), &[("MEDIARY_LOG", "error")]).await;
    postgres.sql("DELETE FROM _sqlx_migrations WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)");
    text.push_str(&finding(outputs, &postgres, "a schema of the release before", &[]));
    text.push_str(&finding(outputs, &world, "a volume that is not mounted", &[]));
    outputs.hold("doctor_findings_about_a_database", &text);
}
