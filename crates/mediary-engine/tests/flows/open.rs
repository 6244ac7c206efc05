//! One way to open a file, from wherever it is.

use std::time::Duration;

use mediary_core::{DownloadStatus, ErrorCode, MediaPolicy, Provider, Role, Visibility};
use mediary_engine::{ByteRange, Caller, Identity, May, OpenRequest, RequestedContent, Source, Target};
use mediary_simulator::{FaultKind, FaultSpec, MediaRecord};
use mediary_store::{Actor, MediaFile};
use mediary_testing::eventually;
use mediary_testing::files::PNG;
use mediary_testing::rows::new_company;
use tokio_util::task::TaskTracker;

use crate::harness::{World, on_every_provider, read_all};

async fn under(provider: Provider, policy: MediaPolicy) -> (World, MediaRecord, MediaFile) {
    let world = World::of(provider).await;
    world.set_policy(policy).await;
    let media = world.png(1).await;
    let record = world.arrive("wamid.1", "image", &media).await;
    (world, media, record)
}

fn picture() -> Vec<u8> {
    [PNG, &[1; 1000]].concat()
}

/// Runs the engine beside the test, as a server does.
fn run(world: &World) -> (TaskTracker, mediary_engine::Shutdown) {
    let (tasks, shutdown) = (TaskTracker::new(), mediary_engine::Shutdown::default());
    let (engine, stop) = (world.engine.clone(), shutdown.clone());
    tasks.spawn(async move { engine.run(stop).await.unwrap() });
    tasks.close();
    (tasks, shutdown)
}

async fn stored_file_is_found_by_message_and_by_id_and_by_no_other_company(provider: Provider) {
    let (world, media, record) = under(provider, MediaPolicy::Store).await;
    for target in [Target::Media(record.id), Target::Message(record.message_id.unwrap())] {
        for _ in 0..2 {
            let opened = world.open(target).await.unwrap();
            assert!(opened.info.stored && opened.info.inline_safe);
            assert_eq!(opened.info.sha256, record.sha256);
            assert_eq!(read_all(opened).await, picture());
        }
    }
    let company_id = world.store.add_company(&new_company("other")).await.unwrap().id;
    let stranger =
        Caller { company_id, role: Role::Admin, sees: Visibility::Everything, who: Identity::Link };
    let stranger = May::ask(stranger.into()).unwrap();
    let wanted = RequestedContent::Bytes { range: None };
    for target in [Target::Media(record.id), Target::Message(record.message_id.unwrap())] {
        let request = OpenRequest { target, variant: None, wanted };
        assert_eq!(world.engine.open(&stranger, request).await.unwrap_err().code(), ErrorCode::NotFound);
    }
    let proxied = world.engine.open_from_provider(&stranger, &media.id, wanted, false).await;
    assert_eq!(proxied.unwrap_err().code(), ErrorCode::NotFound);
}

async fn views_under_stream_come_from_whatsapp_and_store_nothing(provider: Provider) {
    let (world, media, record) = under(provider, MediaPolicy::Stream).await;
    assert_eq!(world.whatsapp.media_stats(&media.id).resolves, 0, "nothing is fetched on arrival");
    for views in 1..=2 {
        let opened = world.open(Target::Message(record.message_id.unwrap())).await.unwrap();
        assert!(!opened.info.stored);
        assert!(matches!(opened.source, Source::Proxied(_)));
        assert_eq!(read_all(opened).await, picture());
        assert_eq!(world.whatsapp.media_stats(&media.id).downloads, views);
    }
    assert_eq!(world.stored_files(), 0);
    let refused =
        world.engine.download_now(&world.may(), record.id, &Actor::command_line()).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
}

async fn first_view_under_on_view_stores_the_file(provider: Provider) {
    let (world, media, record) = under(provider, MediaPolicy::OnView).await;
    assert_eq!(record.download_status, DownloadStatus::Pending);
    let (tasks, shutdown) = run(&world);
    let viewers: Vec<_> = (0..8)
        .map(|_| {
            let (engine, may) = (world.engine.clone(), world.may());
            let target = Target::Message(record.message_id.unwrap());
            let wanted = RequestedContent::Bytes { range: None };
            let request = OpenRequest { target, variant: None, wanted };
            tokio::spawn(async move { read_all(engine.open(&may, request).await.unwrap()).await })
        })
        .collect();
    for viewer in viewers {
        assert_eq!(viewer.await.unwrap(), picture());
    }
    assert_eq!(world.whatsapp.media_stats(&media.id).downloads, 1, "all viewers share one download");
    eventually("the file to be stored", async || match world.stored_files() {
        1 => Ok(()),
        other => Err(other),
    })
    .await;
    shutdown.soft.cancel();
    tasks.wait().await;
}

async fn first_view_gets_the_bytes_without_a_worker(provider: Provider) {
    let (world, _, record) = under(provider, MediaPolicy::OnView).await;
    let opened = world.open(Target::Message(record.message_id.unwrap())).await.unwrap();
    assert!(!opened.info.stored);
    assert_eq!(read_all(opened).await, picture());
    eventually("the view to have kept the file", async || match world.stored_files() {
        1 => Ok(()),
        other => Err(other),
    })
    .await;
}

async fn file_that_storage_lost_is_served_and_stored_again(provider: Provider) {
    let (world, media, record) = under(provider, MediaPolicy::Store).await;
    let key = record.storage_key.unwrap().parse().unwrap();
    assert!(world.storage.delete(&key).await.unwrap());
    let (tasks, shutdown) = run(&world);
    let opened = world.open(Target::Media(record.id)).await.unwrap();
    assert_eq!(read_all(opened).await, picture());
    eventually("the file to be stored again", async || match world.stored_files() {
        1 => Ok(()),
        other => Err(other),
    })
    .await;
    assert_eq!(world.whatsapp.media_stats(&media.id).downloads, 2);
    shutdown.soft.cancel();
    tasks.wait().await;
}

async fn description_of_a_file_downloads_nothing(provider: Provider) {
    for policy in [MediaPolicy::OnView, MediaPolicy::Stream] {
        let (world, media, record) = under(provider, policy).await;
        let target = Target::Media(record.id);
        let request = OpenRequest { target, variant: None, wanted: RequestedContent::Description };
        let opened = world.engine.open(&world.may(), request).await.unwrap();
        assert!(matches!(opened.source, Source::Described));
        assert_eq!(opened.info.mime_type, "image/png");
        assert_eq!(world.whatsapp.media_stats(&media.id).resolves, 0);
        let opened = world
            .engine
            .open_from_provider(&world.may(), &media.id, RequestedContent::Description, false)
            .await;
        assert_eq!(opened.unwrap().info.size, Some(media.file_size), "Graph knows the size");
        assert_eq!(world.whatsapp.media_stats(&media.id).downloads, 0);
    }
}

async fn proxy_always_asks_whatsapp_and_stores_nothing(provider: Provider) {
    let (world, media, _) = under(provider, MediaPolicy::OnView).await;
    let wanted = RequestedContent::Bytes { range: None };
    let opened = world.engine.open_from_provider(&world.may(), &media.id, wanted, false).await.unwrap();
    assert_eq!(read_all(opened).await, picture());
    world.engine.run_due().await.unwrap();
    assert_eq!(world.stored_files(), 0);
    let unknown = world.engine.open_from_provider(&world.may(), "5", wanted, false).await.unwrap_err();
    assert_eq!(unknown.code(), ErrorCode::NotFound);
}

async fn range_is_proxied(provider: Provider) {
    let (world, _, record) = under(provider, MediaPolicy::Stream).await;
    let mut options = world.whatsapp.options();
    options.media.ranges = true;
    world.whatsapp.set_options(options).unwrap();
    let wanted = RequestedContent::Bytes { range: Some(ByteRange::From { first: 1, last: Some(3) }) };
    let request = OpenRequest { target: Target::Media(record.id), variant: None, wanted };
    let opened = world.engine.open(&world.may(), request).await.unwrap();
    assert_eq!(read_all(opened).await, b"PNG");
}

async fn unavailable_file_says_why(provider: Provider) {
    let world = World::of(provider).await;
    let media = world.png(1).await;
    world.whatsapp.add_fault(FaultSpec::new(FaultKind::Expired)).unwrap();
    let record = world.arrive("wamid.1", "image", &media).await;
    let error = world.open(Target::Media(record.id)).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::MediaExpired);
    world.engine.delete_media(&world.may(), record.id, &Actor::command_line()).await.unwrap();
    let error = world.open(Target::Media(record.id)).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::MediaDeleted);
}

async fn throttling_of_a_viewer_pauses_the_account(provider: Provider) {
    let (world, _, record) = under(provider, MediaPolicy::Stream).await;
    let mut throttled = FaultSpec::new(FaultKind::TooManyRequests).times(1);
    throttled.retry_after_seconds = Some(30);
    world.whatsapp.add_fault(throttled).unwrap();
    for _ in 0..2 {
        let error = world.open(Target::Media(record.id)).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::ProviderRateLimited);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
    }
    assert_eq!(world.whatsapp.stats().faults, 1, "nobody asked a second time");
    world.advance(Duration::from_secs(30));
    world.open(Target::Media(record.id)).await.unwrap();
}

async fn deleted_file_is_gone_at_once_though_it_was_just_open(provider: Provider) {
    let (world, _, record) = under(provider, MediaPolicy::Store).await;
    let viewing = world.open(Target::Message(record.message_id.unwrap())).await.unwrap();
    world.engine.delete_media(&world.may(), record.id, &Actor::command_line()).await.unwrap();
    world.engine.sweep().await.unwrap();
    for target in [Target::Media(record.id), Target::Message(record.message_id.unwrap())] {
        assert_eq!(world.open(target).await.unwrap_err().code(), ErrorCode::MediaDeleted);
    }
    assert_eq!(world.stored_files(), 0);
    assert_eq!(read_all(viewing).await, picture(), "who was reading may read to the end");
}

on_every_provider! {
    stored_file_is_found_by_message_and_by_id_and_by_no_other_company,
    views_under_stream_come_from_whatsapp_and_store_nothing,
    first_view_under_on_view_stores_the_file,
    first_view_gets_the_bytes_without_a_worker,
    file_that_storage_lost_is_served_and_stored_again,
    proxy_always_asks_whatsapp_and_stores_nothing,
    range_is_proxied,
    unavailable_file_says_why,
    throttling_of_a_viewer_pauses_the_account,
    deleted_file_is_gone_at_once_though_it_was_just_open,
}

/// What only temporary URLs can do.
mod urls {
    use super::description_of_a_file_downloads_nothing;
    use crate::harness::on_graph_providers;

    on_graph_providers! {
        description_of_a_file_downloads_nothing,
    }
}
