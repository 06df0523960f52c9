//! The service over loopback gRPC, against calls that do less on the same stack.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use bonafide::app::Service;
use bonafide::appraisal::{Circumstances, appraise};
use bonafide::clock::{Clock, SystemClock};
use bonafide::config::{Config, UpstreamConfig};
use bonafide::crypto::digest::sha256;
use bonafide::crypto::key::P256PublicKey;
use bonafide::crypto::secret::random;
use bonafide::evidence::app_attest::AppId;
use bonafide::evidence::claims::{AppAttestClaims, Claims, Environment};
use bonafide::grpc::proto::attestation_service_client::AttestationServiceClient;
use bonafide::grpc::proto::check_verdict_request;
use bonafide::grpc::proto::verdict_service_client::VerdictServiceClient;
use bonafide::grpc::proto::{
    AppAttestEvidence, AssertRequest, AttestRequest, CheckVerdictRequest, CreateChallengeRequest, Decision, Evidence,
    Purpose, assert_request, evidence,
};
use bonafide::grpc::{CallerKey, GrpcConfig, authenticated, let_in, transport};
use bonafide::ids::{InstanceId, Name, Position};
use bonafide::lab::app_attest::{AppAttestLab, LabDevice};
use bonafide::store::{Enrolment, Instance, Spend, StoreConfig};
use bonafide::telemetry::LogConfig;
use bonafide::time::Timestamp;
use bonafide::verdict::{Bound, Frame, Subject, Verdict};
use bonafide::verifier::{AppAttestConfig, AppConfig, Caller, Grants, Role, VerifierConfig};
use data_encoding::BASE64URL_NOPAD;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use crate::paired::{Limit, Ratio, in_turns, thousands_a_second};

const APP_ID: &str = "1234567890.com.example.shop";
const CHANNELS: usize = 4;
const CHECKERS: usize = 64;
const CHECKS: usize = 20_000;
const CHECK_TURNS: usize = 21;
const PHONES: usize = 256;
const ASSERTIONS_EACH: usize = 16;
const ASSERT_TURNS: usize = 11;

/// A service on loopback with its clients' channels.
struct Stage {
    lab: AppAttestLab,
    channels: Vec<Channel>,
    _folder: TempDir,
}

/// A folder on the disk that the build is on.
fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder")
}

impl Stage {
    async fn build(folder: TempDir, store: StoreConfig) -> Self {
        let lab = AppAttestLab::new(SystemClock.now()).expect("a laboratory");
        let careful = AppAttestConfig::careful(vec![app_id()]);
        let app = app_config(AppAttestConfig { lab_roots: vec![lab.root_der().to_vec()], ..careful });
        let config = Config {
            upstream: UpstreamConfig::usual(),
            grpc: GrpcConfig { callers: callers(), ..GrpcConfig::on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))) },
            http: None,
            gateway: None,
            store,
            verifier: VerifierConfig::of(vec![app]),
            log: LogConfig::default(),
        };
        let service = Service::start(config, Arc::new(SystemClock)).await.expect("starts");
        let channels = connect(service.address()).await;
        tokio::spawn(service.run(std::future::pending()));
        Self { lab, channels: channels.await.expect("connects"), _folder: folder }
    }

    fn client(&self, at: usize) -> AttestationServiceClient<Channel> {
        AttestationServiceClient::new(self.channels[at % CHANNELS].clone())
    }

    async fn challenge(&self, purpose: Purpose) -> Vec<u8> {
        let request = CreateChallengeRequest { app: "shop".to_owned(), purpose: purpose.into(), ..Default::default() };
        let answer = self.client(0).create_challenge(by("Bearer login", request)).await.expect("a challenge");
        answer.into_inner().challenge.into_bytes()
    }

    async fn enrolled(&self) -> (LabDevice, String) {
        let phone = self.lab.device(&app_id(), Environment::Production).expect("a phone");
        let client_data = self.challenge(Purpose::Attest).await;
        let attested = phone.attest(&client_data).expect("attests");
        let app_attest =
            AppAttestEvidence { attestation_object: attested.object.into(), key_id: attested.key_id.to_vec().into() };
        let request = AttestRequest {
            app: "shop".to_owned(),
            client_data: client_data.into(),
            evidence: vec![Evidence { format: Some(evidence::Format::AppAttest(app_attest)) }],
            ..Default::default()
        };
        let verdict = self.client(0).attest(by("Bearer login", request)).await.expect("an answer").into_inner().verdict;
        (phone, verdict.expect("a verdict").instance)
    }

    async fn signed(&self, phone: &mut LabDevice, instance: &str) -> AssertRequest {
        let client_data = self.challenge(Purpose::Assert).await;
        AssertRequest {
            app: "shop".to_owned(),
            signer: Some(assert_request::Signer::Instance(instance.to_owned())),
            proof: Some(assert_request::Proof::Assertion(phone.assert(&client_data).expect("signs").into())),
            client_data: client_data.into(),
            ..Default::default()
        }
    }
}

/// An auth server and a gateway of one relying party, as in production: each is authenticated on every call.
fn callers() -> Vec<CallerKey> {
    let caller = |text: &str, role| Caller { name: name(text), relying_party: name("shop"), role, apps: Grants::All };
    [caller("login", Role::AuthServer), caller("edge", Role::Gateway)]
        .map(|caller| CallerKey { key_sha256: sha256(caller.name.as_str().as_bytes()), caller })
        .into()
}

/// A request with the header of one of the [`callers`].
fn by<T>(key: &'static str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", MetadataValue::from_static(key));
    request
}

/// Connects once the server answers.
async fn connect(address: SocketAddr) -> tokio::task::JoinHandle<Vec<Channel>> {
    tokio::spawn(async move {
        let mut channels = Vec::new();
        for _ in 0..CHANNELS {
            let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
            channels.push(endpoint.connect().await.expect("connects"));
        }
        channels
    })
}

/// Thousands of calls a second, with so many at a time.
async fn rate<C, F>(in_flight: usize, calls: usize, call: impl Fn(usize) -> C) -> f64
where
    C: FnMut() -> F + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let start = Instant::now();
    let tasks: Vec<_> = (0..in_flight)
        .map(|at| {
            let mut call = call(at);
            tokio::spawn(async move {
                for _ in 0..calls / in_flight {
                    call().await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    thousands_a_second(calls / in_flight * in_flight, start.elapsed())
}

/// A unary call that does nothing, on the same stack: connections, transport and authentication.
struct Empty;

#[tonic::async_trait]
impl Health for Empty {
    type WatchStream = tokio_stream::Empty<Result<HealthCheckResponse, Status>>;

    async fn check(&self, _: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        Ok(Response::new(HealthCheckResponse::default()))
    }

    async fn watch(&self, _: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        Ok(Response::new(tokio_stream::empty()))
    }
}

async fn empty_service() -> Vec<Channel> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("listens");
    let address = listener.local_addr().expect("an address");
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let config = GrpcConfig::on(address);
    let incoming = let_in(incoming, config.max_connections, config.handshake_timeout);
    let mut transport = transport(&config).expect("a transport");
    let empty = authenticated(HealthServer::new(Empty), callers()).expect("callers");
    tokio::spawn(transport.add_service(empty).serve_with_incoming(incoming));
    connect(address).await.await.expect("connects")
}

/// Enrols an instance as a genuine phone would have been, whose verdict names no laboratory, and gives its pseudonym.
async fn genuine(config: &StoreConfig) -> String {
    let store = bonafide::store::open(config).expect("opens");
    let lab = AppAttestLab::new(SystemClock.now()).expect("a laboratory");
    let phone = lab.device(&app_id(), Environment::Production).expect("a phone");
    let enrolment = enrolment(*phone.public_key(), SystemClock.now());
    let key = store.secret().await.expect("a secret").pseudonym_key("shop").expect("a key");
    let pseudonym = key.seal(&enrolment.instance.id.0).expect("a pseudonym");
    store.enrol(enrolment).await.expect("enrols");
    BASE64URL_NOPAD.encode(&pseudonym)
}

/// Cached verdicts by instance, against a call that does nothing.
pub(crate) fn check_verdict() -> Ratio {
    let runtime = Runtime::new().expect("a runtime");
    let folder = folder();
    let store = StoreConfig::Sqlite { path: folder.path().join("bench.db") };
    let instance = runtime.block_on(genuine(&store));
    let stage = runtime.block_on(Stage::build(folder, store));
    let idle = runtime.block_on(empty_service());
    let check = |at: usize| {
        let client = VerdictServiceClient::new(stage.channels[at % CHANNELS].clone());
        let request = CheckVerdictRequest {
            app: "shop".to_owned(),
            subject: Some(check_verdict_request::Subject::Instance(instance.clone())),
            ..CheckVerdictRequest::default()
        };
        move || {
            let (mut client, request) = (client.clone(), request.clone());
            async move {
                let verdict =
                    client.check_verdict(by("Bearer edge", request)).await.expect("an answer").into_inner().verdict;
                assert_eq!(verdict.expect("a verdict").decision(), Decision::Allow);
            }
        }
    };
    let nothing = |at: usize| {
        let client = HealthClient::new(idle[at % CHANNELS].clone());
        move || {
            let mut client = client.clone();
            async move {
                client.check(by("Bearer edge", HealthCheckRequest::default())).await.expect("an answer");
            }
        }
    };
    in_turns(
        CHECK_TURNS,
        "k/s",
        Limit::AtLeast(0.85),
        || runtime.block_on(rate(CHECKERS, CHECKS, check)),
        || runtime.block_on(rate(CHECKERS, CHECKS, nothing)),
    )
}

/// Assertions signed beforehand: a queue for each phone.
struct Signers {
    stage: Stage,
    phones: Vec<(LabDevice, String)>,
}

impl Signers {
    async fn build(folder: TempDir, store: StoreConfig) -> Self {
        let stage = Stage::build(folder, store).await;
        let mut phones = Vec::new();
        for _ in 0..PHONES {
            phones.push(stage.enrolled().await);
        }
        Self { stage, phones }
    }

    /// Signs, and then measures how fast the service takes it.
    async fn rate(&mut self) -> f64 {
        let mut queues = Vec::new();
        for (phone, instance) in &mut self.phones {
            let mut queue = Vec::new();
            for _ in 0..ASSERTIONS_EACH {
                queue.push(self.stage.signed(phone, instance).await);
            }
            queues.push(std::sync::Mutex::new(queue.into_iter()));
        }
        let queues = Arc::new(queues);
        let stage = &self.stage;
        rate(PHONES, PHONES * ASSERTIONS_EACH, |at| {
            let (client, queues) = (stage.client(at), Arc::clone(&queues));
            move || {
                let mut client = client.clone();
                let request = queues[at].lock().expect("no panic").next().expect("one is left");
                async move {
                    let verdict =
                        client.assert(by("Bearer login", request)).await.expect("an answer").into_inner().verdict;
                    assert_eq!(verdict.expect("a verdict").decision(), Decision::Allow);
                }
            }
        })
        .await
    }
}

/// `Assert` on SQLite, durable before each answer, against `Assert` on a store that keeps nothing on disk.
pub(crate) fn durable_assert() -> Ratio {
    let runtime = Runtime::new().expect("a runtime");
    let on_disk = folder();
    let store = StoreConfig::Sqlite { path: on_disk.path().join("bench.db") };
    let mut durable = runtime.block_on(Signers::build(on_disk, store));
    let mut memory = runtime.block_on(Signers::build(folder(), StoreConfig::Memory));
    in_turns(
        ASSERT_TURNS,
        "k/s",
        Limit::AtLeast(0.7),
        || runtime.block_on(durable.rate()),
        || runtime.block_on(memory.rate()),
    )
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

fn app_id() -> AppId {
    APP_ID.parse().expect("an App ID")
}

fn app_config(app_attest: AppAttestConfig) -> AppConfig {
    AppConfig { app_attest: Some(app_attest), ..AppConfig::of(name("shop")) }
}

/// An enrolment as the role would hand it to the store.
pub(crate) fn enrolment(key: P256PublicKey, now: Timestamp) -> Enrolment {
    let app_attest = AppAttestClaims {
        app_id: APP_ID.to_owned(),
        environment: Environment::Production,
        validation_category: None,
        bundle_version: None,
        os_version: None,
        os_build: None,
    };
    let (app, config) = (name("shop"), app_config(AppAttestConfig::careful(vec![app_id()])));
    let id = InstanceId::derive(&app, app_attest.environment.name(), &key.key_id());
    let claims = Claims { app_attest: Some(Box::new(app_attest)), ..Claims::default() };
    let appraisal = appraise(&claims, &config.policy(), &Circumstances::at(now));
    let frame = Frame {
        app: app.clone(),
        policy: config.policy().revision(),
        decisions: config.decisions,
        issued_at: now,
        lifetime: config.verdict_lifetime,
        until: None,
        freshness: config.freshness,
    };
    let verdict = Verdict::on(Subject::Instance(id), claims.clone(), appraisal, frame);
    let instance = Instance {
        id,
        app,
        key,
        key_id: key.key_id(),
        account: None,
        confirmation: None,
        claims,
        bound: Bound::default(),
        serials: Vec::new(),
        receipt: vec![0; 4096],
        enrolled_at: now,
        proven_at: now,
        sign_count: 0,
        claims_at: 0,
    };
    let challenge = Spend { id: random().expect("random bytes"), expires_at: now.plus(config.verdict_lifetime) };
    Enrolment { challenge, instance, evidence: [0; 32], verdict, call: None, seen: Position::START }
}
