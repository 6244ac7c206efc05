//! The type of a file by its first bytes.

use crate::sample::{DETECT_BYTES, Sample};
use crate::{container, markup, ole, zip};

/// The MIME type of a file by its first bytes; `None` if they are not telling (plain text among them).
pub fn detect(head: &[u8]) -> Option<&'static str> {
    detect_sample(&Sample::of_head(&head[..head.len().min(DETECT_BYTES)]))
}

/// The same by what was collected of the file.
pub(crate) fn detect_sample(sample: &Sample) -> Option<&'static str> {
    let head = sample.head();
    container::detect(head)
        .or_else(|| zip::detect(sample))
        .or_else(|| ole::detect(sample))
        .or_else(|| signature(head))
        .or_else(|| markup::detect(head))
        .or_else(|| card(head))
        .or_else(|| audio_frames(head))
        .or_else(|| by_table(head))
        .or_else(|| late_pdf(head))
}

/// Signatures that the table of the library lacks or holds too loosely.
fn signature(head: &[u8]) -> Option<&'static str> {
    const SIGNATURES: &[(&[u8], &str)] = &[
        (b"#!AMR\n", "audio/amr"),
        (b"caff\0\x01", "audio/x-caf"),
        (b"#!AMR-WB\n", "audio/amr-wb"),
        (b"#!", "text/x-shellscript"),
        (b"ID3", "audio/mpeg"),
        (b"MThd", "audio/midi"),
        (b"%!PS-Adobe", "application/postscript"),
    ];
    if let Some((_, mime)) = SIGNATURES.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(mime);
    }
    if is_bitmap(head) {
        return Some("image/bmp");
    }
    is_windows_program(head).then_some("application/vnd.microsoft.portable-executable")
}

/// Cards and calendars are lines of text with a fixed first one (RFC 6350, RFC 5545).
fn card(head: &[u8]) -> Option<&'static str> {
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let begins = |line: &[u8]| {
        text.get(..line.len()).is_some_and(|first| first.eq_ignore_ascii_case(line))
            && text.get(line.len()).is_none_or(u8::is_ascii_whitespace)
    };
    match () {
        () if begins(b"BEGIN:VCARD") => Some("text/vcard"),
        () if begins(b"BEGIN:VCALENDAR") => Some("text/calendar"),
        () => None,
    }
}

/// Two letters alone also begin texts; a bitmap has a known header size, too.
fn is_bitmap(head: &[u8]) -> bool {
    head.starts_with(b"BM") && matches!(le_u32(head, 14), Some(12 | 40 | 52 | 56 | 64 | 108 | 124))
}

/// Two letters alone also begin texts; a program says where its real header lies.
fn is_windows_program(head: &[u8]) -> bool {
    let Some(offset) = le_u32(head, 0x3C).filter(|_| head.starts_with(b"MZ")) else { return false };
    match usize::try_from(offset).ok().and_then(|offset| head.get(offset..)?.get(..4)) {
        Some(magic) => magic == b"PE\0\0",
        None => (0x40..0x1000_0000).contains(&offset),
    }
}

fn le_u32(head: &[u8], at: usize) -> Option<u32> {
    head.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

/// MPEG audio and AAC without a container begin with a frame. Eleven bits say little, so the next frame has to
/// begin where this one ends, if that is within sight.
fn audio_frames(head: &[u8]) -> Option<&'static str> {
    let (length, mime) = frame(head)?;
    match head.get(length..) {
        Some(next) if next.len() >= 7 => (frame(next)?.1 == mime).then_some(mime),
        _ => Some(mime),
    }
}

fn frame(head: &[u8]) -> Option<(usize, &'static str)> {
    let head: &[u8; 7] = head.first_chunk()?;
    if head[0] != 0xFF || head[1] & 0xE0 != 0xE0 {
        return None;
    }
    let layer = (head[1] >> 1) & 3;
    if layer == 0 && head[1] & 0xF0 == 0xF0 { adts_frame(head) } else { mpeg_frame(head, layer) }
}

fn adts_frame(head: &[u8; 7]) -> Option<(usize, &'static str)> {
    let sample_rate = (head[2] >> 2) & 15;
    let length = usize::from(head[3] & 3) << 11 | usize::from(head[4]) << 3 | usize::from(head[5]) >> 5;
    (sample_rate < 13 && length > 7).then_some((length, "audio/aac"))
}

/// Layers II and III; layer I is what nobody has, and its mark is that of UTF-16 text.
fn mpeg_frame(head: &[u8; 7], layer: u8) -> Option<(usize, &'static str)> {
    const LAYER_3: u8 = 1;
    const LAYER_2: u8 = 2;
    const RATES_1_3: [usize; 16] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0];
    const RATES_1_2: [usize; 16] = [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0];
    const RATES_2: [usize; 16] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0];
    let version = (head[1] >> 3) & 3;
    let halvings = match version {
        3 => 0,
        2 => 1,
        0 => 2,
        _ => return None,
    };
    let (rates, samples) = match (layer, version) {
        (LAYER_3, 3) => (RATES_1_3, 1152),
        (LAYER_3, _) => (RATES_2, 576),
        (LAYER_2, 3) => (RATES_1_2, 1152),
        (LAYER_2, _) => (RATES_2, 1152),
        _ => return None,
    };
    let bit_rate = rates[usize::from(head[2] >> 4)] * 1000;
    let sample_rate = [44_100, 48_000, 32_000].get(usize::from((head[2] >> 2) & 3))? >> halvings;
    let padding = usize::from((head[2] >> 1) & 1);
    (bit_rate > 0).then(|| (samples / 8 * bit_rate / sample_rate + padding, "audio/mpeg"))
}

/// The library's table, as far as its signatures are long enough to be believed, under the registered names.
fn by_table(head: &[u8]) -> Option<&'static str> {
    const BELIEVED: &[(&str, &str)] = &[
        ("image/jpeg", "image/jpeg"),
        ("image/png", "image/png"),
        ("image/gif", "image/gif"),
        ("image/webp", "image/webp"),
        ("image/tiff", "image/tiff"),
        ("image/jp2", "image/jp2"),
        ("image/x-canon-cr2", "image/x-canon-cr2"),
        ("image/vnd.adobe.photoshop", "image/vnd.adobe.photoshop"),
        ("image/vnd.djvu", "image/vnd.djvu"),
        ("video/x-matroska", "video/matroska"),
        ("video/webm", "video/webm"),
        ("video/x-msvideo", "video/x-msvideo"),
        ("video/x-ms-wmv", "video/x-ms-wmv"),
        ("video/mpeg", "video/mpeg"),
        ("video/x-flv", "video/x-flv"),
        ("audio/x-flac", "audio/flac"),
        ("audio/x-wav", "audio/wav"),
        ("audio/x-aiff", "audio/aiff"),
        ("application/pdf", "application/pdf"),
        ("application/rtf", "application/rtf"),
        ("application/vnd.rar", "application/vnd.rar"),
        ("application/x-7z-compressed", "application/x-7z-compressed"),
        ("application/gzip", "application/gzip"),
        ("application/x-xz", "application/x-xz"),
        ("application/x-tar", "application/x-tar"),
        ("application/vnd.ms-cab-compressed", "application/vnd.ms-cab-compressed"),
        ("application/vnd.debian.binary-package", "application/vnd.debian.binary-package"),
        ("application/vnd.sqlite3", "application/vnd.sqlite3"),
        ("application/x-shockwave-flash", "application/x-shockwave-flash"),
        ("application/x-executable", "application/x-executable"),
        ("application/x-mach-binary", "application/x-mach-binary"),
        ("application/java", "application/java-vm"),
        ("application/vnd.android.dex", "application/vnd.android.dex"),
        ("application/wasm", "application/wasm"),
        ("application/font-woff", "font/woff"),
    ];
    let found = infer::get(head)?;
    // Two of its names are shared by a two-byte signature.
    if found.extension() == "obj" {
        return None;
    }
    BELIEVED.iter().find(|(name, _)| *name == found.mime_type()).map(|(_, mime)| *mime)
}

/// Viewers find a PDF's beginning within the first kilobyte, so that is what makes one.
fn late_pdf(head: &[u8]) -> Option<&'static str> {
    const WITHIN: usize = 1024;
    let head = &head[..head.len().min(WITHIN)];
    head.windows(5).any(|window| window == b"%PDF-").then_some("application/pdf")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn padded(head: &[u8]) -> Vec<u8> {
        [head, &[0; 600]].concat()
    }

    #[test]
    fn types_that_whatsapp_carries_are_known_by_their_bytes() {
        let heads: &[(&[u8], &str)] = &[
            (b"\xFF\xD8\xFF\xE0\x00\x10JFIF\x00", "image/jpeg"),
            (b"\x89PNG\r\n\x1A\n\x00\x00\x00\x0DIHDR", "image/png"),
            (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp"),
            (b"GIF89a\x01\x00\x01\x00", "image/gif"),
            (b"#!AMR\n\x3C\x91\x17\x16", "audio/amr"),
            (b"#!AMR-WB\n\x04", "audio/amr-wb"),
            (b"ID3\x04\x00\x00\x00\x00\x00\x23TSSE", "audio/mpeg"),
            (b"%PDF-1.7\n%\xE2\xE3\xCF\xD3", "application/pdf"),
            (b"{\\rtf1\\ansi", "application/rtf"),
            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "application/x-ole-storage"),
            (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"),
            (b"\x7FELF\x02\x01\x01", "application/x-executable"),
            (b"\x1F\x8B\x08\x00", "application/gzip"),
            (b"\n  \xEF\xBB\xBF garbage before %PDF-1.4", "application/pdf"),
        ];
        for (head, mime) in heads {
            assert_eq!(detect(&padded(head)), Some(*mime), "{}", head.escape_ascii());
        }
    }

    #[test]
    fn bare_audio_frames_must_repeat() {
        // MPEG-1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes a frame. AAC: the frame says its length, here 32.
        let mp3 = [&[0xFF, 0xFB, 0x90, 0x64][..], &[0; 413]].concat();
        let aac = [&[0xFF, 0xF1, 0x50, 0x80, 0x04, 0x1F, 0xFC][..], &[0; 25]].concat();
        assert_eq!(detect(&mp3.repeat(2)), Some("audio/mpeg"));
        assert_eq!(detect(&aac.repeat(2)), Some("audio/aac"));
        assert_eq!(detect(&[&mp3[..], b"something else"].concat()), None);
        assert_eq!(detect(&[&aac[..], b"something else"].concat()), None);
    }

    #[test]
    fn texts_are_not_taken_for_programs_or_pictures() {
        for text in ["BMW is a car", "MZ is an airline", "#1 in the list", "", "P", "II. Chapter two", "ID2"]
        {
            assert_eq!(detect(&padded(text.as_bytes())), None, "{text}");
            assert_eq!(detect(text.as_bytes()), None, "{text}");
        }
        assert_eq!(
            detect("\u{FEFF}plain".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>().as_slice()),
            None
        );
    }

    #[test]
    fn windows_programs_are_known_by_their_second_header() {
        let mut program = padded(b"MZ\x90\x00");
        program[0x3C] = 0x80;
        program[0x80..0x84].copy_from_slice(b"PE\0\0");
        assert_eq!(detect(&program), Some("application/vnd.microsoft.portable-executable"));
        program[0x80] = b'X';
        assert_eq!(detect(&program), None);
    }

    proptest! {
        #[test]
        fn detection_never_panics(head in proptest::collection::vec(any::<u8>(), 0..300)) {
            detect(&head);
            for magic in [&b"PK\x03\x04"[..], b"OggS", b"\0\0\0\x18ftyp", b"<?xml", b"\xFF\xFE<", b"MZ", b"\xFF\xFB"] {
                detect(&[magic, &head].concat());
            }
        }
    }
}
