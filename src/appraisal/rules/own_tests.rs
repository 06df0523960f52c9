//! How rules of an app's own apply.

use std::time::Duration;

use super::*;
use crate::appraisal::fixture::{android, iphone};
use crate::appraisal::{
    AppAttestPolicy, Application, Aspect, Concern, Condition, Mode, OwnCode, OwnRule, Percent, PlayIntegrityPolicy,
    Stance,
};
use crate::evidence::claims::play_integrity::PlayIntegrity;

fn rule(name: &str, when: &str) -> OwnRule {
    OwnRule {
        code: OwnCode::of(name).expect("a name"),
        when: when.parse::<Condition>().unwrap_or_else(|fault| panic!("{when}: {fault}")),
        tier: Concern::Warning,
        effect: Aspect::Executables,
        remedy: Remedy::UpdateApp,
        text: "found".to_owned(),
        mode: Mode::Enforce,
        percent: Percent::ALL,
    }
}

fn policy(own_rules: Vec<OwnRule>) -> Policy {
    Policy { app_attest: Some(AppAttestPolicy::careful()), own_rules, ..Policy::default() }
}

fn codes(reasons: &[Reason]) -> Vec<&str> {
    reasons.iter().map(|reason| reason.code.as_ref()).collect()
}

fn at(subject: &[u8]) -> Circumstances<'_> {
    Circumstances { subject, ..Circumstances::at(Timestamp::EPOCH) }
}

#[test]
fn what_holds_is_worth_what_the_rule_says() {
    let found = rule("old", "app_attest.bundle_version < version(\"4\")");
    let appraisal = appraise(&iphone(), &policy(vec![found]), &at(&[]));
    let expected = Reason { code: "custom_old".into(), text: "found".into(), remedy: Remedy::UpdateApp };
    assert_eq!((appraisal.tier(), appraisal.reasons), (Tier::Warning, vec![expected]));
    assert_eq!(appraisal.vector.executables, Worth::DOUBTFUL);
    let other = rule("old", "app_attest.bundle_version < version(\"3\")");
    assert_eq!(appraise(&iphone(), &policy(vec![other]), &at(&[])).tier(), Tier::Affirming);
}

#[test]
fn a_doubt_makes_nothing_known_of_what_showed_nothing() {
    let mut silent = crate::appraisal::fixture::play_integrity();
    (silent.app.verdict, silent.device.labels) = (None, vec![]);
    let silent = Claims { play_integrity: Some(PlayIntegrity::Decoded(Box::new(silent))), ..Claims::default() };
    let lax = PlayIntegrityPolicy {
        app_verdicts: None,
        device_labels: [].into(),
        unlicensed: Stance::Allow,
        ..PlayIntegrityPolicy::careful()
    };
    let tier = |claims: &Claims, own_rules: Vec<OwnRule>, rows: &[&str]| {
        let warning = Application { tier: Some(Concern::Warning), ..Application::USUAL };
        let applications = rows.iter().map(|code| ((*code).to_owned(), warning)).collect();
        let min_version_code = (!rows.is_empty()).then_some(99);
        let play_integrity = Some(PlayIntegrityPolicy { min_version_code, ..lax.clone() });
        let policy = Policy { play_integrity, applications, ..policy(own_rules) };
        let found = appraise(claims, &policy, &at(&[]));
        (found.tier(), codes(&found.reasons).len())
    };
    assert_eq!(tier(&silent, vec![], &[]), (Tier::None, 0));
    assert_eq!(tier(&silent, vec![rule("own", "!lab")], &[]), (Tier::None, 1));
    assert_eq!(tier(&silent, vec![], &["play_integrity_version_outdated"]), (Tier::None, 1));
    let severe = OwnRule { tier: Concern::Contraindicated, ..rule("own", "!lab") };
    assert_eq!(tier(&silent, vec![severe], &[]), (Tier::Contraindicated, 1));
    assert_eq!(tier(&iphone(), vec![rule("own", "!lab")], &[]), (Tier::Warning, 1));
}

#[test]
fn own_rules_have_modes_and_shares() {
    let with = |mode, percent: u8| {
        let percent = Percent::try_from(percent).expect("a share");
        policy(vec![OwnRule { mode, percent, ..rule("own", "!lab") }])
    };
    let found = |policy: &Policy, subject: &[u8]| {
        let appraisal = appraise(&iphone(), policy, &at(subject));
        (appraisal.tier(), appraisal.reasons.len(), appraisal.reported.len())
    };
    assert_eq!(found(&with(Mode::Enforce, 100), &[1]), (Tier::Warning, 1, 0));
    assert_eq!(found(&with(Mode::Report, 100), &[1]), (Tier::Affirming, 0, 1));
    assert_eq!(found(&with(Mode::Off, 100), &[1]), (Tier::Affirming, 0, 0));
    let half = with(Mode::Enforce, 50);
    let enforced = (0..100_u8).filter(|subject| found(&half, &[*subject]) == (Tier::Warning, 1, 0)).count();
    let reported = (0..100_u8).filter(|subject| found(&half, &[*subject]) == (Tier::Affirming, 0, 1)).count();
    assert!(enforced + reported == 100 && (30..70).contains(&enforced), "{enforced}");
}

#[test]
fn a_rule_is_for_claims_that_have_its_sections() {
    let silent = Claims {
        play_integrity: Some(PlayIntegrity::Unavailable { since: Timestamp::EPOCH, last: None }),
        ..android()
    };
    let found = |when: &str, claims: &Claims| {
        let appraisal = appraise(claims, &policy(vec![rule("own", when)]), &at(&[]));
        codes(&appraisal.reasons).contains(&"custom_own")
    };
    let strong = "!(\"MEETS_STRONG_INTEGRITY\" in play_integrity.device_labels)";
    assert_eq!([&iphone(), &android(), &silent].map(|claims| found(strong, claims)), [false, true, false]);
    let both = "key_attestation.version_code != play_integrity.version_code";
    assert_eq!([&iphone(), &android(), &silent].map(|claims| found(both, claims)), [false; 3]);
    let presence = "!has(play_integrity.kind)";
    assert_eq!([&iphone(), &android(), &silent].map(|claims| found(presence, claims)), [true, false, true]);
    // What the rule says itself of absence cannot be escaped by sending less, and is said of phones of its platform alone.
    let unlicensed = "!has(play_integrity.licensing) || play_integrity.licensing != \"LICENSED\"";
    let without = Claims { play_integrity: None, ..android() };
    let licensed = [&iphone(), &android(), &silent, &without].map(|claims| found(unlicensed, claims));
    assert_eq!(licensed, [false, false, true, true]);
    let told = "!has(play_integrity.licensing) && play_integrity.kind == \"standard\"";
    assert_eq!([&iphone(), &android(), &silent, &without].map(|claims| found(told, claims)), [false; 4]);
    let old = "!has(app_attest.bundle_version) || app_attest.bundle_version < version(\"4\")";
    assert_eq!([&iphone(), &android(), &without].map(|claims| found(old, claims)), [true, false, false]);
    let last = PlayIntegrity::Unavailable {
        since: Timestamp::EPOCH,
        last: Some(Box::new(crate::appraisal::fixture::play_integrity())),
    };
    assert!(found(strong, &Claims { play_integrity: Some(last), ..android() }), "what was said last still speaks");
}

#[test]
fn a_part_is_weighed_by_rules_that_it_settles() {
    let part = Claims { play_integrity: None, ..android() };
    let found = |when: &str| {
        let policy = policy(vec![rule("own", when)]);
        [appraise, appraise_part].map(|weigh| codes(&weigh(&part, &policy, &at(&[])).reasons).contains(&"custom_own"))
    };
    assert_eq!(found("key_attestation.os_patch < version(\"2027\")"), [true, true]);
    assert_eq!(found("!has(play_integrity.kind)"), [true, false]);
    assert_eq!(found("key_attestation.bootloader_locked && !has(play_integrity.kind)"), [true, false]);
    assert_eq!(found("!lab"), [true, false]);
    assert_eq!(
        found("key_attestation.bootloader_locked && !lab"),
        [true, false],
        "more evidence may be a laboratory's"
    );
}

#[test]
fn rules_over_requests_run_for_requests_alone() {
    let pay = "request.path.startsWith(\"/pay\") && key_attestation.security_level != \"strongbox\"";
    let own = policy(vec![rule("pay", pay), rule("always", "!lab")]);
    assert!(own.looks_at_requests() && !policy(vec![rule("always", "!lab")]).looks_at_requests());
    let off = OwnRule { mode: Mode::Off, ..rule("pay", pay) };
    assert!(!policy(vec![off]).looks_at_requests());
    assert!(!codes(&appraise(&android(), &own, &at(&[])).reasons).contains(&"custom_pay"));
    let asked = |path| appraise_request(&own, Some(&android()), &Request { path, ..Request::default() }, &at(&[]));
    let found = asked("/pay/42");
    assert_eq!((codes(&found.reasons), found.tier()), (vec!["custom_pay"], Tier::Warning));
    let silent = asked("/shop");
    assert!(silent.is_silent() && silent.vector == TrustVector::SILENT);
    for ambiguous in ["", "//pay", "/shop/../pay"] {
        assert_eq!(codes(&asked(ambiguous).reasons), ["custom_pay"], "{ambiguous}");
    }
    let iphones = appraise_request(&own, Some(&iphone()), &Request { path: "/pay", ..Request::default() }, &at(&[]));
    assert!(iphones.is_silent(), "rules over other evidence");
}

/// Of a session nothing is kept: what Play Integrity said may have been anything, and there was no other evidence.
#[test]
fn rules_over_requests_know_of_a_session_that_play_integrity_spoke_alone() {
    let found = |when: &str| {
        let pay = format!("request.path.startsWith(\"/pay\") && {when}");
        let own = policy(vec![rule("pay", &pay)]);
        ["/pay", "/shop"].map(|path| {
            let request = Request { path, ..Request::default() };
            codes(&appraise_request(&own, None, &request, &at(&[])).reasons) == ["custom_pay"]
        })
    };
    for (when, expected) in [
        ("has(play_integrity.licensing) && play_integrity.licensing != \"LICENSED\"", true),
        ("!has(play_integrity.licensing)", true),
        ("play_integrity.licensing != \"LICENSED\"", true),
        ("lab", true),
        ("!lab", true),
        ("key_attestation.security_level != \"strongbox\"", false),
        ("has(key_attestation.os_patch) && key_attestation.os_patch < version(\"2026\")", false),
        ("app_attest.bundle_version < version(\"3\")", false),
        ("has(app_attest.bundle_version)", false),
        ("!has(app_attest.bundle_version)", true),
        ("(!has(key_attestation.os_patch) || key_attestation.os_patch < version(\"2026\"))", true),
        ("(!has(app_attest.bundle_version) || app_attest.bundle_version < version(\"3\"))", false),
    ] {
        assert_eq!(found(when), [expected, false], "{when}");
    }
}

/// An Android phone that sends its key alone, where a rule says that this does not help.
#[test]
fn f03_absence_is_found_whatever_is_hidden_of_the_request() {
    let without = Claims { play_integrity: None, ..android() };
    let unlicensed = "(!has(play_integrity.licensing) || play_integrity.licensing != \"LICENSED\")";
    let found = |when: &str, claims: Option<&Claims>| {
        let own = policy(vec![rule("own", when)]);
        let over = |request| codes(&appraise_request(&own, claims, &request, &at(&[])).reasons) == ["custom_own"];
        let named = |authority| over(Request { scheme: "https", authority, path: "/pay", ..Request::default() });
        let undescribed = over(Request { is_undescribed: true, ..Request::default() });
        [named("admin.example"), named("admin.example."), over(Request::default()), undescribed, named("shop.example")]
    };
    let admin = |condition: &str| format!("request.authority == \"admin.example\" && {condition}");
    let found_all = [true, true, true, true, false];
    assert_eq!(found(&admin(unlicensed), Some(&without)), found_all);
    assert_eq!(found(&admin(unlicensed), None), found_all);
    assert_eq!(found(&admin(unlicensed), Some(&android())), [false; 5]);
    assert_eq!(found(&admin(unlicensed), Some(&iphone())), [false; 5], "phones of another platform");
    let open = admin("play_integrity.licensing != \"LICENSED\"");
    assert_eq!(found(&open, Some(&without)), [false; 5], "that there is none is found by other rules");
    let unless = "!(request.authority == \"shop.example\" && play_integrity.licensing == \"LICENSED\")";
    assert_eq!(found(unless, Some(&without)), found_all);
    assert_eq!(found(unless, Some(&android())), found_all);
    let chain = admin("(!has(key_attestation.os_patch) || key_attestation.os_patch < version(\"2026\"))");
    assert_eq!(found(&chain, None), found_all, "a session");
    assert_eq!(found(&admin("key_attestation.os_patch < version(\"2026\")"), None), [false; 5]);
}

#[test]
fn f03_a_host_is_known_in_every_spelling() {
    let own = policy(vec![rule("admin", "request.authority == \"admin.example\"")]);
    let found = |authority| {
        let request = Request { scheme: "https", authority, ..Request::default() };
        codes(&appraise_request(&own, Some(&iphone()), &request, &at(&[])).reasons) == ["custom_admin"]
    };
    for spelling in ["admin.example", "Admin.EXAMPLE", "admin.example:443", "admin.example.", "x@admin.example", ""] {
        assert!(found(spelling), "{spelling}");
    }
    assert!(!["shop.example", "SHOP.example:443", "admin.example:8443"].iter().any(|other| found(other)));
}

#[test]
fn the_age_of_a_proof_counts_for_a_request() {
    let own = policy(vec![OwnRule { mode: Mode::Report, ..rule("stale", "request.proof_age > 60") }]);
    let aged = |seconds: Option<u64>| {
        let request = Request { proof_age: seconds.map(Duration::from_secs), ..Request::default() };
        appraise_request(&own, Some(&iphone()), &request, &at(&[]))
    };
    assert!(aged(Some(60)).is_silent());
    for age in [Some(61), None] {
        assert_eq!((aged(age).reasons, codes(&aged(age).reported)), (vec![], vec!["custom_stale"]));
    }
}

#[test]
fn own_rules_count_in_the_revision_and_survive_writing() {
    let plain = rule("own", "lab");
    let others = [
        rule("other", "lab"),
        rule("own", "!lab"),
        OwnRule { tier: Concern::Contraindicated, ..plain.clone() },
        OwnRule { effect: Aspect::Hardware, ..plain.clone() },
        OwnRule { remedy: Remedy::None, ..plain.clone() },
        OwnRule { text: "other".to_owned(), ..plain.clone() },
        OwnRule { mode: Mode::Report, ..plain.clone() },
        OwnRule { percent: Percent::try_from(9).expect("a share"), ..plain.clone() },
    ];
    let policies: Vec<_> = others.into_iter().chain([plain]).map(|rule| policy(vec![rule])).collect();
    let revisions: std::collections::BTreeSet<_> =
        policies.iter().map(|policy| policy.revision().to_string()).collect();
    assert_eq!(revisions.len(), policies.len());
    for policy in policies {
        let written = serde_json::to_string(&policy).expect("writes");
        assert_eq!(serde_json::from_str::<Policy>(&written).expect("reads"), policy);
    }
}

#[test]
fn names_of_rules_have_one_grammar() {
    for good in ["a", "old_app", "x9_"] {
        assert_eq!(OwnCode::of(good).expect(good).as_str(), format!("custom_{good}"));
    }
    let long = "a".repeat(65);
    for bad in ["", "_a", "9a", "Old", "old-app", "old app", "ü", long.as_str()] {
        assert!(OwnCode::of(bad).is_err(), "{bad:?}");
    }
}
