//! While Google cannot be asked: whatever the policy says, nobody is allowed.

use std::time::Duration;

use bonafide::appraisal::{Outage, PlayIntegrityPolicy, Remedy, Tier};
use bonafide::evidence::claims::PlayIntegrity;
use bonafide::evidence::claims::play_integrity::PlayIntegrityClaims;
use bonafide::time::Timestamp;
use serde_json::json;

use crate::bench::{NOW, appraise_integrity, claims, found, refused, told};

const HOLD: Duration = Duration::from_secs(3600);

fn weigh(outage: Outage, last: Option<PlayIntegrityClaims>, now: Timestamp) -> (Tier, Vec<String>) {
    let policy = PlayIntegrityPolicy { outage, ..PlayIntegrityPolicy::careful() };
    let integrity = PlayIntegrity::Unavailable { since: NOW, last: last.map(Box::new) };
    told(&appraise_integrity(integrity, &policy, now))
}

fn good() -> Option<PlayIntegrityClaims> {
    Some(claims(|_| ()))
}

#[test]
fn an_outage_is_what_the_policy_says() {
    for last in [None, good()] {
        assert_eq!(weigh(Outage::Refuse, last.clone(), NOW), refused(&["play_integrity_unavailable"]));
        let tolerated = found(Tier::Warning, &["play_integrity_unavailable_tolerated"]);
        assert_eq!(weigh(Outage::StepUp, last, NOW), tolerated);
    }
    assert_eq!(weigh(Outage::Hold(HOLD), None, NOW), refused(&["play_integrity_unavailable"]));
    assert_eq!(weigh(Outage::Hold(HOLD), good(), NOW), found(Tier::Warning, &["play_integrity_held"]));
}

#[test]
fn a_verdict_is_held_for_a_while_only() {
    let after = |span| weigh(Outage::Hold(HOLD), good(), NOW.plus(span));
    assert_eq!(after(HOLD - Duration::from_millis(1)), found(Tier::Warning, &["play_integrity_held"]));
    assert_eq!(after(HOLD), refused(&["play_integrity_unavailable"]));
}

#[test]
fn a_bad_verdict_is_not_made_better_by_an_outage() {
    let bad = Some(claims(|plan| plan.device_labels = Some(json!(["MEETS_BASIC_INTEGRITY"]))));
    let codes = ["play_integrity_held", "play_integrity_device_label_missing"];
    assert_eq!(weigh(Outage::Hold(HOLD), bad, NOW), refused(&codes));
}

#[test]
fn c17_an_outage_is_never_an_allow() {
    for outage in [Outage::Refuse, Outage::StepUp, Outage::Hold(Duration::MAX), Outage::Hold(Duration::ZERO)] {
        for last in [None, good()] {
            let (tier, _) = weigh(outage, last, NOW);
            assert!(matches!(tier, Tier::Warning | Tier::Contraindicated), "{outage:?}");
        }
    }
}

#[test]
fn the_remedy_says_when_to_come_back() {
    let integrity = PlayIntegrity::Unavailable { since: NOW, last: None };
    let appraisal = appraise_integrity(integrity, &PlayIntegrityPolicy::careful(), NOW);
    assert_eq!(appraisal.reasons[0].remedy, Remedy::RetryAfter { seconds: 30 });
}
