//! What follows from a MIME type: whether a browser may show it, and how its files are called.

/// A MIME type without its parameters, in lower case, under its registered name.
pub fn canonical(mime: &str) -> String {
    let base = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let registered = match &*base {
        "image/jpg" | "image/pjpeg" => "image/jpeg",
        "image/x-ms-bmp" => "image/bmp",
        "audio/mp3" | "audio/x-mp3" | "audio/mpeg3" => "audio/mpeg",
        "audio/m4a" | "audio/x-m4a" => "audio/mp4",
        "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => "audio/wav",
        "audio/x-aac" | "audio/aacp" => "audio/aac",
        "audio/opus" | "audio/x-opus+ogg" | "application/ogg" => "audio/ogg",
        "audio/x-flac" => "audio/flac",
        "video/3gp" => "video/3gpp",
        "video/x-matroska" => "video/matroska",
        "text/xml" => "application/xml",
        "text/rtf" => "application/rtf",
        "application/x-zip-compressed" | "application/x-zip" => "application/zip",
        "application/x-pdf" => "application/pdf",
        "text/x-vcard" | "text/directory" => "text/vcard",
        "application/x-msdownload" | "application/x-dosexec" | "application/x-msdos-program" => {
            "application/vnd.microsoft.portable-executable"
        }
        "application/x-java-archive" => "application/java-archive",
        _ => return base,
    };
    registered.to_owned()
}

/// Types that no browser runs anything from, so that they may be shown in place. All else is only handed over.
const SAFE_INLINE: &[&str] = &[
    "application/pdf",
    "audio/3gpp",
    "audio/aac",
    "audio/amr",
    "audio/amr-wb",
    "audio/flac",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "audio/webm",
    "image/avif",
    "image/bmp",
    "image/gif",
    "image/heic",
    "image/heif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "video/3gpp",
    "video/3gpp2",
    "video/mp4",
    "video/ogg",
    "video/quicktime",
    "video/webm",
    "video/x-m4v",
];

/// Whether a browser may show files of this type in place: known-safe pictures, sound, video, and PDF.
pub fn safe_inline(mime: &str) -> bool {
    SAFE_INLINE.contains(&&*canonical(mime))
}

/// Whether it is a PDF, which needs the browser's own viewer.
pub fn is_pdf(mime: &str) -> bool {
    canonical(mime) == "application/pdf"
}

/// Types, and how names of their files end.
const EXTENSIONS: &[(&str, &str)] = &[
    ("image/jpeg", "jpg"),
    ("image/png", "png"),
    ("image/webp", "webp"),
    ("image/gif", "gif"),
    ("image/heic", "heic"),
    ("image/heif", "heif"),
    ("image/avif", "avif"),
    ("image/bmp", "bmp"),
    ("image/tiff", "tiff"),
    ("image/svg+xml", "svg"),
    ("audio/ogg", "ogg"),
    ("audio/mpeg", "mp3"),
    ("audio/mp4", "m4a"),
    ("audio/aac", "aac"),
    ("audio/amr", "amr"),
    ("audio/amr-wb", "awb"),
    ("audio/3gpp", "3gp"),
    ("audio/wav", "wav"),
    ("audio/flac", "flac"),
    ("audio/webm", "weba"),
    ("audio/x-caf", "caf"),
    ("video/mp4", "mp4"),
    ("video/3gpp", "3gp"),
    ("video/3gpp2", "3g2"),
    ("video/quicktime", "mov"),
    ("video/webm", "webm"),
    ("video/matroska", "mkv"),
    ("video/x-m4v", "m4v"),
    ("video/ogg", "ogv"),
    ("video/x-msvideo", "avi"),
    ("application/pdf", "pdf"),
    ("application/msword", "doc"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.ms-powerpoint", "ppt"),
    ("application/vnd.ms-outlook", "msg"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"),
    ("application/vnd.oasis.opendocument.text", "odt"),
    ("application/vnd.oasis.opendocument.spreadsheet", "ods"),
    ("application/vnd.oasis.opendocument.presentation", "odp"),
    ("application/vnd.oasis.opendocument.graphics", "odg"),
    ("application/vnd.ms-word.document.macroenabled.12", "docm"),
    ("application/vnd.ms-excel.sheet.macroenabled.12", "xlsm"),
    ("application/vnd.ms-excel.sheet.binary.macroenabled.12", "xlsb"),
    ("application/vnd.ms-powerpoint.presentation.macroenabled.12", "pptm"),
    ("application/vnd.apple.pages", "pages"),
    ("application/vnd.apple.numbers", "numbers"),
    ("application/vnd.apple.keynote", "key"),
    ("application/java-archive", "jar"),
    ("application/vnd.microsoft.portable-executable", "exe"),
    ("application/epub+zip", "epub"),
    ("application/zip", "zip"),
    ("application/vnd.rar", "rar"),
    ("application/x-7z-compressed", "7z"),
    ("application/gzip", "gz"),
    ("application/rtf", "rtf"),
    ("application/json", "json"),
    ("application/xml", "xml"),
    ("application/vnd.android.package-archive", "apk"),
    ("text/plain", "txt"),
    ("text/csv", "csv"),
    ("text/html", "html"),
    ("text/vcard", "vcf"),
    ("text/calendar", "ics"),
];

/// How names of files of this type end, without the dot; `None` if the type is unknown.
pub fn extension(mime: &str) -> Option<&'static str> {
    let mime = canonical(mime);
    EXTENSIONS.iter().find(|(name, _)| *name == mime).map(|(_, extension)| *extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_runs_nothing_is_shown_in_place() {
        for mime in [
            "image/jpeg",
            "IMAGE/PNG",
            "audio/ogg; codecs=opus",
            "video/mp4",
            "application/pdf",
            "audio/opus",
        ] {
            assert!(safe_inline(mime), "{mime}");
        }
        for mime in [
            "text/html",
            "image/svg+xml",
            "application/xml",
            "text/xml",
            "application/xhtml+xml",
            "text/plain",
            "application/octet-stream",
            "",
            "image/svg+xml;charset=utf-8",
            "application/javascript",
            "image/jpeg2",
        ] {
            assert!(!safe_inline(mime), "{mime}");
        }
        assert!(is_pdf("application/pdf; version=1.7") && !is_pdf("text/html"));
    }

    #[test]
    fn extensions_are_the_usual_ones() {
        assert_eq!(extension("audio/ogg; codecs=opus"), Some("ogg"));
        assert_eq!(extension("image/jpg"), Some("jpg"));
        assert_eq!(extension("application/x-unheard-of"), None);
    }
}
