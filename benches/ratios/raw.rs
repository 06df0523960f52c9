//! The signatures that a verification cannot do without.

use std::hint::black_box;

use aws_lc_rs::signature::{UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::prelude::{FromDer, X509Certificate};

/// One signature, ready to be verified and nothing else.
pub(crate) struct Raw {
    pub(crate) algorithm: &'static dyn VerificationAlgorithm,
    pub(crate) key: Vec<u8>,
    pub(crate) message: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl Raw {
    /// The signature on a certificate. Which algorithm it is follows from the issuer's key.
    pub(crate) fn of(
        certificate: &[u8],
        issuer: &[u8],
        algorithm: impl FnOnce(&[u8]) -> &'static dyn VerificationAlgorithm,
    ) -> Self {
        let (_, certificate) = X509Certificate::from_der(certificate).expect("a certificate");
        let (_, issuer) = X509Certificate::from_der(issuer).expect("a certificate");
        let key = issuer.public_key().subject_public_key.data.to_vec();
        Self {
            algorithm: algorithm(&key),
            key,
            message: certificate.tbs_certificate.as_ref().to_vec(),
            signature: certificate.signature_value.data.to_vec(),
        }
    }

    pub(crate) fn verify(&self) {
        let key = UnparsedPublicKey::new(self.algorithm, &self.key);
        key.verify(black_box(&self.message), &self.signature).expect("verifies");
    }
}
