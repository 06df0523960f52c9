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

    /// Checks that `key` has signed this authenticator data together with the client data of this hash.
    ///
    /// The key signs the nonce as a message, so the curve sees SHA-256 of SHA-256: there is no second form.
    pub fn signed_by(&self, key: &P256PublicKey, client_data_hash: &[u8]) -> Result<(), Rejection> {
        let nonce = sha256_of_joined(&[&self.raw_authenticator_data, client_data_hash]);
        verify_p256(key, &nonce, &self.signature).map_err(|_| Rejection::SignatureInvalid)
    }

    /// Checks that the assertion was made for this app.
    pub fn made_for(&self, app_id: &AppId) -> Result<(), Rejection> {
        let fits = self.authenticator_data.rp_id_hash == *app_id.rp_id_hash();
        if fits { Ok(()) } else { Err(Rejection::AppMismatch) }
    }

    /// Checks that the sign count is above zero, which is the attestation's.
    pub fn counted(&self) -> Result<(), Rejection> {
        if self.authenticator_data.sign_count > 0 { Ok(()) } else { Err(Rejection::SignCountZero) }
    }
}

/// Verifies an assertion: structure, signature, app, and a sign count above zero.
pub fn verify_assertion(
    bytes: &[u8],
    expectation: AssertionExpectation<'_>,
) -> Result<Verified<AssertionFacts>, Rejection> {
    let assertion = Assertion::parse(bytes)?;
    assertion.signed_by(expectation.key, expectation.client_data_hash)?;
    assertion.made_for(expectation.app_id)?;
    assertion.counted()?;
    let data = assertion.authenticator_data;
    Ok(Verified::new(AssertionFacts { sign_count: data.sign_count, extensions: data.extensions }))
}
