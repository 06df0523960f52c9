//! The rules for Android Key Attestation.

use super::{Rule, configuration, executables, instance, rule};
use crate::appraisal::policy::KeyAttestationPolicy;
use crate::appraisal::reason::Remedy;
use crate::appraisal::rules::Circumstances;
use crate::appraisal::vector::{TrustVector, Worth};
use crate::evidence::claims::{BootState, KeyAttestationClaims, Origin, PatchLevel, Provisioning, SecurityLevel};

pub(super) type KeyRule = Rule<KeyAttestationClaims, KeyAttestationPolicy>;

/// How far ahead of the clock a patch level may be, in months: vendors ship them a little early.
const AHEAD: u32 = 2;

pub(super) const RULES: [KeyRule; 25] = [
    rule("key_level_low", "the key is not guarded as well as the policy wants", Remedy::None, |claims, policy, _| {
        (claims.level() < policy.min_level?).then_some(HARDWARE)
    }),
    rule("key_in_software", "the key is guarded by software alone", Remedy::None, |claims, _, _| {
        (claims.level() == SecurityLevel::Software).then_some(UNGUARDED)
    }),
    rule(
        "key_levels_differ",
        "key and description are guarded by different things",
        Remedy::None,
        |claims, policy, _| {
            let differ = claims.attestation_level != claims.keymint_level;
            (policy.equal_levels && differ).then_some(HARDWARE)
        },
    ),
    rule("key_level_not_of_chain", "the certificates speak of another guard", Remedy::None, |claims, policy, _| {
        let differs = claims.chain_level? != claims.keymint_level;
        (policy.level_of_chain && differs).then_some(HARDWARE)
    }),
    rule("boot_unstated", "hardware does not say how the device was started", Remedy::None, |claims, policy, _| {
        let asked = policy.locked || policy.boot_states.is_some();
        (asked && claims.boot.is_none()).then_some(SYSTEM)
    }),
    rule(
        "boot_state_unexpected",
        "the system is not one that its vendor vouches for",
        Remedy::None,
        |claims, policy, _| {
            let accepted = policy.boot_states.as_ref()?.contains(&claims.boot.as_ref()?.state);
            (!accepted).then_some(SYSTEM)
        },
    ),
    rule(
        "boot_key_unknown",
        "the system is signed with a key that is not listed",
        Remedy::None,
        |claims, policy, _| {
            let boot = claims.boot.as_ref()?;
            let listed = policy.self_signed_keys.as_ref()?.contains(&boot.key);
            (boot.state == BootState::SelfSigned && !listed).then_some(SYSTEM)
        },
    ),
    rule("bootloader_unlocked", "the bootloader is not locked", Remedy::None, |claims, policy, _| {
        (policy.locked && !claims.boot.as_ref()?.locked).then_some(SYSTEM)
    }),
    rule("key_not_generated", "the key was not made where it is kept", Remedy::ReEnrol, |claims, policy, _| {
        (policy.generated && claims.origin != Some(Origin::Generated)).then_some(KEY)
    }),
    rule("key_purpose_unexpected", "the key is for more than it should be", Remedy::ReEnrol, |claims, policy, _| {
        let wanted = policy.purposes.as_ref()?;
        let fits = !claims.purposes.is_empty() && claims.purposes.iter().all(|purpose| wanted.contains(purpose));
        (!fits).then_some(KEY)
    }),
    rule("key_of_software", "software states what only hardware can vouch for", Remedy::None, |claims, policy, _| {
        (policy.enforced_by_hardware && !claims.misplaced_tags.is_empty()).then_some(KEY)
    }),
    rule("key_of_every_app", "every app may use the key", Remedy::ReEnrol, |claims, policy, _| {
        (policy.own_key && claims.all_applications).then_some(KEY)
    }),
    rule("app_outdated", "the app is older than the policy accepts", Remedy::UpdateApp, |claims, policy, _| {
        let old = claims
            .packages
            .iter()
            .any(|package| policy.min_version_codes.get(&package.name).is_some_and(|least| package.version < *least));
        old.then_some(executables(Worth::CONTRAINDICATED))
    }),
    rule(
        "os_patch_old",
        "the operating system's patches are too old",
        Remedy::UpdateOs,
        |claims, policy, circumstances| {
            let aged = is_older(claims.os_patch, policy.max_patch_age.os, circumstances);
            let before = claims.os_patch.zip(policy.min_os_patch).is_some_and(|(own, least)| own.is_before(&least));
            (aged || before).then_some(PATCHES)
        },
    ),
    rule("vendor_patch_old", "the vendor's patches are too old", Remedy::UpdateOs, |claims, policy, circumstances| {
        is_older(claims.vendor_patch, policy.max_patch_age.vendor, circumstances).then_some(PATCHES)
    }),
    rule(
        "boot_patch_old",
        "the bootloader's patches are too old",
        Remedy::UpdateOs,
        |claims, policy, circumstances| {
            is_older(claims.boot_patch, policy.max_patch_age.boot, circumstances).then_some(PATCHES)
        },
    ),
    rule(
        "patch_unknown",
        "a patch level that counts is not stated, or is no date",
        Remedy::None,
        |claims, policy, _| {
            let ages = &policy.max_patch_age;
            let os = ages.os.is_some() || policy.min_os_patch.is_some();
            let asked = [
                (os, claims.os_patch),
                (ages.vendor.is_some(), claims.vendor_patch),
                (ages.boot.is_some(), claims.boot_patch),
            ];
            asked.iter().any(|(asked, level)| *asked && level.is_none()).then_some(PATCHES)
        },
    ),
    rule("patch_implausible", "a patch level lies in days to come", Remedy::None, |claims, policy, circumstances| {
        let levels = [claims.os_patch, claims.vendor_patch, claims.boot_patch];
        let ahead = levels.iter().flatten().any(|level| level.is_ahead_by_more_than(AHEAD, circumstances.now));
        (policy.plausible_patches && ahead).then_some(SYSTEM)
    }),
    rule("android_outdated", "Android is older than the policy accepts", Remedy::UpdateOs, |claims, policy, _| {
        (claims.os_version.as_ref()? < policy.min_os_version.as_ref()?).then_some(PATCHES)
    }),
    rule("android_unknown", "Android's version counts and is not stated", Remedy::None, |claims, policy, _| {
        (policy.min_os_version.is_some() && claims.os_version.is_none()).then_some(PATCHES)
    }),
    rule(
        "not_remotely_provisioned",
        "the attestation key is not one that Google renews",
        Remedy::None,
        |claims, policy, _| {
            (policy.remote_provisioning && claims.provisioning != Provisioning::Remote).then_some(HARDWARE)
        },
    ),
    rule(
        "attestation_key_farmed",
        "Google gave too many certificates to the device",
        Remedy::None,
        |claims, policy, _| {
            let issued = claims.remote.as_ref()?.certificates_issued?;
            (issued > policy.max_certificates_issued?).then_some(instance(Worth::CONTRAINDICATED))
        },
    ),
    rule("device_lost", "the device was reported lost", Remedy::ContactSupport, |claims, policy, _| {
        (policy.not_lost && claims.remote.as_ref()?.reported_lost).then_some(instance(Worth::CONTRAINDICATED))
    }),
    rule("model_refused", "the policy refuses this model", Remedy::None, |claims, policy, _| {
        let model = &claims.model;
        let names = [&model.brand, &model.device, &model.product, &model.manufacturer, &model.model];
        names.into_iter().flatten().any(|name| policy.refused_models.contains(name)).then_some(HARDWARE)
    }),
    rule("factory_expired", "certificates from the factory have expired", Remedy::None, |claims, _, _| {
        claims.factory_expired.then_some(TrustVector::SILENT)
    }),
];

/// What a verified chain shows before any rule looks at it.
pub(super) const GENUINE: TrustVector = TrustVector {
    instance_identity: Worth::AFFIRMED,
    configuration: Worth::NO_CLAIM,
    executables: Worth::AFFIRMED,
    hardware: Worth::AFFIRMED,
    storage_opaque: Worth::AFFIRMED,
};

/// Doubtful at best, even where a policy asks for no level.
const UNGUARDED: TrustVector =
    TrustVector { hardware: Worth::DOUBTFUL, storage_opaque: Worth::DOUBTFUL, ..TrustVector::SILENT };
pub(super) const HARDWARE: TrustVector = TrustVector { hardware: Worth::CONTRAINDICATED, ..TrustVector::SILENT };
const KEY: TrustVector = TrustVector { storage_opaque: Worth::CONTRAINDICATED, ..TrustVector::SILENT };
const SYSTEM: TrustVector = executables(Worth::CONTRAINDICATED);
const PATCHES: TrustVector = configuration(Worth::CONTRAINDICATED);

fn is_older(level: Option<PatchLevel>, months: Option<u32>, circumstances: &Circumstances) -> bool {
    level.zip(months).is_some_and(|(level, months)| level.is_older_than(months, circumstances.now))
}
