//! Chains that go on below the attested key, and descriptions where none belongs.

use bonafide::lab::certificate::{Extension, Name};
use bonafide::lab::key::LabKey;
use bonafide::lab::key_attestation::{ChainPlan, KEY_DESCRIPTION, description_extension, numbers, tag};

use crate::bench::{self, accepted, refused};

const MISPLACED: &str = "key_attestation_description_above_leaf";
const ABSENT: &str = "key_attestation_description_missing";
const DUPLICATE: &str = "key_attestation_extension_repeated";
const UNTRUSTED: &str = "key_attestation_untrusted_chain";

const ATTEST_KEY: u64 = 7;

fn stranger() -> LabKey {
    LabKey::p256(&[9; 32], "stranger").expect("a key")
}

fn with_a_copy(plan: &mut ChainPlan) {
    let copy = plan.description.clone();
    plan.certify(stranger(), Some(&copy)).expect("planned");
}

fn without_description(plan: &mut ChainPlan) {
    plan.certify(stranger(), None).expect("planned");
}

/// The attack as it was published: a software key with a copy of the genuine description, signed by the genuine key.
#[test]
fn a01_a_software_key_below_the_attested_one_is_refused() {
    for phone in bench::phones() {
        assert_eq!(refused(&phone, with_a_copy), MISPLACED);
        assert_eq!(refused(&phone, without_description), MISPLACED);
    }
}

#[test]
fn a01_a_key_below_is_refused_whatever_it_says_of_itself() {
    for phone in bench::phones() {
        let looks_like_a_ca = |plan: &mut ChainPlan| {
            with_a_copy(plan);
            plan.leaf.certificate.put(Extension::authority(None));
            plan.below[0].certificate.subject = Name::factory("5e", Some("TEE"));
        };
        assert_eq!(refused(&phone, looks_like_a_ca), MISPLACED);
        let twice = |plan: &mut ChainPlan| {
            without_description(plan);
            plan.certify(stranger(), Some(&plan.description.clone())).expect("planned");
        };
        assert_eq!(refused(&phone, twice), MISPLACED);
    }
}

/// The key that counts is the one whose certificate carries the description: never the lowest, never another's.
#[test]
fn a02_the_key_is_the_leafs_own() {
    let phone = bench::remote();
    let attested = phone.attest(&bench::challenge()).expect("forged");
    let facts = bench::verify(&attested.chain).expect("genuine");
    assert_eq!(facts.p256_key(), Ok(attested.public_key));
}

/// An attestation key that would certify an app's key and say nothing of it: nothing may stand below that one either.
#[test]
fn a02_a_description_below_a_key_that_has_none_is_refused() {
    let moved = |plan: &mut ChainPlan| {
        with_a_copy(plan);
        plan.description_extensions = |_| Vec::new();
    };
    for phone in bench::phones() {
        assert_eq!(refused(&phone, moved), "key_attestation_issuer_unfit");
    }
}

#[test]
fn a01_a_description_in_an_issuer_is_refused() {
    for phone in bench::phones() {
        let in_the_attestation_certificate = |plan: &mut ChainPlan| {
            let copy = description_extension(plan.description.der());
            plan.attestation.certificate.put(copy);
        };
        assert_eq!(refused(&phone, in_the_attestation_certificate), MISPLACED);
        let there_only = |plan: &mut ChainPlan| {
            in_the_attestation_certificate(plan);
            plan.description_extensions = |_| Vec::new();
        };
        assert_eq!(refused(&phone, there_only), MISPLACED);
        let in_the_highest = |plan: &mut ChainPlan| {
            let copy = description_extension(plan.description.der());
            let highest = plan.intermediates.last_mut().unwrap_or(&mut plan.attestation);
            highest.certificate.put(copy);
        };
        assert_eq!(refused(&phone, in_the_highest), MISPLACED);
    }
}

#[test]
fn a_leaf_without_a_description_is_refused() {
    for phone in bench::phones() {
        assert_eq!(refused(&phone, |plan| plan.description_extensions = |_| Vec::new()), ABSENT);
    }
}

/// A key that may attest says so in hardware; whatever stands below it is of its owner's making.
#[test]
fn a03_attest_keys_do_not_vouch_for_others() {
    for phone in bench::phones() {
        let escalated = |plan: &mut ChainPlan| {
            let below = plan.description.clone();
            plan.description.hardware.put(tag::PURPOSE, numbers(&[ATTEST_KEY]));
            plan.certify(stranger(), Some(&below)).expect("planned");
        };
        assert_eq!(refused(&phone, escalated), MISPLACED);
    }
}

#[test]
fn a22_a_second_description_is_refused_critical_or_not() {
    let both = |first: bool, second: bool| {
        bench::refused(&bench::remote(), |plan| {
            plan.description_extensions = match (first, second) {
                (false, false) => |der| vec![described(der.clone(), false), described(der, false)],
                (true, false) => |der| vec![described(der.clone(), true), described(der, false)],
                (false, true) => |der| vec![described(der.clone(), false), described(der, true)],
                (true, true) => |der| vec![described(der.clone(), true), described(der, true)],
            };
        })
    };
    for (first, second) in [(false, false), (true, false), (false, true), (true, true)] {
        assert_eq!(both(first, second), DUPLICATE, "{first} {second}");
    }
}

fn described(value: Vec<u8>, critical: bool) -> Extension {
    Extension { id: KEY_DESCRIPTION, critical, value }
}

#[test]
fn a22_a_critical_description_is_a_description() {
    accepted(&bench::remote(), |plan| plan.description_extensions = |der| vec![described(der, true)]);
    let hidden = |plan: &mut ChainPlan| {
        let value = plan.description.der();
        plan.attestation.certificate.put(described(value, true));
    };
    assert_eq!(refused(&bench::remote(), hidden), MISPLACED);
}

/// In chains of attest keys every lower certificate names itself as its issuer, and none of them is a root.
#[test]
fn a27_a_certificate_that_names_itself_is_no_root() {
    for phone in bench::phones() {
        let cut_below = |plan: &mut ChainPlan| {
            with_a_copy(plan);
            plan.rearrange = |chain| chain.truncate(1);
        };
        assert_eq!(refused(&phone, cut_below), "key_attestation_certificate_count");
        let of_two = |plan: &mut ChainPlan| {
            with_a_copy(plan);
            plan.rearrange = |chain| chain.truncate(2);
        };
        assert_eq!(refused(&phone, of_two), UNTRUSTED);
        let names_itself = |plan: &mut ChainPlan| plan.leaf.certificate.issuer = plan.leaf.certificate.subject.clone();
        assert_eq!(refused(&phone, names_itself), UNTRUSTED);
    }
}
