//! The attested key: what the description says of it, and what the certificate says.

use bonafide::crypto::key::P256PublicKey;
use bonafide::evidence::key_attestation::{Expectation, Rejection};
use bonafide::lab::der;
use bonafide::lab::key::LabKey;
use bonafide::lab::key_attestation::{ChainPlan, tag};

use crate::bench::{self, refused};

const CONTRADICTED: &str = "key_attestation_key_contradicted";

fn spki(key: &LabKey) -> Vec<u8> {
    key.spki().expect("a key")
}

fn ml_dsa(plan: &mut ChainPlan) {
    let algorithm = der::sequence(&[&der::oid(&[2, 16, 840, 1, 101, 3, 4, 3, 18])]);
    plan.leaf.certificate.spki = der::sequence(&[&algorithm, &der::bits(&[0xA5; 1952])]);
    plan.description.attestation_version = 500;
    plan.description.hardware.put(tag::ALGORITHM, der::number(4));
    plan.description.hardware.put(tag::ML_DSA_VARIANT, der::number(65));
    plan.description.hardware.remove(tag::KEY_SIZE);
    plan.description.hardware.remove(tag::EC_CURVE);
}

fn p384(plan: &mut ChainPlan) {
    plan.leaf.certificate.spki = spki(&LabKey::p384(&[9; 32], "stranger").expect("a key"));
    plan.description.hardware.put(tag::KEY_SIZE, der::number(384));
    plan.description.hardware.put(tag::EC_CURVE, der::number(2));
}

/// What the role asks for: the key that assertions are verified with.
fn key(change: fn(&mut ChainPlan)) -> Result<P256PublicKey, Rejection> {
    bench::accepted(&bench::remote(), change).p256_key()
}

/// A key of an algorithm that is not known is carried as it is, and serves for nothing.
#[test]
fn a26_a_key_of_another_algorithm_is_no_accident() {
    for phone in bench::phones() {
        let facts = bench::accepted(&phone, ml_dsa);
        assert_eq!(facts.p256_key(), Err(Rejection::KeyUnsupported));
        assert_eq!(facts.public_key.len(), 1952 + 22);
    }
}

#[test]
fn e08_an_attested_key_on_another_curve_serves_for_nothing() {
    assert_eq!(key(p384), Err(Rejection::KeyUnsupported));
    assert_eq!(refused(&bench::remote(), off_the_curve), CONTRADICTED);
    let in_its_terms = |plan: &mut ChainPlan| {
        off_the_curve(plan);
        plan.description.hardware.remove(tag::EC_CURVE);
    };
    assert_eq!(key(in_its_terms), Err(Rejection::KeyUnsupported));
}

fn off_the_curve(plan: &mut ChainPlan) {
    let end = plan.leaf.certificate.spki.len() - 1;
    plan.leaf.certificate.spki[end] ^= 1;
}

/// Whoever presents a key beside a chain presents the wrong thing: the chain's own key is the only one.
#[test]
fn a25_the_key_comes_from_the_leaf() {
    let stranger = LabKey::p256(&[9; 32], "stranger").expect("a key");
    let phone = bench::remote();
    let facts = bench::accepted(&phone, |plan| plan.leaf.certificate.spki = spki(&stranger));
    assert_eq!(facts.p256_key(), Ok(P256PublicKey::from_spki(&spki(&stranger)).expect("a key")));
    let (challenge, chain) = (bench::challenge(), phone.attest(&bench::challenge()).expect("forged").chain);
    let presented = |spki: &[u8]| {
        let expectation = Expectation { public_key: Some(spki), ..bench::expectation(&challenge) };
        bench::verify_as(&chain, expectation, bench::NOW).map(drop)
    };
    assert_eq!(presented(&phone.public_key().spki()), Ok(()));
    assert_eq!(presented(&spki(&stranger)), Err(Rejection::KeyMismatch));
}

#[test]
fn a25_a_description_of_another_key_is_refused() {
    for change in [
        (|plan: &mut ChainPlan| plan.description.hardware.put(tag::ALGORITHM, der::number(1))) as fn(&mut ChainPlan),
        |plan| plan.description.hardware.put(tag::KEY_SIZE, der::number(384)),
        |plan| plan.description.hardware.put(tag::EC_CURVE, der::number(2)),
        |plan| plan.leaf.certificate.spki = spki(&LabKey::p384(&[9; 32], "stranger").expect("a key")),
    ] {
        assert_eq!(refused(&bench::remote(), change), CONTRADICTED);
    }
}
