//! What an app expects of Android Key Attestation.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Presence, Stance};
use crate::evidence::claims::{BootState, HexBytes, OsVersion, PatchLevel, Purpose, SecurityLevel};

/// The reference values and thresholds for Key Attestation. What is `None` or `false` is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAttestationPolicy {
    /// Whether an Android device has to send a chain.
    pub presence: Presence,
    /// What the status list has to say about the chain; `None` when it is not asked.
    pub status_list: Option<StatusListPolicy>,
    /// The lowest version code that is accepted, by package.
    pub min_version_codes: BTreeMap<String, u64>,
    /// The weakest guard of the key that is accepted.
    pub min_level: Option<SecurityLevel>,
    /// Whether both levels that the description states have to be one.
    pub equal_levels: bool,
    /// Whether the levels have to be the one that the certificates speak of; where they speak of none, not StrongBox.
    pub level_of_chain: bool,
    /// How the device may have been started.
    pub boot_states: Option<BTreeSet<BootState>>,
    /// The keys of systems that owners may have signed; `None` when every key is accepted where `boot_states` takes such systems.
    pub self_signed_keys: Option<BTreeSet<HexBytes>>,
    /// Whether the bootloader has to be locked.
    pub locked: bool,
    /// Whether the key has to be made where it is kept.
    pub generated: bool,
    /// What the key may be for, at most; a key for nothing is not accepted.
    pub purposes: Option<BTreeSet<Purpose>>,
    /// Whether what only hardware can vouch for must not come from software.
    pub enforced_by_hardware: bool,
    /// Whether the key has to be the app's own.
    pub own_key: bool,
    /// How old patches may be.
    pub max_patch_age: PatchAges,
    /// Whether patches of days to come are refused.
    pub plausible_patches: bool,
    /// The oldest patch level of the operating system.
    pub min_os_patch: Option<PatchLevel>,
    /// The oldest operating system.
    pub min_os_version: Option<OsVersion>,
    /// Whether the attestation key has to come from Google, for weeks, rather than from a factory, for ever.
    pub remote_provisioning: bool,
    /// How many certificates Google may have given to the device within 30 days.
    pub max_certificates_issued: Option<u64>,
    /// Whether devices that were reported lost are refused.
    pub not_lost: bool,
    /// Models that are refused, by the names that they attest.
    pub refused_models: BTreeSet<String>,
}

/// How many calendar months a patch level may be old, by partition; `None` when any age is accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchAges {
    /// The operating system's.
    pub os: Option<u32>,
    /// The vendor's partition's.
    pub vendor: Option<u32>,
    /// The boot partition's.
    pub boot: Option<u32>,
}

/// What is asked of the status list. A revoked certificate is always refused, and so is one whose status is not known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusListPolicy {
    /// How long ago the list may have been fetched.
    pub max_age: Duration,
    /// What it is worth when there is no list that young.
    pub stale: Stance,
    /// What a suspended certificate is worth.
    pub suspended: Stance,
}

impl StatusListPolicy {
    /// A list of at most two days, without which chains are refused; suspended certificates are refused like revoked ones.
    pub const CAREFUL: Self =
        Self { max_age: Duration::from_secs(48 * 3600), stale: Stance::Deny, suspended: Stance::Deny };
}

impl KeyAttestationPolicy {
    /// What a careful team would ship: a key made and kept by hardware, for signing, in a locked phone with its vendor's system.
    /// Any age of patches, since many honest phones get none.
    pub fn careful() -> Self {
        Self {
            presence: Presence::Required,
            status_list: Some(StatusListPolicy::CAREFUL),
            min_level: Some(SecurityLevel::TrustedEnvironment),
            equal_levels: true,
            level_of_chain: true,
            boot_states: Some(BTreeSet::from([BootState::Verified])),
            self_signed_keys: Some(BTreeSet::new()),
            locked: true,
            generated: true,
            purposes: Some(BTreeSet::from([Purpose::SIGN, Purpose::VERIFY])),
            enforced_by_hardware: true,
            own_key: true,
            plausible_patches: true,
            not_lost: true,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::appraisal::Policy;

    #[test]
    fn every_field_counts_in_the_revision() {
        let off = KeyAttestationPolicy::default;
        let policies = [
            off(),
            KeyAttestationPolicy::careful(),
            KeyAttestationPolicy { presence: Presence::Required, ..off() },
            KeyAttestationPolicy { status_list: Some(StatusListPolicy::CAREFUL), ..off() },
            KeyAttestationPolicy { min_version_codes: BTreeMap::from([("a".to_owned(), 1)]), ..off() },
            KeyAttestationPolicy { min_level: Some(SecurityLevel::StrongBox), ..off() },
            KeyAttestationPolicy { equal_levels: true, ..off() },
            KeyAttestationPolicy { level_of_chain: true, ..off() },
            KeyAttestationPolicy { boot_states: Some(BTreeSet::new()), ..off() },
            KeyAttestationPolicy { self_signed_keys: Some(BTreeSet::new()), ..off() },
            KeyAttestationPolicy { locked: true, ..off() },
            KeyAttestationPolicy { generated: true, ..off() },
            KeyAttestationPolicy { purposes: Some(BTreeSet::new()), ..off() },
            KeyAttestationPolicy { enforced_by_hardware: true, ..off() },
            KeyAttestationPolicy { own_key: true, ..off() },
            KeyAttestationPolicy { max_patch_age: PatchAges { os: Some(1), ..PatchAges::default() }, ..off() },
            KeyAttestationPolicy { max_patch_age: PatchAges { vendor: Some(1), ..PatchAges::default() }, ..off() },
            KeyAttestationPolicy { max_patch_age: PatchAges { boot: Some(1), ..PatchAges::default() }, ..off() },
            KeyAttestationPolicy { plausible_patches: true, ..off() },
            KeyAttestationPolicy { min_os_patch: PatchLevel::of(202_601), ..off() },
            KeyAttestationPolicy { min_os_version: "14".parse().ok(), ..off() },
            KeyAttestationPolicy { remote_provisioning: true, ..off() },
            KeyAttestationPolicy { max_certificates_issued: Some(1), ..off() },
            KeyAttestationPolicy { not_lost: true, ..off() },
            KeyAttestationPolicy { refused_models: BTreeSet::from(["a".to_owned()]), ..off() },
        ];
        let count = policies.len();
        let revision = |policy| Policy { key_attestation: Some(policy), ..Policy::default() }.revision();
        let revisions: BTreeSet<_> = policies.map(|policy| revision(policy).to_string()).into();
        assert_eq!(revisions.len(), count);
    }
}
