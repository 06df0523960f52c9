//! Checks over loopback gRPC, against a call that does nothing on the same stack.

use std::net::Ipv4Addr;

use bonafide::clock::{Clock, SystemClock};
use bonafide::evidence::claims::Environment;
use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::envoy::config::core::v3::{Address, SocketAddress};
use bonafide::grpc::proto::envoy::service::auth::v3::attribute_context::{HttpRequest, Peer, Request as Described};
use bonafide::grpc::proto::envoy::service::auth::v3::authorization_client::AuthorizationClient;
use bonafide::grpc::proto::envoy::service::auth::v3::{AttributeContext, CheckRequest};
use bonafide::grpc::proto::verdict_service_client::VerdictServiceClient;
use bonafide::grpc::proto::verdict_service_server::{VerdictService, VerdictServiceServer};
use bonafide::grpc::proto::{
    AssertRequest, CheckVerdictRequest, CheckVerdictResponse, Decision, TokenFormat, TokenRequest,
    WatchVerdictsRequest, WatchVerdictsResponse,
};
use bonafide::grpc::{GrpcConfig, authenticated, let_in, transport};
use bonafide::lab::app_attest::{AppAttestLab, LabDevice};
use bonafide::store::StoreConfig;
use data_encoding::BASE64URL_NOPAD;
use prost::Message;
use prost::bytes::Bytes;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::paired::{Limit, Ratio, in_turns};
use crate::prepared::Question;
use crate::service::{CHANNELS, Load, Stage, app_id, by, callers, connect, enrolment, folder, load};

const CHECK_VERDICT: &str = "/bonafide.v1.VerdictService/CheckVerdict";
const CHECKERS: usize = 64;
const CHECKS: usize = 20_000;
const TURNS: usize = 21;

/// A unary call that does nothing, on the same stack: connections, transport, authentication, and the buffers of its messages.
struct Empty;

#[tonic::async_trait]
impl VerdictService for Empty {
    type WatchVerdictsStream = tokio_stream::Empty<Result<WatchVerdictsResponse, Status>>;

    async fn check_verdict(&self, _: Request<CheckVerdictRequest>) -> Result<Response<CheckVerdictResponse>, Status> {
        Ok(Response::new(CheckVerdictResponse::default()))
    }

    async fn watch_verdicts(
        &self,
        _: Request<WatchVerdictsRequest>,
    ) -> Result<Response<Self::WatchVerdictsStream>, Status> {
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
    let empty = authenticated(VerdictServiceServer::new(Empty), callers()).expect("callers");
    tokio::spawn(transport.add_service(empty).serve_with_incoming(incoming));
    connect(address).await.await.expect("connects")
}

/// The service, which follows its feed of changes as always, with an instance whose verdict names no laboratory.
struct Checks {
    stage: Stage,
    idle: Vec<Channel>,
    instance: String,
    token: String,
}

/// Enrols an instance as a genuine phone would have been, and gives it with its pseudonym.
async fn genuine(config: &StoreConfig) -> (LabDevice, String) {
    let store = bonafide::store::open(config).expect("opens");
    let lab = AppAttestLab::new(SystemClock.now()).expect("a laboratory");
    let phone = lab.device(&app_id(), Environment::Production).expect("a phone");
    let enrolment = enrolment(*phone.public_key(), SystemClock.now());
    let key = store.secret().await.expect("a secret").pseudonym_key("shop").expect("a key");
    let pseudonym = key.seal(&enrolment.instance.id.0).expect("a pseudonym");
    store.enrol(enrolment).await.expect("enrols");
    (phone, BASE64URL_NOPAD.encode(&pseudonym))
}

impl Checks {
    async fn build() -> Self {
        let folder = folder();
        let store = StoreConfig::Sqlite { path: folder.path().join("bench.db") };
        let (mut phone, instance) = genuine(&store).await;
        let stage = Stage::build(folder, store).await;
        let token = TokenRequest { format: TokenFormat::Ear.into(), ..TokenRequest::default() };
        let signed = AssertRequest { token: Some(token), ..stage.signed(&mut phone, &instance).await };
        let answer = stage.client(0).assert(by("Bearer login", signed)).await.expect("an answer").into_inner();
        Self { stage, idle: empty_service().await, instance, token: answer.token.expect("a token").token }
    }

    async fn nothing(&self) -> Load {
        let question = Question { method: CHECK_VERDICT, message: Bytes::new() };
        asked(&self.idle, &question, &Bytes::new()).await
    }

    async fn verdicts(&self, subject: Subject) -> Load {
        let request =
            CheckVerdictRequest { app: "shop".to_owned(), subject: Some(subject), ..CheckVerdictRequest::default() };
        let mut client = VerdictServiceClient::new(self.stage.channels[0].clone());
        let answer = client.check_verdict(by("Bearer edge", request.clone())).await.expect("an answer").into_inner();
        assert_eq!(answer.verdict.as_ref().expect("a verdict").decision(), Decision::Allow);
        let question = Question { method: CHECK_VERDICT, message: request.encode_to_vec().into() };
        asked(&self.stage.channels, &question, &answer.encode_to_vec().into()).await
    }

    async fn by_instance(&self) -> Load {
        self.verdicts(Subject::Instance(self.instance.clone())).await
    }

    async fn by_token(&self) -> Load {
        self.verdicts(Subject::Token(self.token.clone())).await
    }

    async fn ext_authz(&self) -> Load {
        let request = envoy_asks(&self.token);
        let mut client = AuthorizationClient::new(self.stage.channels[0].clone());
        let answer = client.check(by("Bearer edge", request.clone())).await.expect("an answer").into_inner();
        assert_eq!(answer.status.as_ref().expect("a status").code, 0);
        let method = "/envoy.service.auth.v3.Authorization/Check";
        let question = Question { method, message: request.encode_to_vec().into() };
        asked(&self.stage.channels, &question, &answer.encode_to_vec().into()).await
    }
}

/// Asks many times, and compares each answer with the one that is expected.
async fn asked(channels: &[Channel], question: &Question, expected: &Bytes) -> Load {
    let call = |at: usize| {
        let (client, question) = (Grpc::new(channels[at % CHANNELS].clone()), question.clone());
        let expected = expected.clone();
        move || {
            let (mut client, question, expected) = (client.clone(), question.clone(), expected.clone());
            async move { assert_eq!(question.ask(&mut client, "Bearer edge").await, expected) }
        }
    };
    load(CHECKERS, CHECKS, call).await
}

/// A request of an app as Envoy describes it.
fn envoy_asks(token: &str) -> CheckRequest {
    let fields = [
        (":authority", "shop.example"),
        (":method", "GET"),
        (":path", "/api/v1/orders?page=2"),
        (":scheme", "https"),
        ("accept", "application/json"),
        ("accept-encoding", "gzip"),
        ("accept-language", "en-GB,en;q=0.9"),
        ("authorization", "Bearer 0123456789abcdef0123456789abcdef"),
        ("bonafide-token", token),
        ("user-agent", "Shop/3.2 (iPhone; iOS 26.1)"),
        ("x-forwarded-proto", "https"),
        ("x-request-id", "8e3a7c9e-6a0f-4d43-b8a8-7a0b5be1a3f1"),
    ];
    let http = HttpRequest {
        method: "GET".into(),
        path: "/api/v1/orders?page=2".into(),
        host: "shop.example".into(),
        scheme: "https".into(),
        size: -1,
        headers: fields.map(|(name, value)| (name.to_owned(), value.to_owned().into())).into(),
        ..HttpRequest::default()
    };
    let address = SocketAddress { address: "192.0.2.7".into() };
    let source = Peer { address: Some(Address { socket_address: Some(address) }), ..Peer::default() };
    let attributes = AttributeContext {
        source: Some(source),
        request: Some(Described { http: Some(http) }),
        context_extensions: [("app".to_owned(), "shop".to_owned())].into(),
    };
    CheckRequest { attributes: attributes.encode_to_vec().into() }
}

/// One kind of check against the call that does nothing, by one figure of both.
fn against_nothing(
    unit: &'static str,
    limit: Limit,
    figure: fn(Load) -> f64,
    check: impl AsyncFn(&Checks) -> Load,
) -> Ratio {
    let runtime = Runtime::new().expect("a runtime");
    let checks = runtime.block_on(Checks::build());
    let checked = || figure(runtime.block_on(check(&checks)));
    in_turns(TURNS, unit, limit, checked, || figure(runtime.block_on(checks.nothing())))
}

fn throughput(limit: f64, check: impl AsyncFn(&Checks) -> Load) -> Ratio {
    against_nothing("k/s", Limit::AtLeast(limit), |load| load.rate, check)
}

fn p99(check: impl AsyncFn(&Checks) -> Load) -> Ratio {
    against_nothing("µs", Limit::AtMost(2.0), |load| load.p99, check)
}

pub(crate) fn by_instance() -> Ratio {
    throughput(0.85, Checks::by_instance)
}

pub(crate) fn by_token() -> Ratio {
    throughput(0.8, Checks::by_token)
}

pub(crate) fn ext_authz() -> Ratio {
    throughput(0.75, Checks::ext_authz)
}

pub(crate) fn by_instance_p99() -> Ratio {
    p99(Checks::by_instance)
}

pub(crate) fn by_token_p99() -> Ratio {
    p99(Checks::by_token)
}

pub(crate) fn ext_authz_p99() -> Ratio {
    p99(Checks::ext_authz)
}
