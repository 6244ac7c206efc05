//! Variants of stored files: made once, stored beside the file, gone with it, and never in its way.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mediary_blob::{Storage, Storages};
use mediary_core::{ErrorCode, MediaPolicy, Result, Scope, VariantKind};
use mediary_engine::{
    DeriveReport, DeriveWhich, InspectOptions, Inspection, OpenRequest, OpenedMedia, Relocation,
    RequestedContent, Shutdown, Source, Target,
};
use mediary_store::{Actor, DerivationResult, FailedDerivation, MediaFile};
use mediary_testing::eventually;
use mediary_testing::files::{VIDEO, VOICE_NOTE, files_below};

use super::harness::{WorkersInProcess, World, read_all};

async fn open(world: &World, target: Target, kind: &str) -> Result<OpenedMedia> {
    let wanted = RequestedContent::Bytes { range: None };
    let request = OpenRequest { target, variant: Some(kind.to_owned()), wanted };
    world.engine.open(&world.may(), request).await
}

async fn result(world: &World, file: &MediaFile) -> Option<DerivationResult> {
    let scope = Scope::system(world.company);
    world.store.derivation_results(&scope, &[file.id]).await.unwrap().remove(&file.id)
}

async fn derive(world: &World, which: DeriveWhich) -> DeriveReport {
    world.engine.derive(&[world.company], which, |_| {}).await.unwrap()
}

#[tokio::test]
async fn voice_note_gets_a_duration_and_peaks_that_lie_beside_it() {
    let workers = Arc::new(WorkersInProcess::default());
    let world = World::deriving(&workers).await;
    let note = world.upload(VOICE_NOTE, "audio/ogg").await;
    let record = world.arrive("wamid.1", "audio", &note).await;
    assert!(record.duration_ms.is_some_and(|duration| duration > 1000), "{:?}", record.duration_ms);
    let derived = result(&world, &record).await.unwrap();
    assert_eq!(derived.variants.iter().map(|variant| variant.kind).collect::<Vec<_>>(), [VariantKind::Peaks]);
    assert_eq!(world.stored_files(), 2);
    let opened = open(&world, Target::Message(record.message_id.unwrap()), "peaks").await.unwrap();
    assert_eq!(opened.info.mime_type, "application/json");
    assert_eq!(opened.info.sha256, Some(derived.variants[0].sha256));
    let peaks: serde_json::Value = serde_json::from_slice(&read_all(opened).await).unwrap();
    assert_eq!(peaks["peaks"].as_array().unwrap().len(), 200);
    assert_eq!(peaks["durationMs"].as_i64(), record.duration_ms);
    assert_eq!(workers.jobs.load(Ordering::SeqCst), 1, "opened, and not made again");
}

#[tokio::test]
async fn video_gets_its_size_and_duration() {
    let world = World::deriving(&Arc::default()).await;
    let video = world.upload(VIDEO, "video/mp4").await;
    let record = world.arrive("wamid.1", "video", &video).await;
    assert!(record.width.is_some() && record.height.is_some() && record.duration_ms.is_some(), "{record:?}");
}

#[tokio::test]
async fn video_gets_its_poster_once_ffmpeg_is_installed() {
    let workers = Arc::new(WorkersInProcess::default());
    let world = World::deriving(&workers).await;
    let video = world.upload(VIDEO, "video/mp4").await;
    let record = world.arrive("wamid.1", "video", &video).await;
    let refused = open(&world, Target::Media(record.id), "poster").await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotFound);
    assert!(refused.detail().unwrap().contains("ffmpeg, which is not installed"), "{refused:?}");
    assert_eq!(derive(&world, DeriveWhich::Missing).await, DeriveReport::default(), "nothing is missing");

    workers.ffmpeg.store(true, Ordering::SeqCst);
    assert_eq!(derive(&world, DeriveWhich::Missing).await.made, 1);
    assert_eq!(derive(&world, DeriveWhich::Missing).await, DeriveReport::default());
    let derived = result(&world, &record).await.unwrap();
    let kinds: Vec<_> = derived.variants.iter().map(|variant| variant.kind).collect();
    assert_eq!(kinds, [VariantKind::Poster, VariantKind::Thumb]);
    let opened = open(&world, Target::Media(record.id), "poster").await.unwrap();
    assert_eq!((opened.info.mime_type.as_str(), opened.info.inline_safe), ("image/webp", true));
    assert_eq!(opened.info.sha256, Some(derived.variants[0].sha256));
    assert_eq!(read_all(opened).await.len() as u64, derived.variants[0].file_size);
}

/// Two nodes: one with ffmpeg, and one without it that makes all again.
#[tokio::test]
async fn poster_outlives_a_node_without_ffmpeg_and_is_made_by_one_with_it_on_demand() {
    let workers = Arc::new(WorkersInProcess::default());
    let world = World::deriving(&workers).await;
    let video = world.upload(VIDEO, "video/mp4").await;
    let record = world.arrive("wamid.1", "video", &video).await;
    workers.ffmpeg.store(true, Ordering::SeqCst);
    let opened = open(&world, Target::Media(record.id), "poster").await.unwrap();
    assert!(matches!(opened.source, Source::Stored(_)), "{:?}", opened.source);
    workers.ffmpeg.store(false, Ordering::SeqCst);
    for _ in 0..2 {
        assert_eq!(derive(&world, DeriveWhich::All).await.made, 1);
        assert!(open(&world, Target::Media(record.id), "poster").await.is_ok());
    }
    workers.ffmpeg.store(true, Ordering::SeqCst);
    assert_eq!(derive(&world, DeriveWhich::Missing).await.queued, 1);
}

/// Of the video, one that says that it is HEVC.
fn hevc() -> Vec<u8> {
    let mut hevc = VIDEO.to_vec();
    // Behind the brands of the file, which name it, too.
    let brands = 64;
    let entry = brands + hevc[brands..].windows(4).position(|word| word == b"avc1").unwrap();
    hevc[entry..entry + 4].copy_from_slice(b"hvc1");
    hevc
}

#[tokio::test]
async fn video_that_is_not_converted_keeps_its_poster_and_says_why() {
    let workers = Arc::new(WorkersInProcess::default());
    workers.ffmpeg.store(true, Ordering::SeqCst);
    let reason = "the video lasts 605 seconds; at most 600 are converted";
    *workers.not_converted.lock().unwrap() = Some(reason.to_owned());
    let world = World::deriving(&workers).await;
    let video = world.upload(hevc(), "video/mp4").await;
    let record = world.arrive("wamid.1", "video", &video).await;
    assert_eq!(result(&world, &record).await.unwrap().error.as_deref(), Some(reason));
    assert!(open(&world, Target::Media(record.id), "poster").await.is_ok());
    let refused = open(&world, Target::Media(record.id), "playable").await.unwrap_err();
    assert_eq!((refused.code(), refused.detail()), (ErrorCode::NotFound, Some(reason)));
    let report = derive(&world, DeriveWhich::Failed).await;
    assert_eq!(report, DeriveReport::default(), "it did not fail");
    derive(&world, DeriveWhich::All).await;
    assert_eq!(result(&world, &record).await.unwrap().error, None);
    assert!(open(&world, Target::Media(record.id), "playable").await.is_ok());
}

#[tokio::test]
async fn video_that_browsers_cannot_play_is_played_as_it_was_converted() {
    let workers = Arc::new(WorkersInProcess::default());
    let world = World::deriving(&workers).await;
    let video = world.upload(hevc(), "video/mp4").await;
    let record = world.arrive("wamid.1", "video", &video).await;
    let refused = open(&world, Target::Media(record.id), "playable").await.unwrap_err();
    assert_eq!(refused.detail(), Some("it cannot be played here: HEVC"));
    workers.ffmpeg.store(true, Ordering::SeqCst);
    derive(&world, DeriveWhich::Missing).await;
    let opened = open(&world, Target::Media(record.id), "playable").await.unwrap();
    assert_eq!(opened.info.mime_type, "video/mp4");
    assert_eq!(read_all(opened).await, b"playable");
}

/// While a video is converted, and when its server is told to stop in the middle of that.
#[tokio::test]
async fn nobody_waits_for_a_conversion() {
    let workers = Arc::new(WorkersInProcess::default());
    workers.ffmpeg.store(true, Ordering::SeqCst);
    let (_never, converted) = tokio::sync::oneshot::channel();
    *workers.converted_after.lock().unwrap() = Some(converted);
    let world = World::deriving(&workers).await;
    let (engine, shutdown) = (world.engine.clone(), Shutdown::default());
    let stop = shutdown.clone();
    let running = tokio::spawn(async move { engine.run(stop).await.unwrap() });
    let video = world.upload(hevc(), "video/mp4").await;
    world.announce("wamid.1", "video", &video).await;
    eventually("the conversion", async || match workers.converted_after.lock().unwrap().is_none() {
        true => Ok(()),
        false => Err("not begun"),
    })
    .await;
    let record = world.media_of(&video.id).await;
    let (scope, video_id) = (Scope::system(world.company), record.id);
    let known = result(&world, &record).await.unwrap();
    assert_eq!((known.is_long, known.variants.len()), (true, 2), "{known:?}");
    assert!(record.width.is_some() && record.duration_ms.is_some());
    assert!(open(&world, Target::Media(record.id), "poster").await.is_ok());
    let refused = open(&world, Target::Media(record.id), "playable").await.unwrap();
    assert!(matches!(refused.source, Source::BeingMade { .. }), "{:?}", refused.source);

    let note = world.upload(VOICE_NOTE, "audio/ogg").await;
    world.announce("wamid.2", "audio", &note).await;
    eventually("the peaks of a voice note", async || {
        let record =
            world.all_media().await.into_iter().find(|record| record.id != video_id).ok_or("no file")?;
        let peaks = world.store.variant(&scope, record.id, VariantKind::Peaks).await.unwrap();
        peaks.map(|_| ()).ok_or("not made")
    })
    .await;
    shutdown.soft.cancel();
    running.await.unwrap();
    // It was put back, so it needs nobody to find that a lease ran out.
    world.engine.run_due().await.unwrap();
    assert!(result(&world, &record).await.unwrap().is_finished);
    assert!(open(&world, Target::Media(record.id), "playable").await.is_ok());
}

#[tokio::test]
async fn long_recording_is_left_to_the_lane_of_what_takes_minutes() {
    let workers = Arc::new(WorkersInProcess::default());
    let world = World::deriving(&workers).await;
    let mut long = b"RIFF".to_vec();
    let data: u32 = 400_000;
    long.extend((data + 36).to_le_bytes());
    long.extend(b"WAVEfmt ");
    for (number, bytes) in [(16_u32, 4), (1, 2), (1, 2), (8000, 4), (8000, 4), (1, 2), (8, 2)] {
        long.extend(&number.to_le_bytes()[..bytes]);
    }
    long.extend(b"data");
    long.extend(data.to_le_bytes());
    long.resize(44 + data as usize, 128);
    let sound = world.upload(long, "audio/wav").await;
    world.announce("wamid.1", "audio", &sound).await;
    world.another_engine().run_due().await.unwrap();
    let record = world.media_of(&sound.id).await;
    let opened = open(&world, Target::Media(record.id), "peaks").await.unwrap();
    assert!(matches!(opened.source, Source::BeingMade { .. }), "no viewer has it made at once");
    assert_eq!(workers.jobs.load(Ordering::SeqCst), 0);
    assert!(result(&world, &record).await.unwrap().is_long);
    world.engine.run_due().await.unwrap();
    assert_eq!(workers.jobs.load(Ordering::SeqCst), 1);
    assert!(open(&world, Target::Media(record.id), "peaks").await.is_ok());
}

#[tokio::test]
async fn video_that_is_still_to_be_converted_is_asked_for_again_and_the_reason_is_told_when_it_is_over() {
    let workers = Arc::new(WorkersInProcess::default());
    workers.ffmpeg.store(true, Ordering::SeqCst);
    let world = World::deriving(&workers).await;
    let video = world.upload(hevc(), "video/mp4").await;
    // Downloaded by a process that makes nothing.
    world.announce("wamid.1", "video", &video).await;
    world.another_engine().run_due().await.unwrap();
    let record = world.media_of(&video.id).await;
    let target = Target::Media(record.id);

    // Another process makes it now.
    let (store, lease) = (&world.store, Duration::from_secs(30));
    let claim = store.claim_derivation_for_viewer("other", world.company, record.id, 2, lease).await.unwrap();
    let opened = open(&world, target, "playable").await.unwrap();
    assert!(matches!(opened.source, Source::BeingMade { .. }), "{:?}", opened.source);
    let claim = claim.unwrap();
    let sentence = "it cannot be read".to_owned();
    let failed = FailedDerivation {
        company_id: world.company,
        media_id: record.id,
        lease: claim.lease,
        version: 2,
        sentence: sentence.clone(),
        retry_at: None,
    };
    assert!(store.fail_derivation(failed).await.unwrap());
    let refused = open(&world, target, "playable").await.unwrap_err();
    assert_eq!((refused.code(), refused.detail()), (ErrorCode::NotFound, Some(sentence.as_str())));

    derive(&world, DeriveWhich::Failed).await;
    let opened = open(&world, target, "playable").await.unwrap();
    assert_eq!(read_all(opened).await, b"playable");
}

#[tokio::test]
async fn converted_video_that_storage_lost_is_made_again_for_who_asks_for_it() {
    let workers = Arc::new(WorkersInProcess::default());
    workers.ffmpeg.store(true, Ordering::SeqCst);
    let world = World::deriving(&workers).await;
    let video = world.upload(hevc(), "video/mp4").await;
    let record = world.arrive("wamid.1", "video", &video).await;
    for file in variant_files(&world) {
        std::fs::remove_file(file).unwrap();
    }
    let target = Target::Media(record.id);
    let opened = open(&world, target, "playable").await.unwrap();
    assert!(matches!(opened.source, Source::BeingMade { .. }), "{:?}", opened.source);
    world.engine.run_due().await.unwrap();
    let opened = open(&world, target, "playable").await.unwrap();
    assert_eq!(read_all(opened).await, b"playable");
}

#[tokio::test]
async fn variant_that_is_asked_for_before_its_turn_is_made_at_once() {
    let workers = Arc::new(WorkersInProcess::default());
    let world = World::deriving(&workers).await;
    let note = world.upload(VOICE_NOTE, "audio/ogg").await;
    // Downloaded by a process that makes nothing.
    world.announce("wamid.1", "audio", &note).await;
    world.another_engine().run_due().await.unwrap();
    let record = world.media_of(&note.id).await;
    assert_eq!(workers.jobs.load(Ordering::SeqCst), 0);
    let opened = open(&world, Target::Media(record.id), "peaks").await.unwrap();
    assert!(matches!(opened.source, Source::Stored(_)), "{:?}", opened.source);
    assert_eq!(workers.jobs.load(Ordering::SeqCst), 1);
    world.engine.run_due().await.unwrap();
    assert_eq!(workers.jobs.load(Ordering::SeqCst), 1, "and not once more in its turn");
}

#[tokio::test]
async fn variants_go_with_their_file() {
    let world = World::deriving(&Arc::default()).await;
    let note = world.upload(VOICE_NOTE, "audio/ogg").await;
    let record = world.arrive("wamid.1", "audio", &note).await;
    assert_eq!(world.stored_files(), 2);
    world.engine.delete_media(&world.may(), record.id, &Actor::command_line()).await.unwrap();
    let refused = open(&world, Target::Media(record.id), "peaks").await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::MediaDeleted);
    world.advance(Duration::from_secs(120));
    world.engine.sweep().await.unwrap();
    assert_eq!(world.stored_files(), 0);
}

#[tokio::test]
async fn file_that_cannot_be_read_is_tried_once_and_says_why() {
    let workers = Arc::new(WorkersInProcess::default());
    workers.failures.lock().unwrap().push_back(mediary_derive::Error::broken("the recording is cut off"));
    let world = World::deriving(&workers).await;
    let note = world.upload(VOICE_NOTE, "audio/ogg").await;
    let record = world.arrive("wamid.1", "audio", &note).await;
    for _ in 0..3 {
        world.advance(Duration::from_secs(3600));
        world.engine.run_due().await.unwrap();
    }
    assert_eq!(workers.jobs.load(Ordering::SeqCst), 1);
    assert_eq!(result(&world, &record).await.unwrap().error.as_deref(), Some("the recording is cut off"));
    let refused = open(&world, Target::Media(record.id), "peaks").await.unwrap_err();
    assert_eq!((refused.code(), refused.detail()), (ErrorCode::NotFound, Some("the recording is cut off")));
    let report = derive(&world, DeriveWhich::Missing).await;
    assert_eq!(report, DeriveReport::default(), "it is not missing, it failed");
    let report = derive(&world, DeriveWhich::Failed).await;
    assert_eq!((report.queued, report.made, report.failed), (1, 1, 0));
    assert!(open(&world, Target::Media(record.id), "peaks").await.is_ok());
}

#[tokio::test]
async fn worker_that_ends_is_tried_again_and_not_for_ever() {
    let workers = Arc::new(WorkersInProcess::default());
    let ended = mediary_derive::Error::new(mediary_derive::ErrorKind::Worker, "the worker ended");
    workers.failures.lock().unwrap().extend(std::iter::repeat_n(ended, 5));
    let world = World::deriving(&workers).await;
    let note = world.upload(VOICE_NOTE, "audio/ogg").await;
    let record = world.arrive("wamid.1", "audio", &note).await;
    assert_eq!(workers.jobs.load(Ordering::SeqCst), 1, "it waits");
    for _ in 0..5 {
        world.advance(Duration::from_secs(3600));
        world.engine.run_due().await.unwrap();
    }
    assert_eq!(workers.jobs.load(Ordering::SeqCst), 3);
    assert_eq!(result(&world, &record).await.unwrap().error.as_deref(), Some("the worker ended"));
}

#[tokio::test]
async fn file_that_ends_its_server_is_given_up() {
    let workers = Arc::new(WorkersInProcess::default());
    let world = World::deriving(&workers).await;
    let note = world.upload(VOICE_NOTE, "audio/ogg").await;
    world.announce("wamid.1", "audio", &note).await;
    world.another_engine().run_due().await.unwrap();
    let (lease, step) = (Duration::from_secs(30), mediary_core::DerivationStep::Short);
    for died in ["one", "another", "a third"] {
        assert_eq!(world.store.claim_derivations(died, step, 1, lease).await.unwrap().len(), 1);
        world.advance(lease * 2);
        assert_eq!(
            world.store.release_expired_leases(mediary_core::Clock::now(&world.clock), 9).await.unwrap(),
            1
        );
    }
    world.engine.run_due().await.unwrap();
    assert_eq!(workers.jobs.load(Ordering::SeqCst), 0);
    let record = world.media_of(&note.id).await;
    let given_up = result(&world, &record).await.unwrap();
    assert!(given_up.is_finished && given_up.error.unwrap().contains("ended each time"), "it says why");
    assert_eq!(derive(&world, DeriveWhich::Missing).await.queued, 0);
    assert_eq!(derive(&world, DeriveWhich::Failed).await.made, 1, "somebody asked for it");
}

#[tokio::test]
async fn files_from_before_are_found_and_a_second_run_makes_nothing() {
    let workers = Arc::new(WorkersInProcess::default());
    let world = World::deriving(&workers).await;
    for n in 0..3 {
        let note = world.upload(VOICE_NOTE, "audio/ogg").await;
        world.announce(&format!("wamid.{n}"), "audio", &note).await;
    }
    world.another_engine().run_due().await.unwrap();
    let report = derive(&world, DeriveWhich::Missing).await;
    assert_eq!((report.made, report.failed, report.waiting), (3, 0, 0), "{report:?}");
    assert_eq!(derive(&world, DeriveWhich::Missing).await, DeriveReport::default());
    let files = world.stored_files();
    let report = derive(&world, DeriveWhich::All).await;
    assert_eq!((report.queued, report.made), (3, 3));
    world.advance(Duration::from_secs(120));
    world.engine.sweep().await.unwrap();
    assert_eq!(world.stored_files(), files, "the earlier ones are gone");
}

#[tokio::test]
async fn nothing_is_made_of_what_is_not_stored_or_without_workers() {
    let workers = Arc::new(WorkersInProcess::default());
    let world = World::deriving(&workers).await;
    world.set_policy(MediaPolicy::Stream).await;
    let note = world.upload(VOICE_NOTE, "audio/ogg").await;
    let record = world.arrive("wamid.1", "audio", &note).await;
    let refused = open(&world, Target::Media(record.id), "peaks").await.unwrap_err();
    assert_eq!(refused.detail(), Some("it is made of a stored file, and this one is not stored"));
    assert_eq!((workers.jobs.load(Ordering::SeqCst), world.stored_files()), (0, 0));

    let world = World::new().await;
    let note = world.upload(VOICE_NOTE, "audio/ogg").await;
    let record = world.arrive("wamid.1", "audio", &note).await;
    assert_eq!(
        open(&world, Target::Media(record.id), "peaks").await.unwrap_err().code(),
        ErrorCode::NotFound
    );
    let nothing = world.engine.derive(&[world.company], DeriveWhich::All, |_| {}).await.unwrap_err();
    assert_eq!(nothing.code(), ErrorCode::Conflict);
}

fn variant_files(world: &World) -> Vec<std::path::PathBuf> {
    let mut files = files_below(&world.folder.path().join("media"));
    files.retain(|path| path.parent().is_some_and(|folder| folder.ends_with("variants")));
    files
}

#[tokio::test]
async fn variant_that_storage_lost_or_cut_is_made_again_when_it_is_asked_for() {
    let workers = Arc::new(WorkersInProcess::default());
    let world = World::deriving(&workers).await;
    let note = world.upload(VOICE_NOTE, "audio/ogg").await;
    let record = world.arrive("wamid.1", "audio", &note).await;
    std::fs::remove_file(&variant_files(&world)[0]).unwrap();
    for jobs in [2, 3] {
        let opened = open(&world, Target::Media(record.id), "peaks").await.unwrap();
        assert!(matches!(opened.source, Source::Stored(_)), "{:?}", opened.source);
        assert_eq!(workers.jobs.load(Ordering::SeqCst), jobs);
        let whole = variant_files(&world).pop().unwrap();
        std::fs::File::options().write(true).open(whole).unwrap().set_len(10).unwrap();
    }
}

#[tokio::test]
async fn check_finds_a_lost_variant_and_has_it_made_again() {
    let world = World::deriving(&Arc::default()).await;
    let note = world.upload(VOICE_NOTE, "audio/ogg").await;
    let record = world.arrive("wamid.1", "audio", &note).await;
    std::fs::remove_file(&variant_files(&world)[0]).unwrap();
    let mut found = Inspection::default();
    let options = InspectOptions { repair: true, ..InspectOptions::default() };
    world.engine.inspect_records(world.company, options, &mut found).await.unwrap();
    assert_eq!((found.whole, found.lacking_variants.first.as_slice()), (1, [record.id].as_slice()));
    world.engine.run_due().await.unwrap();
    let mut found = Inspection::default();
    world.engine.inspect_records(world.company, options, &mut found).await.unwrap();
    world.engine.inspect_storage(None, options, &mut found).await.unwrap();
    assert_eq!((found.lacking_variants.count, found.untracked.count), (0, 0));
    assert_eq!(variant_files(&world).len(), 1);
}

#[tokio::test]
async fn variants_move_with_their_files() {
    let world = World::deriving(&Arc::default()).await;
    let note = world.upload(VOICE_NOTE, "audio/ogg").await;
    let record = world.arrive("wamid.1", "audio", &note).await;
    let bucket = Storage::in_memory();
    let storages = Storages::new(bucket.clone(), vec![world.storage.clone()]);
    let engine = world.engine_with(storages);
    let mut trouble = Vec::new();
    let tell = |media, went| {
        if !matches!(went, Relocation::Moved(_)) {
            trouble.push((media, went));
        }
    };
    engine.relocate_files(world.company, bucket.backend(), tell).await.unwrap();
    assert!(trouble.is_empty(), "{trouble:?}");
    let variant = result(&world, &record).await.unwrap().variants.remove(0);
    assert_eq!(variant.storage_backend, bucket.backend());
    let wanted = RequestedContent::Bytes { range: None };
    let request = OpenRequest { target: Target::Media(record.id), variant: Some("peaks".to_owned()), wanted };
    let opened = engine.open(&world.may(), request).await.unwrap();
    assert_eq!(read_all(opened).await.len() as u64, variant.file_size);
    world.advance(Duration::from_secs(120));
    engine.sweep().await.unwrap();
    assert_eq!(world.stored_files(), 0, "nothing is left at the old place");
}

#[tokio::test]
async fn file_that_storage_does_not_have_is_waited_for() {
    let workers = Arc::new(WorkersInProcess::default());
    let world = World::deriving(&workers).await;
    let note = world.upload(VOICE_NOTE, "audio/ogg").await;
    world.announce("wamid.1", "audio", &note).await;
    world.another_engine().run_due().await.unwrap();
    let stored = files_below(&world.folder.path().join("media")).remove(0);
    let aside = world.folder.path().join("aside");
    std::fs::rename(&stored, &aside).unwrap();
    world.engine.run_due().await.unwrap();
    let record = world.media_of(&note.id).await;
    let waiting = result(&world, &record).await.unwrap();
    assert_eq!(
        (waiting.error.as_deref(), waiting.is_finished),
        (Some("storage does not have the file"), false)
    );
    std::fs::rename(&aside, &stored).unwrap();
    world.advance(Duration::from_secs(60));
    world.engine.run_due().await.unwrap();
    assert_eq!(result(&world, &record).await.unwrap().variants.len(), 1);
    assert_eq!(workers.jobs.load(Ordering::SeqCst), 1);
}
