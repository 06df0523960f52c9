//! The service over loopback gRPC, against calls that do less on the same stack.

use std::future::Future;
use std::io;
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
use bonafide::grpc::proto::{
    AppAttestEvidence, AssertRequest, AttestRequest, CreateChallengeRequest, Decision, Evidence, Purpose,
    assert_request, evidence,
};
use bonafide::grpc::{CallerKey, GrpcConfig};
use bonafide::ids::{InstanceId, Name, Position};
use bonafide::lab::app_attest::{AppAttestLab, LabDevice};
use bonafide::store::{Enrolment, Instance, Spend, StoreConfig};
use bonafide::telemetry::LogConfig;
use bonafide::time::Timestamp;
use bonafide::verdict::{Bound, Frame, Subject, Verdict};
use bonafide::verifier::{AppAttestConfig, AppConfig, Caller, Grants, Role, TokenConfig, VerifierConfig};
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tonic::Request;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tower::service_fn;

use crate::gathering::Gathering;
use crate::paired::{Limit, Ratio, in_turns, thousands_a_second};

const APP_ID: &str = "1234567890.com.example.shop";
pub(crate) const CHANNELS: usize = 4;
const PHONES: usize = 256;
const ASSERTIONS_EACH: usize = 16;
const ASSERT_TURNS: usize = 11;

/// A service on loopback with its clients' channels.
pub(crate) struct Stage {
    lab: AppAttestLab,
    pub(crate) channels: Vec<Channel>,
    _folder: TempDir,
}

/// A folder on the disk that the build is on.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder")
}

impl Stage {
    pub(crate) async fn build(folder: TempDir, store: StoreConfig) -> Self {
        let lab = AppAttestLab::new(SystemClock.now()).expect("a laboratory");
        let careful = AppAttestConfig::careful(vec![app_id()]);
        let app = app_config(AppAttestConfig { lab_roots: vec![lab.root_der().to_vec()], ..careful });
        let config = Config {
            upstream: UpstreamConfig::usual(),
            grpc: GrpcConfig { callers: callers(), ..GrpcConfig::on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))) },
            http: None,
            gateway: None,
            store,
            verifier: VerifierConfig {
                token: Some(TokenConfig::of("https://verdicts.example")),
                ..VerifierConfig::of(vec![app])
            },
            log: LogConfig::default(),
        };
        let service = Service::start(config, Arc::new(SystemClock)).await.expect("starts");
        let channels = connect(service.address()).await;
        tokio::spawn(service.run(std::future::pending()));
        Self { lab, channels: channels.await.expect("connects"), _folder: folder }
    }

    pub(crate) fn client(&self, at: usize) -> AttestationServiceClient<Channel> {
        AttestationServiceClient::new(self.channels[at % CHANNELS].clone())
    }

    pub(crate) async fn challenge(&self, purpose: Purpose) -> Vec<u8> {
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

    pub(crate) async fn signed(&self, phone: &mut LabDevice, instance: &str) -> AssertRequest {
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
pub(crate) fn callers() -> Vec<CallerKey> {
    let caller = |text: &str, role| Caller { name: name(text), relying_party: name("shop"), role, apps: Grants::All };
    [caller("login", Role::AuthServer), caller("edge", Role::Gateway)]
        .map(|caller| CallerKey { key_sha256: sha256(caller.name.as_str().as_bytes()), caller })
        .into()
}

/// A request with the header of one of the [`callers`].
pub(crate) fn by<T>(key: &'static str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", MetadataValue::from_static(key));
    request
}

/// Connects once the server answers.
pub(crate) async fn connect(address: SocketAddr) -> tokio::task::JoinHandle<Vec<Channel>> {
    tokio::spawn(async move {
        let mut channels = Vec::new();
        for _ in 0..CHANNELS {
            let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
            let connector = service_fn(move |_| async move {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                io::Result::Ok(TokioIo::new(Gathering::over(stream)))
            });
            channels.push(endpoint.connect_with_connector(connector).await.expect("connects"));
        }
        channels
    })
}

/// What many calls came to.
pub(crate) struct Load {
    /// Thousands of calls a second.
    pub(crate) rate: f64,
    /// How long 99 of 100 calls took at most, in microseconds.
    pub(crate) p99: f64,
}

/// Makes so many calls, with so many at a time.
pub(crate) async fn load<C, F>(in_flight: usize, calls: usize, call: impl Fn(usize) -> C) -> Load
where
    C: FnMut() -> F + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let start = Instant::now();
    let tasks: Vec<_> = (0..in_flight)
        .map(|at| {
            let mut call = call(at);
            tokio::spawn(async move {
                let mut waits = Vec::with_capacity(calls / in_flight);
                for _ in 0..calls / in_flight {
                    let begun = Instant::now();
                    call().await;
                    waits.push(begun.elapsed());
                }
                waits
            })
        })
        .collect();
    let mut waits = Vec::with_capacity(calls);
    for task in tasks {
        waits.extend(task.await.expect("no panic"));
    }
    let rate = thousands_a_second(waits.len(), start.elapsed());
    waits.sort_unstable();
    Load { rate, p99: waits[waits.len() * 99 / 100].as_secs_f64() * 1e6 }
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
        let measured = load(PHONES, PHONES * ASSERTIONS_EACH, |at| {
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
        });
        measured.await.rate
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

pub(crate) fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

pub(crate) fn app_id() -> AppId {
    APP_ID.parse().expect("an App ID")
}

pub(crate) fn app_config(app_attest: AppAttestConfig) -> AppConfig {
    AppConfig { app_attest: Some(app_attest), ..AppConfig::of(name("shop")) }
}

/// An enrolment as the role would hand it to the store.
pub(crate) fn enrolment(key: P256PublicKey, now: Timestamp) -> Enrolment {
    let config = app_config(AppAttestConfig::careful(vec![app_id()]));
    enrolment_with(apple(), key, now, &config)
}

/// What a genuine iPhone proves.
pub(crate) fn apple() -> Claims {
    let app_attest = AppAttestClaims {
        app_id: APP_ID.to_owned(),
        environment: Environment::Production,
        validation_category: None,
        bundle_version: None,
        os_version: None,
        os_build: None,
    };
    Claims { app_attest: Some(Box::new(app_attest)), ..Claims::default() }
}

/// An enrolment on these claims.
pub(crate) fn enrolment_with(claims: Claims, key: P256PublicKey, now: Timestamp, config: &AppConfig) -> Enrolment {
    let app = config.name.clone();
    let id = InstanceId::derive(&app, Environment::Production.name(), &key.key_id());
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
