//! Posters of videos, by ffmpeg in its sandbox and workers in theirs. The videos are made by ffmpeg, too.

use std::fs::{self, File};
use std::io::Cursor;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use image::{DynamicImage, GenericImageView as _};
use mediary_core::{CompanyId, VariantKind};
use mediary_derive::ffmpeg::{Ffmpeg, PoolWithFfmpeg};
use mediary_derive::pool::{Input, Job};
use mediary_derive::video::Index;
use mediary_derive::{Derived, ErrorKind, Facts, Product, Recipe, Result, Workers as _};
use tokio::time::Instant;

use crate::harness::{ffmpeg, pool_for_recipes as pool, run};

async fn workers() -> PoolWithFfmpeg {
    let pool = pool();
    let ffmpeg = Ffmpeg::find(&std::env::var_os("PATH").unwrap(), &pool).await.unwrap();
    let ffmpeg = ffmpeg.expect("xtask/install.sh test installs the package ffmpeg");
    PoolWithFfmpeg::new(pool, ffmpeg)
}

async fn derive(workers: &PoolWithFfmpeg, video: &Path) -> Result<Derived> {
    let input = Input::from_file(File::open(video).unwrap()).unwrap();
    workers.run(Job::new(CompanyId(1), Recipe::Video, input)).await
}

async fn convert(workers: &PoolWithFfmpeg, video: &Path) -> Result<Derived> {
    let input = Input::from_file(File::open(video).unwrap()).unwrap();
    workers.run(Job::new(CompanyId(1), Recipe::Conversion, input)).await
}

fn kinds(derived: &Derived) -> Vec<VariantKind> {
    derived.products.iter().map(|product| product.kind).collect()
}

fn shown(product: &Product) -> DynamicImage {
    assert_eq!(product.mime_type, "image/webp");
    let picture = image::load_from_memory(&product.bytes).unwrap();
    assert_eq!((Some(picture.width()), Some(picture.height())), (product.width, product.height));
    picture
}

/// The colour in the middle.
fn colour(picture: &DynamicImage) -> [u8; 3] {
    let [red, green, blue, _] = picture.get_pixel(picture.width() / 2, picture.height() / 2).0;
    [red, green, blue]
}

fn is_like(colour: [u8; 3], expected: [u8; 3]) -> bool {
    colour.iter().zip(expected).all(|(is, should_be)| is.abs_diff(should_be) < 24)
}

/// Black for half a second, then green, then red.
const SCENES: &str = "-f lavfi -i color=black:s=640x360:r=25:d=0.5 -f lavfi -i color=0x00c000:s=640x360:r=25:d=2 \
    -f lavfi -i color=0xc00000:s=640x360:r=25:d=2 -filter_complex [0][1][2]concat=n=3";

#[tokio::test(flavor = "multi_thread")]
async fn video_has_a_poster_of_a_second_in_it_and_a_thumbnail() {
    let workers = workers().await;
    let folder = tempfile::tempdir().unwrap();
    ffmpeg(folder.path(), &format!("{SCENES} -c:v libx264 -preset ultrafast -g 100 scenes.mp4"));
    let derived = derive(&workers, &folder.path().join("scenes.mp4")).await.unwrap();
    assert_eq!(kinds(&derived), [VariantKind::Thumb, VariantKind::Poster]);
    assert!(derived.facts.thumbhash.is_some());
    assert_eq!(derived.missing, None);
    let [thumb, poster] = [0, 1].map(|at| shown(&derived.products[at]));
    assert_eq!((thumb.dimensions(), poster.dimensions()), ((320, 180), (640, 360)));
    for picture in [thumb, poster] {
        assert!(is_like(colour(&picture), [0, 0xc0, 0]), "{:?}", colour(&picture));
    }
}

/// On disk, in a file system of memory, without a name any more, and in memory alone.
#[tokio::test(flavor = "multi_thread")]
async fn poster_is_made_wherever_the_video_lies() {
    let workers = workers().await;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir_in("/dev/shm").unwrap()];
    for folder in folders {
        ffmpeg(folder.path(), &format!("{SCENES} -c:v libx264 -preset ultrafast scenes.mp4"));
        let path = folder.path().join("scenes.mp4");
        let memory = Input::from_stream(&*fs::read(&path).unwrap(), u64::MAX - 1).await.unwrap();
        let named = Input::from_file(File::open(&path).unwrap()).unwrap();
        let nameless = Input::from_file(File::open(&path).unwrap()).unwrap();
        for (input, what) in [(memory, "memory"), (named, "named"), (nameless, "nameless")] {
            if what == "nameless" {
                fs::remove_file(&path).unwrap();
            }
            let derived = workers.run(Job::new(CompanyId(1), Recipe::Video, input)).await.unwrap();
            assert_eq!(
                kinds(&derived),
                [VariantKind::Thumb, VariantKind::Poster],
                "{what} {}",
                folder.path().display()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn poster_of_what_phones_make_has_the_size_of_the_video() {
    let workers = workers().await;
    let folder = tempfile::tempdir().unwrap();
    let source = "-f lavfi -i testsrc2=size=640x360:rate=25 -t 1.4";
    let videos = [
        ("h264.mp4", "-c:v libx264 -preset ultrafast", (640, 360)),
        ("hevc.mp4", "-c:v libx265 -preset ultrafast -x265-params log-level=none -tag:v hvc1", (640, 360)),
        ("mpeg4.mp4", "-c:v mpeg4", (640, 360)),
        ("old.3gp", "-c:v h263 -s 176x144", (256, 144)),
        ("anamorphic.mp4", "-c:v libx264 -preset ultrafast -vf setsar=2", (1280, 360)),
        ("mjpeg.mov", "-c:v mjpeg -pix_fmt yuvj420p", (640, 360)),
        ("prores.mov", "-c:v prores", (640, 360)),
        ("fragments.mp4", "-c:v libx264 -preset ultrafast -movflags frag_keyframe+empty_moov", (640, 360)),
        ("large.mp4", "-c:v libx264 -preset ultrafast -s 1920x1080", (1280, 720)),
        ("one-frame.mp4", "-c:v libx264 -frames:v 1", (640, 360)),
    ];
    for (name, options, size) in videos {
        ffmpeg(folder.path(), &format!("{source} {options} {name}"));
        let derived = derive(&workers, &folder.path().join(name)).await.unwrap();
        assert_eq!(kinds(&derived)[..2], [VariantKind::Thumb, VariantKind::Poster], "{name}");
        assert_eq!(shown(&derived.products[1]).dimensions(), size, "{name}: {:?}", derived.facts);
    }
}

/// Red above and blue below in the pixels, and a turn to the left in the index.
#[tokio::test(flavor = "multi_thread")]
async fn poster_of_a_video_that_is_turned_is_upright() {
    let workers = workers().await;
    let folder = tempfile::tempdir().unwrap();
    let halves = "-f lavfi -i color=0xc00000:s=640x180:d=1 -f lavfi -i color=0x0000c0:s=640x180:d=1";
    ffmpeg(
        folder.path(),
        &format!("{halves} -filter_complex vstack -c:v libx264 -preset ultrafast lying.mp4"),
    );
    ffmpeg(folder.path(), "-i lying.mp4 -c copy -metadata:s:v:0 rotate=90 turned.mp4");
    let derived = derive(&workers, &folder.path().join("turned.mp4")).await.unwrap();
    let poster = shown(&derived.products[1]);
    assert_eq!(poster.dimensions(), (360, 640));
    let colour = |x| {
        let [red, green, blue, _] = poster.get_pixel(x, 320).0;
        [red, green, blue]
    };
    assert!(is_like(colour(60), [0xc0, 0, 0]) && is_like(colour(300), [0, 0, 0xc0]), "{:?}", colour(60));
}

#[tokio::test(flavor = "multi_thread")]
async fn video_whose_pictures_nobody_should_decode_keeps_its_facts() {
    let workers = workers().await;
    let folder = tempfile::tempdir().unwrap();
    let source = "-f lavfi -i testsrc2=size=640x360:rate=25 -f lavfi -i sine -t 1";
    ffmpeg(folder.path(), &format!("{source} -map 0:v -c:v magicyuv unknown.mov"));
    ffmpeg(folder.path(), &format!("{source} -map 1:a -c:a aac sound.mp4"));
    ffmpeg(
        folder.path(),
        "-f lavfi -i color=black:s=8192x4608:r=1 -frames:v 1 -c:v libx264 -preset ultrafast beyond-8k.mp4",
    );
    for name in ["unknown.mov", "sound.mp4", "beyond-8k.mp4"] {
        let derived = derive(&workers, &folder.path().join(name)).await.unwrap();
        assert_eq!(kinds(&derived), [], "{name}");
        assert!(derived.facts.duration_ms.is_some(), "{name}");
        let reason = derived.missing.unwrap();
        assert!(reason.contains("it has no poster: "), "{name}: {reason}");
        println!("{name}: {reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frame_of_8k_is_within_the_limits() {
    let workers = workers().await;
    let folder = tempfile::tempdir().unwrap();
    ffmpeg(folder.path(), "-f lavfi -i testsrc2=s=7680x4320:r=2 -t 1 -c:v libx264 -preset ultrafast 8k.mp4");
    let derived = derive(&workers, &folder.path().join("8k.mp4")).await.unwrap();
    assert_eq!(shown(&derived.products[1]).dimensions(), (1280, 720));
}

/// An index that is understood, and pictures that are not there.
#[tokio::test(flavor = "multi_thread")]
async fn video_that_is_cut_off_shows_what_is_there() {
    let workers = workers().await;
    let folder = tempfile::tempdir().unwrap();
    ffmpeg(folder.path(), &format!("{SCENES} -c:v libx264 -preset ultrafast -movflags +faststart whole.mp4"));
    let whole = fs::read(folder.path().join("whole.mp4")).unwrap();
    let data = whole.windows(4).position(|word| word == b"mdat").unwrap();
    for (cut, kinds_of_it) in [(whole.len() * 9 / 10, 2), (data + 8, 0)] {
        let path = folder.path().join("cut.mp4");
        fs::write(&path, &whole[..cut]).unwrap();
        let derived = derive(&workers, &path).await.unwrap();
        assert_eq!((kinds(&derived).len(), derived.facts.width), (kinds_of_it, Some(640)), "{cut}");
    }
}

/// Each is a file that some reader of ffmpeg takes for a list of other files, where it may choose the reader.
#[tokio::test(flavor = "multi_thread")]
async fn playlist_leads_nowhere() {
    let workers = workers().await;
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret.mp4");
    ffmpeg(folder.path(), &format!("{SCENES} -c:v libx264 -preset ultrafast secret.mp4"));
    let secret = secret.display();
    let hls = format!("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{secret}\n#EXT-X-ENDLIST\n");
    let lists = [
        hls.clone(),
        hls.replace(&secret.to_string(), "/etc/passwd"),
        format!("ffconcat version 1.0\nfile '{secret}'\n"),
        "ffconcat version 1.0\nfile 'file:///etc/passwd'\n".to_owned(),
        "root:x:0:0:root:/root:/bin/sh\n".to_owned(),
    ];
    for list in lists {
        let path = folder.path().join("list.mp4");
        fs::write(&path, &list).unwrap();
        assert!(derive(&workers, &path).await.is_err(), "{list}");
        // Nor would it, if our own reader let it through.
        assert!(frame(&workers, &path).await.is_none(), "{list}");
    }
    assert!(frame(&workers, &folder.path().join("secret.mp4")).await.is_some());
}

async fn frame(workers: &PoolWithFfmpeg, video: &Path) -> Option<Input> {
    let input = Input::from_file(File::open(video).unwrap()).unwrap();
    workers.frame(CompanyId(1), &input, Duration::ZERO, (64, 36)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn program_that_is_no_ffmpeg_is_not_used() {
    let Err(error) = Ffmpeg::at("/usr/bin/env".into(), &pool()).await else { panic!("it is no ffmpeg") };
    assert!(error.sentence().starts_with("/usr/bin/env does not run in its sandbox: "), "{error}");
    let Err(error) = Ffmpeg::at("/nowhere/ffmpeg".into(), &pool()).await else { panic!("it is nowhere") };
    assert!(error.sentence().starts_with("/nowhere/ffmpeg does not run"), "{error}");
}

/// What browsers play: H.264 and AAC, with the index in front of the data.
fn plays(product: &Product) -> Facts {
    assert_eq!((product.kind, product.mime_type), (VariantKind::Playable, "video/mp4"));
    let place = |kind: &[u8]| product.bytes.windows(4).position(|word| word == kind).unwrap();
    assert!(place(b"moov") < place(b"mdat"));
    let movie =
        Index::read(&mut Cursor::new(&product.bytes), product.bytes.len() as u64).unwrap().movie().unwrap();
    assert_eq!(movie.video().unwrap().codec, "H.264");
    assert!(movie.audio().is_none_or(|track| track.codec == "AAC"));
    movie.facts()
}

#[tokio::test(flavor = "multi_thread")]
async fn video_that_browsers_cannot_play_is_converted_and_no_other() {
    let workers = workers().await;
    let folder = tempfile::tempdir().unwrap();
    let source = "-f lavfi -i testsrc2=size=640x360:rate=25 -f lavfi -i sine -t 2";
    let hevc = "-c:v libx265 -preset ultrafast -x265-params log-level=none -tag:v hvc1 -c:a aac";
    ffmpeg(folder.path(), &format!("{source} {hevc} hevc.mp4"));
    ffmpeg(folder.path(), &format!("{source} -c:v mpeg4 -an mpeg4.mp4"));
    ffmpeg(folder.path(), &format!("{source} -c:v libx264 -preset ultrafast -c:a aac plays.mp4"));
    for (name, has_sound) in [("hevc.mp4", true), ("mpeg4.mp4", false)] {
        let first = derive(&workers, &folder.path().join(name)).await.unwrap();
        assert_eq!(kinds(&first), [VariantKind::Thumb, VariantKind::Poster], "{name}");
        let derived = convert(&workers, &folder.path().join(name)).await.unwrap();
        assert_eq!(kinds(&derived), [VariantKind::Playable], "{name}");
        assert_eq!(Facts { thumbhash: None, ..first.facts }, derived.facts, "{name}");
        let facts = plays(&derived.products[0]);
        assert_eq!((facts.width, facts.height, facts.unplayable), (Some(640), Some(360), None));
        assert!(facts.duration_ms.unwrap().abs_diff(2_000) < 100, "{:?}", facts.duration_ms);
        let sound = derived.products[0].bytes.windows(4).any(|word| word == b"mp4a");
        assert_eq!(sound, has_sound, "{name}");
    }
    let derived = convert(&workers, &folder.path().join("plays.mp4")).await.unwrap();
    assert_eq!((kinds(&derived), derived.missing), (Vec::new(), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn video_that_is_too_long_to_be_converted_says_so() {
    let workers = workers().await;
    let folder = tempfile::tempdir().unwrap();
    ffmpeg(folder.path(), "-f lavfi -i color=black:s=64x64:r=1 -t 605 -c:v mpeg4 long.mp4");
    let derived = convert(&workers, &folder.path().join("long.mp4")).await.unwrap();
    assert_eq!(kinds(&derived), []);
    assert_eq!(
        derived.missing.unwrap(),
        "it cannot be played here (MPEG-4 Part 2), and is not converted: the video lasts 605 seconds; at most 600 are converted"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn video_to_be_sent_has_no_more_bytes_than_allowed() {
    let workers = workers().await;
    let folder = tempfile::tempdir().unwrap();
    // Noise is what takes most bytes.
    ffmpeg(
        folder.path(),
        "-f lavfi -i nullsrc=s=320x240:r=25,geq=random(1)*255:128:128 -t 6 -c:v mpeg4 -q:v 2 noise.mp4",
    );
    let path = folder.path().join("noise.mp4");
    let message = async |max_bytes| {
        let input = Input::from_file(File::open(&path).unwrap()).unwrap();
        workers.run(Job::new(CompanyId(1), Recipe::VideoMessage { max_bytes }, input)).await
    };
    let most = 800_000;
    assert!(fs::metadata(&path).unwrap().len() > most * 2);
    let sent = message(most).await.unwrap();
    let bytes = sent.products[0].bytes.len() as u64;
    assert!(bytes <= most && bytes > most / 4, "{bytes}");
    assert!(plays(&sent.products[0]).duration_ms.unwrap().abs_diff(6_000) < 100);
    assert_eq!(message(100_000).await.unwrap_err().kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn video_is_not_sent_where_ffmpeg_is_missing() {
    let input = Input::from_stream(&b"a video"[..], 100).await.unwrap();
    let job = Job::new(CompanyId(1), Recipe::VideoMessage { max_bytes: 1_000 }, input);
    assert_eq!(pool().run(job).await.unwrap_err().kind(), ErrorKind::Unsupported);
}

/// With the priority that workers have. On a machine that does nothing else: `cargo test --release -p mediary-derive --test it -- --ignored
/// --nocapture posters`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures"]
async fn poster_takes_little_longer_than_ffmpeg_alone() {
    const ROUNDS: usize = 9;
    let workers = workers().await;
    let folder = tempfile::tempdir().unwrap();
    ffmpeg(
        folder.path(),
        "-f lavfi -i testsrc2=s=1920x1080:r=30 -t 10 -c:v libx264 -preset fast -g 60 video.mp4",
    );
    let video = folder.path().join("video.mp4");
    let mut times = [const { Vec::new() }; 2];
    for _ in 0..=ROUNDS {
        let begun = Instant::now();
        let mut alone = Command::new("nice");
        alone.args(["-n", "10", "ffmpeg", "-nostdin", "-v", "error", "-y", "-threads", "1", "-ss", "1"]);
        alone.args(["-i", "video.mp4", "-frames:v", "1", "-vf", "scale=1280:720", "-c:v", "libwebp"]);
        run(alone.arg("poster.webp").current_dir(folder.path()), "ffmpeg");
        times[0].push(begun.elapsed());
        let begun = Instant::now();
        assert_eq!(derive(&workers, &video).await.unwrap().products.len(), 2);
        times[1].push(begun.elapsed());
    }
    let [alone, jailed] = times.map(|mut times| {
        times.remove(0);
        times.sort_unstable();
        times[ROUNDS / 2]
    });
    println!(
        "ffmpeg alone {alone:?}, in its sandbox, with size, duration and thumbnail {jailed:?} (medians of {ROUNDS})"
    );
    assert!(jailed < alone.mul_f64(1.3) + Duration::from_millis(1));
}
