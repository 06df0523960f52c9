//! Assertions by an attested key.

use bonafide::lab::key_attestation::{AssertionPlan, SignatureForm};

use x509_parser::prelude::{FromDer, X509Certificate};

use crate::bench;

const INVALID: &str = "key_attestation_signature_invalid";

fn outcome(count: u32, change: impl FnOnce(&mut AssertionPlan)) -> Result<u32, &'static str> {
    let phone = bench::remote();
    let signature = phone.assert_with(&bench::challenge(), count, change).expect("signed");
    bench::verify_signed(&phone, &signature, count)
}

#[test]
fn counts_have_no_sign() {
    for count in [1, 0x7FFF_FFFF, 0x8000_0000, u32::MAX] {
        assert_eq!(outcome(count, |_| ()), Ok(count));
    }
    assert_eq!(outcome(0, |_| ()), Err("key_attestation_sign_count_zero"));
}

#[test]
fn the_negated_signature_is_as_good_and_no_other_form_is() {
    assert_eq!(outcome(1, |plan| plan.form = SignatureForm::Negated), Ok(1));
    for form in [SignatureForm::Raw, SignatureForm::Sha384] {
        assert_eq!(outcome(1, |plan| plan.form = form), Err(INVALID));
    }
}

#[test]
fn every_part_of_the_message_counts() {
    assert_eq!(outcome(1, |plan| plan.domain.clear()), Err(INVALID));
    assert_eq!(outcome(1, |plan| plan.domain[18] = b'2'), Err(INVALID));
    assert_eq!(outcome(1, |plan| plan.client_data_hash[31] ^= 1), Err(INVALID));
    assert_eq!(outcome(1, |plan| plan.sign_count.reverse()), Err(INVALID));
    assert_eq!(outcome(1, |plan| plan.sign_count[3] = 2), Err(INVALID));
    assert_eq!(outcome(1, |plan| plan.sign_count.push(0)), Err(INVALID));
}

/// An attestation is made over the same hash, and says nothing about any count.
#[test]
fn a_certificate_is_no_assertion() {
    let phone = bench::remote();
    let attested = phone.attest(&bench::challenge()).expect("forged");
    assert_eq!(bench::verify_signed(&phone, &attested.chain[0], 1), Err("key_attestation_signature_too_long"));
    let certified = X509Certificate::from_der(&attested.chain[0]).expect("a leaf").1.signature_value.data.to_vec();
    for bytes in [certified.as_slice(), &[], &[0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00]] {
        assert_eq!(bench::verify_signed(&phone, bytes, 1), Err(INVALID));
    }
}

/// The registered key is the attested one: another phone's signature is worth nothing, whatever chain stands beside it.
#[test]
fn a25_another_key_has_not_signed() {
    let other = bench::lab().device(&bench::app()).expect("a phone");
    let signature = other.assert(&bench::challenge(), 1).expect("signed");
    assert_eq!(bench::verify_signed(&bench::remote(), &signature, 1), Err(INVALID));
    assert_eq!(bench::verify_signed(&other, &signature, 1), Ok(1));
}

#[test]
fn refused_with_a_bit_changed_in_any_byte() {
    let phone = bench::remote();
    let signature = phone.assert(&bench::challenge(), 7).expect("signed");
    for at in 0..signature.len() * 8 {
        let mut changed = signature.clone();
        changed[at / 8] ^= 1 << (at % 8);
        assert!(bench::verify_signed(&phone, &changed, 7).is_err(), "bit {at}");
    }
    for length in 0..signature.len() {
        assert!(bench::verify_signed(&phone, &signature[..length], 7).is_err(), "cut to {length}");
    }
}
