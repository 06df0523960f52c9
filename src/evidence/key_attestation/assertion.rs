//! Assertions: an enrolled Android key signs client data and a sign count of the app's own.

use super::rejection::{Rejection, require};
use crate::crypto::key::P256PublicKey;
use crate::crypto::signature::verify_p256;
use crate::evidence::Verified;

/// The longest signature, in bytes; genuine ones have 70 to 72.
pub const SIGNATURE_LIMIT: usize = 80;

/// What the signed message starts with, so that it can be no other message of the same key.
pub const ASSERTION_PREFIX: &[u8] = b"bonafide assertion 1\0";

/// What an assertion has to be.
#[derive(Clone, Copy, Debug)]
pub struct KeyAssertionExpectation<'a> {
    /// SHA-256 of the client data.
    pub client_data_hash: &'a [u8; 32],
    /// The enrolled key; never one from the request.
    pub key: &'a P256PublicKey,
}

/// What a verified assertion establishes. Whether the sign count is new is for the store to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyAssertionFacts {
    /// How often the app has signed with the key, this time included; at least 1.
    pub sign_count: u32,
}

/// The message that the key signs: prefix, client data hash, sign count in four bytes, big-endian.
pub fn assertion_message(client_data_hash: &[u8; 32], sign_count: u32) -> Vec<u8> {
    [ASSERTION_PREFIX, client_data_hash, &sign_count.to_be_bytes()].concat()
}

/// Verifies an assertion: ECDSA over P-256 with SHA-256, DER, by the enrolled key, and a sign count above zero.
pub fn verify_key_assertion(
    sign_count: u32,
    signature: &[u8],
    expectation: KeyAssertionExpectation<'_>,
) -> Result<Verified<KeyAssertionFacts>, Rejection> {
    require(signature.len() <= SIGNATURE_LIMIT, Rejection::SignatureTooLong { limit: SIGNATURE_LIMIT })?;
    let message = assertion_message(expectation.client_data_hash, sign_count);
    verify_p256(expectation.key, &message, signature).map_err(|_| Rejection::SignatureInvalid)?;
    require(sign_count > 0, Rejection::SignCountZero)?;
    Ok(Verified::new(KeyAssertionFacts { sign_count }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use p256::ecdsa::signature::Signer;
    use p256::ecdsa::{Signature, SigningKey};

    const HASH: [u8; 32] = [5; 32];

    fn signed(message: &[u8]) -> (P256PublicKey, Vec<u8>) {
        let key = SigningKey::from_slice(&[7; 32]).expect("a scalar");
        let signature: Signature = key.sign(message);
        let public = P256PublicKey::from_sec1(key.verifying_key().to_sec1_point(false).as_bytes()).expect("a key");
        (public, signature.to_der().as_bytes().to_vec())
    }

    fn verified(key: &P256PublicKey, sign_count: u32, signature: &[u8]) -> Result<u32, Rejection> {
        let expectation = KeyAssertionExpectation { client_data_hash: &HASH, key };
        verify_key_assertion(sign_count, signature, expectation).map(|facts| facts.facts().sign_count)
    }

    #[test]
    fn the_signature_binds_hash_and_sign_count() {
        let (key, signature) = signed(&assertion_message(&HASH, 7));
        assert_eq!(verified(&key, 7, &signature), Ok(7));
        for other in [0, 6, 8, 7 << 24] {
            assert_eq!(verified(&key, other, &signature), Err(Rejection::SignatureInvalid));
        }
        for message in [assertion_message(&[6; 32], 7), assertion_message(&HASH, 7)[1..].to_vec(), HASH.to_vec()] {
            let (key, signature) = signed(&message);
            assert_eq!(verified(&key, 7, &signature), Err(Rejection::SignatureInvalid));
        }
    }

    #[test]
    fn zero_counts_for_nothing_and_signatures_are_bounded() {
        let (key, signature) = signed(&assertion_message(&HASH, 0));
        assert_eq!(verified(&key, 0, &signature), Err(Rejection::SignCountZero));
        assert_eq!(verified(&key, 1, &[0x30; 81]), Err(Rejection::SignatureTooLong { limit: 80 }));
        assert_eq!(verified(&key, 1, &[]), Err(Rejection::SignatureInvalid));
    }
}
