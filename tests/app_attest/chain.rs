//! Certificates: who signed, who may sign, and when.

use std::time::Duration;

use bonafide::crypto::path::AnchorOrigin;
use bonafide::evidence::app_attest::{Device, Rejection};
use bonafide::evidence::claims::{Anchor, Environment};
use bonafide::lab::app_attest::{AppAttestLab, AttestationPlan, LabDevice, Link, Names};
use bonafide::lab::certificate::{CertificatePlan, Extension, KEY_USAGE, Name, ORGANIZATION};
use bonafide::lab::der;
use bonafide::lab::key::SignedHash;
use bonafide::time::Timestamp;

use crate::bench::{self, CLIENT_DATA, NOW};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn refused(change: impl FnOnce(&mut AttestationPlan)) -> Rejection {
    bench::attest(&bench::iphone(), change).expect_err("a fault")
}

fn untrusted(change: impl FnOnce(&mut AttestationPlan)) {
    let rejection = refused(change);
    assert!(matches!(rejection, Rejection::UntrustedChain(_)), "{rejection:?}");
}

fn device_of(lab: &AppAttestLab) -> LabDevice {
    lab.device(&bench::app(), Environment::Production).expect("a device")
}

#[test]
fn a_verdict_can_tell_a_laboratory_from_apple() {
    let facts = bench::attest(&bench::iphone(), |_| ()).expect("genuine");
    assert_eq!(facts.anchor, Anchor::from(AnchorOrigin::Lab));
    assert_eq!(facts.serials.len(), 2);
}

#[test]
fn b02_an_authority_with_apples_exact_names_is_not_apple() {
    let look_alike = AppAttestLab::from_seed(&[3; 32], Names::APPLE, NOW).expect("a lab");
    for device in [device_of(&look_alike), device_of(&AppAttestLab::new(NOW).expect("a lab"))] {
        let attested = device.attest(CLIENT_DATA).expect("forged");
        let rejection = bench::verify(&attested, Device::Mobile).expect_err("not Apple's");
        assert!(matches!(rejection, Rejection::UntrustedChain(_)), "{rejection:?}");
    }
}

#[test]
fn b02_an_authority_with_the_names_of_a_trusted_one_is_not_that_one() {
    let look_alike = AppAttestLab::from_seed(&[4; 32], Names::LAB, NOW).expect("a lab");
    let attested = device_of(&look_alike).attest(CLIENT_DATA).expect("forged");
    assert!(matches!(bench::verify(&attested, Device::Mobile), Err(Rejection::UntrustedChain(_))));
}

#[test]
fn only_authorities_may_issue() {
    untrusted(|plan| plan.intermediate.put(Extension::no_authority()));
    untrusted(|plan| plan.intermediate.extensions.clear());
    untrusted(|plan| plan.intermediate.extensions.retain(|extension| extension.id != KEY_USAGE));
    untrusted(|plan| plan.intermediate.put(Extension::key_usage([0x01, 0x02])));
    untrusted(|plan| plan.intermediate.extensions.iter_mut().for_each(|extension| extension.critical = false));
}

#[test]
fn a_leaf_is_no_authority() {
    untrusted(|plan| plan.leaf.put(Extension::authority(None)));
    untrusted(|plan| {
        plan.leaf.put(Extension::authority(Some(0)));
        plan.leaf.put(Extension::key_usage([0x01, 0x06]));
    });
}

#[test]
fn names_link_the_chain() {
    untrusted(|plan| plan.leaf.issuer = Name::new("Another CA", None, Names::LAB.organization));
    untrusted(|plan| plan.intermediate.issuer = Name::new("Another Root CA", None, Names::LAB.organization));
    untrusted(|plan| plan.intermediate.subject = Name::new("Another CA", None, Names::LAB.organization));
}

#[test]
fn the_chain_is_leaf_and_intermediate_in_this_order() {
    assert_eq!(refused(|plan| plan.chain = vec![]), Rejection::CertificateCount(0));
    assert_eq!(refused(|plan| plan.chain = vec![Link::Leaf]), Rejection::CertificateCount(1));
    assert_eq!(refused(|plan| plan.chain.push(Link::Root)), Rejection::CertificateCount(3));
    assert_eq!(refused(|plan| plan.chain = vec![Link::Leaf; 15]), Rejection::CertificateCount(15));
    untrusted(|plan| plan.chain.reverse());
    untrusted(|plan| plan.chain = vec![Link::Leaf, Link::Leaf]);
    untrusted(|plan| plan.chain = vec![Link::Leaf, Link::Root]);
}

#[test]
fn e10_the_signed_algorithm_is_the_one_that_is_used() {
    bench::attest(&bench::iphone(), |plan| plan.leaf.hash = SignedHash::Sha384).expect("as good");
    bench::attest(&bench::iphone(), |plan| plan.intermediate.hash = SignedHash::Sha256).expect("as good");
}

#[test]
fn trust_is_decided_before_dates() {
    let look_alike = AppAttestLab::from_seed(&[3; 32], Names::APPLE, NOW).expect("a lab");
    for millis in [0, NOW.as_millis() / 2, NOW.as_millis() * 2] {
        let attested = device_of(&look_alike).at(Timestamp::from_millis(millis)).attest(CLIENT_DATA).expect("forged");
        let rejection = bench::verify(&attested, Device::Mobile).expect_err("not Apple's");
        assert!(matches!(rejection, Rejection::UntrustedChain(_)), "{rejection:?}");
    }
}

fn dated(change: impl FnOnce(&mut CertificatePlan, &mut CertificatePlan)) -> Result<(), Rejection> {
    bench::attest(&bench::iphone(), |plan| change(&mut plan.leaf, &mut plan.intermediate)).map(drop)
}

#[test]
fn b22_both_certificates_must_be_in_force_and_both_ends_are() {
    let second = Duration::from_secs(1);
    assert_eq!(dated(|leaf, _| leaf.validity.not_after = NOW), Ok(()));
    assert_eq!(dated(|leaf, _| leaf.validity.not_before = NOW), Ok(()));
    assert_eq!(dated(|leaf, _| leaf.validity.not_after = NOW.minus(second)), Err(Rejection::Expired));
    assert_eq!(dated(|leaf, _| leaf.validity.not_before = NOW.plus(second)), Err(Rejection::NotYetValid));
    assert_eq!(dated(|_, issuer| issuer.validity.not_after = NOW), Ok(()));
    assert_eq!(dated(|_, issuer| issuer.validity.not_after = NOW.minus(second)), Err(Rejection::Expired));
    assert_eq!(dated(|_, issuer| issuer.validity.not_before = NOW.plus(second)), Err(Rejection::NotYetValid));
    assert_eq!(dated(|_, issuer| issuer.validity.not_after = NOW.minus(30 * DAY)), Err(Rejection::Expired));
}

#[test]
fn b03_a_nonce_in_the_subject_is_not_the_nonce() {
    let planted = |plan: &mut AttestationPlan| {
        let nonce = bonafide::lab::app_attest::nonce_extension(&plan.nonce());
        plan.leaf.subject.0.push((ORGANIZATION, der::octets(&nonce.value)));
        plan.nonce_extensions = |_| Vec::new();
    };
    assert_eq!(refused(planted), Rejection::NonceExtension);
}
