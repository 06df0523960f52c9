//! Keys that sign: those of authorities, and those of devices.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, digest};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RsaEncoding};
use p384::ecdsa::signature::hazmat::PrehashSigner;
use p384::pkcs8::EncodePublicKey;

use super::LabFault;
use super::der::{self, Oid};
use crate::crypto::digest::sha256_of_parts;

/// A private key of a laboratory.
#[derive(Clone, Debug)]
pub enum LabKey {
    /// ECDSA on P-256.
    P256(p256::ecdsa::SigningKey),
    /// ECDSA on P-384.
    P384(p384::ecdsa::SigningKey),
    /// RSA with PKCS #1 v1.5. It has no seed: each is new.
    Rsa(Arc<KeyPair>),
}

/// The hash under a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedHash {
    /// SHA-1, which nobody may accept; ECDSA only.
    Sha1,
    /// SHA-256, as on most certificates.
    Sha256,
    /// SHA-384, as on those of authorities with a key on P-384.
    Sha384,
}

impl LabKey {
    /// The key on P-256 of a seed and a purpose.
    pub fn p256(seed: &[u8; 32], purpose: &str) -> Result<Self, LabFault> {
        let scalar = sha256_of_parts(&[b"bonafide lab", purpose.as_bytes(), seed]);
        p256::ecdsa::SigningKey::from_slice(&scalar).map(Self::P256).map_err(|_| LabFault::Seed)
    }

    /// The key on P-384 of a seed and a purpose.
    pub fn p384(seed: &[u8; 32], purpose: &str) -> Result<Self, LabFault> {
        let half = |at: u8| sha256_of_parts(&[b"bonafide lab", purpose.as_bytes(), &[at], seed]);
        let scalar: Vec<u8> = [half(0), half(1)].concat().into_iter().take(48).collect();
        p384::ecdsa::SigningKey::from_slice(&scalar).map(Self::P384).map_err(|_| LabFault::Seed)
    }

    /// A new RSA key, which takes a while to find: up to seconds for 4096 bits.
    pub fn new_rsa(size: KeySize) -> Result<Self, LabFault> {
        KeyPair::generate(size).map(|key| Self::Rsa(Arc::new(key))).map_err(|_| LabFault::Seed)
    }

    /// The DER `SubjectPublicKeyInfo`.
    pub fn spki(&self) -> Result<Vec<u8>, LabFault> {
        match self {
            Self::P256(key) => key.verifying_key().to_public_key_der().map(|der| der.into_vec()).ok(),
            Self::P384(key) => key.verifying_key().to_public_key_der().map(|der| der.into_vec()).ok(),
            Self::Rsa(key) => {
                AsDer::<PublicKeyX509Der<'_>>::as_der(key.public_key()).map(|der| der.as_ref().to_vec()).ok()
            }
        }
        .ok_or(LabFault::Seed)
    }

    /// The signature over a message: DER for ECDSA.
    pub fn sign(&self, hash: SignedHash, message: &[u8]) -> Result<Vec<u8>, LabFault> {
        let digest = digest(hash.algorithm(), message);
        match self {
            Self::P256(key) => {
                key.sign_prehash(digest.as_ref()).map(|it: p256::ecdsa::Signature| it.to_der().as_bytes().to_vec()).ok()
            }
            Self::P384(key) => {
                key.sign_prehash(digest.as_ref()).map(|it: p384::ecdsa::Signature| it.to_der().as_bytes().to_vec()).ok()
            }
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                let encoding = hash.rsa().ok_or(LabFault::Unsigned)?;
                key.sign(encoding, &SystemRandom::new(), message, &mut signature).ok().map(|()| signature)
            }
        }
        .ok_or(LabFault::Unsigned)
    }

    /// The `AlgorithmIdentifier` of the signatures that the key makes over this hash.
    pub fn algorithm(&self, hash: SignedHash) -> Vec<u8> {
        match self {
            Self::P256(_) | Self::P384(_) => der::sequence(&[&der::oid(hash.ecdsa())]),
            Self::Rsa(_) => der::sequence(&[&der::oid(hash.rsa_name()), &der::null()]),
        }
    }
}

impl SignedHash {
    /// The name of ECDSA over this hash (RFC 5758, section 3.2).
    pub fn ecdsa(self) -> Oid {
        match self {
            Self::Sha1 => &[1, 2, 840, 10045, 4, 1],
            Self::Sha256 => &[1, 2, 840, 10045, 4, 3, 2],
            Self::Sha384 => &[1, 2, 840, 10045, 4, 3, 3],
        }
    }

    fn rsa_name(self) -> Oid {
        match self {
            Self::Sha1 => &[1, 2, 840, 113_549, 1, 1, 5],
            Self::Sha256 => &[1, 2, 840, 113_549, 1, 1, 11],
            Self::Sha384 => &[1, 2, 840, 113_549, 1, 1, 12],
        }
    }

    fn rsa(self) -> Option<&'static dyn RsaEncoding> {
        match self {
            Self::Sha1 => None,
            Self::Sha256 => Some(&RSA_PKCS1_SHA256),
            Self::Sha384 => Some(&RSA_PKCS1_SHA384),
        }
    }

    fn algorithm(self) -> &'static aws_lc_rs::digest::Algorithm {
        match self {
            Self::Sha1 => &SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &SHA256,
            Self::Sha384 => &SHA384,
        }
    }
}
