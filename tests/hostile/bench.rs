//! A role, a phone, and a Google that answers as it is told.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bonafide::appraisal::{KeyAttestationPolicy, PlayIntegrityPolicy};
use bonafide::clock::ManualClock;
use bonafide::crypto::digest::{Digest, sha256};
use bonafide::evidence::claims::Anchor;
use bonafide::evidence::claims::play_integrity::TokenKind;
use bonafide::evidence::key_attestation::AppIdentity;
use bonafide::lab::key_attestation::{AndroidApp, KeyAttestationLab, LabAndroid, Names};
use bonafide::lab::play_integrity::{LabApp, PayloadPlan};
use bonafide::store::{MemoryStore, Store};
use bonafide::time::Timestamp;
use bonafide::upstream::{Decoded, IntegrityDecoder, NotSent, Reply};
use bonafide::verdict::Verdict;
use bonafide::verifier::{
    AndroidEvidence, AppConfig, AssertCall, AssertProof, AttestCall, Caller, Evidence, Grants, KeyAssertion,
    KeyAttestationConfig, PlayIntegrityConfig, Purpose, Role, Signer, Upstreams, Verifier, VerifierConfig,
};
use data_encoding::BASE64URL_NOPAD;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
pub(crate) const PACKAGE: &str = "com.example.shop";
pub(crate) const SESSION: &[u8] = b"session";

/// A Google that knows the payloads of tokens, and answers nothing while it is told to be away.
#[derive(Default)]
pub(crate) struct Google {
    answers: Mutex<HashMap<String, Vec<u8>>>,
    pub(crate) away: Mutex<bool>,
    pub(crate) asked: AtomicUsize,
}

impl IntegrityDecoder for Google {
    fn decode<'a>(&'a self, _: &'a str, token: &'a str, _: Duration) -> Reply<'a, Decoded> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let away = *self.away.lock().expect("no panic");
        let answer = self.answers.lock().expect("no panic").get(token).cloned();
        let decoded = match answer {
            _ if away => Decoded::NotSent(NotSent::NotConnected),
            Some(answer) => Decoded::Payload(answer),
            None => Decoded::Refused(bonafide::upstream::Refusal::NotDecodable),
        };
        Box::pin(async { decoded })
    }
}

pub(crate) struct Bench {
    pub(crate) config: VerifierConfig,
    pub(crate) google: Arc<Google>,
    pub(crate) verifier: Verifier,
    pub(crate) phone: LabAndroid,
    app: LabApp,
    caller: Caller,
    store: Arc<dyn Store>,
}

/// One app that takes both formats of Android.
pub(crate) fn config(lab: &KeyAttestationLab, app: &LabApp) -> AppConfig {
    let identity = AppIdentity { package: PACKAGE.to_owned(), signers: Some([app.signer.0].into()) };
    let key = KeyAttestationConfig {
        lab_roots: vec![lab.root_der().to_vec()],
        policy: KeyAttestationPolicy { status_list: None, ..KeyAttestationPolicy::careful() },
        ..KeyAttestationConfig::careful(vec![identity])
    };
    let integrity = PlayIntegrityConfig {
        decoder_origin: Anchor::Vendor,
        policy: PlayIntegrityPolicy::careful(),
        ..PlayIntegrityConfig::careful(PACKAGE.to_owned(), vec![app.signer])
    };
    AppConfig {
        key_attestation: Some(key),
        play_integrity: Some(integrity),
        ..AppConfig::of("shop".parse().expect("a name"))
    }
}

impl Bench {
    pub(crate) async fn with(change: impl FnOnce(&mut AppConfig)) -> Self {
        let lab = KeyAttestationLab::from_seed(&[1; 32], Names::Lab, NOW).expect("a lab");
        let app = LabApp::from_seed(&[2; 32], PACKAGE, NOW).expect("an app");
        let phone = lab.device_from_seed(&[3; 32], &AndroidApp::new(PACKAGE, &app.signer.0)).expect("a phone");
        let mut shop = config(&lab, &app);
        change(&mut shop);
        let config = VerifierConfig::of(vec![shop]);
        let (google, store): (_, Arc<dyn Store>) = (Arc::new(Google::default()), Arc::new(MemoryStore::new()));
        let verifier = build(&config, &store, Some(&google)).await;
        let caller = Caller {
            name: "gateway".parse().expect("a name"),
            relying_party: "party".parse().expect("a name"),
            role: Role::AuthServer,
            apps: Grants::All,
        };
        Self { config, google, verifier, phone, app, caller, store }
    }

    /// The same store under another configuration.
    pub(crate) async fn reconfigured(&mut self, change: impl FnOnce(&mut AppConfig)) {
        change(&mut self.config.apps[0]);
        self.verifier = build(&self.config, &self.store, Some(&self.google)).await;
    }

    /// Google goes away for good: nothing opens tokens.
    pub(crate) async fn nobody_opens(&mut self) {
        self.verifier = build(&self.config, &self.store, None).await;
    }

    pub(crate) fn away(&self, away: bool) {
        *self.google.away.lock().expect("no panic") = away;
    }

    pub(crate) fn asked(&self) -> usize {
        self.google.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn challenge(&self, purpose: Purpose) -> Vec<u8> {
        let app = &self.config.apps[0].name;
        self.verifier.create_challenge(&self.caller, app, purpose, SESSION).expect("a challenge").text.into_bytes()
    }

    pub(crate) fn chain(&self, client_data: &[u8]) -> Vec<Vec<u8>> {
        self.phone.attest(&sha256(client_data)).expect("forged").chain
    }

    /// A token that Google opens to the good verdict over these client data, after a change to it.
    pub(crate) fn token(&self, name: &str, client_data: &[u8], change: impl FnOnce(&mut PayloadPlan)) -> String {
        let token = junk(name);
        let binding = BASE64URL_NOPAD.encode(&sha256(client_data));
        let mut plan = self.app.verdict(TokenKind::Standard, &binding);
        change(&mut plan);
        self.google.answers.lock().expect("no panic").insert(token.clone(), plan.write_answer());
        token
    }

    pub(crate) async fn attest(&self, client_data: &[u8], chain: &[Vec<u8>], token: &str, name: &str) -> Verdict {
        let evidence = Evidence::Android(AndroidEvidence { chain, integrity_token: token });
        let app = &self.config.apps[0].name;
        let call = AttestCall {
            app,
            client_data,
            evidence,
            session: SESSION,
            account: "",
            idempotency_key: name,
            context: None,
            token: None,
        };
        self.verifier.attest(&self.caller, call).await.expect("a verdict")
    }

    pub(crate) async fn assert(&self, client_data: &[u8], sign_count: u32, token: &str) -> Verdict {
        let signature = self.phone.assert(&sha256(client_data), sign_count).expect("signs");
        self.replay(client_data, sign_count, &signature, token).await
    }

    pub(crate) async fn replay(&self, client_data: &[u8], sign_count: u32, signature: &[u8], token: &str) -> Verdict {
        let key = self.phone.public_key().key_id();
        let assertion = KeyAssertion { sign_count, signature };
        let call = AssertCall {
            app: &self.config.apps[0].name,
            signer: Signer::Key(&key),
            client_data,
            proof: AssertProof::Android { assertion, integrity_token: token },
            session: SESSION,
            idempotency_key: "",
            context: None,
            token: None,
        };
        self.verifier.assert(&self.caller, call).await.expect("a verdict")
    }
}

async fn build(config: &VerifierConfig, store: &Arc<dyn Store>, google: Option<&Arc<Google>>) -> Verifier {
    let clock = Arc::new(ManualClock::at(NOW));
    let decoder = google.map(|google| Arc::clone(google) as Arc<dyn IntegrityDecoder>);
    let upstreams = Upstreams { status_list: None, decoder };
    Verifier::build(config.clone(), Arc::clone(store), clock, upstreams).await.expect("builds")
}

/// A text that looks like a token; each name gives another.
pub(crate) fn junk(name: &str) -> String {
    let part = |salt: &str| BASE64URL_NOPAD.encode(&digest(&format!("{salt} {name}")));
    [part("a"), part("b"), part("c"), part("d"), part("e")].join(".")
}

fn digest(text: &str) -> Digest {
    sha256(text.as_bytes())
}

pub(crate) fn codes(verdict: &Verdict) -> Vec<&str> {
    verdict.reasons.iter().map(|reason| reason.code.as_ref()).collect()
}
