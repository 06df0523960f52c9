//! How built-in rules apply.

use std::collections::BTreeSet;

use super::*;
use crate::appraisal::{Application, Concern, KeyAttestationPolicy, Mode, Percent, PlayIntegrityPolicy};
use crate::evidence::claims::play_integrity::PlayIntegrity;
use crate::evidence::claims::{AppAttestClaims, Environment, Format, ValidationCategory};

fn iphone(category: ValidationCategory, os: &str) -> Claims {
    let claims = AppAttestClaims {
        app_id: "1234567890.com.example.shop".to_owned(),
        environment: Environment::Production,
        validation_category: Some(category),
        bundle_version: None,
        os_version: os.parse().ok(),
        os_build: None,
    };
    Claims { app_attest: Some(Box::new(claims)), ..Claims::default() }
}

fn policy(rules: &[(&str, Application)]) -> Policy {
    let app_attest = crate::appraisal::AppAttestPolicy {
        min_os_version: "18".parse().ok(),
        ..crate::appraisal::AppAttestPolicy::careful()
    };
    let applications = rules.iter().map(|(code, application)| ((*code).to_owned(), *application)).collect();
    Policy { app_attest: Some(app_attest), applications, ..Policy::default() }
}

/// The tier, the reasons, and what was only reported.
fn found(claims: &Claims, policy: &Policy, subject: &[u8]) -> (Tier, Vec<String>, Vec<String>) {
    let circumstances = Circumstances { subject, ..Circumstances::at(Timestamp::EPOCH) };
    let appraisal = appraise(claims, policy, &circumstances);
    let codes = |reasons: &[Reason]| reasons.iter().map(|reason| reason.code.to_string()).collect();
    (appraisal.tier(), codes(&appraisal.reasons), codes(&appraisal.reported))
}

const fn mode(mode: Mode) -> Application {
    Application { mode, ..Application::USUAL }
}

fn names(codes: &[&str]) -> Vec<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

#[test]
fn g04_each_mode_does_what_it_says() {
    let old = iphone(ValidationCategory::APP_STORE, "17");
    for (mode_of, tier, reasons, reported) in [
        (Mode::Enforce, Tier::Contraindicated, &["os_outdated"][..], &[][..]),
        (Mode::Report, Tier::Affirming, &[], &["os_outdated"]),
        (Mode::Off, Tier::Affirming, &[], &[]),
    ] {
        let policy = policy(&[("os_outdated", mode(mode_of))]);
        assert_eq!(found(&old, &policy, &[1; 16]), (tier, names(reasons), names(reported)), "{mode_of:?}");
    }
}

#[test]
fn g04_a_share_is_enforced_and_the_rest_reported() {
    let (old, half) = (iphone(ValidationCategory::APP_STORE, "17"), Percent::try_from(50).expect("a share"));
    let policy = policy(&[("os_outdated", Application { percent: half, ..Application::USUAL })]);
    let outcomes: BTreeSet<_> = (0..64_u128)
        .map(|subject| found(&old, &policy, &subject.to_be_bytes()))
        .map(|(tier, ..)| tier.name())
        .collect();
    assert_eq!(outcomes, BTreeSet::from(["affirming", "contraindicated"]));
    let unknown = found(&old, &policy, &[]);
    assert_eq!(unknown, (Tier::Contraindicated, names(&["os_outdated"]), vec![]), "nobody who is known");
}

#[test]
fn a_tier_takes_the_place_of_the_rules_own() {
    let old = iphone(ValidationCategory::APP_STORE, "17");
    let tier = |tier| Application { tier: Some(tier), ..Application::USUAL };
    let doubted = found(&old, &policy(&[("os_outdated", tier(Concern::Warning))]), &[]);
    assert_eq!(doubted, (Tier::Warning, names(&["os_outdated"]), vec![]));
    let mut unknown = old;
    unknown.app_attest.as_mut().expect("a section").os_version = None;
    assert_eq!(found(&unknown, &policy(&[]), &[]).0, Tier::Affirming, "silent by itself");
    let spoken = found(&unknown, &policy(&[("os_unknown", tier(Concern::Contraindicated))]), &[]);
    assert_eq!(spoken, (Tier::Contraindicated, names(&["os_unknown"]), vec![]));
}

#[test]
fn what_is_firm_is_weakened_by_no_policy() {
    let rosetta =
        iphone(ValidationCategory(8), "18").resting_on(crate::evidence::claims::Anchor::Lab, Format::AppAttest);
    let off = ["lab_anchor", "category_inappropriate", "category_unexpected"].map(|code| (code, mode(Mode::Off)));
    let (tier, reasons, reported) = found(&rosetta, &policy(&off), &[1; 16]);
    assert_eq!((tier, reasons), (Tier::Contraindicated, names(&["lab_anchor", "category_inappropriate"])));
    assert_eq!(reported, names(&[]));
    let doubted = Application { tier: Some(Concern::Warning), ..mode(Mode::Report) };
    let lenient = policy(&[("category_inappropriate", doubted), ("category_unexpected", mode(Mode::Off))]);
    assert_eq!(found(&rosetta, &lenient, &[1; 16]).0, Tier::Contraindicated);
    let stricter = Application { tier: Some(Concern::Contraindicated), ..Application::USUAL };
    let genuine = Claims { labs: vec![Format::AppAttest], ..iphone(ValidationCategory::APP_STORE, "18") };
    assert_eq!(found(&genuine, &policy(&[]), &[]).0, Tier::Affirming);
    assert_eq!(found(&genuine, &policy(&[("lab_anchor", stricter)]), &[]).0, Tier::Contraindicated);
}

#[test]
fn owed_evidence_can_be_reported_first() {
    let android = |rules: &[(&str, Application)]| Policy {
        app_attest: None,
        key_attestation: Some(KeyAttestationPolicy::careful()),
        play_integrity: Some(PlayIntegrityPolicy::careful()),
        ..policy(rules)
    };
    let nothing = Claims::default();
    let circumstances = Circumstances { subject: &[1; 32], ..Circumstances::at(Timestamp::EPOCH) };
    let owed = missing_key(&android(&[]), &circumstances).map(|(_, reason)| reason.code);
    assert_eq!(owed.as_deref(), Some("key_attestation_absent"));
    let reported = android(&[("key_attestation_absent", mode(Mode::Report))]);
    assert_eq!(missing_key(&reported, &circumstances), None);
    let expected = (names(&["play_integrity_absent"]), names(&["key_attestation_absent"]));
    let (_, reasons, also) = found(&nothing, &reported, &[1; 32]);
    assert_eq!((reasons, also), expected);
}

#[test]
fn an_outage_cannot_be_switched_off() {
    let unavailable = PlayIntegrity::Unavailable { since: Timestamp::EPOCH, last: None };
    let claims = Claims { play_integrity: Some(unavailable), ..Claims::default() };
    let off = policy(&[("play_integrity_unavailable", mode(Mode::Off))]);
    let play_integrity = PlayIntegrityPolicy::careful();
    let off = Policy { play_integrity: Some(play_integrity), ..off };
    assert_eq!(found(&claims, &off, &[]).1, names(&["play_integrity_unavailable"]));
}

#[test]
fn built_in_rules_are_named_once() {
    let rules = built_in_rules();
    let codes: BTreeSet<_> = rules.iter().map(|rule| &rule.code).collect();
    assert_eq!(codes.len(), rules.len());
    let firm = rules.iter().filter(|rule| rule.is_firm).map(|rule| rule.code.as_str());
    let expected = [
        "lab_anchor",
        "format_withdrawn",
        "instance_revoked",
        "environment_unexpected",
        "category_inappropriate",
        "development_build",
        "key_attestation_in_software",
        "key_attestation_not_generated",
        "key_attestation_shared_key",
        "chain_revoked",
        "chain_status_unrecognised",
        "play_integrity_testing",
        "play_integrity_testing_withdrawn",
        "play_integrity_unavailable",
        "play_integrity_unavailable_tolerated",
        "play_integrity_held",
    ];
    assert_eq!(firm.collect::<Vec<_>>(), expected);
}

#[test]
fn applications_and_decisions_count_in_the_revision() {
    let plain = policy(&[]);
    let decisions = crate::appraisal::Decisions { warning: crate::appraisal::Stance::Deny, ..plain.decisions };
    let others = [
        policy(&[("os_outdated", mode(Mode::Report))]),
        policy(&[("os_outdated", mode(Mode::Off))]),
        policy(&[("os_unknown", mode(Mode::Off))]),
        Policy { decisions, ..plain.clone() },
    ];
    let all: BTreeSet<_> = others.iter().chain([&plain]).map(|each| each.revision().to_string()).collect();
    assert_eq!(all.len(), others.len() + 1);
}
