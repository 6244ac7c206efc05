//! Nasty recordings, each with what has to come of it; and any bytes at all, of which nothing bad may come.

use std::io::Cursor;
use std::sync::LazyLock;

use mediary_derive::ErrorKind::{self, Broken, TooLarge, Unsupported};
use mediary_derive::audio;
use proptest::prelude::*;

use super::sound::{FIRST, LAST, Note, amr, bursts, opus_head, page, raw_page, wav};
use super::source::Sparse;

/// How long it lasts, or what went wrong; everything that can be made of it is made.
fn outcome(file: &[u8]) -> Result<u64, ErrorKind> {
    let _ = audio::waveform(Cursor::new(file));
    let _ = audio::playable(Cursor::new(file));
    let facts = audio::facts(Cursor::new(file)).map_err(|error| {
        let is_of_a_library = |word| error.sentence().contains(word);
        assert!(!LIBRARIES.into_iter().any(is_of_a_library), "{error}");
        error.kind()
    })?;
    Ok(facts.duration_ms.unwrap_or(0))
}

/// Words by which libraries tell what is wrong with a file.
const LIBRARIES: [&str; 6] = ["malformed", "unsupported", "unexpected", "invalid", "stream", ": error"];

fn pages_with(change: impl Fn(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let mut pages = Note::seconds(3).pages();
    change(&mut pages);
    pages.concat()
}

type Case = (&'static str, Vec<u8>, Result<u64, ErrorKind>);

fn check(table: Vec<Case>) {
    for (name, file, expected) in table {
        assert_eq!(outcome(&file), expected, "{name}");
    }
}

/// Of the voice note that is changed here: three seconds, less the pre-skip.
const WHOLE: u64 = 3_000 - 7;

fn head(channels: u8) -> Vec<u8> {
    page(FIRST, 0, 7, &[opus_head(channels, 312)])
}

fn tags() -> Vec<u8> {
    page(0, 0, 7, &[b"OpusTags".to_vec()])
}

/// The header, the tags, and these pages.
fn with_head(pages: &[Vec<u8>]) -> Vec<u8> {
    [head(1), tags(), pages.concat()].concat()
}

/// A packet of speech, 20 ms, of so many bytes.
fn speech(bytes: usize) -> Vec<u8> {
    vec![8; bytes]
}

#[test]
fn voice_notes_with_nasty_headers_have_their_outcomes() {
    let note = Note::seconds(3);
    let second = Note { serial: 9, ..Note::seconds(1) };
    let surround = page(FIRST, 0, 7, &[surround_head()]);
    check(vec![
        ("no byte", vec![], Err(Broken)),
        ("name alone", b"OggS".to_vec(), Err(Unsupported)),
        ("header alone", head(1), Ok(0)),
        ("header and tags alone", with_head(&[]), Ok(0)),
        ("header of no channel", [head(0), tags()].concat(), Err(Unsupported)),
        ("Vorbis", include_bytes!("samples/tone-vorbis.ogg").to_vec(), Err(Unsupported)),
        ("no tags", [head(1), note.pages()[2..].concat()].concat(), Ok(WHOLE)),
        ("surround", [surround, tags(), page(LAST, 960, 7, &[speech(9)])].concat(), Ok(13)),
        ("pre-skip longer than all", Note { pre_skip: u16::MAX, ..Note::seconds(1) }.file(), Ok(0)),
        ("no end and a second beginning", [note.pages()[..4].concat(), second.file()].concat(), Ok(2_987)),
        ("a thousand recordings", head(1).repeat(1_024), Ok(0)),
        ("a thousand recordings and one", head(1).repeat(1_025), Err(TooLarge)),
    ]);
}

#[test]
fn voice_notes_with_nasty_pages_have_their_outcomes() {
    let endless = |flags| raw_page(flags, -1, 7, &[255; 255], &speech(255 * 255));
    let continued = raw_page(1, 960, 7, &[10, 10], &speech(20));
    let nothing = raw_page(0, 960, 7, &[], &[]);
    let garbage = |pages: &mut Vec<Vec<u8>>| pages[3].splice(0..0, vec![79; 70_000]).for_each(drop);
    check(vec![
        ("garbage in front of a page", pages_with(garbage), Ok(WHOLE)),
        ("page lost", pages_with(|pages| drop(pages.remove(3))), Ok(WHOLE - 1_000)),
        ("page with a wrong checksum", pages_with(|pages| pages[3][40] ^= 1), Ok(WHOLE - 1_000)),
        ("page with a lying length", pages_with(|pages| pages[3][26] = 255), Ok(WHOLE - 1_000)),
        ("wrong checksums without an end", [head(1), b"OggS".repeat(40_000)].concat(), Err(Broken)),
        ("nothing but the header", pages_with(|pages| pages.truncate(2)), Ok(0)),
        ("packet that goes on for ever", with_head(&[endless(0), endless(1)]), Ok(0)),
        ("page that continues nothing", with_head(&[continued]), Ok(13)),
        ("page of nothing", with_head(&[nothing, page(LAST, 960, 7, &[speech(9)])]), Ok(13)),
        ("packets of no meaning", with_head(&[page(LAST, 960, 7, &[vec![11], vec![11, 0]])]), Ok(0)),
        ("muted packets alone", with_head(&[page(LAST, 2_880, 7, &[vec![], vec![], vec![]])]), Ok(53)),
    ]);
}

#[test]
fn voice_notes_with_lying_clocks_last_as_long_as_their_packets() {
    let note = Note::seconds(3);
    for granule in [1 << 40, i64::MAX, 0, 1, -1, -2, i64::MIN] {
        let last = page(LAST, granule, 7, &note.packets[100..]);
        assert_eq!(outcome(&pages_with(|pages| pages[4] = last.clone())), Ok(WHOLE), "at the end: {granule}");
        let middle = page(0, granule, 7, &note.packets[50..100]);
        assert_eq!(
            outcome(&pages_with(|pages| pages[3] = middle.clone())),
            Ok(WHOLE),
            "in the middle: {granule}"
        );
    }
}

#[test]
fn voice_note_is_read_up_to_its_limits() {
    let kind = |file: &[u8]| audio::playable(Cursor::new(file)).err().map(|error| error.kind());
    // A packet, and muted ones, as many as an MP4 may have.
    let muted = |packets: usize| {
        let mut note = Note::of(vec![Vec::new(); packets]);
        note.packets[0] = vec![8];
        note.per_page = 255;
        note.file()
    };
    assert_eq!(kind(&muted(1 << 20)), None);
    assert_eq!(kind(&muted((1 << 20) + 1)), Some(TooLarge));
    // Each packet on a page of its own is a segment of the map; with the index in front, there are as many as it may have.
    let pages = |pages: usize| {
        let mut note = Note::of(vec![vec![8]; pages]);
        note.per_page = 1;
        note.file()
    };
    assert_eq!(kind(&pages(65_535)), None);
    assert_eq!(kind(&pages(65_536)), Some(TooLarge));
    let damaged = |pages: usize| [b"OggS".repeat(pages), Note::seconds(1).file()].concat();
    assert_eq!(outcome(&damaged(256)), Ok(993));
    assert_eq!(outcome(&damaged(257)), Err(Broken));
}

#[test]
fn waveform_is_made_of_three_hours_and_no_more() {
    // Of ten samples a second.
    let lasting = |seconds: usize| audio::waveform(Cursor::new(wav(10, 1, &vec![0.5; 10 * seconds])));
    assert_eq!(lasting(10_800).unwrap().duration_ms, 10_800_000);
    assert_eq!(lasting(10_801).unwrap_err().kind(), TooLarge);
}

#[test]
fn voice_note_is_read_once_for_its_duration_and_once_for_its_remux() {
    let mut source = Sparse::default();
    source.put(0, Note::seconds(3).file());
    audio::facts(&mut source).unwrap();
    assert!(source.bytes_read <= source.length + 16);
    audio::playable(&mut source).unwrap();
    assert!(source.bytes_read <= 2 * (source.length + 16));
}

fn surround_head() -> Vec<u8> {
    let mut head = opus_head(6, 312);
    head[18] = 1;
    [head, vec![4, 2, 0, 4, 1, 2, 3, 5]].concat()
}

#[test]
fn nasty_recordings_of_other_kinds_have_their_outcomes() {
    let narrow = amr(false, 1);
    let changed = |place: usize, byte: u8| {
        let mut file = narrow.clone();
        file[place] = byte;
        file
    };
    let lying_wav = |places: &[usize]| {
        let mut file = wav(8_000, 1, &bursts(8_000, 1));
        places.iter().for_each(|place| file[*place..place + 4].fill(0xff));
        file
    };
    let table: Vec<(&str, Vec<u8>, Result<u64, ErrorKind>)> = vec![
        ("AMR", narrow.clone(), Ok(1_000)),
        ("AMR without a frame", b"#!AMR\n".to_vec(), Err(Broken)),
        ("AMR cut off in its name", b"#!AMR-W".to_vec(), Err(Broken)),
        ("AMR of several channels", b"#!AMR_MC1.0\n\0\0\0\x02".to_vec(), Err(Unsupported)),
        ("AMR cut off in a frame", narrow[..6 + 32 * 10 + 5].to_vec(), Ok(200)),
        ("AMR with a reserved frame", changed(6 + 32 * 10, 12 << 3), Ok(200)),
        ("AMR with damaged frames", changed(6 + 32 * 10, 7 << 3), Ok(1_000)),
        ("AMR of pauses", [b"#!AMR\n".to_vec(), vec![15 << 3 | 4; 500]].concat(), Ok(10_000)),
        ("WAV", wav(8_000, 1, &bursts(8_000, 1)), Ok(1_000)),
        // Its last packet counts whole.
        ("WAV that was written to a pipe", lying_wav(&[4, 40]), Ok(1_008)),
        ("WAV with a lying length", lying_wav(&[40]), Err(Broken)),
        (
            "text",
            b"This is a letter, and no recording at all, however long it goes on.".repeat(30),
            Err(Unsupported),
        ),
        ("zeros", vec![0; 100_000], Err(Unsupported)),
    ];
    for (name, file, expected) in table {
        let found = outcome(&file);
        let refused_both =
            matches!((found, expected), (Err(Broken | Unsupported), Err(Broken | Unsupported)));
        assert!(found == expected || refused_both, "{name}: {found:?}, expected {expected:?}");
    }
}

#[test]
fn recording_that_is_cut_off_anywhere_is_read_or_refused() {
    let note = Note::seconds(3).file();
    let whole = outcome(&note).unwrap();
    for length in (0..note.len()).step_by(511) {
        assert!(outcome(&note[..length]).unwrap_or(0) <= whole, "{length} bytes");
    }
    for file in [
        include_bytes!("samples/tone.mp3").as_slice(),
        include_bytes!("samples/tone.m4a"),
        include_bytes!("samples/tone.aac"),
        include_bytes!("samples/tone.webm"),
        include_bytes!("samples/tone-opus.mp4"),
        include_bytes!("samples/tone-opus.caf"),
        include_bytes!("samples/tone-alac.m4a"),
        include_bytes!("samples/tone-alac.caf"),
    ] {
        for length in (0..file.len()).step_by(331) {
            let _ = outcome(&file[..length]);
        }
    }
}

/// The pages of a voice note of a second.
static SECOND: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| Note::seconds(1).pages());

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn voice_note_with_any_page_is_read_or_refused(
        flags in any::<u8>(),
        granule in any::<i64>(),
        lacing in prop::collection::vec(prop_oneof![Just(255u8), any::<u8>()], 0..30),
        byte in any::<u8>(),
        at in 0usize..6,
    ) {
        let body: Vec<u8> = (0..lacing.iter().map(|length| usize::from(*length)).sum()).map(|n: usize| byte ^ (n % 7) as u8).collect();
        let mut pages = SECOND.clone();
        pages.insert(at.min(pages.len()), raw_page(flags, granule, 7, &lacing, &body));
        // 30 packets of 120 ms, at most.
        prop_assert!(outcome(&pages.concat()).unwrap_or(0) <= 1_000 + 30 * 120);
    }

    #[test]
    fn recording_with_any_bytes_changed_is_read_or_refused(
        which in 0usize..10,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..10),
        near_the_head in any::<bool>(),
    ) {
        let mut file = match which {
            0 => include_bytes!("samples/tone.mp3").to_vec(),
            1 => include_bytes!("samples/tone.m4a").to_vec(),
            2 => include_bytes!("samples/tone.aac").to_vec(),
            3 => include_bytes!("samples/tone.webm").to_vec(),
            4 => include_bytes!("samples/tone-opus.mp4").to_vec(),
            5 => include_bytes!("samples/tone-opus.caf").to_vec(),
            6 => include_bytes!("samples/tone-alac.m4a").to_vec(),
            7 => include_bytes!("samples/tone-alac.caf").to_vec(),
            8 => include_bytes!("samples/tone-stereo.ogg").to_vec(),
            _ => wav(8_000, 1, &bursts(8_000, 1)),
        };
        let reach = if near_the_head { 200 } else { file.len() };
        for (place, value) in changes {
            file[place.index(reach)] = value;
        }
        let _ = outcome(&file);
    }

    #[test]
    fn amr_of_any_bytes_is_read_or_refused(wide in any::<bool>(), bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let name: &[u8] = if wide { b"#!AMR-WB\n" } else { b"#!AMR\n" };
        let _ = outcome(&[name, &bytes].concat());
    }

    #[test]
    fn opus_of_any_bytes_is_decoded_or_silent(packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..20)) {
        let note = Note::of(packets);
        let _ = outcome(&note.file());
    }
}
