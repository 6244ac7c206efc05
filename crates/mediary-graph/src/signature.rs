//! `X-Hub-Signature-256`: HMAC-SHA256 with the Meta app's secret over the body's bytes exactly as received.

use aws_lc_rs::hmac;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

const PREFIX: &str = "sha256=";

/// Whether the header signs these bytes with this secret. Takes the same time wherever the difference is.
pub fn signature_matches(header: &str, raw_body: &[u8], secret: &[u8]) -> bool {
    let Some(hex) = header.trim().strip_prefix(PREFIX) else { return false };
    let Ok(tag) = HEXLOWER_PERMISSIVE.decode(hex.as_bytes()) else { return false };
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret), raw_body, &tag).is_ok()
}

/// The header's value for these bytes.
pub fn sign(raw_body: &[u8], secret: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), raw_body);
    format!("{PREFIX}{}", HEXLOWER.encode(tag.as_ref()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn signature_is_that_of_rfc_4231() {
        let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(sign(b"what do ya want for nothing?", b"Jefe"), expected);
    }

    #[test]
    fn signature_matches_only_whole() {
        let signature = sign(b"{}", b"secret");
        for header in ["", "sha256=", "sha1=00", &signature[..signature.len() - 2], &signature[7..]] {
            assert!(!signature_matches(header, b"{}", b"secret"), "{header:?}");
        }
        assert!(!signature_matches(&format!("{signature}00"), b"{}", b"secret"));
        assert!(signature_matches(&signature.to_uppercase().replace("SHA256", "sha256"), b"{}", b"secret"));
    }

    proptest! {
        #[test]
        fn signature_belongs_to_its_body_and_secret(
            body in any::<Vec<u8>>(), secret in any::<Vec<u8>>(), other in any::<Vec<u8>>(), header in any::<String>(),
        ) {
            let signature = sign(&body, &secret);
            prop_assert!(signature_matches(&signature, &body, &secret));
            if other != body {
                prop_assert!(!signature_matches(&signature, &other, &secret));
            }
            prop_assert!(header == signature || !signature_matches(&header, &body, &secret));
        }
    }
}
