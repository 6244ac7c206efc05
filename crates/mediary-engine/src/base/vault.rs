//! Secrets at rest: tokens and app secrets are sealed with the installation's key before they become rows.
//!
//! A sealed value is `version (1 byte) ‖ nonce (12) ‖ ciphertext ‖ tag (16)`, AES-256-GCM with a random nonce. The
//! associated data of version 2 names the row and the column, so that write access to the database is not enough to use one account's
//! token for another; version 1 is still opened, but no longer written. Keys for sealing, links and hashes are derived from the
//! installation's key by purpose, so that no key serves two purposes.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use mediary_core::{CompanyId, Error, ErrorCode, Result};
use secrecy::SecretString;

/// The version whose associated data is itself alone.
const UNBOUND: u8 = 1;
/// The version whose associated data is itself and the place.
const BOUND: u8 = 2;
const SEALING: &str = "mediary seal v1";

/// Seals and unseals with the installation's key. Clones share the key.
#[derive(Clone)]
pub struct Vault {
    sealing: Arc<RandomizedNonceKey>,
    deriving: hmac::Key,
}

/// Where a sealed value belongs. The phone number id stands for the account: it is unique, never changes, and is known
/// before the row has an id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) company: CompanyId,
    pub(crate) phone_number_id: &'a str,
    pub(crate) column: &'static str,
}

impl Place<'_> {
    /// One encoding for each place: the company has a fixed length, and neither text holds a NUL.
    fn bytes(&self) -> Vec<u8> {
        let company = self.company.0.to_be_bytes();
        [&[BOUND][..], &company[..], self.phone_number_id.as_bytes(), b"\0", self.column.as_bytes()].concat()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    pub fn new(key: [u8; 32]) -> Self {
        let deriving = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let sealing_key = hmac::sign(&deriving, SEALING.as_bytes());
        let sealing = RandomizedNonceKey::new(&AES_256_GCM, sealing_key.as_ref())
            .expect("HMAC-SHA256 gives the 32 bytes that AES-256 takes");
        Self { sealing: Arc::new(sealing), deriving }
    }

    /// Encrypts `plain` for one place; the same text never gives the same bytes twice.
    pub(crate) fn seal(&self, plain: &[u8], place: Place<'_>) -> Vec<u8> {
        let mut body = plain.to_vec();
        let nonce = self
            .sealing
            .seal_in_place_append_tag(Aad::from(place.bytes()), &mut body)
            .expect("a secret is far shorter than what AES-GCM takes");
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + body.len());
        sealed.push(BOUND);
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut body);
        sealed
    }

    /// Decrypts what [`Vault::seal`] made for this place. Fails when the key is another one, or the bytes were changed
    /// or come from another place.
    pub(crate) fn unseal(&self, sealed: &[u8], place: Place<'_>) -> Result<Vec<u8>> {
        let unreadable = || {
            Error::new(
                ErrorCode::Internal,
                "unseal a stored secret: it was sealed with another secret key, or the row was changed",
            )
        };
        let (&version, rest) = sealed.split_first().ok_or_else(unreadable)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(unreadable)?;
        let bound_to = match version {
            BOUND => place.bytes(),
            UNBOUND => vec![UNBOUND],
            _ => return Err(unreadable()),
        };
        let mut body = body.to_vec();
        let plain = self
            .sealing
            .open_in_place(Nonce::from(nonce), Aad::from(bound_to), &mut body)
            .map_err(|_| unreadable())?
            .len();
        body.truncate(plain);
        Ok(body)
    }

    /// [`Vault::unseal`] for a secret that is text.
    pub(crate) fn unseal_text(&self, sealed: &[u8], place: Place<'_>) -> Result<SecretString> {
        let plain = self.unseal(sealed, place)?;
        String::from_utf8(plain)
            .map(SecretString::from)
            .map_err(|_| Error::new(ErrorCode::Internal, "unseal a stored secret: it is not text"))
    }

    /// A key for one purpose, named by `label`.
    pub fn derive(&self, label: &str) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&self.deriving, label.as_bytes()).as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: Place<'_> =
        Place { company: CompanyId(1), phone_number_id: "106540352242922", column: "access_token" };

    #[test]
    fn secrets_open_with_their_key_and_unchanged_alone() {
        let vault = Vault::new([7; 32]);
        let sealed = vault.seal(b"a token", TOKEN);
        assert_eq!(vault.unseal(&sealed, TOKEN).unwrap(), b"a token");
        assert!(!sealed.windows(7).any(|window| window == b"a token"));
        assert_ne!(sealed, vault.seal(b"a token", TOKEN), "a nonce is never used twice");
        assert!(Vault::new([8; 32]).unseal(&sealed, TOKEN).is_err());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(vault.unseal(&changed, TOKEN).is_err(), "byte {place} was changed");
            assert!(vault.unseal(&sealed[..place], TOKEN).is_err(), "cut to {place} bytes");
        }
    }

    #[test]
    fn secrets_open_in_the_row_and_column_they_were_sealed_for_alone() {
        let vault = Vault::new([7; 32]);
        let sealed = vault.seal(b"a token", TOKEN);
        for elsewhere in [
            Place { company: CompanyId(2), ..TOKEN },
            Place { phone_number_id: "106540352242923", ..TOKEN },
            Place { column: "app_secret", ..TOKEN },
        ] {
            assert!(vault.unseal(&sealed, elsewhere).is_err(), "{elsewhere:?}");
        }
    }

    #[test]
    fn secrets_sealed_before_row_and_column_were_bound_still_open() {
        let vault = Vault::new([7; 32]);
        let mut body = b"a token".to_vec();
        let nonce = vault.sealing.seal_in_place_append_tag(Aad::from([UNBOUND]), &mut body).unwrap();
        let sealed = [&[UNBOUND][..], &nonce.as_ref()[..], &body[..]].concat();
        assert_eq!(vault.unseal(&sealed, TOKEN).unwrap(), b"a token");
        let mut passed_off = sealed;
        passed_off[0] = BOUND;
        assert!(vault.unseal(&passed_off, TOKEN).is_err(), "the version is part of what is checked");
    }

    #[test]
    fn purposes_have_their_own_keys() {
        let vault = Vault::new([7; 32]);
        let by = |label| hmac::sign(&vault.derive(label), b"x").as_ref().to_vec();
        assert_ne!(by("links"), by("keys"));
        assert_eq!(by("links"), by("links"));
        assert_eq!(format!("{vault:?}"), "Vault(…)");
    }
}
