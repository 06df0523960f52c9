//! P-256 public keys in the forms that evidence carries them in.

use std::fmt;

use p256::pkcs8::EncodePublicKey;

use super::digest::sha256;
use crate::ids::KeyId;

/// A point on P-256 other than infinity, checked when it was read (SEC 1, section 3.2.2.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct P256PublicKey {
    point: [u8; 65],
}

/// What stands before the uncompressed point: DER has one form of it.
const SPKI_HEAD: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE,
    0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Why bytes are not a P-256 public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an uncompressed point on the curve P-256")]
pub struct KeyMalformed;

impl P256PublicKey {
    /// Reads `04 || X || Y`; compressed and hybrid forms and points off the curve are refused.
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, KeyMalformed> {
        let point: [u8; 65] = bytes.try_into().map_err(|_| KeyMalformed)?;
        if point[0] != 4 {
            return Err(KeyMalformed);
        }
        p256::PublicKey::from_sec1_bytes(&point).map_err(|_| KeyMalformed)?;
        Ok(Self { point })
    }

    /// Reads the two coordinates of 32 bytes each.
    pub fn from_coordinates(x: &[u8], y: &[u8]) -> Result<Self, KeyMalformed> {
        if x.len() != 32 || y.len() != 32 {
            return Err(KeyMalformed);
        }
        Self::from_sec1(&[&[4], x, y].concat())
    }

    /// Reads a DER `SubjectPublicKeyInfo` with the named curve P-256 and an uncompressed point (RFC 5480).
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyMalformed> {
        Self::from_sec1(der.strip_prefix(SPKI_HEAD).ok_or(KeyMalformed)?)
    }

    /// The uncompressed point, `04 || X || Y`.
    pub fn sec1(&self) -> &[u8; 65] {
        &self.point
    }

    /// The two coordinates.
    pub const fn coordinates(&self) -> (&[u8], &[u8]) {
        let (_, coordinates) = self.point.split_at(1);
        coordinates.split_at(32)
    }

    /// The DER `SubjectPublicKeyInfo`.
    pub fn spki(&self) -> Vec<u8> {
        p256::PublicKey::from_sec1_bytes(&self.point)
            .ok()
            .and_then(|key| key.to_public_key_der().ok())
            .map(|der| der.as_bytes().to_vec())
            .unwrap_or_default()
    }

    /// SHA-256 of the uncompressed point.
    pub fn key_id(&self) -> KeyId {
        KeyId(sha256(&self.point))
    }
}

impl fmt::Debug for P256PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "P256PublicKey({:?})", self.key_id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::BASE64;
    use p256::pkcs8::DecodePublicKey;

    const SPKI: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEiMA0oZCqfbxaBhUBxlQoA5QlghmLPxzFRnPKO5rSC0FSgmelT1/boEafr7RrtpkKOWvwT5SknUMgyBx6skCjmA==";
    const KEY_ID: &str = "YmbJO4x5nEHUvncp9zdWuVZjNBEMgJn3cdSToAXQe3M=";

    fn known() -> P256PublicKey {
        P256PublicKey::from_spki(&BASE64.decode(SPKI.as_bytes()).expect("base64")).expect("a key")
    }

    #[test]
    fn every_form_gives_the_same_key() {
        let key = known();
        assert_eq!(BASE64.encode(&key.spki()), SPKI);
        assert_eq!(BASE64.encode(&key.key_id().0), KEY_ID);
        assert_eq!(P256PublicKey::from_sec1(key.sec1()), Ok(key));
        assert_eq!(P256PublicKey::from_coordinates(&key.sec1()[1..33], &key.sec1()[33..]), Ok(key));
    }

    #[test]
    fn e08_other_forms_and_points_off_the_curve_are_refused() {
        let point = *known().sec1();
        let with = |at: usize, value: u8| {
            let mut changed = point;
            changed[at] = value;
            P256PublicKey::from_sec1(&changed)
        };
        for first in [0x00, 0x02, 0x03, 0x05, 0x06, 0x07] {
            assert_eq!(with(0, first), Err(KeyMalformed), "first byte {first:02x}");
        }
        assert_eq!(with(64, point[64] ^ 1), Err(KeyMalformed));
        assert_eq!(P256PublicKey::from_sec1(&[0]), Err(KeyMalformed));
        assert_eq!(P256PublicKey::from_sec1(&[0; 65]), Err(KeyMalformed));
        assert_eq!(P256PublicKey::from_coordinates(&[0; 31], &[0; 33]), Err(KeyMalformed));
        let p384 = p384::SecretKey::from_slice(&[1; 48]).expect("a scalar").public_key();
        let mut compressed = known().spki();
        compressed.truncate(26 + 33);
        (compressed[1], compressed[24], compressed[26]) = (57, 34, 2 | (point[64] & 1));
        assert!(p256::PublicKey::from_public_key_der(&compressed).is_ok(), "a point");
        assert_eq!(P256PublicKey::from_spki(&compressed), Err(KeyMalformed));
        let spki = p384.to_public_key_der().expect("encodes");
        assert_eq!(P256PublicKey::from_spki(spki.as_bytes()), Err(KeyMalformed));
    }
}
