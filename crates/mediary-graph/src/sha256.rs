//! The declared hash of a file. Webhooks write it in base64, Graph's answers and history webhooks in hex.

use data_encoding::{BASE64_NOPAD, HEXLOWER_PERMISSIVE};

const DIGEST_BYTES: usize = 32;

/// Reads a SHA-256 from hex or from base64 (standard or URL-safe, padded or not). Anything that is not 32 bytes is
/// no declaration: the hash is then unknown, and nothing else is wrong with the message.
pub fn parse_sha256(text: &str) -> Option<[u8; DIGEST_BYTES]> {
    let text = text.trim();
    let bytes = if text.len() == 2 * DIGEST_BYTES {
        HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?
    } else {
        let standard = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
        BASE64_NOPAD.decode(standard.as_bytes()).ok()?
    };
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_32_bytes_is_no_declaration() {
        for text in ["", "4654+8g=", "IMAGE_HASH", "a1b2c3d4e5f6...", &"0".repeat(63), &"g".repeat(64)] {
            assert_eq!(parse_sha256(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_spelling_gives_the_same_bytes(digest in any::<[u8; 32]>()) {
            for text in [
                BASE64.encode(&digest),
                BASE64URL_NOPAD.encode(&digest),
                HEXLOWER.encode(&digest),
                HEXUPPER.encode(&digest),
                format!(" {} ", BASE64.encode(&digest)),
            ] {
                prop_assert_eq!(parse_sha256(&text), Some(digest), "{}", text);
            }
        }

        #[test]
        fn other_text_never_panics(text in any::<String>()) {
            let _ = parse_sha256(&text);
        }
    }
}
