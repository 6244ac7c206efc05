//! Containers whose type is said inside: MP4 and its relatives, and Ogg.

/// The type of what a container holds; `None` if this is none of them.
pub(crate) fn detect(head: &[u8]) -> Option<&'static str> {
    iso_media(head).or_else(|| ogg(head))
}

/// MP4, QuickTime, 3GP, M4A, HEIC and AVIF share one structure and differ by their brands.
fn iso_media(head: &[u8]) -> Option<&'static str> {
    match head.get(4..8)? {
        b"ftyp" => Some(()),
        // Older QuickTime files begin right away.
        b"moov" | b"mdat" | b"wide" | b"pnot" => return Some("video/quicktime"),
        _ => None,
    }?;
    let length = u32::from_be_bytes(*head.first_chunk()?);
    let end = usize::try_from(length).unwrap_or(usize::MAX).min(head.len());
    let major = head.get(8..12)?;
    let compatible = head.get(16..end).unwrap_or_default().chunks_exact(4);
    brand(major).or_else(|| compatible.into_iter().filter_map(picture_brand).next()).or(Some("video/mp4"))
}

fn brand(brand: &[u8]) -> Option<&'static str> {
    match brand {
        b"qt  " => Some("video/quicktime"),
        b"M4A " | b"M4B " | b"M4P " | b"F4A " => Some("audio/mp4"),
        b"M4V " | b"M4VH" | b"M4VP" => Some("video/x-m4v"),
        _ if brand.starts_with(b"3g2") => Some("video/3gpp2"),
        _ if brand.starts_with(b"3g") => Some("video/3gpp"),
        _ => picture_brand(brand),
    }
}

/// `mif1` and `msf1` only say "some picture"; what kind is among the compatible brands.
fn picture_brand(brand: &[u8]) -> Option<&'static str> {
    match brand {
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" => Some("image/heic"),
        b"avif" | b"avis" => Some("image/avif"),
        _ => None,
    }
}

fn ogg(head: &[u8]) -> Option<&'static str> {
    const CODEC_AT: usize = 28;
    let codec = head.strip_prefix(b"OggS").and_then(|_| head.get(CODEC_AT..)).unwrap_or_default();
    if !head.starts_with(b"OggS") {
        None
    } else if codec.starts_with(b"\x80theora")
        || codec.starts_with(b"\x01video")
        || codec.starts_with(b"fishead")
    {
        Some("video/ogg")
    } else {
        Some("audio/ogg")
    }
}

#[cfg(test)]
mod tests {
    use super::detect;

    fn ftyp(major: &str, compatible: &[&str]) -> Vec<u8> {
        let mut head = Vec::new();
        let length = u32::try_from(16 + 4 * compatible.len()).unwrap();
        head.extend(length.to_be_bytes());
        head.extend(b"ftyp");
        head.extend(major.as_bytes());
        head.extend([0, 0, 2, 0]);
        head.extend(compatible.iter().flat_map(|brand| brand.bytes()));
        head.extend(b"\0\0\0\x08free");
        head
    }

    #[test]
    fn brands_distinguish_video_audio_and_pictures() {
        for (major, compatible, mime) in [
            ("isom", &["isom", "iso2", "avc1", "mp41"][..], "video/mp4"),
            ("mp42", &["mp42"], "video/mp4"),
            ("M4A ", &["isom"], "audio/mp4"),
            ("3gp5", &["3gp5", "isom"], "video/3gpp"),
            ("3g2a", &[], "video/3gpp2"),
            ("qt  ", &["qt  "], "video/quicktime"),
            ("heic", &["mif1", "heic"], "image/heic"),
            ("mif1", &["mif1", "heic"], "image/heic"),
            ("mif1", &["mif1", "avif"], "image/avif"),
            ("avif", &["mif1"], "image/avif"),
        ] {
            assert_eq!(detect(&ftyp(major, compatible)), Some(mime), "{major} {compatible:?}");
        }
        assert_eq!(detect(b"\0\0\0\x08wide\0\0\x10\x00mdat"), Some("video/quicktime"));
        assert_eq!(detect(b"\0\0\0\xFFftyp"), None, "cut off before its brand");
    }

    #[test]
    fn voice_notes_are_ogg() {
        let page = |codec: &[u8]| [b"OggS\0\x02", &[0; 20][..], &[1, 19], codec].concat();
        assert_eq!(detect(&page(b"OpusHead\x01\x01")), Some("audio/ogg"));
        assert_eq!(detect(&page(b"\x01vorbis")), Some("audio/ogg"));
        assert_eq!(detect(&page(b"\x80theora")), Some("video/ogg"));
    }
}
