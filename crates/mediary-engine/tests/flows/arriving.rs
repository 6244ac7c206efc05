//! Files that are passed on while they come: shared, in parts, broken off and gone on with.

use std::time::Duration;

use futures_util::future::join_all;
use mediary_core::{DownloadStatus, ErrorCode, MediaPolicy};
use mediary_engine::{ByteRange, OpenRequest, OpenedMedia, ProxiedBody, RequestedContent, Source, Target};
use mediary_simulator::{FaultKind, FaultSpec, MediaRecord};
use mediary_store::MediaFile;
use mediary_testing::eventually;

use crate::harness::{World, read_all};

const SIZE: u64 = 3 * 1024 * 1024 + 77;

struct Scene {
    world: World,
    media: MediaRecord,
    record: MediaFile,
    whole: Vec<u8>,
}

impl Scene {
    /// A video that nobody has looked at yet.
    async fn new(policy: MediaPolicy) -> Self {
        Self::of_size(policy, SIZE).await
    }

    async fn of_size(policy: MediaPolicy, size: u64) -> Self {
        let world = World::new().await;
        world.set_policy(policy).await;
        let whole = video(size);
        let media = world.upload(whole.clone(), "video/mp4").await;
        let record = world.arrive("wamid.1", "video", &media).await;
        Self { world, media, record, whole }
    }

    fn fault(&self, fault: FaultSpec) {
        self.world.whatsapp.add_fault(fault.of(&self.media.id)).unwrap();
    }

    fn serve_ranges(&self) {
        let mut options = self.world.whatsapp.options();
        options.media.ranges = true;
        self.world.whatsapp.set_options(options).unwrap();
    }

    async fn try_open(&self, range: Option<ByteRange>) -> mediary_core::Result<OpenedMedia> {
        let target = Target::Message(self.record.message_id.unwrap());
        let request = OpenRequest { target, variant: None, wanted: RequestedContent::Bytes { range } };
        self.world.engine.open(&self.world.may(), request).await
    }

    async fn open(&self, range: Option<ByteRange>) -> OpenedMedia {
        self.try_open(range).await.unwrap()
    }

    async fn stored(&self) -> MediaFile {
        eventually("the file to be stored", async || {
            let record = self.world.media_of(&self.media.id).await;
            match record.download_status {
                DownloadStatus::Completed => Ok(record),
                other => Err(other),
            }
        })
        .await
    }

    fn downloads(&self) -> u64 {
        self.world.whatsapp.media_stats(&self.media.id).downloads
    }
}

/// Bytes that are nowhere the same, so that a part from the wrong place shows.
fn video(size: u64) -> Vec<u8> {
    let words = (0..size.div_ceil(8)).flat_map(|at| at.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
    let mut bytes = [b"\0\0\0\x18ftypmp42".to_vec(), words.collect()].concat();
    bytes.truncate(usize::try_from(size).unwrap());
    bytes
}

fn passing(opened: OpenedMedia) -> ProxiedBody {
    match opened.source {
        Source::Proxied(passing) => *passing,
        other => panic!("not from WhatsApp: {other:?}"),
    }
}

fn from(first: u64, last: Option<u64>) -> ByteRange {
    ByteRange::From { first, last }
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_at_once_share_one_download_and_each_gets_every_byte() {
    for policy in [MediaPolicy::Stream, MediaPolicy::OnView] {
        let scene = Scene::new(policy).await;
        // Slow enough that all of them are there before it ends.
        scene.fault(FaultSpec { bytes_per_second: Some(8_000_000), ..FaultSpec::new(FaultKind::Slow) });
        let opened = join_all((0..50).map(|_| scene.open(None))).await;
        let read = join_all(opened.into_iter().map(read_all)).await;
        assert!(read.iter().all(|bytes| *bytes == scene.whole), "{policy}");
        assert_eq!(scene.downloads(), 1, "{policy}");
        let kept = if policy == MediaPolicy::OnView { scene.stored().await.sha256 } else { None };
        assert_eq!(kept.is_some(), policy == MediaPolicy::OnView);
        assert_eq!(scene.world.stored_files(), usize::from(kept.is_some()), "{policy}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn first_bytes_come_before_the_last_have_left_whatsapp() {
    for policy in [MediaPolicy::Stream, MediaPolicy::OnView] {
        let scene = Scene::new(policy).await;
        // Half of it, and then nothing for as long as anybody listens.
        scene.fault(FaultSpec::new(FaultKind::Stalled).times(1));
        let mut passing = passing(scene.open(None).await);
        assert_eq!(passing.length(), Some(SIZE));
        let first = passing.next().await.unwrap().unwrap();
        assert!(scene.world.whatsapp.media_stats(&scene.media.id).bytes_sent <= SIZE / 2 + 1, "{policy}");
        let mut all = first.to_vec();
        while let Some(bytes) = passing.next().await.unwrap() {
            all.extend_from_slice(&bytes);
        }
        assert!(all == scene.whole, "{policy}: gone on with after the silence");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn viewer_who_stops_reading_delays_nobody_and_may_resume() {
    for policy in [MediaPolicy::Stream, MediaPolicy::OnView] {
        // More than a window holds.
        let scene = Scene::of_size(policy, 12 * 1024 * 1024).await;
        let (mut stopped, fast) = (passing(scene.open(None).await), scene.open(None).await);
        let mut late = stopped.next().await.unwrap().unwrap().to_vec();
        let read = tokio::time::timeout(Duration::from_secs(8), read_all(fast)).await;
        assert!(read.expect("nobody waits for the other") == scene.whole, "{policy}");
        while let Some(bytes) = stopped.next().await.unwrap() {
            late.extend_from_slice(&bytes);
        }
        assert!(late == scene.whole, "{policy}");
        let own_way = u64::from(policy == MediaPolicy::Stream);
        assert_eq!(scene.downloads(), 1 + own_way, "{policy}: memory does not wait for him, the disk can");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn viewer_who_leaves_disturbs_neither_the_copy_nor_the_others() {
    let scene = Scene::new(MediaPolicy::OnView).await;
    scene.fault(FaultSpec { bytes_per_second: Some(4_000_000), ..FaultSpec::new(FaultKind::Slow) });
    let (mut first, second) = (passing(scene.open(None).await), scene.open(None).await);
    first.next().await.unwrap();
    drop(first);
    assert!(read_all(second).await == scene.whole);
    assert_eq!(scene.stored().await.download_attempts, 1);
    let again = scene.open(None).await;
    assert!(again.info.stored);
    assert!(read_all(again).await == scene.whole);
    assert_eq!(scene.downloads(), 1);

    let scene = Scene::new(MediaPolicy::Stream).await;
    let (mut first, second) = (passing(scene.open(None).await), scene.open(None).await);
    first.next().await.unwrap();
    drop(first);
    assert!(read_all(second).await == scene.whole);
    assert_eq!(scene.downloads(), 1);
    assert!(read_all(scene.open(None).await).await == scene.whole);
    assert_eq!(scene.downloads(), 2, "to look again is to fetch again");
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_exact_whether_whatsapp_serves_parts_or_not() {
    let end = usize::try_from(SIZE).unwrap();
    let middle = end / 2;
    for (policy, served) in [
        (MediaPolicy::Stream, true),
        (MediaPolicy::Stream, false),
        (MediaPolicy::OnView, true),
        (MediaPolicy::OnView, false),
    ] {
        let scene = Scene::new(policy).await;
        if served {
            scene.serve_ranges();
        }
        // What a player asks for of a video whose table of contents comes last.
        for (range, part) in [
            (from(0, Some(1)), 0..2),
            (from(SIZE - 1000, None), end - 1000..end),
            (ByteRange::Last(10), end - 10..end),
            (from(middle as u64, Some(middle as u64 + 99_999)), middle..middle + 100_000),
            (from(0, None), 0..end),
        ] {
            let opened = scene.open(Some(range)).await;
            if let Source::Proxied(passing) = &opened.source {
                assert_eq!(passing.part(), Some(&(part.start as u64..part.end as u64)), "{policy} {range:?}");
                assert_eq!(passing.total(), Some(SIZE));
                assert!(read_all(opened).await == scene.whole[part], "{policy} {served} {range:?}");
            }
        }
        if policy == MediaPolicy::Stream {
            let beyond = scene.try_open(Some(from(SIZE, None))).await.unwrap_err();
            assert_eq!(beyond.code(), ErrorCode::RangeNotSatisfiable, "{served}");
            assert_eq!(scene.world.stored_files(), 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn end_of_an_inbound_file_is_fetched_by_a_range_where_ranges_are_served() {
    let scene = Scene::new(MediaPolicy::OnView).await;
    scene.serve_ranges();
    // The whole takes ages; a part of it does not.
    let slow = FaultSpec { bytes_per_second: Some(100_000), ..FaultSpec::new(FaultKind::Slow) };
    scene.fault(slow.times(1));
    let mut whole = passing(scene.open(None).await);
    whole.next().await.unwrap();
    let tail = scene.open(Some(from(SIZE - 1000, None))).await;
    let tail = tokio::time::timeout(Duration::from_secs(5), read_all(tail)).await.expect("not at the end");
    assert!(tail == scene.whole[scene.whole.len() - 1000..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn body_that_breaks_is_resumed_and_one_that_always_breaks_never_completes() {
    for served in [true, false] {
        let scene = Scene::new(MediaPolicy::Stream).await;
        if served {
            scene.serve_ranges();
        }
        scene.fault(FaultSpec::new(FaultKind::Cut).times(1));
        assert!(read_all(scene.open(None).await).await == scene.whole, "parts served: {served}");
        assert_eq!(scene.downloads(), 2);
    }
    let scene = Scene::new(MediaPolicy::Stream).await;
    scene.fault(FaultSpec::new(FaultKind::Cut));
    let (mut one, mut other) = (passing(scene.open(None).await), passing(scene.open(None).await));
    for viewer in [&mut one, &mut other] {
        let mut received = 0;
        let error = loop {
            match viewer.next().await {
                Ok(Some(bytes)) => received += bytes.len() as u64,
                Ok(None) => panic!("taken for whole after {received} bytes"),
                Err(error) => break error,
            }
        };
        assert!(received < SIZE);
        assert_eq!(error.code(), ErrorCode::ProviderUnavailable);
    }
    assert_eq!(scene.downloads(), 4, "tried again three times, for both of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_file_is_requested_once_and_its_viewers_learn_when_it_expired() {
    let scene = Scene::new(MediaPolicy::Stream).await;
    scene.fault(FaultSpec::new(FaultKind::Expired));
    scene.world.advance(Duration::from_secs(8 * 24 * 3600));
    let refused = join_all((0..20).map(|_| scene.try_open(None))).await;
    for error in refused.into_iter().map(Result::unwrap_err) {
        assert_eq!(error.code(), ErrorCode::MediaExpired);
        assert!(error.to_string().contains("until 2025-10-16 (UTC)"), "{error}");
    }
    for _ in 0..5 {
        assert_eq!(scene.try_open(None).await.unwrap_err().code(), ErrorCode::MediaExpired);
    }
    assert_eq!(scene.world.whatsapp.media_stats(&scene.media.id).resolves, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn first_view_survives_temporary_failures() {
    for policy in [MediaPolicy::Stream, MediaPolicy::OnView] {
        let scene = Scene::new(policy).await;
        scene.fault(FaultSpec::new(FaultKind::ServerError).times(2));
        let task = async { read_all(scene.open(None).await).await };
        let clock = async {
            // What waits for its next try waits on the clock of the world.
            loop {
                tokio::time::sleep(Duration::from_millis(20)).await;
                scene.world.advance(Duration::from_secs(1));
            }
        };
        let read = tokio::select! { read = task => read, () = clock => unreachable!() };
        assert!(read == scene.whole, "{policy}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_do_not_wait_for_storage() {
    let scene = Scene::new(MediaPolicy::OnView).await;
    let folder = scene.world.folder.path().join("media");
    std::fs::remove_dir_all(&folder).ok();
    std::fs::write(&folder, "in the way").unwrap();
    assert!(read_all(scene.open(None).await).await == scene.whole, "served though it cannot be kept");
    let record = eventually("the failure", async || {
        let record = scene.world.media_of(&scene.media.id).await;
        match record.download_status {
            DownloadStatus::Failed => Ok(record),
            other => Err(other),
        }
    })
    .await;
    assert_eq!(record.last_error_code, Some(ErrorCode::StorageError));
    assert_eq!(record.download_attempts, 0, "which is no fault of the file");
    assert!(read_all(scene.open(None).await).await == scene.whole, "and again, past storage");
    let other = scene.world.png(1).await;
    let record = scene.world.arrive("wamid.2", "image", &other).await;
    let opened = scene.world.open(Target::Media(record.id)).await.unwrap();
    assert_eq!(read_all(opened).await.len() as u64, other.file_size);
    std::fs::remove_file(&folder).unwrap();
    scene.world.advance(Duration::from_secs(60));
    scene.world.engine.run_due().await.unwrap();
    for media in [&scene.media, &other] {
        let now = scene.world.media_of(&media.id).await;
        assert_eq!(now.download_status, DownloadStatus::Completed, "what was looked at is kept");
    }
}
