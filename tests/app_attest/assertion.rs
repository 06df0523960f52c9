//! Assertions: signature, count and layout.

use bonafide::evidence::app_attest::Rejection;
use bonafide::lab::app_attest::{AssertionPlan, SignatureForm};
use ciborium::Value;
use proptest::prelude::*;

use crate::bench;

fn outcome(change: impl FnOnce(&mut AssertionPlan)) -> Result<u32, Rejection> {
    bench::assert(&bench::iphone(), change).map(|facts| facts.sign_count)
}

#[test]
fn counts_go_up_by_one() {
    let mut device = bench::iphone();
    for count in 1..=3 {
        let assertion = device.assert(bench::CLIENT_DATA).expect("signed");
        assert_eq!(bench::verify_signed(&device, &assertion).expect("genuine").sign_count, count);
    }
    assert_eq!(device.sign_count(), 3);
}

#[test]
fn b11_counts_have_no_sign() {
    for count in [1, 0x7FFF_FFFF, 0x8000_0000, u32::MAX] {
        assert_eq!(outcome(|plan| plan.authenticator.sign_count = count), Ok(count));
    }
    assert_eq!(outcome(|plan| plan.authenticator.sign_count = 0), Err(Rejection::SignCountZero));
}

#[test]
fn b12_the_negated_signature_is_as_good() {
    assert_eq!(outcome(|plan| plan.signature = SignatureForm::Negated), Ok(1));
}

#[test]
fn b13_only_the_nonce_that_is_hashed_again_is_signed() {
    for form in [SignatureForm::HashedOnce, SignatureForm::Raw, SignatureForm::Foreign] {
        assert_eq!(outcome(|plan| plan.signature = form), Err(Rejection::SignatureInvalid), "{form:?}");
    }
}

#[test]
fn b14_client_data_that_was_not_hashed_is_not_the_same() {
    let raw = outcome(|plan| plan.client_data_hash = bench::CLIENT_DATA.to_vec());
    assert_eq!(raw, Err(Rejection::SignatureInvalid));
}

#[test]
fn another_key_has_not_signed() {
    let other = bench::lab().device(&bench::app(), bonafide::evidence::claims::Environment::Production);
    let assertion = other.expect("a device").assert(bench::CLIENT_DATA).expect("signed");
    assert_eq!(bench::verify_signed(&bench::iphone(), &assertion).map(drop), Err(Rejection::SignatureInvalid));
}

#[test]
fn e03_members_stand_once_and_no_others_with_them() {
    let twice = |plan: &mut AssertionPlan| plan.more_members.push(("signature".into(), Value::Bytes(vec![0])));
    assert!(matches!(outcome(twice), Err(Rejection::NotCbor(_))));
    let numbered = |plan: &mut AssertionPlan| plan.more_members.push((1.into(), 1.into()));
    assert!(matches!(outcome(numbered), Err(Rejection::Structure(_))));
}

#[test]
fn e04_no_bytes_are_left_over() {
    let assertion = bench::iphone().assert(bench::CLIENT_DATA).expect("signed");
    for length in 0..assertion.len() {
        assert!(bench::verify_signed(&bench::iphone(), &assertion[..length]).is_err(), "cut to {length}");
    }
    assert!(matches!(outcome(|plan| plan.trailing.push(0)), Err(Rejection::NotCbor(_))));
}

#[test]
fn an_attestation_object_is_no_assertion() {
    let attested = bench::iphone().attest(bench::CLIENT_DATA).expect("forged");
    assert!(bench::verify_signed(&bench::iphone(), &attested.object).is_err());
}

#[test]
fn refused_with_a_bit_changed_in_any_byte() {
    let assertion = bench::device(bonafide::lab::app_attest::Profile::ios_27()).assert(bench::CLIENT_DATA);
    let assertion = assertion.expect("signed");
    for at in 0..assertion.len() * 8 {
        let mut changed = assertion.clone();
        changed[at / 8] ^= 1 << (at % 8);
        assert!(bench::verify_signed(&bench::iphone(), &changed).is_err(), "bit {at}");
    }
}

proptest! {
    #[test]
    fn whatever_a_device_signs_verifies(count in 1_u32.., client_data in proptest::collection::vec(any::<u8>(), 0..64)) {
        let device = bench::iphone();
        let assertion = device.assert_at(count, &client_data).expect("signed");
        let accepted = bench::verify_signed(&device, &assertion).is_ok();
        prop_assert_eq!(accepted, client_data == bench::CLIENT_DATA);
    }
}
