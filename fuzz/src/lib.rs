//! One function for every way in which bytes of a stranger enter. Each says what must hold whatever the bytes are.
//!
//! The fuzzer calls them with bytes of its own, and `tests/fuzz_seeds.rs` with the seeds, so that `cargo test` covers both.

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bonafide::appraisal::expression::{Expression, Facts, Kind, Schema, Slot, Truth, Value};
use bonafide::clock::SystemClock;
use bonafide::config::Config;
use bonafide::crypto::certificate::Certificate;
use bonafide::crypto::chain::ChainAnchors;
use bonafide::crypto::digest::sha256;
use bonafide::crypto::es256::Es256Key;
use bonafide::crypto::jwk::{PublicJwk, Thumbprint};
use bonafide::crypto::key::P256PublicKey;
use bonafide::crypto::path::TrustAnchors;
use bonafide::crypto::seal::SealKey;
use bonafide::crypto::serial::Serial;
use bonafide::endorsement::status_list::StatusList;
use bonafide::endorsement::{app_attest_anchors, key_attestation_anchors};
use bonafide::evidence::app_attest::{
    AppId, Assertion, AssertionExpectation, AttestationCheck, AttestationObject, Device, Expectation, STEPS,
    verify_assertion,
};
use bonafide::evidence::claims::SIGNALS_LIMIT;
use bonafide::evidence::client_data::ClientData;
use bonafide::evidence::key_attestation::{self, AppIdentity, ApplicationId, KeyAttestationCheck, KeyDescription};
use bonafide::evidence::play_integrity::{
    self as integrity, IntegrityCheck, Payload, TestingResponses, TokenKinds, looks_like_token, open_classic_token,
    payload_in_answer,
};
use bonafide::gateway::{self, Gateway, GatewayRules, Route};
use bonafide::grpc::Description;
use bonafide::grpc::proto::envoy::service::auth::v3::AttributeContext;
use bonafide::ids::Name;
use bonafide::lab::key::LabKey;
use bonafide::lab::key_attestation::{KeyAttestationLab, Names};
use bonafide::lab::play_integrity::LabApp;
use bonafide::lab::recorded::RECORDINGS;
use bonafide::store::MemoryStore;
use bonafide::telemetry::{GatewayKind, GatewayOutcome};
use bonafide::time::Timestamp;
use bonafide::token::dpop::{DpopProof, Requested};
use bonafide::token::{KeyRing, SigningKey, TokenRejection, read};
use bonafide::verdict::Decision;
use bonafide::verdict::ear::{EarProfile, TokenClaims};
use bonafide::verifier::{
    AppAttestConfig, AppAttestEvidence, AppConfig, AttestCall, CallFault, Caller, CheckCall, CheckSubject, Evidence,
    Grants, InstanceName, ListCall, Role, Span, Upstreams, Verifier, VerifierConfig,
};
use bonafide::wire::cbor;
use prost::Message;

/// A function that holds for all bytes.
pub type Target = fn(&[u8]);

/// Every target under the name of its seeds.
pub const TARGETS: [(&str, Target); 20] = [
    ("assertion", assertion),
    ("attestation_object", attestation_object),
    ("cbor", cbor),
    ("certificate", certificate),
    ("client_data", client_data),
    ("config", config),
    ("confirmation", confirmation),
    ("dpop_proof", dpop_proof),
    ("envoy_description", envoy_description),
    ("gateway_request", gateway_request),
    ("integrity_payload", integrity_payload),
    ("integrity_token", integrity_token),
    ("key_attestation_chain", key_attestation_chain),
    ("key_description", key_description),
    ("leaf", leaf),
    ("policy_expression", policy_expression),
    ("provisioning_info", provisioning_info),
    ("role", role),
    ("status_list", status_list),
    ("verdict_token", verdict_token),
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
        assert!(data.signals.is_none_or(|signals| signals.len() <= SIGNALS_LIMIT));
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

/// An expression has a value whatever is absent, or its fault has a place in the text; what is decided stays decided when more
/// is known, unless it asks what is known.
pub fn policy_expression(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match Expression::compile(&text, &FewFacts) {
        Ok(expression) => {
            let (nothing, everything) = (expression.holds(&Known(0)), expression.holds(&Known(u16::MAX)));
            assert!(text.contains("has") || nothing == Truth::Unknown || nothing == everything);
            assert!(expression.needs().all(|slot| expression.mentions().any(|mentioned| mentioned == slot)));
        }
        Err(fault) => assert!(text.get(fault.span.clone()).is_some() && fault.place(&text).1 > 0),
    }
}

/// One fact of each kind.
struct FewFacts;
/// The facts whose bits are set.
struct Known(u16);

const FACTS: [(&str, Kind); 7] = [
    ("a.bool", Kind::Bool),
    ("a.int", Kind::Int),
    ("a.text", Kind::Text),
    ("a.choice", Kind::Choice(&["one", "two"])),
    ("a.texts", Kind::TextList),
    ("a.version", Kind::Version),
    ("a.authority", Kind::Authority),
];

impl Schema for FewFacts {
    fn fact(&self, name: &str) -> Option<(Slot, Kind)> {
        (0..).zip(FACTS).find(|(_, (own, _))| *own == name).map(|(at, (_, kind))| (Slot(at), kind))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        FACTS.iter().map(|(name, _)| *name)
    }
}

impl Facts for Known {
    fn value(&self, slot: Slot) -> Option<Value<'_>> {
        static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| vec!["one".to_owned()]);
        let value = match slot.0 {
            0 => Value::Bool(true),
            1 => Value::Int(1),
            4 => Value::Texts(&*TEXTS),
            5 => Value::Version("1.2".parse().expect("a version")),
            _ => Value::Text("one"),
        };
        (self.0 & (1 << slot.0) != 0).then_some(value)
    }
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().build().expect("a runtime"));
static VERIFIER: LazyLock<Arc<Verifier>> = LazyLock::new(|| {
    let app_attest = Some(AppAttestConfig::careful(vec![APP.clone()]));
    let app = AppConfig { app_attest, ..AppConfig::of(name("shop")) };
    let config = VerifierConfig::of(vec![app]);
    let built = Verifier::build(config, Arc::new(MemoryStore::new()), Arc::new(SystemClock), Upstreams::default());
    Arc::new(RUNTIME.block_on(built).expect("a verifier"))
});

/// Nobody is enrolled, so whatever is sent in place of client data, or of an instance's pseudonym, is denied.
pub fn role(bytes: &[u8]) {
    let party = name("local");
    let caller = Caller { name: party.clone(), relying_party: party, role: Role::AuthServer, apps: Grants::All };
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
        context: None,
        token: None,
    };
    let attested = RUNTIME.block_on(VERIFIER.attest(&caller, call)).expect("a verdict");
    assert_eq!(attested.decision, Decision::Deny);
    let pseudonym = String::from_utf8_lossy(bytes);
    let checked = RUNTIME
        .block_on(VERIFIER.check(&caller, &CheckCall::of(&name("shop"), CheckSubject::Instance(&pseudonym))))
        .expect("a verdict");
    assert_eq!((checked.verdict.decision, &*checked.instance), (Decision::Deny, ""));
    let found = RUNTIME.block_on(VERIFIER.look_up(&caller, &name("shop"), InstanceName::Pseudonym(&pseudonym)));
    assert_eq!(found, Err(CallFault::UnknownInstance));
    let (account, revoked, serial, page_token) = (None, None, None, &*pseudonym);
    let (enrolled, proven) = (Span::default(), Span::default());
    let call = ListCall { app: &name("shop"), account, revoked, serial, enrolled, proven, page_size: 1, page_token };
    let listed = RUNTIME.block_on(VERIFIER.list_instances(&caller, &call));
    assert_eq!(listed.is_ok(), page_token.is_empty());
}

/// Envoy's request says nothing else when it is read in place than when a library reads it, or one of both refuses it.
pub fn envoy_description(bytes: &[u8]) {
    let (Ok(read), Ok(context)) = (Description::read(bytes), AttributeContext::decode(bytes)) else { return };
    let source = context.source.unwrap_or_default();
    let address = source.address.and_then(|address| address.socket_address).unwrap_or_default().address;
    let http = context.request.and_then(|request| request.http).unwrap_or_default();
    assert_eq!((read.address, read.certificate), (&*address, &*source.certificate));
    assert_eq!((read.method, read.path), (&*http.method, &*http.path));
    assert_eq!((read.host, read.scheme), (&*http.host, &*http.scheme));
    assert_eq!((read.size, read.text_body, read.raw_body), (http.size, &*http.body, &*http.raw_body));
    // A library keeps one of each name.
    let told = |name: &str| read.fields.iter().any(|(field, _)| *field == name.as_bytes());
    assert!(http.headers.keys().all(|name| told(name)));
    let set = |name: &str| read.settings.iter().any(|(setting, _)| *setting == name.as_bytes());
    assert!(context.context_extensions.keys().all(|name| set(name)));
}

static GATEWAY: LazyLock<Gateway> =
    LazyLock::new(|| Gateway::new(Arc::clone(&VERIFIER), Arc::default(), GatewayRules::USUAL));

/// A request of lines: route as a query, method, target, host, and `name: value` for each field. Nobody is enrolled, so that no
/// request passes unless its route monitors; and whatever is told can stand in a field of a header.
pub fn gateway_request(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let settings = String::from_utf8_lossy(line());
    let settings = settings.split('&').filter_map(|pair| pair.split_once('='));
    let Ok(route) = Route::read(&GatewayRules::USUAL, std::iter::once(("app", "shop")).chain(settings)) else { return };
    let (method, path, authority) = (line(), line(), line());
    let fields = lines.filter_map(|line| {
        let at = line.iter().position(|byte| *byte == b':')?;
        Some((std::str::from_utf8(&line[..at]).ok()?, line[at + 1..].trim_ascii()))
    });
    let request = gateway::Request {
        route: &route,
        method,
        scheme: b"https",
        authority,
        path,
        fields: fields.collect(),
        client_address: None,
        client_certificate: None,
        body: if method == b"GET" { gateway::Body::Whole(b"") } else { gateway::Body::NotShown },
    };
    let party = name("local");
    let caller = Caller { name: party.clone(), relying_party: party, role: Role::Gateway, apps: Grants::All };
    let answer = RUNTIME.block_on(GATEWAY.answer(GatewayKind::Envoy, &caller, &request));
    assert!(answer.outcome != GatewayOutcome::Pass && answer.outcome != GatewayOutcome::Unable);
    assert_eq!(answer.refusal.is_none(), answer.outcome == GatewayOutcome::Monitored);
    assert_ne!(answer.identity.decision, "allow");
    let told = answer
        .identity
        .fields()
        .map(|(name, value)| (name, value.into_owned()))
        .into_iter()
        .chain(answer.refusal.into_iter().flat_map(|refusal| refusal.fields));
    told.for_each(|(_, value)| assert!(!value.is_empty() && value.bytes().all(|byte| (b' '..=b'~').contains(&byte))));
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

/// When the laboratory's chains were made.
const CHAINS_MADE: Timestamp = Timestamp::from_millis(1_790_000_000_000);
static CHAIN_LAB: LazyLock<KeyAttestationLab> =
    LazyLock::new(|| KeyAttestationLab::from_seed(&[1; 32], Names::Lab, CHAINS_MADE).expect("a lab"));
static LAB_CHAINS: LazyLock<ChainAnchors> = LazyLock::new(chain_anchors);
static GOOGLES_CHAINS: LazyLock<ChainAnchors> = LazyLock::new(|| key_attestation_anchors(&[]).expect("Google's roots"));

fn chain_anchors() -> ChainAnchors {
    key_attestation_anchors(&[CHAIN_LAB.root_der().to_vec()]).expect("anchors")
}

/// Certificates that stand one after the other, each behind its length in two bytes; the last one may be cut.
fn certificates(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut chain = Vec::new();
    while let [high, low, rest @ ..] = bytes {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (certificate, left) = rest.split_at(length);
        chain.push(certificate.to_vec());
        bytes = left;
    }
    chain
}

/// A chain that Google has not signed is refused, no check of it panics, and what is remembered of others changes nothing.
pub fn key_attestation_chain(bytes: &[u8]) {
    let chain = certificates(bytes);
    let apps = [AppIdentity { package: "com.example.shop".to_owned(), signers: None }];
    let expectation = key_attestation::Expectation {
        challenge: Some(b"challenge"),
        apps: Some(&apps),
        shared_user_id: key_attestation::SharedUserId::Refused,
        public_key: None,
        factory_expiry: key_attestation::FactoryExpiry::Tolerated,
        issuers: key_attestation::IssuerRules::FactoryExcepted,
    };
    let verify = |anchors: &ChainAnchors| {
        let verified = key_attestation::verify_key_attestation(&chain, anchors, expectation, CHAINS_MADE);
        verified.map(|verified| verified.into_facts())
    };
    assert!(verify(&GOOGLES_CHAINS).is_err());
    let remembering = verify(&LAB_CHAINS);
    assert_eq!(remembering, verify(&chain_anchors()));
    if let Ok(check) = KeyAttestationCheck::new(&chain, &LAB_CHAINS, expectation, CHAINS_MADE) {
        // Each on its own, so that a refusal by one does not hide the next.
        let refusals = key_attestation::STEPS.iter().filter(|step| step.run(&check).is_err()).count();
        assert_eq!(refusals == 0, remembering.is_ok());
    }
}

/// A description that is read names each tag once in a list, and its app can be asked for.
pub fn key_description(bytes: &[u8]) {
    let Ok(description) = KeyDescription::parse(bytes) else { return };
    for list in [&description.software, &description.hardware] {
        let mut tags = list.tags.clone();
        tags.sort_unstable();
        tags.dedup();
        assert_eq!(tags.len(), list.tags.len());
        assert!(list.unknown_tags.iter().chain(&list.misplaced_tags()).all(|tag| list.tags.contains(tag)));
    }
    if let Some(Ok(app)) = description.software.application_id.as_deref().map(ApplicationId::parse) {
        assert!(
            app.packages.len() <= key_attestation::PACKAGE_LIMIT && app.signers.len() <= key_attestation::SIGNER_LIMIT
        );
    }
}

/// What the remote provisioner says is kept in bounds, or not at all.
pub fn provisioning_info(bytes: &[u8]) {
    let Some(info) = key_attestation::provisioning_info(bytes) else { return };
    assert!([info.manufacturer, info.entity].into_iter().flatten().all(|text| text.len() <= 64));
}

/// The key that signs tokens, the same each time.
pub fn token_key() -> SigningKey {
    let lab = LabKey::p256(&[1; 32], "tokens").expect("a key");
    let point = lab.spki().expect("a key").split_off(26);
    let LabKey::P256(scalar) = lab else { unreachable!("made on P-256") };
    let exported = [scalar.to_bytes().as_slice(), &point].concat();
    let key = Es256Key::import(&exported).expect("a key");
    let id = PublicJwk::P256(*key.public()).thumbprint();
    let seal = SealKey::derive(&[1; 32]).expect("a key");
    let sealed = seal.seal(&id.0, &exported).expect("sealed");
    SigningKey::unsealed(id, (CHAINS_MADE, CHAINS_MADE), &sealed, &seal).expect("the key")
}

static TOKEN_KEYS: LazyLock<KeyRing> = LazyLock::new(|| KeyRing::new(vec![Arc::new(token_key())]));

/// A token that is read says what could be signed, and so does a payload that is.
pub fn verdict_token(bytes: &[u8]) {
    let read = read(bytes, &TOKEN_KEYS, CHAINS_MADE).ok().or_else(|| TokenClaims::read(bytes));
    if let Some(claims) = read {
        for profile in [EarProfile::Ear04, EarProfile::Veraison2023] {
            assert!(TokenClaims::read(&claims.write(profile)).is_some());
        }
    }
}

/// A proof that is read is worth nothing for another key.
pub fn dpop_proof(bytes: &[u8]) {
    if let Ok(proof) = DpopProof::read(bytes) {
        let requested = Requested { method: "POST", scheme: "https", authority: "api.example.com", path: "/pay" };
        let checked = proof.check(&Thumbprint([0; 32]), "token", requested, CHAINS_MADE);
        assert_eq!(checked, Err(TokenRejection::BindingMismatch));
    }
}
