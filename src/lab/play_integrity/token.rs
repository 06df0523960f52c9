//! Classic tokens, planned and forged.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use aws_lc_rs::key_wrap::{AES_128, AES_256, AesBlockCipher, AesKek, KeyWrap};
use data_encoding::BASE64URL_NOPAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};

use super::app::LabKeys;
use crate::crypto::digest::{Digest, sha256, sha256_of_parts};
use crate::lab::LabFault;

/// A token before it is signed and encrypted.
#[derive(Clone, Debug)]
pub struct TokenPlan {
    /// The payload that is signed.
    pub payload: Vec<u8>,
    /// The header of the signature, JSON.
    pub signed_header: String,
    /// How the payload is signed.
    pub signature: SignatureForm,
    /// Changes the three parts of the signed payload after signing.
    pub signed_parts: fn(&mut Vec<String>),
    /// The header of the encryption, JSON.
    pub header: String,
    /// How the content key is wrapped.
    pub key: KeyForm,
    /// The initialisation vector.
    pub nonce: [u8; 12],
    /// Changes the five parts after encryption.
    pub parts: fn(&mut Vec<String>),
}

/// How a payload is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureForm {
    /// By Google's key, r and s in 32 bytes each.
    Es256,
    /// By Google's key, DER.
    Der,
    /// By a key of an attacker's.
    AnotherKey,
    /// As a MAC whose key is the public key in PEM's base64, for verifiers that let the header choose.
    PublicKeyAsSecret,
    /// Not at all.
    None,
}

/// How the content key reaches the recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyForm {
    /// Wrapped with the app's key.
    A256Kw,
    /// Wrapped with the first half of the app's key.
    A128Kw,
    /// Wrapped with a key of an attacker's.
    AnotherKey,
    /// Not at all: the content is encrypted under the app's key itself.
    Direct,
    /// As these bytes, which say nothing.
    Bytes(Vec<u8>),
}

impl TokenPlan {
    /// The plan of a genuine token.
    pub(super) fn good(payload: Vec<u8>) -> Self {
        let mut nonce = [0; 12];
        nonce.copy_from_slice(&sha256(&payload)[..12]);
        Self {
            payload,
            signed_header: r#"{"alg":"ES256"}"#.to_owned(),
            signature: SignatureForm::Es256,
            signed_parts: |_| (),
            header: r#"{"alg":"A256KW","enc":"A256GCM"}"#.to_owned(),
            key: KeyForm::A256Kw,
            nonce,
            parts: |_| (),
        }
    }

    pub(super) fn forge(self, keys: &LabKeys) -> Result<String, LabFault> {
        let signed = self.signed(keys)?;
        let content_key = match self.key {
            KeyForm::Direct => keys.decryption,
            _ => sha256_of_parts(&[b"bonafide lab", b"content key", &self.payload]),
        };
        let header = encoded(self.header.as_bytes());
        let cipher = UnboundKey::new(&AES_256_GCM, &content_key).map_err(|_| LabFault::Unencrypted)?;
        let mut content = signed.into_bytes();
        let tag = LessSafeKey::new(cipher)
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(self.nonce), Aad::from(&header), &mut content)
            .map_err(|_| LabFault::Unencrypted)?;
        let key = self.key.wrap(&keys.decryption, &content_key)?;
        let mut parts = vec![header, encoded(&key), encoded(&self.nonce), encoded(&content), encoded(tag.as_ref())];
        (self.parts)(&mut parts);
        Ok(parts.join("."))
    }

    fn signed(&self, keys: &LabKeys) -> Result<String, LabFault> {
        let message = format!("{}.{}", encoded(self.signed_header.as_bytes()), encoded(&self.payload));
        let signature = self.signature.sign(keys, message.as_bytes())?;
        let mut parts: Vec<String> = message.split('.').map(str::to_owned).collect();
        parts.push(encoded(&signature));
        (self.signed_parts)(&mut parts);
        Ok(parts.join("."))
    }
}

impl SignatureForm {
    fn sign(self, keys: &LabKeys, message: &[u8]) -> Result<Vec<u8>, LabFault> {
        let es256 =
            |key: &SigningKey| -> Result<Signature, LabFault> { key.try_sign(message).map_err(|_| LabFault::Unsigned) };
        Ok(match self {
            Self::Es256 => es256(&keys.signing)?.to_bytes().to_vec(),
            Self::Der => es256(&keys.signing)?.to_der().as_bytes().to_vec(),
            Self::AnotherKey => es256(&LabKeys::from_seed(&[0xA7; 32])?.signing)?.to_bytes().to_vec(),
            Self::PublicKeyAsSecret => {
                let [_, public] = keys.console_texts();
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, public.as_bytes()), message).as_ref().to_vec()
            }
            Self::None => Vec::new(),
        })
    }
}

impl KeyForm {
    fn wrap(&self, key: &Digest, content_key: &Digest) -> Result<Vec<u8>, LabFault> {
        match self {
            Self::A256Kw => wrapped(&AES_256, key, content_key),
            Self::A128Kw => wrapped(&AES_128, key.first_chunk::<16>().map_or(&[], |half| half.as_slice()), content_key),
            Self::AnotherKey => wrapped(&AES_256, &[0xA7; 32], content_key),
            Self::Direct => Ok(Vec::new()),
            Self::Bytes(bytes) => Ok(bytes.clone()),
        }
    }
}

fn wrapped(cipher: &'static AesBlockCipher, key: &[u8], content_key: &Digest) -> Result<Vec<u8>, LabFault> {
    let key = AesKek::new(cipher, key).map_err(|_| LabFault::Unencrypted)?;
    let mut wrapped = [0; 40];
    key.wrap(content_key, &mut wrapped).map_err(|_| LabFault::Unencrypted)?;
    Ok(wrapped.to_vec())
}

fn encoded(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}
