//! Private keys of servers, as far as it takes to find the certificate they belong to.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaKeyPair,
};
use rustls_pki_types::PrivateKeyDer;

/// The elliptic curves that servers' keys lie on.
static CURVES: [&EcdsaSigningAlgorithm; 3] =
    [&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P384_SHA384_ASN1_SIGNING, &ECDSA_P521_SHA512_ASN1_SIGNING];

/// The public half of a private key, as `SubjectPublicKeyInfo` holds it; `None` when the key cannot be read.
///
/// ECDSA over P-256, P-384 and P-521, Ed25519 and RSA are read.
pub fn public_half(key: &PrivateKeyDer<'_>) -> Option<Vec<u8>> {
    ecdsa(key).or_else(|| ed25519(key)).or_else(|| rsa(key))
}

fn ecdsa(key: &PrivateKeyDer<'_>) -> Option<Vec<u8>> {
    let read =
        |curve: &&'static EcdsaSigningAlgorithm| EcdsaKeyPair::from_private_key_der(curve, key.secret_der()).ok();
    CURVES.iter().find_map(read).map(|pair| pair.public_key().as_ref().to_vec())
}

fn ed25519(key: &PrivateKeyDer<'_>) -> Option<Vec<u8>> {
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.secret_der()).ok()?;
    Some(pair.public_key().as_ref().to_vec())
}

fn rsa(key: &PrivateKeyDer<'_>) -> Option<Vec<u8>> {
    let pair = match key {
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()).ok()?,
        key => RsaKeyPair::from_pkcs8(key.secret_der()).ok()?,
    };
    Some(pair.public_key().as_ref().to_vec())
}
