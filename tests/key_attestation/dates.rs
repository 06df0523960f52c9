//! Dates: strict for what was provisioned remotely, forgiving for factories, meaningless on leaves.

use std::time::Duration;

use bonafide::crypto::certificate::Validity;
use bonafide::evidence::key_attestation::{Expectation, FactoryExpiry};
use bonafide::lab::certificate::CertificatePlan;
use bonafide::lab::der;
use bonafide::lab::key_attestation::{ChainPlan, LabAndroid, LinkPlan};
use bonafide::time::Timestamp;

use crate::bench::{self, NOW, accepted, refused};

const EXPIRED: &str = "key_attestation_certificate_expired";
const NOT_YET_VALID: &str = "key_attestation_certificate_not_yet_valid";

const SECOND: Duration = Duration::from_secs(1);
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

fn issuers(plan: &mut ChainPlan) -> impl Iterator<Item = &mut LinkPlan> {
    [&mut plan.attestation].into_iter().chain(&mut plan.intermediates)
}

fn count(phone: &LabAndroid) -> usize {
    let mut count = 0;
    phone.attest_with(&[0; 32], |plan| count = issuers(plan).count()).expect("forged");
    count
}

/// A change to the issuer at this place, the attestation certificate first.
fn at(place: usize, change: fn(&mut CertificatePlan)) -> impl FnOnce(&mut ChainPlan) {
    move |plan| change(&mut issuers(plan).nth(place).expect("an issuer").certificate)
}

fn expired(certificate: &mut CertificatePlan) {
    certificate.validity.not_after = NOW.minus(SECOND);
}

fn still_to_come(certificate: &mut CertificatePlan) {
    certificate.validity.not_before = NOW.plus(SECOND);
}

#[test]
fn a23_what_a_factory_provisioned_may_have_expired() {
    for phone in bench::factories() {
        accepted(&phone, |plan| issuers(plan).for_each(|link| expired(&mut link.certificate)));
        for place in 0..count(&phone) {
            accepted(&phone, at(place, expired));
        }
    }
}

#[test]
fn a23_what_a_factory_provisioned_must_be_in_force_where_policy_says_so() {
    let challenge = bench::challenge();
    let strict = Expectation { factory_expiry: FactoryExpiry::Refused, ..bench::expectation(&challenge) };
    for phone in bench::factories() {
        for place in 0..count(&phone) {
            let attested = phone.attest_with(&challenge, at(place, expired)).expect("forged");
            let rejection = bench::verify_as(&attested.chain, strict, NOW).expect_err("expired");
            assert_eq!(rejection.code(), EXPIRED, "{place}");
        }
        let attested = phone.attest(&challenge).expect("forged");
        assert!(bench::verify_as(&attested.chain, strict, NOW).is_ok());
    }
}

#[test]
fn a23_what_was_provisioned_remotely_must_be_in_force() {
    for phone in bench::remotes() {
        for place in 0..count(&phone) {
            assert_eq!(refused(&phone, at(place, expired)), EXPIRED, "{place}");
            accepted(&phone, at(place, |certificate| certificate.validity.not_after = NOW));
            accepted(&phone, at(place, |certificate| certificate.validity.not_before = NOW));
        }
    }
}

#[test]
fn a23_what_is_not_yet_valid_is_refused_however_it_was_provisioned() {
    for phone in bench::phones() {
        for place in 0..count(&phone) {
            assert_eq!(refused(&phone, at(place, still_to_come)), NOT_YET_VALID, "{place}");
        }
    }
}

#[test]
fn a23_the_anchors_own_dates_are_not_asked_for() {
    let later = NOW.plus(YEAR * 11);
    let long = |plan: &mut ChainPlan| {
        issuers(plan).for_each(|link| link.certificate.validity.not_after = NOW.plus(YEAR * 20));
    };
    for phone in bench::phones() {
        let attested = phone.attest_with(&bench::challenge(), long).expect("forged");
        let challenge = bench::challenge();
        assert!(
            bench::verify_as(&attested.chain, bench::expectation(&challenge), later).is_ok(),
            "the root has expired"
        );
    }
}

#[test]
fn a23_the_dates_of_a_leaf_say_nothing() {
    let time = |text: &[u8]| der::value(0x18, text);
    let short = |text: &[u8]| der::value(0x17, text);
    let written = [
        [short(b"700101000000Z"), short(b"691231235959Z")],
        [short(b"700101000000Z"), time(b"20480101000000Z")],
        [time(b"19700101000000Z"), time(b"19700101000000Z")],
        [short(b"700101000000Z"), time(b"99991231235959Z")],
        [time(b"20990101000000Z"), time(b"21060207062815Z")],
    ];
    for phone in bench::phones() {
        accepted(&phone, |plan| expired(&mut plan.leaf.certificate));
        accepted(&phone, |plan| still_to_come(&mut plan.leaf.certificate));
        for times in written.clone() {
            accepted(&phone, |plan| plan.leaf.certificate.times = Some(times));
        }
    }
}

/// Years before 2050 in the long form, as Google itself writes them.
#[test]
fn the_long_form_of_times_is_as_good() {
    let long = |certificate: &mut CertificatePlan| {
        let Validity { not_before, not_after } = certificate.validity;
        certificate.times = Some([der::generalized_time(not_before), der::generalized_time(not_after)]);
    };
    accepted(&bench::remote(), at(0, long));
    let late = |certificate: &mut CertificatePlan| {
        certificate.times = Some([Timestamp::EPOCH, NOW.minus(SECOND)].map(der::generalized_time));
    };
    assert_eq!(refused(&bench::remote(), at(0, late)), EXPIRED);
}
