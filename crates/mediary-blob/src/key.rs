//! Names of stored files. A key is safe as a path and as an object name by construction.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;
use mediary_core::{CompanyId, MediaId, MessageId, Timestamp, VariantKind};

use crate::error::{Error, ErrorKind};

/// Segments in a key.
const SEGMENTS_MAX: usize = 8;
/// Bytes in a segment. Leaves room in a 255-byte file name for what an unfinished upload adds.
const SEGMENT_BYTES: usize = 200;
/// Bytes of an id within its segment. Leaves room for a generation.
const ID_BYTES: usize = SEGMENT_BYTES - 24;
/// The folder of files whose messages have no id yet.
const UPLOADS: &str = "uploads";
/// The folder of variants, beside the file that they are of.
const VARIANTS: &str = "variants";
/// What stands between an id and a generation.
const GENERATION: &str = ".g";

/// Where a file lies: two to eight segments of `A-Z a-z 0-9 . _ - %`, joined by `/`. No segment begins with a dot,
/// so none is `..` and none is taken for an unfinished upload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorageKey(String);

impl StorageKey {
    /// The key of a message's media: `media/{company}/{message}/{provider media id}`. Characters of the id that are
    /// not safe in a path are written as `%XX`; one that is empty or too long for a file name goes by its hash.
    pub fn media(company: CompanyId, message: MessageId, provider_media_id: &str) -> Self {
        let mut name = escape(provider_media_id);
        if name.is_empty() || name.len() > ID_BYTES {
            name = hashed(provider_media_id);
        }
        Self(format!("media/{company}/{message}/{name}"))
    }

    /// A key for a variant of a message's media: `media/{company}/{message}/variants/{media}-{kind}-{random}`; of a file that belongs to
    /// no message it is among the uploads. None is given twice, so it needs no generations. Records recognise it by its form
    /// (`variant_of` of the store).
    pub fn variant(
        company: CompanyId,
        message: Option<MessageId>,
        media: MediaId,
        kind: VariantKind,
    ) -> Self {
        let random = rand::random::<u64>();
        let owner = message.map_or_else(|| UPLOADS.to_owned(), |message| message.to_string());
        Self(format!("media/{company}/{owner}/{VARIANTS}/{media}-{kind}-{random:016x}"))
    }

    /// A key for a file of ours that is stored before its message has an id: `media/{company}/uploads/{time}{random}`. None is given
    /// twice. It begins with the time, so that keys of one moment lie side by side in an index and share its pages. Records recognise
    /// it by its form (`is_upload` of the store).
    pub fn upload(company: CompanyId, now: Timestamp) -> Self {
        let (millis, random) = (now.millis().unsigned_abs() & 0xffff_ffff_ffff, rand::random::<u128>() >> 48);
        Self(format!("media/{company}/{UPLOADS}/{millis:012x}{random:020x}"))
    }

    /// The same file's key in a later generation: what is stored again after bytes under the earlier key were given up
    /// must not lie where somebody may still be deleting. The first generation, zero, has the plain key.
    pub fn generation(&self, number: u64) -> Self {
        let first = generation_at(&self.0).map_or(&*self.0, |at| &self.0[..at]);
        Self(if number == 0 { first.to_owned() } else { format!("{first}{GENERATION}{number}") })
    }

    /// Whose message the file is of, if it is the key of a message's media. The message of an upload is not in its key.
    pub fn owner(&self) -> Option<(CompanyId, Option<MessageId>)> {
        let mut parts = self.0.split('/');
        if parts.next() != Some("media") {
            return None;
        }
        let company = parts.next()?.parse().ok()?;
        let message = match parts.next()? {
            UPLOADS => None,
            message => Some(MessageId(message.parse().ok()?)),
        };
        parts.next().map(|_| (CompanyId(company), message))
    }

    /// The key as text, as records keep it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn folders(&self) -> impl Iterator<Item = &str> {
        self.0.rsplit_once('/').map_or("", |(folders, _)| folders).split('/')
    }

    /// Whether no file but one is ever written under it, for the key was drawn by lot.
    pub(crate) fn is_used_once(&self) -> bool {
        let owner = self.folders().nth(2);
        let is_drawn = owner == Some(UPLOADS) || self.folders().nth(3) == Some(VARIANTS);
        is_drawn && generation_at(&self.0).is_none()
    }

    pub(crate) fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&*self.0, |(_, name)| name)
    }
}

/// Where the generation begins at the end of a key, or of an id that looks as if it had one.
fn generation_at(text: &str) -> Option<usize> {
    let at = text.rfind(GENERATION)?;
    let digits = &text[at + GENERATION.len()..];
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(at)
}

fn escape(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    let not_a_generation = generation_at(text);
    for (index, byte) in text.bytes().enumerate() {
        let plain_dot = byte == b'.' && index > 0 && Some(index) != not_a_generation;
        let safe = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || plain_dot;
        if safe {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    name
}

fn hashed(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let hex: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256.{hex}")
}

fn is_segment(text: &str) -> bool {
    (1..=SEGMENT_BYTES).contains(&text.len())
        && !text.starts_with('.')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'%'))
}

impl StorageKey {
    /// A key for a file that is written to see whether one can be: among those of media, where the same folder's owner and the
    /// same rules of a bucket hold. It is no company's, so a check of storage removes one that is left behind.
    pub(crate) fn probe() -> Result<Self, Error> {
        format!("media/probe/{:016x}/probe", rand::random::<u64>()).parse()
    }
}

impl FromStr for StorageKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let segments = text.split('/').count();
        if (2..=SEGMENTS_MAX).contains(&segments) && text.split('/').all(is_segment) {
            return Ok(Self(text.to_owned()));
        }
        let shown: String = text.chars().take(SEGMENT_BYTES).collect();
        Err(Error::new(
            ErrorKind::InvalidKey,
            format!(
                "read key {shown:?} (2 to {SEGMENTS_MAX} parts of A-Z a-z 0-9 . _ - %, none with a dot first)"
            ),
        ))
    }
}

impl fmt::Display for StorageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn media(id: &str) -> StorageKey {
        StorageKey::media(CompanyId(1), MessageId(2), id)
    }

    #[test]
    fn ordinary_ids_stay_readable() {
        assert_eq!(media("1013859600285441").as_str(), "media/1/2/1013859600285441");
        assert_eq!(media("a.b_c-d").as_str(), "media/1/2/a.b_c-d");
    }

    #[test]
    fn ids_cannot_leave_their_folder() {
        assert_eq!(media("../../etc/passwd").as_str(), "media/1/2/%2E.%2F..%2Fetc%2Fpasswd");
        assert_eq!(media("..").as_str(), "media/1/2/%2E.");
        assert_eq!(media("a\0b%2f").as_str(), "media/1/2/a%00b%252f");
        assert_eq!(media("é").as_str(), "media/1/2/%C3%A9");
    }

    #[test]
    fn ids_of_any_length_fit_a_file_name() {
        let empty = media("");
        let long = media(&"x".repeat(5000));
        assert_ne!(empty, long);
        assert!(long.name().len() < SEGMENT_BYTES && long.name().starts_with("sha256."));
        assert_ne!(long, media(&"x".repeat(5001)));
    }

    #[test]
    fn later_generation_has_a_key_of_its_own() {
        let key = media("abc");
        assert_eq!(key.generation(2).as_str(), "media/1/2/abc.g2");
        assert_eq!((key.generation(0), key.generation(2).generation(3)), (key.clone(), key.generation(3)));
        assert_eq!(key.generation(3).generation(0), key);
        assert_eq!(media("abc.g2").as_str(), "media/1/2/abc%2Eg2", "an id is not taken for a generation");
        assert_ne!(media("abc.g2"), key.generation(2));
        let longest = media(&"x".repeat(ID_BYTES)).generation(u64::MAX);
        assert_eq!(longest.as_str().parse::<StorageKey>().unwrap(), longest);
        assert_eq!(longest.owner(), key.owner());
    }

    #[test]
    fn key_names_its_owner() {
        assert_eq!(media("abc").owner(), Some((CompanyId(1), Some(MessageId(2)))));
        for other in ["probe/1/2", "media/1/2", "media/x/2/3", "media/probe/2/probe"] {
            assert_eq!(other.parse::<StorageKey>().unwrap().owner(), None, "{other}");
        }
    }

    #[test]
    fn key_of_a_variant_is_its_own_and_names_its_owner() {
        let of = |message| StorageKey::variant(CompanyId(1), message, MediaId(3), VariantKind::Thumb);
        let variant = || of(Some(MessageId(2)));
        let key = variant();
        let random = key.as_str().strip_prefix("media/1/2/variants/3-thumb-").unwrap();
        assert!(random.len() == 16 && random.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
        assert_eq!(key.as_str().parse::<StorageKey>().unwrap(), key);
        assert_eq!(key.owner(), Some((CompanyId(1), Some(MessageId(2)))));
        let of_no_message = of(None);
        assert!(of_no_message.as_str().starts_with("media/1/uploads/variants/3-thumb-"), "{of_no_message}");
        assert_eq!(of_no_message.owner(), Some((CompanyId(1), None)));
        assert_ne!(key, variant(), "none is given twice");
        assert_ne!(media("variants").folders().count(), key.folders().count(), "no file's key is like it");
    }

    #[test]
    fn key_of_an_upload_names_its_company_alone() {
        let upload = |millis| StorageKey::upload(CompanyId(1), Timestamp(millis));
        let key = upload(1_764_555_000_000);
        let random = key.as_str().strip_prefix("media/1/uploads/").unwrap();
        assert!(random.len() == 32 && random.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
        assert_eq!(key.as_str().parse::<StorageKey>().unwrap(), key);
        assert_eq!(key.owner(), Some((CompanyId(1), None)));
        assert_eq!(key.generation(2).owner(), key.owner(), "one that moved");
        assert_ne!(key, upload(1_764_555_000_000), "none is given twice");
        for (earlier, later) in [(0, 1), (255, 256), (1_764_555_000_000, 1_764_555_000_001)] {
            assert!(upload(earlier) < upload(later), "they are in the order of time");
        }
    }

    #[test]
    fn foreign_keys_are_refused() {
        for text in [
            "",
            "media",
            "/media/1",
            "media//1",
            "media/../1",
            "media/./1",
            "media/1/",
            "media/.hidden",
            "media/a b",
            "media/a\\b",
            "media/é",
            "a/b/c/d/e/f/g/h/i",
        ] {
            let error = text.parse::<StorageKey>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidKey, "{text}");
            assert!(!error.retryable());
        }
    }

    proptest! {
        #[test]
        fn key_of_every_id_parses_and_is_its_own(one in any::<String>(), other in any::<String>()) {
            let key = media(&one);
            prop_assert_eq!(&key.as_str().parse::<StorageKey>().unwrap(), &key);
            prop_assert_eq!(key.folders().collect::<Vec<_>>(), ["media", "1", "2"]);
            prop_assert_eq!(one == other, key == media(&other));
        }
    }
}
