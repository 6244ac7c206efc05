//! Signed links: a token that contains its file and its expiry, and cannot be forged.
//!
//! The token is the base64url of `version ‖ company ‖ media ‖ expiry ‖ download ‖ variant ‖ MAC`, so it can be checked
//! without asking the database.

use std::time::Duration;

use aws_lc_rs::{constant_time, hmac};
use data_encoding::BASE64URL_NOPAD;
use mediary_core::{CompanyId, Error, ErrorCode, MediaId, Result, Timestamp, limits};

use crate::base::vault::Vault;

const VERSION: u8 = 1;
/// Of a link to an archive, which is `version ‖ company ‖ archive ‖ expiry ‖ MAC`.
const ARCHIVE_VERSION: u8 = 2;
/// Half of the HMAC, to keep links short: 2^128 guesses are out of reach.
const MAC_BYTES: usize = 16;
const FIXED_BYTES: usize = 1 + 8 + 8 + 8 + 1;
const VARIANT_BYTES_MAX: usize = 32;
const TOKEN_CHARS_MAX: usize = (FIXED_BYTES + VARIANT_BYTES_MAX + MAC_BYTES).div_ceil(3) * 4;

/// What a link opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub company_id: CompanyId,
    pub media_id: MediaId,
    pub variant: Option<String>,
    /// Whether the file comes as an attachment.
    pub download: bool,
    pub expires_at: Timestamp,
}

/// What a link to an archive opens: the files that were chosen for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchiveLink {
    pub company_id: CompanyId,
    pub archive_id: i64,
    pub expires_at: Timestamp,
}

/// Makes and checks signed links.
#[derive(Clone, Debug)]
pub struct Links(hmac::Key);

impl Links {
    pub(crate) fn new(vault: &Vault) -> Self {
        Self(vault.derive("signed links v1"))
    }

    /// When a link that is made at `now` and shall live for `life` ends.
    pub fn expiry(now: Timestamp, life: Duration) -> Result<Timestamp> {
        if life.is_zero() || life > limits::SIGNED_LINK_MAX {
            let max = limits::SIGNED_LINK_MAX.as_secs();
            return Err(Error::invalid(
                "expiresInSeconds",
                format!("must be a whole number from 1 to {max}"),
            ));
        }
        Ok(now.plus(life))
    }

    /// The token of a link.
    pub fn sign(&self, link: &Link) -> Result<String> {
        let variant = link.variant.as_deref().unwrap_or("");
        if variant.len() > VARIANT_BYTES_MAX {
            return Err(Error::invalid("variant", "there is no such variant"));
        }
        let mut bytes = Vec::with_capacity(FIXED_BYTES + variant.len() + MAC_BYTES);
        bytes.push(VERSION);
        bytes.extend_from_slice(&link.company_id.0.to_be_bytes());
        bytes.extend_from_slice(&link.media_id.0.to_be_bytes());
        bytes.extend_from_slice(&link.expires_at.0.to_be_bytes());
        bytes.push(u8::from(link.download));
        bytes.extend_from_slice(variant.as_bytes());
        Ok(self.token(bytes))
    }

    /// The token of a link to an archive.
    pub fn sign_archive(&self, link: &ArchiveLink) -> String {
        let mut bytes = vec![ARCHIVE_VERSION];
        for number in [link.company_id.0, link.archive_id, link.expires_at.0] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        self.token(bytes)
    }

    fn token(&self, mut bytes: Vec<u8>) -> String {
        let mac = hmac::sign(&self.0, &bytes);
        bytes.extend_from_slice(&mac.as_ref()[..MAC_BYTES]);
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// Verifies a token. A forged one is `not_found`, an expired one `link_expired`.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Link> {
        let link = self.read(token).ok_or_else(no_such_link)?;
        if link.expires_at <= now {
            return Err(Error::plain(ErrorCode::LinkExpired));
        }
        Ok(link)
    }

    /// Verifies the token of a link to an archive, as [`Links::verify`] does that of a file.
    pub fn verify_archive(&self, token: &str, now: Timestamp) -> Result<ArchiveLink> {
        let link = self.read_archive(token).ok_or_else(no_such_link)?;
        if link.expires_at <= now {
            return Err(Error::plain(ErrorCode::LinkExpired));
        }
        Ok(link)
    }

    /// What we signed.
    fn signed(&self, token: &str) -> Option<Vec<u8>> {
        if token.len() > TOKEN_CHARS_MAX {
            return None;
        }
        let mut bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let (signed, mac) = bytes.split_last_chunk::<MAC_BYTES>()?;
        let expected = hmac::sign(&self.0, signed);
        constant_time::verify_slices_are_equal(&expected.as_ref()[..MAC_BYTES], mac).ok()?;
        bytes.truncate(bytes.len() - MAC_BYTES);
        Some(bytes)
    }

    fn read_archive(&self, token: &str) -> Option<ArchiveLink> {
        let signed = self.signed(token)?;
        let (&version, rest) = signed.split_first()?;
        let (company, rest) = rest.split_first_chunk::<8>()?;
        let (archive, rest) = rest.split_first_chunk::<8>()?;
        let (expires_at, rest) = rest.split_first_chunk::<8>()?;
        (version == ARCHIVE_VERSION && rest.is_empty()).then(|| ArchiveLink {
            company_id: CompanyId(i64::from_be_bytes(*company)),
            archive_id: i64::from_be_bytes(*archive),
            expires_at: Timestamp(i64::from_be_bytes(*expires_at)),
        })
    }

    fn read(&self, token: &str) -> Option<Link> {
        let signed = self.signed(token)?;
        let (&version, rest) = signed.split_first()?;
        let (company, rest) = rest.split_first_chunk::<8>()?;
        let (media, rest) = rest.split_first_chunk::<8>()?;
        let (expires_at, rest) = rest.split_first_chunk::<8>()?;
        let (&download, variant) = rest.split_first()?;
        let variant = std::str::from_utf8(variant).ok()?;
        (version == VERSION).then(|| Link {
            company_id: CompanyId(i64::from_be_bytes(*company)),
            media_id: MediaId(i64::from_be_bytes(*media)),
            variant: (!variant.is_empty()).then(|| variant.to_owned()),
            download: download == 1,
            expires_at: Timestamp(i64::from_be_bytes(*expires_at)),
        })
    }
}

fn no_such_link() -> Error {
    Error::not_found("there is no such link")
}

#[cfg(test)]
mod tests {
    use mediary_testing::START;

    use super::*;

    fn link() -> Link {
        Link {
            company_id: CompanyId(3),
            media_id: MediaId(9),
            variant: Some("thumbnail".to_owned()),
            download: true,
            expires_at: START.plus(Duration::from_secs(60)),
        }
    }

    #[test]
    fn link_is_valid_until_it_expires() {
        let links = Links::new(&Vault::new([1; 32]));
        for link in [link(), Link { variant: None, download: false, ..link() }] {
            let token = links.sign(&link).unwrap();
            assert_eq!(links.verify(&token, START).unwrap(), link);
            let late = links.verify(&token, link.expires_at).unwrap_err();
            assert_eq!(late.code(), ErrorCode::LinkExpired);
        }
    }

    #[test]
    fn forged_link_opens_nothing() {
        let links = Links::new(&Vault::new([1; 32]));
        let token = links.sign(&link()).unwrap();
        let elsewhere = Links::new(&Vault::new([2; 32])).sign(&link()).unwrap();
        let mut made_up =
            vec![elsewhere, String::new(), "AAAA".to_owned(), "ä".repeat(40), "A".repeat(10_000)];
        for place in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            made_up.push(String::from_utf8(changed).unwrap());
        }
        for token in made_up {
            assert_eq!(links.verify(&token, START).unwrap_err().code(), ErrorCode::NotFound, "{token}");
        }
    }

    #[test]
    fn link_to_an_archive_is_no_link_to_a_file() {
        let links = Links::new(&Vault::new([1; 32]));
        let archive = ArchiveLink { company_id: CompanyId(3), archive_id: 9, expires_at: link().expires_at };
        let token = links.sign_archive(&archive);
        assert_eq!(links.verify_archive(&token, START).unwrap(), archive);
        let late = links.verify_archive(&token, archive.expires_at).unwrap_err();
        assert_eq!(late.code(), ErrorCode::LinkExpired);
        assert_eq!(links.verify(&token, START).unwrap_err().code(), ErrorCode::NotFound);
        let file = links.sign(&Link { variant: None, ..link() }).unwrap();
        assert_eq!(links.verify_archive(&file, START).unwrap_err().code(), ErrorCode::NotFound);
        let elsewhere = Links::new(&Vault::new([2; 32])).sign_archive(&archive);
        assert_eq!(links.verify_archive(&elsewhere, START).unwrap_err().code(), ErrorCode::NotFound);
    }

    #[test]
    fn link_lifetime_is_from_a_second_to_a_week() {
        assert!(Links::expiry(START, Duration::ZERO).is_err());
        assert_eq!(
            Links::expiry(START, limits::SIGNED_LINK_MAX).unwrap(),
            START.plus(limits::SIGNED_LINK_MAX)
        );
        let error = Links::expiry(START, limits::SIGNED_LINK_MAX + Duration::from_secs(1)).unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::ValidationError, Some("expiresInSeconds")));
    }
}
