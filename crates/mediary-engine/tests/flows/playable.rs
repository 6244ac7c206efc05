//! Files in a form that every browser plays: of what is stored only, and never stored themselves.

use mediary_core::{ErrorCode, MediaPolicy, Result};
use mediary_engine::{OpenRequest, OpenedMedia, RequestedContent, Target};
use mediary_testing::files::{VIDEO, VOICE_NOTE, video_with_index_at_the_end};

use super::harness::{World, read_all};

async fn playable(world: &World, target: Target) -> Result<OpenedMedia> {
    let wanted = RequestedContent::Bytes { range: None };
    let request = OpenRequest { target, variant: Some("playable".to_owned()), wanted };
    world.engine.open(&world.may(), request).await
}

#[tokio::test]
async fn playable_files_are_made_of_stored_ones_and_not_stored() {
    let world = World::new().await;
    let note = world.upload(VOICE_NOTE, "audio/ogg").await;
    let video = world.upload(video_with_index_at_the_end(), "video/mp4").await;
    let note = world.arrive("wamid.1", "audio", &note).await;
    let video = world.arrive("wamid.2", "video", &video).await;
    let files = world.stored_files();
    for target in [Target::Media(note.id), Target::Message(note.message_id.unwrap())] {
        let opened = playable(&world, target).await.unwrap();
        assert!(opened.info.mime_type.starts_with("audio/mp4"), "{}", opened.info.mime_type);
        let size = opened.info.size.unwrap();
        let bytes = read_all(opened).await;
        assert_eq!(bytes.len() as u64, size);
        let (last, packets) = (VOICE_NOTE.last_chunk::<64>().unwrap(), bytes.last_chunk::<64>().unwrap());
        assert_eq!(last, packets, "the last packet ends both");
    }
    let opened = playable(&world, Target::Media(video.id)).await.unwrap();
    assert!(read_all(opened).await == VIDEO);
    assert_eq!(world.stored_files(), files);
}

#[tokio::test]
async fn playable_file_of_one_that_is_not_stored_is_refused_and_fetches_nothing() {
    let world = World::new().await;
    world.set_policy(MediaPolicy::Stream).await;
    let note = world.upload(VOICE_NOTE, "audio/ogg").await;
    let record = world.arrive("wamid.1", "audio", &note).await;
    let refused = playable(&world, Target::Media(record.id)).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotFound);
    assert_eq!(refused.detail(), Some("it is made of a stored file, and this one is not stored"));
    assert_eq!(world.whatsapp.media_stats(&note.id).downloads, 0);
}

#[tokio::test]
async fn playable_file_of_a_deleted_one_is_gone_at_once() {
    let world = World::new().await;
    let note = world.upload(VOICE_NOTE, "audio/ogg").await;
    let record = world.arrive("wamid.1", "audio", &note).await;
    assert!(playable(&world, Target::Media(record.id)).await.is_ok());
    let by = mediary_store::Actor::command_line();
    world.engine.delete_media(&world.may(), record.id, &by).await.unwrap();
    let refused = playable(&world, Target::Media(record.id)).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::MediaDeleted);
}
