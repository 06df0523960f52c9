//! What verdicts are worth.

use std::collections::BTreeSet;
use std::time::Duration;

use bonafide::appraisal::{
    Circumstances, Decisions, Outage, PlayDialog, PlayIntegrityPolicy, Policy, Remedy, Signal, Stance, Tier, appraise,
};
use bonafide::evidence::claims::play_integrity::{AppVerdict, DeviceLabel, LicensingVerdict};
use bonafide::evidence::claims::{Claims, PlayIntegrity};
use bonafide::evidence::play_integrity::TestingResponses;
use bonafide::lab::play_integrity::PayloadPlan;
use serde_json::{Value, json};

use crate::bench::{NOW, affirmed, appraise_integrity, claims, found, refused, told, weigh};

fn careful() -> PlayIntegrityPolicy {
    PlayIntegrityPolicy::careful()
}

fn warned(code: &str) -> (Tier, Vec<String>) {
    found(Tier::Warning, &[code])
}

fn labels(labels: &[&str]) -> Option<Value> {
    Some(json!(labels))
}

fn needing(labels: &[DeviceLabel]) -> PlayIntegrityPolicy {
    PlayIntegrityPolicy { device_labels: labels.iter().cloned().collect(), ..careful() }
}

fn stated(risks: &[&str]) -> Option<Value> {
    Some(json!({"appAccessRiskVerdict": {"appsDetected": risks}, "playProtectVerdict": "NO_ISSUES"}))
}

#[test]
fn a_genuine_app_on_a_certified_device_is_affirmed_without_reasons() {
    assert_eq!(weigh(&careful(), |_| ()), affirmed());
}

#[test]
fn c02_labels_are_asked_for_by_membership() {
    let device = careful();
    for in_any_order in [
        labels(&["MEETS_DEVICE_INTEGRITY"]),
        labels(&["MEETS_BASIC_INTEGRITY", "MEETS_DEVICE_INTEGRITY"]),
        labels(&["MEETS_SOMETHING_NEW", "MEETS_DEVICE_INTEGRITY", "MEETS_BASIC_INTEGRITY"]),
    ] {
        assert_eq!(weigh(&device, |plan| plan.device_labels = in_any_order), affirmed());
    }
    let strong = needing(&[DeviceLabel::Strong]);
    for lacking in [
        labels(&[]),
        labels(&["MEETS_BASIC_INTEGRITY"]),
        labels(&["MEETS_VIRTUAL_INTEGRITY"]),
        labels(&["MEETS_STRONG_INTEGRITY_X", "XMEETS_STRONG_INTEGRITY", "meets_strong_integrity"]),
        labels(&["MEETS_DEVICE_INTEGRITY_X"]),
        labels(&["UNKNOWN"]),
        None,
    ] {
        let lacks = |policy| weigh(policy, |plan| plan.device_labels = lacking.clone());
        assert_eq!(lacks(&device), refused(&["play_integrity_device_label_missing"]), "{lacking:?}");
        assert_eq!(lacks(&strong), refused(&["play_integrity_device_label_missing"]), "{lacking:?}");
    }
    let only_device = weigh(&strong, |plan| plan.device_labels = labels(&["MEETS_DEVICE_INTEGRITY"]));
    assert_eq!(only_device, refused(&["play_integrity_device_label_missing"]));
    let all = needing(&[DeviceLabel::Basic, DeviceLabel::Strong]);
    assert_eq!(weigh(&all, |plan| plan.device_labels = labels(&["MEETS_STRONG_INTEGRITY"])).0, Tier::Contraindicated);
}

#[test]
fn c03_legacy_labels_are_worth_nothing() {
    let spoofed = |plan: &mut PayloadPlan| {
        plan.device_labels = labels(&[]);
        plan.legacy_labels = labels(&["MEETS_BASIC_INTEGRITY", "MEETS_DEVICE_INTEGRITY", "MEETS_STRONG_INTEGRITY"]);
    };
    assert_eq!(weigh(&careful(), spoofed), refused(&["play_integrity_device_label_missing"]));
    let nothing_needed = PlayIntegrityPolicy { app_verdicts: None, ..needing(&[]) };
    let (tier, _) = weigh(&nothing_needed, |plan| {
        spoofed(plan);
        plan.app_verdict = None;
    });
    assert_eq!(tier, Tier::None, "nothing is affirmed by them");
}

#[test]
fn c03_the_strong_label_says_nothing_about_updates_before_android_13() {
    let strong = needing(&[DeviceLabel::Strong]);
    assert_eq!(weigh(&strong, |plan| plan.device_attributes = Some(json!({"sdkVersion": 33}))), affirmed());
    for older in [Some(json!({"sdkVersion": 32})), Some(json!({})), None] {
        let weighed = weigh(&strong, |plan| plan.device_attributes = older);
        assert_eq!(weighed, refused(&["play_integrity_updates_unproved"]));
    }
    let any_android = PlayIntegrityPolicy { strong_min_sdk: None, ..strong };
    assert_eq!(weigh(&any_android, |plan| plan.device_attributes = None), affirmed());
    assert_eq!(weigh(&careful(), |plan| plan.device_attributes = None), affirmed(), "the label is not needed");
}

#[test]
fn c05_each_part_that_is_missing_is_not_known() {
    for (without, expected) in [
        ("appIntegrity", refused(&["play_integrity_app_unevaluated"])),
        ("deviceIntegrity", refused(&["play_integrity_device_label_missing"])),
        ("accountDetails", warned("play_integrity_licence_unknown")),
        ("environmentDetails", affirmed()),
        ("testingDetails", affirmed()),
    ] {
        assert_eq!(weigh(&careful(), |plan| plan.without.push(without)), expected, "{without}");
    }
    let stern = Signal { found: Stance::Deny, unknown: Stance::Deny };
    let policy = PlayIntegrityPolicy { access_risk: stern, play_protect: stern, location_risk: stern, ..careful() };
    let codes = [
        "play_integrity_access_risk_unknown",
        "play_integrity_play_protect_unknown",
        "play_integrity_location_unknown",
    ];
    assert_eq!(weigh(&policy, |plan| plan.without.push("environmentDetails")), refused(&codes));
}

#[test]
fn c05_only_the_accepted_word_passes() {
    for (verdict, code) in [
        ("UNRECOGNIZED_VERSION", "play_integrity_app_not_recognised"),
        ("UNKNOWN", "play_integrity_app_unevaluated"),
        ("PLAY_RECOGNIZED_X", "play_integrity_app_unevaluated"),
        ("UNEVALUATED", "play_integrity_app_unevaluated"),
    ] {
        assert_eq!(weigh(&careful(), |plan| plan.app_verdict = Some(json!(verdict))), refused(&[code]), "{verdict}");
    }
    for (verdict, code) in [
        ("UNLICENSED", "play_integrity_unlicensed"),
        ("UNEVALUATED", "play_integrity_licence_unknown"),
        ("UNKNOWN", "play_integrity_licence_unknown"),
        ("LICENSED_X", "play_integrity_licence_unknown"),
    ] {
        assert_eq!(weigh(&careful(), |plan| plan.licensing = Some(json!(verdict))), warned(code), "{verdict}");
        let deny = PlayIntegrityPolicy { unlicensed: Stance::Deny, ..careful() };
        assert_eq!(weigh(&deny, |plan| plan.licensing = Some(json!(verdict))), refused(&[code]), "{verdict}");
        let allow = PlayIntegrityPolicy { unlicensed: Stance::Allow, ..careful() };
        assert_eq!(weigh(&allow, |plan| plan.licensing = Some(json!(verdict))), affirmed(), "{verdict}");
    }
}

#[test]
fn c05_a_policy_that_asks_for_nothing_affirms_nothing_that_is_absent() {
    for (unlicensed, codes) in [
        (Stance::Allow, vec![]),
        // A doubt about what says nothing makes it no better.
        (Stance::StepUp, vec!["play_integrity_licence_unknown".to_owned()]),
    ] {
        let lax = PlayIntegrityPolicy { app_verdicts: None, unlicensed, ..needing(&[]) };
        let (tier, found) = weigh(&lax, |plan| *plan = plan.clone().emptied());
        assert_eq!((tier, Decisions::CAREFUL.at(tier), found), (Tier::None, Stance::Deny, codes));
    }
}

#[test]
fn c08_an_answer_that_was_emptied_is_never_good() {
    let expected =
        ["play_integrity_app_unevaluated", "play_integrity_device_label_missing", "play_integrity_licence_unknown"];
    assert_eq!(weigh(&careful(), |plan| *plan = plan.clone().emptied()), refused(&expected));
}

#[test]
fn c09_many_tokens_within_an_hour_cast_doubt() {
    let level = |level: &str| Some(json!({"deviceActivityLevel": level}));
    for quiet in ["LEVEL_1", "LEVEL_2", "UNEVALUATED", "DEVICE_ACTIVITY_LEVEL_UNSPECIFIED"] {
        assert_eq!(weigh(&careful(), |plan| plan.recent_activity = level(quiet)), affirmed(), "{quiet}");
    }
    for busy in ["LEVEL_3", "LEVEL_4"] {
        let weighed = weigh(&careful(), |plan| plan.recent_activity = level(busy));
        assert_eq!(weighed, warned("play_integrity_activity_high"), "{busy}");
    }
    let stern = Signal { found: Stance::Deny, unknown: Stance::StepUp };
    let policy = PlayIntegrityPolicy { recent_activity: stern, ..careful() };
    assert_eq!(
        weigh(&policy, |plan| plan.recent_activity = level("LEVEL_3")),
        refused(&["play_integrity_activity_high"])
    );
    for unknown in [level("UNEVALUATED"), level("LEVEL_5"), Some(json!({})), None] {
        let weighed = weigh(&policy, |plan| plan.recent_activity = unknown);
        assert_eq!(weighed, warned("play_integrity_activity_unknown"));
    }
}

#[test]
fn apps_that_see_or_control_the_screen_cast_doubt() {
    for harmless in [&[][..], &["KNOWN_INSTALLED", "UNKNOWN_INSTALLED"], &["KNOWN_CAPTURING", "KNOWN_CONTROLLING"]] {
        assert_eq!(weigh(&careful(), |plan| plan.surroundings = stated(harmless)), affirmed(), "{harmless:?}");
    }
    for risk in ["UNKNOWN_CAPTURING", "UNKNOWN_OVERLAYS", "UNKNOWN_CONTROLLING"] {
        let weighed = weigh(&careful(), |plan| plan.surroundings = stated(&["KNOWN_INSTALLED", risk]));
        assert_eq!(weighed, warned("play_integrity_access_risk"), "{risk}");
    }
    let known = PlayIntegrityPolicy { known_access_risk: Stance::StepUp, ..careful() };
    for risk in ["KNOWN_CAPTURING", "KNOWN_OVERLAYS", "KNOWN_CONTROLLING"] {
        let weighed = weigh(&known, |plan| plan.surroundings = stated(&[risk]));
        assert_eq!(weighed, warned("play_integrity_known_access_risk"), "{risk}");
    }
    let stern =
        PlayIntegrityPolicy { access_risk: Signal { found: Stance::Deny, unknown: Stance::StepUp }, ..careful() };
    for unclear in [stated(&["SOMETHING_NEW"]), stated(&["APPS_DETECTED_UNSPECIFIED"])] {
        let weighed = weigh(&stern, |plan| plan.surroundings = unclear);
        assert_eq!(weighed, warned("play_integrity_access_risk_unknown"));
    }
    assert_eq!(weigh(&stern, |plan| plan.surroundings = stated(&[])), affirmed(), "evaluated, and nothing found");
}

#[test]
fn harmful_apps_and_made_up_locations_are_what_the_policy_says() {
    let both = Signal { found: Stance::Deny, unknown: Stance::StepUp };
    let policy = PlayIntegrityPolicy { play_protect: both, location_risk: both, ..careful() };
    let around = |protect: &str, location: Value| {
        Some(json!({"playProtectVerdict": protect, "locationSpoofingRiskVerdict": location}))
    };
    let low = json!(["LOW_RISK_DEVICE", "LOW_RISK_NETWORK"]);
    assert_eq!(weigh(&policy, |plan| plan.surroundings = around("NO_ISSUES", low.clone())), affirmed());
    for (protect, code) in [
        ("HIGH_RISK", "play_integrity_harmful_apps"),
        ("MEDIUM_RISK", "play_integrity_harmful_apps"),
        ("POSSIBLE_RISK", "play_integrity_play_protect_unknown"),
        ("NO_DATA", "play_integrity_play_protect_unknown"),
        ("UNEVALUATED", "play_integrity_play_protect_unknown"),
        ("NO_ISSUES_X", "play_integrity_play_protect_unknown"),
    ] {
        let (_, codes) = weigh(&policy, |plan| plan.surroundings = around(protect, low.clone()));
        assert_eq!(codes, [code], "{protect}");
    }
    for (location, code) in [
        (json!(["LOW_RISK_DEVICE", "HIGH_RISK_NETWORK"]), "play_integrity_location_risk"),
        (json!(["MEDIUM_RISK_DEVICE"]), "play_integrity_location_risk"),
        (json!([]), "play_integrity_location_unknown"),
        (json!(["LOW_RISK_DEVICE", "NEW"]), "play_integrity_location_unknown"),
    ] {
        let (_, codes) = weigh(&policy, |plan| plan.surroundings = around("NO_ISSUES", location.clone()));
        assert_eq!(codes, [code], "{location}");
    }
}

#[test]
fn old_versions_of_the_app_are_refused() {
    let policy = PlayIntegrityPolicy { min_version_code: Some(42), ..careful() };
    assert_eq!(weigh(&policy, |_| ()), affirmed());
    for older in [Some(json!("41")), Some(json!("0")), None] {
        let weighed = weigh(&policy, |plan| plan.version_code = older);
        assert_eq!(weighed, refused(&["play_integrity_version_outdated"]));
    }
}

#[test]
fn verdicts_grow_old() {
    let policy = PlayIntegrityPolicy { refresh_every: Some(Duration::from_secs(60)), ..careful() };
    let decoded = PlayIntegrity::Decoded(Box::new(claims(|_| ())));
    let tier = |seconds| appraise_integrity(decoded.clone(), &policy, NOW.plus(Duration::from_secs(seconds))).tier();
    assert_eq!((tier(60), tier(61)), (Tier::Affirming, Tier::Warning));
}

#[test]
fn c01_a_testing_response_is_named_and_does_not_outlive_its_policy() {
    let mut tested = claims(|_| ());
    tested.testing_response = true;
    let weighed = |policy: &PlayIntegrityPolicy| {
        told(&appraise_integrity(PlayIntegrity::Decoded(Box::new(tested.clone())), policy, NOW))
    };
    let taking = PlayIntegrityPolicy { testing_responses: TestingResponses::Taken, ..careful() };
    assert_eq!(weighed(&taking), found(Tier::Affirming, &["play_integrity_testing"]));
    assert_eq!(weighed(&careful()), refused(&["play_integrity_testing_withdrawn"]));
}

#[test]
fn remedies_name_the_dialog_to_show() {
    let remedies = |change: fn(&mut PayloadPlan)| {
        let integrity = PlayIntegrity::Decoded(Box::new(claims(change)));
        let policy = PlayIntegrityPolicy { known_access_risk: Stance::StepUp, ..careful() };
        let reasons = appraise_integrity(integrity, &policy, NOW).reasons;
        reasons.iter().map(|reason| reason.remedy).collect::<Vec<_>>()
    };
    let shows = |dialog| vec![Remedy::ShowPlayDialog(dialog)];
    assert_eq!(remedies(|plan| plan.licensing = Some(json!("UNLICENSED"))), shows(PlayDialog::GetLicensed));
    let risk = remedies(|plan| plan.surroundings = stated(&["UNKNOWN_CAPTURING"]));
    assert_eq!(risk, shows(PlayDialog::CloseUnknownAccessRisk));
    let known = remedies(|plan| plan.surroundings = stated(&["KNOWN_CAPTURING"]));
    assert_eq!(known, shows(PlayDialog::CloseAllAccessRisk));
    assert_eq!(remedies(|plan| plan.device_labels = labels(&[])), shows(PlayDialog::GetIntegrity));
    let busy = remedies(|plan| plan.recent_activity = Some(json!({"deviceActivityLevel": "LEVEL_4"})));
    assert_eq!(busy, [Remedy::RetryAfter { seconds: 3600 }]);
    let numbers = [
        PlayDialog::GetLicensed,
        PlayDialog::CloseUnknownAccessRisk,
        PlayDialog::CloseAllAccessRisk,
        PlayDialog::GetIntegrity,
    ];
    assert_eq!(numbers.map(PlayDialog::number), [1, 2, 3, 4]);
}

#[test]
fn a_policy_without_the_section_takes_no_verdict() {
    let integrity = Some(PlayIntegrity::Decoded(Box::new(claims(|_| ()))));
    let claims = Claims { play_integrity: integrity, ..Claims::default() };
    let appraisal = appraise(&claims, &Policy::default(), &Circumstances::at(NOW));
    assert_eq!(told(&appraisal), refused(&["format_withdrawn"]));
}

#[test]
fn every_field_counts_in_the_revision() {
    let deny = Signal { found: Stance::Deny, unknown: Stance::Deny };
    let policies = [
        careful(),
        PlayIntegrityPolicy { app_verdicts: Some([AppVerdict::UnrecognizedVersion].into()), ..careful() },
        PlayIntegrityPolicy { app_verdicts: None, ..careful() },
        PlayIntegrityPolicy { min_version_code: Some(1), ..careful() },
        needing(&[DeviceLabel::Strong]),
        PlayIntegrityPolicy { strong_min_sdk: None, ..careful() },
        PlayIntegrityPolicy { licensing_verdicts: [LicensingVerdict::Unlicensed].into(), ..careful() },
        PlayIntegrityPolicy { unlicensed: Stance::Deny, ..careful() },
        PlayIntegrityPolicy { recent_activity: deny, ..careful() },
        PlayIntegrityPolicy { access_risk: deny, ..careful() },
        PlayIntegrityPolicy { known_access_risk: Stance::Deny, ..careful() },
        PlayIntegrityPolicy { play_protect: deny, ..careful() },
        PlayIntegrityPolicy { location_risk: deny, ..careful() },
        PlayIntegrityPolicy { testing_responses: TestingResponses::Taken, ..careful() },
        PlayIntegrityPolicy { refresh_every: Some(Duration::from_secs(1)), ..careful() },
        PlayIntegrityPolicy { outage: Outage::StepUp, ..careful() },
    ];
    let revision = |policy: &PlayIntegrityPolicy| {
        Policy { play_integrity: Some(policy.clone()), ..Policy::default() }.revision().to_string()
    };
    assert_eq!(policies.iter().map(revision).collect::<BTreeSet<_>>().len(), policies.len());
}
