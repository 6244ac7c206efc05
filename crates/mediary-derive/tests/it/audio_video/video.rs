//! What is read from a video's index, and the video with its index in front.

use mediary_derive::video::{Index, IndexPosition};
use mediary_derive::{Error, ErrorKind, Facts, VirtualFile};
use proptest::prelude::*;

use super::mp4::{MovieSpec, TrackSpec, all_offsets, boxed, esds, ftyp, full, long_boxed};
use super::source::{Sparse, cursor, part, whole};

fn index(file: &[u8]) -> Result<Index, Error> {
    Index::read(&mut cursor(file), file.len() as u64)
}

fn facts(file: &[u8]) -> Facts {
    index(file).unwrap().movie().unwrap().facts()
}

fn fast_start(file: &[u8]) -> Result<Option<VirtualFile>, Error> {
    index(file)?.fast_start()
}

/// The first bytes of each chunk, by the offsets that a file's tables have.
fn chunks(file: &[u8]) -> Vec<&[u8]> {
    all_offsets(file).into_iter().map(|offset| &file[offset as usize..][..40]).collect()
}

#[test]
fn video_has_its_size_duration_and_codecs() {
    let file = MovieSpec::ordinary().index_last();
    let movie = index(&file).unwrap().movie().unwrap();
    assert_eq!(movie.index, IndexPosition::End);
    assert_eq!(movie.video().unwrap().codec, "H.264");
    assert_eq!(movie.audio().unwrap().codec, "AAC");
    let expected =
        Facts { width: Some(640), height: Some(360), duration_ms: Some(2_000), ..Facts::default() };
    assert_eq!(movie.facts(), expected);
}

#[test]
fn video_that_was_filmed_upright_is_higher_than_wide() {
    for (rotation, size) in [(0, (640, 360)), (90, (360, 640)), (180, (640, 360)), (270, (360, 640))] {
        let mut spec = MovieSpec::ordinary();
        spec.tracks[0].rotation = rotation;
        let facts = facts(&spec.index_first());
        assert_eq!((facts.width.unwrap(), facts.height.unwrap()), size, "{rotation} degrees");
    }
}

#[test]
fn video_without_a_duration_in_its_header_has_that_of_its_longest_track() {
    let mut spec = MovieSpec::ordinary();
    spec.duration = 0;
    spec.tracks[1].duration = 2_345;
    assert_eq!(facts(&spec.index_last()).duration_ms, Some(2_345));
    spec.duration = u32::MAX;
    assert_eq!(facts(&spec.index_last()).duration_ms, Some(2_345));
}

#[test]
fn video_names_the_codecs_that_browsers_may_not_play() {
    let unplayable = |video: &[u8; 4], video_details: Vec<u8>, audio: &[u8; 4], audio_details: Vec<u8>| {
        let mut spec = MovieSpec::ordinary();
        spec.tracks[0] = TrackSpec { details: video_details, ..TrackSpec::video(video, &[100]) };
        spec.tracks[1] = TrackSpec { details: audio_details, ..TrackSpec::audio(audio, &[100]) };
        facts(&spec.index_last()).unplayable
    };
    let avc = |profile| boxed(b"avcC", &[1, profile, 0, 30]);
    assert_eq!(unplayable(b"avc1", avc(100), b"mp4a", esds(0x40)), None);
    assert_eq!(unplayable(b"av01", vec![], b"Opus", vec![]), None);
    assert_eq!(unplayable(b"vp09", vec![], b"mp4a", esds(0x6b)), None);
    assert_eq!(unplayable(b"hev1", vec![], b"mp4a", vec![]).unwrap(), "HEVC");
    assert_eq!(unplayable(b"mp4v", esds(0x20), b"mp4a", esds(0x40)).unwrap(), "MPEG-4 Part 2");
    assert_eq!(unplayable(b"s263", vec![], b"samr", vec![]).unwrap(), "H.263 and AMR");
    assert_eq!(unplayable(b"avc1", avc(110), b"sawb", vec![]).unwrap(), "H.264 with 10 bits and AMR-WB");
    assert_eq!(unplayable(b"xyz\n", vec![], b"mp4a", vec![]).unwrap(), "xyz?");
    let sinf = boxed(b"sinf", &boxed(b"frma", b"avc1"));
    assert_eq!(unplayable(b"encv", sinf, b"mp4a", vec![]).unwrap(), "encrypted");
}

#[test]
fn fast_start_puts_the_index_in_front_and_leaves_each_chunk_as_it_was() {
    let file = MovieSpec::ordinary().index_last();
    let moved = whole(&fast_start(&file).unwrap().unwrap(), &file);
    assert_eq!(moved.len(), file.len());
    assert_eq!(moved, MovieSpec::ordinary().index_first());
    assert_eq!(chunks(&moved), chunks(&file));
    assert_eq!(index(&moved).unwrap().movie().unwrap().index, IndexPosition::Front);
}

#[test]
fn fast_start_of_a_video_that_plays_while_it_loads_is_none() {
    assert_eq!(fast_start(&MovieSpec::ordinary().index_first()).unwrap(), None);
    let mut fragmented = MovieSpec::ordinary();
    fragmented.details = boxed(b"mvex", &full(b"mehd", 0, 0, &3_000u32.to_be_bytes()));
    fragmented.duration = 0;
    let file = fragmented.index_last();
    assert_eq!(fast_start(&file).unwrap(), None);
    let movie = index(&file).unwrap().movie().unwrap();
    assert_eq!((movie.index, movie.duration_ms), (IndexPosition::Fragments, Some(3_000)));
}

#[test]
fn fast_start_keeps_what_follows_the_index() {
    let spec = MovieSpec::ordinary();
    let mut file = spec.index_last();
    let free = boxed(b"free", b"behind the index");
    file.extend_from_slice(&free);
    let moved = whole(&fast_start(&file).unwrap().unwrap(), &file);
    assert_eq!(moved, [spec.index_first(), free].concat());
}

#[test]
fn fast_start_shifts_data_behind_the_index_by_nothing() {
    let spec = MovieSpec::ordinary();
    let head = [ftyp(), boxed(b"mdat", b"nothing that is used")].concat();
    let data = head.len() + spec.moov(0).len() + 8;
    let file = [head, spec.moov(data as u64), boxed(b"mdat", &spec.data())].concat();
    let moved = whole(&fast_start(&file).unwrap().unwrap(), &file);
    assert_eq!(all_offsets(&moved), all_offsets(&file));
    assert_eq!(chunks(&moved), chunks(&file));
}

#[test]
fn fast_start_understands_an_index_without_length_or_with_a_long_one() {
    let spec = MovieSpec::ordinary();
    let mut endless = spec.index_last();
    let moov = endless.len() - spec.moov(0).len();
    endless[moov..moov + 4].copy_from_slice(&[0; 4]);
    assert_eq!(whole(&fast_start(&endless).unwrap().unwrap(), &endless), spec.index_first());

    let data = (ftyp().len() + 16) as u64;
    let moov = long_boxed(b"moov", &spec.moov(data)[8..]);
    let file = [ftyp(), long_boxed(b"mdat", &spec.data()), moov].concat();
    let moved = whole(&fast_start(&file).unwrap().unwrap(), &file);
    assert_eq!(chunks(&moved), chunks(&file));
}

/// The length of the box in front of all: there the index goes.
const HEAD: u64 = 32;

/// A video whose chunks lie from `data` on, in a file of more than 4 GB that is nearly all zeros.
fn huge(spec: &MovieSpec, data: u64) -> (Sparse, u64) {
    let mut file = Sparse::default();
    let end = data + spec.data().len() as u64;
    let mut head = ftyp();
    let start = head.len() as u64;
    head.extend([0, 0, 0, 1]);
    head.extend(b"mdat");
    head.extend((end - start).to_be_bytes());
    file.put(0, head);
    file.put(data, spec.data());
    file.put(end, spec.moov(data));
    (file, end)
}

#[test]
fn fast_start_grows_a_table_only_where_an_offset_would_not_fit() {
    let spec = MovieSpec::ordinary();
    let moov_bytes = spec.moov(0).len() as u64;
    // The last chunk of the pictures stays below 4 GB by one byte, all of the sound's are beyond.
    let last_of_video = 900 + 300 + 500;
    let grown_bytes = moov_bytes + 3 * 4;
    let data = u64::from(u32::MAX) - grown_bytes - last_of_video;
    let (mut file, end) = huge(&spec, data);
    let length = file.length;
    let virtual_file = Index::read(&mut file, length).unwrap().fast_start().unwrap().unwrap();
    let moov = part(&virtual_file, &[0; 64], HEAD..HEAD + grown_bytes);
    assert_eq!(virtual_file.length(), file.length + 3 * 4);
    assert_eq!(virtual_file.own_bytes() as u64, grown_bytes);
    assert_eq!((moov.windows(4).filter(|four| four == b"co64").count(), end > 1 << 31), (1, true));
    let expected: Vec<u64> = {
        let mut offsets = all_offsets(&spec.moov(data));
        offsets.iter_mut().for_each(|offset| *offset += grown_bytes);
        offsets
    };
    assert_eq!(all_offsets(&moov), expected);
    assert!(file.bytes_read < grown_bytes + 100, "only heads and the index are read");

    let (mut file, _) = huge(&spec, data + 1);
    let virtual_file = Index::read(&mut file, length + 1).unwrap().fast_start().unwrap().unwrap();
    assert_eq!(virtual_file.own_bytes() as u64, moov_bytes + 7 * 4, "both tables have to grow");
}

#[test]
fn fast_start_moves_offsets_of_64_bits_beyond_4_gb() {
    let mut spec = MovieSpec::ordinary();
    spec.tracks.iter_mut().for_each(|track| track.wide = true);
    let (mut file, _) = huge(&spec, 5 << 30);
    let length = file.length;
    let virtual_file = Index::read(&mut file, length).unwrap().fast_start().unwrap().unwrap();
    assert_eq!(virtual_file.length(), length);
    let moov_bytes = spec.moov(0).len() as u64;
    let moov = part(&virtual_file, &[0; 64], HEAD..HEAD + moov_bytes);
    assert_eq!(all_offsets(&moov)[0], (5 << 30) + moov_bytes);
}

#[test]
fn fast_start_works_on_the_head_and_the_index_alone() {
    let file = MovieSpec::ordinary().index_last();
    let moov = MovieSpec::ordinary().moov((ftyp().len() + 16) as u64);
    let mut arrived = Sparse::default();
    arrived.put(0, file[..ftyp().len() + 16].to_vec());
    arrived.put((file.len() - moov.len()) as u64, moov);
    // What comes behind the index is not there yet.
    arrived.length += 1 << 20;
    let length = arrived.length;
    let virtual_file = Index::read(&mut arrived, length).unwrap().fast_start().unwrap().unwrap();
    assert_eq!(virtual_file.length(), length);
}

#[test]
fn fast_start_refuses_what_it_cannot_move() {
    let refused = |change: &dyn Fn(&mut MovieSpec)| {
        let mut spec = MovieSpec::ordinary();
        change(&mut spec);
        fast_start(&spec.index_last()).unwrap_err()
    };
    let encrypted = refused(&|spec| spec.tracks[0].codec = *b"encv");
    assert_eq!((encrypted.kind(), encrypted.sentence()), (ErrorKind::Unsupported, "the video is encrypted"));
    assert_eq!(refused(&|spec| spec.tracks[0].data_flags = 0).kind(), ErrorKind::Unsupported);
    let items = full(b"meta", 0, 0, &full(b"iloc", 0, 0, &[0; 4]));
    assert_eq!(refused(&|spec| spec.details = items.clone()).kind(), ErrorKind::Unsupported);
    assert_eq!(refused(&|spec| spec.details = boxed(b"saio", &[])).kind(), ErrorKind::Unsupported);
}

#[test]
fn fast_start_refuses_offsets_where_no_sample_can_be() {
    let spec = MovieSpec::ordinary();
    let in_the_head = [ftyp(), boxed(b"mdat", &spec.data()), spec.moov(3)].concat();
    assert_eq!(fast_start(&in_the_head).unwrap_err().kind(), ErrorKind::Broken);
    let behind_the_end = [ftyp(), boxed(b"mdat", &spec.data()), spec.moov(1 << 20)].concat();
    assert_eq!(fast_start(&behind_the_end).unwrap_err().kind(), ErrorKind::Broken);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn fast_start_reads_the_same_in_any_ranges(
        video in prop::collection::vec(40u32..900, 1..30),
        audio in prop::collection::vec(40u32..90, 1..30),
        wide in any::<(bool, bool)>(),
        from in 0u64..20_000,
        length in 0u64..20_000,
    ) {
        let mut spec = MovieSpec::ordinary();
        spec.tracks = vec![
            TrackSpec { wide: wide.0, ..TrackSpec::video(b"avc1", &video) },
            TrackSpec { wide: wide.1, ..TrackSpec::audio(b"mp4a", &audio) },
        ];
        let file = spec.index_last();
        let virtual_file = fast_start(&file).unwrap().unwrap();
        let expected = spec.index_first();
        let range = from.min(expected.len() as u64)..(from + length).min(expected.len() as u64);
        prop_assert_eq!(
            part(&virtual_file, &file, from..from + length),
            &expected[range.start as usize..range.end as usize]
        );
        prop_assert_eq!(whole(&virtual_file, &file), expected);
    }
}
