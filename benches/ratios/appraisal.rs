//! What the claims of an Android phone with both pieces of evidence are worth, against the time that this may take.

use std::hint::black_box;

use bonafide::appraisal::{
    Aspect, Circumstances, Concern, KeyAttestationPolicy, Mode, OwnCode, OwnRule, Percent, PlayIntegrityPolicy, Policy,
    Remedy, Tier, appraise,
};
use bonafide::time::Timestamp;

use crate::paired::{Limit, Ratio, micros_each};
use crate::phones::android;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const RUNS: u32 = 200_000;

pub(crate) fn by_default_rules() -> Ratio {
    measured(&careful(), 5.0)
}

pub(crate) fn by_ten_own_rules_too() -> Ratio {
    let own_rules = (0..).zip(RULES).map(|(number, when)| own_rule(number, when)).collect();
    measured(&Policy { own_rules, ..careful() }, 20.0)
}

/// How many microseconds it takes of those that it may take.
fn measured(policy: &Policy, allowed: f64) -> Ratio {
    let (claims, at) = (android(NOW), Circumstances { subject: &[7; 16], ..Circumstances::at(NOW) });
    let appraisal = appraise(&claims, policy, &at);
    assert_eq!((appraisal.tier(), appraisal.is_silent()), (Tier::Affirming, true));
    let micros = micros_each(RUNS, || drop(black_box(appraise(black_box(&claims), policy, &at))));
    Ratio { unit: "µs", measured: micros, baseline: allowed, ratio: micros / allowed, limit: Limit::AtMost(1.0) }
}

/// What a careful team ships, but for the status list: looking serials up in one is no appraisal of claims.
fn careful() -> Policy {
    Policy {
        key_attestation: Some(KeyAttestationPolicy { status_list: None, ..KeyAttestationPolicy::careful() }),
        play_integrity: Some(PlayIntegrityPolicy::careful()),
        ..Policy::default()
    }
}

/// Ten rules of an app's own, of which none finds anything.
const RULES: [&str; 10] = [
    "key_attestation.os_patch < version('2025.6')",
    "key_attestation.security_level == 'software'",
    "!key_attestation.bootloader_locked && key_attestation.boot_state != 'verified'",
    "key_attestation.device_model in ['Weak 1', 'Weak 2', 'Weak 3'] || key_attestation.device_brand == 'weak'",
    "key_attestation.certificates_issued > 100 && key_attestation.provisioning == 'remote'",
    "key_attestation.version_code != play_integrity.version_code",
    "'MEETS_VIRTUAL_INTEGRITY' in play_integrity.device_labels",
    "play_integrity.activity_level in ['LEVEL_3', 'LEVEL_4'] && play_integrity.licensing != 'LICENSED'",
    "'UNKNOWN_CONTROLLING' in play_integrity.access_risk || 'UNKNOWN_CAPTURING' in play_integrity.access_risk",
    "has(play_integrity.sdk_version) && play_integrity.sdk_version < 30 && play_integrity.kind == 'classic'",
];

/// An enforced rule with this condition.
pub(crate) fn own_rule(number: usize, when: &str) -> OwnRule {
    OwnRule {
        code: OwnCode::of(&format!("rule_{number}")).expect("a name"),
        when: when.parse().expect("an expression"),
        tier: Concern::Warning,
        effect: Aspect::Configuration,
        remedy: Remedy::None,
        text: "found".to_owned(),
        mode: Mode::Enforce,
        percent: Percent::ALL,
    }
}
