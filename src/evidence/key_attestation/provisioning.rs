//! How a device came by its attestation key: told by marks that do not depend on each other.

use super::provisioning_info::PROVISIONING_INFO_OID;
use crate::crypto::certificate_facts::{CertificateFacts, SubjectNames};
use crate::evidence::claims::{Provisioning, SecurityLevel};

/// Google's names for the certificates above a remotely provisioned key start with this.
const REMOTE_COMMON_NAME: &str = "Droid CA";
const REMOTE_ORGANIZATION: &str = "Google LLC";

/// Tells the two apart, from the issuers between leaf and anchor, the leaf's issuer first.
///
/// Remote: an issuer is one of Google's `Droid CA`, or carries provisioning information, or says `O=TEE` or `O=StrongBox`.
/// Factory: an issuer's subject carries a serial number. Marks of both kinds conflict, and strict rules apply.
pub(super) fn provisioning(issuers: &[&CertificateFacts]) -> Provisioning {
    let remote = issuers.iter().any(|issuer| is_droid_ca(&issuer.subject) || is_remote_key(issuer));
    let factory = issuers.iter().any(|issuer| issuer.subject.serial_number.is_some());
    match (remote, factory) {
        (true, false) => Provisioning::Remote,
        (false, true) => Provisioning::Factory,
        (true, true) => Provisioning::Conflicting,
        (false, false) => Provisioning::Unknown,
    }
}

/// The level that the leaf's issuer speaks of: in `O` when remotely provisioned, in `title` when from the factory.
pub(super) fn chain_level(issuer: &CertificateFacts) -> Option<SecurityLevel> {
    let SubjectNames { organization, title, .. } = &issuer.subject;
    let level = |text: &str| match text {
        "TEE" => Some(SecurityLevel::TrustedEnvironment),
        "StrongBox" => Some(SecurityLevel::StrongBox),
        _ => None,
    };
    organization.as_deref().and_then(level).or_else(|| title.as_deref().and_then(level))
}

fn is_droid_ca(subject: &SubjectNames) -> bool {
    let named = |name: &Option<String>, start: &str| name.as_ref().is_some_and(|name| name.starts_with(start));
    named(&subject.common_name, REMOTE_COMMON_NAME) && named(&subject.organization, REMOTE_ORGANIZATION)
}

fn is_remote_key(issuer: &CertificateFacts) -> bool {
    let organization = issuer.subject.organization.as_deref();
    issuer.carries(&PROVISIONING_INFO_OID) || matches!(organization, Some("TEE" | "StrongBox"))
}
