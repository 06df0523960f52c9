//! The rules for Android Key Attestation.

use super::{Rule, configuration, executables, firm_rule, instance, rule};
use crate::appraisal::policy::KeyAttestationPolicy;
use crate::appraisal::reason::Remedy;
use crate::appraisal::rules::Circumstances;
use crate::appraisal::vector::{TrustVector, Worth};
use crate::evidence::claims::{BootState, KeyAttestationClaims, Origin, PatchLevel, Provisioning, SecurityLevel};

pub(super) type KeyRule = Rule<KeyAttestationClaims, KeyAttestationPolicy>;

/// How far ahead of the clock a patch level may be, in months: vendors ship them a little early.
const AHEAD: u32 = 2;

pub(super) const RULES: [KeyRule; 25] = [
    rule(
        "key_attestation_level_low",
        "the key is not guarded as well as the policy wants",
        Remedy::None,
        |claims, policy, _| (claims.level() < policy.min_level?).then_some(HARDWARE),
    ),
    firm_rule("key_attestation_in_software", "the key is guarded by software alone", Remedy::None, |claims, _, _| {
        (claims.level() == SecurityLevel::Software).then_some(UNGUARDED)
    }),
    rule(
        "key_attestation_levels_differ",
        "key and description are guarded by different things",
        Remedy::None,
        |claims, policy, _| {
            let differ = claims.attestation_level != claims.keymint_level;
            (policy.equal_levels && differ).then_some(HARDWARE)
        },
    ),
    rule(
        "key_attestation_level_not_of_chain",
        "the certificates do not speak of this guard",
        Remedy::None,
        |claims, policy, _| {
            // Every chain of a StrongBox says so; some of a secure world say nothing.
            let silent = claims.keymint_level == SecurityLevel::StrongBox;
            let differs = claims.chain_level.map_or(silent, |level| level != claims.keymint_level);
            (policy.level_of_chain && differs).then_some(HARDWARE)
        },
    ),
    rule(
        "key_attestation_boot_unstated",
        "hardware does not say how the device was started",
        Remedy::None,
        |claims, policy, _| {
            let asked = policy.locked || policy.boot_states.is_some();
            (asked && claims.boot.is_none()).then_some(SYSTEM)
        },
    ),
    rule(
        "key_attestation_boot_state_unexpected",
        "the system is not one that its vendor vouches for",
        Remedy::None,
        |claims, policy, _| {
            let accepted = policy.boot_states.as_ref()?.contains(&claims.boot.as_ref()?.state);
            (!accepted).then_some(SYSTEM)
        },
    ),
    rule(
        "key_attestation_boot_key_unknown",
        "the system is signed with a key that is not listed",
        Remedy::None,
        |claims, policy, _| {
            let boot = claims.boot.as_ref()?;
            let listed = policy.self_signed_keys.as_ref()?.contains(&boot.key);
            (boot.state == BootState::SelfSigned && !listed).then_some(SYSTEM)
        },
    ),
    rule("key_attestation_bootloader_unlocked", "the bootloader is not locked", Remedy::None, |claims, policy, _| {
        (policy.locked && !claims.boot.as_ref()?.locked).then_some(SYSTEM)
    }),
    firm_rule(
        "key_attestation_not_generated",
        "the key was not made where it is kept",
        Remedy::ReEnrol,
        |claims, policy, _| (policy.generated && claims.origin != Some(Origin::Generated)).then_some(KEY),
    ),
    rule(
        "key_attestation_purpose_unexpected",
        "the key is for more than it should be",
        Remedy::ReEnrol,
        |claims, policy, _| {
            let wanted = policy.purposes.as_ref()?;
            let fits = !claims.purposes.is_empty() && claims.purposes.iter().all(|purpose| wanted.contains(purpose));
            (!fits).then_some(KEY)
        },
    ),
    rule(
        "key_attestation_not_enforced",
        "software states what only hardware can vouch for",
        Remedy::None,
        |claims, policy, _| (policy.enforced_by_hardware && !claims.misplaced_tags.is_empty()).then_some(KEY),
    ),
    firm_rule("key_attestation_shared_key", "every app may use the key", Remedy::ReEnrol, |claims, policy, _| {
        (policy.own_key && claims.all_applications).then_some(KEY)
    }),
    rule(
        "key_attestation_app_outdated",
        "the app is older than the policy accepts",
        Remedy::UpdateApp,
        |claims, policy, _| {
            let old = claims.packages.iter().any(|package| {
                policy.min_version_codes.get(&package.name).is_some_and(|least| package.version < *least)
            });
            old.then_some(executables(Worth::CONTRAINDICATED))
        },
    ),
    rule(
        "key_attestation_os_patch_old",
        "the operating system's patches are too old",
        Remedy::UpdateOs,
        |claims, policy, circumstances| {
            let aged = is_older(claims.os_patch, policy.max_patch_age.os, circumstances);
            let before = claims.os_patch.zip(policy.min_os_patch).is_some_and(|(own, least)| own.is_before(&least));
            (aged || before).then_some(PATCHES)
        },
    ),
    rule(
        "key_attestation_vendor_patch_old",
        "the vendor's patches are too old",
        Remedy::UpdateOs,
        |claims, policy, circumstances| {
            is_older(claims.vendor_patch, policy.max_patch_age.vendor, circumstances).then_some(PATCHES)
        },
    ),
    rule(
        "key_attestation_boot_patch_old",
        "the bootloader's patches are too old",
        Remedy::UpdateOs,
        |claims, policy, circumstances| {
            is_older(claims.boot_patch, policy.max_patch_age.boot, circumstances).then_some(PATCHES)
        },
    ),
    rule(
        "key_attestation_patch_unknown",
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
    rule(
        "key_attestation_patch_implausible",
        "a patch level lies in days to come",
        Remedy::None,
        |claims, policy, circumstances| {
            let levels = [claims.os_patch, claims.vendor_patch, claims.boot_patch];
            let ahead = levels.iter().flatten().any(|level| level.is_ahead_by_more_than(AHEAD, circumstances.now));
            (policy.plausible_patches && ahead).then_some(SYSTEM)
        },
    ),
    rule(
        "key_attestation_os_outdated",
        "Android is older than the policy accepts",
        Remedy::UpdateOs,
        |claims, policy, _| (claims.os_version.as_ref()? < policy.min_os_version.as_ref()?).then_some(PATCHES),
    ),
    rule(
        "key_attestation_os_unknown",
        "Android's version counts and is not stated",
        Remedy::None,
        |claims, policy, _| (policy.min_os_version.is_some() && claims.os_version.is_none()).then_some(PATCHES),
    ),
    rule(
        "key_attestation_not_remotely_provisioned",
        "the attestation key is not one that Google renews",
        Remedy::None,
        |claims, policy, _| {
            (policy.remote_provisioning && claims.provisioning != Provisioning::Remote).then_some(HARDWARE)
        },
    ),
    rule(
        "key_attestation_farmed",
        "Google gave too many certificates to the device",
        Remedy::None,
        |claims, policy, _| {
            let issued = claims.remote.as_ref()?.certificates_issued?;
            (issued > policy.max_certificates_issued?).then_some(instance(Worth::CONTRAINDICATED))
        },
    ),
    rule("key_attestation_device_lost", "the device was reported lost", Remedy::ContactSupport, |claims, policy, _| {
        (policy.not_lost && claims.remote.as_ref()?.reported_lost).then_some(instance(Worth::CONTRAINDICATED))
    }),
    rule("key_attestation_model_refused", "the policy refuses this model", Remedy::None, |claims, policy, _| {
        let model = &claims.model;
        let names = [&model.brand, &model.device, &model.product, &model.manufacturer, &model.model];
        names.into_iter().flatten().any(|name| policy.refused_models.contains(name)).then_some(HARDWARE)
    }),
    rule(
        "key_attestation_factory_expired",
        "certificates from the factory have expired",
        Remedy::None,
        |claims, _, _| claims.factory_expired.then_some(TrustVector::SILENT),
    ),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::appraisal::fixture::key_attestation as claims;
    use crate::appraisal::{PatchAges, Policy, Tier, appraise};
    use crate::evidence::claims::{Boot, Claims, DeviceModel, HexBytes, Purpose, RemoteProvisioning};
    use crate::time::Timestamp;
    use SecurityLevel::{Software, StrongBox, TrustedEnvironment};

    const NOW: &str = "2026-03-15T00:00:00Z";

    fn found(claims: KeyAttestationClaims, policy: &KeyAttestationPolicy) -> (Tier, Vec<String>) {
        let claims = Claims { key_attestation: Some(Box::new(claims)), ..Claims::default() };
        // The status list has a table and tests of its own.
        let policy = KeyAttestationPolicy { status_list: None, ..policy.clone() };
        let policy = Policy { key_attestation: Some(policy), ..Policy::default() };
        let now = Timestamp::parse(NOW).expect("a time");
        let appraisal = appraise(&claims, &policy, &Circumstances::at(now));
        let short = |code: &str| code.strip_prefix("key_attestation_").expect("of this format").to_owned();
        (appraisal.tier(), appraisal.reasons.iter().map(|reason| short(&reason.code)).collect())
    }

    /// What the careful policy finds after one change.
    fn changed(change: impl FnOnce(&mut KeyAttestationClaims)) -> (Tier, Vec<String>) {
        let mut claims = claims();
        change(&mut claims);
        found(claims, &KeyAttestationPolicy::careful())
    }

    /// What a policy that differs from the careful one finds in good claims.
    fn under(change: impl FnOnce(&mut KeyAttestationPolicy)) -> (Tier, Vec<String>) {
        let mut policy = KeyAttestationPolicy::careful();
        change(&mut policy);
        found(claims(), &policy)
    }

    fn refused(codes: &[&str]) -> (Tier, Vec<String>) {
        (Tier::Contraindicated, codes.iter().map(|code| (*code).to_owned()).collect())
    }

    fn affirmed() -> (Tier, Vec<String>) {
        (Tier::Affirming, vec![])
    }

    #[test]
    fn a_genuine_phone_is_affirmed_without_reasons() {
        assert_eq!(found(claims(), &KeyAttestationPolicy::careful()), affirmed());
        assert_eq!(found(claims(), &KeyAttestationPolicy::default()), affirmed());
    }

    #[test]
    fn a13_levels_have_to_be_high_enough_equal_and_of_the_chain() {
        let levels = |attestation, keymint, chain| {
            changed(|claims| {
                (claims.attestation_level, claims.keymint_level, claims.chain_level) = (attestation, keymint, chain)
            })
        };
        assert_eq!(levels(StrongBox, StrongBox, Some(StrongBox)), affirmed());
        assert_eq!(levels(TrustedEnvironment, TrustedEnvironment, None), affirmed());
        let software = refused(&["level_low", "in_software", "levels_differ"]);
        assert_eq!(levels(Software, TrustedEnvironment, Some(TrustedEnvironment)), software);
        let software = refused(&["level_low", "in_software", "levels_differ", "level_not_of_chain"]);
        assert_eq!(levels(TrustedEnvironment, Software, Some(TrustedEnvironment)), software);
        assert_eq!(levels(TrustedEnvironment, StrongBox, Some(StrongBox)), refused(&["levels_differ"]));
        let mixed = refused(&["level_not_of_chain"]);
        assert_eq!(levels(StrongBox, StrongBox, Some(TrustedEnvironment)), mixed);
        assert_eq!(levels(StrongBox, StrongBox, None), mixed, "a leaked key of a TEE may say what it likes");
        assert_eq!(levels(TrustedEnvironment, TrustedEnvironment, Some(StrongBox)), mixed);
        assert_eq!(under(|policy| policy.min_level = Some(StrongBox)), refused(&["level_low"]));
    }

    #[test]
    fn software_is_never_affirmed() {
        let mut software = claims();
        (software.attestation_level, software.keymint_level) = (Software, Software);
        let doubtful = (Tier::Warning, vec!["in_software".to_owned()]);
        assert_eq!(found(software, &KeyAttestationPolicy::default()), doubtful);
    }

    #[test]
    fn a15_boot_state_and_lock_are_both_looked_at() {
        let boot = |state, locked| {
            changed(|claims| claims.boot = Some(Boot { state, locked, key: HexBytes(vec![0; 32]), hash: None }))
        };
        assert_eq!(boot(BootState::Verified, true), affirmed());
        assert_eq!(boot(BootState::Unverified, false), refused(&["boot_state_unexpected", "bootloader_unlocked"]));
        assert_eq!(boot(BootState::Failed, true), refused(&["boot_state_unexpected"]));
        assert_eq!(boot(BootState::Unrecognised, true), refused(&["boot_state_unexpected"]));
        assert_eq!(changed(|claims| claims.boot = None), refused(&["boot_unstated"]));
    }

    #[test]
    fn a29_verified_on_an_unlocked_device_is_refused() {
        let unlocked = changed(|claims| claims.boot = claims.boot.take().map(|boot| Boot { locked: false, ..boot }));
        assert_eq!(unlocked, refused(&["bootloader_unlocked"]));
    }

    #[test]
    fn a16_an_owners_system_counts_by_its_listed_key_only() {
        let own = HexBytes(vec![9; 32]);
        let signed = |keys: Option<Vec<HexBytes>>| {
            let mut policy = KeyAttestationPolicy::careful();
            policy.boot_states = Some([BootState::Verified, BootState::SelfSigned].into());
            policy.self_signed_keys = keys.map(|keys| keys.into_iter().collect());
            let boot = Some(Boot { state: BootState::SelfSigned, locked: true, key: own.clone(), hash: None });
            found(KeyAttestationClaims { boot, ..claims() }, &policy)
        };
        assert_eq!(signed(Some(vec![])), refused(&["boot_key_unknown"]));
        assert_eq!(signed(Some(vec![HexBytes(vec![8; 32])])), refused(&["boot_key_unknown"]));
        assert_eq!(signed(Some(vec![own.clone()])), affirmed());
        assert_eq!(signed(None), affirmed());
    }

    #[test]
    fn a17_a_key_has_to_be_made_where_it_is_kept() {
        for origin in [None, Some(Origin::Imported), Some(Origin::SecurelyImported), Some(Origin::Derived)] {
            assert_eq!(changed(|claims| claims.origin = origin), refused(&["not_generated"]), "{origin:?}");
        }
    }

    #[test]
    fn a03_a_key_for_anything_but_signing_is_refused() {
        let purposes =
            |purposes: &[u64]| changed(|claims| claims.purposes = purposes.iter().map(|one| Purpose(*one)).collect());
        assert_eq!(purposes(&[2, 3]), affirmed());
        for bad in [&[][..], &[7], &[2, 7], &[0], &[2, 4], &[2, 99]] {
            assert_eq!(purposes(bad), refused(&["purpose_unexpected"]), "{bad:?}");
        }
    }

    #[test]
    fn a14_what_software_states_does_not_stand_for_hardware() {
        assert_eq!(changed(|claims| claims.misplaced_tags = vec![704]), refused(&["not_enforced"]));
        assert_eq!(changed(|claims| claims.all_applications = true), refused(&["shared_key"]));
    }

    #[test]
    fn a19_patch_levels_are_asked_for_by_partition() {
        let age = |os, vendor, boot| under(|policy| policy.max_patch_age = PatchAges { os, vendor, boot });
        assert_eq!(age(Some(2), Some(2), Some(3)), affirmed());
        assert_eq!(age(Some(1), None, None), refused(&["os_patch_old"]));
        assert_eq!(age(None, Some(1), Some(1)), refused(&["vendor_patch_old", "boot_patch_old"]));
        assert_eq!(under(|policy| policy.min_os_patch = PatchLevel::of(202_603)), refused(&["os_patch_old"]));
        assert_eq!(under(|policy| policy.min_os_patch = PatchLevel::of(20_260_201)), affirmed());
        let ahead = changed(|claims| claims.boot_patch = PatchLevel::of(20_260_601));
        assert_eq!(ahead, refused(&["patch_implausible"]));
        let policy = |max_patch_age| KeyAttestationPolicy { max_patch_age, ..KeyAttestationPolicy::careful() };
        let unknown = KeyAttestationClaims { os_patch: None, vendor_patch: None, boot_patch: None, ..claims() };
        let ages = [(Some(99), None, None), (None, Some(99), None), (None, None, Some(99))];
        for (os, vendor, boot) in ages {
            let found = found(unknown.clone(), &policy(PatchAges { os, vendor, boot }));
            assert_eq!(found, refused(&["patch_unknown"]), "{os:?} {vendor:?} {boot:?}");
        }
        assert_eq!(found(unknown, &KeyAttestationPolicy::careful()), affirmed());
    }

    #[test]
    fn versions_have_least_values() {
        let least =
            |version| under(|policy| _ = policy.min_version_codes.insert("com.example.shop".to_owned(), version));
        assert_eq!(least(7), affirmed());
        assert_eq!(least(8), refused(&["app_outdated"]));
        assert_eq!(under(|policy| policy.min_os_version = "16".parse().ok()), affirmed());
        let policy = KeyAttestationPolicy { min_os_version: "16.0.1".parse().ok(), ..KeyAttestationPolicy::careful() };
        assert_eq!(found(claims(), &policy), refused(&["os_outdated"]));
        assert_eq!(found(KeyAttestationClaims { os_version: None, ..claims() }, &policy), refused(&["os_unknown"]));
    }

    #[test]
    fn a08_leaked_and_farmed_attestation_keys_have_their_bounds() {
        let policy = KeyAttestationPolicy {
            remote_provisioning: true,
            max_certificates_issued: Some(64),
            ..KeyAttestationPolicy::careful()
        };
        assert_eq!(found(claims(), &policy), affirmed());
        for provisioning in [Provisioning::Factory, Provisioning::Conflicting, Provisioning::Unknown] {
            let other = KeyAttestationClaims { provisioning, ..claims() };
            assert_eq!(found(other, &policy), refused(&["not_remotely_provisioned"]));
        }
        let remote = |certificates_issued, reported_lost| {
            Some(RemoteProvisioning { certificates_issued, reported_lost, ..RemoteProvisioning::default() })
        };
        let many = KeyAttestationClaims { remote: remote(Some(65), false), ..claims() };
        assert_eq!(found(many, &policy), refused(&["farmed"]));
        let lost = KeyAttestationClaims { remote: remote(None, true), ..claims() };
        assert_eq!(found(lost, &policy), refused(&["device_lost"]));
    }

    #[test]
    fn a28_a_model_can_be_refused() {
        let policy = KeyAttestationPolicy {
            refused_models: ["Weak Phone 1".to_owned()].into(),
            ..KeyAttestationPolicy::careful()
        };
        let model = |name: &str| DeviceModel { model: Some(name.to_owned()), ..DeviceModel::default() };
        let weak = KeyAttestationClaims { model: model("Weak Phone 1"), ..claims() };
        assert_eq!(found(weak, &policy), refused(&["model_refused"]));
        assert_eq!(found(KeyAttestationClaims { model: model("Weak Phone 12"), ..claims() }, &policy), affirmed());
    }

    #[test]
    fn expired_certificates_from_the_factory_are_named() {
        let expired = changed(|claims| claims.factory_expired = true);
        assert_eq!(expired, (Tier::Affirming, vec!["factory_expired".to_owned()]));
    }
}
