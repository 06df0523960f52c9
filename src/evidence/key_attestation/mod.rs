//! Android Key Attestation (source.android.com, "Key and ID attestation").
//!
//! A chain of certificates states, in an extension of its leaf, how and by which app a key was made, and what it may do. Only the
//! certificate right below the attestation key is vouched for by hardware; everything below it is its owner's word, so that the
//! description has to stand on the leaf, and nowhere else.

mod application_id;
mod assertion;
mod attestation;
mod authorization;
mod description;
mod identity;
mod provisioning;
mod provisioning_info;
mod rejection;
mod rules;
mod steps;

pub use application_id::{ApplicationId, ApplicationIdFault, PACKAGE_LIMIT, SIGNER_LIMIT};
pub use assertion::{
    ASSERTION_PREFIX, KeyAssertionExpectation, KeyAssertionFacts, SIGNATURE_LIMIT, assertion_message,
    verify_key_assertion,
};
pub use attestation::{CERTIFICATE_LIMIT, CHAIN_LIMIT, KeyAttestationFacts, MAX_CERTIFICATES, MIN_CERTIFICATES};
pub use authorization::{AuthorizationList, DeviceId, ListFault};
pub use description::{DescriptionFault, KeyDescription, RootOfTrust};
pub use identity::{AppIdentity, SharedUserId, made_by_one_of};
pub use provisioning_info::{PROVISIONING_INFO_OID, provisioning_info};
pub use rejection::Rejection;
pub use rules::{FactoryExpiry, IssuerRules, KEY_DESCRIPTION_OID};
pub use steps::{Expectation, KeyAttestationCheck, STEPS, Step, verify_key_attestation};
