//! Whether a file is what it was announced as.

use mediary_core::FileType;

use crate::detect::detect_sample;
use crate::mime::canonical;
use crate::sample::Sample;
use crate::zip;

/// How the first bytes of a file compare with what was declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The declared type, as far as its bytes tell.
    Same,
    /// Another type that the declared kind still covers, such as PNG called JPEG. Documents may be anything.
    SameFamily(&'static str),
    /// The bytes are not telling.
    Unknown,
    /// Something that the declared kind never is, such as HTML called an image.
    OtherFamily(&'static str),
}

/// Compares what was collected of a file with what was declared.
pub fn verdict(kind: FileType, declared_mime: Option<&str>, sample: &Sample) -> Verdict {
    let Some(detected) = detect_sample(sample).map(|mime| as_heard(kind, mime)) else {
        return Verdict::Unknown;
    };
    // An archive with all its names in sight is not a package whose telling part lies elsewhere.
    let certain = detected == zip::PLAIN && zip::is_whole_in_sight(sample);
    let agrees = |declared: String| declared == detected || !certain && agrees(kind, &declared, detected);
    if declared_mime.is_some_and(|declared| agrees(canonical(declared))) {
        Verdict::Same
    } else if in_family(kind, detected) {
        Verdict::SameFamily(detected)
    } else {
        Verdict::OtherFamily(detected)
    }
}

/// Containers of video also carry sound alone, and the first bytes do not say which.
fn as_heard(kind: FileType, mime: &'static str) -> &'static str {
    match (kind, mime) {
        (FileType::Audio, "video/mp4" | "video/x-m4v" | "video/quicktime") => "audio/mp4",
        (FileType::Audio, "video/3gpp") => "audio/3gpp",
        (FileType::Audio, "video/webm") => "audio/webm",
        (FileType::Audio, "video/ogg") => "audio/ogg",
        (FileType::Video, "audio/mp4") => "video/mp4",
        _ => mime,
    }
}

fn agrees(kind: FileType, declared: &str, detected: &str) -> bool {
    match detected {
        // A package whose telling part is not in sight.
        zip::PLAIN => is_zip_based(declared),
        "application/x-ole-storage" => is_ole_based(declared),
        "audio/mp4" => kind == FileType::Audio && declared == "video/mp4",
        "video/mp4" => kind == FileType::Document && declared == "audio/mp4",
        // What tells Apple's documents apart is not written down anywhere.
        _ => detected.starts_with("application/vnd.apple.") && declared.starts_with("application/vnd.apple."),
    }
}

fn is_zip_based(mime: &str) -> bool {
    mime.starts_with("application/vnd.openxmlformats-officedocument.")
        || mime.starts_with("application/vnd.oasis.opendocument.")
        || mime.ends_with("+zip")
        || mime.contains("macroenabled")
        || mime.starts_with("application/vnd.apple.")
        || matches!(mime, "application/java-archive" | "application/vnd.android.package-archive")
}

fn is_ole_based(mime: &str) -> bool {
    mime == "application/msword" || mime.starts_with("application/vnd.ms-")
}

fn in_family(kind: FileType, detected: &str) -> bool {
    match kind {
        FileType::Document => true,
        FileType::Image | FileType::Sticker => detected.starts_with("image/") && detected != "image/svg+xml",
        FileType::Audio => detected.starts_with("audio/"),
        FileType::Video => detected.starts_with("video/"),
    }
}

#[cfg(test)]
mod tests {
    use FileType::{Audio, Document, Image, Sticker, Video};
    use Verdict::{OtherFamily, Same, SameFamily, Unknown};

    use super::*;

    const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0\x00\x10JFIF\x00\x01\x01";
    const PNG: &[u8] = b"\x89PNG\r\n\x1A\n\x00\x00\x00\x0DIHDR\x00\x00";
    const HTML: &[u8] = b"<!DOCTYPE html><html><body>";
    const SVG: &[u8] = b"<?xml version='1.0'?><svg onload='x'>";
    const MP4: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom";
    const WEBP: &[u8] = b"RIFF\x24\x00\x00\x00WEBPVP8X";
    const ZIP: &[u8] = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0a.txt";
    const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

    fn verdict(kind: FileType, declared: Option<&str>, head: &[u8]) -> Verdict {
        super::verdict(kind, declared, &Sample::of_head(head))
    }

    #[test]
    fn type_that_is_declared_right_stays() {
        assert_eq!(verdict(Image, Some("image/jpeg"), JPEG), Same);
        assert_eq!(verdict(Image, Some("image/jpg; x=y"), JPEG), Same);
        assert_eq!(verdict(Sticker, Some("image/webp"), WEBP), Same);
        assert_eq!(verdict(Video, Some("video/mp4"), MP4), Same);
        assert_eq!(verdict(Audio, Some("audio/mp4"), MP4), Same);
        for declared in ["audio/ogg; codecs=opus", "audio/ogg;codecs=opus", "AUDIO/OGG", "audio/opus"] {
            assert_eq!(verdict(Audio, Some(declared), b"OggS\0\x02"), Same, "{declared}");
        }
        assert_eq!(verdict(Audio, Some("video/mp4"), MP4), Same);
        assert_eq!(verdict(Document, Some("audio/mp4"), MP4), Same);
        for declared in ["text/vcard", "text/x-vcard; charset=utf-8", "text/directory"] {
            assert_eq!(verdict(Document, Some(declared), b"BEGIN:VCARD\r\nVERSION:3.0"), Same, "{declared}");
        }
        assert_eq!(verdict(Document, Some(DOCX), ZIP), Same);
        assert_eq!(verdict(Document, Some("application/msword"), b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), Same);
    }

    #[test]
    fn types_of_the_same_family_are_kept_and_named() {
        assert_eq!(verdict(Image, Some("image/jpeg"), PNG), SameFamily("image/png"));
        assert_eq!(verdict(Sticker, Some("image/webp"), PNG), SameFamily("image/png"));
        assert_eq!(verdict(Image, None, PNG), SameFamily("image/png"));
        assert_eq!(verdict(Audio, Some("audio/aac"), MP4), SameFamily("audio/mp4"));
        assert_eq!(verdict(Document, Some("application/pdf"), HTML), SameFamily("text/html"));
    }

    #[test]
    fn types_of_another_family_are_reported() {
        assert_eq!(verdict(Image, Some("image/jpeg"), HTML), OtherFamily("text/html"));
        assert_eq!(verdict(Image, Some("image/jpeg"), SVG), OtherFamily("image/svg+xml"));
        assert_eq!(verdict(Video, Some("video/mp4"), JPEG), OtherFamily("image/jpeg"));
        assert_eq!(verdict(Audio, Some("audio/mpeg"), ZIP), OtherFamily("application/zip"));
        assert_eq!(verdict(Sticker, Some("image/webp"), MP4), OtherFamily("video/mp4"));
    }

    #[test]
    fn undetected_types_are_unknown() {
        assert_eq!(verdict(Image, Some("image/jpeg"), b"\x01\x02\x03\x04"), Unknown);
        assert_eq!(verdict(Document, Some("text/plain"), b"Dear Ana,"), Unknown);
        assert_eq!(verdict(Video, None, b""), Unknown);
    }
}
