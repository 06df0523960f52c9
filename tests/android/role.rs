//! The role without its edges, where a test has to say when the status list is asked for.

use std::sync::Arc;

use bonafide::config::Config;
use bonafide::crypto::digest::sha256;
use bonafide::lab::key_attestation::LabAndroid;
use bonafide::store;
use bonafide::upstream::google::Google;
use bonafide::verdict::{Decision, Verdict};
use bonafide::verifier::{
    AndroidEvidence, AssertCall, AssertProof, AttestCall, Caller, CheckCall, CheckSubject, Evidence, Grants,
    KeyAssertion, Purpose, RenewedList, Role, Signer, StatusListFault, Upstreams, Verifier,
};

use crate::harness::{World, chain};

pub(crate) struct Desk {
    pub(crate) world: World,
    pub(crate) verifier: Verifier,
    /// Another replica on the same store, that asks nobody for a list.
    pub(crate) other: Arc<Verifier>,
    pub(crate) caller: Caller,
}

/// What a phone has sent once.
pub(crate) struct Sent {
    client_data: Vec<u8>,
    chain: Vec<Vec<u8>>,
}

impl Desk {
    pub(crate) async fn open(change: impl FnOnce(&mut Config)) -> Self {
        let world = World::new().await;
        let mut config = world.config();
        change(&mut config);
        let store = store::open(&config.store).expect("a store");
        let google = Arc::new(Google::build(config.upstream.google, world.clock.clone()).expect("a client"));
        let upstreams = Upstreams { status_list: Some(google), ..Upstreams::default() };
        let built = Verifier::build(config.verifier.clone(), store.clone(), world.clock.clone(), upstreams);
        let verifier = built.await.expect("a role");
        let built = Verifier::build(config.verifier, store, world.clock.clone(), Upstreams::default());
        let other = Arc::new(built.await.expect("a role"));
        let name = || "local".parse().expect("a name");
        let caller = Caller { name: name(), relying_party: name(), role: Role::AuthServer, apps: Grants::All };
        Self { world, verifier, other, caller }
    }

    pub(crate) async fn renew(&self) -> Result<RenewedList, StatusListFault> {
        self.verifier.renew_status_list().await.expect("a source")
    }

    pub(crate) fn entries(&self) -> Option<usize> {
        self.verifier.status_list().map(|list| list.entries)
    }

    fn client_data(&self, purpose: Purpose) -> Vec<u8> {
        let app = "key".parse().expect("a name");
        self.verifier.create_challenge(&self.caller, &app, purpose, b"").expect("a challenge").text.into_bytes()
    }

    /// A first proof for the app `key`.
    pub(crate) async fn attest(&self, phone: &LabAndroid) -> (Verdict, Sent) {
        let client_data = self.client_data(Purpose::Attest);
        let sent = Sent { chain: chain(phone, &client_data), client_data };
        (self.attest_again(&sent).await, sent)
    }

    pub(crate) async fn attest_again(&self, sent: &Sent) -> Verdict {
        let call = AttestCall {
            app: &"key".parse().expect("a name"),
            client_data: &sent.client_data,
            evidence: Evidence::Android(AndroidEvidence { chain: &sent.chain, integrity_token: "" }),
            session: b"",
            account: "",
            idempotency_key: "",
            context: None,
            token: None,
        };
        self.verifier.attest(&self.caller, call).await.expect("a verdict")
    }

    pub(crate) async fn assert(&self, phone: &LabAndroid, sign_count: u32) -> Verdict {
        self.assert_with(phone, sign_count, |_| String::new()).await
    }

    /// A proof with a token over its client data.
    pub(crate) async fn assert_with(
        &self,
        phone: &LabAndroid,
        sign_count: u32,
        token: impl FnOnce(&[u8]) -> String,
    ) -> Verdict {
        let client_data = self.client_data(Purpose::Assert);
        let signature = phone.assert(&sha256(&client_data), sign_count).expect("signs");
        let call = AssertCall {
            app: &"key".parse().expect("a name"),
            signer: Signer::Key(&phone.public_key().key_id()),
            client_data: &client_data,
            proof: AssertProof::Android {
                assertion: KeyAssertion { sign_count, signature: &signature },
                integrity_token: &token(&client_data),
            },
            session: b"",
            idempotency_key: "",
            context: None,
            token: None,
        };
        self.verifier.assert(&self.caller, call).await.expect("a verdict")
    }

    pub(crate) async fn check(&self, of: &Verdict) -> Verdict {
        self.check_at(&self.verifier, of).await
    }

    /// A check at one of the replicas.
    pub(crate) async fn check_at(&self, replica: &Verifier, of: &Verdict) -> Verdict {
        let pseudonym = replica.pseudonym(&self.caller, of.instance.expect("an instance"));
        let app = "key".parse().expect("a name");
        let checked = replica
            .check(&self.caller, &CheckCall::of(&app, CheckSubject::Instance(&pseudonym)))
            .await
            .expect("a verdict");
        Verdict::clone(&checked.verdict)
    }
}

/// The serial of the certificate above the phone's own, which is the phone's alone.
pub(crate) fn serial(verdict: &Verdict) -> String {
    let claims = verdict.claims.as_ref().and_then(|claims| claims.key_attestation.as_ref()).expect("claims");
    claims.serials[1].to_string()
}

#[track_caller]
pub(crate) fn assert_told(verdict: &Verdict, decision: Decision, codes: &[&str]) {
    let told: Vec<_> = verdict.reasons.iter().map(|reason| reason.code.as_ref()).collect();
    assert_eq!((verdict.decision, told), (decision, codes.to_vec()));
}
