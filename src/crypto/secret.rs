//! The service's own secret: message authentication and reversible pseudonyms, each under a key derived for it.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{hmac, rand};

use super::digest::Digest;

/// The machine could not give random bytes; nothing can be issued safely without them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;

/// `N` fresh random bytes from the operating system.
pub fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// 32 secret bytes from which every keyed use derives a key of its own. `Debug` shows nothing of them.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl Secret {
    /// Takes over secret bytes, for example those a store has kept.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A fresh secret.
    pub fn generate() -> Result<Self, NoRandomness> {
        random().map(Self)
    }

    /// The bytes, for the one place that keeps them.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key for `purpose` that tells nothing about the keys of other purposes (HMAC-SHA-256 as a PRF, RFC 2104).
    fn derive(&self, purpose: &[&[u8]]) -> Digest {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        for part in purpose {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut key = [0; 32];
        key.copy_from_slice(context.sign().as_ref());
        key
    }

    /// A message authentication key for one use.
    pub fn mac_key(&self, purpose: &str) -> MacKey {
        MacKey(hmac::Key::new(hmac::HMAC_SHA256, &self.derive(&[b"mac", purpose.as_bytes()])))
    }

    /// A pseudonym key for one relying party; `None` only if the cryptographic library refuses its own key size.
    pub fn pseudonym_key(&self, relying_party: &str) -> Option<PseudonymKey> {
        let key = self.derive(&[b"pseudonym", relying_party.as_bytes()]);
        UnboundKey::new(&AES_256_GCM_SIV, &key).ok().map(|key| PseudonymKey { cipher: LessSafeKey::new(key) })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// HMAC-SHA-256 under one key.
#[derive(Clone)]
pub struct MacKey(hmac::Key);

impl MacKey {
    /// The tag over the bytes.
    pub fn tag(&self, bytes: &[u8]) -> Digest {
        let mut tag = [0; 32];
        tag.copy_from_slice(hmac::sign(&self.0, bytes).as_ref());
        tag
    }

    /// Whether `tag` is the tag over the bytes, in constant time.
    pub fn matches(&self, bytes: &[u8], tag: &[u8]) -> bool {
        hmac::verify(&self.0, bytes, tag).is_ok()
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("MacKey(…)")
    }
}

/// Turns a 16-byte id into a pseudonym that only the same relying party's key turns back.
///
/// AES-256-GCM-SIV (RFC 8452) with a fixed nonce: it reveals no more than that two pseudonyms are equal, which is what a
/// pseudonym is for, and a made-up pseudonym fails its tag before anything is looked up.
pub struct PseudonymKey {
    cipher: LessSafeKey,
}

/// Bytes of a pseudonym: the id and its tag.
pub const PSEUDONYM_LENGTH: usize = 32;

impl PseudonymKey {
    fn nonce() -> Nonce {
        Nonce::assume_unique_for_key([0; 12])
    }

    /// The pseudonym of `id`; `None` only if the cryptographic library fails.
    pub fn seal(&self, id: &[u8; 16]) -> Option<Vec<u8>> {
        let mut bytes = id.to_vec();
        self.cipher.seal_in_place_append_tag(Self::nonce(), Aad::empty(), &mut bytes).ok()?;
        Some(bytes)
    }

    /// The id behind a pseudonym of this key; `None` for every other input.
    pub fn open(&self, pseudonym: &[u8]) -> Option<[u8; 16]> {
        let mut bytes: [u8; PSEUDONYM_LENGTH] = pseudonym.try_into().ok()?;
        let id = self.cipher.open_in_place(Self::nonce(), Aad::empty(), &mut bytes).ok()?;
        <[u8; 16]>::try_from(&*id).ok()
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PseudonymKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pseudonyms_are_stable_pairwise_and_reversible_by_their_own_key_only() {
        let secret = Secret::new([1; 32]);
        let (shop, bank) = ["shop", "bank"].map(|party| secret.pseudonym_key(party).expect("a key")).into();
        let pseudonym = shop.seal(&[9; 16]).expect("seals");
        assert_eq!(pseudonym.len(), PSEUDONYM_LENGTH);
        assert_eq!(shop.seal(&[9; 16]), Some(pseudonym.clone()));
        assert_ne!(bank.seal(&[9; 16]), Some(pseudonym.clone()));
        assert_eq!(shop.open(&pseudonym), Some([9; 16]));
        assert_eq!(bank.open(&pseudonym), None);
    }

    #[test]
    fn every_changed_pseudonym_is_refused() {
        let key = Secret::new([1; 32]).pseudonym_key("shop").expect("a key");
        let pseudonym = key.seal(&[9; 16]).expect("seals");
        for at in 0..pseudonym.len() {
            let mut changed = pseudonym.clone();
            changed[at] ^= 1;
            assert_eq!(key.open(&changed), None, "byte {at}");
        }
        assert_eq!(key.open(&pseudonym[1..]), None);
        assert_eq!(key.open(&[]), None);
    }

    #[test]
    fn f17_debug_output_shows_no_secret() {
        let secret = Secret::new([0xAB; 32]);
        let shown = format!("{secret:?} {:?} {:?}", secret.mac_key("x"), secret.pseudonym_key("x").expect("a key"));
        assert_eq!(shown, "Secret(…) MacKey(…) PseudonymKey(…)");
    }

    #[test]
    fn tags_depend_on_use_and_bytes() {
        let secret = Secret::new([1; 32]);
        let key = secret.mac_key("challenge");
        let tag = key.tag(b"bytes");
        assert!(key.matches(b"bytes", &tag));
        assert!(!key.matches(b"other", &tag));
        assert!(!secret.mac_key("account").matches(b"bytes", &tag));
        assert!(!key.matches(b"bytes", &tag[..31]));
    }
}
