//! Sealing: bytes that are kept where others may read them, under a secret that is kept elsewhere.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use super::secret::{NoRandomness, random};

/// The shortest secret that a sealing key is derived from, in bytes.
pub const SECRET_MINIMUM: usize = 32;

/// The form of what is sealed: version 1 is AES-256-GCM under a random nonce.
const VERSION: u8 = 1;

/// What the key is derived for; another use of the same secret gets another key.
const PURPOSE: &[u8] = b"bonafide seal of signing keys 1";

/// A key that seals, derived from a configured secret. `Debug` shows nothing of it, and it is overwritten when it goes.
#[derive(Clone, PartialEq, Eq)]
pub struct SealKey(Zeroizing<[u8; 32]>);

impl SealKey {
    /// The key that follows from a secret of at least [`SECRET_MINIMUM`] bytes (HMAC-SHA-256 as a PRF); `None` for a shorter one.
    pub fn derive(secret: &[u8]) -> Option<Self> {
        if secret.len() < SECRET_MINIMUM {
            return None;
        }
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), PURPOSE);
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(tag.as_ref());
        Some(Self(key))
    }

    /// A key that nobody else will ever have: for what need not outlive this process.
    pub fn ephemeral() -> Result<Self, NoRandomness> {
        random().map(|key| Self(Zeroizing::new(key)))
    }

    fn cipher(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, self.0.as_slice()).ok().map(LessSafeKey::new)
    }

    /// Seals bytes that belong to `name`: version, nonce of 12 bytes, ciphertext, tag of 16 bytes.
    ///
    /// The nonce is random: a few keys a month stay far below what it bears (NIST SP 800-38D, section 8.3).
    pub fn seal(&self, name: &[u8], bytes: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = bytes.to_vec();
        let cipher = self.cipher().ok_or(NoRandomness)?;
        let done = cipher.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(name), &mut sealed);
        done.map_err(|_| NoRandomness)?;
        Ok([&[VERSION], nonce.as_slice(), &sealed].concat())
    }

    /// The bytes that were sealed for `name` under this key; `None` for everything else.
    pub fn open(&self, name: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, content) = sealed.strip_prefix(&[VERSION])?.split_first_chunk::<NONCE_LEN>()?;
        let mut content = Zeroizing::new(content.to_vec());
        let cipher = self.cipher()?;
        let opened = cipher.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(name), &mut content);
        let length = opened.ok()?.len();
        content.truncate(length);
        Some(content)
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SealKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_under_the_same_secret_and_name_alone() {
        let key = SealKey::derive(&[7; 32]).expect("a key");
        let sealed = key.seal(b"name", b"bytes").expect("sealed");
        assert_eq!(key.open(b"name", &sealed).as_deref().map(Vec::as_slice), Some(&b"bytes"[..]));
        assert!(key.open(b"other", &sealed).is_none());
        assert!(SealKey::derive(&[8; 32]).expect("a key").open(b"name", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(b"name", &changed).is_none(), "{at}");
            assert!(key.open(b"name", &sealed[..at]).is_none(), "{at}");
        }
        assert_ne!(key.seal(b"name", b"bytes").expect("sealed"), sealed, "a nonce of its own each time");
    }

    #[test]
    fn f17_short_secrets_are_refused_and_debug_shows_no_seal_key() {
        assert!(SealKey::derive(&[7; 31]).is_none());
        assert_eq!(format!("{:?}", SealKey::derive(&[7; 32])), "Some(SealKey(…))");
    }
}
