//! A company changes its mind about what is kept.

use std::time::Duration;

use mediary_core::{DownloadStatus, ErrorCode, MediaPolicy, Role};
use mediary_engine::{AccountChange, Caller, Delivery, EventName, May, OpenedMedia, Source, Target, rights};
use mediary_simulator::{FaultKind, FaultSpec, MediaRecord};
use mediary_store::{Actor, MediaFile, Tally};
use mediary_testing::eventually;

use crate::harness::{World, read_all};

async fn sweep(world: &World) {
    world.engine.sweep().await.unwrap();
}

async fn set_account(world: &World, policy: Option<MediaPolicy>) {
    let change = AccountChange { media_policy: Some(policy), ..AccountChange::default() };
    world
        .engine
        .accounts()
        .update(world.company, world.account, &change, &Actor::command_line())
        .await
        .unwrap();
}

async fn view(world: &World, media: &MediaRecord) -> OpenedMedia {
    let record = world.media_of(&media.id).await;
    world.open(Target::Media(record.id)).await.unwrap()
}

fn from_storage(opened: &OpenedMedia) -> bool {
    matches!(opened.source, Source::Stored(_))
}

#[tokio::test(flavor = "multi_thread")]
async fn view_follows_the_current_policy() {
    let world = World::new().await;
    world.set_policy(MediaPolicy::OnView).await;
    let media = world.png(1).await;
    world.arrive("wamid.1", "image", &media).await;
    world.set_policy(MediaPolicy::Stream).await;
    read_all(view(&world, &media).await).await;
    assert_eq!((world.stored_files(), world.all_media().await[0].download_attempts), (0, 0));
    // Of the account alone, and no sweep between.
    set_account(&world, Some(MediaPolicy::OnView)).await;
    read_all(view(&world, &media).await).await;
    eventually("the file to be stored", async || {
        if from_storage(&view(&world, &media).await) { Ok(()) } else { Err("it comes from WhatsApp") }
    })
    .await;
    set_account(&world, Some(MediaPolicy::Stream)).await;
    assert!(from_storage(&view(&world, &media).await), "what is kept stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn pending_files_are_fetched_once_everything_is_to_be_kept() {
    let world = World::new().await;
    world.set_policy(MediaPolicy::Stream).await;
    let media = world.png(1).await;
    let record = world.arrive("wamid.1", "image", &media).await;
    let conflict =
        world.engine.download_now(&world.may(), record.id, &Actor::command_line()).await.unwrap_err();
    assert_eq!(conflict.code(), ErrorCode::Conflict);
    let mut events =
        world.engine.events().subscribe(mediary_core::Scope::system(world.company), None).unwrap();
    world.set_policy(MediaPolicy::Store).await;
    sweep(&world).await;
    let told = tokio::time::timeout(Duration::from_secs(5), events.next())
        .await
        .expect("who looks at it hears of it");
    let Delivery::Event(told) = told else { panic!("{told:?}") };
    assert_eq!((told.name, told.data.media_id), (EventName::MessageUpdated, Some(record.id)));
    world.engine.run_due().await.unwrap();
    assert_eq!(world.media_of(&media.id).await.download_status, DownloadStatus::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn running_download_leaves_nothing_once_nothing_is_to_be_kept() {
    let world = World::new().await;
    let media = world.png(1).await;
    let hold = FaultSpec { bytes_per_second: Some(500), ..FaultSpec::new(FaultKind::Slow) };
    world.whatsapp.add_fault(hold.of(&media.id)).unwrap();
    world.announce("wamid.1", "image", &media).await;
    let engine = world.engine.clone();
    let running = tokio::spawn(async move { engine.run_due().await.unwrap() });
    eventually("the download to run", async || {
        match world.all_media().await.first().map(|record| record.download_status) {
            Some(DownloadStatus::Downloading) => Ok(()),
            other => Err(other),
        }
    })
    .await;
    world.set_policy(MediaPolicy::Stream).await;
    running.await.unwrap();
    sweep(&world).await;
    assert_eq!(world.stored_files(), 0);
    let record = world.media_of(&media.id).await;
    assert_eq!((record.download_status, record.policy), (DownloadStatus::Pending, MediaPolicy::Stream));
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_files_are_erased_on_request_and_can_still_be_viewed() {
    let world = World::new().await;
    let media = world.png(1).await;
    world.arrive("wamid.1", "image", &media).await;
    let engine = &world.engine;
    assert_eq!(
        engine.erase_kept(&world.may(), None, &Actor::command_line()).await.unwrap_err().code(),
        ErrorCode::Conflict
    );
    world.set_policy(MediaPolicy::Stream).await;
    sweep(&world).await;
    assert_eq!(world.stored_files(), 1, "nobody asked for more");
    let agent = Caller { role: Role::Agent, ..Caller::clone(&world.caller) };
    let refused = May::<rights::EraseMedia>::ask(agent.into()).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    let size = engine.preview_policy(&world.may(), None).await.unwrap().kept.stored;
    assert_eq!(size.files, 1);
    assert_eq!(
        engine.erase_kept(&world.may(), Some(world.account), &Actor::command_line()).await.unwrap(),
        size
    );
    sweep(&world).await;
    assert_eq!(world.stored_files(), 0);
    let again = view(&world, &media).await;
    assert!(!from_storage(&again) && read_all(again).await.len() as u64 == media.file_size);
    assert_eq!(
        engine.erase_kept(&world.may(), None, &Actor::command_line()).await.unwrap(),
        Tally::default(),
        "there is nothing left"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn erasing_stops_where_the_policy_is_changed_back() {
    let world = World::new().await;
    let media = world.png(1).await;
    world.arrive("wamid.1", "image", &media).await;
    world.set_policy(MediaPolicy::Stream).await;
    world.engine.erase_kept(&world.may(), None, &Actor::command_line()).await.unwrap();
    world.set_policy(MediaPolicy::Store).await;
    sweep(&world).await;
    assert_eq!(world.stored_files(), 1);
    assert!(from_storage(&view(&world, &media).await));
}

/// Lets the only decision be as far as this file.
async fn reached(world: &World, file: &MediaFile) {
    let due = world.store.due_media_tasks(10).await.unwrap();
    assert_eq!(due.len(), 1);
    world.store.media_task_reached(&due[0], Some(file.expires_at), file.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn policy_tasks_resume_where_they_stopped() {
    let world = World::new().await;
    let (first, second) = (world.png(1).await, world.png(2).await);
    let done = world.arrive("wamid.1", "image", &first).await;
    world.arrive("wamid.2", "image", &second).await;
    world.set_policy(MediaPolicy::Stream).await;
    sweep(&world).await;
    world.engine.erase_kept(&world.may(), None, &Actor::command_line()).await.unwrap();
    reached(&world, &done).await;
    sweep(&world).await;
    assert_eq!(world.stored_files(), 1, "the second is erased, and the first not looked at again");
    world.engine.erase_kept(&world.may(), None, &Actor::command_line()).await.unwrap();
    sweep(&world).await;
    assert_eq!(world.stored_files(), 0, "from the beginning");
    world.set_policy(MediaPolicy::OnView).await;
    reached(&world, &done).await;
    sweep(&world).await;
    assert_eq!(world.media_of(&first.id).await.policy, MediaPolicy::Stream);
    assert_eq!(world.media_of(&second.id).await.policy, MediaPolicy::OnView);
}

/// Open files without a name in a folder: what is being read while it is fetched to be kept.
fn spooled_files(folder: &std::path::Path) -> usize {
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let targets = open.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    targets
        .filter(|target| target.starts_with(folder) && target.to_string_lossy().ends_with(" (deleted)"))
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_under_view_leave_the_disk_once_nothing_is_to_be_kept() {
    for elsewhere in [false, true] {
        let spool = tempfile::tempdir().unwrap();
        let folder = spool.path().to_owned();
        let world = World::with(|config| config.spool = folder.clone()).await;
        world.set_policy(MediaPolicy::OnView).await;
        let whole: Vec<u8> = [b"\0\0\0\x18ftypmp42", &[7; 3_000_000][..]].concat();
        let media = world.upload(whole.clone(), "video/mp4").await;
        world.arrive("wamid.1", "video", &media).await;
        let slow = FaultSpec { bytes_per_second: Some(2_000_000), ..FaultSpec::new(FaultKind::Slow) };
        world.whatsapp.add_fault(slow.of(&media.id).times(1)).unwrap();
        let Source::Proxied(mut reading) = view(&world, &media).await.source else { panic!("stored") };
        let Source::Proxied(waiting) = view(&world, &media).await.source else { panic!("stored") };
        let mut read = reading.next().await.unwrap().unwrap().to_vec();
        assert_eq!(spooled_files(&folder), 1, "it lies on the disk to be kept");

        if elsewhere {
            let patch =
                mediary_store::MediaSettingsPatch { policy: Some(MediaPolicy::Stream), ..Default::default() };
            world
                .another_engine()
                .update_media_settings(&world.may(), &patch, &Actor::command_line())
                .await
                .unwrap();
        } else {
            world.set_policy(MediaPolicy::Stream).await;
        }
        eventually("the disk to be left", async || match spooled_files(&folder) {
            0 => Ok(()),
            left => Err(left),
        })
        .await;
        let new = view(&world, &media).await;
        assert!(!from_storage(&new));
        assert!(read_all(new).await == whole, "a new viewer");
        while let Some(bytes) = reading.next().await.unwrap() {
            read.extend_from_slice(&bytes);
            assert_eq!(spooled_files(&folder), 0);
        }
        assert!(read == whole, "who read it goes on where they were");
        let waited = OpenedMedia { source: Source::Proxied(waiting), ..view(&world, &media).await };
        assert!(read_all(waited).await == whole, "who had not begun begins");
        assert_eq!((spooled_files(&folder), world.stored_files()), (0, 0));
        assert_eq!(world.media_of(&media.id).await.download_status, DownloadStatus::Pending);
    }
}
