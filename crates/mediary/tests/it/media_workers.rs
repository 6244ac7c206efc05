//! The program as the worker that reads media files: what it makes of them, that nothing leaves its sandbox, and what is said where the
//! kernel has none.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;

use mediary_core::{CompanyId, VariantKind};
use mediary_derive::pool::{Input, Job, Pool, Settings};
use mediary_derive::{Derived, ErrorKind, Recipe, Result};
use mediary_simulator::{MediaSpec, MessageSpec};
use mediary_testing::eventually;
use mediary_testing::files::{VIDEO, VOICE_NOTE};
use reqwest::Method;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use serde_json::Value;

use crate::harness::{Database, Env, World, run};

const NO_LANDLOCK: &str = "this kernel has no Landlock";

fn pool() -> Pool {
    let settings = Settings::new(env!("CARGO_BIN_EXE_mediary").into(), vec!["media-worker".into()]);
    let environment = vec![("MIMALLOC_ARENA_RESERVE".into(), "0".into())];
    Pool::new(Settings { environment, ..settings }).unwrap()
}

async fn made(pool: &Pool, recipe: Recipe, bytes: &[u8]) -> Result<Derived> {
    let input = Input::from_stream(bytes, bytes.len() as u64).await.unwrap();
    pool.run(Job::new(CompanyId(1), recipe, input)).await
}

/// A second of an old telephone's silence: 50 frames of 4.75 kbit/s.
fn amr() -> Vec<u8> {
    let frame = [&[4][..], &[0; 12]].concat();
    [b"#!AMR\n".as_slice(), &frame.repeat(50)].concat()
}

#[tokio::test]
async fn recordings_and_videos_are_read_by_the_program_itself() {
    let pool = pool();
    let note = made(&pool, Recipe::Audio, VOICE_NOTE).await.unwrap();
    let duration = note.facts.duration_ms.unwrap();
    assert!((1_000..60_000).contains(&duration), "{duration}");
    let kinds = |derived: &Derived| derived.products.iter().map(|product| product.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&note), [VariantKind::Peaks], "its packets are served in another container");
    let peaks: Value = serde_json::from_slice(&note.products[0].bytes).unwrap();
    assert_eq!((&peaks["durationMs"], peaks["peaks"].as_array().unwrap().len()), (&duration.into(), 200));

    let old = made(&pool, Recipe::Audio, &amr()).await.unwrap();
    assert_eq!((old.facts.duration_ms, old.facts.unplayable.as_deref()), (Some(1_000), Some("AMR")));
    assert_eq!(kinds(&old), [VariantKind::Peaks, VariantKind::Playable]);
    assert_eq!(&old.products[1].bytes[4..8], b"ftyp");

    let sent = made(&pool, Recipe::VoiceNote, &amr()).await.unwrap();
    assert_eq!(sent.products[0].mime_type, "audio/ogg; codecs=opus");
    assert!(sent.products[0].bytes.starts_with(b"OggS"));

    let video = made(&pool, Recipe::Video, VIDEO).await.unwrap();
    assert!(video.facts.width.is_some() && video.facts.height.is_some() && video.facts.duration_ms.is_some());
    assert_eq!(
        pool.counters().workers_started,
        2,
        "one for sound, whose jobs may take the same, one for video"
    );

    let broken = made(&pool, Recipe::Video, &VIDEO[..200]).await.unwrap_err();
    assert_eq!(broken.kind(), ErrorKind::Broken, "{broken}");
}

#[test]
fn worker_that_no_server_started_says_what_it_is() {
    for args in [&["media-worker"][..], &["media-worker", "--escape", "list the root folder"]] {
        let output = run(&Env::new(), Path::new("/"), args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("is a part of the server"), "{said}");
    }
}

/// Of `mediary doctor --sandbox`.
fn attempts(sandbox: &str, json: bool) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let env = Env::from([("MEDIARY_MEDIA_SANDBOX".to_owned(), sandbox.to_owned())]);
    let args = ["doctor", "--sandbox", "--json"];
    let output = run(&env, folder.path(), &args[..if json { 3 } else { 2 }]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
    output
}

#[test]
fn sandbox_is_left_by_no_way() {
    let output = attempts("required", false);
    let (text, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let open: Vec<&str> = text.lines().filter(|line| !line.ends_with(": refused")).collect();
    assert!(open.is_empty() && output.status.success(), "{open:#?} {said}");
    for sandbox in ["decoder: ", "ffmpeg: "] {
        assert!(text.lines().filter(|line| line.starts_with(sandbox)).count() >= 40, "{text}");
    }
}

#[test]
fn open_ways_out_are_named_and_fail_the_command() {
    let output = attempts("off", true);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("ways out of the sandbox are open, with MEDIARY_MEDIA_SANDBOX=off"), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["ok"], false);
    let attempts = report["attempts"].as_array().unwrap();
    let passwords = attempts.iter().find(|attempt| attempt["name"] == "read /etc/passwd").unwrap();
    assert_eq!(passwords["refused"], false, "{passwords}");
    assert!(passwords["detail"].is_string());
}

/// Runs something as on a kernel without Landlock: what the thread starts inherits that.
fn without_landlock<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    let missing = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
    let rules = BTreeMap::from([(libc::SYS_landlock_create_ruleset, Vec::new())]);
    let here = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, missing, here).unwrap();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            seccompiler::apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
            run()
        });
        thread.join().unwrap()
    })
}

/// What `mediary doctor` finds about the sandbox.
fn finding(sandbox: &str) -> Value {
    let env = Env::from([("MEDIARY_MEDIA_SANDBOX".to_owned(), sandbox.to_owned())]);
    found(&env, "media sandbox")
}

fn found(env: &Env, check: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let output = run(env, folder.path(), &["doctor", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|found| found["check"] == check).unwrap().clone()
}

/// The environment in which ffmpeg is found.
fn with_ffmpeg() -> (String, String) {
    let path = std::env::var_os("PATH").unwrap();
    let is_there = std::env::split_paths(&path).any(|folder| folder.join("ffmpeg").exists());
    assert!(is_there, "ffmpeg is not there: xtask/install.sh test installs the package ffmpeg");
    ("PATH".to_owned(), path.into_string().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_video_has_a_poster_with_a_tag_and_ranges() {
    let (name, path) = with_ffmpeg();
    let world = World::new(Database::embedded(), &[(&name, &path)]).await;
    logged(&world, "INFO", "videos get posters").await;
    let media = world.simulator.add_media(&MediaSpec::bytes(VIDEO.to_vec(), "video/mp4")).await.unwrap();
    let sent = world.simulator.send(&MessageSpec::media("video", &media.id)).await.unwrap();
    let poster = |media: &Value| {
        let variants = media["variants"].as_array().unwrap().clone();
        variants.into_iter().find(|variant| variant["kind"] == "poster")
    };
    let message = world.api().media_of(&sent.id, "poster", |media| poster(media).is_some()).await;
    let variant = poster(&message["media"]).unwrap();
    assert_eq!((&variant["mimeType"], &variant["width"]), (&"image/webp".into(), &message["media"]["width"]));
    assert!(message["media"]["thumbhash"].is_string(), "{message}");

    let url = variant["url"].as_str().unwrap();
    let whole = world.api().get(url).await;
    let tag = whole.headers()["etag"].clone();
    assert_eq!(
        (whole.status().as_u16(), &whole.headers()["content-type"]),
        (200, &"image/webp".parse().unwrap())
    );
    let bytes = whole.bytes().await.unwrap();
    assert_eq!(variant["fileSize"], bytes.len());
    let part = world.api().request(Method::GET, url).header("range", "bytes=5-99").send().await.unwrap();
    assert_eq!((part.status().as_u16(), &part.headers()["etag"]), (206, &tag));
    assert_eq!(part.bytes().await.unwrap(), bytes[5..100]);
    let same = world.api().request(Method::GET, url).header("if-none-match", tag).send().await.unwrap();
    assert_eq!(same.status().as_u16(), 304);
}

#[test]
fn doctor_says_which_ffmpeg_makes_posters() {
    let none = found(&Env::new(), "ffmpeg");
    assert!(none["ok"] == true && none["detail"].as_str().unwrap().contains("not installed"), "{none}");
    let there = found(&Env::from([with_ffmpeg()]), "ffmpeg");
    let detail = there["detail"].as_str().unwrap();
    assert!(there["ok"] == true && detail.ends_with("runs in its sandbox; videos get posters"), "{there}");
    let off = ("MEDIARY_MEDIA_SANDBOX".to_owned(), "off".to_owned());
    let unlocked = found(&Env::from([with_ffmpeg(), off]), "ffmpeg");
    assert!(unlocked["detail"].as_str().unwrap().contains("runs without a sandbox"), "{unlocked}");
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/usr/bin/env", folder.path().join("ffmpeg")).unwrap();
    let other = found(&Env::from([("PATH".to_owned(), folder.path().display().to_string())]), "ffmpeg");
    assert!(other["ok"] == false && other["detail"].as_str().unwrap().contains("/usr/bin/env"), "{other}");
}

#[test]
fn doctor_says_how_far_files_are_locked_up() {
    let holds = |found: &Value, ok: bool, words: &[&str]| {
        let detail = found["detail"].as_str().unwrap();
        assert!(found["ok"] == ok && words.iter().all(|word| detail.contains(word)), "{found}");
    };
    holds(&finding("required"), true, &["Landlock", "(files", ", seccomp"]);
    holds(&finding("off"), true, &["warning", "MEDIARY_MEDIA_SANDBOX is off"]);
    without_landlock(|| {
        holds(&finding("required"), false, &[NO_LANDLOCK, "MEDIARY_MEDIA_SANDBOX=preferred"]);
        holds(&finding("preferred"), true, &["warning", "there is no Landlock, seccomp"]);
    });
}

#[test]
fn escapes_are_not_tried_where_nothing_is_read() {
    let output = without_landlock(|| attempts("required", false));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{said}");
    assert!(said.contains(NO_LANDLOCK), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn start_reports_the_sandbox_and_is_refused_for_none() {
    let mut world = World::sqlite().await;
    logged(&world, "INFO", "media files are read in a sandbox").await;
    assert!(world.stop());
    without_landlock(|| world.start().pid());
    logged(&world, "WARN", NO_LANDLOCK).await;
    assert!(world.stop());
    world.env.insert("MEDIARY_MEDIA_SANDBOX".to_owned(), "preferred".to_owned());
    without_landlock(|| world.start().pid());
    logged(&world, "WARN", "cannot give media files a whole sandbox").await;
}

async fn logged(world: &World, level: &str, words: &str) {
    eventually("a line about the sandbox", async || {
        let log = world.log();
        if log.lines().any(|line| line.contains(level) && line.contains(words)) { Ok(()) } else { Err(log) }
    })
    .await;
}
