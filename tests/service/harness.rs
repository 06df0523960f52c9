//! A service on loopback, the laboratory it trusts, and short ways to call it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bonafide::app::Service;
use bonafide::clock::ManualClock;
use bonafide::config::{Config, UpstreamConfig};
use bonafide::evidence::app_attest::AppId;
use bonafide::evidence::claims::Environment;
use bonafide::grpc::proto::attestation_service_client::AttestationServiceClient;
use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::verdict_service_client::VerdictServiceClient;
use bonafide::grpc::proto::{
    AppAttestEvidence, AssertRequest, AttestRequest, CheckVerdictRequest, CreateChallengeRequest, Decision, Evidence,
    Purpose, Verdict, assert_request, evidence,
};
use bonafide::grpc::{GrpcConfig, Stopped};
use bonafide::lab::app_attest::{AppAttestLab, Attested, LabDevice};
use bonafide::store::{SignCountMode, StoreConfig, WindowSize};
use bonafide::telemetry::LogConfig;
use bonafide::time::Timestamp;
use bonafide::verifier::{AppAttestConfig, AppConfig, VerifierConfig};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};

pub(crate) const APP_ID: &str = "1234567890.com.example.shop";
pub(crate) const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

pub(crate) struct Harness {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) channel: Channel,
    pub(crate) address: SocketAddr,
    pub(crate) http: Option<SocketAddr>,
    #[allow(dead_code, reason = "the tests with gateways use it")]
    pub(crate) gateway: Option<SocketAddr>,
    pub(crate) folder: TempDir,
    lab: AppAttestLab,
    stop: oneshot::Sender<()>,
    service: JoinHandle<Stopped>,
}

/// Two apps, `shop` with a window of 64 sign counts and `bank` in strict mode, and one more that trusts no laboratory.
pub(crate) fn config(folder: &TempDir, lab: &AppAttestLab) -> Config {
    let app_id: AppId = APP_ID.parse().expect("an App ID");
    let careful = AppAttestConfig::careful(vec![app_id]);
    let app = |name: &str, app_attest| AppConfig {
        app_attest: Some(app_attest),
        ..AppConfig::of(name.parse().expect("a name"))
    };
    let lab_roots = vec![lab.root_der().to_vec()];
    let window = SignCountMode::Window(WindowSize::new(64).expect("a size"));
    let apps = vec![
        app("shop", AppAttestConfig { lab_roots: lab_roots.clone(), sign_count: window, ..careful.clone() }),
        app("bank", AppAttestConfig { lab_roots, ..careful.clone() }),
        app("apple-only", careful),
    ];
    Config {
        grpc: GrpcConfig::on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
        http: None,
        gateway: None,
        upstream: UpstreamConfig::usual(),
        store: StoreConfig::Sqlite { path: folder.path().join("bonafide.db") },
        verifier: VerifierConfig::of(apps),
        log: LogConfig::default(),
    }
}

/// A client that shows a certificate of `testdata/tls`, and trusts the service's there.
fn trust() -> ClientTlsConfig {
    let pem = |name: &str| std::fs::read(format!("{}/testdata/tls/{name}", env!("CARGO_MANIFEST_DIR"))).expect("PEM");
    let identity = Identity::from_pem(pem("client.pem"), pem("client-key.pem"));
    let ca = Certificate::from_pem(pem("service-ca.pem"));
    ClientTlsConfig::new().ca_certificate(ca).identity(identity).domain_name("localhost")
}

impl Harness {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let lab = AppAttestLab::new(START).expect("a laboratory");
        let mut config = config(&folder, &lab);
        change(&mut config);
        Self::run(config, folder, lab, Arc::new(ManualClock::at(START))).await
    }

    async fn run(config: Config, folder: TempDir, lab: AppAttestLab, clock: Arc<ManualClock>) -> Self {
        let trust = config.grpc.tls.as_ref().map(|_| trust());
        let service = Service::start(config, clock.clone()).await.expect("starts");
        let (address, http, gateway) = (service.address(), service.http_address(), service.gateway_address());
        let (stop, stopped) = oneshot::channel::<()>();
        let service = tokio::spawn(async {
            let stopped = service.run(async { drop(stopped.await) }).await;
            stopped.expect("ends well")
        });
        let endpoint = match trust {
            None => Channel::from_shared(format!("http://{address}")).expect("an address"),
            Some(trust) => {
                let endpoint = Channel::from_shared(format!("https://{address}")).expect("an address");
                endpoint.tls_config(trust).expect("a trust")
            }
        };
        let channel = endpoint.connect().await.expect("connects");
        Self { clock, channel, address, http, gateway, folder, lab, stop, service }
    }

    pub(crate) async fn stop(self) -> (Stopped, TempDir, AppAttestLab) {
        let Self { channel, stop, service, folder, lab, .. } = self;
        drop((channel, stop));
        (service.await.expect("no panic"), folder, lab)
    }

    /// Stops the service and starts it again on the same file.
    pub(crate) async fn restart(self) -> Self {
        self.restart_with(|_| ()).await
    }

    /// Stops the service and starts it again on the same file, with another configuration.
    pub(crate) async fn restart_with(self, change: impl FnOnce(&mut Config)) -> Self {
        let clock = Arc::clone(&self.clock);
        let (_, folder, lab) = self.stop().await;
        let mut config = config(&folder, &lab);
        change(&mut config);
        Self::run(config, folder, lab, clock).await
    }

    pub(crate) fn phone(&self) -> LabDevice {
        self.lab.device(&APP_ID.parse().expect("an App ID"), Environment::Production).expect("a phone")
    }

    pub(crate) fn later(&self, span: Duration) {
        use bonafide::clock::Clock;
        self.clock.set(self.clock.now().plus(span));
    }

    pub(crate) fn attestation(&self) -> AttestationServiceClient<Channel> {
        AttestationServiceClient::new(self.channel.clone())
    }

    pub(crate) fn verdicts(&self) -> VerdictServiceClient<Channel> {
        VerdictServiceClient::new(self.channel.clone())
    }

    pub(crate) async fn challenge(&self, app: &str, purpose: Purpose, session: &[u8]) -> Vec<u8> {
        let request =
            CreateChallengeRequest { app: app.to_owned(), purpose: purpose.into(), session: session.to_vec().into() };
        let answer = self.attestation().create_challenge(request).await.expect("a challenge");
        answer.into_inner().challenge.into_bytes()
    }

    pub(crate) async fn attest(&self, request: AttestRequest) -> Verdict {
        let answer = self.attestation().attest(request).await.expect("an answer");
        answer.into_inner().verdict.expect("a verdict")
    }

    pub(crate) async fn assert(&self, request: AssertRequest) -> Verdict {
        let answer = self.attestation().assert(request).await.expect("an answer");
        answer.into_inner().verdict.expect("a verdict")
    }

    pub(crate) async fn check(&self, app: &str, instance: &str) -> Verdict {
        let request = CheckVerdictRequest {
            app: app.to_owned(),
            subject: Some(Subject::Instance(instance.to_owned())),
            ..CheckVerdictRequest::default()
        };
        let answer = self.verdicts().check_verdict(request).await.expect("an answer");
        answer.into_inner().verdict.expect("a verdict")
    }

    /// Enrols a phone with an app and gives its pseudonym.
    pub(crate) async fn enrolled(&self, app: &str, phone: &LabDevice) -> String {
        let client_data = self.challenge(app, Purpose::Attest, b"").await;
        let verdict = self.attest(attest_request(app, phone, &client_data)).await;
        assert_eq!(verdict.decision(), Decision::Allow, "{verdict:?}");
        verdict.instance
    }

    /// A request in which the phone signs a fresh challenge with the next sign count.
    pub(crate) async fn signed(&self, app: &str, instance: &str, phone: &mut LabDevice) -> AssertRequest {
        let client_data = self.challenge(app, Purpose::Assert, b"").await;
        let assertion = phone.assert(&client_data).expect("signs");
        assert_request(app, instance, &client_data, assertion)
    }
}

pub(crate) fn attest_request(app: &str, phone: &LabDevice, client_data: &[u8]) -> AttestRequest {
    attest_request_of(app, phone.attest(client_data).expect("attests"), client_data)
}

pub(crate) fn attest_request_of(app: &str, attested: Attested, client_data: &[u8]) -> AttestRequest {
    let app_attest =
        AppAttestEvidence { attestation_object: attested.object.into(), key_id: attested.key_id.to_vec().into() };
    AttestRequest {
        app: app.to_owned(),
        client_data: client_data.to_vec().into(),
        evidence: vec![Evidence { format: Some(evidence::Format::AppAttest(app_attest)) }],
        ..Default::default()
    }
}

pub(crate) fn assert_request(app: &str, instance: &str, client_data: &[u8], assertion: Vec<u8>) -> AssertRequest {
    AssertRequest {
        app: app.to_owned(),
        signer: Some(assert_request::Signer::Instance(instance.to_owned())),
        client_data: client_data.to_vec().into(),
        proof: Some(assert_request::Proof::Assertion(assertion.into())),
        ..Default::default()
    }
}

pub(crate) fn codes(verdict: &Verdict) -> Vec<&str> {
    verdict.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

/// The verdict denies, for this one reason.
#[track_caller]
pub(crate) fn assert_denied(verdict: &Verdict, code: &str) {
    assert_eq!((verdict.decision(), codes(verdict)), (Decision::Deny, vec![code]), "{verdict:?}");
    assert_eq!(verdict.issue_time, verdict.expire_time, "a refusal holds for no time");
}
