//! A software Android phone, and the authorities that certify its keys, in the shapes of genuine chains.
//!
//! A phone attests and asserts like a genuine one. [`LabAndroid::attest_with`] and [`LabAndroid::assert_with`] show the plan
//! before it is signed: change one field, and everything that depends on it is signed again.

mod assertion;
mod authority;
mod authorization;
mod chain;
mod description;
mod device;
mod faults;
mod profile;
pub mod tag;

pub use assertion::{ASSERTION_DOMAIN, AssertionPlan, SignatureForm};
pub use authority::{KeyAttestationLab, Names};
pub use authorization::{AndroidApp, AuthorizationPlan, RootOfTrustPlan, numbers};
pub use chain::{AttestedKey, ChainPlan, LinkPlan};
pub use description::{DescriptionPlan, KEY_DESCRIPTION, PROVISIONING_INFO, description_extension, provisioning_info};
pub use device::LabAndroid;
pub use faults::{ASSERTION_FAULTS, CHAIN_FAULTS};
pub use profile::{Level, Profile, Provisioning};
