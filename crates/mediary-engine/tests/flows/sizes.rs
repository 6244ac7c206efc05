//! Files of a size that nobody declared: every answer names the same one, or the whole comes.

use mediary_core::{DownloadStatus, ErrorCode, MediaPolicy, Scope};
use mediary_engine::{ByteRange, OpenRequest, OpenedMedia, RequestedContent, Source, Target};
use mediary_store::MediaFile;
use mediary_testing::eventually;
use mediary_testing::files::{OGG, content_like};

use crate::harness::{World, read_all};

const COUNTED_MAX: usize = 16 * 1024 * 1024;

struct Scene {
    world: World,
    record: MediaFile,
    whole: Vec<u8>,
}

impl Scene {
    /// An audio file that nobody has looked at. WhatsApp says nowhere how long it is, and may serve parts all the same.
    async fn new(policy: MediaPolicy, ranges: bool, size: usize) -> Self {
        let world = World::new().await;
        world.set_policy(policy).await;
        let mut options = world.whatsapp.options();
        (options.media.file_size, options.media.content_length) = (false, false);
        options.media.ranges = ranges;
        world.whatsapp.set_options(options).unwrap();
        let whole = content_like(OGG, size);
        let media = world.upload(whole.clone(), "audio/ogg").await;
        let record = world.arrive("wamid.1", "audio", &media).await;
        assert_eq!(record.file_size, None);
        Self { world, record, whole }
    }

    async fn open(&self, range: Option<ByteRange>) -> mediary_core::Result<OpenedMedia> {
        let target = Target::Message(self.record.message_id.unwrap());
        let request = OpenRequest { target, variant: None, wanted: RequestedContent::Bytes { range } };
        self.world.engine.open(&self.world.may(), request).await
    }

    fn downloads(&self) -> u64 {
        let id = self.record.provider_media_id.as_deref().unwrap();
        self.world.whatsapp.media_stats(id).downloads
    }
}

fn from(first: u64, last: Option<u64>) -> ByteRange {
    ByteRange::From { first, last }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_an_undeclared_file_agree_on_its_size() {
    const SIZE: usize = 300_007;
    for policy in [MediaPolicy::Stream, MediaPolicy::OnView] {
        for ranges in [false, true] {
            let scene = Scene::new(policy, ranges, SIZE).await;
            // The first three as an iPhone asks.
            let asked = [
                (from(0, Some(1)), 0..2),
                (from(0, None), 0..SIZE),
                (from(50_000, None), 50_000..SIZE),
                (ByteRange::Last(500), SIZE - 500..SIZE),
                (from(299_999, Some(999_999)), 299_999..SIZE),
            ];
            for (range, part) in asked {
                let opened = scene.open(Some(range)).await.unwrap();
                if let Source::Proxied(passing) = &opened.source {
                    let said = (passing.part().cloned(), passing.total());
                    let expected = (Some(part.start as u64..part.end as u64), Some(SIZE as u64));
                    assert_eq!(said, expected, "{policy}, ranges: {ranges}, {range:?}");
                    assert!(read_all(opened).await == scene.whole[part], "{policy} {ranges} {range:?}");
                } else {
                    assert_eq!((policy, size_of(&opened)), (MediaPolicy::OnView, Some(SIZE as u64)));
                }
            }
            let whole = scene.open(None).await.unwrap();
            // While it is still stored, the whole needs no size.
            if policy == MediaPolicy::Stream || matches!(whole.source, Source::Stored(_)) {
                assert_eq!(size_of(&whole), Some(SIZE as u64), "{policy}");
            }
            assert!(read_all(whole).await == scene.whole);
            if policy == MediaPolicy::Stream {
                let beyond = scene.open(Some(from(SIZE as u64, None))).await.unwrap_err();
                assert_eq!(beyond.code(), ErrorCode::RangeNotSatisfiable);
                assert_eq!(scene.world.stored_files(), 0);
            } else {
                eventually("the file to be stored", async || {
                    let record = scene
                        .world
                        .store
                        .media(&Scope::system(scene.world.company), scene.record.id)
                        .await
                        .unwrap();
                    match record.unwrap().download_status {
                        DownloadStatus::Completed => Ok(()),
                        other => Err(other),
                    }
                })
                .await;
                assert_eq!(scene.downloads(), 1, "one download serves all of it");
            }
        }
    }
}

/// As an answer names it.
fn size_of(opened: &OpenedMedia) -> Option<u64> {
    match &opened.source {
        Source::Proxied(passing) => passing.total(),
        _ => opened.info.size,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn undeclared_file_is_counted_once_for_all_who_ask() {
    let scene = Scene::new(MediaPolicy::Stream, false, 300_007).await;
    let probes = (0..10).map(|_| scene.open(Some(from(0, Some(1)))));
    for opened in futures_util::future::join_all(probes).await {
        assert_eq!(read_all(opened.unwrap()).await, b"Og");
    }
    // Each is asked for twice: before its size is known, and after.
    assert!(scene.downloads() <= 21, "{}", scene.downloads());
    let before = scene.downloads();
    read_all(scene.open(Some(from(50_000, None))).await.unwrap()).await;
    assert_eq!(scene.downloads(), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn undeclared_file_too_large_to_count_comes_whole() {
    for ranges in [false, true] {
        let scene = Scene::new(MediaPolicy::Stream, ranges, COUNTED_MAX).await;
        let opened = scene.open(Some(from(5, Some(9)))).await.unwrap();
        assert_eq!(size_of(&opened), Some(COUNTED_MAX as u64), "at the limit");
        assert!(read_all(opened).await == scene.whole[5..10]);
        let scene = Scene::new(MediaPolicy::Stream, ranges, COUNTED_MAX + 1).await;
        for range in [from(0, Some(1)), from(0, None), from(50_000, None), ByteRange::Last(500)] {
            let opened = scene.open(Some(range)).await.unwrap();
            let Source::Proxied(passing) = &opened.source else { panic!("not from WhatsApp") };
            assert_eq!((passing.part(), passing.total()), (None, None), "{range:?}");
            assert!(read_all(opened).await == scene.whole, "{range:?}, ranges: {ranges}");
        }
    }
}
