//! What the recipes say, done: the one place that knows which reader makes what of which file.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};

use mediary_core::VariantKind;

#[cfg(feature = "pictures")]
use crate::image;
use crate::recipe::MAX_CONVERTED_BYTES;
use crate::video::TrackKind;
use crate::{
    Derived, Error, ErrorKind, Facts, Product, Recipe, Result, audio, document, error, served, video,
};

/// Makes of a file what the recipe says. For a worker: it runs for as long as it takes, on the thread that calls it.
///
/// What is to be sent is one product, under the kind that is nearest to it.
///
/// # Errors
/// What is wrong with the file, or that this build cannot read its kind.
pub fn make(recipe: &Recipe, file: File) -> Result<Derived> {
    by_its_reader(recipe, file).map(Derived::within_limits)
}

fn by_its_reader(recipe: &Recipe, mut file: File) -> Result<Derived> {
    match recipe {
        Recipe::Audio | Recipe::OggAudio => of_recording(&mut file),
        Recipe::Video => of_video(&mut file),
        Recipe::AcceptedVideo => accepted_video(&mut file),
        Recipe::VoiceNote => voice_note(file),
        Recipe::Converted => converted(file),
        Recipe::Conversion | Recipe::VideoMessage { .. } => {
            Err(Error::unsupported("videos are converted by ffmpeg, which is not installed here"))
        }
        Recipe::Document => document::derive(whole(file, document::MAX_FILE_BYTES)?),
        #[cfg(feature = "pictures")]
        Recipe::Poster => image::poster(&whole(file, image::limits::MAX_FILE_BYTES)?),
        #[cfg(feature = "pictures")]
        Recipe::Picture => image::derive(&whole(file, image::limits::MAX_FILE_BYTES)?),
        #[cfg(feature = "pictures")]
        Recipe::Photo { max_bytes } => {
            let photo = image::to_jpeg(&whole(file, image::limits::MAX_FILE_BYTES)?, in_memory(*max_bytes))?;
            Ok(to_send(VariantKind::Preview, "image/jpeg", photo))
        }
        #[cfg(feature = "pictures")]
        Recipe::Sticker { max_bytes } => {
            let sticker =
                image::to_sticker(&whole(file, image::limits::MAX_FILE_BYTES)?, in_memory(*max_bytes))?;
            Ok(to_send(VariantKind::Preview, "image/webp", sticker))
        }
        #[cfg(not(feature = "pictures"))]
        Recipe::Picture | Recipe::Poster | Recipe::Photo { .. } | Recipe::Sticker { .. } => {
            Err(Error::left_out("pictures", "pictures"))
        }
    }
}

/// Whatever cannot be made of it, the recording keeps what can.
fn of_recording(file: &mut File) -> Result<Derived> {
    let mut derived = Derived { facts: audio::facts(&mut *file)?, products: Vec::new(), missing: None };
    if let Some(waveform) = error::if_possible(audio::waveform(&mut *file))? {
        derived.facts.duration_ms = Some(waveform.duration_ms);
        derived.products.push(waveform.product()?);
    }
    let length = length(file)?;
    match error::or_reason(served::recording(file, length))? {
        Ok(audio::Playable::Encoded(playable)) => derived.products.push(playable),
        Ok(audio::Playable::Original | audio::Playable::Remuxed(_)) => {}
        Err(reason) => derived.missing = Some(reason),
    }
    Ok(derived)
}

fn of_video(file: &mut File) -> Result<Derived> {
    let length = length(file)?;
    let index = video::Index::read(file, length)?;
    let facts = index.movie()?.facts();
    // One that browsers cannot play is not served in another form, but converted.
    let refusal = served::refusal(&index).filter(|_| facts.unplayable.is_none());
    let missing = refusal.map(|error| error.sentence().to_owned());
    Ok(Derived { facts, products: Vec::new(), missing })
}

/// One video in H.264 and at most one sound in AAC. Subtitles and time codes do no harm.
fn accepted_video(file: &mut File) -> Result<Derived> {
    let length = length(file)?;
    let movie = video::Index::read(file, length)?.movie()?;
    if movie.encrypted() {
        return Err(Error::unsupported("the video is encrypted"));
    }
    let of = |kind| movie.tracks.iter().filter(move |track| track.kind == kind);
    for (kind, codec, what) in [(TrackKind::Video, "H.264", "pictures"), (TrackKind::Audio, "AAC", "sound")] {
        if let Some(track) = of(kind).find(|track| track.codec != codec) {
            return Err(Error::unsupported(format!("the video has {} instead of {codec}", track.codec)));
        }
        if of(kind).count() > 1 {
            return Err(Error::unsupported(format!("the video has more than one track of {what}")));
        }
    }
    if movie.video().is_none() {
        return Err(Error::unsupported("the video has no pictures"));
    }
    Ok(Derived::default())
}

/// What ffmpeg was told to make, checked, and as it plays while it loads.
fn converted(mut file: File) -> Result<Derived> {
    let length = length(&mut file)?;
    let index = video::Index::read(&mut file, length)?;
    let facts = index.movie()?.facts();
    if let Some(codec) = facts.unplayable {
        return Err(Error::broken(format!("the converted video has {codec}")));
    }
    let map = index.fast_start()?;
    let original = whole(file, in_memory(MAX_CONVERTED_BYTES))?;
    let bytes = match map {
        Some(map) => map.whole(&original)?,
        None => original,
    };
    let product = Product {
        kind: VariantKind::Playable,
        mime_type: "video/mp4",
        width: facts.width,
        height: facts.height,
        duration_ms: facts.duration_ms,
        bytes,
    };
    Ok(Derived { facts: Facts::default(), products: vec![product], missing: None })
}

fn voice_note(file: File) -> Result<Derived> {
    Ok(to_send(VariantKind::Playable, "audio/ogg; codecs=opus", audio::voice_note(file)?))
}

fn to_send(kind: VariantKind, mime_type: &'static str, bytes: Vec<u8>) -> Derived {
    let product = Product { kind, mime_type, width: None, height: None, duration_ms: None, bytes };
    Derived { facts: Facts::default(), products: vec![product], missing: None }
}

/// All bytes of the file. Of one that has more than `max_bytes` none is read.
fn whole(mut file: File, max_bytes: usize) -> Result<Vec<u8>> {
    let length = length(&mut file)?;
    if length > max_bytes as u64 {
        return Err(Error::too_large(format!("the file has {length} bytes; at most {max_bytes} are read")));
    }
    file.rewind().map_err(|error| unreadable(&error))?;
    let mut bytes = Vec::with_capacity(in_memory(length));
    // The standard library would ask for the length in a way that is refused to a worker.
    file.take(length).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    Ok(bytes)
}

/// By seeking to the end.
fn length(file: &mut File) -> Result<u64> {
    file.seek(SeekFrom::End(0)).map_err(|error| unreadable(&error))
}

fn in_memory(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn unreadable(error: &io::Error) -> Error {
    Error::new(ErrorKind::Worker, format!("it cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[cfg(feature = "opus")]
    const VOICE_NOTE: &[u8] = include_bytes!("../../mediary-simulator/samples/voice-en.ogg");

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    #[test]
    #[cfg(feature = "opus")]
    fn voice_note_has_a_duration_and_peaks_and_nothing_that_is_made_while_it_is_served() {
        let derived = make(&Recipe::Audio, file(VOICE_NOTE)).unwrap();
        assert!(derived.facts.duration_ms.is_some_and(|duration| duration > 1000), "{:?}", derived.facts);
        assert_eq!(derived.products.iter().map(|made| made.kind).collect::<Vec<_>>(), [VariantKind::Peaks]);
        let note = make(&Recipe::VoiceNote, file(VOICE_NOTE)).unwrap();
        assert!(note.products[0].bytes.starts_with(b"OggS"));
    }

    #[test]
    fn contact_card_has_the_names_of_its_people() {
        let card = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ana Silva\r\nEND:VCARD\r\n";
        let derived = make(&Recipe::Document, file(card)).unwrap();
        assert_eq!((derived.facts.names, derived.products.len()), (vec!["Ana Silva".to_owned()], 0));
    }

    /// The video with other letters for the codec of its pictures.
    #[test]
    fn video_that_whatsapp_takes_is_left_as_it_is_and_another_one_named_by_its_codec() {
        let video = include_bytes!("../../mediary-simulator/samples/wheel.mp4").to_vec();
        assert_eq!(make(&Recipe::AcceptedVideo, file(&video)), Ok(Derived::default()));
        // The first one stands in the file's list of brands.
        let place = video.windows(4).rposition(|word| word == b"avc1").unwrap();
        let mut hevc = video;
        hevc[place..][..4].copy_from_slice(b"hvc1");
        let error = make(&Recipe::AcceptedVideo, file(&hevc)).unwrap_err();
        assert_eq!(error.sentence(), "the video has HEVC instead of H.264");
        let error = make(&Recipe::AcceptedVideo, file(b"no video")).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Broken | ErrorKind::Unsupported), "{error:?}");
    }

    #[test]
    fn video_has_a_size_and_a_duration() {
        let video = include_bytes!("../../mediary-simulator/samples/wheel.mp4");
        let facts = make(&Recipe::Video, file(video)).unwrap().facts;
        assert!(facts.width.is_some() && facts.height.is_some() && facts.duration_ms.is_some(), "{facts:?}");
    }

    /// The video with another flag in its reference to its samples: they lie in another file.
    #[test]
    fn video_that_is_not_served_in_another_form_says_why() {
        let mut video = include_bytes!("../../mediary-simulator/samples/candles.mp4").to_vec();
        let place = |kind: &[u8; 4], video: &[u8]| video.windows(4).position(|word| word == kind).unwrap();
        assert_eq!(make(&Recipe::Video, file(&video)).unwrap().missing, None);
        // With its index behind its samples.
        let start = place(b"moov", &video) - 4;
        let length = u32::from_be_bytes(video[start..start + 4].try_into().unwrap()) as usize;
        let mut index: Vec<u8> = video.drain(start..start + length).collect();
        let flags = place(b"url ", &index) + 7;
        assert_eq!(index[flags], 1);
        index[flags] = 0;
        video.extend_from_slice(&index);
        let missing = make(&Recipe::Video, file(&video)).unwrap().missing;
        assert_eq!(missing.as_deref(), Some("the video's samples lie in another file"));
    }

    #[test]
    #[cfg(not(all(feature = "pictures", feature = "pdf")))]
    fn reader_that_was_left_out_is_named() {
        #[cfg(not(feature = "pictures"))]
        for recipe in [Recipe::Picture, Recipe::Photo { max_bytes: 9 }, Recipe::Sticker { max_bytes: 9 }] {
            assert_eq!(
                make(&recipe, file(b"\xFF\xD8\xFF")).unwrap_err().sentence(),
                "this build of Mediary cannot read pictures: it was made without the feature pictures"
            );
        }
        #[cfg(not(feature = "pdf"))]
        assert_eq!(
            make(&Recipe::Document, file(b"%PDF-1.7")).unwrap_err().sentence(),
            "this build of Mediary cannot read PDF documents: it was made without the feature pdf"
        );
    }

    #[test]
    fn file_is_read_up_to_its_limit() {
        assert_eq!(whole(file(b"12345"), 5), Ok(b"12345".to_vec()));
        let error = whole(file(b"123456"), 5).unwrap_err();
        assert_eq!(
            (error.kind(), error.sentence()),
            (ErrorKind::TooLarge, "the file has 6 bytes; at most 5 are read")
        );
    }

    #[test]
    fn file_that_is_no_recording_is_broken_or_unsupported() {
        for recipe in [Recipe::Audio, Recipe::Video, Recipe::VoiceNote] {
            let error = make(&recipe, file(b"no media at all")).unwrap_err();
            assert!(
                matches!(error.kind(), ErrorKind::Broken | ErrorKind::Unsupported),
                "{recipe:?}: {error:?}"
            );
        }
    }
}
