//! A laboratory with one device, and a verifier that trusts it.

use std::sync::LazyLock;

use bonafide::crypto::path::TrustAnchors;
use bonafide::endorsement::app_attest_anchors;
use bonafide::evidence::Verified;
use bonafide::evidence::app_attest::{
    AppId, AssertionExpectation, AssertionFacts, AttestationFacts, Device, Expectation, Rejection, verify_assertion,
    verify_attestation,
};
use bonafide::evidence::claims::Environment;
use bonafide::lab::app_attest::{AppAttestLab, AssertionPlan, AttestationPlan, Attested, LabDevice, Names, Profile};
use bonafide::time::Timestamp;

pub const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
pub const CLIENT_DATA: &[u8] = b"a challenge";

static LAB: LazyLock<AppAttestLab> =
    LazyLock::new(|| AppAttestLab::from_seed(&[1; 32], Names::LAB, NOW).expect("a lab"));
static ANCHORS: LazyLock<TrustAnchors> =
    LazyLock::new(|| app_attest_anchors(&[LAB.root_der().to_vec()]).expect("anchors"));

pub fn lab() -> &'static AppAttestLab {
    &LAB
}

pub fn anchors() -> &'static TrustAnchors {
    &ANCHORS
}

pub fn app() -> AppId {
    "1234567890.com.example.shop".parse().expect("an App ID")
}

pub fn device(profile: Profile) -> LabDevice {
    let device = LAB.device_from_seed(&[2; 32], &app(), Environment::Production);
    device.expect("a device").with_profile(profile)
}

pub fn iphone() -> LabDevice {
    device(Profile::ios_17())
}

pub fn hash() -> [u8; 32] {
    bonafide::crypto::digest::sha256(CLIENT_DATA)
}

/// Verifies what the bench's device has attested, at the bench's time.
pub fn verify(attested: &Attested, kind: Device) -> Result<Verified<AttestationFacts>, Rejection> {
    verify_for(attested, kind, &hash(), NOW)
}

pub fn verify_for(
    attested: &Attested,
    device: Device,
    client_data_hash: &[u8],
    now: Timestamp,
) -> Result<Verified<AttestationFacts>, Rejection> {
    let (app_ids, environment) = (&[app()], Environment::Production);
    let expectation = Expectation { client_data_hash, key_id: &attested.key_id, app_ids, environment, device };
    verify_attestation(&attested.object, anchors(), expectation, now)
}

/// Attests with one change and verifies.
pub fn attest(device: &LabDevice, change: impl FnOnce(&mut AttestationPlan)) -> Result<AttestationFacts, Rejection> {
    let attested = device.attest_with(CLIENT_DATA, change).expect("forged");
    verify(&attested, Device::Mobile).map(Verified::into_facts)
}

/// Asserts with one change and verifies.
pub fn assert(device: &LabDevice, change: impl FnOnce(&mut AssertionPlan)) -> Result<AssertionFacts, Rejection> {
    verify_signed(device, &device.assert_with(CLIENT_DATA, change).expect("forged"))
}

pub fn verify_signed(device: &LabDevice, assertion: &[u8]) -> Result<AssertionFacts, Rejection> {
    let (hash, app_id) = (hash(), app());
    let expectation = AssertionExpectation { client_data_hash: &hash, key: device.public_key(), app_id: &app_id };
    verify_assertion(assertion, expectation).map(Verified::into_facts)
}
