//! Android chains against the raw signatures that they cannot do without.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::LazyLock;

use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};
use bonafide::crypto::chain::ChainAnchors;
use bonafide::crypto::digest::{Digest, sha256};
use bonafide::crypto::path::AnchorOrigin;
use bonafide::evidence::key_attestation::{
    AppIdentity, Expectation, FactoryExpiry, IssuerRules, KeyAssertionExpectation, SharedUserId, verify_key_assertion,
    verify_key_attestation,
};
use bonafide::lab::key::LabKey;
use bonafide::lab::key_attestation::{AndroidApp, KeyAttestationLab, LabAndroid, Names, Profile};
use bonafide::time::Timestamp;

use crate::paired::{Limit, Ratio, in_turns, micros_each};
use crate::raw::Raw;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const PACKAGE: &str = "com.example.shop";
const TURNS: usize = 31;
const RUNS: u32 = 100;
const LIMIT: Limit = Limit::AtMost(1.2);

/// A laboratory whose root has the kind of key that Google's first root has.
fn lab() -> KeyAttestationLab {
    let key = LabKey::new_rsa(KeySize::Rsa4096).expect("a key");
    KeyAttestationLab::with_root_key(&[1; 32], Names::Lab, key, NOW).expect("a laboratory")
}

fn phone(lab: &KeyAttestationLab, profile: &Profile) -> LabAndroid {
    let app = AndroidApp::new(PACKAGE, &sha256(b"signer"));
    lab.device(&app).and_then(|phone| phone.with_profile(profile.clone())).expect("a phone")
}

fn challenge() -> Digest {
    sha256(b"challenge")
}

fn anchors(lab: &KeyAttestationLab) -> ChainAnchors {
    ChainAnchors::new(&[(AnchorOrigin::Lab, lab.root_der())]).expect("an anchor")
}

static APPS: LazyLock<[AppIdentity; 1]> = LazyLock::new(|| {
    let signers = Some(BTreeSet::from([sha256(b"signer")]));
    [AppIdentity { package: PACKAGE.to_owned(), signers }]
});

fn verify(chain: &[Vec<u8>], anchors: &ChainAnchors) {
    let challenge = challenge();
    let expectation = Expectation {
        challenge: Some(&challenge),
        apps: Some(&*APPS),
        shared_user_id: SharedUserId::Refused,
        public_key: None,
        factory_expiry: FactoryExpiry::Tolerated,
        issuers: IssuerRules::FactoryExcepted,
    };
    verify_key_attestation(black_box(chain), anchors, expectation, NOW).expect("holds");
}

/// The algorithm that a key of this length signs Android's chains with.
fn algorithm(key: &[u8]) -> &'static dyn VerificationAlgorithm {
    match key.len() {
        65 => &ECDSA_P256_SHA256_ASN1,
        97 => &ECDSA_P384_SHA256_ASN1,
        _ => &RSA_PKCS1_2048_8192_SHA256,
    }
}
/// The signatures of a chain, the leaf's first.
fn signatures(chain: &[Vec<u8>]) -> impl Iterator<Item = Raw> {
    chain.windows(2).map(|pair| Raw::of(&pair[0], &pair[1], algorithm))
}

/// Chains of new phones: all that a verifier has seen of the earlier ones helps, and nothing else.
fn chains(lab: &KeyAttestationLab, profile: &Profile) -> Vec<Vec<Vec<u8>>> {
    let chain = |_| phone(lab, profile).attest(&challenge()).expect("attests").chain;
    (0..RUNS).map(chain).collect()
}

/// Chains of phones that nobody has seen, verified from scratch: the anchors are made anew for each run, at our cost.
fn from_scratch(profile: &Profile) -> Ratio {
    let lab = lab();
    let chain = phone(&lab, profile).attest(&challenge()).expect("attests").chain;
    let raw: Vec<Raw> = signatures(&chain).collect();
    in_turns(
        TURNS,
        "µs",
        LIMIT,
        || micros_each(RUNS, || verify(&chain, &anchors(&lab))),
        || micros_each(RUNS, || raw.iter().for_each(Raw::verify)),
    )
}

/// Chains of new phones when the authorities above them are known: `unseen` certificates of each are not.
fn of_new_phones(profile: &Profile, unseen: usize) -> Ratio {
    let lab = lab();
    let (first, chains) = (phone(&lab, profile).attest(&challenge()).expect("attests").chain, chains(&lab, profile));
    // The same signatures: one that is verified again and again is cheaper than a hundred different ones.
    let raw: Vec<Vec<Raw>> = chains.iter().map(|chain| signatures(chain).take(unseen).collect()).collect();
    let measured = || {
        let anchors = anchors(&lab);
        verify(&first, &anchors);
        let mut chains = chains.iter();
        micros_each(RUNS, || verify(chains.next().expect("one for each run"), &anchors))
    };
    let baseline = || {
        let mut chains = raw.iter();
        micros_each(RUNS, || chains.next().expect("one for each run").iter().for_each(Raw::verify))
    };
    in_turns(TURNS, "µs", LIMIT, measured, baseline)
}

/// Three signatures, the last one under RSA.
pub(crate) fn first_factory_chain() -> Ratio {
    from_scratch(&Profile::factory(NOW))
}

/// One signature: a factory's key is that of a whole batch.
pub(crate) fn next_factory_chain() -> Ratio {
    of_new_phones(&Profile::factory(NOW), 1)
}

/// Four signatures, the last one under RSA.
pub(crate) fn first_remote_chain() -> Ratio {
    from_scratch(&Profile::remote(NOW))
}

/// Two signatures: each phone has an attestation key of its own.
pub(crate) fn next_remote_chain() -> Ratio {
    of_new_phones(&Profile::remote(NOW), 2)
}

/// An assertion: one signature.
pub(crate) fn assertion() -> Ratio {
    let phone = phone(&lab(), &Profile::remote(NOW));
    let signature = phone.assert(&challenge(), 1).expect("signs");
    let raw = Raw {
        algorithm: &ECDSA_P256_SHA256_ASN1,
        key: phone.public_key().sec1().to_vec(),
        message: [b"bonafide assertion 1\0".as_slice(), &challenge(), &[0, 0, 0, 1]].concat(),
        signature: signature.clone(),
    };
    let hash = challenge();
    let expectation = KeyAssertionExpectation { client_data_hash: &hash, key: phone.public_key() };
    let verify = || {
        black_box(verify_key_assertion(1, black_box(&signature), expectation).expect("holds"));
    };
    in_turns(TURNS, "µs", LIMIT, || micros_each(RUNS, verify), || micros_each(RUNS, || raw.verify()))
}
