//! What genuine devices have made: accepted as it is, refused with any byte changed or cut.

use bonafide::crypto::path::AnchorOrigin;
use bonafide::evidence::Verified;
use bonafide::evidence::app_attest::{
    AppId, AttestationFacts, AttestationObject, Device, Expectation, Rejection, verify_attestation,
};
use bonafide::evidence::claims::{Anchor, Environment};
use bonafide::lab::recorded::{RECORDINGS, Recording};
use bonafide::time::Timestamp;
use proptest::prelude::*;

use crate::bench;

fn verify_at(recording: &Recording, object: &[u8], now: Timestamp) -> Result<AttestationFacts, Rejection> {
    let (hash, app_ids) = (recording.client_data_hash(), [app_id(recording)]);
    let expectation = Expectation {
        client_data_hash: &hash,
        key_id: recording.key_id,
        app_ids: &app_ids,
        environment: recording.environment,
        device: Device::Mobile,
    };
    verify_attestation(object, bench::anchors(), expectation, now).map(Verified::into_facts)
}

fn verify(recording: &Recording, object: &[u8]) -> Result<AttestationFacts, Rejection> {
    verify_at(recording, object, recording.verified_at)
}

fn app_id(recording: &Recording) -> AppId {
    recording.app_id.parse().expect("an App ID")
}

/// Where the receipt stands in the object; nobody reads what is inside.
fn receipt(recording: &Recording) -> std::ops::Range<usize> {
    let object = AttestationObject::parse(recording.object).expect("an object");
    let start = recording.object.windows(object.receipt.len()).position(|window| window == object.receipt);
    let start = start.expect("the receipt is in the object");
    start..start + object.receipt.len()
}

#[test]
fn recordings_verify_against_apples_root_at_their_time() {
    for recording in &RECORDINGS {
        let facts = verify(recording, recording.object).expect(recording.id);
        assert_eq!(facts.key_id.0, *recording.key_id);
        assert_eq!(facts.claims.app_id, recording.app_id);
        assert_eq!(facts.claims.environment, recording.environment);
        assert_eq!(facts.anchor, Anchor::from(AnchorOrigin::Vendor));
        assert_eq!(facts.claims.os_version.expect("a version").to_string(), "17.2.1");
        assert_eq!(facts.claims.os_build.as_deref(), Some("21C66"));
        assert_eq!(facts.claims.validation_category, None);
        assert_eq!(&recording.object[receipt(recording)], facts.receipt);
    }
}

#[test]
fn b21_truncated_at_any_byte_it_is_refused() {
    for recording in &RECORDINGS {
        for length in 0..recording.object.len() {
            let rejection = verify(recording, &recording.object[..length]).expect_err("cut");
            assert!(matches!(rejection, Rejection::NotCbor(_)), "cut to {length}: {rejection}");
        }
    }
}

/// The receipt alone may change: it is kept as received, for checks of its own.
fn with_a_bit_changed(recording: &Recording) {
    let receipt = receipt(recording);
    for at in 0..recording.object.len() {
        let mut object = recording.object.to_vec();
        object[at] ^= 1 << (at % 8);
        let outcome = verify(recording, &object);
        assert_eq!(outcome.is_ok(), receipt.contains(&at), "byte {at}: {outcome:?}");
    }
}

#[test]
fn a_development_object_is_refused_with_a_bit_changed_in_any_byte() {
    with_a_bit_changed(&RECORDINGS[0]);
}

#[test]
fn a_production_object_is_refused_with_a_bit_changed_in_any_byte() {
    with_a_bit_changed(&RECORDINGS[1]);
}

#[test]
fn b04_each_is_refused_in_the_other_environment() {
    for recording in RECORDINGS {
        let environment = match recording.environment {
            Environment::Production => Environment::Development,
            Environment::Development => Environment::Production,
        };
        let recording = Recording { environment, ..recording };
        assert_eq!(verify(&recording, recording.object), Err(Rejection::EnvironmentMismatch));
    }
}

#[test]
fn b22_refused_before_and_after_its_leaf_is_valid() {
    let recording = &RECORDINGS[1];
    let at = |text: &str| verify_at(recording, recording.object, Timestamp::parse(text).expect("a time"));
    assert_eq!(at("2024-02-06T21:08:55.999Z"), Err(Rejection::NotYetValid));
    assert!(at("2024-02-06T21:08:56Z").is_ok(), "the first moment belongs to the period");
    assert!(at("2024-12-21T12:42:56Z").is_ok(), "the last moment belongs to the period");
    assert_eq!(at("2024-12-21T12:42:57Z"), Err(Rejection::Expired));
    assert_eq!(at("2026-11-22T00:00:00Z"), Err(Rejection::Expired));
}

#[test]
fn b01_refused_for_another_challenge() {
    let recording = Recording { client_data: RECORDINGS[0].client_data, ..RECORDINGS[1] };
    assert_eq!(verify(&recording, recording.object), Err(Rejection::NonceMismatch));
}

#[test]
fn b05_refused_for_a_sister_app_of_the_team() {
    let recording = Recording { app_id: "V8H6LQ9448.io.uebelacker.Sister", ..RECORDINGS[1] };
    assert_eq!(verify(&recording, recording.object), Err(Rejection::AppMismatch));
}

#[test]
fn b07_refused_for_the_key_id_of_another_key() {
    let recording = Recording { key_id: RECORDINGS[0].key_id, ..RECORDINGS[1] };
    assert_eq!(verify(&recording, recording.object), Err(Rejection::KeyIdMismatch));
}

proptest! {
    #[test]
    fn no_change_outside_the_receipt_is_accepted(which in 0..2_usize, at in any::<prop::sample::Index>(), byte: u8) {
        let recording = &RECORDINGS[which];
        let mut object = recording.object.to_vec();
        let at = at.index(object.len());
        prop_assume!(object[at] != byte && !receipt(recording).contains(&at));
        object[at] = byte;
        prop_assert!(verify(recording, &object).is_err());
    }
}
