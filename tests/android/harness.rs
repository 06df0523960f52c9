//! A service on loopback with a fake Google beside it, and short ways to call it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bonafide::app::Service;
use bonafide::appraisal::Presence;
use bonafide::clock::{Clock, ManualClock};
use bonafide::config::{Config, StatusListFrom, UpstreamConfig};
use bonafide::crypto::digest::sha256;
use bonafide::evidence::claims::Anchor;
use bonafide::evidence::claims::play_integrity::TokenKind;
use bonafide::evidence::key_attestation::AppIdentity;
use bonafide::grpc::proto::attestation_service_client::AttestationServiceClient;
use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::verdict_service_client::VerdictServiceClient;
use bonafide::grpc::proto::{
    AssertRequest, AttestRequest, CheckVerdictRequest, CreateChallengeRequest, Decision, Evidence, KeyAssertion,
    KeyAttestationEvidence, PlayIntegrityEvidence, Purpose, Verdict, assert_request, evidence,
};
use bonafide::grpc::{GrpcConfig, Stopped};
use bonafide::http::HttpConfig;
use bonafide::lab::google::{FakeGoogle, GooglePlan};
use bonafide::lab::key_attestation::{AndroidApp, KeyAttestationLab, LabAndroid, Names};
use bonafide::lab::play_integrity::{LabApp, PayloadPlan};
use bonafide::store::{SignCountMode, StoreConfig, WindowSize};
use bonafide::telemetry::LogConfig;
use bonafide::time::Timestamp;
use bonafide::upstream::{AccessConfig, AccessToken, Endpoint, GoogleConfig};
use bonafide::verifier::{AppConfig, KeyAttestationConfig, PlayIntegrityConfig, VerifierConfig};
use data_encoding::BASE64URL_NOPAD;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

pub(crate) const PACKAGE: &str = "com.example.shop";
pub(crate) const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);
/// How long Google may take, and what is waited for: this machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

static LAB: LazyLock<KeyAttestationLab> =
    LazyLock::new(|| KeyAttestationLab::from_seed(&[0x4B; 32], Names::Lab, START).expect("a laboratory"));
static APP: LazyLock<LabApp> =
    LazyLock::new(|| LabApp::from_seed(&[0x50; 32], PACKAGE, START).expect("an app in the Play Console"));

/// What outlives a restart of the service.
pub(crate) struct World {
    pub(crate) google: FakeGoogle,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) folder: TempDir,
}

pub(crate) struct Harness {
    pub(crate) world: World,
    pub(crate) channel: Channel,
    http: SocketAddr,
    stop: oneshot::Sender<()>,
    service: JoinHandle<Stopped>,
}

impl World {
    /// A Google that publishes a list of four certificates which nobody has.
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let access_token_lifetime = HOUR * 24 * 365;
        let plan = GooglePlan { clock: clock.clone(), access_token_lifetime, ..GooglePlan::of(&[PACKAGE]) };
        let google = FakeGoogle::start(plan).await.expect("a Google");
        for serial in ["a0", "a1", "a2", "a3"] {
            google.list(serial, json!({"status": "REVOKED"}));
        }
        Self { google, clock, folder: tempfile::tempdir().expect("a folder") }
    }

    pub(crate) fn later(&self, span: Duration) {
        self.clock.set(self.clock.now().plus(span));
    }

    /// Google as the service reaches it, with patience for tests.
    pub(crate) fn upstream(&self) -> UpstreamConfig {
        let at = |path: &str| Endpoint::parse(&format!("{}{path}", self.google.origin())).expect("an address");
        let access = AccessToken::parse(&self.google.access_token().expect("an access token")).expect("a token");
        let google = GoogleConfig {
            status_list: at("/attestation/status"),
            play_integrity: at(""),
            status_list_timeout: PATIENCE,
            access_timeout: PATIENCE,
            breaker_failures: 1_000,
            ..GoogleConfig::new(Some(AccessConfig::Fixed(access)))
        };
        UpstreamConfig { google, status_list: StatusListFrom::Google }
    }

    /// Three apps: `both` asks for both pieces, `key` for a key with a window of 64 sign counts, `token` for a token.
    pub(crate) fn config(&self) -> Config {
        let app = |name: &str, key: KeyAttestationConfig, token: PlayIntegrityConfig| AppConfig {
            key_attestation: Some(key),
            play_integrity: Some(token),
            ..AppConfig::of(name.parse().expect("a name"))
        };
        let (mut windowed, mut optional_key) = (key_attestation(), key_attestation());
        windowed.sign_count = SignCountMode::Window(WindowSize::new(64).expect("a size"));
        optional_key.policy.presence = Presence::Optional;
        let mut optional_token = play_integrity();
        optional_token.policy.presence = Presence::Optional;
        let apps = vec![
            app("both", key_attestation(), play_integrity()),
            app("key", windowed, optional_token),
            app("token", optional_key, play_integrity()),
        ];
        let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Config {
            grpc: GrpcConfig::on(local),
            http: Some(HttpConfig::on(local)),
            gateway: None,
            upstream: self.upstream(),
            store: StoreConfig::Sqlite { path: self.folder.path().join("bonafide.db") },
            verifier: VerifierConfig::of(apps),
            log: LogConfig::default(),
        }
    }

    /// A good verdict of Google's over these client data, after a change.
    pub(crate) fn payload(&self, kind: TokenKind, data: &[u8], change: impl FnOnce(&mut PayloadPlan)) -> Vec<u8> {
        let binding = BASE64URL_NOPAD.encode(&sha256(data));
        let mut plan = APP.clone().at(self.clock.now()).verdict(kind, &binding);
        change(&mut plan);
        plan.write()
    }

    /// A standard token over these client data, which Google alone can open.
    pub(crate) fn token(&self, data: &[u8]) -> String {
        self.token_with(data, |_| ())
    }

    pub(crate) fn token_with(&self, data: &[u8], change: impl FnOnce(&mut PayloadPlan)) -> String {
        let payload = self.payload(TokenKind::Standard, data, change);
        self.google.mint(PACKAGE, serde_json::from_slice(&payload).expect("JSON")).expect("a token")
    }

    /// A classic token, which the app's keys open.
    pub(crate) fn classic_with(&self, data: &[u8], change: impl FnOnce(&mut PayloadPlan)) -> String {
        APP.token(self.payload(TokenKind::Classic, data, change)).expect("a token")
    }

    /// How often Google was asked about a token, and how often it decoded it.
    pub(crate) fn decodes(&self, token: &str) -> (u32, u32) {
        let decodes = self.google.decodes(token);
        (decodes.asked, decodes.decoded)
    }
}

fn key_attestation() -> KeyAttestationConfig {
    let app = AppIdentity { package: PACKAGE.to_owned(), signers: Some([APP.signer.0].into()) };
    KeyAttestationConfig { lab_roots: vec![LAB.root_der().to_vec()], ..KeyAttestationConfig::careful(vec![app]) }
}

fn play_integrity() -> PlayIntegrityConfig {
    PlayIntegrityConfig {
        lab_keys: vec![APP.keys.integrity_keys()],
        decoder_origin: Anchor::Lab,
        decode_timeout: PATIENCE,
        ..PlayIntegrityConfig::careful(PACKAGE.to_owned(), vec![APP.signer])
    }
}

/// The section of each app.
pub(crate) fn each_token(config: &mut Config, change: impl Fn(&mut PlayIntegrityConfig)) {
    config.verifier.apps.iter_mut().filter_map(|app| app.play_integrity.as_mut()).for_each(change);
}

/// The section of each app.
pub(crate) fn each_key(config: &mut Config, change: impl Fn(&mut KeyAttestationConfig)) {
    config.verifier.apps.iter_mut().filter_map(|app| app.key_attestation.as_mut()).for_each(change);
}

pub(crate) fn phone() -> LabAndroid {
    LAB.device(&AndroidApp::new(PACKAGE, &APP.signer.0)).expect("a phone")
}

/// The chain of a phone over these client data.
pub(crate) fn chain(phone: &LabAndroid, data: &[u8]) -> Vec<Vec<u8>> {
    phone.attest(&sha256(data)).expect("attests").chain
}

impl Harness {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let service = Self::run(World::new().await, change).await;
        service.until_told("bonafide_status_list_entries 4.0").await;
        service
    }

    pub(crate) async fn run(world: World, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = world.config();
        change(&mut config);
        let service = Service::start(config, world.clock.clone()).await.expect("starts");
        let (address, http) = (service.address(), service.http_address().expect("an address"));
        let (stop, stopped) = oneshot::channel::<()>();
        let service = tokio::spawn(async { service.run(async { drop(stopped.await) }).await.expect("ends well") });
        let channel = Channel::from_shared(format!("http://{address}")).expect("an address");
        Self { world, channel: channel.connect().await.expect("connects"), http, stop, service }
    }

    pub(crate) async fn stop(self) -> World {
        let Self { world, channel, stop, service, .. } = self;
        drop((channel, stop));
        service.await.expect("no panic");
        world
    }

    /// Stops the service and starts it again on the same file, with another configuration.
    pub(crate) async fn restart_with(self, change: impl FnOnce(&mut Config)) -> Self {
        Self::run(self.stop().await, change).await
    }

    /// Waits until the metrics contain a line.
    pub(crate) async fn until_told(&self, line: &str) {
        for _ in 0..1200 {
            if self.metrics().await.lines().any(|told| told == line) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert!(line.is_empty(), "not in the metrics: {line}");
    }

    pub(crate) async fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(self.http).await.expect("connects");
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("asks");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok();
        String::from_utf8(answer).expect("text")
    }

    pub(crate) fn attestation(&self) -> AttestationServiceClient<Channel> {
        AttestationServiceClient::new(self.channel.clone())
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
        let answer = VerdictServiceClient::new(self.channel.clone()).check_verdict(request).await.expect("an answer");
        answer.into_inner().verdict.expect("a verdict")
    }

    /// A request with a phone's chain, and with a good token where the app needs one; and the token.
    pub(crate) async fn enrolment(&self, app: &str, phone: &LabAndroid) -> (AttestRequest, String) {
        let data = self.challenge(app, Purpose::Attest, b"").await;
        let mut pieces = vec![key(&chain(phone, &data))];
        let token = if app == "key" { String::new() } else { self.world.token(&data) };
        pieces.extend((!token.is_empty()).then(|| integrity(&token)));
        (attest_request(app, &data, pieces), token)
    }

    /// Enrols a phone and gives its pseudonym.
    pub(crate) async fn enrolled(&self, app: &str, phone: &LabAndroid) -> String {
        let (request, _) = self.enrolment(app, phone).await;
        let verdict = self.attest(request).await;
        assert_allowed(&verdict);
        verdict.instance
    }

    /// A request in which the phone signs a fresh challenge with this count.
    pub(crate) async fn signed(&self, app: &str, instance: &str, phone: &LabAndroid, count: u32) -> AssertRequest {
        let data = self.challenge(app, Purpose::Assert, b"").await;
        assert_request(app, instance, &data, phone, count)
    }
}

pub(crate) fn key(chain: &[Vec<u8>]) -> Evidence {
    let certificate_chain = chain.iter().map(|certificate| certificate.clone().into()).collect();
    Evidence { format: Some(evidence::Format::KeyAttestation(KeyAttestationEvidence { certificate_chain })) }
}

pub(crate) fn integrity(token: &str) -> Evidence {
    Evidence { format: Some(evidence::Format::PlayIntegrity(PlayIntegrityEvidence { token: token.to_owned() })) }
}

pub(crate) fn attest_request(app: &str, data: &[u8], evidence: Vec<Evidence>) -> AttestRequest {
    AttestRequest { app: app.to_owned(), client_data: data.to_vec().into(), evidence, ..Default::default() }
}

pub(crate) fn assert_request(
    app: &str,
    instance: &str,
    data: &[u8],
    phone: &LabAndroid,
    sign_count: u32,
) -> AssertRequest {
    let signature = phone.assert(&sha256(data), sign_count).expect("signs").into();
    AssertRequest {
        app: app.to_owned(),
        signer: Some(assert_request::Signer::Instance(instance.to_owned())),
        client_data: data.to_vec().into(),
        proof: Some(assert_request::Proof::KeyAssertion(KeyAssertion { sign_count, signature })),
        ..Default::default()
    }
}

pub(crate) fn said(verdict: &Verdict) -> (Decision, Vec<&str>) {
    (verdict.decision(), verdict.reasons.iter().map(|reason| reason.code.as_str()).collect())
}

/// The verdict allows, and says that a laboratory stands behind it.
#[track_caller]
pub(crate) fn assert_allowed(verdict: &Verdict) {
    assert_eq!(said(verdict), (Decision::Allow, vec!["lab_anchor"]), "{verdict:?}");
}

/// The verdict denies, for these reasons.
#[track_caller]
pub(crate) fn assert_denied(verdict: &Verdict, codes: &[&str]) {
    assert_eq!(said(verdict), (Decision::Deny, codes.to_vec()), "{verdict:?}");
}
