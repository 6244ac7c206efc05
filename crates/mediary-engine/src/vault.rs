//! Secrets at rest: tokens and app secrets are sealed with the installation's key before they become rows.
//!
//! A sealed value is `version (1 byte) ‖ nonce (12) ‖ ciphertext ‖ tag (16)`, AES-256-GCM with a random nonce. Keys for
//! sealing, links and hashes are derived from the installation's key by purpose, so that no key serves two ends.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use mediary_core::ErrorCode;
use secrecy::SecretString;

use crate::error::{Error, Result};

const VERSION: u8 = 1;
const SEALING: &str = "mediary seal v1";

/// Seals and unseals with the installation's key. Clones share the key.
#[derive(Clone)]
pub struct Vault {
    sealing: Arc<RandomizedNonceKey>,
    deriving: hmac::Key,
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

    /// Encrypts `plain`; the same text never gives the same bytes twice.
    pub fn seal(&self, plain: &[u8]) -> Vec<u8> {
        let mut body = plain.to_vec();
        let nonce = self
            .sealing
            .seal_in_place_append_tag(Aad::from([VERSION]), &mut body)
            .expect("a secret is far shorter than what AES-GCM takes");
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + body.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut body);
        sealed
    }

    /// Decrypts what [`Vault::seal`] made. Fails when the key is another one or the bytes were changed.
    pub fn unseal(&self, sealed: &[u8]) -> Result<Vec<u8>> {
        let unreadable = || {
            Error::new(
                ErrorCode::Internal,
                "unseal a stored secret: it was sealed with another secret key, or the row was changed",
            )
        };
        let (&version, rest) = sealed.split_first().ok_or_else(unreadable)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(unreadable)?;
        if version != VERSION {
            return Err(unreadable());
        }
        let mut body = body.to_vec();
        let plain = self
            .sealing
            .open_in_place(Nonce::from(nonce), Aad::from([VERSION]), &mut body)
            .map_err(|_| unreadable())?
            .len();
        body.truncate(plain);
        Ok(body)
    }

    /// [`Vault::unseal`] for a secret that is text.
    pub fn unseal_text(&self, sealed: &[u8]) -> Result<SecretString> {
        let plain = self.unseal(sealed)?;
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

    #[test]
    fn opens_what_it_sealed_and_nothing_else() {
        let vault = Vault::new([7; 32]);
        let sealed = vault.seal(b"a token");
        assert_eq!(vault.unseal(&sealed).unwrap(), b"a token");
        assert!(!sealed.windows(7).any(|window| window == b"a token"));
        assert_ne!(sealed, vault.seal(b"a token"), "a nonce is never used twice");
        assert!(Vault::new([8; 32]).unseal(&sealed).is_err());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(vault.unseal(&changed).is_err(), "byte {place} was changed");
            assert!(vault.unseal(&sealed[..place]).is_err(), "cut to {place} bytes");
        }
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
