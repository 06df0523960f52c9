//! A software iPhone (or Mac) and the authority that certifies its keys, in exactly Apple's shapes.
//!
//! A device attests and asserts like a genuine one. [`LabDevice::attest_with`] and [`LabDevice::assert_with`] show the plan
//! before it is signed: change one field, and everything that depends on it is signed again.

mod assertion;
mod attestation;
mod authenticator;
mod authority;
mod device;
mod faults;
mod leaf;

pub use assertion::{AssertionPlan, SignatureForm};
pub use attestation::{AttestationPlan, Attested, Link};
pub use authenticator::{AuthenticatorPlan, CredentialPlan, cose_key, extension_map};
pub use authority::{AppAttestLab, Names};
pub use device::{LabDevice, Profile, RunningCode};
pub use faults::{ASSERTION_FAULTS, ATTESTATION_FAULTS};
pub use leaf::{KEY_PROPERTIES, MAC_ACL, NONCE, SYSTEM_PROPERTIES, key_properties, mac_acl, nonce_extension};
