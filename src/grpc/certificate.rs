//! A client's certificate as Envoy tells it: PEM in URL encoding.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::crypto::digest::{Digest, sha256};

/// The longest text that is looked at, in bytes.
const LIMIT: usize = 64 * 1024;

/// SHA-256 of the certificate's DER; `None` when there is none, or none that can be read.
pub(super) fn digest(encoded: &[u8]) -> Option<Digest> {
    if encoded.is_empty() || encoded.len() > LIMIT {
        return None;
    }
    let certificate = CertificateDer::from_pem_slice(&decoded(encoded)?).ok()?;
    Some(sha256(&certificate))
}

fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = text.iter();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if *byte != b'%' {
            decoded.push(*byte);
            continue;
        }
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        let value = digit(bytes.next()?)? << 4 | digit(bytes.next()?)?;
        decoded.push(u8::try_from(value).ok()?);
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_certificate_as_it_was_shown() {
        let pem = include_str!("../../testdata/tls/service.pem");
        let encoded: String = pem.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let expected = sha256(&CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate"));
        assert_eq!(digest(encoded.as_bytes()), Some(expected));
        for none in ["", "%", "%4", "%zz", "-----BEGIN%20CERTIFICATE-----", &encoded[..600]] {
            assert_eq!(digest(none.as_bytes()), None, "{none}");
        }
    }
}
