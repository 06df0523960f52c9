//! What an instance's key has signed, read from requests.

use super::fault::Violation;
use super::{field, proto};
use crate::evidence::app_attest::ASSERTION_LIMIT;
use crate::evidence::key_attestation::SIGNATURE_LIMIT;
use crate::verifier::{AssertProof, KeyAssertion};

/// The assertion of an Apple device.
pub(super) fn apple_assertion<'a>(field: &'static str, piece: &'a [u8]) -> Result<AssertProof<'a>, Violation> {
    Ok(AssertProof::AppAttest(field::some_at_most(field, piece, ASSERTION_LIMIT)?))
}

/// The signature of an Android device, with a fresh integrity token or without.
pub(super) fn key_assertion<'a>(
    field: &'static str,
    piece: &'a proto::KeyAssertion,
    integrity_token: &'a str,
) -> Result<AssertProof<'a>, Violation> {
    let signature = field::some_at_most(field, piece.signature.as_ref(), SIGNATURE_LIMIT)?;
    Ok(AssertProof::Android { assertion: KeyAssertion { sign_count: piece.sign_count, signature }, integrity_token })
}
