//! The first bytes of real files, as cameras, phones and office programs write them.

use mediary_formats::{DETECT_BYTES, detect};

macro_rules! heads {
    ($($file:literal => $mime:literal),+ $(,)?) => {
        [$(($file, &include_bytes!(concat!("heads/", $file))[..], $mime)),+]
    };
}

#[test]
fn real_files_are_known_by_their_first_bytes() {
    let heads = heads! {
        "head.jpg" => "image/jpeg",
        "head.png" => "image/png",
        "head.webp" => "image/webp",
        "head.gif" => "image/gif",
        "head.bmp" => "image/bmp",
        "head.avif" => "image/avif",
        "head.tiff" => "image/tiff",
        "head.mp3" => "audio/mpeg",
        "bare.mp3" => "audio/mpeg",
        "head.aac" => "audio/aac",
        "head.m4a" => "audio/mp4",
        "head.ogg" => "audio/ogg",
        "head.amr" => "audio/amr",
        "head.wav" => "audio/wav",
        "head.flac" => "audio/flac",
        "head.mp4" => "video/mp4",
        "head.3gp" => "video/3gpp",
        "head.mov" => "video/quicktime",
        "head.webm" => "video/webm",
        "head.mkv" => "video/matroska",
        "head.avi" => "video/x-msvideo",
        "head.docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "head.xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    };
    for (file, head, mime) in heads {
        assert!(head.len() <= DETECT_BYTES);
        assert_eq!(detect(head), Some(mime), "{file}");
    }
}
