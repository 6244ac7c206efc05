//! Ids in WhatsApp's forms. They follow from the seed and the moment of the start: repeatable on a clock that stands
//! still, and fresh on each start with the machine's clock, since receivers rightly drop what they have seen.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use mediary_core::Timestamp;

#[derive(Debug)]
pub(crate) struct Ids {
    salt: u64,
    next: AtomicU64,
}

impl Ids {
    pub(crate) fn new(seed: u64, start: Timestamp) -> Self {
        Self { salt: mix(&(seed, start.millis())), next: AtomicU64::new(1) }
    }

    /// Fifteen digits.
    pub(crate) fn media(&self) -> String {
        const FIRST: u64 = 100_000_000_000_000;
        (FIRST + self.salt % (8 * FIRST) + self.number()).to_string()
    }

    /// A wamid: the other party's number and twenty hex digits in WhatsApp's binary form.
    pub(crate) fn message(&self, phone: &str) -> String {
        let phone = &phone.as_bytes()[..phone.len().min(64)];
        let unique = HEXUPPER.encode(&self.bytes()[..10]);
        let length = u8::try_from(phone.len()).unwrap_or(64);
        let parts: [&[u8]; 5] =
            [&[0x1c, 0x18, length], phone, &[0x15, 2, 0, 0x12, 0x18, 0x14], unique.as_bytes(), &[0]];
        format!("wamid.{}", BASE64.encode(&parts.concat()))
    }

    pub(crate) fn trace(&self) -> String {
        format!("A{}", BASE64URL_NOPAD.encode(&self.bytes()))
    }

    /// An opaque id for whatever else needs one.
    pub(crate) fn opaque(&self) -> String {
        HEXLOWER.encode(&self.bytes())
    }

    /// The hash in a media URL. It proves that we made the URL and nothing else; the token is still needed.
    pub(crate) fn url_hash(&self, media_id: &str, expires: i64) -> String {
        let halves = [mix(&(self.salt, media_id, expires)), mix(&(self.salt, expires, media_id))];
        format!("ARr{}", BASE64URL_NOPAD.encode(&halves.map(u64::to_be_bytes).concat()))
    }

    fn bytes(&self) -> [u8; 16] {
        let number = self.number();
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&mix(&(self.salt, number)).to_be_bytes());
        bytes[8..].copy_from_slice(&mix(&(number, self.salt)).to_be_bytes());
        bytes
    }

    fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

/// A number that depends on all of `value` and looks like chance.
pub(crate) fn mix(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_repeat_from_seed_and_moment_and_are_fresh_otherwise() {
        let ids = |seed, moment| {
            let ids = Ids::new(seed, Timestamp(moment));
            [ids.media(), ids.message("15550100001"), ids.message("15550100001")]
        };
        assert_eq!(ids(1, 5), ids(1, 5));
        let [media, first, second] = ids(1, 5);
        assert!(media.len() == 15 && media.bytes().all(|byte| byte.is_ascii_digit()), "{media}");
        assert_ne!(first, second);
        for other in [ids(2, 5), ids(1, 6)] {
            assert!(other.iter().all(|id| ![&media, &first, &second].contains(&id)), "{other:?}");
        }
    }

    #[test]
    fn wamid_holds_the_number_in_whatsapps_binary_form() {
        let id = Ids::new(1, Timestamp(5)).message("16503879439");
        // The beginning of a real one for the same number.
        assert!(id.starts_with("wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQ"), "{id}");
    }
}
