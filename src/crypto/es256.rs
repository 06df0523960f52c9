//! ES256 (RFC 7518, section 3.4) with keys of the service's own.

use std::fmt;

use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use zeroize::Zeroizing;

use super::key::P256PublicKey;
use super::secret::NoRandomness;

/// The length of an exported key: the private scalar, then the uncompressed public point.
pub const EXPORTED_LENGTH: usize = 32 + 65;

/// A private key on P-256. `Debug` shows nothing of it.
pub struct Es256Key {
    pair: EcdsaKeyPair,
    public: P256PublicKey,
}

impl Es256Key {
    /// A fresh key; an error only when the operating system gives no random bytes.
    pub fn generate() -> Result<Self, NoRandomness> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| NoRandomness)?;
        Self::of(pair).ok_or(NoRandomness)
    }

    /// Takes up what [`Self::export`] gave; `None` for everything else, among it a point that is not the scalar's.
    pub fn import(exported: &[u8]) -> Option<Self> {
        let (scalar, point) = exported.split_first_chunk::<32>()?;
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        Self::of(EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar, point).ok()?)
    }

    fn of(pair: EcdsaKeyPair) -> Option<Self> {
        let public = P256PublicKey::from_sec1(pair.public_key().as_ref()).ok()?;
        Some(Self { pair, public })
    }

    /// The key in bytes, for the one place that seals it; `None` only if the cryptographic library fails.
    pub fn export(&self) -> Option<Zeroizing<[u8; EXPORTED_LENGTH]>> {
        let scalar: EcPrivateKeyBin<'_> = self.pair.private_key().as_be_bytes().ok()?;
        let mut exported = Zeroizing::new([0; EXPORTED_LENGTH]);
        let (head, tail) = exported.split_first_chunk_mut::<32>()?;
        *head = scalar.as_ref().try_into().ok()?;
        tail.copy_from_slice(self.public.sec1());
        Some(exported)
    }

    /// The public half.
    pub const fn public(&self) -> &P256PublicKey {
        &self.public
    }

    /// The signature, r and s in 32 bytes each; an error only when the operating system gives no random bytes.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], NoRandomness> {
        let signature = self.pair.sign(&SystemRandom::new(), message).map_err(|_| NoRandomness)?;
        signature.as_ref().try_into().map_err(|_| NoRandomness)
    }
}

impl fmt::Debug for Es256Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Es256Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::signature::verify_p256_fixed;

    #[test]
    fn an_exported_key_signs_as_before_and_shows_nothing() {
        let key = Es256Key::generate().expect("a key");
        let exported = key.export().expect("bytes");
        let again = Es256Key::import(&*exported).expect("a key");
        let signature = again.sign(b"message").expect("signed");
        assert!(verify_p256_fixed(key.public(), b"message", &signature).is_ok());
        assert_eq!(format!("{again:?}"), "Es256Key(…)");
    }

    #[test]
    fn a_point_of_another_key_is_refused() {
        let (one, other) = (Es256Key::generate().expect("a key"), Es256Key::generate().expect("a key"));
        let mixed = [&one.export().expect("bytes")[..32], other.public().sec1()].concat();
        assert!(Es256Key::import(&mixed).is_none());
        assert!(Es256Key::import(&mixed[..96]).is_none() && Es256Key::import(&[]).is_none());
    }
}
