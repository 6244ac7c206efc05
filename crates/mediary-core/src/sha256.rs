//! The hash of a file's content. Webhooks write it in base64, Graph's answers and history webhooks in hex.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const BYTES: usize = 32;
const HEX_CHARS: usize = 2 * BYTES;
/// Without padding.
const BASE64_CHARS: usize = 43;

/// SHA-256 of a file's content; in JSON and as text, lower-case hex. Hashes of tokens are no such thing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub [u8; BYTES]);

/// A text or bytes that are no SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256, which is 32 bytes: 64 hexadecimal digits or 44 characters of base64")]
pub struct InvalidSha256;

impl Sha256 {
    /// Of no bytes at all.
    pub const EMPTY: Self = Self([
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27,
        0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
    ]);

    /// As webhooks write it.
    pub fn to_base64(self) -> String {
        BASE64.encode(&self.0)
    }
}

impl TryFrom<&[u8]> for Sha256 {
    type Error = InvalidSha256;

    fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
        bytes.try_into().map(Self).map_err(|_| InvalidSha256)
    }
}

/// From hex or from base64 (standard or URL-safe, padded or not).
impl FromStr for Sha256 {
    type Err = InvalidSha256;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.len() == HEX_CHARS {
            let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| InvalidSha256)?;
            return bytes.as_slice().try_into();
        }
        let digits = text.trim_end_matches('=');
        if digits.len() != BASE64_CHARS {
            return Err(InvalidSha256);
        }
        let standard = digits.replace('-', "+").replace('_', "/");
        BASE64_NOPAD.decode(standard.as_bytes()).map_err(|_| InvalidSha256)?.as_slice().try_into()
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::{BASE64URL_NOPAD, HEXUPPER};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_of_other_than_32_bytes_is_no_hash() {
        let (short, long) = (BASE64.encode(&[7; 31]), BASE64.encode(&[7; 33]));
        let texts = ["", "4654+8g=", "IMAGE_HASH", "a1b2c3d4e5f6...", &"0".repeat(63), &"g".repeat(64)];
        for text in texts.into_iter().chain([short.as_str(), &long, &"=".repeat(64)]) {
            assert_eq!(text.parse::<Sha256>(), Err(InvalidSha256), "{text:?}");
        }
        assert_eq!(Sha256::try_from([7; 31].as_slice()), Err(InvalidSha256));
    }

    #[test]
    fn hash_of_nothing_is_the_well_known_one() {
        assert_eq!(
            Sha256::EMPTY.to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(Sha256::EMPTY.to_base64(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    proptest! {
        #[test]
        fn every_spelling_gives_the_same_hash(digest in any::<[u8; 32]>()) {
            let hash = Sha256(digest);
            for text in [
                hash.to_string(),
                hash.to_base64(),
                BASE64URL_NOPAD.encode(&digest),
                HEXUPPER.encode(&digest),
                format!(" {} ", hash.to_base64()),
            ] {
                prop_assert_eq!(text.parse(), Ok(hash), "{}", text);
            }
            let json = serde_json::to_string(&hash).unwrap();
            prop_assert_eq!(&json, &format!("\"{hash}\""));
            prop_assert_eq!(serde_json::from_str::<Sha256>(&json).unwrap(), hash);
        }

        #[test]
        fn parsing_a_hash_never_panics(text in any::<String>()) {
            let _ = text.parse::<Sha256>();
        }
    }
}
