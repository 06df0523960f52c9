//! Assertions: an enrolled key signs client data.

use super::app_id::AppId;
use super::attestation::{closed, open, taken_bytes};
use super::authenticator_data::AuthenticatorData;
use super::extensions::Extensions;
use super::rejection::Rejection;
use crate::crypto::digest::sha256_of_joined;
use crate::crypto::key::P256PublicKey;
use crate::crypto::signature::verify_p256;
use crate::evidence::Verified;
use crate::wire::cbor;

/// The largest assertion, in bytes; genuine ones have 140 to 250.
pub const ASSERTION_LIMIT: usize = 2 * 1024;

/// An assertion, read to its last byte, not yet believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The ECDSA signature, DER.
    pub signature: Vec<u8>,
    /// The authenticator data as received: the signature covers these bytes.
    pub raw_authenticator_data: Vec<u8>,
    /// The authenticator data.
    pub authenticator_data: AuthenticatorData,
}

/// What an assertion has to be.
#[derive(Clone, Copy, Debug)]
pub struct AssertionExpectation<'a> {
    /// The hash that the device was given.
    pub client_data_hash: &'a [u8],
    /// The enrolled key; never one from the request.
    pub key: &'a P256PublicKey,
    /// The app that the key was enrolled for.
    pub app_id: &'a AppId,
}

/// What a verified assertion establishes. Whether the sign count is new is for the store to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionFacts {
    /// How often the key has signed, this time included; at least 1.
    pub sign_count: u32,
    /// What the running code says of itself now.
    pub extensions: Extensions,
}

impl Assertion {
    /// Reads an assertion; everything that is not exactly Apple's structure is refused.
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        if bytes.len() > ASSERTION_LIMIT {
            return Err(Rejection::TooLarge { limit: ASSERTION_LIMIT });
        }
        let mut members = open(cbor::read(bytes)?, "the assertion is not a map with text keys")?;
        let signature = taken_bytes(&mut members, "signature")?;
        let raw_authenticator_data = taken_bytes(&mut members, "authenticatorData")?;
        closed(&members)?;
        let authenticator_data = AuthenticatorData::read(&raw_authenticator_data)?;
        Ok(Self { signature, raw_authenticator_data, authenticator_data })
    }
}

/// Verifies an assertion: structure, signature, app, and a sign count above zero.
///
/// The key signs the nonce as a message, so the curve sees SHA-256 of SHA-256: there is no second form.
pub fn verify_assertion(
    bytes: &[u8],
    expectation: AssertionExpectation<'_>,
) -> Result<Verified<AssertionFacts>, Rejection> {
    let assertion = Assertion::parse(bytes)?;
    let nonce = sha256_of_joined(&[&assertion.raw_authenticator_data, expectation.client_data_hash]);
    verify_p256(expectation.key, &nonce, &assertion.signature).map_err(|_| Rejection::SignatureInvalid)?;
    let data = assertion.authenticator_data;
    if data.rp_id_hash != *expectation.app_id.rp_id_hash() {
        return Err(Rejection::AppMismatch);
    }
    if data.sign_count == 0 {
        return Err(Rejection::SignCountZero);
    }
    Ok(Verified::new(AssertionFacts { sign_count: data.sign_count, extensions: data.extensions }))
}
