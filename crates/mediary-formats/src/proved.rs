//! What the bytes of a file prove of it, for those who take only files that are what they are said to be.

use crate::detect::detect_sample;
use crate::sample::Sample;

/// Where the flags of an extended WebP stand, and the one that says that it moves (RFC 9649, 2.7.1).
const WEBP_FLAGS: usize = 20;
const WEBP_ANIMATION: u8 = 0x02;
/// How the first packet of Opus in Ogg begins, where the number of its channels stands in it (RFC 7845, 5.1), and how far into the
/// file it may begin.
const OPUS_HEAD: &[u8] = b"OpusHead";
const OPUS_CHANNELS: usize = 9;
const FIRST_PAGE_BYTES: usize = 512;

/// What is proved of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvedContent {
    /// Its type, of Ogg with Opus with its codec; `None` if nothing tells.
    pub mime_type: Option<&'static str>,
    /// Whether its pictures move, as far as its beginning tells.
    pub animated: bool,
    /// Of Opus in Ogg.
    pub channels: Option<u8>,
}

impl ProvedContent {
    /// What was collected of the file proves this.
    pub fn of(sample: &Sample) -> Self {
        let detected = detect_sample(sample);
        let head = sample.head();
        let channels = detected.filter(|mime| *mime == "audio/ogg").and_then(|_| opus_channels(head));
        let mime_type = match detected {
            Some("audio/ogg") if channels.is_some() => Some("audio/ogg; codecs=opus"),
            None if is_text(head) => Some("text/plain"),
            detected => detected,
        };
        let animated = match detected {
            Some("image/gif") => true,
            Some("image/webp") => head
                .get(WEBP_FLAGS)
                .is_some_and(|flags| head.get(12..16) == Some(b"VP8X") && flags & WEBP_ANIMATION != 0),
            _ => false,
        };
        Self { mime_type, animated, channels }
    }
}

fn opus_channels(head: &[u8]) -> Option<u8> {
    let page = &head[..head.len().min(FIRST_PAGE_BYTES)];
    let at = page.windows(OPUS_HEAD.len()).position(|bytes| bytes == OPUS_HEAD)?;
    page.get(at + OPUS_CHANNELS).copied()
}

/// Whether it is text as far as it is seen: UTF-8 without control characters, of which the last one may be cut.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && !text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proved(head: &[u8]) -> ProvedContent {
        ProvedContent::of(&Sample::of_head(head))
    }

    #[test]
    fn opus_in_ogg_is_told_from_other_sound_in_ogg() {
        let ogg = |codec: &[u8]| [b"OggS\0\x02".as_slice(), &[0; 20], &[1, 19], codec, &[0; 32]].concat();
        let mono = proved(&ogg(b"OpusHead\x01\x01"));
        assert_eq!((mono.mime_type, mono.channels), (Some("audio/ogg; codecs=opus"), Some(1)));
        assert_eq!(proved(&ogg(b"OpusHead\x01\x02")).channels, Some(2));
        assert_eq!(proved(&ogg(b"\x01vorbis")).channels, None);
        assert_ne!(proved(&ogg(b"\x01vorbis")).mime_type, Some("audio/ogg; codecs=opus"));
    }

    #[test]
    fn webp_that_moves_says_so_in_its_flags() {
        let webp = |flags: u8| [b"RIFF\x30\0\0\0WEBPVP8X\x0a\0\0\0".as_slice(), &[flags], &[0; 30]].concat();
        assert!(proved(&webp(0x12)).animated && !proved(&webp(0x10)).animated);
        assert_eq!(proved(&webp(0)).mime_type, Some("image/webp"));
    }

    #[test]
    fn text_is_what_has_no_control_characters() {
        for text in ["name;price\nmug;7\n", "Grüße aus 東京", "\u{feff}x"] {
            assert_eq!(proved(text.as_bytes()).mime_type, Some("text/plain"), "{text}");
        }
        assert_eq!(proved(&"東京".as_bytes()[..4]).mime_type, Some("text/plain"), "cut in the middle");
        for other in [b"".as_slice(), b"\0\x01\x02", b"caf\xe9 au lait", b"a\x1b[31m"] {
            assert_eq!(proved(other).mime_type, None, "{other:?}");
        }
        assert_ne!(proved(b"<!doctype html><script>").mime_type, Some("text/plain"));
    }
}
