//! One function for every way in which bytes of a stranger enter. Each says what must hold whatever the bytes are.
//!
//! The fuzzer calls them with bytes of its own, and `tests/fuzz_seeds.rs` with the seeds, so that `cargo test` covers both.

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bonafide::clock::SystemClock;
use bonafide::config::Config;
use bonafide::crypto::certificate::Certificate;
use bonafide::crypto::digest::sha256;
use bonafide::crypto::jwk::Thumbprint;
use bonafide::crypto::key::P256PublicKey;
use bonafide::crypto::path::TrustAnchors;
use bonafide::crypto::serial::Serial;
use bonafide::endorsement::app_attest_anchors;
use bonafide::endorsement::status_list::StatusList;
use bonafide::evidence::app_attest::{
    AppId, Assertion, AssertionExpectation, AttestationCheck, AttestationObject, Device, Expectation, STEPS,
    verify_assertion,
};
use bonafide::evidence::client_data::ClientData;
use bonafide::evidence::play_integrity::{
    self as integrity, IntegrityCheck, Payload, TestingResponses, TokenKinds, looks_like_token, open_classic_token,
    payload_in_answer,
};
use bonafide::ids::Name;
use bonafide::lab::play_integrity::LabApp;
use bonafide::lab::recorded::RECORDINGS;
use bonafide::store::MemoryStore;
use bonafide::verdict::Decision;
use bonafide::verifier::{
    AppAttestConfig, AppAttestEvidence, AppConfig, AttestCall, Caller, Evidence, Role, Upstreams, Verifier,
    VerifierConfig,
};
use bonafide::wire::cbor;

/// A function that holds for all bytes.
pub type Target = fn(&[u8]);

/// Every target under the name of its seeds.
pub const TARGETS: [(&str, Target); 12] = [
    ("assertion", assertion),
    ("attestation_object", attestation_object),
    ("cbor", cbor),
    ("certificate", certificate),
    ("client_data", client_data),
    ("config", config),
    ("confirmation", confirmation),
    ("integrity_payload", integrity_payload),
    ("integrity_token", integrity_token),
    ("leaf", leaf),
    ("role", role),
    ("status_list", status_list),
];

static ANCHORS: LazyLock<TrustAnchors> = LazyLock::new(|| app_attest_anchors(&[]).expect("Apple's root"));
static APP: LazyLock<AppId> = LazyLock::new(|| RECORDINGS[0].app_id.parse().expect("an App ID"));
static OBJECT: LazyLock<AttestationObject> =
    LazyLock::new(|| AttestationObject::parse(RECORDINGS[0].object).expect("an object"));
static KEY: LazyLock<P256PublicKey> =
    LazyLock::new(|| Certificate::parse(&OBJECT.leaf).expect("a leaf").p256_key().expect("a key"));

/// An attestation object that Apple has not signed is refused, and no check of it panics.
pub fn attestation_object(bytes: &[u8]) {
    if let Ok(object) = AttestationObject::parse(bytes) {
        assert!(object.raw_authenticator_data.len() >= 37 + 18 + 32);
        check_every_step(&object);
    }
}

/// Bytes in the place of a genuine leaf are refused, and no check of them panics.
pub fn leaf(bytes: &[u8]) {
    check_every_step(&AttestationObject { leaf: bytes.to_vec(), ..OBJECT.clone() });
}

fn check_every_step(object: &AttestationObject) {
    let recording = &RECORDINGS[0];
    let hash = recording.client_data_hash();
    let expectation = Expectation {
        client_data_hash: &hash,
        key_id: recording.key_id,
        app_ids: std::slice::from_ref(&*APP),
        environment: recording.environment,
        device: Device::Mac,
    };
    if let Ok(check) = AttestationCheck::new(object, &ANCHORS, expectation, recording.verified_at) {
        // Each on its own, so that a refusal by one does not hide the next.
        let refusals = STEPS.iter().filter(|step| step.run(&check).is_err()).count();
        assert!(refusals > 0, "a phone is no Mac, and nobody else can sign");
    }
}

/// An assertion that the key has not made is refused.
pub fn assertion(bytes: &[u8]) {
    if let Ok(assertion) = Assertion::parse(bytes) {
        assert!(assertion.raw_authenticator_data.len() >= 37);
    }
    let expectation = AssertionExpectation { client_data_hash: &[0; 32], key: &KEY, app_id: &APP };
    assert!(verify_assertion(bytes, expectation).is_err());
}

/// An item that is read is read whole, and has one encoding.
pub fn cbor(bytes: &[u8]) {
    if let Ok((value, rest)) = cbor::read_first(bytes) {
        let mut again = Vec::new();
        ciborium::into_writer(&value, &mut again).expect("what was read can be written");
        assert_eq!(bytes, [&again, rest].concat());
    }
}

static INTEGRITY: LazyLock<LabApp> =
    LazyLock::new(|| LabApp::from_seed(&[1; 32], "com.example.shop", RECORDINGS[0].verified_at).expect("an app"));

/// A token opens only under the keys that it was made with; what comes out is then read like any payload.
pub fn integrity_token(bytes: &[u8]) {
    let opened = open_classic_token(bytes, &[INTEGRITY.keys.integrity_keys()]);
    if let Ok(payload) = opened {
        assert_eq!(looks_like_token(bytes), Ok(()));
        integrity_payload(&payload);
    }
}

/// Every check of a payload can be run alone, and one that names no expected binding is refused by one of them.
pub fn integrity_payload(bytes: &[u8]) {
    let answered = payload_in_answer(bytes);
    let Some(payload) = Payload::parse(bytes).ok().or(answered.ok()) else { return };
    assert!(payload.unknown_members.len() <= 16 && payload.device.labels.len() <= 32);
    let package = [INTEGRITY.package_name.clone()];
    let expectation = integrity::Expectation {
        package_names: &package,
        signers: &[INTEGRITY.signer],
        binding: "",
        kinds: TokenKinds::Any,
        max_age: Duration::MAX,
        skew: Duration::MAX,
        testing_responses: TestingResponses::Taken,
    };
    let check = IntegrityCheck::new(&payload, expectation, INTEGRITY.now);
    let refusals = integrity::STEPS.iter().filter(|step| step.run(&check).is_err()).count();
    assert!(refusals > 0, "nothing is bound to nothing");
}

/// A certificate that is read can be asked for everything.
pub fn certificate(bytes: &[u8]) {
    let Ok(certificate) = Certificate::parse(bytes) else { return };
    if let Ok(key) = certificate.p256_key() {
        assert_eq!(P256PublicKey::from_spki(&key.spki()), Ok(key));
    }
    let _ = (certificate.common_name(), certificate.subject(), certificate.issuer(), certificate.validity());
    let _ = (certificate.may_sign_certificates(), certificate.is_critical_ca());
    assert!(!certificate.serial().is_empty());
    for oid in certificate.extensions().into_iter().map(|extension| extension.oid) {
        assert_ne!(certificate.extension(&oid), Ok(None), "{oid} is there");
    }
}

/// The hash is over the bytes as they are, whatever they say.
pub fn client_data(bytes: &[u8]) {
    if let Ok(data) = ClientData::parse(bytes) {
        assert_eq!(data.hash, sha256(bytes));
        assert!(data.challenge.len() <= bytes.len());
    }
}

/// The thumbprint of a key is the key's confirmation as well.
pub fn confirmation(bytes: &[u8]) {
    let Some(thumbprint) = std::str::from_utf8(bytes).ok().and_then(Thumbprint::of_json) else { return };
    assert_eq!(Thumbprint::of_json(&format!("\"{thumbprint}\"")), Some(thumbprint));
}

/// A list that is read finds every number it holds, and never the serial of every leaf.
pub fn status_list(bytes: &[u8]) {
    let Ok(list) = StatusList::parse(bytes) else { return };
    assert!(!list.is_empty() && list.unreadable() < list.len());
    assert!(list.serials().all(|serial| list.listed(&[serial]).is_some()));
    assert_eq!((list.listed(&[Serial::ONE]), list.may_follow(&list, 0)), (None, Ok(())));
}

/// A configuration is sound, or every fault in it has a place in the text.
pub fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Err(faults) = Config::parse(&text, Path::new("fuzz")) {
        assert!(!faults.as_slice().is_empty());
        assert!(!faults.to_string().is_empty());
    }
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().build().expect("a runtime"));
static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let app_attest = Some(AppAttestConfig::careful(vec![APP.clone()]));
    let app = AppConfig { app_attest, ..AppConfig::of(name("shop")) };
    let config = VerifierConfig::of(vec![app]);
    let built = Verifier::build(config, Arc::new(MemoryStore::new()), Arc::new(SystemClock), Upstreams::default());
    RUNTIME.block_on(built).expect("a verifier")
});

/// Nobody is enrolled, so whatever is sent in place of client data, or of an instance's pseudonym, is denied.
pub fn role(bytes: &[u8]) {
    let party = name("local");
    let caller = Caller { name: party.clone(), relying_party: party, role: Role::AuthServer };
    let call = AttestCall {
        app: &name("shop"),
        client_data: bytes,
        evidence: Evidence::AppAttest(AppAttestEvidence {
            attestation_object: RECORDINGS[0].object,
            key_id: RECORDINGS[0].key_id,
        }),
        session: b"",
        account: "",
        idempotency_key: "",
    };
    let attested = RUNTIME.block_on(VERIFIER.attest(&caller, call)).expect("a verdict");
    assert_eq!(attested.decision, Decision::Deny);
    let pseudonym = String::from_utf8_lossy(bytes);
    let checked = RUNTIME.block_on(VERIFIER.check(&caller, &name("shop"), &pseudonym)).expect("a verdict");
    assert_eq!(checked.decision, Decision::Deny);
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}
