//! RS256 signatures (RFC 7518 section 3.3), as service accounts make them.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;

/// The smallest key, in bytes of its modulus.
const MODULUS_MINIMUM: usize = 256;

/// An RSA key that signs with PKCS #1 v1.5 and SHA-256.
pub struct Rs256Key(KeyPair);

impl Rs256Key {
    /// Reads an RSA key of 2048 to 8192 bits from PKCS #8 in PEM; `None` for everything else.
    pub fn from_pkcs8_pem(pem: &[u8]) -> Option<Self> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem).ok()?;
        let pair = KeyPair::from_pkcs8(der.secret_pkcs8_der()).ok()?;
        (pair.public_modulus_len() >= MODULUS_MINIMUM).then_some(Self(pair))
    }

    /// The signature over the bytes; `None` only if the cryptographic library fails.
    pub fn sign(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature).ok()?;
        Some(signature)
    }
}

/// Keys are the same when their public parts are.
impl PartialEq for Rs256Key {
    fn eq(&self, other: &Self) -> bool {
        use aws_lc_rs::signature::KeyPair as _;
        self.0.public_key().as_ref() == other.0.public_key().as_ref()
    }
}

impl Eq for Rs256Key {}

impl std::fmt::Debug for Rs256Key {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Rs256Key(…)")
    }
}
