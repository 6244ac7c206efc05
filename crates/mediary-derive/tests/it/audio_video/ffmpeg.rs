//! Compared with ffmpeg: an independent reader and writer of all these files.

use std::path::Path;
use std::process::Command;

use mediary_derive::audio::{self, Playable};
use mediary_derive::video::Index;

use super::sound::Note;
use super::source::{cursor, whole};
use crate::harness::{ffmpeg, run};

#[test]
fn fast_start_is_what_ffmpeg_makes_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let input = "-f lavfi -i testsrc=size=160x120:rate=25 -f lavfi -i sine=frequency=440";
    let variants = [
        ("mp4", "-c:v libx264 -preset ultrafast -c:a aac"),
        ("mp4", "-c:v libx264 -preset ultrafast -c:a aac -metadata title=Harbour -metadata:s:v:0 rotate=90"),
        ("mp4", "-c:v mpeg4 -c:a libmp3lame"),
        ("mp4", "-c:v libx264 -preset ultrafast -bf 3 -an"),
        ("mp4", "-vn -c:a aac"),
        ("3gp", "-c:v h263 -s 176x144 -an"),
        ("mov", "-c:v mjpeg -c:a pcm_s16le"),
    ];
    for seconds in 1..=2 {
        for (ending, options) in variants {
            ffmpeg(folder.path(), &format!("{input} -t {seconds} {options} -bitexact last.{ending}"));
            let first =
                format!("{input} -t {seconds} {options} -bitexact -movflags +faststart first.{ending}");
            ffmpeg(folder.path(), &first);
            let original = std::fs::read(folder.path().join(format!("last.{ending}"))).unwrap();
            let expected = std::fs::read(folder.path().join(format!("first.{ending}"))).unwrap();
            let index = Index::read(&mut cursor(&original), original.len() as u64).unwrap();
            let moved = index.fast_start().unwrap().unwrap();
            assert!(whole(&moved, &original) == expected, "{seconds} s, {ending}, {options}");
            let duration = index.movie().unwrap().facts().duration_ms.unwrap();
            assert!(duration.abs_diff(seconds * 1000) < 110, "{duration} ms, {options}");
        }
    }
}

/// What ffmpeg prints, or the samples that it decodes.
fn output(folder: &Path, program: &str, arguments: &str) -> Vec<u8> {
    let mut command = Command::new(program);
    run(command.args(["-v", "error"]).args(arguments.split_whitespace()).current_dir(folder), "ffmpeg")
}

#[test]
fn remux_and_original_are_decoded_to_the_same_samples() {
    let folder = tempfile::tempdir().unwrap();
    for (pre_skip, unheard) in [(312, 0), (312, 700), (0, 100), (3_840, 5)] {
        let file = Note { pre_skip, unheard, ..Note::seconds(3) }.file();
        let Playable::Remuxed(virtual_file) = audio::playable(cursor(&file)).unwrap() else { panic!() };
        std::fs::write(folder.path().join("note.ogg"), &file).unwrap();
        std::fs::write(folder.path().join("note.mp4"), whole(&virtual_file, &file)).unwrap();
        let decoded = |name: &str| {
            output(folder.path(), "ffmpeg", &format!("-nostdin -c:a libopus -i {name} -ar 48000 -f s16le -"))
        };
        let (ogg, mp4) = (decoded("note.ogg"), decoded("note.mp4"));
        let expected = 3 * 48_000 - u64::from(pre_skip) - unheard as u64;
        assert_eq!(ogg.len() as u64 / 2, expected);
        // ffmpeg plays the last packet of an MP4 whole, its own ones' too.
        assert!(mp4.starts_with(&ogg), "pre-skip {pre_skip}, {unheard} unheard");
        assert!((mp4.len() - ogg.len()) as i64 / 2 <= unheard);
    }
}

#[test]
fn recordings_have_the_duration_that_ffmpeg_finds() {
    let folder = tempfile::tempdir().unwrap();
    let forms = [
        "-c:a libmp3lame file.mp3",
        "-c:a aac file.m4a",
        "-c:a libopus file.ogg",
        "-c:a libopus file.webm",
        "-c:a pcm_s16le file.wav",
        "-ar 22050 -c:a alac file.caf",
        "-ar 44100 -ac 2 -c:a aac file.mp4",
    ];
    for form in forms {
        ffmpeg(folder.path(), &format!("-f lavfi -i sine=frequency=300 -t 3.21 {form}"));
        let name = form.split(' ').next_back().unwrap();
        let file = std::fs::read(folder.path().join(name)).unwrap();
        let probed =
            output(folder.path(), "ffprobe", &format!("-show_entries format=duration -of csv=p=0 {name}"));
        let probed: f64 = String::from_utf8(probed).unwrap().trim().parse().unwrap();
        let found = audio::facts(cursor(&file)).unwrap().duration_ms.unwrap();
        // Of MP3, ffprobe counts what belongs to the coder, too.
        let expected = if name == "file.mp3" { 3_210.0 } else { probed * 1000.0 };
        assert!((found as f64 - expected).abs() <= 10.0, "{name}: {found} ms, {probed} s");
        let heard = audio::waveform(cursor(&file)).unwrap().duration_ms;
        assert!(heard.abs_diff(3_210) <= 30, "{name}: {heard} ms");
        let note = audio::voice_note(cursor(&file)).unwrap();
        std::fs::write(folder.path().join("note.ogg"), note).unwrap();
        let stream =
            output(folder.path(), "ffprobe", "-show_entries stream=codec_name,channels -of csv=p=0 note.ogg");
        assert_eq!(String::from_utf8(stream).unwrap().trim(), "opus,1", "{name}");
        let samples = output(folder.path(), "ffmpeg", "-nostdin -i note.ogg -ar 48000 -f s16le -").len() / 2;
        assert!((samples as u64 / 48).abs_diff(3_210) <= 60, "{name}: {samples}");
    }
}
