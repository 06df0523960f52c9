//! Verification against the raw signatures that it cannot do without.

use std::hint::black_box;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1};
use bonafide::crypto::digest::{sha256, sha256_of_joined};
use bonafide::crypto::path::{AnchorOrigin, TrustAnchors};
use bonafide::evidence::app_attest::{
    AppId, Assertion, AssertionExpectation, AttestationObject, Device, Expectation, verify_assertion,
    verify_attestation,
};
use bonafide::evidence::claims::Environment;
use bonafide::lab::app_attest::{AppAttestLab, LabDevice};
use bonafide::time::Timestamp;

use crate::paired::{Limit, Ratio, in_turns, micros_each};
use crate::raw::Raw;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const TURNS: usize = 31;
const RUNS: u32 = 100;

struct Stage {
    lab: AppAttestLab,
    app_id: AppId,
    phone: LabDevice,
}

fn stage() -> Stage {
    let app_id: AppId = "1234567890.com.example.shop".parse().expect("an App ID");
    let lab = AppAttestLab::new(NOW).expect("a laboratory");
    let phone = lab.device(&app_id, Environment::Production).expect("a phone");
    Stage { lab, app_id, phone }
}

fn attestation(baseline_signatures: usize, anchors_per_run: impl Fn(&AppAttestLab) -> Option<TrustAnchors>) -> Ratio {
    let stage = stage();
    let attested = stage.phone.attest(b"challenge").expect("attests");
    let object = AttestationObject::parse(&attested.object).expect("parses");
    let raw = [
        Raw::of(&object.leaf, &object.intermediate, |_| &ECDSA_P384_SHA256_ASN1),
        Raw::of(&object.intermediate, stage.lab.root_der(), |_| &ECDSA_P384_SHA384_ASN1),
    ];
    let (hash, app_ids) = (sha256(b"challenge"), [stage.app_id.clone()]);
    let expectation = Expectation {
        client_data_hash: &hash,
        key_id: &attested.key_id,
        app_ids: &app_ids,
        environment: Environment::Production,
        device: Device::Mobile,
    };
    let warm = anchors(&stage.lab);
    let verify = |anchors: &TrustAnchors| {
        verify_attestation(black_box(&attested.object), anchors, expectation, NOW).expect("holds");
    };
    verify(&warm);
    in_turns(
        TURNS,
        "µs",
        Limit::AtMost(1.15),
        || micros_each(RUNS, || verify(anchors_per_run(&stage.lab).as_ref().unwrap_or(&warm))),
        || micros_each(RUNS, || raw.iter().take(baseline_signatures).for_each(Raw::verify)),
    )
}

fn anchors(lab: &AppAttestLab) -> TrustAnchors {
    TrustAnchors::new(&[(AnchorOrigin::Lab, lab.root_der())]).expect("an anchor")
}

/// The first attestation under an intermediate: two signatures. The anchors are made anew for each run, at our cost.
pub(crate) fn first_attestation() -> Ratio {
    attestation(2, |lab| Some(anchors(lab)))
}

/// Every further one: one signature.
pub(crate) fn next_attestation() -> Ratio {
    attestation(1, |_| None)
}

/// An assertion: one signature.
pub(crate) fn assertion() -> Ratio {
    let stage = stage();
    let bytes = stage.phone.assert_at(1, b"challenge").expect("signs");
    let hash = sha256(b"challenge");
    let parsed = Assertion::parse(&bytes).expect("parses");
    let raw = Raw {
        algorithm: &ECDSA_P256_SHA256_ASN1,
        key: stage.phone.public_key().sec1().to_vec(),
        message: sha256_of_joined(&[&parsed.raw_authenticator_data, &hash]).to_vec(),
        signature: parsed.signature,
    };
    let expectation =
        AssertionExpectation { client_data_hash: &hash, key: stage.phone.public_key(), app_id: &stage.app_id };
    let verify = || drop(verify_assertion(black_box(&bytes), expectation).expect("holds"));
    in_turns(TURNS, "µs", Limit::AtMost(1.15), || micros_each(RUNS, verify), || micros_each(RUNS, || raw.verify()))
}
