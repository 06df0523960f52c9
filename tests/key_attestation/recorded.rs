//! Chains of genuine devices, read where they are at hand and never copied here.

use std::fs;
use std::path::PathBuf;

use bonafide::endorsement::key_attestation_anchors;
use bonafide::evidence::Verified;
use bonafide::evidence::key_attestation::{Expectation, KeyAttestationFacts, verify_key_attestation};
use bonafide::lab::key::LabKey;
use bonafide::time::Timestamp;
use data_encoding::BASE64;
use serde_json::Value;

use crate::bench;

struct Recording {
    chain: Vec<Vec<u8>>,
    challenge: Vec<u8>,
    made_at: Timestamp,
}

const SONY: &str = "ka-android-sony-xperia10-iii-sdk33-tee-ec-v3-tee-ec-expiry-ignored";
const PIXEL: &str = "ka-android-caiman-sdk36-tee-ec-rkp-v400-tee-ec";
const YEAR_LATER: u64 = 365 * 24 * 60 * 60 * 1000;

/// A recording; `None`, and a line that says so, where there are none.
fn recording(id: &str) -> Option<Recording> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/key_attestation");
    let Ok(text) = fs::read_to_string(folder.join(format!("{id}.json"))) else {
        println!("not run: the recording {id} is not at hand");
        return None;
    };
    let case: Value = serde_json::from_str(&text).expect("a case");
    let bytes = |value: &Value| BASE64.decode(value.as_str().expect("text").as_bytes()).expect("base64");
    let made_at = Timestamp::parse(case["verify_at"].as_str().expect("a time")).expect("a time");
    let chain = case["input"]["chain"].as_array().expect("a chain").iter().map(bytes).collect();
    Some(Recording { chain, challenge: bytes(&case["input"]["challenge"]), made_at })
}

/// The code of the rejection under Google's own roots; empty when there is none.
fn outcome(chain: &[Vec<u8>], challenge: &[u8], now: Timestamp) -> Result<KeyAttestationFacts, &'static str> {
    let anchors = key_attestation_anchors(&[]).expect("Google's roots");
    let expectation = Expectation { apps: None, ..bench::expectation(challenge) };
    let verified = verify_key_attestation(chain, &anchors, expectation, now);
    verified.map(Verified::into_facts).map_err(|rejection| rejection.code())
}

/// Its attestation certificate is no CA, and everything above the leaf has expired.
#[test]
fn a04_a_phone_of_sony_is_genuine() {
    let Some(Recording { chain, challenge, made_at }) = recording(SONY) else { return };
    let facts = outcome(&chain, &challenge, made_at).expect("genuine");
    assert!(facts.claims.factory_expired);
    let (without_root, one_less) = (chain.len() - 1, chain.len() - 2);
    assert!(outcome(&chain[..without_root], &challenge, made_at).is_ok());
    assert_eq!(outcome(&chain[..one_less], &challenge, made_at).err(), Some("key_attestation_untrusted_chain"));
}

#[test]
fn a23_genuine_keys_of_weeks_have_their_weeks() {
    let Some(Recording { chain, challenge, made_at }) = recording(PIXEL) else { return };
    assert!(outcome(&chain, &challenge, made_at).is_ok());
    let later = Timestamp::from_millis(made_at.as_millis() + YEAR_LATER);
    assert_eq!(outcome(&chain, &challenge, later).err(), Some("key_attestation_certificate_expired"));
}

/// What the holder of a genuine phone can do: hang certificates below a genuine leaf. (The key that would sign them stays in
/// the phone, so that here the signature is a stranger's, and the chain ends there.)
#[test]
fn a01_nothing_hangs_below_a_genuine_leaf() {
    for id in [SONY, PIXEL] {
        let Some(Recording { chain, challenge, made_at }) = recording(id) else { return };
        let stranger = LabKey::p256(&[9; 32], "stranger").expect("a key");
        let forged = bench::remote().attest_with(&challenge, |plan| plan.attestation.key = stranger).expect("forged");
        let extended = [&forged.chain[..1], &chain].concat();
        assert_eq!(outcome(&extended, &challenge, made_at).err(), Some("key_attestation_untrusted_chain"));
    }
}

#[test]
fn a06_genuine_chains_lead_to_google_and_nowhere_else() {
    for id in [SONY, PIXEL] {
        let Some(Recording { chain, challenge, made_at }) = recording(id) else { return };
        let expectation = Expectation { apps: None, ..bench::expectation(&challenge) };
        let lab = bench::lab_alone();
        let rejection =
            verify_key_attestation(&chain, &lab, expectation, made_at).map(drop).expect_err("not the lab's");
        assert_eq!(rejection.code(), "key_attestation_untrusted_chain");
    }
}
