//! Apple App Attest: attestation objects and assertions, verified to the last byte.
//!
//! The order of the checks is the one of Apple's validation guide as this product has settled it: structure, chain and
//! dates, nonce, app, key, sign count, environment.

mod app_id;
mod assertion;
mod attestation;
mod authenticator_data;
mod extensions;
mod leaf;
mod rejection;
mod steps;

pub use app_id::{AppId, AppIdMalformed};
pub use assertion::{ASSERTION_LIMIT, Assertion, AssertionExpectation, AssertionFacts, verify_assertion};
pub use attestation::{ATTESTATION_LIMIT, AttestationFacts, AttestationObject};
pub use authenticator_data::{AttestedCredential, AuthenticatorData};
pub use extensions::Extensions;
pub use leaf::{KEY_OID, LeafFacts, MAC_ACL_OID, NONCE_OID, SYSTEM_OID, TaggedValue, tagged_values};
pub use rejection::Rejection;
pub use steps::{AttestationCheck, Device, Expectation, STEPS, Step, environment_of, verify_attestation};
