//! Files that WhatsApp would refuse, converted on their way into a message, and nothing left of what they were.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use mediary_core::{ConversationId, Error, ErrorCode, FileType, Result, Scope};
use mediary_engine::{DraftContent, DraftDestination, FileDraft, FileSource, MessageDraft};
use mediary_store::{ConversationQuery, MediaFile};
use mediary_testing::eventually;
use mediary_testing::files::{VIDEO, VOICE_NOTE, files_below, sha256, video_with_index_at_the_end};
use mediary_testing::whatsapp::{text, webhook};

use super::harness::{WorkersInProcess, World};

const WEBM: &[u8] = include_bytes!("../../../mediary-derive/tests/it/audio_video/samples/tone.webm");
const CAF: &[u8] = include_bytes!("../../../mediary-derive/tests/it/audio_video/samples/tone-opus.caf");
const STEREO: &[u8] = include_bytes!("../../../mediary-derive/tests/it/audio_video/samples/tone-stereo.ogg");
const MP3: &[u8] = include_bytes!("../../../mediary-derive/tests/it/audio_video/samples/tone.mp3");
const VORBIS: &[u8] = include_bytes!("../../../mediary-derive/tests/it/audio_video/samples/tone-vorbis.ogg");

const NOTE: &str = "audio/ogg; codecs=opus";

/// Begun once, so that nothing but conversions is done in between.
async fn conversation(world: &World) -> ConversationId {
    let scope = Scope::system(world.company);
    let begun = async || {
        let all = world.store.conversations(&scope, &ConversationQuery::default()).await.unwrap();
        all.items.first().map(|conversation| conversation.id)
    };
    if let Some(id) = begun().await {
        return id;
    }
    world.post(&webhook(text("wamid.1", "hello"))).await;
    world.engine.run_due().await.unwrap();
    begun().await.unwrap()
}

fn draft(kind: FileType) -> FileDraft {
    FileDraft { kind, caption: None, file_name: None, voice: None, convert: true }
}

/// The file of the message that comes of it.
async fn send(world: &World, file: FileDraft, bytes: &'static [u8]) -> Result<MediaFile> {
    let conversation = conversation(world).await;
    let mut upload = world.engine.receive_file(&world.may()).await?;
    upload.write(Bytes::from_static(bytes)).await?;
    let source = FileSource::Received(upload.end().await?);
    let content = DraftContent::Files(vec![(source, file)]);
    let destination = DraftDestination::Conversation(conversation);
    let message = MessageDraft { destination, content, reply_to: None, client_id: None };
    let queued = world.engine.send(&world.may(), message).await?;
    let scope = Scope::system(world.company);
    Ok(world.store.media_by_message(&scope, queued.ids[0]).await?.unwrap())
}

fn said(error: &Error) -> &str {
    error.detail().unwrap()
}

/// Waits until so many files are stored, sweeping what was given up.
async fn stored_files(world: &World, count: usize) {
    eventually(&format!("{count} stored files"), async || {
        world.engine.sweep().await.unwrap();
        let stored = files_below(&world.folder.path().join("media"));
        if stored.len() == count { Ok(()) } else { Err(stored) }
    })
    .await;
}

#[tokio::test]
async fn recordings_become_voice_notes_and_their_originals_go() {
    let workers = Arc::new(WorkersInProcess::default());
    let world = World::deriving(&workers).await;
    let voice = |voice| FileDraft { voice, ..draft(FileType::Audio) };
    for (bytes, file) in
        [(WEBM, voice(None)), (CAF, voice(None)), (STEREO, voice(None)), (MP3, voice(Some(true)))]
    {
        let media = send(&world, file, bytes).await.unwrap();
        assert_eq!((media.mime_type.as_deref(), media.voice), (Some(NOTE), true));
        assert!(media.sha256.is_some_and(|hash| hash != sha256(bytes)));
    }
    let sound = send(&world, voice(Some(false)), WEBM).await.unwrap();
    assert_eq!((sound.mime_type.as_deref(), sound.voice), (Some(NOTE), false));
    assert_eq!(workers.jobs.load(Ordering::SeqCst), 5);
    stored_files(&world, 5).await;
}

#[tokio::test]
async fn file_that_whatsapp_takes_stays_as_it_is() {
    let workers = Arc::new(WorkersInProcess::default());
    let world = World::deriving(&workers).await;
    for (kind, bytes, jobs) in
        [(FileType::Audio, VOICE_NOTE, 0), (FileType::Audio, MP3, 0), (FileType::Video, VIDEO, 1)]
    {
        let before = workers.jobs.load(Ordering::SeqCst);
        let media = send(&world, draft(kind), bytes).await.unwrap();
        assert_eq!(media.sha256, Some(sha256(bytes)));
        assert_eq!(workers.jobs.load(Ordering::SeqCst) - before, jobs, "the codecs of a video are looked at");
    }
    stored_files(&world, 3).await;
}

#[tokio::test]
async fn conversion_is_offered_where_there_is_one_and_no_one_else_is_told_of_it() {
    let with = World::deriving(&Arc::default()).await;
    let without = World::new().await;
    let refused = async |world: &World, file: FileDraft, bytes| send(world, file, bytes).await.unwrap_err();
    let unwanted = |kind| FileDraft { convert: false, ..draft(kind) };
    let offer = "ask for it to be converted";
    for (bytes, file, is_offered) in [
        (WEBM, unwanted(FileType::Audio), true),
        (STEREO, unwanted(FileType::Audio), true),
        (MP3, FileDraft { voice: Some(true), ..unwanted(FileType::Audio) }, true),
        (VORBIS, unwanted(FileType::Audio), false),
        (b"<!doctype html><html></html>".as_slice(), unwanted(FileType::Image), false),
        (MP3, unwanted(FileType::Video), false),
    ] {
        let error = refused(&with, file.clone(), bytes).await;
        assert_eq!(said(&error).contains(offer), is_offered, "{error}");
        let error = refused(&without, file, bytes).await;
        assert!(!said(&error).contains(offer), "{error}");
    }
    // Matroska's pictures are read by nobody here: the wish is answered, too.
    let error = refused(&with, draft(FileType::Video), WEBM).await;
    assert!(said(&error).contains("cannot be converted into that"), "{error}");
    let error = refused(&without, draft(FileType::Audio), WEBM).await;
    assert_eq!(error.code(), ErrorCode::UnsupportedMediaType);
    assert!(
        said(&error).contains("video/webm") && said(&error).contains("cannot be converted here"),
        "{error}"
    );
    stored_files(&without, 0).await;
}

/// A video that says it has another codec.
fn hevc() -> &'static [u8] {
    let place = VIDEO.windows(4).rposition(|word| word == b"avc1").unwrap();
    let mut hevc = VIDEO.to_vec();
    hevc[place..][..4].copy_from_slice(b"hvc1");
    hevc.leak()
}

#[tokio::test]
async fn video_that_whatsapp_would_refuse_later_is_refused_before_it_is_sent() {
    let workers = Arc::new(WorkersInProcess::default());
    let world = World::deriving(&workers).await;
    let as_it_is = || FileDraft { convert: false, ..draft(FileType::Video) };
    let whole: &'static [u8] = video_with_index_at_the_end().leak();
    for (bytes, why) in [(hevc(), "HEVC"), (&whole[..whole.len() / 2], "cut off")] {
        let error = send(&world, as_it_is(), bytes).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::UnsupportedMediaType);
        assert!(said(&error).contains(why) && said(&error).contains("as a document"), "{error}");
    }
    workers.ffmpeg.store(true, Ordering::SeqCst);
    let error = send(&world, as_it_is(), hevc()).await.unwrap_err();
    assert!(said(&error).contains("ask for it to be converted"), "{error}");
    stored_files(&world, 0).await;
    // A worker that breaks says nothing of the file.
    let broken = mediary_derive::Error::new(mediary_derive::ErrorKind::Worker, "a reason");
    workers.failures.lock().unwrap().push_back(broken);
    send(&world, as_it_is(), VIDEO).await.unwrap();
    send(&world, FileDraft { kind: FileType::Document, ..as_it_is() }, hevc()).await.unwrap();
}

#[tokio::test]
async fn video_that_only_ffmpeg_can_convert_is_refused_with_its_codec_where_that_is_missing() {
    let workers = Arc::new(WorkersInProcess::default());
    let world = World::deriving(&workers).await;
    let hevc = hevc();
    let error = send(&world, draft(FileType::Video), hevc).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::UnsupportedMediaType);
    assert!(said(&error).contains("HEVC") && said(&error).contains("ffmpeg"), "{error}");
    workers.ffmpeg.store(true, Ordering::SeqCst);
    let error = send(&world, draft(FileType::Video), hevc).await.unwrap_err();
    assert!(said(&error).contains("cannot be converted:"), "these workers have none: {error}");
    stored_files(&world, 0).await;
}

#[tokio::test]
async fn failure_of_a_worker_is_passing_and_one_of_the_file_is_not() {
    let workers = Arc::new(WorkersInProcess::default());
    let world = World::deriving(&workers).await;
    let fail = |kind| {
        let failure = mediary_derive::Error::new(kind, "a reason");
        workers.failures.lock().unwrap().push_back(failure);
    };
    fail(mediary_derive::ErrorKind::Worker);
    let error = send(&world, draft(FileType::Audio), WEBM).await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), (ErrorCode::StorageError, true));
    fail(mediary_derive::ErrorKind::TooLarge);
    let error = send(&world, draft(FileType::Audio), WEBM).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::UnsupportedMediaType);
    assert!(said(&error).contains("a reason"), "{error}");
    stored_files(&world, 0).await;
}

#[tokio::test]
async fn sender_who_goes_away_ends_the_conversion_and_leaves_nothing() {
    let workers = Arc::new(WorkersInProcess::default());
    let world = Arc::new(World::deriving(&workers).await);
    workers.hangs.store(true, Ordering::SeqCst);
    let sending = tokio::spawn({
        let world = world.clone();
        async move { send(&world, draft(FileType::Audio), WEBM).await.map(drop) }
    });
    eventually("the worker to begin", async || {
        let jobs = workers.jobs.load(Ordering::SeqCst);
        if jobs == 1 { Ok(()) } else { Err(jobs) }
    })
    .await;
    sending.abort();
    assert!(sending.await.unwrap_err().is_cancelled());
    stored_files(&world, 0).await;
    workers.hangs.store(false, Ordering::SeqCst);
    send(&world, draft(FileType::Audio), WEBM).await.unwrap();
    stored_files(&world, 1).await;
}
