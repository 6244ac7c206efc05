//! Recordings of each kind: their duration, waveform, and what they become.

use std::io::Cursor;

use mediary_derive::audio::{self, BARS, Playable, Waveform};
use mediary_derive::video::{Index, IndexPosition};
use mediary_derive::{Error, ErrorKind, Facts};

use super::sound::{Note, PACKET_SAMPLES, PRE_SKIP, amr, bursts, packets, wav};
use super::source::whole;

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!("samples/", $name)).as_slice()
    };
}

fn facts(file: &[u8]) -> Facts {
    audio::facts(Cursor::new(file)).unwrap()
}

fn waveform(file: &[u8]) -> Waveform {
    audio::waveform(Cursor::new(file)).unwrap()
}

fn voice_note(file: &[u8]) -> Result<Vec<u8>, Error> {
    audio::voice_note(Cursor::new(file))
}

fn remuxed(file: &[u8]) -> Vec<u8> {
    match audio::playable(Cursor::new(file)).unwrap() {
        Playable::Remuxed(virtual_file) => whole(&virtual_file, file),
        other => panic!("{other:?}"),
    }
}

/// The packets of an Ogg file, its two headers left out, by another reader than the one under test.
fn ogg_packets(file: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = ogg::PacketReader::new(Cursor::new(file));
    let mut packets = Vec::new();
    while let Some(packet) = reader.read_packet().unwrap() {
        packets.push(packet.data);
    }
    packets.split_off(2)
}

/// The packets of an MP4 with one chunk, by its tables of sizes and offsets.
fn mp4_packets(file: &[u8]) -> Vec<Vec<u8>> {
    let table = |kind| super::mp4::places(file, kind)[0];
    let number = |place: usize| u32::from_be_bytes(file[place..place + 4].try_into().unwrap()) as usize;
    let mut offset = number(table(b"stco") + 8);
    let sizes = table(b"stsz") + 12;
    (0..number(sizes - 4))
        .map(|sample| {
            let size = number(sizes + 4 * sample);
            offset += size;
            file[offset - size..offset].to_vec()
        })
        .collect()
}

/// Whether a bar is loud: the recordings made here are silent and loud by turns, for a second each.
fn assert_bursts(waveform: &Waveform, seconds: usize, name: &str) {
    assert_eq!(waveform.peaks.len(), BARS);
    for (bar, peak) in waveform.peaks.iter().enumerate() {
        let time = (bar as f32 + 0.5) * seconds as f32 / BARS as f32;
        let from_the_edge = (time.fract() - 0.5).abs();
        if from_the_edge < 0.4 {
            let loud = time as usize % 2 == 1;
            assert_eq!(*peak > 128, loud, "{name}: bar {bar} is {peak}");
        }
    }
}

#[test]
fn voice_note_of_ten_seconds_has_its_duration_and_waveform() {
    let note = Note { unheard: 500, ..Note::seconds(10) };
    let samples = 10 * 48_000 - 500 - u64::from(PRE_SKIP);
    assert_eq!(facts(&note.file()), Facts { duration_ms: Some(samples / 48), ..Facts::default() });
    let waveform = waveform(&note.file());
    assert_eq!(waveform.duration_ms, samples / 48);
    assert_bursts(&waveform, 10, "voice note");
}

#[test]
fn voice_note_that_began_in_the_middle_of_a_broadcast_has_the_duration_of_what_is_there() {
    let note = Note { start: 1 << 40, unheard: 100, ..Note::seconds(2) };
    assert_eq!(facts(&note.file()).duration_ms, Some((96_000 - 100 - 312) / 48));
}

#[test]
fn voice_note_without_an_end_lasts_as_long_as_its_packets() {
    let note = Note { ended: false, ..Note::seconds(3) };
    assert_eq!(facts(&note.file()).duration_ms, Some((3 * 48_000 - 312) / 48));
    let cut_off = note.pages()[..4].concat();
    assert_eq!(facts(&cut_off).duration_ms, Some((2 * 48_000 - 312) / 48));
}

#[test]
fn voice_note_in_one_page_for_each_packet_is_the_same() {
    let one = Note { per_page: 1, ..Note::seconds(2) };
    let many = Note::seconds(2);
    assert_eq!(waveform(&one.file()), waveform(&many.file()));
    assert_eq!(mp4_packets(&remuxed(&one.file())), mp4_packets(&remuxed(&many.file())));
}

#[test]
fn voice_note_is_remuxed_without_a_change_of_its_packets() {
    for pre_skip in [0, PRE_SKIP, 3_840] {
        let note = Note { pre_skip, unheard: 77, ..Note::seconds(4) };
        let file = note.file();
        let mp4 = remuxed(&file);
        assert_eq!(mp4_packets(&mp4), note.packets);
        assert_eq!(mp4_packets(&mp4), ogg_packets(&file));
        let index = Index::read(&mut Cursor::new(&mp4), mp4.len() as u64).unwrap();
        let movie = index.movie().unwrap();
        assert_eq!((movie.index, movie.tracks.len()), (IndexPosition::Front, 1));
        assert_eq!((movie.tracks[0].codec.as_str(), movie.tracks[0].plays), ("Opus", true));
        let read_again = waveform(&mp4);
        assert_eq!(read_again.peaks, waveform(&file).peaks);
    }
}

#[test]
fn remux_stores_little_and_points_at_the_original() {
    let file = Note::seconds(60).file();
    let Playable::Remuxed(virtual_file) = audio::playable(Cursor::new(&file)).unwrap() else { panic!() };
    assert!(virtual_file.own_bytes() < 3_000 * 4 + 1_000, "{}", virtual_file.own_bytes());
    assert!(virtual_file.original_length() <= file.len() as u64);
}

#[test]
fn remux_of_stereo_has_two_channels() {
    let note = Note { channels: 2, ..Note::of(packets(&bursts(48_000, 2), ropus::Channels::Stereo)) };
    let mp4 = remuxed(&note.file());
    assert_eq!(mp4_packets(&mp4), note.packets);
    assert_eq!(mp4[super::mp4::places(&mp4, b"dOps")[0] + 1], 2);
    assert_bursts(&waveform(&note.file()), 2, "stereo");
}

#[test]
fn muted_packets_are_silent_and_their_time_is_kept() {
    let mut note = Note::seconds(2);
    note.packets[70..80].iter_mut().for_each(Vec::clear);
    let file = note.file();
    assert_eq!(facts(&file).duration_ms, facts(&Note::seconds(2).file()).duration_ms);
    assert_eq!(waveform(&file).duration_ms, facts(&file).duration_ms.unwrap());
    let packets = mp4_packets(&remuxed(&file));
    let silent = vec![note.packets[69][0] & 0xfc];
    assert!(packets[70..80].iter().all(|packet| *packet == silent));
    assert_eq!((&packets[..70], &packets[80..]), (&note.packets[..70], &note.packets[80..]));
    let again = voice_note(&file).unwrap();
    assert_eq!(facts(&again).duration_ms, facts(&file).duration_ms, "it is encoded again, and lasts as long");
}

#[test]
fn chained_recordings_add_up_and_are_not_remuxed() {
    let (one, two) = (Note::seconds(2), Note { serial: 8, ..Note::seconds(4) });
    let file = [one.file(), two.file()].concat();
    let both = (2 + 4) * 48_000 - 2 * u64::from(PRE_SKIP);
    assert_eq!(facts(&file).duration_ms, Some(both / 48));
    assert_eq!(waveform(&file).duration_ms, both / 48);
    let refused = audio::playable(Cursor::new(&file)).unwrap_err();
    assert_eq!(
        (refused.kind(), refused.sentence()),
        (ErrorKind::Unsupported, "several recordings in one file")
    );
    let again = voice_note(&file).unwrap();
    assert_eq!(facts(&again).duration_ms, Some(both / 48));
    assert_bursts(&waveform(&again), 6, "chained");
}

#[test]
fn stream_beside_the_sound_is_passed_over() {
    let note = Note::seconds(2);
    let mut pages = note.pages();
    pages.insert(1, super::sound::page(super::sound::FIRST, 0, 99, &[b"\x80theora".to_vec()]));
    pages.insert(4, super::sound::page(0, 12, 99, &[vec![1; 300]]));
    let file = pages.concat();
    assert_eq!(facts(&file), facts(&note.file()));
    assert_eq!(mp4_packets(&remuxed(&file)), note.packets);
}

#[test]
fn amr_has_its_duration_and_waveform_and_becomes_opus() {
    for wide in [false, true] {
        let file = amr(wide, 4);
        let expected =
            Facts { duration_ms: Some(4_000), unplayable: Some("AMR".to_owned()), ..Facts::default() };
        assert_eq!(facts(&file), expected);
        assert_bursts(&waveform(&file), 4, "AMR");
        let note = voice_note(&file).unwrap();
        assert_eq!(facts(&note).duration_ms, Some(4_000));
        assert_bursts(&waveform(&note), 4, "AMR as a voice note");
        let Playable::Encoded(product) = audio::playable(Cursor::new(&file)).unwrap() else { panic!() };
        assert_eq!((product.mime_type, product.duration_ms), ("audio/mp4; codecs=\"opus\"", Some(4_000)));
        assert_eq!(facts(&product.bytes).duration_ms, Some(4_000));
        assert_bursts(&waveform(&product.bytes), 4, "AMR in MP4");
    }
}

#[test]
fn wav_of_any_rate_becomes_a_voice_note_of_the_same_duration_and_tone() {
    for rate in [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000] {
        let file = wav(rate, 2, &bursts(rate, 4));
        assert_eq!(facts(&file).duration_ms, Some(4_000), "{rate}");
        assert_bursts(&waveform(&file), 4, "WAV");
        let note = voice_note(&file).unwrap();
        assert_eq!(facts(&note).duration_ms, Some(4_000), "{rate}");
        assert_bursts(&waveform(&note), 4, "WAV as a voice note");
        assert_eq!(loudest_tone(&note), 300, "{rate}");
    }
}

/// The strongest of some tones in the last half of a voice note, in Hz.
fn loudest_tone(note: &[u8]) -> u32 {
    let mut decoder = ropus::Decoder::new(48_000, ropus::Channels::Mono).unwrap();
    let mut sound: Vec<i16> = Vec::new();
    for packet in ogg_packets(note) {
        let mut block = vec![0; 5_760];
        let samples = decoder.decode(&packet, &mut block, ropus::DecodeMode::Normal).unwrap();
        sound.extend(&block[..samples]);
    }
    let strength = |tone: u32| {
        let turn = |n: usize| n as f32 * tone as f32 * std::f32::consts::TAU / 48_000.0;
        let part = sound.iter().enumerate().skip(3 * 48_000 + 4_800).take(38_400);
        let (x, y) = part.fold((0.0, 0.0), |(x, y), (n, sample)| {
            (x + f32::from(*sample) * turn(n).cos(), y + f32::from(*sample) * turn(n).sin())
        });
        (x * x + y * y) as u64
    };
    (100..1_000).step_by(25).max_by_key(|tone| strength(*tone)).unwrap()
}

#[test]
fn voice_note_of_one_channel_keeps_its_packets_and_loses_what_was_said_about_it() {
    let note = Note { unheard: 200, ..Note::seconds(2) };
    let file = note.file();
    let again = voice_note(&file).unwrap();
    assert_eq!(ogg_packets(&again), note.packets);
    assert_eq!(facts(&again), facts(&file));
    assert!(!again.windows(4).any(|four| four == b"test"));

    let webm = voice_note(sample!("tone.webm")).unwrap();
    assert_eq!(ogg_packets(&webm).len(), 51);
}

#[test]
fn voice_note_of_stereo_is_encoded_as_one_channel() {
    let note = voice_note(sample!("tone-stereo.ogg")).unwrap();
    assert_eq!(note[28 + 9], 1);
    assert_eq!(facts(&note).duration_ms, Some(1_000));
}

#[test]
fn recordings_of_each_kind_have_their_outcome() {
    // Their duration, what browsers may not play, and whether a voice note can be made of them.
    let table: [(&str, &[u8], u64, Option<&str>); 9] = [
        ("MP3", sample!("tone.mp3"), 1_000, None),
        ("AAC in MP4", sample!("tone.m4a"), 1_000, None),
        ("AAC", sample!("tone.aac"), 1_000, None),
        ("Opus in WebM", sample!("tone.webm"), 1_000, None),
        ("Opus in MP4", sample!("tone-opus.mp4"), 1_000, None),
        ("Opus in CAF", sample!("tone-opus.caf"), 1_000, Some("CAF")),
        ("ALAC in MP4", sample!("tone-alac.m4a"), 1_000, Some("ALAC")),
        ("ALAC in CAF", sample!("tone-alac.caf"), 1_000, Some("CAF")),
        ("Opus of two channels", sample!("tone-stereo.ogg"), 1_000, None),
    ];
    for (name, file, duration, unplayable) in table {
        let found = facts(file);
        assert!(found.duration_ms.unwrap().abs_diff(duration) <= 50, "{name}: {:?}", found.duration_ms);
        assert_eq!(found.unplayable.as_deref(), unplayable, "{name}");
        let waveform = waveform(file);
        assert!(
            waveform.duration_ms.abs_diff(found.duration_ms.unwrap()) <= 50,
            "{name}: {}",
            waveform.duration_ms
        );
        assert!(waveform.peaks[20..180].iter().all(|peak| *peak > 128), "{name}: {:?}", waveform.peaks);
        let note = facts(&voice_note(file).unwrap()).duration_ms.unwrap();
        // AAC's padding is encoded with it.
        assert!(note.abs_diff(waveform.duration_ms) <= 30, "{name}: {note}");
    }
}

#[test]
fn playable_of_what_every_browser_plays_is_the_original() {
    for file in [sample!("tone.mp3"), sample!("tone.m4a"), sample!("tone.webm")] {
        assert_eq!(audio::playable(Cursor::new(file)).unwrap(), Playable::Original);
    }
}

#[test]
fn waveform_of_a_note_that_lasts_a_packet_has_its_bars() {
    let mut note = Note::seconds(1);
    note.packets.truncate(1);
    let waveform = waveform(&note.file());
    assert_eq!(waveform.duration_ms, (PACKET_SAMPLES - 312) / 48);
    assert_eq!(waveform.peaks.len(), BARS);
}
