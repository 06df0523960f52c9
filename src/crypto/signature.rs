//! Signatures by device keys.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

use super::key::P256PublicKey;

/// The signature is not this key's over these bytes, or is not in its one form with r and s in range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not this key's over these bytes")]
pub struct SignatureInvalid;

/// Verifies ECDSA over P-256 with SHA-256 (FIPS 186-5, section 6.4.2); both s and n-s are accepted, as devices send both.
pub fn verify_p256(key: &P256PublicKey, message: &[u8], signature: &[u8]) -> Result<(), SignatureInvalid> {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.sec1()).verify(message, signature).map_err(|_| SignatureInvalid)
}

/// Verifies ECDSA over P-256 with SHA-256 where the signature is r and s in 32 bytes each, as JOSE has it (RFC 7518, section 3.4).
pub fn verify_p256_fixed(key: &P256PublicKey, message: &[u8], signature: &[u8]) -> Result<(), SignatureInvalid> {
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.sec1());
    key.verify(message, signature).map_err(|_| SignatureInvalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use p256::ecdsa::signature::Signer;
    use p256::ecdsa::{Signature, SigningKey};

    fn signed(message: &[u8]) -> (P256PublicKey, Signature) {
        let key = SigningKey::from_slice(&[7; 32]).expect("a scalar");
        let public = key.verifying_key().to_sec1_point(false);
        (P256PublicKey::from_sec1(public.as_bytes()).expect("a key"), key.sign(message))
    }

    #[test]
    fn accepts_low_and_high_s_and_nothing_else() {
        let (key, signature) = signed(b"message");
        let high = Signature::from_scalars(signature.r(), -signature.s()).expect("in range");
        assert_eq!(verify_p256(&key, b"message", signature.to_der().as_bytes()), Ok(()));
        assert_eq!(verify_p256(&key, b"message", high.to_der().as_bytes()), Ok(()));
        assert_eq!(verify_p256(&key, b"massage", signature.to_der().as_bytes()), Err(SignatureInvalid));
    }

    #[test]
    fn e09_values_out_of_range_and_loose_encodings_are_refused() {
        let (key, signature) = signed(b"message");
        let der = signature.to_der().as_bytes().to_vec();
        let zero = [0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00];
        let trailing = [der.as_slice(), &[0]].concat();
        let raw = signature.to_bytes();
        for bad in [&zero[..], &trailing, &raw, &[], &[0x30]] {
            assert_eq!(verify_p256(&key, b"message", bad), Err(SignatureInvalid));
        }
    }

    #[test]
    fn e09_the_fixed_form_has_64_bytes_with_values_in_range() {
        let (key, signature) = signed(b"message");
        let fixed = signature.to_bytes();
        assert_eq!(verify_p256_fixed(&key, b"message", &fixed), Ok(()));
        assert_eq!(verify_p256_fixed(&key, b"massage", &fixed), Err(SignatureInvalid));
        let longer = [&fixed[..], &[0]].concat();
        for bad in [&fixed[..63], &longer, &[0; 64], &[0xFF; 64], signature.to_der().as_bytes(), &[]] {
            assert_eq!(verify_p256_fixed(&key, b"message", bad), Err(SignatureInvalid));
        }
    }
}
