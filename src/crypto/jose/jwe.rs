//! JWE in compact form (RFC 7516): A256KW around the content key, A256GCM around the content.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap};
use zeroize::Zeroizing;

use super::{JoseFault, decoded, header, parts};

/// An AES-256 key that wraps content keys (RFC 3394). `Debug` shows nothing of it, and it is overwritten when it goes.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyEncryptionKey(Zeroizing<[u8; 32]>);

impl KeyEncryptionKey {
    /// Takes over a key.
    pub fn new(key: [u8; 32]) -> Self {
        Self(Zeroizing::new(key))
    }

    fn unwrapped(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, JoseFault> {
        let key = AesKek::new(&AES_256, self.0.as_slice()).map_err(|_| JoseFault::NotDecrypted)?;
        let mut content_key = Zeroizing::new([0; 32]);
        key.unwrap(wrapped, content_key.as_mut_slice()).map_err(|_| JoseFault::NotDecrypted)?;
        Ok(content_key)
    }
}

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("KeyEncryptionKey(…)")
    }
}

/// Opens a token and gives its content.
///
/// The lengths of wrapped key (40 bytes), initialisation vector (12) and tag (16) are exact; the additional data are the
/// header as received.
pub fn open_jwe(token: &[u8], key: &KeyEncryptionKey) -> Result<Vec<u8>, JoseFault> {
    let [header, wrapped, nonce, content, tag] = parts(token)?;
    header::check(header, &[("alg", "A256KW"), ("enc", "A256GCM")])?;
    let wrapped: [u8; 40] = exact(wrapped)?;
    let nonce: [u8; 12] = exact(nonce)?;
    let tag: [u8; 16] = exact(tag)?;
    let mut content = decoded(content)?;
    let cipher = UnboundKey::new(&AES_256_GCM, key.unwrapped(&wrapped)?.as_slice());
    let cipher = LessSafeKey::new(cipher.map_err(|_| JoseFault::NotDecrypted)?);
    content.extend_from_slice(&tag);
    let length = cipher
        .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(header), &mut content)
        .map_err(|_| JoseFault::NotDecrypted)?
        .len();
    content.truncate(length);
    Ok(content)
}

fn exact<const N: usize>(part: &[u8]) -> Result<[u8; N], JoseFault> {
    decoded(part)?.try_into().map_err(|_| JoseFault::Form("a part of another length"))
}
