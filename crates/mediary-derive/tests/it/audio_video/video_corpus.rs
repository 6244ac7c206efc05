//! Nasty videos, each with what has to come of it; and any bytes at all, of which nothing bad may come.

use mediary_derive::ErrorKind::{self, Broken, TooLarge};
use mediary_derive::served::{self, ServedVideo};
use mediary_derive::video::{Index, MAX_INDEX_BYTES, MAX_TRACKS};
use proptest::prelude::*;

use super::mp4::{MovieSpec, TrackSpec, boxed, ftyp, long_boxed, places};
use super::source::{Sparse, cursor};

/// Reads all there is to read. Says what went wrong.
fn outcome(file: &[u8]) -> Result<(), ErrorKind> {
    let index = Index::read(&mut cursor(file), file.len() as u64).map_err(|error| error.kind())?;
    index.movie().map_err(|error| error.kind())?;
    index.fast_start().map_err(|error| error.kind())?;
    Ok(())
}

/// The ordinary file with these bytes at the place of another box's content.
fn with(kind: &[u8; 4], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = MovieSpec::ordinary().index_last();
    let place = places(&file, kind)[0] + at;
    file[place..place + bytes.len()].copy_from_slice(bytes);
    file
}

fn with_length(kind: &[u8; 4], length: u32) -> Vec<u8> {
    let mut file = MovieSpec::ordinary().index_last();
    let place = places(&file, kind)[0] - 8;
    file[place..place + 4].copy_from_slice(&length.to_be_bytes());
    file
}

#[test]
fn nasty_videos_have_their_outcomes() {
    let many_tracks =
        MovieSpec { tracks: vec![TrackSpec::video(b"avc1", &[4]); MAX_TRACKS + 1], ..MovieSpec::ordinary() };
    let no_track = MovieSpec { tracks: Vec::new(), ..MovieSpec::ordinary() };
    let many_boxes = MovieSpec { details: boxed(b"free", &[]).repeat(65_536), ..MovieSpec::ordinary() };
    let nothing_in_it = MovieSpec { tracks: vec![TrackSpec::video(b"avc1", &[])], ..MovieSpec::ordinary() };
    let table: Vec<(&str, Vec<u8>, Result<(), ErrorKind>)> = vec![
        ("ordinary", MovieSpec::ordinary().index_last(), Ok(())),
        ("no byte", vec![], Err(Broken)),
        ("zeros", vec![0; 4096], Err(Broken)),
        ("text", b"This is a letter, and no video at all.".to_vec(), Err(Broken)),
        ("head alone", ftyp(), Err(Broken)),
        ("head of no length", [&[0; 4], b"ftypisom".as_slice()].concat(), Err(Broken)),
        ("box of one byte", [ftyp(), b"\0\0\0\x07free".to_vec()].concat(), Err(Broken)),
        (
            "long box of eight bytes",
            [ftyp(), b"\0\0\0\x01free\0\0\0\0\0\0\0\x08".to_vec()].concat(),
            Err(Broken),
        ),
        ("long box without a length", [ftyp(), b"\0\0\0\x01free\0\0".to_vec()].concat(), Err(Broken)),
        (
            "box of 2^64 bytes",
            [ftyp(), b"\0\0\0\x01free\xff\xff\xff\xff\xff\xff\xff\xff".to_vec()].concat(),
            Err(Broken),
        ),
        ("too many boxes", [ftyp(), boxed(b"free", &[]).repeat(1024)].concat(), Err(TooLarge)),
        ("data without an end", [ftyp(), b"\0\0\0\0mdat".to_vec(), vec![1; 99]].concat(), Err(Broken)),
        ("index of no length but boxes", boxed(b"moov", &[]), Err(Broken)),
        ("index without tracks", no_track.index_last(), Err(Broken)),
        ("index with too many tracks", many_tracks.index_last(), Err(TooLarge)),
        ("index with too many boxes", many_boxes.index_last(), Err(TooLarge)),
        ("track without samples", nothing_in_it.index_last(), Ok(())),
        ("index longer than the file", with_length(b"moov", 1 << 30), Err(Broken)),
        ("track longer than the index", with_length(b"trak", 1 << 30), Err(Broken)),
        ("track that is shorter than its head", with_length(b"trak", 7), Err(Broken)),
        ("track that reaches to the end", with_length(b"trak", 0), Err(Broken)),
        ("table with more entries than it has", with(b"stco", 4, &[0xff; 4]), Err(Broken)),
        ("table with fewer entries than it has", with(b"stco", 4, &[0; 4]), Err(Broken)),
        ("no time scale", with(b"mvhd", 12, &[0; 4]), Ok(())),
        ("no duration", with(b"mvhd", 16, &[0; 4]), Ok(())),
        ("handler of an unknown kind", with(b"hdlr", 8, b"\xff\xff\xff\xff"), Ok(())),
        ("table of no known codec", with(b"stsd", 12, b"\0\0\0\0"), Ok(())),
    ];
    for (name, file, expected) in table {
        assert_eq!(outcome(&file), expected, "{name}");
    }
}

#[test]
fn video_that_is_cut_off_anywhere_is_broken() {
    let mut spec = MovieSpec::ordinary();
    spec.tracks[0].chunks = vec![900; 40];
    let file = spec.index_last();
    for length in (0..file.len()).step_by(97) {
        assert_eq!(outcome(&file[..length]), Err(Broken), "{length} bytes");
    }
}

/// A video whose index, behind its samples, has so many bytes.
fn with_index_of(bytes: u64) -> Vec<u8> {
    let spec = MovieSpec::ordinary();
    let moov = spec.moov((ftyp().len() + 8) as u64);
    let filler = bytes - moov.len() as u64;
    let filled = [&moov[8..], &boxed(b"free", &vec![0; filler as usize - 8])].concat();
    [ftyp(), boxed(b"mdat", &spec.data()), boxed(b"moov", &filled)].concat()
}

#[test]
fn index_is_read_up_to_its_limit() {
    assert_eq!(outcome(&with_index_of(MAX_INDEX_BYTES)), Ok(()));
    assert_eq!(outcome(&with_index_of(MAX_INDEX_BYTES + 1)), Err(TooLarge));
}

#[test]
fn video_whose_index_is_larger_than_people_have_is_not_served_in_another_form() {
    let of = |bytes: u64| {
        let file = with_index_of(bytes);
        served::video(&mut cursor(&file), file.len() as u64)
    };
    assert!(matches!(of(served::MAX_INDEX_BYTES), Ok(ServedVideo::Mapped(_))));
    let refused = of(served::MAX_INDEX_BYTES + 1).unwrap_err();
    assert_eq!(
        (refused.kind(), refused.sentence()),
        (TooLarge, "the video's index has more than 4194304 bytes")
    );
}

#[test]
fn index_that_claims_a_terabyte_is_refused_unread() {
    let mut file = Sparse::default();
    file.put(0, [ftyp(), b"\0\0\0\x01moov".to_vec(), (1u64 << 40).to_be_bytes().to_vec()].concat());
    file.length = 1 << 41;
    let refused = Index::read(&mut file, 1 << 41).unwrap_err();
    assert_eq!(refused.kind(), TooLarge);
    assert!(file.bytes_read < 100);
}

#[test]
fn boxes_in_boxes_in_boxes_end() {
    let mut nested = Vec::new();
    for _ in 0..20_000 {
        nested = boxed(b"trak", &nested);
    }
    let file = [ftyp(), boxed(b"mdat", &[0; 8]), boxed(b"moov", &nested)].concat();
    assert_eq!(outcome(&file), Err(Broken));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn video_with_any_bytes_changed_is_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        long in any::<bool>(),
    ) {
        let spec = MovieSpec::ordinary();
        let mut file = if long {
            let data = (ftyp().len() + 16) as u64;
            [ftyp(), long_boxed(b"mdat", &spec.data()), spec.moov(data)].concat()
        } else {
            spec.index_last()
        };
        // Its head and its index: changed samples change nothing.
        let samples = spec.data().len() + 44;
        for (place, value) in changes {
            let place = place.index(file.len() - samples + 44);
            let place = if place < 44 { place } else { place + samples - 44 };
            file[place] = value;
        }
        let length = file.len() as u64;
        let mut source = Sparse::default();
        source.put(0, file);
        if let Ok(index) = Index::read(&mut source, length) {
            let _ = index.movie();
            if let Ok(Some(moved)) = index.fast_start() {
                prop_assert!(moved.original_length() <= length);
            }
        }
        prop_assert!(source.bytes_read < 3 * length);
    }

    #[test]
    fn video_of_any_bytes_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = outcome(&[ftyp(), boxed(b"mdat", b"data"), boxed(b"moov", &bytes)].concat());
        let _ = outcome(&bytes);
    }
}
