//! What Google's status list says about the certificates above an attested key.

use super::key_attestation::{HARDWARE, KeyRule};
use super::{firm_rule, rule};
use crate::appraisal::policy::{KeyAttestationPolicy, Stance, StatusListPolicy};
use crate::appraisal::reason::Remedy;
use crate::appraisal::rules::Circumstances;
use crate::appraisal::vector::TrustVector;
use crate::endorsement::status_list::{KeptList, Status};
use crate::evidence::claims::KeyAttestationClaims;

/// A list says what it says, however old it is: only its silence needs it to be young.
pub(super) const RULES: [KeyRule; 4] = [
    firm_rule(
        "chain_revoked",
        "a certificate of the chain is revoked",
        Remedy::None,
        |claims, policy, circumstances| (status(claims, policy, circumstances)? == Status::Revoked).then_some(HARDWARE),
    ),
    rule(
        "chain_suspended",
        "a certificate of the chain is suspended",
        Remedy::None,
        |claims, policy, circumstances| {
            let suspended = status(claims, policy, circumstances)? == Status::Suspended;
            suspended.then_some(hardware(policy.status_list?.suspended))
        },
    ),
    firm_rule(
        "chain_status_unrecognised",
        "a certificate of the chain is listed with a status that is not known here",
        Remedy::None,
        |claims, policy, circumstances| {
            let unrecognised = matches!(status(claims, policy, circumstances)?, Status::Unrecognised(_));
            unrecognised.then_some(HARDWARE)
        },
    ),
    rule(
        "status_list_stale",
        "there is no status list young enough to say that the chain is good",
        Remedy::RetryAfter { seconds: 300 },
        |_, policy, circumstances| {
            let StatusListPolicy { max_age, stale, .. } = policy.status_list?;
            let young = |kept: &KeptList| !kept.is_stale(circumstances.now, max_age);
            (!circumstances.status_list.is_some_and(young)).then_some(hardware(stale))
        },
    ),
];

/// The worst that the list says about the chain, where it is asked.
fn status(
    claims: &KeyAttestationClaims,
    policy: &KeyAttestationPolicy,
    circumstances: &Circumstances<'_>,
) -> Option<Status> {
    policy.status_list?;
    Some(circumstances.status_list?.list.listed(&claims.serials)?.status)
}

fn hardware(stance: Stance) -> TrustVector {
    TrustVector { hardware: stance.worth().unwrap_or_default(), ..TrustVector::SILENT }
}
