//! A verifier over a store in memory, a phone, and the private half of the key that signs: any token can be forged.

use std::sync::Arc;
use std::time::Duration;

use bonafide::clock::{Clock, ManualClock};
use bonafide::crypto::digest::sha256;
use bonafide::crypto::es256::Es256Key;
use bonafide::crypto::jose::sign_jws;
use bonafide::crypto::jwk::PublicJwk;
use bonafide::crypto::seal::SealKey;
use bonafide::evidence::app_attest::AppId;
use bonafide::evidence::claims::Environment;
use bonafide::ids::Name;
use bonafide::lab::app_attest::{AppAttestLab, Attested, LabDevice};
use bonafide::store::{MemoryStore, NewKey, Store, StoredKey};
use bonafide::time::Timestamp;
use bonafide::verdict::{Decision, Verdict};
use bonafide::verifier::{
    AppAttestConfig, AppAttestEvidence, AppConfig, AssertCall, AssertProof, AttestCall, CallFault, Caller, CheckCall,
    CheckSubject, Consume, Evidence, Grants, Purpose, RequestContext, Role, SignedToken, Signer, TokenConfig,
    TokenKind, TokenRequest, Upstreams, Verifier, VerifierConfig,
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

pub(crate) const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);
pub(crate) const ISSUER: &str = "https://verdicts.example.com";

pub(crate) const SESSION: &[u8] = b"a session";

pub(crate) struct Bench {
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) key: Es256Key,
    pub(crate) phone: LabDevice,
    pub(crate) lab: AppAttestLab,
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

/// An auth server or gateway of the party `shop`.
pub(crate) fn caller(role: Role) -> Caller {
    Caller { name: name("login"), relying_party: name("shop"), role, apps: Grants::All }
}

pub(crate) fn shop() -> Caller {
    caller(Role::AuthServer)
}

pub(crate) fn config() -> TokenConfig {
    let audiences = [(name("login"), vec![name("orders")])].into_iter().collect();
    TokenConfig { seal: SealKey::derive(&[1; 32]), audiences, ..TokenConfig::of(ISSUER) }
}

pub(crate) fn stored(key: &Es256Key, created_at: Timestamp, seal: &SealKey) -> StoredKey {
    let id = PublicJwk::P256(*key.public()).thumbprint();
    let sealed = seal.seal(&id.0, key.export().expect("bytes").as_slice()).expect("sealed");
    StoredKey { id, created_at, signs_from: created_at, sealed }
}

pub(crate) fn apps(lab: &AppAttestLab) -> Vec<AppConfig> {
    let app_id: AppId = "1234567890.com.example.shop".parse().expect("an App ID");
    let careful = AppAttestConfig::careful(vec![app_id]);
    let format = AppAttestConfig { lab_roots: vec![lab.root_der().to_vec()], ..careful };
    let app = |app: &str| AppConfig { app_attest: Some(format.clone()), ..AppConfig::of(name(app)) };
    vec![app("shop"), app("bank")]
}

pub(crate) async fn verifier(lab: &AppAttestLab, store: &Arc<dyn Store>, clock: &Arc<ManualClock>) -> Verifier {
    let config = VerifierConfig { token: Some(config()), ..VerifierConfig::of(apps(lab)) };
    Verifier::build(config, Arc::clone(store), Arc::<ManualClock>::clone(clock), Upstreams::default())
        .await
        .expect("builds")
}

/// An EAR for the caller's own party.
pub(crate) const EAR: TokenRequest<'static> = TokenRequest {
    kind: TokenKind::Ear { audience: None, single_use: false, client_certificate: None },
    lifetime: None,
};

pub(crate) const SINGLE_USE: TokenRequest<'static> = TokenRequest {
    kind: TokenKind::Ear { audience: None, single_use: true, client_certificate: None },
    lifetime: None,
};

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with_key_of(START).await
    }

    /// With a signing key that was made at another time.
    pub(crate) async fn with_key_of(made_at: Timestamp) -> Self {
        let lab = AppAttestLab::new(START).expect("a laboratory");
        let phone = lab.device(&"1234567890.com.example.shop".parse().expect("an App ID"), Environment::Production);
        let (store, clock): (Arc<dyn Store>, _) = (Arc::new(MemoryStore::new()), Arc::new(ManualClock::at(START)));
        let key = Es256Key::generate().expect("a key");
        let seal = SealKey::derive(&[1; 32]).expect("a key");
        store.add_signing_key(NewKey { key: stored(&key, made_at, &seal), after: None }).await.expect("added");
        let verifier = verifier(&lab, &store, &clock).await;
        Self { verifier: Arc::new(verifier), store, clock, key, phone: phone.expect("a phone"), lab }
    }

    /// Another service over the same store, as after a restart.
    pub(crate) async fn replica(&self) -> Verifier {
        verifier(&self.lab, &self.store, &self.clock).await
    }

    pub(crate) fn later(&self, span: Duration) {
        self.clock.set(self.clock.now().plus(span));
    }

    /// Client data over a fresh challenge, with this `cnf` unless it is null.
    pub(crate) fn client_data(&self, purpose: Purpose, cnf: &Value) -> Vec<u8> {
        let challenge = self.verifier.create_challenge(&shop(), &name("shop"), purpose, b"").expect("a challenge").text;
        if cnf.is_null() {
            challenge.into_bytes()
        } else {
            json!({ "challenge": challenge, "cnf": cnf }).to_string().into_bytes()
        }
    }

    /// Enrols the phone; gives the verdict and the client data.
    pub(crate) async fn enrolled(&self, cnf: &Value, token: Option<TokenRequest<'_>>) -> (Verdict, Vec<u8>) {
        let client_data = self.client_data(Purpose::Attest, cnf);
        let attested = self.phone.attest(&client_data).expect("attests");
        (self.attest((&client_data, &attested), token).await, client_data)
    }

    /// A token for this proof, which may have been given before.
    pub(crate) async fn attested(&self, proof: (&[u8], &Attested), request: TokenRequest<'_>) -> String {
        let verdict = self.attest(proof, Some(request)).await;
        self.sign(&request, &(verdict, proof.0.to_vec())).await.token
    }

    async fn attest(&self, (client_data, attested): (&[u8], &Attested), token: Option<TokenRequest<'_>>) -> Verdict {
        let evidence = AppAttestEvidence { attestation_object: &attested.object, key_id: &attested.key_id };
        let call = AttestCall {
            app: &name("shop"),
            client_data,
            evidence: Evidence::AppAttest(evidence),
            session: b"",
            account: "",
            idempotency_key: "",
            context: None,
            token,
        };
        self.verifier.attest(&shop(), call).await.expect("a verdict")
    }

    /// The phone signs a challenge; gives the verdict and the client data.
    pub(crate) async fn asserted(
        &mut self,
        pseudonym: &str,
        cnf: &Value,
        token: Option<TokenRequest<'_>>,
    ) -> Result<(Verdict, Vec<u8>), CallFault> {
        let client_data = self.client_data(Purpose::Assert, cnf);
        let assertion = self.phone.assert(&client_data).expect("signs");
        let call = AssertCall {
            app: &name("shop"),
            signer: Signer::Pseudonym(pseudonym),
            client_data: &client_data,
            proof: AssertProof::AppAttest(&assertion),
            session: b"",
            idempotency_key: "",
            context: None,
            token,
        };
        Ok((self.verifier.assert(&shop(), call).await?, client_data))
    }

    pub(crate) async fn sign(&self, request: &TokenRequest<'_>, (verdict, data): &(Verdict, Vec<u8>)) -> SignedToken {
        self.verifier.signed(&shop(), request, (data, None), verdict).await.expect("an answer").expect("a token")
    }

    /// The phone enrolled with this `cnf`, and a token of this kind.
    pub(crate) async fn token(&self, cnf: &Value, request: TokenRequest<'_>) -> String {
        let enrolled = self.enrolled(cnf, Some(request)).await;
        self.sign(&request, &enrolled).await.token
    }

    pub(crate) async fn check(&self, call: CheckCall<'_>) -> Verdict {
        Arc::unwrap_or_clone(self.verifier.check(&caller(Role::Gateway), &call).await.expect("a verdict").verdict)
    }

    /// What the token is worth, with nothing beside it.
    pub(crate) async fn worth(&self, token: &str) -> Verdict {
        self.check(CheckCall::of(&name("shop"), CheckSubject::Token(token))).await
    }

    /// Consumes the token.
    pub(crate) async fn consumed(&self, token: &str) -> Verdict {
        self.check(CheckCall {
            consume: Consume::UnlessDenied,
            ..CheckCall::of(&name("shop"), CheckSubject::Token(token))
        })
        .await
    }

    /// What the token is worth in the session [`SESSION`].
    pub(crate) async fn worth_in_session(&self, token: &str) -> Verdict {
        self.worth_with(token, RequestContext { user_session: SESSION, ..RequestContext::default() }).await
    }

    /// What the token is worth with a request.
    pub(crate) async fn worth_with(&self, token: &str, context: RequestContext<'_>) -> Verdict {
        self.check(CheckCall { context, ..CheckCall::of(&name("shop"), CheckSubject::Token(token)) }).await
    }

    /// A token about nobody but the session [`SESSION`].
    pub(crate) async fn session_token(&self) -> String {
        let token = self.token(&Value::Null, EAR).await;
        self.forged(&token, |_, payload| {
            payload.as_object_mut().map(|payload| payload.remove("sub"));
            payload["bonafide"]["session_sha256"] = json!(BASE64URL_NOPAD.encode(&sha256(SESSION)));
        })
    }

    /// A token with the payload of another, changed, under the service's own key.
    pub(crate) fn forged(&self, token: &str, change: impl FnOnce(&mut Value, &mut Value)) -> String {
        let (mut header, mut payload) = (part(token, 0), part(token, 1));
        change(&mut header, &mut payload);
        jws(&header, &payload, &self.key)
    }
}

pub(crate) fn part(token: &str, at: usize) -> Value {
    let part = token.split('.').nth(at).expect("a part");
    serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64url")).expect("JSON")
}

pub(crate) fn jws(header: &Value, payload: &Value, key: &Es256Key) -> String {
    sign_jws(header.to_string().as_bytes(), payload.to_string().as_bytes(), key).expect("signed")
}

pub(crate) fn jwk(key: &Es256Key) -> Value {
    serde_json::from_str(&PublicJwk::P256(*key.public()).canonical()).expect("JSON")
}

/// Header and payload of a DPoP proof for a request that is sent at this time with a token.
pub(crate) fn dpop(key: &Es256Key, token: &str, now: Timestamp) -> (Value, Value) {
    let ath = BASE64URL_NOPAD.encode(&sha256(token.as_bytes()));
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk(key) });
    let target = "https://api.example.com/pay";
    let payload = json!({ "jti": "one", "htm": "POST", "htu": target, "iat": now.as_secs(), "ath": ath });
    (header, payload)
}

/// The request that [`dpop`] is about.
pub(crate) fn request(proof: &str) -> RequestContext<'_> {
    RequestContext {
        method: "POST",
        scheme: "https",
        authority: "api.example.com",
        path: "/pay?amount=1",
        dpop_proof: proof,
        ..RequestContext::default()
    }
}

pub(crate) fn codes(verdict: &Verdict) -> Vec<&str> {
    verdict.reasons.iter().map(|reason| reason.code.as_ref()).collect()
}

/// The verdict denies, for this one reason.
#[track_caller]
pub(crate) fn assert_refused(verdict: &Verdict, code: &str) {
    assert_eq!((verdict.decision, codes(verdict)), (Decision::Deny, vec![code]), "{verdict:?}");
    assert!(verdict.instance.is_none() && verdict.claims.is_none());
}

#[track_caller]
pub(crate) fn assert_allowed(verdict: &Verdict) {
    assert_eq!((verdict.decision, codes(verdict)), (Decision::Allow, vec!["lab_anchor"]), "{verdict:?}");
}
