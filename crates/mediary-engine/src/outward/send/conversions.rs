//! Which files can be made into what WhatsApp takes, and by which recipe: pure, so that each row of the table is a test.

use mediary_core::{FileType, limits};
use mediary_derive::Recipe;

/// What the decoders of pictures read.
const PICTURES: &[&str] = &["image/bmp", "image/gif", "image/heic", "image/jpeg", "image/png", "image/webp"];
/// What those of sound read: the sound of a video in WebM, which is how browsers record, and of one in MP4, too.
const RECORDINGS: &[&str] = &[
    "audio/aac",
    "audio/amr",
    "audio/amr-wb",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg; codecs=opus",
    "audio/wav",
    "audio/webm",
    "audio/x-caf",
    "video/matroska",
    "video/quicktime",
    "video/webm",
];
/// What ffmpeg is allowed to read: one family of containers.
const VIDEOS: &[&str] = &["video/3gpp", "video/3gpp2", "video/mp4", "video/quicktime", "video/x-m4v"];

/// The first bytes of a container do not say whether it has pictures.
pub(super) fn as_heard(kind: FileType, mime: Option<&str>) -> Option<&str> {
    match (kind, mime?) {
        (FileType::Audio, "video/mp4") => Some("audio/mp4"),
        (FileType::Video, "audio/mp4") => Some("video/mp4"),
        (FileType::Video | FileType::Document, "audio/3gpp") => Some("video/3gpp"),
        (_, mime) => Some(mime),
    }
}

/// What makes a file of the type that its bytes proved into what its sender wants it to be. `None` where nothing can.
pub(super) fn conversion(kind: FileType, voice: Option<bool>, found: Option<&str>) -> Option<Recipe> {
    let mime = as_heard(kind, found)?;
    // Nothing but sound becomes a voice note.
    if voice == Some(true) && kind != FileType::Audio {
        return None;
    }
    recipe_of(kind, mime)
}

/// The kind of a file that WhatsApp takes only once it is converted: that of its own family.
pub(super) fn kind_once_converted(found: &str) -> Option<FileType> {
    let family = found.split('/').next()?;
    [FileType::Image, FileType::Audio, FileType::Video]
        .into_iter()
        .find(|kind| kind.as_str() == family && recipe_of(*kind, found).is_some())
}

fn recipe_of(kind: FileType, mime: &str) -> Option<Recipe> {
    let max_bytes = limits::outbound_file_bytes(kind, true);
    let (readable, recipe) = match kind {
        FileType::Audio => (RECORDINGS, Recipe::VoiceNote),
        FileType::Image => (PICTURES, Recipe::Photo { max_bytes }),
        FileType::Sticker => (PICTURES, Recipe::Sticker { max_bytes }),
        FileType::Video => (VIDEOS, Recipe::VideoMessage { max_bytes }),
        FileType::Document => return None,
    };
    readable.contains(&mime).then_some(recipe)
}

/// Whether it takes ffmpeg.
pub(super) fn takes_ffmpeg(recipe: Recipe) -> bool {
    matches!(recipe, Recipe::VideoMessage { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: FileType, voice: Option<bool>, found: &str) -> Option<Recipe> {
        conversion(kind, voice, Some(found))
    }

    #[test]
    fn each_type_that_can_be_read_has_its_recipe() {
        let photo = Recipe::Photo { max_bytes: 5_000_000 };
        let sticker = Recipe::Sticker { max_bytes: 500_000 };
        let video = Recipe::VideoMessage { max_bytes: 16_000_000 };
        for (kind, found, recipe) in [
            (FileType::Audio, "video/webm", Some(Recipe::VoiceNote)),
            (FileType::Audio, "video/mp4", Some(Recipe::VoiceNote)),
            (FileType::Audio, "audio/x-caf", Some(Recipe::VoiceNote)),
            (FileType::Audio, "audio/ogg; codecs=opus", Some(Recipe::VoiceNote)),
            (FileType::Audio, "audio/ogg", None),
            (FileType::Audio, "image/jpeg", None),
            (FileType::Image, "image/heic", Some(photo)),
            (FileType::Image, "image/png", Some(photo)),
            (FileType::Image, "image/svg+xml", None),
            (FileType::Image, "text/html", None),
            (FileType::Image, "video/mp4", None),
            (FileType::Sticker, "image/png", Some(sticker)),
            (FileType::Video, "video/quicktime", Some(video)),
            (FileType::Video, "audio/mp4", Some(video)),
            (FileType::Video, "video/webm", None),
            (FileType::Document, "image/heic", None),
        ] {
            assert_eq!(of(kind, None, found), recipe, "{kind} {found}");
        }
    }

    #[test]
    fn file_that_has_to_be_converted_is_of_its_own_family() {
        for (found, kind) in [
            ("image/bmp", Some(FileType::Image)),
            ("audio/wav", Some(FileType::Audio)),
            ("video/quicktime", Some(FileType::Video)),
            ("video/webm", None),
            ("application/zip", None),
        ] {
            assert_eq!(kind_once_converted(found), kind, "{found}");
        }
    }

    #[test]
    fn voice_note_is_made_of_sound_alone() {
        assert_eq!(of(FileType::Audio, Some(true), "audio/mpeg"), Some(Recipe::VoiceNote));
        assert_eq!(of(FileType::Image, Some(true), "image/heic"), None);
        assert!(takes_ffmpeg(Recipe::VideoMessage { max_bytes: 1 }) && !takes_ffmpeg(Recipe::VoiceNote));
    }
}
